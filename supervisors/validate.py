"""What is unwise about a tree, and what can be shown to hold, before it starts: the checks of ``planaria check``.

A spec that contradicts itself cannot be built; what is found here can be run, but will not do what its author expects.
Each check looks at one place of the tree and is a generator of findings and proofs; they live in
:mod:`supervisors.checks`, one question a module.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from .checks import bounds, evidence, giveup, hooks, lifetimes, promotion, retries, shape, stopping
from .checks.findings import Claim, Code, Finding, Proof, Severity, Verdict
from .checks.places import Place, walk
from .checks.retries import LARGE_BUDGET
from .checks.stopping import stop_time
from .spec import Tree

__all__ = [
    "Claim",
    "Code",
    "Finding",
    "LARGE_BUDGET",
    "Proof",
    "Report",
    "Severity",
    "examine",
    "findings",
    "stop_time",
]

SEED = 0
"""Of the few probabilities that are drawn and not worked out: the same tree always gives the same figures."""


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to say about a tree: ``findings`` (unwise) and ``proofs`` (shown to hold), in the tree's order."""

    findings: tuple[Finding, ...]
    proofs: tuple[Proof, ...]


def examine(tree: Tree, *, grace: float | None = None, replacement: float | None = None) -> Report:
    """Everything there is to say, supervisors before their children, in the order of the specs.

    ``grace``: seconds that whatever runs the program allows it to stop (30 in most container platforms); ``None`` does
    not ask.  ``replacement``: seconds that a planned replacement takes, if they are known; ``None`` reckons with the
    worst that each policy allows.
    """
    verdicts = list(_verdicts(tree, grace, replacement, random.Random(SEED)))
    return Report(
        tuple(each for each in verdicts if isinstance(each, Finding)),
        tuple(each for each in verdicts if isinstance(each, Proof)),
    )


def findings(tree: Tree, *, grace: float | None = None, replacement: float | None = None) -> list[Finding]:
    """The findings of :func:`examine`."""
    return list(examine(tree, grace=grace, replacement=replacement).findings)


def _verdicts(tree: Tree, grace: float | None, replacement: float | None, rng: random.Random) -> Iterator[Verdict]:
    for place in walk(tree):
        if place.parent is None:
            yield from stopping.check_grace(place, grace)
        yield from _of_place(place, replacement, rng)


def _of_place(place: Place, replacement: float | None, rng: random.Random) -> Iterator[Verdict]:
    yield from giveup.check(place, rng)
    yield from shape.check(place)
    yield from retries.check(place)
    yield from bounds.check(place)
    yield from stopping.check(place)
    yield from lifetimes.check(place, replacement)
    yield from evidence.check(place)
    yield from hooks.check(place)
    yield from promotion.check(place)
