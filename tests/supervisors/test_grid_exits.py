"""A child ends by itself: every restart type, every reason, every strategy; the exact log of starts and ends."""

from __future__ import annotations

import itertools
from typing import Any, Literal

import pytest

from actors import NOPROC
from actors.testing import World, world
from supervisors import DynamicSupervisor, Supervisor
from supervisors.events import Decision, Died, GaveUp
from tests.supervisors.fixtures import TOLD, AsyncWorker, Recorder, Trapper, Worker, counts, end, fails, states

RESTARTS = ("permanent", "transient", "temporary")
STRATEGIES = ("one_for_one", "one_for_all", "rest_for_one")
CLEAN = ("normal", "shutdown", "shutdown-detail")

GRID = [
    pytest.param(restart, how, strategy, id=f"{restart}-{how}-{strategy}")
    for restart, how, strategy in itertools.product(RESTARTS, TOLD, STRATEGIES)
]

GROUP = {"one_for_one": "b", "one_for_all": "abc", "rest_for_one": "bc"}
"""Whom a restart of ``b`` concerns, of the children ``a b c``."""


def is_restarted(restart: str, how: str) -> bool:
    return restart == "permanent" or (restart == "transient" and how not in CLEAN)


def log_of(restart: str, how: str, strategy: str) -> list[str]:
    """Its own end; then, if it is restarted, the others of its group stopped from the last and all started in order."""
    group = GROUP[strategy] if is_restarted(restart, how) else ""
    return [f"-b {TOLD[how]}", *(f"-{id} shutdown" for id in reversed(group) if id != "b"), *(f"+{id}" for id in group)]


class Case:
    """The children ``a b c``, of which ``b`` ends."""

    def __init__(self, restart: str, strategy: str, cls: type[Worker] = Worker) -> None:
        self.recorder = Recorder()
        a, b, c = (self.recorder.child(id, cls, restart=restart if id == "b" else "permanent") for id in "abc")
        options: dict[str, Any] = {"strategy": strategy}
        self.tree = Supervisor("top", [a, b, c], **options)


@pytest.mark.parametrize(("restart", "how", "strategy"), GRID)
@pytest.mark.parametrize("cls", [Worker, AsyncWorker, Trapper], ids=["plain", "async", "trapping"])
@world()
async def test_who_is_stopped_and_started_after_an_end(
    w: World, restart: str, how: str, strategy: str, cls: type[Worker]
) -> None:
    case = Case(restart, strategy, cls)
    async with case.recorder.run(case.tree) as tree:
        case.recorder.take()

        end(tree.ref("b"), how)
        await w.idle()

        assert case.recorder.take() == log_of(restart, how, strategy)


@pytest.mark.parametrize(("restart", "how", "strategy"), GRID)
@world()
async def test_what_is_left_after_an_end(w: World, restart: str, how: str, strategy: str) -> None:
    case = Case(restart, strategy)
    async with case.recorder.run(case.tree) as tree:
        end(tree.ref("b"), how)
        await w.idle()

        b = {} if restart == "temporary" else {"b": "running" if is_restarted(restart, how) else "stopped"}
        assert await states(tree) == {"a": "running", **b, "c": "running"}


@pytest.mark.parametrize(("restart", "how", "strategy"), GRID)
@world()
async def test_what_an_end_costs_of_the_budget(w: World, restart: str, how: str, strategy: str) -> None:
    case = Case(restart, strategy)
    async with case.recorder.run(case.tree) as tree:
        end(tree.ref("b"), how)
        await w.idle()

        assert tree.snapshot().restarts == int(is_restarted(restart, how))


@pytest.mark.parametrize(("restart", "how", "strategy"), GRID)
@world()
async def test_which_lives_are_new_after_an_end(w: World, restart: str, how: str, strategy: str) -> None:
    case = Case(restart, strategy)
    async with case.recorder.run(case.tree) as tree:
        refs = {id: tree.ref(id) for id in "abc"}

        end(refs["b"], how)
        await w.idle()

        group = GROUP[strategy] if is_restarted(restart, how) else ""
        assert {id for id, ref in refs.items() if ref.pid.incarnation == 2} == set(group)


