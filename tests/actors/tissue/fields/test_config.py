"""Constants that make no sense are refused, by name; readings of values, and what passes as one."""

from __future__ import annotations

import math
from typing import Any

import pytest

from actors.tissue.fields.block import SCALAR_BYTES, Reading, read_distance, read_number, read_scalar
from actors.tissue.fields.config import FieldConfig


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("period", 0.0),
        ("period", math.inf),
        ("jitter", 1.0),
        ("jitter", -0.1),
        ("expiry", 0.5),
        ("horizon", 0.0),
        ("horizon", math.nan),
        ("max_hops", 0),
        ("max_links", 0),
        ("max_fields", math.inf),
        ("raising_speed", 0.0),
        ("information_speed", -1.0),
        ("variant", "flex"),
    ],
)
def test_a_constant_that_makes_no_sense_is_refused_by_name(field: str, value: Any) -> None:
    options: dict[str, Any] = {field: value}

    with pytest.raises(ValueError, match=f"FieldConfig.{field} "):
        FieldConfig(**options)


def test_the_weight_of_a_field_falls_with_distance() -> None:
    weights = [Reading(distance).weight(2.0) for distance in (0.0, 2.0, math.inf)]

    assert weights == [1.0, pytest.approx(1 / math.e), 0.0]


def test_a_weight_needs_a_length() -> None:
    with pytest.raises(ValueError, match="length"):
        Reading().weight(0.0)


@pytest.mark.parametrize("value", [None, True, 3, -2.5, "text", b"bytes", "x" * SCALAR_BYTES])
def test_scalars_are_let_through(value: Any) -> None:
    assert read_scalar(value) == value


@pytest.mark.parametrize("value", ["x" * (SCALAR_BYTES + 1), b"x" * 2000, math.nan, math.inf, [], {}, (1,)])
def test_what_is_no_scalar_or_too_long_is_not(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_scalar(value)


@pytest.mark.parametrize("value", ["1", None, True, math.nan, -math.inf, [1]])
def test_what_is_no_finite_number_is_none(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_number(value)
    with pytest.raises((TypeError, ValueError)):
        read_distance(value)


def test_a_rest_is_no_shorter_than_a_period() -> None:
    with pytest.raises(ValueError, match=r"FieldConfig\.rest must be at least the period"):
        FieldConfig(rest=0.1)


def test_silence_is_judged_by_the_rest_where_it_is_longer() -> None:
    assert FieldConfig().silence == pytest.approx(0.6)
    assert FieldConfig(rest=2.0).silence == 6.0
