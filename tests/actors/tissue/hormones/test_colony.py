"""Pools that scale by themselves, under every load and fault that makes such pools run away."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from actors.testing.network import Network
from actors.tissue.hormones.scaling import ScalingConfig
from bench.colony import BOOT, SET_POINT, STEP, Colony, Load

SEEDS = range(2)
HALF_LIFE = 3.0


def steady(cells: float) -> Load:
    """The load that so many cells are right for."""
    return lambda now: cells * SET_POINT


def step(low: float, high: float, since: float = 40.0, until: float = math.inf) -> Load:
    return lambda now: SET_POINT * (high if since <= now < until else low)


@pytest.mark.parametrize("seed", SEEDS)
def test_at_a_constant_load_nothing_moves(seed: int) -> None:
    history = Colony(seed, steady(20), cells=20).run(150.0)

    assert set(history.sizes) == {20}


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_step_the_size_comes_to_rest_where_the_load_wants_it(seed: int) -> None:
    history = Colony(seed, step(8, 40), noise=0.1).run(320.0)
    sizes = history.between(220.0, 320.0)

    assert max(sizes) - min(sizes) <= 0.03 * 40
    assert 40 / 1.1 <= min(sizes) <= max(sizes) <= 40 / 0.8
    assert history.cleared(40.0, 1.5) < 30.0
    assert max(history.sizes) <= 3.0 * 40


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ramp_is_followed_without_a_standing_queue(seed: int) -> None:
    def ramp(now: float) -> float:
        return SET_POINT * (8 + 32 * min(1.0, max(0.0, (now - 20.0) / 200.0)))

    history = Colony(seed, ramp).run(260.0)
    wanted = [ramp(when) / SET_POINT for when in history.times]

    assert all(size <= 1.5 * want for size, want in zip(history.sizes, wanted, strict=True))
    assert max(history.backlog) < 20.0
    assert history.backlog[-1] == 0.0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lasting", [1.0, 2.0, 3.0])
def test_a_spike_shorter_than_a_boot_leaves_no_more_than_a_tenth_behind(seed: int, lasting: float) -> None:
    spike = step(20, 30, until=40.0 + lasting)
    history = Colony(seed, spike, cells=20).run(70.0)

    assert max(history.sizes) <= 22


@pytest.mark.parametrize("seed", SEEDS)
def test_a_load_that_swings_at_the_loops_own_period_is_not_amplified(seed: int) -> None:
    period = BOOT + HALF_LIFE

    def sine(now: float) -> float:
        return SET_POINT * 40 * (1 + 0.3 * math.sin(2 * math.pi * now / period))

    sizes = Colony(seed, sine, cells=40).run(200.0).between(100.0, 200.0)

    assert max(sizes) - min(sizes) <= 2 * 0.3 * 40


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("stuck", [3.0, 0.0])
def test_one_cell_whose_sensor_is_stuck_changes_nothing(seed: int, stuck: float) -> None:
    def one_lies(number: int) -> float | None:
        return stuck if number == 3 else None

    sizes = Colony(seed, steady(20), cells=20, lies=one_lies).run(200.0).sizes

    assert 19 <= min(sizes) <= max(sizes) <= 21


def share_of_liars(seed: int, share: float, lie: float) -> Callable[[int], float | None]:
    return lambda number: lie if random.Random(f"{seed}/{number}").random() < share else None


@pytest.mark.parametrize("seed", SEEDS)
def test_where_a_fifth_is_stuck_high_the_pool_does_not_run_away(seed: int) -> None:
    lies = share_of_liars(seed, 0.2, 3.0)
    history = Colony(seed, step(8, 40), lies=lies, config=ScalingConfig(ceiling=200)).run(230.0)

    assert max(history.sizes) <= 3.2 * 40
    assert 36 <= history.sizes[-1] <= 65


@pytest.mark.parametrize("seed", [1, 19])
def test_sensed_by_packets_a_fifth_that_is_stuck_high_does_not_start_more_when_the_load_is_over(seed: int) -> None:
    def lies(number: int) -> float | None:
        return 3.0 if random.Random(f"{seed}/{number}/liar").random() < 0.2 else None

    sizes = Colony(seed, step(8, 40), lies=lies, config=ScalingConfig(ceiling=200), packets=True).run(80.0).sizes

    assert max(sizes) <= 3.0 * 40


@pytest.mark.parametrize("seed", SEEDS)
def test_where_a_fifth_is_stuck_low_the_pool_still_grows(seed: int) -> None:
    lies = share_of_liars(seed, 0.2, 0.0)
    history = Colony(seed, step(40, 80), cells=40, lies=lies).run(200.0)

    assert min(history.sizes) >= 38
    assert 72 <= history.sizes[-1] <= 110
    assert history.backlog[-1] == 0.0


def test_in_a_small_pool_two_that_are_stuck_low_stop_growth_and_cannot_make_it_vanish() -> None:
    colony = Colony(0, step(8, 40), cells=8, lies=lambda number: 0.0 if number < 2 else None)

    assert set(colony.run(120.0).sizes) == {8}


@pytest.mark.parametrize("seed", SEEDS)
def test_where_all_lie_there_are_still_never_more_than_the_ceiling(seed: int) -> None:
    config = ScalingConfig(ceiling=50)
    history = Colony(seed, steady(8), lies=lambda number: 3.0, config=config).run(120.0)

    assert max(history.sizes) == 50


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ceiling_holds_under_a_load_that_wants_more(seed: int) -> None:
    history = Colony(seed, step(8, 400), config=ScalingConfig(ceiling=60)).run(120.0)

    assert max(history.sizes) == 60


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pool_at_most_doubles_in_the_time_of_a_boot(seed: int) -> None:
    history = Colony(seed, step(8, 120)).run(70.0)
    sizes, span = history.sizes, round(BOOT / STEP)

    assert all(after <= 2 * before for before, after in zip(sizes, sizes[span - 1 :], strict=False))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_floor_holds_where_there_is_nothing_to_do(seed: int) -> None:
    history = Colony(seed, lambda now: 0.0, cells=20, config=ScalingConfig(ceiling=50, floor=4)).run(200.0)

    assert history.sizes[-1] == min(history.sizes) == 4


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pool_of_one_grows_and_shrinks_back(seed: int) -> None:
    history = Colony(seed, step(1, 10, until=120.0), cells=1).run(300.0)

    assert set(history.between(0.0, 40.0)) == {1}
    assert max(history.between(90.0, 120.0)) >= 10
    assert 1 <= history.sizes[-1] <= 2


@pytest.mark.parametrize("seed", SEEDS)
def test_each_half_of_a_pool_that_is_cut_scales_for_what_it_sees(seed: int) -> None:
    # Cut in two, each half has its own load, knows its own cells, and boots its own.
    halves = [Colony(seed, step(10, wanted), cells=10).run(200.0) for wanted in (5, 30)]

    assert 5 <= halves[0].sizes[-1] <= 7
    assert 27 <= halves[1].sizes[-1] <= 38


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pool_whose_cells_were_all_restarted_does_not_move(seed: int) -> None:
    colony = Colony(seed, steady(20), cells=20)
    colony.run(60.0)
    for name in list(colony.cells):
        colony.kill(name)
        colony.born()
    colony.queue = 0.0
    history = colony.run(200.0)

    assert 18 <= min(history.sizes) <= max(history.sizes) <= 22


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_killed_is_grown_again(seed: int) -> None:
    colony = Colony(seed, steady(40), cells=40)
    colony.run(60.0)
    for name in list(colony.cells)[:20]:
        colony.kill(name)
    history = colony.run(200.0)

    assert 36 <= history.sizes[-1] <= 50
    assert max(history.sizes) <= 80
    assert history.backlog[-1] == 0.0


def test_sensed_by_packets_that_are_lost_it_is_the_same() -> None:
    colony = Colony(1, step(8, 24), packets=True, strict=True, network=Network(1, loss=0.3))
    history = colony.run(130.0)

    assert history.cleared(40.0, 1.5) < 30.0
    assert max(history.sizes) <= 3.0 * 24
    assert history.backlog[-1] == 0.0


def test_everything_follows_from_the_seed() -> None:
    first, second = (Colony(7, step(8, 24), noise=0.2).run(80.0) for _ in range(2))

    assert first == second
