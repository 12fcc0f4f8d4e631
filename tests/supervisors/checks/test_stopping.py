"""How long a tree may take to stop: worked out, proved, and shown to be what a tree of the deaf really takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import Actor, Reason
from actors.testing import World, world
from supervisors.apoptosis.policy import Apoptosis, Lifetime
from supervisors.simulation import simulate
from supervisors.simulation.targets import workers_of
from supervisors.spec import BRUTAL_KILL, INFINITY, ChildSpec, Pool, Supervisor, Tree, child
from supervisors.validate import Claim, Finding, Proof, examine, stop_time

AGEING = Apoptosis(lifetime=Lifetime(seconds=60.0, jitter=0.0), ready_within=30.0)


def worker(id: str = "w", **options: Any) -> ChildSpec:
    return child(Actor, id=id, **options)


def stops(tree: Tree, **options: Any) -> dict[str, str]:
    return {each.path: each.message for each in examine(tree, **options).proofs if each.claim is Claim.STOPS}


TREE = Supervisor(
    "root",
    [
        worker("a", shutdown=1.0),
        Supervisor("branch", [worker("b", shutdown=2.0), worker("c", shutdown=3.0)], shutdown=6.0),
        Pool("pool", worker("d", shutdown=4.0), size=9),
    ],
)


def test_each_supervisor_is_shown_to_have_the_time_that_it_needs() -> None:
    assert stops(TREE) == {
        "root": "the tree stops within 10 s, one after the other",
        "root/branch": "its children stop within 5 s, one after the other; it has 6 s",
        "root/pool": "its children stop within 4 s, all at once; it has no limit",
    }


def test_a_tree_that_fits_its_grace_is_shown_to() -> None:
    assert stops(TREE, grace=10.0)["root"] == ("the tree stops within 10 s, one after the other; the program has 10 s")


def test_a_tree_that_does_not_is_found_with_its_figures() -> None:
    found = examine(TREE, grace=9.9).findings[0]

    assert (found.path, found.numbers) == ("root", {"needed": 10.0, "given": 9.9})


def test_what_may_take_for_ever_is_said_so_and_is_infinity_in_json() -> None:
    (found,) = [each for each in examine(Supervisor("root", [worker(shutdown=INFINITY)])).proofs if each.path == "root"]

    assert (found.message, found.to_dict()["numbers"]) == (
        "the tree stops within for ever, one after the other",
        {"needed": "infinity", "given": None},
    )


# -- successors on their way out -------------------------------------------------------------------------------------


class NeverReady(Actor):
    """Its successors do not become ready, and do not stop."""

    def ready(self) -> bool:
        return False

    async def stopping(self, reason: Reason) -> None:
        if self.pid.incarnation > 1:
            await asyncio.Event().wait()


def test_a_supervisor_waits_for_a_successor_that_it_called_off_no_longer_than_for_its_child() -> None:
    tree = Supervisor("root", [child(NeverReady, id="w", shutdown=0.5, apoptosis=AGEING)])

    async def main(w: World) -> float:
        async with tree.running(log=False) as running:
            await w.advance(70.0)
            began = w.now()
            await running.stop()
            return w.now() - began

    assert world(seed=1).run(main) == pytest.approx(0.5) == stop_time(tree)


def test_a_supervisor_waits_for_a_life_that_was_replaced_but_hangs_no_longer_than_for_its_child() -> None:
    tree = Supervisor("root", [worker("a", shutdown=4.0, apoptosis=AGEING), worker("b", shutdown=1.0)])

    outcome = simulate(tree, ["a hang at 1s"], length=61.0)

    assert outcome.accounts[0].replaced == 1
    assert outcome.stopping == pytest.approx(60.0 + 4.0 - 61.0)
    assert stop_time(tree) == 5.0


# -- the same in a simulation ----------------------------------------------------------------------------------------

times = st.sampled_from([BRUTAL_KILL, 0.0, 0.5, 1.0, 3.0])


@st.composite
def trees(draw: st.DrawFn, name: str = "root", depth: int = 2) -> Tree:
    """Supervisors and pools of workers, with all kinds of times to stop."""
    own = draw(st.sampled_from([INFINITY, INFINITY, 0.5, 2.0])) if name != "root" else INFINITY
    if draw(st.integers(0, 3)) == 0:
        return Pool(name, worker(shutdown=draw(times)), size=draw(st.integers(1, 3)), shutdown=own)
    specs: list[Any] = []
    for number in range(draw(st.integers(1, 3))):
        if depth and draw(st.booleans()):
            specs.append(draw(trees(f"s{number}", depth - 1)))
        else:
            specs.append(worker(f"w{number}", shutdown=draw(times)))
    return Supervisor(name, specs, shutdown=own)


@settings(max_examples=40)
@given(trees())
def test_a_tree_in_which_nobody_stops_when_asked_takes_exactly_what_was_worked_out(tree: Tree) -> None:
    faults = [f"{path} hang" for path in workers_of(tree)]

    assert simulate(tree, faults, length=1.0).stopping == pytest.approx(stop_time(tree))


def test_verdicts_are_findings_or_proofs_and_nothing_else() -> None:
    report = examine(TREE, grace=1.0)

    assert {type(each) for each in report.findings} == {Finding}
    assert {type(each) for each in report.proofs} == {Proof}
