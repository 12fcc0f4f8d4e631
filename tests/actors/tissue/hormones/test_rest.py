"""A cell rests when nothing changes, and knows when anything does."""

from __future__ import annotations

from actors.tissue.hormones.config import HormonesConfig
from actors.tissue.hormones.gland import Gland
from actors.tissue.hormones.rest import MOVING, Rest
from actors.tissue.hormones.secretion import Hormone

CONFIG = HormonesConfig()
STEADY = Hormone("x", half_life=1e9, ceiling=1.0)


def gland() -> dict[str, Gland]:
    return {"x": Gland(STEADY, 0.0)}


def test_it_is_still_after_an_epoch_without_a_change() -> None:
    rest, glands = Rest(CONFIG, "x"), gland()
    for _ in range(CONFIG.epoch_rounds):
        assert not rest.is_still
        rest.round(CONFIG.period, glands, 0.0)

    assert rest.is_still


def test_a_level_that_moves_by_more_than_a_share_ends_the_rest_and_one_that_moves_less_does_not() -> None:
    rest, glands = Rest(CONFIG, "x"), gland()
    rest.still = CONFIG.epoch_rounds
    glands["x"].secrete(CONFIG.change - 0.01, 0.0, 1.0)
    assert (rest.moves(glands, 0.0), rest.is_still) == (False, True)

    glands["x"].secrete(0.02, 0.0, 1.0)
    assert (rest.moves(glands, 0.0), rest.is_still, rest.is_moving) == (True, False, True)

    for _ in range(MOVING):
        rest.round(CONFIG.period, glands, 0.0)
    assert not rest.is_moving


def test_a_level_is_compared_with_what_it_lately_was_on_average() -> None:
    rest, glands = Rest(CONFIG, "x"), gland()
    moved = 0
    for _ in range(500):  # slower than what an average over an epoch forgets
        glands["x"].secrete(0.0005, 0.0, 1.0)
        rest.round(CONFIG.period, glands, 0.0)
        moved += rest.moves(glands, 0.0)

    assert moved == 0


def test_what_a_sibling_heard_of_a_change_is_news_only_for_one_that_rests() -> None:
    rest = Rest(CONFIG, "x")
    rest.still = CONFIG.epoch_rounds

    assert [rest.heard(CONFIG.epoch_rounds), rest.heard(3), rest.heard(2)] == [False, True, False]
    assert rest.still == 2


def test_a_round_that_was_put_off_counts_for_those_that_were_left_out_and_a_long_sleep_for_no_more() -> None:
    rest, glands = Rest(CONFIG, "x"), gland()
    passed = [rest.round(periods * CONFIG.period, glands, 0.0) for periods in (0.0, 1.0, 4.0, 1000.0)]

    assert passed == [1, 1, 4, CONFIG.rest]
