"""The states of a place: the full product of the table, every row that is there and every row that is not."""

from __future__ import annotations

from itertools import product

import pytest

from actors import IllegalTransition
from actors.lifecycle import LIVING, REFUSING, TRANSITIONS, Event, State, step

ALLOWED = {
    ("new", "start"): "starting",
    ("new", "rest"): "resting",
    ("new", "close"): "closed",
    ("starting", "started"): "running",
    ("starting", "end"): "stopping",
    ("starting", "ended"): "vacant",
    ("running", "end"): "stopping",
    ("stopping", "ended"): "vacant",
    ("vacant", "start"): "starting",
    ("vacant", "rest"): "resting",
    ("vacant", "close"): "closed",
    ("resting", "start"): "starting",
    ("resting", "rest"): "resting",
    ("resting", "close"): "closed",
    ("closed", "close"): "closed",
}
FORBIDDEN = [pair for pair in product(map(str, State), map(str, Event)) if pair not in ALLOWED]


@pytest.mark.parametrize(("state", "event"), ALLOWED, ids=str)
def test_this_transition_is_made(state: str, event: str) -> None:
    assert step(State(state), Event(event)) == ALLOWED[state, event]


@pytest.mark.parametrize(("state", "event"), FORBIDDEN, ids=str)
def test_this_transition_is_refused_with_event_and_state(state: str, event: str) -> None:
    with pytest.raises(IllegalTransition) as caught:
        step(State(state), Event(event))

    assert (caught.value.event, caught.value.state) == (event, state)


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(State)


def test_every_state_can_be_reached_from_new() -> None:
    reached = {State.NEW}
    while new := {target for state in reached for target in TRANSITIONS[state].values()} - reached:
        reached |= new

    assert reached == set(State)


def test_nothing_leads_out_of_closed() -> None:
    assert set(TRANSITIONS[State.CLOSED].values()) == {State.CLOSED}


def test_no_life_is_left_but_by_its_end() -> None:
    ways_out = {
        (state.value, event.value)
        for state in LIVING
        for event, target in TRANSITIONS[state].items()
        if target not in LIVING
    }

    assert ways_out == {("starting", "ended"), ("stopping", "ended")}


def test_a_state_that_refuses_messages_has_no_life() -> None:
    assert not LIVING & REFUSING


def test_the_error_of_an_impossible_event_reads_as_a_sentence() -> None:
    assert str(IllegalTransition("started", "closed")) == "'started' is not possible in state 'closed'"
