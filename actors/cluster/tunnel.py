"""A stream of bytes through the link between two hosts: between a deputy and its life, which speak end to end.

The hosts in between understand none of it.  Each direction has a credit of :data:`CREDIT` bytes on their way; who reads
gives it back.  So a life that does not read holds up its own deputy and nobody else on the link.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from .frames import Word

CREDIT = 1 << 18
"""Bytes on their way in one direction: what a link of 1 ms carries at 250 MB/s."""

PIECE = 1 << 16
"""Bytes of one frame."""

Data: TypeAlias = "bytes | bytearray | memoryview"
Send: TypeAlias = Callable[[list[Any]], object]


class Sender:
    """One direction, at its beginning: cuts bytes into frames, as far as there is credit."""

    def __init__(self, tunnel: int, send: Send) -> None:
        self.waiting = 0
        self._tunnel = tunnel
        self._send = send
        self._credit = CREDIT
        self._queue: deque[memoryview] = deque()

    def add(self, data: Data) -> None:
        """Send ``data``, now or when there is credit."""
        if len(data):
            self._queue.append(memoryview(data))
            self.waiting += len(data)
            self._pump()

    def credited(self, count: int) -> None:
        """So many bytes more may be sent."""
        self._credit += count
        self._pump()

    def _pump(self) -> None:
        queue = self._queue
        while queue and self._credit:
            size = min(PIECE, self._credit)
            parts: list[memoryview] = []
            while queue and size:
                head = queue[0]
                parts.append(head[:size])
                if len(head) <= size:
                    queue.popleft()
                else:
                    queue[0] = head[size:]
                size -= len(parts[-1])
            piece = b"".join(parts)
            self._credit -= len(piece)
            self.waiting -= len(piece)
            self._send([Word.BYTES, self._tunnel, piece])


class Receiver:
    """One direction, at its end: gives credit back for what was read, a quarter of it at a time."""

    def __init__(self, tunnel: int, send: Send) -> None:
        self._tunnel = tunnel
        self._send = send
        self._owed = 0

    def read(self, count: int) -> None:
        """So many bytes were taken."""
        self._owed += count
        if self._owed >= CREDIT // 4:
            owed, self._owed = self._owed, 0
            self._send([Word.CREDIT, self._tunnel, owed])


class Tunnel(asyncio.Transport):
    """The near end, a transport for ``protocol``.  ``ended`` is called when this side wants no more of it."""

    def __init__(self, number: int, send: Send, protocol: asyncio.BufferedProtocol, ended: Callable[[], None]) -> None:
        super().__init__()
        self._protocol = protocol
        self._sender = Sender(number, send)
        self._receiver = Receiver(number, send)
        self._ended = ended
        self._high, self._low = CREDIT, CREDIT // 2
        self._is_closing = self._is_lost = self._is_paused = self._is_unwanted = False
        protocol.connection_made(self)

    # -- what the protocol calls ---------------------------------------------------------------------------------------

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """See :class:`asyncio.WriteTransport`."""
        self._high = CREDIT if high is None else high
        self._low = self._high // 4 if low is None else low

    def get_write_buffer_size(self) -> int:
        """Bytes that wait for credit."""
        return self._sender.waiting

    def write(self, data: Data) -> None:
        """See :class:`asyncio.WriteTransport`."""
        self.writelines([data])

    def writelines(self, list_of_data: Iterable[Data]) -> None:
        """See :class:`asyncio.WriteTransport`."""
        if self._is_closing:
            return
        self._sender.add(b"".join(list_of_data))
        if self._sender.waiting > self._high and not self._is_paused:
            self._is_paused = True
            self._protocol.pause_writing()

    def is_closing(self) -> bool:
        """See :class:`asyncio.BaseTransport`."""
        return self._is_closing

    def close(self) -> None:
        """Send what waits; the far end closes when it has read that it may."""
        self._is_closing = True

    def abort(self) -> None:
        """Nothing more is wanted."""
        if not (self._is_lost or self._is_unwanted):
            self._is_closing = self._is_unwanted = True
            self._ended()

    # -- what comes ----------------------------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """Bytes have come."""
        view, protocol = memoryview(data), self._protocol
        while view and not (self._is_lost or self._is_unwanted):
            room = protocol.get_buffer(len(view))
            count = min(len(room), len(view))  # type: ignore[arg-type]
            room[:count] = view[:count]  # type: ignore[index]
            protocol.buffer_updated(count)
            view = view[count:]
        self._receiver.read(len(data))

    def credited(self, count: int) -> None:
        """So many bytes more may be sent."""
        self._sender.credited(count)
        if self._is_paused and self._sender.waiting <= self._low:
            self._is_paused = False
            self._protocol.resume_writing()

    def lost(self) -> None:
        """Nothing goes either way any more."""
        if not self._is_lost:
            self._is_lost = self._is_closing = True
            self._protocol.connection_lost(None)


class Relay(asyncio.Protocol):
    """The far end: hands bytes on between the tunnel and a socket.

    ``ended`` is called when the socket is closed, and all that came from it is on its way.
    """

    def __init__(self, number: int, send: Send, ended: Callable[[], None]) -> None:
        self._sender = Sender(number, send)
        self._receiver = Receiver(number, send)
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._unread = 0
        self._is_stuck = self._is_paused = self._is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        """See :class:`asyncio.Protocol`."""
        self._transport = None
        self._is_over = True
        self._end_if_told()

    def _end_if_told(self) -> None:
        if self._is_over and not self._sender.waiting:
            self._is_over = False
            self._ended()

    def data_received(self, data: bytes) -> None:
        """From the socket."""
        self._sender.add(data)
        if self._sender.waiting and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def credited(self, count: int) -> None:
        """So many bytes more may be sent."""
        self._sender.credited(count)
        if self._is_paused and not self._sender.waiting:
            self._is_paused = False
            if self._transport is not None:
                self._transport.resume_reading()
        self._end_if_told()

    def received(self, data: bytes) -> None:
        """From the tunnel."""
        if self._transport is None:
            return
        self._unread += len(data)
        self._transport.write(data)
        if not self._is_stuck:
            self._read()

    def pause_writing(self) -> None:
        """See :class:`asyncio.Protocol`: whoever is at the socket does not read."""
        self._is_stuck = True

    def resume_writing(self) -> None:
        """See :class:`asyncio.Protocol`."""
        self._is_stuck = False
        self._read()

    def _read(self) -> None:
        unread, self._unread = self._unread, 0
        self._receiver.read(unread)
