"""``planaria demo``: every act is played, every death is told and made up for, and the numbers add up."""

from __future__ import annotations

import re
from collections import Counter

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
    titles = re.findall(r"^act \d of 6: ([\w ]+)  ", played.out, re.MULTILINE)

    assert titles == ["one worker", "a branch", "a supervisor", "a storm", "no start", "giving up"]


@pytest.mark.real
@pytest.mark.parametrize(
    "told",
    [
        r"shop/orders/clerk-2 died: crashed\(ZeroDivisionError: .*\); it is restarted; life 2 answers after [\d,]+ µs",
        r"shop/stock/notifier was taken along: shares the fate of inventory; .* answers after [\d,]+ µs",
        r"shop/payments/cards was taken along: shares the fate of ledger; .* answers after [\d,]+ µs",
        r"shop/payments died: killed; it is restarted; all 2 below it answer after [\d,]+ µs",
        r"150 sessions crashed at once; all answer again",
        r"shop/mail did not start: crashed\(ConnectionRefusedError: .*\); it is restarted after a wait",
        r"shop/reports gives up on export",
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


def summary(**changed: int) -> Summary:
    numbers = {"unrepaired": 0, "missing": 0, "notices_sent": 5, "notices_handled": 4, "notices_dead": 1} | changed
    tally = Tally(asked=10, answered=8, failed=Counter(ActorDied=2))
    return Summary(deaths=1, taken=0, restarts=1, failed_starts=0, alone=[0.0001], storm=[], tally=tally, **numbers)


def test_the_verdict_is_good_if_everything_is_accounted_for() -> None:
    assert summary().adds_up


@pytest.mark.parametrize("changed", [{"unrepaired": 1}, {"missing": 1}, {"notices_dead": 0}], ids=str)
def test_the_verdict_is_bad_if_anything_is_not(changed: dict[str, int]) -> None:
    assert not summary(**changed).adds_up


def place(path: str, *children: Snapshot, status: str = "running") -> Snapshot:
    kind, strategy = ("supervisor", "one_for_one") if children else ("worker", None)
    return Snapshot(path, kind, status, 2, 0, 5, False, "permanent", strategy, 0 if children else None, children)


def rows(root: Snapshot, folded: int) -> list[str]:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(picture(root, folded))
    return [" ".join(line.split()) for line in captured.get().splitlines()]


def test_a_branch_with_too_many_children_is_one_row() -> None:
    away = place("shop/a/2", status="waiting")
    root = place("shop", place("shop/a", place("shop/a/1"), away), place("shop/b"))

    assert rows(root, folded=1) == [
        "place status life handled waiting restarts",
        "shop one_for_one running 2 5 0 1",
        "├── a 2 of them 1 away 2 10 0 2",
        "└── b running 2 5 0 1",
    ]
