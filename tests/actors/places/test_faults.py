"""Whatever happens to processes: each death is noticed once, for the right reason, and what waited is handled after it.

By the public API: trees whose children have ``place="process"``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest

from actors import ActorDied, ActorSystem, Mailbox, Undelivered
from actors.engines.thespian import folders
from actors.places.beat import too_long
from actors.places.place import Process
from supervisors import ChildFailed, Supervisor, child
from supervisors.events import Died, Stopped
from supervisors.running import Running
from tests.actors.places.culprits import Culprit, Deaf, Fault, Leaving, Poison, Scribe, Write
from tests.leftovers import MARK, processes
from tests.project import ROOT
from tests.reality import PATIENCE, real, until

pytestmark = [pytest.mark.process, pytest.mark.real]


class Ward:
    """A running tree, what its lives wrote down, and the deaths in it."""

    def __init__(self, tree: Running) -> None:
        self.tree = tree
        self.log: list[tuple[int, int]] = []
        self.ends: list[Died | Stopped] = []
        tree.system.events.subscribe(
            lambda event: self.ends.append(event) if isinstance(event, Died | Stopped) else None
        )

    async def begin(self) -> None:
        self.scribe = await self.tree.system.spawn(Scribe, self.log)

    def write(self, *numbers: int, id: str = "a") -> None:
        for number in numbers:
            self.tree.ref(id).tell(Write(number, self.scribe))

    async def lives_after(self, life: int, ids: Iterable[str]) -> None:
        """Wait until all of these have lives after this one."""
        await until(lambda: all(self.tree.ref(id).pid.incarnation > life for id in ids))

    async def pid(self, id: str = "a") -> int:
        pid: int = await self.tree.ref(id).ask(Fault("pid"), timeout=PATIENCE)
        return pid

    async def pids(self, ids: list[str]) -> list[int]:
        return list(await asyncio.gather(*map(self.pid, ids)))

    def deaths(self) -> dict[str, list[str]]:
        """The reasons for which each child ended."""
        told: dict[str, list[str]] = {}
        for end in self.ends:
            told.setdefault(end.path.removeprefix("top/"), []).append(str(end.reason))
        return told


@contextlib.asynccontextmanager
async def ward(
    ids: str = "a",
    cls: type[Culprit] = Culprit,
    place: Any = "process",
    system: ActorSystem | None = None,
    **options: Any,
) -> AsyncIterator[Ward]:
    tree = Supervisor("top", [child(cls, id=id, place=place, **options) for id in ids.split()], max_restarts=1000)
    async with tree.running(log=False, system=system) as running:
        found = Ward(running)
        await found.begin()
        yield found


def machinery() -> dict[str, int]:
    """The parts of the machinery of this run's trees, by name: launch, admin, zygote, logger."""
    parts = {}
    for each in processes(os.environ[MARK]):
        pid, name = each.split()
        if not name.startswith("planaria-isolat"):
            parts[name.removeprefix("planaria-")] = int(pid)
    return parts


