"""Somebody close: who it is, how far, and how to speak to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.errors import ActorError
from actors.messages import Pid
from actors.ref import ASK_TIMEOUT
from actors.tissue.overlay.closeness import Profile

if TYPE_CHECKING:
    from actors.ref import Ref

    from .presence import Presence


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A member of one's group: ``pid`` is its address and life, ``distance`` by the metric that was asked for."""

    pid: Pid
    profile: Profile
    distance: float
    _presence: Presence = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """Its name or path on its host."""
        return self.pid.name.rpartition("@")[0]

    @property
    def host(self) -> str:
        """The system it lives in."""
        return self.pid.name.rpartition("@")[2]

    @property
    def ref(self) -> Ref[Any] | None:
        """Its ref, if it lives in the same system."""
        body = self._presence.body.site.body_at(self.pid.name)
        return body.cell.ref if body is not None else None

    def tell(self, message: Any) -> None:
        """Send and go on.  In one system as ``Ref.tell``; to another, or where the network loses packets, it arrives
        once although packets are lost, or is a dead letter after 30 s.

        Raises ``NotRunning`` if the life that found it is over; for another system ``CodecError`` or ``ValueError`` for
        a message that cannot travel, of more than 60,000 bytes for instance.
        """
        self._presence.body.check_alive()
        ref = self._near()
        if ref is not None:
            self._presence.desk.hand_over(ref, message)
        else:
            self._presence.desk.tell(self.pid.name, message)

    async def ask(self, message: Any, timeout: float | None = ASK_TIMEOUT) -> Any:
        """Send and wait for the answer, up to ``timeout`` seconds (``None``: no limit, and then until the answer comes,
        or the life or the host that was asked ends).

        Whoever is asked keeps the question for as long, wherever he lives: the time travels with it.  Raises as
        ``Ref.ask``, or ``Unanswered`` for one that could not be reached or whose handler failed.
        """
        ref = self._near()
        if ref is not None:
            return await ref.ask(message, timeout)
        return await self._presence.desk.ask(self.pid.name, message, timeout)

    def _near(self) -> Ref[Any] | None:
        if self._presence.body.is_over:
            return None
        is_near = self._presence.body.site.is_sure or self.pid == self._presence.pid
        return self.ref if is_near else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one neighbour answered: ``value``, or the ``error`` instead."""

    neighbour: Neighbour
    value: Any = None
    error: Exception | None = None


async def answer_of(neighbour: Neighbour, message: Any, timeout: float | None) -> Answer:
    """What one of several answers."""
    try:
        return Answer(neighbour, await neighbour.ask(message, timeout))
    except (ActorError, ValueError) as error:  # the latter: it is too long for its way
        return Answer(neighbour, error=error)


def far_first(close: list[Neighbour]) -> list[Neighbour]:
    """Those first to whom a message has to travel: if it cannot, its teller hears so before anybody is told."""
    return sorted(close, key=lambda each: each._near() is not None)
