"""Whether the disruption budget lets workers be replaced when their lifetimes are over.

n workers of mean lifetime L, each replacement taking t seconds, keep n · t / L replacements under way on average
(Little's law).  If that is more than the k that are allowed at once, workers wait for their turn and live
n · t / (k · L) times as long as they should.  t is not known before it is measured; its worst is the policy's
``ready_within`` and ``handover``.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from supervisors.apoptosis.policy import Apoptosis, Lifetime
from supervisors.spec import ChildSpec, Pool, Tree

from .findings import Claim, Code, Finding, Numbers, Proof, Severity, Verdict, counted, spoken
from .places import Place, children_of, crew_of, policy_of


@dataclass(frozen=True, slots=True)
class Turnover:
    """What the lifetimes below one supervisor ask of its budget: replacements under way on average, and of how many
    workers; ``slowest`` is the time of one replacement, ``shortest`` the mean lifetime.
    """

    load: float
    workers: int
    slowest: float
    shortest: float


def check(place: Place, replacement: float | None) -> Iterator[Verdict]:
    """The lifetimes of the workers right below a supervisor, and of all below it, against what it allows."""
    tree = place.tree
    if tree is None:
        yield from _of_worker(place)
        return
    crew = [(spec, count, policy) for spec, count in crew_of(tree) if (policy := policy_of(spec, tree)) is not None]
    yield from _in_step(place.path, crew)
    yield from _floor(place.path, tree, crew)
    allowed = min([tree.disruption.at_once, *_everywhere(place)])
    if crew and allowed == 0:
        message = "its workers have a policy of planned death, but a disruption budget of 0 here or above forbids it"
        yield Finding(place.path, Code.NEVER_REPLACED, Severity.WARNING, message, {"allowed": 0})
        return
    own = turnover(place, replacement, deep=False)
    if own is not None:
        yield _kept_up(place.path, own, allowed, replacement, "its workers")
    everywhere = min(_everywhere(place))
    everything = turnover(place, replacement, deep=True)
    if everywhere and everything is not None and everything.workers > (own.workers if own is not None else 0):
        yield _kept_up(place.path, everything, everywhere, replacement, "all workers below it")


def _everywhere(place: Place) -> list[int]:
    trees = [above.tree for above in (*place.above, place)]
    return [tree.disruption.everywhere for tree in trees if tree is not None]


def turnover(place: Place, replacement: float | None, *, deep: bool) -> Turnover | None:
    """What the lifetimes in seconds below ``place`` add up to; ``None`` if there are none.  ``deep``: of all levels."""
    tree = place.tree
    assert tree is not None
    lines = []
    for spec, count in crew_of(tree):
        policy = policy_of(spec, tree)
        if policy is not None and policy.lifetime is not None and policy.lifetime.seconds is not None:
            took = _replacement(policy, replacement)
            lifetime = policy.lifetime.seconds
            lines.append(Turnover(count * took / lifetime, count, took, lifetime))
    if deep:
        below = [turnover(child, replacement, deep=True) for child in place.below() if child.tree is not None]
        lines += [line for line in below if line is not None]
    if not lines:
        return None
    return Turnover(
        math.fsum(line.load for line in lines),
        sum(line.workers for line in lines),
        max(line.slowest for line in lines),
        min(line.shortest for line in lines),
    )


def _replacement(policy: Apoptosis, assumed: float | None) -> float:
    return assumed if assumed is not None else policy.ready_within + policy.handover


def _kept_up(path: str, turn: Turnover, allowed: int, assumed: float | None, whose: str) -> Verdict:
    times = f"{'at worst' if assumed is None else 'as assumed'} {spoken(turn.slowest)}"
    limit = allowed * turn.slowest / turn.load
    numbers: Numbers = {
        "workers": turn.workers,
        "lifetime": turn.shortest,
        "replacement": turn.slowest,
        "assumed": assumed is not None,
        "under_way": turn.load,
        "allowed": allowed,
        "keeps_up_below": limit,
    }
    said = (
        f"the lifetimes of {whose} ({turn.workers:,}, from {spoken(turn.shortest)}) need {turn.load:.3g} under "
        f"replacement on average if each takes {times}, and {allowed:,} at once "
        f"{'is' if allowed == 1 else 'are'} allowed"
    )
    if turn.load <= allowed:
        return Proof(path, Claim.LIFETIMES, said, numbers)
    longer = turn.load / allowed
    message = (
        f"{said}: they would live {longer:.3g} times as long as they should; the budget keeps up while a replacement "
        f"takes no more than {spoken(limit)}"
    )
    severity = Severity.NOTE if assumed is None else Severity.WARNING
    return Finding(path, Code.LIFETIME_OUTLIVED, severity, message, numbers)


Crew = list[tuple[ChildSpec, int, Apoptosis]]


def _in_step(path: str, crew: Crew) -> Iterator[Finding]:
    """Siblings that are born together and, without jitter, are due together."""
    alike: defaultdict[Lifetime, int] = defaultdict(int)
    for _, count, policy in crew:
        if policy.lifetime is not None and policy.lifetime.jitter == 0:
            alike[policy.lifetime] += count
    for count in alike.values():
        if count > 1:
            message = f"the lifetimes of {counted(count, 'worker', 'workers')} here have no jitter: all are due at once"
            yield Finding(path, Code.LIFETIMES_IN_STEP, Severity.WARNING, message, {"workers": count})


def _floor(path: str, tree: Tree, crew: Crew) -> Iterator[Finding]:
    """A floor so high that two damaged workers keep each other from being replaced."""
    size = tree.most if isinstance(tree, Pool) else len(children_of(tree))
    if sum(count for _, count, _ in crew) > 1 and size - 1 < tree.disruption.floor * size:
        message = (
            f"a floor of {tree.disruption.floor:g} wants all {size:,} of its children well: as soon as two are "
            "damaged, neither may be replaced"
        )
        numbers = {"floor": tree.disruption.floor, "children": size}
        yield Finding(path, Code.FLOOR_BLOCKS, Severity.WARNING, message, numbers)


def _of_worker(place: Place) -> Iterator[Finding]:
    spec = place.spec
    assert isinstance(spec, ChildSpec)
    policy = policy_of(spec, place.overseer)
    if policy is None:
        return
    if spec.restart == "temporary":
        message = "it is temporary, so a crash ends it for good; its planned death brings a successor all the same"
        yield Finding(place.path, Code.TEMPORARY_REPLACED, Severity.NOTE, message)
    if policy.lifetime is not None and policy.lifetime.seconds is not None:
        yield from _too_short(place.path, policy, policy.lifetime.seconds)


def _too_short(path: str, policy: Apoptosis, seconds: float) -> Iterator[Finding]:
    if seconds < policy.ready_within:
        message = (
            f"its lifetime is {spoken(seconds)}, and a successor may take {spoken(policy.ready_within)} to be ready: "
            "it may be due again before the next one serves"
        )
        numbers = {"lifetime": seconds, "ready_within": policy.ready_within}
        yield Finding(path, Code.LIFETIME_TOO_SHORT, Severity.WARNING, message, numbers)
    elif seconds < policy.every:
        message = (
            f"its lifetime is {spoken(seconds)}, but it is looked at every {spoken(policy.every)} only: it lives longer"
        )
        numbers = {"lifetime": seconds, "every": policy.every}
        yield Finding(path, Code.LIFETIME_TOO_SHORT, Severity.WARNING, message, numbers)
