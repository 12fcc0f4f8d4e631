"""What a child that fails for ever leads to, as it is worked out; `test_run` shows that simulated trees do the same."""

from __future__ import annotations

from typing import Any

import pytest

from actors import Actor
from supervisors.backoff import Backoff
from supervisors.checks.giveup import Escalation, escalation
from supervisors.checks.places import Place, walk
from supervisors.spec import ChildSpec, Pool, Spec, Supervisor, Tree, child
from supervisors.validate import Claim, Code, Finding, Proof, Severity, examine, findings


def worker(id: str = "w", **options: Any) -> ChildSpec:
    return child(Actor, id=id, **options)


def root(*children: Spec, **options: Any) -> Supervisor:
    return Supervisor("root", children, **options)


def branch(*children: Spec, **options: Any) -> Supervisor:
    return Supervisor("branch", children, **options)


def at(tree: Tree, path: str) -> Place:
    return next(place for place in walk(tree) if place.path == path)


def rise(tree: Tree, path: str) -> Escalation:
    found = escalation(at(tree, path))
    assert found is not None
    return found


def steps(tree: Tree, path: str) -> list[tuple[str, str, int]]:
    return [(step.path, step.limit.owner, step.limit.restarts) for step in rise(tree, path).steps]


def proof(tree: Tree, claim: Claim) -> Proof:
    (found,) = [each for each in examine(tree).proofs if each.claim is claim]
    return found


def late(tree: Tree) -> list[Finding]:
    return [finding for finding in findings(tree) if finding.code is Code.UNREACHABLE_GIVE_UP]


THREE_LEVELS = root(branch(Supervisor("inner", [worker()], max_restarts=1), max_restarts=2), max_restarts=3)


def test_restarts_of_all_levels_multiply_if_it_crashes_and_add_up_if_it_cannot_start() -> None:
    found = rise(THREE_LEVELS, "root/branch/inner/w")

    assert (found.starts, found.failed_starts, found.ends_tree) == (2 * 3 * 4, 1 + 1 + 2 + 3, True)


def test_all_supervisors_up_to_the_root_give_up_in_turn() -> None:
    assert steps(THREE_LEVELS, "root/branch/inner/w") == [
        ("root/branch/inner", "its supervisor 'inner'", 1),
        ("root/branch", "its supervisor 'branch'", 2),
        ("root", "its supervisor 'root'", 3),
    ]


def test_nobody_gives_up_on_a_temporary_child() -> None:
    assert escalation(at(root(worker(restart="temporary")), "root/w")) is None


@pytest.mark.parametrize("restart", ["transient", "temporary"])
def test_a_supervisor_that_is_not_restarted_is_the_last_to_give_up(restart: str) -> None:
    found = rise(root(branch(worker(), restart=restart)), "root/branch/w")

    assert ([step.path for step in found.steps], found.ends_tree, found.starts) == (["root/branch"], False, 4)


@pytest.mark.parametrize(("own", "owner"), [(1, "its own budget"), (9, "its supervisor 'root'")])
def test_of_two_budgets_the_smaller_is_met_first(own: int, owner: str) -> None:
    (step,) = rise(root(worker(max_restarts=own, within=5.0)), "root/w").steps

    assert (step.limit.owner, step.limit.restarts) == (owner, min(own, 3))


def test_a_smaller_budget_that_its_backoff_cannot_exceed_leaves_it_to_the_larger_one() -> None:
    slow = worker(backoff=Backoff(4.0, 4.0), max_restarts=2, within=1.0)

    (step,) = rise(root(slow, max_restarts=3, within=60.0), "root/w").steps

    assert (step.limit.owner, step.waits) == ("its supervisor 'root'", ((4.0, 3),))


def test_the_waits_of_the_child_are_counted_once_for_each_give_up_of_the_one_above() -> None:
    tree = root(branch(worker(backoff=Backoff(1.0, 2.0)), max_restarts=3, backoff=Backoff(8.0, 8.0)), max_restarts=2)

    (_, top) = rise(tree, "root/branch/w").steps

    assert dict(top.waits) == {1.0: 1 * 2, 2.0: 2 * 2, 8.0: 2}


def test_each_life_of_a_supervisor_begins_to_fail_before_its_own_child_first_gives_up() -> None:
    inner = Supervisor("inner", [worker(backoff=Backoff(1.0, 1.0))], max_restarts=1)
    tree = root(branch(inner, max_restarts=2), max_restarts=0)

    found = [(dict(step.waits), dict(step.elapsed)) for step in rise(tree, "root/branch/inner/w").steps]

    assert found == [({1.0: 1}, {1.0: 1}), ({1.0: 2}, {1.0: 3}), ({}, {1.0: 3})]


