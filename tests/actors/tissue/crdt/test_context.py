"""Causal contexts are sets of dots."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.crdt.context import SPANS_LIMIT, Context, Dot

A, B = Pid("a", 1), Pid("b", 1)

dots = st.lists(st.tuples(st.sampled_from([A, B]), st.integers(1, 20)))


@given(dots, dots)
def test_a_context_is_a_set_of_dots(some: list[Dot], others: list[Dot]) -> None:
    context, other = Context(some), Context(others)
    both, less = Context(some), context.minus(other)
    both.update(other)

    assert set(context) == set(some)
    assert context.count == len(set(some))
    assert bool(context) == bool(some)
    assert set(both) == set(some) | set(others)
    assert set(less) == set(some) - set(others)
    assert (context == other) == (set(some) == set(others))
    assert all((dot in context) == (dot in some) for dot in [(A, n) for n in range(25)])


@given(dots, st.integers(0, 20), st.integers(0, 20))
def test_a_span_is_forgotten(some: list[Dot], lo: int, hi: int) -> None:
    context = Context(some)
    context.drop(A, lo, hi)

    assert set(context) == {(owner, n) for owner, n in some if owner != A or not lo < n <= hi}


@given(dots)
def test_spans_are_as_few_as_can_be(some: list[Dot]) -> None:
    spans = list(Context(some).spans())

    assert all(lo < hi for _, lo, hi in spans)
    assert all(first[2] < then[1] for first, then in pairwise(spans) if first[0] == then[0])


@given(dots)
def test_a_context_survives_the_wire(some: list[Dot]) -> None:
    assert Context.decode(Context(some).encode()) == Context(some)


def test_the_next_number_is_above_all_that_were_heard_of() -> None:
    context = Context([(A, 1), (A, 7)])

    assert (context.next(A), context.next(B)) == (8, 1)


def test_changes_that_came_in_order_are_one_span() -> None:
    assert repr(Context((A, n) for n in range(1, 1000))) == "Context(a#1:1-999)"


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [1],
        [["a", 1]],
        [["a", 1, []]],
        [["a", 1, [3]]],
        [["a", 1, [3, 3]]],
        [["a", 1, [3, 2]]],
        [["a", 1, [0, 2, 2, 4]]],
        [["a", 1, [-1, 2]]],
        [["a", 1, [0, 1 << 62]]],
        [["", 1, [0, 1]]],
        [["a", 0, [0, 1]]],
        [["a", 1, list(range(2 * SPANS_LIMIT + 2))]],
    ],
    ids=lambda raw: repr(raw)[:30],
)
def test_what_is_no_context_is_not_read(raw: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        Context.decode(raw)
