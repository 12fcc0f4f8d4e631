"""Who is to blame for a failed probe, and the pings that are made for others."""

from __future__ import annotations

import math

import pytest

from actors.tissue.swim.probing import Probe, Relay, Relays
from actors.tissue.swim.updates import Status, Update

TARGET = Update(Status.ALIVE, "x", 1, 0)


@pytest.mark.parametrize(
    ("asked", "nacks", "blame"),
    [("", "", 1), ("abc", "", 3), ("abc", "b", 2), ("abc", "bb", 2), ("abc", "abc", 0), ("abc", "abcd", 0)],
)
def test_the_prober_is_to_blame_for_every_nack_that_did_not_come(asked: str, nacks: str, blame: int) -> None:
    probe = Probe(1, TARGET, 1.0, asked=tuple(asked))

    for helper in nacks:
        probe.nack(helper)

    assert probe.blame == blame


def relays(limit: int = 10) -> Relays:
    made = Relays(limit)
    made.add(1, Relay("a", 71, nack_at=0.4, ends=1.0))
    made.add(2, Relay("b", 72, nack_at=0.6, ends=1.2))
    return made


def test_an_answer_in_time_is_passed_on_and_no_nack() -> None:
    made = relays()

    relay = made.answered(1)

    assert relay is not None
    assert (relay.origin, relay.seq) == ("a", 71)
    assert [nacked.origin for nacked in made.expired(0.6)] == ["b"]


def test_an_answer_after_the_nack_is_still_passed_on() -> None:
    made = relays()

    nacked = [relay.origin for relay in made.expired(0.5)]

    assert nacked == ["a"]
    assert made.answered(1) is not None


def test_an_answer_that_comes_far_too_late_or_twice_is_nobodys() -> None:
    made = relays()
    made.expired(0.6)
    made.answered(2)
    made.expired(1.0)

    assert (made.answered(1), made.answered(2), made.due) == (None, None, math.inf)


def test_it_is_due_when_the_next_nack_or_end_is() -> None:
    made = relays()

    dues = [made.due]
    for now in (0.4, 0.6, 1.0, 1.2):
        made.expired(now)
        dues.append(made.due)

    assert dues == [0.4, 0.6, 1.0, 1.2, math.inf]


def test_there_is_a_limit_to_the_pings_for_others() -> None:
    made = relays(limit=2)
    full = made.is_full
    made.answered(1)

    assert (full, made.is_full) == (True, False)
