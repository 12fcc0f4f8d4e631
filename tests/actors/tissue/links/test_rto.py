"""The retransmission timer: RFC 6298's figures, Karn's rule, and that it neither explodes nor falls asleep."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.links.rto import RetransmitTimer, RtoConfig

SECONDS = st.floats(0.0, 60.0)


def test_before_any_sample_it_is_the_initial_second() -> None:
    assert RetransmitTimer().rto == 1.0


def test_the_first_sample_makes_its_own_half_the_deviation() -> None:
    timer = RetransmitTimer()

    timer.sample(0.1)

    assert (timer.srtt, timer.rttvar) == (0.1, 0.05)
    assert timer.rto == pytest.approx(0.1 + 4 * 0.05)


def test_later_samples_move_the_deviation_by_a_quarter_and_then_the_mean_by_an_eighth() -> None:
    timer = RetransmitTimer()
    timer.sample(0.1)

    timer.sample(0.2)

    assert timer.rttvar == pytest.approx(0.75 * 0.05 + 0.25 * 0.1)
    assert timer.srtt == pytest.approx(0.1125)
    assert timer.rto == pytest.approx(0.1125 + 4 * timer.rttvar)


def test_a_steady_link_is_given_a_round_trip_and_the_clock_s_granularity() -> None:
    timer = RetransmitTimer(RtoConfig(least=0.0001))

    for _ in range(200):
        timer.sample(0.05)

    assert timer.rto == pytest.approx(0.05 + 0.01, abs=1e-6)


def test_it_has_a_floor() -> None:
    timer = RetransmitTimer()
    timer.sample(0.0001)

    assert timer.rto == 0.02


def test_it_doubles_with_each_loss_up_to_32_times_and_never_beyond_the_most() -> None:
    timer = RetransmitTimer()
    timer.sample(0.02)
    waits = [timer.rto]
    for _ in range(7):
        timer.back_off()
        waits.append(timer.rto)

    assert [wait / waits[0] for wait in waits] == pytest.approx([1, 2, 4, 8, 16, 32, 32, 32])

    slow = RetransmitTimer()
    for _ in range(20):
        slow.back_off()
    assert slow.rto == 10.0


def test_what_was_sent_twice_teaches_nothing_and_leaves_the_wait_doubled() -> None:
    timer = RetransmitTimer()
    timer.sample(0.05)
    timer.back_off()
    before = timer.rto

    timer.sample(0.001, retransmitted=True)

    assert (timer.srtt, timer.rto) == (0.05, before)


def test_the_next_clean_sample_takes_the_doubling_back() -> None:
    timer = RetransmitTimer()
    timer.sample(0.05)
    timer.back_off()

    timer.sample(0.05)

    assert timer.rto < 0.2


def test_a_link_that_becomes_five_times_as_long_is_learned_although_the_first_copies_are_all_repeated() -> None:
    """Each answer takes 100 ms, the timer says 20: by doubling, one goes through unrepeated."""
    timer = RetransmitTimer()
    for _ in range(20):
        timer.sample(0.002)
    for _ in range(5):
        waited, repeated = timer.rto, False
        while waited < 0.1:
            timer.back_off()
            waited, repeated = waited + timer.rto, True
        timer.sample(0.1, retransmitted=repeated)

    assert timer.srtt is not None
    assert timer.srtt > 0.01
    assert timer.rto > 0.1


def test_after_a_pause_of_an_hour_it_asks_again_within_32_round_trips_not_within_an_hour() -> None:
    timer = RetransmitTimer()
    timer.sample(0.01)
    waited = 0.0
    while waited < 3600:
        waited += timer.rto
        timer.back_off()

    assert timer.rto <= 32 * 0.03 + 1e-9

    timer.recover()
    assert timer.rto == pytest.approx(0.03)


def test_an_answer_that_others_overtook_is_given_two_deviations_or_a_quarter_of_a_round_trip() -> None:
    timer = RetransmitTimer()
    unknown = timer.overtaking
    timer.sample(0.1)
    once = timer.overtaking
    for _ in range(100):
        timer.sample(0.1)

    assert unknown == 1.0
    assert once == pytest.approx(0.2)
    assert timer.overtaking == pytest.approx(0.125)


@pytest.mark.parametrize("nonsense", [-1.0, math.nan, math.inf])
def test_nonsense_is_no_sample(nonsense: float) -> None:
    timer = RetransmitTimer()

    timer.sample(nonsense)

    assert timer.srtt is None


@given(st.lists(st.one_of(SECONDS, st.none()), max_size=60))
def test_whatever_happens_it_stays_between_its_bounds(history: list[float | None]) -> None:
    timer = RetransmitTimer()

    for rtt in history:
        if rtt is None:
            timer.back_off()
        else:
            timer.sample(rtt)

        assert 0.02 <= timer.rto <= 10.0
        assert math.isfinite(timer.overtaking)


@given(st.lists(SECONDS, min_size=1, max_size=60))
def test_the_mean_stays_within_what_was_measured(samples: list[float]) -> None:
    timer = RetransmitTimer()
    for rtt in samples:
        timer.sample(rtt)

    assert timer.srtt is not None
    assert min(samples) - 1e-9 <= timer.srtt <= max(samples) + 1e-9


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("initial", 0.0),
        ("initial", 11.0),
        ("least", -1.0),
        ("most", math.inf),
        ("granularity", math.nan),
        ("doublings", -1),
        ("doublings", 33),
    ],
)
def test_a_bound_out_of_range_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"RtoConfig\.{field} .* got"):
        RtoConfig(**{field: value})


def test_it_shows_what_it_knows() -> None:
    timer = RetransmitTimer()
    timer.sample(0.1)

    assert repr(timer) == "RetransmitTimer(rto=0.3, srtt=0.1)"
