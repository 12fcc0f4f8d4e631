"""The constants of links and routes are checked, and errors name the field."""

from __future__ import annotations

import math
from typing import Any

import pytest

from actors.tissue.links.config import LinksConfig
from actors.tissue.links.routes_config import RoutesConfig


def test_the_published_constants_are_the_defaults() -> None:
    config = LinksConfig()

    assert (config.rto.initial, config.rto.least, config.overtakers, config.patience) == (1.0, 0.02, 3, 3)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("probe_period", 0.0),
        ("lifetime", math.inf),
        ("receipt_delay", -1.0),
        ("forget_after", 59.0),
        ("overtakers", 0),
        ("first_window", 300),
        ("least_window", 0),
        ("span", 255),
        ("patience", 0),
        ("receipt_batch", 0),
        ("most_hops", 0),
        ("most_bytes", -1),
        ("stream_window", 0),
        ("queue", math.inf),
        ("contacts", 0),
        ("streams", 0),
        ("origins", 0),
        ("held_bytes", math.nan),
    ],
)
def test_a_constant_of_links_out_of_range_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"LinksConfig\.{field} .* got"):
        LinksConfig(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hello_period", 0.0),
        ("update_period", math.nan),
        ("trigger_delay", 0.0),
        ("forget_after", 28.0),
        ("silences", 0),
        ("expiry", 0.5),
        ("hysteresis", -0.1),
        ("max_destinations", 0),
        ("max_neighbours", math.inf),
    ],
)
def test_a_constant_of_routes_out_of_range_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"RoutesConfig\.{field} .* got"):
        RoutesConfig(**{field: value})
