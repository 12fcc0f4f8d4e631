"""Hosts over real sockets, several in one loop: who is let in, who is not, and what each is told."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from actors import NOCONNECTION, Actor, ActorDied, Down, handle
from actors.cluster import tls
from actors.cluster.cluster import SETTLE
from actors.cluster.errors import ClusterError
from actors.cluster.values import HostInfo, HostState, read_address
from tests.actors.cluster.kit import Node, Tap, free_port, hello, node
from tests.reality import real, until

pytestmark = pytest.mark.real


class Echo(Actor):
    """Answers with what it is told."""

    @handle
    def echo(self, message: str) -> str:
        return message


class Watch(Actor):
    """Keeps the ends that it hears of."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    @handle
    def watch(self, message: tuple[object, ...]) -> None:
        self.monitor(message[0])  # type: ignore[arg-type]

    def down(self, signal: Down) -> None:
        self.log.append(f"{signal.pid} {signal.reason}")


def test_a_host_that_joins_one_knows_all_when_it_is_entered() -> None:
    async def main() -> None:
        async with node("a") as a, node("b", a) as b, node("c", b) as c:
            assert (b.ups(), c.ups()) == (["a", "c"], ["a", "b"])
            await until(lambda: a.ups() == ["b", "c"])

    real(main())


def test_any_of_several_addresses_will_do_and_dead_ones_are_called_again() -> None:
    async def main() -> None:
        late = free_port()
        async with node("a") as a, node("b", f"127.0.0.1:{free_port()}", a, f"127.0.0.1:{late}") as b:
            assert b.ups() == ["a"]
            assert sum("nobody listens there" in line for line in b.said) == 2
            async with node("c", listen=f"127.0.0.1:{late}"):
                await until(lambda: b.ups() == ["a", "c"])
                await until(lambda: a.ups() == ["b", "c"])

    real(main())


def test_an_address_at_which_nobody_answers_holds_nobody_up_for_long() -> None:
    async def main() -> None:
        async with node("a") as a, Tap(int(a.address.rpartition(":")[2])) as tap:
            tap.to = tap.back = False
            began = time.monotonic()
            async with node("b", tap.address, a) as b:
                assert time.monotonic() - began < SETTLE + 0.5
                assert b.ups() == ["a"]

    real(main())


def test_a_host_that_has_two_addresses_has_one_link() -> None:
    async def main() -> None:
        async with node("b") as b, node("a", b, f"localhost:{b.address.rpartition(':')[2]}") as a:
            link = a.peers["b"]
            await asyncio.sleep(1.2)  # two turns, in which it would be called again

            assert a.peers["b"] is link
            assert [line for line in a.said + b.said if "up" not in line] == []

    real(main())


def test_hosts_find_each_other_over_ipv6_too() -> None:
    async def main() -> None:
        async with node("a", listen="[::1]:0") as a, node("b", a, listen="[::1]:0") as b:
            assert (a.address.startswith("[::1]:"), b.ups()) == (True, ["a"])

    real(main())


def test_an_address_in_two_spellings_is_called_once() -> None:
    async def main() -> None:
        port = free_port()
        async with node("b", f"localhost:{port}", f"LOCALHOST:{port}") as b:
            assert b.said == [f"no link to localhost:{port}: nobody listens there; it is called again"]

    real(main())


def test_a_name_that_cannot_be_looked_for_is_an_address_that_nobody_knows() -> None:
    async def main() -> None:
        async with node("a") as a:
            a.directory.learn([HostInfo("b", 1, 1, "b..example:1")], a.system.scheduler.loop.time())
            await until(lambda: a.said)

            assert a.said[0].startswith("no link to b..example:1: an address is ADDRESS:PORT")
        assert tls.explain(UnicodeError("label empty or too long")) == "no such address is known"

    real(main())


def test_a_host_that_is_told_to_join_itself_does_without() -> None:
    async def main() -> None:
        port = free_port()
        async with node("a", f"localhost:{port}", listen=f"127.0.0.1:{port}") as a:
            assert (a.ups(), a.said) == ([], [])

    real(main())


def test_two_hosts_that_call_each_other_at_once_have_one_link() -> None:
    async def main() -> None:
        ports = free_port(), free_port()
        one, two = (f"127.0.0.1:{port}" for port in ports)

        async def start(name: str, listen: str, join: str, over: asyncio.Event) -> None:
            async with node(name, join, listen=listen) as each:
                await until(each.ups)
                link = next(iter(each.peers.values()))
                await asyncio.sleep(1.0)  # two turns
                assert list(each.peers.values()) == [link]
                over.set()
                await both.wait()

        both = asyncio.Event()
        overs = asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(start("a", one, two, overs[0]))
            tasks.create_task(start("b", two, one, overs[1]))
            await asyncio.gather(*(over.wait() for over in overs))
            both.set()

    real(main())


