"""What a policy of planned death watches, what that weighs, and how much of it leads to a replacement.

The alpha-count adds a weight w for each bad check and keeps the share K at each good one.  A fault that shows at every
m-th check so settles at a peak of w / (1 - K^(m-1)), and replaces a life if that is above the threshold; one that shows
at every check always does, after threshold / w of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from actors import Actor
from actors.evidence import PER_MESSAGE, Harm
from supervisors.apoptosis.policy import Apoptosis
from supervisors.spec import ChildSpec

from .findings import Claim, Code, Finding, Proof, Severity, Verdict
from .places import Place, policy_of

FOREVER = 1_000
"""A fault at every so manieth check that still replaces a life is said to do so however rare it is."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One kind of evidence that a policy asks for: by what, and how much one observation weighs."""

    harm: Harm
    by: str
    weight: float

    @property
    def unit(self) -> str:
        """What is counted."""
        return "message" if self.harm in PER_MESSAGE else "check-up"

    def in_a_row(self, threshold: float) -> int:
        """How many observations in a row reach the threshold."""
        return math.ceil(threshold / self.weight)

    def one_in(self, policy: Apoptosis) -> int:
        """The largest m such that an observation at every m-th check still reaches the threshold."""
        if self.weight >= policy.threshold:
            return FOREVER
        left = 1 - self.weight / policy.threshold  # K^(m-1) has to be above this
        if policy.decay <= left:
            return 1
        m = math.floor(math.log(left) / math.log(policy.decay)) + 1
        return min(FOREVER, m if policy.decay ** (m - 1) > left else m - 1)


def check(place: Place) -> Iterator[Verdict]:
    """Whether the evidence that is asked for can lead to anything."""
    spec = place.spec
    if not isinstance(spec, ChildSpec):
        return
    policy = policy_of(spec, place.overseer)
    if policy is None:
        return
    asked = watched_by(policy, spec.blueprint.cls)
    for each in asked:
        if each.weight == 0:
            effect = "neither ends it nor counts" if each.harm is Harm.EXCEPTION else "is looked at and counts nothing"
            message = f"{each.by} {effect}: the weight of {each.harm.value!r} is 0"
            yield Finding(place.path, Code.EVIDENCE_WEIGHTLESS, Severity.WARNING, message, {"weight": 0.0})
    reports = reports_damage(spec.blueprint.cls)
    if not any(policy.weights.of(harm) for harm in Harm) and policy.lifetime is None and not reports:
        message = "no evidence weighs anything and it has no lifetime: its apoptosis never replaces it"
        yield Finding(place.path, Code.NEVER_REPLACED, Severity.WARNING, message)
    elif not asked and policy.lifetime is None and not reports:
        message = (
            "its apoptosis looks at nothing of its own: no lifetime, no target, nothing tolerated, no vitals(), and it "
            "never calls damage() or retire(); only missed deadlines and a blocked loop count"
        )
        yield Finding(place.path, Code.NOTHING_WATCHED, Severity.NOTE, message)
    counting = [each for each in asked if each.weight > 0]
    for each in counting:
        if each.weight >= policy.threshold:
            message = (
                f"one {each.harm.value!r} weighs {each.weight:g} and the threshold is {policy.threshold:g}: the first "
                "one replaces it"
            )
            numbers = {"weight": each.weight, "threshold": policy.threshold}
            yield Finding(place.path, Code.FIRST_EVIDENCE_FATAL, Severity.NOTE, message, numbers)
    if counting:
        yield _proof(place.path, policy, counting)


def watched_by(policy: Apoptosis, cls: type[Actor]) -> list[Watched]:
    """The kinds of evidence that somebody asked for; missed deadlines and a blocked loop count without that."""
    asked = {
        Harm.EXCEPTION: ", ".join(each.__name__ for each in policy.tolerate),
        Harm.SLOW: "latency" if policy.latency is not None else "",
        Harm.DELAY: "delay" if policy.delay is not None else "",
        Harm.MEMORY: "memory" if policy.memory is not None else "",
        Harm.LOAD: "load" if policy.load is not None else "",
        Harm.PROBE: "vitals()" if overrides(cls, "vitals") else "",
        Harm.INVARIANT: "damage()" if names(cls, "damage") else "",
    }
    return [Watched(harm, by, policy.weights.of(harm)) for harm, by in asked.items() if by]


def overrides(cls: type[Actor], hook: str) -> bool:
    """Whether an actor class has its own version of a hook."""
    return getattr(cls, hook) is not getattr(Actor, hook)


def reports_damage(cls: type[Actor]) -> bool:
    """Whether the class uses one of the two ways to speak up for oneself."""
    return names(cls, "damage", "retire")


def names(cls: type[Actor], *wanted: str) -> bool:
    """Whether a method of the class names one of these."""
    methods = [value for base in cls.__mro__ if base not in Actor.__mro__ for value in vars(base).values()]
    codes = [getattr(method, "__code__", None) for method in methods]
    return any(code is not None and set(wanted) & set(code.co_names) for code in codes)


def _proof(path: str, policy: Apoptosis, counting: list[Watched]) -> Proof:
    said = []
    for each in counting:
        rare = each.one_in(policy)
        often = f", or one at every {_ordinal(rare)} {each.unit}" if 1 < rare < FOREVER else ""
        row = each.in_a_row(policy.threshold)
        said.append(f"{each.harm.value} ({row} in a row{often})" if row > 1 else f"{each.harm.value} (one)")
    message = f"it is replaced by {', '.join(said)}, at a threshold of {policy.threshold:g}, decay {policy.decay:g}"
    numbers = {
        "threshold": policy.threshold,
        "decay": policy.decay,
        "in_a_row": {each.harm.value: each.in_a_row(policy.threshold) for each in counting},
        "one_in": {each.harm.value: each.one_in(policy) for each in counting},
    }
    return Proof(path, Claim.THRESHOLD, message, numbers)


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0, "th")
    return f"{number}{ending}"
