"""The decision about one child's place: evidence and time go in, steps out and back in come out.  Pure.

    loop ──blocked→ thread ──any→ process ──any→ host (if the policy names one)
      └────memory────────────────────↑

A step in undoes the last step out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from actors.places.place import Host, Place, Process, Thread

from .policy import LONGEST_CALM, Promote


class Rung(StrEnum):
    """How far out a life is."""

    LOOP = "loop"
    THREAD = "thread"
    PROCESS = "process"
    HOST = "host"

    @property
    def phrase(self) -> str:
        """In words, after "lives"."""
        return _PHRASES[self]


_PHRASES = {
    Rung.LOOP: "on the loop",
    Rung.THREAD: "in a thread",
    Rung.PROCESS: "in a process of its own",
    Rung.HOST: "on another host",
}


def rung_of(place: Place | None) -> Rung:
    """The rung that a place is on."""
    if isinstance(place, Host):
        return Rung.HOST
    if isinstance(place, Process):
        return Rung.PROCESS
    return Rung.THREAD if isinstance(place, Thread) else Rung.LOOP


@dataclass(frozen=True, slots=True)
class Step:
    """From ``was`` to ``to``: further out as ``kind`` was the ``count``-th piece of evidence, or, where ``kind`` is
    ``None``, back in after ``calm`` seconds without any.  ``calm`` of a step out: what is asked for before it comes in.
    """

    was: Rung
    to: Rung
    kind: str | None
    count: int
    calm: float


class Ladder:
    """Of one child whose ``home`` is the place in its spec.  Its methods take ``now``, which does not go back."""

    def __init__(self, policy: Promote, home: Place | None) -> None:
        self.policy = policy
        self._places: list[Place | None] = [home]
        self._count = 0
        self._last = -math.inf
        self._returns = -1
        self._barred_until = -math.inf

    @property
    def place(self) -> Place | None:
        """Where the next life is to begin."""
        return self._places[-1]

    @property
    def rung(self) -> Rung:
        """The rung of :attr:`place`."""
        return rung_of(self.place)

    @property
    def is_home(self) -> bool:
        """Whether that is where the spec says."""
        return len(self._places) == 1

    @property
    def calm(self) -> float:
        """Seconds without evidence that are asked for before the next step in."""
        return self.policy.calm_after(max(0, self._returns))

    @property
    def due(self) -> float | None:
        """The moment of the next step in if nothing happens until then; ``None``: there is none."""
        moment = self._last + self.calm
        return None if self.is_home or math.isinf(moment) else moment

    def hear(self, kind: str, at: Rung, now: float) -> Step | None:
        """A piece of evidence against a life that was ``at`` this rung; the step out that it leads to."""
        if kind not in self.policy.on or at is not self.rung:  # of one that was on its way out, or in
            return None
        quiet, self._last = now - self._last, now
        if quiet >= self.calm:
            self._count = 0
        if self.is_home and quiet >= max(self.policy.calm, LONGEST_CALM):
            self._returns = -1
        further = self._further(kind)
        if further is None or now < self._barred_until:
            return None
        self._count += 1
        if self._count < self.policy.after:
            return None
        was, count, self._count = self.rung, self._count, 0
        if self.is_home:
            self._returns += 1
        self._places.append(further)
        return Step(was, self.rung, kind, count, self.calm)

    def settle(self, now: float) -> Step | None:
        """Time has passed; the step in that it leads to."""
        if self.due is None or now < self.due:
            return None
        calm = self.calm
        self._last = now
        self._count = 0
        return self._step_in(calm)

    def failed(self, at: Rung, now: float) -> Step | None:
        """A life did not start ``at`` this rung; the step back in, if it had been sent there."""
        if self.is_home or at is not self.rung:
            return None
        self._barred_until = now + self.calm
        self._last = now
        self._count = 0
        return self._step_in(0.0)

    def _step_in(self, calm: float) -> Step:
        was = self.rung
        self._places.pop()
        return Step(was, self.rung, None, 0, calm)

    def _further(self, kind: str) -> Place | None:
        """The place one rung further out, given what spoke against this one."""
        match self.rung:
            case Rung.LOOP if kind == "blocked":
                return Thread()
            case Rung.LOOP | Rung.THREAD:
                return self.policy.process
            case Rung.PROCESS:
                return self.policy.host
        return None

    def __repr__(self) -> str:
        return f"<Ladder {self.rung}, {self._count} of {self.policy.after}>"
