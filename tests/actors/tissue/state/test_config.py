"""A value out of range is refused by name, and whatever is allowed leaves room for an entry in a packet."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import pytest

from actors.tissue.state.config import DATAGRAMS, FRAMES, PACKET_OVERHEAD, ContactConfig


def test_the_profiles_are_the_largest_datagram_and_one_that_is_not_split() -> None:
    assert (FRAMES.packet_bytes, DATAGRAMS.packet_bytes) == (65_507, 1400)
    assert (FRAMES.period, FRAMES.fanout) == (DATAGRAMS.period, DATAGRAMS.fanout) == (0.2, 3)
    assert DATAGRAMS.entry_bytes == 1400 - PACKET_OVERHEAD


@pytest.mark.parametrize("name", [field.name for field in fields(ContactConfig)])
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_a_value_out_of_range_is_refused_by_name(name: str, value: Any) -> None:
    options: dict[str, Any] = {name: value}

    with pytest.raises(ValueError, match=rf"ContactConfig\.{name} "):
        ContactConfig(**options)


@pytest.mark.parametrize(("name", "value"), [("packet_bytes", 1023), ("fanout", 2.5), ("max_peers", True)])
def test_a_number_of_things_is_whole_and_large_enough(name: str, value: Any) -> None:
    options: dict[str, Any] = {name: value}

    with pytest.raises(ValueError, match=f"ContactConfig.{name} must be a whole number"):
        ContactConfig(**options)
