"""The account of a run: events in, downtimes and gaps out."""

from __future__ import annotations

from typing import Any

import pytest

from actors import KILLED, NORMAL, SHUTDOWN, Crashed
from supervisors.apoptosis.events import Kept, Replaced
from supervisors.events import (
    Decision,
    Died,
    GaveUp,
    Ignored,
    Orphaned,
    Ready,
    Removed,
    Scope,
    Serving,
    StartFailure,
    Stopped,
    SupervisionEvent,
)
from supervisors.simulation.ledger import Ledger

BOOM = Crashed(ValueError("boom"))
A, B = "shop/a", "shop/stock/b"


def serving(at: float, path: str = A, restarted: bool = True) -> Serving:
    return Serving(at, path, 2 if restarted else 1, restarted, None)


def died(at: float, path: str = A, decision: Decision = Decision.RESTART) -> Died:
    return Died(at, path, 1, BOOM, decision, 1.0)


def failed(at: float, path: str = A, decision: Decision = Decision.RESTART) -> StartFailure:
    return StartFailure(at, path, 2, BOOM, decision)


def stopped(at: float, path: str = A) -> Stopped:
    return Stopped(at, path, 1, SHUTDOWN, True, 0.0)


def ledger(*events: SupervisionEvent) -> Ledger:
    """After a boot at 0 and ``events``."""
    book = Ledger("shop", [A, B])
    for event in (serving(0.0, A, False), serving(0.0, B, False), Ready(0.0, "shop", 2, 0.0), *events):
        book.note(event)
    return book


def gaps(book: Ledger) -> list[tuple[float, float | None]]:
    return [(gap.began, gap.ended) for gap in book.gaps]


def account(book: Ledger, path: str = A) -> dict[str, Any]:
    """What is not nothing in an account."""
    return {key: value for key, value in book.accounts[path].to_dict().items() if value and key != "path"}


def test_after_the_start_all_is_calm() -> None:
    book = ledger()

    assert (book.is_calm, book.served_at, gaps(book), account(book)) == (True, 0.0, [], {"now": "serves"})


def test_before_the_tree_serves_nothing_is_missing_yet() -> None:
    book = Ledger("shop", [A, B])
    book.note(serving(0.0, A, False))
    book.note(died(1.0))

    assert (book.is_calm, book.served_at, gaps(book)) == (False, None, [])


def test_a_death_opens_a_gap_and_the_next_life_closes_it() -> None:
    book = ledger(died(5.0), failed(6.0), serving(9.0))

    assert gaps(book) == [(5.0, 9.0)]
    assert account(book) == {"deaths": 1, "failed": 1, "restarts": 1, "down": 4.0, "longest": 4.0, "now": "serves"}


def test_gaps_of_several_that_overlap_are_one() -> None:
    book = ledger(died(5.0), died(6.0, B), serving(7.0), serving(9.0, B), died(20.0), serving(21.0))

    assert gaps(book) == [(5.0, 9.0), (20.0, 21.0)]
    assert (account(book)["down"], account(book)["longest"]) == (3.0, 2.0)


def test_one_that_is_stopped_with_its_group_is_missing_until_it_is_started() -> None:
    book = ledger(stopped(5.0), serving(6.0))

    assert account(book) == {"restarts": 1, "down": 1.0, "longest": 1.0, "now": "serves"}


def test_who_is_down_at_the_end_has_been_until_then() -> None:
    book = ledger(died(5.0))
    book.close(30.0)

    assert (gaps(book), account(book)) == ([(5.0, None)], {"deaths": 1, "down": 25.0, "longest": 25.0, "now": "down"})


@pytest.mark.parametrize(
    "event",
    [
        died(5.0, decision=Decision.LEAVE),
        died(5.0, decision=Decision.REMOVE),
        died(5.0, decision=Decision.AUTO_SHUTDOWN),
        failed(5.0, decision=Decision.REMOVE),
        Ignored(5.0, A, 2),
        Removed(5.0, A, "temporary"),
    ],
    ids=lambda event: f"{type(event).__name__}-{getattr(event, 'decision', '')}",
)
def test_who_is_gone_for_good_is_not_missing(event: SupervisionEvent) -> None:
    book = ledger(event)

    assert (gaps(book), book.is_calm, account(book)["now"]) == ([], True, "gone")


def test_who_dies_because_its_supervisor_gives_up_is_missing() -> None:
    book = ledger(died(5.0, decision=Decision.GIVE_UP))

    assert (gaps(book), account(book)["now"]) == ([(5.0, None)], "down")


@pytest.mark.parametrize(
    ("event", "now"),
    [
        (Stopped(5.0, "shop/stock", 1, KILLED, False, 0.0), "down"),
        (died(5.0, "shop/stock"), "down"),
        (died(5.0, "shop/stock", Decision.LEAVE), "gone"),
        (Orphaned(5.0, B, 1, KILLED), "down"),
    ],
    ids=["killed", "died", "left", "orphaned"],
)
def test_who_goes_down_with_its_supervisor_is_entered_too(event: SupervisionEvent, now: str) -> None:
    book = ledger(event)

    assert (book.accounts[B].now, book.accounts[A].now) == (now, "serves")


def test_children_that_were_stopped_before_their_supervisor_left_are_gone_with_it() -> None:
    clean = Died(6.0, "shop/stock", 1, NORMAL, Decision.LEAVE, 1.0)

    book = ledger(stopped(5.0, B), clean)

    assert (gaps(book), account(book, B)) == ([(5.0, 6.0)], {"down": 1.0, "longest": 1.0, "now": "gone"})


def test_planned_death_opens_no_gap() -> None:
    book = ledger(Replaced(5.0, A, "age", 2, 0.0, 0, "all", 0.0), Kept(6.0, A, "age", "ready", "late", 1.0))

    assert (gaps(book), account(book)) == ([], {"replaced": 1, "kept": 1, "now": "serves"})


def test_the_root_giving_up_is_kept() -> None:
    root, branch = (GaveUp(5.0, path, "a", 4, 3, 5.0, Scope.PACE, BOOM) for path in ("shop", "shop/stock"))

    assert (ledger(root).gave_up, ledger(branch).gave_up) == (root, None)


def test_nothing_happened_to_an_account_that_only_served() -> None:
    book = ledger(died(5.0), serving(5.0))

    assert (book.accounts[A].is_eventful, book.accounts[B].is_eventful) == (True, False)
