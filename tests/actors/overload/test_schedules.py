"""Random schedules against controlled mailboxes: what is shed is accounted for, and so is everything else."""

from __future__ import annotations

import random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import CoDel
from actors.blueprint import Overflow
from tests.actors.schedules import Deed, Move, Plan, Receiver, Step
from tests.actors.test_promises import check_asked, check_order, check_redelivery, check_told, check_totals, played

RECEIVERS = st.builds(
    Receiver,
    asynchronous=st.booleans(),
    restarts=st.sampled_from([0, 1, 3]),
    limit=st.sampled_from([1, 2, 5, 100]),
    overflow=st.sampled_from(get_args(Overflow)),
    redeliver=st.integers(0, 2),
    control=st.sampled_from(
        [CoDel(), CoDel(0.3, 0.5), CoDel(1.0, 3.0), CoDel(lifo=False), CoDel(0.3, 0.5, lifo=False)]
    ),
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


@settings(max_examples=150)
@given(PLANS, SEEDS)
def test_no_message_is_lost_or_doubled_where_some_are_shed(plan: Plan, seed: int) -> None:
    account = played(plan, seed)

    check_told(account)
    check_asked(account)
    check_totals(account)
    check_redelivery(account, plan)
    if not any(receiver.control and receiver.control.lifo for receiver in plan.receivers):
        check_order(account)


def busy(seed: int, control: CoDel) -> Plan:
    """Far more than two actors can do, which crash now and then and are restarted."""
    rng = random.Random(seed)
    receivers = tuple(Receiver(True, 100, 100, "reject", redeliver, control) for redeliver in (0, 2))
    moves: list[Move] = ["tell", "tell", "ask", "ask", "within", "urgent", "pause"]
    deeds: list[Deed] = ["return", "sleep", "sleep", "sleep", "crash late", "forward"]
    senders = tuple(
        tuple(Step(rng.choice(moves), rng.randrange(2), rng.choice(deeds), rng.random() < 0.5) for _ in range(60))
        for _ in range(3)
    )
    return Plan(receivers, senders)


@pytest.mark.parametrize("seed", range(20))
def test_no_message_is_lost_or_doubled_where_most_are_shed(seed: int) -> None:
    plan = busy(seed, CoDel())
    account = played(plan, seed)

    check_told(account)
    check_asked(account)
    check_totals(account)
    check_redelivery(account, plan)
    assert account.shed > 20


@pytest.mark.parametrize("seed", range(5))
def test_without_lifo_the_order_of_a_sender_is_kept_although_most_are_shed(seed: int) -> None:
    account = played(busy(seed, CoDel(lifo=False)), seed)

    check_order(account)
    assert account.shed > 20


def test_with_lifo_it_is_not() -> None:
    account = played(busy(0, CoDel(1.0, 3.0)), 0)

    with pytest.raises(AssertionError):
        check_order(account)


@settings(max_examples=25)
@given(PLANS, SEEDS)
def test_the_same_seed_sheds_the_same_messages(plan: Plan, seed: int) -> None:
    assert played(plan, seed).trace == played(plan, seed).trace
