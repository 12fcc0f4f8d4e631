"""Whose claims are believed, where hosts come back and where one claims more and more."""

from __future__ import annotations

import random

from actors.messages import Pid
from actors.tissue.repair.claims import Claim, Claims
from actors.tissue.repair.desired import Desired, Spawn
from actors.tissue.repair.reconcile import Reconciler

from .kit import Board

A, B = Pid("a", 1), Pid("b", 7)


def claim(slot: int, host: Pid, life: int = 1) -> Claim:
    return Claim("g", slot, *host, life, host.name, True)


def test_what_an_earlier_life_of_a_living_host_claimed_is_void() -> None:
    claims = Claims(Board(), A)
    claims.lives([B])

    assert claims.is_live(claim(0, B))
    assert not claims.is_live(claim(0, Pid("b", 6)))


def test_a_host_that_is_born_again_does_not_bring_back_what_its_last_life_claimed() -> None:
    claims = Claims(Board(), A)
    claims.died(B)
    claims.lives([Pid("b", 8)])

    assert not claims.is_live(claim(0, B))
    assert claims.is_live(claim(0, Pid("b", 8)))


def test_a_host_that_was_taken_for_dead_and_is_not_has_what_it_claimed() -> None:
    claims = Claims(Board(), A)
    claims.died(B)
    claims.lives([B])

    assert claims.is_live(claim(0, B))


def test_who_is_said_to_live_but_is_known_to_be_dead_is_dead() -> None:
    claims = Claims(Board(), A)
    claims.died(B)
    claims.lives([Pid("b", 6)])

    assert not claims.is_live(claim(0, B))


def tumour(slots: range, desired: Desired) -> tuple[Reconciler, list[object]]:
    """What a healthy cell makes of another one that claims these slots, and what it does in ten seconds."""
    board = Board()
    repair = Reconciler(A, random.Random(0), 0.0, Board(), board)
    repair.witnesses({A: 1.0, B: 1.0}, 0.0)
    for slot in slots:
        Claims(board, B).write(claim(slot, B), 0.0, 1000.0)
    repair.desire("g", desired, 0.0)
    done: list[object] = []
    for tenth in range(100):
        now = tenth / 10
        Claims(board, B).write(claim(slots.stop + tenth, B), now, 1000.0)
        repair.changed(now)
        for event in repair.tick(now):
            done.append(event)
            if isinstance(event, Spawn):
                repair.held(event.group, event.slot, event.life, now)
    return repair, done


def test_who_claims_to_be_above_the_ceiling_is_no_member() -> None:
    repair, _ = tumour(range(4, 40), Desired(4, ceiling=8))

    assert sorted(each.slot for each in repair.members("g")) == list(range(8))


def test_who_claims_more_and_more_does_not_hold_up_the_repair_of_what_is_wanted() -> None:
    _, done = tumour(range(4, 5), Desired(4, ceiling=8))

    assert sorted(event.slot for event in done if isinstance(event, Spawn)) == [0, 1, 2, 3]
