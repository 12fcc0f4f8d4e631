"""A removal takes what the remover had seen, and nothing is remembered of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actors.tissue.crdt.orset import ORMap, ORSet

from .kit import A, B, C, joined


def test_a_set_reads_like_a_set() -> None:
    online = ORSet(A)
    online.add("ada", "bob", ("c", 1))
    online.remove("bob")

    assert online.value == set(online) == {"ada", ("c", 1)}
    assert ("ada" in online, "bob" in online, len(online)) == (True, False, 2)


def test_an_addition_survives_a_removal_that_did_not_know_of_it() -> None:
    here, there = ORSet(A), ORSet(B)
    there.merge(here.add("x"))
    here.add("x")
    there.remove("x")

    assert joined(here, there).value == joined(there, here).value == {"x"}


def test_a_removal_takes_all_additions_that_it_knew_of() -> None:
    here, there, third = ORSet(A), ORSet(B), ORSet(C)
    here.add("x")
    there.add("x")
    third.merge(here)
    third.merge(there)
    third.remove("x")

    assert joined(here, there, third).value == set()


def test_a_removal_that_arrives_before_the_addition_still_removes_it() -> None:
    here, there, third = ORSet(A), ORSet(B), ORSet(C)
    added = here.add("x")
    there.merge(added)
    removed = there.remove("x")
    third.merge(removed)
    third.merge(added)

    assert third.value == set()


def test_an_element_that_was_removed_can_be_added_again() -> None:
    here, there = ORSet(A), ORSet(B)
    there.merge(here.add("x"))
    there.merge(here.remove("x"))
    here.merge(there.add("x"))

    assert here.value == there.value == {"x"}


def test_additions_and_removals_without_end_leave_one_span() -> None:
    here = ORSet(A)
    for _ in range(1000):
        here.add("x", "y")
        here.remove("x")
    here.clear()

    assert (len(here.entries), len(list(here.context.spans()))) == (0, 1)


def test_an_element_holds_one_dot_however_often_it_is_added() -> None:
    here, there = ORSet(A), ORSet(B)
    for _ in range(100):
        there.merge(here.add("x"))
        here.merge(there.add("x"))

    assert len(here.entries) == len(there.entries) == 1


def test_a_map_holds_values_under_its_keys() -> None:
    sessions = ORMap(A)
    sessions.put("t", {"user": 7}, 1.0)
    sessions.put("t", {"user": 8}, 2.0)
    sessions.put("u", None, 2.0)

    assert dict(sessions) == {**sessions} == sessions.value == {"t": {"user": 8}, "u": None}
    sessions.remove("u")
    assert (list(sessions.keys()), list(sessions.values())) == (["t"], [{"user": 8}])
    assert len(sessions.entries) == 1


def test_of_concurrent_writes_the_last_is_read_and_the_next_takes_the_place_of_all() -> None:
    here, there = ORMap(A), ORMap(B)
    here.put("t", "early", 1.0)
    there.put("t", "late", 2.0)
    both = joined(here, there)

    assert (both["t"], len(both.entries)) == ("late", 2)
    both.put("t", "both seen", 0.0)
    assert (both["t"], len(both.entries)) == ("both seen", 1)
    assert joined(here, there, both)["t"] == "both seen"


def test_a_write_survives_a_removal_that_did_not_know_of_it() -> None:
    here, there = ORMap(A), ORMap(B)
    there.merge(here.put("t", 1, 1.0))
    there.remove("t")
    here.put("t", 2, 0.5)

    assert joined(here, there).value == {"t": 2}


def test_a_removed_key_leaves_nothing_behind() -> None:
    sessions = ORMap(A)
    for second in range(100):
        sessions.put("t", second, float(second))
        sessions.remove("t")

    assert (len(sessions.entries), len(list(sessions.context.spans()))) == (0, 1)


def test_a_session_expires_and_all_can_be_cleared() -> None:
    sessions = ORMap(A)
    sessions.put("t", 1, 1.0, lifetime=10.0)
    sessions.put("u", 2, 1.0)
    sessions.purge(11.0)

    assert sessions.value == {"u": 2}
    sessions.clear()
    assert sessions.value == {}


@pytest.mark.parametrize("raw", [None, [], ["x", "y"], [None], [[1.5]]], ids=repr)
def test_what_is_no_element_is_not_read(raw: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        ORSet(A).read(B, raw)


def test_what_is_no_key_is_not_added() -> None:
    online = ORSet(A)
    with pytest.raises(TypeError):
        online.add("x", 1.5)  # type: ignore[arg-type]

    assert online == ORSet(A)


@pytest.mark.parametrize("key", [["x"], 1.5, None, {}, ("x", ["y"]), (((((1,),),),),)], ids=repr)
def test_what_is_no_key_is_refused_in_words_and_nothing_is_changed(key: Any) -> None:
    here, table = ORSet(A), ORMap(A)
    here.add("x")
    calls: list[Callable[[], Any]] = [
        lambda: here.add("y", key),
        lambda: here.remove("x", key),
        lambda: table.put(key, 1, 0.0),
        lambda: table.remove(key),
    ]
    for call in calls:
        with pytest.raises(TypeError, match=r"not a key: .*text, whole numbers, bytes and tuples of these, at most 4"):
            call()

    assert (here.value, table.value) == ({"x"}, {})


@pytest.mark.parametrize("lifetime", [True, "x", None], ids=repr)
def test_a_lifetime_that_is_no_number_is_refused(lifetime: Any) -> None:
    with pytest.raises(ValueError, match="lifetime must be above 0"):
        ORMap(A).put("x", 1, 0.0, lifetime=lifetime)


@pytest.mark.parametrize("value", [{(1, 2): 3}, [{"a": {(): 1}}]], ids=repr)
def test_a_value_that_nobody_could_read_again_is_not_put(value: Any) -> None:
    table = ORMap(A)
    with pytest.raises(TypeError, match="keys of maps are text, numbers or bytes"):
        table.put("x", value, 0.0)

    assert table.value == {}
