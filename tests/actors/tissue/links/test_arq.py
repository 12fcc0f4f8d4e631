"""One hop: what is sent again and when, what an acknowledgement settles, and that nothing waits for anything else."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.links.arq import RANGES, Acknowledgement, Flight, Receiving, Sending
from actors.tissue.links.config import LinksConfig
from actors.tissue.links.hop import Hop

CONFIG = LinksConfig()


def sending(config: LinksConfig = CONFIG, rtt: float | None = 0.01) -> tuple[Sending[str], Hop]:
    hop = Hop(config.rto, config.probe_period, 0.0)
    if rtt is not None:
        hop.timer.sample(rtt)
    return Sending(hop, config, lambda cargo, now: cargo != "unwanted"), hop


def loaded(count: int, config: LinksConfig = CONFIG) -> tuple[Sending[str], Hop]:
    side, hop = sending(config)
    for number in range(1, count + 1):
        side.enqueue(f"m{number}")
    side.pump(0.0)
    return side, hop


def ack(following: int, *ranges: tuple[int, int], echo: int = 1) -> Acknowledgement:
    return Acknowledgement(following, ranges, echo)


def numbers(flights: list[Flight[str]]) -> list[int]:
    return [flight.seq for flight in flights]


# -- sending -----------------------------------------------------------------------------------------------------------


def test_messages_are_numbered_from_one_as_the_window_allows() -> None:
    side, _ = sending(replace(CONFIG, first_window=8))
    for number in range(20):
        side.enqueue(f"m{number}")

    assert numbers(side.pump(0.0)) == list(range(1, 9))
    assert (len(side), side.waiting) == (20, 12)


def test_a_cumulative_acknowledgement_settles_all_below_it() -> None:
    side, _ = loaded(5)

    assert side.acknowledged(ack(4), 0.01) == ["m1", "m2", "m3"]
    assert side.low == 4


def test_a_selective_one_settles_what_came_after_a_gap() -> None:
    side, _ = loaded(5)

    assert side.acknowledged(ack(2, (3, 5)), 0.01) == ["m1", "m3", "m4"]
    assert side.low == 2


def test_what_is_settled_already_is_not_settled_again() -> None:
    side, _ = loaded(5)
    side.acknowledged(ack(4), 0.01)

    assert side.acknowledged(ack(4, (2, 4)), 0.02) == []


def test_an_acknowledgement_of_what_was_never_sent_settles_nothing_more() -> None:
    side, _ = loaded(2)

    assert side.acknowledged(ack(1 << 60, (1 << 60, 1 << 61)), 0.01) == ["m1", "m2"]
    assert side.low == 3


def test_what_is_not_acknowledged_within_its_timer_is_lost() -> None:
    side, hop = loaded(1)
    early = side.expired(hop.timer.rto - 0.001)

    late = side.expired(hop.timer.rto)

    assert (early, numbers(late)) == ([], [1])
    assert (late[0].expiries, late[0].is_overtaken) == (1, False)


def test_each_loss_doubles_the_wait_for_the_next_copy() -> None:
    side, _ = loaded(1)
    waits = []
    for _ in range(4):
        waits.append(side.due)
        (flight,) = side.expired(side.due)
        side.send(flight, waits[-1])

    gaps = [after - before for before, after in pairwise(waits)]
    assert gaps == pytest.approx([0.06, 0.12, 0.24])


def test_three_later_answers_send_a_message_again_before_its_timer() -> None:
    side, hop = sending()
    for number in range(1, 5):
        side.enqueue(f"m{number}")
        side.pump(number / 1000)

    for seq in (2, 3):
        side.acknowledged(ack(1, (2, seq + 1), echo=seq), 0.011 + seq / 1000)
    after_two = side.due
    side.acknowledged(ack(1, (2, 5), echo=4), 0.015)
    lost = side.expired(side.due)

    assert after_two == pytest.approx(0.001 + 0.03)
    assert numbers(lost) == [1]
    assert lost[0].is_overtaken
    assert (lost[0].expiries, hop.silences) == (0, 0)


def test_packets_that_merely_overtook_it_do_not_make_it_lost() -> None:
    """All were sent at one time, and the first arrives last, within what the link's round trips differ by."""
    side, _ = loaded(5)
    for seq in (2, 3, 4, 5):
        side.acknowledged(ack(1, (2, seq + 1), echo=seq), 0.009 + seq / 10_000)

    assert side.expired(0.0105) == []
    assert side.acknowledged(ack(6, echo=1), 0.011) == ["m1"]


def test_only_what_was_answered_is_measured_and_only_if_it_was_sent_once() -> None:
    side, hop = loaded(2)
    (first, second) = [flight for seq in (1, 2) if (flight := side.find(seq)) is not None]
    side.expired(side.due)
    side.send(first, 0.05)
    side.send(second, 0.05)

    side.acknowledged(ack(3, echo=1), 0.051)

    assert hop.timer.srtt == 0.01


