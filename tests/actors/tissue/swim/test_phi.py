"""The accrual detector: the published crossings, exactness far out, outages, and rhythms that change."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.swim.phi import (
    AVOID,
    DEAD,
    HEDGE,
    PHI_LIMIT,
    WARY,
    AccrualConfig,
    AccrualDetector,
    deviations_at,
    phi_of,
)


def regular(gap: float = 1.0, count: int = 1200, config: AccrualConfig | None = None) -> tuple[AccrualDetector, float]:
    """A detector that heard a heartbeat each ``gap`` seconds, and when it heard the last."""
    detector = AccrualDetector(config)
    for beat in range(count):
        detector.heartbeat(beat * gap)
    return detector, (count - 1) * gap


@pytest.mark.parametrize(("level", "seconds"), [(1, 4.128), (3, 4.309), (5, 4.426), (8, 4.561), (12, 4.703)])
def test_the_vector_for_mean_1_std_100_ms_pause_3_s_holds(level: float, seconds: float) -> None:
    detector, last = regular()

    assert detector.reaches(level) - last == pytest.approx(seconds, abs=0.0005)
    assert detector.phi(last + seconds) == pytest.approx(level, rel=0.005)


def test_the_grades_come_in_the_order_of_what_is_done() -> None:
    detector, _ = regular()

    moments = [detector.reaches(grade) for grade in (WARY, HEDGE, AVOID, DEAD)]

    assert moments == sorted(moments)


@pytest.mark.parametrize(
    ("deviations", "phi"),
    [
        (-50.0, 0.0),
        (0.0, 0.301029995664),
        (1.0, 0.799546),
        (5.0, 6.542645),
        (10.0, 23.118),
        (19.99, 88.488),
        (37.0, 299.0),
    ],
)
def test_phi_is_the_tail_of_the_normal_distribution(deviations: float, phi: float) -> None:
    """Known values of the upper tail: 0.5, 0.158655, 2.86652e-7, 7.61985e-24, ..."""
    assert phi_of(deviations) == pytest.approx(phi, rel=2e-3)


def test_the_asymptotic_branch_continues_the_exact_one() -> None:
    exact = -math.log10(math.erfc(20.000001 / math.sqrt(2)) / 2)

    assert phi_of(20.000001) == pytest.approx(exact, rel=1e-9)


@given(st.floats(-100, 100), st.floats(0, 100))
def test_phi_never_falls_as_lateness_grows(deviations: float, more: float) -> None:
    assert 0.0 <= phi_of(deviations) <= phi_of(deviations + more) + 1e-9 <= PHI_LIMIT + 1e-9


@pytest.mark.parametrize("deviations", [1e3, 1e300, math.inf])
def test_however_late_phi_is_capped_and_no_error(deviations: float) -> None:
    assert phi_of(deviations) == PHI_LIMIT


def test_what_is_no_number_is_no_suspicion() -> None:
    assert phi_of(math.nan) == 0.0


@given(st.floats(0.01, 299.0))
def test_the_moment_of_a_level_is_the_inverse_of_phi(level: float) -> None:
    assert phi_of(deviations_at(level)) == pytest.approx(level, rel=1e-6)


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=60),
    st.lists(st.floats(0, 1e9), max_size=5),
    st.floats(1e-6, 10),
    st.integers(2, 20),
)
def test_whatever_the_arrivals_phi_is_a_number_that_only_grows_in_silence(
    gaps: list[float], waits: list[float], least_std: float, window: int
) -> None:
    detector, now = AccrualDetector(AccrualConfig(least_std=least_std, window=window)), 0.0
    for gap in gaps:
        now += gap
        detector.heartbeat(now)

    suspicions = [detector.phi(now + wait) for wait in sorted(waits)]

    assert all(0.0 <= suspicion <= PHI_LIMIT for suspicion in suspicions)
    assert all(a <= b for a, b in pairwise(suspicions))


def test_before_the_first_heartbeat_nothing_is_suspected() -> None:
    detector = AccrualDetector()

    assert (detector.mean, detector.std) == (1.0, 0.25)
    assert (detector.phi(1e9), detector.is_available(1e9), detector.reaches(DEAD)) == (0.0, True, math.inf)


def test_the_first_heartbeat_is_enough_to_suspect_by() -> None:
    detector = AccrualDetector()
    detector.heartbeat(0.0)

    assert (detector.mean, detector.std) == (1.0, 0.25)
    assert detector.phi(10.0) > DEAD


def test_after_an_outage_of_an_hour_one_heartbeat_restores_the_sensitivity() -> None:
    detector, last = regular()
    before = detector.reaches(DEAD) - last

    was_gone = not detector.is_available(last + 3600)
    detector.heartbeat(last + 3600)

    assert was_gone
    assert detector.reaches(DEAD) - (last + 3600) == pytest.approx(before)


def test_arrivals_in_two_rhythms_do_not_flap() -> None:
    detector, now, worst = AccrualDetector(), 0.0, 0.0
    for beat in range(2000):
        now += 0.05 if beat % 2 else 2.0
        worst = max(worst, detector.phi(now))
        detector.heartbeat(now)

    assert worst < WARY


@pytest.mark.parametrize("relearn", [0, 3])
def test_a_link_whose_rhythm_changed_for_good_is_learned_anew_unless_told_otherwise(relearn: int) -> None:
    detector, now = regular(config=AccrualConfig(relearn=relearn))
    gone = 0
    for _ in range(20):
        now += 20.0
        gone += not detector.is_available(now)
        detector.heartbeat(now)

    assert gone == (3 if relearn else 20)


def test_a_few_outages_with_life_between_them_teach_nothing() -> None:
    detector, now = regular()
    for _ in range(10):
        now += 60.0
        detector.heartbeat(now)
        now += 1.0
        detector.heartbeat(now)

    assert detector.mean == pytest.approx(1.0)


def test_the_window_forgets_what_is_old() -> None:
    detector, now = regular(gap=2.0, config=AccrualConfig(window=100))
    for _ in range(100):
        now += 0.5
        detector.heartbeat(now)

    assert detector.mean == pytest.approx(0.5)


def test_many_heartbeats_do_not_wear_the_arithmetic_out() -> None:
    detector, rng, now = AccrualDetector(AccrualConfig(window=50, least_std=1e-9)), random.Random(1), 0.0
    last: list[float] = []
    for _ in range(20_000):
        gap = rng.choice([1e-4, 3.0])
        now += gap
        last.append(gap)
        detector.heartbeat(now)
    recent = last[-50:]

    assert detector.mean == pytest.approx(sum(recent) / 50, rel=1e-6)


def test_a_clock_that_steps_back_is_borne() -> None:
    detector, last = regular(count=10)

    detector.heartbeat(last - 5.0)

    assert detector.phi(last - 5.0) == pytest.approx(0.0)


@pytest.mark.parametrize("level", [0.0, -1.0, 300.0, math.nan])
def test_there_is_no_moment_of_a_level_that_phi_cannot_have(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        regular()[0].reaches(level)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", 0.0),
        ("threshold", 300.0),
        ("first_interval", 0.0),
        ("least_std", 0.0),
        ("least_std", math.inf),
        ("pause", -1.0),
        ("pause", math.nan),
        ("window", 1),
        ("relearn", -1),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"AccrualConfig\.{name} "):
        AccrualConfig(**{name: value})


def test_it_shows_what_it_has_learned() -> None:
    assert repr(regular(count=5)[0]) == "AccrualDetector(mean=1, std=0.144, gaps=6)"
