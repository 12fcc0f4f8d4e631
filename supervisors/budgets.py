"""What a restart costs: it is recorded with every budget that it counts for, and may be too much for one of them.

Besides the supervisor's budget and the child's own there is the *pace*: the supervisor's limit for this child alone, on
a clock that stands still while the child is being repaired.  Slow stops and starts cannot outrun it.

When a host is gone, all who lived there have died of one thing: that counts once for the supervisor, however many of
its children they were.
"""

from __future__ import annotations

from typing import NamedTuple

from actors.exits import NOCONNECTION, Reason

from .actions import Child
from .events import Scope
from .intensity import Intensity

ONE_LOSS = 1.0
"""Seconds between the first and the last death by the loss of one host."""


class Losses:
    """Which deaths of one supervisor's children are the same loss of a host."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since: float | None = None

    def is_counted(self, reason: Reason, died: float | None) -> bool:
        """Whether a death at ``died`` is of a loss that another death has been counted for."""
        if reason != NOCONNECTION or died is None:
            return False
        if self._since is not None and abs(died - self._since) <= ONE_LOSS:
            return True
        self._since = died
        return False


class Counted(NamedTuple):
    """A restart was the ``number``-th that ``scope`` has seen ``within`` seconds, of ``limit`` that it allows.

    If it was too much for one of the budgets, this is the first such; else the one with the least left.
    """

    number: int
    limit: int
    within: float
    scope: Scope

    @property
    def is_exceeded(self) -> bool:
        """Whether it was one too many."""
        return self.number > self.limit


def count_restart(child: Child, intensity: Intensity, now: float, *, is_counted: bool = False) -> Counted:
    """Record a restart of ``child`` with all budgets; ``intensity`` is its supervisor's.

    ``is_counted``: another one was recorded there for the same loss, and this one is not.
    """
    if child.pace is None:
        child.pace = Intensity(intensity.max_restarts, intensity.within)
    fits = is_counted or intensity.record(now)
    keeps_pace = child.pace.record(now - child.repairs)
    affords = child.budget is None or child.budget.record(now)
    if not fits:
        return _one_too_many(intensity, Scope.SUPERVISOR)
    if not keeps_pace:
        return _one_too_many(child.pace, Scope.PACE)
    if not affords and child.budget is not None:
        return _one_too_many(child.budget, Scope.CHILD)
    counted = Counted(intensity.recorded, intensity.max_restarts, intensity.within, Scope.SUPERVISOR)
    own = child.budget
    if own is not None and own.max_restarts - own.recorded <= counted.limit - counted.number:
        return Counted(own.recorded, own.max_restarts, own.within, Scope.CHILD)
    return counted


def _one_too_many(budget: Intensity, scope: Scope) -> Counted:
    return Counted(budget.max_restarts + 1, budget.max_restarts, budget.within, scope)
