"""A sheet of cells that heals: each place is a group of one, kept filled by whoever lives next to it.

What scenarios about wounds share.  A cell knows its own place and those around it, nothing else.  For each of these
that does not answer it opens a group with the others around that place: contact state, and a reconciler over it that
wants one member there.  So a claim is told to the three or so others that might grow into the same place, and what
healing costs depends on how much is missing, not on the size of the sheet.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.testing.topology import Graph
from actors.tissue.core import Effect, Send, TissueEvent
from actors.tissue.crdt.lww import LWWMap
from actors.tissue.repair.desired import LAN, Desired, Leave, ReconcileConfig, Retire, Spawn
from actors.tissue.repair.reconcile import Reconciler
from actors.tissue.state.contact_state import ContactState

HELLO = "skin.hello"
HERE = "skin.here"
BOOT = 0.5


@dataclass(frozen=True, slots=True)
class Division(TissueEvent):
    """A cell has grown into ``place``, and is up there."""

    place: str


class Gap:
    """One empty place, as one of those around it sees it."""

    def __init__(self, pid: Pid, place: str, rng: random.Random, now: float, config: Config) -> None:
        self.place = place
        self._boot = config.boot
        self._born = math.inf
        self._life = 0
        self._witnesses = {pid: 1.0}
        self.state = ContactState(pid, random.Random(rng.random()), now)
        claims = self.state.share("claims", LWWMap)
        # All are made to want the same, so nobody has to tell the others.
        self.repair = Reconciler(pid, random.Random(rng.random()), now, LWWMap(pid), claims, config.reconcile)
        self.repair.witnesses(self._witnesses, now)
        self.repair.desire(place, Desired(1), now)

    @property
    def due(self) -> float:
        """When anything of it wants to be called."""
        return min(self.state.due, self.repair.due, self._born)

    def met(self, pid: Pid, now: float) -> None:
        """Another cell lives next to the place."""
        self._witnesses = {each: 1.0 for each in self._witnesses if each.name != pid.name} | {pid: 1.0}
        self.state.meet((each.name for each in self._witnesses), now)
        self.repair.witnesses(self._witnesses, now)

    def died(self, pid: Pid, now: float) -> None:
        """It does no more."""
        self._witnesses.pop(pid, None)
        self.state.died(pid, now)
        self.repair.died(pid, now)

    def tick(self, now: float) -> list[Effect]:
        """Whatever is due."""
        effects: list[Effect] = self.state.tick(now) if self.state.due <= now else []
        if self._born <= now:
            self._born = math.inf
            self.repair.held(self.place, 0, self._life, now)
            effects.append(Division(self.place))
        events = self.repair.tick(now)
        for event in events:
            if isinstance(event, Spawn):
                self._life, self._born = event.life, now + self._boot
                effects += self.state.flush(now)
            elif isinstance(event, Leave | Retire):
                self._born = math.inf
                self.repair.ended(self.place, 0, now)
        return effects + events

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet of contact state."""
        effects = self.state.receive(sender, kind, body, now)
        self.repair.changed(now)
        return effects


@dataclass(frozen=True, slots=True)
class Config:
    """How a sheet heals; ``boot``: seconds from a claim until the new cell is up."""

    reconcile: ReconcileConfig = LAN
    boot: float = BOOT


