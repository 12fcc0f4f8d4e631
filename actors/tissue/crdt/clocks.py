"""Hybrid logical clocks: moments that respect cause and effect, near the wall clock, with nobody to agree on the time.

For a backend developer: "the last write wins" between processes whose clocks differ by milliseconds or minutes.  A
write that was made in knowledge of another one is later than it, whatever the clocks say; writes that knew nothing of
each other are ordered by the wall, and by their owners where even that is equal.

A reading is (wall, counter).  For an event of one's own, with the wall at ``now``::

    wall' = max(wall, now);  counter' = counter + 1 if wall' == wall else 0

and for a stamp that is heard of, the clock goes to the later of the two.  So it never goes back, stands still (and
counts) while the wall is behind, and is ahead of the fastest clock it heard of by nothing.

A clock that is told of the year 2100 would carry everybody there, for ever.  So a stamp further ahead than
``max_drift`` is refused.  A cell whose own wall was that far ahead for a while is refused by the others until their
walls have come there; a new life of it is not, because it begins with a clock of its own.

Source: Kulkarni, Demirbas, Madappa, Avva and Leone, Logical Physical Clocks, OPODIS 2014.
"""

from __future__ import annotations

from typing import NamedTuple

from actors.messages import Pid

MAX_DRIFT = 60.0
"""Seconds that a stamp may be ahead unless told otherwise: more than clocks that are set differ by, less than harms."""

COUNTER_LIMIT = 1 << 16
"""Events within one millisecond; the next one belongs to the next millisecond."""

WALL_LIMIT = 1 << 53
"""Milliseconds: far beyond any calendar, and exact even where somebody reads a stamp as a float."""


class Stamp(NamedTuple):
    """A moment, in order with all others: milliseconds of the shared time, the how-manieth event in them, whose."""

    wall: int
    counter: int
    owner: Pid


class ClockDrift(ValueError):
    """A stamp lies ``ahead`` seconds in the future, which is further than clocks may differ."""

    def __init__(self, ahead: float, allowed: float) -> None:
        self.ahead = ahead
        self.allowed = allowed
        super().__init__(f"a stamp {ahead:.3f} s ahead; clocks may differ by {allowed:g} s")


class Clock:
    """The clock of one life.

    ``offset``: what to add to the ``now`` that it is told to get the time that all share.  0 where everybody is told
    the same; between hosts, Unix time minus the local monotonic time at birth.  So no jump of the host's clock during
    the life is felt at all.  ``max_drift``: seconds.
    """

    __slots__ = ("_counter", "_wall", "max_drift", "offset", "owner")

    def __init__(self, owner: Pid, *, offset: float = 0.0, max_drift: float = MAX_DRIFT) -> None:
        self.owner = owner
        self.offset = offset
        self.max_drift = max_drift
        self._wall = 0
        self._counter = 0

    def __repr__(self) -> str:
        return f"Clock({self.owner}, {self._wall}.{self._counter})"

    def shared(self, now: float) -> int:
        """``now`` as milliseconds of the time that all share."""
        return min(max(0, int((now + self.offset) * 1000)), WALL_LIMIT - 1)

    def tick(self, now: float) -> Stamp:
        """The stamp of an event of one's own, later than all before and all that was heard of."""
        wall = self.shared(now)
        if wall > self._wall:
            self._wall, self._counter = wall, 0
        else:
            self._counter += 1
            if self._counter == COUNTER_LIMIT:
                self._wall, self._counter = self._wall + 1, 0
        return Stamp(self._wall, self._counter, self.owner)

    def check(self, wall: int, now: float) -> None:
        """Raise ``ClockDrift`` if a stamp of that wall is too far ahead to be believed."""
        ahead = wall / 1000 - (now + self.offset)
        if ahead > self.max_drift:
            raise ClockDrift(ahead, self.max_drift)

    def see(self, wall: int, counter: int) -> None:
        """Hear of a stamp that may be believed: all events of one's own are later from here on."""
        if (wall, counter) > (self._wall, self._counter):
            self._wall, self._counter = wall, counter
