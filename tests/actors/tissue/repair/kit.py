"""A map that all see at once, witnesses over it, and witnesses over real contact state."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.tissue.core import Effect
from actors.tissue.crdt.lww import LWWMap
from actors.tissue.plain import Key, pack, unpack
from actors.tissue.repair.desired import LAN, Desired, Leave, ReconcileConfig, Retire, Spawn
from actors.tissue.repair.reconcile import Reconciler
from actors.tissue.state.contact_state import ContactState

E = TypeVar("E")


class Board:
    """A map that expires, as the real one does, but is the same everywhere at once."""

    def __init__(self, clock: Callable[[], float] = lambda: 0.0) -> None:
        self._clock = clock
        self._entries: dict[Key, tuple[bytes, float]] = {}

    def put(self, key: Key, value: Any, now: float, *, lifetime: float = math.inf) -> None:
        self._entries[key] = pack(value), now + lifetime

    def remove(self, key: Key, now: float) -> None:
        self._entries.pop(key, None)

    def get(self, key: Key, default: Any = None) -> Any:
        return dict(self.items()).get(key, default)

    def items(self) -> Iterable[tuple[Key, Any]]:
        now = self._clock()
        return [(key, unpack(packed)) for key, (packed, ends) in self._entries.items() if now < ends]


class Cell:
    """Base of a cell whose reconciler starts members that take ``boot`` seconds to come up."""

    def __init__(self, repair: Reconciler, boot: float) -> None:
        self.repair = repair
        self.boot = boot
        self.running: dict[tuple[str, int], int] = {}
        self.booting: dict[tuple[str, int], tuple[int, float]] = {}

    @property
    def due(self) -> float:
        return min([self.repair.due, *(at for _, at in self.booting.values())])

    def tick(self, now: float) -> list[Effect]:
        for place, (life, at) in list(self.booting.items()):
            if at <= now:
                del self.booting[place]
                self.running[place] = life
                self.repair.held(*place, life, now)
        return self.obey(self.repair.tick(now), now)

    def obey(self, effects: list[Effect], now: float) -> list[Effect]:
        for effect in effects:
            if isinstance(effect, Spawn):
                self.booting[effect.group, effect.slot] = effect.life, now + self.boot
            elif isinstance(effect, Leave | Retire):
                self.booting.pop((effect.group, effect.slot), None)
                self.running.pop((effect.group, effect.slot), None)
                self.repair.ended(effect.group, effect.slot, now)
        return effects

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        return self.repair.receive(sender, kind, body, now)


class Witness(Cell):
    """A cell over real contact state."""

    def __init__(self, pid: Pid, rng: random.Random, now: float, peers: list[str], config: ReconcileConfig) -> None:
        self.state = ContactState(pid, random.Random(rng.random()), now, peers=peers)
        desired, claims = self.state.share("desired", LWWMap), self.state.share("claims", LWWMap)
        super().__init__(Reconciler(pid, rng, now, desired, claims, config), boot=0.5)

    @property
    def due(self) -> float:
        return min(super().due, self.state.due)

    def tick(self, now: float) -> list[Effect]:
        effects = self.state.tick(now) if self.state.due <= now else []
        return [*effects, *super().tick(now)]

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        effects = self.state.receive(sender, kind, body, now)
        self.repair.changed(now)
        return effects


def names(n: int) -> list[str]:
    return [f"c{i}" for i in range(n)]


def over_board(n: int, seed: int = 0, config: ReconcileConfig = LAN, boot: float = 0.5) -> Arena[Cell]:
    """``n`` cells whose maps are the same at once."""
    arena: Arena[Cell] = Arena(seed, strict=True)
    desired, claims = Board(lambda: arena.now), Board(lambda: arena.now)
    for name in names(n):
        arena.add(name, lambda pid, rng, now: Cell(Reconciler(pid, rng, now, desired, claims, config), boot))
    everybody_witnesses(arena)
    return arena


def over_state(n: int, seed: int = 0, config: ReconcileConfig = LAN, network: Network | None = None) -> Arena[Witness]:
    """``n`` cells that share contact state over a network."""
    arena: Arena[Witness] = Arena(seed, network, strict=True)
    for name in names(n):
        arena.add(name, lambda pid, rng, now: Witness(pid, rng, now, names(n), config))
    everybody_witnesses(arena)
    arena.run(1.0)
    return arena


def everybody_witnesses(arena: Arena[Any], placement: str = "") -> None:
    """Every cell is told who is alive."""
    weights = {arena.pid(name): 1.0 for name in arena.cells}
    for name in arena.cells:
        arena.tell(name, lambda cell, now: cell.repair.witnesses(weights, now, placement=placement))


def desire(arena: Arena[Any], group: str, desired: Desired, by: str = "c0") -> None:
    arena.tell(by, lambda cell, now: cell.repair.desire(group, desired, now))


def kill(arena: Arena[Any], *victims: str, noticed_within: float = 0.0) -> None:
    """Kill cells; each survivor is told within that many seconds, at a moment of its own."""
    pids = [arena.pid(name) for name in victims]
    arena.kill(*victims)

    def tell(name: str, pid: Pid) -> None:
        arena.tell(name, lambda cell, now: cell.repair.died(pid, now))

    for name in arena.cells:
        when = arena.now + arena.rng.random() * noticed_within
        for pid in pids:
            arena.at(when, lambda name=name, pid=pid: tell(name, pid))  # type: ignore[misc]


def running(arena: Arena[Any], group: str) -> list[int]:
    """The slots of all members that are up, wherever they are."""
    return sorted(slot for cell in arena.cells.values() for each, slot in cell.running if each == group)


def host_of(arena: Arena[Any], group: str, slot: int) -> str:
    return next(name for name, cell in arena.cells.items() if (group, slot) in cell.running)


def happened(arena: Arena[Any], kind: type[E]) -> list[tuple[float, str, E]]:
    return [(when, name, event) for when, name, event in arena.events if isinstance(event, kind)]
