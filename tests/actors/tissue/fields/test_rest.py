"""Fields that rest: little is said while nothing is new, and no less when something is."""

from __future__ import annotations

import math

import pytest

from actors.testing import topology
from actors.testing.network import Network
from actors.tissue.fields.config import FieldConfig
from actors.tissue.fields.field import ROUND

from .kit import Sheet

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
