"""Isolates: what they are given, what they are kept from, and how it is known that they ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from actors.engines.thespian.isolate import Isolate
from actors.engines.thespian.isolation import REHEARSALS
from actors.engines.thespian.notices import Refused
from actors.engines.thespian.nursery import ForkFailed, Nursery
from actors.engines.thespian.status import OUT_OF_MEMORY, ExitStatus, Limits
from bench.processes import environment
from tests.actors.engines.thespian.kit import ENTRIES, SERVE, Talk, Watched, children, descriptors, is_alive, kill
from tests.reality import real, until

pytestmark = [pytest.mark.process, pytest.mark.real]


def test_an_isolate_answers_and_knows_its_settings() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE) as nursery:
            talk = Talk(await nursery.fork(settings={"name": "a", 1: [2.5, b"c", None]}))

            assert await talk.ask("settings") == {"name": "a", 1: [2.5, b"c", None]}
            assert await talk.ask("hello you") == ["hello", "you"]

    real(main())


def test_whoever_cannot_wait_for_the_end_of_a_nursery_leaves_nothing_behind() -> None:
    async def main() -> None:
        nursery = await Nursery(entry=SERVE).__aenter__()
        isolate = await nursery.fork()
        launcher = nursery.launcher
        assert launcher is not None
        below = [launcher, *children(launcher), isolate.pid]
        os.kill(launcher, signal.SIGSTOP)
        closing = asyncio.ensure_future(nursery.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])

        assert not nursery.folder.exists()
        await until(lambda: not any(map(is_alive, below)))

    real(main())


def test_a_transport_that_is_cut_off_at_once_takes_the_socket_with_it() -> None:
    class Hasty(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            transport.abort()

    async def main() -> None:
        async with Nursery(entry=SERVE) as nursery:
            isolate = await nursery.fork()
            await isolate.open(Hasty)
            await isolate.wait()

            assert isolate.socket.fileno() == -1  # else it would be closed again, when another has its number

    real(main())


async def kill_children(pid: int) -> None:
    """All that there are, as soon as there is one that lives."""
    await until(lambda: any(map(is_alive, children(pid))))
    found = children(pid)
    for each in found:
        with contextlib.suppress(ProcessLookupError):
            kill(each)
    await until(lambda: not any(map(is_alive, found)))


def test_the_process_that_waits_ahead_for_an_order_is_missed_by_nobody() -> None:
    async def main() -> None:
        async with Watched(spares=0) as watched:
            for _ in range(3):
                await watched.nursery.fork()
                for _ in range(2):
                    await kill_children(watched.part("zygote"))

            assert len(watched.nursery.isolates) == 3
            assert all(is_alive(each.pid) for each in watched.nursery.isolates)
            assert watched.readies == 1

    real(main())


def test_zygote_and_spares_have_rehearsed_what_a_fork_in_need_does_at_once() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE, rehearsal=f"{ENTRIES}:rehearse") as nursery:
            in_need = await Talk(await nursery.fork()).ask("rehearsals")
            await nursery.warm()
            spare = await Talk(await nursery.fork()).ask("rehearsals")

            assert in_need == ["asyncio.unix_events"] * REHEARSALS
            assert spare == [*in_need, type(asyncio.get_running_loop()).__module__]

    real(main())


def test_the_launcher_finds_the_node_s_own_modules_wherever_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "actors").mkdir()
    (tmp_path / "actors" / "__init__.py").write_text("raise ImportError('somebody else')")
    monkeypatch.chdir(tmp_path)
    expected = [str(tmp_path) if each in ("", ".") else each for each in sys.path]

    async def main() -> None:
        async with Nursery(entry=SERVE) as nursery:
            about = await Talk(await nursery.fork()).ask("about")

            assert about["path"] == expected

    real(main())


def test_nothing_runs_before_the_first_fork() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE, spares=3) as nursery:
            assert nursery.launcher is None
            assert stat.S_IMODE(nursery.folder.stat().st_mode) == 0o700

    real(main())


def test_an_isolate_owns_nothing_of_those_it_comes_from() -> None:
    async def main() -> None:
        async with Watched() as watched:
            with socket.socket() as ours:
                ours.bind(("127.0.0.1", 0))
                ours.listen()
                talk = Talk(await watched.nursery.fork())
                about = await talk.ask("about")

            sockets = [name for name, target in about["descriptors"].items() if target.startswith("socket:")]
            assert about["parent"] == watched.ready.launcher
            assert about["session"] == about["pid"] == talk.isolate.pid
            assert about["threads"] == 1
            assert about["loop"].startswith("uvloop")
            assert about["handlers"] == []
            assert about["thespian"] == []
            assert {k: v for k, v in about["environment"].items() if k != "TZ"} == {
                k: v for k, v in os.environ.items() if k != "TZ"
            }
            # Its own: the link, and the two ends of the loop's own wakeup.
            assert len(sockets) == 3, about["descriptors"]
            assert about["descriptors"]["0"] == "/dev/null"
            rest = [target for name, target in about["descriptors"].items() if name not in {"0", "1", "2", *sockets}]
            assert all(
                target.startswith(("anon_inode:", "pipe:", "/dev/null")) or target == "gone" or "/fd" in target
                for target in rest
            ), rest

    real(main())


def test_logging_is_in_an_isolate_as_in_an_interpreter_that_has_just_begun() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE) as nursery:
            about = await Talk(await nursery.fork()).ask("about")

            assert about["root"] == [logging.WARNING, 0, "_StderrHandler"]

    real(main())


def test_standard_input_is_empty_and_each_stream_has_its_own_descriptor() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE) as nursery:
            found = await Talk(await nursery.fork()).ask("standard")

            assert found["streams"] == {
                "stdin": 0, "stdout": 1, "stderr": 2, "__stdin__": 0, "__stdout__": 1, "__stderr__": 2
            }  # fmt: skip
            assert found["descriptors"][0] == "/dev/null"
            assert found["read"] == ["", ""]

    real(main())


WITHOUT = """
import asyncio, json, sys
from actors.engines.thespian.nursery import Nursery
from tests.actors.engines.thespian.kit import SERVE, Talk

