"""Lives in threads: their handlers may block, and one that never returns is left to itself."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from actors import KILLED, Abandoned, ActorDied, ActorSystem, Blocked, StartFailed
from actors.checkup import signs
from actors.places.endpoint import Endpoint
from actors.places.place import Thread
from actors.places.threads import Threads
from supervisors import Apoptosis, Supervisor, child
from supervisors.promotion.events import Promoted
from supervisors.promotion.ladder import Rung
from supervisors.promotion.policy import Promote
from tests.actors.places.culprits import GATES, Culprit, Fault, Stillborn
from tests.actors.places.test_faults import ward
from tests.project import ROOT
from tests.reality import real, until

pytestmark = pytest.mark.real


def threads() -> int:
    return sum(each.name.startswith("top") for each in threading.enumerate())


def test_a_handler_that_blocks_its_thread_does_not_hold_the_loop() -> None:
    async def main() -> None:
        async with ward("a b", place="thread") as w:
            events: list[Any] = []
            w.tree.system.events.subscribe(events.append)
            await w.tree.ref("b").ask(Fault("pid"))
            blocked = asyncio.ensure_future(w.tree.ref("a").ask(Fault("block", (0.5,))))
            began, turns = time.monotonic(), 0
            while not blocked.done():
                await w.tree.ref("b").ask(Fault("pid"))
                turns += 1

            assert await blocked == "done"
            assert time.monotonic() - began >= 0.4
            assert turns > 20
            assert not [event for event in events if isinstance(event, Blocked)]

    real(main())


def test_to_block_a_thread_is_no_evidence_against_a_life() -> None:
    policy = Apoptosis(every=0.05)

    async def main() -> None:
        async with ward("a", place="thread", apoptosis=policy) as w:
            for _ in range(4):
                await w.tree.ref("a").ask(Fault("block", (0.15,)))
            vitals = w.tree.vitals("a")

            assert vitals is not None
            assert vitals.alpha == 0
            assert w.tree.ref("a").pid.incarnation == 1

    real(main())


def test_a_thread_that_never_returns_is_abandoned_and_its_successor_has_what_waited() -> None:
    async def main() -> None:
        async with ward("a", place="thread") as w:
            events: list[Any] = []
            w.tree.system.events.subscribe(events.append)
            w.write(0)
            await until(lambda: len(w.log) == 1)
            gate = GATES["kill"] = threading.Event()
            asked = asyncio.ensure_future(w.tree.ref("a").ask(Fault("wait", ("kill",))))
            await until(lambda: gate in Culprit.waiting)
            w.write(*range(1, 50))
            began = time.monotonic()
            w.tree.ref("a").kill()
            with pytest.raises(ActorDied) as died:
                await asked
            await until(lambda: len(w.log) >= 50)
            took = time.monotonic() - began

            assert died.value.reason == KILLED
            assert w.log == [(0, 1), *((number, 2) for number in range(1, 50))]
            assert w.deaths() == {"a": ["killed"]}
            assert [
                (str(event.pid), event.handler, event.message) for event in events if isinstance(event, Abandoned)
            ] == [("top/a#1", "Culprit.fault", "Fault")]
            assert "Culprit.fault swallowed its cancellation and was abandoned." in w.tree.why("a")[0].describe()
            assert took < 3
            assert {each.name for each in threading.enumerate() if each.name.startswith("top")} == {
                "top/a#1 abandoned in Culprit.fault", "top/a#2 in a thread",
            }  # fmt: skip
            # It is fenced: what it does when it comes back reaches nobody, and then it is gone.
            gate.set()
            await until(lambda: threads() == 1)
            assert len(w.log) == 50
            assert not w.tree.system.dead_letters

    real(main())


def test_a_thread_that_is_not_stuck_ends_at_once_when_it_is_killed_and_no_hook_of_it_runs() -> None:
    async def main() -> None:
        async with ward("a", place="thread") as w:
            events: list[Any] = []
            w.tree.system.events.subscribe(events.append)
            await w.tree.ref("a").ask(Fault("pid"))
            Culprit.stopped.clear()
            began = time.monotonic()
            w.tree.ref("a").kill()
            await until(lambda: w.tree.ref("a").pid.incarnation == 2)

            assert time.monotonic() - began < 0.4
            assert not [event for event in events if isinstance(event, Abandoned)]
            assert Culprit.stopped == []

    real(main())


@pytest.mark.parametrize("is_killed_first", [False, True])
def test_a_thread_that_nobody_waits_for_any_more_ends_and_that_is_told(is_killed_first: bool) -> None:
    async def main() -> None:
        async with ActorSystem("top") as system:
            lost: list[str] = []
            desk = await Threads(system).take(Thread())
            opening = asyncio.ensure_future(desk.open(Endpoint(system), lost.append))
            await asyncio.sleep(0)
            if is_killed_first:
                desk.kill()
            opening.cancel()
            await asyncio.wait([opening])
            desk.kill()
            await until(lambda: lost)
            await until(lambda: threads() == 0)

            assert lost == ["abandoned"]

    real(main())


def test_a_stop_that_outlasts_its_grace_abandons_the_thread_and_the_tree_ends() -> None:
    gate = GATES["stop"] = threading.Event()

    async def main() -> None:
        async with ward("a", place="thread", shutdown=0.2) as w:
            w.tree.ref("a").tell(Fault("wait", ("stop",)))
            await until(lambda: gate in Culprit.waiting)
            began = time.monotonic()
        assert time.monotonic() - began < 3
        assert w.deaths() == {"a": ["killed"]}

    real(main())
    gate.set()


def test_a_handler_that_holds_its_thread_for_longer_than_its_patience_ends_its_life_and_the_reason_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate = GATES["patience"] = threading.Event()
    reason = "crashed(ProcessDied: blocked for 0.3 s in Culprit.fault)"

    async def main() -> None:
        async with ward("a", place=Thread(patience=0.3)) as w:
            events: list[Any] = []
            w.tree.system.events.subscribe(events.append)
            assert await w.tree.ref("a").ask(Fault("block", (0.1,))) == "done"
            for life in (1, 2):
                asked = asyncio.ensure_future(w.tree.ref("a").ask(Fault("wait", ("patience",)), timeout=20))
                await asyncio.sleep(0)  # it is asked first
                w.write(life)
                with pytest.raises(ActorDied) as died:
                    await asked
                assert str(died.value.reason) == reason
                await until(lambda: len(w.log) == life)  # noqa: B023 - it is called at once

            assert w.log == [(1, 2), (2, 3)]
            assert w.deaths() == {"a": [reason, reason]}
            assert [(str(each.pid), each.threads) for each in events if isinstance(each, Abandoned)] == [
                ("top/a#1", 1), ("top/a#2", 2),
            ]  # fmt: skip

    real(main())
    (warned,) = (each.getMessage() for each in caplog.records if "run on" in each.getMessage())
    assert "top/a#1 abandoned in Culprit.fault, top/a#2 abandoned in Culprit.fault" in warned
    gate.set()


STOPPED = "crashed(ProcessDied: the loop of its thread was stopped)"
CANCELLED = "crashed(ProcessDied: the main task of its thread was cancelled)"


@pytest.mark.parametrize("place", ["thread", Thread(patience=1.0)], ids=str)
@pytest.mark.parametrize(("verb", "reason"), [("stop_loop", STOPPED), ("cancel_all", CANCELLED)])
def test_a_thread_whose_loop_ends_by_itself_ends_its_life_at_once_and_its_successor_has_what_waited(
    verb: str, reason: str, place: Any
) -> None:
    async def main() -> None:
        async with ward("a", place=place) as w:
            began = time.monotonic()
            for life in (1, 2):
                assert await w.tree.ref("a").ask(Fault(verb)) == "done"
                w.write(*range(50))
                await until(lambda: len(w.log) >= 50)
                await w.lives_after(life, "a")

                assert [number for number, _ in w.log] == [*range(50)]
                assert w.log[-1] == (49, life + 1)
                w.log.clear()
            assert w.deaths() == {"a": [reason, reason]}
            assert time.monotonic() - began < 3
            await until(lambda: threads() == 1)

    real(main())


@pytest.mark.parametrize(
    ("verb", "reasons"),
    [("stop_loop_and_wait", {STOPPED}), ("cancel_all_and_wait", {CANCELLED, "crashed(CancelledError)"})],
)
def test_who_waits_for_a_life_whose_loop_ends_by_itself_hears_of_it_at_once(verb: str, reasons: set[str]) -> None:
    async def main() -> None:
        async with ward("a", place="thread") as w:
            ended = asyncio.ensure_future(w.tree.ref("a").wait_ended())
            await asyncio.sleep(0)  # it waits first
            began = time.monotonic()
            with pytest.raises(ActorDied) as died:
                await w.tree.ref("a").ask(Fault(verb), timeout=20)

            assert str(died.value.reason) in reasons
            assert str(await ended) in reasons
            assert time.monotonic() - began < 3
            assert await w.tree.ref("a").ask(Fault("block", (0,))) == "done"

    real(main())


def test_a_thread_that_cannot_end_although_its_loop_has_is_left_to_itself() -> None:
    gate = GATES["fallen"] = threading.Event()

    async def main() -> None:
        async with ward("a", place="thread") as w:
            w.tree.ref("a").tell(Fault("cancel_all_and_stay", ("fallen",)))
            await w.lives_after(1, "a")

            assert w.deaths() == {"a": [CANCELLED]}
            assert await w.tree.ref("a").ask(Fault("block", (0,))) == "done"
            assert threads() == 2
            gate.set()
            await until(lambda: threads() == 1)

    real(main())


@pytest.mark.process
@pytest.mark.parametrize("when", ["in the block", "while they start"])
def test_lives_at_all_places_outlive_the_cancellation_of_all_tasks_on_the_loop_of_the_node(when: str) -> None:
    places = {"a": "loop", "b": "thread", "c": "process"}
    tree = Supervisor("top", [child(Culprit, id=id, place=place) for id, place in places.items()], max_restarts=100)

    async def main() -> None:
        async with tree.running(log=False) as running:
            for _ in range(3):
                if when == "while they start":
                    for id in places:
                        running.ref(id).kill()
                    await asyncio.sleep(0)
                for task in asyncio.all_tasks() - {asyncio.current_task()}:
                    task.cancel()
                for id in places:
                    assert await running.ref(id).ask(Fault("block", (0,)), timeout=20) == "done"

    asyncio.run(main())
    real(main())


def test_a_start_fails_whose_loop_ends_and_says_so() -> None:
    async def main() -> None:
        with pytest.raises(StartFailed) as failed:
            async with ward("a", cls=Stillborn, place="thread"):
                pass

        assert "the loop of its thread was stopped" in str(failed.value)
        await until(lambda: threads() == 0)

    real(main())


def test_a_start_fails_for_which_no_thread_can_be_started_and_says_so() -> None:
    async def main() -> None:
        async with ActorSystem("top", watchdog=None) as system:
            usual = threading.stack_size(1 << 46)  # more than there are addresses
            try:
                with pytest.raises(StartFailed) as failed:
                    async with ward("a", place="thread", system=system):
                        pass
            finally:
                threading.stack_size(usual)

            assert "can't start new thread" in str(failed.value)

    real(main())


@pytest.mark.process
@pytest.mark.parametrize("patience", [None, 0.2])
def test_a_life_whose_thread_was_abandoned_is_promoted_to_a_process(patience: float | None) -> None:
    gate = GATES["promote"] = threading.Event()

    async def main() -> None:
        async with ward("a", place=Thread(patience), promote=Promote(after=1)) as w:
            events: list[Any] = []
            w.tree.system.events.subscribe(events.append)
            w.tree.ref("a").tell(Fault("wait", ("promote",)))
            await until(lambda: gate in Culprit.waiting)
            here = threading.get_native_id()
            if patience is None:
                w.tree.ref("a").kill()
            await until(lambda: any(isinstance(event, Promoted) for event in events))
            await until(lambda: w.tree.ref("a")._cell.actor is not None)

            (promoted,) = (event for event in events if isinstance(event, Promoted))
            assert promoted.count == 1
            assert (promoted.was, promoted.to, promoted.kind) == (Rung.THREAD, Rung.PROCESS, "blocked")
            await until(lambda: getattr(w.tree.ref("a")._cell.actor, "place", None) == Promote().process)
            assert await w.pid() != here

    real(main())
    gate.set()


LEAVES = """
import asyncio, sys
from actors import Actor, ActorDied, handle
from actors.engines.loop import run
from supervisors import Supervisor, child

