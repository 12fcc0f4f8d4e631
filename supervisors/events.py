"""What supervisors decide and see, as typed events: journal, logs, dashboards and tests all read this one stream.

``path`` is the place an event is about: a child's, or for what concerns a supervisor as a whole, the supervisor's own.
``at`` is the moment of the decision in seconds of the system's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from actors.exits import NO_REMAINS, Remains

from .rules import Ruling

if TYPE_CHECKING:
    from actors.exits import Reason

SHOWN_MEMBERS = 5
"""Members of a group that ``describe()`` names; ``to_dict()`` has them all."""


class Decision(StrEnum):
    """What a supervisor does about a death or a failed start."""

    RESTART = "restart"
    WAIT = "wait"
    LEAVE = "leave"
    REMOVE = "remove"
    GIVE_UP = "give_up"
    AUTO_SHUTDOWN = "auto_shutdown"

    @property
    def phrase(self) -> str:
        """The decision in words."""
        return _PHRASES[self]


_PHRASES = {
    Decision.RESTART: "it is restarted",
    Decision.WAIT: "it is restarted after a wait",
    Decision.LEAVE: "it is left as it is",
    Decision.REMOVE: "it is removed",
    Decision.GIVE_UP: "its supervisor gives up",
    Decision.AUTO_SHUTDOWN: "its supervisor shuts down",
}


class Scope(StrEnum):
    """Which limit was exceeded when a supervisor gives up."""

    SUPERVISOR = "supervisor"
    """The supervisor's, for all its children together."""

    PACE = "pace"
    """The supervisor's, for one child alone, not counting the time that its repairs took."""

    CHILD = "child"
    """The child's own budget."""


@dataclass(frozen=True, slots=True)
class SupervisionEvent:
    """Base of all events of this package."""

    at: float
    path: str

    def describe(self) -> str:
        """The event as one line of English."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The event for JSON: its type as ``event``, reasons as text."""
        plain: dict[str, Any] = {"event": type(self).__name__}
        for each in fields(self):
            plain[each.name] = _plain(getattr(self, each.name))
        return plain

    def __str__(self) -> str:
        return self.describe()


@dataclass(frozen=True, slots=True)
class Ready(SupervisionEvent):
    """A supervisor has started all its children (fewer serve if some ignored their start); it took ``took`` seconds."""

    children: int
    took: float

    def describe(self) -> str:
        return f"{self.path} is ready with {counted(self.children, 'child', 'children')} after {seconds(self.took)}"


@dataclass(frozen=True, slots=True)
class Added(SupervisionEvent):
    """A child was added by ``start_child``; its start follows."""

    kind: str

    def describe(self) -> str:
        return f"{self.path} was added as a {self.kind}"


@dataclass(frozen=True, slots=True)
class Removed(SupervisionEvent):
    """A child is known no more; ``why``: ``deleted``, ``temporary``, ``dynamic`` or ``not started``."""

    why: str

    def describe(self) -> str:
        return f"{self.path} was removed: {self.why}"


@dataclass(frozen=True, slots=True)
class Serving(SupervisionEvent):
    """A life has started and serves.

    ``life`` numbers the attempts to start this child; ``gap`` is the time since the end that this start makes up for,
    ``None`` for a first start or one that was asked for.
    """

    life: int
    restarted: bool
    gap: float | None

    def describe(self) -> str:
        after = "" if self.gap is None else f", {seconds(self.gap)} after the last one ended"
        return f"{self.path} serves again (life {self.life}{after})" if self.restarted else f"{self.path} serves"


@dataclass(frozen=True, slots=True)
class Ignored(SupervisionEvent):
    """A child raised ``Ignore`` when it was started: it is not needed, which is no failure."""

    life: int

    def describe(self) -> str:
        return f"{self.path} is not needed now (it raised Ignore)"


@dataclass(frozen=True, slots=True)
class Died(SupervisionEvent):
    """A life has ended without having been asked to by its supervisor, and what the supervisor does about it.

    ``lived`` is how long it served; ``message`` names the message it was handling, if that is known.  ``ruling`` are
    the facts that the decision rests on.
    """

    life: int
    reason: Reason
    decision: Decision
    lived: float
    message: str | None = None
    remains: Remains = field(default=NO_REMAINS, compare=False)
    ruling: Ruling | None = field(default=None, compare=False)

    def describe(self) -> str:
        handling = "" if self.message is None else f" handling {self.message}"
        how = "ended" if self.reason.is_clean else "died"
        lived = f"life {self.life}, {seconds(self.lived)}"
        return f"{self.path} {how}{handling}: {self.reason} ({lived}); {self.decision.phrase}"


