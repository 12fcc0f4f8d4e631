"""Retries within retries: found in a constructor's arguments, multiplied over all levels, named with their places."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from actors import Actor, Blueprint, Mailbox, Retry, RetryBudget
from supervisors.checks.retries import retries_of
from supervisors.spec import Spec, Supervisor, child
from supervisors.validate import Claim, Code, Severity, examine


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody's client with retries of its own."""

    retry: Retry
    url: str = ""


class Plain:
    """Keeps its retries in plain attributes."""

    def __init__(self, retries: int, inner: object = None) -> None:
        self.retries = retries
        self.inner = inner

    @property
    def attempts(self) -> int:
        raise AssertionError("a property was called")


class Caller(Actor):
    """Takes anything."""

    def __init__(self, client: object = None, *more: object, max_retries: int = 0, **options: object) -> None:
        pass


class Pair(NamedTuple):
    """Two of anything."""

    first: object
    second: object


def chains(*args: Any, **kwargs: Any) -> list[list[tuple[str, int]]]:
    found = retries_of(Blueprint(Caller, args, kwargs))
    return [[(factor.where, factor.tries) for factor in chain] for chain in found]


@pytest.mark.parametrize(
    ("value", "chain"),
    [
        (Retry(3), [("client.attempts", 3)]),
        (Client(Retry(4)), [("client.retry.attempts", 4)]),
        ({"retry": Retry(5)}, [("client.retry.attempts", 5)]),
        ([7, Retry(2)], [("client.1.attempts", 2)]),
        (Pair("x", Retry(2)), [("client.second.attempts", 2)]),
        (functools.partial(print, max_attempts=6), [("client.max_attempts", 6)]),
        (functools.partial(print, Retry(6)), [("client.0.attempts", 6)]),
        (Plain(2), [("client.retries", 3)]),
        (Plain(1, Plain(2)), [("client.retries", 2), ("client.inner.retries", 3)]),
        (Plain(1, [Client(Retry(5))]), [("client.retries", 2), ("client.inner.0.retry.attempts", 5)]),
    ],
    ids=lambda each: type(each).__name__ if not isinstance(each, list) else "",
)
def test_retries_are_found_wherever_they_are_kept(value: object, chain: list[tuple[str, int]]) -> None:
    assert max(chains(value), key=len) == chain


@pytest.mark.parametrize(
    "value", [None, "attempts", 3, Retry(1), Plain(0), Plain(-5), Plain(True), Plain("3"), Retry, object()]  # type: ignore[arg-type]
)  # fmt: skip
def test_what_tries_once_or_is_no_number_is_none(value: object) -> None:
    assert chains(value) == []


def test_a_keyword_of_the_constructor_itself_counts() -> None:
    assert chains(max_retries=2) == [[("max_retries", 3)]]


def test_objects_that_hold_each_other_are_looked_at_once() -> None:
    one, other = Plain(1), Plain(2)
    one.inner, other.inner = other, one

    assert max(chains(one), key=len) == [("client.retries", 2), ("client.inner.retries", 3)]


def test_arguments_that_do_not_fit_the_constructor_are_looked_at_all_the_same() -> None:
    class Nullary(Actor):
        def __init__(self) -> None:
            pass

    assert [str(factor) for chain in retries_of(Blueprint(Nullary, (Retry(3),))) for factor in chain] == [
        "3 (argument 1.attempts)"
    ]


def test_one_container_is_searched_only_so_far() -> None:
    assert chains([None] * 1000 + [Retry(3)]) == []


# -- what is said of it ------------------------------------------------------------------------------------------------


def worker(*args: Any, redeliver: int = 0, **options: Any) -> Spec:
    return child(Caller, *args, id="w", mailbox=Mailbox(redeliver=redeliver), **options)


def nested(tree: Supervisor) -> list[tuple[Severity, str]]:
    return [(each.severity, each.message) for each in examine(tree).findings if each.code is Code.NESTED_RETRIES]


def test_the_own_retries_and_redelivery_multiply_for_one_message() -> None:
    tree = Supervisor("root", [worker(Plain(2, Plain(1)), redeliver=2)])

    message = (
        "retries are nested in retries: one message is tried 12 times: 3 (client.retries) x 2 (client.inner.retries) x "
        "2 (redeliver)"
    )
    assert nested(tree) == [(Severity.NOTE, message)]


def test_a_hundred_tries_of_one_message_are_worth_a_warning() -> None:
    tree = Supervisor("root", [worker(Plain(9, Plain(4)), redeliver=2)])

    assert [severity for severity, message in nested(tree) if "one message" in message] == [Severity.WARNING]


def test_a_retry_budget_bounds_them_so_a_note_will_do() -> None:
    tree = Supervisor("root", [worker(Plain(9, [Plain(4), Plain(0, RetryBudget())]), redeliver=2)])

    ((severity, message),) = [each for each in nested(tree) if "one message" in each[1]]
    assert (severity, "it is given a RetryBudget" in message) == (Severity.NOTE, True)


def test_the_own_retry_of_the_package_is_known() -> None:
    assert chains(Retry()) == [[("client.attempts", 3)]]


def test_few_tries_are_shown_instead() -> None:
    (proof,) = [
        each
        for each in examine(Supervisor("root", [worker(Retry(3), redeliver=2)])).proofs
        if each.claim is Claim.RETRIES
    ]

    assert (proof.message, proof.numbers) == (
        "one message is tried 6 times at most: 3 (client.attempts) x 2 (redeliver)",
        {"tries": 6},
    )


def test_a_temporary_child_is_handed_no_message_twice() -> None:
    tree = Supervisor("root", [worker(Retry(6), redeliver=2, restart="temporary")])

    assert nested(tree) == []


def test_retries_at_the_start_multiply_with_the_restarts_of_all_levels() -> None:
    tree = Supervisor("root", [Supervisor("branch", [worker(Retry(7))])])

    message = (
        "what it retries when it starts is tried 112 times before everybody gives up: 7 (client.attempts) x 4 (root) x "
        "4 (root/branch)"
    )
    assert nested(tree) == [(Severity.NOTE, message)]
