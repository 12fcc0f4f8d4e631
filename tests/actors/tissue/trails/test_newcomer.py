"""How far one that is new is trusted."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.trails.newcomer import LEAST_SHARE, group_median, slow_start


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=30))
def test_the_median_of_a_group_is_the_median(values: list[float]) -> None:
    assert group_median(values, -1.0) == pytest.approx(statistics.median(values))


def test_where_there_is_no_group_it_is_what_was_to_be_taken_otherwise() -> None:
    assert group_median([], 7.0) == 7.0


def test_a_share_grows_from_a_tenth_to_the_whole_in_a_straight_line() -> None:
    shares = [slow_start(age, 10.0) for age in (-1.0, 0.0, 5.0, 10.0, 99.0)]

    assert shares == pytest.approx([LEAST_SHARE, 0.1, 0.55, 1.0, 1.0])


def test_without_a_ramp_it_is_the_whole_at_once() -> None:
    assert slow_start(0.0, 0.0) == 1.0
