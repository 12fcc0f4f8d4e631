"""Sealed frames: only what a member made, for this address, now, and once."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.engines.thespian import frames
from actors.engines.thespian.frames import (
    BACK,
    MESSAGE,
    RECEIPT,
    REFUSAL,
    FrameBuffer,
    FrameFromBefore,
    FrameRefused,
    Seal,
)

KEY = bytes(range(32))
HERE = "127.0.0.1:1900"
SECOND = 1_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000 * SECOND

    def __call__(self) -> int:
        return self.now


def pair(clock: Clock, key: bytes = KEY) -> tuple[Seal, Seal]:
    return Seal(key, clock), Seal(KEY, clock)


def test_what_is_sealed_is_opened() -> None:
    sender, receiver = pair(Clock())

    frame = receiver.open(sender.seal(MESSAGE, HERE, b"payload")[4:], HERE)

    assert (frame.kind, frame.payload, frame.is_again) == (MESSAGE, b"payload", False)


def test_another_key_is_refused_by_its_name() -> None:
    sender, receiver = pair(Clock(), key=bytes(32))

    with pytest.raises(FrameRefused, match="another key"):
        receiver.open(sender.seal(MESSAGE, HERE, b"payload")[4:], HERE)


def test_a_changed_bit_anywhere_is_refused() -> None:
    sender, receiver = pair(Clock())
    data = sender.seal(MESSAGE, HERE, b"payload")[4:]

    for at, bit in itertools.product(range(len(data)), (1, 128)):
        forged = bytearray(data)
        forged[at] ^= bit
        with pytest.raises(FrameRefused):
            receiver.open(bytes(forged), HERE)


def test_a_frame_cut_anywhere_is_refused() -> None:
    sender, receiver = pair(Clock())
    data = sender.seal(MESSAGE, HERE, b"payload")[4:]

    for length in range(len(data)):
        with pytest.raises(FrameRefused):
            receiver.open(data[:length], HERE)


def test_a_frame_for_somebody_else_is_refused() -> None:
    sender, receiver = pair(Clock())

    with pytest.raises(FrameRefused, match=r"meant for 127\.0\.0\.1:1900, not for 127\.0\.0\.1:1901"):
        receiver.open(sender.seal(MESSAGE, HERE, b"")[4:], "127.0.0.1:1901")


def test_a_replayed_frame_is_known_again() -> None:
    clock = Clock()
    sender, receiver = pair(clock)
    first, second = (sender.seal(MESSAGE, HERE, b"")[4:] for _ in range(2))

    assert [receiver.open(data, HERE).is_again for data in (second, first, second, first)] == [False, False, True, True]


@pytest.mark.parametrize("away", [-61, 61])
def test_an_old_frame_is_refused_as_is_one_from_the_future(away: int) -> None:
    clock = Clock()
    sender, receiver = pair(clock)
    data = sender.seal(MESSAGE, HERE, b"")[4:]
    clock.now += away * SECOND

    with pytest.raises(FrameRefused, match=f"made {away} s ago"):
        receiver.open(data, HERE)


def test_a_replay_is_known_until_it_is_too_old() -> None:
    clock = Clock()
    sender, receiver = pair(clock)
    data = sender.seal(MESSAGE, HERE, b"")[4:]
    receiver.open(data, HERE)

    for _ in range(120):
        assert receiver.open(data, HERE).is_again
        clock.now += SECOND // 2
        receiver.open(sender.seal(MESSAGE, HERE, b"")[4:], HERE)  # time passes, and memory is tidied up
    clock.now += SECOND
    with pytest.raises(FrameRefused, match="s ago"):
        receiver.open(data, HERE)


def test_what_was_recorded_before_a_restart_is_refused_after_it() -> None:
    clock = Clock()
    sender, receiver = pair(clock)
    data = sender.seal(MESSAGE, HERE, b"shut down")[4:]
    receiver.open(data, HERE)
    clock.now += SECOND
    restarted = Seal(KEY, clock)

    with pytest.raises(FrameFromBefore, match="before this process started"):
        restarted.open(data, HERE)


def test_stamps_go_up_while_the_clock_stands_or_goes_back() -> None:
    clock = Clock()
    sender, _ = pair(clock)
    stamps = []
    for step in (0, 0, -SECOND, 0, SECOND):
        clock.now += step
        stamps.append(Seal.open(Seal(KEY, Clock()), sender.seal(MESSAGE, HERE, b"")[4:], HERE).stamp)

    assert stamps == sorted(set(stamps))


def test_memory_of_frames_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_REMEMBERED", 10)
    clock = Clock()
    sender, receiver = pair(clock)
    for _ in range(10):
        receiver.open(sender.seal(MESSAGE, HERE, b"")[4:], HERE)

    with pytest.raises(FrameRefused, match="too many"):
        receiver.open(sender.seal(MESSAGE, HERE, b"")[4:], HERE)
    clock.now += 76 * SECOND
    assert not receiver.open(sender.seal(MESSAGE, HERE, b"")[4:], HERE).is_again


def test_only_the_receiver_of_a_frame_can_answer_it() -> None:
    clock = Clock()
    sender, receiver = pair(clock)
    sent, other = sender.seal(MESSAGE, HERE, b"1"), sender.seal(MESSAGE, HERE, b"2")
    mac = receiver.open(sent[4:], HERE).mac

    for kind in (RECEIPT, REFUSAL):
        answer = sender.open(receiver.seal(kind, BACK, mac)[4:], BACK)
        assert answer.answers(sent)
        assert not answer.answers(other)
    assert not sender.open(receiver.seal(MESSAGE, BACK, mac)[4:], BACK).answers(sent)
    with pytest.raises(FrameRefused, match="another key"):
        sender.open(Seal(bytes(32), clock).seal(RECEIPT, BACK, mac)[4:], BACK)


def test_a_frame_too_long_is_refused_where_it_is_made() -> None:
    sender, _ = pair(Clock())

    with pytest.raises(FrameRefused, match="too long"):
        sender.seal(MESSAGE, HERE, bytes(frames.MAX_FRAME))


@pytest.mark.parametrize("declared", [0, 1, frames.MAX_FRAME + 1, 0xFFFFFFFF])
def test_a_length_out_of_bounds_is_refused_before_anything_is_kept(declared: int) -> None:
    with pytest.raises(FrameRefused, match=f"declares {declared} bytes"):
        FrameBuffer().addMore(declared.to_bytes(4, "big"))


@given(st.lists(st.integers(1, 50), max_size=40), st.binary(max_size=200))
def test_a_buffer_asks_for_one_frame_whatever_the_pieces(sizes: list[int], payload: bytes) -> None:
    sender, receiver = pair(Clock())
    data = sender.seal(MESSAGE, HERE, payload) + b"next"
    buffer = FrameBuffer()
    at = 0
    for size in itertools.chain(sizes, itertools.repeat(7)):
        if buffer.isDone():
            break
        piece = data[at : at + min(size, buffer.remainingAmount())]
        buffer.addMore(piece)
        at += len(piece)

    assert receiver.open(buffer.frame(), HERE).payload == payload
    assert data[at:] == b"next"
    with pytest.raises(FrameRefused, match="followed by another"):
        buffer.addMore(b"n")


@given(st.binary(max_size=300))
def test_noise_is_refused_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(FrameRefused):
        Seal(KEY, Clock()).open(data, HERE)


def test_a_key_has_a_size() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Seal(b"short", Clock())
