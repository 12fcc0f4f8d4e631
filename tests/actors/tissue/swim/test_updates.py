"""Updates as they travel: what was written is read again, and nothing else is."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.plain import NUMBER_LIMIT
from actors.tissue.swim.updates import UPDATES_LIMIT, Status, Update, read_update, read_updates

texts = st.text(st.characters(codec="utf-8"), max_size=60)
updates = st.builds(
    Update,
    st.sampled_from(Status),
    texts.filter(bool),
    st.integers(1, NUMBER_LIMIT - 1),
    st.integers(0, NUMBER_LIMIT - 1),
    texts,
)


@given(updates)
def test_an_update_survives_the_wire(update: Update) -> None:
    assert read_update(msgpack.unpackb(msgpack.packb(update.wire()))) == update


@pytest.mark.parametrize(
    "raw",
    [
        None,
        7,
        "abcde",
        b"abcde",
        [],
        [0, "a", 1, 0],
        [0, "a", 1, 0, "", 0],
        [4, "a", 1, 0, ""],
        [-1, "a", 1, 0, ""],
        [True, "a", 1, 0, ""],
        [0, "", 1, 0, ""],
        [0, b"a", 1, 0, ""],
        [0, "a" * 256, 1, 0, ""],
        [0, "é" * 128, 1, 0, ""],
        [0, "\ud800", 1, 0, ""],
        [0, "a", 0, 0, ""],
        [0, "a", 1.0, 0, ""],
        [0, "a", True, 0, ""],
        [0, "a", 1, -1, ""],
        [0, "a", 1, NUMBER_LIMIT, ""],
        [0, "a", NUMBER_LIMIT, 0, ""],
        [0, "a", 1, 0, None],
        [0, "a", 1, 0, "b" * 256],
    ],
    ids=repr,
)
def test_what_is_no_update_is_not_read(raw: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_update(raw)


@pytest.mark.parametrize("raw", [None, "", {}, {0: 1}, [[]], [None], [[0, "a", 1, 0, ""]] * (UPDATES_LIMIT + 1)])
def test_what_is_no_list_of_updates_is_not_read(raw: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_updates(raw)


def test_the_order_is_life_then_epoch_then_how_bad_it_is() -> None:
    ordered = [
        Update(Status.LEFT, "x", 1, 9),
        Update(Status.ALIVE, "x", 2, 0),
        Update(Status.SUSPECT, "x", 2, 0, "a"),
        Update(Status.DEAD, "x", 2, 0, "a"),
        Update(Status.LEFT, "x", 2, 0),
        Update(Status.ALIVE, "x", 2, 1),
    ]

    assert sorted(ordered, key=lambda update: update.rank) == ordered


def test_an_update_speaks_of_one_life() -> None:
    assert Update(Status.ALIVE, "x", 3, 5).pid == Pid("x", 3)
