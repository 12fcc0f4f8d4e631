"""Replicas: never more than so many in a rack, as far apart as can be, and all decide alike."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.flock.racks import best_place, distance, repulsion, surplus

CELLS = {f"z{z}r{r}h{h}": (f"z{z}", f"r{r}", f"h{h}") for z in range(3) for r in range(4) for h in range(3)}


@pytest.mark.parametrize(
    ("other", "apart"),
    [(("eu", "r1", "h1"), 0), (("eu", "r1", "h2"), 1), (("eu", "r2", "h1"), 2), (("us", "r1", "h1"), 3), ((), 3)],
)
def test_two_places_are_as_far_apart_as_the_parts_they_do_not_share(other: tuple[str, ...], apart: int) -> None:
    assert distance(("eu", "r1", "h1"), other) == distance(other, ("eu", "r1", "h1")) == apart


def test_replicas_repel_by_one_over_distance() -> None:
    assert repulsion(("a", "b"), [("a", "b"), ("a", "c"), ("z", "b")]) == 2 + 1 + 1 / 2


def test_the_next_replica_goes_as_far_away_as_it_can() -> None:
    chosen: list[str] = []
    for _ in range(6):
        name = best_place("shard", CELLS, [CELLS[each] for each in chosen])
        assert name is not None
        chosen.append(name)

    assert Counter(CELLS[name][0] for name in chosen) == {"z0": 2, "z1": 2, "z2": 2}
    assert len({CELLS[name][:2] for name in chosen}) == 6


@given(st.integers(0, 1 << 20), st.integers(1, 3))
def test_no_rack_ever_gets_more_than_it_may(seed: int, most: int) -> None:
    rng = random.Random(seed)
    cells = dict(rng.sample(sorted(CELLS.items()), 20))
    placed: list[tuple[str, ...]] = []
    while (name := best_place("shard", cells, placed, most=most)) is not None:
        placed.append(cells[name])

    racks = Counter(place[:2] for place in placed)
    assert set(racks.values()) == {most}
    assert racks.keys() == {place[:2] for place in cells.values()}


def test_shards_are_spread_over_cells_that_are_equally_good() -> None:
    chosen = Counter(best_place(f"shard {number}", CELLS, []) for number in range(2000))

    assert len(chosen) == len(CELLS)
    assert max(chosen.values()) <= 2 * 2000 / len(CELLS)


def test_those_that_are_too_many_in_a_rack_move_and_the_others_stay() -> None:
    replicas = {name: CELLS[name] for name in ("z0r0h0", "z0r0h1", "z0r0h2", "z1r0h0")}

    moving = surplus("shard", replicas, most=1)

    assert len(moving) == 2
    assert set(moving) < {"z0r0h0", "z0r0h1", "z0r0h2"}
    assert surplus("shard", dict(reversed(replicas.items())), most=1) is not None
    assert sorted(surplus("shard", dict(reversed(replicas.items())), most=1)) == sorted(moving)
    assert surplus("shard", replicas, most=3) == []
