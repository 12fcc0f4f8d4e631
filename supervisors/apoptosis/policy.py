"""What a tree says about planned death: what healthy means, how long a life lasts, how many may be replaced at once."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from supervisors.backoff import Backoff
from supervisors.errors import SpecError
from supervisors.fields import Written, check_seconds, check_type, is_number

if TYPE_CHECKING:
    from random import Random

    from actors.evidence import Harm

SHORTEST = 0.25
"""A lineage that keeps crashing has lifetimes shortened to no less than this share."""

SHORTEST_ROUND = 0.001
"""Seconds between two check-ups, at least."""

SHORTENED = 0.8
"""Each crash in a row shortens the next lifetime to this share of what it would be."""


@dataclass(frozen=True, slots=True, repr=False)
class Lifetime(Written):
    """How much a life may do before it is replaced: ``messages`` handled, ``seconds`` lived, whichever comes first.

    ``jitter``: each life draws its own limit, uniform in ±``jitter`` (0.2), so that siblings that began together do not
    end together.  A lineage that keeps crashing is given 0.8^k of it after k crashes in a row, 0.25 at least.  The
    limit is looked at at each check-up, so a life may exceed it by what it does in one interval.

    Source: Huang et al., *Software rejuvenation* (1995); the jitter is that of gunicorn's ``max_requests_jitter``.
    Raises ``SpecError`` for a limit that is not above 0, or neither.
    """

    messages: int | None = None
    seconds: float | None = None
    jitter: float = 0.2

    def __post_init__(self) -> None:
        if self.messages is None and self.seconds is None:
            raise SpecError("Lifetime.messages", None, "a lifetime needs messages or seconds")
        if self.messages is not None and (type(self.messages) is not int or not 1 <= self.messages <= sys.maxsize):
            raise SpecError("Lifetime.messages", self.messages, "must be a whole number, at least 1")
        if self.seconds is not None:
            check_seconds("Lifetime.seconds", self.seconds)
        if not is_number(self.jitter) or not 0 <= self.jitter < 1:
            raise SpecError("Lifetime.jitter", self.jitter, "must be a share, at least 0 and below 1")

    def draw(self, rng: Random, crashes: int = 0) -> tuple[float, float]:
        """The limits of one life after ``crashes`` in a row: messages and seconds; ``inf`` where there is none."""
        share = max(SHORTEST, SHORTENED**crashes) * rng.uniform(1 - self.jitter, 1 + self.jitter)
        messages = math.inf if self.messages is None else max(1.0, self.messages * share)
        return messages, math.inf if self.seconds is None else self.seconds * share


@dataclass(frozen=True, slots=True, repr=False)
class Weights(Written):
    """How much one observation of each kind counts; 0 ignores it.  Raises ``SpecError`` for a negative weight."""

    invariant: float = 2.0
    exception: float = 1.0
    late: float = 0.5
    slow: float = 0.5
    delay: float = 0.5
    memory: float = 1.0
    load: float = 0.5
    probe: float = 1.0
    blocked: float = 1.0

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not is_number(value) or not 0 <= value < math.inf:
                raise SpecError(f"Weights.{each.name}", value, "must be a number, at least 0 and finite")

    def of(self, harm: Harm) -> float:
        """The weight of one observation of ``harm``."""
        return float(getattr(self, harm.value))


@dataclass(frozen=True, slots=True, repr=False)
class Apoptosis(Written):
    """What healthy means for a child, and when it is repaired and replaced.

    Judging (alpha-count, see ``AlphaCount``):

    - ``threshold``: evidence at which a life is replaced, 3; at a third and two thirds of it ``repair(1)`` and
      ``repair(2)`` are tried first.  ``decay``: what a good check leaves of the evidence, 0.8.
    - ``weights``: how much each kind of evidence counts.
    - ``tolerate``: exceptions of handlers that are evidence only; any other ends the life, as ever.

    Targets; one that is ``None`` is not looked at:

    - ``latency``: seconds that handling one message may take, waiting included.
    - ``delay``: seconds that a message may wait in the mailbox (one is followed at a time, once a check-up).
    - ``memory``: bytes that the process may hold.
    - ``load``: share of the loop's time that the actor may take, 0 to 1 (by the watchdog's samples).
    - ``lifetime``: how much a life may do.

    Looking:

    - ``every``: seconds between check-ups, 1.  ``probe_timeout``: seconds ``vitals()`` may take, 1.
    - ``snapshot``: seconds between copies of what ``bequeath()`` returns, 5; such a copy is what a successor inherits
      if the state is not to be trusted.  ``INFINITY``: none.

    Replacing:

    - ``ready_within``: seconds a successor has to start and be ``ready()``, 30.
    - ``handover``: seconds the message in hand, ``bequeath()`` and ``inherit()`` may take together, 5; after that the
      successor takes over with the last copy, and the old life may still finish within the child's ``shutdown``.
    - ``backoff``: the wait after a replacement that failed; 1 s, doubling, 60 s at most.

    Raises ``SpecError`` for a value out of range.
    """

    threshold: float = 3.0
    decay: float = 0.8
    weights: Weights = field(default_factory=Weights)
    tolerate: tuple[type[Exception], ...] = ()
    latency: float | None = None
    delay: float | None = None
    memory: int | None = None
    load: float | None = None
    lifetime: Lifetime | None = None
    every: float = 1.0
    probe_timeout: float = 1.0
    snapshot: float = 5.0
    ready_within: float = 30.0
    handover: float = 5.0
    backoff: Backoff = field(default_factory=lambda: Backoff(1.0, 60.0, 600.0))

    def __post_init__(self) -> None:
        check_seconds("Apoptosis.threshold", self.threshold, "must be a number above 0 and finite")
        if not is_number(self.decay) or not 0 <= self.decay < 1:
            raise SpecError("Apoptosis.decay", self.decay, "must be at least 0 and below 1, or evidence never fades")
        check_type("Apoptosis.weights", self.weights, Weights)
        check_type("Apoptosis.backoff", self.backoff, Backoff)
        if self.lifetime is not None:
            check_type("Apoptosis.lifetime", self.lifetime, Lifetime)
        self._check_tolerate()
        for name in ("latency", "delay", "memory"):
            if getattr(self, name) is not None:
                check_seconds(f"Apoptosis.{name}", getattr(self, name), "must be above 0 and finite, or None")
        if self.load is not None and (not is_number(self.load) or not 0 < self.load <= 1):
            raise SpecError("Apoptosis.load", self.load, "must be a share above 0 and at most 1, or None")
        for name in ("every", "probe_timeout", "ready_within", "handover"):
            check_seconds(f"Apoptosis.{name}", getattr(self, name))
        if self.every < SHORTEST_ROUND:
            raise SpecError("Apoptosis.every", self.every, f"must be at least {SHORTEST_ROUND:g} s: looking costs time")
        if not is_number(self.snapshot) or self.snapshot <= 0:
            raise SpecError("Apoptosis.snapshot", self.snapshot, "must be seconds above 0, or INFINITY")

    def _check_tolerate(self) -> None:
        check_type("Apoptosis.tolerate", self.tolerate, tuple)
        given: tuple[object, ...] = self.tolerate
        for each in given:
            if not isinstance(each, type) or not issubclass(each, Exception):
                raise SpecError("Apoptosis.tolerate", each, "must hold subclasses of Exception only")


@dataclass(frozen=True, slots=True, repr=False)
class Disruption(Written):
    """How much planned death a supervisor allows at once; crashes are not its business.

    - ``at_once``: its own children that may be under replacement at a time, 1.
    - ``floor``: a child may be replaced only if afterwards at least this share of its group, 0.5, runs and is below its
      threshold, the successor included.  So damage that all siblings share degrades the group, and never empties it.
    - ``everywhere``: replacements at a time in all that is below it, 4; each supervisor on the way to the root has its
      say, so the root's is the limit of the tree.
    - ``while_degraded``: go on although somewhere in its tree a child is down that should run; false.

    Who has to wait serves on.  Source: Kubernetes' PodDisruptionBudget.  Raises ``SpecError`` for a value out of range.
    """

    at_once: int = 1
    floor: float = 0.5
    everywhere: int = 4
    while_degraded: bool = False

    def __post_init__(self) -> None:
        for name in ("at_once", "everywhere"):
            value = getattr(self, name)
            if type(value) is not int or value < 0:
                raise SpecError(f"Disruption.{name}", value, "must be a whole number; 0 allows no planned death")
        if not is_number(self.floor) or not 0 <= self.floor <= 1:
            raise SpecError("Disruption.floor", self.floor, "must be a share from 0 to 1")
        if not isinstance(self.while_degraded, bool):
            raise SpecError("Disruption.while_degraded", self.while_degraded, "must be True or False")
