"""Every part of the machinery is killed in turn: no orphan survives, and what should go on goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.engines.thespian import machine
from actors.engines.thespian.notices import Lost
from tests.actors.engines.thespian.kit import SERVE, Talk, Watched, children, is_alive, kill
from tests.leftovers import MARK, processes
from tests.project import ROOT
from tests.reality import real, until

pytestmark = [pytest.mark.process, pytest.mark.real]


@pytest.mark.parametrize("part", ["zygote", "admin", "logger"])
@pytest.mark.parametrize("port", [0, None], ids=["any port", "the same port"])
def test_isolates_outlive_thespian_which_is_started_anew(part: str, port: int | None) -> None:
    async def main() -> None:
        async with Watched(port=_free_port() if port is None else 0) as watched:
            nursery = watched.nursery
            talk = Talk(await nursery.fork())
            await nursery.warm()
            before = [watched.part(name) for name in ("zygote", "admin", "logger")]
            launcher = watched.part("launcher")
            kill(watched.part(part))
            await until(lambda: watched.readies == 2)
            await until(lambda: not any(map(is_alive, before)))

            assert await talk.ask("still there") == ["still", "there"]
            others = [await nursery.fork(timeout=30) for _ in range(3)]
            assert [await Talk(each).ask("hello") for each in others] == [["hello"]] * 3
            assert watched.part("launcher") == launcher
            assert [each.what for each in watched.notices if isinstance(each, Lost)] == ["machinery"]

    real(main())


def test_a_zygote_that_hangs_is_replaced() -> None:
    async def main() -> None:
        async with Watched(spares=0) as watched:
            await watched.nursery.fork()
            os.kill(watched.part("zygote"), signal.SIGSTOP)

            assert await Talk(await watched.nursery.fork(timeout=30)).ask("hello") == ["hello"]
            assert watched.readies == 2

    real(main())


def test_a_launcher_that_hangs_is_replaced_while_who_wants_an_isolate_waits() -> None:
    async def main() -> None:
        async with Watched(spares=0) as watched:
            first = await watched.nursery.fork()
            os.kill(watched.part("launcher"), signal.SIGSTOP)

            assert await Talk(await watched.nursery.fork()).ask("hello") == ["hello"]
            assert not first.is_alive
            assert Lost("launcher", "it said nothing for 5 s, and was killed") in watched.notices

    real(main())


def test_a_launcher_that_owes_something_and_answers_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "SILENCE", 0.05)

    async def main() -> None:
        async with Watched(spares=0) as watched:
            launcher = (await watched.nursery.fork(), watched.part("launcher"))[1]
            os.kill(watched.part("zygote"), signal.SIGSTOP)

            assert await Talk(await watched.nursery.fork(timeout=30)).ask("hello") == ["hello"]
            assert watched.part("launcher") == launcher

    real(main())


def test_all_dies_with_the_launcher_and_a_new_one_is_started() -> None:
    async def main() -> None:
        async with Watched() as watched:
            nursery = watched.nursery
            isolates = [await nursery.fork() for _ in range(5)]
            await nursery.warm()
            spares = children(watched.ready.launcher)
            isolates[0].kill(signal.SIGSTOP)
            before = {watched.part(name) for name in ("launcher", "zygote", "admin", "logger")}
            kill(watched.part("launcher"))

            assert [str(await each.wait()) for each in isolates] == ["signal 9"] * 5
            await until(lambda: not any(map(is_alive, before | spares)))
            assert await Talk(await nursery.fork(timeout=30)).ask("hello") == ["hello"]
            assert Lost("launcher", "signal 9") in watched.notices

    real(main())


def test_a_launcher_that_is_told_to_end_takes_all_with_it_a_moment_later() -> None:
    async def main() -> None:
        async with Watched() as watched:
            isolate = await watched.nursery.fork()
            parts = [watched.part(name) for name in ("zygote", "admin", "logger")]
            os.kill(watched.part("launcher"), signal.SIGTERM)

            assert str(await isolate.wait()) == "signal 9"
            await until(lambda: not any(map(is_alive, parts)))
            assert watched.nursery.folder.exists()

    real(main())


NODE = f"""
import asyncio, json, sys
from actors.engines.loop import run
from tests.actors.engines.thespian.kit import Watched

async def main():
    async with Watched({SERVE!r}, spares=2) as watched:
        isolates = [await watched.nursery.fork() for _ in range(4)]
        isolates[0].kill(19)
        await watched.nursery.warm()
        parts = [watched.part(name) for name in ("launcher", "zygote", "admin", "logger")]
        print(json.dumps([str(watched.nursery.folder), parts, [each.pid for each in isolates]]), flush=True)
        await asyncio.sleep(600)

run(main())
"""


def node_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}


@contextlib.contextmanager
def node() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", NODE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=node_environment()) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_nothing_of_a_killed_node_is_left(number: int) -> None:
    async def main() -> None:
        with node() as process:
            assert process.stdout is not None
            folder, parts, isolates = json.loads(await asyncio.to_thread(process.stdout.readline))
            everybody = {*parts, *isolates, *children(parts[0])}
            assert all(map(is_alive, everybody))
            process.send_signal(number)

            await until(lambda: not any(map(is_alive, everybody)))
            await until(lambda: not _is_there(folder))

    real(main())


BIRTHS = f"""
import asyncio, os, sys
from actors.engines.loop import run
from tests.actors.engines.thespian.kit import Watched, kill

async def main():
    async with Watched({SERVE!r}, spares=0) as watched:
        await watched.nursery.fork()
        tasks = [asyncio.ensure_future(watched.nursery.fork()) for _ in range(12)]
        await asyncio.sleep(float(sys.argv[1]))
        kill(watched.part("launcher"))
        kill(os.getpid())

run(main())
"""


@pytest.mark.parametrize("moment", [0.0, 0.01, 0.02, 0.03, 0.05])
def test_nothing_in_the_midst_of_its_birth_outlives_launcher_and_node(moment: float) -> None:
    async def main() -> None:
        mark = uuid.uuid4().hex
        environment = {**node_environment(), MARK: mark}
        ended = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", BIRTHS, str(moment)], env=environment, check=False, timeout=60
        )
        assert ended.returncode == -signal.SIGKILL
        async with asyncio.timeout(3):  # it takes 0.05; one that waited in vain to be adopted would take 5
            while processes(mark):
                await asyncio.sleep(0.01)
        async with Watched():
            pass  # and the folder goes with the next nursery

    real(main())


def test_the_folder_that_a_node_and_its_launcher_left_is_removed_by_the_next() -> None:
    async def main() -> None:
        with node() as process:
            assert process.stdout is not None
            folder, parts, isolates = json.loads(await asyncio.to_thread(process.stdout.readline))
            everybody = {*parts, *isolates}
            os.kill(parts[0], signal.SIGSTOP)
            process.kill()
            process.wait()
            kill(parts[0])
            await until(lambda: not any(map(is_alive, everybody)))
            assert _is_there(folder)
            async with Watched():
                assert not _is_there(folder)

    real(main())


def _is_there(folder: str) -> bool:
    return Path(folder).exists()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
