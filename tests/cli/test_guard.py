"""``planaria run --workers`` and ``--guard``: no process of a service is one that it cannot do without."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from actors import Actor
from examples.cluster import Client
from supervisors import Pool, Supervisor, child
from supervisors.cli.guardian import MOST, WITHIN, Restarts, code_of
from supervisors.cli.loading import Unusable
from supervisors.cli.workers import with_workers
from supervisors.desired import Desired
from tests.cli.shell import planaria
from tests.project import ROOT

COMMAND = "import sys; sys.path.insert(0, sys.argv.pop(1)); from supervisors.cli import main; main()"

HEALED = 15.0
"""Seconds after which a wound that has not closed never will; it takes one as a rule."""

needs_processes = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="processes need Linux")


# -- what --workers means ----------------------------------------------------------------------------------------------


def pool(name: str, place: str | None, size: Any = 3) -> Pool:
    return Pool(name, child(Actor, id="worker", place=place), size=size)


def sizes(tree: Any) -> dict[str, Any]:
    below = (
        {} if isinstance(tree, Pool) else {name: size for each in tree.children for name, size in sizes(each).items()}
    )
    return {tree.id: tree.size} if isinstance(tree, Pool) else below


def test_every_pool_of_processes_has_so_many_workers_and_no_other_one() -> None:
    inner = Supervisor("inner", [pool("deep", "process")])
    tree = Supervisor("shop", [pool("cpu", "process"), pool("loop", None), pool("threads", "thread"), inner])

    assert sizes(with_workers(tree, 7)) == {"cpu": 7, "loop": 3, "threads": 3, "deep": 7}


def test_a_pool_that_sizes_itself_goes_on_doing_so() -> None:
    tree = Supervisor("shop", [pool("cpu", "process"), pool("own", "process", Desired(2))])

    assert sizes(with_workers(tree, 5)) == {"cpu": 5, "own": Desired(2)}


def test_a_tree_may_be_such_a_pool_itself() -> None:
    assert sizes(with_workers(pool("cpu", "process"), 2)) == {"cpu": 2}


def test_a_tree_without_such_a_pool_is_refused_with_the_way_out() -> None:
    with pytest.raises(Unusable, match=r"shop has none: write Pool.*place=\"process\".* use --guard"):
        with_workers(Supervisor("shop", [pool("loop", None)]), 2)


def test_where_all_such_pools_size_themselves_that_is_what_is_said() -> None:
    inner = Supervisor("inner", [pool("own", "process", Desired(2)), pool("loop", None)])
    with pytest.raises(Unusable, match=r"those of shop size themselves by Desired\(\.\.\.\): own; give them a number"):
        with_workers(Supervisor("shop", [inner]), 2)


def test_the_command_refuses_it_with_exit_code_2() -> None:
    done = planaria("run", "shop:safe", "--workers", "2", "--no-guard")

    assert (done.code, "safe has none" in done.complaint) == (2, True)


def test_a_number_of_workers_is_at_least_one() -> None:
    assert planaria("run", "shop:safe", "--workers", "0").code == 2


# -- how often a node is started again ---------------------------------------------------------------------------------


def test_a_node_that_is_killed_again_and_again_is_given_up() -> None:
    restarts = Restarts(random.Random(1))

    waits = [restarts.after(float(second)) for second in range(MOST + 1)]

    assert [wait is None for wait in waits] == [False] * MOST + [True]


def test_a_node_that_is_killed_now_and_then_is_started_again_for_ever_and_almost_at_once() -> None:
    restarts = Restarts(random.Random(1))

    waits = [restarts.after(WITHIN * number + number) for number in range(100)]

    assert all(wait is not None and wait <= 0.05 for wait in waits)


@pytest.mark.parametrize(
    ("how", "told", "code"), [("signal 15", 1, 0), ("signal 15", 2, 130), ("signal 9", 1, 137), ("a signal", 1, 137)]
)
def test_a_node_that_dies_of_what_it_was_told_has_ended_cleanly(how: str, told: int, code: int) -> None:
    assert code_of(how, told) == code


# -- real processes ----------------------------------------------------------------------------------------------------


class Service:
    """A tree that ``planaria run`` runs, and all its processes, whoever started them: they bear its mark."""

    def __init__(self, folder: Path, *command: str, **environment: str) -> None:
        self.mark = f"SERVICE={folder}"
        program = [sys.executable, "-c", COMMAND, str(ROOT), "run", *command]
        own = {**os.environ, **environment, "SERVICE": str(folder)}
        self.log = (folder / "log").open("w+b")
        self.environment = own
        self.first = subprocess.Popen(program, cwd=folder, env=own, stdout=self.log, stderr=self.log)

    def top(self, name: object) -> dict[str, Any]:
        """What ``planaria top`` tells of the tree of that name or process id."""
        program = [sys.executable, "-c", COMMAND, str(ROOT), "top", "--once", "--json", "--tree", str(name)]
        done = subprocess.run(program, env=self.environment, capture_output=True, text=True, check=False)
        told: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr}
        return told

    def processes(self) -> dict[int, str]:
        """Pid and name of each that lives."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() not in (entry / "environ").read_bytes().split(b"\0"):
                    continue
                if (entry / "stat").read_text().rpartition(") ")[2][0] != "Z":
                    found[int(entry.name)] = (entry / "comm").read_text().strip()
            except OSError:
                continue  # it is gone
        return found

    def names(self) -> Counter[str]:
        return Counter(self.processes().values())

    def find(self, name: str) -> int:
        return next(pid for pid, each in self.processes().items() if each == name)

    def said(self) -> str:
        return Path(self.log.name).read_text()

    def close(self) -> None:
        until = time.monotonic() + HEALED
        while (left := self.processes()) and time.monotonic() < until:
            for pid in sorted(left, key=lambda pid: left[pid] != "planaria-guard"):
                with_luck(lambda pid=pid: os.kill(pid, signal.SIGKILL))  # type: ignore[misc]
            time.sleep(0.01)  # pytest.mark.real
        self.first.wait(HEALED)
        self.log.close()


