"""Bytes between a deputy and its life, through the link of two hosts: all of them, in order, not too many at once."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from actors.cluster.frames import Word
from actors.cluster.tunnel import CREDIT, PIECE, Relay, Tunnel


class Protocol(asyncio.BufferedProtocol):
    """Keeps what it was told."""

    def __init__(self, room: int = 1000) -> None:
        self.data = bytearray()
        self.calls: list[str] = []
        self.buffer = bytearray(room)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.calls.append("made")

    def connection_lost(self, exc: Exception | None) -> None:
        self.calls.append("lost")

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self.buffer)

    def buffer_updated(self, nbytes: int) -> None:
        self.data += self.buffer[:nbytes]

    def pause_writing(self) -> None:
        self.calls.append("pause")

    def resume_writing(self) -> None:
        self.calls.append("resume")


class Socket(asyncio.Transport):
    """Stands for the socket of an isolate."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.reads = True

    def write(self, data: Any) -> None:
        self.written += data

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True


class Hosts:
    """Both ends of tunnel 7, with frames that wait until the test moves them."""

    def __init__(self) -> None:
        self.near_said: list[list[Any]] = []
        self.far_said: list[list[Any]] = []
        self.ends: list[str] = []
        self.protocol, self.socket = Protocol(), Socket()
        self.near = Tunnel(7, self.near_said.append, self.protocol, lambda: self.ends.append("near"))
        self.far = Relay(7, self.far_said.append, lambda: self.ends.append("far"))
        self.far.connection_made(self.socket)

    def move(self, rounds: int = 100) -> None:
        for _ in range(rounds):
            for said, end in (self.near_said, self.far), (self.far_said, self.near):
                frames, said[:] = said[:], []
                for word, number, value in frames:
                    assert number == 7
                    (end.received if word == Word.BYTES else end.credited)(value)


def bytes_said(frames: list[list[Any]]) -> int:
    return sum(len(value) for word, _, value in frames if word == Word.BYTES)


def test_all_bytes_come_in_order_both_ways() -> None:
    hosts, rng = Hosts(), random.Random(1)
    sent, answered = bytearray(), bytearray()
    for _ in range(200):
        piece = rng.randbytes(rng.choice([0, 1, 100, PIECE, 3 * PIECE]))
        sent += piece
        hosts.near.write(piece)
        piece = rng.randbytes(rng.choice([1, 100, PIECE]))
        answered += piece
        hosts.far.data_received(piece)
        if rng.random() < 0.2:
            hosts.move(1)
    hosts.move()

    assert hosts.socket.written == sent
    assert hosts.protocol.data == answered


def test_no_frame_is_larger_than_a_piece() -> None:
    hosts = Hosts()
    hosts.near.write(b"x" * (PIECE * 2 + 1))

    assert [len(value) for _, _, value in hosts.near_said] == [PIECE, PIECE, 1]


def test_only_so_much_is_on_its_way_and_the_writer_is_held_up_then() -> None:
    hosts = Hosts()
    hosts.near.set_write_buffer_limits(1000, 500)
    hosts.near.write(b"x" * (CREDIT + 1001))

    assert bytes_said(hosts.near_said) == CREDIT
    assert hosts.near.get_write_buffer_size() == 1001
    assert hosts.protocol.calls == ["made", "pause"]
    hosts.move()
    assert hosts.protocol.calls == ["made", "pause", "resume"]
    assert len(hosts.socket.written) == CREDIT + 1001


def test_a_life_that_does_not_read_gives_no_credit_back() -> None:
    hosts = Hosts()
    hosts.far.pause_writing()
    hosts.near.write(b"x" * (2 * CREDIT))
    hosts.move()
    assert len(hosts.socket.written) == CREDIT

    hosts.far.resume_writing()
    hosts.move()
    assert len(hosts.socket.written) == 2 * CREDIT


def test_a_life_that_says_too_much_is_not_read_until_there_is_credit() -> None:
    hosts = Hosts()
    hosts.far.data_received(b"x" * (CREDIT + 1))

    assert not hosts.socket.reads
    hosts.move()
    assert hosts.socket.reads
    assert len(hosts.protocol.data) == CREDIT + 1


def test_the_end_of_a_life_is_told_after_its_last_byte() -> None:
    hosts = Hosts()
    hosts.far.data_received(b"x" * (CREDIT + 1))
    hosts.far.connection_lost(None)

    assert hosts.ends == []
    hosts.move()
    assert hosts.ends == ["far"]
    assert len(hosts.protocol.data) == CREDIT + 1


def test_the_end_of_a_life_is_told_once() -> None:
    hosts = Hosts()
    hosts.far.connection_lost(None)
    hosts.far.credited(1)

    assert hosts.ends == ["far"]


def test_who_gives_a_tunnel_up_hears_no_more_of_it() -> None:
    hosts = Hosts()
    hosts.near.abort()
    hosts.near.abort()
    hosts.near.received(b"late")
    hosts.near.write(b"late")

    assert hosts.ends == ["near"]
    assert hosts.protocol.data == b""
    assert hosts.near_said == []


def test_the_protocol_is_told_once_that_the_tunnel_is_gone() -> None:
    hosts = Hosts()
    hosts.near.lost()
    hosts.near.lost()
    hosts.near.received(b"late")

    assert hosts.protocol.calls == ["made", "lost"]
    assert hosts.protocol.data == b""
    assert hosts.near.is_closing()
