"""Ways over several hops that are learned by walking them: pheromone trails.

For a backend developer: calls that go through gateways, regions or brokers to one of several providers find the best
way by themselves, leave it within one timeout when a hop dies, and come back when it heals; nobody pushes a route.

::

    trails = Trails(pid, rng, now)
    effects = trails.neighbours({"gateway-1"}, now)
    effects = trails.offer("llm", now, cost=2.0)            # what this cell has; its own name is always offered
    effects = trails.request("llm", b"...", now, tag=7)     # `Requested` at a provider, `Reached` or `Lost` here
    hop = trails.next_hop("host-c", (), now)                # or only the way, as the `route` of an Outbox

Requests follow the best trails and make them known on their way back (:mod:`~actors.tissue.trails.requests`); ants look
for better ones (:mod:`~actors.tissue.trails.ants`), led by what the cells beside a trail know of it
(:mod:`~actors.tissue.trails.scents`).  A hop that dies, or falls silent, is the negative feedback without
which a colony walks into the gap: its trails are wiped at once, and its neighbours are told to doubt it.

The cost of a way is its hops, each of which counts more the longer it takes, and what the provider says of itself.
Take this for ways whose length does not depend on who takes them.  Equal replicas that get slow *because* they are
chosen are another matter: :mod:`~actors.tissue.trails.replicas`.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from ..core import Effect, Refused, Send
from ..plain import read_name, read_number
from .ants import Ants
from .config import TrailsConfig
from .events import HopDown, HopUp
from .packets import DEAD, PING, PONG, read_cost
from .requests import Requests
from .ways import Ways

if TYPE_CHECKING:
    import random


class _Wanted:
    """A destination that this cell wants: how often that was so, and when last."""

    __slots__ = ("count", "last")

    def __init__(self) -> None:
        self.count = 0
        self.last = 0.0


class Trails:
    """One cell's trails; a core (:mod:`~actors.tissue.core`).

    Its owner calls :meth:`neighbours` when they change (or :meth:`link` and :meth:`unlink`; both ends link each other),
    :meth:`died` for an exit signal, :meth:`offer` and :meth:`request`; or :meth:`next_hop` and :meth:`reinforce`.  It
    is due at ``inf`` while nothing is wanted or on its way, and all neighbours answer.

    Reports ``Requested``, ``Reached``, ``Lost``, ``HopDown`` and ``HopUp``.
    """

    def __init__(self, pid: Pid, rng: random.Random, now: float, config: TrailsConfig | None = None) -> None:
        read_name(pid.name)
        self.pid = pid
        self.config = config or TrailsConfig()
        self._rng = rng
        self._offers = {pid.name: 0.0}
        self._ways = Ways(self.config, rng)
        self._ants = Ants(pid, rng, self._ways, self._offers, self.config)
        self._requests = Requests(pid, self._ways, self._offers, self.config, self._on_silent, self._track)
        # By when each was wanted last.
        self._wanted: OrderedDict[str, _Wanted] = OrderedDict()
        # Destinations to which an ant is to go at the next occasion.
        self._owed: list[str] = []
        self._owed_since = math.inf
        self._ants_due = math.inf

    def __repr__(self) -> str:
        up, all_of_them = len(self._ways.up), len(self._ways)
        return f"Trails({self.pid}, hops={up}/{all_of_them}, {self._ways.pheromone}, requests={len(self._requests)})"

    # -- what it is told to do -----------------------------------------------------------------------------------------

    def neighbours(self, names: Collection[str], now: float) -> list[Effect]:
        """These cells are the neighbours, and no others.  Raises ``ValueError`` for what is no name."""
        gone = [name for name in self._ways.names if name not in names]
        effects = [effect for name in gone for effect in self.unlink(name, now)]
        return effects + [effect for name in sorted(names) for effect in self.link(name, now)]

    def link(self, name: str, now: float) -> list[Effect]:
        """That cell is a neighbour; nothing if it is this one, or there are too many.

        One that comes later than the first trails is a newcomer: it begins at the median of the others, and its share
        grows over ``ramp`` seconds.
        """
        if name != self.pid.name:
            self._ways.add(read_name(name), now)
        return self._ping(now)

    def unlink(self, name: str, now: float) -> list[Effect]:
        """That cell is no neighbour any more, though it may live: what was in its care goes another way."""
        return self._requests.down(name, now) if self._ways.remove(name, now) else []

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """That life of a neighbour is over, by an exit signal or other evidence; it is back when it answers a ping."""
        name = pid.name
        if name not in self._ways or self._ways.life(name) > pid.incarnation or not self._ways.hop(name).fail(now):
            return []
        return self._lose(name, now)

    def offer(self, what: str, now: float, cost: float = 0.0) -> list[Effect]:
        """This cell provides ``what`` from now on, or at another ``cost``, in hops.  Raises ``ValueError``."""
        self._offers[read_name(what)] = read_cost(cost)
        return []

    def withdraw(self, what: str, now: float) -> list[Effect]:
        """This cell provides ``what`` no more."""
        if what != self.pid.name:
            self._offers.pop(what, None)
            self._ways.scents.withdrawn(what, now)
        return []

    def is_offered(self, what: str) -> bool:
        """Whether this cell provides ``what``."""
        return what in self._offers

    def request(self, to: str, payload: bytes, now: float, *, tag: Any = None) -> list[Effect]:
        """Have ``payload`` brought to the cell called ``to``, or to one that offers that.

        Of each, ``Reached`` or ``Lost`` is reported, with ``tag``.  Raises ``ValueError`` for too long a payload.
        """
        if len(payload) > self.config.most_bytes:
            raise ValueError(f"payload must be at most {self.config.most_bytes} bytes; got {len(payload)}")
        self._want(read_name(to), now)
        return [*self._requests.request(to, payload, tag, now), *self._send_ants(now)]

    def reinforce(self, to: str, hop: str, cost: float, now: float) -> list[Effect]:
        """What was sent by :meth:`next_hop` has reached ``to`` through ``hop``, at that cost in hops, above 0.

        Nothing if that is no neighbour any more.  Raises ``ValueError``.
        """
        if not 0 < cost < math.inf:
            raise ValueError(f"cost must be above 0 and finite; got {cost!r}")
        if hop in self._ways:
            self._ways.reinforce(read_name(to), hop, cost, now)
        return []

    # -- what it knows -------------------------------------------------------------------------------------------------

    def next_hop(self, to: str, avoid: Collection[str], now: float) -> str | None:
        """The neighbour through which to reach ``to`` now, none of ``avoid``; ``None``: there is none.

        To ask is to want: ants look for the way at the next tick.
        """
        self._want(to, now)
        return self._ways.for_data(to, avoid, now)

    def levels(self, to: str, now: float) -> dict[str, float]:
        """tau of each neighbour for a destination: about the inverse of its cost through there."""
        return {name: self._ways.pheromone.level(to, name, now) for name in self._ways.names}

    @property
    def up(self) -> list[str]:
        """The neighbours that work."""
        return self._ways.up

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        ants_due = self._ants_due if self._wanted else math.inf
        owed_since = self._owed_since if self._owed else math.inf
        return min(self._requests.due, self._ways.due, self._ways.scents.due, ants_due, owed_since)

    def tick(self, now: float) -> list[Effect]:
        """Do what is due."""
        effects = [*self._ping(now), *self._requests.tick(now), *self._ways.scents.tick(now)]
        if self._wanted and self._ants_due <= now:
            self._ants_due = now + self.config.ant_period
            self._forget_unwanted(now)
            self._owed = list(self._wanted)
        return effects + self._send_ants(now)

    def _ping(self, now: float) -> list[Effect]:
        pings, dead = self._ways.pings(now)
        effects: list[Effect] = [Send(name, PING, [number]) for name, number in pings]
        return effects + [effect for name in dead for effect in self._lose(name, now)]

    def _want(self, to: str, now: float) -> None:
        if not self._wanted:
            # A phase at random, or ants of cells that want the same at the same time would meet for ever.
            self._ants_due = now + self._rng.random() * self.config.ant_period
        wanted = self._wanted.setdefault(to, _Wanted())
        self._wanted.move_to_end(to)
        if len(self._wanted) > self.config.max_destinations:
            self._wanted.popitem(last=False)
        wanted.last = now
        if wanted.count % self.config.ants_every == 0 and len(self._owed) < self.config.max_destinations:
            self._owed.append(to)
            self._owed_since = now
        wanted.count += 1

    def _forget_unwanted(self, now: float) -> None:
        while self._wanted and next(iter(self._wanted.values())).last < now - self.config.wanted_for:
            self._wanted.popitem(last=False)

    def _send_ants(self, now: float) -> list[Effect]:
        owed, self._owed = self._owed, []
        return [effect for to in owed for effect in self._send_ant(to, now)]

    def _send_ant(self, to: str, now: float) -> list[Effect]:
        sought = [] if self._ways.knows(to, now) else self._ants.seek(to, now)
        return sought or self._ants.launch(to, now)

    # -- hops ----------------------------------------------------------------------------------------------------------

    def _on_silent(self, name: str, sent_at: float, now: float) -> list[Effect]:
        return self._lose(name, now) if self._ways.silent(name, sent_at, now) else []

    def _lose(self, name: str, now: float) -> list[Effect]:
        """A hop is dead: wipe its trails, tell the others, and send what was with it another way."""
        self._ways.down(name, now)
        warning = [name, self._ways.life(name)]
        warnings: list[Effect] = [Send(other, DEAD, warning) for other in self._ways.up]
        return [HopDown(name), *warnings, *self._requests.down(name, now)]

    # -- packets -------------------------------------------------------------------------------------------------------

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet from another cell has arrived."""
        try:
            return [*self._meet(sender, now), *self._read(sender, kind, body, now)]
        except (TypeError, ValueError) as error:
            return [Refused(sender, kind, f"{type(error).__name__}: {error}")]

    def _meet(self, sender: Pid, now: float) -> list[Effect]:
        """Raises ``ValueError`` for a sender that is no neighbour, or whose life is over."""
        if sender.name not in self._ways:
            raise ValueError("not from a neighbour")
        known = self._ways.life(sender.name)
        if sender.incarnation < max(1, known):
            raise ValueError(f"from {sender}, whose place has had a later life, {known}")
        if sender.incarnation == known or not self._ways.meet(sender.name, read_number(sender.incarnation), now):
            return []
        return self._requests.down(sender.name, now)  # what was in the care of its last life

    def _read(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        match kind:
            case "trails.go":
                return self._requests.on_go(sender, body, now)
            case "trails.took":
                return self._requests.on_took(sender, body, now)
            case "trails.back":
                return self._requests.on_back(sender, body, now)
            case "trails.stuck":
                return self._requests.on_stuck(sender, body, now)
            case "trails.ant":
                return self._ants.on_ant(sender, body, now)
            case "trails.seek":
                return self._ants.on_seek(sender, body, now)
            case "trails.home":
                effects = self._ants.on_home(sender, body, now)
                return effects + self._requests.found(body[0], now)
            case "trails.track":
                return self._ants.on_ant(sender, body, now, kind)
            case "trails.scent":
                return self._on_scent(sender.name, body, now)
            case "trails.dead":
                name, life = body
                self._ways.warn(read_name(name), read_number(life), now)
                return []
            case "trails.ping":
                (number,) = body
                return [Send(sender.name, PONG, [read_number(number)])]
            case "trails.pong":
                (number,) = body
                return self._on_pong(sender.name, read_number(number), now)
        return [Refused(sender, kind, "no packet of trails")]

    def _on_scent(self, name: str, body: Any, now: float) -> list[Effect]:
        heard = self._ways.scents.on_scent(name, body, now)
        return [effect for to in heard for effect in self._track(to, now)]

    def _track(self, to: str, now: float) -> list[Effect]:
        """See whether to send an ant after a scent."""
        most = self._ways.scents.worth(to, to in self._wanted, now)
        return self._ants.track(to, most, now) if most else []

    def _on_pong(self, name: str, number: int, now: float) -> list[Effect]:
        if not self._ways.hop(name).pong(number, now):
            return []
        self._ways.back(name, now)
        return [HopUp(name)]
