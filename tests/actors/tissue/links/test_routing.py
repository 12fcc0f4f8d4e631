"""Routes: the shortest at rest, never a loop at any moment, and around whatever dies."""

from __future__ import annotations

import math
import random
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.testing.topology import Graph, barbell, geometric, grid, line, regular, ring
from actors.tissue.core import Refused
from actors.tissue.links.routes_config import RoutesConfig
from actors.tissue.links.routing import ENTRIES, HELLO, REQUEST, UPDATE, RouteChanged, Routes
from tests.actors.tissue.links.kit import happened, of, sent

EXACT = RoutesConfig(hysteresis=0.0)
Costs = dict[frozenset[str], float]


def cells(graph: Graph, seed: int = 0, network: Network | None = None, costs: Costs | None = None) -> Arena[Routes]:
    arena: Arena[Routes] = Arena(seed, network, strict=True)
    for name in graph:
        arena.add(name, lambda pid, rng, now: Routes(pid, rng, now, EXACT))
        link_all(arena, graph, name, costs)
    return arena


def link_all(arena: Arena[Routes], graph: Graph, name: str, costs: Costs | None = None) -> None:
    for other in graph[name]:
        cost = (costs or {}).get(frozenset((name, other)), 1.0)
        arena.tell(name, lambda routes, now: routes.link(other, now, cost=cost))  # noqa: B023 told at once


def some_costs(graph: Graph, seed: int) -> Costs:
    rng = random.Random(seed)
    return {frozenset((a, b)): rng.uniform(0.1, 5.0) for a in graph for b in graph[a]}


def distances(graph: Graph, alive: Any, costs: Costs | None = None) -> dict[str, dict[str, float]]:
    """The oracle."""
    oracle = nx.Graph()
    oracle.add_nodes_from(alive)
    for a in alive:
        for b in graph[a]:
            if b in alive:
                oracle.add_edge(a, b, weight=(costs or {}).get(frozenset((a, b)), 1.0))
    return dict(nx.all_pairs_dijkstra_path_length(oracle))


def assert_shortest(arena: Arena[Routes], graph: Graph, costs: Costs | None = None) -> None:
    wanted = distances(graph, arena.cells, costs)
    for a, routes in arena.cells.items():
        for b in graph:
            if a != b:
                assert routes.metric(b, arena.now) == pytest.approx(wanted[a].get(b, math.inf)), (a, b)


def loops(arena: Arena[Routes]) -> list[tuple[str, str]]:
    """From where to where a message would go round in a circle now."""
    found = []
    for to in arena.cells:
        for start in arena.cells:
            here, seen = start, set()
            while here != to and here in arena.cells and here not in seen:
                seen.add(here)
                here = arena.cells[here].next_hop(to, (), arena.now) or to
            if here in seen:
                found.append((start, to))
    return found


# -- at rest -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "graph",
    [line(8), ring(9), grid(4, 4), barbell(4), regular(16, 3, 1), geometric(24, 0.3, 2)[0]],
    ids=["line", "ring", "grid", "barbell", "regular", "geometric"],
)
def test_at_rest_all_distances_are_those_of_dijkstra(graph: Graph) -> None:
    costs = some_costs(graph, 1)
    arena = cells(graph, 1, costs=costs)

    arena.run(12)

    assert_shortest(arena, graph, costs)


def test_a_row_with_one_tiny_link_is_no_trap() -> None:
    """Where a classic vector counts up by the shortest link: here the far end dies, and is known to be gone."""
    graph = line(10)
    arena = cells(graph, 2, costs={frozenset(("c0", "c1")): 0.01})
    arena.run(12)
    arena.kill("c9")

    arena.run(12 + 6)

    assert all(routes.metric("c9", arena.now) == math.inf for routes in arena.cells.values())


def test_a_link_that_loses_is_avoided_for_two_that_do_not() -> None:
    triangle = {"c0": ["c1", "c2"], "c1": ["c0", "c2"], "c2": ["c0", "c1"]}
    network = Network(3)
    network.link("c0", "c1", loss=0.5)
    network.link("c1", "c0", loss=0.5)
    arena = cells(triangle, 3, network)

    arena.run(60)

    assert arena.cells["c0"].next_hop("c1", (), arena.now) == "c2"
    assert arena.cells["c0"].metric("c1", arena.now) == pytest.approx(2.0)


def test_a_link_that_works_one_way_only_is_not_used() -> None:
    network = Network(4)
    network.cut("c0", "c1")
    arena = cells(ring(4), 4, network)

    arena.run(20)

    assert [arena.cells[a].next_hop(b, (), arena.now) for a, b in (("c0", "c1"), ("c1", "c0"))] == ["c3", "c2"]


