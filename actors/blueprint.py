"""What an actor is made of, before it lives: class, arguments and mailbox, as frozen values."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from .overload.brownout import Brownout
from .overload.codel import CoDel

if TYPE_CHECKING:
    from .actor import Actor

Overflow = Literal["reject", "drop_oldest", "drop_newest", "wait"]

DEFAULT_LIMIT = 10_000
"""Messages a mailbox holds unless told otherwise: seconds of work for a busy actor, a few MB for a stuck one."""

UNBOUNDED = 2**62
"""Stands for "no limit" in comparisons."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """How much an actor may be owed, and what happens to what does not fit.

    ``limit``: messages held, 10,000 by default, ``None`` for no bound (``planaria check`` reports it).
    ``overflow`` says what a full mailbox does with one more message:

    - ``reject``: the sender gets ``MailboxFull`` (default);
    - ``drop_oldest``: the longest-waiting message leaves, as a dead letter or an error to its asker;
    - ``drop_newest``: the new one does;
    - ``wait``: the sender waits for room, ``await ref.tell(m)``; one that does not await loses the message to the
      dead letters.

    ``redeliver``: 0 (default) never hands a message out twice: the one in hand at a crash is reported and gone.  With
    ``n`` it goes back to the head of the mailbox for the next life, until it has ended ``n`` lives; then it is
    quarantined: a dead letter with the reason ``quarantined``.

    ``control``: ``None`` (default), or ``CoDel()``: messages that have waited too long are shed, each as an
    ``Overloaded`` to its asker or a dead letter, and under overload the newest is served first.  ``brownout``: ``None``
    or ``Brownout()``: handlers marked with a level are used when messages wait too long; it needs a ``control``.

    Exit signals, management and priority messages have their own lane and are not counted.
    Raises ``ValueError`` naming the field for a value out of range.
    """

    limit: int | None = DEFAULT_LIMIT
    overflow: Overflow = "reject"
    redeliver: int = 0
    control: CoDel | None = None
    brownout: Brownout | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and (not _is_count(self.limit) or self.limit < 1):
            raise ValueError(f"Mailbox.limit must be at least 1, or None for no bound; got {self.limit!r}")
        if self.overflow not in get_args(Overflow):
            raise ValueError(f"Mailbox.overflow must be one of {', '.join(get_args(Overflow))}; got {self.overflow!r}")
        if not _is_count(self.redeliver) or self.redeliver < 0:
            raise ValueError(f"Mailbox.redeliver must be 0 or more; got {self.redeliver!r}")
        if self.control is not None and not isinstance(self.control, CoDel):
            raise ValueError(f"Mailbox.control must be a CoDel, or None; got {self.control!r}")
        if self.brownout is not None and not isinstance(self.brownout, Brownout):
            raise ValueError(f"Mailbox.brownout must be a Brownout, or None; got {self.brownout!r}")
        if self.brownout is not None and self.control is None:
            raise ValueError("Mailbox.brownout needs a control, which measures how long messages wait: CoDel()")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


DEFAULT_MAILBOX = Mailbox()


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Everything needed to start a life, as often as needed: ``cls(*args, **kwargs)`` behind a ``mailbox``.

    ``place``: where it lives; ``None``: on the loop.  ``cls`` is an ``Actor`` class; :meth:`of` also takes a
    ``functools.partial`` of one.
    """

    cls: type[Actor]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict, hash=False)
    mailbox: Mailbox = DEFAULT_MAILBOX
    place: Any = None

    @classmethod
    def of(
        cls, target: Callable[..., Actor], args: tuple[Any, ...], mailbox: Mailbox | None = None, place: Any = None
    ) -> Blueprint:
        """Unfold partials and check that a class is at the bottom, and has levels if the mailbox has a brownout.

        Raises ``TypeError`` naming what was given.
        """
        kwargs: dict[str, Any] = {}
        if not isinstance(target, type):
            while isinstance(target, functools.partial):
                args = (*target.args, *args)
                kwargs = {**target.keywords, **kwargs}
                target = target.func
            if not isinstance(target, type):
                raise TypeError(f"an Actor class is needed, or a functools.partial of one; got {target!r}")
        mailbox = mailbox or DEFAULT_MAILBOX
        if mailbox.brownout is not None:
            routes = getattr(target, "_routes", None)
            if routes is not None and not routes.top:
                raise TypeError(f"a brownout needs cheaper handlers, and {target.__name__} has no @handle(level=1)")
        made: type[Actor] = target
        return cls(made, args, kwargs, mailbox, place)
