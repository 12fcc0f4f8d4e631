"""Lifetimes against the disruption budget: kept up with, or outlived by how much."""

from __future__ import annotations

from typing import Any

import pytest

from actors import Actor
from supervisors.apoptosis.policy import Apoptosis, Disruption, Lifetime
from supervisors.simulation import simulate
from supervisors.spec import DynamicSupervisor, Pool, Spec, Supervisor, Tree, child
from supervisors.validate import Claim, Code, Finding, Proof, Severity, examine


def ageing(seconds: float = 3600.0, jitter: float = 0.2, **options: Any) -> Apoptosis:
    return Apoptosis(lifetime=Lifetime(seconds=seconds, jitter=jitter), **options)


def pool(size: int, policy: Apoptosis | None = None, **options: Any) -> Pool:
    return Pool("pool", child(Actor, id="w", apoptosis=policy or ageing()), size=size, **options)


def found(tree: Tree, code: Code, **options: Any) -> list[Finding]:
    return [each for each in examine(tree, **options).findings if each.code is code]


def proved(tree: Tree, **options: Any) -> list[Proof]:
    return [each for each in examine(tree, **options).proofs if each.claim is Claim.LIFETIMES]


def test_workers_whose_replacements_fit_into_the_budget_are_shown_to() -> None:
    (proof,) = proved(pool(100))

    assert proof.message == (
        "the lifetimes of its workers (100, from 3600 s) need 0.972 under replacement on average if each takes at "
        "worst 35 s, and 1 at once is allowed"
    )
    assert proof.numbers["keeps_up_below"] == pytest.approx(36.0)


def test_a_lifetime_that_they_must_outlive_is_found_with_the_time_that_would_do() -> None:
    (finding,) = found(pool(200), Code.LIFETIME_OUTLIVED)

    assert finding.severity is Severity.NOTE
    assert finding.message == (
        "the lifetimes of its workers (200, from 3600 s) need 1.94 under replacement on average if each takes at worst "
        "35 s, and 1 at once is allowed: they would live 1.94 times as long as they should; the budget keeps up while "
        "a replacement takes no more than 18 s"
    )


@pytest.mark.parametrize(("seconds", "severity"), [(17.0, None), (19.0, Severity.WARNING)])
def test_a_time_that_is_known_is_reckoned_with_and_is_worth_a_warning(
    seconds: float, severity: Severity | None
) -> None:
    findings = found(pool(200), Code.LIFETIME_OUTLIVED, replacement=seconds)

    assert [each.severity for each in findings] == ([] if severity is None else [severity])


@pytest.mark.parametrize("disruption", [Disruption(at_once=2), Disruption(at_once=9, everywhere=2)])
def test_more_at_once_keep_up(disruption: Disruption) -> None:
    assert found(pool(200, disruption=disruption), Code.LIFETIME_OUTLIVED) == []


def test_the_budget_of_those_above_holds_for_all_below_it_together() -> None:
    halls = [Supervisor(f"hall{n}", [pool(60)]) for n in range(2)]
    tree = Supervisor("root", halls, disruption=Disruption(everywhere=1))

    (finding,) = found(tree, Code.LIFETIME_OUTLIVED)

    assert (finding.path, finding.numbers["workers"], finding.numbers["allowed"]) == ("root", 120, 1)


def test_a_policy_of_the_supervisor_is_that_of_its_workers_and_of_no_others() -> None:
    tree = Supervisor(
        "root",
        [child(Actor, id="a"), Supervisor("branch", [child(Actor, id="b")])],
        apoptosis=ageing(),
    )

    assert [proof.numbers["workers"] for proof in proved(tree)] == [1]


def test_a_lifetime_in_messages_cannot_be_judged() -> None:
    policy = Apoptosis(lifetime=Lifetime(messages=1000))

    assert (proved(pool(100, policy)), found(pool(100, policy), Code.LIFETIME_OUTLIVED)) == ([], [])


