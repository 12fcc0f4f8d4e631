"""Copies that ``os.fork()`` makes of a node, or of a process of its: they leave, and the original feels nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from actors import ActorSystem, Ref
from actors.envelopes import Hook
from supervisors import INFINITY, Apoptosis, Supervisor, child
from tests.actors.places.culprits import AsyncForker, Culprit, Donor, Fault, Forker
from tests.actors.places.test_faults import Ward, ward
from tests.project import ROOT
from tests.reality import real, until

pytestmark = [pytest.mark.process, pytest.mark.real]

Run = Callable[[Coroutine[Any, Any, None]], None]

PLACES = ["loop", "thread", "process"]


async def left(ref: Ref[Any], copy: int) -> int:
    """Wait until a copy that was made in the process of ``ref`` has left; returns with which code."""
    while (code := await ref.ask(Fault("reap", (copy,)))) is None:
        await asyncio.sleep(0.002)
    return int(code)


def everywhere(place: str, cls: type[Culprit] = Culprit) -> Supervisor:
    """A tree of two, which has no other places: whatever guards it is its own."""
    return Supervisor("top", [child(cls, id="a", place=place), child(cls, id="b", place=place)], max_restarts=1000)


# -- in handlers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", [real, asyncio.run], ids=["uvloop", "asyncio"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("fork", ("return",)), 0),
        (Fault("fork", ("exit",)), 7),
        (Fault("fork", ("raise",)), 1),
        (Fault("fork_and_wait", ("return",)), 0),
        (Fault("fork_and_wait", ("exit",)), 7),
        (Fault("fork_and_wait", ("wait",)), 0),
        (Fault("fork_in_a_task"), 0),
    ],
    ids=lambda value: "-".join((value.verb, *value.args)) if isinstance(value, Fault) else "",
)
def test_a_copy_leaves_when_its_handler_is_done_and_the_original_goes_on(
    fault: Fault, code: int, place: str, run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    async def main() -> None:
        async with everywhere(place).running(log=False) as running:
            w = Ward(running)
            await w.begin()
            life = await w.pid()
            for _ in range(3):
                copy = await running.ref("a").ask(fault)
                assert await left(running.ref("a"), copy) == code
                w.write(*range(100))
                await until(lambda: len(w.log) == 100)
                assert w.log == [(number, 1) for number in range(100)]
                w.log.clear()
            assert await w.pid() == life
            assert w.deaths() == {}

    run(main())
    said = capfd.readouterr().err
    if code == 1:
        assert said.count("Traceback") == said.count("ValueError: in a copy") == 3
    else:
        assert said == ""


def test_a_node_with_processes_goes_on_when_a_copy_of_it_has_left() -> None:
    tree = Supervisor("top", [child(Culprit, id="here"), child(Culprit, id="a", place="process")], max_restarts=1000)

    async def main() -> None:
        async with tree.running(log=False) as running:
            w = Ward(running)
            await w.begin()
            life = await w.pid("a")
            for way, code in (("exit", 7), ("return", 0)):
                copy = await running.ref("here").ask(Fault("fork", (way,)))
                assert await left(running.ref("here"), copy) == code
                w.write(*range(100), id="a")
                await until(lambda: len(w.log) == 100)
                assert w.log == [(number, 1) for number in range(100)]
                w.log.clear()
            assert await w.pid("a") == life
            assert w.deaths() == {}
            os.kill(life, signal.SIGKILL)
            assert await w.pid("a") != life

    real(main())


def test_a_copy_of_a_system_without_a_tree_leaves_too() -> None:
    async def main() -> None:
        async with ActorSystem("s") as system:
            ref = await system.spawn(Culprit)
            assert await left(ref, await ref.ask(Fault("fork", ("exit",)))) == 7

    real(main())


# -- in hooks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cls", "code"), [(Forker, 0), (AsyncForker, 7)])
@pytest.mark.parametrize("place", PLACES)
def test_a_copy_that_is_made_in_started_leaves_when_that_is_done_and_starts_nobody_else(
    place: str, cls: type[Forker], code: int, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    tree = Supervisor("top", [child(cls, str(log), "started", id=id, place=place) for id in ("a", "b", "c")])

    async def main() -> None:
        async with tree.running(log=False) as running:
            for id in ("a", "b", "c"):
                copy = await running.ref(id).ask(Fault("copy"))
                assert copy
                assert await left(running.ref(id), copy) == code
            assert log.read_text().splitlines() == [f"started top/{id}" for id in ("a", "b", "c")]

    real(main())


@pytest.mark.parametrize(("cls", "code"), [(Forker, 0), (AsyncForker, 7)])
@pytest.mark.parametrize("place", ["loop", "thread"])
@pytest.mark.parametrize("end", ["stop", "crash"])
def test_a_copy_that_is_made_in_stopping_leaves_when_that_is_done_and_restarts_nobody(
    end: str, place: str, cls: type[Forker], code: int, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    tree = Supervisor("top", [child(cls, str(log), "stopping", id="a", place=place)])
    Forker.copies.clear()

    async def main() -> None:
        async with tree.running(log=False) as running:
            ref = running.ref("a")
            if end == "stop":
                await ref.stop()
            else:
                ref.tell(Fault("unknown"))
            await until(lambda: ref.pid.incarnation == 2)
            (copy,) = Forker.copies

            assert await left(ref, copy) == code
            assert log.read_text().splitlines() == ["started top/a", "stopping top/a", "started top/a"]
            await until(lambda: Forker.copies == [copy])

    real(main())


@pytest.mark.parametrize("hook", ["bequeath", "inherit all"])
def test_a_copy_that_is_made_while_a_life_leaves_something_behind_or_inherits_it_leaves_too(
    hook: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    policy = Apoptosis(snapshot=INFINITY)
    tree = Supervisor("top", [child(Donor, str(log), hook, id="a", apoptosis=policy)])
    Forker.copies.clear()

    async def main() -> None:
        async with tree.running(log=False) as running:
            ref = running.ref("a")
            ref.tell(Fault("unknown"))
            await until(lambda: ref.pid.incarnation == 2 and Forker.copies)
            (copy,) = Forker.copies

            assert await left(ref, copy) == 0
            assert log.read_text().splitlines() == [
                f"{each} top/a" for each in ("started", "bequeath", "stopping", "started", "inherit all")
            ]

    real(main())


def test_a_copy_that_is_made_in_a_hook_of_a_replacement_leaves_when_that_is_done(tmp_path: Path) -> None:
    log = tmp_path / "log"
    told: list[Any] = []

    async def main() -> None:
        async with ActorSystem("s") as system:
            ref = await system.spawn(Donor, str(log), "bequeath")
            Forker.copies.clear()
            ref._cell.push(Hook("bequeath", (), lambda value, error: told.append((value, error))))
            await until(lambda: told)
            (copy,) = Forker.copies

            assert await left(ref, copy) == 0
            assert told == [("all", None)]

    real(main())


# -- outside of handlers -----------------------------------------------------------------------------------------------

PROGRAM = """
import asyncio, os, sys
from supervisors import Supervisor, child
from tests.actors.places.culprits import Culprit, Fault

