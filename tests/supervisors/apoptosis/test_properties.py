"""Random schedules of replacements, crashes, kills, stops and load: the promises of planned death hold in all."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.blueprint import Overflow
from actors.testing import world
from supervisors import Disruption
from supervisors.spec import Strategy
from tests.supervisors.apoptosis.schedules import (
    Account,
    Deed,
    Mood,
    Move,
    Plan,
    Step,
    Worker,
    drawn,
    play,
)

WORKERS = st.builds(
    Worker,
    asynchronous=st.booleans(),
    limit=st.sampled_from([1, 2, 100]),
    overflow=st.sampled_from(get_args(Overflow)),
    redeliver=st.integers(0, 2),
    lifetime=st.sampled_from([None, 1.0, 4.0]),
    restart=st.sampled_from(["permanent", "transient"]),
)
BUDGETS = st.builds(
    Disruption,
    at_once=st.integers(1, 3),
    floor=st.sampled_from([0.0, 0.5, 1.0]),
    everywhere=st.integers(1, 4),
    while_degraded=st.booleans(),
)
STEPS = st.builds(
    Step,
    move=st.sampled_from(get_args(Move)),
    target=st.integers(0, 5),
    deed=st.sampled_from(get_args(Deed)),
    patient=st.booleans(),
)
PLANS = st.builds(
    Plan,
    workers=st.lists(WORKERS, min_size=1, max_size=2).map(tuple),
    below=st.lists(WORKERS, min_size=1, max_size=2).map(tuple),
    kind=st.sampled_from(["supervisor", "dynamic", "pool"]),
    strategies=st.tuples(*[st.sampled_from(get_args(Strategy))] * 2),
    budgets=st.tuples(BUDGETS, BUDGETS),
    moods=st.lists(st.sampled_from(get_args(Mood)), max_size=5).map(tuple),
    senders=st.lists(st.lists(STEPS, max_size=20).map(tuple), min_size=1, max_size=3).map(tuple),
)


def played(plan: Plan, seed: int) -> Account:
    return world(seed).run(lambda w: play(w, plan))


def check(account: Account) -> None:
    check_told(account)
    check_asked(account)
    check_order(account)
    check_lives(account)
    assert account.faults == []


def check_told(account: Account) -> None:
    """A message told is completed, or a dead letter, or an error to its sender: one of the three, once."""
    fates = account.completed + account.dead + account.refused

    assert {item: fates[item] for item in account.told} == dict.fromkeys(account.told, 1)


def check_asked(account: Account) -> None:
    """An asker gets an answer or an error; an answer only if its question was completed, and that once."""
    assert account.answered + account.failed == Counter(account.asked)
    assert [item for item in account.asked if account.completed[item] > 1] == []
    assert [item for item in account.answered if account.completed[item] != 1] == []
    assert [item for item in account.asked if account.dead[item] != account.quarantined[item]] == []


def check_order(account: Account) -> None:
    """What one sender told one worker is first begun in the order told, in each lane; save what was put aside.

    What a pool hands on from a worker that leaves goes to several others.
    """
    told = set(account.told) - account.stashed
    for ref, begun in account.begun.items():
        rows: dict[tuple[str, type], list[int]] = defaultdict(list)
        for item in dict.fromkeys(item for item, _ in begun if item in told and account.targets[item] is ref):
            rows[item.sender, type(item)].append(item.number)

        assert [numbers for numbers in rows.values() if numbers != sorted(numbers)] == []


def check_lives(account: Account) -> None:
    """No life begins with a message after a later one has begun with one."""
    for begun in account.begun.values():
        lives = [life for _, life in begun]

        assert lives == sorted(lives)


@settings(max_examples=80)
@given(PLANS, st.integers(0, 2**32 - 1))
def test_whatever_happens_no_promise_is_broken(plan: Plan, seed: int) -> None:
    check(played(plan, seed))


@pytest.mark.parametrize("seed", range(20))
def test_no_promise_is_broken_in_the_long_schedule(seed: int) -> None:
    check(played(drawn(seed), seed))


def test_the_long_schedules_are_worth_their_time() -> None:
    accounts = [played(drawn(seed), seed) for seed in range(8)]
    kinds = Counter(type(event).__name__ for account in accounts for event in account.events)
    seen = {name: kinds[name] for name in ("Replaced", "Kept", "Postponed", "Damaged", "Died", "Retired", "Stopped")}

    assert min(seen.values()) >= 5, seen


@settings(max_examples=10)
@given(PLANS, st.integers(0, 2**32 - 1))
def test_the_same_seed_gives_the_same_trace_whatever_happens(plan: Plan, seed: int) -> None:
    one, other = played(plan, seed), played(plan, seed)

    assert (one.trace, one.lines()) == (other.trace, other.lines())