def test_the_waits_of_a_supervisor_are_taken_to_grow_however_long_its_lives_last() -> None:
    slow = branch(
        worker(backoff=Backoff(8.0, 8.0)), backoff=Backoff(1.0, 64.0, reset=12.0), max_restarts=3, within=60.0
    )

    (_, top) = rise(root(slow), "root/branch/w").steps

    assert dict(top.waits) == {8.0: 3 * 3, 1.0: 1, 2.0: 1, 4.0: 1}


def test_a_reset_of_nothing_never_lets_the_waits_grow() -> None:
    (step,) = rise(root(worker(backoff=Backoff(1.0, 64.0, reset=0.0))), "root/w").steps

    assert step.waits == ((1.0, 3),)


# -- what is said of it ------------------------------------------------------------------------------------------------


def test_a_give_up_that_is_sure_is_a_proof_with_its_figures() -> None:
    found = proof(root(branch(worker(backoff=Backoff(0.5, 8.0)), within=4.0), within=11.0), Claim.GIVES_UP)

    assert found.path == "root/branch/w"
    assert found.message == (
        "if it always crashes, it is started 16 times and ends the tree, after 7 s of expected backoff, 14 s at most; "
        "if it cannot start again, 7 times"
    )
    assert found.numbers == {
        "starts": 16,
        "failed_starts": 7,
        "expected": 7.0,
        "most": 14.0,
        "ends_tree": True,
        "gives_up": ["root/branch", "root"],
    }


def test_without_a_backoff_it_is_given_up_at_once() -> None:
    assert proof(root(worker()), Claim.GIVES_UP).message == (
        "if it always crashes, it is started 4 times and ends the tree, at once; if it cannot start again, 4 times"
    )


def test_a_supervisor_that_is_left_alone_afterwards_is_named() -> None:
    message = proof(root(branch(worker(), restart="transient")), Claim.GIVES_UP).message

    assert "ends root/branch, which is then not restarted (transient), at once" in message


def test_what_is_not_sure_is_not_proved() -> None:
    tree = root(worker(backoff=Backoff(1.0)))

    assert (len(late(tree)), [each.claim for each in examine(tree).proofs if each.path == "root/w"]) == (
        1,
        [Claim.BOUNDED],
    )


def test_a_supervisor_that_gives_up_too_slowly_for_the_one_above_is_found() -> None:
    (found,) = late(root(branch(worker(backoff=Backoff(1.0)), within=60.0)))

    assert (found.path, found.severity) == ("root/branch", Severity.WARNING)
    assert found.message == (
        "its supervisor 'root' will hardly ever give up: 4 give-ups of this one because of root/branch/w take 10.5 s "
        "of expected backoff (0 s at least, 21 s at most), and within is 5 s; they fit into it with a probability of "
        "0.6301 % (exact)"
    )


def test_only_the_lowest_level_that_does_not_give_up_is_found() -> None:
    tree = root(branch(worker(backoff=Backoff(4.0, 60.0))))

    assert [finding.path for finding in late(tree)] == ["root/branch/w"]


def test_it_is_the_slowest_worker_that_is_named() -> None:
    tree = root(branch(worker("a"), worker("b", backoff=Backoff(1.0)), worker("c", backoff=Backoff()), within=60.0))

    assert "because of root/branch/b" in late(tree)[0].message


def test_between_hardly_ever_and_late_it_may_well_not_give_up() -> None:
    (found,) = late(root(worker(backoff=Backoff(2.0))))

    assert (found.severity, "may well not give up" in found.message) == (Severity.WARNING, True)
    assert (found.numbers["expected"], found.numbers["most"], found.numbers["failures"]) == (5.5, 11.0, 4)


def test_the_workers_of_a_pool_are_asked_about_once() -> None:
    tree = root(Pool("pool", worker(backoff=Backoff(4.0, 60.0)), size=3))

    assert [finding.path for finding in late(tree)] == ["root/pool/w"]


def test_a_budget_of_a_million_restarts_is_worked_out_at_once() -> None:
    (found,) = late(root(worker(backoff=Backoff()), max_restarts=10**6, within=3600.0))

    assert (found.numbers["probability"], found.numbers["method"]) == (0.0, "seeded simulation of 2,000 cases")
