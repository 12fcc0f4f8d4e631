"""The states of a place and of the life in it, as one table.

All transitions are here and nowhere else; :func:`step` applies one.  The table knows nothing of mailboxes or time.

::

    new ─start→ starting ─started→ running ─end→ stopping ─ended→ vacant ─start→ ...
                   │ ignored/failed                                 │ rest          │ close
                   └──────────────→ vacant                          └→ resting      └→ closed

*Vacant*: the last life is over and a successor is expected; messages wait for it.  *Resting*: no successor is
planned, messages are refused, a new start is possible.  *Closed*: nobody will ever live here again.
"""

from __future__ import annotations

from enum import StrEnum

from .errors import IllegalTransition


class State(StrEnum):
    """What a place is doing."""

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    VACANT = "vacant"
    RESTING = "resting"
    CLOSED = "closed"


class Event(StrEnum):
    """What can happen to a place."""

    START = "start"
    STARTED = "started"
    END = "end"
    ENDED = "ended"
    REST = "rest"
    CLOSE = "close"


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.NEW: {Event.START: State.STARTING, Event.CLOSE: State.CLOSED, Event.REST: State.RESTING},
    State.STARTING: {Event.STARTED: State.RUNNING, Event.END: State.STOPPING, Event.ENDED: State.VACANT},
    State.RUNNING: {Event.END: State.STOPPING},
    State.STOPPING: {Event.ENDED: State.VACANT},
    State.VACANT: {Event.START: State.STARTING, Event.REST: State.RESTING, Event.CLOSE: State.CLOSED},
    State.RESTING: {Event.START: State.STARTING, Event.REST: State.RESTING, Event.CLOSE: State.CLOSED},
    State.CLOSED: {Event.CLOSE: State.CLOSED},
}

LIVING = frozenset({State.STARTING, State.RUNNING, State.STOPPING})
"""States in which there is a life."""

REFUSING = frozenset({State.RESTING, State.CLOSED})
"""States in which a message has nobody to wait for."""


def step(state: State, event: Event) -> State:
    """The state after ``event``; raises ``IllegalTransition`` naming both if the table has no such row."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalTransition(event, state) from None