class Cell:
    """One cell of the sheet; a core.  ``graph``: the places next to each place; it looks at those near its own only.

    It says hello around each place next to its own, once, at birth; whoever is there, or waits for that place to be
    filled as well, answers.  Reports ``Division``, and what its reconcilers report.
    """

    def __init__(
        self, pid: Pid, rng: random.Random, now: float, graph: Mapping[str, Sequence[str]], config: Config
    ) -> None:
        self.pid = pid
        self.gaps: dict[str, Gap] = {}
        self._graph = graph
        self._rng = rng
        self._config = config

    @property
    def due(self) -> float:
        """When a gap wants to be called."""
        return min((gap.due for gap in self.gaps.values()), default=math.inf)

    def born(self, now: float) -> list[Effect]:
        """It is up: who is there?"""
        return [effect for place in self._graph[self.pid.name] for effect in self.missed(place, now)]

    def missed(self, place: str, now: float) -> list[Effect]:
        """Nobody seems to be at a place next to this cell's own."""
        if place in self.gaps:
            return []
        around = [name for name in self._graph[place] if name != self.pid.name]
        self.gaps[place] = Gap(self.pid, place, self._rng, now, self._config)
        return [Send(name, HELLO, place) for name in (place, *around)]

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """An exit signal."""
        for gap in self.gaps.values():
            gap.died(pid, now)
        return self.missed(pid.name, now) if pid.name in self._graph[self.pid.name] else []

    def tick(self, now: float) -> list[Effect]:
        """Whatever is due."""
        effects: list[Effect] = []
        for place, gap in list(self.gaps.items()):
            if gap.due <= now:
                effects += _about(place, gap.tick(now))
        return effects

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet: hello, its answer, or contact state of those around a place."""
        if kind in (HELLO, HERE):
            return self._greeted(sender, kind, body, now)
        place, inner = body
        gap = self.gaps.get(place)
        return _about(place, gap.receive(sender, kind, inner, now)) if gap is not None else []

    def _greeted(self, sender: Pid, kind: str, place: str, now: float) -> list[Effect]:
        """Somebody is at a place next to this one, or next to one that is a gap here."""
        if sender.name in self.gaps:
            del self.gaps[sender.name]  # filled
        gap = self.gaps.get(place)
        if gap is not None:
            gap.met(sender, now)
        is_asked = kind == HELLO and (gap is not None or place == self.pid.name)
        return [Send(sender.name, HERE, place)] if is_asked else []


def _about(place: str, effects: list[Effect]) -> list[Effect]:
    """Packets of contact state say of which place they are."""
    return [Send(each.to, each.kind, [place, each.body]) if isinstance(each, Send) else each for each in effects]


class Skin:
    """A sheet in an arena, whole at first.  ``spawned``: (time, place) of every cell that was begun since."""

    def __init__(self, graph: Graph, seed: int, config: Config | None = None, network: Network | None = None) -> None:
        self.graph = graph
        self.arena: Arena[Cell] = Arena(seed, network)
        self._config = config or Config()
        self._seen = 0
        for place in graph:
            self.arena.add(place, self._birth)

    def _birth(self, pid: Pid, rng: random.Random, now: float) -> Cell:
        return Cell(pid, rng, now, self.graph, self._config)

    @property
    def spawned(self) -> list[tuple[float, str]]:
        """Every cell that was begun: when, and where."""
        return [(when, event.group) for when, _, event in self.arena.events if isinstance(event, Spawn)]

    def wound(self, places: Sequence[str], noticed_within: float) -> None:
        """Kill all these at once; who lived next to them notices within so many seconds, each in its own time."""
        arena, dead = self.arena, set(places)
        arena.kill(*places)
        for place in places:
            for near in self.graph[place]:
                if near not in dead:
                    moment = arena.now + arena.rng.random() * noticed_within
                    arena.at(moment, self._notice(near, arena.pid(place)))

    def _notice(self, name: str, dead: Pid) -> Callable[[], None]:
        return lambda: self.arena.tell(name, lambda cell, now: cell.died(dead, now))

    def heal(self, until: float) -> float:
        """Let it heal; when the last place was filled, ``inf`` if one was not by ``until``."""
        arena = self.arena
        while len(arena.cells) < len(self.graph):
            if not arena.run(until, stop=self._has_divided):
                return math.inf
        return arena.now

    def _has_divided(self) -> bool:
        """Bring up the cells whose division was reported; whether there were any."""
        found = False
        for _, _, event in self.arena.events[self._seen :]:
            if isinstance(event, Division) and event.place not in self.arena.cells:
                self.arena.revive(event.place)
                self.arena.tell(event.place, lambda cell, now: cell.born(now))
                found = True
        self._seen = len(self.arena.events)
        return found
