"""Expected transmissions, and how much silence means death on a link of that quality."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.links.etx import MOST_SILENCES, Quality


def measured(share: float, messages: int = 400, seed: int = 0) -> Quality:
    """A link on which that share of transmissions is acknowledged."""
    rng, quality = random.Random(seed), Quality()
    for _ in range(messages):
        transmissions = 1
        while rng.random() >= share:
            transmissions += 1
        quality.arrived(transmissions)
    return quality


def test_a_link_that_loses_nothing_costs_one_transmission_and_is_dead_after_three_silences() -> None:
    quality = measured(1.0)

    assert (quality.etx, quality.fatal_silences) == (1.0, 3)


def test_a_new_link_is_believed_to_be_good_until_it_shows_otherwise() -> None:
    quality = Quality()
    before = quality.etx, quality.fatal_silences

    quality.arrived(4)

    assert before == (1.0, 3)
    assert quality.etx == pytest.approx(5 / 2)


def test_thirty_percent_loss_each_way_costs_two_transmissions() -> None:
    values = [measured(0.49, seed=seed).etx for seed in range(200)]

    assert sum(values) / len(values) == pytest.approx(1 / 0.49, rel=0.1)


@pytest.mark.parametrize(("share", "least", "most"), [(0.99, 3, 4), (0.9, 4, 7), (0.49, 12, 24), (0.1, 24, 24)])
def test_the_worse_a_link_the_more_silence_is_needed_to_bury_it(share: float, least: int, most: int) -> None:
    silences = [measured(share, seed=seed).fatal_silences for seed in range(20)]

    assert least <= sorted(silences)[10] <= most


def test_a_link_of_thirty_percent_loss_is_hardly_ever_buried_by_chance() -> None:
    """Each message is a run of silences that may be long enough; one in 10,000 should be, one in 3,000 may."""
    rng, quality, buried, messages = random.Random(1), Quality(), 0, 60_000
    for _ in range(messages):
        transmissions = 1
        while rng.random() >= 0.49:
            transmissions += 1
        buried += transmissions > quality.fatal_silences
        quality.arrived(transmissions)

    assert buried < messages / 3_000


def test_a_link_that_gets_better_is_believed_after_some_dozens_of_messages() -> None:
    quality = measured(0.3)

    for _ in range(100):
        quality.arrived(1)

    assert quality.etx < 1.1


@given(st.lists(st.integers(1, 10**9), max_size=50))
def test_it_stays_between_its_bounds(history: list[int]) -> None:
    quality = Quality()
    for transmissions in history:
        quality.arrived(transmissions)

    assert 0 <= quality.delivered <= 1
    assert 1 <= quality.etx <= 20
    assert 3 <= quality.fatal_silences <= MOST_SILENCES
    assert repr(quality).startswith("Quality(etx=")
