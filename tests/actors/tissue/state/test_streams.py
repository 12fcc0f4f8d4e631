"""A stream is a prefix without gaps, cut to fit."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.plain import pack
from actors.tissue.state.notes import NOTE, Checked, Held, Taken
from actors.tissue.state.streams import Stream

A = Pid("a", 1)


def held(text: str = "v", value: str = "ormap:s") -> Held:
    return Held(value, (text,), pack([text]))


def stream(*sizes: int) -> Stream:
    """One with an entry of each of these sizes."""
    made = Stream(A)
    for version, size in enumerate(sizes, 1):
        made.hold(version, held("x" * size))
    return made


def versions(part: list[Any]) -> list[int]:
    since = part[2]
    return [since + step for flat in part[4].values() for step in flat[::2]]


def test_all_of_it_is_one_part_if_it_fits() -> None:
    cut = stream(1, 1, 1).cut(1, 1000)
    assert cut is not None

    assert cut[0][:4] == ["a", 1, 1, 3]
    assert versions(cut[0]) == [2, 3]


def test_nothing_is_cut_from_where_all_is_known() -> None:
    assert stream(1, 1).cut(2, 1000) is None


@given(st.lists(st.integers(0, 300), max_size=30), st.integers(0, 30), st.integers(0, 2000), st.integers(0, 2000))
def test_parts_follow_on_each_other_and_fit(sizes: list[int], since: int, room: int, wanted: int) -> None:
    whole, at, got = stream(*sizes), since, []
    while (cut := whole.cut(at, room, wanted)) is not None:
        part, size = cut
        assert part[2] == at < part[3] <= len(sizes)
        assert len(pack(part)) <= size <= room
        got += versions(part)
        at = part[3]

    assert got == list(range(since + 1, at + 1))


def test_what_has_been_dropped_leaves_no_gap() -> None:
    whole = stream(*[1] * 200)
    for version in range(2, 200):
        whole.drop(version)
    cut = whole.cut(0, 200)
    assert cut is not None

    assert (cut[0][3], versions(cut[0])) == (200, [1, 200])


def test_copies_that_have_heard_of_other_removals_differ_in_what_is_alive() -> None:
    here, there = stream(1, 1, 1), stream(1, 1, 1)
    assert here.live == there.live
    here.fade(2)
    assert here.live != there.live
    there.drop(2)

    assert (here.live, here.alive, here.has(2), there.has(2)) == (there.live, 2, False, False)


def test_what_is_faded_is_still_told() -> None:
    whole = stream(1, 1)
    whole.fade(1)
    cut = whole.cut(0, 1000)
    assert cut is not None

    assert versions(cut[0]) == [1, 2]


def test_notes_are_no_entries_and_a_check_alone_leaves_it_empty() -> None:
    whole = Stream(A)
    whole.hold(1, Held(NOTE, Checked(1), pack(Checked(1).wire())))
    assert whole.is_empty
    whole.hold(2, Held(NOTE, Taken(((A, 9),)), b""))

    assert (whole.is_empty, whole.alive, whole.entries()) == (False, 0, [])


@given(st.integers(0, 60), st.integers(0, 400))
def test_living_entries_are_listed_as_far_as_there_is_room(since: int, room: int) -> None:
    whole = stream(*[1] * 60)
    for version in range(3, 60, 3):
        whole.drop(version)
    upto, steps = whole.lives(since, room)

    listed, version = [], since
    for step in steps:
        version += step
        listed.append(version)
    assert listed == [each for each in range(since + 1, upto + 1) if whole.has(each)]
    assert upto == 60 or 5 * (len(steps) + 1) > room
