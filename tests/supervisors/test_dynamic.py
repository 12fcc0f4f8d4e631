"""Dynamic supervisors: children that come and go, many of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors.testing import World, world
from supervisors import BRUTAL_KILL, Backoff, DynamicSupervisor, SpecError, Supervisor
from supervisors.errors import ChildFailed, ChildNotFound, ChildRunning, ChildStarted, MaxChildren
from supervisors.events import Died, Removed, Serving
from supervisors.handle import Handle
from tests.supervisors.fixtures import AsyncWorker, Crash, Note, Recorder, Worker, counts, end, fails, states


async def start_many(tree: Handle, r: Recorder, number: int, cls: type[Worker] = Worker, **options: Any) -> list[Any]:
    return [await tree.start_child(r.child(f"a{n}", cls, **options)) for n in range(number)]


# -- coming and going --------------------------------------------------------------------------------------------------


@world()
async def test_it_starts_empty(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        assert await counts(tree) == [0, 0, 0, 0]


@world()
async def test_it_may_be_a_child_of_another_supervisor(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [DynamicSupervisor("dyn"), r.child("a")])) as tree:
        ref = await tree.at("dyn").start_child(r.child("x"))

        assert (ref, await counts(tree)) == (tree.ref("dyn/x"), [2, 2, 1, 1])


@world()
async def test_a_started_child_answers_behind_the_ref_that_start_child_returned(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        ref = await tree.start_child(r.child("a"))

        assert ref is not None
        assert (ref.name, await ref.ask(Note("m"))) == ("top/a", "m by life 1")


@world()
async def test_the_same_id_twice_is_two_children(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        refs = [await tree.start_child(r.child("job")) for _ in range(3)]

        assert [ref.name for ref in refs if ref is not None] == ["top/job", "top/job~2", "top/job~3"]
        assert len(set(refs)) == 3


@world()
async def test_an_id_is_free_again_when_its_child_has_gone(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        for _ in range(3):
            ref = await tree.start_child(r.child("job", restart="temporary"))
            assert ref is not None
            assert ref.name == "top/job"
            end(ref, "normal")
            await w.idle()

        assert len(r.of(Removed)) == 3


@world()
async def test_supervisors_may_be_dynamic_children_and_ids_of_theirs_are_made_unique_too(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        refs = [await tree.start_child(Supervisor("sub", r.children("x"))) for _ in range(2)]

        assert [ref.name for ref in refs if ref is not None] == ["top/sub", "top/sub~2"]
        assert await states(tree.at("sub~2")) == {"x": "running"}
        assert await counts(tree) == [2, 2, 2, 0]


@world()
async def test_a_failed_start_is_not_kept(w: World) -> None:
    r = Recorder()
    r.plans["a"].append("fail")
    async with r.run(DynamicSupervisor("top", max_restarts=0)) as tree:
        await fails(tree.start_child(r.child("a")), ChildFailed)

        assert (await counts(tree), tree.is_alive) == ([0, 0, 0, 0], True)


@world()
async def test_a_significant_child_is_refused(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        error = await fails(tree.start_child(r.child("a", restart="temporary", significant=True)), SpecError)

        assert (error.field, await counts(tree)) == ("significant", [0, 0, 0, 0])


@world()
async def test_a_running_child_is_neither_deleted_nor_restarted_by_hand(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        await tree.start_child(r.child("a"))

        await fails(tree.delete_child("a"), ChildRunning)
        await fails(tree.restart_child("a"), ChildRunning)


@pytest.mark.parametrize(("shutdown", "reason"), [(5.0, "shutdown"), (BRUTAL_KILL, "killed")])
@world()
async def test_a_terminated_child_is_gone(w: World, shutdown: Any, reason: str) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        await tree.start_child(r.child("a", shutdown=shutdown))
        await tree.terminate_child("a")

        assert (r.take(), await counts(tree)) == (["+a", f"-a {reason}"], [0, 0, 0, 0])
        await fails(tree.terminate_child("a"), ChildNotFound)


@world()
async def test_one_slow_start_does_not_hold_up_the_answers_about_others(w: World) -> None:
    r = Recorder()
    r.always["slow"] = "hang"
    async with r.run(DynamicSupervisor("top")) as tree:
        await tree.start_child(r.child("a"))
        starting = asyncio.ensure_future(tree.start_child(r.child("slow", AsyncWorker)))
        await w.idle()

        assert (await states(tree), w.now()) == ({"a": "running", "slow": "starting"}, 0.0)
        await tree.terminate_child("slow")
        await fails(starting, ChildFailed)


# -- max_children ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0, 1, 5])
@world()
async def test_no_more_children_than_max_children(w: World, limit: int) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top", max_children=limit)) as tree:
        await start_many(tree, r, limit)
        error = await fails(tree.start_child(r.child("b")), MaxChildren)

        assert (error.limit, await counts(tree)) == (limit, [limit, limit, 0, limit])


@pytest.mark.parametrize("state", ["restarted", "waiting", "restarting"])
@world()
async def test_a_child_that_is_being_restarted_counts(w: World, state: str) -> None:
    r = Recorder()
    backoff = Backoff(10.0, 10.0) if state == "waiting" else None
    async with r.run(DynamicSupervisor("top", max_children=1)) as tree:
        ref = await tree.start_child(r.child("a", AsyncWorker, backoff=backoff))
        assert ref is not None
        if state == "restarting":
            r.plans["a"].append(5.0)
        end(ref)
        await w.idle()

        await fails(tree.start_child(r.child("b")), MaxChildren)


@pytest.mark.parametrize("how", ["end", "terminate", "ignore", "fail"])
@world()
async def test_there_is_room_again_after(w: World, how: str) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top", max_children=1)) as tree:
        if how in ("ignore", "fail"):
            r.plans["a"].append("ignore" if how == "ignore" else "fail")
        try:
            ref = await tree.start_child(r.child("a", restart="temporary"))
        except ChildFailed:
            ref = None
        if how == "end" and ref is not None:
            end(ref)
            await w.idle()
        elif how == "terminate":
            await tree.terminate_child("a")

        assert await tree.start_child(r.child("b")) is not None


# -- many --------------------------------------------------------------------------------------------------------------


@world()
async def test_ten_thousand_children_come_and_go(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        refs = await start_many(tree, r, 10_000, restart="temporary")
        before = await counts(tree)
        for ref in refs:
            end(ref, "normal")
        await w.idle()

        assert (before, await counts(tree)) == ([10_000, 10_000, 0, 10_000], [0, 0, 0, 0])


@world()
async def test_ten_thousand_children_are_stopped_in_the_time_of_the_slowest(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        await start_many(tree, r, 9_990)
        for n in range(10):
            await tree.start_child(r.child(f"slow{n}", AsyncWorker, linger=float(n % 4)))
        await tree.stop()

        assert (w.now(), tree.system.statistics().actors) == (3.0, 0)


@world()
async def test_a_storm_of_ten_thousand_crashes_brings_everybody_back_once(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top", max_restarts=10_000)) as tree:
        refs = await start_many(tree, r, 10_000)
        r.take()
        for ref in refs:
            ref.tell(Crash())
        await w.idle()

        assert (await counts(tree), len(r.of(Died)), len(r.of(Serving))) == (
            [10_000, 10_000, 0, 10_000],
            10_000,
            20_000,
        )
        assert {ref.pid.incarnation for ref in refs} == {2}


@world()
async def test_one_crash_more_than_the_budget_ends_them_all(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top", max_restarts=999)) as tree:
        for ref in await start_many(tree, r, 1000):
            ref.tell(Crash())

        assert (str(await tree.wait_ended()), w.now()) == ("shutdown", 0.0)
        await w.idle()
        assert tree.system.statistics().actors == 0


@world()
async def test_a_static_supervisor_refuses_an_id_that_a_dynamic_one_would_make_unique(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        await fails(tree.start_child(r.child("a")), ChildStarted)
