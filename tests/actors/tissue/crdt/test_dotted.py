"""What all values have in common: dots, deltas, bounds."""

from __future__ import annotations

import pytest

from actors.tissue.crdt.clocks import Clock
from actors.tissue.crdt.context import Context, Dot
from actors.tissue.crdt.dotted import Home, TooMuch
from actors.tissue.crdt.orset import ORSet

from .kit import A, B, joined


def small(entries: int = 2, size: int = 16) -> ORSet:
    return ORSet(A, home=Home(Context(), Clock(A), max_entries=entries, max_entry_bytes=size))


def test_each_change_bears_the_next_number_of_its_owner() -> None:
    here = ORSet(A)
    here.add("x")
    here.add("y")

    assert set(here.entries) == {(A, 1), (A, 2)}


def test_a_delta_holds_what_is_new_and_what_was_taken_out() -> None:
    here = ORSet(A)
    here.add("x", "y")

    delta = here.remove("x")

    assert (dict(delta.entries), set(delta.context)) == ({}, {(A, 1)})


def test_a_change_that_changes_nothing_has_an_empty_delta() -> None:
    assert not ORSet(A).remove("x")


def test_news_is_only_what_was_not_known() -> None:
    here, there = ORSet(A), ORSet(B)
    here.add("x")
    there.add("y")
    both = joined(here, there)

    news = here.merge(both)

    assert set(news.entries) == {(B, 1)}
    assert not here.merge(both)


def test_a_removal_is_news_once() -> None:
    here, there = ORSet(A), ORSet(B)
    there.merge(here.add("x"))
    gone = here.remove("x")

    assert set(there.merge(gone).context) == {(A, 1)}
    assert not there.merge(gone)


def test_a_value_has_room_for_so_many_entries() -> None:
    here = small(entries=2)
    here.add("x", "y")
    before = here.encode()

    with pytest.raises(TooMuch, match="3 entries; the limit is 2"):
        here.add("z")
    assert here.encode() == before
    here.add("x")
    here.remove("y")
    here.add("z")
    assert here.value == {"x", "z"}


def test_an_entry_may_be_so_long() -> None:
    with pytest.raises(TooMuch, match="an entry of 22 bytes; the limit is 16"):
        small().add("x" * 20)


def test_a_state_that_is_too_large_is_not_read() -> None:
    large = ORSet(A)
    large.add("x", "y", "z")

    with pytest.raises(ValueError, match="4"):
        small(entries=2).decode(large.encode())


def test_an_entry_that_its_context_has_not_heard_of_is_not_read() -> None:
    with pytest.raises(ValueError, match="a#1"):
        ORSet(A).decode([[], [["a", 1, [1, b"\x91\xa1x"]]]])


def test_a_home_is_asked_for_room_before_a_change_and_told_of_it_after() -> None:
    asked: list[int] = []
    told: list[tuple[ORSet, ORSet, list[Dot]]] = []
    home = Home(Context(), Clock(A), claim=asked.append, spread=lambda *change: told.append(change))
    here = ORSet(A, home=home)

    delta = here.add("x")
    here.remove("absent")

    assert asked == [3, 0]
    assert told == [(here, delta, [])]


def test_a_home_that_has_no_room_prevents_the_change() -> None:
    def refuse(size: int) -> None:
        raise TooMuch(f"{size} bytes", 0)

    here = ORSet(A, home=Home(Context(), Clock(A), claim=refuse))

    with pytest.raises(TooMuch):
        here.add("x")
    assert here == ORSet(A)


def test_a_value_of_a_cell_does_not_join_by_hand() -> None:
    here = ORSet(A, home=Home(Context(), Clock(A), spread=lambda *change: None))

    with pytest.raises(TypeError, match="packets only"):
        here.merge(ORSet(B))


def test_it_says_what_it_is() -> None:
    here = ORSet(A)
    here.add("x")

    assert repr(here) == "ORSet(a#1, entries=1)"
