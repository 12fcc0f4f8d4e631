"""Ants: they find ways that nobody walks, tell what they cost, and change nothing else."""

from __future__ import annotations

from typing import Any

import networkx as nx
import pytest

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.topology import Graph, grid, regular, ring
from actors.tissue.core import Effect, Refused
from actors.tissue.trails.config import TrailsConfig
from actors.tissue.trails.packets import ANT, HOME, SCENT, SEEK, TRACK
from actors.tissue.trails.trails import Trails
from tests.actors.tissue.trails.kit import cell, of, offer, sent, sheet

SWIFT = TrailsConfig(ant_period=0.1, hop_time=1000.0)
"""Ants by the dozen, and all hops of the same cost."""

B, C = Pid("b", 1), Pid("c", 1)


def want(arena: Arena[Trails], origin: str, to: str) -> None:
    def ask(trails: Trails, now: float) -> list[Effect]:
        trails.next_hop(to, (), now)
        return []

    arena.tell(origin, ask)


@pytest.mark.parametrize("graph", [ring(9), grid(4, 4), regular(16, 3, 1)], ids=["ring", "grid", "regular"])
def test_after_some_dozen_ants_the_best_trail_is_on_a_shortest_way(graph: Graph) -> None:
    arena = sheet(graph, 1, config=SWIFT)
    origin, to = "c0", f"c{len(graph) - 1}"
    want(arena, origin, to)

    arena.run(20)

    away = nx.single_source_shortest_path_length(nx.Graph(graph), to)
    levels = arena.cells[origin].levels(to, arena.now)
    assert away[max(levels, key=lambda hop: levels[hop])] == away[origin] - 1


def test_what_they_tell_is_the_inverse_of_the_hops() -> None:
    arena = sheet(ring(9), 2, config=SWIFT)
    want(arena, "c0", "c3")

    arena.run(30)

    levels = arena.cells["c0"].levels("c3", arena.now)
    assert levels == {"c1": pytest.approx(1 / 3, rel=0.02), "c8": pytest.approx(1 / 6, rel=0.05)}


def test_a_provider_that_says_it_is_dear_counts_for_as_many_hops_more() -> None:
    """Two providers of the same, one hop to one side and three to the other: the far one is the better."""
    arena = sheet(ring(4 + 1), 3, config=SWIFT)
    offer(arena, "c1", "llm", cost=9.0)
    offer(arena, "c3", "llm", cost=0.5)
    want(arena, "c0", "llm")

    arena.run(20)

    levels = arena.cells["c0"].levels("llm", arena.now)
    assert levels == {"c1": pytest.approx(0.1, rel=0.1), "c4": pytest.approx(1 / 2.5, rel=0.1)}


def test_nobody_sends_ants_for_what_nobody_wants_and_it_is_wanted_for_a_minute() -> None:
    arena = sheet(grid(3, 3), 4)
    arena.run(100)
    before = arena.packets[ANT]
    want(arena, "c0", "c8")
    arena.run(300)

    assert before == 0
    assert arena.packets[ANT] > 0
    assert arena.cells["c0"].due == float("inf")


def test_one_goes_with_each_fifth_request() -> None:
    trails = cell(neighbours="b")
    trails.tick(0.0)

    trails.reinforce("z", "b", 3.0, 0.0)

    ants = [len(sent(trails.request("z", b"", 0.0), ANT)) for _ in range(12)]

    assert ants == [1, 0, 0, 0, 0] * 2 + [1, 0]


def test_an_ant_walks_on_where_it_was_not_yet() -> None:
    trails = cell(neighbours="bcd")

    (ant,) = sent(trails.receive(B, ANT, ["z", ["c", "b"], 2], 0.0), ANT)

    assert (ant.to, ant.body) == ("d", ["z", ["c", "b", "a"], 3])


def test_it_looks_as_often_where_nobody_has_been_as_where_it_is_middling() -> None:
    """Were what is unknown taken to be at the floor, it would be tried once in a hundred times."""
    trails = cell(neighbours="bcde")
    for name in "bcd":
        trails.reinforce("z", name, 4.0, 0.0)

    ways = [sent(trails.receive(B, ANT, ["z", ["b"], 1], 0.0), ANT)[0].to for _ in range(600)]

    assert ways.count("e") / 600 == pytest.approx(1 / 3, abs=0.08)


def test_one_that_comes_round_in_a_circle_loses_the_circle() -> None:
    trails = cell(neighbours="bcd")

    (ant,) = sent(trails.receive(B, ANT, ["z", ["x", "a", "c", "b"], 4], 0.0), ANT)

    assert ant.body[1:] == [["x", "a"], 5]


