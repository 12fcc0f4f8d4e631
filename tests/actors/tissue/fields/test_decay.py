"""T: what is held is there until its time is over; what fades is half gone after a half-life."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.fields.decay import Fade, Hold


def test_a_value_is_held_for_its_time_and_no_longer() -> None:
    hold: Hold[str] = Hold(2.0)
    hold.put("up", 10.0)

    assert [hold.get(now) for now in (10.0, 11.99, 12.0, 11.0)] == ["up", "up", None, None]


def test_putting_it_again_holds_it_longer() -> None:
    hold: Hold[int] = Hold(2.0)
    hold.put(1, 0.0)
    hold.put(2, 1.5)

    assert (hold.get(3.0), hold.remaining(3.0), hold.remaining(9.0)) == (2, 0.5, 0.0)


def test_nothing_is_held_before_it_is_put() -> None:
    assert Hold[int](1.0).get(0.0) is None


def test_a_pulse_is_below_five_percent_after_4_4_half_lives() -> None:
    fade = Fade(3.0)
    fade.put(1.0, 0.0)

    assert fade.get(3.0) == pytest.approx(0.5)
    assert fade.get(4.4 * 3.0) < 0.05 < fade.get(4.3 * 3.0)


@given(st.floats(0.1, 50.0), st.lists(st.floats(0.0, 5.0), max_size=8))
def test_reading_does_not_change_what_is_left(half_life: float, steps: list[float]) -> None:
    often, once = Fade(half_life), Fade(half_life)
    often.put(7.0, 0.0)
    once.put(7.0, 0.0)
    now = 0.0
    for step in steps:
        now += step
        often.get(now)

    assert often.get(now) == once.get(now)


def test_a_number_is_raised_but_not_lowered() -> None:
    fade = Fade(1.0)
    fade.put(4.0, 0.0)
    fade.raise_to(1.0, 1.0)
    fade.raise_to(3.0, 2.0)

    assert fade.get(2.0) == 3.0


def test_a_clock_that_goes_back_does_not_make_more_of_it() -> None:
    fade = Fade(1.0)
    fade.put(1.0, 10.0)

    assert fade.get(5.0) == 1.0


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_a_time_is_above_zero_and_finite(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"Hold\.seconds"):
        Hold(seconds)
    with pytest.raises(ValueError, match=r"Fade\.half_life"):
        Fade(seconds)


def test_only_finite_numbers_fade() -> None:
    with pytest.raises(ValueError, match="finite"):
        Fade(1.0).put(float("nan"), 0.0)
