"""The timeline: what is shown, and what that only repeats itself becomes one line."""

from __future__ import annotations

from actors import SHUTDOWN, Crashed
from supervisors.apoptosis.events import Replaced
from supervisors.events import Decision, Died, GaveUp, Scope, Serving, StartFailure, Stopped, Waiting
from supervisors.simulation.timeline import CALM, FAULT, Entry, entry_of, said, scenes, timeline

BOOM = Crashed(ValueError("boom"))


def died(at: float, path: str = "shop/mail", decision: Decision = Decision.WAIT) -> Entry:
    return entry_of(Died(at, path, 1, BOOM, decision, 1.0))


def waits(at: float, path: str = "shop/mail") -> Entry:
    return entry_of(Waiting(at, path, 1.0, 1))


def fails(at: float, path: str = "shop/mail", decision: Decision = Decision.WAIT) -> Entry:
    return entry_of(StartFailure(at, path, 2, BOOM, decision))


def serves(at: float, path: str = "shop/mail") -> Entry:
    return entry_of(Serving(at, path, 2, True, 1.0))


def stopped(at: float, path: str) -> Entry:
    return entry_of(Stopped(at, path, 1, SHUTDOWN, True, 0.0))


def replaced(at: float, path: str) -> Entry:
    return entry_of(Replaced(at, path, "age", 2, 0.0, 0, "all", 0.0))


def calm(at: float) -> Entry:
    return said(CALM, at, "shop", "everything serves again")


def crash_and_back(at: float, path: str = "shop/mail") -> list[Entry]:
    return [said(FAULT, at, path, f"fault: {path} is crashed"), died(at, path), serves(at + 1, path), calm(at + 1)]


def collapsed(entries: list[Entry]) -> list[str]:
    """The lines that stand for others."""
    return [line for line in timeline(entries) if "..." in line]


def test_an_entry_is_its_moment_and_what_its_event_says() -> None:
    assert str(serves(598.12)) == "00:09:58.120  shop/mail serves again (life 2, 1 s after the last one ended)"


def test_an_entry_for_json_holds_the_event() -> None:
    plain = fails(3.0).to_dict()

    assert (plain["at"], plain["kind"], plain["path"]) == (3.0, "StartFailure", "shop/mail")
    assert plain["event"]["decision"] == "wait"


def test_an_entry_that_is_no_event_has_none_in_json() -> None:
    assert calm(3.0).to_dict() == {"at": 3.0, "kind": "calm", "path": "shop", "text": "everything serves again"}


def test_few_things_are_all_shown() -> None:
    entries = [died(0.0), waits(0.0), *(fails(float(n)) for n in range(3)), serves(4.0), calm(4.0)]

    assert timeline(entries) == [str(entry) for entry in entries]


def test_the_fourth_failure_and_those_after_it_are_counted_until_something_new_comes() -> None:
    entries = [died(0.0), *(each for n in range(1, 41) for each in (fails(n * 10.0), waits(n * 10.0))), serves(401.0)]

    lines = timeline(entries)

    assert lines[:7] == [str(entry) for entry in entries[:7]]
    assert lines[7:] == ["              ... 37 more restarts of shop/mail until 00:06:40.000", str(entries[-1])]


def test_one_thing_alone_is_shown_and_not_counted() -> None:
    entries = [died(0.0), *(fails(n * 10.0) for n in range(1, 5)), serves(41.0)]

    assert timeline(entries) == [str(entry) for entry in entries]


def test_the_failure_that_ends_it_is_shown_whatever_was_before() -> None:
    last = [
        fails(99.0, decision=Decision.GIVE_UP),
        entry_of(GaveUp(99.0, "shop", "mail", 20, 19, 60.0, Scope.SUPERVISOR, BOOM)),
    ]
    entries = [died(0.0), *(fails(float(n)) for n in range(1, 20)), *last]

    assert timeline(entries)[-3:] == [
        "              ... 16 more restarts of shop/mail until 00:00:19.000",
        *map(str, last),
    ]


def test_siblings_of_which_the_same_is_to_be_said_are_counted_too() -> None:
    entries = [
        died(0.0),
        *(stopped(0.0, f"shop/w{n}") for n in range(50)),
        *(serves(1.0, f"shop/w{n}") for n in range(50)),
    ]

    assert collapsed(entries) == [
        "              ... 47 more stopped until 00:00:00.000",
        "              ... 47 more serving until 00:00:01.000",
    ]


def test_one_fault_that_strikes_many_is_counted_too() -> None:
    strikes = [said(FAULT, 0.0, f"shop/w{n}", f"fault: shop/w{n} is crashed", "w* crash") for n in range(50)]

    assert collapsed(strikes) == ["              ... 47 more strikes until 00:00:00.000"]


def test_restarts_of_many_places_are_added_up() -> None:
    entries = [fails(float(n), f"shop/w{n % 5}") for n in range(100)]

    assert collapsed([died(0.0), *entries]) == ["              ... 97 more restarts of 5 places until 00:01:39.000"]


def test_a_scene_goes_from_calm_to_calm() -> None:
    entries = [*crash_and_back(0.0), *crash_and_back(10.0), *crash_and_back(20.0)]

    assert [len(scene.entries) for scene in scenes(entries)] == [4, 4, 4]


def test_what_happens_at_the_moment_of_calm_belongs_to_the_scene_before() -> None:
    entries = [*crash_and_back(0.0), said(FAULT, 1.0, "shop/web", "fault: shop/web can start again"), died(2.0)]

    assert [len(scene.entries) for scene in scenes(entries)] == [5, 1]


def test_a_scene_that_goes_like_three_before_it_is_only_counted() -> None:
    entries = [entry for n in range(90) for entry in crash_and_back(n * 20.0)]

    lines = timeline(entries)

    assert lines[:12] == [str(entry) for entry in entries[:12]]
    assert lines[12:] == ["              ... 87 more restarts of shop/mail until 00:29:41.000"]


def test_scenes_that_take_turns_are_counted_together() -> None:
    entries = [
        entry for n in range(10) for entry in [*crash_and_back(n * 20.0), *crash_and_back(n * 20.0 + 10.0, "shop/web")]
    ]

    assert collapsed(entries) == [
        "              ... 7 more restarts of shop/mail, 7 more restarts of shop/web until 00:03:11.000"
    ]


def test_a_scene_that_goes_otherwise_is_shown() -> None:
    usual = [entry for n in range(6) for entry in crash_and_back(n * 20.0)]
    odd = [died(200.0), waits(200.0), fails(201.0), serves(202.0), calm(202.0)]

    assert timeline([*usual, *odd])[-6:] == [
        "              ... 3 more restarts of shop/mail until 00:01:41.000",
        *map(str, odd),
    ]


def test_replacements_of_siblings_are_alike() -> None:
    entries = [replaced(n * 10.0, f"shop/w{n % 4}") for n in range(40)]

    assert collapsed(entries) == ["              ... 37 more replacements of 4 places until 00:06:30.000"]


def test_everything_is_everything() -> None:
    entries = [entry for n in range(90) for entry in crash_and_back(n * 20.0)]

    assert timeline(entries, everything=True) == [str(entry) for entry in entries]


def test_no_entries_are_no_lines() -> None:
    assert timeline([]) == []
