"""Limits that are found by trying: where each settles on a simulated service, its formula step by step, its bounds."""

from __future__ import annotations

import heapq
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import AIMD, Gradient2, Limit, Vegas
from actors.overload.limits import Limiter

KINDS = [Gradient2(), AIMD(), Vegas()]
each_kind = pytest.mark.parametrize("spec", KINDS, ids=lambda spec: type(spec).__name__)


@pytest.mark.parametrize("kind", [Gradient2, AIMD, Vegas])
@pytest.mark.parametrize(
    "bounds", [{"least": 0}, {"initial": 1, "least": 2}, {"initial": 30, "most": 20, "least": 1}], ids=str
)
def test_bounds_out_of_order_are_refused(kind: Any, bounds: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=rf"{kind.__name__} needs 1 <= least <= initial <= most; got"):
        kind(**bounds)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (Gradient2, "tolerance", 0.9),
        (Gradient2, "queue", -1),
        (Gradient2, "smoothing", 0.0),
        (Gradient2, "smoothing", 1.1),
        (Gradient2, "window", 0),
        (AIMD, "backoff", 1.0),
        (AIMD, "slow", 0.0),
        (AIMD, "slow", float("nan")),
        (Vegas, "probe", 0),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_field(kind: Any, field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{kind.__name__}\.{field} must be"):
        kind(**{field: value})


def test_gradient2_grows_by_its_queue_while_answers_come_as_fast_as_ever() -> None:
    state = Gradient2().start()
    state.ended(0.1, 20, False)

    assert state.value == pytest.approx(0.8 * 20 + 0.2 * (20 + 4))


def test_gradient2_shrinks_by_the_ratio_of_long_to_present_when_answers_slow_down() -> None:
    state = Gradient2(initial=100).start()
    for _ in range(10):
        state.ended(0.1, 0, False)
    state.ended(0.4, 100, False)
    long = 0.1 + 2 / 601 * 0.3

    assert state.value == pytest.approx(0.8 * 100 + 0.2 * (100 * max(0.5, 1.5 * long / 0.4) + 4))


def test_gradient2_forgets_slow_times_faster_once_answers_are_fast_again() -> None:
    slow, fast = Gradient2().start(), Gradient2().start()
    for _ in range(10):
        slow.ended(1.0, 0, False)
        fast.ended(0.1, 0, False)
    for _ in range(60):
        slow.ended(0.1, 0, False)
    for state in (slow, fast):
        state.value = 100.0
        state.ended(0.3, 100, False)

    assert slow.value == pytest.approx(fast.value, rel=0.1)


def test_aimd_adds_one_and_takes_a_tenth() -> None:
    state = AIMD(initial=50).start()
    seen = []
    for dropped, rtt in ((False, 0.1), (False, 0.1), (True, 0.1), (False, 6.0)):
        state.ended(rtt, 50, dropped)
        seen.append(state.value)

    assert seen == [51, 52, 46, 41]


def test_vegas_grows_fast_without_a_queue_and_shrinks_with_one() -> None:
    state = Vegas(initial=20).start()
    state.ended(0.1, 20, False)  # the fastest so far
    state.ended(0.1, 20, False)
    grown = state.value
    state.ended(0.2, 20, False)

    assert (grown, state.value) == (26, 25)


def test_vegas_stays_where_the_queue_is_as_long_as_wanted() -> None:
    state = Vegas(initial=20).start()
    state.ended(0.1, 20, False)
    state.ended(0.125, 20, False)  # a queue of 4: between 3 and 6

    assert state.value == 20


def test_vegas_forgets_the_fastest_answer_in_time() -> None:
    state = Vegas(initial=20, probe=1).start()
    state.ended(0.1, 20, False)
    for _ in range(100):
        state.ended(0.5, 20, False)

    assert state.value > 20


@each_kind
def test_a_limit_does_not_grow_while_it_is_hardly_used(spec: Limit) -> None:
    state = spec.start()
    for _ in range(100):
        state.ended(0.1, 2, False)

    assert state.value == 20


@each_kind
@given(steps=st.lists(st.tuples(st.floats(0, 100), st.integers(0, 2000), st.booleans()), max_size=200))
def test_a_limit_stays_within_its_bounds(spec: Limit, steps: list[tuple[float, int, bool]]) -> None:
    state = spec.start()
    for rtt, inflight, dropped in steps:
        state.ended(rtt, inflight, dropped)

        assert spec.least <= state.value <= spec.most


def test_a_limiter_lets_no_more_begin_than_its_limit_and_counts_the_others() -> None:
    limiter = Limiter(AIMD(initial=2, least=1))

    assert [limiter.began() for _ in range(4)] == [True, True, False, False]
    assert (limiter.limit, limiter.inflight, limiter.refused) == (2, 2, 2)


def test_what_has_ended_makes_room() -> None:
    limiter = Limiter(AIMD(initial=2, least=1, most=2))
    limiter.began()
    limiter.began()
    limiter.ended(0.1)

    assert limiter.began()
    assert limiter.inflight == 2


def test_an_end_that_says_nothing_of_the_load_moves_nothing() -> None:
    limiter = Limiter(AIMD(initial=2, least=1))
    limiter.began()
    limiter.began()
    limiter.ended(None, dropped=True)

    assert (limiter.limit, limiter.inflight) == (2, 1)


def settled(spec: Limit, workers: int = 4, service: float = 0.01, offered: int = 400) -> tuple[int, float]:
    """The limit and the mean answer time after a service of so many workers was asked far too much for 20 seconds."""
    limiter, now, free_at, under_way = Limiter(spec), 0.0, [0.0] * workers, list[tuple[float, float]]()
    taken: list[float] = []
    for _ in range(offered * 20 * 5):
        now += 1 / (offered * 5)
        while under_way and under_way[0][0] <= now:
            done, begun = heapq.heappop(under_way)
            limiter.ended(done - begun, dropped=done - begun > 1.0)
            taken.append(done - begun)
        if limiter.began():
            at = max(now, heapq.heappop(free_at)) + service
            heapq.heappush(free_at, at)
            heapq.heappush(under_way, (at, now))
    late = taken[len(taken) // 2 :]
    return limiter.limit, sum(late) / len(late)


def test_vegas_finds_a_limit_near_what_the_service_holds() -> None:
    limit, rtt = settled(Vegas())

    assert 4 <= limit <= 40
    assert rtt < 0.1


def test_gradient2_keeps_within_the_most_that_it_is_given() -> None:
    limit, rtt = settled(Gradient2(initial=8, least=4, most=40))

    assert limit <= 40
    assert rtt <= 40 / 400 + 0.01
