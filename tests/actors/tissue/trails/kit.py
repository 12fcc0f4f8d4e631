"""Trails that lead through an arena."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any, TypeVar

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.testing.topology import Graph
from actors.tissue.core import Effect, Send
from actors.tissue.trails.config import TrailsConfig
from actors.tissue.trails.events import Lost, Reached, Requested
from actors.tissue.trails.trails import Trails

E = TypeVar("E")


def of(effects: Iterable[Effect], kind: type[E]) -> list[E]:
    return [effect for effect in effects if isinstance(effect, kind)]


def sent(effects: Iterable[Effect], kind: str) -> list[Send]:
    return [effect for effect in effects if isinstance(effect, Send) and effect.kind == kind]


def cell(
    name: str = "a", config: TrailsConfig | None = None, *, life: int = 1, neighbours: Iterable[str] = ()
) -> Trails:
    trails = Trails(Pid(name, life), random.Random(name), 0.0, config)
    trails.neighbours(set(neighbours), 0.0)
    return trails


def sheet(
    graph: Graph, seed: int = 0, network: Network | None = None, config: TrailsConfig | None = None
) -> Arena[Trails]:
    """Trails in every place of a graph, linked to its neighbours."""
    arena: Arena[Trails] = Arena(seed, network, strict=True)
    for name in graph:
        arena.add(name, lambda pid, rng, now: Trails(pid, rng, now, config))
        link_all(arena, graph, name)
    return arena


def link_all(arena: Arena[Trails], graph: Graph, name: str) -> None:
    arena.tell(name, lambda trails, now: trails.neighbours(set(graph[name]), now))


def kill(arena: Arena[Trails], graph: Graph, *names: str) -> None:
    """End cells; their neighbours have exit signals of it."""
    pids = {name: arena.pid(name) for name in names}
    arena.kill(*names)
    for name, pid in pids.items():
        for other in graph[name]:
            arena.tell(other, lambda trails, now: trails.died(pid, now))  # noqa: B023 told at once


def revive(arena: Arena[Trails], graph: Graph, *names: str) -> None:
    for name in names:
        arena.revive(name)
        link_all(arena, graph, name)


def offer(arena: Arena[Trails], name: str, what: str, cost: float = 0.0) -> None:
    arena.tell(name, lambda trails, now: trails.offer(what, now, cost))


def request(arena: Arena[Trails], at: float, origin: str, to: str, number: int) -> None:
    """Have a request made at that moment; its payload and tag are its number."""
    arena.at(
        at,
        lambda: arena.tell(origin, lambda trails, now: trails.request(to, b"%d" % number, now, tag=number)),
    )


def happened(arena: Arena[Any], kind: type[E]) -> list[tuple[float, str, E]]:
    return [(when, name, event) for when, name, event in arena.events if isinstance(event, kind)]


def reached(arena: Arena[Trails], origin: str) -> list[Reached]:
    return [event for _, name, event in happened(arena, Reached) if name == origin]


def lost(arena: Arena[Trails], origin: str) -> list[Lost]:
    return [event for _, name, event in happened(arena, Lost) if name == origin]


def handled(arena: Arena[Trails], at: str) -> list[int]:
    """The numbers of the requests that came to a provider, in the order in which they came."""
    return [int(event.payload) for _, name, event in happened(arena, Requested) if name == at]
