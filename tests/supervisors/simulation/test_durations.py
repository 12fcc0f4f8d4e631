"""Times as people write and read them."""

from __future__ import annotations

import pytest

from supervisors.simulation import clock, parse_duration, spell


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5), ("10s", 10.0), ("5m", 300.0), ("2h", 7200.0), ("1d", 86400.0), ("1.5h", 5400.0), ("0s", 0.0),
        ("1h30m", 5400.0), ("1m30.5s", 90.5),
    ],
)  # fmt: skip
def test_a_duration_is_numbers_with_units(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "s", "10x", "-5s", "5 s", "1e3s", ".5s", "10ss", "ten", "5m ", "inf"])
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration: a number with ms, s, m, h or d") as caught:
        parse_duration(text)

    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "00:00:00.000"),
        (0.0004, "00:00:00.000"),
        (0.0499, "00:00:00.050"),
        (59.9996, "00:01:00.000"),
        (598.12, "00:09:58.120"),
        (3600.0, "01:00:00.000"),
        (360_000.0, "100:00:00.000"),
    ],
)
def test_a_moment_is_hours_minutes_seconds_and_thousandths(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (0.0004, "0 s"),
        (0.001, "1 ms"),
        (0.183, "183 ms"),
        (0.9996, "1 s"),
        (9.54, "9.54 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min"),
        (60.0, "1 min"),
        (603.4, "10 min 3 s"),
        (3599.7, "1 h"),
        (7500.0, "2 h 5 min"),
        (100_000.0, "27 h 47 min"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(seconds: float, text: str) -> None:
    assert spell(seconds) == text
