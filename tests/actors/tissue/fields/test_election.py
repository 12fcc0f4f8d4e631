"""S: one outcome at rest, everybody with a leader within reach, and a new one soon after one dies."""

from __future__ import annotations

import math
import random
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing import topology
from actors.testing.network import Network
from actors.testing.topology import Graph
from actors.tissue.core import Refused
from actors.tissue.fields.block import Block
from actors.tissue.fields.collect import total
from actors.tissue.fields.election import Election
from actors.tissue.fields.gradients import Found

from .kit import LIFE, Sheet, cell, hear, of, turn


def strength(name: str) -> float:
    """Anything that is no order by name."""
    return float(int(name[1:]) * 7 % 5)


def electing(bound: float = math.inf) -> Any:
    def blocks(pid: Pid) -> dict[str, Block[Any]]:
        queue = total("leader")
        queue.put(1)
        return {"leader": Election(pid, strength(pid.name), bound=bound), "queue": queue}

    return blocks


def outcome(graph: Graph, alive: set[str], bound: float) -> dict[str, str]:
    """The strongest takes its whole reach, the strongest of those left over takes theirs among them, and so on."""
    leaders: dict[str, str] = {}
    left = nx.Graph()
    left.add_nodes_from(alive)
    left.add_edges_from((name, other) for name in alive for other in graph[name] if other in alive)
    for name in sorted(alive, key=lambda each: (-strength(each), each)):
        if name in leaders:
            continue
        taken = nx.single_source_shortest_path_length(left, name, None if bound == math.inf else int(bound))
        leaders |= dict.fromkeys(taken, name)
        left.remove_nodes_from(list(taken))
    return leaders


def elected(sheet: Sheet) -> dict[str, str]:
    return {name: sheet.blocks[name]["leader"].leader.name for name in sheet.arena.cells}


@pytest.mark.parametrize("bound", [1, 2, 3, math.inf])
@pytest.mark.parametrize(
    "graph", [topology.line(12), topology.grid(4, 5), topology.regular(20, 4, 2)], ids=["line", "grid", "regular"]
)
def test_at_rest_there_is_one_outcome(graph: Graph, bound: float) -> None:
    sheet = Sheet(graph, blocks=electing(bound))
    sheet.rounds(40)

    assert elected(sheet) == outcome(graph, set(graph), bound)


@settings(max_examples=10)
@given(st.integers(0, 1 << 20), st.sampled_from([2, math.inf]))
def test_it_comes_to_that_outcome_after_any_deaths_loss_and_changes(seed: int, bound: float) -> None:
    rng = random.Random(seed)
    graph = topology.grid(4, 4)
    sheet = Sheet(graph, blocks=electing(bound), seed=seed, network=Network(seed, loss=0.2))
    sheet.rounds(10)
    for name in rng.sample(sorted(graph), 6):
        if rng.random() < 0.6:
            sheet.kill(name)
        else:
            sheet.blocks[name]["leader"].stand(9.0)
        sheet.rounds(rng.uniform(0, 3))
    for name in sheet.arena.cells:
        sheet.blocks[name]["leader"].stand(strength(name))
    sheet.arena.network.loss = 0.0
    sheet.rounds(50)

    assert elected(sheet) == outcome(graph, set(sheet.arena.cells), bound)


def test_a_dead_leader_is_replaced_within_fifteen_rounds() -> None:
    graph = topology.regular(64, 5, 1)
    sheet = Sheet(graph, blocks=electing())
    sheet.rounds(20)
    before = set(elected(sheet).values())
    sheet.kill(*before)
    after = outcome(graph, set(sheet.arena.cells), math.inf)

    took = sheet.settle(lambda: elected(sheet) == after)

    assert len(before) == 1
    assert took <= 15


def test_a_leader_knows_the_total_of_its_region() -> None:
    graph = topology.line(12)
    sheet = Sheet(graph, blocks=electing(2))
    sheet.rounds(30)
    regions = list(outcome(graph, set(graph), 2).values())

    for leader in set(regions):
        assert sheet.blocks[leader]["leader"].is_leader
        assert sheet.blocks[leader]["queue"].get() == regions.count(leader)


def test_an_election_is_a_field_that_leads_to_the_leader() -> None:
    sheet = Sheet(topology.line(5), blocks=lambda pid: {"leader": Election(pid, float(pid.name == "c0"))})
    sheet.rounds(15)

    fields = sheet.arena.cells["c4"]

    assert fields.field("leader").source == Pid("c0", 1)
    assert (fields.field("leader").distance, fields.toward("leader")) == (4.0, "c3")


def test_a_change_of_leaders_is_reported() -> None:
    sheet = Sheet(topology.line(2), blocks=lambda pid: {"leader": Election(pid, float(pid.name == "c0"))})
    sheet.rounds(10)
    sheet.kill("c0")
    sheet.rounds(10)

    sources = [
        event.reading.source for _, name, event in sheet.arena.events if name == "c1" and isinstance(event, Found)
    ]
    assert sources[-2:] == [Pid("c0", 1), Pid("c1", 1)]


def test_until_it_has_heard_of_a_better_one_a_cell_follows_itself() -> None:
    election = Election(Pid("me", 4), 1.0)

    assert (election.leader, election.is_leader) == (Pid("me", 4), True)


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        [None],
        [[0.0, ["a"], [LIFE], "strong"], []],
        [[0.0, ["a"], [LIFE], math.inf], []],
        [[0.0, ["b"], [LIFE], 1]],
    ],
)
def test_a_candidacy_that_makes_no_sense_is_refused(bad: Any) -> None:
    fields = cell("a")
    election = Election(Pid("me", 1), 1.0)
    fields.install("leader", election, 0.0)

    effects = hear(fields, "a", blocks={"leader": bad})
    turn(fields)

    assert len(of(effects, Refused)) == 1
    assert election.is_leader


def test_a_bound_or_strength_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="bound"):
        Election(Pid("me", 1), bound=0.0)
    with pytest.raises(ValueError, match="finite"):
        Election(Pid("me", 1), math.inf)
