"""Automatic shutdown: which ends of significant children end their supervisor."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from actors.testing import World, world
from supervisors import Supervisor
from supervisors.events import AutoShutdown, Decision, Died, GaveUp
from tests.supervisors.fixtures import TOLD, AsyncWorker, Recorder, end, states

MODES = ("never", "any_significant", "all_significant")
CLEAN = ("normal", "shutdown", "shutdown-detail")

ENDS = [
    pytest.param(mode, restart, how, id=f"{mode}-{restart}-{how}")
    for mode, restart, how in itertools.product(MODES[1:], ("transient", "temporary"), TOLD)
]


def is_last(restart: str, how: str) -> bool:
    """Whether a life that ends this way has no successor."""
    return restart == "temporary" or how in CLEAN


# -- the only significant child ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "restart", "how"), ENDS)
@world()
async def test_what_the_end_of_the_only_significant_child_leads_to(w: World, mode: Any, restart: str, how: str) -> None:
    r = Recorder()
    specs = [r.child("a"), r.child("b", restart=restart, significant=True), r.child("c")]
    async with r.run(Supervisor("top", specs, auto_shutdown=mode)) as tree:
        r.take()
        end(tree.ref("b"), how)
        await w.idle()

        after = ["-c shutdown", "-a shutdown"] if is_last(restart, how) else ["+b"]
        assert (r.take(), tree.is_alive) == ([f"-b {TOLD[how]}", *after], not is_last(restart, how))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("restart", ["transient", "temporary"])
@pytest.mark.parametrize("how", TOLD)
@world()
async def test_no_end_of_an_insignificant_child_ends_its_supervisor(
    w: World, mode: Any, restart: str, how: str
) -> None:
    r = Recorder()
    specs = [r.child("a", restart=restart), r.child("b")]
    if mode != "never":
        specs.append(r.child("s", restart="transient", significant=True))
    async with r.run(Supervisor("top", specs, auto_shutdown=mode)) as tree:
        end(tree.ref("a"), how)
        await w.idle()

        assert tree.is_alive


@pytest.mark.parametrize("how", CLEAN)
@world()
async def test_a_supervisor_that_shuts_down_by_itself_ends_with_shutdown(w: World, how: str) -> None:
    r = Recorder()
    spec = r.child("a", restart="transient", significant=True)
    async with r.run(Supervisor("top", [spec], auto_shutdown="any_significant")) as tree:
        end(tree.ref("a"), how)

        assert str(await tree.wait_ended()) == "shutdown"


@world()
async def test_an_automatic_shutdown_says_because_of_whom(w: World) -> None:
    r = Recorder()
    spec = r.child("a", restart="temporary", significant=True)
    async with r.run(Supervisor("top", [spec], auto_shutdown="any_significant")) as tree:
        end(tree.ref("a"))
        await w.idle()

        assert [(e.path, e.culprit, e.mode) for e in r.of(AutoShutdown)] == [("top", "a", "any_significant")]
        assert [e.decision for e in r.of(Died)] == [Decision.AUTO_SHUTDOWN]
        assert r.of(GaveUp) == []


# -- several -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "needed"), [("any_significant", 1), ("all_significant", 3)])
@world()
async def test_any_takes_the_first_end_and_all_the_last(w: World, mode: Any, needed: int) -> None:
    r = Recorder()
    specs = r.children("a b c", restart="transient", significant=True)
    async with r.run(Supervisor("top", [*specs, r.child("d")], auto_shutdown=mode)) as tree:
        ends = 0
        for id in "abc":
            if tree.is_alive:
                end(tree.ref(id), "normal")
                await w.idle()
                ends += 1

        assert (tree.is_alive, ends) == (False, needed)


@world()
async def test_a_significant_child_that_starts_again_holds_its_supervisor_open(w: World) -> None:
    r = Recorder()
    specs = r.children("a b", AsyncWorker, restart="transient", significant=True)
    async with r.run(Supervisor("top", specs, auto_shutdown="all_significant")) as tree:
        r.plans["a"].append(5.0)
        end(tree.ref("a"))
        await w.idle()
        end(tree.ref("b"), "normal")
        await w.idle()
        held = tree.is_alive
        await w.advance(6.0)
        end(tree.ref("a"), "normal")
        await w.idle()

        assert (held, tree.is_alive) == (True, False)


@world()
async def test_a_significant_child_that_waits_for_its_restart_holds_its_supervisor_open(w: World) -> None:
    r = Recorder()
    specs = r.children("a b c", AsyncWorker, restart="transient", significant=True)
    async with r.run(Supervisor("top", [*specs, r.child("d")], auto_shutdown="all_significant")) as tree:
        r.plans["a"].append(5.0)
        end(tree.ref("a"))
        await w.idle()
        end(tree.ref("b"))
        await w.idle()
        end(tree.ref("c"), "normal")
        await w.idle()

        assert (tree.is_alive, (await states(tree))["b"]) == (True, "restarting")


@world()
async def test_a_significant_child_that_ignored_its_start_does_not_hold_its_supervisor_open(w: World) -> None:
    r = Recorder()
    r.always["a"] = "ignore"
    specs = r.children("a b", restart="transient", significant=True)
    async with r.run(Supervisor("top", specs, auto_shutdown="all_significant")) as tree:
        before = tree.is_alive
        end(tree.ref("b"), "normal")
        await w.idle()

        assert (before, tree.is_alive) == (True, False)


# -- ends that were asked for ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES[1:])
@pytest.mark.parametrize("restart", ["transient", "temporary"])
@world()
async def test_terminating_even_the_last_significant_child_ends_nothing(w: World, mode: Any, restart: str) -> None:
    r = Recorder()
    specs = [r.child("a", restart=restart, significant=True), r.child("b")]
    async with r.run(Supervisor("top", specs, auto_shutdown=mode)) as tree:
        await tree.terminate_child("a")
        await w.advance(60.0)

        assert tree.is_alive


@world()
async def test_a_terminated_significant_child_does_not_hold_its_supervisor_open(w: World) -> None:
    r = Recorder()
    specs = r.children("a b", restart="transient", significant=True)
    async with r.run(Supervisor("top", specs, auto_shutdown="all_significant")) as tree:
        await tree.terminate_child("a")
        end(tree.ref("b"), "normal")
        await w.idle()

        assert not tree.is_alive


@pytest.mark.parametrize("mode", MODES[1:])
@world()
async def test_a_significant_bystander_ends_nothing(w: World, mode: Any) -> None:
    r = Recorder()
    specs = [r.child("a"), r.child("b", restart="temporary", significant=True)]
    async with r.run(Supervisor("top", specs, strategy="one_for_all", auto_shutdown=mode)) as tree:
        end(tree.ref("a"))
        await w.idle()

        assert (tree.is_alive, await states(tree)) == (True, {"a": "running"})


@world()
async def test_a_significant_child_that_crashes_too_often_is_a_give_up_and_no_automatic_shutdown(w: World) -> None:
    r = Recorder()
    spec = r.child("a", restart="transient", significant=True)
    async with r.run(Supervisor("top", [spec], auto_shutdown="any_significant", max_restarts=0)) as tree:
        end(tree.ref("a"))
        await w.idle()

        assert (len(r.of(GaveUp)), r.of(AutoShutdown), tree.is_alive) == (1, [], False)


# -- upwards -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restart", ["transient", "temporary"])
@world()
async def test_an_automatic_shutdown_is_a_significant_end_for_the_parent(w: World, restart: Any) -> None:
    r = Recorder()
    sub = Supervisor(
        "sub",
        [r.child("x", restart="transient", significant=True)],
        auto_shutdown="any_significant",
        restart=restart,
        significant=True,
    )
    async with r.run(Supervisor("top", [r.child("a"), sub], auto_shutdown="any_significant")) as tree:
        r.take()
        end(tree.ref("sub/x"), "normal")
        await w.idle()

        assert (r.take(), tree.is_alive) == (["-x normal", "-a shutdown"], False)


@world()
async def test_a_permanent_supervisor_that_shuts_down_by_itself_is_restarted(w: World) -> None:
    r = Recorder()
    sub = Supervisor("sub", [r.child("x", restart="transient", significant=True)], auto_shutdown="any_significant")
    async with r.run(Supervisor("top", [sub], max_restarts=1)) as tree:
        r.take()
        end(tree.ref("sub/x"), "normal")
        await w.idle()

        assert (r.take(), tree.snapshot().restarts) == (["-x normal", "+x"], 1)


@world()
async def test_a_transient_supervisor_that_shuts_down_by_itself_stays_down(w: World) -> None:
    r = Recorder()
    sub = Supervisor(
        "sub",
        [r.child("x", restart="transient", significant=True)],
        auto_shutdown="any_significant",
        restart="transient",
    )
    async with r.run(Supervisor("top", [sub])) as tree:
        end(tree.ref("sub/x"), "normal")
        await w.idle()

        assert await states(tree) == {"sub": "stopped"}
