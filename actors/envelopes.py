"""What a mailbox and an urgent lane hold besides plain messages.

A plain message travels bare: the message path allocates nothing for a tell.  Whatever needs company travels in one of
these; they are told apart by their exact type.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

    from .cell import Cell
    from .exits import Reason, Remains


NOTHING: Any = object()
"""In the place of a message: there is none in hand.  (``None`` is a message like any other.)"""


NEVER = math.inf
"""The deadline of what has none; there is but this one object of it, so that it is known by identity."""


class Envelope:
    """A message that needs company: its asker's future, or the number of lives it has ended.

    One is made for every ask, so the constructor sets no more than every ask needs: ``deadline`` (by the loop's clock)
    is set by :mod:`actors.deadlines`, ``deaths`` (read with ``getattr``, 0 if unset) at a death.
    """

    __slots__ = ("deadline", "deaths", "future", "message")
    deaths: int
    future: Any  # or a receipt, of what came from elsewhere

    def __init__(self, message: object, future: asyncio.Future[Any] | None = None) -> None:
        self.message = message
        self.future = future
        self.deadline = NEVER

    @property
    def is_stale(self) -> bool:
        """Whether this was a question whose asker has gone."""
        return self.future is not None and self.future.done()

    @property
    def is_told(self) -> bool:
        """Whether it was told from elsewhere, so that it is a dead letter here if nobody handles it."""
        return getattr(self.future, "is_told", False)

    def answer(self, value: object) -> None:
        """Wake the asker with ``value``; nothing happens if there is none any more."""
        future = self.future
        if future is not None and not future.done():
            future.set_result(value)

    def fail(self, error: BaseException) -> None:
        """Wake the asker with ``error``; nothing happens if there is none any more."""
        if self.future is not None and not self.future.done():
            self.future.set_exception(error)


class Ticket:
    """A message, bare or in an envelope, that is judged when its turn comes: by how long it waited, by its deadline.

    ``at``: when it was sent, by the system's clock.
    """

    __slots__ = ("at", "item")

    def __init__(self, item: Any, at: float) -> None:
        self.item = item
        self.at = at


class ForLife:
    """A message meant for one life only (signals, timers): its successor does not see it."""

    __slots__ = ("incarnation", "message", "token")

    def __init__(self, message: object, incarnation: int, token: object = None) -> None:
        self.message = message
        self.incarnation = incarnation
        self.token = token


class Signal:
    """An exit signal on its way, in the urgent lane.

    ``after``: what its sender had told before is yet to come from elsewhere; who traps exits hears of it after that.
    """

    __slots__ = ("after", "incarnation", "linked", "parent", "reason", "sender")

    def __init__(self, reason: Reason, sender: Cell | None, incarnation: int, *, linked: bool, parent: bool) -> None:
        self.reason = reason
        self.sender = sender
        self.incarnation = incarnation
        self.linked = linked
        self.parent = parent
        self.after: Any = None


class Begin:
    """Run the start handshake, in the urgent lane of a place whose class starts with a coroutine."""

    __slots__ = ()


class Stop:
    """An orderly stop, asked for by ``stop()``; management, so it travels in the urgent lane."""

    __slots__ = ("reason",)

    def __init__(self, reason: Reason) -> None:
        self.reason = reason


class Call:
    """A function the engine runs in the actor's turn (management): ``function(actor)``."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[Any], None]) -> None:
        self.function = function


class Resume:
    """A handler that returned a coroutine although it is not ``async``: carried on where there is a task."""

    __slots__ = ("coroutine", "hand")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], hand: object) -> None:
        self.coroutine = coroutine
        self.hand = hand


class Ending:
    """The life is over for ``reason``, with the message ``hand`` in hand; what is left is to end it properly.

    ``brutal``: it was killed, so no hook runs.
    """

    __slots__ = ("brutal", "hand", "reason")

    def __init__(self, reason: Reason, hand: object, brutal: bool = False) -> None:
        self.reason = reason
        self.hand = hand
        self.brutal = brutal


class ChildEnded:
    """A supervised life is over; for the life of the supervisor that started it."""

    __slots__ = ("cell", "incarnation", "reason", "remains")

    def __init__(self, cell: Cell, incarnation: int, reason: Reason, remains: Remains) -> None:
        self.cell = cell
        self.incarnation = incarnation
        self.reason = reason
        self.remains = remains


class Manage(Call):
    """A management call from outside: it is for whoever lives at the place, so it waits while that is being decided.

    ``fail`` is told the reason if the life ends before.
    """

    __slots__ = ("fail",)

    def __init__(self, function: Callable[[Any], None], fail: Callable[[Reason], None]) -> None:
        super().__init__(function)
        self.fail = fail


class Hook:
    """Call the actor's own method ``name`` in its turn; no error of it ends the life.

    ``begun`` is told when its turn has come, ``done(result, error)`` what came of it.
    """

    __slots__ = ("args", "begun", "done", "name")

    def __init__(
        self,
        name: str,
        args: tuple[Any, ...],
        done: Callable[[Any, BaseException | None], None],
        begun: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.args = args
        self.done = done
        self.begun = begun


LIFE_ITEMS = frozenset({ForLife, Signal, Begin, Stop, Call, Manage, Resume, Ending, ChildEnded, Hook})
"""What is meant for one life and means nothing to the next."""


def bare(item: Any) -> Any:
    """The message inside an item of a mailbox, for reports."""
    item = held(item)
    while item.__class__ is Envelope or item.__class__ is ForLife:
        item = item.message
    return item


def held(item: Any) -> Any:
    """What an item of a mailbox becomes in hand: without the ticket it travelled with."""
    return item.item if item.__class__ is Ticket else item
