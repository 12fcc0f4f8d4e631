"""The table: which route is taken of those that are safe, what is worth telling, and what is forgotten."""

from __future__ import annotations

import math

from actors.tissue.links.feasibility import Distance
from actors.tissue.links.hellos import Hellos
from actors.tissue.links.route_table import Neighbour, RouteTable, Told
from actors.tissue.links.routes_config import RoutesConfig

SEQNO = (1, 0)


def table(**told: float) -> RouteTable:
    """A table whose neighbours, at one transmission each, told these distances to x."""
    routes = RouteTable("me", 1, RoutesConfig())
    for name, metric in told.items():
        neighbour = routes.neighbours[name] = Neighbour(1.0)
        neighbour.meet(1)
        neighbour.hellos = Hellos(1, 1.0, 1000)
        neighbour.hellos.heard(1, 1.0, 0.0)
        neighbour.told["x"] = Told(Distance(SEQNO, metric), 100.0)
    return routes


def test_the_nearest_is_taken() -> None:
    assert table(a=3.0, b=2.0, c=4.0).select("x", 0.0) == "b"


def test_of_equals_the_first_by_name_so_that_all_runs_are_alike() -> None:
    assert table(b=2.0, a=2.0).select("x", 0.0) == "a"


def test_one_in_use_is_left_only_for_one_that_is_better_by_more_than_the_hysteresis() -> None:
    routes = table(a=3.0)
    routes.select("x", 0.0)
    better = table(b=2.8).neighbours["b"]
    routes.neighbours["b"] = better

    stays = routes.select("x", 0.0)
    better.told["x"] = Told(Distance(SEQNO, 2.7), 100.0)

    assert (stays, routes.select("x", 0.0)) == ("a", "b")


def test_what_was_told_of_makes_farther_ones_unsafe() -> None:
    routes = table(a=1.0)
    routes.select("x", 0.0)
    routes.tell(["x"], 0.0)
    routes.neighbours.pop("a")
    routes.neighbours.update(table(b=2.0).neighbours)

    assert routes.select("x", 0.0) is None
    assert routes.starved("x") == (Distance(SEQNO, 2.0), ["b"])

    routes.neighbours["b"].told["x"] = Told(Distance((1, 1), 7.0), 100.0)
    assert routes.select("x", 0.0) == "b"
    assert routes.starved("x") is None


def test_a_lost_destination_is_told_of_as_lost_until_it_is_forgotten() -> None:
    routes = table(a=1.0)
    routes.select("x", 0.0)
    routes.tell(["x"], 0.0)
    routes.neighbours.pop("a")
    routes.select("x", 1.0)

    assert routes.is_worth_telling("x", 1.0)
    assert routes.tell(routes.to_tell, 1.0) == [
        ("me", Distance((1, 0), 0.0)),
        ("x", Distance(SEQNO, math.inf)),
    ]
    assert not routes.is_worth_telling("x", 1.0)

    routes.expire(181.0)
    assert routes.to_tell == ["me"]


def test_what_was_never_known_is_not_told_of() -> None:
    assert table().tell(["x"], 0.0) == []
    assert not table().is_worth_telling("x", 0.0)


def test_small_changes_are_not_worth_telling_and_new_seqnos_are() -> None:
    routes = table(a=1.0)
    routes.select("x", 0.0)
    routes.tell(["x"], 0.0)

    def worth(distance: Distance) -> bool:
        routes.neighbours["a"].told["x"] = Told(distance, 100.0)
        return routes.is_worth_telling("x", 0.0)

    assert [worth(Distance(SEQNO, 1.2)), worth(Distance(SEQNO, 1.3)), worth(Distance((1, 1), 1.0))] == [
        False,
        True,
        True,
    ]


def test_a_route_that_is_not_told_again_is_dropped() -> None:
    routes = table(a=1.0)
    routes.select("x", 0.0)

    assert routes.metric("a", "x", 100.0) == math.inf

    routes.expire(100.0)
    assert (routes.select("x", 100.0), routes.known) == (None, set())


def test_what_an_earlier_life_of_a_neighbour_told_holds_no_more() -> None:
    routes = table(a=1.0)

    assert routes.neighbours["a"].meet(2)
    assert not routes.neighbours["a"].meet(1)
    assert routes.select("x", 0.0) is None


def test_who_was_born_again_takes_no_route_before_its_neighbours_know_of_it() -> None:
    routes = table(a=1.0, b=2.0)
    routes.holds_until = 4.0

    assert routes.select("x", 0.0) is None

    routes.neighbours["a"].knows_me = routes.neighbours["b"].knows_me = True
    assert routes.select("x", 0.0) == "a"

    routes.neighbours["b"].knows_me = False
    assert [routes.best("x", (), at) for at in (3.9, 4.0)] == [None, "a"]
