"""A newborn that was told of something which nobody has any more: it does not wait for that for long."""

from __future__ import annotations

import random

from actors.messages import Pid
from actors.tissue.core import Effect, Send
from actors.tissue.crdt.orset import ORMap
from actors.tissue.state.contact_state import ContactState, Warm

PERIOD = 0.2


def _young_and_old(entries: int) -> tuple[ContactState, ContactState]:
    old = ContactState(Pid("old", 1), random.Random(1), 0.0, peers=["young"])
    old.warmed(0.0)
    table = old.share("table", ORMap)
    for number in range(entries):
        table.put(number, "x" * 1000, now=0.0)
    young = ContactState(Pid("young", 1), random.Random(2), 0.0, peers=["old"])
    young.share("table", ORMap)
    return young, old


def _warm_at(young: ContactState, old: ContactState, loss: float = 0.0) -> float:
    """When the newborn is warm; packets are lost as they are from 0.2 s on."""
    chance, now = random.Random(3), 0.0
    while now < 10.0:
        waiting: list[tuple[ContactState, ContactState, Effect]] = [(young, old, each) for each in young.tick(now)]
        while waiting:
            sender, receiver, effect = waiting.pop(0)
            if isinstance(effect, Warm):
                return now
            if isinstance(effect, Send) and (now == 0.0 or chance.random() >= loss):
                said = receiver.receive(sender.pid, effect.kind, effect.body, now)
                waiting += [(receiver, sender, each) for each in said]
        now = round(now + PERIOD, 6)
    raise AssertionError("it is never warm")


def test_a_newborn_is_warm_when_it_knows_what_it_was_told_of() -> None:
    assert _warm_at(*_young_and_old(10)) == 0.0


def test_a_newborn_does_not_wait_long_for_what_nobody_has_any_more() -> None:
    young, old = _young_and_old(10)
    young._exchange.missing[Pid("gone", 1)] = 3

    assert 2 * PERIOD <= _warm_at(young, old) <= 4 * PERIOD
    assert len(young.share("table", ORMap).value) == 10


def test_a_newborn_waits_for_what_is_still_coming() -> None:
    for seed in range(20):
        young, old = _young_and_old(400)
        young._rng.seed(seed)
        _warm_at(young, old, loss=0.3)

        assert len(young.share("table", ORMap).value) == 400
