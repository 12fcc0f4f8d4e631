"""A link without a socket: between two systems in one process, on one loop or on two.

What is sent is packed and unpacked all the same: nothing is shared, and refs become handles.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.errors import CodecError
from actors.wire.codec import Wire
from actors.wire.reading import Unreadable

if TYPE_CHECKING:
    from .endpoint import Endpoint

Post = Callable[[Callable[[], None]], object]
"""Has a function called on the loop of one end, in the order of the calls."""


class Pipe:
    """One end.  ``post`` reaches its loop from the other's; ``lost`` is told, once, that the pipe is cut, and why."""

    is_full = False
    """Never: the windows of those who send bound what is on the way."""

    def __init__(self, endpoint: Endpoint, post: Post, lost: Callable[[str], None]) -> None:
        self.other: Pipe
        self.is_over = False
        self._wire = Wire(endpoint.export, endpoint.resolve, is_trusting=True)
        self._endpoint = endpoint
        self._post = post
        self._lost = lost
        self._size = 0  # of what was sent since flush()
        self._refused: deque[tuple[Callable[[CodecError], None], CodecError]] = deque()
        self._coming: deque[tuple[list[Any], bytes]] = deque()

    @classmethod
    def pair(cls, one: Pipe, two: Pipe) -> None:
        """Make them the two ends of one pipe."""
        one.other, two.other = two, one

    def send(self, frame: list[Any], refused: Callable[[CodecError], None] | None = None) -> bool:
        """See :class:`~.frames.Link`."""
        if self.is_over:
            return False
        try:
            data = self._wire.pack([frame])
        except CodecError as error:
            if refused is None:
                raise
            self._refused.append((refused, error))
            self._post(self._tell_refused)
            return True
        self._size += len(data)
        self.other._coming.append((self._wire.announcements(), data))
        self.other._post(self.other._arrive)
        return True

    def cork(self) -> None:
        """See :class:`~.frames.Link`: what is sent goes at once."""

    def flush(self) -> int:
        """See :class:`~.frames.Link`."""
        self._tell_refused()  # what they send instead goes before all that is sent later
        size, self._size = self._size, 0
        return size

    def _tell_refused(self) -> None:
        while self._refused:
            refused, error = self._refused.popleft()
            refused(error)

    def on_writable(self, callback: Callable[[], object]) -> None:
        """See :class:`~.frames.Link`."""
        callback()

    def _arrive(self) -> None:
        news, data = self._coming.popleft()
        if self.is_over:
            return
        try:
            self._wire.learn(news)
            try:
                (frame,) = self._wire.unpack(data)
            except Unreadable:
                ((head, error),) = self._wire.unpack_each(data)
                self._endpoint.on_unreadable(head, error)  # type: ignore[arg-type]
            else:
                self._endpoint.on_frame(frame)
        except CodecError as error:
            self.cut(f"the other side sent what is no frame: {error}")

    def close(self, reason: str = "exit 0") -> None:
        """Hang up, when all that was sent is there."""
        self.other._post(lambda: self.cut(reason))

    def abort(self, reason: str) -> None:
        """See :class:`~.frames.Link`."""
        self.cut(reason)

    def cut(self, how: str) -> None:
        """Nothing goes either way any more."""
        for pipe in (self, self.other):
            if not pipe.is_over:
                pipe.is_over = True
                pipe._post(lambda pipe=pipe: pipe._lost(how))  # type: ignore[misc]
