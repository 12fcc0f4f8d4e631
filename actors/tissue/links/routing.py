"""Loop-free routes to every cell within reach: distance vectors as Babel does them.

For a backend developer: when not everybody can reach everybody (regions, subnets, gateways), a message still finds its
way, by the links that lose least, and never goes round in circles while the ways change.

::

    routes = Routes(pid, rng, now)
    effects = routes.link("gateway", now)               # a neighbour; nothing else is configured
    hop = routes.next_hop("host-c", (), now)            # "gateway"; give it to an Outbox as its `route`

Each cell tells its neighbours how far it is from each destination; the metric of a link is its ETX
(:mod:`~actors.tissue.links.hellos`).  A route is taken only if it is feasible
(:mod:`~actors.tissue.links.feasibility`), so that there never is a loop, not even for a moment.  A cell that loses its
last feasible route says so at once, and asks for a newer seqno, which the destination gives.

A cell that is born again has forgotten what it told.  It waits with its first routes until every neighbour has shown
that it knows of the new life, and so has let go of routes through the old one; or has had the time to miss it.

Take ``Trails`` where the best way depends on load or leads to one of several providers; take this where it depends on
which links there are.

Source: RFC 8966, without authentication and prefixes: a destination is a name, and its life part of the seqno.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from ..core import Effect, Refused, Send, TissueEvent
from ..plain import read_list, read_name, read_number
from .feasibility import Distance, Seqno
from .hellos import Hellos
from .route_table import Neighbour, RouteTable, Told
from .routes_config import RoutesConfig

if TYPE_CHECKING:
    import random

HELLO = "routes.hello"
"""[number, share, life]: the share of the receiver's hellos that was heard, and the life of it that is known, or 0."""

UPDATE = "routes.update"
"""[[name, life, seqno, metric], ...]: how far the sender is from each; a metric of ``None`` is a retraction."""

REQUEST = "routes.request"
"""[name, life, seqno, hops]: that destination is to raise its seqno to this."""

ENTRIES = 24
"""Routes in one packet: with names of 32 bytes, 1.2 KB."""

REQUEST_HOPS = 64

REQUESTS_LIMIT = 1024
"""Requests that are remembered, so that each is passed on once a hello period."""


@dataclass(frozen=True, slots=True)
class RouteChanged(TissueEvent):
    """The way to a destination leads through ``via`` now; ``None``: there is none."""

    to: str
    via: str | None


