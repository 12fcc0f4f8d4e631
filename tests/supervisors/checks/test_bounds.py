"""What has a bound, and what has none."""

from __future__ import annotations

from typing import Any

import pytest

from actors import AIMD, Actor, Mailbox
from supervisors.checks.bounds import LARGE_BACKLOG
from supervisors.spec import Pool, Supervisor, child
from supervisors.validate import Claim, Code, Severity, examine


def pool(mailbox: int | None, size: int, **options: Any) -> Pool:
    return Pool("pool", child(Actor, id="w", mailbox=Mailbox(mailbox)), size=size, **options)


@pytest.mark.parametrize(
    ("tree", "count"),
    [
        (pool(LARGE_BACKLOG // 10, 10), 0),
        (pool(LARGE_BACKLOG // 10 + 1, 10), 1),
        (pool(LARGE_BACKLOG, 10, limit=AIMD()), 0),
        (pool(None, 10), 0),
    ],
    ids=["small-enough", "too-large", "limited-by-the-pool", "said-otherwise"],
)
def test_a_pool_that_may_be_owed_more_than_it_can_do_in_time_is_noted(tree: Pool, count: int) -> None:
    found = [each.severity for each in examine(tree).findings if each.code is Code.LARGE_BACKLOG]

    assert found == [Severity.NOTE] * count


@pytest.mark.parametrize(
    ("overflow", "end"),
    [
        ("reject", "an error to its sender"),
        ("drop_oldest", "taken in and the oldest dropped"),
        ("drop_newest", "dropped"),
    ],
)
def test_a_bounded_mailbox_is_shown_to_be_bounded(overflow: Any, end: str) -> None:
    tree = Supervisor("root", [child(Actor, id="w", mailbox=Mailbox(50, overflow))])
    (proof,) = [each for each in examine(tree).proofs if each.claim is Claim.BOUNDED]

    assert proof.message == f"it is never owed more than 50 messages; one more is {end}"


def test_senders_that_wait_are_no_bound() -> None:
    tree = Supervisor("root", [child(Actor, id="w", mailbox=Mailbox(50, "wait"))])
    report = examine(tree)

    assert [(each.code, each.severity) for each in report.findings] == [(Code.UNBOUNDED_SENDERS, Severity.NOTE)]
    assert [each for each in report.proofs if each.claim is Claim.BOUNDED] == []
