"""By which rule a supervisor decided: the facts that a decision rested on, kept with it for autopsies."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .promotion.ladder import Step


class Rule(StrEnum):
    """The rule that a decision about a death, or a stop, followed."""

    BUDGET = "budget"
    """A restart is counted; it is made if the limits allow it."""

    NO_RESTART = "no_restart"
    """The child is one that is not restarted after such an end."""

    SIGNIFICANT = "significant"
    """The child's end ends its supervisor (automatic shutdown)."""

    QUEUED = "queued"
    """The supervisor is in the midst of another repair, and decides when that is over."""

    STOPPING = "stopping"
    """The child was about to be stopped anyway: nothing is counted."""

    BOOT = "boot"
    """The supervisor itself was still starting: a start that fails ends it."""

    BY_HAND = "by_hand"
    """A start that was asked for by a call is not repeated."""

    GROUP = "group"
    """It was stopped because ``culprit`` takes it along."""

    ENDING = "ending"
    """It was stopped because its supervisor ends."""

    ASKED = "asked"
    """It was stopped by a call: terminated, or its pool made smaller."""


class Ruling(NamedTuple):
    """One decision's facts.

    ``restart`` and ``strategy`` are those of the child and its supervisor.  Where a restart was counted, it was the
    ``number``-th of ``limit`` that ``scope`` (see ``Scope``) allows ``within`` seconds; ``delay``
    is the wait before it, after ``failures`` in a row.  ``culprit``: the id of the sibling that it happened for.
    ``grace``: seconds that a stop was given, ``None`` for no limit.  ``place``: where the lives are from here on, if
    that has changed: because of ``pieces`` of evidence, the last of them of the kind ``evidence``.
    """

    rule: Rule
    restart: str
    strategy: str
    number: int | None = None
    limit: int | None = None
    within: float | None = None
    scope: str | None = None
    delay: float = 0.0
    failures: int = 0
    culprit: str | None = None
    grace: float | None = None
    place: str | None = None
    evidence: str | None = None
    pieces: int | None = None


Facts = tuple[int, int, float, str]
"""Of a restart that was counted: ``number``, ``limit``, ``within``, ``scope``."""

_BUDGET = Rule.BUDGET
_NOWHERE = (None, None, None)
_make = tuple.__new__


def budgeted(restart: str, strategy: str, facts: Facts, delay: float, failures: int, step: Step | None) -> Ruling:
    """The ruling about a restart that was counted; made at every crash, and so without the slow constructor."""
    place = _NOWHERE if step is None else (step.to.value, step.kind, step.count)
    return _make(Ruling, (_BUDGET, restart, strategy, *facts, delay, failures, None, None, *place))


def stopped(rule: Rule, restart: str, strategy: str, culprit: str | None, grace: float | None) -> Ruling:
    """The ruling about a stop; made for each child of a tree that ends, and so without the slow constructor."""
    return _make(Ruling, (rule, restart, strategy, None, None, None, None, 0.0, 0, culprit, grace, *_NOWHERE))
