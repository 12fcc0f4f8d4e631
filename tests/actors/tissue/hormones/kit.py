"""Cells with hormones, alone and in an arena, and what they are asked in tests."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import TypeVar

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.testing.topology import Graph
from actors.tissue.core import Effect, Send
from actors.tissue.hormones.config import HormonesConfig
from actors.tissue.hormones.hormones import STRESS, Hormones
from actors.tissue.hormones.receptor import Receptor
from actors.tissue.hormones.secretion import Hormone

E = TypeVar("E")

PERIOD = HormonesConfig().period


def cell(
    *,
    hormones: Iterable[Hormone] = (STRESS,),
    receptors: Iterable[Receptor] = (),
    config: HormonesConfig | None = None,
    name: str = "me",
    life: int = 1,
    seed: int = 0,
) -> Hormones:
    """One cell by itself."""
    return Hormones(Pid(name, life), random.Random(seed), 0.0, config, hormones=hormones, receptors=receptors)


def group(
    n: int,
    seed: int = 0,
    *,
    network: Network | None = None,
    hormones: Iterable[Hormone] = (STRESS,),
    receptors: Iterable[Receptor] = (),
    config: HormonesConfig | None = None,
) -> Arena[Hormones]:
    """``n`` cells, all siblings of each other, none of them close."""
    arena: Arena[Hormones] = Arena(seed, network, strict=True)
    declared, sensed = list(hormones), list(receptors)

    def born(pid: Pid, rng: random.Random, now: float) -> Hormones:
        return Hormones(pid, rng, now, config, hormones=declared, receptors=sensed)

    for number in range(n):
        arena.add(f"c{number}", born)
    meet(arena)
    return arena


def tissue(graph: Graph, hormone: Hormone, network: Network | None = None, seed: int = 0) -> Arena[Hormones]:
    """Cells with neighbours as in ``graph``, and no siblings."""
    arena: Arena[Hormones] = Arena(seed, network, strict=True)
    for name in graph:
        arena.add(name, lambda pid, rng, now: Hormones(pid, rng, now, hormones=[hormone]))
    for name, near in graph.items():
        arena.tell(name, lambda core, now, near=near: core.neighbours(near, now))  # type: ignore[misc]
    return arena


def meet(arena: Arena[Hormones]) -> None:
    """All learn who lives."""
    for name in arena.cells:
        arena.tell(name, lambda core, now: core.meet(arena.cells, now))


def averages(arena: Arena[Hormones], hormone: str = STRESS.name) -> list[float | None]:
    """What each cell takes the average to be."""
    return [core.systemic(hormone, arena.now) for core in arena.cells.values()]


def known(arena: Arena[Hormones], hormone: str = STRESS.name) -> list[float]:
    """The same, where all must know."""
    values = averages(arena, hormone)
    assert None not in values
    return [value for value in values if value is not None]


def of(effects: Iterable[Effect], kind: type[E]) -> list[E]:
    """The effects of one kind."""
    return [effect for effect in effects if isinstance(effect, kind)]


def sent(effects: Iterable[Effect], kind: str) -> list[Send]:
    """The packets of one kind."""
    return [effect for effect in effects if isinstance(effect, Send) and effect.kind == kind]


def happened(arena: Arena[Hormones], kind: type[E]) -> list[tuple[float, str, E]]:
    """The events of a kind: when, at whom, what."""
    return [(when, name, event) for when, name, event in arena.events if isinstance(event, kind)]
