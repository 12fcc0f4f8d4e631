"""Gradients without paths: CRF, BIS and the classic one, which heal at the speeds they are set to, or hardly."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing import topology
from actors.tissue.core import Refused
from actors.tissue.fields.config import FieldConfig, Variant
from actors.tissue.fields.distances import Distances, Told

from .kit import PERIOD, Sheet, cell, hear, of, said, turn

PLAIN = (Variant.CLASSIC, Variant.CRF, Variant.BIS)

each_variant = pytest.mark.parametrize("variant", PLAIN)


def sheet(variant: Variant, graph: topology.Graph, seed: int = 0, **options: Any) -> Sheet:
    return Sheet(graph, seed=seed, config=FieldConfig(variant=variant, **options))


@each_variant
def test_at_rest_the_value_is_the_distance(variant: Variant) -> None:
    cells = sheet(variant, topology.grid(5, 5))
    cells.emit("c0", "c23")
    cells.rounds(40)

    assert cells.is_true("c0", "c23")


@each_variant
def test_the_next_hops_lead_to_a_source(variant: Variant) -> None:
    cells = sheet(variant, topology.grid(4, 4))
    cells.emit("c0")
    cells.rounds(30)

    at, visited = "c15", ["c15"]
    while (onward := cells.arena.cells[at].toward("x", visited)) is not None:
        at = onward
        visited.append(at)

    assert (at, len(visited)) == ("c0", 7)


@each_variant
def test_a_message_is_not_handed_to_who_was_visited(variant: Variant) -> None:
    fields = cell("a", "b", config=FieldConfig(variant=variant))
    hear(fields, "a", {"x": [1.0]})
    hear(fields, "b", {"x": [2.0]})
    turn(fields)

    assert [fields.toward("x", visited) for visited in ((), ["a"], ["a", "b"])] == ["a", "b", None]


@each_variant
@settings(max_examples=8)
@given(seed=st.integers(0, 1 << 20))
def test_whatever_the_start_was_it_comes_to_rest_at_the_distance(variant: Variant, seed: int) -> None:
    cells = sheet(variant, topology.grid(4, 4), seed, raising_speed=25.0, information_speed=4.0)
    rng = random.Random(seed)
    cells.emit("c0")
    for name, fields in cells.arena.cells.items():
        gradient = fields._gradients.by_name.setdefault("x", fields._gradients.new(0.0))
        assert isinstance(gradient, Distances)
        gradient._value = rng.uniform(0, 9)
        for neighbour in cells.graph[name]:
            gradient._told[neighbour] = Told(rng.uniform(0, 9), rng.uniform(0, 9))
        fields._stir(0.0)
        cells.tell(name, lambda fields, now: [])
    cells.rounds(80)

    assert cells.is_true("c0")


def test_a_crf_without_a_source_rises_at_the_set_speed() -> None:
    cells = sheet(Variant.CRF, topology.ring(6), raising_speed=10.0)
    cells.emit("c0")
    cells.rounds(20)
    cells.kill("c0", told=True)
    cells.rounds(5)
    before = cells.values()

    cells.rounds(20)

    for name, value in cells.values().items():
        assert value - before[name] == pytest.approx(10.0 * 20 * PERIOD, rel=0.1)


def test_a_bis_without_a_source_rises_at_the_speed_of_information() -> None:
    cells = sheet(Variant.BIS, topology.ring(6), information_speed=10.0)
    cells.emit("c0")
    cells.rounds(20)
    cells.kill("c0", told=True)
    cells.rounds(10)
    before = cells.values()

    cells.rounds(20)

    for name, value in cells.values().items():
        assert value - before[name] == pytest.approx(10.0 * 20 * PERIOD, rel=0.1)


def test_a_classic_one_without_a_source_climbs_by_its_shortest_link() -> None:
    """The rising value problem: so it is there to be compared with."""
    ends = {"c2", "c3"}
    cells = Sheet(
        topology.line(6),
        lambda cell, neighbour: 0.01 if {cell, neighbour} == ends else 1.0,
        config=FieldConfig(variant=Variant.CLASSIC),
    )
    cells.emit("c0")
    cells.rounds(20)
    cells.kill("c0", told=True)
    cells.rounds(10)
    before = cells.values()

    cells.rounds(100)

    for name, value in cells.values().items():
        assert value - before[name] == pytest.approx(0.02 * 100, rel=0.2)


@each_variant
def test_beyond_the_horizon_a_field_that_lost_its_source_is_gone(variant: Variant) -> None:
    cells = sheet(variant, topology.ring(6), horizon=20.0)
    cells.emit("c0")
    cells.rounds(20)
    cells.retract("c0")

    cells.rounds(60)

    assert set(cells.values().values()) == {math.inf}
    assert all(fields.names == [] for fields in cells.arena.cells.values())


def test_a_source_that_ceased_does_not_jump() -> None:
    cells = sheet(Variant.CRF, topology.line(2))
    cells.emit("c0")
    cells.rounds(100)
    cells.retract("c0")
    cells.rounds(1)

    assert cells.reading("c0").distance <= 2.5


@each_variant
def test_a_cell_that_has_lost_all_its_neighbours_has_no_next_hop(variant: Variant) -> None:
    fields = cell("a", config=FieldConfig(variant=variant))
    hear(fields, "a", {"x": [1.0]})
    turn(fields)
    fields.died(Pid("a", 1), 0.3)

    assert (fields.field("x").next_hop, fields.toward("x")) == (None, None)


def test_bis_tells_how_old_its_news_is() -> None:
    fields = cell("a", "b", config=FieldConfig(variant=Variant.BIS))
    hear(fields, "a", {"x": [1.0, 0.3]}, 0.0)

    told = said(fields.tick(0.2))["b"][1]["x"]

    assert told == [2.0, pytest.approx(0.5)]


@each_variant
def test_a_reading_names_no_source(variant: Variant) -> None:
    fields = cell("a", config=FieldConfig(variant=variant))
    hear(fields, "a", {"x": [1.0]})
    turn(fields)

    reading = fields.field("x")

    assert (reading.distance, reading.next_hop, reading.source, reading.hops) == (2.0, "a", None, ())


@each_variant
@pytest.mark.parametrize("bad", [None, [], [1, 2, 3], ["1"], [-1.0], [math.nan], [True], {"a": 1}, 7, [10**400]])
def test_a_word_that_makes_no_sense_is_refused(variant: Variant, bad: Any) -> None:
    fields = cell("a", config=FieldConfig(variant=variant))

    effects = hear(fields, "a", {"x": bad})
    turn(fields)

    assert len(of(effects, Refused)) == 1
    assert not fields.field("x").is_reached
