"""Bytes that somebody has changed: read, or refused with one kind of error; never anything else."""

from __future__ import annotations

import tracemalloc
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import CodecError
from actors.wire import depth, frames
from actors.wire.codec import Wire
from tests.actors.wire.kinds import VALUES, ends


def read(wire: Wire, data: bytes) -> None:
    """Read what may be broken, in every way that a link does."""
    for way in wire.unpack, lambda data: list(wire.unpack_each(data)):
        try:
            way(data)
        except CodecError:
            pass


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes(data: bytes, is_trusting: bool) -> None:
    read(ends(is_trusting=is_trusting)[0], data)


@settings(max_examples=300)
@given(VALUES, st.data())
def test_a_changed_frame(value: Any, data: st.DataObject) -> None:
    sender, receiver = ends(is_trusting=True)
    packed = bytearray(sender.pack([value]))
    receiver.learn(sender.announcements())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(packed) - 1))
        cut = data.draw(st.integers(0, 3))
        packed[at : at + cut] = data.draw(st.binary(max_size=3))
        if not packed:
            break
    read(receiver, bytes(packed))

    assert receiver.unpack(sender.pack([1, (2,)])) == [1, (2,)]


@given(VALUES)
def test_a_frame_cut_anywhere_is_refused(value: Any) -> None:
    sender, receiver = ends(is_trusting=True)
    packed = sender.pack(value)
    receiver.learn(sender.announcements())
    for end in range(len(packed)):
        with pytest.raises(CodecError):
            receiver.unpack(packed[:end])


@given(VALUES, st.binary(min_size=1, max_size=3))
def test_a_frame_that_goes_on_is_refused(value: Any, more: bytes) -> None:
    sender, receiver = ends(is_trusting=True)
    packed = sender.pack(value)
    receiver.learn(sender.announcements())
    with pytest.raises(CodecError):
        receiver.unpack(packed + more)


@given(
    st.recursive(st.one_of(st.integers(-(2**63), 2**64 - 1), st.text(max_size=3), st.none()), st.lists, max_leaves=5)
)
def test_any_announcement(news: Any) -> None:
    try:
        ends()[0].learn(news)
    except CodecError:
        pass


@given(st.binary(max_size=100))
def test_any_greeting(data: bytes) -> None:
    try:
        frames.read_greeting(data, frames.Kind.HELLO)
    except (CodecError, frames.Refused):
        pass


class TestDeclarations:
    """A frame that says it holds more than it has bytes takes no memory for what it says."""

    @pytest.mark.parametrize("head", [b"\xdd\x00\xff\xff\xff", b"\xdf\x00\xff\xff\xff", b"\xdc\xff\xff"])
    @pytest.mark.parametrize("depth", [1, 30])
    @pytest.mark.parametrize("filling", [0, 1000, 1 << 20])
    def test_of_lists_within_lists(self, head: bytes, depth: int, filling: int) -> None:
        wire, _ = ends()
        data = head * depth + b"\xc0" * filling
        tracemalloc.start()
        with pytest.raises(CodecError):
            wire.unpack(data)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert peak < 100_000 + 4 * len(data)

    def test_of_what_is_inside_an_exception(self) -> None:
        wire, _ = ends()
        inner = b"\xdd\x00\xff\xff\xff" * 20 + b"\xc0" * 1000
        failure: bytes = msgpack.packb([msgpack.ExtType(1, b"\x04"), "builtins:ValueError", inner, None, "no", "", []])
        tracemalloc.start()
        error = wire.unpack(failure)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert str(error) == "ValueError: no"
        assert peak < 200_000


PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.binary(max_size=300)),
    lambda parts: st.one_of(st.lists(parts, max_size=20), st.dictionaries(st.integers(0, 99), parts, max_size=4)),
)


def verdict(check: Any, data: bytes) -> str | None:
    try:
        check(data, 5)
    except CodecError as error:
        return str(error)
    return None


class TestDepth:
    """Looked at in C, and by the same rules in Python where msgpack is written in that."""

    @settings(max_examples=300)
    @given(st.one_of(PLAIN.map(msgpack.packb), st.binary(max_size=50)), st.data())
    def test_both_ways_agree(self, packed: bytes, data: st.DataObject) -> None:
        if data.draw(st.booleans()) and packed:
            packed = packed[: data.draw(st.integers(0, len(packed) - 1))]
        packed = b"\x92\xc5\x02\x00" + b"x" * depth.SMALL + packed  # too large to be only looked at

        assert (verdict(depth.check, packed) is None) == (verdict(depth.walk, packed) is None)

    def test_the_reader_in_c_has_a_limit(self) -> None:
        assert depth.LIMIT == 1024

    def test_without_it_all_is_looked_at_in_python(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(depth, "LIMIT", None)
        sender, receiver = ends()
        value = [[number, b"x" * 20] for number in range(100)]

        assert receiver.unpack(sender.pack(value)) == value
        with pytest.raises(CodecError, match="nests deeper"):
            receiver.unpack(b"\x91" * 600 + b"\xc0")
        with pytest.raises(CodecError, match="ends too early"):
            receiver.unpack(b"\x91" * 2 + b"\xdc\xff\xff" + b"\xc0" * 600)
