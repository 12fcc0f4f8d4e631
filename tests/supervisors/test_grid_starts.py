"""Starts: order, the handshake, ``Ignore``, failures, time limits, and failed restarts as a state."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from actors import ActorSystem, Crashed, NameTaken, StartFailed, StartTimeout
from actors.testing import World, world
from supervisors import DynamicSupervisor, Pool, Supervisor, child
from supervisors.errors import ChildFailed, ChildPresent, ChildRestarting, ChildStarted
from supervisors.events import Added, Decision, Ignored, Ready, Removed, Serving, StartFailure
from supervisors.shell import shell_for
from tests.supervisors.fixtures import AsyncWorker, Boom, Crash, Note, Recorder, Worker, counts, end, fails, states

KINDS = pytest.mark.parametrize("cls", [Worker, AsyncWorker], ids=["plain", "async"])
STRATEGIES = pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])


async def not_started(r: Recorder, tree: Any) -> Any:
    """The error with which ``tree`` does not start."""
    with pytest.raises(StartFailed) as caught:
        async with r.run(tree):
            pass
    return caught.value


# -- order and handshake -----------------------------------------------------------------------------------------------


@KINDS
@world()
async def test_children_start_from_left_to_right(w: World, cls: type[Worker]) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", r.children("a b c", cls))):
        assert r.take() == ["+a", "+b", "+c"]


@world()
async def test_a_tree_is_running_only_when_all_its_children_have_started(w: World) -> None:
    r = Recorder()
    r.plans["a"].append(2.0)
    r.plans["b"].append(3.0)
    async with r.run(Supervisor("top", r.children("a b", AsyncWorker))):
        assert (w.now(), r.take()) == (5.0, ["+a", "+b"])


@world()
async def test_subtrees_start_depth_first(w: World) -> None:
    r = Recorder()
    deep = Supervisor("deep", r.children("x y"))
    async with r.run(Supervisor("top", [r.child("a"), Supervisor("sub", [r.child("b"), deep]), r.child("c")])):
        assert r.take() == ["+a", "+b", "+x", "+y", "+c"]


@world()
async def test_what_serves_is_announced_in_start_order_and_parents_after_their_children(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a"), Supervisor("sub", r.children("x")), r.child("b")])):
        assert [(type(e).__name__, e.path) for e in r.events] == [
            ("Serving", "top/a"),
            ("Serving", "top/sub/x"),
            ("Ready", "top/sub"),
            ("Serving", "top/sub"),
            ("Serving", "top/b"),
            ("Ready", "top"),
        ]


@world()
async def test_a_supervisor_without_children_starts(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [])) as tree:
        assert (await counts(tree), [e.children for e in r.of(Ready)]) == ([0, 0, 0, 0], [0])


@world()
async def test_a_message_that_arrives_during_a_start_is_handled_after_it(w: World) -> None:
    r = Recorder()
    async with r.top("a", AsyncWorker) as tree:
        r.plans["a"].append(1.0)
        end(tree.ref("a"))
        await w.idle()
        tree.ref("a").tell(Note("later"))
        await w.advance(2.0)

        assert r.take() == ["-a crashed(Boom)", "+a", "a later"]


@world()
async def test_a_child_that_dies_while_a_later_sibling_starts_is_restarted_afterwards(w: World) -> None:
    r = Recorder()

    class Hasty(Worker):
        def started(self) -> None:
            super().started()
            if self.pid.incarnation == 1:
                self.after(0.5, Crash())

    r.plans["b"].append(1.0)
    async with r.run(Supervisor("top", [r.child("a", Hasty), r.child("b", AsyncWorker)])) as tree:
        await w.idle()

        assert r.take() == ["+a", "-a crashed(Boom)", "+b", "+a"]
        assert await states(tree) == {"a": "running", "b": "running"}


# -- a start that fails while the supervisor starts --------------------------------------------------------------------


@KINDS
@world()
async def test_a_failing_start_unwinds_the_earlier_ones_in_reverse_and_tries_no_later_one(
    w: World, cls: type[Worker]
) -> None:
    r = Recorder()
    r.always["c"] = "fail"
    await not_started(r, Supervisor("top", r.children("a b c d", cls)))

    assert r.take() == ["+a", "+b", "c fails", "-b shutdown", "-a shutdown"]


@world()
async def test_a_failing_start_names_the_culprit_and_its_exception(w: World) -> None:
    r = Recorder()
    r.always["x"] = "fail"
    error = await not_started(r, Supervisor("top", [Supervisor("sub", r.children("x"))]))

    assert "top/sub/x" in str(error)


@world()
async def test_a_failing_start_is_not_retried_and_not_counted(w: World) -> None:
    r = Recorder()
    r.always["a"] = "fail"
    await not_started(r, Supervisor("top", r.children("a"), max_restarts=9))

    assert (r.starts["a"], [e.decision for e in r.of(StartFailure)]) == (1, [Decision.GIVE_UP])


@world()
async def test_a_constructor_that_raises_is_a_failed_start(w: World) -> None:
    class Broken(Worker):
        def __init__(self, recorder: Recorder) -> None:
            raise Boom("no")

    r = Recorder()
    error = await not_started(r, Supervisor("top", [child(Broken, r, id="a")]))

    assert "Boom: no" in str(error)


@world()
async def test_a_failing_start_in_a_subtree_fails_the_whole_tree(w: World) -> None:
    r = Recorder()
    r.always["y"] = "fail"
    await not_started(r, Supervisor("top", [r.child("a"), Supervisor("sub", r.children("x y")), r.child("b")]))

    assert r.take() == ["+a", "+x", "y fails", "-x shutdown", "-a shutdown"]


@world()
async def test_the_earlier_children_of_a_failed_start_get_their_shutdown_time(w: World) -> None:
    r = Recorder()
    r.always["b"] = "fail"
    await not_started(r, Supervisor("top", [r.child("a", AsyncWorker, linger=3.0), r.child("b")]))

    assert (r.take(), w.now()) == (["+a", "b fails", "-a shutdown", "a lingered"], 3.0)


@world()
async def test_a_pool_whose_worker_fails_to_start_does_not_start(w: World) -> None:
    r = Recorder()
    r.plans["w"].extend(["ok", "fail"])
    await not_started(r, Pool("pool", r.child("w"), size=3))

    assert r.take()[:2] == ["+w", "w fails"]


# -- Ignore ------------------------------------------------------------------------------------------------------------


@KINDS
@world()
async def test_a_child_that_ignores_its_start_is_kept_without_a_life(w: World, cls: type[Worker]) -> None:
    r = Recorder()
    r.always["b"] = "ignore"
    async with r.run(Supervisor("top", r.children("a b c", cls))) as tree:
        assert (r.take(), await counts(tree), (await states(tree))["b"]) == (
            ["+a", "b ignores", "+c"],
            [3, 2, 0, 3],
            "stopped",
        )


@world()
async def test_ignoring_is_announced_and_costs_nothing(w: World) -> None:
    r = Recorder()
    r.always["a"] = "ignore"
    async with r.run(Supervisor("top", r.children("a"), max_restarts=0)) as tree:
        assert ([e.path for e in r.of(Ignored)], tree.snapshot().restarts) == (["top/a"], 0)


@world()
async def test_a_temporary_child_that_ignores_its_start_is_dropped(w: World) -> None:
    r = Recorder()
    r.always["a"] = "ignore"
    async with r.run(Supervisor("top", r.children("a", restart="temporary"))) as tree:
        assert await counts(tree) == [0, 0, 0, 0]


@pytest.mark.parametrize(("restart", "left"), [("permanent", 1), ("transient", 1), ("temporary", 0)])
@world()
async def test_start_child_of_one_that_ignores_answers_none(w: World, restart: str, left: int) -> None:
    r = Recorder()
    r.always["a"] = "ignore"
    async with r.run(Supervisor("top", [])) as tree:
        assert await tree.start_child(r.child("a", restart=restart)) is None
        assert await counts(tree) == [left, 0, 0, left]


@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
@world()
async def test_a_dynamic_child_that_ignores_its_start_is_not_kept(w: World, restart: str) -> None:
    r = Recorder()
    r.plans["a"].append("ignore")
    async with r.run(DynamicSupervisor("top")) as tree:
        first = await tree.start_child(r.child("a", restart=restart))
        second = await tree.start_child(r.child("a", restart=restart))

        assert (first, second is not None, await counts(tree)) == (None, True, [1, 1, 0, 1])


@STRATEGIES
@world()
async def test_ignoring_at_a_restart_is_neither_success_nor_failure(w: World, strategy: Any) -> None:
    r = Recorder()
    async with r.top("a b", strategy=strategy) as tree:
        r.always["a"] = "ignore"
        end(tree.ref("a"))
        await w.advance(60.0)

        assert (await states(tree), r.starts["a"]) == ({"a": "stopped", "b": "running"}, 2)


@world()
async def test_a_dynamic_child_that_ignores_its_restart_is_dropped(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top")) as tree:
        ref = await tree.start_child(r.child("a"))
        assert ref is not None
        r.always["a"] = "ignore"
        end(ref)
        await w.idle()

        assert (await counts(tree), [e.why for e in r.of(Removed)]) == ([0, 0, 0, 0], ["dynamic"])


@world()
async def test_one_that_ignored_can_be_started_by_hand(w: World) -> None:
    r = Recorder()
    r.plans["a"].append("ignore")
    async with r.run(Supervisor("top", r.children("a"))) as tree:
        await tree.restart_child("a")

        assert (r.take(), tree.ref("a").is_alive) == (["a ignores", "+a"], True)


# -- time limits -------------------------------------------------------------------------------------------------------


@world()
async def test_a_start_that_hangs_is_killed_after_its_time_and_fails_the_tree(w: World) -> None:
    r = Recorder()
    r.always["b"] = "hang"
    error = await not_started(r, Supervisor("top", r.children("a b", AsyncWorker, start_timeout=2.0)))

    assert (w.now(), "top/b" in str(error), r.take()) == (2.0, True, ["+a", "b hangs", "-a shutdown"])


@world()
async def test_the_reason_of_a_start_that_took_too_long_says_so(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [])) as tree:
        r.always["a"] = "hang"
        error = await fails(tree.start_child(r.child("a", AsyncWorker, start_timeout=2.0)), ChildFailed)

        assert isinstance(error.reason, Crashed)
        assert isinstance(error.reason.exception, StartTimeout)
        assert (w.now(), error.reason.exception.timeout) == (2.0, 2.0)


@world()
async def test_a_start_just_within_its_time_succeeds(w: World) -> None:
    r = Recorder()
    r.plans["a"].append(1.75)
    async with r.run(Supervisor("top", r.children("a", AsyncWorker, start_timeout=2.0))) as tree:
        await w.advance(10.0)

        assert (r.take(), tree.ref("a").pid.incarnation) == (["+a"], 1)


@world()
async def test_an_infinite_start_time_is_never_up(w: World) -> None:
    r = Recorder()
    r.plans["a"].append(1e6)
    async with r.run(Supervisor("top", r.children("a", AsyncWorker, start_timeout=math.inf))):
        assert (w.now(), r.take()) == (1e6, ["+a"])


@world()
async def test_thirty_seconds_are_the_default_start_time(w: World) -> None:
    r = Recorder()
    r.always["a"] = "hang"
    await not_started(r, Supervisor("top", r.children("a", AsyncWorker)))

    assert w.now() == 30.0


@world()
async def test_the_start_of_a_supervisor_has_no_time_limit_of_its_own(w: World) -> None:
    r = Recorder()
    for id in "xyz":
        r.plans[id].append(20.0)
    async with r.run(Supervisor("top", [Supervisor("sub", r.children("x y z", AsyncWorker))])):
        assert w.now() == 60.0


# -- names -------------------------------------------------------------------------------------------------------------


class Named(Worker):
    """Registers a name of its own when it starts."""

    def started(self) -> None:
        self.system.register("the name", self.ref)
        super().started()


@world()
async def test_a_start_that_wants_a_taken_name_answers_who_has_it(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", Named)])) as tree:
        error = await fails(tree.start_child(r.child("b", Named)), ChildStarted)

        assert (error.ref, list(await states(tree))) == (tree.ref("a"), ["a"])


@world()
async def test_a_name_is_free_again_when_its_owner_is_restarted(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", Named)])) as tree:
        end(tree.ref("a"))
        await w.idle()

        assert tree.system.whereis("the name") == tree.ref("a")
        assert r.take() == ["+a", "-a crashed(Boom)", "+a"]


@world()
async def test_the_name_of_a_failed_start_is_free_again(w: World) -> None:
    class Greedy(Worker):
        def started(self) -> None:
            self.system.register("the name", self.ref)
            raise Boom

    r = Recorder()
    async with r.run(Supervisor("top", [])) as tree:
        await fails(tree.start_child(r.child("a", Greedy)), ChildFailed)

        assert tree.system.whereis("the name") is None


@world()
async def test_a_second_root_of_the_same_name_in_one_system_is_refused(w: World) -> None:
    r = Recorder()
    tree = Supervisor("top", r.children("a"))
    async with ActorSystem("world") as system:
        await system.spawn(shell_for(tree), tree, name="top")

        with pytest.raises(NameTaken):
            await system.spawn(shell_for(tree), tree, name="top")
        assert r.take() == ["+a"]


# -- a start by hand that fails ----------------------------------------------------------------------------------------


@KINDS
@world()
async def test_a_start_child_that_fails_forgets_the_spec(w: World, cls: type[Worker]) -> None:
    r = Recorder()
    r.plans["b"].append("fail")
    async with r.top("a", cls) as tree:
        error = await fails(tree.start_child(r.child("b", cls)), ChildFailed)

        assert (error.id, str(error.reason), list(await states(tree))) == ("b", "crashed(Boom: b fails)", ["a"])
        assert [type(e) for e in r.events if e.path == "top/b"] == [Added, StartFailure, Removed]


@KINDS
@world()
async def test_a_restart_child_that_fails_leaves_the_child_stopped_and_is_not_retried(
    w: World, cls: type[Worker]
) -> None:
    r = Recorder()
    async with r.top("a", cls) as tree:
        await tree.terminate_child("a")
        r.plans["a"].append("fail")
        await fails(tree.restart_child("a"), ChildFailed)
        await w.advance(60.0)

        assert (r.take(), await states(tree)) == (["-a shutdown", "a fails"], {"a": "stopped"})


@world()
async def test_a_failed_start_by_hand_sends_no_exit_signal_to_its_caller(w: World) -> None:
    r = Recorder()
    r.always["b"] = "fail"
    async with r.top("a") as tree:
        await fails(tree.start_child(r.child("b")), ChildFailed)
        await w.idle()

        assert (r.take(), tree.is_alive) == (["b fails"], True)


# -- a failed restart is a state ---------------------------------------------------------------------------------------


@world()
async def test_with_a_limit_of_three_a_failing_restart_is_tried_three_times(w: World) -> None:
    r = Recorder()
    async with r.top("a b", max_restarts=3) as tree:
        r.always["a"] = "fail"
        end(tree.ref("a"))
        await w.idle()

        assert r.take() == ["-a crashed(Boom)", "a fails", "a fails", "a fails", "-b shutdown"]


@world()
async def test_retries_of_two_children_take_turns(w: World) -> None:
    r = Recorder()
    async with r.top("a b", AsyncWorker, max_restarts=99) as tree:
        r.plans["a"].extend(["fail"] * 3)
        r.plans["b"].extend(["fail"] * 3)
        for id in "ab":
            end(tree.ref(id), "killed")
        await w.idle()

        assert r.take()[2:] in (["a fails", "b fails"] * 3 + ["+a", "+b"], ["b fails", "a fails"] * 3 + ["+b", "+a"])


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
@world()
async def test_the_later_children_of_a_group_are_down_while_an_earlier_one_is_retried(w: World, strategy: Any) -> None:
    r = Recorder()
    async with r.top("a b c", strategy=strategy, max_restarts=9) as tree:
        r.plans["b"].extend(["fail", "fail"])
        end(tree.ref("b"))
        await w.idle()

        first = ["-b crashed(Boom)", "-c shutdown"]
        assert r.take() == (
            [*first, "b fails", "b fails", "+b", "+c"]
            if strategy == "rest_for_one"
            else [
                *first,
                "-a shutdown",
                "+a",
                "b fails",
                "-a shutdown",
                "+a",
                "b fails",
                "-a shutdown",
                "+a",
                "+b",
                "+c",
            ]
        )


@world()
async def test_one_for_all_stops_the_restarted_ones_again_when_a_later_one_fails(w: World) -> None:
    r = Recorder()
    async with r.top("a b c", strategy="one_for_all") as tree:
        r.plans["c"].append("fail")
        end(tree.ref("a"))
        await w.idle()

        assert r.take() == [
            "-a crashed(Boom)",
            "-c shutdown",
            "-b shutdown",
            "+a",
            "+b",
            "c fails",
            "-b shutdown",
            "-a shutdown",
            "+a",
            "+b",
            "+c",
        ]


@world()
async def test_rest_for_one_retries_from_the_failing_one_on(w: World) -> None:
    r = Recorder()
    async with r.top("a b c", strategy="rest_for_one") as tree:
        r.plans["b"].append("fail")
        end(tree.ref("a"))
        await w.idle()

        assert r.take() == [
            "-a crashed(Boom)",
            "-c shutdown",
            "-b shutdown",
            "+a",
            "b fails",
            "+b",
            "+c",
        ]


@world()
async def test_the_gap_of_a_restart_is_measured_from_the_death(w: World) -> None:
    r = Recorder()
    async with r.top("a", AsyncWorker) as tree:
        r.plans["a"].append(1.5)
        end(tree.ref("a"))
        await w.advance(2.0)

        assert [(e.life, e.restarted, e.gap) for e in r.of(Serving)] == [(1, False, None), (2, True, 1.5)]


# -- while a child starts, the supervisor answers (our choice) ---------------------------------------------------------


@world()
async def test_a_supervisor_answers_while_a_child_starts(w: World) -> None:
    r = Recorder()
    async with r.top("a b", AsyncWorker) as tree:
        r.always["a"] = "hang"
        end(tree.ref("a"))
        await w.idle()

        assert (await states(tree), w.now()) == ({"a": "starting", "b": "running"}, 0.0)


@world()
async def test_a_child_that_starts_is_counted_as_living(w: World) -> None:
    r = Recorder()
    async with r.top("a b", AsyncWorker) as tree:
        r.always["a"] = "hang"
        end(tree.ref("a"))
        await w.idle()

        assert await counts(tree) == [2, 2, 0, 2]


@world()
async def test_a_sibling_is_terminated_while_another_child_starts(w: World) -> None:
    r = Recorder()
    async with r.top("a b", AsyncWorker) as tree:
        r.always["a"] = "hang"
        end(tree.ref("a"))
        await w.idle()

        await tree.terminate_child("b")

        assert (await states(tree), w.now()) == ({"a": "starting", "b": "stopped"}, 0.0)


@world()
async def test_a_child_that_hangs_in_its_start_can_be_terminated(w: World) -> None:
    r = Recorder()
    async with r.top("a b", AsyncWorker) as tree:
        r.always["a"] = "hang"
        end(tree.ref("a"))
        await w.idle()

        await tree.terminate_child("a")

        assert (await states(tree), w.now()) == ({"a": "stopped", "b": "running"}, 0.0)


@world()
async def test_starts_are_one_at_a_time(w: World) -> None:
    r = Recorder()
    async with r.top("a b", AsyncWorker) as tree:
        for id in "ab":
            r.plans[id].append(2.0)
            end(tree.ref(id), "killed")
        await w.advance(3.0)
        half = sorted((await states(tree)).values())
        await w.advance(3.0)

        assert (half, await states(tree)) == (["running", "starting"], {"a": "running", "b": "running"})


@world()
async def test_start_child_waits_for_the_start_that_goes_on(w: World) -> None:
    r = Recorder()
    async with r.top("a", AsyncWorker) as tree:
        r.plans["a"].append(2.0)
        end(tree.ref("a"))
        await w.idle()
        starting = asyncio.ensure_future(tree.start_child(r.child("b")))
        await w.advance(1.0)
        early = starting.done()
        ref = await starting

        assert (early, w.now(), ref) == (False, 2.0, tree.ref("b"))


@world()
async def test_deaths_during_a_start_are_dealt_with_after_it_in_their_order(w: World) -> None:
    r = Recorder()
    async with r.top("a b c", AsyncWorker, max_restarts=9) as tree:
        r.plans["a"].append(2.0)
        end(tree.ref("a"), "killed")
        await w.advance(0.5)
        end(tree.ref("c"), "killed")
        await w.advance(0.5)
        end(tree.ref("b"), "killed")
        await w.advance(2.0)

        assert r.take() == ["-a killed", "-c killed", "-b killed", "+a", "+c", "+b"]


@world()
async def test_a_waiting_restart_is_shown_and_refuses_management(w: World) -> None:
    r = Recorder()
    async with r.top("a b", AsyncWorker, max_restarts=9) as tree:
        r.plans["a"].append(2.0)
        end(tree.ref("a"), "killed")
        await w.idle()
        end(tree.ref("b"), "killed")
        await w.idle()

        assert await states(tree) == {"a": "starting", "b": "restarting"}
        assert await counts(tree) == [2, 1, 0, 2]
        assert isinstance(await fails(tree.restart_child("b")), ChildRestarting)
        assert isinstance(await fails(tree.delete_child("b")), ChildRestarting)
        assert isinstance(await fails(tree.start_child(r.child("b"))), ChildPresent)


@world()
async def test_terminating_a_restarting_child_calls_its_restart_off(w: World) -> None:
    r = Recorder()
    async with r.top("a b", AsyncWorker, max_restarts=9) as tree:
        r.plans["a"].append(2.0)
        end(tree.ref("a"), "killed")
        await w.idle()
        end(tree.ref("b"), "killed")
        await w.idle()

        await tree.terminate_child("b")
        await w.advance(5.0)

        assert (await states(tree), r.take()) == ({"a": "running", "b": "stopped"}, ["-a killed", "-b killed", "+a"])
        await tree.delete_child("b")
        assert await states(tree) == {"a": "running"}
