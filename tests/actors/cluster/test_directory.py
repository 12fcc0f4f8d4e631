"""Which hosts there are, as one of them knows: pure, time is an argument."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from actors.cluster.directory import FORGET, KEEP_LEFT, LIMIT, PROBES, Directory
from actors.cluster.values import HostInfo, HostState


def info(name: str, boot: int = 1, version: int = 1, **more: Any) -> HostInfo:
    return HostInfo(name, boot, version, f"10.0.0.1:{len(name)}", **more)


def directory(*up: str) -> Directory:
    made = Directory(info("me"))
    for name in up:
        made.up(info(name), 0.0)
    return made


def states(known: Directory) -> dict[str, str]:
    return {view.name: view.state for view in known.views()}


def test_a_host_is_up_only_where_there_is_a_link_to_it() -> None:
    known = directory()
    known.learn([info("a")], 0.0)

    assert states(known) == {"me": "up", "a": "down"}
    known.up(info("a"), 1.0)
    assert states(known) == {"me": "up", "a": "up"}
    known.down("a", 2.0)
    assert states(known) == {"me": "up", "a": "down"}


def test_the_newest_word_wins() -> None:
    known = directory("a")
    known.learn([info("a", 1, 5, lives=5)], 0.0)
    known.learn([info("a", 1, 4, lives=4)], 0.0)

    view = known.view("a")
    assert view is not None
    assert view.lives == 5


def test_a_later_boot_is_newer_than_any_version_of_the_one_before() -> None:
    known = directory("a")

    assert known.learn([info("a", 2, 1)], 0.0) == ["a"]
    assert known.learn([info("a", 1, 99)], 0.0) == []


def test_load_alone_is_no_news() -> None:
    known = directory("a")

    assert known.learn([info("a", 1, 2, lives=7)], 0.0) == []
    assert known.learn([info("a", 1, 3, lives=7, state=HostState.DRAINING)], 0.0) == ["a"]


def test_what_is_said_of_this_host_by_others_does_not_count() -> None:
    known = directory()
    known.learn([info("me", 9, 9, lives=99)], 0.0)

    assert known.own.lives == 0


def test_who_is_not_there_is_to_be_called_until_it_is_forgotten() -> None:
    known = directory("a")
    known.down("a", 10.0)

    known.sweep(10.0 + FORGET)
    assert [each.name for each in known.missing()] == ["a"]
    known.sweep(10.1 + FORGET)
    assert known.missing() == []
    assert states(known) == {"me": "up"}


def test_who_has_left_is_not_called_and_word_from_before_does_not_bring_it_back() -> None:
    known = directory("a")
    known.learn([info("a", 1, 2, state=HostState.LEFT)], 10.0)
    known.down("a", 10.0)
    known.sweep(10.0)

    assert known.learn([info("a", 1, 1)], 10.5) == []
    assert known.missing() == []
    assert states(known) == {"me": "up", "a": "left"}
    known.sweep(10.1 + KEEP_LEFT)
    assert states(known) == {"me": "up"}


def test_who_comes_back_after_it_has_left_is_there_again() -> None:
    known = directory("a")
    known.learn([info("a", 1, 2, state=HostState.LEFT)], 10.0)
    known.down("a", 10.0)

    assert known.learn([info("a", 2, 1)], 11.0) == ["a"]
    assert [each.name for each in known.missing()] == ["a"]


def test_others_are_told_only_of_hosts_to_which_there_is_a_link() -> None:
    known = directory("a", "b")
    known.learn([info("c")], 0.0)
    known.down("b", 1.0)

    assert [each.name for each in known.tell()] == ["me", "a"]


def test_a_life_that_was_sent_there_counts_before_the_host_tells_of_it() -> None:
    known = directory("a")
    known.lodge("a")
    known.lodge("a")

    view = known.view("a")
    assert view is not None
    assert view.lives == 2


def test_the_round_trip_is_the_least_of_the_last() -> None:
    known = directory("a")
    for seconds in (0.001, *[0.005] * (PROBES - 1)):
        known.tripped("a", seconds)
    view = known.view("a")
    assert view is not None
    assert view.round_trip == 0.001

    known.tripped("a", 0.004)
    view = known.view("a")
    assert view is not None
    assert view.round_trip == 0.004


def test_there_are_only_so_many_hosts() -> None:
    known = directory()
    known.learn([info(f"h{number}") for number in range(LIMIT + 5)], 0.0)

    assert len(known.views()) == LIMIT + 1


def test_what_a_host_says_of_itself_has_a_newer_version_each_time() -> None:
    known = directory()
    first = known.own

    assert known.say(lives=3) == replace(first, version=2, lives=3)
    assert known.say(state=HostState.DRAINING).version == 3
