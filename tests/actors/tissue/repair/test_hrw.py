"""Rendezvous hashing: everybody finds the same, shares follow weights, and little moves."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.repair.hrw import capacity, draw, rank, score

KEYS = [f"key {number}" for number in range(10_000)]
CELLS = {f"c{number}": 1.0 for number in range(50)}


def test_a_draw_is_the_same_for_ever() -> None:
    assert [round(draw("key", "a"), 6), round(draw("key", "b"), 6)] == [0.961116, 0.492166]


@given(st.text(), st.text())
def test_draws_are_strictly_between_0_and_1(key: str, name: str) -> None:
    assert 0.0 < draw(key, name) < 1.0


def test_a_name_longer_than_the_hash_takes_has_a_draw_of_its_own() -> None:
    assert draw("key", "x" * 64) != draw("key", "x" * 65) != draw("key", "x" * 66)


@given(st.dictionaries(st.text(max_size=8), st.floats(0.1, 10.0), max_size=12), st.randoms(use_true_random=False))
def test_the_order_in_which_candidates_are_known_does_not_matter(weights: dict[str, float], chance: object) -> None:
    names = list(weights)
    chance.shuffle(names)  # type: ignore[attr-defined]

    assert rank("key", weights) == rank("key", {name: weights[name] for name in names})


@given(st.sets(st.text(max_size=8), min_size=2, max_size=12))
def test_who_leaves_does_not_change_the_order_of_the_others(names: set[str]) -> None:
    whole = rank("key", dict.fromkeys(names, 1.0))

    assert rank("key", dict.fromkeys(whole[1:], 1.0)) == whole[1:]


def test_removing_one_of_n_moves_its_own_keys_only_which_are_one_in_n() -> None:
    before = {key: rank(key, CELLS)[0] for key in KEYS[:2000]}
    fewer = {name: 1.0 for name in CELLS if name != "c7"}
    moved = {key for key, owner in before.items() if rank(key, fewer)[0] != owner}

    assert moved == {key for key, owner in before.items() if owner == "c7"}
    assert len(moved) == pytest.approx(2000 / 50, rel=0.5)


def test_shares_are_proportional_to_weights() -> None:
    owners = Counter(rank(key, {"small": 1.0, "big": 3.0})[0] for key in KEYS)

    assert owners["big"] / owners["small"] == pytest.approx(3.0, rel=0.06)


def test_a_weight_of_nothing_has_nothing() -> None:
    assert rank("key", {"a": 0.0, "b": 1.0, "c": -1.0}) == ["b"]
    assert score("key", "a", 0.0) == 0.0


@pytest.mark.parametrize(
    ("load", "share", "expected"),
    [(10_000, 1 / 50, 250), (12, 1 / 3, 5), (1, 1 / 50, 1), (0, 1.0, 0), (10, 1.0, 13)],
)
def test_a_bounded_load_is_the_mean_times_the_factor_rounded_up(load: int, share: float, expected: int) -> None:
    assert capacity(load, share) == expected
