"""Controlled delay: what has waited too long in a queue that will not empty is shed, and the newest is served first.

The server variant of CoDel (RFC 8289) that B. Maurer describes in *Fail at Scale* (ACM Queue 13(8), 2015):

    allowed wait = interval   if the queue has been empty within the last ``interval``
                 = target     otherwise: a *standing queue*, which is no burst but too much work

and, while a queue stands, last in, first out (adaptive LIFO): under overload somebody has to wait too long, so let it
be those who have waited longest already, whose askers have mostly gone.

Two additions that a mailbox with one server behind it needs.  What is served when nothing else waits is allowed
``interval`` in any case: to shed it would idle the actor (RFC 8289 likewise keeps the last packet).  And a queue that
only shedding keeps short does not count as empty: it does so again when nothing has been shed for an ``interval``.
Without the second a queue would swing between both modes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CoDel:
    """The option ``Mailbox(control=CoDel())``: shed what waits too long in a queue that stands.

    - ``target``: seconds a message may wait in a standing queue, 0.005.  Smaller: shorter waits, more is shed.  Ten
      times what a handler takes is a good choice; less than five sheds waits that are ordinary below full load.
    - ``interval``: seconds without an empty mailbox that make a queue a standing one, and the seconds that a message
      may wait otherwise, 0.1.  Larger: longer bursts are absorbed.  Two to twenty times the target is a good choice.
    - ``lifo``: serve the newest first while the queue stands, ``True``.  Then one sender's messages may overtake each
      other; ``False`` keeps their order and serves those who have waited longest.

    Raises ``ValueError`` naming the field for a value out of range, or a target above the interval.
    """

    target: float = 0.005
    interval: float = 0.1
    lifo: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.interval < math.inf:
            raise ValueError(f"CoDel.interval must be seconds above 0 and finite; got {self.interval!r}")
        if not 0 < self.target <= self.interval:
            raise ValueError(f"CoDel.target must be seconds above 0, at most the interval; got {self.target!r}")


class CoDelState:
    """What one queue remembers: when it last was empty, and when something was last shed."""

    __slots__ = ("_clean_from", "emptied", "spec")

    def __init__(self, spec: CoDel, now: float) -> None:
        self.spec = spec
        self.emptied = now
        self._clean_from = -math.inf

    def empty(self, now: float) -> None:
        """Nothing waits; counts unless something was shed within the last interval."""
        if now >= self._clean_from:
            self.emptied = now

    def excuse(self, now: float) -> None:
        """Nobody served for a while, for a reason of its own: that messages wait now is no sign of overload."""
        self.emptied = now

    def is_standing(self, now: float) -> bool:
        """Whether the queue has not been empty for an interval."""
        return now - self.emptied > self.spec.interval

    def is_lifo(self, now: float) -> bool:
        """Whether a message that comes now is to be served before those that wait."""
        return self.spec.lifo and now - self.emptied > self.spec.interval

    def allowed(self, now: float) -> float:
        """Seconds that a message may have waited if others wait behind it."""
        spec = self.spec
        return spec.target if now - self.emptied > spec.interval else spec.interval

    def admit(self, sojourn: float, now: float, waiting: int) -> bool:
        """Whether to serve a message that has waited ``sojourn`` seconds, while ``waiting`` others wait; else shed."""
        if waiting == 0:
            self.empty(now)
            admitted = sojourn <= self.spec.interval
        else:
            admitted = sojourn <= self.allowed(now)
        if not admitted:
            self.shed(now)
        return admitted

    def shed(self, now: float) -> None:
        """Something was shed: for an interval no emptiness counts."""
        self._clean_from = now + self.spec.interval
