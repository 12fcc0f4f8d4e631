"""What speaks against a life that does not run on this loop, as far as it is seen from outside.  Pure.

Silence is held against who sleeps, or was stopped, as long as it lasts; against who could run, only as far as it had a
core since it was last heard: on a machine with more work than cores anybody is silent at times.

Its handlers are judged where they run; here are its process's memory, its share of a core and its silence, which nobody
there could tell of if it is stuck.
"""

from __future__ import annotations

from actors.evidence import Evidence, Harm
from actors.signs import Signs

from .policy import Apoptosis

QUIET = 1.0
"""Seconds of silence that are no evidence: heartbeats are half a second apart at most, and machines stall."""

SHORTEST_LOOK = 0.1
"""Seconds between two looks at the least for a share of a core, which is counted in steps of 10 ms."""


class Elsewhere:
    """One life, from check-up to check-up."""

    __slots__ = ("_at", "_before", "_cpu", "load", "memory", "silence")

    def __init__(self) -> None:
        self._at = 0.0
        self._cpu: float | None = None
        self._before: float | None = None
        self.load: float | None = None
        self.memory: int | None = None
        self.silence: float | None = None

    def look(self, seen: Signs, now: float) -> None:
        """Take note of what is seen."""
        self.memory, self.silence = seen.memory, seen.silence
        if seen.silence is None or seen.silence <= QUIET:
            self._before = seen.cpu
        elif seen.can_run and seen.cpu is not None:  # what it did not use it may have waited for, in vain
            self._before = seen.cpu if self._before is None else self._before
            self.silence = min(seen.silence, seen.cpu - self._before)
        if seen.cpu is None or self._cpu is None:
            self._cpu, self._at = seen.cpu, now
        elif now - self._at >= SHORTEST_LOOK:
            self.load = min(1.0, max(0.0, (seen.cpu - self._cpu) / (now - self._at)))
            self._cpu, self._at = seen.cpu, now

    def findings(self, policy: Apoptosis) -> list[Evidence]:
        """What of that speaks against it."""
        found = []
        if policy.memory is not None and self.memory is not None and self.memory > policy.memory:
            found.append(Evidence(Harm.MEMORY, None, f"its process holds {self.memory / 1e6:,.0f} MB"))
        if policy.load is not None and self.load is not None and self.load > policy.load:
            found.append(Evidence(Harm.LOAD, None, f"takes {self.load:.0%} of a core"))
        if self.silence is not None and self.silence > QUIET:
            late = policy.latency is not None and self.silence > policy.latency
            harm = Harm.SLOW if late else Harm.BLOCKED
            found.append(Evidence(harm, None, f"has given no sign of life for {self.silence:.3g} s"))
        return found
