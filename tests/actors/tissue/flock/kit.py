"""Flocks that align, in an arena, and where all that they have is."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from typing import Any, TypeVar

import networkx as nx

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.testing.topology import Graph
from actors.tissue.core import Effect, Send
from actors.tissue.flock.alignment import Alignment
from actors.tissue.flock.config import AlignmentConfig
from actors.tissue.flock.transfer import Amount, Peer

E = TypeVar("E")

PERIOD = AlignmentConfig().period
ITERATIONS = 2_000


class InStep(random.Random):
    """No chance at all: cells that are given it begin, and go on, together."""

    def random(self) -> float:
        return 0.0


class Flock:
    """Cells linked as in ``graph``."""

    def __init__(
        self,
        graph: Graph,
        *,
        seed: int = 0,
        config: AlignmentConfig | None = None,
        network: Network | None = None,
        in_step: bool = False,
    ) -> None:
        self.graph = {name: list(neighbours) for name, neighbours in graph.items()}
        self.config = config or AlignmentConfig()
        self.in_step = in_step
        self.arena: Arena[Alignment] = Arena(seed, network, strict=True)
        for name in graph:
            self.add(name)

    def add(self, name: str) -> None:
        self.arena.add(name, lambda pid, rng, now: Alignment(pid, InStep() if self.in_step else rng, now, self.config))
        for neighbour in self.graph[name]:
            self.link(name, neighbour)

    def link(self, name: str, neighbour: str) -> None:
        self.arena.tell(name, lambda cell, now: cell.link(neighbour, now))

    def unlink(self, name: str, neighbour: str) -> None:
        self.arena.tell(name, lambda cell, now: cell.unlink(neighbour, now))

    def put(self, name: str, amount: Amount) -> None:
        self.arena.tell(name, lambda cell, now: cell.put(amount, now))

    def take(self, name: str, amount: Amount) -> None:
        self.arena.tell(name, lambda cell, now: cell.take(amount, now))

    def kill(self, *names: str) -> None:
        """End cells without a word; nobody is told."""
        self.arena.kill(*names)

    def bury(self, name: str, neighbour: str) -> None:
        """Tell a cell that the life a neighbour had last is over."""
        pid = self.arena.pid(neighbour)
        self.arena.tell(name, lambda cell, now: cell.died(pid, now))

    def bury_everywhere(self, *names: str) -> None:
        for name in names:
            for neighbour in self.graph[name]:
                self.bury(neighbour, name)

    def rounds(self, count: float) -> None:
        self.arena.run(self.arena.now + count * PERIOD)

    def loads(self) -> dict[str, Amount]:
        return {name: cell.load for name, cell in self.arena.cells.items()}

    def owns(self, name: str) -> Amount:
        """What belongs to a cell: what it may use or has set aside, and what it holds and the giver has let go of."""
        cell = self.arena.cells[name]
        held = sum(peer.held for peer in cell._peers if peer.held is not None and not self._is_aside(cell, peer))
        return cell.load + cell.aside + held

    def owned(self) -> Amount:
        """What belongs to the living."""
        return sum(self.owns(name) for name in self.arena.cells)

    def bequeathed(self, name: str) -> Amount:
        """What a cell has set aside and others hold: it is theirs if the cell dies."""
        return sum(
            peer.held
            for cell in self.arena.cells.values()
            for peer in cell._peers
            if peer.name == name and peer.held is not None and self._is_aside(cell, peer)
        )

    def _is_aside(self, taker: Alignment, held: Peer) -> bool:
        """Whether the giver still has what the taker holds."""
        giver = self.arena.cells.get(held.name)
        if giver is None or giver.pid.incarnation != held.life:
            return False
        given = giver._peers.get(taker.pid.name)
        return (
            given is not None
            and given.given is not None
            and (given.giving, given.life) == (held.holding, taker.pid.incarnation)
        )

    def die(self, *names: str) -> Amount:
        """End cells, tell their neighbours, and return what the others must own after that."""
        expected = self.owned()
        for name in names:
            expected += self.bequeathed(name) - self.owns(name)
            self.kill(name)
        self.bury_everywhere(*names)
        return expected

    def spread(self) -> Amount:
        loads = self.loads().values()
        return max(loads) - min(loads)

    def is_level(self, share: float = 0.01) -> bool:
        """Whether all are within that share of their mean."""
        loads = self.loads().values()
        mean = sum(loads) / len(loads)
        return all(abs(load - mean) <= share * mean for load in loads)

    def settle(self, limit: float = 500) -> float:
        """The periods until all are level."""
        began = self.arena.now
        while not self.is_level() and self.arena.now < began + limit * PERIOD:
            self.rounds(0.5)
        return (self.arena.now - began) / PERIOD


def eigenvalue(graph: Graph) -> float:
    """The second eigenvalue, by its size, of the Metropolis weights of a graph."""
    weights: dict[str, dict[str, float]] = {name: {} for name in graph}
    for name, other in nx.Graph([(each, near) for each in graph for near in graph[each]]).edges:
        weights[name][other] = weights[other][name] = 1.0 / (1.0 + max(len(graph[name]), len(graph[other])))
    for name, row in weights.items():
        row[name] = 1.0 - sum(row.values())
    # Power iteration: what is at right angles to the first eigenvector, all ones, sums to zero.
    rng, value = random.Random(0), 0.0
    vector = {name: rng.gauss(0.0, 1.0) for name in graph}
    for _ in range(ITERATIONS):
        mean = sum(vector.values()) / len(vector)
        length = math.sqrt(sum((x - mean) ** 2 for x in vector.values()))
        vector = {name: (x - mean) / length for name, x in vector.items()}
        vector = {name: sum(weight * vector[other] for other, weight in weights[name].items()) for name in graph}
        value = math.sqrt(sum(x * x for x in vector.values()))
    return value


def cell(*neighbours: str, config: AlignmentConfig | None = None, life: int = 1) -> Alignment:
    """One cell by itself, ``me``."""
    made = Alignment(Pid("me", life), random.Random(0), 0.0, config)
    for neighbour in neighbours:
        made.link(neighbour, 0.0)
    return made


def of(effects: Iterable[Effect], kind: type[E]) -> list[E]:
    return [effect for effect in effects if isinstance(effect, kind)]


def sent(effects: Iterable[Effect]) -> list[tuple[str, str, Any]]:
    """To whom, of what kind, what."""
    return [(send.to, send.kind, send.body) for send in of(effects, Send)]
