"""What a stranger's program did to supervisors: each of these hung, lost or crashed something once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import Actor
from actors.testing import World, world
from supervisors import (
    Backoff,
    ChildNotFound,
    DynamicSupervisor,
    Pool,
    SpecError,
    SupervisionError,
    Supervisor,
    Tree,
    TreeEnded,
    by_key,
    child,
)


class Worker(Actor):
    """Answers what it is asked."""

    def receive(self, message: Any) -> Any:
        return message


class Slow(Actor):
    """Takes hours to stop."""

    async def stopping(self, reason: object) -> None:
        await asyncio.sleep(3600.0)


@pytest.mark.parametrize("call", ["terminate_child", "restart_child", "delete_child", "which_child", "get_childspec"])
@world()
async def test_a_call_about_nonsense_is_its_callers_error(w: World, call: str) -> None:
    async with Supervisor("t", [child(Worker, id="a")]).running(log=False) as tree:
        with pytest.raises((ChildNotFound, TypeError)):
            await getattr(tree, call)(["a"])

        assert await tree.ref("a").ask("here?") == "here?"


@world()
async def test_what_is_no_spec_is_not_started(w: World) -> None:
    async with DynamicSupervisor("t").running(log=False) as tree:
        with pytest.raises(SpecError):
            await tree.start_child(Tree("x"))  # type: ignore[arg-type]

        assert tree.is_alive


@world()
async def test_a_kind_of_supervisor_of_ones_own_is_run_as_what_it_derives_from(w: World) -> None:
    class Mine(Supervisor):
        pass

    async with Supervisor("t", [Mine("mine", [child(Worker, id="a")])]).running(log=False) as tree:
        assert await tree.ref("mine/a").ask("here?") == "here?"


@world()
async def test_an_orphan_that_will_not_stop_is_killed_and_its_supervisor_comes_back(w: World) -> None:
    async with Supervisor("t", [Supervisor("s", [child(Slow, id="a", shutdown=1.0)])]).running(log=False) as tree:
        tree.ref("s").kill()
        await w.advance(20.0)

        assert tree.missing() == []
        assert tree.ref("s/a").pid.incarnation == 2


@world()
async def test_a_block_left_by_an_error_stops_the_tree_as_one_left_well(w: World) -> None:
    log: list[str] = []

    class Late(Actor):
        async def stopping(self, reason: object) -> None:
            await asyncio.sleep(8.0)
            log.append(self.pid.name)

    specs = [child(Late, id=id, shutdown=20.0) for id in ("a", "b")]
    with pytest.raises(ZeroDivisionError):
        async with Supervisor("t", specs).running(log=False):
            raise ZeroDivisionError

    assert (log, w.now()) == (["t/b", "t/a"], 16.0)


@world()
async def test_a_tree_whose_root_was_killed_did_not_end_well(w: World) -> None:
    with pytest.raises(TreeEnded, match="killed"):  # noqa: PT012 - leaving the block is what raises
        async with Supervisor("t", [child(Worker, id="a")]).running(log=False) as tree:
            tree.kill()
            await tree.wait_ended()


@world()
async def test_a_call_while_a_supervisor_waits_for_its_next_life_is_answered_by_that(w: World) -> None:
    spec = Supervisor("s", [child(Worker, id="a")], backoff=Backoff(1.0, 1.0))
    async with Supervisor("t", [spec]).running(log=False) as tree:
        tree.ref("s").kill()
        await w.idle()

        assert (await tree.at("s").count_children()).active == 1


@world()
async def test_a_pool_counts_those_that_stay(w: World) -> None:
    class Busy(Actor):
        trap_exits = True

        async def receive(self, message: Any) -> None:
            await asyncio.sleep(0.5)

    async with Supervisor("t", [Pool("p", child(Busy, id="w"), size=4)]).running(log=False) as tree:
        pool = tree.at("p")
        for _ in range(8):
            tree.ref("p").tell("work")
        await w.idle()
        await pool.resize(1)
        await pool.resize(4)
        await pool.resize(3)
        await w.advance(10.0)

        assert (await pool.count_children()).active == 3


@world()
async def test_what_a_pool_without_workers_is_told_is_a_dead_letter(w: World) -> None:
    spec = Pool("p", child(Worker, id="w", restart="temporary"), size=1)
    async with Supervisor("t", [spec]).running(log=False) as tree:
        tree.ref("p/w-1").kill()
        await w.idle()
        tree.ref("p").tell("hello")
        await w.idle()

        assert [letter.message for letter in tree.system.dead_letters] == ["hello"]
        with pytest.raises(SupervisionError, match="no worker"):
            await tree.ref("p").ask("hello")


@world()
async def test_a_route_that_fails_on_a_message_harms_no_pool(w: World) -> None:
    spec = Pool("p", child(Worker, id="w"), route=by_key(lambda message: message["key"]), backoff=Backoff(1.0, 1.0))
    async with Supervisor("t", [spec]).running(log=False) as tree:
        tree.ref("p").kill()
        await w.idle()
        with pytest.raises(TypeError):  # the sender's error
            tree.ref("p").tell(3)
        await w.advance(5.0)

        assert tree.missing() == []
        assert await tree.ref("p").ask({"key": 1}) == {"key": 1}


@world()
async def test_start_limits_and_retries_leave_no_timers(w: World) -> None:
    class Slowly(Actor):
        async def started(self) -> None:
            await asyncio.sleep(0.1)

    class Fails(Actor):
        def started(self) -> None:
            if self.pid.incarnation > 1:
                raise ValueError

    spec = child(Fails, id="f", backoff=Backoff(1000.0, 1000.0), start_timeout=1000.0)
    async with Supervisor("t", [spec, child(Slowly, id="s", start_timeout=1000.0)]).running(log=False) as tree:
        await tree.ref("f").stop()
        await w.idle()
        await tree.terminate_child("f")
        timers = [timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]

        assert [timer for timer in timers if "Clerk" not in repr(timer)] == []  # the clerk's is over in a second