def test_another_way_than_the_best_is_found_if_that_is_to_be_avoided_and_it_is_safe() -> None:
    arena = cells({"c0": ["c1", "c2"], "c1": ["c0", "c3"], "c2": ["c0", "c3"], "c3": ["c1", "c2"]}, 5)
    arena.run(10)
    routes = arena.cells["c0"]

    ways = [routes.next_hop("c3", avoid, arena.now) for avoid in (["c2"], ["c1"], ["c1", "c2"])]

    assert ways == ["c1", "c2", None]


# -- around what dies --------------------------------------------------------------------------------------------------


def test_a_silent_death_is_routed_around_within_five_hello_periods() -> None:
    arena = cells(ring(6), 6)
    arena.run(12)
    arena.kill("c1")

    arena.run(17)

    assert arena.cells["c0"].next_hop("c2", (), arena.now) == "c5"
    assert arena.cells["c0"].metric("c1", arena.now) == math.inf


def test_a_death_that_is_known_is_routed_around_at_once() -> None:
    arena = cells(ring(6), 7)
    arena.run(12)
    arena.kill("c1")
    for name in ("c0", "c2"):
        arena.tell(name, lambda routes, now: routes.died(Pid("c1", 1), now))

    arena.run(12.1)

    assert arena.cells["c0"].next_hop("c2", (), arena.now) == "c5"
    assert RouteChanged("c2", "c5") in [event for _, name, event in happened(arena, RouteChanged) if name == "c0"]


def test_a_life_that_begins_where_one_ended_is_found_again() -> None:
    arena = cells(grid(3, 3), 8)
    arena.run(12)
    arena.kill("c4")
    arena.run(20)
    arena.revive("c4")
    link_all(arena, grid(3, 3), "c4")

    arena.run(40)

    assert_shortest(arena, grid(3, 3))


def test_a_neighbour_that_is_taken_away_is_none() -> None:
    arena = cells(line(3), 9)
    arena.run(10)

    arena.tell("c0", lambda routes, now: routes.unlink("c1", now))

    assert arena.cells["c0"].destinations == {}
    assert arena.cells["c0"].unlink("c1", 10.0) == []
    assert arena.cells["c0"].died(Pid("c1", 1), 10.0) == []


@settings(max_examples=15)
@given(st.integers(0, 1 << 30))
def test_there_never_is_a_loop_whatever_dies_is_cut_changes_its_cost_or_is_born_again(seed: int) -> None:
    """Looked at twenty times a second, at 20 % loss, with packets that are doubled and overtake each other."""
    rng = random.Random(seed)
    graph = regular(10, 3, seed)
    arena = cells(graph, seed, Network(seed, loss=0.2, duplication=0.1, delay=lambda r: r.uniform(0.001, 0.3)))
    arena.run(6)
    for _ in range(12):
        name = rng.choice(list(graph))
        other = rng.choice(graph[name])
        act = rng.randrange(4)
        if name not in arena.cells:
            arena.revive(name)
            link_all(arena, graph, name)
        elif act == 0:
            arena.kill(name)
        elif act == 1:
            arena.network.cut(name, other)
        elif act == 2:
            cost = rng.uniform(0.1, 9.0)
            arena.tell(name, lambda routes, now: routes.link(other, now, cost=cost))  # noqa: B023 told at once
        else:
            arena.network.heal()
        for _ in range(20):
            arena.run(arena.now + 0.05)

            assert loops(arena) == []


def test_after_all_that_distances_are_right_again() -> None:
    graph = regular(12, 3, 10)
    arena = cells(graph, 10, Network(10, duplication=0.2))
    for moment in range(5, 25, 5):
        arena.run(moment)
        arena.kill(f"c{moment // 5}")

    arena.run(60)

    assert_shortest(arena, graph)


@settings(max_examples=10)
@given(st.integers(0, 1 << 30))
def test_tables_that_were_corrupted_heal(seed: int) -> None:
    """Neighbours are made to have said anything of anybody; the next updates say what is."""
    rng = random.Random(seed)
    graph = grid(3, 3)
    arena = cells(graph, seed)
    arena.run(8)
    for name in graph:
        lies = [[other, 1, 0, rng.choice([None, 0.0, rng.uniform(0, 9)])] for other in graph if rng.random() < 0.7]
        for other in graph[name]:
            arena.tell(name, lambda routes, now: routes.receive(Pid(other, 1), UPDATE, lies, now))  # noqa: B023

    arena.run(8 + 30)

    assert_shortest(arena, graph)


# -- packets -----------------------------------------------------------------------------------------------------------


def alone(**options: Any) -> Routes:
    routes = Routes(Pid("me", 1), random.Random(1), 0.0, RoutesConfig(**options))
    routes.link("a", 0.0)
    return routes


A = Pid("a", 1)


