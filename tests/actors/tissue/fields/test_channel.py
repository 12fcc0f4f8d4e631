"""A corridor holds the cells on ways that are short enough, and moves when one is cut."""

from __future__ import annotations

import networkx as nx
import pytest

from actors.testing import topology
from actors.tissue.fields.channel import Channel

from .kit import Sheet


def corridor(width: float, graph: topology.Graph, here: str, there: str) -> Sheet:
    sheet = Sheet(graph, blocks=lambda pid: {"corridor": Channel("here", "there", width=width)})
    sheet.emit(here, field="here")
    sheet.emit(there, field="there")
    sheet.rounds(30)
    return sheet


def inside(sheet: Sheet) -> set[str]:
    return {name for name in sheet.arena.cells if sheet.blocks[name]["corridor"].is_inside}


def wanted(sheet: Sheet, here: str, there: str, width: float) -> set[str]:
    graph = nx.Graph(
        (name, other) for name in sheet.arena.cells for other in sheet.graph[name] if other in sheet.arena.cells
    )
    to_here = nx.single_source_shortest_path_length(graph, here)
    to_there = nx.single_source_shortest_path_length(graph, there)
    return {name for name in graph if to_here[name] + to_there[name] <= to_here[there] + width}


@pytest.mark.parametrize("width", [0.0, 1.0, 2.0, 4.0])
def test_a_corridor_is_all_ways_that_are_longer_by_its_width_at_most(width: float) -> None:
    sheet = corridor(width, topology.grid(6, 6), "c7", "c10")

    assert inside(sheet) == wanted(sheet, "c7", "c10", width)


def test_it_leads_around_what_has_died() -> None:
    sheet = corridor(0.0, topology.grid(5, 5), "c10", "c14")
    before = inside(sheet)
    sheet.kill("c12")
    sheet.rounds(20)

    assert before == {"c10", "c11", "c12", "c13", "c14"}
    assert inside(sheet) == wanted(sheet, "c10", "c14", 0.0) > {"c10", "c14"}


@pytest.mark.parametrize("end", ["here", "there"])
def test_without_one_of_its_ends_there_is_none(end: str) -> None:
    sheet = corridor(2.0, topology.grid(3, 3), "c0", "c8")
    sheet.retract("c0" if end == "here" else "c8", field=end)
    sheet.rounds(10)

    assert inside(sheet) == set()


def test_a_width_is_not_negative() -> None:
    with pytest.raises(ValueError, match="width"):
        Channel("here", "there", width=-1.0)