@pytest.mark.parametrize(("restart", "how", "strategy"), GRID)
@world()
async def test_an_end_is_reported_once_with_its_reason_and_what_was_decided(
    w: World, restart: str, how: str, strategy: str
) -> None:
    case = Case(restart, strategy)
    async with case.recorder.run(case.tree) as tree:
        end(tree.ref("b"), how)
        await w.idle()

        decision = {"transient": Decision.LEAVE, "temporary": Decision.REMOVE}.get(restart, Decision.RESTART)
        decision = Decision.RESTART if is_restarted(restart, how) else decision
        assert [(died.path, str(died.reason), died.decision) for died in case.recorder.of(Died)] == [
            ("top/b", TOLD[how], decision)
        ]


# -- the same by dynamic supervisors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("restart", "how"),
    [pytest.param(restart, how, id=f"{restart}-{how}") for restart, how in itertools.product(RESTARTS, TOLD)],
)
@world()
async def test_a_dynamic_child_is_restarted_or_forgotten(w: World, restart: str, how: str) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        await tree.start_child(r.child("a", restart=restart))
        await tree.start_child(r.child("b"))
        r.take()

        end(tree.ref("a"), how)
        await w.idle()

        again = is_restarted(restart, how)
        assert (r.take(), await counts(tree)) == (
            [f"-a {TOLD[how]}", "+a"] if again else [f"-a {TOLD[how]}"],
            [2, 2, 0, 2] if again else [1, 1, 0, 1],
        )


# -- the counts that OTP's suite asks for ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("restart", "how", "expected"),
    [
        ("permanent", "normal", [1, 1, 0, 1]),
        ("permanent", "shutdown", [1, 1, 0, 1]),
        ("permanent", "abnormal", [1, 1, 0, 1]),
        ("transient", "normal", [1, 0, 0, 1]),
        ("transient", "shutdown", [1, 0, 0, 1]),
        ("transient", "abnormal", [1, 1, 0, 1]),
        ("temporary", "normal", [0, 0, 0, 0]),
        ("temporary", "shutdown", [0, 0, 0, 0]),
        ("temporary", "abnormal", [0, 0, 0, 0]),
    ],
)
@world()
async def test_specs_active_supervisors_and_workers_after_an_end(
    w: World, restart: Literal["permanent"], how: str, expected: list[int]
) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", restart=restart)])) as tree:
        end(tree.ref("a"), how)
        await w.idle()

        assert await counts(tree) == expected


@pytest.mark.parametrize("how", CLEAN)
@world()
async def test_a_finished_transient_child_can_be_started_again_by_hand(w: World, how: str) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", restart="transient")])) as tree:
        ref = tree.ref("a")
        end(ref, how)
        await w.idle()

        await tree.restart_child("a")

        assert (r.take(), ref.pid.incarnation) == (["+a", f"-a {TOLD[how]}", "+a"], 2)


@pytest.mark.parametrize("restart", RESTARTS)
@world()
async def test_an_exit_signal_is_a_reason_like_any_other(w: World, restart: str) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", restart=restart)])) as tree:
        tree.ref("a").exit(NOPROC)
        await w.idle()

        assert r.take() == (["+a", "-a noproc"] if restart == "temporary" else ["+a", "-a noproc", "+a"])


@world()
async def test_a_supervisor_outlives_the_last_of_its_temporary_children(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", r.children("a b", restart="temporary"))) as tree:
        for id in "ab":
            end(tree.ref(id))
        await w.advance(60.0)

        assert (tree.is_alive, await counts(tree), r.of(GaveUp)) == (True, [0, 0, 0, 0], [])


@world()
async def test_the_place_of_a_removed_temporary_child_is_not_known_any_more(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", restart="temporary"), r.child("b")])) as tree:
        end(tree.ref("a"))
        await w.idle()

        with pytest.raises(LookupError, match="the tree has nothing at 'a'"):
            tree.ref("a")


@world()
async def test_an_ask_of_a_finished_transient_child_fails_at_once(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", restart="transient")])) as tree:
        ref = tree.ref("a")
        end(ref, "shutdown-detail")
        await w.idle()

        error = await fails(ref.ask("anything", timeout=5.0))

        assert (type(error).__name__, str(error.reason), w.now()) == ("ActorDied", "noproc", 0.0)
