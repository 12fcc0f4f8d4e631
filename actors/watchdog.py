"""The loop watchdog's judgement: how long has a handler held the loop, as far as the evidence goes?

A handler that does not suspend holds the loop, and everybody on it.  A thread looks in from outside
(:mod:`actors.sentry`); here is what it concludes.  The wall clock alone would accuse the innocent: a collection of
garbage, a machine with more work than cores, a process that was stopped, all look like a slow handler.  So each stretch
between two looks counts only as far as one of two witnesses speaks for it:

- the thread was on time, so the process was running: the stretch counts, less what the loop's thread waited for a core
  and less the collections, but never more than the stretch that was planned and a little.  A wait that is not over yet
  is in no account: where the thread could run, what it neither used nor waited before is such a wait;
- the loop's thread used a core: that much counts, less the collections.  It is the only witness where a handler keeps
  the interpreter to itself (a regular expression that backtracks, ``sum`` of a long range) and no look is possible.

    held += max(min(passed - waited - waits - gc, planned + slack), used - gc)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SHORTEST_BOUND = 0.01
"""Seconds; two of CPython's switch intervals, below which the thread cannot count on being let in."""

STEP = 0.01
"""Seconds between two looks at a handler that is under suspicion, at most."""

LEAST_PAUSE = 0.001
"""Seconds between two looks, at least."""


@dataclass(frozen=True, slots=True)
class Watchdog:
    """Watch the loop for handlers that hold it; all times in seconds.

    - ``bound``: how long a handler may go on without suspending; 0.1 by default, at least 0.01.  Beyond it there is a
      ``Blocked`` event, and evidence against the actor if a policy watches it.
    - ``unready``: how long until the tree is not ready for traffic; ``None`` (default): ten times ``bound``;
      ``math.inf``: it always is.
    - ``hold``: how long it stays so when the loop is free again: 10 by default, the usual period of a readiness probe,
      as nobody can ask over a loop that is held.
    - ``log``: whether the thread logs at once, while the loop is still held; ``True`` by default.

    It looks each half ``bound``, more often at a handler that has been under way for a while.  A handler is found out
    within 20 ms of its ``bound``, where it need not wait for a core, unless it keeps the interpreter to itself: then
    when it is over, if it used half as much again.  Raises ``ValueError`` naming the field for a value out of range.
    """

    bound: float = 0.1
    unready: float | None = None
    hold: float = 10.0
    log: bool = True

    def __post_init__(self) -> None:
        if not _is_number(self.bound) or not SHORTEST_BOUND <= self.bound < math.inf:
            raise ValueError(f"Watchdog.bound must be seconds, at least {SHORTEST_BOUND:g}; got {self.bound!r}")
        if self.unready is not None and (not _is_number(self.unready) or not self.unready >= self.bound):
            raise ValueError(f"Watchdog.unready must be seconds, at least the bound, or None; got {self.unready!r}")
        if not _is_number(self.hold) or not 0 <= self.hold < math.inf:
            raise ValueError(f"Watchdog.hold must be seconds, at least 0; got {self.hold!r}")
        if not isinstance(self.log, bool):
            raise ValueError(f"Watchdog.log must be True or False; got {self.log!r}")

    @property
    def unready_after(self) -> float:
        """Seconds until the tree is not ready: ``unready`` or its default."""
        return 10 * self.bound if self.unready is None else self.unready

    @property
    def period(self) -> float:
        """Seconds between two looks while nothing is suspicious: the thread wakes twenty times a second by default."""
        return self.bound / 2

    @property
    def step(self) -> float:
        """Seconds between two looks at a suspect; also the slack that a look may be late."""
        return min(STEP, self.bound / 10)

    def pause(self, held: float) -> float:
        """Seconds until the next look, when a handler has held the loop for ``held``.

        A long pause must not fill the bound: then one late look would be enough to accuse somebody.
        """
        if held >= self.bound:
            rest = self.unready_after - held
            return min(self.period, rest) if rest > LEAST_PAUSE else self.period
        if held + self.period + self.step <= self.bound - 2 * self.step:
            return self.period
        return max(min(self.step, self.bound - held), LEAST_PAUSE)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


WATCHDOG = Watchdog()
"""What watches a system unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: the moment, who runs and since when, and three sums of seconds up to now.

    ``cpu``: that the loop's thread used a core, ``waited``: that it could have run and had none, up to when it last had
    one, ``gc``: that garbage was collected.  ``can_run``: it is not asleep, so it has a core or waits for one.
    ``start`` is ``None`` if no handler runs.
    """

    at: float
    cpu: float
    waited: float
    gc: float
    can_run: bool = False
    start: float | None = None
    who: object = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known after a look: ``held``, the seconds that speak against the handler that runs, and the ``pause``
    that was planned until the next.
    """

    sample: Sample
    pause: float
    held: float = 0.0


def follow(policy: Watchdog, sight: Sight, sample: Sample) -> Sight:
    """What is known after one more look."""
    held = 0.0
    if sample.start is not None:
        held = _evidence(policy, sight, sample, sample.start)
        if is_same(sight.sample, sample):
            held += sight.held
    return Sight(sample, policy.pause(held), held)


def is_same(one: Sample, other: Sample) -> bool:
    """Whether two looks saw one and the same stretch of a handler; its start may have been rounded."""
    if one.start is None or other.start is None:
        return False
    return one.who is other.who and abs(one.start - other.start) < 1e-6


def _evidence(policy: Watchdog, sight: Sight, sample: Sample, start: float) -> float:
    """Seconds since the last look that speak against the handler that began at ``start``.

    What was used before it began is not known; it may have been all that was possible, or nothing.
    """
    last = sight.sample
    before = max(start - last.at, 0.0)
    passed = sample.at - last.at - before
    gc = sample.gc - last.gc
    used, waited = sample.cpu - last.cpu, sample.waited - last.waited
    waits = max(passed - used - waited, 0.0) if sample.can_run else 0.0
    on_time = min(passed - waited - waits - gc, sight.pause + policy.step)
    busy = min(used - before, passed) - gc
    return max(on_time, busy, 0.0)