def test_of_two_hosts_of_one_name_the_first_keeps_it_and_both_sides_say_why() -> None:
    async def main() -> None:
        async with node("a") as a, node("b", a) as first, node("b", a) as second:
            link = a.peers["b"]
            await until(lambda: any("names must differ" in line for line in second.said))
            await until(lambda: any("names must differ" in line for line in a.said))

            assert (second.ups(), first.ups()) == ([], ["a"])
            assert a.peers["b"] is link
            await first.close()
            await until(lambda: second.ups() == ["a"])

    real(main())


def test_a_host_that_comes_back_is_another_boot() -> None:
    async def main() -> None:
        seen: list[tuple[str, bool]] = []
        async with node("a") as a:
            a.watch(
                lambda view: seen.append((view.name, view.is_up)) if seen[-1:] != [(view.name, view.is_up)] else None
            )
            boots = []
            for _ in range(2):
                async with node("b", a):
                    await until(lambda: a.ups() == ["b"])
                    boots.append(a.peers["b"].info.boot)
                await until(lambda: a.ups() == [])

            assert boots[0] < boots[1]
            assert seen == [("b", True), ("b", False)] * 2

    real(main())


@pytest.mark.parametrize("hears", [False, True])
def test_a_caller_who_has_gone_before_he_was_answered_was_never_up(hears: bool) -> None:
    async def main() -> None:
        async with node("a") as a:
            reader, writer = await asyncio.open_connection(*read_address(a.address))
            writer.write(hello("b"))
            if hears:
                await reader.readexactly(1)
            else:
                await writer.drain()
            writer.close()
            await until(lambda: not a.gate.entering)
            async with node("b", a):
                await until(lambda: a.ups() == ["b"])

                assert [line.partition(" at ")[0] for line in a.said] == ["host b"]

    real(main())


def test_a_caller_who_is_gone_already_takes_no_link_away() -> None:
    async def main() -> None:
        async with node("a") as a, node("b", a) as b:
            await pair(a, b)
            link = a.peers["b"]
            link.since -= 10  # it is not so young that b may not know of it
            reader, writer = await asyncio.open_connection(*read_address(a.address))
            writer.write(hello("b", b.boot))
            await reader.readexactly(1)
            writer.close()
            await until(lambda: not a.gate.entering)

            assert a.peers["b"] is link
            assert [line for line in a.said + b.said if "up" not in line] == []

    real(main())


def test_a_host_that_leaves_says_so() -> None:
    async def main() -> None:
        async with node("a") as a:
            async with node("b", a):
                await until(lambda: a.ups() == ["b"])
            await until(lambda: "host b has left" in a.said)

            assert not any("down" in line for line in a.said)
            assert [(view.name, view.state) for view in a.hosts()] == [("a", "up"), ("b", str(HostState.LEFT))]

    real(main())


def test_a_host_that_falls_silent_is_down_within_its_patience_and_comes_back() -> None:
    async def main() -> None:
        async with node("a") as a, Tap(int(a.address.rpartition(":")[2])) as tap, node("b", tap.address) as b:
            await until(lambda: a.ups() == ["b"])
            tap.to = tap.back = False
            cut = time.monotonic()
            await until(lambda: not (a.ups() or b.ups()))

            assert 0.9 < time.monotonic() - cut < 2.5
            assert any("host a is down: silent for 1.0 s" in line for line in b.said)
            tap.to = tap.back = True
            await until(lambda: a.ups() == ["b"] and b.ups() == ["a"])

    real(main())


@pytest.mark.parametrize("way", ["to", "back"])
def test_a_link_that_carries_one_way_only_is_down_on_both_sides(way: str) -> None:
    async def main() -> None:
        async with node("a") as a, Tap(int(a.address.rpartition(":")[2])) as tap, node("b", tap.address) as b:
            await until(lambda: a.ups() == ["b"])
            setattr(tap, way, False)
            cut = time.monotonic()
            await until(lambda: not (a.ups() or b.ups()))

            assert time.monotonic() - cut < 4.0

    real(main())


def test_without_keys_a_host_calls_nobody_beyond_this_machine_and_says_what_to_do() -> None:
    async def main() -> None:
        async with node("a", "192.0.2.1:7400") as a:
            await until(lambda: a.said)

            why = "host a has no keys, so it calls nobody beyond this machine; use --keys"
            assert a.said == [f"no link to 192.0.2.1:7400: {why}; it is called again"]

    real(main())


def test_what_is_advertised_without_a_port_has_the_one_at_which_it_listens() -> None:
    async def main() -> None:
        port = free_port()
        async with node("a", listen=f"127.0.0.1:{port}", advertise="127.0.0.2") as a:
            assert (a.address, a.listens_on) == (f"127.0.0.2:{port}", f"127.0.0.1:{port}")
        async with node("a", listen=f"127.0.0.1:{port}", advertise="[fd00::1]:9") as a:
            assert (a.address, a.listens_on) == ("[fd00::1]:9", f"127.0.0.1:{port}")

    real(main())


