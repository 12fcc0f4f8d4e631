"""The watchdog's judgement, look by look, by numbers made up here; its thread is tried in test_sentry."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.watchdog import STEP, Sample, Sight, Watchdog, follow, is_same

POLICY = Watchdog()
BOUND, PERIOD = POLICY.bound, POLICY.period
PUNCTUAL = 0.02
"""Seconds after its bound by which a handler is found out."""


@dataclass(slots=True)
class Story:
    """A loop as its watchdog sees it, look by look."""

    policy: Watchdog = POLICY
    sight: Sight = field(init=False)

    def __post_init__(self) -> None:
        self.sight = Sight(Sample(100.0, 7.0, 3.0, 1.0), self.policy.period)

    def look(
        self,
        after: float | None = None,
        *,
        start: float | None = None,
        who: object = "a",
        cpu: float = 0.0,
        waited: float = 0.0,
        gc: float = 0.0,
        can_run: bool = False,
    ) -> float:
        """One look, by default the one that was planned: what is held against the handler that began at ``start``.

        ``cpu``, ``waited``, ``gc``: what the sums rose by since the last look.
        """
        last, passed = self.sight.sample, self.sight.pause if after is None else after
        sums = last.cpu + cpu, last.waited + waited, last.gc + gc
        self.sight = follow(self.policy, self.sight, Sample(last.at + passed, *sums, can_run, start, who))
        return self.sight.held

    @property
    def now(self) -> float:
        return self.sight.sample.at


# -- who is found out --------------------------------------------------------------------------------------------------


@given(phase=st.floats(0.0, PERIOD), late=st.lists(st.floats(0.0, 0.005), min_size=30, max_size=30))
def test_a_handler_that_waits_is_found_out_within_its_bound_and_20_ms(phase: float, late: list[float]) -> None:
    story = Story()
    start = story.now + phase
    for lateness in late:
        if story.look(story.sight.pause + lateness, start=start if story.now + PERIOD > start else None) >= BOUND:
            break

    assert BOUND - 1e-6 <= story.now - start <= BOUND + PUNCTUAL


@given(bound=st.floats(0.01, 60.0), phase=st.floats(0.0, 1.0))
def test_a_handler_is_found_out_in_time_whatever_the_bound(bound: float, phase: float) -> None:
    story = Story(Watchdog(bound))
    start = story.now + phase * story.policy.period
    while story.look(start=start) < bound:
        pass

    assert story.now - start == pytest.approx(bound, abs=0.0015)


def test_a_handler_that_holds_the_interpreter_is_found_out_by_the_processor_it_used() -> None:
    story = Story()
    start = story.now + 0.01

    assert story.look(3.01, start=start, cpu=3.0) == pytest.approx(2.99)


def test_what_the_loop_used_before_the_handler_began_may_have_been_all_that_was_possible() -> None:
    story = Story()

    assert story.look(0.25, start=story.now + 0.04, cpu=0.13) == pytest.approx(0.09)


# -- who is not --------------------------------------------------------------------------------------------------------


def test_a_process_that_was_stopped_has_not_held_the_loop() -> None:
    story = Story()
    held = story.look(10.0, start=story.now)

    assert held == pytest.approx(PERIOD + STEP)
    assert held < BOUND


@given(before=st.integers(0, 10), stop=st.floats(0.0, 1e4), phase=st.floats(0.0, PERIOD))
def test_one_stop_of_any_length_accuses_no_handler_of_a_third_of_its_bound(
    before: int, stop: float, phase: float
) -> None:
    """The handler's own time is a third of the bound, and somewhere in it, or at its end, everything stands still."""
    story = Story()
    start, own = story.now + phase, BOUND / 3
    story.look(start=start if phase < PERIOD else None)
    looks = 0
    while looks < before and story.now - start < own:
        story.look(start=start)
        looks += 1

    assert story.look(story.sight.pause + stop, start=start) < BOUND


def test_waiting_for_a_core_is_not_holding_the_loop() -> None:
    story = Story()
    start = story.now
    for _ in range(100):
        held = story.look(start=start, cpu=0.001, waited=story.sight.pause - 0.0001)

    assert held == pytest.approx(0.1, abs=0.001)
    assert story.now - start > 1.0


def test_a_wait_for_a_core_that_is_not_over_yet_counts_too() -> None:
    """The system accounts for a wait when it is over: while it lasts, the thread could run and uses nothing."""
    story = Story()
    start = story.now
    for _ in range(20):
        held = story.look(start=start, cpu=0.001, can_run=True)

    assert held == pytest.approx(0.02)
    assert story.look(start=start, cpu=0.001, waited=0.5) == pytest.approx(0.021)


