"""G: everybody has the word of the nearest source, changed by the way it came."""

from __future__ import annotations

import math
from typing import Any

import pytest

from actors.messages import Pid
from actors.testing import topology
from actors.tissue.core import Refused
from actors.tissue.fields.block import Reading
from actors.tissue.fields.broadcast import Broadcast

from .kit import Alone, Sheet, cell, hear, of, turn, word


def test_everybody_has_the_word_of_the_nearest_source() -> None:
    sheet = Sheet(topology.line(10), blocks=lambda pid: {"news": Broadcast("x", f"from {pid.name}")})
    sheet.emit("c0", "c9")
    sheet.rounds(15)

    heard = [sheet.blocks[name]["news"].get() for name in sheet.graph]

    assert heard == ["from c0"] * 5 + ["from c9"] * 5


def test_a_new_word_replaces_the_old_one_everywhere() -> None:
    sheet = Sheet(topology.grid(4, 4), blocks=lambda pid: {"news": Broadcast("x", 1)})
    sheet.emit("c0")
    sheet.rounds(15)
    sheet.blocks["c0"]["news"].put(2)
    sheet.rounds(10)

    assert {blocks["news"].get() for blocks in sheet.blocks.values()} == {2}


def test_when_the_source_dies_the_next_one_is_heard() -> None:
    sheet = Sheet(topology.line(6), blocks=lambda pid: {"news": Broadcast("x", pid.name)})
    sheet.emit("c0", "c5")
    sheet.rounds(15)
    sheet.kill("c0")
    sheet.rounds(15)

    assert {blocks["news"].get() for name, blocks in sheet.blocks.items() if name != "c0"} == {"c5"}


def test_without_a_source_there_is_no_word() -> None:
    sheet = Sheet(topology.line(4), blocks=lambda pid: {"news": Broadcast("x", 1)})
    sheet.emit("c0")
    sheet.rounds(10)
    sheet.retract("c0")
    sheet.rounds(10)

    assert {blocks["news"].get("none") for blocks in sheet.blocks.values()} == {"none"}


def test_a_value_may_change_on_every_link() -> None:
    def fall(value: float, distance: float) -> float:
        return value * math.pow(0.5, distance)

    sheet = Sheet(topology.line(4), blocks=lambda pid: {"level": Broadcast("x", 8.0, step=fall)})
    sheet.emit("c0")
    sheet.rounds(10)

    assert [blocks["level"].get() for blocks in sheet.blocks.values()] == [8.0, 4.0, 2.0, 1.0]


def test_a_step_that_comes_to_something_that_cannot_be_said_says_nothing() -> None:
    block = Broadcast("x", 1.0, step=lambda value, distance: value * 1e308 * 10)
    block.hear("a", block.read(Pid("a", 1), [5.0]), 0.0)

    told = block.turn(Alone(Reading(1.0, "a"), ["a"]), 0.0)

    assert (told, block.get("none")) == (None, "none")


@pytest.mark.parametrize("value", [math.nan, ["a list"], "x" * 5000])
def test_what_neighbours_would_refuse_cannot_be_put(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        Broadcast("x").put(value)


@pytest.mark.parametrize("bad", [None, 3, [], [1, 2], [math.nan], ["x" * 5000], [[1]], {"a": 1}])
def test_a_word_that_makes_no_sense_is_refused(bad: Any) -> None:
    fields = cell("a")
    block = Broadcast("x")
    fields.install("news", block, 0.0)

    effects = hear(fields, "a", {"x": word("a")}, blocks={"news": bad})
    turn(fields)

    assert len(of(effects, Refused)) == 1
    assert (block.get("none"), fields.field("x").distance) == ("none", 1.0)