@dataclass(frozen=True, slots=True)
class StartFailure(SupervisionEvent):
    """A life did not come to serve: its constructor or ``started()`` failed or took too long."""

    life: int
    reason: Reason
    decision: Decision
    ruling: Ruling | None = field(default=None, compare=False)

    def describe(self) -> str:
        return f"{self.path} did not start: {self.reason} (attempt {self.life}); {self.decision.phrase}"


@dataclass(frozen=True, slots=True)
class Waiting(SupervisionEvent):
    """A child is started again in ``delay`` seconds; ``attempt`` counts its failures in a row."""

    delay: float
    attempt: int

    def describe(self) -> str:
        return f"{self.path} waits {seconds(self.delay)} for its restart (failure {self.attempt} in a row)"


@dataclass(frozen=True, slots=True)
class Stopped(SupervisionEvent):
    """A life has ended because its supervisor ended it.

    ``took`` is how long that took; ``expected`` is false where the reason is not one that an orderly end has: it was
    killed after its time was up, or crashed on the way.  ``lived``: seconds that it served, the stop included.
    """

    life: int
    reason: Reason
    expected: bool
    took: float
    lived: float = field(default=0.0, compare=False)
    remains: Remains = field(default=NO_REMAINS, compare=False)
    ruling: Ruling | None = field(default=None, compare=False)

    def describe(self) -> str:
        oddly = "" if self.expected else ", which was not expected"
        return f"{self.path} was stopped in {seconds(self.took)}: {self.reason}{oddly}"


@dataclass(frozen=True, slots=True)
class Orphaned(SupervisionEvent):
    """A life has ended because that of its supervisor had, killed or crashed, and could not stop it in order.

    The supervisor's next life, if there is one, starts it again.
    """

    life: int
    reason: Reason
    remains: Remains = field(default=NO_REMAINS, compare=False)

    def describe(self) -> str:
        return f"{self.path} ended with its supervisor: {self.reason} (life {self.life})"


@dataclass(frozen=True, slots=True)
class GroupRestart(SupervisionEvent):
    """A supervisor stops and starts a group of children because of one of them; ``members`` in start order."""

    culprit: str
    strategy: str
    members: tuple[str, ...]

    def describe(self) -> str:
        names = ", ".join(self.members[:SHOWN_MEMBERS])
        more = len(self.members) - SHOWN_MEMBERS
        rest = f" and {more} more" if more > 0 else ""
        return f"{self.path} restarts {names}{rest} because of {self.culprit} ({self.strategy})"


@dataclass(frozen=True, slots=True)
class GaveUp(SupervisionEvent):
    """A supervisor ends itself: ``count`` restarts in ``within`` seconds are more than the ``limit`` of ``scope``."""

    culprit: str
    count: int
    limit: int
    within: float
    scope: Scope
    reason: Reason

    def describe(self) -> str:
        of = {
            Scope.SUPERVISOR: "",
            Scope.PACE: f" of {self.culprit} alone, its repairs not counted as time",
            Scope.CHILD: f" of {self.culprit} alone, by its own budget",
        }[self.scope]
        restarts = counted(self.count, "restart", "restarts")
        limits = f"{restarts} within {seconds(self.within)}{of}, {self.limit} allowed"
        return f"{self.path} gives up on {self.culprit} ({self.reason}): {limits}"


@dataclass(frozen=True, slots=True)
class AutoShutdown(SupervisionEvent):
    """A supervisor ends itself because its significant child ``culprit`` has ended; ``mode``: its ``auto_shutdown``."""

    culprit: str
    mode: str

    def describe(self) -> str:
        return f"{self.path} shuts down because {self.culprit} has ended ({self.mode})"


@dataclass(frozen=True, slots=True)
class Ending(SupervisionEvent):
    """A supervisor begins to stop its ``living`` children, to end with ``reason``."""

    reason: Reason
    living: int

    def describe(self) -> str:
        return f"{self.path} ends ({self.reason}), stopping {counted(self.living, 'child', 'children')}"


@dataclass(frozen=True, slots=True)
class Unexpected(SupervisionEvent):
    """Something reached a supervisor that it has no use for; it is reported and does no harm."""

    message: str

    def describe(self) -> str:
        return f"{self.path} got something unexpected: {self.message}"


def _plain(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Remains | Ruling):
        return {key: _plain(item) for key, item in value._asdict().items()}
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value)


def counted(number: int, one: str, many: str) -> str:
    """``1 child``, ``1,000 children``."""
    return f"{number:,} {one if number == 1 else many}"


def seconds(value: float) -> str:
    """``1.5 s``, ``20 ms``, ``38 µs``."""
    if value == 0 or value >= 1:
        return f"{value:.4g} s"
    return f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} µs"
