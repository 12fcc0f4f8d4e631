"""What a cell knows of the way to one neighbour: how long it takes, how much it loses, and whether it works at all.

That is learned from what is sent anyway, and from pings to those that do not answer it.  A neighbour is *down* after as
many waits in vain, one after the other, as chance hardly makes on a link of its quality
(:mod:`~actors.tissue.links.etx`): three on a good one.  As the wait doubles, that is 7 RTO, 0.14 s where round trips
are short.  It is up again when it answers; that it sends is not enough, for a link may work in one direction only.
"""

from __future__ import annotations

import math

from .etx import Quality
from .rto import RetransmitTimer, RtoConfig


class Hop:
    """The way to one neighbour; ``is_up`` at first.

    ``silences``: waits in vain since it last answered.  ``period``: between two pings while there are any.  ``due``:
    when :meth:`ping` wants to be called; at once at first, that the first message has a timer.
    """

    __slots__ = ("_counted_at", "_number", "_pinged_at", "due", "is_up", "period", "quality", "silences", "timer")

    def __init__(self, rto: RtoConfig, period: float, now: float) -> None:
        self.timer = RetransmitTimer(rto)
        self.quality = Quality()
        self.is_up = True
        self.silences = 0
        self.period = period
        self.due = now
        self._number = 0
        self._pinged_at = now
        self._counted_at = -math.inf

    def __repr__(self) -> str:
        return f"Hop({'up' if self.is_up else 'down'}, silences={self.silences}, {self.timer}, {self.quality})"

    def ping(self, now: float) -> int:
        """The number of a ping that is to be sent now.  One that was not answered is a silence too."""
        if self.silences:
            self.silent(self._pinged_at, now)
        self._number += 1
        self._pinged_at = now
        self.due = now + self.period if self.silences else math.inf
        return self._number

    def pong(self, number: int, now: float) -> bool:
        """It answered a ping; whether that brought it up again."""
        if number != self._number:
            return self.heard()
        if now - self._pinged_at <= self.timer.rto:  # later, it says when it was let go rather than how far it is
            self.timer.sample(now - self._pinged_at)
        return self.heard()

    def heard(self) -> bool:
        """It answered something; whether that brought it up again."""
        self.silences = 0
        self.due = math.inf
        if self.is_up:
            return False
        self.is_up = True
        self.timer.recover()
        return True

    def arrived(self, transmissions: int, rtt: float) -> bool:
        """It took what was sent to it so many times, ``rtt`` seconds after the last; whether that brought it up."""
        self.quality.arrived(transmissions)
        was_down = self.heard()
        self.timer.sample(rtt, retransmitted=transmissions > 1)
        return was_down

    def silent(self, sent_at: float, now: float) -> bool:
        """It did not answer in time what was sent at ``sent_at``; whether it is down by that.

        Of all that was under way at the same time only one counts.
        """
        if sent_at < self._counted_at:
            return False
        self._counted_at = now
        self.timer.back_off()
        self.silences += 1
        self.due = min(self.due, now + self.period)
        return self.silences >= self.quality.fatal_silences and self.fail(now)

    def fail(self, now: float) -> bool:
        """It is down, by other evidence; whether that is news."""
        if not self.is_up:
            return False
        self.is_up = False
        self.silences = max(1, self.silences)
        self.due = now + self.period
        return True
