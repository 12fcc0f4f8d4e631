"""Planned death once more, with every patient in a simulated process: made before broken, nothing lost, nobody left."""

from __future__ import annotations

from typing import Any

import pytest

from actors import Actor, handle
from actors.evidence import Harm
from actors.places.place import Process
from actors.signs import Signs
from actors.testing import World, world
from supervisors import Apoptosis, Supervisor, child
from supervisors.apoptosis.elsewhere import QUIET, Elsewhere
from supervisors.apoptosis.events import Damaged, Replaced
from supervisors.apoptosis.policy import Weights
from supervisors.running import Running

MB = 1_000_000


def looked(*looks: tuple[float, Signs]) -> Elsewhere:
    elsewhere = Elsewhere()
    for now, seen in looks:
        elsewhere.look(seen, now)
    return elsewhere


def harms(elsewhere: Elsewhere, **targets: Any) -> list[tuple[Harm, str]]:
    return [(each.harm, each.what) for each in elsewhere.findings(Apoptosis(**targets))]


def test_memory_is_that_of_its_own_process() -> None:
    elsewhere = looked((0.0, Signs(memory=300 * MB)))

    assert harms(elsewhere, memory=200 * MB) == [(Harm.MEMORY, "its process holds 300 MB")]
    assert harms(elsewhere, memory=400 * MB) == []
    assert harms(elsewhere) == []


def test_load_is_its_share_of_a_core_between_two_looks() -> None:
    elsewhere = looked((0.0, Signs(cpu=5.0)), (1.0, Signs(cpu=5.25)), (3.0, Signs(cpu=6.25)))

    assert elsewhere.load == 0.5
    assert harms(elsewhere, load=0.4) == [(Harm.LOAD, "takes 50% of a core")]
    assert harms(elsewhere, load=0.6) == []


def test_one_look_is_no_share_and_neither_are_two_at_once() -> None:
    assert looked((0.0, Signs(cpu=5.0))).load is None
    assert looked((0.0, Signs(cpu=5.0)), (0.01, Signs(cpu=5.01))).load is None


def test_several_threads_take_no_more_than_all_of_a_core() -> None:
    assert looked((0.0, Signs(cpu=0.0)), (1.0, Signs(cpu=7.0))).load == 1.0


def test_silence_is_evidence_when_no_heartbeat_can_explain_it() -> None:
    assert harms(looked((0.0, Signs(silence=QUIET)))) == []
    assert harms(looked((0.0, Signs(silence=1.5)))) == [(Harm.BLOCKED, "has given no sign of life for 1.5 s")]


def test_who_waits_for_a_core_is_not_to_blame_for_its_silence() -> None:
    looks = [(0.0, Signs(cpu=1.0, silence=0.0, can_run=True)), (2.0, Signs(cpu=1.2, silence=2.0, can_run=True))]

    assert harms(looked(*looks)) == []
    assert harms(looked(*looks, (5.0, Signs(cpu=2.5, silence=5.0, can_run=True)))) == [
        (Harm.BLOCKED, "has given no sign of life for 1.5 s")
    ], "it had a core for that long"


def test_who_sleeps_or_was_stopped_is() -> None:
    looks = [(0.0, Signs(cpu=1.0, silence=0.0, can_run=False)), (2.0, Signs(cpu=1.0, silence=2.0, can_run=False))]

    assert harms(looked(*looks)) == [(Harm.BLOCKED, "has given no sign of life for 2 s")]


def test_silence_beyond_the_target_of_latency_is_slow() -> None:
    elsewhere = looked((0.0, Signs(silence=1.5)))

    assert [harm for harm, _ in harms(elsewhere, latency=1.2)] == [Harm.SLOW]
    assert [harm for harm, _ in harms(elsewhere, latency=2.0)] == [Harm.BLOCKED]


def test_what_is_not_known_is_not_held_against_it() -> None:
    assert harms(looked((0.0, Signs())), memory=1, load=0.01, latency=0.01) == []


# -- in a tree ---------------------------------------------------------------------------------------------------------


class Patient(Actor):
    """Handles numbers; a ``ValueError`` is tolerated."""

    def __init__(self) -> None:
        self.total = 0

    def bequeath(self) -> int:
        return self.total

    def inherit(self, estate: int) -> None:
        self.total = estate

    @handle
    async def add(self, message: int) -> int:
        if message < 0:
            raise ValueError(f"{message} is too little")
        self.total += message
        return self.total


def tree_of(**targets: Any) -> Supervisor:
    policy = Apoptosis(every=1.0, **targets)
    return Supervisor("top", [child(Patient, id="a", place=Process(), apoptosis=policy)], max_restarts=0)


def show(tree: Running, seen: Signs) -> None:
    tree.ref("a")._cell.actor._lodging.seen = seen


@pytest.mark.parametrize(
    ("targets", "seen", "harm"),
    [
        ({"memory": 100 * MB}, Signs(memory=150 * MB), "memory"),
        ({}, Signs(silence=1.4), "blocked"),
        ({"latency": 1.0}, Signs(silence=1.4), "slow"),
    ],
    ids=["memory", "silence", "latency"],
)
def test_a_life_that_is_ill_elsewhere_is_replaced_and_nothing_is_lost(
    targets: dict[str, Any], seen: Signs, harm: str
) -> None:
    async def run(w: World) -> None:
        async with tree_of(weights=Weights(slow=3.0), **targets).running() as tree:
            events: list[Any] = []
            tree.system.events.subscribe(events.append)
            show(tree, seen)
            for _ in range(80):
                tree.ref("a").tell(1)
                await w.advance(0.05)
            vitals = tree.vitals("a")

            assert {event.harm for event in events if isinstance(event, Damaged)} == {harm}
            assert [event.life for event in events if isinstance(event, Replaced)] == [2]
            assert await tree.ref("a").ask(0) == 80
            assert vitals is not None
            assert (vitals.memory, vitals.silence) == (None, None), "of another life"

    world().run(run)


@world()
async def test_load_and_memory_of_a_process_are_among_its_vitals(w: World) -> None:
    async with tree_of(memory=500 * MB, load=0.9).running() as tree:
        for second in range(5):
            show(tree, Signs(memory=100 * MB + second, cpu=second * 0.25, silence=0.0))
            await w.advance(1.0)
        vitals = tree.vitals("a")

        assert vitals is not None
        assert (vitals.load, vitals.memory, vitals.silence) == (0.25, 100 * MB + 4, 0.0)


@world()
async def test_exceptions_that_are_tolerated_are_evidence_from_elsewhere_too(w: World) -> None:
    async with tree_of(tolerate=(ValueError,)).running() as tree:
        for _ in range(2):
            tree.ref("a").tell(-1)
        await w.advance(0.5)
        vitals = tree.vitals("a")
        tree.ref("a").tell(-1)
        await w.advance(0.5)

        assert vitals is not None
        assert (vitals.errors, vitals.alpha) == (2, 2.0)
        assert tree.ref("a").pid.incarnation == 2


@world()
async def test_messages_on_their_way_are_not_yet_done(w: World) -> None:
    async with tree_of().running() as tree:
        for _ in range(50):
            tree.ref("a").tell(1)
        await w.advance(0.00001)
        vitals = tree.vitals("a")
        await w.advance(1.0)
        later = tree.vitals("a")

        assert vitals is not None
        assert later is not None
        assert (vitals.handled, later.handled) == (0, 50)
