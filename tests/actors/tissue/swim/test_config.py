"""The profiles are the published ones, and a value out of range is refused by name."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import pytest

from actors.tissue.swim.config import LAN, LOCAL, PLAIN, WAN, SwimConfig


def test_the_profiles_are_those_of_memberlist() -> None:
    def published(config: SwimConfig) -> tuple[float, ...]:
        return (
            config.probe_period,
            config.ping_timeout,
            config.helpers,
            config.suspicion_mult,
            config.suspicion_max_mult,
            config.gossip_period,
            config.gossip_peers,
            config.retransmit_mult,
            config.sync_period,
            config.gossip_to_dead,
        )

    assert published(LAN) == (1.0, 0.5, 3, 4, 6.0, 0.2, 3, 4, 30.0, 30.0)
    assert published(WAN) == (5.0, 3.0, 3, 6, 6.0, 0.5, 4, 4, 60.0, 60.0)
    assert published(LOCAL) == (1.0, 0.2, 1, 3, 6.0, 0.1, 3, 2, 15.0, 15.0)


def test_without_lifeguard_a_cell_neither_doubts_itself_nor_waits_for_confirmation() -> None:
    assert (PLAIN.health_limit, PLAIN.suspicion_max_mult, PLAIN.buddy) == (1, 1.0, False)


NUMBERS = [field.name for field in fields(SwimConfig) if field.name != "buddy"]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-1, math.nan, math.inf])
def test_a_value_out_of_range_is_refused_by_name(name: str, value: float) -> None:
    options: dict[str, Any] = {name: value}

    with pytest.raises(ValueError, match=rf"SwimConfig\.{name} "):
        SwimConfig(**options)


@pytest.mark.parametrize("options", [{"ping_timeout": 1.0}, {"nack_share": 1.0}, {"packet_bytes": 1000}])
def test_values_that_contradict_others_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        SwimConfig(**options)
