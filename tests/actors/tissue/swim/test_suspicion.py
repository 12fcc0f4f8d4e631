"""How long a suspect has: the published vector, the bounds, and what a confirmation changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.swim.suspicion import Suspicion, confirmations_wanted, least_suspicion, suspicion_timeout


@pytest.mark.parametrize(("confirmations", "seconds"), [(0, 30.0), (1, 16.0), (2, 7.81), (3, 2.0)])
def test_the_published_vector_holds(confirmations: int, seconds: float) -> None:
    assert suspicion_timeout(confirmations, 3, 2.0, 30.0) == pytest.approx(seconds, abs=0.001)


@pytest.mark.parametrize(("n", "seconds"), [(0, 4.0), (1, 4.0), (10, 4.0), (100, 8.0), (1000, 12.0)])
def test_the_least_wait_grows_with_the_decimal_logarithm(n: int, seconds: float) -> None:
    assert least_suspicion(4, n, 1.0) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("alpha", "n", "wanted"),
    [(4, 64, 2), (4, 4, 2), (4, 3, 0), (6, 6, 4), (6, 5, 0), (3, 3, 1), (3, 2, 0), (2, 64, 0), (1, 64, 0)],
)
def test_no_confirmation_is_wanted_that_too_few_could_give(alpha: int, n: int, wanted: int) -> None:
    assert confirmations_wanted(alpha, n) == wanted


def test_without_wanted_confirmations_the_wait_is_the_least() -> None:
    assert suspicion_timeout(0, 0, 2.0, 30.0) == 2.0


@given(st.integers(1, 10), st.floats(0.1, 100.0), st.floats(1.0, 10.0))
def test_the_wait_only_shrinks_and_stays_between_its_bounds(wanted: int, least: float, times: float) -> None:
    waits = [suspicion_timeout(count, wanted, least, times * least) for count in range(wanted + 1)]

    assert waits == sorted(waits, reverse=True)
    assert waits[0] == pytest.approx(times * least)
    assert waits[-1] == pytest.approx(least)
    assert all(wait >= least for wait in waits)


def test_a_confirmation_counts_once() -> None:
    suspicion = Suspicion("a", 100.0, wanted=3, least=2.0, most=30.0)

    heard = [suspicion.confirm(accuser) for accuser in ("a", "b", "b")]

    assert heard == [False, True, False]
    assert suspicion.deadline == pytest.approx(116.0)


def test_every_wanted_confirmation_brings_the_deadline_forward() -> None:
    suspicion = Suspicion("a", 0.0, wanted=3, least=2.0, most=30.0)

    deadlines = [suspicion.deadline]
    for accuser in "bcd":
        suspicion.confirm(accuser)
        deadlines.append(suspicion.deadline)

    assert deadlines == pytest.approx([30.0, 16.0, 7.81, 2.0], abs=0.001)


def test_no_more_accusers_are_kept_than_make_a_difference() -> None:
    suspicion = Suspicion("a", 0.0, wanted=2, least=2.0, most=30.0)

    for number in range(1000):
        suspicion.confirm(f"c{number}")

    assert len(suspicion.accusers) == 4


def test_where_none_is_wanted_a_second_accuser_is_noticed_all_the_same() -> None:
    suspicion = Suspicion("me", 0.0, wanted=0, least=2.0, most=30.0)
    before = suspicion.is_only("me")

    suspicion.confirm("other")

    assert (before, suspicion.is_only("me"), suspicion.deadline) == (True, False, 2.0)


def test_a_deadline_is_postponed_but_never_brought_forward_by_that() -> None:
    suspicion = Suspicion("a", 0.0, wanted=2, least=2.0, most=30.0)

    suspicion.postpone(10.0)
    early = suspicion.deadline
    suspicion.postpone(40.0)

    assert (early, suspicion.deadline) == (30.0, 40.0)
