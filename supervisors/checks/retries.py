"""Retries nested in retries: how often one thing is tried at most, which is the product of all levels.

Restarts of a supervisor are retries of a start, ``redeliver`` is a retry of a message, and an actor may have retries of
its own in its constructor's arguments.  Each looks harmless; together they are what keeps a service down that would be
up again by itself.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from actors import Blueprint, RetryBudget
from supervisors.spec import ChildSpec

from .findings import Claim, Code, Finding, Proof, Severity, Verdict, counted
from .giveup import Escalation, escalation
from .places import Place

LARGE_BUDGET = 100
"""Starts of one always-crashing child, over all levels, that are worth a finding: more than anybody reads in a log."""

MANY_TRIES = 10
"""Tries of one message, over all levels, that are worth a note; ten times as many are worth a warning."""

TRIES = {"attempts": 0, "max_attempts": 0, "retries": 1, "max_retries": 1}
"""Names under which a number of tries is kept, and what has to be added to it: a retry comes after a first try."""

DEPTH = 4
"""Levels of objects within objects that are searched for retries."""

WIDTH = 100
"""Elements of one container that are searched."""

LEAVES = (str, bytes, int, float, type(None), type)
"""What holds nothing else."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One level of retries: where it was found, and how many tries it makes at most."""

    where: str
    tries: int

    def __str__(self) -> str:
        return f"{self.tries:,} ({self.where})"


def check(place: Place) -> Iterator[Verdict]:
    """What the levels at and above ``place`` multiply to."""
    if isinstance(place.spec, ChildSpec):
        yield from _poison(place, place.spec)
        yield from _tries(place, place.spec)
    else:
        yield from _starts(place)


def _starts(place: Place) -> Iterator[Finding]:
    """The restarts of this supervisor and those above it, for the worst of its workers."""
    rises = [rise for below in place.below() if below.tree is None and (rise := escalation(below)) is not None]
    worst = max(rises, key=lambda rise: rise.starts, default=None)
    if worst is None or worst.starts < LARGE_BUDGET:
        return
    ends = "the tree" if worst.ends_tree else worst.steps[-1].path
    message = (
        f"a child that always crashes is started {worst.starts:,} times, over all levels, before {ends} gives up: "
        f"{_product(_levels(worst))}"
    )
    yield Finding(place.path, Code.LARGE_BUDGET, Severity.NOTE, message, {"starts": worst.starts})


def _levels(rise: Escalation) -> list[Factor]:
    return [Factor(step.path, step.limit.restarts + 1) for step in reversed(rise.steps)]


def _product(factors: list[Factor]) -> str:
    return " x ".join(str(factor) for factor in factors)


def _poison(place: Place, spec: ChildSpec) -> Iterator[Finding]:
    redeliver = spec.blueprint.mailbox.redeliver
    limit = place.overseer.max_restarts if spec.budget is None else min(place.overseer.max_restarts, spec.budget[0])
    if not place.is_restarted or not redeliver or redeliver < limit:
        return
    message = (
        f"a poisonous message may end {counted(redeliver, 'life', 'lives')} before it is quarantined, "
        f"which uses up the {counted(limit, 'restart', 'restarts')} allowed"
    )
    numbers = {"redeliver": redeliver, "restarts": limit}
    yield Finding(place.path, Code.POISON_BEFORE_QUARANTINE, Severity.WARNING, message, numbers)


