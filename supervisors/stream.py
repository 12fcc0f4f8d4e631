"""The events of a running tree as an asynchronous iterator."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from actors import Events, Ref

from .events import SupervisionEvent

EVENTS_KEPT = 10_000
"""Events an ``events()`` reader may be behind; the oldest are dropped, and counted in its ``missed``."""


class EventStream:
    """The events of a running tree for one reader; ``missed`` counts those it was too slow for."""

    def __init__(self, events: Events, root: Ref[Any]) -> None:
        self.missed = 0
        self._waiting: deque[SupervisionEvent] = deque()
        self._arrival = asyncio.Event()
        self._unsubscribe = events.subscribe(self._take)
        self._ended = asyncio.ensure_future(root.wait_ended())
        self._ended.add_done_callback(lambda _: self._arrival.set())

    def _take(self, event: object) -> None:
        if not isinstance(event, SupervisionEvent):
            return
        if len(self._waiting) >= EVENTS_KEPT:
            self._waiting.popleft()
            self.missed += 1
        self._waiting.append(event)
        self._arrival.set()

    def close(self) -> None:
        """Read no further; done by itself when the tree has ended."""
        self._unsubscribe()
        self._ended.cancel()

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> SupervisionEvent:
        while not self._waiting:
            if self._ended.done():
                self.close()
                raise StopAsyncIteration
            self._arrival.clear()
            await self._arrival.wait()
        return self._waiting.popleft()