def with_luck(act: Callable[[], None]) -> None:
    try:
        act()
    except ProcessLookupError:
        return


@contextmanager
def serving(folder: Path, *command: str, **environment: str) -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="pl") as runtime:
        service = Service(folder, *command, XDG_RUNTIME_DIR=runtime, **environment)
        try:
            yield service
        finally:
            service.close()


async def becomes(fact: Callable[[], bool], what: Callable[[], object]) -> None:
    """Wait until ``fact`` is one."""
    try:
        async with asyncio.timeout(HEALED):
            while not fact():
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"it did not come to that: {what()}")


class Customer:
    """Has one thing after the other sealed, and remembers what was acknowledged."""

    def __init__(self, address: str) -> None:
        self.client = Client(address)
        self.told: dict[str, str] = {}

    async def order(self) -> None:
        while True:
            name = f"letter-{len(self.told)}"
            answer = await self.client.ask(f"seal {name} text")
            assert answer.startswith("yes ")
            self.told[name] = answer

    async def lost(self) -> list[str]:
        return [name for name, seal in self.told.items() if await self.client.ask(f"find {name}") != seal]


def free_port() -> int:
    with socket.socket() as end:
        end.bind(("127.0.0.1", 0))
        return int(end.getsockname()[1])


@pytest.mark.real
@pytest.mark.process
@needs_processes
def test_each_process_of_the_example_may_be_killed_and_nothing_acknowledged_is_lost(folder: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    environment = {"NOTARY": address, "NOTARY_BOOK": str(folder / "book")}

    async def story(service: Service) -> tuple[list[str], list[str], int]:
        customer = Customer(address)
        ordering = asyncio.ensure_future(customer.order())
        await becomes(lambda: len(customer.told) >= 3 and service.names()["planaria-life"] >= 0, service.said)
        whole = await settled(service)
        killed = []
        for name, count in whole.items():
            for number in range(count):
                victims = sorted(pid for pid, each in service.processes().items() if each == name)
                os.kill(victims[number], signal.SIGKILL)
                killed.append(name)
                await becomes(lambda victim=victims[number]: victim not in service.processes(), service.said)  # type: ignore[misc]
                done = len(customer.told)
                await becomes(
                    lambda done=done: len(customer.told) >= done + 3 and service.names() == whole,  # type: ignore[misc]
                    lambda name=name: (name, whole, service.names(), service.said()[-2000:]),  # type: ignore[misc]
                )
        ordering.cancel()
        await asyncio.gather(ordering, return_exceptions=True)
        lost = await customer.lost()
        customer.client.close()
        return killed, lost, len(customer.told)

    with serving(folder, "examples.cluster:tree", "--workers", "2", "--quiet", **environment) as service:
        killed, lost, told = asyncio.run(story(service))
        os.kill(service.find("planaria-guard"), signal.SIGTERM)
        asyncio.run(becomes(lambda: not service.processes(), service.processes))

    assert (lost, told > 3 * len(killed)) == ([], True)
    assert {"planaria-guard", "planaria-node"} < set(killed)
    assert len(killed) >= 7


async def settled(service: Service) -> Counter[str]:
    """The processes that there are once there come no more."""
    seen: list[Counter[str]] = []
    while len(seen) < 25 or any(each != seen[-1] for each in seen[-25:]):
        seen.append(service.names())
        await asyncio.sleep(0.02)
    return seen[-1]


@pytest.mark.real
@pytest.mark.process
@needs_processes
def test_a_guarded_tree_that_ends_by_itself_gives_its_exit_code(folder: Path) -> None:
    codes = []
    for tree in ("ending:fails", "ending:nobody"):
        with serving(folder, tree, "--guard") as service:
            codes.append(service.first.wait(HEALED))

    assert codes == [1, 2]


@pytest.mark.real
@pytest.mark.process
@needs_processes
def test_a_signal_to_the_guardian_stops_the_tree_also_when_it_is_not_the_first(folder: Path) -> None:
    with serving(folder, "ending:idle", "--guard") as service:
        asyncio.run(becomes(lambda: "is ready" in service.said(), service.said))
        first = service.find("planaria-guard")
        os.kill(first, signal.SIGKILL)
        service.first.wait(HEALED)
        asyncio.run(becomes(lambda: service.names()["planaria-guard"] == 1, service.said))
        os.kill(service.find("planaria-guard"), signal.SIGTERM)
        asyncio.run(becomes(lambda: not service.processes(), service.said))
        said = service.said()

    assert "the guardian was killed; its successor is process" in said
    assert "work/job was stopped" in said


@pytest.mark.real
@pytest.mark.process
@needs_processes
def test_a_tree_is_known_by_the_process_id_of_its_guardian_the_first_one_s_or_another_s(folder: Path) -> None:
    with serving(folder, "ending:idle", "--guard") as service:
        asyncio.run(becomes(lambda: "is ready" in service.said(), service.said))
        node, first = service.find("planaria-node"), service.first.pid
        by_first = service.top(first)
        os.kill(first, signal.SIGKILL)
        service.first.wait(HEALED)
        asyncio.run(becomes(lambda: service.names()["planaria-guard"] == 1, service.said))
        second = service.find("planaria-guard")
        by_second, by_none = service.top(second), service.top(first)

    assert [by_first.get("pid"), by_second.get("pid")] == [node, node], (by_first, by_second)
    assert f"no tree '{first}' runs here" in by_none["error"]


@pytest.mark.real
@pytest.mark.process
@needs_processes
def test_a_signal_to_the_node_ends_its_guardian_too(folder: Path) -> None:
    with serving(folder, "ending:idle", "--guard") as service:
        asyncio.run(becomes(lambda: "is ready" in service.said(), service.said))
        os.kill(service.find("planaria-node"), signal.SIGTERM)
        code = service.first.wait(HEALED)

    assert code == 0


@pytest.mark.real
@pytest.mark.process
@needs_processes
def test_a_service_that_is_stopped_while_it_is_loaded_ends_at_once_without_a_word(folder: Path) -> None:
    (folder / "slow.py").write_text("import time\nopen('loading', 'w').close()\ntime.sleep(60)\n")
    with serving(folder, "slow:tree", "--guard") as service:
        asyncio.run(becomes((folder / "loading").exists, service.said))
        service.first.send_signal(signal.SIGINT)
        code = service.first.wait(HEALED)

        assert (code, service.said(), service.processes()) == (0, "", {})


@pytest.mark.real
@pytest.mark.process
@needs_processes
def test_a_node_that_cannot_live_is_given_up(folder: Path) -> None:
    (folder / "mortal.py").write_text(
        "import os\n"
        "from actors import Actor\n"
        "from supervisors import Supervisor, child\n"
        "class Fatal(Actor):\n"
        "    def started(self):\n"
        "        os.kill(os.getpid(), 9)\n"
        "tree = Supervisor('mortal', [child(Fatal, id='fatal')])\n"
    )
    with serving(folder, "mortal:tree", "--guard", "--no-door") as service:
        code = service.first.wait(2 * HEALED)
        said = service.said()

    assert (code, said.count("was ended by signal 9")) == (1, MOST)
    assert f"the node was ended {MOST + 1} times within {WITHIN:g} s, the last time by signal 9: given up" in said