def test_at_its_destination_it_turns_round() -> None:
    trails = cell(neighbours="b")
    trails.offer("llm", 0.0, 3.0)

    (home,) = sent(trails.receive(B, ANT, ["llm", ["x", "b"], 2], 0.0), HOME)

    assert (home.to, home.body) == ("b", ["llm", ["x", "b"], 3.0])


def test_on_its_way_back_it_teaches_and_goes_on_to_whom_it_came_from() -> None:
    trails = cell(neighbours="bc")

    (home,) = sent(trails.receive(B, HOME, ["z", ["x", "c", "a"], 3.0], 0.0), HOME)

    assert (home.to, home.body) == ("c", ["z", ["x", "c"], 4.0])
    assert trails.levels("z", 0.0)["b"] == 1 / 4


def test_at_home_it_is_done() -> None:
    trails = cell(neighbours="b")

    assert trails.receive(B, HOME, ["z", ["a"], 0.0], 0.0) == []
    assert trails.levels("z", 0.0) == {"b": 1.0}


def test_an_ant_that_is_lost_dies() -> None:
    trails = cell(neighbours="bc", config=TrailsConfig(most_hops=4))

    assert trails.receive(B, ANT, ["z", ["b"], 8], 0.0) == []
    assert trails.receive(B, ANT, ["z", ["w", "x", "y", "b"], 4], 0.0) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (ANT, ["z", ["b", "c"], 1]),
        (ANT, ["z", [], 1]),
        (ANT, ["z", ["b"], -1]),
        (ANT, ["", ["b"], 1]),
        (ANT, ["z", ["b"]]),
        (HOME, ["z", ["a", "b"], 1.0]),
        (HOME, ["z", ["a"], -1.0]),
        (HOME, ["z", ["a"], float("nan")]),
        (HOME, None),
    ],
)
def test_what_is_no_ant_is_refused(kind: str, body: Any) -> None:
    trails = cell(neighbours="b")

    assert of(trails.receive(B, kind, body, 0.0), Refused)
    assert trails.levels("z", 0.0) == {"b": 0.01}


def test_nobody_who_is_no_neighbour_sends_any() -> None:
    assert of(cell(neighbours="b").receive(C, ANT, ["z", ["c"], 1], 0.0), Refused)


# -- those that track a scent, and those that seek ---------------------------------------------------------------------


def test_one_that_tracks_goes_where_the_scent_is_least_and_not_further_than_it_is_of_use() -> None:
    trails = cell(neighbours="bcde")
    trails.receive(C, SCENT, [["z", 9.0, 0.0, 0]], 0.0)
    trails.receive(Pid("d", 1), SCENT, [["z", 7.0, 0.0, 0]], 0.0)

    steps = [sent(trails.receive(B, TRACK, ["z", ["b"], 1], 0.0), TRACK)[0].to for _ in range(20)]

    assert set(steps) == {"d"}
    assert trails.receive(B, TRACK, ["z", ["b"], 2 * trails.config.most_hops], 0.0) == []


def test_one_that_seeks_takes_every_way_from_where_nothing_is_known_but_only_the_first_of_them() -> None:
    trails = cell(neighbours="bcde")

    first = sent(trails.receive(B, SEEK, ["z", ["x", "b"], 2], 0.0), SEEK)
    second = sent(trails.receive(C, SEEK, ["z", ["x", "c"], 2], 0.1), SEEK)
    of_another = sent(trails.receive(C, SEEK, ["z", ["y", "c"], 2], 0.1), SEEK)

    assert [(send.to, send.body) for send in first] == [(name, ["z", ["x", "b", "a"], 3]) for name in "cde"]
    assert second == []
    assert [send.to for send in of_another] == ["b", "d", "e"]


def test_one_that_seeks_goes_a_single_way_where_there_is_something_to_go_by() -> None:
    trails = cell(neighbours="bcd")
    trails.reinforce("z", "d", 2.0, 0.0)

    effects = trails.receive(B, SEEK, ["z", ["x", "b"], 2], 0.0)

    assert [send.to for send in sent(effects, TRACK)] == ["d"]
    assert not sent(effects, SEEK)


def test_what_nobody_has_is_sought_less_and_less_often() -> None:
    trails = cell(neighbours="bc", config=TrailsConfig(ants_every=1))
    trails.tick(0.0)
    sought = [tenth / 10 for tenth in range(150) if sent(trails.request("z", b"", tenth / 10), SEEK)]

    assert sought == [0.0, 1.0, 3.0, 7.0]
