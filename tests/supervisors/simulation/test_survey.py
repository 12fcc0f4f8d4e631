"""Figures over many runs."""

from __future__ import annotations

import pytest

from supervisors.simulation import Outcome, Survey
from supervisors.simulation.ledger import Account, Gap
from supervisors.simulation.survey import Spread


def outcome(seed: int, down: float, gave_up_at: float | None = None) -> Outcome:
    ended = None if gave_up_at is not None else 10.0 + down
    gaps = (Gap(10.0, ended),) if down else ()
    accounts = (Account("shop/mail", down=down, restarts=seed), Account("shop/web"))
    return Outcome("shop", seed, 100.0, served_at=0.0, gave_up_at=gave_up_at, gaps=gaps, accounts=accounts)


def test_it_counts_the_runs_that_ended_badly_and_spreads_the_rest() -> None:
    survey = Survey.of([outcome(1, 0.0), outcome(2, 4.0), outcome(3, 90.0, gave_up_at=10.0)])

    assert survey == Survey(
        runs=3,
        gave_up=(3,),
        not_well=(3,),
        lasted=Spread(10.0, 10.0, 10.0),
        missing=Spread(0.0, 4.0, 90.0),
        restarts=Spread(1.0, 2.0, 3.0),
        down={"shop/mail": Spread(0.0, 4.0, 90.0)},
    )


def test_where_nobody_gave_up_there_is_no_time_until_then() -> None:
    survey = Survey.of([outcome(1, 0.0)])

    assert (survey.lasted, survey.down, survey.to_dict()["gave_up"]) == (None, {}, ())


def test_no_runs_are_no_survey() -> None:
    with pytest.raises(ValueError, match="no runs"):
        Survey.of([])
