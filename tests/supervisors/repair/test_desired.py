"""The value: what it allows, and what it refuses by name."""

from __future__ import annotations

from typing import Any

import pytest

from supervisors import Desired, Pool, Scale, SpecError, child
from supervisors.validate import examine
from tests.supervisors.repair.crews import Mailer, shop


def test_bounds_that_are_not_given_are_the_number_itself() -> None:
    desired = Desired(3)

    assert (desired.floor, desired.ceiling) == (3, 3)


def test_a_number_without_room_follows_no_load() -> None:
    assert (Desired(3).follows, Desired(3, ceiling=4).follows) == (None, Scale())


def test_it_reads_as_it_is_written() -> None:
    assert repr(Desired(3, floor=2, ceiling=30, scale=None)) == "Desired(3, floor=2, ceiling=30, scale=None)"


def test_equal_ones_are_equal() -> None:
    assert Desired(3, ceiling=5) == Desired(3, floor=3, ceiling=5)


@pytest.mark.parametrize("number", [(0, 2), (2, 2), (5, 5), (9, 8)])
def test_a_number_is_brought_within_the_bounds(number: tuple[int, int]) -> None:
    asked, allowed = number

    assert Desired(4, floor=2, ceiling=8).clamp(asked) == allowed


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("replicas", {"replicas": 0}),
        ("replicas", {"replicas": True}),
        ("replicas", {"replicas": 1 << 17}),
        ("floor", {"floor": 4}),
        ("floor", {"floor": -1}),
        ("floor", {"floor": 1.0}),
        ("ceiling", {"ceiling": 2}),
        ("ceiling", {"ceiling": 1 << 17}),
        ("ceiling", {"ceiling": "many"}),
        ("scale", {"scale": 3}),
        ("placement", {"placement": "moon"}),
        ("hosts", {"hosts": 0}),
        ("hosts", {"hosts": 65}),
        ("hosts", {"hosts": True}),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(field: str, given: dict[str, Any]) -> None:
    with pytest.raises(SpecError) as caught:
        Desired(**{"replicas": 3, **given})

    assert (caught.value.field, caught.value.value) == (field, given[field])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("set_point", 0),
        ("set_point", 4),
        ("set_point", float("nan")),
        ("tolerance", -0.1),
        ("tolerance", 1),
        ("shrink_tolerance", "0.2"),
        ("boot", 0),
        ("window", float("inf")),
        ("drain", -1.0),
        ("interval", None),
    ],
)
def test_a_scale_that_cannot_be_meant_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(SpecError) as caught:
        Scale(**{field: value})

    assert caught.value.field == field


def test_a_pool_takes_it_for_its_size() -> None:
    pool = Pool("mailers", child(Mailer, id="w"), size=Desired(3, ceiling=30))

    assert (pool.most, "size=Desired(3, floor=3, ceiling=30)" in repr(pool)) == (30, True)


def test_a_pool_takes_no_other_size() -> None:
    with pytest.raises(SpecError):
        Pool("mailers", child(Mailer, id="w"), size="many")  # type: ignore[arg-type]


def test_the_checks_reckon_with_the_ceiling() -> None:
    few, many = (examine(shop(Desired(2, ceiling=ceiling))) for ceiling in (3, 30_000))

    assert [each.code for each in many.findings] != [each.code for each in few.findings]
