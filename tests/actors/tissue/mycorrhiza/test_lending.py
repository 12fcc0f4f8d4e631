"""Units go where they are wanted, and none is ever in two hands."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network, uniform
from actors.testing.topology import regular
from actors.tissue.core import Effect, Refused, Send
from actors.tissue.mycorrhiza.lending import ASK, BACK, LEND, LENDING, RENEW, Ending, Held, Lending, LendingConfig

A, B = Pid("a", 1), Pid("b", 1)
Pool = Arena[Lending]


def pool(graph: dict[str, list[str]], owned: int, seed: int = 0, network: Network | None = None) -> Pool:
    arena: Pool = Arena(seed, network, strict=True)
    for name, near in graph.items():
        arena.add(name, lambda pid, rng, now: Lending(pid, rng, now, owned))
        arena.tell(name, lambda cell, now, near=near: cell.neighbours(near, now))  # type: ignore[misc]
    return arena


def want(arena: Pool, name: str, units: int) -> None:
    arena.tell(name, lambda cell, now: cell.want(units, now))


def held(arena: Pool) -> int:
    return sum(cell.held for cell in arena.cells.values())


def two() -> tuple[Lending, Lending]:
    """A lender with ten, and a borrower with none."""
    lender, borrower = (Lending(pid, random.Random(0), 0.0, owned) for pid, owned in ((A, 10), (B, 0)))
    lender.neighbours(["b"], 0.0)
    borrower.neighbours(["a"], 0.0)
    return lender, borrower


def sends(effects: Iterable[Effect], kind: str) -> list[Send]:
    return [effect for effect in effects if isinstance(effect, Send) and effect.kind == kind]


def borrow(lender: Lending, borrower: Lending, units: int, now: float) -> tuple[Send, Send]:
    """The request, and the answer, which the borrower has heard."""
    (ask,) = sends(borrower.want(units, now), ASK)
    (lend,) = sends(lender.receive(B, ASK, ask.body, now), LEND)
    borrower.receive(A, LEND, lend.body, now)
    return ask, lend


def test_who_is_busy_uses_what_the_others_do_not_need() -> None:
    arena = pool(regular(10, 5), 2)
    want(arena, "c0", 15)
    arena.run(5.0)

    assert arena.cells["c0"].held == 15
    assert held(arena) == 20


def test_units_are_found_some_hops_away() -> None:
    arena = pool({"a": ["b"], "b": ["a", "c"], "c": ["b", "d"], "d": ["c"]}, 1)
    for name in ("b", "c"):
        want(arena, name, 1)
    want(arena, "a", 2)
    arena.run(10.0)

    assert arena.cells["a"].held == 2
    assert arena.cells["d"].lent == 1


def test_what_is_not_wanted_any_more_goes_back_at_once() -> None:
    arena = pool(regular(10, 5), 2)
    want(arena, "c0", 15)
    arena.run(5.0)
    want(arena, "c0", 0)
    arena.run(5.1)

    assert [cell.held for cell in arena.cells.values()] == [2] * 10
    assert {cell.due for cell in arena.cells.values()} == {math.inf}


def test_a_lender_that_needs_its_own_has_it_back_within_one_loan() -> None:
    arena = pool({"a": ["b"], "b": ["a"]}, 5)
    want(arena, "a", 10)
    arena.run(20.0)
    want(arena, "b", 5)
    arena.run(20.0 + LENDING.duration * (1 + LENDING.margin) + 0.1)

    assert [cell.held for cell in arena.cells.values()] == [5, 5]
    assert [type(event) for _, name, event in arena.events if name == "a" and isinstance(event, Ending)] == [Ending]


def test_what_a_borrower_had_that_crashed_comes_back_by_expiry_and_not_before() -> None:
    arena = pool({"a": ["b"], "b": ["a"]}, 5)
    want(arena, "a", 10)
    arena.run(1.0)
    arena.kill("a")
    arena.tell("b", lambda cell, now: cell.died(arena.pid("a"), now))
    before = arena.cells["b"].held
    arena.run(12.0)

    assert [before, arena.cells["b"].held] == [0, 5]


def test_the_next_life_of_a_lender_has_nothing_until_what_its_last_one_lent_has_run_out() -> None:
    arena = pool({"a": ["b"], "b": ["a"]}, 5)
    want(arena, "a", 10)
    arena.run(1.0)
    arena.kill("b")
    reborn = arena.revive("b")
    want(arena, "b", 5)
    at_birth, borrowed = reborn.held, arena.cells["a"].held
    arena.run(12.0)

    assert [at_birth, borrowed] == [0, 10]
    assert [reborn.held, arena.cells["a"].held] == [5, 5]
    assert [event.units for _, name, event in arena.events if name == "b" and isinstance(event, Held)][-1] == 5


def test_a_double_of_a_loan_that_was_given_back_does_not_bring_it_back() -> None:
    lender, borrower = two()
    _, lend = borrow(lender, borrower, 7, 0.0)
    borrower.want(0, 1.0)
    answers = borrower.receive(A, LEND, lend.body, 1.1)

    assert borrower.held == 0
    assert [send.body[2] for send in sends(answers, BACK)] == [0]


def test_a_request_that_arrives_twice_is_one_loan() -> None:
    lender, borrower = two()
    ask, _ = borrow(lender, borrower, 4, 0.0)
    lender.receive(B, ASK, ask.body, 0.5)

    assert lender.lent == 4


def test_what_is_given_back_in_part_is_never_lent_out_by_both() -> None:
    lender, borrower = two()
    borrow(lender, borrower, 7, 0.0)
    first = sends(borrower.want(5, 1.0), BACK)
    second = sends(borrower.want(2, 1.0), BACK)
    for back in (*second, *first):
        lender.receive(B, BACK, back.body, 1.1)

    assert [lender.held, borrower.held] == [8, 2]


def test_a_loan_whose_answer_took_longer_than_the_loan_is_worth_nothing() -> None:
    lender, borrower = two()
    (ask,) = sends(borrower.want(3, 0.0), ASK)
    (lend,) = sends(lender.receive(B, ASK, ask.body, 0.1), LEND)
    borrower.receive(A, LEND, lend.body, LENDING.duration)

    assert borrower.held == 0


def test_the_borrower_always_stops_before_the_lender_begins() -> None:
    lender, borrower = two()
    (ask,) = sends(borrower.want(3, 0.0), ASK)
    (lend,) = sends(lender.receive(B, ASK, ask.body, 2.0), LEND)
    borrower.receive(A, LEND, lend.body, 4.0)
    borrower.tick(LENDING.duration)
    lender.tick(LENDING.duration)

    assert [lender.held, borrower.held] == [7, 0]


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.0, 0.5), st.data())
def test_units_in_use_never_exceed_units_owned(seed: int, loss: float, data: st.DataObject) -> None:
    """Under loss, doubles, seconds of delay, partitions, crashes and rebirths; a dead life uses nothing."""
    network = Network(seed, delay=uniform(0.001, 3.0), loss=loss, duplication=0.2)
    arena = pool(regular(8, 3, seed), 4, seed, network)
    total = 4 * len(arena.cells)
    steps = st.lists(
        st.tuples(st.sampled_from(["want", "want", "kill", "cut", "heal"]), st.integers(0, 7)), max_size=25
    )
    for number, (what, index) in enumerate(data.draw(steps)):
        name = f"c{index}"
        if what == "want":
            want(arena, name, (seed + number * 7) % 16)
        elif what == "kill":
            arena.kill(name)
            arena.revive(name)
            arena.tell(name, lambda cell, now, name=name: cell.neighbours([*arena.cells], now))  # type: ignore[misc]
        elif what == "cut":
            arena.network.partition([f"c{each}" for each in range(index)])
        else:
            arena.network.heal()
        for _ in range(8):
            arena.run(arena.now + 0.25)
            assert held(arena) <= total
    arena.network.heal()
    for name in arena.cells:
        want(arena, name, 0)
    arena.run(arena.now + 3 * LENDING.duration)

    assert [cell.held for cell in arena.cells.values()] == [4] * 8


def test_who_asks_in_vain_asks_more_and_more_rarely() -> None:
    arena = pool({"a": ["b"], "b": ["a"]}, 1)
    want(arena, "b", 1)
    want(arena, "a", 2)
    arena.run(100.0)

    assert 8 <= arena.packets[ASK] <= 25


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (ASK, None),
        (ASK, ["b", 1, 1, 1]),
        (ASK, ["", 1, 1, 1, 1]),
        (ASK, ["b", 1, 1, -1, 1]),
        (ASK, ["b", 1, 1, 1.5, 1]),
        (LEND, [1, 1, 1]),
        (LEND, "x"),
        (RENEW, [1, 2]),
        (BACK, [1]),
        (BACK, {}),
        ("lending.steal", [1]),
    ],
)
def test_a_packet_that_makes_no_sense_is_refused_and_changes_nothing(kind: str, body: object) -> None:
    lender, borrower = two()
    borrow(lender, borrower, 3, 0.0)
    effects = lender.receive(B, kind, body, 1.0)

    assert [type(effect) for effect in effects] == [Refused]
    assert lender.lent == 3


@given(st.sampled_from([ASK, LEND, RENEW, BACK]), st.lists(st.one_of(st.integers(), st.text(max_size=3)), max_size=5))
def test_no_packet_makes_more_units_than_there_are(kind: str, body: list[object]) -> None:
    lender, borrower = two()
    borrow(lender, borrower, 3, 0.0)
    lender.receive(B, kind, body, 0.5)

    assert lender.held + lender.lent <= 10


@pytest.mark.parametrize(("owned", "wanted"), [(-1, 0), (1.5, 0), (1, -1), (1, 1 << 31)])
def test_units_are_whole_numbers_that_are_not_negative(owned: int, wanted: int) -> None:
    with pytest.raises(ValueError, match="a whole number"):
        Lending(A, random.Random(0), 0.0, owned).want(wanted, 0.0)


@pytest.mark.parametrize(
    ("field", "value"), [("duration", 0.0), ("margin", -0.1), ("patience", math.nan), ("fanout", 0), ("reach", 0)]
)
def test_a_config_that_makes_no_sense_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"LendingConfig.{field}"):
        LendingConfig(**{field: value})  # type: ignore[arg-type]
