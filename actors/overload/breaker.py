"""A circuit breaker: after some failures in a row nothing is tried for a while, then one call, and what it says holds.

::

    closed ─ `failures` in a row → open ─ `open_for` seconds → half open ─ the probe succeeds → closed
                                    ↑                             │ it fails
                                    └─────── for longer ──────────┘

The numbers are those of Envoy's outlier detection: 5 failures in a row; 30 s times the openings in a row, to 300 s.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TypeVar

from actors.errors import CircuitOpen

T = TypeVar("T")


class Circuit(StrEnum):
    """What a circuit breaker does with a call."""

    CLOSED = "closed"
    """It is let through."""

    OPEN = "open"
    """It gets ``CircuitOpen`` at once."""

    HALF_OPEN = "half open"
    """The next one is let through as the probe; others get ``CircuitOpen`` until its outcome is known."""


class CircuitBreaker:
    """Keeps calls from a service that fails, so that they fail at once and it can recover; for any awaitable.

    ::

        breaker = CircuitBreaker("payments")
        receipt = await breaker.call(lambda: payments.ask(Charge(5)))   # or:  with breaker.guard(): ...

    - ``failures``: failures in a row that open it, 5.
    - ``open_for``: seconds it stays open, 30.0; after k openings in a row, k times as long, at most ``longest``, 300.0.
    - ``counts``: exceptions that are failures, ``(Exception,)``; any other outcome but a cancellation is a success.
    - ``clock``: seconds now; ``None``: the running loop's time.

    A probe that is not over after ``open_for`` seconds makes room for another.  Raises ``ValueError`` naming the field
    for a value out of range.
    """

    def __init__(
        self,
        name: str = "",
        *,
        failures: int = 5,
        open_for: float = 30.0,
        longest: float = 300.0,
        counts: tuple[type[Exception], ...] = (Exception,),
        clock: Callable[[], float] | None = None,
    ) -> None:
        if failures < 1:
            raise ValueError(f"CircuitBreaker.failures must be at least 1; got {failures!r}")
        if not 0 < open_for < math.inf:
            raise ValueError(f"CircuitBreaker.open_for must be seconds above 0 and finite; got {open_for!r}")
        if not open_for <= longest < math.inf:
            raise ValueError(f"CircuitBreaker.longest must be at least open_for and finite; got {longest!r}")
        self.name = name
        self.failures = failures
        self.open_for = open_for
        self.longest = longest
        self.counts = counts
        self.openings = 0
        self.refused = 0
        self._clock = clock
        self._in_a_row = 0
        self._reopened = 0
        self._until: float | None = None
        self._round = 0

    def state(self, now: float | None = None) -> Circuit:
        """What the next call meets."""
        if self._until is None:
            return Circuit.CLOSED
        return Circuit.OPEN if self._now(now) < self._until else Circuit.HALF_OPEN

    async def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """``await function()`` if the circuit lets it; raises ``CircuitOpen`` if not."""
        with self.guard():
            return await function()

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around one call: raises ``CircuitOpen`` when entered, or takes note of how the block ends."""
        entered = self.begin()
        try:
            yield
        except self.counts:
            self.end(entered, failed=True)
            raise
        except Exception:
            self.end(entered, failed=False)
            raise
        except BaseException:
            self.end(entered, failed=None)
            raise
        else:
            self.end(entered, failed=False)

    def begin(self, now: float | None = None) -> int:
        """A call is to begin; returns what :meth:`end` has to be given.  Raises ``CircuitOpen``."""
        now = self._now(now)
        if self._until is not None:
            if now < self._until:
                self.refused += 1
                raise CircuitOpen(self.name, self._until - now)
            self._round += 1  # this is the probe; what began before it says nothing any more
            self._until = now + self.open_for
        return self._round

    def end(self, entered: int, *, failed: bool | None, now: float | None = None) -> None:
        """A call is over; ``failed=None``: nobody knows how it would have gone."""
        if entered != self._round:
            return
        is_probe = self._until is not None
        if failed is None:
            if is_probe:
                self._until = self._now(now)
        elif not failed:
            self._in_a_row = self._reopened = 0
            self._until = None
        else:
            self._in_a_row += 1
            if is_probe or self._in_a_row >= self.failures:
                self._open(self._now(now))

    def _open(self, now: float) -> None:
        self.openings += 1
        self._reopened += 1
        self._round += 1
        self._in_a_row = 0
        self._until = now + min(self.longest, self.open_for * self._reopened)

    def _now(self, now: float | None) -> float:
        if now is not None:
            return now
        return self._clock() if self._clock is not None else asyncio.get_running_loop().time()

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self.name!r} openings={self.openings} refused={self.refused}>"
