"""Overlays in an arena, and what they are asked in tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import networkx as nx

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.tissue.core import Effect, Send
from actors.tissue.overlay.config import HyParViewConfig
from actors.tissue.overlay.hyparview import HyParView

E = TypeVar("E")


def views(
    n: int, seed: int = 0, config: HyParViewConfig | None = None, network: Network | None = None, settle: float = 20.0
) -> Arena[HyParView]:
    """``n`` cells that joined one after another, each through one at random of those before it."""
    arena: Arena[HyParView] = Arena(seed, network, strict=True)
    for i in range(n):
        arena.add(f"c{i}", lambda pid, rng, now: HyParView(pid, rng, now, config))
        if i:
            seeds = [f"c{arena.rng.randrange(i)}"]
            arena.tell(f"c{i}", lambda core, now, seeds=seeds: core.join(seeds, now))  # type: ignore[misc]
        arena.run(arena.now + 0.05)
    arena.run(arena.now + settle)
    return arena


def bury(arena: Arena[HyParView], dead: Iterable[str]) -> None:
    """Kill cells, and have their neighbours told at once, as by exit signals."""
    gone = set(dead)
    arena.kill(*gone)
    for name, core in list(arena.cells.items()):
        for pid in [pid for pid in core.active if pid.name in gone]:
            arena.tell(name, lambda core, now, pid=pid: core.died(pid, now))  # type: ignore[misc]


def graph(arena: Arena[HyParView]) -> Any:
    """Who has whom in the active view, of those alive."""
    found = nx.DiGraph()
    found.add_nodes_from(arena.cells)
    for name, core in arena.cells.items():
        found.add_edges_from((name, pid.name) for pid in core.active if pid.name in arena.cells)
    return found


def pieces(arena: Arena[HyParView]) -> int:
    return int(nx.number_weakly_connected_components(graph(arena)))


def one_sided(arena: Arena[HyParView]) -> list[tuple[str, str]]:
    """Whom somebody takes for his neighbour without being his."""
    found = graph(arena)
    return [(a, b) for a, b in found.edges if not found.has_edge(b, a)]


def cell(name: str = "me", life: int = 1, config: HyParViewConfig | None = None) -> HyParView:
    return HyParView(Pid(name, life), random.Random(0), 0.0, config)


def befriended(core: HyParView, *names: str) -> HyParView:
    for name in names:
        core.receive(Pid(name, 1), "view.neighbour", [True], 0.0)
    return core


def sent(effects: Iterable[Effect], kind: str) -> list[Send]:
    return [effect for effect in effects if isinstance(effect, Send) and effect.kind == kind]


def of(effects: Iterable[Effect], kind: type[E]) -> list[E]:
    return [effect for effect in effects if isinstance(effect, kind)]


Birth = Callable[[Pid, random.Random, float], Any]
