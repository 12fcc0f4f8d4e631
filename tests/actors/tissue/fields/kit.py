"""Sheets of cells with fields in an arena, what Dijkstra says of them, and what they are asked in tests."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

import networkx as nx

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.testing.topology import Graph
from actors.tissue.core import Effect, Send
from actors.tissue.fields.block import ROUND, Around, Block, Reading
from actors.tissue.fields.config import FieldConfig
from actors.tissue.fields.field import Fields
from actors.tissue.fields.links import Links

E = TypeVar("E")

Measure = Callable[[str, str], float]
"""The distance from a cell to its neighbour."""

PERIOD = FieldConfig().period
LIFE = 1 << 20
"""The first stamp of a first life."""


def unit(cell: str, neighbour: str) -> float:
    return 1.0


class Sheet:
    """Cells linked as in ``graph``, each saying what it has to say through msgpack."""

    def __init__(
        self,
        graph: Graph,
        measure: Measure = unit,
        *,
        seed: int = 0,
        config: FieldConfig | None = None,
        network: Network | None = None,
        blocks: Callable[[Pid], dict[str, Block[Any]]] | None = None,
    ) -> None:
        self.graph = graph
        self.measure = measure
        self.config = config or FieldConfig()
        self.arena: Arena[Fields] = Arena(seed, network, strict=True)
        self.blocks: dict[str, dict[str, Any]] = {}
        self._blocks = blocks
        for name in graph:
            self.add(name)

    def add(self, name: str) -> None:
        """Bring a cell to life, or to its next one, with its links and blocks."""
        self.arena.add(name, lambda pid, rng, now: Fields(pid, rng, now, self.config))
        for neighbour in self.graph[name]:
            self.link(name, neighbour)
        self.blocks[name] = self._blocks(self.arena.pid(name)) if self._blocks else {}
        for block_name, block in self.blocks[name].items():
            self.install(name, block_name, block)

    def link(self, name: str, neighbour: str) -> None:
        """Link a cell to a neighbour, as far as that is now."""
        self.tell(name, lambda fields, now: fields.link(neighbour, now, self.measure(name, neighbour)))

    def install(self, name: str, block_name: str, block: Block[Any]) -> None:
        self.tell(name, lambda fields, now: fields.install(block_name, block, now))

    def bury(self, name: str, pid: Pid) -> None:
        """Tell a cell that a life is over."""
        self.tell(name, lambda fields, now: fields.died(pid, now))

    def tell(self, name: str, call: Callable[[Fields, float], Iterable[Effect]]) -> None:
        self.arena.tell(name, call)

    def emit(self, *names: str, field: str = "x") -> None:
        for name in names:
            self.tell(name, lambda fields, now: fields.emit(field, now))

    def retract(self, *names: str, field: str = "x") -> None:
        for name in names:
            self.tell(name, lambda fields, now: fields.retract(field, now))

    def kill(self, *names: str, told: bool = False) -> None:
        """End cells; ``told``: their neighbours are told at once, as by exit signals."""
        pids = {name: self.arena.pid(name) for name in names}
        self.arena.kill(*names)
        for name in names if told else ():
            for neighbour in self.graph[name]:
                self.bury(neighbour, pids[name])

    def rounds(self, count: float) -> None:
        """Let so many periods pass."""
        self.arena.run(self.arena.now + count * PERIOD)

    def reading(self, name: str, field: str = "x") -> Reading:
        return self.arena.cells[name].field(field)

    def values(self, field: str = "x") -> dict[str, float]:
        return {name: fields.field(field).distance for name, fields in self.arena.cells.items()}

    def truth(self, *sources: str) -> dict[str, float]:
        """What Dijkstra says of the living cells."""
        graph = nx.DiGraph()
        graph.add_nodes_from(self.arena.cells)
        for name in self.arena.cells:
            for neighbour in self.graph[name]:
                if neighbour in self.arena.cells:
                    # A way is measured by who walks it, so towards the source.
                    graph.add_edge(neighbour, name, weight=self.measure(name, neighbour))
        alive = [source for source in sources if source in self.arena.cells]
        found = nx.multi_source_dijkstra_path_length(graph, set(alive)) if alive else {}
        return {name: found.get(name, math.inf) for name in self.arena.cells}

    def is_true(self, *sources: str, field: str = "x", within: float = 1e-9) -> bool:
        """Whether all values are what Dijkstra says, up to a share ``within``."""
        truth = self.truth(*sources)
        return all(
            value == truth[name] or abs(value - truth[name]) <= within * truth[name]
            for name, value in self.values(field).items()
        )

    def settle(self, done: Callable[[], bool], limit: float = 200) -> float:
        """The periods until that holds; at most ``limit``."""
        began = self.arena.now
        while not done() and self.arena.now < began + limit * PERIOD:
            self.rounds(0.5)
        return (self.arena.now - began) / PERIOD


class Alone:
    """What a block sees of its cell, set by hand."""

    def __init__(
        self,
        reading: Reading | None = None,
        neighbours: Sequence[str] = (),
        *,
        name: str = "me",
        config: FieldConfig | None = None,
    ) -> None:
        self.pid = Pid(name, 1)
        self.config = config or FieldConfig()
        self.links = Links(self.pid, 0.6, 256)
        self.readings = {"x": reading or Reading()}
        for neighbour in neighbours:
            self.links.link(neighbour, 1.0)

    def field(self, name: str) -> Reading:
        return self.readings.get(name, Reading())


def around(value: Alone) -> Around:
    """That it is one, for the type checker."""
    return value


def cell(*neighbours: str, config: FieldConfig | None = None, seed: int = 0, life: int = 1) -> Fields:
    """One cell by itself, ``me``, with these neighbours at distance 1."""
    fields = Fields(Pid("me", life), random.Random(seed), 0.0, config)
    for neighbour in neighbours:
        fields.link(neighbour, 0.0)
    return fields


def way(*hops: str, distance: float = 0.0, stamps: Sequence[int] | None = None) -> list[Any]:
    """A way as it travels; the offering cell first."""
    return [distance, list(hops), list(stamps or [LIFE] * len(hops)), 0]


def word(*hops: str, distance: float = 0.0, notices: Sequence[Any] = ()) -> list[Any]:
    """What a neighbour says of a path-vector field."""
    return [way(*hops, distance=distance) if hops else None, list(notices)]


def hear(
    fields: Fields,
    sender: str,
    words: dict[str, Any] | None = None,
    now: float = 0.0,
    *,
    version: int = 1,
    life: int = 1,
    blocks: dict[str, Any] | None = None,
) -> list[Effect]:
    return fields.receive(Pid(sender, life), ROUND, [version, words or {}, blocks or {}], now)


def turn(fields: Fields, now: float | None = None) -> list[Effect]:
    """The cell's next round."""
    return fields.tick(fields.due if now is None else now)


def of(effects: Iterable[Effect], kind: type[E]) -> list[E]:
    return [effect for effect in effects if isinstance(effect, kind)]


def said(effects: Iterable[Effect]) -> dict[str, Any]:
    """What a cell told each neighbour."""
    return {send.to: send.body for send in of(effects, Send)}


def disjoint(some: Collection[str], others: Collection[str]) -> bool:
    return not set(some) & set(others)
