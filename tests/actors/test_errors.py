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
    "ProcessDied": ("ActorError",),
    "StopTimeout": ("ActorError", "TimeoutError"),
    "NotRunning": ("ActorError",),
    "IllegalTransition": ("ActorError",),
    "HandlerError": ("ActorError", "TypeError"),
    "CodecError": ("ActorError", "ValueError"),
    "ClassMissing": ("CodecError",),
    "RemoteError": ("ActorError",),
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
    (errors.ProcessDied("signal 9"), "signal 9"),
    (errors.StopTimeout("a#1", 3.0), "a#1 did not stop within 3 s; kill() ends it"),
    (errors.NotRunning("a#1"), "a#1 is not running"),
    (errors.IllegalTransition("start", "closed"), "'start' is not possible in state 'closed'"),
    (errors.HandlerError("A.go", "no message"), "A.go: no message"),
    (errors.CodecError("shop.Order", "is not registered"), "shop.Order: is not registered"),
    (
        errors.ClassMissing("shop", "W", "No module named 'shop'", is_imported=False),
        "class shop.W: cannot be found by its name in another process (No module named 'shop')",
    ),
    (
        errors.ClassMissing("__main__", "W", "no W", is_imported=True),
        "class __main__.W: cannot be found by its name in another process (no W): define it at the top of a module",
    ),
    (
        errors.ClassMissing("shop", "W", "No module named 'shop'", is_imported=False).on("a"),
        "class shop.W: host a cannot import shop (No module named 'shop')",
    ),
    (
        errors.ClassMissing("shop", "W", "module 'shop' has no attribute 'W'", is_imported=True).on("a"),
        "class shop.W: host a has another shop without it (module 'shop' has no attribute 'W')",
    ),
    (
        errors.ClassMissing("__main__", "W", "no W", is_imported=True).on("a"),
        (
            "class __main__.W: cannot be found by its name on host a (no W): define it at the top of a module that "
            "host a can import"
        ),
    ),
    (errors.RemoteError("shop:Broken", "no"), "shop.Broken: no"),
    (errors.RemoteError("builtins:KeyError", "", "Traceback"), "KeyError"),
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


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("signal 11 (segmentation fault)", "signal"),
        ("signal 9", "signal"),
        ("signal 9: silent for 5.0 s", "blocked"),
        ("signal 24 (CPU time limit)", "cpu"),
        ("exit 121 (out of memory)", "memory"),
        ("exit 0", "exit"),
        ("unknown", "exit"),
    ],
)
def test_the_end_of_a_process_is_told_in_a_word(status: str, cause: str) -> None:
    assert errors.ProcessDied(status).cause == cause
