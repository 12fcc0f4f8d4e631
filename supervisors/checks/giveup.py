"""What a child that fails for ever leads to: which supervisors give up, after how many starts, how soon, how surely.

Two ways to fail for ever are followed up to the root.  *It always crashes*: each life serves and dies at once; a
supervisor that gives up and is restarted begins anew, so the starts of all levels multiply, and a supervisor gives up
only if the give-ups of the one below it come fast enough.  *It cannot start*: a supervisor that is restarted fails as
soon as this child does, so the starts add up, and only the backoffs of the supervisors themselves take time.

Between restart number one and number ``max_restarts + 1`` lie ``max_restarts`` waits, after the failures 1, 2, ...  The
first waits are the shortest, so if those do not fit into the window, later ones fit still less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supervisors.backoff import Backoff
from supervisors.spec import Tree

from .chance import Chance, Waits, fits, longest, merged
from .findings import Claim, Code, Finding, Numbers, Proof, Severity, Verdict, percent, spoken
from .places import Place

if TYPE_CHECKING:
    from random import Random

OWN = "its own budget"

HARDLY = 0.05
"""A probability below which a supervisor is said to give up hardly ever."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A budget of restarts: whose it is, in words, how many restarts in how many seconds."""

    owner: str
    restarts: int
    within: float


@dataclass(frozen=True, slots=True)
class Step:
    """One supervisor giving up on the child below it.

    ``waits``: between the first failure of that child and the one that is too many, all backoffs below included;
    ``elapsed``: since this supervisor's life began to fail, which is before that if its child took its time to give up.
    """

    path: str
    limit: Limit
    waits: Waits
    elapsed: Waits

    @property
    def is_sure(self) -> bool:
        """Whether the waits fit into the window however they are drawn."""
        return longest(self.waits) <= self.limit.within

    @property
    def is_likely(self) -> bool:
        """Whether they do at least every other time; sums of uniform draws are symmetric about their middle."""
        return longest(self.waits) / 2 <= self.limit.within


@dataclass(frozen=True, slots=True)
class Escalation:
    """How far the failure of a worker rises.

    ``steps``: the supervisors that give up, the lowest first.  ``ends_tree``: the last of them is the root; else it is
    one that is not restarted when it ends.  ``starts``: of the worker until then if it always crashes, the first one
    included; ``failed_starts``: if it serves once and can then not be started again.
    """

    steps: tuple[Step, ...]
    ends_tree: bool
    starts: int
    failed_starts: int

    @property
    def is_sure(self) -> bool:
        """Whether it happens however the waits are drawn."""
        return all(step.is_sure for step in self.steps)


def escalation(worker: Place) -> Escalation | None:
    """How far the failure of ``worker`` rises; ``None`` if it is never restarted, so that nobody gives up on it."""
    if not worker.is_restarted:
        return None
    steps: list[Step] = []
    below: Waits = ()
    child = worker
    while child.parent is not None and (child is worker or child.spec.restart == "permanent"):
        step = _step(child, below)
        steps.append(step)
        below, child = step.elapsed, child.parent
    restarts = [step.limit.restarts for step in steps]
    starts = math.prod(limit + 1 for limit in restarts)
    return Escalation(tuple(steps), child.parent is None, starts, 1 + sum(restarts))


def _step(child: Place, below: Waits) -> Step:
    """The supervisor above ``child`` giving up, where each life of ``child`` lasts as long as the waits ``below``."""
    assert child.parent is not None
    candidates = []
    for limit in limits(child):
        waits = _waits(child.spec.backoff, limit.restarts, below)
        candidates.append(Step(child.parent.path, limit, waits, merged([waits, below])))
    sure = (step for step in candidates if step.is_sure)
    return next(sure, next((step for step in candidates if step.is_likely), candidates[0]))


def limits(child: Place) -> list[Limit]:
    """The budgets that count the restarts of ``child``, the smaller first."""
    overseer = child.overseer
    shared = Limit(f"its supervisor {overseer.name!r}", overseer.max_restarts, overseer.within)
    if child.spec.budget is None:
        return [shared]
    own = Limit(OWN, *child.spec.budget)
    return [own, shared] if own.restarts <= shared.restarts else [shared, own]


def _waits(backoff: Backoff | None, restarts: int, below: Waits = ()) -> Waits:
    """The waits between ``restarts + 1`` failures of a child in a row whose lives last as long as those ``below``.

    No life is taken to be long enough to reset the backoff, though one that waits for a slow child below may be: the
    waits are then shorter, and what is shown to be in time is so all the more.
    """
    between = merged([below], restarts) if restarts else ()
    if backoff is None or not restarts:
        return between
    if backoff.reset == 0:  # each of its lives is taken for a healthy one
        return merged([between, ((backoff.base, restarts),)])
    growing: list[tuple[float, int]] = []
    for k in range(restarts):
        ceiling = backoff.ceiling(k)
        if ceiling == backoff.cap:
            growing.append((ceiling, restarts - k))
            break
        growing.append((ceiling, 1))
    return merged([between, tuple(growing)])


