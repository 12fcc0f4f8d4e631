"""Bytes as they come, read straight into one buffer, and the packets in them.  Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import CodecError
from .frames import CHUNK_BIT

SMALL, LARGE = 1 << 14, 1 << 18
"""Bytes of the buffer: of a link that has little to read, and of one that has more."""


class Inbox:
    """Gives :meth:`room` to write to, and packets of up to ``limit`` bytes from what was written."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._view = memoryview(bytearray(SMALL))
        self._start = self._end = 0

    @property
    def is_torn(self) -> bool:
        """Whether a packet has begun and is not whole."""
        return self._end > self._start

    def room(self) -> memoryview:
        """Where the next bytes go; never empty."""
        view, start, end = self._view, self._start, self._end
        need = 4 if end - start < 4 else 4 + (int.from_bytes(view[start : start + 4]) & ~CHUNK_BIT)
        if end == len(view) or start + need > len(view):
            size = max(need, LARGE if end == len(view) else SMALL, len(view))
            held = bytes(view[start:end])
            if size > len(view):
                self._view = view = memoryview(bytearray(size))
            view[: len(held)] = held
            self._start, self._end = 0, len(held)
        return self._view[self._end :]

    def take(self, count: int) -> Iterator[tuple[bool, memoryview]]:
        """The packets that ``count`` more bytes make whole: whether it is a chunk, and its body.

        A body is only good until the next one.  Raises ``CodecError`` for one that is longer than allowed.
        """
        self._end += count
        view, end = self._view, self._end
        while end - self._start >= 4:
            at = self._start + 4
            length = int.from_bytes(view[at - 4 : at])
            size = length & ~CHUNK_BIT
            if size > self.limit:
                raise CodecError("a packet", f"declares {size} bytes; {self.limit} is the most")
            if end - at < size:
                break
            self._start = at + size
            yield length >= CHUNK_BIT, view[at : at + size]
        if self._start == end:
            self._start = self._end = 0
