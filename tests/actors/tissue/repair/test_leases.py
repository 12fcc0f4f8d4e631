"""One is in charge; when it dies another is, with a higher token; and no resource obeys the old one after the new."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import ActorError
from actors.messages import Pid
from actors.testing.arena import Arena
from actors.tissue.core import Effect, Refused
from actors.tissue.crdt.lww import LWWMap
from actors.tissue.repair.leases import LEASE, Adopted, Fence, LeaseConfig, Leases, Lost
from actors.tissue.state.contact_state import ContactState

from .kit import Board, happened, names

A, B = Pid("a", 1), Pid("b", 1)
ROOT = "supervise(root)"


class Candidate:
    """A cell that seeks leases over real contact state."""

    def __init__(self, pid: Pid, rng: random.Random, now: float, peers: list[str]) -> None:
        self.state = ContactState(pid, random.Random(rng.random()), now, peers=peers)
        self.leases = Leases(pid, rng, now, self.state.share("leases", LWWMap))

    @property
    def due(self) -> float:
        return min(self.state.due, self.leases.due)

    def tick(self, now: float) -> list[Effect]:
        effects = self.state.tick(now) if self.state.due <= now else []
        self.leases.changed(now)
        return [*effects, *self.leases.tick(now)]

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        effects = self.state.receive(sender, kind, body, now)
        self.leases.changed(now)
        return effects


def candidates(n: int, seed: int = 0) -> Arena[Candidate]:
    arena: Arena[Candidate] = Arena(seed, strict=True)
    for name in names(n):
        arena.add(name, lambda pid, rng, now: Candidate(pid, rng, now, names(n)))
    tell_who_lives(arena)
    arena.run(1.0)
    for name in names(n):
        arena.tell(name, lambda cell, now: cell.leases.seek(ROOT, now))
    return arena


def tell_who_lives(arena: Arena[Candidate]) -> None:
    weights = {arena.pid(name): 1.0 for name in arena.cells}
    for name in arena.cells:
        arena.tell(name, lambda cell, now: cell.leases.witnesses(weights, now))


def holders(arena: Arena[Candidate]) -> dict[str, int]:
    tokens = {name: cell.leases.token(ROOT, arena.now) for name, cell in arena.cells.items()}
    return {name: token for name, token in tokens.items() if token is not None}


def pair() -> tuple[Leases, Leases, list[float]]:
    clock = [0.0]
    board = Board(lambda: clock[0])
    one, two = (Leases(pid, random.Random(pid.name), 0.0, board) for pid in (A, B))
    for cell in (one, two):
        cell.witnesses({A: 1.0, B: 1e-9}, 0.0)
        cell.seek("lease", 0.0)
    return one, two, clock


def test_one_of_those_that_seek_a_lease_holds_it() -> None:
    arena = candidates(7)
    arena.run(10.0)

    assert list(holders(arena).values()) == [1]
    assert len(happened(arena, Adopted)) == 1


def test_it_is_renewed_for_as_long_as_its_holder_lives() -> None:
    arena = candidates(5)
    arena.run(200.0)

    assert len(happened(arena, Adopted)) == 1
    assert not happened(arena, Lost)


def test_when_the_holder_dies_the_next_in_rank_adopts_it_with_a_higher_token() -> None:
    arena = candidates(7)
    arena.run(10.0)
    (first,) = holders(arena)
    arena.kill(first)
    for name in arena.cells:
        arena.tell(name, lambda cell, now: cell.leases.died(arena.pid(first), now))
    arena.run(13.0)

    assert list(holders(arena).values()) == [2]
    assert happened(arena, Adopted)[1][2].previous == arena.pid(first)


def test_a_death_that_nobody_noticed_frees_the_lease_when_it_has_run_out() -> None:
    arena = candidates(4)
    arena.run(10.0)
    (first,) = holders(arena)
    arena.kill(first)
    taken = arena.run(10.0 + 2 * LEASE.duration, stop=lambda: bool(holders(arena)))

    assert taken
    assert LEASE.duration / 2 < arena.now - 10.0 < LEASE.duration + 4.0


def test_all_of_them_in_turn_may_die_and_the_last_holds_it() -> None:
    arena = candidates(5)
    for _ in range(4):
        arena.run(arena.now + 8.0)
        (first,) = holders(arena)
        arena.kill(first)
        for name in arena.cells:
            arena.tell(name, lambda cell, now, pid=arena.pid(first): cell.leases.died(pid, now))  # type: ignore[misc] # noqa: B008
    arena.run(arena.now + 8.0)

    assert list(holders(arena).values()) == [5]


def test_after_a_partition_the_side_that_adopted_it_keeps_it() -> None:
    arena = candidates(6)
    arena.run(10.0)
    (first,) = holders(arena)
    others = [name for name in arena.cells if name != first]
    arena.network.partition([first], others)
    for name in others:
        arena.tell(name, lambda cell, now: cell.leases.died(arena.pid(first), now))
    arena.run(20.0)
    apart = holders(arena)
    arena.network.heal()
    tell_who_lives(arena)
    arena.run(32.0)

    assert sorted(apart.values()) == [1, 2]
    assert list(holders(arena).values()) == [2]
    assert [name for _, name, _ in happened(arena, Lost)] == [first]


def test_a_holder_that_stood_still_for_longer_than_its_lease_has_no_token_before_anything_else() -> None:
    one, _, _ = pair()
    one.tick(0.0)
    one.tick(0.25)

    assert [one.token("lease", 1.0), one.token("lease", 0.25 + LEASE.duration)] == [1, None]


def test_who_was_overtaken_while_it_stood_still_steps_back() -> None:
    one, two, clock = pair()
    one.tick(0.0)
    one.tick(0.25)
    two.tick(0.3)
    clock[0] = 11.0
    two.changed(11.0)
    two.tick(11.0)
    taken = two.tick(12.5)
    clock[0] = 12.6

    assert taken == [Adopted("lease", 2, A)]
    assert one.tick(12.6) == [Lost("lease", 1, B)]
    assert two.holder("lease") == one.holder("lease") == B


def test_what_is_released_is_lost_here_and_taken_by_another() -> None:
    one, two, _ = pair()
    one.tick(0.0)
    one.tick(0.25)
    released = one.release("lease", 1.0)
    two.changed(1.0)
    two.tick(1.0)

    assert released == [Lost("lease", 1, None)]
    assert [type(effect) for effect in two.tick(2.25)] == [Adopted]
    assert one.due == math.inf


def test_whoever_seeks_a_lease_again_gets_a_higher_token_though_nobody_else_knows_of_the_last() -> None:
    board = Board()
    one = Leases(A, random.Random(0), 0.0, board)
    tokens = []
    for turn in range(5):
        now = 10.0 * turn
        one.seek("lease", now)
        one.tick(now)
        one.tick(now + 1.0)
        tokens.append(one.token("lease", now + 1.0))
        one.release("lease", now + 2.0)

    assert tokens == [1, 2, 3, 4, 5]


def test_of_more_released_leases_than_are_remembered_no_token_falls() -> None:
    one = Leases(A, random.Random(0), 0.0, Board(), LeaseConfig(max_leases=2))
    highest: dict[str, int] = {}
    rng = random.Random(1)
    for turn in range(300):
        name, now = f"lease{rng.randrange(6)}", 10.0 * turn
        one.seek(name, now)
        one.tick(now)
        one.tick(now + 1.0)
        token = one.token(name, now + 1.0)
        assert token is not None
        assert token > highest.get(name, 0)
        highest[name] = token
        one.release(name, now + 2.0)

    assert len(one._released) <= 2


def test_a_change_that_leaves_its_rank_does_not_make_a_candidate_wait_anew() -> None:
    one = Leases(A, random.Random(0), 0.0, Board())
    others = {Pid("b", 1): 1e9, Pid("c", 1): 1e9}
    one.witnesses({A: 1.0, **others}, 0.0)
    one.seek("lease", 0.0)
    one.tick(0.0)
    one.witnesses({A: 1.1, **others}, 1.9)
    one.tick(1.9)

    assert [type(effect) for effect in one.tick(2.25)] == [Adopted]


@given(st.lists(st.integers(1, 50)))
def test_a_fence_never_obeys_an_older_holder_after_a_newer_one(tokens: list[int]) -> None:
    fence = Fence()
    admitted = [token for token in tokens if fence.admit(token)]

    assert admitted == sorted(admitted)
    assert fence.highest == max(tokens, default=0)


def test_a_full_map_is_reported_and_nothing_is_held() -> None:
    class Full(Board):
        def put(self, *args: object, **kwargs: object) -> None:
            raise ActorError("full")

    leases = Leases(A, random.Random(0), 0.0, Full())
    leases.seek("lease", 0.0)
    leases.tick(0.0)

    assert leases.tick(0.25) == [Refused(A, "repair.lease", "full")]
    assert leases.token("lease", 0.25) is None


def test_packets_are_refused() -> None:
    assert [type(effect) for effect in pair()[0].receive(B, "x", None, 0.0)] == [Refused]


def test_who_seeks_nothing_is_never_due() -> None:
    leases = Leases(A, random.Random(0), 0.0, Board())
    leases.witnesses({A: 1.0}, 0.0)
    leases.changed(1.0)

    assert leases.due == math.inf


def test_more_leases_than_the_limit_are_not_sought() -> None:
    leases = Leases(A, random.Random(0), 0.0, Board(), LeaseConfig(max_leases=1))
    leases.seek("one", 0.0)

    with pytest.raises(ValueError, match="more than 1"):
        leases.seek("two", 0.0)


@pytest.mark.parametrize(("field", "value"), [("duration", 0.0), ("delta", math.inf), ("max_leases", 0)])
def test_a_config_that_makes_no_sense_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"LeaseConfig.{field}"):
        LeaseConfig(**{field: value})  # type: ignore[arg-type]
