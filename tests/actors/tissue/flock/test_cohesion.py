"""Cohesion: values come together, newcomers start among them, and liars move nobody out of where the honest are."""

from __future__ import annotations

import math
import random
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing import topology
from actors.tissue.core import Refused
from actors.tissue.fields.block import Around
from actors.tissue.flock.cohesion import Cohesion, central
from tests.actors.tissue.fields.kit import Alone, Sheet, cell, hear, of, turn


def values(sheet: Sheet) -> dict[str, float]:
    return {name: sheet.blocks[name]["batch"].value for name in sheet.arena.cells}


def start(pid: Pid) -> float:
    return float(int(pid.name[1:]) * 37 % 100)


@pytest.mark.parametrize(("n", "spread"), [(24, 10.0), (6, 1e-3)], ids=["few neighbours", "all neighbours"])
def test_values_come_together_among_those_they_started_at(n: int, spread: float) -> None:
    sheet = Sheet(topology.regular(n, 5, 1), blocks=lambda pid: {"batch": Cohesion(start(pid))})
    starts = values(sheet).values()
    sheet.rounds(60)

    ends = values(sheet).values()

    assert max(ends) - min(ends) < spread < (max(starts) - min(starts)) / 9
    assert min(starts) <= min(ends) <= max(ends) <= max(starts)


def test_a_newcomer_starts_at_the_median_of_its_neighbours() -> None:
    def born(pid: Pid) -> dict[str, Any]:
        return {"batch": Cohesion(None if pid.incarnation > 1 else 64.0)}

    sheet = Sheet(topology.complete(5), blocks=born)
    sheet.rounds(5)
    sheet.kill("c3")
    sheet.add("c3")
    sheet.rounds(3)

    assert values(sheet)["c3"] == 64.0


def test_no_step_is_longer_than_the_longest() -> None:
    block = Cohesion(0.0, max_step=2.0)
    for name in "abc":
        block.hear(name, 100.0, 0.0)

    told = [block.turn(Alone(), 0.0) for _ in range(3)]

    assert told == [2.0, 4.0, 6.0]


class Liar(Cohesion):
    """Says anything, once it is among many."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(45.0)
        self._rng = rng

    def turn(self, around: Around, now: float) -> Any:
        return 45.0 if now < 1.0 else self._rng.choice([1e9, -1e9, 99.9, 0.1, 1e308, 60.0])


@settings(max_examples=10)
@given(st.integers(0, 1 << 20))
def test_liars_move_nobody_out_of_the_range_of_the_honest(seed: int) -> None:
    """Two of nine in every neighbourhood, which is fewer than a quarter."""

    def born(pid: Pid) -> dict[str, Any]:
        is_liar = pid.name in ("c0", "c1")
        return {"batch": Liar(random.Random(seed)) if is_liar else Cohesion(40.0 + start(pid) / 10)}

    sheet = Sheet(topology.complete(9), seed=seed, blocks=born)
    honest = [name for name in sheet.graph if name not in ("c0", "c1")]
    began = [40.0 + start(sheet.arena.pid(name)) / 10 for name in honest]
    for _ in range(20):
        sheet.rounds(1)
        assert all(min(began) <= values(sheet)[name] <= max(began) for name in honest)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.data())
def test_with_fewer_than_a_quarter_of_liars_the_centre_is_among_the_honest(honest: list[float], data: Any) -> None:
    most = (len(honest) - 1) // 3
    lies = data.draw(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=most))

    assert min(honest) <= central([*honest, *lies]) <= max(honest)


def test_who_is_far_off_is_passed_over() -> None:
    assert central([1.0, 2.0, 3.0, 4.0, 1000.0]) == 2.5
    assert central([7.0]) == 7.0
    assert median([1.0, 2.0, 3.0, 4.0, 1000.0]) == 3.0


def test_no_values_have_no_centre() -> None:
    with pytest.raises(ValueError, match="no values"):
        central([])


def test_a_cell_alone_stays_where_it_is() -> None:
    block = Cohesion(5.0)
    newborn = Cohesion()

    assert [block.turn(Alone(), 0.0), newborn.turn(Alone(), 0.0), newborn.value] == [5.0, None, None]


@pytest.mark.parametrize("bad", [None, "1", math.inf, math.nan, True, [1.0]])
def test_a_value_that_makes_no_sense_is_refused(bad: Any) -> None:
    fields = cell("a")
    block = Cohesion(3.0)
    fields.install("batch", block, 0.0)

    effects = hear(fields, "a", blocks={"batch": bad})
    turn(fields)

    assert len(of(effects, Refused)) == 1
    assert block.value == 3.0


@pytest.mark.parametrize(("field", "value"), [("rate", 0.0), ("rate", 1.5), ("max_step", 0.0), ("mads", -1.0)])
def test_a_constant_that_makes_no_sense_is_refused_by_name(field: str, value: float) -> None:
    options: dict[str, Any] = {field: value}

    with pytest.raises(ValueError, match=f"Cohesion.{field} "):
        Cohesion(1.0, **options)


def test_no_values_however_great_come_to_infinity() -> None:
    block = Cohesion(-1.7e308, rate=1.0)
    for name in "abc":
        block.hear(name, 1.7e308, 0.0)

    block.turn(Alone(), 0.0)

    assert block.value is not None
    assert math.isfinite(block.value)
