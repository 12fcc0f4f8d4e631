"""Each event as a line for people and as a dict for programs."""

from __future__ import annotations

import json

import pytest

from actors import KILLED, NORMAL, SHUTDOWN, Crashed
from supervisors import events
from supervisors.events import (
    Added,
    AutoShutdown,
    Decision,
    Died,
    Ending,
    GaveUp,
    GroupRestart,
    Ignored,
    Orphaned,
    Ready,
    Removed,
    Scope,
    Serving,
    StartFailure,
    Stopped,
    SupervisionEvent,
    Unexpected,
    Waiting,
)

CRASH = Crashed(ValueError("no"))

LINES = {
    Ready(1.0, "top", 1, 0.25): "top is ready with 1 child after 250 ms",
    Ready(1.0, "top", 2000, 1.5): "top is ready with 2,000 children after 1.5 s",
    Added(1.0, "top/a", "worker"): "top/a was added as a worker",
    Removed(1.0, "top/a", "deleted"): "top/a was removed: deleted",
    Serving(1.0, "top/a", 1, False, None): "top/a serves",
    Serving(1.0, "top/a", 2, True, None): "top/a serves again (life 2)",
    Serving(1.0, "top/a", 2, True, 0.00006): "top/a serves again (life 2, 60 µs after the last one ended)",
    Ignored(1.0, "top/a", 1): "top/a is not needed now (it raised Ignore)",
    Died(1.0, "top/a", 3, CRASH, Decision.RESTART, 2.0): (
        "top/a died: crashed(ValueError: no) (life 3, 2 s); it is restarted"
    ),
    Died(1.0, "top/a", 3, NORMAL, Decision.LEAVE, 0.0): "top/a ended: normal (life 3, 0 s); it is left as it is",
    Died(1.0, "top/a", 1, KILLED, Decision.GIVE_UP, 0.5, "Order"): (
        "top/a died handling Order: killed (life 1, 500 ms); its supervisor gives up"
    ),
    StartFailure(1.0, "top/a", 4, CRASH, Decision.WAIT): (
        "top/a did not start: crashed(ValueError: no) (attempt 4); it is restarted after a wait"
    ),
    Waiting(1.0, "top/a", 0.1, 2): "top/a waits 100 ms for its restart (failure 2 in a row)",
    Stopped(1.0, "top/a", 1, SHUTDOWN, True, 0.0): "top/a was stopped in 0 s: shutdown",
    Stopped(1.0, "top/a", 1, KILLED, False, 5.0): "top/a was stopped in 5 s: killed, which was not expected",
    Orphaned(1.0, "top/a", 2, KILLED): "top/a ended with its supervisor: killed (life 2)",
    GroupRestart(1.0, "top", "b", "rest_for_one", ("b", "c")): "top restarts b, c because of b (rest_for_one)",
    GroupRestart(1.0, "top", "a", "one_for_all", tuple("abcdefgh")): (
        "top restarts a, b, c, d, e and 3 more because of a (one_for_all)"
    ),
    GaveUp(1.0, "top", "a", 4, 3, 5.0, Scope.SUPERVISOR, CRASH): (
        "top gives up on a (crashed(ValueError: no)): 4 restarts within 5 s, 3 allowed"
    ),
    GaveUp(1.0, "top", "a", 1, 0, 5.0, Scope.CHILD, KILLED): (
        "top gives up on a (killed): 1 restart within 5 s of a alone, by its own budget, 0 allowed"
    ),
    AutoShutdown(1.0, "top", "a", "any_significant"): "top shuts down because a has ended (any_significant)",
    Ending(1.0, "top", SHUTDOWN, 1): "top ends (shutdown), stopping 1 child",
    Unexpected(1.0, "top", "int"): "top got something unexpected: int",
}


@pytest.mark.parametrize("event", LINES, ids=lambda event: type(event).__name__)
def test_every_event_is_one_line_of_english(event: SupervisionEvent) -> None:
    assert (event.describe(), str(event)) == (LINES[event], LINES[event])


@pytest.mark.parametrize("event", LINES, ids=lambda event: type(event).__name__)
def test_every_event_can_be_written_as_json(event: SupervisionEvent) -> None:
    read = json.loads(json.dumps(event.to_dict()))

    assert (read["event"], read["at"], read["path"]) == (type(event).__name__, 1.0, event.path)


def test_reasons_and_words_are_text_and_groups_are_lists_in_a_dict() -> None:
    assert Died(1.0, "top/a", 3, CRASH, Decision.RESTART, 2.0).to_dict() == {
        "event": "Died",
        "at": 1.0,
        "path": "top/a",
        "life": 3,
        "reason": "crashed(ValueError: no)",
        "decision": "restart",
        "lived": 2.0,
        "message": None,
        "remains": {
            "message": None,
            "handler": None,
            "handled": 0,
            "mailbox": 0,
            "by": None,
            "linked": False,
            "vitals": None,
        },
        "ruling": None,
    }
    assert GroupRestart(1.0, "top", "b", "one_for_all", ("a", "b")).to_dict()["members"] == ["a", "b"]


def test_every_kind_of_event_has_a_line_here() -> None:
    kinds = {
        value for value in vars(events).values() if isinstance(value, type) and issubclass(value, SupervisionEvent)
    }

    assert {type(event) for event in LINES} == kinds - {SupervisionEvent}
