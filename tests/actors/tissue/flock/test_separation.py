"""Separation: places on a circle come to even gaps, periodic jobs fall apart, and stay so when cells come and go."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing import topology
from actors.testing.network import Network
from actors.tissue.core import Refused
from actors.tissue.flock.separation import Separation
from tests.actors.tissue.fields.kit import Alone, Sheet, cell, hear, of, turn


def jobs(place: float | None = None) -> Any:
    return lambda pid: {"flush": Separation(60.0, random.Random(str(pid)), place=place)}


def gaps(sheet: Sheet) -> list[float]:
    places = sorted(sheet.blocks[name]["flush"].place for name in sheet.arena.cells)
    return [(later - earlier) % 60.0 for earlier, later in zip(places, [*places[1:], places[0]], strict=True)]


@pytest.mark.parametrize("place", [None, 0.0, 59.9], ids=["anywhere", "all at the start", "all at the end"])
@pytest.mark.parametrize("n", [2, 3, 8])
def test_the_gaps_of_cells_that_see_each_other_become_even(n: int, place: float | None) -> None:
    sheet = Sheet(topology.complete(n), blocks=jobs(place))
    sheet.rounds(8 * n * n)

    assert gaps(sheet) == pytest.approx([60.0 / n] * n, rel=0.05)


def test_loss_of_packets_does_not_keep_them_together() -> None:
    sheet = Sheet(topology.complete(5), blocks=jobs(0.0), network=Network(1, loss=0.2))
    sheet.rounds(250)

    assert min(gaps(sheet)) > 0.8 * 12.0


def test_when_one_dies_the_others_close_the_gap() -> None:
    sheet = Sheet(topology.complete(4), blocks=jobs())
    sheet.rounds(120)
    sheet.kill("c2")
    sheet.rounds(120)

    assert gaps(sheet) == pytest.approx([20.0] * 3, rel=0.05)


def test_neighbours_in_a_sparse_graph_come_apart() -> None:
    sheet = Sheet(topology.ring(12), blocks=jobs(0.0))
    sheet.rounds(200)

    assert min(blocks["flush"].gap for blocks in sheet.blocks.values()) > 10.0


def test_the_middle_is_taken_around_the_circle() -> None:
    block = Separation(10.0, random.Random(0), place=9.0, alpha=1.0)
    block.hear("a", 1.0, 0.0)
    block.hear("b", 5.0, 0.0)

    assert block.turn(Alone(), 0.0) == 8.0
    assert block.gap == 3.0


def test_alone_it_stays_where_it_is() -> None:
    block = Separation(10.0, random.Random(0), place=3.0)

    assert (block.turn(Alone(), 0.0), block.gap) == (3.0, 10.0)


@given(st.floats(0.0, 9.99), st.floats(0.0, 1e6))
def test_the_next_moment_falls_on_the_place_and_is_within_a_period(place: float, moment: float) -> None:
    block = Separation(10.0, random.Random(0), place=place)

    after = block.next_after(moment)

    assert moment < after <= moment + 10.0 + 1e-6
    assert abs(math.remainder(after - block.place, 10.0)) < 1e-6


@pytest.mark.parametrize("bad", [None, "1", -1.0, 60.0, math.nan, [1.0]])
def test_a_place_that_makes_no_sense_is_refused(bad: Any) -> None:
    fields = cell("a")
    block = Separation(60.0, random.Random(0), place=3.0)
    fields.install("flush", block, 0.0)

    effects = hear(fields, "a", blocks={"flush": bad})
    turn(fields)

    assert len(of(effects, Refused)) == 1
    assert block.place == 3.0


@pytest.mark.parametrize(
    ("field", "options"), [("size", {"size": 0.0}), ("alpha", {"alpha": 0.0}), ("alpha", {"alpha": 2})]
)
def test_a_constant_that_makes_no_sense_is_refused_by_name(field: str, options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"Separation.{field} "):
        Separation(options.pop("size", 1.0), random.Random(0), **options)


def test_a_place_outside_is_taken_around() -> None:
    assert Separation(10.0, random.Random(0), place=23.0).place == 3.0
    assert Pid("a", 1).name == "a"
