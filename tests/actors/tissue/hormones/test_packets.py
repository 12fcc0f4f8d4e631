"""What strangers send is read without believing anything."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.core import Refused
from actors.tissue.hormones.packets import EPOCHS, LOCAL, NAMES_LIMIT, OWN, SUMS, read_levels, read_sums

from .kit import cell

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4),
    max_leaves=12,
)


def test_levels_are_read_as_they_were_sent() -> None:
    assert read_levels([7, {"stress": 1, "x": 0.5}]) == (7, {"stress": 1.0, "x": 0.5})


def test_sums_are_read_as_they_were_sent() -> None:
    epochs = [(4, {"stress": (1.0, 0.5)}), (5, {})]

    assert read_sums([7, 3, 2, [[4, {"stress": [1, 0.5]}], [5, {}]]]) == (7, 3, 2, epochs)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        [1],
        [1, {}, 3],
        {0: 0, 1: 1},
        "ab",
        [-1, {}],
        [1 << 62, {}],
        [True, {}],
        [1, []],
        [1, {"x": -0.1}],
        [1, {"x": math.inf}],
        [1, {"x": math.nan}],
        [1, {"x": "1"}],
        [1, {"x": True}],
        [1, {"x": 10**400}],
        [1, {"": 1.0}],
        [1, {"x" * 256: 1.0}],
        [1, {3: 1.0}],
        [1, {str(number): 1.0 for number in range(NAMES_LIMIT + 1)}],
    ],
)
@pytest.mark.parametrize("kind", [LOCAL, OWN])
def test_levels_that_make_no_sense_are_refused(kind: str, body: Any) -> None:
    one = cell()
    one.neighbours(["x"], 0.0)
    before = repr(one)

    (effect,) = one.receive(Pid("x", 1), kind, body, 0.0)

    assert isinstance(effect, Refused)
    assert (effect.sender, effect.kind, repr(one)) == (Pid("x", 1), kind, before)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [0, 0],
        [0, 0, 0, []],
        [0, 0, 0, [[0, {}]] * 3],
        [0, -1, 0, [[0, {}]]],
        [0, 0, -1, [[0, {}]]],
        [0, 0, [[0, {}]]],
        [0, 0, 0, [[EPOCHS, {}]]],
        [0, 0, 0, [[0, {}, 1]]],
        [0, 0, 0, [[0, {"stress": [1.0]}]]],
        [0, 0, 0, [[0, {"stress": [1.0, -1.0]}]]],
        [0, 0, 0, [[0, {"stress": [math.nan, 1.0]}]]],
        [0, 0, 0, [[0, {"stress": [1e12, 1.0]}]]],
        [0, 0, 0, [[0, {"stress": [1.0, math.inf]}]]],
    ],
)
def test_sums_that_make_no_sense_are_refused_and_not_answered(body: Any) -> None:
    (effect,) = cell().receive(Pid("x", 1), SUMS, body, 0.0)

    assert isinstance(effect, Refused)


@given(st.sampled_from([LOCAL, SUMS, OWN, "hormones.?", "swim.ping"]), anything)
def test_whatever_a_packet_holds_nothing_is_raised(kind: str, body: Any) -> None:
    one = cell()
    one.neighbours(["x"], 0.0)
    one.meet(["x"], 0.0)

    one.receive(Pid("x", 1), kind, body, 0.0)
    one.tick(10.0)

    assert 0.0 <= one.sense("stress", 10.0) <= 3.0
