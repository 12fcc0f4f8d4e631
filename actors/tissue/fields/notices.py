"""News of cells that lost their way: each says up to which stamp ways through a cell are void, and dies of age.

The age travels with the notice and only grows, so that no two cells can keep telling each other the same for ever.
Few are needed: those that matter most are the latest, so a packet carries the 16 youngest.  And they are told for some
rounds only after they were heard, for while they are, no packet of the cell is like its last one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple

from actors.tissue.plain import NUMBER_LIMIT, read_name

from .block import read_distance

TOLD = 16
"""As many ride on a packet."""

KEPT = 64
"""As many are remembered, the youngest: ways through further cells are found out slowly."""

TELLING = 8.0
"""For so many periods a cell tells one that it has heard: by then who can hear it has, even where packets are lost."""

LIFE = 20
"""A stamp is the life of a cell in the bits from here on, and how often that life lost its way in those below."""


class Notice(NamedTuple):
    """Ways through the cell ``name`` that bear a stamp below ``stamp`` are void, it said ``age`` seconds ago."""

    name: str
    stamp: int
    age: float


class InForce(NamedTuple):
    """A notice here: the ``stamp`` below which ways are void, when it was ``born``, and ``until`` when it is told."""

    stamp: int
    born: float
    until: float


class Notices:
    """Those that are in force here; each dies when it is ``lifetime`` seconds old, and is told for ``telling``."""

    __slots__ = ("_in_force", "_lifetime", "_telling", "_until")

    def __init__(self, lifetime: float, telling: float) -> None:
        self._lifetime = lifetime
        self._telling = telling
        self._in_force: dict[str, InForce] = {}
        self._until = -math.inf

    def __len__(self) -> int:
        return len(self._in_force)

    def add(self, notice: Notice, now: float) -> None:
        """Put one in force that was made here."""
        self._put(notice.name, notice.stamp, now - notice.age, now)

    def hear(self, notices: Sequence[Notice], me: str, now: float) -> bool:
        """Take those of others than ``me``; whether any voids more than was known."""
        is_news = False
        in_force, lifetime = self._in_force, self._lifetime
        for name, stamp, age in notices:
            known = in_force.get(name)
            # Most are known: a cell tells what it has heard for some rounds.
            if known is not None and (stamp < known.stamp or (stamp == known.stamp and now - age >= known.born)):
                continue
            if name == me or age >= lifetime:
                continue
            if known is not None and stamp == known.stamp:
                in_force[name] = known._replace(born=now - age)
            else:
                self._put(name, stamp, now - age, now)
                is_news = True
        return is_news

    def _put(self, name: str, stamp: int, born: float, now: float) -> None:
        self._until = now + self._telling
        self._in_force[name] = InForce(stamp, born, self._until)
        if len(self._in_force) > KEPT:
            births = [each.born for each in self._in_force.values()]
            oldest = births.index(min(births))
            del self._in_force[next(islice(self._in_force, oldest, None))]

    def fade(self, now: float) -> bool:
        """Let the old ones die; whether there were any."""
        if not self._in_force:
            return False
        dead = [name for name, each in self._in_force.items() if now - each.born >= self._lifetime]
        for name in dead:
            del self._in_force[name]
        return bool(dead)

    def is_telling(self, now: float) -> bool:
        """Whether there is any to tell."""
        return now < self._until and len(self._in_force) > 0

    def void(self, hops: Sequence[str], stamps: Sequence[int]) -> bool:
        """Whether a way leads through a cell that has lost its way since."""
        if not self._in_force:
            return False
        in_force = self._in_force
        return any(hop in in_force and stamp < in_force[hop].stamp for hop, stamp in zip(hops, stamps, strict=True))

    def wire(self, now: float) -> list[Notice]:
        """The youngest of those that are told, as they travel."""
        told = [
            Notice(name, stamp, max(0.0, now - born))
            for name, (stamp, born, until) in self._in_force.items()
            if now < until
        ]
        told.sort(key=_age)
        return told[:TOLD]


_age = itemgetter(2)
_READ = {Notice}


def read_notices(raw: Any) -> Sequence[Notice]:
    """What :meth:`Notices.wire` made.  Raises ``TypeError`` or ``ValueError``."""
    if len(raw) > TOLD:
        raise ValueError(f"{len(raw)} notices in one packet")
    if not raw:
        return ()
    if set(map(type, raw)) == _READ:
        # They never left the process, so they are as they were made.
        return raw  # type: ignore[no-any-return]
    return [Notice(read_name(name), read_stamp(stamp), read_distance(age)) for name, stamp, age in raw]


def read_stamp(raw: Any) -> int:
    """A stamp.  Raises ``TypeError`` or ``ValueError``."""
    if type(raw) is not int:
        raise TypeError("no stamp")
    if not 1 << LIFE <= raw < NUMBER_LIMIT:
        raise ValueError(f"no stamp: {raw}")
    return raw