def test_an_address_that_is_taken_is_said_so() -> None:
    async def main() -> None:
        async with node("a") as a:
            with pytest.raises(ClusterError, match=f"host b cannot listen on {a.address}: Address already in use"):
                async with node("b", listen=a.address):
                    pass

    real(main())


# -- over a link ------------------------------------------------------------------------------------------------------


async def pair(a: Node, b: Node) -> None:
    await until(lambda: a.ups() == [b.name] and b.ups() == [a.name])


def test_who_is_registered_on_another_host_can_be_found_asked_and_monitored() -> None:
    async def main() -> None:
        log: list[str] = []
        async with node("a") as a:
            async with node("b", a) as b:
                await pair(a, b)
                await b.system.spawn(Echo, name="echo")
                found = await a.find("b", "echo")
                assert found is not None
                assert await found.ask("hello") == "hello"
                assert await a.find("b", "nobody") is None
                watch = await a.system.spawn(Watch, log)
                watch.tell((found,))
                assert await found.ask("again") == "again"
                for peer in (*a.peers.values(),):
                    peer.link.abort("cut")
                await until(lambda: log)
                assert log == [f"{found.name}#1 {NOCONNECTION}"]
                with pytest.raises(ActorDied):
                    await found.ask("gone", timeout=1.0)
            with pytest.raises(ClusterError, match="there is no link from host a to host 'b'; there are to: none"):
                await a.find("b", "echo")

    real(main())


def test_datagrams_come_in_order_to_the_receiver_of_their_channel() -> None:
    async def main() -> None:
        got: list[tuple[str, bytes]] = []
        async with node("a") as a, node("b", a) as b:
            await pair(a, b)
            stop = b.on_datagram(1, lambda host, data: got.append((host, data)))
            with pytest.raises(ValueError, match="channel 1 of host b is taken"):
                b.on_datagram(1, lambda host, data: None)

            assert all(a.send_datagram("b", 1, b"%d" % number) for number in range(100))
            assert a.send_datagram("b", 2, b"nobody hears that")
            await until(lambda: len(got) == 100)
            assert got == [("a", b"%d" % number) for number in range(100)]
            stop()
            b.on_datagram(1, lambda host, data: None)

    real(main())


def test_datagrams_are_dropped_where_there_is_no_link_or_no_room() -> None:
    async def main() -> None:
        got: list[bytes] = []
        async with node("a") as a, node("b", a) as b:
            await pair(a, b)
            b.on_datagram(1, lambda host, data: got.append(data))

            assert not a.send_datagram("c", 1, b"")
            assert not a.send_datagram("b", 1, b"x" * ((1 << 17) + 1))
            sent = sum(a.send_datagram("b", 1, b"x" * (1 << 16)) for _ in range(100))
            assert sent == 4
            await until(lambda: len(got) == 4)
            assert a.send_datagram("b", 1, b"there is room again")

    real(main())


def test_what_a_receiver_raises_harms_nobody() -> None:
    async def main() -> None:
        problems: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, told: problems.append(str(told["message"])))
        async with node("a") as a, node("b", a) as b:
            await pair(a, b)

            def fail(host: str, data: bytes) -> None:
                raise RuntimeError("no luck")

            b.on_datagram(1, fail)
            a.send_datagram("b", 1, b"x")
            await until(lambda: problems)
            assert problems == ["a callback of host b failed: no luck"]
            assert (a.ups(), b.ups()) == (["b"], ["a"])

    real(main())


def test_a_frame_that_is_none_ends_the_link_and_says_why() -> None:
    async def main() -> None:
        async with node("a") as a, node("b", a) as b:
            await pair(a, b)
            a.peers["b"].link.send([64, "nonsense"])
            await until(lambda: any("host a is down: it sent what is no frame" in line for line in b.said))
            await until(lambda: a.ups() == ["b"] and b.ups() == ["a"])

    real(main())


def test_the_round_trip_to_each_host_is_known() -> None:
    async def main() -> None:
        async with node("a") as a, node("b", a) as b:
            await pair(a, b)
            await until(lambda: all(view.round_trip is not None for view in a.hosts() if not view.is_here))

            (view,) = [view for view in a.hosts() if view.name == "b"]
            assert view.round_trip is not None
            assert 0 < view.round_trip < 0.1

    real(main())


def test_a_system_is_one_host(tmp_path: Path) -> None:
    async def main() -> None:
        async with node("a") as a:
            with pytest.raises(ClusterError, match="system 'a' is a host already: a"):
                async with Node(a.system, a.membership):
                    pass

    real(main())
