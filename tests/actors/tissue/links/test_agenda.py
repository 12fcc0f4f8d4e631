"""The agenda equals a dictionary that is searched for its least moment."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.links.agenda import Agenda

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
    agenda: Agenda[int] = Agenda()
    model: dict[int, float] = {}
    for act, key, when in steps:
        if act == "put":
            agenda.put(key, when)
            model[key] = when
        elif act == "drop":
            agenda.drop(key)
            model.pop(key, None)
        else:
            popped = agenda.pop(when)
            if popped is None:
                assert min(model.values(), default=math.inf) > when
            else:
                assert model[popped] == min(model.values())
                assert model.pop(popped) <= when
        model = {key: when for key, when in model.items() if when < math.inf}

        assert agenda.due == min(model.values(), default=math.inf)
        assert len(agenda) == len(model)


def test_what_is_put_off_for_ever_leaves_nothing_behind() -> None:
    agenda: Agenda[str] = Agenda()

    for moment in range(100_000):
        agenda.put("a", float(moment))

    assert len(agenda._heap) < 1000
    assert agenda.due == 99_999.0


def test_of_what_is_due_together_the_first_that_was_put_comes_first() -> None:
    agenda: Agenda[str] = Agenda()
    for key in "cab":
        agenda.put(key, 1.0)

    assert [agenda.pop(1.0) for _ in range(4)] == ["c", "a", "b", None]


def test_it_can_be_emptied() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.put("a", 1.0)

    agenda.clear()

    assert (len(agenda), agenda.due, agenda.pop(2.0)) == (0, math.inf, None)
