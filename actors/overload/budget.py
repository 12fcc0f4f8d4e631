"""A retry budget: repeats are paid for by requests, so that an outage does not multiply the load that follows it.

After Finagle's ``RetryBudget``: every request puts in ``ratio`` of a repeat, besides ``per_second`` repeats that are
always there, and what was put in or taken out is forgotten after ``window`` seconds.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

SLOTS = 10
"""Parts of the window that are forgotten one after another."""


class RetryBudget:
    """How many repeats may be made; shared by all calls to one service, so that together they cannot storm it.

        repeats within the window <= ratio · requests within the window + per_second · window

    - ``ratio``: repeats a request pays for, 0.2: at most a fifth more load than without repeats.
    - ``per_second``: repeats that need no request to pay for them, 10.0, so that few requests can be repeated too.
    - ``window``: seconds after which requests and repeats are forgotten, 10.0.
    - ``clock``: seconds now; ``None``: the running loop's time.

    Raises ``ValueError`` naming the field for a value out of range.
    """

    def __init__(
        self,
        ratio: float = 0.2,
        per_second: float = 10.0,
        window: float = 10.0,
        *,
        clock: Callable[[], float] | None = None,
    ) -> None:
        for name, value in (("ratio", ratio), ("per_second", per_second)):
            if not 0 <= value < math.inf:
                raise ValueError(f"RetryBudget.{name} must be at least 0 and finite; got {value!r}")
        if not 0 < window < math.inf:
            raise ValueError(f"RetryBudget.window must be seconds above 0 and finite; got {window!r}")
        self.ratio = ratio
        self.per_second = per_second
        self.window = window
        self.refused = 0
        self._clock = clock
        self._slots: dict[int, list[int]] = {}

    def deposit(self, now: float | None = None) -> None:
        """A request is made for the first time."""
        self._at(now)[0] += 1

    def withdraw(self, now: float | None = None) -> bool:
        """Take one repeat out, if there is one; ``refused`` counts the others."""
        if self.balance(now) < 1.0:
            self.refused += 1
            return False
        self._at(now)[1] += 1
        return True

    def balance(self, now: float | None = None) -> float:
        """Repeats that may be made now."""
        self._at(now)
        requests = sum(counts[0] for counts in self._slots.values())
        repeats = sum(counts[1] for counts in self._slots.values())
        return self.ratio * requests + self.per_second * self.window - repeats

    def _at(self, now: float | None) -> list[int]:
        """The requests and repeats of the present part of the window; what is older than the window is forgotten."""
        if now is None:
            now = self._clock() if self._clock is not None else asyncio.get_running_loop().time()
        slot = int(now / self.window * SLOTS)
        found = self._slots.get(slot)
        if found is None:
            for old in [old for old in self._slots if old <= slot - SLOTS]:
                del self._slots[old]
            found = self._slots[slot] = [0, 0]
        return found

    def __repr__(self) -> str:
        return f"RetryBudget(ratio={self.ratio:g}, per_second={self.per_second:g}, window={self.window:g})"
