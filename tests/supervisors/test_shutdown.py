"""How children are stopped: order, time, reasons, and children that make it hard."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import KILLED, NORMAL, SHUTDOWN, ActorDied, Shutdown, StopTimeout, handle
from actors.testing import World, world
from supervisors import BRUTAL_KILL, INFINITY, DynamicSupervisor, Pool, Supervisor
from supervisors.events import Ending, Stopped
from tests.supervisors.fixtures import (
    TOLD,
    AsyncWorker,
    Boom,
    Do,
    Note,
    Recorder,
    Sleep,
    Trapper,
    Worker,
    counts,
    end,
    fails,
    states,
)

KINDS = pytest.mark.parametrize("cls", [Worker, AsyncWorker, Trapper], ids=["plain", "async", "trapping"])

# -- order and time ----------------------------------------------------------------------------------------------------


@KINDS
@world()
async def test_children_are_stopped_from_the_last_to_the_first(w: World, cls: type[Worker]) -> None:
    r = Recorder()
    async with r.top("a b c", cls) as tree:
        await tree.stop()

        assert r.take() == ["-c shutdown", "-b shutdown", "-a shutdown"]


@world()
async def test_static_children_are_stopped_one_after_the_other(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", r.children("a b c", AsyncWorker, linger=1.0))) as tree:
        r.take()
        await tree.stop()

        assert (w.now(), r.take()) == (
            3.0,
            ["-c shutdown", "c lingered", "-b shutdown", "b lingered", "-a shutdown", "a lingered"],
        )


@pytest.mark.parametrize("lingers", [(1.0, 1.0, 1.0), (1.0, 3.0, 2.0), (0.0, 0.0, 4.0)])
@world()
async def test_dynamic_children_are_stopped_all_at_once(w: World, lingers: tuple[float, ...]) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        for n, linger in enumerate(lingers):
            await tree.start_child(r.child(f"a{n}", AsyncWorker, linger=linger))
        await tree.stop()

        assert w.now() == max(lingers)


@world()
async def test_the_workers_of_a_pool_are_stopped_all_at_once(w: World) -> None:
    r = Recorder()
    async with r.run(Pool("top", r.child("w", AsyncWorker, linger=2.0), size=5)) as tree:
        await tree.stop()

        assert w.now() == 2.0


@world()
async def test_each_dynamic_child_has_its_own_time(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        for n, shutdown in enumerate((1.0, 3.0, 2.0)):
            await tree.start_child(r.child(f"a{n}", AsyncWorker, linger=99.0, shutdown=shutdown))
        await tree.stop()

        assert {e.path[-2:]: e.took for e in r.of(Stopped)} == {"a0": 1.0, "a1": 3.0, "a2": 2.0}


@world()
async def test_a_subtree_is_stopped_whole_before_its_elder_sibling(w: World) -> None:
    r = Recorder()
    sub = Supervisor("sub", r.children("x y", AsyncWorker, linger=1.0))
    async with r.run(Supervisor("top", [r.child("a"), sub, r.child("b")])) as tree:
        r.take()
        await tree.stop()

        assert r.take() == ["-b shutdown", "-y shutdown", "y lingered", "-x shutdown", "x lingered", "-a shutdown"]


# -- the time is up ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shutdown", [0.5, 5.0, 60.0])
@world()
async def test_a_child_that_outstays_its_time_is_killed_then(w: World, shutdown: float) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", AsyncWorker, linger=999.0, shutdown=shutdown)])) as tree:
        r.take()
        await tree.stop()

        assert (w.now(), r.take()) == (shutdown, ["-a shutdown", "-a killed"])


@world()
async def test_a_killed_latecomer_does_not_change_the_reason_of_its_supervisor(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", AsyncWorker, linger=999.0)])) as tree:
        await tree.stop()

        assert await tree.wait_ended() == SHUTDOWN


@world()
async def test_five_seconds_are_the_default_time_of_a_worker(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", AsyncWorker, linger=999.0)])) as tree:
        await tree.stop()

        assert w.now() == 5.0


@world()
async def test_a_supervisor_has_all_the_time_that_its_children_need(w: World) -> None:
    r = Recorder()
    sub = Supervisor("sub", r.children("x y", AsyncWorker, linger=999.0, shutdown=100.0))
    async with r.run(Supervisor("top", [sub])) as tree:
        r.take()
        await tree.stop()

        assert (w.now(), r.take()) == (200.0, ["-y shutdown", "-y killed", "-x shutdown", "-x killed"])


@world()
async def test_a_supervisor_with_a_time_limit_is_killed_with_all_below_it(w: World) -> None:
    r = Recorder()
    sub = Supervisor("sub", r.children("x y", AsyncWorker, linger=2.0), shutdown=1.0)
    async with r.run(Supervisor("top", [sub])) as tree:
        x = tree.ref("sub/x")
        await tree.stop()
        await w.advance(10.0)

        assert (x.is_alive, [str(e.reason) for e in r.of(Stopped) if e.path == "top/sub"]) == (False, ["killed"])


@world()
async def test_infinity_waits_for_as_long_as_it_takes(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", AsyncWorker, linger=1e6, shutdown=INFINITY)])) as tree:
        r.take()
        await tree.stop()

        assert (w.now(), r.take()) == (1e6, ["-a shutdown", "a lingered"])


@KINDS
@world()
async def test_brutal_kill_runs_no_hook(w: World, cls: type[Worker]) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", cls), r.child("b", cls, shutdown=BRUTAL_KILL)])) as tree:
        r.take()
        await tree.stop()

        assert r.take() == ["-b killed", "-a shutdown"]


@world()
async def test_brutal_kill_of_a_busy_child_takes_no_time(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", AsyncWorker, shutdown=BRUTAL_KILL)])) as tree:
        tree.ref("a").tell(Sleep(100.0))
        await w.idle()
        await tree.stop()

        assert w.now() == 0.0


@world()
async def test_ten_brutally_killed_dynamic_children_are_all_killed(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        for n in range(10):
            await tree.start_child(r.child(f"a{n}", shutdown=BRUTAL_KILL))
        await tree.stop()

        assert ([e.reason for e in r.of(Stopped)], await tree.wait_ended()) == ([KILLED] * 10, SHUTDOWN)


@world()
async def test_no_time_at_all_lets_an_idle_child_end_by_itself(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", shutdown=0)])) as tree:
        r.take()
        await tree.stop()

        assert r.take() == ["-a shutdown"]


@world()
async def test_no_time_at_all_kills_a_trapping_child_at_work(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", Trapper, shutdown=0)])) as tree:
        tree.ref("a").tell(Sleep(100.0))
        await w.idle()
        r.take()
        await tree.stop()

        assert (w.now(), r.take()) == (0.0, ["-a killed"])


@world()
async def test_a_trapping_child_finishes_the_message_in_hand(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", Trapper)])) as tree:
        tree.ref("a").tell(Sleep(3.0))
        await w.idle()
        await tree.stop()

        assert (w.now(), r.take()) == (3.0, ["+a", "a sleeps", "-a shutdown"])


@world()
async def test_a_child_that_does_not_trap_is_interrupted_at_work(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", AsyncWorker)])) as tree:
        tree.ref("a").tell(Sleep(3.0))
        await w.idle()
        await tree.stop()

        assert (w.now(), r.take()) == (0.0, ["+a", "a sleeps", "-a shutdown"])


@world()
async def test_a_child_that_swallows_every_cancellation_is_abandoned_half_a_second_after_its_kill(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", AsyncWorker, shutdown=2.0)])) as tree:
        tree.ref("a").tell(Sleep(100.0, deaf=True))
        await w.idle()
        r.take()
        await tree.stop()

        assert (w.now(), r.take()) == (2.5, ["-a killed"])


# -- children that make it hard ----------------------------------------------------------------------------------------


@world()
async def test_a_child_that_unlinks_its_supervisor_cannot_stall_its_shutdown(w: World) -> None:
    r = Recorder()
    async with r.top("a b", Trapper) as tree:
        await tree.ref("a").ask(Do(lambda actor: actor.unlink(actor.parent)))
        await tree.stop()

        assert (w.now(), r.take()) == (0.0, ["-b shutdown", "-a shutdown"])


@world()
async def test_a_child_that_unlinks_its_supervisor_is_restarted_all_the_same(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        await tree.ref("a").ask(Do(lambda actor: actor.unlink(actor.parent)))
        end(tree.ref("a"))
        await w.idle()

        assert r.take() == ["-a crashed(Boom)", "+a"]


@world()
async def test_a_child_that_crashes_while_it_is_stopped_is_reported_as_odd_and_not_restarted(w: World) -> None:
    class Fragile(Worker):
        def stopping(self, reason: Any) -> None:
            raise RuntimeError("on the way out")

    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", Fragile)])) as tree:
        r.take()
        await tree.stop()

        assert (r.take(), [(str(e.reason), e.expected) for e in r.of(Stopped)]) == (
            [],
            [("crashed(RuntimeError: on the way out)", False)],
        )


@world()
async def test_a_child_that_dies_at_the_moment_it_is_stopped_costs_no_restart(w: World) -> None:
    r = Recorder()
    async with r.top("a b") as tree:
        end(tree.ref("a"), "killed")
        await tree.terminate_child("a")

        assert (await states(tree), tree.snapshot().restarts) == ({"a": "stopped", "b": "running"}, 0)


@world()
async def test_a_child_that_stops_itself_while_it_is_being_stopped_ends_once(w: World) -> None:
    class Eager(AsyncWorker):
        async def stopping(self, reason: Any) -> None:
            await super().stopping(reason)
            self.stop()

    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", Eager)])) as tree:
        await tree.stop()

        assert r.take() == ["+a", "-a shutdown"]


@world()
async def test_a_death_of_another_child_during_a_shutdown_is_not_repaired(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a"), r.child("b", AsyncWorker, linger=2.0)])) as tree:
        stopping = asyncio.ensure_future(tree.stop())
        await w.advance(1.0)
        end(tree.ref("a"))
        await stopping

        assert (w.now(), r.take()) == (2.0, ["+a", "+b", "-b shutdown", "-a crashed(Boom)", "b lingered"])


@pytest.mark.parametrize(
    ("restart", "how", "expected"),
    [
        ("permanent", "normal", False),
        ("transient", "normal", True),
        ("temporary", "normal", True),
        ("permanent", "abnormal", False),
        ("transient", "abnormal", False),
    ],
)
@world()
async def test_which_reasons_of_a_stopped_child_are_odd(w: World, restart: str, how: str, expected: bool) -> None:
    class Wilful(Trapper):
        """Ends for a reason of its own while it is being stopped."""

        @handle
        async def sleep(self, message: Sleep) -> None:
            if how == "normal":
                self.stop(NORMAL)
            await asyncio.sleep(message.seconds)
            if how == "abnormal":
                raise Boom

    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", Wilful, restart=restart)])) as tree:
        tree.ref("a").tell(Sleep(1.0))
        await w.idle()
        await tree.stop()

        assert [(str(e.reason), e.expected) for e in r.of(Stopped)] == [(TOLD[how], expected)]


# -- who can stop a supervisor -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, Shutdown("enough")], ids=str)
@world()
async def test_children_get_shutdown_whatever_their_supervisor_is_stopped_for(w: World, reason: Any) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        await tree.stop(reason)

        assert (r.take(), await tree.wait_ended()) == (["-a shutdown"], reason)


@pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, Shutdown("x")], ids=str)
@world()
async def test_an_exit_signal_from_a_stranger_does_not_stop_a_supervisor(w: World, reason: Any) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Supervisor("sub", r.children("x")), r.child("a")])) as tree:
        r.take()
        tree.ref("sub").exit(reason)
        sub = tree.ref("sub")
        await tree.ref("a").ask(Do(lambda actor: sub.exit(reason)))
        await w.idle()

        assert (r.take(), sub.is_alive) == ([], True)


@world()
async def test_a_stop_from_within_is_not_answered_before_the_child_is_killed(w: World) -> None:
    r = Recorder()

    class Suicidal(AsyncWorker):
        trap_exits = True

        async def sleep(self, message: Sleep) -> None:
            assert self.parent is not None
            await self.parent.stop()

    async with r.run(Supervisor("top", [r.child("a", Suicidal, shutdown=3.0)])) as tree:
        tree.ref("a").tell(Sleep(0))
        await tree.wait_ended()

        assert w.now() == 3.0


@world()
async def test_stopping_twice_is_the_same_as_once(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", r.children("a", AsyncWorker, linger=1.0))) as tree:
        await asyncio.gather(tree.stop(), tree.stop())
        await tree.stop()

        assert (w.now(), r.take()) == (1.0, ["+a", "-a shutdown", "a lingered"])


@world()
async def test_a_stop_with_a_timeout_goes_on_stopping(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", r.children("a", AsyncWorker, linger=4.0))) as tree:
        await fails(tree.stop(timeout=1.0), StopTimeout)
        waited = w.now()
        await tree.wait_ended()

        assert (waited, w.now()) == (1.0, 4.0)


@world()
async def test_an_end_is_announced_with_the_number_of_children_left(w: World) -> None:
    r = Recorder()
    async with r.top("a b c") as tree:
        await tree.terminate_child("b")
        await tree.stop()

        assert [(e.path, str(e.reason), e.living) for e in r.of(Ending)] == [("top", "shutdown", 2)]


# -- shutdown wins over everything -------------------------------------------------------------------------------------


@world()
async def test_a_shutdown_during_the_start_of_a_child_ends_that_start(w: World) -> None:
    r = Recorder()
    async with r.top("a b", AsyncWorker) as tree:
        r.always["b"] = "hang"
        end(tree.ref("b"))
        await w.idle()
        r.take()
        await tree.stop()

        assert (w.now(), r.take()) == (0.0, ["-a shutdown"])


@world()
async def test_cancelling_the_start_of_a_tree_kills_what_has_started(w: World) -> None:
    r = Recorder()
    r.always["b"] = "hang"

    async def run() -> None:
        async with r.run(Supervisor("top", r.children("a b c", AsyncWorker))):
            raise AssertionError

    task = asyncio.ensure_future(run())
    await w.advance(1.0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await w.idle()

    assert (w.now(), r.take()) == (1.0, ["+a", "b hangs", "-a killed"])


@world()
async def test_a_shutdown_in_the_midst_of_a_group_restart_starts_nobody(w: World) -> None:
    r = Recorder()
    specs = [r.child("a"), r.child("b", AsyncWorker, linger=2.0), r.child("c")]
    async with r.run(Supervisor("top", specs, strategy="one_for_all")) as tree:
        r.take()
        end(tree.ref("a"))
        await w.advance(1.0)
        await tree.stop()

        assert (w.now(), r.take()) == (2.0, ["-a crashed(Boom)", "-c shutdown", "-b shutdown", "b lingered"])


@world()
async def test_what_waits_in_mailboxes_at_the_end_is_a_dead_letter(w: World) -> None:
    r = Recorder()
    async with r.top("a", Trapper) as tree:
        tree.ref("a").tell(Sleep(1.0))
        await w.idle()
        for n in range(3):
            tree.ref("a").tell(Note(f"n{n}"))
        await tree.stop()

        assert [(letter.message, str(letter.why)) for letter in tree.system.dead_letters] == [
            (Note(f"n{n}"), "the actor is dead") for n in range(3)
        ]


@world()
async def test_an_asker_that_waits_at_the_end_is_told_the_reason(w: World) -> None:
    r = Recorder()
    async with r.top("a", Trapper) as tree:
        tree.ref("a").tell(Sleep(1.0))
        await w.idle()
        asked = asyncio.ensure_future(tree.ref("a").ask(Note("x")))
        await w.idle()
        await tree.stop()

        assert (await fails(asked, ActorDied)).reason == SHUTDOWN


@world()
async def test_ten_thousand_static_children_are_stopped_in_reverse(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child(str(n)) for n in range(10_000)])) as tree:
        assert r.take() == [f"+{n}" for n in range(10_000)]
        assert await counts(tree) == [10_000, 10_000, 0, 10_000]
        await tree.stop()

        assert r.take() == [f"-{n} shutdown" for n in reversed(range(10_000))]
