"""When to ask whether the other side is still there, and when to give it up.  Pure: the clock is an argument."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a tick comes to."""

    WELL = "well"
    ASK = "ask"
    LOST = "lost"


class Silence:
    """How long nothing has been heard, counted in ticks that come each ``interval`` seconds.

    A tick that comes late counts as two intervals at most: this side slept, and what the other said meanwhile has not
    been read yet.  Raises ``ValueError`` unless ``patience`` is more than ``interval``, and that more than 0.
    """

    __slots__ = ("interval", "is_heard", "last", "patience", "silent")

    def __init__(self, interval: float, patience: float) -> None:
        if not 0 < interval < patience:
            raise ValueError(
                f"patience must be more than interval, and that more than 0; got {patience!r}, {interval!r}"
            )
        self.interval, self.patience = interval, patience
        self.is_heard = True
        self.silent = 0.0
        self.last: float | None = None

    def tick(self, now: float) -> Verdict:
        """What to do, at ``now`` seconds of any clock that does not go back; set ``is_heard`` when something comes."""
        passed = 0.0 if self.last is None else min(max(now - self.last, 0.0), 2 * self.interval)
        self.last = now
        if self.is_heard:
            self.is_heard = False
            self.silent = 0.0
            return Verdict.WELL
        self.silent += passed
        if self.silent >= self.patience:
            return Verdict.LOST
        return Verdict.ASK