def test_a_handler_that_computes_could_run_and_does() -> None:
    story = Story()
    start = story.now + PERIOD / 2
    first = story.look(start=start, cpu=PERIOD / 2, can_run=True)

    assert first == pytest.approx(PERIOD / 2)
    assert story.look(0.04, start=start, cpu=0.04, can_run=True) == pytest.approx(first + 0.04)


@pytest.mark.parametrize("cpu", [0.0, 0.5], ids=["elsewhere", "in the loop's thread"])
def test_collecting_garbage_is_not_holding_the_loop(cpu: float) -> None:
    story = Story()

    assert story.look(0.5, start=story.now, cpu=cpu, gc=0.499) == pytest.approx(0.001)


def test_a_start_that_lies_before_a_look_that_did_not_see_it_counts_from_that_look() -> None:
    story = Story()
    story.look()

    assert story.look(start=story.now - 50.0) == pytest.approx(PERIOD)


def test_every_handler_starts_from_nothing() -> None:
    story = Story()
    first = story.look(start=story.now)
    second = story.look(start=story.now)
    other = story.look(start=story.sight.sample.start, who="b")

    assert (first, second, other) == pytest.approx((PERIOD, STEP, PERIOD))


def test_a_handler_that_is_done_is_forgotten() -> None:
    story = Story()
    start = story.now
    story.look(start=start)

    assert [story.look(), story.look(start=start)] == pytest.approx([0.0, PERIOD])


def test_nothing_is_held_against_anybody_while_nobody_runs() -> None:
    story = Story()

    assert [story.look(cpu=PERIOD) for _ in range(10)] == [0.0] * 10


@pytest.mark.parametrize(
    ("start", "who", "same"),
    [(5.0, "a", True), (5.0 + 1e-9, "a", True), (5.1, "a", False), (5.0, "b", False), (None, "a", False)],
    ids=["itself", "rounded", "later", "another", "nobody"],
)
def test_a_stretch_is_recognised_by_its_actor_and_its_start(start: float | None, who: str, same: bool) -> None:
    one, other = Sample(6.0, 0.0, 0.0, 0.0, start=5.0, who="a"), Sample(7.0, 0.0, 0.0, 0.0, start=start, who=who)

    assert (is_same(one, other), is_same(other, one)) == (same, same)


# -- how often it looks ------------------------------------------------------------------------------------------------


def test_an_idle_loop_is_looked_at_twenty_times_a_second() -> None:
    story = Story()
    began = story.now
    for _ in range(20):
        story.look()

    assert story.now - began == pytest.approx(1.0)


def test_a_loop_busy_with_short_handlers_is_looked_at_as_seldom() -> None:
    story = Story()
    for _ in range(20):
        story.look(start=story.now + PERIOD - 0.002)

        assert story.sight.pause == PERIOD


def test_a_suspect_is_looked_at_each_ten_milliseconds_until_its_bound() -> None:
    story = Story()
    start, looks = story.now, 0
    story.look(start=start)
    while story.sight.held < BOUND - 1e-9:
        assert story.sight.pause <= STEP
        story.look(start=start)
        looks += 1

    assert looks == 5


def test_who_was_found_out_is_looked_at_when_readiness_is_due() -> None:
    policy = Watchdog(bound=0.1, unready=0.17)

    assert [policy.pause(held) for held in (0.1, 0.13, 0.17, 5.0)] == pytest.approx([0.05, 0.04, 0.05, 0.05])


# -- the policy --------------------------------------------------------------------------------------------------------


def test_readiness_fails_after_ten_bounds_unless_told_otherwise() -> None:
    assert [Watchdog().unready_after, Watchdog(0.5).unready_after, Watchdog(0.5, 2.0).unready_after] == [1.0, 5.0, 2.0]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"bound": 0.0}, "bound"),
        ({"bound": 0.009}, "bound"),
        ({"bound": math.inf}, "bound"),
        ({"bound": math.nan}, "bound"),
        ({"bound": "1"}, "bound"),
        ({"bound": True}, "bound"),
        ({"unready": 0.09}, "unready"),
        ({"unready": math.nan}, "unready"),
        ({"unready": "never"}, "unready"),
        ({"hold": -1.0}, "hold"),
        ({"hold": math.inf}, "hold"),
        ({"hold": math.nan}, "hold"),
        ({"log": 1}, "log"),
    ],
    ids=str,
)
def test_a_watchdog_that_cannot_be_meant_is_refused(options: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=f"Watchdog.{field} must be") as refused:
        Watchdog(**options)

    assert repr(options[field]) in str(refused.value)


@pytest.mark.parametrize("options", [{"bound": 0.01}, {"unready": math.inf}, {"unready": 0.1}, {"hold": 0}], ids=str)
def test_a_watchdog_at_its_limits_is_taken(options: dict[str, Any]) -> None:
    assert Watchdog(**options) == Watchdog(**options)
