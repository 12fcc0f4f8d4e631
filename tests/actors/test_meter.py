"""What share of the loop's time an actor takes, from samples of its messages."""

from __future__ import annotations

import random

import pytest

from actors.meter import SAMPLED, WINDOW, Meter


class Bench:
    """An actor whose handlers run as told, and a meter that is read now and then."""

    def __init__(self) -> None:
        self.now = 50.0
        self.handled = 1000
        self.timed = 0
        self.wanted = True
        self.meter = Meter(self.now, self.handled)

    def run(self, seconds: float, idle: float = 0.0, messages: int = 1) -> None:
        """A stretch of a handler, with which so many messages are done, and idleness after it."""
        self.now += seconds
        self.handled += messages
        if self.wanted:
            self.timed += 1
            self.wanted = self.meter.take(seconds, self.now, self.handled)
        self.now += idle

    def read(self) -> float:
        self.wanted = True
        return self.meter.read(self.now, self.handled)


def test_nothing_is_known_at_first() -> None:
    assert Bench().read() == 0.0


def test_the_share_of_an_actor_with_few_messages_is_exact() -> None:
    actor = Bench()
    for _ in range(100):
        actor.run(0.003, idle=0.007)

    assert actor.read() == pytest.approx(0.3)


def test_of_an_actor_with_many_messages_some_are_timed_and_all_are_counted() -> None:
    actor = Bench()
    for _ in range(5):
        for _ in range(20_000):
            actor.run(20e-6, idle=30e-6)
        share = actor.read()

    assert share == pytest.approx(0.4)
    assert actor.timed == 5 * SAMPLED


def test_a_burst_between_two_readings_is_not_overlooked() -> None:
    actor = Bench()
    for _ in range(10_000):
        actor.run(40e-6)
    actor.now += 0.6

    assert actor.read() == pytest.approx(0.4)


@pytest.mark.parametrize("seed", range(5))
def test_messages_that_take_very_different_times_are_estimated_within_a_tenth(seed: int) -> None:
    actor, rng, busy = Bench(), random.Random(seed), 0.0
    began = actor.now
    for _ in range(10):
        while actor.now < began + 1.0:
            took = rng.expovariate(1 / 50e-6)
            busy += took
            actor.run(took, idle=50e-6)
        began = actor.now
        share = actor.read()

    assert share == pytest.approx(0.5, rel=0.1)


def test_one_handler_that_goes_on_for_ever_is_measured_by_time() -> None:
    actor = Bench()
    for _ in range(10 * SAMPLED):
        actor.run(0.0001, idle=0.0003, messages=0)

    assert actor.read() == pytest.approx(0.25, rel=0.01)


def test_what_lies_longer_ago_than_the_window_is_forgotten() -> None:
    actor = Bench()
    for _ in range(100):
        actor.run(0.1)
    busy = actor.read()
    for _ in range(15):
        actor.now += 1.0
        actor.read()

    assert busy == pytest.approx(1.0)
    assert actor.read() == 0.0


def test_the_window_reaches_back_half_its_length_at_least() -> None:
    actor = Bench()
    for _ in range(int(WINDOW)):
        actor.run(0.5, idle=0.5)
        actor.read()
    actor.now += WINDOW / 2 - 0.1

    assert 0.2 < actor.read() < 0.5


def test_no_share_is_above_one() -> None:
    actor = Bench()
    for _ in range(SAMPLED):
        actor.run(0.001)
    for _ in range(10_000):
        actor.run(0.00001)

    assert actor.read() == 1.0
