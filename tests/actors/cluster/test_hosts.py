"""Lives on other hosts, which are processes of their own: placed, served, killed, drained, fenced off."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from actors import ActorDied, ActorError, AskTimeout, Down, StartFailed
from actors.cluster.values import Membership
from actors.engines.loop import run
from actors.places.place import Host, Process
from bench.machines import CORES, load
from supervisors import Backoff, Supervisor, child
from supervisors.running import Running
from tests.actors.cluster.kit import HostProcess, end, free_port, hosts, is_alive, name_of, node
from tests.actors.cluster.troupe import Add, Fill, Hold, Player
from tests.leftovers import folders
from tests.reality import real, until

pytestmark = [pytest.mark.process, pytest.mark.real]


@contextlib.asynccontextmanager
async def running(started: dict[str, HostProcess], *children: Any, **options: Any) -> AsyncIterator[Running]:
    """A tree whose process is a host among them."""
    join = [await each.listens() for each in started.values()]
    membership = Membership("t", join=tuple(join), **options.pop("member", {}))
    tree = Supervisor("t", children, **options)
    async with tree.running(cluster=membership, log=False) as handle:
        yield handle


@pytest.fixture(scope="module")
def both() -> Iterator[dict[str, HostProcess]]:
    """Two hosts for the tests that leave them as they are."""
    addresses = {name: f"127.0.0.1:{free_port()}" for name in ("a", "b")}
    started = {
        "a": HostProcess("a", "--listen", addresses["a"], "--zone", "eu/a"),
        "b": HostProcess(
            "b", "--listen", addresses["b"], "--join", addresses["a"], "--zone", "eu/b", "--capability", "gpu"
        ),
    }
    try:
        for each in started.values():
            run(each.listens())
        yield started
    finally:
        end(started.values())


def player(id: str, place: Any = None, **options: Any) -> Any:
    return child(Player, id, id=id, place=place or Host(), **options)


async def where(handle: Running, id: str) -> dict[str, Any]:
    """Where a life is; asked until it answers."""
    async with asyncio.timeout(20):
        while True:
            try:
                return dict(await handle.ref(id).ask("where", timeout=1.0))
            except ActorError:
                await asyncio.sleep(0.005)


async def spread(handle: Running, *ids: str) -> dict[str, str]:
    return {id: (await where(handle, id))["host"] for id in ids}


def listen(handle: Running) -> list[str]:
    """What happens from now on, in words."""
    said: list[str] = []
    handle.system.events.subscribe(lambda event: said.append(getattr(event, "describe", lambda: "")()))
    return said


def test_lives_are_spread_over_the_hosts_and_served_there(both: dict[str, HostProcess]) -> None:
    async def main() -> None:
        async with running(both, *(player(f"p{n}") for n in range(4))) as t:
            assert await spread(t, "p0", "p1", "p2", "p3") == {"p0": "a", "p1": "b", "p2": "a", "p3": "b"}
            payload = os.urandom(3_000_000)
            assert await t.ref("p0").ask(payload, timeout=10) == payload
            assert await asyncio.gather(*(t.ref("p1").ask(Add(n)) for n in range(3000))) == list(range(3000))

            pids = [(await where(t, id))["pid"] for id in ("p0", "p1")]
            await t.stop()
            await until(lambda: not any(is_alive(pid) for pid in pids))

    real(main())


def test_a_life_goes_where_there_is_what_it_asks_for(both: dict[str, HostProcess]) -> None:
    async def main() -> None:
        places = {"p": Host(gpu=True), "q": Host(zone="eu/a"), "r": Host(host="b"), "s": Host(zone="eu", gpu=True)}
        async with running(both, *(player(id, place) for id, place in places.items())) as t:
            assert await spread(t, *places) == {"p": "b", "q": "a", "r": "b", "s": "b"}

    real(main())


def test_where_no_host_fits_the_start_fails_and_names_what_was_asked_for_and_what_there_is(
    both: dict[str, HostProcess],
) -> None:
    async def main() -> None:
        with pytest.raises(StartFailed) as raised:
            async with running(both, player("p", Host(tpu=True))):
                pass

        why = "no host for Host(tpu=True): a has no tpu; b has no tpu; t runs nobody else's lives"
        assert why in str(raised.value)

    real(main())


def test_a_tree_of_no_cluster_says_how_to_join_one() -> None:
    async def main() -> None:
        with pytest.raises(StartFailed, match="belongs to no cluster: run its tree with `planaria run --join ADDRESS`"):
            async with Supervisor("t", [player("p")]).running(log=False):
                pass

    real(main())


def test_a_host_that_refuses_a_life_is_not_the_last_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr("actors.cluster.cabins.MOST", 0)  # on the host in this loop
        async with node("a", serves=True) as full, hosts("b") as started:
            join = (full.address, await started["b"].listens())
            tree = Supervisor("t", [player("p")])
            async with tree.running(cluster=Membership("t", join=join), log=False) as t:
                assert (await where(t, "p"))["host"] == "b"
            only_full = Membership("t", join=(full.address,), zone="x")
            with pytest.raises(StartFailed, match="0 lives run there, and that is the most"):
                async with Supervisor("t", [player("p", Host(host="a"))]).running(cluster=only_full, log=False):
                    pass

    real(main())


def test_a_node_that_serves_is_a_host_of_its_own_tree_s_lives() -> None:
    async def main() -> None:
        with_self = Membership("t", serves=True, capabilities={"gpu": True})
        async with Supervisor("t", [player("p", Host(gpu=True))]).running(cluster=with_self, log=False) as t:
            assert (await where(t, "p"))["pid"] != os.getpid()

    real(main())


def test_when_a_host_is_killed_its_lives_serve_elsewhere_within_seconds() -> None:
    async def main() -> None:
        ids = [f"p{n}" for n in range(6)]
        async with hosts("a", "b") as started, running(started, *map(player, ids)) as t:
            downs: list[float] = []
            cluster = t.system.cluster
            assert cluster is not None
            cluster.watch(lambda view: None if view.is_up else downs.append(time.monotonic()))
            pids = [(await where(t, id))["pid"] for id in ids]
            killed = time.monotonic()
            started["a"].kill()
            places = await spread(t, *ids)
            serving = time.monotonic() - killed

            assert set(places.values()) == {"b"}
            assert downs[0] - killed < 2.5  # bench/scenarios/host_death.py says what it is on a quiet machine
            assert serving < 4.0
            await until(lambda: not any(is_alive(pid) for pid in pids[::2]))
            assert [(await where(t, id))["pid"] for id in ids[1::2]] == pids[1::2]

    real(main())


def test_what_was_on_its_way_to_a_host_that_is_lost_is_given_up_and_what_waited_goes_to_the_successor() -> None:
    async def main() -> None:
        async with hosts("a", "b") as started, running(started, player("p")) as t:
            p = t.ref("p")
            p.tell(Hold(30.0))
            asked = [asyncio.ensure_future(p.ask(Add(n), timeout=15)) for n in range(1500)]  # of which 1023 are sent
            await asyncio.sleep(0.2)
            started["a"].kill()
            answers = await asyncio.gather(*asked, return_exceptions=True)

            lost = [n for n, answer in enumerate(answers) if isinstance(answer, ActorDied)]
            assert lost == list(range(len(lost)))
            assert 0 < len(lost) < 1500
            assert [answer for answer in answers if not isinstance(answer, ActorDied)] == list(range(len(lost), 1500))

    real(main())


def test_when_a_life_s_process_is_killed_nothing_is_lost_but_what_was_in_hand(both: dict[str, HostProcess]) -> None:
    async def main() -> None:
        async with running(both, player("p")) as t:
            p, said = t.ref("p"), listen(t)
            pid = (await where(t, "p"))["pid"]
            p.tell(Hold(30.0))
            asked = [asyncio.ensure_future(p.ask(Add(n), timeout=15)) for n in range(1500)]
            await asyncio.sleep(0.2)
            os.kill(pid, signal.SIGKILL)

            assert await asyncio.gather(*asked) == list(range(1500))
            assert (await where(t, "p"))["life"] == 2
            assert any("signal 9" in line for line in said)

    real(main())


def test_a_host_that_hangs_is_taken_for_dead_and_its_lives_end_themselves() -> None:
    async def main() -> None:
        async with hosts("a", "b") as started, running(started, player("p")) as t:
            first = await where(t, "p")
            assert first["host"] == "a"
            began = time.monotonic()
            os.kill(started["a"].process.pid, signal.SIGSTOP)  # it, and nobody of its others

            assert (await where(t, "p"))["host"] == "b"
            assert time.monotonic() - began < 4.0
            await until(lambda: not is_alive(first["pid"]))
            assert time.monotonic() - began < 6.0
            os.kill(started["a"].process.pid, signal.SIGCONT)
            cluster = t.system.cluster
            assert cluster is not None
            await until(lambda: any(view.name == "a" and view.is_up for view in cluster.hosts()))
            second = await where(t, "p")
            assert (second["host"], second["life"]) == ("b", 2)

    real(main())


def test_a_host_that_is_woken_is_down_once_and_up_once_for_everybody() -> None:
    async def main() -> None:
        async with hosts("m") as started:
            m = started["m"]
            address = await m.listens()
            async with node("a", address) as a, node("z", address) as z:  # one that it calls, one that calls it
                await until(lambda: a.ups() == ["m", "z"] and z.ups() == ["a", "m"] and len(m.lines) == 3)
                os.kill(m.process.pid, signal.SIGSTOP)
                a.said.clear()
                z.said.clear()
                unheard = f"no link to {address}: no greeting within 3 s; it is called again"
                await until(lambda: unheard in a.said and unheard in z.said)
                os.kill(m.process.pid, signal.SIGCONT)
                await until(lambda: a.ups() == ["m", "z"] and z.ups() == ["a", "m"])
                await asyncio.sleep(1.5)  # three turns, in which it would go on
                for each in (a, z):
                    assert each.said == [
                        "host m is down: silent for 1.0 s",
                        unheard,
                        f"host m at {address} is up",
                    ]
                assert sorted(" ".join(line.split()[2:6]) for line in m.lines[3:]) == [
                    "host a at " + a.address,
                    "host a is down:",
                    "host z at " + z.address,
                    "host z is down:",
                ]

    real(main())


def test_a_life_that_fits_only_on_a_host_that_is_down_waits_for_it() -> None:
    async def main() -> None:
        async with hosts("a") as started, running(started, player("p"), max_restarts=1) as t:
            address = await started["a"].listens()
            began = time.monotonic()
            started["a"].kill()
            await started["a"].ended()
            again = HostProcess("a", "--listen", address)
            try:
                assert (await where(t, "p"))["life"] == 2
                assert time.monotonic() - began < 15
            finally:
                await t.stop()
                end([again])

    real(main())


def test_a_tree_that_waits_for_a_host_stops_at_once() -> None:
    async def main() -> None:
        async with hosts("a") as started, running(started, player("p", backoff=Backoff())) as t:
            started["a"].kill()
            await started["a"].ended()
            await until(lambda: not t.ref("p").is_alive)
            began = time.monotonic()
            await t.stop()

            assert time.monotonic() - began < 1.0

    real(main())


def test_a_drained_host_is_emptied_without_a_lost_request_and_leaves() -> None:
    async def main() -> None:
        ids = [f"p{n}" for n in range(4)]
        async with hosts("a", "b") as started, running(started, *map(player, ids)) as t:
            assert set((await spread(t, *ids)).values()) == {"a", "b"}
            sent = answered = 0
            is_over = False

            async def ask(id: str) -> None:
                nonlocal sent, answered
                while not is_over:
                    sent += 1
                    await t.ref(id).ask(Add(sent), timeout=10)
                    answered += 1
                    await asyncio.sleep(0.001)

            clients = [asyncio.ensure_future(ask(id)) for id in ids]
            cluster = t.system.cluster
            assert cluster is not None
            said = listen(t)
            cluster.drain("a")
            assert await started["a"].ended() == 0
            is_over = True
            await asyncio.gather(*clients)

            assert sent == answered > 100
            assert set((await spread(t, *ids)).values()) == {"b"}
            assert not any("died" in line for line in said)

    real(main())


def test_a_host_s_own_process_that_is_killed_leaves_no_other_behind() -> None:
    async def main() -> None:
        async with hosts("a", "b") as started, running(started, player("p")) as t:
            assert (await where(t, "p"))["host"] == "a"
            assert len(started["a"].pids) > 3
            os.kill(started["a"].process.pid, signal.SIGKILL)

            assert (await where(t, "p"))["host"] == "b"
            await until(lambda: started["a"].pids == [])

    real(main())


def test_a_host_goes_on_serving_whichever_part_of_its_machinery_is_killed() -> None:
    async def main() -> None:
        async with hosts("a") as started:
            a = started["a"]
            async with running(started, player("p"), player("q"), max_restarts=99) as t:
                said = listen(t)
                for role in ("logger", "zygote", "admin", "launch"):
                    before = [(await where(t, id))["life"] for id in ("p", "q")]
                    said.clear()
                    parts = await part(a, role)
                    for pid in parts:
                        os.kill(pid, signal.SIGKILL)
                    if role == "launch":
                        await until(lambda: sum("serves again" in line for line in said) == 2)
                        before = [life + 1 for life in before]
                        assert sum("ProcessDied: signal 9" in line for line in said) == 2
                    p, q = await where(t, "p"), await where(t, "q")
                    assert [p["life"], q["life"]] == before
                    said.clear()
                    os.kill(p["pid"], signal.SIGKILL)  # a new process has to be had
                    await until(lambda: any("t/p serves again" in line for line in said))
                    assert [(await where(t, id))["host"] for id in ("p", "q")] == ["a", "a"]
            os.kill(a.process.pid, signal.SIGTERM)

            assert await a.ended() == 0
            await until(lambda: a.pids == [])
            assert folders(a.process.pid) == []
            told = [line[9:] for line in a.lines if "started again" in line]
            assert all(line.startswith("WARNING the machinery of host a died (") for line in told[:-1])
            assert told[-1].startswith("WARNING the launcher of host a died (")
            assert told[-1].endswith("(signal 9) and is started again; 2 of the lives here ended with it")
            rest = [line for line in a.lines if "started again" not in line]
            assert all(line.endswith((" is up", "host t has left", "at once")) or "listens" in line for line in rest)

    real(main())


def test_a_host_all_of_whose_processes_are_told_to_end_leaves_and_no_life_has_crashed() -> None:
    async def main() -> None:
        async with hosts("a", "b") as started, running(started, player("p"), player("q"), player("r")) as t:
            assert await spread(t, "p", "q", "r") == {"p": "a", "q": "b", "r": "a"}
            said = listen(t)
            await part(started["a"], "zygote")
            started["a"].kill(signal.SIGTERM)  # as systemd does, in any order

            assert await started["a"].ended() == 0
            assert set((await spread(t, "p", "q", "r")).values()) == {"b"}
            assert [line for line in started["a"].lines if "started again" in line] == []
            died = [line for line in said if " died" in line]
            assert len(died) == 2
            assert all("noconnection" in line for line in died)
            assert "host a has left" in said
            await until(lambda: started["a"].pids == [])

    real(main())


def test_a_life_that_is_ended_by_sigterm_alone_has_a_successor() -> None:
    async def main() -> None:
        async with hosts("a") as started, running(started, player("p")) as t:
            said = listen(t)
            os.kill((await where(t, "p"))["pid"], signal.SIGTERM)
            await until(lambda: any("t/p serves again" in line for line in said))

            assert any("ProcessDied: signal 15" in line for line in said)

    real(main())


async def part(host: HostProcess, role: str) -> list[int]:
    """The processes of a part of a host's machinery, which may just be starting."""
    found: list[int] = []

    def look() -> bool:
        found[:] = [pid for pid in host.pids if name_of(pid).startswith(f"planaria-{role}")]
        return bool(found)

    await until(look)
    return found