def test_an_answer_that_was_read_late_because_the_reader_was_held_up_measures_nothing() -> None:
    side, hop = loaded(1)

    side.acknowledged(ack(2, echo=1), 16.0)

    assert hop.timer.srtt == 0.01


def test_while_the_neighbour_is_down_nothing_is_sent() -> None:
    side, hop = sending()
    hop.fail(0.0)
    side.enqueue("m")

    assert side.pump(1.0) == []

    hop.heard()
    assert numbers(side.pump(2.0)) == [1]


def test_what_nobody_wants_any_more_is_neither_sent_nor_sent_again() -> None:
    side, hop = loaded(1)
    flight = side.find(1)
    assert flight is not None
    flight.cargo = "unwanted"
    side.enqueue("unwanted")
    side.enqueue("wanted")

    assert [each.cargo for each in side.pump(0.0)] == ["wanted"]
    assert numbers(side.expired(hop.timer.rto)) == [2]
    assert side.low == 2


def test_one_that_is_taken_back_leaves_no_gap() -> None:
    side, _ = loaded(3)

    side.withdraw(1)

    assert (side.low, side.find(1), len(side)) == (2, None, 2)


def test_all_can_be_taken_back_in_their_order() -> None:
    side, _ = loaded(20)

    assert side.withdraw_all(1.0) == [f"m{number}" for number in range(1, 21)]
    assert (side.low, len(side), side.due) == (17, 0, float("inf"))


def test_a_message_that_is_stuck_holds_back_others_only_a_thousand_numbers_on() -> None:
    config = replace(CONFIG, span=300)
    side, _ = sending(config)
    for number in range(1000):
        side.enqueue(f"m{number}")
    highest = 0
    for moment in range(2000):
        for flight in side.pump(moment / 1000):
            highest = flight.seq
        side.acknowledged(ack(1, (2, highest + 1), echo=highest), moment / 1000)

    assert highest == 300


def test_it_shows_where_it_stands() -> None:
    side, _ = loaded(20)

    assert repr(side) == "Sending(low=1, under_way=16, waiting=4, Window(16))"


# -- receiving ---------------------------------------------------------------------------------------------------------


def test_each_number_is_taken_once() -> None:
    side = Receiving(16)

    assert [side.take(seq) for seq in (1, 3, 3, 1, 2)] == [True, True, False, False, True]
    assert side.acknowledge(2) == Acknowledgement(4, [], 2)


def test_an_acknowledgement_tells_the_gaps_and_first_the_range_that_was_answered() -> None:
    side = Receiving(64)
    for seq in (1, 3, 4, 7, 9, 10):
        side.take(seq)

    assert side.acknowledge(9) == Acknowledgement(2, [(9, 11), (3, 5), (7, 8)], 9)


def test_it_is_short_however_many_gaps_there_are() -> None:
    side = Receiving(1024)
    for seq in range(2, 1000, 2):
        side.take(seq)

    following, ranges, _ = side.acknowledge(998)

    assert (following, len(ranges), ranges[0]) == (1, RANGES, (998, 999))


def test_what_the_sender_has_settled_is_not_waited_for() -> None:
    side = Receiving(64)
    for seq in (1, 5, 6):
        side.take(seq)

    side.settle(5)

    assert side.acknowledge(6).next == 7
    assert repr(side) == "Receiving(next=7, above=0)"


def test_who_was_born_again_takes_the_sender_s_word_for_what_was_before() -> None:
    side = Receiving(64)

    side.settle(1 << 40)

    assert side.take(1 << 40)
    assert not side.take(7)


def test_numbers_beyond_reach_are_not_taken_and_so_memory_is_bounded() -> None:
    side = Receiving(16)

    assert [side.can_take(seq) for seq in (1, 16, 17, 1 << 60)] == [True, True, False, False]


# -- both --------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 1 << 30), st.floats(0.0, 0.6), st.integers(1, 60))
def test_everything_arrives_once_whatever_is_lost_and_is_sent_no_more_often_than_need_be(
    seed: int, loss: float, count: int
) -> None:
    rng = random.Random(seed)
    hop = Hop(CONFIG.rto, 1.0, 0.0)
    side: Sending[int] = Sending(hop, CONFIG, lambda cargo, now: True)
    receiver, had = Receiving(CONFIG.span), []
    for number in range(count):
        side.enqueue(number)
    now, flights = 0.0, side.pump(0.0)
    while len(side):
        hop.heard()  # whether it is down is not the question here
        for flight in flights:
            receiver.settle(side.low)
            if rng.random() < loss:
                continue
            if receiver.take(flight.seq):
                had.append(flight.cargo)
            if rng.random() >= loss:
                side.acknowledged(receiver.acknowledge(flight.seq), now + 0.001)
        now = max(now + 0.001, min(side.due, now + 1))
        flights = side.expired(now)
        for flight in flights:
            side.send(flight, now)
        flights += side.pump(now)

    assert sorted(had) == list(range(count))
    assert side.low == count + 1