async def main():
    async with Supervisor("top", [child(Culprit, id="a", place="PLACE")]).running(log=False) as running:
        life = await running.ref("a").ask(Fault("pid"))
        if os.fork() == 0:
            sys.exit(5)
        await asyncio.to_thread(os.wait)
        print(life == await running.ref("a").ask(Fault("pid")))

asyncio.run(main())
"""


@pytest.mark.parametrize("place", PLACES)
def test_a_copy_that_is_made_outside_of_handlers_does_not_take_the_tree_down(place: str) -> None:
    program = PROGRAM.replace("PLACE", place)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_a_copy_that_is_made_in_another_thread_is_left_alone() -> None:
    async def main() -> None:
        async with ward("a", place="loop") as w:

            def copy() -> int:
                if pid := os.fork():
                    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                os._exit(6)

            assert await asyncio.to_thread(copy) == 6
            assert await w.pid() == os.getpid()

    real(main())


# -- what makes copies of its own --------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["multiprocess", "multiprocess_elsewhere"])
@pytest.mark.parametrize("place", PLACES)
def test_a_process_that_multiprocessing_forks_in_a_handler_runs_a_system_of_its_own_and_is_joined(
    place: str, verb: str
) -> None:
    async def main() -> None:
        async with everywhere(place).running(log=False) as running:
            for _ in range(2):
                assert await running.ref("a").ask(Fault(verb), timeout=30) == (5, "None")
            assert await running.ref("b").ask(Fault("block", (0,))) == "done"

    real(main())


@pytest.mark.parametrize("place", PLACES)
def test_a_program_that_a_handler_starts_with_a_function_before_it_runs(place: str) -> None:
    async def main() -> None:
        async with everywhere(place).running(log=False) as running:
            assert await running.ref("a").ask(Fault("run_prepared"), timeout=30) == "hi\n"
            assert await running.ref("a").ask(Fault("block", (0,))) == "done"

    real(main())


TERMINATES = """
import multiprocessing, time
from actors import Actor, handle
from supervisors import Supervisor, child

def sleep(ready):
    ready.set()
    time.sleep(60)

class Boss(Actor):
    def started(self):
        self.after(0.0, "begin")

    @handle
    def work(self, message: str) -> None:
        if message == "begin":
            context = multiprocessing.get_context("fork")
            ready = context.Event()
            process = context.Process(target=sleep, args=(ready,))
            process.start()
            ready.wait()
            process.terminate()
            process.join(20)
            print(process.exitcode, flush=True)
            self.after(0.2, "end")
        else:
            print("goes on", flush=True)
            self.stop()

if __name__ == "__main__":
    boss = child(Boss, id="boss", place="PLACE", restart="transient", significant=True)
    Supervisor("top", [boss], auto_shutdown="any_significant").run()
"""


@pytest.mark.parametrize("place", ["loop", "thread"])
def test_a_signal_to_a_copy_ends_that_and_is_none_for_the_original(place: str, tmp_path: Path) -> None:
    (tmp_path / "terminates.py").write_text(TERMINATES.replace("PLACE", place))
    done = subprocess.run(
        [sys.executable, str(tmp_path / "terminates.py")],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (0, "-15\ngoes on\n"), done.stderr
