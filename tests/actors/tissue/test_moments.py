"""Moments equal a dictionary that is searched for its least moment."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.moments import SLACK, Moments

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 9), st.one_of(st.integers(0, 20), st.just(math.inf))),
        st.tuples(st.just("drop"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("pop"), st.just(0), st.integers(0, 20)),
    ),
    max_size=200,
)


@given(STEPS)
def test_it_knows_what_is_due_and_when(steps: list[tuple[str, int, float]]) -> None:
    moments: Moments[int] = Moments()
    model: dict[int, float] = {}
    for act, key, when in steps:
        if act == "put":
            moments.put(key, when)
            model[key] = when
        elif act == "drop":
            moments.drop(key)
            model.pop(key, None)
        else:
            popped = moments.pop(when)
            if popped is None:
                assert min(model.values(), default=math.inf) > when
            else:
                assert model[popped] == min(model.values())
                assert model.pop(popped) <= when
        model = {key: when for key, when in model.items() if when < math.inf}

        assert moments.due == min(model.values(), default=math.inf)
        assert len(moments) == len(model)


def test_what_is_put_off_for_ever_leaves_nothing_behind() -> None:
    moments: Moments[str] = Moments()

    for moment in range(100_000):
        moments.put("a", float(moment))

    assert len(moments._heap) < 1000
    assert moments.due == 99_999.0


def test_what_is_brought_forward_again_and_again_leaves_one_entry_behind() -> None:
    moments: Moments[str] = Moments()
    for now in range(10_000):
        moments.put("a", 1e9)
        moments.put("a", now)
        assert moments.pop(now) == "a"
        moments.put("a", 1e9)

    assert len(moments._heap) <= 2 + SLACK
    assert (moments.due, moments.pop(1e9), moments.due) == (1e9, "a", math.inf)


def test_of_what_is_due_together_the_first_that_was_put_comes_first() -> None:
    moments: Moments[str] = Moments()
    for key in "cab":
        moments.put(key, 1.0)

    assert [moments.pop(1.0) for _ in range(4)] == ["c", "a", "b", None]


def test_it_can_be_emptied() -> None:
    moments: Moments[str] = Moments()
    moments.put("a", 1.0)

    moments.clear()

    assert (len(moments), moments.due, moments.pop(2.0)) == (0, math.inf, None)
