"""``planaria demo``: every act is played, every death is told, made up for or forestalled, and the numbers add up."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from rich.console import Console

from supervisors.cli.demo.load import Tally
from supervisors.cli.demo.summary import Summary
from supervisors.cli.demo.view import picture
from supervisors.introspect import Snapshot
from tests.cli.shell import Done, planaria

SECONDS = "2"


@pytest.fixture(scope="module")
def played() -> Done:
    return planaria("demo", "--plain", "--seconds", SECONDS)


@pytest.mark.real
def test_it_ends_by_itself_with_exit_code_0(played: Done) -> None:
    assert (played.code, played.err) == (0, "")


@pytest.mark.real
def test_it_plays_every_act(played: Done) -> None:
    titles = re.findall(r"^act \d of 9: ([\w ]+)  ", played.out, re.MULTILINE)

    assert titles == [
        "one worker",
        "a branch",
        "a supervisor",
        "a storm",
        "no start",
        "giving up",
        "a process",
        "old age",
        "corruption",
    ]


@pytest.mark.real
@pytest.mark.parametrize(
    "told",
    [
        r"shop/orders/clerk-2 died: crashed\(ZeroDivisionError: .*\); it is restarted; life 2 answers after [\d,]+ µs",
        r"shop/stock/notifier was taken along: shares the fate of inventory; .* answers after [\d,]+ µs",
        r"shop/payments/cards was taken along: shares the fate of ledger; .* answers after [\d,]+ µs",
        r"shop/payments died: killed; it is restarted; all 2 below it answer after [\d,]+ µs",
        r"150 sessions crashed at once; all answer again",
        r"shop/mail did not start: crashed\(ConnectionRefusedError: .*\); it is started in \d+ ms, failure \d in a row",
        r"shop/reports gives up on export",
        r"shop/press died: crashed\(ProcessDied: signal 9\); it is restarted; life 3 answers after [\d,]+ µs",
        r"shop/reports died: shutdown; it is restarted; all 2 below it answer after [\d,]+ µs",
    ],
)
def test_it_tells_who_died_why_what_was_decided_and_how_long_it_took(played: Done, told: str) -> None:
    assert re.search(told, played.out)


@pytest.mark.real
def test_its_numbers_add_up(played: Done) -> None:
    requests = re.search(
        r"^requests +([\d,]+) = ([\d,]+) answered \+ ([\d,]+) failed .* \+ ([\d,]+) lost", played.out, re.MULTILINE
    )

    assert requests is not None
    asked, answered, failed, lost = (int(figure.replace(",", "")) for figure in requests.groups())
    assert (asked == answered + failed, lost, answered > 300, failed >= 150) == (True, 0, True, True)


@pytest.mark.real
@pytest.mark.parametrize(
    "told",
    [
        (r"shop/stock/catalogue was replaced: age; life \d was ready after [\d,]+ µs, took over in [\d,]+ µs.* all",),
        (r"\d+ orders were priced by \d lives, 0 failed; nobody served for [\d,]+ µs at most",),
        (
            "a count slips",
            "inventory is damaged: .* alpha 1 of 3",
            "repaired, level 1",
            "recovered after repair level 1",
        ),
        ("again each time", "alpha 1", "repaired, level 1", "alpha 2", "repaired, level 2", "alpha 3", "was replaced"),
        (r"inventory was replaced: damage; .*, inherits last good", r"the copy that it inherited was \d+ reservations"),
    ],
    ids=" ".join,
)
def test_it_tells_who_was_replaced_before_it_died_and_what_was_tried_before(
    played: Done, told: tuple[str, ...]
) -> None:
    assert re.search(r".*\n.*".join(told), played.out)


@pytest.mark.real
def test_its_successors_forget_nothing_and_are_no_restarts(played: Done) -> None:
    deaths, taken = figures(played, "deaths")
    restarts, *_ = figures(played, "restarts")
    replaced, by_age, by_damage, failed, *_ = figures(played, "replaced in time")
    known_prices, prices, known_reservations, reservations = figures(played, "handed over")

    below_those_killed = 5
    assert restarts == deaths + taken + below_those_killed
    assert (by_age >= 2, by_damage, failed, replaced) == (True, 1, 0, by_age + 1)
    assert (known_prices, known_reservations) == (prices, reservations)


def figures(played: Done, heading: str) -> list[int]:
    """The numbers in one row of the summary."""
    row = re.search(rf"^{heading} +(.*)", played.out, re.MULTILINE)
    assert row is not None
    return [int(figure.replace(",", "")) for figure in re.findall(r"\d[\d,]*", row[1])]


def summary(**changed: Any) -> Summary:
    good: dict[str, Any] = {"unrepaired": 0, "missing": 0, "notices_sent": 5, "notices_handled": 4, "notices_dead": 1}
    good |= {
        "deaths": 1,
        "taken": 0,
        "restarts": 1,
        "failed_starts": 0,
        "alone": [0.0001],
        "storm": [],
        "processes": [],
    }
    good |= {"replaced": 3, "aged": 2, "kept": 0, "repairs": 3, "recovered": 1, "pauses": [0.00004]}
    good |= {"prices": (7, 7), "reservations": (9, 9)}
    return Summary(tally=Tally(asked=10, answered=8, failed=Counter(ActorDied=2)), **good | changed)


def test_a_price_that_was_looked_up_for_nobody_is_not_forgotten() -> None:
    assert summary(prices=(7, 8)).forgotten == 0


def test_the_verdict_is_good_if_everything_is_accounted_for() -> None:
    assert summary().adds_up


@pytest.mark.parametrize(
    "changed",
    [
        {"unrepaired": 1},
        {"missing": 1},
        {"notices_dead": 0},
        {"prices": (7, 6)},
        {"reservations": (9, 8)},
        {"reservations": (9, 10)},
    ],
    ids=str,
)
def test_the_verdict_is_bad_if_anything_is_not(changed: dict[str, Any]) -> None:
    assert not summary(**changed).adds_up


def place(path: str, *children: Snapshot, status: str = "running") -> Snapshot:
    kind, strategy = ("supervisor", "one_for_one") if children else ("worker", None)
    return Snapshot(path, kind, status, 2, 0, 5, False, "permanent", strategy, 0 if children else None, children)


def rows(root: Snapshot, replaced: dict[str, int], folded: int) -> list[str]:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(picture(root, replaced, folded))
    return [" ".join(line.split()) for line in captured.get().splitlines()]


def test_a_branch_with_too_many_children_is_one_row() -> None:
    away = place("shop/a/2", status="waiting")
    root = place("shop", place("shop/a", place("shop/a/1"), away), place("shop/b"))

    assert rows(root, {}, folded=1) == [
        "place status life handled waiting restarts replaced",
        "shop one_for_one running 2 5 0 1 0",
        "├── a 2 of them 1 away 2 10 0 2 0",
        "└── b running 2 5 0 1 0",
    ]


def test_a_life_that_was_replaced_is_not_counted_as_restarted() -> None:
    root = place("shop", place("shop/a", place("shop/a/1"), place("shop/a/2")), place("shop/b"))

    assert [row[-3:] for row in rows(root, {"shop/a/2": 1, "shop/b": 1}, folded=1)[2:]] == ["1 1", "0 1"]
