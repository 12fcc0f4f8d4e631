"""A sheet of cells with one field, in virtual time: what the scenarios about gradients share.

Packets arrive at once, for against a round of 0.2 s a hop of a millisecond does not count; so a sheet does without the
arena's queue of packets and is several times as fast.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from actors.messages import Pid
from actors.testing.topology import Graph
from actors.tissue.core import Effect, Send
from actors.tissue.fields.block import ROUND
from actors.tissue.fields.config import FieldConfig
from actors.tissue.fields.field import Fields

FIELD = "x"

Measure = Callable[[str, str], float]
"""The distance from a cell to its neighbour."""


class Sheet:
    """Cells linked as in ``graph``; ``kind``: what a cell is."""

    def __init__(
        self, graph: Graph, measure: Measure, config: FieldConfig, seed: int, kind: type[Fields] = Fields
    ) -> None:
        self.graph = graph
        self.measure = measure
        self.period = config.period
        self.now = 0.0
        self.cells: dict[str, Fields] = {}
        self._due: list[tuple[float, int, str]] = []
        self._serial = 0
        self._queued: set[str] = set()
        for name in graph:
            cell = self.cells[name] = kind(Pid(name, 1), random.Random(f"{seed}/{name}"), 0.0, config)
            cell.neighbours({neighbour: measure(name, neighbour) for neighbour in graph[name]}, 0.0)

    def emit(self, *names: str) -> None:
        """Have cells be sources."""
        for name in names:
            self._carry_out(name, self.cells[name].emit(FIELD, self.now))

    def retract(self, *names: str) -> None:
        """Have cells be sources no more."""
        for name in names:
            self._carry_out(name, self.cells[name].retract(FIELD, self.now))

    def kill(self, *names: str) -> None:
        """End cells without a word."""
        for name in names:
            del self.cells[name]

    def value(self, name: str) -> float:
        """The distance to a source, as a cell believes."""
        return self.cells[name].field(FIELD).distance

    def run(self, rounds: float) -> None:
        """Let so many periods pass."""
        until = self.now + rounds * self.period
        while self._due and self._due[0][0] <= until:
            self.now, _, name = heapq.heappop(self._due)
            self._queued.discard(name)
            if name in self.cells:
                self._carry_out(name, self.cells[name].tick(self.now))
        self.now = until

    def settle(self, done: Callable[[], bool], limit: float, *, look: float = 0.2, hold: float = 5.0) -> float:
        """Periods until that holds for good: the last look at which it did not, before ``hold`` at which it did."""
        began = last = self.now
        while self.now < began + limit * self.period and self.now <= last + hold * self.period:
            self.run(look)
            if not done():
                last = self.now
        return (last - began) / self.period

    def _carry_out(self, name: str, effects: Iterable[Effect]) -> None:
        pid = self.cells[name].pid
        for effect in effects:
            if isinstance(effect, Send) and effect.to in self.cells:
                self.cells[effect.to].receive(pid, effect.kind, effect.body, self.now)
                self._queue(effect.to)
        self._queue(name)

    def _queue(self, name: str) -> None:
        if name not in self._queued and self.cells[name].due < math.inf:
            self._queued.add(name)
            self._serial += 1
            heapq.heappush(self._due, (self.cells[name].due, self._serial, name))


class Hollow(Fields):
    """A cell that keeps the pace and sends the packets of one, and does nothing: what a sheet costs by itself."""

    __slots__ = ("_beat", "_chance", "_packets")

    def __init__(self, pid: Pid, rng: random.Random, now: float, config: FieldConfig | None = None) -> None:
        super().__init__(pid, rng, now, config)
        self._beat = math.inf
        self._chance = rng
        self._packets: list[Effect] = []

    @property
    def due(self) -> float:
        return self._beat

    def neighbours(self, distances: Mapping[str, float], now: float) -> list[Effect]:
        self._packets = [Send(name, ROUND, None) for name in distances]
        return []

    def emit(self, name: str, now: float) -> list[Effect]:
        return self.receive(self.pid, ROUND, None, now)

    def tick(self, now: float) -> list[Effect]:
        config = self.config
        self._beat = now + config.period * (1.0 + config.jitter * (2.0 * self._chance.random() - 1.0))
        return self._packets

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        if self._beat == math.inf:
            self._beat = now + self._chance.random() * self.config.period
        return []


def distances(graph: Graph, measure: Measure, sources: Iterable[str], dead: Iterable[str] = ()) -> dict[str, float]:
    """Dijkstra: the distance of every cell that is not dead from the nearest source, ``inf`` without one."""
    found = {name: math.inf for name in graph if name not in set(dead)}
    queue = [(0.0, name) for name in sources if name in found]
    found.update({name: 0.0 for _, name in queue})
    while queue:
        value, name = heapq.heappop(queue)
        if value > found[name]:
            continue
        for other in graph[name]:
            # A way is measured by who walks it, so towards the source.
            if other in found and value + measure(other, name) < found[other]:
                found[other] = value + measure(other, name)
                heapq.heappush(queue, (found[other], other))
    return found


def connected(graph: Graph) -> Graph:
    """The greatest piece of a graph."""
    pieces: list[set[str]] = []
    left = set(graph)
    while left:
        piece, rim = set(), {min(left)}
        while rim:
            piece |= rim
            rim = {near for name in rim for near in graph[name]} - piece
        pieces.append(piece)
        left -= piece
    greatest = max(pieces, key=len)
    return {name: graph[name] for name in graph if name in greatest}


def is_within(sheet: Sheet, truth: Mapping[str, float], share: float, beyond: float) -> bool:
    """Whether all values are true up to a share, and those of cells that no source reaches above ``beyond``."""
    return all(
        sheet.value(name) > beyond if value == math.inf else abs(sheet.value(name) - value) <= share * value
        for name, value in truth.items()
    )
