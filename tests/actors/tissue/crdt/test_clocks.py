"""Hybrid logical clocks: they respect causes, stay near the wall, and never go back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.crdt.clocks import COUNTER_LIMIT, Clock, ClockDrift, Stamp

A, B = Pid("a", 1), Pid("b", 1)


def test_a_stamp_is_the_wall_in_milliseconds() -> None:
    assert Clock(A).tick(1.5) == Stamp(1500, 0, A)


def test_events_within_a_millisecond_are_counted() -> None:
    clock = Clock(A)

    assert [clock.tick(1.0)[:2], clock.tick(1.0)[:2], clock.tick(1.0004)[:2]] == [(1000, 0), (1000, 1), (1000, 2)]
    assert clock.tick(1.0015)[:2] == (1001, 0)


def test_the_offset_leads_to_the_time_that_all_share() -> None:
    assert Clock(A, offset=1_700_000_000.0).tick(2.5).wall == 1_700_000_002_500


@given(st.lists(st.floats(-10, 1000)))
def test_a_clock_never_goes_back_however_the_wall_jumps(walls: list[float]) -> None:
    clock = Clock(A)
    stamps = [clock.tick(wall) for wall in walls]

    assert stamps == sorted(set(stamps))


@given(st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.sampled_from([0, 1, 2]), st.floats(0, 5)), max_size=50))
def test_what_was_made_in_knowledge_of_another_is_later(talks: list[tuple[int, int, float]]) -> None:
    walls = [0.0, 30.0, -20.0]
    clocks = [Clock(Pid("abc"[i], 1), max_drift=100.0) for i in range(3)]
    for speaker, hearer, now in talks:
        said = clocks[speaker].tick(now + walls[speaker])
        clocks[hearer].check(said.wall, now + walls[hearer])
        clocks[hearer].see(said.wall, said.counter)

        assert clocks[hearer].tick(now + walls[hearer]) > said


@given(st.lists(st.floats(0, 5)))
def test_a_clock_is_ahead_of_the_fastest_wall_by_less_than_a_millisecond_a_burst(walls: list[float]) -> None:
    slow, fast = Clock(A), Clock(B)
    for now in sorted(walls):
        heard = fast.tick(now + 3.0)
        slow.see(heard.wall, heard.counter)

        assert slow.tick(now).wall <= (now + 3.0) * 1000


def test_a_full_counter_carries_into_the_wall() -> None:
    clock = Clock(A)
    clock.see(5000, COUNTER_LIMIT - 1)

    assert clock.tick(1.0) == Stamp(5001, 0, A)


def test_stamps_of_one_moment_are_ordered_by_their_owners() -> None:
    assert Clock(A).tick(1.0) < Clock(B).tick(1.0) < Clock(Pid("b", 2)).tick(1.0)


def test_a_stamp_from_too_far_ahead_is_not_believed() -> None:
    clock = Clock(A, max_drift=60.0)
    clock.check(61_000, 1.0)

    with pytest.raises(ClockDrift, match=r"60\.500 s ahead; clocks may differ by 60 s") as caught:
        clock.check(61_500, 1.0)
    assert math.isclose(caught.value.ahead, 60.5)
    assert clock.tick(1.0).wall == 1000


def test_a_stamp_from_long_ago_changes_nothing() -> None:
    clock = Clock(A)
    clock.tick(10.0)
    clock.see(20, 7)

    assert clock.tick(10.0) == Stamp(10_000, 1, A)


@pytest.mark.parametrize("now", [-1e300, -1.0, 1e300])
def test_an_absurd_wall_is_clamped(now: float) -> None:
    stamp = Clock(A).tick(now)

    assert 0 <= stamp.wall < 1 << 53
