"""Who is let in with keys, and who is not: each refusal is an event that says why, on the side that refuses."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from actors.cluster import tls
from actors.cluster.gate import FROM_ONE
from actors.cluster.peer import GREETING_TIME, Peer
from actors.cluster.strangers import NO_HOST
from actors.cluster.values import read_address
from actors.wire.frames import GREETING_LIMIT
from actors.wire.outbox import packet
from tests.actors.cluster.kit import Keyring, Node, Tap, hello, node
from tests.reality import real, until

pytest.importorskip("cryptography", reason="keys are made with it: pip install 'planaria[cluster]'")

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring(tmp_path_factory.mktemp("others"))


def refusals(cluster: Node) -> list[str]:
    return [line for line in cluster.said if "refused" in line or "no link" in line]


def using(folder: Path, name: str) -> Callable[[Node], None]:
    """Have a host use keys that it would not start with."""

    def change(cluster: Node) -> None:
        security = tls.load(folder, name)
        cluster.gate.unlock = lambda: setattr(cluster.gate, "security", security)  # type: ignore[method-assign]

    return change


def context(folder: Path | None) -> ssl.SSLContext:
    """Of somebody who does not care whom he calls."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if folder is not None:
        made.load_cert_chain(folder / tls.CERTIFICATE, folder / tls.KEY)
    return made


async def stranger(a: Node, folder: Path | None, *said: bytes) -> bytes:
    """Call ``a`` over TLS, say something, and hear what comes of it."""
    host, _, port = a.address.rpartition(":")
    try:
        reader, writer = await asyncio.open_connection(host, int(port), ssl=context(folder))
    except OSError:
        return b""
    heard = b""
    try:
        for each in said:
            writer.write(each)
            await writer.drain()
        async with asyncio.timeout(10):
            while data := await reader.read(65536):
                heard += data
    except OSError:
        return heard
    finally:
        writer.transport.abort()
    return heard


def test_hosts_of_one_ca_are_linked_by_tls_1_3(ring: Keyring) -> None:
    async def main() -> None:
        async with node("a", keys=ring.of("a")) as a, node("b", a, keys=ring.of("b")) as b:
            await until(lambda: a.ups() == ["b"] and b.ups() == ["a"])

            transport = a.peers["b"].link.transport
            assert transport is not None
            assert transport.get_extra_info("ssl_object").version() == "TLSv1.3"
            assert tls.names_of(a.peers["b"].link.certificate) == ["b"]
            assert refusals(a) + refusals(b) == []

    real(main())


def test_with_keys_a_host_may_listen_to_all(ring: Keyring) -> None:
    async def main() -> None:
        async with node("a", keys=ring.of("a"), listen="0.0.0.0:0", advertise="127.0.0.1:1") as a:
            assert a.address == "127.0.0.1:1"

    real(main())


def test_a_host_of_another_ca_is_refused_on_both_sides(ring: Keyring, others: Keyring) -> None:
    async def main() -> None:
        async with node("a", keys=ring.of("a")) as a, node("b", a, keys=others.of("b")) as b:
            await until(lambda: refusals(b))
            await until(lambda: refusals(a))

            assert refusals(b)[0].startswith(f"no link to {a.address}: its certificate is not accepted")
            assert "accept our certificate" in refusals(a)[0] or "refused our certificate" in refusals(a)[0]
            assert (a.ups(), b.ups()) == ([], [])

    real(main())


def test_who_shows_a_certificate_of_another_ca_is_refused(ring: Keyring, others: Keyring) -> None:
    async def main() -> None:
        async with node("a", keys=ring.of("a")) as a:
            heard = await stranger(a, others.of("b"), hello("b"))
            await until(lambda: refusals(a))

            assert heard == b""
            assert refusals(a)[0].startswith("127.0.0.1 was refused: its certificate is not accepted: ")

    real(main())


def test_who_shows_no_certificate_is_refused(ring: Keyring) -> None:
    async def main() -> None:
        async with node("a", keys=ring.of("a")) as a:
            heard = await stranger(a, None, hello("b"))
            await until(lambda: refusals(a))

            assert heard == b""
            assert refusals(a) == ["127.0.0.1 was refused: it showed no certificate"]

    real(main())


def test_a_host_without_keys_and_one_with_keys_do_not_come_together_and_each_says_what_the_other_lacks(
    ring: Keyring,
) -> None:
    async def main() -> None:
        async with (
            node("locked", keys=ring.of("locked")) as locked,
            node("open") as plain,
            node("a", locked) as a,
            node("b", plain, keys=ring.of("b")) as b,
        ):
            await until(lambda: all(map(refusals, (locked, plain, a, b))))
            await asyncio.sleep(0.6)  # a turn, in which they are called again

            (of_locked,), (of_plain,), (of_a,), (of_b,) = map(refusals, (locked, plain, a, b))
            assert of_locked == (
                "127.0.0.1 was refused: it does not speak TLS (wrong version number): if it is a host, it has no keys"
            )
            assert of_plain == (
                "127.0.0.1 was refused: it speaks TLS, so it has keys, and this host has none: all hosts need --keys, "
                "or none of them"
            )
            assert of_a == (
                f"no link to {locked.address}: it hung up when it was greeted: it may be a host with keys, and this "
                "one has none; it is called again"
            )
            assert of_b == (
                f"no link to {plain.address}: it hung up instead of shaking hands; if it does not accept our "
                "certificate, or has no keys, it says so; it is called again"
            )
            assert [each.ups() for each in (locked, plain, a, b)] == [[]] * 4

    real(main())


