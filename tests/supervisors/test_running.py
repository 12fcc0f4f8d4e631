"""A running tree: the handle, its paths, snapshot and events; and the tree as a program with signals and exit codes."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors import NORMAL, SHUTDOWN, ActorDied, StartFailed, Watchdog
from actors.testing import World, world
from supervisors import Backoff, DynamicSupervisor, Pool, Supervisor
from supervisors.errors import NoSuchPath, TreeGaveUp
from supervisors.events import Died, GaveUp
from tests.supervisors.fixtures import AsyncWorker, Do, Note, Recorder, Sleep, end, fails


def small(r: Recorder) -> Supervisor:
    deep = Supervisor("deep", r.children("x y"))
    return Supervisor("top", [r.child("a"), Supervisor("sub", [r.child("b"), deep]), DynamicSupervisor("dyn")])


# -- entering and leaving ----------------------------------------------------------------------------------------------


@world()
async def test_leaving_the_block_stops_the_tree_in_reverse(w: World) -> None:
    r = Recorder()
    async with small(r).running(log=False):
        r.take()

    assert r.take() == ["-y shutdown", "-x shutdown", "-b shutdown", "-a shutdown"]


@world()
async def test_an_error_in_the_block_stops_the_tree_and_goes_on(w: World) -> None:
    r = Recorder()
    with pytest.raises(ZeroDivisionError):
        async with small(r).running(log=False):
            raise ZeroDivisionError

    assert r.take()[-1] == "-a shutdown"


@world()
async def test_a_tree_outlives_the_cancellation_of_all_other_tasks_and_is_stopped_in_reverse(w: World) -> None:
    r = Recorder()
    async with small(r).running(log=False) as tree:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await tree.ref("sub/deep/y").ask(Note("still here"))
        r.take()

    assert r.take() == ["-y shutdown", "-x shutdown", "-b shutdown", "-a shutdown"]


@world()
async def test_a_tree_that_gives_up_after_all_other_tasks_were_cancelled_says_so_too(w: World) -> None:
    async def give_up() -> None:
        async with Supervisor("top", Recorder().children("a"), max_restarts=0).running(log=False) as tree:
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            end(tree.ref("a"))
            await tree.wait_ended()

    await fails(give_up(), TreeGaveUp)


async def give_up(r: Recorder, ids: str = "a", error: Exception | None = None) -> None:
    """Run a tree that gives up on its first child, and leave it with ``error``."""
    async with Supervisor("top", r.children(ids), max_restarts=0).running(log=False) as tree:
        end(tree.ref(ids.split(maxsplit=1)[0]))
        await tree.wait_ended()
        if error is not None:
            raise error


@world()
async def test_leaving_the_block_of_a_tree_that_gave_up_says_so(w: World) -> None:
    error = await fails(give_up(Recorder()), TreeGaveUp)

    assert (error.name, error.event.culprit) == ("top", "a")
    assert str(error).startswith("the tree 'top' gave up: top gives up on a (crashed(Boom))")


@world()
async def test_an_error_in_the_block_is_not_hidden_by_a_tree_that_gave_up(w: World) -> None:
    await fails(give_up(Recorder(), error=ZeroDivisionError()), ZeroDivisionError)


@world()
async def test_a_tree_of_many_children_that_gave_up_says_so_too(w: World) -> None:
    await fails(give_up(Recorder(), " ".join(f"a{n}" for n in range(2000))), TreeGaveUp)


@world()
async def test_a_subtree_that_gave_up_does_not_make_the_tree_give_up(w: World) -> None:
    r = Recorder()
    sub = Supervisor("sub", r.children("x"), max_restarts=0)
    async with Supervisor("top", [sub]).running(log=False) as tree:
        end(tree.ref("sub/x"))
        await w.idle()

        assert (tree.gave_up, [e.path for e in tree.journal.of(GaveUp)]) == (None, ["top/sub"])


@world()
async def test_a_tree_that_was_stopped_in_the_block_is_left_quietly(w: World) -> None:
    r = Recorder()
    async with small(r).running(log=False) as tree:
        await tree.stop()

        assert (tree.is_alive, await tree.wait_ended()) == (False, SHUTDOWN)


@world()
async def test_a_tree_that_does_not_start_raises_on_entering(w: World) -> None:
    r = Recorder()
    r.always["y"] = "fail"
    with pytest.raises(StartFailed, match="y"):
        async with small(r).running(log=False):
            pass


@world()
async def test_two_trees_run_side_by_side(w: World) -> None:
    r, s = Recorder(), Recorder()
    async with small(r).running(log=False) as one, small(s).running(log=False) as two:
        end(one.ref("a"))
        await w.idle()

        assert (one.ref("a").pid.incarnation, two.ref("a").pid.incarnation) == (2, 1)


@world()
async def test_the_same_tree_runs_again(w: World) -> None:
    r = Recorder()
    tree_ = small(r)
    for _ in range(2):
        async with tree_.running(log=False) as tree:
            assert await tree.ref("a").ask(Note("m")) == "m by life 1"


def test_a_seed_makes_what_is_random_repeatable() -> None:
    async def waits(w: World) -> list[float]:
        r = Recorder()
        spec = r.child("a", backoff=Backoff(10.0, 10.0))
        async with Supervisor("top", [spec], max_restarts=9).running(seed=5, log=False) as tree:
            for _ in range(3):
                end(tree.ref("a"))
                await w.advance(10.0)
            return [event.delay for event in tree.journal if hasattr(event, "delay")]

    assert world(1).run(waits) == world(2).run(waits)


# -- paths -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["a", "sub", "sub/b", "sub/deep", "sub/deep/x", "dyn"])
@world()
async def test_a_path_below_the_root_leads_to_its_place(w: World, path: str) -> None:
    r = Recorder()
    async with r.run(small(r)) as tree:
        assert (tree.ref(path).name, tree.ref(f"top/{path}")) == (f"top/{path}", tree.ref(path))


@world()
async def test_a_handle_of_a_nested_supervisor_has_paths_of_its_own(w: World) -> None:
    r = Recorder()
    async with r.run(small(r)) as tree:
        sub = tree.at("sub")

        assert (sub.name, sub.ref("deep/x"), sub.at("deep").ref("x")) == (
            "top/sub",
            tree.ref("sub/deep/x"),
            tree.ref("sub/deep/x"),
        )


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("aa", "did you mean 'a'?"),
        ("zzz", "it has a, sub, dyn"),
        ("sub/depe", "did you mean 'sub/deep'?"),
        ("dyn/job", "it has no children"),
        ("a/below", "it has no children"),
    ],
)
@world()
async def test_a_wrong_path_says_what_there_is(w: World, path: str, hint: str) -> None:
    r = Recorder()
    async with r.run(small(r)) as tree:
        error = await fails(asyncio.ensure_future(_ref(tree, path)), NoSuchPath)

        assert str(error) == f"the tree has nothing at {path!r}; {hint}"


async def _ref(tree: Any, path: str) -> Any:
    return tree.ref(path)


@pytest.mark.parametrize("id", ["with space", "ünïcödé", "a.b:c", "*", "~", "🪱", "#1", "-"])
@world()
async def test_an_odd_id_is_a_path_like_any_other(w: World, id: str) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Supervisor(id, [r.child(id)])])) as tree:
        assert await tree.ref(f"{id}/{id}").ask(Note("m")) == "m by life 1"


@world()
async def test_a_child_may_have_the_name_of_the_root(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [r.child("top")])) as tree:
        assert tree.ref("top/top").name == "top/top"


@world()
async def test_the_management_of_a_worker_is_refused(w: World) -> None:
    r = Recorder()
    async with r.run(small(r)) as tree:
        await fails(tree.at("a").which_children())


# -- stopping and killing ----------------------------------------------------------------------------------------------


@world()
async def test_wait_ended_returns_why(w: World) -> None:
    r = Recorder()
    async with r.run(small(r)) as tree:
        waiting = asyncio.ensure_future(tree.wait_ended())
        await w.idle()
        early = waiting.done()
        await tree.stop(NORMAL)

        assert (early, await waiting, await tree.wait_ended()) == (False, NORMAL, NORMAL)


@world()
async def test_killing_the_tree_runs_no_hook_anywhere(w: World) -> None:
    r = Recorder()
    deep = Supervisor("deep", r.children("x y", AsyncWorker, linger=9.0))
    async with r.run(Supervisor("top", [r.child("a", AsyncWorker, linger=9.0), deep])) as tree:
        r.take()
        tree.ref("a").tell(Sleep(100.0))
        await w.idle()
        tree.kill()
        await tree.wait_ended()
        await w.idle()

        assert (w.now(), [line for line in r.take() if line.endswith(("shutdown", "lingered"))]) == (0.0, [])
        assert tree.system.statistics().actors == 0


@world()
async def test_management_after_the_end_says_that_it_is_over(w: World) -> None:
    r = Recorder()
    async with r.run(small(r)) as tree:
        await tree.stop()

        await fails(tree.which_children(), ActorDied)


# -- looking -----------------------------------------------------------------------------------------------------------


@world()
async def test_a_snapshot_shows_the_whole_tree(w: World) -> None:
    r = Recorder()
    async with r.run(small(r)) as tree:
        end(tree.ref("sub/deep/x"))
        await w.idle()

        assert [(n.path, n.kind, n.status, n.incarnation, n.restarts) for n in tree.snapshot().walk()] == [
            ("top", "supervisor", "running", 1, 0),
            ("top/a", "worker", "running", 1, None),
            ("top/sub", "supervisor", "running", 1, 0),
            ("top/sub/b", "worker", "running", 1, None),
            ("top/sub/deep", "supervisor", "running", 1, 1),
            ("top/sub/deep/x", "worker", "running", 2, None),
            ("top/sub/deep/y", "worker", "running", 1, None),
            ("top/dyn", "supervisor", "running", 1, 0),
        ]


@world()
async def test_a_snapshot_counts_what_waits_and_what_was_handled(w: World) -> None:
    r = Recorder()
    async with r.top("a", AsyncWorker) as tree:
        for n in range(3):
            tree.ref("a").tell(Note(f"n{n}"))
        tree.ref("a").tell(Sleep(5.0))
        for n in range(4):
            tree.ref("a").tell(Note(f"m{n}"))
        await w.idle()
        node = tree.snapshot().find("top/a")

        assert node is not None
        assert (node.handled, node.mailbox, node.busy) == (4, 4, True)


@world()
async def test_a_snapshot_shows_a_stopped_child(w: World) -> None:
    r = Recorder()
    async with r.run(small(r)) as tree:
        await tree.terminate_child("a")
        node = tree.snapshot().find("top/a")

        assert node is not None
        assert (node.status, node.is_missing, tree.missing()) == ("stopped", False, [])


@world()
async def test_a_snapshot_is_json(w: World) -> None:
    r = Recorder()
    async with r.run(small(r)) as tree:
        assert json.loads(json.dumps(tree.snapshot().to_dict()))["children"][0]["path"] == "top/a"


@world()
async def test_a_snapshot_of_a_tree_that_has_ended_can_be_taken(w: World) -> None:
    r = Recorder()
    async with r.run(small(r)) as tree:
        await tree.stop()

        assert tree.snapshot().path == "top"


@world()
async def test_events_are_seen_as_they_happen_until_the_tree_has_ended(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        stream = tree.events()
        end(tree.ref("a"))
        await w.idle()
        await tree.stop()

        assert [type(event).__name__ async for event in stream] == ["Died", "Serving", "Ending", "Stopped"]


@world()
async def test_a_reader_of_events_waits_for_the_next_one(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        stream = tree.events()
        reading = asyncio.ensure_future(anext(stream))
        await w.advance(5.0)
        early = reading.done()
        end(tree.ref("a"))
        event = await reading

        assert (early, type(event), event.at) == (False, Died, 5.0)


@world()
async def test_a_slow_reader_misses_the_oldest_events_and_knows_how_many(w: World) -> None:
    r = Recorder()
    async with r.run(DynamicSupervisor("top", max_restarts=10_000)) as tree:
        ref = await tree.start_child(r.child("a"))
        assert ref is not None
        stream = tree.events()
        for _ in range(5_100):
            end(ref)
            await w.idle()
        stream.close()

        assert stream.missed == 200


@world()
async def test_an_events_reader_that_closes_stops_being_told(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        stream = tree.events()
        stream.close()
        end(tree.ref("a"))
        await w.idle()
        await tree.stop()

        assert [event async for event in stream] == []


@world()
async def test_every_event_can_be_described_and_is_json(w: World) -> None:
    r = Recorder()
    async with r.run(small(r)) as tree:
        r.plans["b"].append("fail")
        end(tree.ref("sub/b"))
        await w.idle()
        await tree.terminate_child("a")
        await tree.delete_child("a")
        await tree.stop()

        for event in r.events:
            assert event.describe().startswith(event.path)
            assert json.loads(json.dumps(event.to_dict()))["event"] == type(event).__name__


@world()
async def test_deaths_are_logged_with_their_traceback(w: World, caplog: pytest.LogCaptureFixture) -> None:
    r = Recorder()
    with caplog.at_level(logging.INFO, "planaria"):
        async with Supervisor("top", r.children("a")).running() as tree:
            end(tree.ref("a"))
            await w.idle()
            end(tree.ref("a"), "normal")
            await w.idle()

    assert [(record.levelname, bool(record.exc_info)) for record in caplog.records] == [
        ("WARNING", True),
        ("INFO", False),
    ]
    assert "top/a died handling Crash: crashed(Boom)" in caplog.records[0].getMessage()


@world()
async def test_nothing_is_logged_if_that_is_not_wanted(w: World, caplog: pytest.LogCaptureFixture) -> None:
    r = Recorder()
    with caplog.at_level(logging.DEBUG, "planaria"):
        async with Supervisor("top", r.children("a")).running(log=False) as tree:
            end(tree.ref("a"))
            await w.idle()

    assert caplog.records == []


@pytest.mark.real
@pytest.mark.parametrize("log", [True, False])
def test_who_holds_the_loop_is_logged_at_once_and_in_the_end_if_that_is_wanted(
    log: bool, caplog: pytest.LogCaptureFixture
) -> None:
    r = Recorder()

    async def main() -> None:
        tree = Supervisor("top", r.children("a"))
        async with tree.running(log=log, watchdog=Watchdog(bound=0.05)) as running:
            await running.ref("a").ask(Do(lambda _: time.sleep(0.25)))
            await asyncio.sleep(0)
            assert running.is_ready

    asyncio.run(main())

    said = [record.message.partition(":")[0].partition(" for ")[0] for record in caplog.records if record.levelno >= 30]
    assert said == (["top/a#1 blocks the loop", "top/a#1 blocked the loop"] if log else [])


@world()
async def test_a_tree_is_ready_when_nobody_is_missing(w: World) -> None:
    r = Recorder()
    async with Supervisor("top", [r.child("a", backoff=Backoff(10.0, 10.0))]).running(log=False) as running:
        seen = [running.is_ready]
        end(running.ref("a"))
        await w.idle()
        seen.append(running.is_ready)
        await w.advance(10.0)
        seen.append(running.is_ready)
    seen.append(running.is_ready)

    assert seen == [True, False, True, False]


def test_the_same_seed_gives_the_same_events() -> None:
    async def scenario(w: World) -> list[str]:
        r = Recorder()
        pool = Pool("pool", r.child("w"))
        tree_ = Supervisor("top", [r.child("a", backoff=Backoff()), pool, Supervisor("sub", r.children("x y"))])
        async with r.run(tree_) as tree:
            for path in ("a", "sub/x", "pool/w-2", "sub/y"):
                end(tree.ref(path), "killed")
            await w.advance(1.0)
        return [str(event.to_dict()) for event in r.events]

    assert world(9).run(scenario) == world(9).run(scenario)


# -- as a program ------------------------------------------------------------------------------------------------------

PROGRAM = """
import asyncio, sys
{prelude}
from actors import Actor
from supervisors import Supervisor, child

