"""The pulse of a life that somebody watches: what is counted in it, what it tolerates, and whom evidence is told to.

Nothing here is on the message path: a message that goes well leaves no trace but the count that is kept anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .envelopes import NOTHING
from .evidence import Evidence, Harm

if TYPE_CHECKING:
    from .cell import Cell


class Pulse:
    """Of one life.  ``report`` is called with each piece of evidence, in the turn in which it is found.

    ``tolerate``: exceptions of handlers that do not end the life; ``latency``: seconds a message may take.  ``estate``:
    what the life left when it crashed; ``is_poisoned``: it died of a message that was then quarantined.  ``doubts``:
    what was observed since the last check-up that found nothing, of which ``sound`` is told.
    """

    __slots__ = ("counts", "doubts", "estate", "is_poisoned", "latency", "report", "sound", "tolerate")

    def __init__(
        self,
        report: Callable[[Evidence], None],
        tolerate: tuple[type[Exception], ...] = (),
        latency: float | None = None,
    ) -> None:
        self.report = report
        self.tolerate = tolerate
        self.latency = latency
        self.counts: Counter[Harm] = Counter()
        self.estate: Any = NOTHING
        self.is_poisoned = False
        self.doubts: set[Harm] = set()
        self.sound: Callable[[], None] | None = None

    def passed(self) -> None:
        """A check-up found nothing."""
        self.doubts.clear()
        if self.sound is not None:
            self.sound()


def attach(cell: Cell, pulse: Pulse | None, blocked_after: float) -> None:
    """Watch the next life in ``cell``, or the one that is there; ``None``: nobody does any more."""
    if pulse is None and cell.extras is None:
        return
    cell.more().pulse = pulse
    cell.patience = patience_of(cell, blocked_after)


def patience_of(cell: Cell, blocked_after: float) -> float:
    """Seconds after which a handler in ``cell`` is looked at: it held the loop, or took longer than its target."""
    pulse = pulse_of(cell)
    target = pulse.latency if pulse is not None else None
    return blocked_after if target is None else min(blocked_after, target)


def pulse_of(cell: Cell) -> Pulse | None:
    """The pulse of the life in ``cell`` if it is watched."""
    return cell.extras.pulse if cell.extras is not None else None


def note(cell: Cell, evidence: Evidence) -> bool:
    """Record ``evidence`` against the life in ``cell``; false if nobody watches it."""
    pulse = pulse_of(cell)
    if pulse is None:
        return False
    pulse.counts[evidence.harm] += 1
    pulse.doubts.add(evidence.harm)
    pulse.report(evidence)
    return True
