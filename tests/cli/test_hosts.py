"""``planaria host``, ``hosts`` and ``drain``: hosts that are started, listed, emptied and ended by commands."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import time
from typing import Any

import pytest

from actors.cluster.errors import ClusterError
from actors.cluster.values import Membership
from actors.places.place import Host
from supervisors import Supervisor, child
from supervisors.cli.drain import lives_left
from tests.actors.cluster.kit import HostProcess, end, free_port, hosts, name_of, node
from tests.actors.cluster.troupe import Add, Player
from tests.cli.shell import await_door, command, planaria
from tests.leftovers import folders
from tests.reality import real, until

pytestmark = [pytest.mark.process, pytest.mark.real, pytest.mark.usefixtures("runtime")]


async def doors(started: dict[str, HostProcess]) -> None:
    for each in started.values():
        await asyncio.to_thread(await_door, each.process.pid)


def test_hosts_are_listed_with_their_state_load_and_capabilities() -> None:
    async def main() -> None:
        options = {"a": ("--capability", "gpu=true", "--capability", "ram=64"), "b": ("--zone", "eu/a")}
        async with hosts("a", "b", **options) as started:
            await doors(started)
            await until(lambda: all(each.says("is up") for each in started.values()))
            listed, told = await command("hosts", "--at", "a"), await command("hosts", "--at", "a", "--json")

            header, first, second = listed.out.splitlines()
            assert (listed.code, told.code) == (0, 0)
            assert header.split()[:4] == ["HOST", "ADDRESS", "STATE", "LIVES"]
            assert first.split()[0] == "a"
            assert "up, here" in first
            assert first.split()[-2:] == ["gpu=true", "ram=64"]
            assert second.split()[0] == "b"
            assert "eu/a" in second
            assert [(each["name"], each["state"], each["here"], each["lives"]) for each in json.loads(told.out)] == [
                ("a", "up", True, 0),
                ("b", "up", False, 0),
            ]

    real(main())


def test_whoever_is_asked_may_be_called_as_the_tree_or_as_the_host_and_who_is_not_known_is_told_who_there_is() -> None:
    async def main() -> None:
        async with hosts("a") as started:
            await doors(started)
            membership = Membership("front", join=(await started["a"].listens(),))
            tree = Supervisor("t", [child(Player, id="p", place=Host(), restart="temporary")])
            async with tree.running(cluster=membership, log=False, door=True):
                asked = [await command("hosts", "--json", "--at", name) for name in ("t", "front", "a")]
                nobody, of_tree = await command("hosts", "--at", "x"), await command("top", "--once", "--tree", "front")
                of_host, unknown = (
                    await command("top", "--once", "--tree", "a"),
                    await command("why", "p", "--tree", "x"),
                )
                started["a"].kill()
                await started["a"].ended()
                listed, told = await command("hosts", "--at", "t"), await command("hosts", "--at", "t", "--json")

            a, t = f"host a (pid {started['a'].process.pid})", f"t (pid {os.getpid()}), host front"
            assert [json.loads(each.out)[0]["name"] for each in asked] == ["front", "front", "a"]
            assert [json.loads(each.out)[0]["lives"] for each in asked] == [0, 0, 1]
            assert (nobody.code, nobody.complaint) == (
                2,
                f"planaria: no host or tree 'x' runs here; there are {', '.join(sorted((a, t)))}",
            )
            assert unknown.complaint == f"planaria: no tree 'x' runs here; there are {t}"
            assert of_tree.out.startswith(f"t (pid {os.getpid()}); 1 of 1 worker runs")
            assert of_host.out.startswith(f"{a}; 1 life of others runs here; ")
            roles = [each for each in ("the host", "life of front", "the tree") if f"  {each}  " in of_host.out]
            assert roles == ["the host", "life of front"]
            row = listed.out.splitlines()[2].split()
            assert (row[0], row[2:]) == ("a", ["down", "-", str(os.cpu_count())])
            assert [json.loads(told.out)[1][key] for key in ("state", "lives", "load", "round_trip")] == [
                "down", None, None, None,
            ]  # fmt: skip

    real(main())


def test_beside_a_host_alone_top_shows_it_and_why_says_where_to_ask() -> None:
    async def main() -> None:
        async with hosts("a") as started:
            await doors(started)
            top, why = await command("top", "--once"), await command("why", "t/p")

            a = f"host a (pid {started['a'].process.pid})"
            assert (top.code, top.out.startswith(f"{a}; 0 lives of others run here; ")) == (0, True)
            assert why.code == 2
            assert why.complaint == (
                f"planaria: no tree of yours runs here with a door, only {a}, for trees of others: they are asked "
                "where they run, and `planaria hosts --at a` lists the hosts; --journal FILE reads what one has left"
            )

    real(main())


def test_hosts_that_cannot_be_joined_are_said_so_once_each_and_tried_on() -> None:
    async def main() -> None:
        nobody, late = (f"127.0.0.1:{free_port()}" for _ in range(2))
        a = HostProcess("a", "--join", f"{nobody},{late}", "--quiet")
        try:
            await a.listens()
            b = HostProcess("b", "--listen", late)
            try:
                await b.listens()
                await until(lambda: b.says("host a at"))
            finally:
                end([b])
            said = [line.partition("no link to ")[2] for line in a.lines if "no link to" in line]
            again = "nobody listens there; it is called again"
            assert said[:2] == [f"{nobody}: {again}", f"{late}: {again}"]
        finally:
            end([a])

    real(main())


def test_a_host_leaves_with_exit_code_0_when_it_is_told_to() -> None:
    async def main() -> None:
        async with hosts("a", "b") as started:
            await until(lambda: started["a"].says("host b at"))
            os.kill(started["b"].process.pid, signal.SIGTERM)

            assert await started["b"].ended() == 0
            await until(lambda: started["a"].says("host b has left"))

    real(main())


def test_a_host_that_is_told_to_leave_while_it_joins_others_does_so() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.setblocking(False)
            a = HostProcess("a", "--join", f"127.0.0.1:{silent.getsockname()[1]}")
            try:
                called, _ = await asyncio.get_running_loop().sock_accept(silent)
                with called:
                    os.kill(a.process.pid, signal.SIGTERM)
                    assert await a.ended() == 0
            finally:
                end([a])

        assert (a.lines, a.pids) == (["planaria: host a leaves; a second signal ends it at once"], [])

    real(main())


def test_a_host_that_is_being_drained_leaves_when_it_is_told_to() -> None:
    async def main() -> None:
        async with hosts("a") as started:
            await doors(started)
            a = started["a"]
            tree = Supervisor("t", [child(Player, id="p", place=Host(), restart="temporary")])
            async with tree.running(cluster=Membership("t", join=(await a.listens(),)), log=False) as handle:
                assert handle.system.cluster is not None
                handle.system.cluster.drain("a")
                await until(lambda: a.says("is drained"))
                os.kill(a.process.pid, signal.SIGTERM)

                assert await a.ended() == 0
                assert (a.pids, folders(a.process.pid)) == ([], [])

    real(main())


def test_a_second_signal_ends_a_host_at_once_and_leaves_nothing_behind() -> None:
    async def main() -> None:
        async with hosts("a") as started:
            a = started["a"]
            (launcher,) = (pid for pid in a.pids if name_of(pid) == "planaria-launch")
            os.kill(launcher, signal.SIGSTOP)  # it would be waited for
            os.kill(a.process.pid, signal.SIGINT)
            await until(lambda: a.says("a second signal ends it at once"))
            began = time.monotonic()
            os.kill(a.process.pid, signal.SIGINT)

            assert await a.ended() == 130
            assert time.monotonic() - began < 3.0
            await until(lambda: a.pids == [])
            assert folders(a.process.pid) == []

    real(main())


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (
            ["--listen", "10.0.0.1:7400"],
            "planaria: host a has no keys, so it may not listen on 10.0.0.1: make some with",
        ),
        (["--listen", "127.0.0.1:x"], "planaria: an address is ADDRESS:PORT"),
        (
            ["--keys", "nowhere"],
            "planaria: there is no nowhere/ca.crt: make it with `planaria keys host a --ca CA --out nowhere`",
        ),
        (["--capability", "host=b"], "planaria: no capability may be called 'host'"),
        (["--listen", "192.0.2.1:1", "--keys", "nowhere"], "planaria: there is no nowhere/ca.crt"),
    ],
)
def test_what_cannot_be_a_host_says_why_in_one_line_with_exit_code_2(options: list[str], complaint: str) -> None:
    done = planaria("host", "--name", "a", *options)

    assert (done.code, done.out) == (2, "")
    assert done.complaint.startswith(complaint)


def test_where_there_is_no_host_hosts_and_drain_say_how_to_start_one() -> None:
    for args in (["hosts"], ["drain", "a"]):
        done = planaria(*args)

        assert (done.code, done.out) == (2, "")
        assert done.complaint == (
            "planaria: no host or tree of yours runs here that belongs to a cluster; planaria host starts one"
        )


def test_a_host_is_drained_and_leaves_and_nothing_is_lost() -> None:
    async def main() -> None:
        async with hosts("a", "b") as started:
            await doors(started)
            ids = [f"p{number}" for number in range(4)]
            tree = Supervisor("t", [child(Player, id, id=id, place=Host()) for id in ids])
            join = tuple([await each.listens() for each in started.values()])
            async with tree.running(cluster=Membership("t", join=join), log=False) as handle:
                counts: dict[str, int] = dict.fromkeys(ids, 0)
                is_over = False

                async def ask(id: str) -> None:
                    while not is_over:
                        counts[id] += 1
                        assert await handle.ref(id).ask(Add(counts[id]), timeout=10) == counts[id]
                        await asyncio.sleep(0.001)

                clients = [asyncio.ensure_future(ask(id)) for id in ids]
                drained = await command("drain", "a", "--at", "b")
                is_over = True
                await asyncio.gather(*clients)
                where: list[dict[str, Any]] = [await handle.ref(id).ask("where") for id in ids]

            assert (drained.code, drained.out) == (0, "a has left\n")
            assert await started["a"].ended() == 0
            assert {each["host"] for each in where} == {"b"}
            assert min(counts.values()) > 10
            await until(lambda: started["b"].says("host a has left"))

    real(main())


def test_what_cannot_be_moved_stays_and_drain_says_so_with_exit_code_1() -> None:
    async def main() -> None:
        async with hosts("a", "b", a=("--capability", "gpu=true")) as started:
            await doors(started)
            tree = Supervisor("t", [child(Player, id="p", place=Host(gpu=True))])
            join = tuple([await each.listens() for each in started.values()])
            async with tree.running(cluster=Membership("t", join=join), log=False) as handle:
                drained = await command("drain", "a", "--at", "b", "--timeout", "1")

                assert drained.code == 1
                assert "1 life still runs on a after 1 s" in drained.err
                assert (await handle.ref("p").ask("where"))["host"] == "a"

    real(main())


@pytest.mark.parametrize(
    ("known", "left"),
    [
        ([["b", 1, "draining", 2]], 2),
        ([["b", 1, "draining", 0]], 0),
        ([["b", 1, "left", None]], None),
        ([["b", 1, "down", None]], None),
        ([["a", 1, "up", 3]], None),
        ([["b", 2, "up", 0]], None),
        ([["b", 2, "up", 3], ["a", 1, "up", 1]], None),
    ],
)
def test_a_host_has_left_when_another_one_has_its_name(known: list[list[Any]], left: int | None) -> None:
    hosts = [dict(zip(("name", "boot", "state", "lives"), each, strict=True)) for each in known]

    assert lives_left(hosts, "b", 1) == left


def test_a_host_is_drained_while_another_one_waits_for_its_name() -> None:
    async def main() -> None:
        async with hosts("a", "b") as started:
            await doors(started)
            rival = HostProcess("b", "--join", await started["a"].listens())
            try:
                await until(lambda: rival.says("there is a host b already"))
                drained = await command("drain", "b", "--at", "a")

                assert (drained.code, drained.out) == (0, "b has left\n")
                await until(lambda: rival.says("host a at"))
            finally:
                end([rival])

    real(main())


def test_a_host_in_a_program_is_drained_when_it_is_empty() -> None:
    async def main() -> None:
        async with hosts("a") as started, node("p", await started["a"].listens(), serves=True) as cluster:
            await doors(started)
            drained = await command("drain", "p", "--at", "a", "--timeout", "1")

            assert (drained.code, drained.out) == (0, "nothing of others runs on p any more\n")
            assert cluster.hosts()[0].state == "draining"

    real(main())


def test_a_node_that_runs_nobody_else_s_lives_cannot_be_drained() -> None:
    async def main() -> None:
        async with hosts("a") as started, node("front", await started["a"].listens()) as front:
            await doors(started)
            drained = await command("drain", "front", "--at", "a")

            assert (drained.code, drained.out) == (2, "")
            why = "host front runs nobody else's lives, so there is nothing to move: end its tree instead"
            assert drained.complaint.endswith(why)
            with pytest.raises(ClusterError, match=why):
                front.drain("front")
            assert front.hosts()[0].state == "up"

    real(main())


def test_a_host_that_is_not_there_cannot_be_drained() -> None:
    async def main() -> None:
        async with hosts("a") as started:
            await doors(started)
            drained = await command("drain", "x")

            assert (drained.code, drained.complaint) == (2, "planaria: there is no host 'x'; there are a")

    real(main())


def test_a_host_says_where_it_listens_and_what_others_are_told() -> None:
    async def main() -> None:
        port = free_port()
        a = HostProcess("a", "--listen", f"127.0.0.1:{port}", "--advertise", "192.0.2.1")
        try:
            assert await a.listens() == f"127.0.0.1:{port}"
            assert f"planaria: host a listens on 127.0.0.1:{port}; others are told 192.0.2.1:{port}" in a.lines
        finally:
            end([a])

    real(main())


def test_a_port_that_is_taken_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = planaria("host", "--name", "b", "--listen", f"127.0.0.1:{port}")

    assert (done.code, done.complaint) == (
        2,
        f"planaria: host b cannot listen on 127.0.0.1:{port}: Address already in use",
    )
