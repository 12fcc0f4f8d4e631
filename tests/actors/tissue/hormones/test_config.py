"""Constants that cannot be are refused."""

from __future__ import annotations

import math

import pytest

from actors.tissue.hormones.config import HormonesConfig


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("period", 0.0),
        ("period", math.nan),
        ("expiry", 0.5),
        ("stale", 0.0),
        ("quiet", 1.5),
        ("epoch_rounds", 7),
        ("epoch_rounds", 1001),
        ("rest", 0),
        ("rest", 65),
        ("change", 0.0),
        ("repeats", -1),
        ("max_near", -1),
        ("max_siblings", 65_537),
    ],
)
def test_a_constant_out_of_range_is_refused_by_the_name_of_the_field(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"HormonesConfig\.{field}"):
        HormonesConfig(**{field: value})  # type: ignore[arg-type]


def test_the_defaults_are_the_published_ones() -> None:
    config = HormonesConfig()

    assert (config.period, config.epoch_rounds, config.stale) == (0.2, 40, 3.0)
