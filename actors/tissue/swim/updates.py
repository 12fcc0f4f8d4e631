"""What cells say of each other's lives, in which order one saying beats another, and what comes of it as events.

An update says that a life is alive, suspect, dead or has left.  Updates about one name are totally ordered by (life,
epoch, status), and whoever hears several keeps the greatest.  So everybody who heard the same updates, in any order and
any number of times, believes the same: the table of members is a join semilattice.

``life`` is the incarnation of the place (how many lives it has had); a higher one always wins.  ``epoch`` is SWIM's
incarnation number: it begins at 0 with each life, and only its owner raises it, to refute what is said of it.  At the
same epoch suspect beats alive, dead beats suspect, left beats dead: nothing but the owner's own higher epoch brings a
life back.  (Das, Gupta, Motivala: SWIM, DSN 2002, section 4.2; there death is final, here its owner may still refute.)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import msgpack

from actors.messages import Pid

from ..core import TissueEvent
from ..plain import read_name, read_number, read_text

UPDATES_LIMIT = 4_096
"""More updates than this in one packet are refused: no honest packet of 64 KB holds as many."""


class Status(IntEnum):
    """What is said of a life; small integers, because they travel."""

    ALIVE = 0
    SUSPECT = 1
    """It did not answer.  It gets no new work, but is not replaced: it may refute."""
    DEAD = 2
    LEFT = 3
    """It said goodbye."""


STATUSES = tuple(Status)


class Update(NamedTuple):
    """One saying: the ``status`` of a life at its ``epoch``; ``by`` whom, if somebody accuses."""

    status: Status
    name: str
    life: int
    epoch: int
    by: str = ""

    @property
    def pid(self) -> Pid:
        """The life that is spoken of."""
        return Pid(self.name, self.life)

    @property
    def rank(self) -> tuple[int, int, int]:
        """The place in the order: the greatest update about a name is what is believed."""
        return self.life, self.epoch, self.status

    def wire(self) -> list[Any]:
        """As it travels: five plain values."""
        return [int(self.status), self.name, self.life, self.epoch, self.by]


def packed_size(body: Any) -> int:
    """Bytes that a value takes on the wire."""
    return len(msgpack.packb(body))


def read_update(raw: Any) -> Update:
    """What :meth:`Update.wire` made.  Raises ``TypeError`` or ``ValueError`` for anything else."""
    status, name, life, epoch, by = raw
    if type(status) is not int or not 0 <= status <= 3:
        raise ValueError("no such status")
    return Update(STATUSES[status], read_name(name), read_number(life, 1), read_number(epoch), read_text(by))


def read_updates(raw: Any) -> list[Update]:
    """A list of updates.  Raises ``TypeError`` or ``ValueError``."""
    if not isinstance(raw, (list, tuple)):
        raise TypeError("updates are a list")
    if len(raw) > UPDATES_LIMIT:
        raise ValueError(f"{len(raw)} updates in one packet")
    return [read_update(each) for each in raw]


@dataclass(frozen=True, slots=True)
class Joined(TissueEvent):
    """A life that was not known is a member now."""

    pid: Pid


@dataclass(frozen=True, slots=True)
class Suspected(TissueEvent):
    """A member did not answer ``by``.  Give it no new work, replace nothing yet."""

    pid: Pid
    by: str


@dataclass(frozen=True, slots=True)
class Refuted(TissueEvent):
    """A suspected member said that it lives; or this cell itself did, being accused: then ``pid`` is its own."""

    pid: Pid


@dataclass(frozen=True, slots=True)
class Dead(TissueEvent):
    """A member is given up, as ``by`` found first; links to it end with ``noconnection``, its place may be filled.

    Also told of a life whose place already has a higher one (``by`` is then the place's own name).
    """

    pid: Pid
    by: str


@dataclass(frozen=True, slots=True)
class Left(TissueEvent):
    """A member has said goodbye."""

    pid: Pid


@dataclass(frozen=True, slots=True)
class Revived(TissueEvent):
    """A life that was given up, or had left, is back, by its own word: a partition healed, or it was a false alarm."""

    pid: Pid


@dataclass(frozen=True, slots=True)
class Risen(TissueEvent):
    """This cell was known with ``known``, a life as high as its own, ``before``, that an earlier process must have had:
    it goes on as ``pid``, a life above both.

    The wall clock was set back between the two, or the earlier one ran its numbers ahead of it.
    """

    pid: Pid
    before: Pid
    known: Pid


@dataclass(frozen=True, slots=True)
class Outlived(TissueEvent):
    """This cell's own place has a higher life, ``successor``: it must stop, and its core has fallen silent."""

    pid: Pid
    successor: Pid