def test_a_life_is_bounded_on_another_host_as_it_is_here(both: dict[str, HostProcess]) -> None:
    async def main() -> None:
        async with running(both, player("p", Host(on=Process(memory=64 << 20)))) as t:
            said = listen(t)
            with pytest.raises(ActorDied):
                await t.ref("p").ask(Fill(256 << 20), timeout=10)

            assert (await where(t, "p"))["life"] == 2
            assert any("MemoryError" in line for line in said)

    real(main())


def test_nobody_is_taken_for_dead_on_a_busy_machine(both: dict[str, HostProcess]) -> None:
    async def main() -> None:
        async with running(both, player("p"), player("q")) as t:
            said = listen(t)
            lives = [await where(t, id) for id in ("p", "q")]
            with load(2 * CORES):
                began = time.monotonic()
                while time.monotonic() - began < 3.0:
                    assert [await where(t, id) for id in ("p", "q")] == lives

            assert not any("down" in line for line in said)

    real(main())


def test_monitors_of_a_life_on_a_lost_host_hear_noconnection() -> None:
    async def main() -> None:
        async with hosts("a", "b") as started, running(started, player("p")) as t:
            from actors import Actor

            downs: list[str] = []

            class Watch(Actor):
                def started(self) -> None:
                    self.monitor(t.ref("p"))

                def down(self, signal: Down) -> None:
                    downs.append(str(signal.reason))

            await where(t, "p")
            await t.system.spawn(Watch)
            started["a"].kill()
            await until(lambda: downs)

            assert downs == ["noconnection"]

    real(main())


def test_asks_of_a_host_that_is_cut_off_end_within_seconds() -> None:
    async def main() -> None:
        async with hosts("a") as started, running(started, player("p"), max_restarts=1) as t:
            await where(t, "p")
            started["a"].kill(signal.SIGSTOP)
            began = time.monotonic()
            with pytest.raises((ActorDied, AskTimeout)):
                await t.ref("p").ask(Add(1), timeout=10)

            assert time.monotonic() - began < 4.0

    real(main())
