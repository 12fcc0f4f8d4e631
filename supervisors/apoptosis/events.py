"""What is decided and done about planned death, as events of the same stream as all others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from supervisors.events import SupervisionEvent, counted, seconds

from .vitals import Vitals

if TYPE_CHECKING:
    from actors.exits import Reason


@dataclass(frozen=True, slots=True)
class Damaged(SupervisionEvent):
    """Evidence against a life: ``alpha`` is what has added up by now; published when it reaches a rung of the ladder,
    and for every invariant that failed.
    """

    harm: str
    weight: float
    alpha: float
    what: str
    message: str

    def describe(self) -> str:
        handling = f" handling {self.message}" if self.message else ""
        what = f": {self.what}" if self.what else ""
        return f"{self.path} is damaged{handling} ({self.harm}{what}); alpha is {self.alpha:.3g}"


@dataclass(frozen=True, slots=True)
class Repairing(SupervisionEvent):
    """``repair(level)`` is called on a damaged life; ``signature``: harm, handler and message type that led to it."""

    level: int
    alpha: float
    signature: tuple[str, str, str]

    def describe(self) -> str:
        because = " ".join(part for part in self.signature if part)
        return f"{self.path} is repaired, level {self.level}, because of {because} (alpha {self.alpha:.3g})"


@dataclass(frozen=True, slots=True)
class RepairSkipped(SupervisionEvent):
    """A rung was left out because it never helped against this ``signature``."""

    level: int
    signature: tuple[str, str, str]

    def describe(self) -> str:
        because = " ".join(part for part in self.signature if part)
        return f"{self.path} is not repaired at level {self.level}, which never helped against {because}"


@dataclass(frozen=True, slots=True)
class Recovered(SupervisionEvent):
    """The evidence has faded after repair ``level``."""

    level: int

    def describe(self) -> str:
        return f"{self.path} has recovered after repair level {self.level}"


@dataclass(frozen=True, slots=True)
class Replacing(SupervisionEvent):
    """A successor is started beside life ``life``, which serves on; ``vitals``: what was measured of it, if so."""

    cause: str
    life: int
    vitals: Vitals | None = field(default=None, compare=False)

    def describe(self) -> str:
        return f"{self.path} gets a successor beside life {self.life} because of {self.cause}"


@dataclass(frozen=True, slots=True)
class Replaced(SupervisionEvent):
    """The successor serves as life ``life``; the old one finishes and ends.

    ``took``: seconds since the successor was started; ``moved``: messages that went over with the mailbox; ``estate``:
    what it inherited: ``all``, ``last good`` or ``nothing``; empty for a class that has nothing to leave.  ``paused``:
    seconds in which nobody handled messages.
    """

    cause: str
    life: int
    took: float
    moved: int
    estate: str
    paused: float

    def describe(self) -> str:
        moved = f", {counted(self.moved, 'message', 'messages')} moved" if self.moved else ""
        heir = f", inherits {self.estate}" if self.estate else ""
        return (
            f"{self.path} is replaced by life {self.life} after {seconds(self.took)} "
            f"because of {self.cause}{moved}{heir}"
        )


@dataclass(frozen=True, slots=True)
class Kept(SupervisionEvent):
    """A replacement failed in ``step``: the old life serves on.

    The next attempt is made after ``delay`` seconds at the earliest; ``None``: there will be none.
    """

    cause: str
    step: str
    why: str
    delay: float | None

    def describe(self) -> str:
        again = "" if self.delay is None else f"; next attempt in {seconds(self.delay)} at the earliest"
        return f"{self.path} is kept: its successor failed at {self.step} ({self.why}){again}"


@dataclass(frozen=True, slots=True)
class Retired(SupervisionEvent):
    """A life that was replaced has ended.  ``expected`` is false if it did not end as it should: it outstayed its time
    and was killed, or crashed on the way.
    """

    life: int
    reason: Reason
    expected: bool

    def describe(self) -> str:
        oddly = "" if self.expected else ", which was not expected"
        return f"life {self.life} of {self.path} has ended: {self.reason}{oddly}"


@dataclass(frozen=True, slots=True)
class Postponed(SupervisionEvent):
    """A life that should be replaced has to wait for the disruption budget, and serves on."""

    cause: str
    why: str

    def describe(self) -> str:
        return f"{self.path} should be replaced because of {self.cause} and waits: {self.why}"


@dataclass(frozen=True, slots=True)
class Degraded(SupervisionEvent):
    """So many children of a supervisor are damaged at once that none may be replaced: the cause may be shared."""

    damaged: int
    children: int

    def describe(self) -> str:
        return f"{self.path} is degraded: {self.damaged} of {counted(self.children, 'child', 'children')} are damaged"


@dataclass(frozen=True, slots=True)
class Undegraded(SupervisionEvent):
    """Enough children of a degraded supervisor are well again."""

    def describe(self) -> str:
        return f"{self.path} is no longer degraded"
