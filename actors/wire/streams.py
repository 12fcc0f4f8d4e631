"""Large bodies in chunks, several at a time: cut on one side in turn, put together and bounded on the other.  Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

from ..errors import CodecError
from .frames import CHUNK_BIT, CHUNK_HEAD

CHUNK_BYTES = (1 << 17) - CHUNK_HEAD
"""Bytes of a chunk, so that several fit in what is read at once; the other side takes any up to a packet's."""

STREAMS = 16
"""Under way at a time, at most; more wait for their turn."""

SHARE = 4
"""The bytes of all streams under way: so many times those of the longest body allowed."""


class Cutter:
    """The sending side: bodies of up to ``max_bytes``, a chunk of each in turn.

    ``lane`` is the sender's word for what has to stay in order; it is handed back when its body is through.
    """

    def __init__(self, max_bytes: int) -> None:
        self.bound = max_bytes * SHARE
        self.waiting: deque[tuple[bytes, Hashable]] = deque()
        self.under_way: deque[tuple[int, memoryview, int, Hashable]] = deque()
        self.left = 0
        """Bytes that have not been cut yet."""
        self._next = 0
        self._sum = 0

    def add(self, body: bytes, lane: Hashable) -> None:
        """Begin with a body as soon as there is room for it on the other side."""
        self.waiting.append((body, lane))
        self.left += len(body)

    def cut(self) -> tuple[bytes, memoryview, list[Hashable]] | None:
        """The head and the bytes of the next chunk, and the lane whose body it ends; ``None`` if there is nothing."""
        while self.waiting and (not self.under_way or self._has_room(len(self.waiting[0][0]))):
            body, lane = self.waiting.popleft()
            self._sum += len(body)
            self._next = (self._next + 1) & 0xFFFFFFFF
            self.under_way.append((self._next, memoryview(body), 0, lane))
        if not self.under_way:
            return None
        number, view, at, lane = self.under_way.popleft()
        piece = view[at : at + CHUNK_BYTES]
        self.left -= len(piece)
        is_last = at + len(piece) == len(view)
        if is_last:
            self._sum -= len(view)
        else:
            self.under_way.append((number, view, at + len(piece), lane))
        length = CHUNK_BIT | (len(piece) + CHUNK_HEAD)
        return length.to_bytes(4) + number.to_bytes(4) + bytes((is_last,)), piece, [lane] if is_last else []

    def _has_room(self, size: int) -> bool:
        return len(self.under_way) < STREAMS and self._sum + size <= self.bound


class Joiner:
    """The receiving side: holds no more than it has been sent, and no more than the sender may send."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.held = 0
        self._streams: dict[int, bytearray] = {}

    def add(self, body: bytes | bytearray | memoryview) -> bytearray | None:
        """The whole body if this chunk was the last of it.  Raises ``CodecError`` for chunks that break the bounds."""
        if len(body) <= CHUNK_HEAD or body[4] > 1:
            raise CodecError("a chunk", "is not made as it should be")
        number, size = int.from_bytes(body[:4]), len(body) - CHUNK_HEAD
        whole = self._streams.get(number)
        if whole is None:
            if len(self._streams) >= STREAMS:
                raise CodecError("a chunk", f"is of one stream too many; {STREAMS} is the most")
            whole = self._streams[number] = bytearray()
        if len(whole) + size > self.max_bytes or self.held + size > self.max_bytes * SHARE:
            raise CodecError("a chunk", f"makes a body of more than {self.max_bytes} bytes, or all together too many")
        whole += body[CHUNK_HEAD:]
        self.held += size
        if not body[4]:
            return None
        self.held -= len(whole)
        return self._streams.pop(number)