class Plain(Actor):
    @handle
    def leave(self, how: str) -> str:
        if how == "stay":
            return how
        if how == "later":
            asyncio.get_running_loop().call_soon(sys.exit, 4)
            return how
        raise {"exit": SystemExit(3), "interrupt": KeyboardInterrupt(), "close": GeneratorExit()}[how]

class Async(Plain):
    @handle
    async def leave(self, how: str) -> str:
        return super().leave(how)

async def main():
    async with Supervisor("top", [child(CLS, id="a", place="PLACE")]).running(log=False) as running:
        try:
            await running.ref("a").ask("HOW", timeout=5.0)
            await asyncio.sleep(20)
        except ActorDied as died:
            print(died.reason.exception, await running.ref("a").ask("stay", timeout=5.0))

if __name__ == "__main__":
    RUN(main())
"""


@pytest.mark.process
@pytest.mark.parametrize(
    ("place", "cls", "how", "code"),
    [("thread", "Plain", "exit", 3), ("thread", "Async", "interrupt", 130), ("thread", "Async", "close", 0),
     ("thread", "Plain", "later", 4), ("thread", "Async", "later", 4),
     ("process", "Plain", "close", 0), ("process", "Plain", "interrupt", 0)],
)  # fmt: skip
def test_what_leaves_the_program_on_the_loop_does_so_from_a_thread_and_ends_a_process_and_nothing_is_printed_besides(
    place: str, cls: str, how: str, code: int, tmp_path: Path
) -> None:
    source = LEAVES.replace("CLS", cls).replace("PLACE", place).replace("HOW", how)
    source = source.replace("RUN", "run" if cls == "Plain" else "asyncio.run")
    (tmp_path / "leaves.py").write_text(source)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "leaves.py")],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    if how == "interrupt" and place == "thread":
        assert done.returncode in (code, -signal.SIGINT)
        assert done.stderr.count("Traceback") == 1  # the interpreter's own
        assert "Exception in thread" not in done.stderr
    else:
        assert (done.returncode, done.stderr) == (code, "")
    if code == 0:
        named = {"close": "GeneratorExit", "exit": "SystemExit: 3", "interrupt": "KeyboardInterrupt"}
        assert done.stdout == f"{named[how]} stay\n"


def test_the_time_that_a_thread_uses_is_known() -> None:
    async def main() -> None:
        async with ward("a", place="thread") as w:
            await w.tree.ref("a").ask(Fault("burn", (0.1,)))
            seen = signs(w.tree.ref("a"))

            assert seen is not None
            assert seen.cpu is not None
            assert 0.05 < seen.cpu < 5
            assert (seen.memory, seen.silence) == (None, None)

    real(main())


PROGRAM = """
import asyncio, threading
from actors.engines.loop import run
from supervisors import Supervisor, child
from tests.actors.places.culprits import GATES, Culprit, Fault, Stillborn

async def main():
    tree = Supervisor("top", [child(Culprit, id="a", place="thread", shutdown=0.1)])
    GATES["never"] = threading.Event()
    async with tree.running() as running:
        running.ref("a").tell(Fault("wait", ("never",)))
        while not Culprit.waiting:
            await asyncio.sleep(0.001)
    print("over", flush=True)

run(main())
"""


def test_a_program_ends_although_a_thread_never_does() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )

    assert (ended.returncode, ended.stdout) == (0, "over\n"), ended.stderr
    assert "Traceback" not in ended.stderr
