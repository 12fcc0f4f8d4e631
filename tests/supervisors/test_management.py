"""Management calls: what each answers in each state of a child, and what it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from actors import ActorDied
from actors.testing import World, world
from supervisors import BRUTAL_KILL, INFINITY, Backoff, ChildSpec, DynamicSupervisor, Pool, SpecError, Supervisor
from supervisors.errors import (
    ChildFailed,
    ChildNotFound,
    ChildPresent,
    ChildRestarting,
    ChildRunning,
    ChildStarted,
    SupervisionError,
)
from supervisors.events import Added, Removed, Serving, Unexpected
from supervisors.running import Running
from supervisors.spec import Spec
from tests.supervisors.fixtures import AsyncWorker, Note, Recorder, Worker, counts, end, fails, states

# -- every call in every state -----------------------------------------------------------------------------------------


async def running(w: World, r: Recorder, tree: Running) -> None:
    pass


async def stopped(w: World, r: Recorder, tree: Running) -> None:
    await tree.terminate_child("a")


async def finished(w: World, r: Recorder, tree: Running) -> None:
    end(tree.ref("a"), "normal")
    await w.idle()


async def starting(w: World, r: Recorder, tree: Running) -> None:
    r.plans["a"].append(5.0)
    end(tree.ref("a"))
    await w.idle()


async def stopping(w: World, r: Recorder, tree: Running) -> None:
    r.plans["b"].append(5.0)
    asyncio.ensure_future(tree.terminate_child("a"))  # noqa: RUF006 - ends with the world
    await w.idle()


async def restarting(w: World, r: Recorder, tree: Running) -> None:
    r.plans["b"].append(5.0)
    end(tree.ref("b"))
    await w.idle()
    end(tree.ref("a"))
    await w.idle()


async def waiting(w: World, r: Recorder, tree: Running) -> None:
    end(tree.ref("a"))
    await w.idle()


async def unknown(w: World, r: Recorder, tree: Running) -> None:
    await tree.terminate_child("a")
    await tree.delete_child("a")


Arrange = Callable[[World, Recorder, Running], Awaitable[None]]
Call = Callable[[Running, Recorder], Awaitable[Any]]

CALLS: dict[str, Call] = {
    "start": lambda tree, r: tree.start_child(r.child("a", AsyncWorker)),
    "terminate": lambda tree, r: tree.terminate_child("a"),
    "restart": lambda tree, r: tree.restart_child("a"),
    "delete": lambda tree, r: tree.delete_child("a"),
    "which": lambda tree, r: tree.which_child("a"),
    "spec": lambda tree, r: tree.get_childspec("a"),
}

OK = type(None)

MATRIX: list[tuple[Arrange, dict[str, type]]] = [
    (running, {"start": ChildStarted, "terminate": OK, "restart": ChildRunning, "delete": ChildRunning}),
    (starting, {"start": ChildStarted, "terminate": OK, "restart": ChildRunning, "delete": ChildRunning}),
    (stopping, {"start": ChildStarted, "terminate": OK, "restart": ChildRunning, "delete": ChildRunning}),
    (stopped, {"start": ChildPresent, "terminate": OK, "restart": OK, "delete": OK}),
    (finished, {"start": ChildPresent, "terminate": OK, "restart": OK, "delete": OK}),
    (restarting, {"start": ChildPresent, "terminate": OK, "restart": ChildRestarting, "delete": ChildRestarting}),
    (waiting, {"start": ChildPresent, "terminate": OK, "restart": OK, "delete": OK}),
    (
        unknown,
        {
            "start": OK,
            "terminate": ChildNotFound,
            "restart": ChildNotFound,
            "delete": ChildNotFound,
            "which": ChildNotFound,
            "spec": ChildNotFound,
        },
    ),
]

STATE_NAMES = {"finished": "stopped", "unknown": None}


def tree_for(arrange: Arrange, r: Recorder) -> Supervisor:
    a = r.child(
        "a",
        AsyncWorker,
        restart="transient" if arrange is finished else "permanent",
        linger=5.0 if arrange is stopping else 0.0,
        backoff=Backoff(5.0, 5.0) if arrange is waiting else None,
    )
    return Supervisor("top", [a, r.child("b", AsyncWorker)], max_restarts=9)


@pytest.mark.parametrize(
    ("arrange", "call", "expected"),
    [
        pytest.param(arrange, call, row.get(call, OK), id=f"{call}-{getattr(arrange, '__name__', '')}")
        for arrange, row in MATRIX
        for call in CALLS
    ],
)
@world()
async def test_what_a_call_answers_in_a_state(w: World, arrange: Arrange, call: str, expected: type) -> None:
    r = Recorder()
    async with r.run(tree_for(arrange, r)) as tree:
        await arrange(w, r, tree)

        if expected is OK:
            await CALLS[call](tree, r)
        else:
            assert type(await fails(CALLS[call](tree, r), SupervisionError)) is expected


@pytest.mark.parametrize("arrange", [row[0] for row in MATRIX[:-1]], ids=lambda arrange: str(arrange.__name__))
@world()
async def test_how_a_state_is_shown(w: World, arrange: Any) -> None:
    r = Recorder()
    async with r.run(tree_for(arrange, r)) as tree:
        await arrange(w, r, tree)
        info = await tree.which_child("a")

        assert (info.status, info.ref is not None) == (
            STATE_NAMES.get(arrange.__name__, arrange.__name__),
            arrange in (running, starting, stopping),
        )


# -- the life cycle of OTP's child_adm ---------------------------------------------------------------------------------


@world()
async def test_the_administration_of_a_child_from_beginning_to_end(w: World) -> None:
    r = Recorder()
    spec = r.child("a")
    async with r.run(Supervisor("top", [])) as tree:
        ref = await tree.start_child(spec)
        started = await fails(tree.start_child(spec), ChildStarted)
        assert started.ref == ref
        await fails(tree.terminate_child("b"), ChildNotFound)
        await tree.terminate_child("a")
        await tree.terminate_child("a")
        await fails(tree.start_child(spec), ChildPresent)
        assert await tree.restart_child("a") == ref
        await fails(tree.restart_child("a"), ChildRunning)
        await fails(tree.restart_child("b"), ChildNotFound)
        await fails(tree.delete_child("a"), ChildRunning)
        await tree.terminate_child("a")
        await fails(tree.delete_child("b"), ChildNotFound)
        await tree.delete_child("a")
        assert await counts(tree) == [0, 0, 0, 0]
        await tree.start_child(spec)

        assert r.take() == ["+a", "-a shutdown", "+a", "-a shutdown", "+a"]


# -- orders and counts -------------------------------------------------------------------------------------------------


@world()
async def test_which_children_shows_the_last_one_first(w: World) -> None:
    r = Recorder()
    async with r.top("a b c") as tree:
        await tree.start_child(r.child("d"))

        assert [info.id for info in await tree.which_children()] == ["d", "c", "b", "a"]


@world()
async def test_an_added_child_stands_last_and_is_stopped_first(w: World) -> None:
    r = Recorder()
    async with r.top("a b") as tree:
        await tree.start_child(r.child("c"))
        r.take()
        await tree.stop()

        assert r.take() == ["-c shutdown", "-b shutdown", "-a shutdown"]


@world()
async def test_a_restarted_child_keeps_its_slot(w: World) -> None:
    r = Recorder()
    async with r.top("a b c") as tree:
        await tree.terminate_child("a")
        await tree.restart_child("a")

        assert list(await states(tree)) == ["a", "b", "c"]


@world()
async def test_a_child_that_was_deleted_and_added_again_stands_last(w: World) -> None:
    r = Recorder()
    async with r.top("a b c") as tree:
        await tree.terminate_child("a")
        await tree.delete_child("a")
        await tree.start_child(r.child("a"))

        assert list(await states(tree)) == ["b", "c", "a"]


@world()
async def test_counts_tell_supervisors_from_workers_dead_or_alive(w: World) -> None:
    r = Recorder()
    sub = Supervisor("sub", r.children("x y"))
    specs: list[Spec] = [r.child("a"), sub, DynamicSupervisor("dyn"), Pool("pool", r.child("w"))]
    async with r.run(Supervisor("top", specs)) as tree:
        before = await counts(tree)
        await tree.terminate_child("sub")
        await tree.terminate_child("a")

        assert (before, await counts(tree)) == ([4, 4, 3, 1], [4, 2, 3, 1])


@world()
async def test_dynamic_counts_fall_with_every_end(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        refs = [await tree.start_child(r.child(f"a{n}", restart="temporary")) for n in range(100)]
        before = await counts(tree)
        for ref in refs[:40]:
            assert ref is not None
            ref.kill()
        await w.idle()

        assert (before, await counts(tree)) == ([100, 100, 0, 100], [60, 60, 0, 60])


@world()
async def test_a_child_may_be_a_supervisor_added_by_hand(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        ref = await tree.start_child(Supervisor("sub", r.children("x")))

        assert (ref, await states(tree.at("sub"))) == (tree.ref("sub"), {"x": "running"})


# -- specs -------------------------------------------------------------------------------------------------------------


@world()
async def test_get_childspec_has_all_defaults(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a"), Supervisor("sub", [])])) as tree:
        a, sub = await tree.get_childspec("a"), await tree.get_childspec("sub")

        assert isinstance(a, ChildSpec)
        assert (a.restart, a.shutdown, a.significant, a.backoff, a.start_timeout) == (
            "permanent",
            5.0,
            False,
            None,
            30.0,
        )
        assert (sub.restart, sub.shutdown, sub.max_restarts, sub.within) == ("permanent", INFINITY, 3, 5.0)


@world()
async def test_get_childspec_is_what_was_given(w: World) -> None:
    r = Recorder()
    spec = r.child("a", restart="temporary", shutdown=BRUTAL_KILL)
    async with r.run(DynamicSupervisor("top")) as tree:
        await tree.start_child(spec)

        assert await tree.get_childspec("a") == spec


@pytest.mark.parametrize("junk", [None, "a", 7, Worker, ("a", Worker), object()])
@world()
async def test_start_child_refuses_what_is_no_spec_in_the_caller(w: World, junk: Any) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        await tree.terminate_child("a")
        r.take()

        assert isinstance(await fails(tree.start_child(junk)), SpecError)
        assert await counts(tree) == [1, 0, 0, 1]


@world()
async def test_start_child_refuses_a_significant_child_under_never(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        error = await fails(tree.start_child(r.child("b", restart="transient", significant=True)), SpecError)

        assert (error.field, error.value) == ("significant", True)


@world()
async def test_start_child_takes_a_significant_child_where_that_means_something(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", r.children("a"), auto_shutdown="any_significant")) as tree:
        await tree.start_child(r.child("b", restart="transient", significant=True))
        end(tree.ref("b"), "normal")
        await w.idle()

        assert not tree.is_alive


# -- what a call leaves behind -----------------------------------------------------------------------------------------


@world()
async def test_a_terminated_child_refuses_messages_and_a_restarted_one_takes_them_again(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        ref = tree.ref("a")
        await tree.terminate_child("a")
        error = await fails(ref.ask(Note("x")), ActorDied)
        await tree.restart_child("a")

        assert (str(error.reason), await ref.ask(Note("y"))) == ("noproc", "y by life 2")


@world()
async def test_a_deleted_and_added_child_lives_behind_a_new_ref(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        old = tree.ref("a")
        await tree.terminate_child("a")
        await tree.delete_child("a")
        new = await tree.start_child(r.child("a"))

        assert new is not None
        assert (new == old, old.is_alive, new.is_alive) == (False, False, True)


@world()
async def test_terminating_a_temporary_child_removes_it(w: World) -> None:
    r = Recorder()
    async with r.top("a", restart="permanent") as tree:
        await tree.start_child(r.child("b", restart="temporary"))
        await tree.terminate_child("b")

        assert await states(tree) == {"a": "running"}
        await fails(tree.terminate_child("b"), ChildNotFound)


@world()
async def test_terminating_a_dynamic_child_removes_it(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        await tree.start_child(r.child("a"))
        await tree.terminate_child("a")

        await fails(tree.terminate_child("a"), ChildNotFound)
        await fails(tree.restart_child("a"), ChildNotFound)
        assert await counts(tree) == [0, 0, 0, 0]


@world()
async def test_added_and_removed_children_are_announced(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        await tree.start_child(r.child("b"))
        await tree.terminate_child("b")
        await tree.delete_child("b")

        assert [(e.path, e.kind) for e in r.of(Added)] == [("top/b", "worker")]
        assert [(e.path, e.why) for e in r.of(Removed)] == [("top/b", "deleted")]


@world()
async def test_a_start_by_hand_makes_up_for_no_death(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        await tree.terminate_child("a")
        await w.advance(9.0)
        await tree.restart_child("a")

        assert [(e.life, e.gap) for e in r.of(Serving)] == [(1, None), (2, None)]


# -- calls that race ---------------------------------------------------------------------------------------------------


@world()
async def test_everybody_who_terminates_the_same_child_is_answered_when_it_is_gone(w: World) -> None:
    r = Recorder()
    async with r.top("a", AsyncWorker) as tree:
        await tree.start_child(r.child("b", AsyncWorker, linger=2.0))
        await asyncio.gather(tree.terminate_child("b"), tree.terminate_child("b"), tree.terminate_child("b"))

        assert (w.now(), (await states(tree))["b"]) == (2.0, "stopped")


@world()
async def test_start_child_and_terminate_child_race_and_both_are_answered(w: World) -> None:
    r = Recorder()
    r.always["b"] = "hang"
    async with r.top("a") as tree:
        starting = asyncio.ensure_future(tree.start_child(r.child("b", AsyncWorker)))
        await w.idle()
        await tree.terminate_child("b")

        assert isinstance(await fails(starting), ChildFailed)
        assert w.now() == 0.0


@pytest.mark.parametrize("call", ["start", "terminate", "restart", "delete", "which", "spec"])
@world()
async def test_a_call_to_a_supervisor_that_has_ended_fails_at_once(w: World, call: str) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        await tree.stop()

        assert isinstance(await fails(CALLS[call](tree, r)), ActorDied)


@world()
async def test_a_start_that_waits_for_its_turn_when_the_supervisor_ends_is_answered_with_an_error(w: World) -> None:
    r = Recorder()
    async with r.top("a b", AsyncWorker) as tree:
        await tree.terminate_child("a")
        r.plans["b"].append("hang")
        end(tree.ref("b"))
        await w.idle()
        calls = [asyncio.ensure_future(call) for call in (tree.start_child(r.child("c")), tree.restart_child("a"))]
        await w.idle()
        waiting = [call.done() for call in calls]
        await tree.stop()

        assert (waiting, [type(await fails(call)) for call in calls]) == ([False, False], [ChildFailed, ChildFailed])


@world()
async def test_a_termination_that_goes_on_when_the_supervisor_ends_is_answered(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a"), r.child("b", AsyncWorker, linger=2.0)])) as tree:
        asked = asyncio.ensure_future(tree.terminate_child("b"))
        await w.idle()
        await tree.stop()

        assert (asked.done(), asked.exception(), w.now()) == (True, None, 2.0)


@world()
async def test_a_cancelled_caller_leaves_the_child_it_asked_for(w: World) -> None:
    r = Recorder()
    r.plans["b"].append(2.0)
    async with r.top("a") as tree:
        asked = asyncio.ensure_future(tree.start_child(r.child("b", AsyncWorker)))
        await w.advance(1.0)
        asked.cancel()
        await w.advance(2.0)

        assert (await states(tree))["b"] == "running"


# -- junk --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("junk", ["text", 7, None, object(), ("tuple",)])
@pytest.mark.parametrize("kind", [Supervisor, DynamicSupervisor])
@world()
async def test_a_message_that_no_supervisor_understands_is_reported_and_harmless(
    w: World, junk: Any, kind: Any
) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", r.children("a")) if kind is Supervisor else DynamicSupervisor("top")) as tree:
        tree.system.whereis("top").tell(junk)  # type: ignore[union-attr]
        await w.idle()

        assert ([(e.path, e.message) for e in r.of(Unexpected)], tree.is_alive) == (
            [("top", type(junk).__name__)],
            True,
        )


@world()
async def test_a_question_that_no_supervisor_understands_is_answered_with_an_error(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Supervisor("sub", r.children("a"))])) as tree:
        error = await fails(tree.ref("sub").ask("what is the time?"), TypeError)

        assert ("top/sub is a supervisor" in str(error), tree.ref("sub").is_alive) == (True, True)


# -- a child whose first start has not come yet ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "left"),
    [
        ("terminate", {"a": "running", "b": "stopped"}),
        ("restart", {"a": "running", "b": "running"}),
        ("delete", {"a": "running"}),
    ],
)
@world()
async def test_a_child_that_waits_for_its_first_start_can_be_managed(w: World, call: str, left: dict[str, str]) -> None:
    r = Recorder()
    sub = Supervisor("sub", r.children("a b", AsyncWorker), max_restarts=0)
    r.plans["a"].extend(["ok", 2.0])
    async with r.run(Supervisor("top", [sub])) as tree:
        tree.ref("sub").kill()
        await w.idle()
        managed: Any = getattr(tree.at("sub"), f"{call}_child")
        asked = asyncio.ensure_future(managed("b"))
        await w.advance(3.0)

        assert (asked.done(), asked.exception()) == (True, None)
        assert (await states(tree.at("sub")), tree.snapshot().restarts) == (left, 1)