class Routes:
    """One cell's routes; a core (:mod:`~actors.tissue.core`).  Reports ``RouteChanged``.

    Its owner calls :meth:`neighbours` when they change (or :meth:`link` and :meth:`unlink`), and :meth:`died` for an
    exit signal.  It is due at ``inf`` while it has no neighbours, else for its hellos.
    """

    def __init__(self, pid: Pid, rng: random.Random, now: float, config: RoutesConfig | None = None) -> None:
        read_name(pid.name)
        self.pid = pid
        self.config = config or RoutesConfig()
        self._table = RouteTable(pid.name, pid.incarnation, self.config)
        self._neighbours = self._table.neighbours
        if pid.incarnation > 1:
            self._table.holds_until = now + (self.config.silences + 1) * self.config.hello_period
        self._requests: dict[tuple[str, Seqno], float] = {}
        self._dirty: set[str] = set()
        self._dirty_due = math.inf
        self._hello_due = now + rng.random() * self.config.hello_period
        self._update_due = now + rng.random() * self.config.update_period

    def __repr__(self) -> str:
        return f"Routes({self.pid}, neighbours={len(self._neighbours)}, destinations={len(self._table.selected)})"

    # -- what it is told to do -----------------------------------------------------------------------------------------

    def neighbours(self, costs: Mapping[str, float], now: float) -> list[Effect]:
        """These are the neighbours, with the costs of their links, and no others."""
        gone = [name for name in self._neighbours if name not in costs]
        effects = [effect for name in gone for effect in self.unlink(name, now)]
        return effects + [effect for name, cost in costs.items() for effect in self.link(name, now, cost=cost)]

    def link(self, name: str, now: float, *, cost: float = 1.0) -> list[Effect]:
        """That cell is a neighbour; ``cost`` weighs the link besides its ETX: twice as dear, twice as far.

        Nothing if there are too many.  Raises ``ValueError`` for a cost that is not above 0 and finite.
        """
        if not 0 < cost < math.inf:
            raise ValueError(f"cost must be above 0 and finite; got {cost!r}")
        neighbour = self._neighbours.get(name)
        if neighbour is not None:
            neighbour.cost = cost
            return self._select_all(now)
        if name == self.pid.name or len(self._neighbours) >= self.config.max_neighbours:
            return []
        self._neighbours[read_name(name)] = Neighbour(cost)
        return [self._hello(name, now), *self._tell(self._table.to_tell, now, [name])]

    def unlink(self, name: str, now: float) -> list[Effect]:
        """That cell is no neighbour any more."""
        return [] if self._neighbours.pop(name, None) is None else self._select_all(now)

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """That neighbour is dead, or its link is, on other evidence than missing hellos; the next hello revives it."""
        neighbour = self._neighbours.get(pid.name)
        if neighbour is None or neighbour.life > pid.incarnation:
            return []
        neighbour.hellos = None
        return self._select_all(now)

    # -- what it knows -------------------------------------------------------------------------------------------------

    def next_hop(self, to: str, avoid: Collection[str], now: float) -> str | None:
        """The neighbour through which to reach ``to``, none of ``avoid``; ``None``: there is none that is safe."""
        via = self._table.selected.get(to)
        if via is not None and via not in avoid and self._table.metric(via, to, now) < math.inf:
            return via
        return self._table.best(to, avoid, now)

    def metric(self, to: str, now: float) -> float:
        """How far it is: expected transmissions, each times its link's cost; ``inf``: there is no route."""
        return self._table.distance(to, now).metric

    @property
    def destinations(self) -> dict[str, str]:
        """The neighbour through which each destination is reached."""
        return dict(self._table.selected)

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        return min(self._hello_due, self._update_due, self._dirty_due) if self._neighbours else math.inf

    def tick(self, now: float) -> list[Effect]:
        """Do what is due."""
        effects: list[Effect] = []
        if self._hello_due <= now:
            self._hello_due = now + self.config.hello_period
            effects += [self._hello(name, now) for name in self._neighbours]
            effects += self._expire(now)
        if self._update_due <= now:
            self._update_due = now + self.config.update_period
            effects += self._tell(self._table.to_tell, now)
        if self._dirty_due <= now:
            dirty, self._dirty, self._dirty_due = sorted(self._dirty), set(), math.inf
            effects += self._tell(dirty, now)
        return effects

    def _expire(self, now: float) -> list[Effect]:
        self._table.expire(now)
        self._requests = {key: at for key, at in self._requests.items() if at > now}
        effects = self._select_all(now)
        return effects + [request for to in sorted(self._table.known) for request in self._ask_for_newer(to, now)]

    def _select_all(self, now: float) -> list[Effect]:
        return [effect for to in sorted(self._table.known) for effect in self._select(to, now)]

    def _select(self, to: str, now: float) -> list[Effect]:
        """Take the best route there is, and see whether others have to know."""
        before = self._table.selected.get(to)
        via = self._table.select(to, now)
        if self._table.is_worth_telling(to, now):
            self._dirty.add(to)
            self._dirty_due = min(self._dirty_due, now + self.config.trigger_delay)
        effects: list[Effect] = [] if via == before else [RouteChanged(to, via)]
        return effects + (self._ask_for_newer(to, now) if via is None else [])

    def _hello(self, name: str, now: float) -> Send:
        neighbour = self._neighbours[name]
        neighbour.number += 1
        share = 0.0 if neighbour.hellos is None else neighbour.hellos.received(now)
        return Send(name, HELLO, [neighbour.number, share, neighbour.life])

    def _tell(self, destinations: Iterable[str], now: float, names: Iterable[str] | None = None) -> list[Effect]:
        """Tell some neighbours, or all, how far it is to these."""
        entries = [
            [to, *distance.seqno, None if distance.metric == math.inf else distance.metric]
            for to, distance in self._table.tell(destinations, now)
        ]
        parts = [entries[start : start + ENTRIES] for start in range(0, len(entries), ENTRIES)]
        return [Send(name, UPDATE, part) for name in (self._neighbours if names is None else names) for part in parts]

    def _ask_for_newer(self, to: str, now: float) -> list[Effect]:
        """Ask for a newer seqno, if that would make a route feasible."""
        starved = self._table.starved(to)
        if starved is None:
            return []
        (life, number), having = starved[0].seqno, starved[1]
        if not self._may_request(to, (life, number + 1), now):
            return []
        return [Send(name, REQUEST, [to, life, number + 1, REQUEST_HOPS]) for name in having]

    def _may_request(self, to: str, seqno: Seqno, now: float) -> bool:
        """Whether that request is to be made, or passed on: once a hello period."""
        if self._requests.get((to, seqno), -math.inf) > now or len(self._requests) >= REQUESTS_LIMIT:
            return False
        self._requests[to, seqno] = now + self.config.hello_period
        return True

    # -- packets -------------------------------------------------------------------------------------------------------

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet from another cell has arrived."""
        try:
            neighbour = self._neighbours.get(sender.name)
            if neighbour is None or not neighbour.meet(read_number(sender.incarnation, 1)):
                raise ValueError("not from a neighbour, or from one whose life is over")
            match kind:
                case "routes.hello":
                    return self._on_hello(neighbour, body, now)
                case "routes.update":
                    return self._on_update(neighbour, body, now)
                case "routes.request":
                    return self._on_request(sender.name, body, now)
        except (TypeError, ValueError) as error:
            return [Refused(sender, kind, f"{type(error).__name__}: {error}")]
        return [Refused(sender, kind, "no packet of routes")]

    def _on_hello(self, neighbour: Neighbour, body: Any, now: float) -> list[Effect]:
        number, share, life = body
        number, life = read_number(number, 1), read_number(life)
        if type(share) not in (int, float) or not 0 <= share <= 1:
            raise ValueError("a share outside of 0 to 1")
        if neighbour.hellos is None:
            neighbour.hellos = Hellos(neighbour.life, self.config.hello_period, self.config.silences)
        before = neighbour.metric(now), neighbour.knows_me
        neighbour.knows_me = life == self.pid.incarnation
        neighbour.hellos.heard(number, share if neighbour.knows_me else 0.0, now)
        return [] if before == (neighbour.metric(now), neighbour.knows_me) else self._select_all(now)

    def _on_update(self, neighbour: Neighbour, body: Any, now: float) -> list[Effect]:
        expires = now + self.config.expiry * self.config.update_period
        told = [_read_entry(entry) for entry in read_list(body, most=ENTRIES)]
        effects: list[Effect] = []
        for to, distance in told:
            if to == self.pid.name or (
                to not in neighbour.told and len(neighbour.told) >= self.config.max_destinations
            ):
                continue
            neighbour.told[to] = Told(distance, expires)
            effects += self._select(to, now)
        return effects

    def _on_request(self, sender: str, body: Any, now: float) -> list[Effect]:
        to, life, number, hops = body
        seqno = (read_number(life, 1), read_number(number))
        to, hops = read_name(to), min(REQUEST_HOPS, read_number(hops))
        table = self._table
        if to == self.pid.name:
            if seqno == (self.pid.incarnation, table.seqno + 1):
                table.seqno += 1
            return self._tell([to], now)
        if table.distance(to, now).metric < math.inf and table.distance(to, now).seqno >= seqno:
            return self._tell([to], now, [sender])
        # Who asks has lost its way; one through it leads nowhere.
        via = self.next_hop(to, (sender,), now)
        if via is None or hops <= 1 or not self._may_request(to, seqno, now):
            return []
        return [Send(via, REQUEST, [to, *seqno, hops - 1])]


def _read_entry(raw: Any) -> tuple[str, Distance]:
    to, life, number, metric = raw
    if metric is None:
        metric = math.inf
    elif type(metric) not in (int, float) or not 0 <= metric < math.inf:
        raise ValueError("a metric is a number from 0 to inf")
    return read_name(to), Distance((read_number(life, 1), read_number(number)), float(metric))