@pytest.mark.parametrize(
    "tree",
    [
        pool(2, disruption=Disruption(at_once=0)),
        pool(2, disruption=Disruption(everywhere=0)),
        Supervisor("root", [pool(2)], disruption=Disruption(everywhere=0)),
    ],
    ids=["group", "own-tree", "above"],
)
def test_a_budget_of_nothing_forbids_what_the_policy_wants(tree: Tree) -> None:
    (finding,) = found(tree, Code.NEVER_REPLACED)

    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(("size", "jitter", "count"), [(2, 0.0, 1), (1, 0.0, 0), (2, 0.1, 0)])
def test_siblings_without_jitter_are_due_together(size: int, jitter: float, count: int) -> None:
    assert len(found(pool(size, ageing(jitter=jitter)), Code.LIFETIMES_IN_STEP)) == count


def test_lifetimes_that_differ_are_not_in_step() -> None:
    specs: list[Spec] = [child(Actor, id=f"w{n}", apoptosis=ageing(3600.0 + n, 0.0)) for n in range(3)]

    assert found(Supervisor("root", specs), Code.LIFETIMES_IN_STEP) == []


@pytest.mark.parametrize(
    ("policy", "count"),
    [
        (ageing(20.0), 1),
        (ageing(30.0), 0),
        (ageing(5.0, ready_within=1.0, every=10.0), 1),
        (ageing(10.0, ready_within=1.0, every=10.0), 0),
    ],
    ids=["before-it-is-ready", "just-ready", "between-two-check-ups", "at-each-check-up"],
)
def test_a_lifetime_that_is_over_before_it_can_be_acted_on_is_found(policy: Apoptosis, count: int) -> None:
    assert len(found(pool(1, policy), Code.LIFETIME_TOO_SHORT)) == count


@pytest.mark.parametrize(
    ("floor", "size", "count"), [(1.0, 2, 1), (0.6, 2, 1), (0.5, 2, 0), (1.0, 1, 0), (0.9, 10, 0), (0.91, 10, 1)]
)
def test_a_floor_that_two_damaged_workers_keep_each_other_below_is_found(floor: float, size: int, count: int) -> None:
    assert len(found(pool(size, disruption=Disruption(floor=floor)), Code.FLOOR_BLOCKS)) == count


def test_a_temporary_child_that_has_a_successor_planned_is_noted() -> None:
    tree = Supervisor("root", [child(Actor, id="w", restart="temporary", apoptosis=ageing())])

    assert [each.severity for each in found(tree, Code.TEMPORARY_REPLACED)] == [Severity.NOTE]


def test_a_dynamic_supervisor_has_no_workers_to_judge_yet() -> None:
    assert proved(DynamicSupervisor("jobs", apoptosis=ageing())) == []


# -- the same in a simulation ------------------------------------------------------------------------------------------


def lived(took: str, size: int) -> float:
    """Mean lifetime, in parts of what it should be, of workers whose successors take ``took`` to start."""
    outcome = simulate(
        pool(size, ageing(200.0)), [f"w-{n} slow {took} at 1s" for n in range(1, size + 1)], length=4000.0
    )
    replaced = sum(account.replaced for account in outcome.accounts)
    return size * outcome.length / replaced / 200.0


def test_a_simulated_pool_keeps_up_where_the_proof_says_so() -> None:
    assert found(pool(10, ageing(200.0)), Code.LIFETIME_OUTLIVED, replacement=10.0) == []
    assert lived("10s", 10) == pytest.approx(1.0, abs=0.15)


def test_a_simulated_pool_outlives_its_lifetimes_by_what_the_finding_says() -> None:
    (finding,) = found(pool(10, ageing(200.0)), Code.LIFETIME_OUTLIVED, replacement=29.0)

    assert finding.numbers["under_way"] == pytest.approx(1.45)
    assert lived("29s", 10) == pytest.approx(1.45, abs=0.1)
