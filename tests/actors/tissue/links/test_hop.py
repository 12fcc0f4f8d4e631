"""The way to a neighbour: what is learned of it, when it is down, and what brings it back."""

from __future__ import annotations

import math

import pytest

from actors.tissue.links.hop import Hop
from actors.tissue.links.rto import RtoConfig


def hop(**bounds: float) -> Hop:
    return Hop(RtoConfig(**bounds), 1.0, 0.0)  # type: ignore[arg-type] # none of them is a count


def silence(hop: Hop, times: int, now: float = 0.0) -> list[bool]:
    """So many waits in vain, one after the other; whether each brought it down."""
    fatal = []
    for _ in range(times):
        sent_at, now = now, now + hop.timer.rto
        fatal.append(hop.silent(sent_at, now))
    return fatal


def test_three_silences_in_a_row_bring_a_good_link_down() -> None:
    assert silence(hop(), 4) == [False, False, True, False]


def test_that_takes_seven_timeouts() -> None:
    link, now = hop(), 0.0
    link.timer.sample(0.002)
    while link.is_up:
        sent_at, now = now, now + link.timer.rto
        link.silent(sent_at, now)

    assert now == pytest.approx(7 * 0.02)


def test_an_answer_between_them_forgives_all() -> None:
    link = hop()
    silence(link, 2)
    link.heard()

    assert silence(link, 2, 100.0) == [False, False]
    assert link.is_up


def test_all_that_was_under_way_at_the_same_time_is_one_silence() -> None:
    link = hop()

    for _ in range(100):
        link.silent(0.0, 1.0)

    assert (link.silences, link.is_up) == (1, True)


def test_a_link_that_loses_much_is_given_more() -> None:
    link = hop()
    for _ in range(50):
        link.arrived(2, 0.01)

    silence(link, 8)
    still = link.is_up
    silence(link, 12, 1000.0)

    assert still
    assert not link.is_up


def test_it_is_pinged_once_at_first_and_then_while_it_is_silent() -> None:
    link = hop()
    at_first = link.due
    link.ping(0.0)
    up = link.due
    silence(link, 1, 10.0)
    silent = link.due
    link.ping(silent)
    again = link.due
    link.heard()

    assert (at_first, up, silent, again, link.due) == (0.0, math.inf, 12.0, 13.0, math.inf)


def test_one_that_does_not_answer_pings_either_is_down_after_three() -> None:
    link = hop()
    link.ping(0.0)
    silence(link, 1)
    pings = []
    while link.is_up:
        pings.append(link.due)
        link.ping(link.due)

    assert (pings, link.silences) == ([2.0, 3.0, 4.0], 3)


def test_an_answer_to_a_ping_measures_and_brings_it_back() -> None:
    link = hop()
    silence(link, 3)

    number = link.ping(10.0)
    came_up = link.pong(number, 10.03)

    assert (came_up, link.is_up, link.due) == (True, True, math.inf)
    assert link.timer.srtt == pytest.approx(0.03)
    assert link.timer.rto < 0.1


def test_an_answer_to_an_old_ping_brings_it_back_and_measures_nothing() -> None:
    link = hop()
    silence(link, 3)
    old = link.ping(10.0)
    link.ping(11.0)

    assert link.pong(old, 11.001)
    assert link.timer.srtt is None


def test_an_answer_that_was_held_up_for_long_measures_nothing() -> None:
    link = hop()
    number = link.ping(0.0)

    link.pong(number, 16.0)

    assert link.timer.srtt is None


def test_a_message_that_arrives_brings_it_back_too() -> None:
    link = hop()
    silence(link, 3)

    assert link.arrived(2, 0.5)
    assert link.is_up


def test_what_arrived_at_first_try_measures_and_what_did_not_does_not() -> None:
    link = hop()
    link.arrived(2, 0.5)
    repeated = link.timer.srtt
    link.arrived(1, 0.01)

    assert (repeated, link.timer.srtt) == (None, 0.01)


def test_other_evidence_brings_it_down_once() -> None:
    link = hop()

    assert [link.fail(5.0), link.fail(5.0)] == [True, False]
    assert link.due == 6.0
    assert repr(link).startswith("Hop(down, silences=1, ")
