"""Random schedules of sends, crashes, kills, restarts: nothing vanishes, nothing doubles, order holds, seeds repeat."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.blueprint import Overflow
from actors.testing import world
from tests.actors.schedules import Account, Deed, Item, Move, Plan, Receiver, Step, UrgentItem, drawn, play, trace_of
from tests.project import ROOT

RECEIVERS = st.builds(
    Receiver,
    asynchronous=st.booleans(),
    restarts=st.sampled_from([0, 1, 3]),
    limit=st.sampled_from([1, 2, 100]),
    overflow=st.sampled_from(get_args(Overflow)),
    redeliver=st.integers(0, 2),
)
STEPS = st.builds(
    Step,
    move=st.sampled_from(get_args(Move)),
    target=st.integers(0, 2),
    deed=st.sampled_from(get_args(Deed)),
    patient=st.booleans(),
)
PLANS = st.builds(
    Plan,
    receivers=st.lists(RECEIVERS, min_size=1, max_size=3).map(tuple),
    senders=st.lists(st.lists(STEPS, max_size=25).map(tuple), min_size=1, max_size=3).map(tuple),
)
SEEDS = st.integers(0, 2**32 - 1)


def played(plan: Plan, seed: int) -> Account:
    return world(seed).run(lambda w: play(w, plan))


def check_told(account: Account) -> None:
    """A message told is completed, or a dead letter, or an error to its sender: one of the three, once."""
    fates = account.completed + account.dead + account.refused

    assert {item: fates[item] for item in account.told} == dict.fromkeys(account.told, 1)


def check_asked(account: Account) -> None:
    """A question has one answer or one error, is completed at most once, and is no dead letter but in quarantine."""
    outcomes = account.answered + account.failed

    assert {item: outcomes[item] for item in account.asked} == dict.fromkeys(account.asked, 1)
    assert [item for item in account.asked if account.completed[item] > 1] == []
    assert [item for item in account.answered if account.completed[item] != 1] == []
    assert [item for item in account.asked if account.dead[item] != account.quarantined[item]] == []


def check_totals(account: Account) -> None:
    """Handled, dead letters and errors together are all that was sent, and no more."""
    told = Counter(account.told)
    late = Counter({item: 1 for item in account.failed if account.completed[item]})
    fates = account.completed + (account.dead & told) + account.refused + account.failed - late

    assert fates.total() == len(account.told) + len(account.asked)


def check_order(account: Account) -> None:
    """What one sender told one receiver is begun in the order it was told, within each lane."""
    told = set(account.told)
    for begun in account.begun.values():
        for lane in (Item, UrgentItem):
            for sender in {item.sender for item in begun}:
                numbers = [i.number for i in begun if type(i) is lane and i.sender == sender and i in told]

                assert numbers == sorted(numbers)


def check_redelivery(account: Account, plan: Plan) -> None:
    """A message is begun as often as its mailbox allows, never more."""
    for number, receiver in enumerate(plan.receivers):
        begun = Counter(account.begun.get(f"r{number}", ()))
        allowed = max(1, receiver.redeliver) if receiver.restarts else 1

        assert [item for item, times in begun.items() if times > allowed] == []


@settings(max_examples=150)
@given(PLANS, SEEDS)
def test_no_message_is_lost_or_doubled_whatever_happens(plan: Plan, seed: int) -> None:
    account = played(plan, seed)

    check_told(account)
    check_asked(account)
    check_totals(account)
    check_order(account)
    check_redelivery(account, plan)


@pytest.mark.parametrize("seed", range(20))
def test_no_message_is_lost_or_doubled_in_the_long_schedule(seed: int) -> None:
    account = played(drawn(seed), seed)

    check_told(account)
    check_asked(account)
    check_totals(account)
    check_order(account)
    check_redelivery(account, drawn(seed))


@settings(max_examples=25)
@given(PLANS, SEEDS)
def test_the_same_seed_gives_the_same_trace_whatever_happens(plan: Plan, seed: int) -> None:
    assert played(plan, seed).trace == played(plan, seed).trace


def test_another_seed_gives_another_trace() -> None:
    plan = drawn(1)

    assert played(plan, 1).trace != played(plan, 2).trace


def trace_in_a_process(seed: int, hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-m", "tests.actors.schedules", str(seed)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


@pytest.mark.real
def test_the_same_seed_gives_the_same_trace_in_another_process_whatever_its_hashes() -> None:
    traces = {trace_in_a_process(7, hash_seed) for hash_seed in ("0", "1", "4242")}

    assert traces == {trace_of(7)}
