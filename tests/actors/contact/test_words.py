"""What a host and a process of its own say to each other of the tissue: as values, as bytes, and as garbage."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import ActorSystem, CodecError
from actors.contact.letterbox import MARK, Letterbox
from actors.contact.uplink import Uplink
from actors.contact.words import STUMBLES, Welcome, read_distances, read_welcome
from actors.messages import Pid
from actors.places.tissue import speaks
from actors.testing import World, world
from actors.tissue.state.inheritance import Inheritance
from actors.tissue.transport import FRAME_BYTES, FrameError, Packet
from tests.actors.contact.cellmates import Cellmate, Quiet
from tests.actors.kit import Note, Puppet
from tests.actors.places.players import Player

SOUND = Welcome("shop", 7, (Pid("w@shop", 3), Pid("w@shop", 4)), Inheritance.LAST_GOOD, False, True, ("eu", "a"))

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def test_a_welcome_is_read_as_it_was_said() -> None:
    assert read_welcome(SOUND.to_plain()) == SOUND
    assert read_welcome(Welcome("shop").to_plain()) == Welcome("shop")


@given(plain)
def test_what_is_no_welcome_is_an_error_that_is_known(raw: Any) -> None:
    for value in (raw, [raw] * 7, [*SOUND.to_plain()[:2], raw, *SOUND.to_plain()[3:]]):
        try:
            read_welcome(value)
        except STUMBLES:
            pass


@pytest.mark.parametrize("raw", [None, [], {"x": -1.0}, {"x": "far"}, {1: 1.0}, {"x": float("nan")}, {"": 1.0}])
def test_what_are_no_distances_is_refused(raw: Any) -> None:
    with pytest.raises(STUMBLES):
        read_distances(raw)


@given(st.lists(plain, max_size=5))
def test_whatever_the_host_says_never_raises(said: list[Any]) -> None:
    Uplink(lambda *words: None, lambda: False).hear(*said)


def test_packets_are_dropped_and_counted_while_the_link_is_full_and_too_long_ones_are_refused() -> None:
    said: list[Any] = []
    is_full = True
    uplink = Uplink(lambda *words: said.append(words), lambda: is_full)
    refused: list[str] = []
    uplink.join("shop", lambda packet: None, refused.append)
    packet = Packet("x@shop", "g", Pid("w@shop", 1), "contact.syn", [1])
    uplink.send(packet)
    assert (said, uplink.dropped) == ([], 1)
    is_full = False
    uplink.send(packet)
    assert (len(said), uplink.dropped, refused) == (1, 1, [])
    uplink.send(packet._replace(body=b"x" * FRAME_BYTES))
    uplink.send(packet._replace(body=object()))
    assert len(said) == 1
    assert len(refused) == 2


def _be_distant(w: World) -> None:
    w._engine.wires.is_distant = True  # type: ignore[union-attr]


# -- messages of actors ------------------------------------------------------------------------------------------------


@world()
async def test_messages_travel_as_bytes_with_refs_by_their_names(w: World) -> None:
    async with ActorSystem("east") as east, ActorSystem("west") as west:
        _be_distant(w)
        ref = await east.spawn(Puppet, name="clerk")
        nameless = await east.spawn(Puppet)
        box, other = Letterbox(east.site), Letterbox(west.site)

        assert other.fetch(box.keep(Note("hello"))) == Note("hello")
        assert box.fetch(box.keep([ref, {"to": ref}])) == [ref, {"to": ref}]
        with pytest.raises(FrameError, match="is of host 'east'"):
            other.fetch(box.keep(ref))
        with pytest.raises(CodecError, match="spawn it with a name"):
            box.keep(nameless)
        with pytest.raises(CodecError):
            box.keep(object())


@world()
async def test_bytes_that_are_no_message_are_a_frame_error(w: World) -> None:
    async with ActorSystem("east") as east:
        _be_distant(w)
        box = Letterbox(east.site)
        kept = box.keep([Note("x"), 1, "two"])
        for length in range(len(kept)):
            with pytest.raises(FrameError):
                box.fetch(kept[:length])
        strange = [[], b""], [[[32, "os:system", []]], b"\xc0"], [None, None], [1, 2, 3]
        for value in strange[2:]:
            with pytest.raises(FrameError):
                box.fetch(bytes((MARK,)) + msgpack.packb(value))
        with pytest.raises(FrameError):
            box.fetch(bytes((MARK,)) + msgpack.packb(strange[0]))
        box.drop(kept)


@world()
async def test_what_stays_in_a_process_is_not_packed(w: World) -> None:
    async with ActorSystem("east") as east:
        box, odd = Letterbox(east.site), object()

        assert box.fetch(box.keep(odd)) is odd


# -- what is loaded ----------------------------------------------------------------------------------------------------


def test_a_class_whose_methods_speak_of_contact_is_known_beforehand() -> None:
    assert (speaks(Cellmate), speaks(Quiet), speaks(Player)) == (True, True, False)
