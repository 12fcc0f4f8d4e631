"""What :class:`supervisors.children.Children` asks of the shell around it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from actors.exits import Reason

from .errors import SupervisionError
from .events import SupervisionEvent
from .intensity import Intensity
from .rules import Rule
from .spec import Spec

if TYPE_CHECKING:
    from .promotion.ladder import Step


class Status(StrEnum):
    """What a child is doing, as management calls show it."""

    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    WAITING = "waiting"
    STOPPING = "stopping"
    STOPPED = "stopped"


ALIVE = frozenset({Status.STARTING, Status.RUNNING, Status.STOPPING})
"""A life is there."""

PLANNED = frozenset({Status.RESTARTING, Status.WAITING})
"""No life is there, and the supervisor will start one."""


class Child:
    """One row of the table.

    ``lives`` counts starts, ``burned`` the successors since that never served (their numbers are not used again),
    ``failures`` consecutive deaths (the k of the backoff); ``generation`` rises with every
    change of mind, so that a timer or a queued decision of an earlier one is recognised as stale.  ``ref`` is the
    shell's.  ``stop``: why it is being stopped; ``step``: the change of place that its last death has led to.
    """

    __slots__ = (
        "asked", "began", "budget", "burned", "by_hand", "died", "due", "failures", "generation", "id", "lives", "pace",
        "ref", "repair", "repairs", "spec", "status", "step", "stop", "token", "waiters", "waits_with",
    )  # fmt: skip

    def __init__(self, id: str, spec: Spec) -> None:
        self.id = id
        self.spec = spec
        self.status = Status.STOPPED
        self.lives = 0
        self.burned = 0
        self.failures = 0
        self.generation = 0
        self.began: float | None = None
        self.asked = 0.0
        self.died: float | None = None
        self.due = 0.0
        self.budget = Intensity(*spec.budget) if spec.budget is not None else None
        self.pace: Intensity | None = None
        self.repair: float | None = None
        self.repairs = 0.0
        self.token: Any = None
        self.by_hand = ""
        self.waits_with: Child | None = None
        self.waiters: list[Any] = []
        self.ref: Any = None
        self.stop: tuple[Rule, str | None] = (Rule.ENDING, None)
        self.step: Step | None = None

    @property
    def next_life(self) -> int:
        """The number of the life that is started next."""
        return self.lives + self.burned + 1

    @property
    def is_temporary(self) -> bool:
        return self.spec.restart == "temporary"

    def __repr__(self) -> str:
        return f"<Child {self.id!r} {self.status} lives={self.lives}>"


class Action:
    """Base of all actions."""

    __slots__ = ()


class _OfChild(Action):
    __slots__ = ("child",)

    def __init__(self, child: Child) -> None:
        self.child = child

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.child.id!r})"


class Start(_OfChild):
    """Start a life; tell ``started``, ``ignored`` or ``failed``."""

    __slots__ = ()


class Stop(_OfChild):
    """End a life within the time of its spec; tell ``exited`` (or, if it was still starting, ``failed``)."""

    __slots__ = ()


class Rest(_OfChild):
    """The child stays known, but nobody is about to start it: its place refuses messages."""

    __slots__ = ()


class Forget(_OfChild):
    """The child has left the table."""

    __slots__ = ()


class Retry(_OfChild):
    """Tell ``due`` with this generation in ``delay`` seconds; 0 means behind whatever waits already."""

    __slots__ = ("delay", "generation")

    def __init__(self, child: Child, delay: float) -> None:
        super().__init__(child)
        self.delay = delay
        self.generation = child.generation


class Reply(Action):
    """Answer a management call with ``child`` (its ref, if it runs) or ``error``."""

    __slots__ = ("child", "error", "token")

    def __init__(
        self, token: Any, child: Child | None = None, error: Exception | SupervisionError | None = None
    ) -> None:
        self.token = token
        self.child = child
        self.error = error


class Emit(Action):
    """Publish an event."""

    __slots__ = ("event",)

    def __init__(self, event: SupervisionEvent) -> None:
        self.event = event

    def __repr__(self) -> str:
        return f"Emit({self.event.describe()!r})"


class Begun(Action):
    """All children of the spec have been started: the supervisor's own start is over."""

    __slots__ = ()


class Finish(Action):
    """No child is left alive: the supervisor ends for ``reason``."""

    __slots__ = ("reason",)

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
