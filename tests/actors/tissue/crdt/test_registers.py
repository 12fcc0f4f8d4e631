"""The greatest and the least that anybody offered."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.crdt.registers import MaxRegister, MinRegister

from .kit import A, B, joined

numbers = st.lists(st.integers(-(1 << 60), 1 << 60) | st.floats(allow_nan=False), min_size=1)


@given(numbers, numbers)
def test_a_register_holds_the_best_of_all_offers(mine: list[float], yours: list[float]) -> None:
    for kind, best in ((MaxRegister, max), (MinRegister, min)):
        here, there = kind(A), kind(B)
        for number in mine:
            here.offer(number)
        for number in yours:
            there.offer(number)

        assert joined(here, there).value == joined(there, here).value == best(mine + yours)
        assert len(joined(here, there).entries) == 1


def test_a_register_to_which_nobody_offered_holds_nothing() -> None:
    assert MaxRegister(A).value is None


def test_an_offer_that_is_no_better_changes_nothing() -> None:
    register = MaxRegister(A)
    register.offer(3)

    assert not register.offer(3)
    assert not register.offer(3.0)
    assert not register.offer(-math.inf)
    assert register.offer(math.inf)


@pytest.mark.parametrize("number", [math.nan, "3", None, True, [1]], ids=repr)
def test_what_is_no_number_is_not_offered(number: Any) -> None:
    for register in (MaxRegister(A), MinRegister(A)):
        with pytest.raises((TypeError, ValueError), match="not a number"):
            register.offer(number)
        with pytest.raises((TypeError, ValueError), match="not a number"):
            register.read(B, [number])


def test_a_greatest_and_a_least_do_not_join() -> None:
    with pytest.raises(TypeError):
        MaxRegister(A).merge(MinRegister(A))
