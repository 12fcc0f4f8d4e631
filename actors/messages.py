"""The messages and signals that the engine itself knows, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from .exits import Reason
    from .ref import Ref

T_co = TypeVar("T_co", covariant=True)


class Request(Generic[T_co]):
    """Base of messages that are asked: the answer to a ``Request[int]`` is typed ``int``.

    ::

        @dataclass(frozen=True, slots=True)
        class Count(Request[int]): ...

        total = await ref.ask(Count())      # an int, for the type checker
    """

    __slots__ = ()


class WrongReply:
    """What a type checker sees where the answer to a :class:`Request` is taken for another type than it has.

    There are no objects of it.
    """


class Pid(NamedTuple):
    """One life: the name of its place, and the how-manieth life there it is (from 1)."""

    name: str
    incarnation: int

    def __str__(self) -> str:
        return f"{self.name}#{self.incarnation}"


@dataclass(frozen=True, slots=True)
class Down:
    """A monitored actor is gone; ``monitor`` is what ``monitor()`` returned."""

    ref: Ref[Any]
    pid: Pid
    reason: Reason
    monitor: object


@dataclass(frozen=True, slots=True)
class Exit:
    """A linked actor died, or somebody sent an exit signal, to an actor that traps exits."""

    ref: Ref[Any] | None
    pid: Pid | None
    reason: Reason


class Impulse(NamedTuple):
    """Have a method of the actor's own called with ``event``, as the handler of a message; for the engine.

    ``name``: what it is called in reports.
    """

    method: Callable[[Any, Any], Any]
    event: object
    name: str


class Undelivered(StrEnum):
    """Why a message became a dead letter."""

    DEAD = "the actor is dead"
    IN_HAND = "in hand at the crash"
    QUARANTINED = "quarantined"
    UNHANDLED = "unhandled"
    FULL = "mailbox full"
    DROPPED = "dropped for a newer one"
    FAILED = "its handler failed and the actor lives on"
    NOT_AWAITED = "mailbox full and tell() not awaited"
    EXPIRED = "expired"
    SHED = "shed"
    UNSENDABLE = "it cannot travel to where the actor lives"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that nobody will handle: to whom, why, when (seconds of the system's clock), and of what it died."""

    message: object
    ref: Ref[Any]
    why: Undelivered
    at: float
    reason: Reason | None = None
