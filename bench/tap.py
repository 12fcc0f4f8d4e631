"""A wire that can be cut and listened to: a port that passes on to another one, within this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Self


class Tap:
    """A way to ``port`` on which bytes can be lost and are kept; ``address`` is its other end.

    ``to``, ``back``: whether bytes pass in that direction; those that do not are lost to the receiver for ever.
    ``sent``: what has passed to the port.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.to = self.back = True
        self.sent: list[bytes] = []
        self.address = ""
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._visit, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:  # nobody listens there: nobody does here
            writer.transport.abort()
            return
        self._writers.append(back)
        ways = self._pass(reader, back, lambda: self.to, self.sent), self._pass(there, writer, lambda: self.back, [])
        with contextlib.suppress(OSError):
            await asyncio.gather(*ways)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_open: Callable[[], bool], kept: list[bytes]
    ) -> None:
        while data := await reader.read(65536):
            if is_open():
                kept.append(data)
                writer.write(data)
        if is_open():
            writer.close()
