"""Backoff as a state of a child: how long it waits, what wins over it, and what the rest of the tree does meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors.testing import World, world
from supervisors import Backoff, DynamicSupervisor, Supervisor
from supervisors.errors import ChildNotFound
from supervisors.events import Decision, Died, GaveUp, StartFailure, Waiting
from tests.supervisors.fixtures import AsyncWorker, Note, Recorder, counts, end, fails, states

SLOW = Backoff(base=10.0, cap=10.0, reset=100.0)


async def wait_out(w: World, r: Recorder) -> float:
    """Let the backoff that was announced last pass; returns how long it was."""
    delay: float = r.of(Waiting)[-1].delay
    await w.advance(delay)
    return delay


# -- how long ----------------------------------------------------------------------------------------------------------


@world()
async def test_a_child_with_a_backoff_is_shown_waiting_and_comes_back_when_it_is_over(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW), r.child("b")])) as tree:
        end(tree.ref("a"))
        await w.idle()
        during = await states(tree)
        delay = r.of(Waiting)[0].delay
        await w.advance(delay * 0.99)
        before = (await states(tree))["a"]
        await w.advance(delay * 0.02)

        assert (during, before, await states(tree)) == (
            {"a": "waiting", "b": "running"},
            "waiting",
            {"a": "running", "b": "running"},
        )


@pytest.mark.parametrize("seed", range(10))
def test_every_wait_lies_below_its_ceiling_which_doubles_up_to_the_cap(seed: int) -> None:
    async def scenario(w: World) -> None:
        r = Recorder()
        spec = r.child("a", backoff=Backoff(base=1.0, cap=8.0, reset=1e9))
        async with r.run(Supervisor("top", [spec], max_restarts=99)) as tree:
            for _ in range(6):
                end(tree.ref("a"))
                await w.idle()
                await wait_out(w, r)

            waits = [e.delay for e in r.of(Waiting)]
            assert all(0 <= delay <= top for delay, top in zip(waits, (1, 2, 4, 8, 8, 8), strict=True))
            assert [e.attempt for e in r.of(Waiting)] == [1, 2, 3, 4, 5, 6]

    world(seed).run(scenario)


def test_waits_are_spread_over_the_whole_range() -> None:
    async def scenario(w: World) -> list[float]:
        r = Recorder()
        async with r.run(DynamicSupervisor("top", max_restarts=999)) as tree:
            for n in range(200):
                ref = await tree.start_child(r.child(f"a{n}", backoff=SLOW))
                assert ref is not None
                end(ref)
            await w.idle()
            return [e.delay for e in r.of(Waiting)]

    waits = world(3).run(scenario)
    assert [sum(low <= wait < low + 2.0 for wait in waits) > 20 for low in (0.0, 2.0, 4.0, 6.0, 8.0)] == [True] * 5


def test_the_same_seed_gives_the_same_waits() -> None:
    async def scenario(w: World) -> list[float]:
        r = Recorder()
        async with r.run(Supervisor("top", [r.child("a", backoff=SLOW)], max_restarts=9)) as tree:
            for _ in range(5):
                end(tree.ref("a"))
                await w.advance(10.0)
            return [e.delay for e in r.of(Waiting)]

    assert world(7).run(scenario) == world(7).run(scenario) != world(8).run(scenario)


@pytest.mark.parametrize(("healthy", "attempts"), [(4.0, [1, 2]), (5.0, [1, 1]), (50.0, [1, 1])])
@world()
async def test_a_life_as_long_as_reset_counts_as_healthy(w: World, healthy: float, attempts: list[int]) -> None:
    r = Recorder()
    spec = r.child("a", backoff=Backoff(base=1.0, cap=8.0, reset=5.0))
    async with r.run(Supervisor("top", [spec], max_restarts=99)) as tree:
        end(tree.ref("a"))
        await w.idle()
        await wait_out(w, r)
        await w.advance(healthy)
        end(tree.ref("a"))
        await w.idle()

        assert [e.attempt for e in r.of(Waiting)] == attempts


@world()
async def test_the_first_life_may_be_healthy_too(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW)])) as tree:
        await w.advance(1000.0)
        end(tree.ref("a"))
        await w.idle()

        assert [e.attempt for e in r.of(Waiting)] == [1]


@world()
async def test_failed_starts_raise_the_ceiling_too(w: World) -> None:
    r = Recorder()
    spec = r.child("a", backoff=Backoff(base=1.0, cap=64.0, reset=0.0))
    async with r.run(Supervisor("top", [spec], max_restarts=99)) as tree:
        r.plans["a"].extend(["fail"] * 3)
        end(tree.ref("a"))
        await w.advance(100.0)

        assert ([e.attempt for e in r.of(Waiting)], (await states(tree))["a"]) == ([1, 2, 3, 4], "running")


@world()
async def test_what_is_decided_about_a_death_is_to_wait(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW)])) as tree:
        r.plans["a"].append("fail")
        end(tree.ref("a"))
        await w.advance(10.0)

        assert ([e.decision for e in r.of(Died)], [e.decision for e in r.of(StartFailure)]) == (
            [Decision.WAIT],
            [Decision.WAIT],
        )


@world()
async def test_each_retry_is_counted_when_it_is_decided(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW), r.child("b")], max_restarts=1)) as tree:
        end(tree.ref("a"))
        await w.idle()
        end(tree.ref("b"))
        await w.idle()

        assert (tree.is_alive, [e.culprit for e in r.of(GaveUp)]) == (False, ["b"])


# -- what wins over a wait ---------------------------------------------------------------------------------------------


@world()
async def test_terminate_child_calls_the_restart_off(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW)])) as tree:
        end(tree.ref("a"))
        await w.idle()
        await tree.terminate_child("a")
        await w.advance(60.0)

        assert (await states(tree), r.starts["a"]) == ({"a": "stopped"}, 1)


@world()
async def test_delete_child_forgets_one_that_waits(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW)])) as tree:
        end(tree.ref("a"))
        await w.idle()
        await tree.delete_child("a")
        await w.advance(60.0)

        assert (await counts(tree), r.starts["a"]) == ([0, 0, 0, 0], 1)


@world()
async def test_restart_child_ends_the_wait_at_once(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW)])) as tree:
        end(tree.ref("a"))
        await w.idle()
        ref = await tree.restart_child("a")
        await w.advance(60.0)

        assert (ref, r.starts["a"], r.take()) == (tree.ref("a"), 2, ["+a", "-a crashed(Boom)", "+a"])


@world()
async def test_a_stale_timer_does_not_restart_the_life_after_the_next(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW)], max_restarts=99)) as tree:
        end(tree.ref("a"))
        await w.idle()
        first = r.of(Waiting)[0].delay
        await tree.restart_child("a")
        end(tree.ref("a"))
        await w.idle()
        second = r.of(Waiting)[1].delay
        await w.advance((first + second) / 2)

        assert first < second  # of the world's seed
        assert (await states(tree), r.starts["a"]) == ({"a": "waiting"}, 2)


@world()
async def test_terminate_and_start_by_hand_survive_the_timer_of_the_wait_before(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW)])) as tree:
        end(tree.ref("a"))
        await w.idle()
        await tree.terminate_child("a")
        await tree.restart_child("a")
        await w.advance(60.0)

        assert (r.starts["a"], tree.ref("a").pid.incarnation) == (2, 2)


@world()
async def test_a_shutdown_during_a_wait_is_prompt(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW), r.child("b")])) as tree:
        end(tree.ref("a"))
        await w.idle()
        await tree.stop()

        assert (w.now() < 0.1, r.take()) == (True, ["+a", "+b", "-a crashed(Boom)", "-b shutdown"])


@world()
async def test_a_shutdown_during_a_retry_loop_is_prompt(w: World) -> None:
    r = Recorder()
    async with r.top("a b", AsyncWorker, max_restarts=10**6) as tree:
        r.always["a"] = "fail"
        end(tree.ref("a"))
        while r.starts["a"] < 50:
            await asyncio.sleep(0)
        await tree.stop()

        assert (w.now() < 0.1, r.starts["a"] < 100, r.take()[-1]) == (True, True, "-b shutdown")


@world()
async def test_management_is_prompt_during_a_retry_loop(w: World) -> None:
    r = Recorder()
    async with r.top("a b", max_restarts=10**6) as tree:
        r.always["a"] = "fail"
        end(tree.ref("a"))
        while r.starts["a"] < 50:
            await asyncio.sleep(0)
        await tree.terminate_child("a")

        assert (await states(tree), w.now()) == ({"a": "stopped", "b": "running"}, 0.0)


@world()
async def test_a_kill_during_a_wait_leaves_nothing_behind(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Supervisor("sub", [r.child("a", backoff=SLOW)])])) as tree:
        end(tree.ref("sub/a"))
        await w.idle()
        tree.ref("sub").kill()
        await w.advance(60.0)

        assert (r.starts["a"], await states(tree.at("sub"))) == (2, {"a": "running"})


# -- meanwhile ---------------------------------------------------------------------------------------------------------


@world()
async def test_messages_wait_out_the_backoff(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW)])) as tree:
        end(tree.ref("a"))
        tree.ref("a").tell(Note("m"))
        await w.advance(10.0)

        assert r.take() == ["+a", "-a crashed(Boom)", "+a", "a m"]


@world()
async def test_an_ask_may_run_out_of_time_during_a_backoff(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW)])) as tree:
        end(tree.ref("a"))
        await w.idle()
        error = await fails(tree.ref("a").ask(Note("m"), timeout=0.001), TimeoutError)
        await w.advance(20.0)

        assert (type(error).__name__, r.take()) == ("AskTimeout", ["+a", "-a crashed(Boom)", "+a"])


@world()
async def test_a_sibling_that_dies_during_a_backoff_is_restarted_at_once(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW), r.child("b")])) as tree:
        end(tree.ref("a"))
        await w.idle()
        end(tree.ref("b"))
        await w.idle()

        assert (await states(tree), w.now()) == ({"a": "waiting", "b": "running"}, 0.0)


@world()
async def test_the_budgets_window_goes_on_during_a_backoff(w: World) -> None:
    r = Recorder()
    spec = r.child("a", backoff=Backoff(base=10.0, cap=10.0, reset=1e9))
    async with r.run(Supervisor("top", [spec], max_restarts=1, within=0.1)) as tree:
        for _ in range(5):
            end(tree.ref("a"))
            await w.advance(10.0)

        assert tree.is_alive


# -- groups ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
@world()
async def test_a_group_is_stopped_at_once_and_started_after_the_wait(w: World, strategy: Any) -> None:
    r = Recorder()
    specs = [r.child("a", backoff=SLOW), r.child("b")]
    async with r.run(Supervisor("top", specs, strategy=strategy)) as tree:
        r.take()
        end(tree.ref("a"))
        await w.idle()
        at_once = (r.take(), await states(tree))
        await w.advance(10.0)

        assert at_once == (["-a crashed(Boom)", "-b shutdown"], {"a": "waiting", "b": "stopped"})
        assert r.take() == ["+a", "+b"]


@world()
async def test_a_group_waits_for_the_longest_of_its_members(w: World) -> None:
    r = Recorder()
    specs = [r.child("a"), r.child("b", backoff=SLOW)]
    async with r.run(Supervisor("top", specs, strategy="rest_for_one", max_restarts=9)) as tree:
        r.take()
        end(tree.ref("b"))
        await w.idle()
        delay = r.of(Waiting)[0].delay
        end(tree.ref("a"))
        await w.advance(delay * 0.99)
        early = r.take()
        await w.advance(delay * 0.02)

        assert (early, r.take()) == (["-b crashed(Boom)", "-a crashed(Boom)"], ["+a", "+b"])


@world()
async def test_terminating_the_culprit_brings_back_those_who_were_down_because_of_it(w: World) -> None:
    r = Recorder()
    specs = [r.child("a", backoff=SLOW), r.child("b"), r.child("c")]
    async with r.run(Supervisor("top", specs, strategy="one_for_all")) as tree:
        r.take()
        end(tree.ref("a"))
        await w.idle()
        await tree.terminate_child("a")
        await w.advance(60.0)

        assert r.take() == ["-a crashed(Boom)", "-c shutdown", "-b shutdown", "+b", "+c"]
        assert await states(tree) == {"a": "stopped", "b": "running", "c": "running"}


@world()
async def test_deleting_the_culprit_brings_back_those_who_were_down_because_of_it(w: World) -> None:
    r = Recorder()
    specs = [r.child("a", backoff=SLOW), r.child("b")]
    async with r.run(Supervisor("top", specs, strategy="rest_for_one")) as tree:
        end(tree.ref("a"))
        await w.idle()
        await tree.delete_child("a")
        await w.idle()

        assert await states(tree) == {"b": "running"}


@world()
async def test_restarting_the_culprit_by_hand_starts_its_group(w: World) -> None:
    r = Recorder()
    specs = [r.child("a", backoff=SLOW), r.child("b")]
    async with r.run(Supervisor("top", specs, strategy="one_for_all")) as tree:
        end(tree.ref("a"))
        await w.idle()
        await tree.restart_child("a")
        await w.advance(60.0)

        assert (await states(tree), r.starts) == ({"a": "running", "b": "running"}, {"a": 2, "b": 2})


@world()
async def test_a_member_that_was_terminated_by_hand_meanwhile_is_revived_with_its_group(w: World) -> None:
    r = Recorder()
    specs = [r.child("a", backoff=SLOW), r.child("b")]
    async with r.run(Supervisor("top", specs, strategy="one_for_all")) as tree:
        end(tree.ref("a"))
        await w.idle()
        await tree.terminate_child("b")
        await w.advance(10.0)

        assert await states(tree) == {"a": "running", "b": "running"}


# -- supervisors and dynamic children ----------------------------------------------------------------------------------


@world()
async def test_a_supervisor_may_have_a_backoff_in_its_parent(w: World) -> None:
    r = Recorder()
    sub = Supervisor("sub", r.children("x"), max_restarts=0, backoff=SLOW)
    async with r.run(Supervisor("top", [sub])) as tree:
        end(tree.ref("sub/x"))
        await w.idle()
        during = await states(tree)
        await w.advance(10.0)

        assert (during, await states(tree), r.starts["x"]) == ({"sub": "waiting"}, {"sub": "running"}, 2)


@world()
async def test_a_dynamic_child_that_waits_can_be_terminated_and_is_gone(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        ref = await tree.start_child(r.child("a", backoff=SLOW))
        assert ref is not None
        end(ref)
        await w.idle()
        await tree.terminate_child("a")

        await fails(tree.terminate_child("a"), ChildNotFound)
        assert await counts(tree) == [0, 0, 0, 0]


@world()
async def test_a_waiting_child_is_missing_from_a_ready_tree(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", backoff=SLOW), r.child("b")])) as tree:
        before = tree.missing()
        end(tree.ref("a"))
        await w.idle()
        during = tree.missing()
        await w.advance(10.0)

        assert (before, during, tree.missing()) == ([], ["top/a"], [])
