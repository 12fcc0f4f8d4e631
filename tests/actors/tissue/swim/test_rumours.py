"""Which news rides on a packet, how often, and how much of it fits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.swim.rumours import Rumours, retransmit_limit
from actors.tissue.swim.updates import Status, Update, packed_size


def alive(name: str, epoch: int = 0) -> Update:
    return Update(Status.ALIVE, name, 1, epoch)


def suspect(name: str, by: str, epoch: int = 0) -> Update:
    return Update(Status.SUSPECT, name, 1, epoch, by)


def rumours(*updates: Update, mult: int = 4, capacity: int = 100) -> Rumours:
    told = Rumours(mult, capacity)
    for update in updates:
        told.add(update)
    return told


def about(taken: list[list[Any]]) -> list[str]:
    return [wire[1] for wire in taken]


@pytest.mark.parametrize(("n", "times"), [(1, 4), (9, 4), (10, 8), (64, 8), (99, 8), (100, 12), (1000, 16)])
def test_the_limit_grows_with_the_decimal_logarithm(n: int, times: int) -> None:
    assert retransmit_limit(4, n) == times


def test_an_update_is_told_as_often_as_the_limit_says() -> None:
    told = rumours(alive("a"))

    times = sum(len(told.take(1000, 64)) for _ in range(50))

    assert (times, len(told)) == (8, 0)


def test_the_least_told_goes_first_and_of_these_the_newest() -> None:
    told = rumours(alive("old"), alive("older"))
    told.take(1000, 64)
    told.add(alive("new"))
    told.add(alive("newest"))

    assert about(told.take(1000, 64)) == ["newest", "new", "old", "older"]


def test_a_newer_update_takes_the_place_of_what_it_supersedes() -> None:
    told = rumours(suspect("a", "b"), suspect("a", "c"), alive("a", 1))

    assert told.take(1000, 64) == [alive("a", 1).wire()]


def test_accusations_by_several_are_all_told() -> None:
    told = rumours(suspect("a", "b"), suspect("a", "c"), suspect("a", "b"))

    assert [wire[4] for wire in told.take(1000, 64)] == ["b", "c"]


def test_when_there_is_no_more_room_the_most_told_is_dropped() -> None:
    told = rumours(alive("a"), alive("b"), capacity=2)
    told.take(packed_size(alive("b").wire()), 64)

    told.add(alive("c"))

    assert sorted(about(told.take(1000, 64))) == ["a", "c"]
    assert "b" not in told


def test_what_does_not_fit_is_passed_over_for_what_does() -> None:
    told = rumours(alive("a"), alive("b" * 200))

    assert about(told.take(50, 64)) == ["a"]


@given(
    st.lists(st.tuples(st.sampled_from(Status), st.text("abc", min_size=1), st.integers(0, 3), st.text("xy"))),
    st.lists(st.integers(0, 200)),
)
def test_never_more_is_taken_than_fits_nor_more_kept_than_allowed(
    said: list[tuple[Status, str, int, str]], spaces: list[int]
) -> None:
    told = Rumours(2, 10)
    for status, name, epoch, by in said:
        told.add(Update(status, name, 1, epoch, by))

        assert len(told) <= 10
    for space in spaces:
        assert sum(map(packed_size, told.take(space, 9))) <= space
