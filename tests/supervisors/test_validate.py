"""What `planaria check` finds: each kind of finding with the tree that has it and the nearest one that has not."""

from __future__ import annotations

import math
from typing import Any

import pytest

from actors import Actor, Mailbox
from supervisors.backoff import Backoff
from supervisors.spec import (
    BRUTAL_KILL,
    INFINITY,
    ChildSpec,
    DynamicSupervisor,
    Pool,
    Spec,
    Supervisor,
    Tree,
    child,
)
from supervisors.validate import LARGE_BUDGET, Claim, Code, Finding, Severity, examine, findings, stop_time


class Worker(Actor):
    """Does nothing."""


def worker(id: str = "w", **options: Any) -> ChildSpec:
    return child(Worker, id=id, **options)


def root(*children: Spec, **options: Any) -> Supervisor:
    return Supervisor("root", children, **options)


def branch(*children: Spec, **options: Any) -> Supervisor:
    return Supervisor("branch", children, **options)


def found(tree: Tree, **options: Any) -> list[tuple[str, str]]:
    return [(finding.path, finding.code) for finding in findings(tree, **options)]


def the_only(tree: Tree, **options: Any) -> Finding:
    (finding,) = findings(tree, **options)
    return finding


def test_nothing_is_found_in_a_plain_tree() -> None:
    tree = root(worker("a"), worker("b", backoff=Backoff()), branch(worker(), worker("v", restart="temporary")))

    assert findings(tree) == []


def test_what_is_shown_to_hold_of_a_plain_tree_is_said_of_each_place() -> None:
    report = examine(root(worker("a"), branch(worker("b"))), grace=30.0)

    assert report.findings == ()
    assert [(proof.path, proof.claim) for proof in report.proofs] == [
        ("root", Claim.STOPS),
        ("root/a", Claim.GIVES_UP),
        ("root/a", Claim.BOUNDED),
        ("root/branch", Claim.STOPS),
        ("root/branch/b", Claim.GIVES_UP),
        ("root/branch/b", Claim.BOUNDED),
    ]


def test_findings_are_those_of_the_examination() -> None:
    tree = root(worker("a", backoff=SLOW), branch(worker(), shutdown=1.0))

    assert findings(tree, grace=1.0) == list(examine(tree, grace=1.0).findings)


def test_the_same_tree_always_gives_the_same_figures() -> None:
    tree = root(worker(backoff=Backoff(1.0, 1.0)), max_restarts=300, within=150.0)
    (finding,) = [each for each in findings(tree) if each.code is Code.UNREACHABLE_GIVE_UP]

    assert finding.numbers["method"] != "exact"
    assert findings(tree) == findings(tree)


SLOW = Backoff(base=4.0, cap=60.0)


