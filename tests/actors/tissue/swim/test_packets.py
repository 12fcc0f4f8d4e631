"""The packets: what is read of each kind, what is refused, and how a table is divided."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.swim.packets import Packet, divided, read_packet, space_beside
from actors.tissue.swim.updates import Status, Update, packed_size

A = Update(Status.ALIVE, "a", 1, 0)
B = Update(Status.SUSPECT, "b", 2, 3, "a")


@pytest.mark.parametrize(
    ("kind", "body", "packet"),
    [
        ("swim.ping", [7, [B.wire()]], Packet([B], 7)),
        ("swim.nack", [7, []], Packet([], 7)),
        ("swim.ack", [7, A.wire(), [B.wire()]], Packet([B], 7, A)),
        ("swim.ping-req", [7, "b", [B.wire()]], Packet([B], 7, name="b")),
        ("swim.gossip", [[A.wire(), B.wire()]], Packet([A, B])),
        ("swim.sync", [True, [A.wire()]], Packet([A], asks=True)),
    ],
)
def test_every_kind_is_read(kind: str, body: list[Any], packet: Packet) -> None:
    assert read_packet(kind, body) == packet


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("swim.ping", None),
        ("swim.ping", 7),
        ("swim.ping", {0: 7, 1: []}),
        ("swim.ping", [7]),
        ("swim.ping", [7, [], []]),
        ("swim.ping", ["7", []]),
        ("swim.ping", [-1, []]),
        ("swim.ping", [7, [None]]),
        ("swim.ack", [7, None, []]),
        ("swim.ping-req", [7, "", []]),
        ("swim.ping-req", [7, 8, []]),
        ("swim.gossip", []),
        ("swim.gossip", [[A.wire(), A.wire()[:4]]]),
        ("swim.sync", [1, []]),
        ("swim.shout", [[]]),
        ("", []),
    ],
)
def test_what_is_not_of_its_kind_is_not_read(kind: str, body: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_packet(kind, body)


@given(st.lists(st.text("aé", min_size=1, max_size=100), max_size=40), st.integers(600, 1400))
def test_a_table_is_divided_into_packets_that_fit_and_nothing_is_lost(names: list[str], limit: int) -> None:
    updates = [Update(Status.ALIVE, name, 1, 0) for name in names]

    parts = list(divided(updates, space_beside([True, []], limit)))

    assert [wire for part in parts for wire in part] == [update.wire() for update in updates]
    assert all(packed_size([True, part]) <= limit for part in parts)
    assert len(parts) >= 1
