"""Frames: what is written is read, and whatever else arrives is refused, named, and harms nobody."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import ActorSystem
from actors.contact.loopback import Loopback
from actors.messages import Pid
from actors.testing import World, world
from actors.testing.network import Network, uniform
from actors.testing.wires import CellNetwork
from actors.tissue.core import Refused
from actors.tissue.crdt.orset import ORMap
from actors.tissue.transport import FRAME_BYTES, VERSION, FrameError, Packet, host_of, pack, unpack
from tests.actors.contact.kit import GROUP, WAYS, at, each_at, heard, hosts, puppets, refusals
from tests.actors.kit import Note

both_ways = pytest.mark.parametrize("way", WAYS)

SENDER = Pid("w0@east", 7)
PACKET = Packet("w0@west", GROUP, SENDER, "contact.syn", [1, "two", b"three", None, {"four": 4.0}])

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)

# -- frames ------------------------------------------------------------------------------------------------------------


@given(plain)
def test_what_is_packed_is_unpacked(body: Any) -> None:
    packet = PACKET._replace(body=body)

    assert unpack(pack(packet)) == packet


@given(st.binary(max_size=200))
def test_garbage_is_refused_and_nothing_else_is_raised(raw: bytes) -> None:
    with pytest.raises(FrameError):
        unpack(raw)


def test_every_part_of_a_frame_is_refused() -> None:
    frame = pack(PACKET)
    for length in range(len(frame)):
        with pytest.raises(FrameError):
            unpack(frame[:length])


def test_two_frames_in_one_are_refused() -> None:
    with pytest.raises(FrameError, match="no frame, or a part of one: ExtraData"):
        unpack(pack(PACKET) * 2)


@given(st.integers(0, len(pack(PACKET)) - 1), st.integers(0, 255))
def test_a_frame_with_one_byte_changed_is_refused_or_a_packet(at: int, byte: int) -> None:
    frame = bytearray(pack(PACKET))
    frame[at] = byte
    try:
        packet = unpack(bytes(frame))
    except FrameError:
        return
    host_of(packet.to)
    host_of(packet.sender.name)
    assert packet.sender.incarnation > 0


def _frame(**changes: Any) -> bytes:
    values = {
        "version": VERSION,
        "to": PACKET.to,
        "group": GROUP,
        "name": SENDER.name,
        "life": 7,
        "kind": "contact.syn",
        "body": None,
    }
    packed: bytes = msgpack.packb(list({**values, **changes}.values()))
    return packed


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (_frame(version=2), "a frame of version 2; this end speaks version 1"),
        (_frame(version="x" * 1000), "a frame of version 'xxxxxxxxxxxxxxxxxxx; this end speaks version 1"),
        (_frame(version=None), "a frame of version None; this end speaks version 1"),
        (msgpack.packb({}), "a frame of version None; this end speaks version 1"),
        (msgpack.packb([]), "a frame of version None; this end speaks version 1"),
        (msgpack.packb([VERSION]), "a frame that is no packet: a list of 1, not of 7 to 7"),
        (_frame(more=1), "a frame that is no packet: a list of 8, not of 7 to 7"),
        (_frame(to="west"), "a frame that is no packet: an address is 'name@host'; got 'west'"),
        (_frame(to="w0@"), "a frame that is no packet: an address is 'name@host'; got 'w0@'"),
        (_frame(to=""), "a frame that is no packet: an empty name"),
        (_frame(to=7), "a frame that is no packet: not text"),
        (_frame(to="x" * 300 + "@west"), "a frame that is no packet: a name of more than 255 bytes"),
        (_frame(name="w0"), "a frame that is no packet: an address is 'name@host'; got 'w0'"),
        (_frame(life=0), "a frame that is no packet: a number outside of 1 to 4611686018427387904"),
        (_frame(life=1 << 62), "a frame that is no packet: a number outside of 1 to 4611686018427387904"),
        (_frame(life=1.0), "a frame that is no packet: not a whole number"),
        (_frame(life=True), "a frame that is no packet: not a whole number"),
        (_frame(group=None), "a frame that is no packet: not text"),
        (_frame(kind=""), "a frame that is no packet: an empty name"),
        (b"\0" * (FRAME_BYTES + 1), "a frame of 131073 bytes; at most 131072 are read"),
        (b"", "no frame, or a part of one: ValueError"),
    ],
)
def test_a_frame_that_is_no_packet_is_refused_in_words(frame: bytes, text: str) -> None:
    with pytest.raises(FrameError) as caught:
        unpack(frame)

    assert str(caught.value) == text


def test_a_frame_of_a_million_nested_lists_is_refused() -> None:
    with pytest.raises(FrameError):
        unpack(b"\x97\x01" + b"\x91" * 100_000)


def test_a_packet_that_is_too_long_is_not_written() -> None:
    with pytest.raises(FrameError, match="at most 131072 travel"):
        pack(PACKET._replace(body=b"x" * FRAME_BYTES))


@pytest.mark.parametrize("address", ["", "x", "x@", "@"])
def test_an_address_without_a_host_has_none(address: str) -> None:
    with pytest.raises(ValueError, match="an address is 'name@host'"):
        host_of(address)


def test_the_host_is_what_comes_after_the_last_at() -> None:
    assert [host_of(each) for each in ("a@b", "a@b@c", "@b")] == ["b", "c", "b"]


# -- frames that are spoiled on their way ------------------------------------------------------------------------------


def _cut(frame: bytes) -> bytes:
    return frame[: len(frame) // 2]


def _other_version(frame: bytes) -> bytes:
    return frame[:1] + b"\x63" + frame[2:]


def _too_large(frame: bytes) -> bytes:
    return frame + b"\0" * FRAME_BYTES


def _doubled(frame: bytes) -> bytes:
    return frame * 2


def _nothing(frame: bytes) -> bytes:
    return b""


SPOILS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (_cut, "no frame, or a part of one: ValueError"),
    "another version": (_other_version, "a frame of version 99; this end speaks version 1"),
    "too large": (_too_large, "bytes; at most 131072 are read"),
    "doubled": (_doubled, "no frame, or a part of one: ExtraData"),
    "nothing": (_nothing, "no frame, or a part of one: ValueError"),
}


@pytest.mark.parametrize("what", SPOILS)
def test_a_spoiled_frame_is_an_event_of_the_host_and_never_an_exception(what: str) -> None:
    spoil, why = SPOILS[what]

    @world(seed=1)
    async def scenario(w: World) -> None:
        async with hosts("east", "west") as systems:
            refs = await puppets(systems)
            await w.advance(5.0)
            refused = heard(systems[1], Refused)
            w.wires.mangle = spoil
            await at(refs[0], lambda me: me.contact.of(GROUP).tell(Note("hello")))
            await w.advance(0.5)
            w.wires.mangle = None
            first = refused[0]

            assert why in str(refusals(refused)[0])
            assert (first.pid.name, first.group) == ("@west", "~")
            assert first.describe().startswith("@west: refused frame of ?: ")
            assert first.to_dict()["event"] == "Refused"
            assert [ref.pid.incarnation for ref in refs] == [1, 1]
            await w.advance(40.0)
            assert await at(refs[1], lambda me: me.log) == ["started", "hello"]

    scenario()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_to_frames_no_actor_crashes_and_all_agree_in_the_end(seed: int) -> None:
    rng = random.Random(seed)

    def mangle(frame: bytes) -> bytes:
        if rng.random() > 0.3:
            return frame
        spoiled = bytearray(frame)
        match rng.randrange(4):
            case 0:
                spoiled = spoiled[: rng.randrange(len(spoiled))]
            case 1:
                spoiled += rng.randbytes(rng.randrange(20))
            case 2:
                values = msgpack.unpackb(frame, strict_map_key=False)
                values[rng.randrange(1, 7)] = rng.choice(
                    [None, -1, 2**63, "", "x@y", b"", [], [[]] * 5, {}, {"a": 1}, 0.5]
                )
                spoiled = bytearray(msgpack.packb(values))
            case _:
                values = msgpack.unpackb(frame, strict_map_key=False)
                _spoil_within(values, rng)
                spoiled = bytearray(msgpack.packb(values))
        return bytes(spoiled)

    @world(seed=seed)
    async def scenario(w: World) -> None:
        async with hosts("east", "west") as systems:
            refs = await puppets(systems, 2)
            await w.advance(3.0)
            w.wires.mangle = mangle
            for n, ref in enumerate(refs):
                await at(ref, lambda me, n=n: me.contact.of(GROUP).share("table", ORMap).put(n, n))
                await at(ref, lambda me: me.contact.of(GROUP).secrete("stress"))
                await at(ref, lambda me: me.contact.of(GROUP).tell(Note("x")))
                await at(ref, lambda me: me.contact.emit("f"))
                await at(ref, lambda me: me.contact.offer("c"))
                await at(ref, lambda me: me.contact.trail("c").tell(Note("x")))
                await at(ref, lambda me: me.contact.put_load(5))
            await w.advance(10.0)
            w.wires.mangle = None
            await w.advance(40.0)

            assert [ref.pid.incarnation for ref in refs] == [1] * 4
            read = await each_at(refs, lambda me: dict(me.contact.of(GROUP).share("table", ORMap).value))
            assert all({n: n for n in range(4)}.items() <= each.items() for each in read)

    scenario()


def _spoil_within(values: Any, rng: random.Random) -> None:
    """Put nonsense somewhere into the body of a frame."""
    inside = values
    while isinstance(inside[-1], list) and inside[-1] and (inside is values or rng.random() < 0.7):
        inside = inside[-1]
    inside[rng.randrange(len(inside)) if inside is not values else -1] = rng.choice(
        [None, -1, 2**63, "", "x", b"x", [], [[[]]], {"a": [1]}, 1e308, True]
    )


@world(seed=1)
async def test_a_packet_of_a_life_that_is_over_is_refused(w: World) -> None:
    async with hosts("east", "west") as systems:
        refs = await puppets(systems, 2)
        await each_at(refs, lambda me: me.contact.of(GROUP).share("table", ORMap))
        await w.advance(5.0)
        refused = heard(systems[1], Refused)
        life = (await at(refs[1], lambda me: me.contact.pid)).incarnation
        w.wires.send(Packet("w0@west", GROUP, Pid("w1@east", life - 1), "contact.syn", None))
        await w.advance(0.1)

        assert [(each.pid.name, each.event.sender) for each in refused if isinstance(each.event, Refused)] == [
            ("w0@west", Pid("w1@east", life - 1))
        ]


@pytest.mark.parametrize(
    "kind", ["nonsense", "nonsense.word", "contact.nonsense", "links.nonsense", "hormones.x", "field.x"]
)
def test_a_packet_of_an_unknown_kind_is_refused(kind: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        async with hosts("east", "west") as systems:
            await puppets(systems)
            await w.advance(5.0)
            refused = heard(systems[1], Refused)
            w.wires.send(Packet("w0@west", GROUP, Pid("w0@east", 9_000_000), kind, [1, 2, 3]))
            w.wires.send(Packet("@west", "~", Pid("@east", 9_000_000), kind, [1, 2, 3]))
            await w.advance(0.1)

            found = [(each.pid.name, each.event.kind) for each in refused if isinstance(each.event, Refused)]
            assert {("w0@west", kind), ("@west", kind)} <= set(found)

    scenario()


@both_ways
def test_a_packet_to_what_is_no_address_is_lost_and_nothing_is_raised(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with hosts("east", "west") as systems:
            refs = await puppets(systems)
            for to in ("x", "", "x@", "@"):
                systems[0].site.transport.send(PACKET._replace(to=to))
            await w.advance(5.0)

            assert [ref.pid.incarnation for ref in refs] == [1, 1]

    scenario()


@world(seed=1)
async def test_a_packet_for_nobody_is_dropped(w: World) -> None:
    async with hosts("east", "west") as systems:
        await puppets(systems)
        await w.advance(5.0)
        refused = heard(systems[1], Refused)
        w.wires.send(Packet("nobody@west", GROUP, SENDER, "contact.syn", None))
        w.wires.send(Packet("w0@west", "no group", SENDER, "contact.syn", None))
        w.wires.send(Packet("w0@nowhere", GROUP, SENDER, "contact.syn", None))
        await w.advance(0.1)

        assert refused == []


# -- what carries them -------------------------------------------------------------------------------------------------


def test_a_loopback_delivers_in_order_even_what_is_sent_in_between() -> None:
    wires, got = Loopback(), []

    def deliver(packet: Packet) -> None:
        got.append(packet.body)
        if packet.body < 3:
            wires.send(PACKET._replace(body=packet.body + 1))
            wires.send(PACKET._replace(body=packet.body + 10))

    wires.join("west", deliver, lambda why: None)
    wires.send(PACKET._replace(body=1))

    assert got == [1, 2, 11, 3, 12]


def test_what_one_receiver_raises_does_not_stop_what_comes_after() -> None:
    wires, got = Loopback(), []

    def deliver(packet: Packet) -> None:
        if packet.body == "bad":
            raise RuntimeError("bad")
        got.append(packet.body)

    wires.join("west", deliver, lambda why: None)
    with pytest.raises(RuntimeError):
        wires.send(PACKET._replace(body="bad"))
    wires.send(PACKET._replace(body="good"))

    assert got == ["good"]


def test_a_loopback_drops_what_is_for_a_host_that_is_not_there() -> None:
    wires = Loopback()
    wires.send(PACKET)
    wires.join("west", lambda packet: None, lambda why: None)
    wires.leave("west")
    wires.leave("west")

    assert wires.hosts() == []


def test_a_message_that_is_dropped_is_kept_no_more() -> None:
    wires = Loopback()
    kept = wires.keep("message")
    assert wires.fetch(kept) == "message"
    wires.drop(kept)
    wires.drop(kept)
    with pytest.raises(FrameError, match="a message that nobody keeps"):
        wires.fetch(kept)


@world(seed=1)
async def test_a_world_keeps_no_message_for_ever(w: World) -> None:
    async with hosts("east", "west") as systems:
        refs = await puppets(systems)
        await w.advance(5.0)
        for _ in range(10):
            await at(refs[0], lambda me: me.contact.of(GROUP).tell(Note("x")))
            await w.advance(100.0)

        assert len(w.wires._kept) <= 5


# -- the network of a world --------------------------------------------------------------------------------------------


def test_a_cell_network_may_be_told_of_an_address_a_name_or_a_host() -> None:
    network = CellNetwork(1)
    for name in ("shop/cart@east", "shop/cart", "@east"):
        network.cut(name, "@west")
        assert network.is_cut("shop/cart@east", "w@west")
        assert not network.is_cut("shop/cart@north", "w@north")
        network.mend(name, "@west")
        assert not network.is_cut("shop/cart@east", "w@west")


def test_a_partition_may_name_hosts_and_whoever_is_named_nowhere_is_with_the_others_of_these() -> None:
    network = CellNetwork(1)
    network.partition(["@east"], ["@west"])

    assert network.is_cut("a@east", "b@west")
    assert network.is_cut("a@east", "c@north")
    assert not network.is_cut("c@north", "d@south")
    assert not network.is_cut("a@east", "@east")
    network.heal()
    assert not network.is_cut("a@east", "b@west")


def test_a_link_may_have_a_law_of_its_own_in_one_direction() -> None:
    network = CellNetwork(1)
    network.link("@east", "@west", delay=uniform(9.0, 9.0), loss=0.0)
    network.loss = 1.0

    assert network.arrivals("a@east", "b@west", 1.0) == [10.0]
    assert network.arrivals("b@west", "a@east", 1.0) == []


def test_what_is_held_by_a_pause_comes_after_it() -> None:
    network = CellNetwork(1)
    network.pause("@east", 5.0)

    assert min(network.arrivals("a@east", "b@west", 1.0)) > 5.0
    assert min(network.arrivals("b@west", "a@east", 1.0)) >= 5.0
    assert max(network.arrivals("b@west", "c@north", 1.0)) < 1.1


@pytest.mark.parametrize("network", [Network(3), CellNetwork(3)])
def test_one_sender_more_does_not_change_what_happens_to_the_others(network: Network) -> None:
    network.loss = 0.3
    other = type(network)(3)
    other.loss = 0.3
    for _ in range(20):
        other.arrivals("x@east", "b@west", 0.0)

    assert [network.arrivals("a@east", "b@west", 0.0) for _ in range(50)] == [
        other.arrivals("a@east", "b@west", 0.0) for _ in range(50)
    ]


def test_a_world_is_the_same_again_with_its_network() -> None:
    async def scenario(w: World) -> str:
        w.network.loss, w.network.duplication = 0.2, 0.2
        async with ActorSystem("east") as east, ActorSystem("west") as west:
            refs = await puppets([east, west])
            await at(refs[0], lambda me: me.contact.of(GROUP).share("table", ORMap).put("a", 1))
            await at(refs[0], lambda me: me.contact.of(GROUP).ask(Note("x"), timeout=5.0))
            await w.advance(10.0)
        return w.trace

    one = World(5)

    assert one.run(scenario) == one.run(scenario)