@pytest.mark.parametrize(
    ("tree", "path", "code", "severity"),
    [
        (root(worker(mailbox=Mailbox(limit=None))), "root/w", Code.UNBOUNDED_MAILBOX, Severity.WARNING),
        (root(worker(shutdown=INFINITY)), "root/w", Code.UNBOUNDED_SHUTDOWN, Severity.WARNING),
        (root(worker(start_timeout=INFINITY)), "root/w", Code.UNBOUNDED_START, Severity.WARNING),
        (root(DynamicSupervisor("jobs")), "root/jobs", Code.UNBOUNDED_CHILDREN, Severity.NOTE),
        (root(worker(), max_restarts=0), "root", Code.FIRST_CRASH_FATAL, Severity.NOTE),
        (root(worker(), max_restarts=LARGE_BUDGET), "root", Code.LARGE_BUDGET, Severity.NOTE),
        (root(worker(mailbox=Mailbox(redeliver=3))), "root/w", Code.POISON_BEFORE_QUARANTINE, Severity.WARNING),
        (
            root(worker(mailbox=Mailbox(redeliver=1), max_restarts=1, within=5.0)),
            "root/w",
            Code.POISON_BEFORE_QUARANTINE,
            Severity.WARNING,
        ),
        (root(worker(backoff=SLOW)), "root/w", Code.UNREACHABLE_GIVE_UP, Severity.WARNING),
        (root(worker(backoff=Backoff(base=1.0))), "root/w", Code.UNREACHABLE_GIVE_UP, Severity.NOTE),
        (
            root(worker(backoff=SLOW, max_restarts=3, within=1.0), within=60.0),
            "root/w",
            Code.UNREACHABLE_GIVE_UP,
            Severity.WARNING,
        ),
        (root(branch(backoff=SLOW)), "root/branch", Code.UNREACHABLE_GIVE_UP, Severity.WARNING),
        (root(worker(), auto_shutdown="any_significant"), "root", Code.NOBODY_SIGNIFICANT, Severity.WARNING),
        (
            root(branch(worker(restart="transient", significant=True), auto_shutdown="any_significant")),
            "root/branch",
            Code.AUTO_SHUTDOWN_RESTARTED,
            Severity.WARNING,
        ),
        (root(branch(restart="transient")), "root/branch", Code.GIVE_UP_LOOKS_CLEAN, Severity.WARNING),
        (root(branch(worker(), shutdown=4.9)), "root/branch", Code.SHORT_SHUTDOWN, Severity.WARNING),
        (root(branch(worker(), shutdown=BRUTAL_KILL)), "root/branch", Code.SHORT_SHUTDOWN, Severity.WARNING),
        (root(Pool("pool", worker(), shutdown=4.0)), "root/pool", Code.SHORT_SHUTDOWN, Severity.WARNING),
    ],
    ids=lambda part: part.value if isinstance(part, Code) else "",
)
def test_what_is_unwise_is_found(tree: Tree, path: str, code: Code, severity: Severity) -> None:
    finding = the_only(tree)

    assert (finding.path, finding.code, finding.severity) == (path, code, severity)


@pytest.mark.parametrize(
    "tree",
    [
        root(DynamicSupervisor("jobs", max_children=10)),
        root(worker(mailbox=Mailbox(redeliver=2))),
        root(worker(mailbox=Mailbox(redeliver=3), restart="temporary")),
        root(worker(backoff=Backoff(base=0.7))),
        root(worker(backoff=SLOW, restart="temporary")),
        root(worker(backoff=SLOW, max_restarts=3, within=60.0)),
        root(worker(restart="temporary"), max_restarts=LARGE_BUDGET),
        root(worker(restart="transient", significant=True), auto_shutdown="all_significant"),
        root(
            branch(
                worker(restart="transient", significant=True), restart="transient", auto_shutdown="any_significant"
            )
        ),
        root(branch(worker(), shutdown=5.0)),
        root(branch(shutdown=BRUTAL_KILL)),
        root(Pool("pool", worker(), size=9, shutdown=5.0)),
    ],
    ids=[
        "bounded-children", "quarantine-before-give-up", "poison-of-a-temporary", "backoff-that-fits",
        "backoff-of-a-temporary", "own-budget-that-fits", "temporaries-cost-nothing", "significant-at-the-root",
        "transient-that-shuts-down", "shutdown-exactly-enough", "nothing-to-stop", "a-pool-stops-all-at-once",
    ],
)  # fmt: skip
def test_the_nearest_wise_tree_has_no_findings(tree: Tree) -> None:
    assert findings(tree) == []


def test_an_unreachable_give_up_says_the_expected_and_the_longest_waits() -> None:
    message = the_only(root(worker(backoff=SLOW))).message

    assert message == (
        "its supervisor 'root' will hardly ever give up: 4 failures of it alone take 14 s of expected backoff (0 s at "
        "least, 28 s at most), and within is 5 s; they fit into it with a probability of 4.036 % (exact)"
    )


def test_a_give_up_that_may_come_late_says_so() -> None:
    message = the_only(root(worker(backoff=Backoff(base=1.0)))).message

    assert message == (
        "its supervisor 'root' may be late to give up: 4 failures of it alone take 3.5 s of expected backoff (0 s at "
        "least, 7 s at most), and within is 5 s; they fit into it with a probability of 85.42 % (exact)"
    )


