"""Which of two links between the same hosts is kept: both come to the same answer."""

from __future__ import annotations

import pytest

from actors.cluster.admission import AT_ONCE, DUPLICATE, Known, Verdict, admit
from actors.cluster.values import HostInfo

LATER = AT_ONCE + 1.0


def info(name: str, boot: int = 1) -> HostInfo:
    return HostInfo(name, boot, 1, "127.0.0.1:1")


def test_the_first_link_is_kept() -> None:
    assert admit(info("b"), "b", "a", None) == (Verdict.ACCEPT, "")


def test_a_caller_who_knows_of_no_link_has_lost_the_old_one() -> None:
    assert admit(info("b"), "b", "a", Known(1, LATER))[0] is Verdict.REPLACE


def test_a_caller_who_has_a_link_has_called_another_address_of_this_host() -> None:
    assert admit(info("b"), "b", "a", Known(1, LATER), is_linked=True) == (Verdict.REFUSE, DUPLICATE)


@pytest.mark.parametrize("caller", ["a", "b"])
def test_a_link_that_is_so_young_that_a_caller_may_not_know_of_it_is_kept(caller: str) -> None:
    assert admit(info("b"), caller, "a", Known(1, 0.1)) == (Verdict.REFUSE, DUPLICATE)


def test_of_two_calls_that_were_both_answered_the_one_of_the_greater_name_is_given_up() -> None:
    assert admit(info("a"), "b", "b", None, is_calling=True) == (Verdict.REFUSE, DUPLICATE)
    assert admit(info("b"), "a", "a", None, is_calling=True) == (Verdict.ACCEPT, "")


def test_a_caller_who_was_answered_before_may_have_given_that_call_up() -> None:
    assert admit(info("b"), "b", "a", None, is_calling=True) == (Verdict.ACCEPT, "")


@pytest.mark.parametrize(("boot", "age"), [(1, 0.1), (1, LATER), (3, 0.1), (3, LATER)])
def test_a_host_that_answers_keeps_its_name(boot: int, age: float) -> None:
    verdict, why = admit(info("b", boot), "b", "a", Known(2, age))

    assert verdict is Verdict.REFUSE
    assert "there is a host b already" in why
    assert "names must differ" in why


def test_a_host_that_was_accepted_by_the_other_side_drops_its_own_old_link() -> None:
    assert admit(info("b"), "a", "a", Known(1, LATER))[0] is Verdict.REPLACE
