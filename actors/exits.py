"""Why a life ended: exit reasons as values, and the algebra of exit signals.

Erlang's words with Erlang's meanings.  Everything here is pure: no clock, no I/O, no actor.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class Reason:
    """Base of all exit reasons.

    ``is_clean`` is what a ``transient`` child is judged by: a clean end is not restarted.
    """

    __slots__ = ()
    is_clean: bool = False


@dataclass(frozen=True, slots=True)
class Normal(Reason):
    """The actor finished by itself, as it meant to."""

    is_clean = True

    def __str__(self) -> str:
        return "normal"


@dataclass(frozen=True, slots=True)
class Shutdown(Reason):
    """An orderly stop, asked for by the parent or by the actor itself; ``detail`` is free text or any value."""

    detail: object = None
    is_clean = True

    def __str__(self) -> str:
        return "shutdown" if self.detail is None else f"shutdown({self.detail})"


@dataclass(frozen=True, slots=True)
class Kill(Reason):
    """The reason that is *sent* to end an actor unconditionally; whoever watches it sees ``KILLED``."""

    def __str__(self) -> str:
        return "kill"


@dataclass(frozen=True, slots=True)
class Killed(Reason):
    """The actor was killed: no hook of it ran, or it outstayed the time it was given to stop."""

    def __str__(self) -> str:
        return "killed"


@dataclass(frozen=True, slots=True)
class NoProc(Reason):
    """There was no such actor (any more) when the link, monitor or message arrived."""

    def __str__(self) -> str:
        return "noproc"


@dataclass(frozen=True, slots=True)
class NoConnection(Reason):
    """The host or process of the actor cannot be reached; the actor itself may be alive."""

    def __str__(self) -> str:
        return "noconnection"


def spell(error: BaseException) -> str:
    """An exception as type and text; one that cannot be printed, as ill-made ones cannot, is told by its type."""
    try:
        text = str(error)
    except Exception:
        text = "cannot be printed"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@dataclass(frozen=True, slots=True)
class Crashed(Reason):
    """An exception left a handler or a hook.  Compares by the exception's type and text."""

    exception: BaseException

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Crashed):
            return NotImplemented
        return spell(self.exception) == spell(other.exception) and type(self.exception) is type(other.exception)

    def __hash__(self) -> int:
        return hash((type(self.exception), spell(self.exception)))

    def __str__(self) -> str:
        return f"crashed({spell(self.exception)})"


@dataclass(frozen=True, slots=True)
class Apoptosis(Reason):
    """A planned death: the actor left because of ``cause`` and a successor took its place."""

    cause: object = None
    is_clean = True

    def __str__(self) -> str:
        return "apoptosis" if self.cause is None else f"apoptosis({self.cause})"


class Remains(NamedTuple):
    """What is known of the end of a life besides its reason, for reports.

    ``message``: the type of the message in hand, and ``handler``: what ran, by name; ``None`` if nothing did.
    ``handled``: messages of this life; ``mailbox``: messages that wait.  ``by``: the path of
    the actor whose exit signal it died of, its supervisor excepted; ``linked``: the signal came over a link.
    ``vitals``: what whoever watched it had measured.
    """

    message: str | None = None
    handler: str | None = None
    handled: int = 0
    mailbox: int = 0
    by: str | None = None
    linked: bool = False
    vitals: Any = None


NO_REMAINS = Remains()
NORMAL = Normal()
SHUTDOWN = Shutdown()
KILL = Kill()
KILLED = Killed()
NOPROC = NoProc()
NOCONNECTION = NoConnection()


class Verdict(StrEnum):
    """What an exit signal does to its receiver."""

    IGNORE = "ignore"
    DIE = "die"
    DELIVER = "deliver"
    KILL = "kill"


def judge(reason: Reason, *, trapping: bool, linked: bool, own: bool, parent: bool = False) -> tuple[Verdict, Reason]:
    """Decide what an exit signal does: ignored, deadly, delivered to ``exited()``, or deadly without any hook (a kill).

    ``linked``: the signal came over a link (as opposed to being sent by ``exit()``); ``own``: sender and receiver are
    the same actor; ``parent``: it came from the receiver's parent, which nobody can trap.

    Source: the Erlang reference manual, *Processes*: only a ``kill`` that was sent explicitly is untrappable and
    turns into ``killed``; one that arrives over a link is an ordinary reason.  ``normal`` harms nobody but its sender.
    """
    if reason == KILL and not linked:
        return Verdict.KILL, KILLED
    if parent:
        return Verdict.DIE, reason
    if trapping:
        return Verdict.DELIVER, reason
    if reason == NORMAL and not own:
        return Verdict.IGNORE, reason
    return Verdict.DIE, reason