def test_a_certificate_that_has_expired_is_refused(ring: Keyring) -> None:
    async def main() -> None:
        past = datetime.now(UTC) - timedelta(days=3)
        expired = ring.of("expired", days=1, now=past)
        async with node("a", keys=ring.of("a")) as a:
            await stranger(a, expired, hello("expired"))
            await until(lambda: refusals(a))

            assert refusals(a) == ["127.0.0.1 was refused: its certificate is not accepted: certificate has expired"]

    real(main())


def test_a_certificate_that_is_not_valid_yet_is_refused_with_a_word_on_clocks(ring: Keyring) -> None:
    async def main() -> None:
        early = ring.of("early", now=datetime.now(UTC) + timedelta(hours=1))
        async with node("a", keys=ring.of("a")) as a:
            await stranger(a, early, hello("early"))
            await until(lambda: refusals(a))

            why = "its certificate is not accepted: certificate is not yet valid; is a clock wrong?"
            assert refusals(a) == [f"127.0.0.1 was refused: {why}"]

    real(main())


def test_a_certificate_that_is_about_to_expire_is_warned_of(ring: Keyring) -> None:
    async def main() -> None:
        async with node("soon", keys=ring.of("soon", days=20)) as soon:
            assert soon.said == [
                (
                    "the certificate of host soon expires in 19 days: make a new one with `planaria keys host soon "
                    "--ca CA --replace`, CA being the folder with ca.key, and restart the host"
                )
            ]

    real(main())


def test_a_host_cannot_take_the_name_of_another(ring: Keyring) -> None:
    async def main() -> None:
        false = using(ring.of("c"), "c")
        async with node("a", keys=ring.of("a")) as a, node("b", a, keys=ring.of("b"), change=false) as b:
            await until(lambda: refusals(a) and refusals(b))

            why = "it calls itself b, and its certificate is of c"
            assert refusals(a) == [f"127.0.0.1 was refused: {why}"]
            assert refusals(b) == [f"no link to {a.address}: the other side refused: {why}; it is called again"]
            assert (a.ups(), b.ups()) == ([], [])

    real(main())


def test_a_host_is_known_by_its_certificate_also_where_it_was_called(ring: Keyring) -> None:
    async def main() -> None:
        false = using(ring.of("c"), "c")
        async with node("b", keys=ring.of("b"), change=false) as b, node("a", b, keys=ring.of("a")) as a:
            await until(lambda: refusals(a))

            assert refusals(a) == [
                f"no link to {b.address}: it calls itself b, and its certificate is of c; it is called again"
            ]
            assert a.ups() == []

    real(main())


def test_what_was_said_before_is_of_no_use_to_whoever_says_it_again(ring: Keyring) -> None:
    async def main() -> None:
        async with node("a", keys=ring.of("a")) as a, Tap(int(a.address.rpartition(":")[2])) as tap:
            async with node("b", tap.address, keys=ring.of("b")):
                await until(lambda: a.ups() == ["b"])
            await until(lambda: a.ups() == [])
            kept = b"".join(tap.sent)
            boots: list[Any] = []
            a.watch(boots.append)

            reader, writer = await asyncio.open_connection(*a.address.split(":"))
            writer.write(kept)
            async with asyncio.timeout(10):
                try:
                    while await reader.read(65536):
                        pass
                except OSError:
                    pass
            writer.transport.abort()
            await until(lambda: refusals(a))

            assert len(kept) > 500
            assert (a.ups(), boots) == ([], [])

    real(main())


HUGE = (1 << 30).to_bytes(4) + b"x" * 100
GARBAGE = {
    "too large": HUGE,
    "larger than a greeting": b"".join(packet(b"x" * (GREETING_LIMIT + 1))),
    "no greeting": b"".join(packet(b"\x93\x01\x02\x03")),
    "no msgpack": b"".join(packet(b"\xc1\xc1\xc1")),
    "a pickle": b"".join(
        packet(b"\x80\x04\x95\x17\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93")
    ),
    "empty": b"\0\0\0\0",
}


