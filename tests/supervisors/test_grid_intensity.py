"""The restart budget of a supervisor: what counts, the exact window, and what happens at the limit."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from actors.testing import World, world
from supervisors import Backoff, ChildSpec, DynamicSupervisor, Pool, Supervisor
from supervisors.events import Decision, Died, GaveUp, Scope, StartFailure
from tests.supervisors.fixtures import AsyncWorker, Recorder, counts, end, fails, states

# -- the limit ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 10])
@world()
async def test_the_restart_after_the_last_allowed_one_is_fatal(w: World, limit: int) -> None:
    r = Recorder()
    async with r.top("a", max_restarts=limit) as tree:
        survived = 0
        while tree.is_alive:
            end(tree.ref("a"))
            await w.idle()
            survived += tree.is_alive

        assert (survived, r.starts["a"]) == (limit, limit + 1)


@pytest.mark.parametrize("kind", [Supervisor, DynamicSupervisor, Pool])
def test_three_restarts_in_five_seconds_are_the_default(kind: type) -> None:
    parameters = inspect.signature(kind).parameters

    assert (parameters["max_restarts"].default, parameters["within"].default) == (3, 5.0)


@world()
async def test_a_supervisor_that_gives_up_stops_the_rest_in_reverse_and_ends_with_shutdown(w: World) -> None:
    r = Recorder()
    async with r.top("a b c d", max_restarts=0) as tree:
        end(tree.ref("b"))
        await w.idle()

        assert (r.take(), str(await tree.wait_ended())) == (
            ["-b crashed(Boom)", "-d shutdown", "-c shutdown", "-a shutdown"],
            "shutdown",
        )


@world()
async def test_giving_up_says_for_whom_and_how_many_were_allowed(w: World) -> None:
    r = Recorder()
    async with r.top("a b", max_restarts=1, within=3.0) as tree:
        for _ in range(2):
            end(tree.ref("b"))
            await w.advance(0.5)

        assert [(e.path, e.culprit, e.count, e.limit, e.within, e.scope, str(e.reason)) for e in r.of(GaveUp)] == [
            ("top", "b", 2, 1, 3.0, Scope.SUPERVISOR, "crashed(Boom)")
        ]


@world()
async def test_the_death_that_is_too_much_is_reported_as_such(w: World) -> None:
    r = Recorder()
    async with r.top("a", max_restarts=1) as tree:
        for _ in range(2):
            end(tree.ref("a"))
            await w.idle()

        assert [died.decision for died in r.of(Died)] == [Decision.RESTART, Decision.GIVE_UP]


@world()
async def test_restarts_of_different_children_count_together(w: World) -> None:
    r = Recorder()
    async with r.top("a b c", max_restarts=2) as tree:
        for id in "abc":
            end(tree.ref(id))
            await w.idle()

        assert (tree.is_alive, r.of(GaveUp)[0].culprit) == (False, "c")


@world()
async def test_dynamic_children_share_a_budget(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top", max_restarts=1)) as tree:
        refs = [await tree.start_child(r.child(id)) for id in "ab"]
        for ref in refs:
            assert ref is not None
            end(ref)
            await w.idle()

        assert str(await tree.wait_ended()) == "shutdown"


# -- the window --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gap", "alive"),
    [(0.0, False), (0.5, False), (1.0 - 2**-20, False), (1.0, False), (1.0 + 2**-20, True), (1.8125, True)],
)
@pytest.mark.parametrize("phase", [0.0, 0.0625, 0.9375])  # OTP counts whole seconds, and so depends on it
@world()
async def test_two_restarts_count_together_up_to_exactly_the_window(
    w: World, gap: float, alive: bool, phase: float
) -> None:
    r = Recorder()
    async with r.top("a", max_restarts=1, within=1.0) as tree:
        await w.advance(phase)
        died = w.now()
        end(tree.ref("a"))
        await w.idle()
        await w.advance(died + gap - w.now())
        end(tree.ref("a"))
        await w.idle()

        assert tree.is_alive is alive


@world()
async def test_the_window_slides(w: World) -> None:
    r = Recorder()
    async with r.top("a", max_restarts=2, within=4.0) as tree:
        for _ in range(50):
            end(tree.ref("a"))
            await w.advance(2.25)

        assert (tree.is_alive, r.starts["a"]) == (True, 51)


@world()
async def test_a_burst_after_a_quiet_time_is_judged_by_itself(w: World) -> None:
    r = Recorder()
    async with r.top("a", max_restarts=3, within=5.0) as tree:
        for _ in range(3):
            end(tree.ref("a"))
            await w.idle()
        await w.advance(5.5)
        for _ in range(3):
            end(tree.ref("a"))
            await w.idle()

        assert tree.is_alive


@world()
async def test_restarts_in_the_window_are_shown_and_pass(w: World) -> None:
    r = Recorder()
    async with r.top("a", max_restarts=3, within=5.0) as tree:
        end(tree.ref("a"))
        await w.advance(1.0)
        end(tree.ref("a"))
        await w.idle()
        shown = [tree.snapshot().restarts]
        for seconds in (3.5, 1.0, 1.0):
            await w.advance(seconds)
            shown.append(tree.snapshot().restarts)

        assert shown == [2, 2, 1, 0]


# -- what counts -------------------------------------------------------------------------------------------------------


async def nothing(w: World, r: Recorder, tree: Any) -> None:
    pass


async def clean_transient(w: World, r: Recorder, tree: Any) -> None:
    end(tree.ref("transient"), "shutdown")


async def crashed_temporary(w: World, r: Recorder, tree: Any) -> None:
    end(tree.ref("temporary"))


async def restart_by_hand(w: World, r: Recorder, tree: Any) -> None:
    await tree.terminate_child("permanent")
    await tree.restart_child("permanent")


async def failed_restart_by_hand(w: World, r: Recorder, tree: Any) -> None:
    await tree.terminate_child("permanent")
    r.plans["permanent"].append("fail")
    await fails(tree.restart_child("permanent"))


async def failed_start_by_hand(w: World, r: Recorder, tree: Any) -> None:
    r.plans["new"].append("fail")
    await fails(tree.start_child(r.child("new")))


async def ignored_start_by_hand(w: World, r: Recorder, tree: Any) -> None:
    r.plans["new"].append("ignore")
    await tree.start_child(r.child("new"))


async def terminated(w: World, r: Recorder, tree: Any) -> None:
    await tree.terminate_child("permanent")


async def killed_while_being_terminated(w: World, r: Recorder, tree: Any) -> None:
    tree.ref("slow").tell("never read")
    await tree.terminate_child("slow")


@pytest.mark.parametrize(
    "what",
    [
        nothing,
        clean_transient,
        crashed_temporary,
        restart_by_hand,
        failed_restart_by_hand,
        failed_start_by_hand,
        ignored_start_by_hand,
        terminated,
        killed_while_being_terminated,
    ],
    ids=lambda what: str(what.__name__),
)
@world()
async def test_this_costs_nothing(w: World, what: Any) -> None:
    r = Recorder()
    specs = [
        r.child("permanent"),
        r.child("transient", restart="transient"),
        r.child("temporary", restart="temporary"),
        r.child("slow", AsyncWorker, linger=9.0, shutdown=1.0),
    ]
    async with r.run(Supervisor("top", specs, max_restarts=0)) as tree:
        await what(w, r, tree)
        await w.idle()

        assert (tree.is_alive, tree.snapshot().restarts) == (True, 0)


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
@pytest.mark.parametrize("size", [1, 3, 30])
@world()
async def test_a_group_restart_counts_as_one(w: World, strategy: Any, size: int) -> None:
    r = Recorder()
    async with r.top(" ".join(f"w{n}" for n in range(size)), strategy=strategy, max_restarts=1) as tree:
        end(tree.ref("w0"))
        await w.idle()

        assert (tree.is_alive, tree.snapshot().restarts) == (True, 1)


@pytest.mark.parametrize("how", ["normal", "shutdown", "abnormal", "killed"])
@world()
async def test_every_end_of_a_permanent_child_counts(w: World, how: str) -> None:
    r = Recorder()
    async with r.top("a", max_restarts=0) as tree:
        end(tree.ref("a"), how)
        await w.idle()

        assert not tree.is_alive


@pytest.mark.parametrize("limit", [0, 1, 3, 4])
@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
@world()
async def test_every_retry_of_a_failing_start_counts(w: World, strategy: Any, limit: int) -> None:
    r = Recorder()
    async with r.top("a b", strategy=strategy, max_restarts=limit) as tree:
        r.always["a"] = "fail"

        end(tree.ref("a"))
        await w.idle()

        assert (tree.is_alive, r.starts["a"] - 1, len(r.of(StartFailure))) == (False, limit, limit)


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
@world()
async def test_a_start_that_succeeds_at_last_ends_the_retries(w: World, strategy: Any) -> None:
    r = Recorder()
    async with r.top("a b", strategy=strategy, max_restarts=3) as tree:
        r.plans["a"].extend(["fail", "fail"])

        end(tree.ref("a"))
        await w.idle()

        assert (await states(tree), tree.snapshot().restarts) == ({"a": "running", "b": "running"}, 3)


@world()
async def test_dynamic_retries_count_too(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top", max_restarts=10)) as tree:
        ref = await tree.start_child(r.child("a"))
        assert ref is not None
        r.always["a"] = "fail"

        end(ref)
        await w.idle()

        assert (tree.is_alive, r.starts["a"]) == (False, 11)


# -- repairs that take their time (our choice) -------------------------------------------------------------------------


@pytest.mark.parametrize("slow", [2.0, 6.0, 60.0])
@world()
async def test_starts_slower_than_the_window_cannot_outrun_it(w: World, slow: float) -> None:
    r = Recorder()
    spec = r.child("a", AsyncWorker, start_timeout=slow)
    async with r.run(Supervisor("top", [spec], max_restarts=3, within=5.0)) as tree:
        r.always["a"] = "hang"

        end(tree.ref("a"))
        await w.advance(slow * 10)

        assert (tree.is_alive, r.starts["a"] - 1, len(r.of(StartFailure))) == (False, 3, 3)


@world()
async def test_slow_stops_of_a_group_cannot_outrun_the_window(w: World) -> None:
    r = Recorder()
    specs = [r.child("a"), r.child("b", AsyncWorker, linger=4.0)]
    async with r.run(Supervisor("top", specs, strategy="one_for_all", max_restarts=2, within=5.0)) as tree:
        for _ in range(3):
            end(tree.ref("a"))
            await w.advance(4.5)

        assert (tree.is_alive, len(r.of(GaveUp))) == (False, 1)


@world()
async def test_time_between_repairs_passes_on_the_budgets_clock(w: World) -> None:
    r = Recorder()
    specs = [r.child("a"), r.child("b", AsyncWorker, linger=4.0)]
    async with r.run(Supervisor("top", specs, strategy="one_for_all", max_restarts=2, within=5.0)) as tree:
        for _ in range(6):
            end(tree.ref("a"))
            await w.advance(4.0 + 3.0)

        assert tree.is_alive


# -- a child's own budget (our choice) ---------------------------------------------------------------------------------


@world()
async def test_a_childs_own_budget_ends_its_supervisor_before_the_supervisors_does(w: World) -> None:
    r = Recorder()
    specs = [r.child("a", max_restarts=1, within=5.0), r.child("b")]
    async with r.run(Supervisor("top", specs, max_restarts=9)) as tree:
        for _ in range(2):
            end(tree.ref("a"))
            await w.idle()

        assert (tree.is_alive, [(e.scope, e.limit, e.count) for e in r.of(GaveUp)]) == (False, [(Scope.CHILD, 1, 2)])


@world()
async def test_a_childs_own_budget_is_not_spent_by_its_siblings(w: World) -> None:
    r = Recorder()
    specs = [r.child("a", max_restarts=0, within=5.0), r.child("b")]
    async with r.run(Supervisor("top", specs, strategy="one_for_all", max_restarts=9)) as tree:
        for _ in range(5):
            end(tree.ref("b"))
            await w.idle()

        assert await counts(tree) == [2, 2, 0, 2]


@world()
async def test_the_supervisors_limit_holds_for_a_child_with_a_budget_of_its_own(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", max_restarts=9, within=5.0)], max_restarts=1)) as tree:
        for _ in range(2):
            end(tree.ref("a"))
            await w.idle()

        assert [e.scope for e in r.of(GaveUp)] == [Scope.SUPERVISOR]


@world()
async def test_a_childs_own_window_slides(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("a", max_restarts=1, within=1.0)], max_restarts=99)) as tree:
        for _ in range(5):
            end(tree.ref("a"))
            await w.advance(1.5)

        assert tree.is_alive


@world()
async def test_a_childs_own_budget_counts_the_retries_of_its_start(w: World) -> None:
    r = Recorder()
    spec: ChildSpec = r.child("a", max_restarts=2, within=60.0, backoff=Backoff(1.0, 1.0))
    async with r.run(Supervisor("top", [spec], max_restarts=99)) as tree:
        r.always["a"] = "fail"
        end(tree.ref("a"))
        await w.advance(60.0)

        assert (r.starts["a"] - 1, [e.scope for e in r.of(GaveUp)]) == (2, [Scope.CHILD])


@pytest.mark.parametrize("interrupted", ["ignored", "terminated"])
@world()
async def test_time_that_a_child_was_down_for_good_is_no_repair_of_it(w: World, interrupted: str) -> None:
    r = Recorder()
    async with r.top("a", AsyncWorker, max_restarts=1, within=4.0) as tree:
        r.plans["a"].append("ignore" if interrupted == "ignored" else "hang")
        end(tree.ref("a"))
        await w.idle()
        if interrupted == "terminated":
            await tree.terminate_child("a")
        await w.advance(10.0)
        await tree.restart_child("a")
        end(tree.ref("a"))
        await w.idle()

        assert (tree.is_alive, await states(tree)) == (True, {"a": "running"})
