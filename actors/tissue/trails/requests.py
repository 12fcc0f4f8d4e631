"""Requests on their way: each is in one cell's care at a time, and goes another way when its way fails.

A cell that takes a request says so at once, and answers for it until word comes that it has arrived.  Then::

    next hop silent ``patience`` times              try another, with the same id, if there is one
    next hop dead                                   the same, but for that one
    next hop says it is stuck                       try another, and none that led nowhere
    no other is left                                say so to the hop it came from
    it has arrived                                  tell the hop it came from what it cost, and learn from that
    it comes again, from another hop                tell that one what is known of it, and all that follows

A request never visits a cell twice: it carries where it was, and a cell remembers what it had.  It may reach two cells
that offer the same, if one was slow to say so; what is to happen once needs an id in its payload, or an ``Outbox``.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from ..core import Effect, Send
from ..moments import Moments
from ..plain import read_name, read_number
from .events import HopUp, Lost, Reached, Requested, Why
from .packets import BACK, GO, SHUNNED_LIMIT, STUCK, TOOK, Go, Id, read_cost, read_go, read_id, read_path
from .ways import Ways

if TYPE_CHECKING:
    from .config import TrailsConfig


class Phase(StrEnum):
    """Where a request stands, as a cell sees it that has it in its care."""

    WAITING = "until an ant has found a way"
    SENT = "sent on, not yet taken"
    TAKEN = "in the care of the next hop"
    RETURNING = "word of it is on its way back"
    DONE = "only remembered"


class _Care:
    """One request in the care of this cell.

    ``tried``: hops that failed it; ``via``: the one that has it.  ``word``: kind and body of what is said of it to the
    hop that it came from, once that is known.  ``packet``: what has to be taken, sent ``transmissions`` times.
    """

    __slots__ = (
        "expires",
        "go",
        "packet",
        "phase",
        "sent_at",
        "shunned",
        "tag",
        "transmissions",
        "tried",
        "via",
        "word",
    )

    def __init__(self, go: Go, tag: Any, expires: float) -> None:
        self.go = go
        self.tag = tag
        self.expires = expires
        self.phase = Phase.SENT
        self.shunned = set(go.shunned)
        self.tried: set[str] = set()
        self.via = ""
        self.word: tuple[str, list[Any]] | None = None
        self.packet: Send | None = None
        self.transmissions = 0
        self.sent_at = 0.0

    @property
    def came_from(self) -> str | None:
        return self.go.path[-1] if self.go.path else None


class Requests:
    """All requests that one cell cares for or remembers, at most ``max_requests``.

    ``on_silent(hop, sent_at, now)`` is called when a hop did not take in time what was sent to it.
    """

    def __init__(
        self,
        pid: Pid,
        ways: Ways,
        offers: dict[str, float],
        config: TrailsConfig,
        on_silent: Callable[[str, float, float], list[Effect]],
        on_walked: Callable[[str, float], list[Effect]],
    ) -> None:
        self._pid = pid
        self._ways = ways
        self._offers = offers
        self._config = config
        self._on_silent = on_silent
        self._on_walked = on_walked
        self._cares: dict[Id, _Care] = {}
        self._retries: Moments[Id] = Moments()
        self._expiry: Moments[Id] = Moments()
        self._number = 0
        # What was asked for before anything was known of the way, by destination.
        self._waiting: dict[str, list[_Care]] = {}

    def __len__(self) -> int:
        return len(self._cares)

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        return min(self._retries.due, self._expiry.due)

    def request(self, to: str, payload: bytes, tag: Any, now: float) -> list[Effect]:
        """A request of this cell's own."""
        if to in self._offers:
            return [Requested(self._pid, to, payload), Reached(to, tag, self._pid.name, 0, self._offers[to])]
        if len(self._cares) >= self._config.max_requests:
            return [Lost(to, tag, payload, Why.FULL)]
        self._number += 1
        care = self._add(Go(Id(*self._pid, self._number), to, (), frozenset(), payload), tag, now)
        if len(self._ways.up) < 2 or self._ways.knows(to, now):
            return self._forward(care, now)
        care.phase = Phase.WAITING
        self._waiting.setdefault(to, []).append(care)
        self._retries.put(care.go.id, now + self._config.seek_time)
        return []

    def found(self, to: str, now: float) -> list[Effect]:
        """An ant has come home from there, or nobody waits for it any longer."""
        waiting = self._waiting.pop(to, [])
        return [effect for care in waiting if care.phase is Phase.WAITING for effect in self._forward(care, now)]

    def tick(self, now: float) -> list[Effect]:
        """Send again, elsewhere if need be, and give up what takes too long."""
        effects: list[Effect] = []
        while (expired := self._expiry.pop(now)) is not None:
            effects += self._expire(self._cares[expired], now)
        while (late := self._retries.pop(now)) is not None:
            effects += self._retry(self._cares[late], now)
        return effects

    def down(self, hop: str, now: float) -> list[Effect]:
        """That hop is dead, or seems to be: what was in its care goes another way.

        Word to it is still tried, for it may live; if not, the request comes again from another hop, which takes it.
        """
        effects: list[Effect] = []
        for care in list(self._cares.values()):
            if care.phase in (Phase.SENT, Phase.TAKEN) and care.via == hop:
                care.tried.add(hop)
                effects += self._forward(care, now)
        return effects

    # -- care ----------------------------------------------------------------------------------------------------------

    def _add(self, go: Go, tag: Any, now: float) -> _Care:
        care = self._cares[go.id] = _Care(go, tag, now + self._config.lifetime)
        self._expiry.put(go.id, care.expires)
        return care

    def _expire(self, care: _Care, now: float) -> list[Effect]:
        """After a lifetime it is lost, after another forgotten: until then a copy may come."""
        was_open = care.phase is not Phase.DONE
        self._finish(care)
        if now < care.expires + self._config.lifetime:
            self._expiry.put(care.go.id, care.expires + self._config.lifetime)
        else:
            del self._cares[care.go.id]
        if not was_open or care.came_from is not None:
            return []
        return [Lost(care.go.to, care.tag, care.go.payload, Why.LATE)]

    def _finish(self, care: _Care) -> None:
        care.phase, care.packet = Phase.DONE, None
        self._retries.drop(care.go.id)

    def _forward(self, care: _Care, now: float) -> list[Effect]:
        """Send it to the best hop that is left."""
        hop = self._next(care, now)
        return self._turn_back(care, now) if hop is None else self._send_on(care, hop, now)

    def _next(self, care: _Care, now: float, *avoid: str) -> str | None:
        if len(care.go.path) >= self._config.most_hops - 1 or len(care.shunned) >= SHUNNED_LIMIT:
            return None
        return self._ways.for_data(care.go.to, {*care.go.path, *care.shunned, *care.tried, *avoid}, now)

    def _send_on(self, care: _Care, hop: str, now: float) -> list[Effect]:
        go = care.go
        care.via, care.phase = hop, Phase.SENT
        body = [*go.id, go.to, [*go.path, self._pid.name], sorted(care.shunned), go.payload]
        return self._post(care, Send(hop, GO, body), now)

    def _turn_back(self, care: _Care, now: float) -> list[Effect]:
        """There is no way on from here."""
        if care.came_from is None:
            self._finish(care)
            return [Lost(care.go.to, care.tag, care.go.payload, Why.NO_WAY)]
        shunned = sorted({*care.shunned, self._pid.name})[:SHUNNED_LIMIT]
        return self._return(care, STUCK, [*care.go.id, shunned], now)

    def _return(self, care: _Care, kind: str, body: list[Any], now: float) -> list[Effect]:
        """Send word of it to the hop that it came from."""
        care.word = kind, body
        if care.came_from is None or care.came_from not in self._ways:
            self._finish(care)
            return []
        care.phase = Phase.RETURNING
        return self._post(care, Send(care.came_from, kind, body), now)

    def _post(self, care: _Care, packet: Send, now: float) -> list[Effect]:
        care.packet, care.transmissions = packet, 0
        return self._transmit(care, packet, now)

    def _transmit(self, care: _Care, packet: Send, now: float) -> list[Effect]:
        care.transmissions += 1
        care.sent_at = now
        self._retries.put(care.go.id, now + self._ways.hop(packet.to).timer.rto)
        return [packet]

    def _retry(self, care: _Care, now: float) -> list[Effect]:
        packet = care.packet
        if care.phase is Phase.WAITING:
            return self.found(care.go.to, now)
        if packet is None or packet.to not in self._ways:
            return []
        effects = self._on_silent(packet.to, care.sent_at, now)
        if care.packet is not packet:
            return effects  # the hop was found dead, and it went another way by that
        if care.phase is Phase.SENT and care.transmissions % self._config.patience == 0:
            elsewhere = self._next(care, now, care.via)
            if elsewhere is not None:
                care.tried.add(care.via)
                return effects + self._send_on(care, elsewhere, now)
        return effects + self._transmit(care, packet, now)

    # -- packets -------------------------------------------------------------------------------------------------------

    def on_go(self, sender: Pid, body: Any, now: float) -> list[Effect]:
        """A request has come.  Raises ``TypeError`` or ``ValueError`` for what is none."""
        go = read_go(body, self._config.most_hops, self._config.most_bytes)
        if go.path[-1] != sender.name or self._pid.name in go.path:
            raise ValueError("a request that did not come from whom it says, or was here")
        took = Send(sender.name, TOOK, [*go.id, GO])
        known = self._cares.get(go.id)
        if known is not None:
            return [took, *self._adopt(known, go, now)]
        if len(self._cares) >= self._config.max_requests:
            return [Send(sender.name, STUCK, [*go.id, [self._pid.name]])]
        care = self._add(go, None, now)
        cost = self._offers.get(go.to)
        if cost is None:
            return [took, *self._forward(care, now)]
        self._ways.scents.arrived(go.to, cost, now)
        arrived = Requested(go.id.origin, go.to, go.payload)
        return [took, arrived, *self._return(care, BACK, [*go.id, cost, 0, self._pid.name], now)]

    def _adopt(self, care: _Care, go: Go, now: float) -> list[Effect]:
        """It has come again: if from another hop, that wants to know, as the one it came from before may be dead."""
        if care.came_from is None or care.came_from == go.path[-1]:
            return []
        care.go = go
        return [] if care.word is None else self._return(care, *care.word, now)

    def on_took(self, sender: Pid, body: Any, now: float) -> list[Effect]:
        """A hop has taken what was sent to it."""
        name, life, number, kind = body
        care = self._cares.get(read_id(name, life, number))
        if care is None or care.packet is None or care.packet.to != sender.name or care.packet.kind != kind:
            return []
        effects: list[Effect] = []
        if self._ways.hop(sender.name).arrived(care.transmissions, now - care.sent_at):
            self._ways.back(sender.name, now)
            effects.append(HopUp(sender.name))
        self._retries.drop(care.go.id)
        if care.phase is Phase.SENT:
            care.phase, care.packet = Phase.TAKEN, None
        else:
            self._finish(care)
        return effects

    def on_back(self, sender: Pid, body: Any, now: float) -> list[Effect]:
        """A request has arrived."""
        name, life, number, cost, hops, provider = body
        total = read_cost(cost) + self._ways.cost(sender.name)
        hops, provider = read_number(hops) + 1, read_name(provider)
        took: list[Effect] = [Send(sender.name, TOOK, [name, life, number, BACK])]
        care = self._cares.get(read_id(name, life, number))
        if care is None or care.phase not in (Phase.SENT, Phase.TAKEN):
            return took
        self._ways.reinforce(care.go.to, sender.name, total, now)
        took += self._on_walked(care.go.to, now)
        if care.came_from is not None:
            return took + self._return(care, BACK, [*care.go.id, total, hops, provider], now)
        self._finish(care)
        return [*took, Reached(care.go.to, care.tag, provider, hops, total)]

    def on_stuck(self, sender: Pid, body: Any, now: float) -> list[Effect]:
        """A hop has found no way on."""
        name, life, number, shunned = body
        ident = read_id(name, life, number)
        dead_ends = read_path(shunned, SHUNNED_LIMIT)
        took: list[Effect] = [Send(sender.name, TOOK, [*ident, STUCK])]
        care = self._cares.get(ident)
        if care is None or care.phase not in (Phase.SENT, Phase.TAKEN) or care.via != sender.name:
            return took
        self._ways.pheromone.reinforce(care.go.to, sender.name, self._config.most_hops, now)
        care.shunned.update(dead_ends)
        return took + self._forward(care, now)
