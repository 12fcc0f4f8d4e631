"""Speaking to whoever is found by a signal rather than by a name: up a gradient, along a trail."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

from actors.deadlines import check_timeout
from actors.errors import ActorDied, ActorError, DeadlineExceeded, NotRunning
from actors.messages import Pid
from actors.ref import ASK_TIMEOUT

from .letters import Unanswered, time_left
from .neighbour import Neighbour

if TYPE_CHECKING:
    from .presence import Presence

RETRY = 0.2
"""Seconds after which a field is looked at again, if nothing was reported of it: its period."""


class NoSource(ActorError):
    """No source of a field was seen in time."""

    def __init__(self, field: str, timeout: float) -> None:
        self.field = field
        self.timeout = timeout
        super().__init__(f"no source of the field {field!r} within {timeout:g} s; some actor must emit({field!r})")


class Toward:
    """The nearest source of ``field``, whichever that is at the moment."""

    def __init__(self, presence: Presence, field: str) -> None:
        self._presence = presence
        self.field = field

    def __repr__(self) -> str:
        return f"<Toward {self.field!r} from {self._presence.pid}>"

    @property
    def source(self) -> Neighbour | None:
        """The nearest source now, if one is seen.  Raises ``NotRunning`` if this life is over."""
        reading = self._presence.fields.field(self.field)
        if not reading.is_reached or reading.source is None:
            return None
        entry = self._presence.roster.get(reading.source.name)
        if entry is None or entry.pid != reading.source:
            return None
        return Neighbour(entry.pid, entry.profile, reading.distance, self._presence)

    async def tell(self, message: Any, timeout: float | None = ASK_TIMEOUT) -> None:
        """Send to the nearest source as soon as one is seen, within ``timeout`` seconds (``None``: no limit).

        Raises ``NoSource``, ``DeadlineExceeded`` if the deadline of the message in hand was over before, ``Unanswered``
        when this life ends, ``ValueError`` for what is no timeout.
        """
        (await self._found(message, timeout, *self._until(timeout))).tell(message)

    async def ask(self, message: Any, timeout: float | None = ASK_TIMEOUT) -> Any:
        """Ask the nearest source; if it dies before it has answered, the next nearest, within ``timeout`` seconds in
        all (``None``: no limit).

        A question may so be handled by more than one.  Raises ``NoSource``, ``AskTimeout``, ``DeadlineExceeded`` if the
        deadline of the message in hand was over before, what the handler raised, ``Unanswered`` when this life ends, or
        ``ValueError`` for what is no timeout.
        """
        site, (until, is_capped) = self._presence.body.site, self._until(timeout)
        while True:
            source = await self._found(message, timeout, until, is_capped)
            try:
                # Without a limit where the deadline of the message in hand is nearer: that ends it by itself.
                limit = None if is_capped or until == math.inf else max(0.0, until - site.now())
                return await source.ask(message, limit)
            except (ActorDied, Unanswered) as error:
                if isinstance(error, Unanswered) and error.has_answered:
                    raise
                await self._changed(until - site.now(), source.pid)

    def _until(self, timeout: float | None) -> tuple[float, bool]:
        """When to give up, and whether that is at the deadline of the message in hand."""
        timeout = check_timeout(timeout)
        body = self._presence.body
        left, limit = time_left(body.cell), math.inf if timeout is None else timeout
        return body.site.now() + min(limit, left), left < limit

    async def _found(self, message: Any, timeout: float | None, until: float, is_capped: bool) -> Neighbour:
        """The nearest source, when there is one; ``timeout``: what was asked for in all."""
        site = self._presence.body.site
        self._check_alive()
        while (source := self.source) is None:
            if site.now() >= until and is_capped:
                raise DeadlineExceeded(self, message, 0.0)
            if site.now() >= until:
                raise NoSource(self.field, timeout or 0.0)
            await self._changed(until - site.now(), None)
        return source

    async def _changed(self, timeout: float, but: Pid | None) -> None:
        """Wait until the source may be another one than ``but``."""
        self._check_alive()
        if timeout <= 0:
            return
        source = self.source
        if source is not None and source.pid != but:
            return
        try:
            async with asyncio.timeout(min(timeout, RETRY)):
                await self._presence.changed()
        except TimeoutError:
            pass
        except NotRunning:
            self._check_alive()

    def _check_alive(self) -> None:
        if self._presence.body.is_over:
            raise Unanswered(self.field, "the asker's life is over")


class Trail:
    """Whoever offers ``what``, by the way that has lately been the cheapest."""

    def __init__(self, presence: Presence, what: str) -> None:
        self._presence = presence
        self.what = what

    def __repr__(self) -> str:
        return f"<Trail {self.what!r} from {self._presence.pid}>"

    @property
    def levels(self) -> dict[str, float]:
        """How good each neighbour has proved as the next hop: the pheromone now, by address.

        Raises ``NotRunning`` if this life is over.
        """
        return self._presence.trails.levels(self.what, self._presence.body.site.now())

    def tell(self, message: Any) -> None:
        """Send on its way and go on; it is delivered at least once, or is a dead letter.

        Raises ``NotRunning`` if this life is over.
        """
        self._presence.body.check_alive()
        self._presence.desk.tell(self.what, message, self._presence.post_by_trail)

    async def ask(self, message: Any, timeout: float | None = ASK_TIMEOUT) -> Any:
        """Ask whoever is at the end of the trail; if it dies before it has answered, whoever is there then, within
        ``timeout`` seconds in all (``None``: no limit).

        A question may so be handled by more than one.  Raises ``AskTimeout``, ``DeadlineExceeded`` if the deadline of
        the message in hand was over before, ``Unanswered``, or ``ValueError`` for what is no timeout; ``AskSelf`` in a
        handler of an actor that offers this itself, for it is the nearest.
        """
        timeout = check_timeout(timeout)
        presence = self._presence
        if not presence.body.is_over and presence.trails.is_offered(self.what):
            return await presence.body.cell.ref.ask(message, timeout)
        until = math.inf if timeout is None else presence.body.site.now() + timeout
        while True:
            left = until - presence.body.site.now()
            try:
                limit = None if timeout is None else max(0.0, left)
                return await presence.desk.ask(self.what, message, limit, presence.post_by_trail)
            except Unanswered as error:
                if not error.is_dead or left <= 0:
                    raise
