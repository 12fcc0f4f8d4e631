"""What travels on trails."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.trails.packets import Go, Id, erase_loops, read_cost, read_go, read_path

WALKS = st.lists(st.sampled_from("abcdefg"), max_size=30)
GO: list[Any] = ["a", 1, 7, "z", ["a", "b"], ["c"], b"x"]


@given(WALKS)
def test_a_walk_without_its_loops_visits_nobody_twice_and_has_the_same_ends(walk: list[str]) -> None:
    erased = erase_loops(walk)

    assert len(set(erased)) == len(erased)
    assert (erased[:1], erased[-1:]) == (walk[:1], walk[-1:])


@given(WALKS)
def test_its_steps_are_steps_of_the_walk(walk: list[str]) -> None:
    erased = erase_loops(walk)

    assert set(pairwise(erased)) <= set(pairwise(walk))


def test_all_between_two_visits_is_cut_out() -> None:
    assert erase_loops("abcdbef") == list("abef")
    assert erase_loops("abacad") == list("ad")


def test_a_request_is_read_as_it_was_written() -> None:
    assert read_go(GO, 64, 100) == Go(Id("a", 1, 7), "z", ("a", "b"), frozenset("c"), b"x")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, ""),
        (1, 0),
        (2, 0),
        (2, 1.0),
        (3, None),
        (4, []),
        (4, ["a", "a"]),
        (4, [f"x{i}" for i in range(65)]),
        (5, [f"x{i}" for i in range(257)]),
        (6, "x"),
        (6, b"x" * 101),
    ],
)
def test_one_that_makes_no_sense_is_refused(place: int, value: Any) -> None:
    body = list(GO)
    body[place] = value

    with pytest.raises((TypeError, ValueError)):
        read_go(body, 64, 100)


@pytest.mark.parametrize("raw", [-1, float("inf"), float("nan"), True, "1", None])
def test_what_is_no_cost_is_refused(raw: Any) -> None:
    with pytest.raises(ValueError, match="a cost"):
        read_cost(raw)


def test_a_path_has_somebody_in_it_unless_it_may_be_empty() -> None:
    assert read_path([], 3, least=0) == ()
    with pytest.raises(ValueError, match="a list of 0"):
        read_path([], 3)
