"""What most agree on."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.hormones.quorum import Quorum, median

QUORUM = Quorum()
levels = st.lists(st.floats(0, 3), min_size=9, max_size=9)


def test_six_liars_of_nine_change_nothing_and_seven_do() -> None:
    assert not QUORUM.is_above([3.0] * 6 + [0.5] * 3, 0.825, 20)
    assert QUORUM.is_above([3.0] * 7 + [0.5] * 2, 0.825, 20)


def test_six_of_nine_that_read_nothing_shrink_nothing() -> None:
    assert not QUORUM.is_below([0.0] * 6 + [0.75] * 3, 0.6, 20)
    assert QUORUM.is_below([0.0] * 7 + [0.75] * 2, 0.6, 20)


@pytest.mark.parametrize(("group", "votes"), [(1, 1), (2, 2), (3, 3), (5, 4), (8, 7), (9, 7), (10, 7), (1000, 7)])
def test_the_same_share_of_a_small_group_must_agree(group: int, votes: int) -> None:
    assert QUORUM.votes(group) == votes


def test_silence_is_not_agreement() -> None:
    assert QUORUM.agreed([3.0] * 6, 20) is None
    assert not QUORUM.is_above([3.0] * 6, 0.8, 20)


@given(levels)
def test_what_is_agreed_on_is_reached_by_seven(said: list[float]) -> None:
    agreed = QUORUM.agreed(said, 20)

    assert agreed is not None
    assert sum(level >= agreed for level in said) >= 7
    assert not QUORUM.is_above(said, agreed, 20)


@given(levels, st.floats(0, 3))
def test_nothing_is_above_and_below_at_once(said: list[float], threshold: float) -> None:
    assert not (QUORUM.is_above(said, threshold, 20) and QUORUM.is_below(said, threshold, 20))


@given(levels, st.lists(st.floats(0, 3), max_size=4))
def test_four_liars_do_not_move_the_median_out_of_what_the_honest_say(said: list[float], lies: list[float]) -> None:
    honest = said[len(lies) :]

    assert min(honest) <= median(honest + lies) <= max(honest)


@pytest.mark.parametrize(("lying", "risk"), [(0.1, 3e-6), (0.2, 3e-4), (0.3, 4e-3)])
def test_a_false_quorum_is_as_likely_as_published(lying: float, risk: float) -> None:
    assert QUORUM.risk(lying) == pytest.approx(risk, rel=0.1)


def test_a_false_quorum_is_as_likely_as_computed() -> None:
    rng = random.Random(0)
    drawn = [[3.0 if rng.random() < 0.5 else 0.0 for _ in range(9)] for _ in range(20_000)]

    assert sum(QUORUM.is_above(one, 1.0, 100) for one in drawn) / 20_000 == pytest.approx(QUORUM.risk(0.5), rel=0.1)


def test_the_median_of_an_even_number_is_the_lower_one() -> None:
    assert median([1.0, 4.0, 2.0, 3.0]) == 2.0


def test_nothing_has_no_median() -> None:
    with pytest.raises(ValueError, match="median"):
        median([])


@pytest.mark.parametrize(("size", "needed", "field"), [(0, 1, "size"), (9, 4, "needed"), (9, 10, "needed")])
def test_a_quorum_that_cannot_be_is_refused_by_the_name_of_the_field(size: int, needed: int, field: str) -> None:
    with pytest.raises(ValueError, match=rf"Quorum\.{field}"):
        Quorum(size, needed)
