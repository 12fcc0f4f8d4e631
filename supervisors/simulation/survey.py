"""Many runs of one tree with different seeds: how often it gives up, and for how long something is missing.  Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .run import Outcome


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over all runs."""

    least: float
    median: float
    worst: float


@dataclass(frozen=True, slots=True)
class Survey:
    """What many runs come to.

    ``runs``: how many; ``gave_up`` and ``not_well``: the seeds of those that ended, and of all that did not end well;
    ``lasted``: seconds until those gave up; ``missing``: seconds in which not everything served; ``restarts``: attempts
    to start a worker again; ``down``: seconds that each worker was down, by path, of those that ever were.
    """

    runs: int
    gave_up: tuple[int, ...]
    not_well: tuple[int, ...]
    lasted: Spread | None
    missing: Spread
    restarts: Spread
    down: dict[str, Spread]

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Survey:
        """What the runs have in common.  Raises ``ValueError`` for none."""
        down: dict[str, list[float]] = {}
        for outcome in outcomes:
            for account in outcome.accounts:
                down.setdefault(account.path, []).append(account.down)
        return cls(
            runs=len(outcomes),
            gave_up=tuple(outcome.seed for outcome in outcomes if outcome.gave_up),
            not_well=tuple(outcome.seed for outcome in outcomes if not outcome.is_well),
            lasted=_spread([outcome.gave_up_at for outcome in outcomes if outcome.gave_up_at is not None]),
            missing=_some([outcome.missing for outcome in outcomes]),
            restarts=_some([float(outcome.restarts) for outcome in outcomes]),
            down={path: _some(values) for path, values in down.items() if any(values)},
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def _spread(values: Sequence[float]) -> Spread | None:
    return _some(values) if values else None


def _some(values: Sequence[float]) -> Spread:
    if not values:
        raise ValueError("no runs, no figures")
    return Spread(min(values), statistics.median(values), max(values))
