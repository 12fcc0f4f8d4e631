"""One hook for everything worth knowing: whoever subscribes is called with each event, a frozen value.

The engine's own events are here; supervisors publish theirs on the same hook.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .messages import DeadLetter, Pid

logger = logging.getLogger("planaria")

Subscriber = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Blocked:
    """A handler held the loop for ``seconds`` without suspending; published when the loop is free again.

    ``noticed``: the seconds after which the watchdog saw it, ``stack``: where it was then, a line each, from the
    handler on.  ``None`` and empty if it was only found out when it was over.  ``patience``: of one in a process of its
    own, which held nobody else's loop, the seconds after which that is killed.
    """

    at: float
    pid: Pid
    handler: str
    message: str
    seconds: float
    noticed: float | None = None
    stack: tuple[str, ...] = ()
    patience: float | None = None

    def describe(self) -> str:
        """One English line."""
        handling = f" handling {self.message}" if self.message else ""
        took = f"for {self.seconds:.3f} s in {self.handler}{handling}"
        if self.patience is not None:
            return f"{self.pid} held its process {took}; after {self.patience:g} s it is killed"
        return f"{self.pid} blocked the loop {took}"

    def to_dict(self) -> dict[str, Any]:
        """The event for JSON."""
        plain: dict[str, Any] = {"event": "Blocked", "path": self.pid.name}
        plain |= {"at": self.at, "life": self.pid.incarnation, "handler": self.handler, "message": self.message}
        plain |= {"seconds": self.seconds, "noticed": self.noticed, "stack": list(self.stack)}
        return plain | {"patience": self.patience}


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A killed handler swallowed its cancellation, or blocks its thread; its life was declared over without it.

    ``threads``: how many threads run on so now, this one included; 0 if it was no thread.
    """

    at: float
    pid: Pid
    handler: str
    message: str
    threads: int = 0

    def describe(self) -> str:
        """One English line."""
        if self.threads:
            many = f" ({self.threads} threads run on so)" if self.threads > 1 else ""
            return f"{self.pid} blocks its thread in {self.handler} handling {self.message} and was abandoned{many}"
        return f"{self.pid} swallowed its cancellation in {self.handler} handling {self.message} and was abandoned"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A message ended ``deaths`` lives and is not handed out again."""

    at: float
    pid: Pid
    message: object
    deaths: int

    def describe(self) -> str:
        """One English line."""
        return f"{type(self.message).__name__} ended {self.deaths} lives of {self.pid.name} and was quarantined"


@dataclass(frozen=True, slots=True)
class Harmed:
    """An actor reported damage of its state, and no policy judges it."""

    at: float
    pid: Pid
    weight: float | None
    what: str

    def describe(self) -> str:
        """One English line."""
        return f"{self.pid} reported damage ({self.what}), and no apoptosis policy judges it"


@dataclass(frozen=True, slots=True)
class Lost:
    """A message became a dead letter."""

    at: float
    letter: DeadLetter

    def describe(self) -> str:
        """One English line."""
        return f"{type(self.letter.message).__name__} for {self.letter.ref.name} is a dead letter: {self.letter.why}"


class Events:
    """The hook.  A subscriber is called in line, so it should only take note; one that raises is logged and kept."""

    __slots__ = ("_subscribers",)

    def __init__(self) -> None:
        self._subscribers: dict[object, Subscriber] = {}

    def __bool__(self) -> bool:
        return bool(self._subscribers)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call ``subscriber`` with every event from now on; returns the function that ends it."""
        key = object()
        self._subscribers[key] = subscriber

        def unsubscribe() -> None:
            self._subscribers.pop(key, None)

        return unsubscribe

    def publish(self, event: object) -> None:
        """Hand ``event`` to every subscriber, in the order they subscribed."""
        for subscriber in tuple(self._subscribers.values()):
            try:
                subscriber(event)
            except Exception:
                logger.exception("an event subscriber failed on %s", type(event).__name__)
