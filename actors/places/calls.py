"""Calls over a link that wait for what comes of them: hooks of a life elsewhere, and its management."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from actors.errors import CodecError

from .frames import Kind
from .manage import managed

if TYPE_CHECKING:
    from .endpoint import Endpoint


class Calls:
    """Those of one endpoint, both ways."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        endpoint.serve(Kind.MANAGE, self._manage)
        endpoint.serve(Kind.TOLD, self._told)

    async def call(self, kind: int, *args: Any) -> Any:
        """Send a call and wait for what comes of it: frame ``[kind, *args]``, its number before the last of these."""
        number = max(self._waiting, default=0) + 1
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda call: call.cancelled() or call.exception())  # whoever waited may be gone
        *head, value = args
        self._endpoint.send([kind, *head, number, value], lambda error: self._told(number, None, error))
        if self._endpoint.is_closed:
            self._told(number, None, self._endpoint.why_gone())
        try:
            return await future
        finally:
            del self._waiting[number]

    def _told(self, number: int, value: Any, error: BaseException | None) -> None:
        future = self._waiting.get(number)
        if future is None or future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)

    def answer(self, number: int, value: Any, error: BaseException | None) -> None:
        """Tell what came of a call from there, or why that cannot travel."""
        send = self._endpoint.send
        send([Kind.TOLD, number, value, error], lambda refused: send([Kind.TOLD, number, None, refused]))

    def _manage(self, target: int, verb: str, number: int, value: Any) -> None:
        export = self._endpoint.exports.get(target)
        if export is None:
            self.answer(number, None, CodecError(f"ref {target}", "is of none of those that were passed on"))
            return
        managed(export.ref, verb, value, lambda result, error: self.answer(number, result, error))

    def lost(self) -> None:
        """Nothing will come of any of them."""
        for number in tuple(self._waiting):
            self._told(number, None, self._endpoint.why_gone())
