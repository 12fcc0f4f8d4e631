"""A fleet of cells with one cache, and a backend that counts what it is asked for."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any, TypeVar

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.tissue.core import Effect
from actors.tissue.mycorrhiza.cache_config import CACHE, CacheConfig
from actors.tissue.mycorrhiza.cooperative_cache import CooperativeCache
from actors.tissue.mycorrhiza.flights import Compute, Found

E = TypeVar("E")


class Backend:
    """Takes ``cost`` seconds to answer; ``calls``: how often it was asked for each key."""

    def __init__(self, cost: float = 0.1, ttl: float = 60.0) -> None:
        self.cost = cost
        self.ttl = ttl
        self.calls: Counter[str] = Counter()
        self.is_down = False


class Worker:
    """A cell that computes what it is told to compute, at a backend."""

    def __init__(self, pid: Pid, rng: random.Random, now: float, config: CacheConfig, backend: Backend) -> None:
        self.cache = CooperativeCache(pid, rng, now, config)
        self.backend = backend
        self.busy: list[tuple[float, Compute]] = []

    @property
    def due(self) -> float:
        return min([self.cache.due, *(when for when, _ in self.busy)])

    def tick(self, now: float) -> list[Effect]:
        effects = self.cache.tick(now)
        for when, compute in [each for each in self.busy if each[0] <= now]:
            self.busy.remove((when, compute))
            if self.backend.is_down:
                effects += self.cache.failed(compute.key, compute.token, now, "down")
            else:
                value = f"value of {compute.key}, call {self.backend.calls[compute.key]}"
                effects += self.cache.computed(compute.key, compute.token, value, now, ttl=self.backend.ttl)
        return self.obey(effects, now)

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        return self.obey(self.cache.receive(sender, kind, body, now), now)

    def get(self, key: str, now: float) -> list[Effect]:
        return self.obey(self.cache.get(key, now), now)

    def obey(self, effects: list[Effect], now: float) -> list[Effect]:
        for effect in effects:
            if isinstance(effect, Compute):
                self.backend.calls[effect.key] += 1
                self.busy.append((now + self.backend.cost, effect))
        return effects


Fleet = Arena[Worker]


def fleet(
    n: int, backend: Backend, seed: int = 0, config: CacheConfig = CACHE, network: Network | None = None
) -> Fleet:
    """``n`` cells that know each other."""
    arena: Fleet = Arena(seed, network, strict=True)
    for number in range(n):
        arena.add(f"c{number}", lambda pid, rng, now: Worker(pid, rng, now, config, backend))
    meet(arena)
    arena.run(2.0)
    return arena


def meet(arena: Fleet) -> None:
    for name in arena.cells:
        arena.tell(name, lambda cell, now: cell.cache.neighbours(list(arena.cells), now))


def get(arena: Fleet, name: str, key: str) -> None:
    arena.tell(name, lambda cell, now: cell.get(key, now))


def get_everywhere(arena: Fleet, key: str) -> None:
    for name in list(arena.cells):
        get(arena, name, key)


def found(arena: Fleet, since: float = 0.0) -> list[tuple[str, str, Any]]:
    """(cell, key, value) of what was found."""
    return [(name, e.key, e.value) for when, name, e in arena.events if isinstance(e, Found) and when >= since]


def happened(arena: Fleet, kind: type[E]) -> list[tuple[float, str, E]]:
    return [(when, name, event) for when, name, event in arena.events if isinstance(event, kind)]
