"""Immune memory: a repair that never helped against something is left out, until it has been long ago."""

from __future__ import annotations

import pytest

from supervisors.apoptosis.immunity import HALF_LIFE, REMEMBERED, Immunity

FEVER = ("exception", "Worker.sum", "Order")
COLD = ("late", "", "Order")


def test_what_was_never_tried_may_help() -> None:
    assert not Immunity().is_useless(FEVER, 1, 0.0)


def test_a_repair_that_was_tried_in_vain_is_useless() -> None:
    memory = Immunity()
    memory.learn(FEVER, 1, False, 10.0)

    assert memory.is_useless(FEVER, 1, 10.0)


def test_it_is_useless_at_that_level_and_against_that_signature_only() -> None:
    memory = Immunity()
    memory.learn(FEVER, 1, False, 0.0)

    assert [memory.is_useless(*other, 0.0) for other in ((FEVER, 2), (COLD, 1))] == [False, False]


def test_one_success_outweighs_any_number_of_failures() -> None:
    memory = Immunity()
    for worked in (False, False, True, False, False, False):
        memory.learn(FEVER, 1, worked, 0.0)

    assert not memory.is_useless(FEVER, 1, 0.0)


@pytest.mark.parametrize(("after", "useless"), [(0.99 * HALF_LIFE, True), (HALF_LIFE, True), (1.01 * HALF_LIFE, False)])
def test_one_failure_is_forgotten_after_a_day(after: float, useless: bool) -> None:
    memory = Immunity()
    memory.learn(FEVER, 1, False, 1000.0)

    assert memory.is_useless(FEVER, 1, 1000.0 + after) is useless


def test_four_failures_are_forgotten_after_three_days() -> None:
    memory = Immunity()
    for _ in range(4):
        memory.learn(FEVER, 2, False, 0.0)

    assert [memory.is_useless(FEVER, 2, days * HALF_LIFE) for days in (1, 2, 3, 3.1)] == [True, True, True, False]


def test_what_is_forgotten_first_is_what_was_not_met_for_longest() -> None:
    memory = Immunity()
    memory.learn(FEVER, 1, False, 0.0)
    memory.learn(COLD, 1, False, 0.0)
    memory.learn(FEVER, 1, False, 1.0)  # met again
    for number in range(REMEMBERED - 1):
        memory.learn(("exception", f"h{number}", "M"), 1, False, 2.0)

    assert (len(memory), memory.is_useless(FEVER, 1, 2.0), memory.is_useless(COLD, 1, 2.0)) == (REMEMBERED, True, False)
