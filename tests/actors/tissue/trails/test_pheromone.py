"""Pheromone: averaged, fading when it is read, wiped by death, and never a share of more than all."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.trails.config import TrailsConfig
from actors.tissue.trails.pheromone import Pheromone

CONFIG = TrailsConfig()


def test_the_first_cost_is_taken_and_later_ones_are_averaged_in() -> None:
    pheromone = Pheromone(CONFIG)

    pheromone.reinforce("z", "b", 4.0, 0.0)
    first = pheromone.level("z", "b", 0.0)
    pheromone.reinforce("z", "b", 2.0, 0.0)

    assert first == 1 / 4
    assert pheromone.level("z", "b", 0.0) == pytest.approx(0.7 / 4 + 0.3 / 2)


@given(st.floats(1, 100), st.integers(1, 300))
def test_however_often_a_way_is_walked_its_trail_is_the_inverse_of_its_cost(cost: float, walks: int) -> None:
    pheromone = Pheromone(CONFIG)

    for _ in range(walks):
        pheromone.reinforce("z", "b", cost, 0.0)

    assert pheromone.level("z", "b", 0.0) == pytest.approx(max(CONFIG.floor, 1 / cost))


def test_what_an_ant_finds_is_believed_where_nothing_was_known_and_where_it_is_no_worse() -> None:
    pheromone = Pheromone(CONFIG)
    levels = []
    for cost in (8.0, 4.0, 20.0):
        pheromone.discover("z", "b", cost, 0.0)
        levels.append(pheromone.level("z", "b", 0.0))

    pheromone.discover("z", "b", 20.0, 3600.0)

    assert levels == pytest.approx([1 / 8, 1 / 4, 1 / 4])
    assert pheromone.level("z", "b", 3600.0) == pytest.approx(1 / 20)


def test_what_is_presumed_of_a_newcomer_or_wiped_is_not_said_to_have_been_walked() -> None:
    pheromone = Pheromone(CONFIG)
    pheromone.reinforce("z", "b", 4.0, 1.0)
    pheromone.reinforce("z", "c", 5.0, 2.0)
    pheromone.welcome("d", ["b", "c"], 3.0)

    both, other = pheromone.walked("z", ["b", "c", "d"], 3.0), pheromone.walked("z", ["c", "d"], 3.0)
    pheromone.wipe("b", 4.0)

    assert both == ("b", 4.0, 1.0)
    assert other == ("c", 5.0, 2.0)
    assert pheromone.walked("z", ["b", "d"], 4.0) is None
    assert pheromone.walked("y", ["b"], 4.0) is None


def test_a_trail_that_nobody_walks_fades_by_half_in_a_half_life_down_to_the_floor() -> None:
    pheromone = Pheromone(CONFIG)
    pheromone.reinforce("z", "b", 2.0, 0.0)

    levels = [pheromone.level("z", "b", age) for age in (0.0, 30.0, 60.0, 3600.0)]

    assert levels == pytest.approx([0.5, 0.25, 0.125, CONFIG.floor])


def test_a_clock_that_goes_back_does_not_make_trails_stronger() -> None:
    pheromone = Pheromone(CONFIG)
    pheromone.reinforce("z", "b", 2.0, 100.0)

    assert pheromone.level("z", "b", 0.0) == 0.5


def test_what_is_unknown_is_at_the_floor() -> None:
    pheromone = Pheromone(CONFIG)

    assert pheromone.level("z", "b", 0.0) == CONFIG.floor
    assert not pheromone.is_known("z", "b")


def test_the_trails_of_a_dead_hop_are_at_the_floor_at_once_and_those_of_others_are_not() -> None:
    pheromone = Pheromone(CONFIG)
    for to in ("y", "z"):
        for hop in ("b", "c"):
            pheromone.reinforce(to, hop, 2.0, 0.0)

    pheromone.wipe("b", 1.0)

    assert [pheromone.level(to, "b", 1.0) for to in ("y", "z")] == [CONFIG.floor] * 2
    assert [pheromone.level(to, "c", 0.0) for to in ("y", "z")] == [0.5] * 2


def test_one_that_is_new_or_back_begins_at_the_median_of_the_others_neither_at_nothing_nor_where_it_was() -> None:
    pheromone = Pheromone(CONFIG)
    for hop, cost in (("b", 1.0), ("c", 2.0), ("d", 4.0), ("e", 10.0)):
        pheromone.reinforce("z", hop, cost, 0.0)

    pheromone.welcome("b", ["b", "c", "d", "e"], 0.0)

    assert pheromone.level("z", "b", 0.0) == 1 / 4


def test_the_table_holds_so_many_destinations_and_forgets_those_that_were_not_walked_to_the_longest() -> None:
    pheromone = Pheromone(replace(CONFIG, max_destinations=3))
    for to in ("v", "w", "x", "v", "y"):
        pheromone.reinforce(to, "b", 2.0, 0.0)

    assert len(pheromone) == 3
    assert [pheromone.is_known(to, "b") for to in "vwxy"] == [True, False, True, True]


COSTS = st.dictionaries(st.sampled_from("bcdefgh"), st.floats(0.5, 1e6), min_size=1)


@given(COSTS, st.floats(0, 40), st.floats(0, 1e6))
def test_probabilities_add_up_to_1_and_every_hop_has_one(costs: dict[str, float], exponent: float, age: float) -> None:
    pheromone = Pheromone(CONFIG)
    for hop, cost in costs.items():
        pheromone.reinforce("z", hop, cost, 0.0)

    probabilities = pheromone.probabilities("z", sorted(costs), exponent, age)

    assert math.fsum(probabilities) == pytest.approx(1.0)
    assert all(each > 0 for each in probabilities)


@given(COSTS, st.floats(0.1, 40))
def test_the_cheaper_of_two_is_the_more_likely(costs: dict[str, float], exponent: float) -> None:
    pheromone = Pheromone(CONFIG)
    for hop, cost in costs.items():
        pheromone.reinforce("z", hop, cost, 0.0)
    hops = sorted(costs, key=lambda hop: costs[hop])

    probabilities = pheromone.probabilities("z", hops, exponent, 0.0)

    assert probabilities == sorted(probabilities, reverse=True)


def test_probabilities_are_levels_to_the_power_of_the_exponent() -> None:
    pheromone = Pheromone(CONFIG)
    pheromone.reinforce("z", "b", 1.0, 0.0)
    pheromone.reinforce("z", "c", 2.0, 0.0)

    two = pheromone.probabilities("z", ["b", "c"], 2.0, 0.0)
    twenty = pheromone.probabilities("z", ["b", "c"], 20.0, 0.0)
    halved = pheromone.probabilities("z", ["b", "c"], 1.0, 0.0, [0.5, 1.0])

    assert two == pytest.approx([0.8, 0.2])
    assert twenty == pytest.approx([1.0, 2**-20], rel=1e-5)
    assert halved == pytest.approx([0.5, 0.5])


def test_hops_are_chosen_as_often_as_their_probability_says() -> None:
    pheromone, rng = Pheromone(CONFIG), random.Random(1)
    pheromone.reinforce("z", "b", 1.0, 0.0)
    pheromone.reinforce("z", "c", 2.0, 0.0)

    chosen = Counter(pheromone.choose("z", ["b", "c"], 2.0, 0.0, rng) for _ in range(20_000))

    assert chosen["b"] / 20_000 == pytest.approx(0.8, abs=0.01)


def test_only_one_is_chosen_without_a_throw() -> None:
    pheromone, rng = Pheromone(CONFIG), random.Random(1)
    before = rng.getstate()

    assert pheromone.choose("z", ["b"], 2.0, 0.0, rng) == "b"
    assert rng.getstate() == before
