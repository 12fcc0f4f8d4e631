"""The judgement of one life: evidence in, repairs and the wish for a successor out.  Pure.

Two alpha-counts, because there are two kinds of checks.  What happens while a message is handled (an exception, a
missed deadline, a slow handler) is weighed against the messages that went well: each of those is a good check.  What
the actor says of its own state, and what a check-up finds, is weighed against check-ups that found nothing; ten
thousand good messages do not excuse one broken invariant.  The life is judged by the sum of both.

Good messages are not looked at one by one: the count of handled messages says how many there were since the last bad
one, and K is raised to that power.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from actors.evidence import CORRUPTING, PER_MESSAGE, Evidence

from .alpha import AlphaCount
from .immunity import Immunity, Signature
from .policy import Apoptosis

RUNGS = 2
"""Repairs that are tried, at equal parts of the threshold, before a life is replaced."""


class Estate(StrEnum):
    """What a successor inherits."""

    ALL = "all"
    """What its predecessor leaves: after a planned end, or a first crash."""

    LAST_GOOD = "last good"
    """The copy made after the last check-up that found nothing: the state may be corrupt."""

    NOTHING = "nothing"
    """Nothing: what it would inherit may be what killed its predecessors."""


@dataclass(frozen=True, slots=True)
class Repair:
    """Call ``repair(level)``."""

    level: int
    signature: Signature


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave ``level`` out; it never helped against this."""

    level: int
    signature: Signature


@dataclass(frozen=True, slots=True)
class Recover:
    """The evidence has faded after ``level``."""

    level: int


@dataclass(frozen=True, slots=True)
class Replace:
    """A successor is needed."""

    cause: str


Step = Repair | Skip | Recover | Replace


class Health:
    """Of one life under ``policy``; ``limits``: its lifetime in messages and seconds; ``immunity``: its place's.

    ``is_trusted``: nothing speaks against its state since a check-up last found nothing.
    """

    __slots__ = (
        "_checks", "_last", "_limits", "_policy", "_rung", "_seen", "_tainted", "_tried", "_work", "immunity",
        "is_trusted",
    )  # fmt: skip

    def __init__(self, policy: Apoptosis, limits: tuple[float, float], immunity: Immunity) -> None:
        self._policy = policy
        self._limits = limits
        self.immunity = immunity
        self._work = AlphaCount(policy.threshold, policy.decay)
        self._checks = AlphaCount(policy.threshold, policy.decay)
        self._seen = 0
        self._rung = 0
        self._tried: list[tuple[Signature, int]] = []
        self._tainted = False
        self.is_trusted = True
        self._last: Evidence | None = None

    def alpha(self, done: int) -> float:
        """The evidence after ``done`` messages of this life; looking changes nothing."""
        good = max(0, done - self._seen)
        return self._work.alpha * self._policy.decay**good + self._checks.alpha

    @property
    def estate(self) -> Estate:
        """What a successor may inherit as things are."""
        return Estate.ALL if self.is_trusted else Estate.LAST_GOOD

    def is_old(self, handled: int, age: float) -> bool:
        """Whether the lifetime is over."""
        return handled >= self._limits[0] or age >= self._limits[1]

    def has_recovered(self, done: int) -> bool:
        """Whether hardly any evidence is left: less than what leads to the first repair."""
        return self.alpha(done) * (RUNGS + 1) < self._policy.threshold

    def verdict(self, done: int) -> str | None:
        """The cause for which this life should be replaced as things are; ``None``: there is none."""
        if self._last is None or self.alpha(done) < self._policy.threshold:
            return None
        return _cause(self._last)

    def weight_of(self, evidence: Evidence) -> float:
        """How much one observation counts."""
        policy = self._policy.weights.of(evidence.harm)
        return policy if evidence.weight is None or policy == 0 else evidence.weight

    def note(self, evidence: Evidence, begun: int, now: float) -> list[Step]:
        """One observation; ``begun``: messages that this life has begun with, the bad one included."""
        weight = self.weight_of(evidence)
        if weight <= 0:
            return []
        if evidence.harm in PER_MESSAGE:
            self._work.good(max(0, begun - self._seen - 1))
            self._seen = max(self._seen, begun)
            self._work.bad(weight)
        else:
            self._tainted = True
            self._checks.bad(weight)
        if evidence.harm in CORRUPTING:
            self.is_trusted = False
        self._last = evidence
        return self._climb(evidence.signature, begun, now)

    def check(self, findings: Sequence[Evidence], done: int, now: float) -> list[Step]:
        """A check-up is over; it found ``findings``."""
        found = [finding for finding in findings if self.weight_of(finding) > 0]
        steps = [step for finding in found for step in self.note(finding, done, now)]
        if not found:
            self._work.good(max(1, done - self._seen))  # nothing to do is going well too
            self._seen = max(self._seen, done)
        if not found and not self._tainted:
            self._checks.good()
            steps = self._recover(done, now)
        self._tainted = False
        return steps

    def _climb(self, signature: Signature, done: int, now: float) -> list[Step]:
        """More evidence has come in: what is to be done about it."""
        due = int(min(self.alpha(done) / self._policy.threshold, 1.0) * (RUNGS + 1) + 1e-9)
        if due > RUNGS and self._last is not None:
            self._learn(False, now)
            return [Replace(_cause(self._last))]
        steps: list[Step] = []
        if self._rung < due:
            self._learn(False, now)
        while self._rung < due:
            self._rung += 1
            if self.immunity.is_useless(signature, self._rung, now):
                steps.append(Skip(self._rung, signature))
            else:
                self._tried.append((signature, self._rung))
                steps.append(Repair(self._rung, signature))
        return steps

    def _recover(self, done: int, now: float) -> list[Step]:
        """A check-up found nothing: the state is trusted again as soon as hardly any evidence is left."""
        if not self.has_recovered(done):
            return []
        self.is_trusted = True
        rung, self._rung = self._rung, 0
        if rung:
            self._learn(True, now)
        return [Recover(rung)] if rung else []

    def _learn(self, worked: bool, now: float) -> None:
        """What was tried last has worked, or more evidence came in spite of it."""
        for signature, level in self._tried:
            self.immunity.learn(signature, level, worked, now)
        self._tried.clear()


def _cause(evidence: Evidence) -> str:
    return f"{evidence.harm}: {evidence.what}" if evidence.what else evidence.harm.value
