"""One amount between two: in exactly one hand whatever is lost, doubled and reordered, and wherever it stops."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.flock.peers import Peers
from actors.tissue.flock.transfer import Peer


def test_an_amount_that_was_let_go_of_is_not_let_go_of_twice() -> None:
    taker = Peer("taker")
    taker.give(5)

    assert [taker.let_go(1), taker.let_go(1)] == [5, None]


def test_a_transfer_that_was_never_made_cannot_be_taken() -> None:
    with pytest.raises(ValueError, match="the last one was 0"):
        Peer("taker").let_go(1)


def test_an_amount_that_is_given_twice_is_held_once() -> None:
    giver = Peer("giver")

    assert [giver.hold(1, 5, True), giver.hold(1, 5, True), giver.settle(1), giver.settle(1)] == [
        (True, None),
        (True, None),
        5,
        None,
    ]


def test_a_new_number_says_that_the_giver_let_go_of_the_last() -> None:
    giver = Peer("giver")
    giver.hold(1, 5, True)

    assert giver.hold(2, 7, True) == (True, 5)
    assert giver.held == 7


def test_a_number_that_is_closed_stays_so() -> None:
    giver = Peer("giver")
    giver.hold(1, 5, False)

    assert [giver.hold(1, 5, True), giver.hold(2, 5, True), giver.hold(1, 5, True)] == [
        (False, None),
        (True, None),
        (False, None),
    ]


def test_what_a_death_leaves_behind_is_left_once() -> None:
    other = Peer("other", life=3)
    other.give(5)
    other.hold(1, 7, True)

    assert [other.bury(3), other.bury(3), other.buried] == [12, 0, 3]


@given(st.integers(0, 1 << 30), st.floats(0.0, 0.6))
def test_any_schedule_of_packets_keeps_the_sum(seed: int, loss: float) -> None:
    """A model of two hands and a network that may do anything with what is said."""
    rng = random.Random(seed)
    has, got = 1000, 0
    taker, giver = Peer("taker"), Peer("giver")
    said: list[tuple[str, int, int]] = []
    for _ in range(200):
        if taker.given is None and has >= 10 and rng.random() < 0.3:
            amount = rng.randint(1, 10)
            has -= amount
            taker.give(amount)
        if taker.given is not None:
            said.append(("give", taker.giving, int(taker.given)))
        if said and rng.random() > loss:
            kind, number, amount = rng.choice(said)  # none is removed: any may come again, at any time
            if kind == "give":
                is_taken, usable = giver.hold(number, amount, rng.random() < 0.8)
                got += int(usable or 0)
                said.append(("take" if is_taken else "refuse", number, giver.closed))
            elif kind == "take":
                taker.let_go(number)
                said.append(("done", number, 0))
            elif kind == "refuse":
                has += int(taker.take_back(number, amount) or 0)
            else:
                got += int(giver.settle(number) or 0)
        is_twice = taker.given is not None and giver.held is not None and giver.holding == taker.giving
        under_way = (0 if is_twice else int(giver.held or 0)) + int(taker.given or 0)
        assert has + got + under_way == 1000


def test_former_neighbours_that_owe_nothing_are_forgotten_when_there_are_too_many() -> None:
    peers = Peers(Pid("me", 1), 4)
    for number in range(300):
        peers.link(f"n{number}")
        peer = peers.get(f"n{number}")
        assert peer is not None
        if number == 0:
            peer.give(1)
        peers.unlink(f"n{number}")

    assert len(peers) <= 257
    assert peers.get("n0") is not None
    assert peers.get("n1") is None


def test_there_is_no_room_for_more_former_neighbours_that_owe_an_answer() -> None:
    peers = Peers(Pid("me", 1), 4)
    for number in range(256):
        peers.link(f"n{number}")
        peer = peers.get(f"n{number}")
        assert peer is not None
        peer.give(1)
        peers.unlink(f"n{number}")

    with pytest.raises(ValueError, match="owe an answer"):
        peers.link("one more")


def test_a_cell_is_no_peer_of_itself() -> None:
    with pytest.raises(ValueError, match="itself"):
        Peers(Pid("me", 1), 4).link("me")
