"""The k items with the highest scores, and no more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.crdt.topk import TopK
from actors.tissue.plain import pack

from .kit import A, B, joined

offers = st.lists(st.tuples(st.sampled_from(["a", "b", "c", 4, (5, "e")]), st.integers(0, 9)), max_size=12)


@given(offers, offers, st.integers(1, 4))
def test_a_top_is_the_top_of_all_offers(mine: list[Any], yours: list[Any], k: int) -> None:
    here, there = TopK(A, k), TopK(B, k)
    best: dict[Any, int] = {}
    for value, offered in ((here, mine), (there, yours)):
        for item, score in offered:
            value.offer(item, score)
            best[item] = max(score, best.get(item, 0))
    expected = sorted(best.items(), key=lambda each: (each[1], pack(each[0])), reverse=True)[:k]

    assert joined(here, there).value == joined(there, here).value == expected
    assert len(joined(here, there).entries) == len(expected)


def test_an_offer_below_the_top_changes_nothing() -> None:
    top = TopK(A, 2)
    top.offer("x", 5)
    top.offer("y", 7)

    assert not top.offer("z", 4)
    assert not top.offer("x", 5)
    assert top.offer("z", 6)
    assert (top.value, list(top), len(top)) == ([("y", 7), ("z", 6)], ["y", "z"], 2)
    assert ("z" in top, "x" in top, top.score("z"), top.score("x")) == (True, False, 6, None)


def test_tops_of_different_sizes_do_not_join() -> None:
    with pytest.raises(TypeError, match="top2 does not join a top3"):
        TopK(A, 2).merge(TopK(A, 3))


@pytest.mark.parametrize("k", [0, -1, 1025])
def test_a_top_has_a_size(k: int) -> None:
    with pytest.raises(ValueError, match="k must be 1 to 1024"):
        TopK(A, k)


@pytest.mark.parametrize("raw", [None, [], ["x"], ["x", "y"], ["x", float("nan")], [None, 1], ["x", 1, 2]], ids=repr)
def test_what_is_no_score_is_not_read(raw: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        TopK(A).read(B, raw)
