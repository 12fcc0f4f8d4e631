"""A cell's own health score: its bounds, what raises it, and how often a lag counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.swim.health import LocalHealth


def health(limit: int = 8) -> LocalHealth:
    return LocalHealth(limit, tolerated=0.25, pace=1.0)


def test_a_cell_is_born_well() -> None:
    assert (health().score, health().factor) == (0, 1)


def test_periods_stretch_eightfold_at_most() -> None:
    ill = health()

    ill.worse(100)

    assert (ill.score, ill.factor) == (7, 8)


def test_good_probes_make_it_well_again() -> None:
    ill = health()
    ill.worse(3)

    for _ in range(5):
        ill.better()

    assert ill.score == 0


def test_with_a_limit_of_one_a_cell_never_doubts_itself() -> None:
    sure = health(limit=1)

    sure.worse(5)

    assert sure.factor == 1


def test_a_lag_within_the_tolerance_is_none() -> None:
    well = health()

    mattered = well.lagged(0.25, 10.0)

    assert (mattered, well.score) == (False, 0)


def test_finely_sampled_lags_count_once_in_a_period() -> None:
    busy = health()

    for sample in range(20):
        busy.lagged(0.3, 10.0 + sample / 10)

    assert busy.score == 2


@given(st.lists(st.integers(-1, 9)))
def test_the_score_stays_within_its_bounds(changes: list[int]) -> None:
    changing = health()

    for change in changes:
        if change < 0:
            changing.better()
        else:
            changing.worse(change)

        assert 0 <= changing.score <= 7
