"""The arithmetic of the overload scenarios."""

from __future__ import annotations

import random

import pytest

from bench.scenarios.chooser_regret import regret, turned
from bench.scenarios.metastable import IN_A_ROW, back_after

WELL = [1.0] * IN_A_ROW


@pytest.mark.parametrize(
    ("shares", "back"),
    [
        (WELL, 0.0),
        ([0.0, 0.5, *WELL], 2.0),
        ([*WELL[1:], 0.94, *WELL], 5.0),
        ([0.95] * IN_A_ROW, 0.0),
        (WELL[1:], 4.0),
        ([0.0] * 20, 20.0),
    ],
    ids=["at once", "after two seconds", "a relapse does not count", "just enough", "too short to tell", "never"],
)
def test_a_service_is_back_when_it_answers_for_some_seconds_in_a_row(shares: list[float], back: float) -> None:
    assert back_after(shares) == back


def test_strategies_change_places_in_turn() -> None:
    assert [turned("abc", by) for by in range(4)] == [tuple("abc"), tuple("cab"), tuple("bca"), tuple("abc")]


def test_there_is_nothing_to_regret_among_equals() -> None:
    assert regret((0.5, 0.5), 100, 10, random.Random(1)) == 0.0


def test_regret_is_a_share_of_what_the_best_one_brings() -> None:
    assert 0.0 < regret((1.0, 0.0), 1000, 1000, random.Random(1)) < 0.05
