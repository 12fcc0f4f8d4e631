"""What a restart costs: which budget it is told against."""

from __future__ import annotations

from actors import KILLED, NOCONNECTION, Actor
from supervisors import child
from supervisors.actions import Child
from supervisors.budgets import Counted, Losses, count_restart
from supervisors.events import Scope
from supervisors.intensity import Intensity


def worker(max_restarts: int | None = None, within: float | None = None) -> Child:
    return Child("a", child(Actor, id="a", max_restarts=max_restarts, within=within))


def test_a_restart_is_told_against_the_supervisors_budget() -> None:
    all_, one, other = Intensity(3, 5.0), worker(), worker()

    assert [count_restart(each, all_, 1.0) for each in (one, other)] == [
        Counted(1, 3, 5.0, Scope.SUPERVISOR),
        Counted(2, 3, 5.0, Scope.SUPERVISOR),
    ]


def test_of_two_budgets_the_one_with_less_left_is_told() -> None:
    all_, one, other = Intensity(5, 5.0), worker(2, 60.0), worker()

    assert count_restart(one, all_, 1.0) == Counted(1, 2, 60.0, Scope.CHILD)
    for _ in range(3):
        count_restart(other, all_, 1.0)
    assert count_restart(one, all_, 1.0) == Counted(2, 2, 60.0, Scope.CHILD)


def test_the_first_budget_that_is_exceeded_is_told() -> None:
    for max_restarts, own, scope in ((0, 0, Scope.SUPERVISOR), (1, 0, Scope.CHILD)):
        counted = count_restart(worker(own, 60.0), Intensity(max_restarts, 5.0), 1.0)

        assert (counted.scope, counted.is_exceeded, counted.number, counted.limit) == (scope, True, 1, 0)


def test_a_child_that_outruns_the_window_by_slow_repairs_is_stopped_by_its_pace() -> None:
    all_, one = Intensity(1, 5.0), worker()
    first = count_restart(one, all_, 0.0)
    one.repairs = 100.0
    second = count_restart(one, all_, 100.0)

    assert (first.is_exceeded, second) == (False, Counted(2, 1, 5.0, Scope.PACE))


def test_every_budget_counts_although_another_is_exceeded() -> None:
    all_, one = Intensity(0, 5.0), worker(3, 5.0)
    count_restart(one, all_, 1.0)

    assert one.budget is not None
    assert one.pace is not None
    assert (one.budget.recorded, one.pace.recorded) == (1, 1)


def test_the_loss_of_a_host_counts_once_however_many_lived_there() -> None:
    losses = Losses()

    assert [losses.is_counted(NOCONNECTION, died) for died in (5.0, 5.0, 5.9)] == [False, True, True]


def test_another_loss_counts_again() -> None:
    losses = Losses()

    assert [losses.is_counted(NOCONNECTION, died) for died in (5.0, 6.1, 7.0)] == [False, False, True]


def test_other_deaths_are_no_loss_of_a_host() -> None:
    losses = Losses()

    assert [losses.is_counted(reason, 5.0) for reason in (KILLED, NOCONNECTION, KILLED)] == [False, False, False]


def test_a_restart_that_is_counted_already_costs_the_supervisor_nothing() -> None:
    all_, one, other = Intensity(1, 5.0), worker(), worker()
    count_restart(other, all_, 1.0)

    assert count_restart(one, all_, 1.0, is_counted=True) == Counted(1, 1, 5.0, Scope.SUPERVISOR)
    assert one.pace is not None
    assert (all_.recorded, one.pace.recorded) == (1, 1)
