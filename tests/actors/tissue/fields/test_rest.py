"""Fields that rest: little is said while nothing is new, and no less when something is."""

from __future__ import annotations

import math

import pytest

from actors.messages import Pid
from actors.testing import topology
from actors.testing.network import Network
from actors.tissue.fields.block import ROUND
from actors.tissue.fields.config import FieldConfig

from .kit import Sheet, cell, hear, said, turn, word

RESTING = FieldConfig(rest=4.0)


def test_a_sheet_at_rest_speaks_once_a_rest() -> None:
    sheet = Sheet(topology.grid(4, 4), config=RESTING)
    sheet.emit("c0")
    sheet.rounds(60)
    before = sheet.arena.packets[ROUND]

    sheet.rounds(200)  # 40 s

    degrees = sum(map(len, sheet.graph.values()))
    assert (sheet.arena.packets[ROUND] - before) / degrees == pytest.approx(10, abs=1)


@pytest.mark.parametrize(("loss", "config"), [(0.0, RESTING), (0.3, FieldConfig(rest=1.0, expiry=8.0))])
@pytest.mark.parametrize("seed", range(5))
def test_a_resting_sheet_equals_dijkstra_after_each_change(seed: int, loss: float, config: FieldConfig) -> None:
    sheet = Sheet(topology.regular(24, 4, seed), seed=seed, config=config, network=Network(seed, loss=loss))
    sheet.emit("c0", "c5")
    sheet.rounds(200)
    assert sheet.is_true("c0", "c5")

    sheet.retract("c0")
    sheet.rounds(200)
    assert sheet.is_true("c5")

    sheet.kill("c7", told=True)
    sheet.rounds(200)
    assert sheet.is_true("c5")


def test_news_travels_as_fast_through_a_sheet_at_rest() -> None:
    reached = []
    for config in (FieldConfig(), RESTING):
        sheet = Sheet(topology.line(20), config=config)
        sheet.emit("c19", field="other")
        sheet.rounds(100)
        sheet.emit("c0")
        rounds = 0
        while sheet.arena.cells["c19"].field("x").distance == math.inf:
            sheet.rounds(1)
            rounds += 1
        reached.append(rounds)

    assert reached[1] <= reached[0] * 1.5 + 2


def test_a_neighbour_that_dies_unseen_is_missed_after_three_rests() -> None:
    sheet = Sheet(topology.line(3), config=RESTING)
    sheet.emit("c0")
    sheet.rounds(60)

    sheet.kill("c0")
    sheet.arena.run(sheet.arena.now + 3 * RESTING.silence)

    assert sheet.arena.cells["c2"].field("x").distance == math.inf


def test_news_is_told_as_often_as_is_set_before_a_cell_rests() -> None:
    told = []
    for repeats in (1, 3):
        fields = cell("a", config=FieldConfig(repeats=repeats, rest=20.0))
        fields.emit("x", 0.0)
        told.append(sum(len(said(turn(fields, now * 0.25))) for now in range(1, 40)))

    assert told == [1, 3]


def test_the_successor_of_a_dead_neighbour_is_told_although_nothing_is_new() -> None:
    fields = cell("a", config=FieldConfig(repeats=1, rest=20.0))
    fields.emit("x", 0.0)
    turn(fields)
    hear(fields, "a", {"x": word("a", "me", distance=1.0)}, 0.3)
    turn(fields, 0.6)

    fields.died(Pid("a", 1), 1.0)

    assert fields.due <= 1.2
    assert "a" in said(turn(fields))
