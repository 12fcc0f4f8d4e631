"""Hosts that meet in a convention of Thespian's: through leaders that hang, die and come back, and through no stranger.

Each host has an address of its own on the loopback, of a range that is this process's; or it is a machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from actors.cluster.values import CONVENTION_PORT, Membership
from actors.places.place import Host
from bench.namespaces import Network, why_none
from supervisors import Supervisor, child
from tests.actors.cluster.kit import HostProcess, Keyring, Node, end, is_alive, node
from tests.actors.cluster.test_hosts import where
from tests.actors.cluster.troupe import Player
from tests.reality import real, until

pytestmark = [pytest.mark.process, pytest.mark.real]

_RANGES = count()


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.fixture
def place() -> str:
    """The first three numbers of addresses that no other test has."""
    return f"127.{10 + os.getpid() % 200}.{(os.getpid() // 200 + next(_RANGES)) % 256}"


def meeting(place: str, number: int, leaders: tuple[int, ...] = (1,)) -> dict[str, Any]:
    return {
        "listen": f"{place}.{number}:0", "discovery": "thespian",
        "leaders": tuple(f"{place}.{each}" for each in leaders),
    }  # fmt: skip


def options(place: str, number: int, leaders: tuple[int, ...] = (1,)) -> list[str]:
    said = meeting(place, number, leaders)
    return ["--listen", said["listen"], "--discovery", "thespian", "--leader", ",".join(said["leaders"])]


def is_linked(hosts: list[Node]) -> bool:
    return all(len(each.ups()) == len(hosts) - 1 for each in hosts)


@contextlib.asynccontextmanager
async def started(*hosts: HostProcess) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        for each in hosts:
            print(f"host {each.name} said:", *each.lines, sep="\n  ")
        raise
    finally:
        end(hosts)


def named(name: str, pids: list[int]) -> list[int]:
    """Those of the processes which are called so."""
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                found.append(pid)
    return found


def child_of(pid: int, name: str) -> int:
    (found,) = named(name, list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())))
    return found


def admin_of(host: HostProcess) -> int:
    """The admin that takes part in the convention."""
    (convener,) = named("planaria-conven", host.pids)
    return child_of(convener, "planaria-admin")


def test_hosts_that_know_but_a_leader_find_all_others(place: str) -> None:
    async def main() -> None:
        async with contextlib.AsyncExitStack() as stack:
            began = time.monotonic()
            made = [node(name, **meeting(place, number)) for number, name in enumerate("abc", 1)]
            hosts = list(await asyncio.gather(*map(stack.enter_async_context, made)))
            await until(lambda: is_linked(hosts))
            print(f"three hosts know each other after {time.monotonic() - began:.2f} s")

            said = hosts[0].said
            assert sum("has joined the convention" in each for each in said) == 2
            assert not any("joined the convention" in each for host in hosts[1:] for each in host.said)
            known = f"leader {place}.1:{CONVENTION_PORT} of the convention knows this host"
            await until(lambda: known in hosts[2].said)

    real(main())


def test_a_host_that_starts_again_at_once_is_found_again_in_its_new_boot(place: str) -> None:
    async def main() -> None:
        async with node("a", **meeting(place, 1)) as leader:
            async with node("b", **meeting(place, 2)) as first:
                await until(lambda: is_linked([leader, first]))
            async with node("b", **meeting(place, 2)) as second:
                await until(lambda: is_linked([leader, second]))

                (_, boot), *_ = [(view.name, view.boot) for view in leader.hosts() if view.name == "b"]
                assert boot == second.boot != first.boot

    real(main())


def test_a_host_that_leaves_is_a_hint_after_its_link_has_told(place: str) -> None:
    async def main() -> None:
        async with node("a", **meeting(place, 1)) as leader:
            async with node("b", **meeting(place, 2)) as other:
                await until(lambda: is_linked([leader, other]))
            await until(lambda: "host b is not in the convention any more" in leader.said)

            assert leader.said.index("host b has left") < leader.said.index("host b is not in the convention any more")

    real(main())


def test_a_stranger_with_another_key_is_refused_and_it_is_said_once(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        def attempts() -> int:
            logs = Path(tempfile.gettempdir()).glob(f"planaria-*-{os.getpid()}-*/thespian.log")
            return sum(log.read_text().count("made with another key") for log in logs)

        async with node("a", **meeting(place, 1)) as leader:
            (tmp_path / "other").mkdir()
            monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "other"))
            async with node("b", **meeting(place, 2)) as other:
                await until(lambda: attempts() >= 4)

                refusals = [each for each in leader.said if "refused" in each]
                assert refusals == ["127.0.0.1 was refused: by the convention: made with another key"]
                assert leader.ups() == other.ups() == []

    real(main())


def test_a_port_that_is_taken_is_named_once_and_taken_when_it_is_free(place: str) -> None:
    async def main() -> None:
        stale = socket.create_server((f"{place}.1", CONVENTION_PORT))
        complaint = f"its admin cannot listen on {place}.1:{CONVENTION_PORT}: Address already in use"
        async with node("a", **meeting(place, 1)) as leader, node("b", **meeting(place, 2)) as other:
            await until(lambda: any(complaint in each for each in leader.said))
            stale.close()
            await until(lambda: is_linked([leader, other]))

            assert sum(complaint in each for each in leader.said) == 1

    real(main())


def test_admin_logger_and_watcher_die_with_their_host_and_come_back_without_harm_to_links(place: str) -> None:
    async def main() -> None:
        host = HostProcess("a", *options(place, 1))
        async with started(host), node("b", **meeting(place, 2)) as other:
            await host.listens()
            await until(lambda: other.ups() == ["a"])
            admin = admin_of(host)
            parts = [admin, child_of(admin, "planaria-logger"), child_of(admin, "planaria-watch")]
            os.kill(admin, signal.SIGKILL)
            await until(lambda: not any(map(is_alive, parts)))
            await until(lambda: host.says("in no convention for now"))
            async with node("c", **meeting(place, 3)) as third:
                await until(lambda: sorted(third.ups()) == ["a", "b"])
            assert not any("down" in each for each in other.said)
            pids = host.pids
            os.kill(host.process.pid, signal.SIGKILL)

            await until(lambda: not any(map(is_alive, pids)))

    real(main())


def test_a_leader_that_hangs_keeps_nobody_from_being_found_and_is_replaced(place: str) -> None:
    async def main() -> None:
        hung = HostProcess("a", *options(place, 1, (1, 2)))
        async with started(hung), node("b", **meeting(place, 2, (1, 2))) as leader:
            await hung.listens()
            await until(lambda: leader.ups() == ["a"])
            admin = admin_of(hung)
            os.kill(admin, signal.SIGSTOP)
            began = time.monotonic()
            async with node("c", **meeting(place, 3, (1, 2))) as third:
                await until(lambda: sorted(third.ups()) == ["a", "b"])
                print(f"found beside a hung leader after {time.monotonic() - began:.2f} s")
            await until(lambda: hung.says("in no convention for now: the admin hangs"))
            await until(lambda: not is_alive(admin))

    real(main())


def test_a_tree_that_knows_but_a_leader_has_its_lives_on_the_host_that_fits(place: str) -> None:
    async def main() -> None:
        leader = HostProcess("a", *options(place, 1))
        fits = HostProcess("b", *options(place, 2), "--capability", "gpu=true")
        async with started(leader, fits):
            for each in (leader, fits):
                await each.listens()
            tree = Supervisor("t", [child(Player, "p", id="p", place=Host(gpu=True))])
            member = Membership("t", **meeting(place, 3))
            async with tree.running(cluster=member, log=False) as handle:
                assert (await where(handle, "p"))["host"] == "b"

    real(main())


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    pytest.importorskip("cryptography", reason="keys are made with it: pip install 'planaria[cluster]'")
    return Keyring(tmp_path_factory.mktemp("keys"))


@pytest.mark.skipif(why_none() is not None, reason=why_none() or "")
def test_machines_stay_linked_without_leaders_and_a_leader_that_comes_back_finds_all(ring: Keyring) -> None:
    async def main() -> None:
        with Network("a", "b", "c", "d", "e") as net:

            def machine(name: str) -> HostProcess:
                leaders = ",".join(net.address[each] for each in "ab")
                meets = ["--discovery", "thespian", "--leader", leaders]
                listens = ["--listen", net.address[name], "--keys", str(ring.of(name))]
                return HostProcess(name, *listens, *meets, inside=net.command(name))

            def knows(host: HostProcess, *names: str) -> bool:
                return all(host.says(f"host {name} at {net.address[name]}:7400 is up") for name in names)

            a, b, c, d = map(machine, "abcd")
            async with started(a, b, c, d):
                await until(lambda: knows(c, "a", "b", "d") and knows(d, "a", "b", "c"))
                for leader in (a, b):
                    leader.kill()
                await until(lambda: c.says("host a is down") and c.says("host b is down"))
                e = machine("e")
                async with started(e):
                    missing = f"leader {net.address['a']}:{CONVENTION_PORT} of the convention is missing"
                    await until(lambda: e.says(missing))
                    assert not e.says("is up")
                    began = time.monotonic()
                    back = machine("a")
                    async with started(back):
                        await until(lambda: knows(back, "c", "d", "e") and knows(e, "a", "c", "d"))
                        print(f"a leader that is started again has found all after {time.monotonic() - began:.2f} s")

                        assert not c.says("host d is down")

    real(main(), 90.0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["to it alone", "to all of its processes"])
def test_a_host_that_leaves_does_not_say_that_it_is_in_no_convention(place: str, number: int) -> None:
    async def main() -> None:
        a, b = HostProcess("a", *options(place, 1)), HostProcess("b", *options(place, 2))
        async with started(a, b):
            await until(lambda: b.says("of the convention knows this host") and b.says("listens on"))
            if number == signal.SIGINT:
                os.kill(b.process.pid, number)
            else:
                b.kill(number)

            assert await b.ended() == 0
            assert [line for line in b.lines if "no convention" in line or "started again" in line] == []
            await until(lambda: b.pids == [])

    real(main())
