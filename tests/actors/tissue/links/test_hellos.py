"""The quality of a link by hellos: what was heard of the last sixteen, and what the other side says."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.links.hellos import Hellos


def heard(*numbers: int, told: float = 1.0) -> Hellos:
    hellos = Hellos(1, 1.0, 3)
    for number in numbers:
        hellos.heard(number, told, float(number))
    return hellos


def test_before_any_hello_there_is_no_link() -> None:
    assert Hellos(1, 1.0, 3).etx(0.0) == math.inf


def test_a_link_that_loses_nothing_costs_one_transmission() -> None:
    assert heard(*range(1, 10)).etx(9.0) == 1.0


def test_a_link_that_the_other_side_does_not_hear_is_none() -> None:
    assert heard(1, 2, told=0.0).etx(2.0) == math.inf


def test_both_directions_count() -> None:
    assert heard(1, 2, 4, told=0.5).etx(4.0) == pytest.approx(1 / (0.75 * 0.5))


def test_only_the_last_sixteen_count() -> None:
    assert heard(1, *range(10, 26)).received(25.0) == 1.0


def test_one_that_was_overtaken_fills_its_gap() -> None:
    hellos = heard(1, 3)
    before = hellos.received(3.0)

    hellos.heard(2, 0.0, 3.1)

    assert (before, hellos.received(3.1)) == (2 / 3, 1.0)
    assert hellos.etx(3.1) == 1.0


def test_a_double_changes_nothing() -> None:
    hellos = heard(1, 3)

    hellos.heard(3, 1.0, 3.5)
    hellos.heard(1, 1.0, 3.5)

    assert hellos.received(3.5) == 2 / 3


def test_after_a_long_silence_the_past_says_nothing() -> None:
    assert heard(1, 2, 4, 100).received(100.0) == 1.0


def test_those_that_are_overdue_count_as_missed_and_after_three_periods_the_link_is_lost() -> None:
    hellos = heard(1, 2, 3, 4)

    assert [hellos.received(at) for at in (4.0, 5.9, 6.0, 6.9, 7.0)] == [1.0, 1.0, 0.8, 0.8, 0.0]
    assert (hellos.expires, hellos.etx(7.0)) == (7.0, math.inf)


def test_thirty_percent_loss_each_way_is_found() -> None:
    rng, found = random.Random(1), []
    for _ in range(300):
        hellos = heard(*(number for number in range(1, 40) if rng.random() < 0.7), 40, told=0.7)
        found.append(hellos.etx(40.0))

    assert sorted(found)[150] == pytest.approx(1 / 0.49, rel=0.1)


@given(st.lists(st.tuples(st.integers(1, 60), st.floats(0, 1)), max_size=60))
def test_whatever_comes_in_whatever_order_a_share_is_a_share(history: list[tuple[int, float]]) -> None:
    hellos = Hellos(1, 1.0, 3)
    for moment, (number, told) in enumerate(history):
        hellos.heard(number, told, moment / 10)

        assert 0 <= hellos.received(moment / 10) <= 1
        assert hellos.etx(moment / 10) >= 1
    assert repr(hellos).startswith("Hellos(life=1, heard=")