class Worker(Actor):
    def __init__(self, linger, fail):
        self.linger, self.fail = linger, fail
    async def started(self):
        if self.fail == "start":
            raise RuntimeError("no")
        if self.fail == "hang":
            print("ready", flush=True)
            await asyncio.Event().wait()
        self.after(0.01, "crash" if self.fail == "crash" else "tick")
    async def receive(self, message):
        if message == "crash":
            raise RuntimeError("boom")
        print("ready", type(asyncio.get_running_loop()).__module__, flush=True)
    async def stopping(self, reason):
        print("stopping", reason, flush=True)
        await asyncio.sleep(self.linger)
        print("stopped", flush=True)

sys.exit(Supervisor("top", [child(Worker, {linger}, {fail!r}, id="a", shutdown=30.0)], max_restarts=0).run())
"""

WITHOUT_UVLOOP = 'sys.modules["uvloop"] = None'

ENGINES = [
    pytest.param(
        "",
        "uvloop",
        marks=pytest.mark.skipif(importlib.util.find_spec("uvloop") is None, reason="uvloop is not installed"),
        id="uvloop",
    ),
    pytest.param(WITHOUT_UVLOOP, "asyncio", id="asyncio"),
]


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def launch(
    processes: list[subprocess.Popen[str]], prelude: str = "", linger: float = 0.0, fail: str = ""
) -> subprocess.Popen[str]:
    program = textwrap.dedent(PROGRAM).format(prelude=prelude, linger=linger, fail=fail)
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    processes.append(process)
    return process


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.real
@pytest.mark.parametrize(("prelude", "module"), ENGINES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_the_first_signal_stops_the_tree_gracefully(
    processes: list[subprocess.Popen[str]], prelude: str, module: str, number: signal.Signals
) -> None:
    process = launch(processes, prelude, linger=0.05)
    ready = line(process)
    process.send_signal(number)
    output, errors = process.communicate(timeout=20)

    assert (process.returncode, output.split("\n")) == (0, ["stopping shutdown", "stopped", ""])
    assert (module in ready, "stopping; a second signal ends it at once" in errors) == (True, True)


@pytest.mark.real
@pytest.mark.parametrize(("prelude", "module"), ENGINES)
def test_the_second_signal_ends_the_tree_at_once(
    processes: list[subprocess.Popen[str]], prelude: str, module: str
) -> None:
    process = launch(processes, prelude, linger=25.0)
    assert module in line(process)
    process.send_signal(signal.SIGINT)
    assert line(process) == "stopping shutdown"
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)

    assert (process.returncode, output) == (130, "")


@pytest.mark.real
@pytest.mark.parametrize(("fail", "text"), [("crash", "gave up"), ("start", "no")])
def test_a_tree_that_gives_up_or_does_not_start_has_exit_code_one(
    processes: list[subprocess.Popen[str]], fail: str, text: str
) -> None:
    process = launch(processes, fail=fail)
    _, errors = process.communicate(timeout=20)

    assert (process.returncode, errors.splitlines()[-1].startswith("planaria: "), text in errors) == (1, True, True)


@pytest.mark.real
def test_a_signal_during_a_start_ends_the_start(processes: list[subprocess.Popen[str]]) -> None:
    process = launch(processes, fail="hang")
    assert line(process) == "ready"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)

    assert process.returncode == 0
