"""Messages over a socket of packets: whole, in order, never blocking, bounded."""

from __future__ import annotations

import socket

import pytest

from actors.engines.thespian import packets
from actors.engines.thespian.packets import Packets


@pytest.fixture
def ends() -> tuple[Packets, Packets]:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return Packets(one), Packets(other)


def close(ends: tuple[Packets, Packets]) -> None:
    for each in ends:
        each.close()


def test_messages_arrive_in_order_and_the_end_after_them(ends: tuple[Packets, Packets]) -> None:
    one, other = ends
    one.send("born", 1, 2)
    one.send("exit", b"\xff")
    one.close()

    assert other.receive() == [["born", 1, 2], ["exit", b"\xff"]]
    assert other.is_over
    close(ends)


def test_what_cannot_be_sent_yet_is_kept(ends: tuple[Packets, Packets]) -> None:
    one, other = ends
    for number in range(2000):
        one.send(number)
    heard = []
    while one.has_waiting:
        heard += other.receive()
        one.flush()
    heard += other.receive()

    assert heard == [[number] for number in range(2000)]
    close(ends)


def test_a_peer_that_never_reads_is_given_up(ends: tuple[Packets, Packets], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packets, "MAX_WAITING", 10)
    one, _ = ends
    for number in range(5000):
        one.send(number)

    assert one.is_over
    close(ends)


def test_sending_to_nobody_is_noticed_and_harmless(ends: tuple[Packets, Packets]) -> None:
    one, other = ends
    other.close()
    one.send("hello")

    assert one.is_over
    assert one.receive() == []
    close(ends)


def test_one_message_can_be_waited_for(ends: tuple[Packets, Packets]) -> None:
    one, other = ends
    assert other.receive_one(0.0) is None
    one.send("config", {"a": 1})
    one.flush_now(1.0)

    assert other.receive_one(1.0) == ["config", {"a": 1}]
    close(ends)
