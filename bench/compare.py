"""Two reports, figure by figure: better, worse, or within noise.

The noise band of a figure is the sum of both runs' interquartile ranges, relative to the first run's median, and at
least ``LEAST_BAND``.  For five repeats of a steady figure that is more than three standard errors of the difference of
the medians, while one disturbed repeat in a run does not widen it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .results import Figure, Report

LEAST_BAND = 0.02
"""Two runs of the same code differ by this much for no reason that could be found."""


class Verdict(StrEnum):
    """What a change amounts to; ``unsure`` where a run has a single sample and so no spread to judge by."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "within noise"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Change:
    """One figure in both reports: medians ``before`` and ``after``, ``change`` and ``band`` as shares of ``before``."""

    scenario: str
    figure: str
    unit: str
    before: float
    after: float
    change: float
    band: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes, and the figures that only one of the reports has (``scenario: figure``)."""

    changes: tuple[Change, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    same_machine: bool

    @property
    def worse(self) -> tuple[Change, ...]:
        """The changes for the worse."""
        return tuple(change for change in self.changes if change.verdict is Verdict.WORSE)


def compare(a: Report, b: Report) -> Comparison:
    """Judge ``b`` against ``a``."""
    before, after = _figures(a), _figures(b)
    return Comparison(
        tuple(
            judge(scenario, before[scenario, name], after[scenario, name])
            for scenario, name in before
            if (scenario, name) in after
        ),
        tuple(f"{scenario}: {name}" for scenario, name in before if (scenario, name) not in after),
        tuple(f"{scenario}: {name}" for scenario, name in after if (scenario, name) not in before),
        (a.machine.cpu, a.machine.cores, a.machine.python) == (b.machine.cpu, b.machine.cores, b.machine.python),
    )


def judge(scenario: str, before: Figure, after: Figure) -> Change:
    """Judge one figure."""
    base = before.median
    if base == 0:
        change, band = (0.0 if after.median == 0 else float("inf")), LEAST_BAND
    else:
        change = (after.median - base) / abs(base)
        band = max(LEAST_BAND, (before.spread + after.spread) / abs(base))
    if min(len(before.samples), len(after.samples)) < 2 and abs(change) > LEAST_BAND:
        verdict = Verdict.UNSURE
    elif abs(change) <= band:
        verdict = Verdict.SAME
    else:
        verdict = Verdict.BETTER if (change < 0) == (before.better == "lower") else Verdict.WORSE
    return Change(scenario, before.name, before.unit, base, after.median, change, band, verdict)


def _figures(report: Report) -> dict[tuple[str, str], Figure]:
    return {(result.scenario, figure.name): figure for result in report.results for figure in result.figures}
