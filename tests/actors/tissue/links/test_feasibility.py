"""The feasibility condition: only from whom is nearer than this cell ever said it was, or newer."""

from __future__ import annotations

import math

import pytest

from actors.tissue.links.feasibility import Distance, Feasibility


def told(*distances: Distance, limit: int = 10) -> Feasibility:
    feasibility = Feasibility(limit)
    for distance in distances:
        feasibility.tell("x", distance, 0.0)
    return feasibility


FIVE = Distance((1, 7), 5.0)


def test_of_a_destination_that_was_never_told_any_route_is_safe() -> None:
    assert told().allows("x", FIVE)


@pytest.mark.parametrize(
    ("distance", "safe"),
    [
        (Distance((1, 7), 4.9), True),
        (Distance((1, 7), 5.0), False),
        (Distance((1, 7), 5.1), False),
        (Distance((1, 8), 99.0), True),
        (Distance((1, 6), 1.0), False),
        (Distance((2, 0), 99.0), True),
        (Distance((2, 0), math.inf), False),
    ],
)
def test_a_route_is_safe_from_whom_is_nearer_or_newer(distance: Distance, safe: bool) -> None:
    assert told(FIVE).allows("x", distance) is safe


def test_it_is_the_best_ever_told_that_counts() -> None:
    feasibility = told(FIVE, Distance((1, 7), 3.0), Distance((1, 7), 9.0), Distance((1, 7), math.inf))

    assert feasibility.best("x") == Distance((1, 7), 3.0)


def test_a_newer_seqno_begins_anew() -> None:
    assert told(FIVE, Distance((1, 8), 9.0)).best("x") == Distance((1, 8), 9.0)


def test_destinations_are_bounded() -> None:
    feasibility = told(FIVE, limit=1)

    assert not feasibility.allows("y", FIVE)
    assert len(feasibility) == 1


def test_what_was_told_long_ago_is_forgotten() -> None:
    feasibility = told(FIVE)
    feasibility.tell("x", Distance((1, 7), 9.0), 100.0)

    assert (feasibility.forget(100.0), feasibility.forget(100.1)) == ([], ["x"])
    assert (len(feasibility), feasibility.best("x")) == (0, None)