def _tries(place: Place, spec: ChildSpec) -> Iterator[Verdict]:
    """How often one message is tried, by the actor's own retries and by redelivery, and what restarts add."""
    own = max(retries_of(spec.blueprint), key=lambda chain: math.prod(each.tries for each in chain), default=[])
    redeliver = spec.blueprint.mailbox.redeliver if place.is_restarted else 0
    factors = [*own, *([Factor("redeliver", redeliver)] if redeliver > 1 else [])]
    tries = math.prod(factor.tries for factor in factors)
    rise = escalation(place)
    starts = rise.starts if rise is not None else 1
    outage = math.prod(each.tries for each in own) * starts
    if own and outage >= LARGE_BUDGET > starts and rise is not None:
        levels = [*own, *_levels(rise)]
        message = (
            f"what it retries when it starts is tried {outage:,} times before everybody gives up: {_product(levels)}"
        )
        yield Finding(place.path, Code.NESTED_RETRIES, Severity.NOTE, message, {"tries": outage})
    if len(factors) > 1 and tries >= MANY_TRIES:
        bounded = has_budget(spec.blueprint)
        severity = Severity.WARNING if tries >= 10 * MANY_TRIES and not bounded else Severity.NOTE
        message = f"retries are nested in retries: one message is tried {tries:,} times: {_product(factors)}"
        message += "; it is given a RetryBudget, which bounds them all together if it is used everywhere" * bounded
        numbers = {"tries": tries, "factors": {factor.where: factor.tries for factor in factors}}
        yield Finding(place.path, Code.NESTED_RETRIES, severity, message, numbers)
    elif factors:
        message = f"one message is tried {counted(tries, 'time', 'times')} at most: {_product(factors)}"
        yield Proof(place.path, Claim.RETRIES, message, {"tries": tries})


# -- retries in the arguments of a constructor -------------------------------------------------------------------------


def retries_of(blueprint: Blueprint) -> Iterator[list[Factor]]:
    """Every chain of retries that an actor is constructed with: values within values are nested, so they multiply.

    A retry is a whole number above 1 that is kept under one of the names in :data:`TRIES`.  Only plain attributes are
    read, no property is called.
    """
    for name, value in _arguments(blueprint):
        yield from _chains(name, value, [], set(), DEPTH)


def _arguments(blueprint: Blueprint) -> Iterator[tuple[str, Any]]:
    try:
        bound = inspect.signature(blueprint.cls).bind(*blueprint.args, **blueprint.kwargs).arguments
    except (TypeError, ValueError):  # it cannot be constructed so, or does not say how: that is not the question here
        bound = {f"argument {number}": value for number, value in enumerate(blueprint.args, 1)}
        bound |= blueprint.kwargs
    yield from bound.items()


def has_budget(blueprint: Blueprint) -> bool:
    """Whether an actor is constructed with a ``RetryBudget``, at any depth that is searched."""
    waiting = [(value, DEPTH) for _, value in _arguments(blueprint)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, RetryBudget):
            return True
        if depth and not isinstance(value, LEAVES):
            waiting.extend((part, depth - 1) for _, part in _parts(value))
    return False


def _chains(name: str, value: Any, above: list[Factor], seen: set[int], depth: int) -> Iterator[list[Factor]]:
    own = _tried(name.rpartition(".")[2], value)
    if own is not None:
        yield [*above, Factor(name, own)]
        return
    if depth == 0 or id(value) in seen or isinstance(value, LEAVES):
        return
    seen = {*seen, id(value)}
    parts = dict(_parts(value))
    factors = [Factor(f"{name}.{key}", tries) for key, part in parts.items() if (tries := _tried(key, part))]
    chain = [*above, *factors[:1]]
    if factors:
        yield chain
    for key, part in parts.items():
        if _tried(key, part) is None:
            yield from _chains(f"{name}.{key}", part, chain, seen, depth - 1)


def _tried(name: str, value: Any) -> int | None:
    if name not in TRIES or type(value) is not int or value + TRIES[name] <= 1:
        return None
    return value + TRIES[name]


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What an object consists of: elements, a partial's arguments, plain attributes."""
    if isinstance(value, functools.partial):
        yield from value.keywords.items()
        yield from ((str(number), each) for number, each in enumerate(value.args))
    elif isinstance(value, Mapping):
        yield from ((str(key), each) for key, each in list(value.items())[:WIDTH])
    elif isinstance(value, (list, tuple, set, frozenset)):
        names = getattr(value, "_fields", None) or range(WIDTH)
        yield from ((str(key), each) for key, each in zip(names, value, strict=False))
    else:
        yield from getattr(value, "__dict__", {}).items()
        for base in type(value).__mro__:
            for key, member in vars(base).items():
                if inspect.ismemberdescriptor(member) and hasattr(value, key):
                    yield key, getattr(value, key)
