"""The constants of trails and replicas are checked when they are given."""

from __future__ import annotations

import math
from typing import Any

import pytest

from actors.tissue.trails.config import TrailsConfig
from actors.tissue.trails.replicas import ReplicasConfig


def test_the_defaults_are_the_published_ones() -> None:
    config = TrailsConfig()

    assert (config.memory, config.ant_exponent, config.data_exponent, config.hop_time) == (0.7, 2.0, 20.0, 0.05)
    assert (config.ant_period, config.wander, config.half_life, config.ramp) == (10.0, 0.1, 30.0, 10.0)
    assert ReplicasConfig().memory == 0.7


WRONG: list[tuple[type[Any], str, list[float]]] = [
    (TrailsConfig, "half_life", [0, -1, math.inf, math.nan]),
    (TrailsConfig, "hop_time", [0]),
    (TrailsConfig, "ant_period", [0]),
    (TrailsConfig, "wanted_for", [math.inf]),
    (TrailsConfig, "probe_period", [0]),
    (TrailsConfig, "lifetime", [math.nan]),
    (TrailsConfig, "scent_period", [0]),
    (TrailsConfig, "scent_life", [math.inf]),
    (TrailsConfig, "scent_gap", [-1]),
    (TrailsConfig, "track_period", [math.nan]),
    (TrailsConfig, "scent_reach", [-1]),
    (TrailsConfig, "seek_time", [-1, math.inf]),
    (TrailsConfig, "ants_every", [0]),
    (TrailsConfig, "patience", [0]),
    (TrailsConfig, "most_hops", [0]),
    (TrailsConfig, "most_bytes", [math.inf]),
    (TrailsConfig, "max_destinations", [0]),
    (TrailsConfig, "max_neighbours", [0]),
    (TrailsConfig, "max_requests", [0]),
    (TrailsConfig, "ant_exponent", [-1]),
    (TrailsConfig, "data_exponent", [math.inf]),
    (TrailsConfig, "ramp", [-1, math.nan]),
    (TrailsConfig, "memory", [-0.1, 1, math.nan]),
    (TrailsConfig, "floor", [0, 1, math.nan]),
    (TrailsConfig, "wander", [-0.1, 1.1]),
    (ReplicasConfig, "memory", [-0.1, 1, math.nan]),
    (ReplicasConfig, "half_life", [0, math.inf]),
    (ReplicasConfig, "ramp", [-1, math.inf]),
    (ReplicasConfig, "max_replicas", [0]),
    (ReplicasConfig, "max_calls", [0, math.nan]),
]


@pytest.mark.parametrize(
    ("cls", "field", "value"),
    [(cls, field, value) for cls, field, values in WRONG for value in values],
)
def test_a_value_that_is_none_is_refused_by_name(cls: type[Any], field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{cls.__name__}\.{field} must"):
        cls(**{field: value})