def is_alive(pid: int) -> bool:
    """Whether a process is there and not merely unburied."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


# -- one process -------------------------------------------------------------------------------------------------------

SHORT = Process(patience=0.6)
SILENT = f"crashed(ProcessDied: signal 9: {too_long(0.6)})"
SMALL = Process(memory=64 << 20)
BRIEF = Process(cpu=1, patience=60)

FAULTS = {
    "segfault": (Fault("segfault"), "process", "crashed(ProcessDied: signal 11 (segmentation fault))"),
    "abort": (Fault("abort"), "process", "crashed(ProcessDied: signal 6 (aborted))"),
    "exit 0 without a word": (Fault("leave", (0,)), "process", "crashed(ProcessDied: exit 0)"),
    "exit 3 without a word": (Fault("leave", (3,)), "process", "crashed(ProcessDied: exit 3)"),
    "sys.exit": (Fault("exit", (3,)), "process", "crashed(RemoteError: SystemExit: 3)"),
    "kill -9": (Fault("signal", (9,)), "process", "crashed(ProcessDied: signal 9)"),
    "kill -15": (Fault("signal", (15,)), "process", "crashed(ProcessDied: signal 15)"),
    "SIGSTOP": (Fault("signal", (19,)), SHORT, SILENT),
    "busy loop": (Fault("spin"), SHORT, SILENT),
    "deadlock": (Fault("deadlock"), SHORT, SILENT),
    "descriptors closed": (
        Fault("close_all"),
        "process",
        "crashed(ProcessDied: signal 9: its link was closed from inside)",
    ),
    "one that takes its time to end": (
        Fault("leave_slowly", (121,)),
        "process",
        "crashed(ProcessDied: exit 121 (out of memory))",
    ),
    "memory bound": (Fault("hoard"), SMALL, "crashed(MemoryError)"),
    "memory bound at once": (Fault("grow", (1 << 30,)), SMALL, "crashed(MemoryError)"),
    "memory bound to the last byte": (Fault("crumble"), SMALL, "crashed(MemoryError)"),
    "memory bound in an answer": (Fault("answer", (14 << 20,)), Process(memory=24 << 20), "crashed(MemoryError)"),
    "processor bound": (Fault("spin"), BRIEF, "crashed(ProcessDied: signal 24 (CPU time limit))"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_ends_one_life_and_costs_one_message(name: str) -> None:
    fault, place, reason = FAULTS[name]

    async def main() -> None:
        async with ward("a b", place=place) as w:
            other = await w.pid("b")
            w.write(*range(10))
            await until(lambda: len(w.log) == 10)
            asked = asyncio.ensure_future(w.tree.ref("a").ask(fault, timeout=PATIENCE))
            await asyncio.sleep(0)  # it is asked first
            w.write(*range(10, 60))
            began = time.monotonic()
            with pytest.raises(ActorDied) as died:
                await asked
            took = time.monotonic() - began
            await until(lambda: len(w.log) >= 60)

            assert str(died.value.reason) == reason
            assert w.deaths() == {"a": [reason]}
            assert w.log == [(number, 1 if number < 10 else 2) for number in range(60)]
            assert await w.pid("b") == other
            assert not w.tree.system.dead_letters
            assert took < PATIENCE / 2

    real(main())


def test_what_is_in_hand_when_nobody_asked_is_one_dead_letter() -> None:
    async def main() -> None:
        async with ward() as w:
            await w.pid()
            w.tree.ref("a").tell(Fault("abort"))
            w.write(*range(100))
            await until(lambda: len(w.log) >= 100)

            assert w.log == [(number, 2) for number in range(100)]
            assert [(letter.message, letter.why) for letter in w.tree.system.dead_letters] == [
                (Fault("abort"), Undelivered.IN_HAND)
            ]

    real(main())


def test_a_process_whose_loop_itself_gets_no_memory_ends_at_once_and_tells_why() -> None:
    async def main() -> None:
        async with ward(place=SMALL) as w:
            await w.pid()
            w.tree.ref("a").tell(Fault("starve"))
            await w.lives_after(1, "a")
            w.write(*range(10))
            await until(lambda: len(w.log) == 10)

            assert w.deaths() == {"a": ["crashed(ProcessDied: exit 121 (out of memory))"]}

    real(main())


def test_a_message_that_exits_where_it_is_read_is_told_by_its_exit_code() -> None:
    async def main() -> None:
        async with ward() as w:
            await w.pid()
            w.tree.ref("a").tell(Leaving(os.getpid()))
            await until(lambda: len(w.ends) > 1)

            assert set(w.deaths()["a"]) == {"crashed(ProcessDied: exit 3)"}

    real(main())


def test_one_that_ignores_every_other_signal_and_never_stops_is_killed_in_time() -> None:
    async def main() -> None:
        async with ward(cls=Deaf, shutdown=0.3) as w:
            pid = await w.pid()
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGINT)
            assert await w.pid() == pid
            await w.tree.terminate_child("a")

            assert not is_alive(pid)
            assert w.deaths() == {"a": ["killed"]}
            (end,) = w.ends
            assert isinstance(end, Stopped)
            assert 0.3 <= end.took < 2

    real(main())


def test_a_tree_that_is_left_while_a_successor_is_on_its_way_leaves_no_complaint_of_the_loop() -> None:
    async def main() -> None:
        for fault in (Fault("run_out"), Fault("abort")):
            async with ward() as w:
                with pytest.raises(ActorDied):
                    await w.tree.ref("a").ask(fault)

    real(main())


# -- messages that kill before they are in hand ------------------------------------------------------------------------


def test_a_message_that_kills_who_reads_it_takes_two_lives_and_no_other_message() -> None:
    async def main() -> None:
        async with ward() as found:
            poison = Poison(os.getpid())
            found.write(1, 2)
            found.tree.ref("a").tell(poison)
            found.write(3, 4)
            with pytest.raises(ActorDied):
                await found.tree.ref("a").ask(poison, timeout=PATIENCE)
            await found.pid()

            assert [number for number, _ in found.log] == [1, 2, 3, 4]
            assert [each.message for each in found.tree.system.dead_letters] == [poison]
            assert found.deaths() == {"a": ["crashed(ProcessDied: exit 3)"] * len(found.ends)}
            assert len(found.ends) <= 4

    real(main())


def test_one_that_may_be_handed_out_again_is_quarantined_when_it_has_killed_so_often() -> None:
    async def main() -> None:
        async with ward(mailbox=Mailbox(redeliver=2)) as found:
            with pytest.raises(ActorDied):
                await found.tree.ref("a").ask(Poison(os.getpid()), timeout=PATIENCE)
            await found.pid()

            assert [each.why for each in found.tree.system.dead_letters] == [Undelivered.QUARANTINED]
            assert len(found.ends) == 3

    real(main())


def test_memory_that_runs_out_while_a_message_is_read_is_told_as_that() -> None:
    async def main() -> None:
        async with ward(place=SMALL) as found:
            with pytest.raises(ActorDied):
                await found.tree.ref("a").ask(Fault("pid", ([[] for _ in range(1_500_000)],)), timeout=PATIENCE)
            await found.pid()

            assert found.deaths() == {"a": ["crashed(ProcessDied: exit 121 (out of memory))"] * 2}

    real(main())


# -- several at once ---------------------------------------------------------------------------------------------------


def test_two_killed_a_millisecond_apart_are_both_noticed() -> None:
    async def main() -> None:
        async with ward("a b c") as w:
            for life in range(1, 6):
                first, second, third = await w.pids(["a", "b", "c"])
                os.kill(first, signal.SIGKILL)
                time.sleep(0.001)
                os.kill(second, signal.SIGKILL)
                await w.lives_after(life, "ab")
                assert await w.pid("c") == third

            assert w.deaths() == {id: ["crashed(ProcessDied: signal 9)"] * 5 for id in "ab"}

    real(main())


def test_forty_killed_at_once_are_each_noticed_once_and_all_serve_again() -> None:
    ids = [f"c{number}" for number in range(40)]

    async def main() -> None:
        async with ward(" ".join(ids)) as w:
            before = await w.pids(ids)
            for index, pid in enumerate(before):
                os.kill(pid, signal.SIGSEGV if index % 2 else signal.SIGKILL)
            after = await w.pids(ids)
            reasons = ["crashed(ProcessDied: signal 9)", "crashed(ProcessDied: signal 11 (segmentation fault))"]

            assert w.deaths() == {id: [reasons[index % 2]] for index, id in enumerate(ids)}
            assert not set(before) & set(after)
            assert not w.tree.system.dead_letters

    real(main())


def test_two_hundred_restarts_leave_no_descriptor_and_no_process_behind() -> None:
    def holds() -> list[int]:
        return [
            len(list(Path(f"/proc/{pid}/fd").iterdir()))
            for pid in (os.getpid(), *map(machinery().get, ("launch", "zygote")))
        ]

    async def main() -> None:
        async with ward("a b c d") as w:
            ids = list("abcd")

            async def kill_all(lives: range) -> None:
                for life in lives:
                    for pid in await w.pids(ids):
                        os.kill(pid, signal.SIGKILL)
                    await w.lives_after(life, ids)
                await w.pids(ids)
                await until(lambda: len(processes(os.environ[MARK])) == len(machinery()) + 5)  # four and a spare

            await kill_all(range(1, 3))
            before = holds()
            await kill_all(range(3, 53))

            assert w.deaths() == {id: ["crashed(ProcessDied: signal 9)"] * 52 for id in ids}
            assert all(now <= then + 2 for now, then in zip(holds(), before, strict=True)), (before, holds())

    real(main())


# -- the machinery -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["zygote", "admin", "logger"])
def test_a_part_of_the_machinery_that_is_killed_harms_no_life_and_is_healed(part: str) -> None:
    async def main() -> None:
        async with ward("a b") as w:
            lives = await w.pids(["a", "b"])
            before = machinery()
            os.kill(before[part], signal.SIGKILL)
            w.write(*range(50))
            await until(lambda: len(w.log) == 50)
            assert await w.pids(["a", "b"]) == lives

            os.kill(lives[0], signal.SIGKILL)
            w.write(*range(50, 100))
            await until(lambda: len(w.log) == 100)
            await until(lambda: set(machinery()) == set(before) and not is_alive(before[part]))

            # One that the killed zygote was about to fork has a number, too.
            successor = w.log[-1][1]
            assert successor in (2, 3)
            assert w.log == [(number, 1 if number < 50 else successor) for number in range(100)]
            assert await w.pid("b") == lives[1]
            assert w.deaths() == {"a": ["crashed(ProcessDied: signal 9)"]}

    real(main())


def test_a_folder_that_cannot_be_made_fails_a_start_and_not_those_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    make, failures = folders.make, [OSError("no space left on device")]

    def fail_once(parent: str | Path | None) -> Path:
        if failures:
            raise failures.pop()
        return make(parent)

    monkeypatch.setattr(folders, "make", fail_once)

    async def main() -> None:
        async with ward("a", place=None) as w:
            with pytest.raises(ChildFailed, match="no space left on device"):
                await w.tree.start_child(child(Culprit, id="b", place="process"))
            await w.tree.start_child(child(Culprit, id="b", place="process"))
            assert await w.pid("b") != os.getpid()

    real(main())


def test_with_the_launcher_all_processes_go_and_all_come_back() -> None:
    async def main() -> None:
        async with ward("a b c") as w:
            before = await w.pids(["a", "b", "c"])
            os.kill(machinery()["launch"], signal.SIGKILL)
            await until(lambda: not any(map(is_alive, before)))
            w.write(*range(50))
            after = await w.pids(["a", "b", "c"])
            await until(lambda: len(w.log) == 50)

            assert not set(before) & set(after)
            assert w.deaths() == {id: ["crashed(ProcessDied: signal 9)"] for id in "abc"}
            assert [number for number, _ in w.log] == list(range(50))
            # The second life may have been given a spare of the launcher's, and not have begun.
            assert {life for _, life in w.log} in ({2}, {3})

    real(main())


NODE = """
import asyncio, json
from actors.engines.loop import run
from actors.engines.thespian import folders
from tests.actors.places.culprits import Fault
from tests.actors.places.test_faults import ward

async def main():
    async with ward("a b c") as w:
        pids = await w.pids(["a", "b", "c"])
        w.tree.ref("b").tell(Fault("spin"))
        w.tree.ref("c").tell(Fault("signal", (19,)))
        print(json.dumps(pids), flush=True)
        await asyncio.sleep(600)

run(main())
"""


def test_nothing_outlives_a_node_that_is_killed() -> None:
    mark = uuid.uuid4().hex
    environment = {**os.environ, MARK: mark, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    with subprocess.Popen([sys.executable, "-c", NODE], stdout=subprocess.PIPE, text=True, env=environment) as node:
        try:
            assert node.stdout is not None
            lives = json.loads(node.stdout.readline())
            names = sorted(each.split()[1] for each in processes(mark))
            node.kill()
            node.wait()
            began = time.monotonic()
            while processes(mark) and time.monotonic() - began < PATIENCE:
                time.sleep(0.005)
        finally:
            node.kill()

    assert not any(map(is_alive, lives))
    assert names.count("planaria-isolat") in (3, 4)
    assert {"planaria-launch", "planaria-admin", "planaria-zygote", "planaria-logger"} < set(names)
    assert processes(mark) == []
