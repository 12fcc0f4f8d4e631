"""The state of one controlled mailbox: which end a message goes to, whether it is shed, and how it is handled.

It belongs to the place, not to a life, and is made when the first message comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .brownout import BrownoutState
from .codel import CoDelState

if TYPE_CHECKING:
    from random import Random

    from actors.blueprint import Mailbox


class Control:
    """What a place remembers of its queue.  ``levels``: messages begun at each level of a brownout."""

    __slots__ = ("_begun", "_level", "brownout", "levels", "queue", "rng")

    def __init__(self, mailbox: Mailbox, top: int, rng: Random, now: float) -> None:
        assert mailbox.control is not None
        self.queue = CoDelState(mailbox.control, now)
        self.brownout = BrownoutState(mailbox.brownout, top, now) if mailbox.brownout is not None else None
        self.levels = [0] * (top + 1) if self.brownout is not None else []
        self.rng = rng
        self._begun = -1
        self._level = 0

    @property
    def dimmer(self) -> float | None:
        """Between which levels messages are handled now; ``None`` without a brownout."""
        return self.brownout.dimmer if self.brownout is not None else None

    def admit(self, sojourn: float, now: float, waiting: int) -> bool:
        """Whether to serve a message that has waited ``sojourn`` seconds; ``waiting``: how many others wait."""
        admitted = self.queue.admit(sojourn, now, waiting)
        if self.brownout is not None and admitted:
            self.brownout.observe(sojourn, now)
        elif self.brownout is not None:
            self.brownout.shed(now)
        return admitted

    def overdue(self, at: float, now: float) -> bool:
        """Whether the longest-waiting message, which came at ``at``, is to be shed before its turn."""
        queue = self.queue
        if not queue.is_lifo(now) or now - at <= queue.spec.target:
            return False
        queue.shed(now)
        if self.brownout is not None:
            self.brownout.shed(now)
        return True

    def begin(self, number: int) -> int:
        """Choose the level at which the place's ``number``-th message is handled."""
        if self.brownout is None:
            return 0
        self._begun, self._level = number, self.brownout.level(self.rng)
        self.levels[self._level] += 1
        return self._level

    def level_of(self, number: int) -> int:
        """The level of the ``number``-th message; 0 if it did not come through the queue."""
        return self._level if number == self._begun else 0