@pytest.mark.parametrize("what", GARBAGE)
def test_bytes_that_are_no_greeting_are_not_answered(ring: Keyring, what: str) -> None:
    async def main() -> None:
        async with node("a", keys=ring.of("a")) as a:
            heard = await stranger(a, ring.of("b"), GARBAGE[what])
            await until(lambda: refusals(a))

            assert heard == b""
            assert refusals(a)[0].startswith(f"127.0.0.1 was refused: {NO_HOST} (")

    real(main())


def test_a_frame_that_breaks_off_is_told_as_that(ring: Keyring) -> None:
    async def main() -> None:
        async with node("a", keys=ring.of("a")) as a:
            reader, writer = await asyncio.open_connection(*a.address.split(":"), ssl=context(ring.of("b")))
            writer.write(hello("b")[:-3])
            await writer.drain()
            writer.close()
            await until(lambda: refusals(a))

            assert refusals(a) == ["127.0.0.1 was refused: it hung up before it had greeted, in the middle of a frame"]
            del reader

    real(main())


def test_a_frame_that_is_too_large_ends_the_link_of_a_host_that_was_let_in(ring: Keyring) -> None:
    async def main() -> None:
        async with node("a", keys=ring.of("a")) as a:
            heard = await stranger(a, ring.of("b"), hello("b"), HUGE)
            await until(lambda: any("declares 1073741824 bytes" in line for line in a.said))

            assert heard != b""
            assert a.ups() == []

    real(main())


def test_who_says_nothing_is_cut_off(ring: Keyring) -> None:
    async def main() -> None:
        async with node("a", keys=ring.of("a")) as a:
            with socket.create_connection(("127.0.0.1", int(a.address.rpartition(":")[2]))) as silent:
                silent.setblocking(False)
                called = stranger(a, ring.of("b"))
                assert await called == b""
                await until(lambda: len(refusals(a)) == 2)

                assert sorted(refusals(a)) == [
                    "127.0.0.1 was refused: it did not shake hands in time",
                    "127.0.0.1 was refused: no greeting within 3 s",
                ]
                assert a.gate.entering == set()

    real(main())


def test_who_comes_too_often_gets_one_event_a_reason(ring: Keyring) -> None:
    async def main() -> None:
        async with node("a", keys=ring.of("a")) as a:
            for _ in range(5):
                await stranger(a, None)
            await until(lambda: not a.gate.entering)

            assert refusals(a) == ["127.0.0.1 was refused: it showed no certificate"]

    real(main())


@pytest.mark.parametrize("words", [b"GET / HTTP", hello("x")], ids=["a stranger", "a host that hangs up"])
def test_who_calls_again_and_again_is_not_listened_to_for_a_moment_and_takes_no_memory(words: bytes) -> None:
    async def main() -> None:
        gc.collect()
        async with node("a") as a:
            began = time.monotonic()
            for _ in range(300):
                reader, writer = await asyncio.open_connection(*read_address(a.address))
                with contextlib.suppress(OSError):
                    writer.write(words)
                    await reader.read(1)
                writer.close()
            assert sum(isinstance(each, Peer) for each in gc.get_objects()) <= FROM_ONE * (2 + time.monotonic() - began)
            async with node("b", a) as b:
                await until(lambda: (a.ups(), b.ups()) == (["b"], ["a"]))

    real(main())


def test_callers_who_say_nothing_or_byte_by_byte_keep_no_host_out_and_have_no_more_time(ring: Keyring) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with node("a", keys=ring.of("a")) as a, node("b") as b:
            reader, writer = await asyncio.open_connection(*read_address(b.address))
            began = time.monotonic()

            async def drip() -> None:
                for byte in hello("x"):
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0.1)

            async def cut_off() -> float:
                with contextlib.suppress(OSError):  # it may be in the middle of a byte
                    assert await reader.read() == b""
                return time.monotonic() - began

            dripping, cut = asyncio.ensure_future(drip()), asyncio.ensure_future(cut_off())
            ends = [socket.socket() for _ in range(400)]
            try:
                for number, end in enumerate(ends):
                    end.setblocking(False)
                    await loop.sock_connect(end, read_address((a, b)[number % 2].address))
                assert max(len(a.gate.entering), len(b.gate.entering)) <= FROM_ONE
                other = await asyncio.open_connection(
                    *read_address(a.address), ssl=context(ring.of("e")), local_addr=("127.0.0.2", 0)
                )
                other[1].write(hello("e"))
                assert await other[0].read(1) != b""
                other[1].close()
                async with node("c", a, keys=ring.of("c")) as c, node("d", b) as d:
                    await until(lambda: c.ups() == ["a"] and d.ups() == ["b"])
                assert await cut < GREETING_TIME + 3.0
            finally:
                dripping.cancel()
                writer.close()
                for end in ends:
                    end.close()
            await until(lambda: not (a.gate.entering or b.gate.entering))

            assert set(refusals(b)) == {"127.0.0.1 was refused: no greeting within 3 s"}
            assert all("did not shake hands in time" in line or "hung up" in line for line in refusals(a))

    real(main())
