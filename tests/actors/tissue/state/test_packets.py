"""A packet is read as it was written, and what is none is not read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.plain import pack, unpack
from actors.tissue.state.notes import Part
from actors.tissue.state.packets import HEAD_BYTES, Entry, Lives, Packet, body, read_packet

A, B = Pid("a", 1), Pid("b", 2)


def no_part(raw: Any) -> Part:
    raise ValueError("a part")


def test_a_packet_survives_the_wire_without_its_empty_end() -> None:
    said, over = Entry(A, 7, 99), Entry(B, 3)
    raw = body(1, 5, 4, 3, 2, b"12345678", [said.wire()], [], [["a", 1, 2, 9, [1, 2]]], [over.wire()])

    packet = read_packet(unpack(pack(raw)), no_part)

    assert packet == Packet(1, 5, 4, 3, 2, b"12345678", [said], [], [Lives(A, 2, 9, {3, 5})], [over])
    assert body(1, 5, 0, 3, 0, b"", [], [], [], []) == [1, 5, 0, 3]
    assert body(0, 0, 0, 0, 0, b"", [], [], [], []) == []
    assert read_packet([], no_part) == Packet(0, 0, 0, 0, 0, b"", [], [], [], [])


def test_the_head_of_a_packet_and_an_entry_fit_what_is_reckoned_for_them() -> None:
    big = (1 << 62) - 1
    entry = Entry(Pid("n" * 255, big), big, (1 << 32) - 1)
    raw = body(big, big, big, big, (1 << 32) - 1, b"12345678", [None], [None], [None], [None])

    assert len(pack(raw)) <= HEAD_BYTES
    assert len(pack(entry.wire())) <= entry.size
    assert len(pack(Entry(entry.pid, big).wire())) <= Entry(entry.pid, big).size


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        "text",
        [-1],
        [1 << 62],
        [True],
        [0] * 11,
        [0, 1, 2],
        [0, 0, 0, 0, 0, b"short"],
        [0, 0, 0, 0, 0, "12345678"],
        [0, 0, 0, 0, 0, b"", [["a", 1]]],
        [0, 0, 0, 0, 0, b"", [["a", 0, 1]]],
        [0, 0, 0, 0, 0, b"", [["", 1, 1]]],
        [0, 0, 0, 0, 0, b"", [["a" * 256, 1, 1]]],
        [0, 0, 0, 0, 0, b"", [], [[]]],
        [0, 0, 0, 0, 0, b"", [], [], [["a", 1, 0, 2, [1, 2]]]],
        [0, 0, 0, 0, 0, b"", [], [], [["a", 1, 0, 2, [0]]]],
        [0, 0, 0, 0, 0, b"", [], [], [], [["a", 1, -1]]],
    ],
    ids=repr,
)
def test_what_is_no_packet_is_not_read(raw: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_packet(raw, no_part)


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 1 << 63) | st.text("ab", max_size=2) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=2),
)


@given(st.lists(junk, max_size=11) | junk)
def test_anything_plain_is_read_or_refused(raw: Any) -> None:
    try:
        packet = read_packet(raw, no_part)
    except (TypeError, ValueError):
        return

    assert isinstance(packet, Packet)
