"""The tree of errors: whose fault it is can be told from the type, and each carries its data."""

from __future__ import annotations

import inspect
import re

import pytest

from actors import errors
from actors.exits import KILLED, NORMAL

PARENTS = {
    "ActorDied": ("ActorError",),
    "AskTimeout": ("ActorError", "TimeoutError"),
    "DeadlineExceeded": ("AskTimeout",),
    "AskSelf": ("ActorError",),
    "Unhandled": ("ActorError",),
    "MailboxFull": ("ActorError",),
    "Overloaded": ("ActorError",),
    "CircuitOpen": ("ActorError",),
    "StashFull": ("ActorError",),
    "NameTaken": ("ActorError",),
    "StartFailed": ("ActorError",),
    "StartTimeout": ("StartFailed",),
    "StopTimeout": ("ActorError", "TimeoutError"),
    "NotRunning": ("ActorError",),
    "IllegalTransition": ("ActorError",),
    "HandlerError": ("ActorError", "TypeError"),
    "CodecError": ("ActorError", "ValueError"),
}
MESSAGES = [
    (errors.ActorDied("a#1", KILLED), "a#1 is dead: killed"),
    (errors.AskTimeout("a#1", 3, 2.5), "a#1 did not answer int within 2.5 s"),
    (
        errors.DeadlineExceeded("a#1", 3, 2.5),
        "a#1 did not answer int before the deadline of the message in hand",
    ),
    (errors.AskSelf("a#1", 3), "a#1 asked itself int inside its own handler; call the method instead"),
    (errors.Unhandled("a#1", 3), "a#1 has no handler for int"),
    (errors.MailboxFull("a#1", 5, "reject"), "the mailbox of a#1 is full (5 messages, policy 'reject')"),
    (errors.Overloaded("a#1", "too much"), "a#1 is overloaded: too much"),
    (errors.CircuitOpen("mail", 2.5), "circuit mail is open for another 2.5 s"),
    (errors.StashFull("a#1", 5), "the stash of a#1 is full (5 messages)"),
    (errors.NameTaken("a", "a#1"), "the name 'a' is taken by a#1"),
    (errors.StartFailed("a#1", NORMAL), "a#1 did not start: normal"),
    (errors.StartTimeout("a#1", KILLED, 3.0), "a#1 did not start within 3 s"),
    (errors.StopTimeout("a#1", 3.0), "a#1 did not stop within 3 s; kill() ends it"),
    (errors.NotRunning("a#1"), "a#1 is not running"),
    (errors.IllegalTransition("start", "closed"), "'start' is not possible in state 'closed'"),
    (errors.HandlerError("A.go", "no message"), "A.go: no message"),
    (errors.CodecError("shop.Order", "is not registered"), "shop.Order: is not registered"),
]


def defined() -> dict[str, type[Exception]]:
    found = inspect.getmembers(errors, lambda value: inspect.isclass(value) and issubclass(value, Exception))
    return {name: error for name, error in found if error.__module__ == errors.__name__}


@pytest.mark.parametrize("name", PARENTS)
def test_an_error_has_its_place_in_the_tree(name: str) -> None:
    assert tuple(base.__name__ for base in getattr(errors, name).__bases__) == PARENTS[name]


def test_there_are_no_other_errors() -> None:
    assert set(defined()) == {*PARENTS, "ActorError", "Ignore"}


def test_the_tree_is_drawn_in_full() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))

    assert drawn == set(PARENTS)


def test_ignore_is_not_an_error() -> None:
    assert not issubclass(errors.Ignore, errors.ActorError)


@pytest.mark.parametrize(("error", "text"), MESSAGES, ids=lambda value: type(value).__name__)
def test_an_error_reads_as_a_sentence(error: Exception, text: str) -> None:
    assert str(error) == text
