"""What a check has to say: findings (refuted, or unwise) and proofs (shown to hold), as values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

Numbers: TypeAlias = Mapping[str, Any]
"""The figures behind a sentence, by name; times are seconds."""


class Severity(StrEnum):
    """How sure it is that a finding hurts."""

    ERROR = "error"
    """It cannot work as written."""

    WARNING = "warning"
    """It works until something goes wrong, and then not as expected."""

    NOTE = "note"
    """It may well be meant."""


class Code(StrEnum):
    """The kinds of findings; stable, so that a program may select by them."""

    DUPLICATE_ID = "duplicate-id"
    SIGNIFICANT_UNDER_NEVER = "significant-under-never"
    NOBODY_SIGNIFICANT = "nobody-significant"
    AUTO_SHUTDOWN_RESTARTED = "auto-shutdown-restarted"
    UNREACHABLE_GIVE_UP = "unreachable-give-up"
    FIRST_CRASH_FATAL = "first-crash-fatal"
    POISON_BEFORE_QUARANTINE = "poison-before-quarantine"
    LARGE_BUDGET = "large-budget"
    NESTED_RETRIES = "nested-retries"
    GIVE_UP_LOOKS_CLEAN = "give-up-looks-clean"
    SHORT_SHUTDOWN = "short-shutdown"
    UNBOUNDED_MAILBOX = "unbounded-mailbox"
    UNBOUNDED_SHUTDOWN = "unbounded-shutdown"
    UNBOUNDED_START = "unbounded-start"
    UNBOUNDED_CHILDREN = "unbounded-children"
    UNBOUNDED_SENDERS = "unbounded-senders"
    LARGE_BACKLOG = "large-backlog"
    LIFETIME_OUTLIVED = "lifetime-outlived"
    LIFETIME_TOO_SHORT = "lifetime-too-short"
    LIFETIMES_IN_STEP = "lifetimes-in-step"
    NEVER_REPLACED = "never-replaced"
    TEMPORARY_REPLACED = "temporary-replaced"
    NOTHING_WATCHED = "nothing-watched"
    EVIDENCE_WEIGHTLESS = "evidence-weightless"
    FIRST_EVIDENCE_FATAL = "first-evidence-fatal"
    FLOOR_BLOCKS = "floor-blocks"
    LADDER_WITHOUT_REPAIR = "ladder-without-repair"
    ESTATE_WITHOUT_HEIR = "estate-without-heir"
    HEIR_WITHOUT_ESTATE = "heir-without-estate"
    PROMOTION_TOO_LATE = "promotion-too-late"


class Claim(StrEnum):
    """What can be shown to hold."""

    GIVES_UP = "gives-up"
    """A child that always crashes makes its supervisor give up, in the time and with the starts that are said."""

    STOPS = "stops"
    """It stops within the time that is said, whatever its children do."""

    RETRIES = "retries"
    """How often one message, or one start, is tried at most, over all levels."""

    LIFETIMES = "lifetimes"
    """The disruption budget lets every worker of a group be replaced when its lifetime is over."""

    THRESHOLD = "threshold"
    """How regular evidence has to be for a life to be replaced."""

    BOUNDED = "bounded"
    """What it may be owed has a limit."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something unwise at ``path``: what kind (``code``), how bad (``severity``), a sentence, and its figures."""

    path: str
    code: Code
    severity: Severity
    message: str
    numbers: Numbers = field(default_factory=dict, hash=False)

    def to_dict(self) -> dict[str, Any]:
        """For JSON; what is unlimited is ``"infinity"``."""
        return {
            "path": self.path,
            "code": self.code.value,
            "severity": self.severity.value,
            "message": self.message,
            "numbers": plain(self.numbers),
        }

    def __str__(self) -> str:
        return f"{self.path}: {self.severity}: {self.message} [{self.code}]"


@dataclass(frozen=True, slots=True)
class Proof:
    """Something shown to hold at ``path``: what (``claim``), a sentence, and its figures."""

    path: str
    claim: Claim
    message: str
    numbers: Numbers = field(default_factory=dict, hash=False)

    def to_dict(self) -> dict[str, Any]:
        """For JSON; what is unlimited is ``"infinity"``."""
        return {
            "path": self.path,
            "claim": self.claim.value,
            "message": self.message,
            "numbers": plain(self.numbers),
        }

    def __str__(self) -> str:
        return f"{self.path}: {self.message} [{self.claim}]"


Verdict: TypeAlias = Finding | Proof


def plain(value: Any) -> Any:
    """Figures as JSON's types: an unlimited one is ``"infinity"``, which JSON has no number for."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, float) and math.isinf(value):
        return "infinity"
    return value


def spoken(value: float) -> str:
    """A time in a sentence: ``14 s``, or ``for ever``."""
    return "for ever" if math.isinf(value) else f"{value:.4g} s"


def counted(number: int, one: str, many: str) -> str:
    """``1 life``, ``1,000 lives``."""
    return f"{number:,} {one if number == 1 else many}"


def percent(share: float) -> str:
    """A probability in a sentence; one that is neither 0 nor 1 is not rounded to it."""
    if 0 < share < 0.0001:
        return "less than 0.01 %"
    if 0.9999 < share < 1:
        return "more than 99.99 %"
    return f"{share * 100:.4g} %"