def test_the_budgets_of_all_levels_multiply() -> None:
    inner = Supervisor("inner", [worker()], max_restarts=4)
    tree = root(branch(inner, max_restarts=4), max_restarts=3)

    assert the_only(tree) == Finding(
        "root/branch/inner",
        Code.LARGE_BUDGET,
        Severity.NOTE,
        "a child that always crashes is started 100 times, over all levels, before the tree gives up: "
        "4 (root) x 5 (root/branch) x 5 (root/branch/inner)",
        {"starts": 100},
    )


@pytest.mark.parametrize("restart", ["transient", "temporary"])
def test_a_supervisor_that_is_not_restarted_when_it_gives_up_ends_the_product(restart: str) -> None:
    tree = root(branch(worker(), max_restarts=9, restart=restart), max_restarts=20)

    assert Code.LARGE_BUDGET not in [finding.code for finding in findings(tree)]


def test_a_static_supervisor_needs_the_sum_of_its_childrens_times_and_others_the_longest() -> None:
    static = branch(worker("a", shutdown=1.0), worker("b", shutdown=2.0), worker("c", shutdown=BRUTAL_KILL))
    tree = root(static, Pool("pool", worker(shutdown=7.0)), DynamicSupervisor("jobs"), worker("d", shutdown=0.5))

    assert stop_time(tree) == 10.5


def test_the_own_shutdown_of_a_supervisor_cuts_its_stop_time_short() -> None:
    assert stop_time(branch(worker(shutdown=INFINITY), shutdown=2.0)) == 2.0


def test_the_stop_time_of_an_endless_worker_has_no_end() -> None:
    assert stop_time(root(worker(shutdown=INFINITY))) == math.inf


def test_a_program_with_less_grace_than_the_tree_needs_is_found() -> None:
    assert the_only(root(worker("a"), worker("b")), grace=8.0) == Finding(
        "root",
        Code.SHORT_SHUTDOWN,
        Severity.WARNING,
        "its children may take 10 s to stop, and the program has 8 s",
        {"needed": 10.0, "given": 8.0},
    )


def test_a_program_with_enough_grace_is_not() -> None:
    assert findings(root(worker("a"), worker("b")), grace=10.0) == []


def smuggled(**fields: Any) -> Supervisor:
    tree = root(worker())
    for field, value in fields.items():
        object.__setattr__(tree, field, value)
    return tree


def test_two_equal_ids_that_came_past_the_checks_are_found() -> None:
    assert found(smuggled(children=(worker(), worker()))) == [("root", Code.DUPLICATE_ID)]


def test_a_significant_child_under_never_that_came_past_the_checks_is_found() -> None:
    tree = smuggled(children=(worker(restart="transient", significant=True),))

    assert found(tree) == [("root/w", Code.SIGNIFICANT_UNDER_NEVER)]


def test_findings_come_in_the_order_of_the_tree() -> None:
    tree = root(
        branch(worker(shutdown=INFINITY), DynamicSupervisor("jobs"), max_restarts=0),
        worker("last", start_timeout=INFINITY),
    )

    assert found(tree) == [
        ("root/branch", Code.FIRST_CRASH_FATAL),
        ("root/branch/w", Code.UNBOUNDED_SHUTDOWN),
        ("root/branch/jobs", Code.UNBOUNDED_CHILDREN),
        ("root/last", Code.UNBOUNDED_START),
    ]


def test_a_finding_is_one_line_for_people_and_a_dict_for_programs() -> None:
    finding = the_only(root(worker(shutdown=INFINITY)))

    assert str(finding) == f"root/w: warning: {finding.message} [unbounded-shutdown]"
    assert finding.to_dict() == {
        "path": "root/w",
        "code": "unbounded-shutdown",
        "severity": "warning",
        "message": finding.message,
        "numbers": {},
    }
