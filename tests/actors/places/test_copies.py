"""Copies that ``os.fork()`` makes of a node, or of a process of its: they leave, and the original feels nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from supervisors import Supervisor, child
from tests.actors.places.culprits import Culprit, Fault
from tests.actors.places.test_faults import Ward, is_alive
from tests.project import ROOT
from tests.reality import real, until

pytestmark = [pytest.mark.process, pytest.mark.real]


@pytest.mark.parametrize(("way", "code"), [("exit", 7), ("return", 0)])
def test_a_copy_of_the_node_leaves_when_its_handler_is_done_and_the_node_goes_on(way: str, code: int) -> None:
    tree = Supervisor("top", [child(Culprit, id="here"), child(Culprit, id="a", place="process")], max_restarts=1000)

    async def main() -> None:
        async with tree.running(log=False) as running:
            w = Ward(running)
            await w.begin()
            life = await w.pid("a")
            for _ in range(3):
                copy = await running.ref("here").ask(Fault("fork", (way,)))
                _, status = await asyncio.to_thread(os.waitpid, copy, 0)
                assert os.waitstatus_to_exitcode(status) == code
                w.write(*range(100), id="a")
                await until(lambda: len(w.log) == 100)
                assert w.log == [(number, 1) for number in range(100)]
                w.log.clear()
            assert await w.pid("a") == life
            assert w.deaths() == {}
            os.kill(life, signal.SIGKILL)
            assert await w.pid("a") != life

    real(main())


def test_a_copy_of_a_life_s_process_leaves_too() -> None:
    tree = Supervisor("top", [child(Culprit, id="a", place="process")])

    async def main() -> None:
        async with tree.running(log=False) as running:
            w = Ward(running)
            life = await w.pid("a")
            for way in ("return", "exit"):
                copy = await running.ref("a").ask(Fault("fork", (way,)))
                await until(lambda: not is_alive(copy))  # noqa: B023 - it is called at once
            assert await w.pid("a") == life
            assert w.deaths() == {}

    real(main())


PROGRAM = """
import asyncio, os, sys
from supervisors import Supervisor, child
from tests.actors.places.culprits import Culprit, Fault

async def main():
    async with Supervisor("top", [child(Culprit, id="a", place="process")]).running(log=False) as running:
        life = await running.ref("a").ask(Fault("pid"))
        if os.fork() == 0:
            sys.exit(5)
        await asyncio.to_thread(os.wait)
        print(life == await running.ref("a").ask(Fault("pid")))

asyncio.run(main())
"""


def test_a_copy_that_is_made_outside_of_handlers_does_not_take_the_tree_down() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")
