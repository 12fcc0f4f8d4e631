"""Controlled delay: how long a message may wait, which is served next, and what that does to a queue under load."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import CoDel
from actors.overload.codel import CoDelState

SPEC = CoDel(target=0.005, interval=0.1)


def standing(spec: CoDel = SPEC) -> CoDelState:
    """A queue that has not been empty since time 0; it is 1.0 now."""
    state = CoDelState(spec, 0.0)
    assert state.is_standing(1.0)
    return state


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"target": 0.0}, "target"),
        ({"target": -1.0}, "target"),
        ({"target": 0.2}, "target"),
        ({"target": float("nan")}, "target"),
        ({"interval": 0.0}, "interval"),
        ({"interval": float("inf")}, "interval"),
        ({"interval": float("nan")}, "interval"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_field(options: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=rf"CoDel\.{field} .* got"):
        CoDel(**options)


def test_a_burst_may_wait_an_interval() -> None:
    state = CoDelState(SPEC, 0.0)

    assert state.allowed(0.1) == 0.1
    assert state.admit(0.1, 0.1, waiting=5)


def test_a_queue_that_was_not_empty_for_an_interval_stands_and_may_wait_the_target() -> None:
    state = CoDelState(SPEC, 0.0)

    assert not state.is_standing(0.1)
    assert state.is_standing(0.101)
    assert state.allowed(0.101) == 0.005


def test_in_a_standing_queue_what_has_waited_longer_than_the_target_is_shed() -> None:
    assert standing().admit(0.005, 1.0, waiting=1)
    assert not standing().admit(0.0051, 1.0, waiting=1)


def test_the_last_one_is_served_up_to_the_interval_since_to_shed_it_would_idle_the_actor() -> None:
    assert standing().admit(0.1, 1.0, waiting=0)
    assert not standing().admit(0.101, 1.0, waiting=0)


def test_the_newest_is_served_first_only_while_the_queue_stands() -> None:
    state = CoDelState(SPEC, 0.0)

    assert [state.is_lifo(now) for now in (0.05, 0.1, 0.15)] == [False, False, True]


def test_lifo_can_be_declined() -> None:
    assert not standing(CoDel(lifo=False)).is_lifo(1.0)


def test_an_empty_queue_stands_no_more() -> None:
    state = standing()
    state.empty(1.0)

    assert not state.is_standing(1.05)


def test_a_queue_that_shedding_has_emptied_stands_on() -> None:
    state = standing()
    state.shed(1.0)
    state.empty(1.05)

    assert state.is_standing(1.06)


def test_emptiness_counts_again_an_interval_after_the_last_one_was_shed() -> None:
    state = standing()
    state.shed(1.0)
    state.empty(1.1)

    assert not state.is_standing(1.11)


def test_serving_the_last_one_leaves_the_queue_empty() -> None:
    state = standing()
    state.admit(0.001, 1.0, waiting=0)

    assert not state.is_standing(1.05)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(0, 3)), max_size=50))
def test_nothing_that_is_served_has_waited_longer_than_an_interval(steps: list[tuple[float, float, int]]) -> None:
    state, now = CoDelState(SPEC, 0.0), 0.0
    for passed, sojourn, waiting in steps:
        now += passed
        admitted = state.admit(sojourn, now, waiting)

        assert admitted or sojourn > SPEC.target
        assert not admitted or sojourn <= SPEC.interval


@dataclass(frozen=True, slots=True)
class Served:
    """What came of a load: the share of capacity that was used well, and of how long the served ones took, the p99."""

    goodput: float
    p99: float


def serve(load: float, spec: CoDel, service: float = 0.001, seed: int = 1, messages: int = 20_000) -> Served:
    """One server, Poisson arrivals, the rules of the controlled mailbox and nothing else."""
    rng = random.Random(seed)
    arrivals = [0.0]
    while len(arrivals) < messages:
        arrivals.append(arrivals[-1] + rng.expovariate(load / service))
    state, box, now, taken = CoDelState(spec, 0.0), deque[float](), 0.0, list[float]()
    coming = deque(arrivals)
    while coming or box:
        if not box:
            now = max(now, coming[0])
            state.empty(now)
            box.append(coming.popleft())
        at = box.popleft()
        while state.is_lifo(now) and box and now - box[-1] > spec.target:
            box.pop()
            state.shed(now)
        if state.admit(now - at, now, len(box)):
            now += service
            taken.append(now - at)
        while coming and coming[0] <= now:
            arrived = coming.popleft()
            if state.is_lifo(arrived):
                box.appendleft(arrived)
            else:
                box.append(arrived)
    return Served(len(taken) * service / now, sorted(taken)[int(0.99 * len(taken))])


@pytest.mark.parametrize("lifo", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_under_twice_the_load_it_can_bear_an_actor_works_all_the_time_on_what_is_fresh(lifo: bool, seed: int) -> None:
    served = serve(2.0, CoDel(lifo=lifo), seed=seed)

    assert served.goodput > 0.99
    assert served.p99 < 0.010


@pytest.mark.parametrize("lifo", [True, False])
def test_under_a_load_it_can_bear_hardly_anything_is_shed(lifo: bool) -> None:
    assert serve(0.7, CoDel(lifo=lifo)).goodput > 0.69


def test_at_the_brink_a_target_of_ten_handler_times_in_order_keeps_95_percent_of_the_capacity() -> None:
    assert serve(1.0, CoDel(target=0.010, lifo=False)).goodput > 0.95


def test_lifo_costs_some_of_that() -> None:
    assert 0.85 < serve(1.0, CoDel(target=0.010)).goodput < 0.93


def test_a_handler_slower_than_the_target_still_works_nearly_all_the_time() -> None:
    assert serve(2.0, CoDel(), service=0.010, messages=4_000).goodput > 0.9
