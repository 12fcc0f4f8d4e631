"""In the place of an asker's future: word of what became of a message goes to wherever it came from.

The engine answers a question by its future.  A message from elsewhere, told or asked, has a receipt there instead, so
that its sender learns that it is done with, and of what.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .ref import Ref


class Book(Protocol):
    """Where receipts are settled; ``is_sender_told``: of tells, too."""

    is_sender_told: bool

    @property
    def begun(self) -> Callable[[int], object]:
        """To be called when the message of this number is in hand."""

    def put_aside(self, number: int, *, is_stashed: bool) -> None:
        """Message ``number`` was stashed, or its answer is owed: it keeps no other one waiting."""

    def forward(self, number: int, other: Ref[Any]) -> bool:
        """Have message ``number`` handed on to ``other`` by whoever sent it; false if that cannot be."""

    def settled(self, number: int, value: Any, error: BaseException | None) -> None:
        """Message ``number`` was handled, with this for an answer, or will not be, because of ``error``."""


class Receipt:
    """What the engine needs of an asker's future, for message ``number`` of ``book``.

    ``is_question``: somebody waits for the answer; ``book`` wants to hear of the others too.  Whoever begins with the
    message tells the book.
    """

    __slots__ = ("_callbacks", "_is_settled", "book", "is_question", "number")

    def __init__(self, book: Book, number: int) -> None:
        self.book = book
        self._is_settled = False
        self._callbacks: list[Callable[[Any], object]] | None = None
        self.is_question = False
        self.number = number

    @property
    def is_told(self) -> bool:
        """Whether nobody waits for word of it: it is a dead letter here if nobody handles it."""
        return not self.is_question and not self.book.is_sender_told

    def done(self) -> bool:
        """Whether it is settled."""
        return self._is_settled

    def set_result(self, value: Any) -> None:
        """It was handled."""
        self._is_settled = True
        self.book.settled(self.number, value, None)
        if self._callbacks is not None:
            self._call_back()

    def set_exception(self, error: BaseException) -> None:
        """It will not be handled, or its handler says so."""
        self._is_settled = True
        self.book.settled(self.number, None, error)
        self._call_back()

    def cancel(self) -> bool:
        """Nobody waits for it any more; there is nobody to be told."""
        self._is_settled = True
        return True

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Call ``callback(self)`` when it is settled."""
        if self._is_settled:
            callback(self)
        elif self._callbacks is None:
            self._callbacks = [callback]
        else:
            self._callbacks.append(callback)

    def put_aside(self, *, is_stashed: bool) -> None:
        """The message was stashed, deferred or forwarded: nobody has it in hand."""
        self.book.put_aside(self.number, is_stashed=is_stashed)

    def forward(self, other: Ref[Any]) -> bool:
        """The message is handed on where it came from; false: here, then, and its answer is owed."""
        if not self.book.forward(self.number, other):
            self.put_aside(is_stashed=False)
            return False
        self._is_settled = True
        self._call_back()
        return True

    def _call_back(self) -> None:
        if self._callbacks is not None:
            callbacks, self._callbacks = self._callbacks, None
            for callback in callbacks:
                callback(self)