def test_many_routes_are_told_in_several_packets() -> None:
    routes = alone()
    routes.receive(A, HELLO, [1, 1.0, 1], 0.0)
    for start in range(0, 60, ENTRIES):
        routes.receive(A, UPDATE, [[f"x{i}", 1, 0, 1.0] for i in range(start, min(60, start + ENTRIES))], 0.0)

    updates = sent(routes.tick(0.05), UPDATE)

    assert [len(update.body) for update in updates] == [24, 24, 12]


def test_the_destination_raises_its_seqno_on_request_by_one_and_only_for_its_own_life() -> None:
    routes = alone()

    answers = [sent(routes.receive(A, REQUEST, ["me", *wanted, 9], 0.0), UPDATE)[0].body for wanted in ASKED]

    assert [answer[0][1:3] for answer in answers] == [[1, 1], [1, 1], [1, 1], [1, 2]]


ASKED = [(1, 1), (1, 1), (2, 2), (1, 2)]


def test_a_request_is_passed_on_towards_the_destination_once_a_period() -> None:
    routes = alone()
    routes.link("b", 0.0)
    for name in "ab":
        routes.receive(Pid(name, 1), HELLO, [1, 1.0, 1], 0.0)
    routes.receive(Pid("b", 1), UPDATE, [["x", 1, 0, 1.0]], 0.0)

    first = sent(routes.receive(A, REQUEST, ["x", 1, 1, 9], 0.1), REQUEST)
    again = sent(routes.receive(A, REQUEST, ["x", 1, 1, 9], 0.2), REQUEST)
    exhausted = sent(routes.receive(A, REQUEST, ["x", 1, 2, 1], 0.2), REQUEST)
    known = sent(routes.receive(A, REQUEST, ["x", 1, 0, 9], 0.2), UPDATE)

    assert [(send.to, send.body) for send in first] == [("b", ["x", 1, 1, 8])]
    assert (again, exhausted) == ([], [])
    assert [(send.to, send.body) for send in known] == [("a", [["x", 1, 0, 2.0]])]


PLAIN = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-1, 1 << 63), st.floats(), st.text(max_size=3), st.binary(max_size=3)
    ),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=15,
)


@settings(max_examples=300)
@given(st.sampled_from([HELLO, UPDATE, REQUEST, "routes.none"]), PLAIN, st.integers(-1, 2))
def test_whatever_comes_nothing_is_raised(kind: str, body: Any, life: int) -> None:
    routes = alone()

    routes.receive(Pid("a", life), kind, body, 0.1)
    routes.tick(5.0)


@pytest.mark.parametrize(
    ("sender", "kind", "body"),
    [
        (Pid("b", 1), HELLO, [1, 1.0, 0]),
        (Pid("a", 0), HELLO, [1, 1.0, 0]),
        (A, HELLO, [1, 1.1, 0]),
        (A, HELLO, [1, math.nan, 0]),
        (A, HELLO, [0, 1.0, 0]),
        (A, UPDATE, None),
        (A, UPDATE, [["x", 1, 0, 1.0]] * (ENTRIES + 1)),
        (A, UPDATE, [["x", 1, 0, -1.0]]),
        (A, UPDATE, [["x", 1, 0, math.inf]]),
        (A, UPDATE, [["x", 0, 0, 1.0]]),
        (A, UPDATE, [["x", 1, 0]]),
        (A, REQUEST, ["x", 1]),
        (A, "routes.other", []),
    ],
)
def test_what_makes_no_sense_is_refused(sender: Pid, kind: str, body: Any) -> None:
    routes = alone()
    routes.receive(A, HELLO, [1, 1.0, 1], 0.0)

    assert len(of(routes.receive(sender, kind, body, 0.1), Refused)) == 1
    assert routes.destinations == {}


def test_a_neighbour_s_life_that_is_over_is_refused() -> None:
    routes = alone()
    routes.receive(Pid("a", 2), HELLO, [1, 1.0, 0], 0.0)

    assert of(routes.receive(A, UPDATE, [["x", 1, 0, 1.0]], 0.1), Refused)


def test_neighbours_and_destinations_are_bounded() -> None:
    routes = alone(max_neighbours=2, max_destinations=3)
    routes.link("b", 0.0)

    assert routes.link("c", 0.0) == []
    assert routes.link("me", 0.0) == []

    routes.receive(A, HELLO, [1, 1.0, 1], 0.0)
    routes.receive(A, UPDATE, [[f"x{i}", 1, 0, 1.0] for i in range(9)], 0.0)
    assert len(routes.destinations) == 3


@pytest.mark.parametrize("cost", [0.0, -1.0, math.inf, math.nan])
def test_a_cost_that_is_none_is_refused(cost: float) -> None:
    with pytest.raises(ValueError, match="cost must be above 0 and finite"):
        alone().link("b", 0.0, cost=cost)


def test_it_shows_what_it_knows() -> None:
    assert repr(alone()) == "Routes(me#1, neighbours=1, destinations=0)"
