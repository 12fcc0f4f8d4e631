"""The composite scenarios, small: what each must reach holds for a few seeds, and controls fail as they should."""

from __future__ import annotations

import math

import pytest

from actors.testing import world
from bench.harness import QUICK_SCALE, Context
from bench.scenarios import cache_flush as flush
from bench.scenarios import caesarean, cancer, datacentre_fire, forest

SEEDS = range(2)


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_silence_cells_serve_restart_and_shed_by_themselves(seed: int) -> None:
    ours = world(seed).run(caesarean.scene(Context(QUICK_SCALE), caesarean.WAYS["ours"], 0.1))

    assert min(ours.steady, ours.overloaded, ours.whole) >= 0.8
    assert ours.restarts == 9


def test_who_waits_to_be_told_does_not_serve_in_a_silence() -> None:
    waits = world(0).run(caesarean.scene(Context(QUICK_SCALE), caesarean.WAYS["waits"], 0.2))

    assert waits.overloaded < 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_a_tumour_gets_no_group_above_its_ceiling_and_writes_nothing_once_it_is_given_up(seed: int) -> None:
    run = cancer.colony(seed, 4, cancer.CEILING, 0.5)

    assert run.most <= cancer.CEILING < run.mass
    assert run.keeper.tried > run.keeper.admitted
    assert (run.keeper.late, run.keeper.refused) == (0, 0)


def test_without_a_ceiling_a_tumour_is_believed() -> None:
    assert cancer.colony(0, 4, cancer.UNBOUNDED, 0.5).most > cancer.CEILING


@pytest.mark.parametrize("seed", SEEDS)
def test_a_service_is_back_soon_after_its_cache_was_emptied(seed: int) -> None:
    ours = world(seed).run(flush.scene(flush.WAYS["ours"], 0.85, 20))

    assert (ours.before > 0.95, ours.back <= 10, ours.attempts <= 1.15) == (True, True, True)


def test_a_cache_alone_does_not_bring_it_back() -> None:
    alone = world(0).run(flush.scene(flush.WAYS["cache alone"], 0.7, 8))

    assert (alone.before > 0.95, alone.back) == (True, 8.0)


@pytest.mark.parametrize("load", [0.5, 0.7, 0.85])
def test_values_live_for_as_long_as_makes_the_misses_that_share_of_the_backend(load: float) -> None:
    rates = [flush.RATE * weight / sum(flush.WEIGHTS) for weight in flush.WEIGHTS]
    misses = sum(1 / (flush.lifetime(load) + 1 / rate) for rate in rates)

    assert math.isclose(misses, load * flush.CAPACITY, rel_tol=1e-6)


def test_after_a_fire_and_a_cut_every_place_is_filled_once_and_nothing_is_forgotten() -> None:
    run = world(0).run(datacentre_fire.scene(3))

    assert (run.lost, run.dark) == (0, 0)
    assert run.repaired <= datacentre_fire.REPAIRED
    assert run.spawns <= datacentre_fire.SPAWNS
    assert run.single <= datacentre_fire.SINGLE
    assert min(run.served.values()) >= 0.95


def test_a_forest_is_whole_again_whoever_dies() -> None:
    books = world(0).run(forest.scene(10))

    assert len(books.whole) == 10
    assert (books.lost, books.unanswered, books.twice) == ([], 0, 0)
