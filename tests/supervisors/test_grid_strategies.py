"""Strategies: whom a restart takes along, in which order, and what becomes of bystanders."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from actors.testing import World, world
from supervisors import BRUTAL_KILL, INFINITY, DynamicSupervisor, Supervisor
from supervisors.events import Died, GaveUp, GroupRestart, Stopped
from tests.supervisors.fixtures import AsyncWorker, Recorder, Trapper, Worker, counts, end, states

FIVE = "a b c d e"


# -- order, for every culprit ------------------------------------------------------------------------------------------


def group(strategy: str, culprit: str, ids: str = "abcde") -> str:
    return {"one_for_one": culprit, "one_for_all": ids, "rest_for_one": ids[ids.index(culprit) :]}[strategy]


@pytest.mark.parametrize(
    ("strategy", "culprit"),
    [
        pytest.param(strategy, culprit, id=f"{strategy}-{culprit}")
        for strategy, culprit in itertools.product(("one_for_one", "one_for_all", "rest_for_one"), "abcde")
    ],
)
@pytest.mark.parametrize("cls", [Worker, AsyncWorker, Trapper], ids=["plain", "async", "trapping"])
@world()
async def test_a_group_is_stopped_from_the_last_and_started_from_the_first(
    w: World, strategy: Any, culprit: str, cls: type[Worker]
) -> None:
    r = Recorder()
    async with r.top(FIVE, cls, strategy=strategy) as tree:
        end(tree.ref(culprit))
        await w.idle()

        members = group(strategy, culprit)
        assert r.take() == [
            f"-{culprit} crashed(Boom)",
            *(f"-{id} shutdown" for id in reversed(members) if id != culprit),
            *(f"+{id}" for id in members),
        ]


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
@world()
async def test_a_group_restart_is_announced_with_its_members_in_start_order(w: World, strategy: Any) -> None:
    r = Recorder()
    async with r.top("a b c", strategy=strategy) as tree:
        end(tree.ref("b"))
        await w.idle()

        assert [(e.culprit, e.members) for e in r.of(GroupRestart)] == [("b", tuple(group(strategy, "b", "abc")))]


@world()
async def test_a_restart_of_one_is_not_announced_as_a_group(w: World) -> None:
    r = Recorder()
    async with r.top("a b c") as tree:
        end(tree.ref("b"))
        await w.idle()

        assert r.of(GroupRestart) == []


@world()
async def test_the_successor_of_each_member_is_started_before_the_next_one_is(w: World) -> None:
    r = Recorder()
    async with r.top("a b c", AsyncWorker, strategy="one_for_all") as tree:
        r.plans["a"].append(1.0)
        r.plans["b"].append(1.0)

        end(tree.ref("a"))
        await w.advance(0.5)
        first = r.take()
        await w.advance(1.0)
        second = r.take()
        await w.advance(1.0)

        assert (first, second, r.take()) == (
            ["-a crashed(Boom)", "-c shutdown", "-b shutdown"],
            ["+a"],
            ["+b", "+c"],
        )


@world()
async def test_each_member_is_gone_before_the_next_one_is_asked_to_stop(w: World) -> None:
    r = Recorder()
    tree_ = Supervisor("top", r.children("a b c", AsyncWorker, linger=1.0), strategy="one_for_all")
    async with r.run(tree_) as tree:
        r.take()

        tree.ref("a").kill()
        await w.advance(3.0)

        assert r.take() == [
            "-a killed",
            "-c shutdown",
            "c lingered",
            "-b shutdown",
            "b lingered",
            "+a",
            "+b",
            "+c",
        ]


@world()
async def test_the_order_of_a_group_is_that_of_the_spec_even_after_one_was_restarted(w: World) -> None:
    r = Recorder()
    async with r.top("a b c", strategy="rest_for_one", max_restarts=9) as tree:
        end(tree.ref("c"))
        await w.idle()
        r.take()

        end(tree.ref("a"))
        await w.idle()

        assert r.take() == ["-a crashed(Boom)", "-c shutdown", "-b shutdown", "+a", "+b", "+c"]


# -- bystanders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "left"), [("one_for_all", "bd"), ("rest_for_one", "abd")], ids=["one_for_all", "rest_for_one"]
)
@world()
async def test_temporary_bystanders_are_stopped_and_removed(w: World, strategy: Any, left: str) -> None:
    r = Recorder()
    specs = [r.child(id, restart="temporary" if id in "ac" else "permanent") for id in "abcd"]
    async with r.run(Supervisor("top", specs, strategy=strategy)) as tree:
        r.take()

        end(tree.ref("b"))
        await w.idle()

        gone = ["-a shutdown"] if strategy == "one_for_all" else []
        assert (r.take(), list(await states(tree))) == (
            ["-b crashed(Boom)", "-d shutdown", "-c shutdown", *gone, "+b", "+d"],
            list(left),
        )


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
@world()
async def test_a_finished_sibling_is_revived_with_its_group(w: World, strategy: Any) -> None:
    r = Recorder()
    specs = [r.child("a"), r.child("b", restart="transient")]
    async with r.run(Supervisor("top", specs, strategy=strategy)) as tree:
        end(tree.ref("b"), "normal")
        await w.idle()
        r.take()

        end(tree.ref("a"))
        await w.idle()

        assert r.take() == (
            ["-a crashed(Boom)", "+a"] if strategy == "one_for_one" else ["-a crashed(Boom)", "+a", "+b"]
        )


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
@world()
async def test_a_terminated_sibling_is_revived_with_its_group(w: World, strategy: Any) -> None:
    r = Recorder()
    async with r.top("a b", strategy=strategy) as tree:
        await tree.terminate_child("b")
        r.take()

        end(tree.ref("a"))
        await w.idle()

        assert await states(tree) == {"a": "running", "b": "stopped" if strategy == "one_for_one" else "running"}


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
@world()
async def test_a_sibling_that_ignored_its_start_is_tried_again_with_its_group(w: World, strategy: Any) -> None:
    r = Recorder()
    r.plans["b"].append("ignore")
    async with r.top("a b", strategy=strategy) as tree:
        end(tree.ref("a"))
        await w.idle()

        assert await states(tree) == {"a": "running", "b": "stopped" if strategy == "one_for_one" else "running"}


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
@world()
async def test_a_deleted_sibling_is_not_revived(w: World, strategy: Any) -> None:
    r = Recorder()
    async with r.top("a b", strategy=strategy) as tree:
        await tree.terminate_child("b")
        await tree.delete_child("b")
        r.take()

        end(tree.ref("a"))
        await w.idle()

        assert r.take() == ["-a crashed(Boom)", "+a"]


@world()
async def test_those_before_the_culprit_are_left_as_they_are_by_rest_for_one(w: World) -> None:
    r = Recorder()
    specs = [r.child("a", restart="transient"), r.child("b")]
    async with r.run(Supervisor("top", specs, strategy="rest_for_one")) as tree:
        end(tree.ref("a"), "normal")
        await w.idle()

        end(tree.ref("b"))
        await w.idle()

        assert await states(tree) == {"a": "stopped", "b": "running"}


@pytest.mark.parametrize("how", ["normal", "shutdown"])
@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
@world()
async def test_a_clean_end_of_a_transient_child_leaves_its_siblings_alone(w: World, strategy: Any, how: str) -> None:
    r = Recorder()
    specs = [r.child("a", restart="transient"), r.child("b")]
    async with r.run(Supervisor("top", specs, strategy=strategy)) as tree:
        r.take()
        end(tree.ref("a"), how)
        await w.idle()

        assert r.take() == [f"-a {how}"]


@world()
async def test_a_nested_supervisor_is_a_bystander_like_any_other(w: World) -> None:
    r = Recorder()
    sub = Supervisor("sub", r.children("x y"))
    async with r.run(Supervisor("top", [r.child("a"), sub, r.child("b")], strategy="one_for_all")) as tree:
        r.take()

        end(tree.ref("a"))
        await w.idle()

        assert r.take() == [
            "-a crashed(Boom)",
            "-b shutdown",
            "-y shutdown",
            "-x shutdown",
            "+a",
            "+x",
            "+y",
            "+b",
        ]


@pytest.mark.parametrize(
    ("shutdown", "expected"),
    [
        (1.0, ["-a killed", "-b shutdown", "-b killed", "+a", "+b"]),
        (0.0, ["-a killed", "-b shutdown", "-b killed", "+a", "+b"]),
        (BRUTAL_KILL, ["-a killed", "-b killed", "+a", "+b"]),
        (INFINITY, ["-a killed", "-b shutdown", "b lingered", "+a", "+b"]),
    ],
    ids=["1 s", "0", "brutal_kill", "infinity"],
)
@world()
async def test_a_slow_bystander_gets_its_own_shutdown_time(w: World, shutdown: Any, expected: list[str]) -> None:
    r = Recorder()
    specs = [r.child("a"), r.child("b", AsyncWorker, linger=10.0, shutdown=shutdown)]
    async with r.run(Supervisor("top", specs, strategy="one_for_all")) as tree:
        r.take()
        tree.ref("a").kill()
        await w.advance(20.0)
        log = r.take()

        assert log == expected


# -- deaths at the same moment -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_two_simultaneous_deaths_cost_one_for_all_one_restart(seed: int) -> None:
    async def scenario(w: World) -> None:
        r = Recorder()
        async with r.top("a b c", strategy="one_for_all", max_restarts=1) as tree:
            end(tree.ref("a"), "killed")
            end(tree.ref("b"), "killed")
            await w.idle()

            assert (tree.is_alive, tree.snapshot().restarts) == (True, 1)
            assert sorted(r.take()) == ["+a", "+b", "+c", "-a killed", "-b killed", "-c shutdown"]

    world(seed).run(scenario)


@pytest.mark.parametrize("seed", range(8))
def test_two_simultaneous_deaths_cost_one_for_one_two_restarts(seed: int) -> None:
    async def scenario(w: World) -> None:
        r = Recorder()
        async with r.top("a b c", max_restarts=1) as tree:
            end(tree.ref("a"), "killed")
            end(tree.ref("b"), "killed")
            await w.idle()

            assert (tree.is_alive, len(r.of(GaveUp))) == (False, 1)

    world(seed).run(scenario)


@pytest.mark.parametrize("seed", range(8))
def test_two_simultaneous_deaths_under_rest_for_one_bring_everybody_back(seed: int) -> None:
    async def scenario(w: World) -> None:
        r = Recorder()
        async with r.top("a b c", strategy="rest_for_one", max_restarts=2) as tree:
            end(tree.ref("a"), "killed")
            end(tree.ref("c"), "killed")
            await w.idle()

            assert await states(tree) == {"a": "running", "b": "running", "c": "running"}

    world(seed).run(scenario)


@world()
async def test_a_bystander_that_crashed_while_it_waited_to_be_stopped_is_reported_and_costs_nothing(w: World) -> None:
    r = Recorder()
    tree_ = Supervisor(
        "top", [r.child("a"), r.child("b"), r.child("c", Trapper, linger=2.0)], strategy="one_for_all", max_restarts=1
    )
    async with r.run(tree_) as tree:
        end(tree.ref("a"))
        await w.advance(1.0)  # c takes its time to stop, b waits for its turn
        end(tree.ref("b"))
        await w.advance(2.0)

        assert (tree.is_alive, tree.snapshot().restarts) == (True, 1)
        assert [died.path for died in r.of(Died)] == ["top/a", "top/b"]
        assert await states(tree) == {"a": "running", "b": "running", "c": "running"}


@world()
async def test_a_bystander_that_crashes_while_it_is_being_stopped_is_restarted_and_reported_as_odd(w: World) -> None:
    r = Recorder()

    class Fragile(AsyncWorker):
        async def stopping(self, reason: Any) -> None:
            r.write("b falls")
            raise RuntimeError("on the way out")

    tree_ = Supervisor("top", [r.child("a"), r.child("b", Fragile)], strategy="one_for_all", max_restarts=1)
    async with r.run(tree_) as tree:
        r.take()
        end(tree.ref("a"))
        await w.idle()

        assert r.take() == ["-a crashed(Boom)", "b falls", "+a", "+b"]
        assert [(str(e.reason), e.expected) for e in r.of(Stopped)] == [
            ("crashed(RuntimeError: on the way out)", False)
        ]


@world()
async def test_a_crash_of_an_early_one_during_the_restart_of_the_rest_restarts_from_there(w: World) -> None:
    r = Recorder()
    async with r.top("a b c", AsyncWorker, strategy="rest_for_one") as tree:
        r.plans["b"].append(1.0)
        end(tree.ref("b"))
        await w.advance(0.5)
        end(tree.ref("a"))
        await w.advance(5.0)

        assert await states(tree) == {"a": "running", "b": "running", "c": "running"}
        assert r.take() == [
            "-b crashed(Boom)",
            "-c shutdown",
            "-a crashed(Boom)",
            "+b",
            "+c",
            "-c shutdown",
            "-b shutdown",
            "+a",
            "+b",
            "+c",
        ]


# -- what OTP's suite does with each strategy --------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
@world()
async def test_a_third_restart_is_too_much_where_two_are_allowed(w: World, strategy: Any) -> None:
    r = Recorder()
    async with r.top("a b c", strategy=strategy, max_restarts=2) as tree:
        alive: list[bool] = []
        for _ in range(3):
            end(tree.ref("b"))
            await w.idle()
            alive.append(tree.is_alive)

        assert (alive, str(await tree.wait_ended())) == ([True, True, False], "shutdown")


@pytest.mark.parametrize(
    ("make", "expected"),
    [(lambda r: Supervisor("top", r.children("a b", restart="permanent"), max_restarts=2), [2, 2, 0, 2])],
    ids=["one_for_one"],
)
@world()
async def test_counts_are_the_same_after_a_restart(
    w: World, make: Callable[[Recorder], Supervisor], expected: list[int]
) -> None:
    r = Recorder()
    async with r.run(make(r)) as tree:
        end(tree.ref("a"))
        await w.idle()

        assert await counts(tree) == expected


@world()
async def test_dynamic_children_are_independent_of_each_other(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top", max_restarts=2)) as tree:
        for id in "abc":
            await tree.start_child(r.child(id))
        r.take()

        end(tree.ref("a"))
        await w.idle()

        assert r.take() == ["-a crashed(Boom)", "+a"]
