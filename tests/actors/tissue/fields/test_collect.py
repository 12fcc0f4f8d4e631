"""C: at rest what comes together at a source is exactly what its region has, by one way or by all."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing import topology
from actors.testing.network import Network
from actors.testing.topology import Graph
from actors.tissue.core import Refused
from actors.tissue.fields.block import Block, Reading
from actors.tissue.fields.collect import Collect, greatest, least, total, union

from .kit import Alone, Sheet, cell, hear, of, turn, word

GRAPHS: dict[str, Graph] = {
    "line": topology.line(9),
    "grid": topology.grid(4, 5),
    "regular": topology.regular(20, 4, 1),
    "barbell": topology.barbell(5),
}

each_graph = pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS.keys())


def have(number: float) -> Any:
    """Every cell has its number times that."""

    def blocks(pid: Pid) -> dict[str, Block[Any]]:
        made = {
            "one way": total("x"),
            "all ways": total("x", is_single=False),
            "greatest": greatest("x"),
            "least": least("x"),
        }
        for block in made.values():
            block.put(int(pid.name[1:]) * number)
        return {**made}

    return blocks


@each_graph
def test_at_rest_the_source_has_the_sum_the_greatest_and_the_least(graph: Graph) -> None:
    sheet = Sheet(graph, blocks=have(3))
    sheet.emit("c1")
    sheet.rounds(40)
    numbers = [3 * i for i in range(len(graph))]

    found = {name: block.get() for name, block in sheet.blocks["c1"].items()}

    assert found["one way"] == sum(numbers)
    assert found["all ways"] == pytest.approx(sum(numbers), rel=1e-9)
    assert (found["greatest"], found["least"]) == (max(numbers), min(numbers))


def test_each_of_two_sources_has_its_own_region() -> None:
    sheet = Sheet(topology.line(10), blocks=have(1))
    sheet.emit("c0", "c9")
    sheet.rounds(20)

    assert [sheet.blocks[name]["one way"].get() for name in ("c0", "c9")] == [0 + 1 + 2 + 3 + 4, 5 + 6 + 7 + 8 + 9]


@settings(max_examples=10)
@given(st.integers(0, 1 << 20))
def test_after_any_deaths_and_loss_the_sum_is_that_of_those_who_are_connected(seed: int) -> None:
    rng = random.Random(seed)
    sheet = Sheet(topology.grid(4, 4), blocks=have(1), seed=seed, network=Network(seed, loss=0.3))
    sheet.emit("c0")
    sheet.rounds(10)
    sheet.kill(*rng.sample([f"c{i}" for i in range(1, 16)], 5))
    sheet.rounds(5)
    sheet.arena.network.loss = 0.0
    sheet.rounds(40)
    connected = [int(name[1:]) for name, value in sheet.truth("c0").items() if value < math.inf]

    assert sheet.blocks["c0"]["one way"].get() == sum(connected)
    assert sheet.blocks["c0"]["all ways"].get() == pytest.approx(sum(connected), rel=1e-9)
    assert sheet.blocks["c0"]["greatest"].get() == max(connected)


def test_which_values_there_are() -> None:
    def blocks(pid: Pid) -> dict[str, Block[Any]]:
        block = union("x", limit=4)
        block.put([f"v{int(pid.name[1:]) % 3}"])
        return {"versions": block}

    sheet = Sheet(topology.grid(3, 3), blocks=blocks)
    sheet.emit("c4")
    sheet.rounds(20)

    assert sheet.blocks["c4"]["versions"].get() == ["v0", "v1", "v2"]


def test_of_more_values_than_the_limit_those_that_sort_first_are_kept() -> None:
    block = union("x", limit=3)
    block.put([5, "b", None])
    block.hear("a", block.read(Pid("a", 1), [None, 2.0, [[1, "a", 2.5]]]), 0.0)

    block.turn(Alone(Reading(0.0, None), ["a"]), 0.0)

    assert block.get() == [None, 2.5, 1]


def test_a_cell_that_has_nothing_passes_on_what_others_have() -> None:
    sheet = Sheet(topology.line(3), blocks=have(1))
    sheet.emit("c0")
    sheet.blocks["c1"]["one way"].withdraw()
    sheet.rounds(10)

    assert sheet.blocks["c0"]["one way"].get() == 2


def test_without_a_source_nothing_comes_together() -> None:
    sheet = Sheet(topology.line(3), blocks=have(1))
    sheet.emit("c0")
    sheet.rounds(10)
    sheet.retract("c0")
    sheet.rounds(10)

    assert {blocks["one way"].get("none") for blocks in sheet.blocks.values()} == {"none"}


def test_with_all_ways_the_share_of_each_nearer_neighbour_is_the_same() -> None:
    block = total("x", is_single=False)
    block.put(6)
    for name, distance in (("a", 1.0), ("b", 1.0), ("c", 1.5), ("d", 2.0), ("e", 3.0)):
        block.hear(name, block.read(Pid(name, 1), [None, distance, [3] if distance > 2 else []]), 0.0)

    told = block.turn(Alone(Reading(2.0, "a"), ["a", "b", "c", "d", "e"]), 0.0)

    assert told == [None, 2.0, [3.0]]


def test_a_sum_beyond_all_bounds_is_not_said() -> None:
    block = total("x")
    block.put(1e308)
    block.hear("a", block.read(Pid("a", 1), ["me", 2.0, [1e308]]), 0.0)

    told = block.turn(Alone(Reading(1.0, "b"), ["a", "b"]), 0.0)

    assert told == ["b", 1.0, []]


def test_what_is_combined_is_up_to_the_user() -> None:
    block = Collect("x", lambda some, other: some * other)
    block.put(3)
    block.hear("a", block.read(Pid("a", 1), ["me", 1.0, [5]]), 0.0)
    block.turn(Alone(Reading(0.0, None), ["a"]), 0.0)

    assert block.get() == 15


@pytest.mark.parametrize(
    "bad",
    [None, 3, [], ["me", 1.0], ["me", 1.0, [1, 2]], [7, 1.0, []], ["me", -1.0, []], ["me", 1.0, ["a"]], ["me", 1.0, 5]],
)
def test_a_word_that_makes_no_sense_is_refused(bad: Any) -> None:
    fields = cell("a")
    block = total("x")
    fields.install("sum", block, 0.0)
    fields.emit("x", 0.0)

    effects = hear(fields, "a", {"x": word("a", "me", distance=1.0)}, blocks={"sum": bad})
    turn(fields)

    assert len(of(effects, Refused)) == 1
    assert block.get("none") == "none"
