"""A sum to which all add: one slot an incarnation, so that nothing is counted twice."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.crdt.counters import KEPT_LIVES, PNCounter
from actors.tissue.crdt.dotted import TooMuch
from actors.tissue.plain import NUMBER_LIMIT, pack

from .kit import A, B, C, joined


def life(number: int) -> Pid:
    return Pid("a", number)


def test_all_add_and_everybody_comes_to_the_sum() -> None:
    here, there = PNCounter(A), PNCounter(B)
    here.add(5)
    here.add(-2)
    there.add(10)

    assert joined(here, there).value == joined(there, here).value == int(joined(here, there)) == 13


def test_nothing_counted_is_nothing_changed() -> None:
    counter = PNCounter(A)

    assert not counter.add(0)
    assert counter.value == 0


def test_a_life_has_one_slot_however_often_it_counts() -> None:
    counter = PNCounter(A)
    for _ in range(1000):
        counter.add(1)

    assert (counter.value, len(counter.entries)) == (1000, 1)


def test_an_increment_that_turns_up_after_its_life_is_counted_once() -> None:
    """The successor had heard of 5 of the 7 that its predecessor had counted, and has gone on."""
    first, sibling, second = PNCounter(life(1)), PNCounter(B), PNCounter(life(2))
    sibling.merge(first.add(5))
    unsynced = first.add(2)
    second.merge(sibling)
    second.add(10)

    assert second.value == 15
    sibling.merge(second)
    sibling.merge(unsynced)
    sibling.merge(unsynced)
    assert sibling.value == 17


def test_a_place_costs_two_entries_however_many_lives_it_has_had() -> None:
    sibling, sizes = PNCounter(B), []
    for number in range(1, 4 * KEPT_LIVES):
        counter = PNCounter(life(number))
        counter.merge(sibling)
        sibling.merge(counter.add(3))
        sibling.merge(counter.add(-1))
        sizes.append(len(pack(sibling.encode()[1])))

        assert sibling.value == 2 * number
        assert len(sibling.entries) <= 2
    assert max(sizes[2 * KEPT_LIVES :]) <= max(sizes[: 2 * KEPT_LIVES]) + 16


def test_what_turns_up_of_a_life_that_is_far_back_is_not_counted() -> None:
    sibling, first = PNCounter(B), PNCounter(life(1))
    sibling.merge(first.add(1))
    for number in range(2, KEPT_LIVES + 3):
        counter = PNCounter(life(number))
        counter.merge(sibling)
        sibling.merge(counter.add(1))
    total = sibling.value

    sibling.merge(first.add(100))

    assert (total, sibling.value) == (KEPT_LIVES + 2, KEPT_LIVES + 2)


def test_what_turns_up_of_a_life_that_was_folded_is_counted_as_well() -> None:
    sibling, first = PNCounter(B), PNCounter(life(1))
    sibling.merge(first.add(1))
    unsynced = first.add(100)
    for number in range(2, KEPT_LIVES):
        counter = PNCounter(life(number))
        counter.merge(sibling)
        sibling.merge(counter.add(1))

    sibling.merge(unsynced)
    last = PNCounter(life(KEPT_LIVES))
    last.merge(sibling)
    sibling.merge(last.add(1))

    assert sibling.value == KEPT_LIVES + 100
    assert len(sibling.entries) == 2


Turn = tuple[int, int, bool, bool, int]


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(-5, 5), st.booleans(), st.booleans(), st.integers(0, 1))),
    st.randoms(use_true_random=False),
)
def test_lives_that_fold_each_other_on_two_sides_of_a_partition_count_each_exactly_once(
    story: list[Turn], rng: random.Random
) -> None:
    """Twelve lives of a place, in any order and several at a time, speak to one side or the other, or die unheard."""
    lives, sides = {number: PNCounter(life(number)) for number in range(1, 13)}, [PNCounter(B), PNCounter(C)]
    made, told, states = dict.fromkeys(lives, 0), dict.fromkeys(lives, 0), []
    for number, amount, hears, tells, side in story:
        if hears:
            lives[number].merge(sides[side])
        delta = lives[number].add(amount)
        made[number] += amount
        if tells:
            sides[side].merge(lives[number])
            told[number] = made[number]
            states.append(joined(sides[side], delta))
    rng.shuffle(states)
    both = joined(*sides)

    assert both.value == sum(told.values())
    assert joined(*states, *reversed(sides)) == both
    assert joined(*states, *reversed(sides)).entries == both.entries


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(-5, 5), st.booleans()), max_size=40))
def test_the_sum_never_exceeds_what_was_counted(story: list[tuple[int, int, bool]]) -> None:
    """Twelve lives that hear of each other now and then, and retire each other as they may."""
    lives = {number: PNCounter(life(number)) for number in range(1, 13)}
    hub, plus, minus = PNCounter(B), 0, 0
    for number, amount, hears in story:
        if hears:
            lives[number].merge(hub)
        hub.merge(lives[number].add(amount))
        plus, minus = plus + max(amount, 0), minus + max(-amount, 0)

        assert -minus <= hub.value <= plus
    both = joined(hub, *lives.values())
    assert both == joined(*lives.values(), hub)
    assert -minus <= both.value <= plus


@pytest.mark.parametrize("amount", [1.5, "1", None, True], ids=repr)
def test_a_counter_counts_whole_numbers(amount: Any) -> None:
    with pytest.raises(TypeError, match="whole numbers"):
        PNCounter(A).add(amount)


def test_a_slot_has_an_end() -> None:
    counter = PNCounter(A)
    counter.add(NUMBER_LIMIT - 1)

    with pytest.raises(TooMuch):
        counter.add(1)
    assert counter.value == NUMBER_LIMIT - 1


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [1],
        [1, 2, 3],
        [1, 2, 3, 4],
        [1, -1],
        [1, 1.0],
        [1, 1, 2, 0, 0],
        [0, 0, 0, [1, 1]],
        [0, 0, 0, [0, 1, 1]],
        [0, 0, 0, [2, 1, 1]],
    ],
    ids=repr,
)
def test_what_is_no_slot_is_not_read(raw: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        PNCounter(A).read(life(2), raw)