async def main():
    async with Nursery(entry=SERVE) as nursery:
        return await Talk(await nursery.fork()).ask("standard")

with open(sys.argv[1], "w") as file:
    json.dump(asyncio.run(main()), file)
"""


def test_where_the_node_has_no_streams_nothing_else_takes_their_descriptors(tmp_path: Path) -> None:
    found = tmp_path / "found"
    command = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", WITHOUT, str(found)]
    subprocess.run(command, check=True, env=environment(), timeout=60)

    assert json.loads(found.read_text()) == {
        "descriptors": ["/dev/null"] * 3, "streams": {"stdin": 0, "__stdin__": 0}, "read": ["", ""],
    }  # fmt: skip


def test_a_spare_is_handed_out_without_waiting() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE, spares=2) as nursery:
            await nursery.warm()
            assert nursery.spares_ready == 2
            fork = nursery.fork()
            with pytest.raises(StopIteration) as done:
                fork.send(None)  # it ends before it would suspend
            isolate: Isolate = done.value.value

            assert await Talk(isolate).ask("hello") == ["hello"]
            await until(lambda: nursery.spares_ready == 2)

    real(main())


def test_a_spare_that_dies_is_replaced() -> None:
    async def main() -> None:
        async with Watched(spares=2) as watched:
            nursery = watched.nursery
            await nursery.warm()
            first = children(watched.ready.launcher) - {watched.ready.admin}
            for pid in first:
                os.kill(pid, signal.SIGKILL)
            await until(lambda: nursery.spares_ready < 2)
            await until(lambda: nursery.spares_ready == 2)

            assert not first & (children(watched.ready.launcher) - {watched.ready.admin})
            assert await Talk(await nursery.fork()).ask("hello") == ["hello"]

    real(main())


@pytest.mark.parametrize(
    ("order", "status", "said"),
    [
        ("exit 3", ExitStatus(code=3), "exit 3"),
        ("exit 0", ExitStatus(code=0), "exit 0"),
        ("raise a fault on purpose", ExitStatus(code=1), "exit 1"),
        ("signal 9", ExitStatus(signal=9), "signal 9"),
        ("signal 15", ExitStatus(signal=15), "signal 15"),
        ("signal 6", ExitStatus(signal=6), "signal 6 (aborted)"),
        ("segfault", ExitStatus(signal=11), "signal 11 (segmentation fault)"),
    ],
)
def test_the_way_it_ended_is_told_once(order: str, status: ExitStatus, said: str) -> None:
    async def main() -> None:
        told: list[ExitStatus] = []
        async with Nursery(entry=SERVE) as nursery:
            isolate = await nursery.fork()
            isolate.on_exit(told.append)
            await Talk(isolate).say(order)
            ended = await isolate.wait()
            isolate.on_exit(told.append)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

        assert (ended, str(ended), told) == (status, said, [status, status])
        assert isolate.kill() is False

    real(main())


def test_forty_killed_at_once_are_each_noticed_once() -> None:
    async def main() -> None:
        told: dict[int, list[str]] = {}
        async with Nursery(entry=SERVE, spares=0) as nursery:
            for _ in range(2):
                isolates = await asyncio.gather(*(nursery.fork(timeout=60) for _ in range(40)))
                for isolate in isolates:
                    told[isolate.pid] = []
                    isolate.on_exit(lambda status, pid=isolate.pid: told[pid].append(str(status)))  # type: ignore[misc]
                for isolate in isolates:
                    isolate.kill()
                await asyncio.gather(*(isolate.wait() for isolate in isolates))
            assert nursery.isolates == []

        assert list(told.values()) == [["signal 9"]] * 80

    real(main())


def test_two_that_die_a_millisecond_apart_are_both_noticed() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE, spares=2) as nursery:
            for _ in range(5):
                first, second = await nursery.fork(), await nursery.fork()
                first.kill()
                await asyncio.sleep(0.001)
                second.kill(signal.SIGTERM)

                assert (str(await first.wait()), str(await second.wait())) == ("signal 9", "signal 15")

    real(main())


def test_one_that_is_stopped_dies_by_its_pidfd() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE) as nursery:
            isolate = await nursery.fork()
            isolate.kill(signal.SIGSTOP)
            isolate.kill()

            assert str(await isolate.wait()) == "signal 9"

    real(main())


def test_a_memory_limit_holds_beyond_what_an_idle_isolate_has() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE) as nursery:
            talk = Talk(await nursery.fork(Limits(memory=64 << 20)))
            assert await talk.ask(f"take {32 << 20}") == 32 << 20
            await talk.say(f"take {128 << 20}")
            status = await talk.isolate.wait()

            assert status == ExitStatus(code=OUT_OF_MEMORY)
            assert status.is_memory
            assert str(status) == "exit 121 (out of memory)"

    real(main())


def test_a_cpu_limit_ends_one_that_burns() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE) as nursery:
            talk = Talk(await nursery.fork(Limits(cpu=0.2)))
            await talk.say("burn")
            status = await talk.isolate.wait()

            assert status.is_cpu
            assert str(status) == "signal 24 (CPU time limit)"

    real(main())


def test_a_limit_of_files_holds() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE) as nursery:
            about = await Talk(await nursery.fork(Limits(files=64))).ask("about")

            assert about["files"] == 64

    real(main())


def test_what_an_isolate_started_dies_with_it() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE) as nursery:
            talk = Talk(await nursery.fork())
            child = await talk.ask("child")
            assert is_alive(child)
            talk.isolate.kill()
            await talk.isolate.wait()

            await until(lambda: not is_alive(child))

    real(main())


def test_what_an_isolate_detached_lives_as_long_as_it_does() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE, spares=2) as nursery:
            talk, other = Talk(await nursery.fork()), Talk(await nursery.fork())
            own, foreign = await talk.ask("detach"), await other.ask("detach")
            other.isolate.kill()
            await other.isolate.wait()
            await until(lambda: not is_alive(foreign))

            assert is_alive(own)
            talk.isolate.kill()
            await until(lambda: not is_alive(own))

    real(main())


def test_strangers_at_the_door_are_refused_and_told_of() -> None:
    async def main() -> None:
        async with Watched() as watched:
            await watched.nursery.warm()
            loop = asyncio.get_running_loop()
            for said in (b"x" * 32, b"short", b""):
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stranger:
                    stranger.setblocking(False)
                    await loop.sock_connect(stranger, str(watched.nursery.folder / "nursery"))
                    await loop.sock_sendall(stranger, said)
                    stranger.shutdown(socket.SHUT_WR)

                    assert await loop.sock_recv(stranger, 10) == b""
            refused = [each for each in watched.notices if isinstance(each, Refused)]
            assert [each.pid for each in refused] == [os.getpid()] * 3
            assert refused[0].why == "its token is unknown, or was used"
            assert refused[1].why == refused[2].why == "went away without a token"
            assert await Talk(await watched.nursery.fork()).ask("hello") == ["hello"]

    real(main())


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"entry": "no.such:thing"}, "No module named 'no'"),
        ({"entry": f"{ENTRIES}:nothing"}, "has no attribute 'nothing'"),
        ({"entry": f"{ENTRIES}:NOT_A_FUNCTION"}, "is not a function"),
        ({"entry": SERVE, "modules": ["no_such_module"]}, "No module named 'no_such_module'"),
    ],
)
def test_a_fork_that_cannot_be_says_why(options: dict[str, Any], part: str) -> None:
    async def main() -> None:
        async with Nursery(**options) as nursery:
            for _ in range(2):
                with pytest.raises(ForkFailed, match=part):
                    await nursery.fork(timeout=20.0)

    real(main())


def test_a_port_that_somebody_holds_is_said_at_once() -> None:
    async def main() -> None:
        with socket.socket() as stale:
            stale.bind(("127.0.0.1", 0))
            stale.listen()
            async with Nursery(entry=SERVE, port=stale.getsockname()[1]) as nursery:
                with pytest.raises(ForkFailed, match="Address already in use"):
                    await nursery.fork()

    real(main())


def test_forks_go_on_while_the_loop_is_busy() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE, spares=4) as nursery:
            await nursery.fork()
            loop = asyncio.get_running_loop()
            for _ in range(10):
                busy_until = loop.time() + 0.05
                while loop.time() < busy_until:
                    pass
                await asyncio.sleep(0)
            await until(lambda: nursery.spares_ready == 4)

    real(main())


def test_a_fork_that_nobody_waits_for_any_more_becomes_a_spare() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE, spares=0) as nursery:
            task = asyncio.create_task(nursery.fork())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: nursery.spares_ready == 1)

            assert await Talk(await nursery.fork()).ask("hello") == ["hello"]

    real(main())


def test_closing_leaves_nothing_and_fails_who_waits() -> None:
    async def main() -> None:
        async with Watched() as watched:
            nursery = watched.nursery
            isolates = [await nursery.fork() for _ in range(3)]
            parts = [watched.part(name) for name in ("launcher", "admin", "zygote", "logger")]
            waiting = asyncio.create_task(nursery.fork())
            await asyncio.sleep(0)
            isolates[0].kill(signal.SIGSTOP)
        assert [str(each.status) for each in isolates] == ["signal 9"] * 3
        assert not nursery.folder.exists()
        assert [pid for pid in [*parts, *(each.pid for each in isolates)] if is_alive(pid)] == []
        if not waiting.done() or waiting.exception() is not None:
            with pytest.raises(ForkFailed, match="closed"):
                await waiting
        with pytest.raises(ForkFailed, match="closed"):
            await nursery.fork()

    real(main())


def test_the_node_is_left_with_the_descriptors_that_it_had() -> None:
    async def main() -> None:
        before = descriptors()
        async with Nursery(entry=SERVE, spares=2) as nursery:
            for _ in range(3):
                isolate = await nursery.fork()
                if await Talk(isolate).ask("hello"):
                    isolate.kill()
            await isolate.wait()

        assert descriptors() == before

    real(main())


@pytest.mark.parametrize("options", [{"spares": -1}, {"entry": "module"}])
def test_nonsense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        Nursery(**{"entry": SERVE, **options})


def test_settings_that_cannot_travel_are_refused() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE) as nursery:
            with pytest.raises(TypeError):
                await nursery.fork(settings=object())

    real(main())


def test_a_spare_has_loaded_what_is_familiar_before_anybody_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("known", "later"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path)!r} + '/{name} is loaded', 'w').close()")
    monkeypatch.syspath_prepend(tmp_path)

    async def main() -> None:
        async with Nursery(entry=SERVE) as nursery:
            await nursery.warm()
            nursery.familiarise("known")
            await until((tmp_path / "known is loaded").exists)
            first = Talk(await nursery.fork())
            assert [await first.ask(f"loaded {name}") for name in ("known", "later")] == [True, False]

            nursery.familiarise("later")
            await until((tmp_path / "later is loaded").exists)
            second = Talk(await nursery.fork())
            assert [await second.ask(f"loaded {name}") for name in ("known", "later")] == [True, True]

    real(main())


def test_what_cannot_be_loaded_is_no_harm_to_a_spare() -> None:
    async def main() -> None:
        async with Nursery(entry=SERVE) as nursery:
            nursery.familiarise("no.such.module")
            await nursery.warm()

            assert await Talk(await nursery.fork()).ask("hello you") == ["hello", "you"]

    real(main())