# -- what there is to say ----------------------------------------------------------------------------------------------


def check(place: Place, rng: Random) -> Iterator[Verdict]:
    """Whether the supervisor above ``place`` can ever give up on it, and if so, what that takes."""
    if place.parent is None or not place.is_restarted:
        return
    if place.tree is None:
        yield from _of_worker(place, rng)
    else:
        yield from _of_supervisor(place, rng)


def _of_worker(place: Place, rng: Random) -> Iterator[Verdict]:
    """The budget that is asked about is its own, where it has one: that is there to be met first."""
    limit = next((each for each in limits(place) if each.owner == OWN), limits(place)[0])
    yield from _late(place, limit, _waits(place.spec.backoff, limit.restarts), _failures(limit), rng)
    rise = escalation(place)
    if rise is not None and rise.is_sure:
        yield _proof(place, rise)


def _of_supervisor(place: Place, rng: Random) -> Iterator[Verdict]:
    """First as a child that cannot start; then as one that gives up again and again, because of its slowest worker."""
    (limit,) = limits(place)
    alone = list(_late(place, limit, _waits(place.spec.backoff, limit.restarts), _failures(limit), rng))
    if alone or place.spec.restart != "permanent":
        yield from alone
        return
    slowest: tuple[float, Place, Step] | None = None
    for worker in _workers(place):
        rise = escalation(worker)
        at = len(worker.above) - len(place.above)  # the step of the supervisor above this one
        if rise is None or len(rise.steps) <= at or not all(step.is_likely for step in rise.steps[:at]):
            continue  # its failure does not come this far, or hardly ever: that is said where it ends
        step = rise.steps[at]
        if slowest is None or longest(step.waits) > slowest[0]:
            slowest = longest(step.waits), worker, step
    if slowest is not None:
        _, worker, step = slowest
        what = f"{limit.restarts + 1:,} give-ups of this one because of {worker.path}"
        yield from _late(place, limit, step.waits, what, rng)


def _workers(place: Place) -> Iterator[Place]:
    for below in place.below():
        if below.tree is None:
            yield below
        else:
            yield from _workers(below)


def _failures(limit: Limit) -> str:
    return f"{limit.restarts + 1:,} failures of it alone"


def _late(place: Place, limit: Limit, waits: Waits, what: str, rng: Random) -> Iterator[Finding]:
    """The finding that the waits may not fit into the window, if they may not."""
    most = longest(waits)
    if most <= limit.within:
        return
    chance = fits(waits, limit.within, rng)
    if chance.share < HARDLY:
        verdict, severity = "will hardly ever give up", Severity.WARNING
    elif most / 2 > limit.within:
        verdict, severity = "may well not give up", Severity.WARNING
    else:
        verdict, severity = "may be late to give up", Severity.NOTE
    message = (
        f"{limit.owner} {verdict}: {what} take {spoken(most / 2)} of expected backoff (0 s at least, {spoken(most)} at "
        f"most), and within is {spoken(limit.within)}; they fit into it with a probability of {percent(chance.share)} "
        f"({chance.method})"
    )
    yield Finding(place.path, Code.UNREACHABLE_GIVE_UP, severity, message, _numbers(limit, most, chance))


def _numbers(limit: Limit, most: float, chance: Chance) -> Numbers:
    return {
        "failures": limit.restarts + 1,
        "within": limit.within,
        "least": 0.0,
        "expected": most / 2,
        "most": most,
        "probability": chance.share,
        "method": chance.method,
    }


def _proof(place: Place, rise: Escalation) -> Proof:
    top = rise.steps[-1]
    most = longest(top.elapsed)
    ends = "the tree" if rise.ends_tree else top.path
    time = "at once" if most == 0 else f"after {spoken(most / 2)} of expected backoff, {spoken(most)} at most"
    left = "" if rise.ends_tree else f", which is then not restarted ({_restart_of(place, top.path)})"
    message = (
        f"if it always crashes, it is started {rise.starts:,} times and ends {ends}{left}, {time}; "
        f"if it cannot start again, {rise.failed_starts:,} times"
    )
    numbers: Numbers = {
        "starts": rise.starts,
        "failed_starts": rise.failed_starts,
        "expected": most / 2,
        "most": most,
        "ends_tree": rise.ends_tree,
        "gives_up": [step.path for step in rise.steps],
    }
    return Proof(place.path, Claim.GIVES_UP, message, numbers)


def _restart_of(worker: Place, path: str) -> str:
    tree = next(above.tree for above in worker.above if above.path == path)
    assert isinstance(tree, Tree)
    return tree.restart
