"""Full jitter: a uniform draw below an exponential ceiling."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from supervisors.backoff import Backoff
from supervisors.errors import SpecError


@pytest.mark.parametrize(
    ("k", "ceiling"), [(0, 0.05), (1, 0.1), (2, 0.2), (6, 3.2), (7, 5.0), (64, 5.0), (10**6, 5.0), (10**30, 5.0)]
)
def test_the_ceiling_doubles_up_to_the_cap_however_many_failures(k: int, ceiling: float) -> None:
    assert Backoff().ceiling(k) == ceiling


def test_waits_lie_between_nothing_and_the_ceiling_and_fill_that_range() -> None:
    rng, backoff = random.Random(1), Backoff(base=1.0, cap=8.0)
    waits = [backoff.delay(2, rng) for _ in range(2000)]

    assert 0.0 <= min(waits) < 0.05
    assert 3.95 < max(waits) <= 4.0
    assert sum(waits) / len(waits) == pytest.approx(2.0, abs=0.1)


def test_the_same_seed_draws_the_same_waits() -> None:
    backoff = Backoff()

    assert [backoff.delay(k, random.Random(3)) for k in range(9)] == [
        backoff.delay(k, random.Random(3)) for k in range(9)
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base", 0.0),
        ("base", -1.0),
        ("base", math.inf),
        ("base", math.nan),
        ("base", "1"),
        ("base", True),
        ("cap", 0.01),
        ("cap", math.inf),
        ("cap", math.nan),
        ("cap", None),
        ("reset", -0.1),
        ("reset", math.nan),
    ],
    ids=str,
)
def test_a_value_out_of_range_is_refused_with_its_field(field: str, value: Any) -> None:
    with pytest.raises(SpecError) as caught:
        Backoff(**{field: value})

    assert (caught.value.field, str(caught.value.value)) == (f"Backoff.{field}", str(value))


def test_failures_may_be_remembered_for_ever() -> None:
    assert Backoff(reset=math.inf).reset == math.inf


def test_a_constant_wait_has_its_cap_at_its_base() -> None:
    assert [Backoff(base=2.0, cap=2.0).ceiling(k) for k in range(3)] == [2.0, 2.0, 2.0]
