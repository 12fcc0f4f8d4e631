"""The laws of all values: joins commute, associate and are idempotent; deltas come to the same as whole states."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tissue.crdt.orset import ORMap, ORSet

from .kit import KINDS, A, Kind, histories, joined

each_kind = pytest.mark.parametrize("kind", KINDS, ids=repr)
data = st.data()
some = settings(max_examples=30)


@each_kind
@some
@given(data)
def test_joins_commute(kind: Kind, data: st.DataObject) -> None:
    history = data.draw(histories(kind))
    x, y = (data.draw(st.sampled_from(history.states + history.deltas)) for _ in range(2))

    assert joined(x, y) == joined(y, x)


@each_kind
@some
@given(data)
def test_joins_associate(kind: Kind, data: st.DataObject) -> None:
    history = data.draw(histories(kind))
    x, y, z = (data.draw(st.sampled_from(history.states + history.deltas)) for _ in range(3))

    assert joined(joined(x, y), z) == joined(x, joined(y, z))


@each_kind
@some
@given(data)
def test_joins_are_idempotent(kind: Kind, data: st.DataObject) -> None:
    history = data.draw(histories(kind))
    x = data.draw(st.sampled_from(history.states + history.deltas))
    y = joined(x)

    news = y.merge(x)

    assert y == x
    assert not news


@each_kind
@some
@given(data)
def test_deltas_in_any_order_and_number_come_to_the_same_as_whole_states(kind: Kind, data: st.DataObject) -> None:
    history = data.draw(histories(kind))
    doubled = history.deltas + data.draw(st.lists(st.sampled_from(history.deltas))) if history.deltas else []
    shuffled = data.draw(st.permutations(doubled))

    assert joined(kind.new(A), *shuffled) == joined(*history.states)


@each_kind
@some
@given(data)
def test_what_loss_has_left_out_a_whole_state_makes_good(kind: Kind, data: st.DataObject) -> None:
    history = data.draw(histories(kind))
    arrived = [delta for delta in history.deltas if data.draw(st.booleans())]
    whole = joined(*history.states)

    assert joined(kind.new(A), *arrived, whole) == whole


@each_kind
@some
@given(data)
def test_the_news_of_a_join_is_all_that_a_third_needs(kind: Kind, data: st.DataObject) -> None:
    history = data.draw(histories(kind))
    x, y = (data.draw(st.sampled_from(history.states + history.deltas)) for _ in range(2))
    third, here = joined(x), joined(x)

    third.merge(here.merge(y))

    assert third.value == here.value
    assert third.entries == here.entries


@each_kind
@some
@given(data)
def test_a_value_never_shrinks_by_joining_what_it_has(kind: Kind, data: st.DataObject) -> None:
    history = data.draw(histories(kind))
    x, y = (data.draw(st.sampled_from(history.states)) for _ in range(2))
    both = joined(x, y)

    assert joined(both, x) == both
    assert joined(both, y) == both


@each_kind
@some
@given(data)
def test_a_value_survives_the_wire(kind: Kind, data: st.DataObject) -> None:
    history = data.draw(histories(kind))
    x = data.draw(st.sampled_from(history.states + history.deltas))

    there = x.decode(msgpack.unpackb(msgpack.packb(x.encode())))

    assert there == x
    assert there.value == x.value


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 1 << 63)
    | st.floats()
    | st.text("ab", max_size=3)
    | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=12,
)


@each_kind
@some
@given(raw=plain)
def test_what_is_no_value_is_not_read(kind: Kind, raw: Any) -> None:
    try:
        state = kind.new(A).decode(raw)
    except (TypeError, ValueError):
        return

    assert not state.entries


@each_kind
@some
@given(data)
def test_what_was_cut_or_changed_on_its_way_is_not_read_or_is_another_value(kind: Kind, data: st.DataObject) -> None:
    history = data.draw(histories(kind))
    packed = bytearray(msgpack.packb(joined(*history.states).encode()))
    place = data.draw(st.integers(0, len(packed) - 1))
    packed[place] = data.draw(st.integers(0, 255))

    try:
        joined(*history.states).decode(msgpack.unpackb(bytes(packed), strict_map_key=False))
    except (TypeError, ValueError):
        pass


@each_kind
def test_two_of_different_types_do_not_join(kind: Kind) -> None:
    other = ORSet if repr(kind) == "ormap" else ORMap

    with pytest.raises(TypeError, match="does not join"):
        kind.new(A).merge(other(A))
