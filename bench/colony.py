"""A pool under load that grows and shrinks: equal cells, one queue, boots that take a while, and whoever controls it.

What the scaling scenarios share.  A cell does one unit of work a second; what is not done yet waits in one queue, which
presses on all cells alike.  Cells sense it by the product's levels and, with ``packets``, hear of each other only what
the product's packets tell them over a network; without, each looks at nine others directly, which is 20 times faster.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.tissue.core import Effect
from actors.tissue.hormones.hormones import STRESS, Hormones
from actors.tissue.hormones.scaling import CallOff, Grow, Retire, Scaling, ScalingConfig, Senses
from actors.tissue.hormones.secretion import Level, pressure

STEP = 0.25
"""Seconds between two looks at queue and cells."""

FRESH = 9.0
"""Seconds for which a measurement counts: three half-lives."""

BOOT = 5.0
SET_POINT = 0.75
UNBOUNDED = 100_000
"""A ceiling that nothing reaches."""

ASKED = 9
"""Siblings that a cell looks at."""

Load = Callable[[float], float]
"""Units of work that arrive a second, at a time."""


@dataclass(slots=True)
class Cell:
    """One worker; ``lie``: what its sensor reads instead of the pressure, if it lies."""

    name: str
    born: float
    scaling: Scaling
    level: Level
    lie: float | None = None
    measured: float | None = None


@dataclass(slots=True)
class History:
    """What became of a colony, a value each step; ``changes``: births and retirements, ``called_off``: starts ended."""

    times: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    backlog: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    called_off: int = 0

    def between(self, since: float, until: float) -> list[int]:
        """The sizes within a span of time."""
        return [size for when, size in zip(self.times, self.sizes, strict=True) if since <= when < until]

    def cleared(self, since: float, least: float) -> float:
        """Seconds from ``since`` until the backlog that came after it was down to ``least``; ``inf``: it was not."""
        waits = [(when, left) for when, left in zip(self.times, self.backlog, strict=True) if when >= since]
        grown = next((place for place, (_, left) in enumerate(waits) if left > least), 0)
        return next((when - since for when, left in waits[grown:] if left <= least), float("inf"))


class _Known(NamedTuple):
    """What a cell may know: who lived ``at`` a time, each with how many are older, and how many were being started."""

    at: float
    ranks: dict[str, int]
    starting: int


class Control(Protocol):
    """Who decides on the size."""

    def __call__(self, colony: Colony, now: float) -> None:
        """Look at the colony, a step later; start and retire cells."""


class Colony:
    """See the module's text.

    ``load``: in units of work a second; a cell does one, so ``load / 0.75`` cells are wanted.  ``drain``: seconds in
    which the queue may be gone again.  ``noise``: the coefficient of variation of the arrivals in a step.  ``lies``:
    what the sensor of the how-manieth cell reads, or ``None``.  ``lag``: how old what cells know of each other's births
    and starts is.  ``strict``: packets go through msgpack.
    """

    def __init__(
        self,
        seed: int,
        load: Load,
        *,
        cells: int = 8,
        config: ScalingConfig | None = None,
        control: Control | None = None,
        drain: float = 5.0,
        noise: float = 0.0,
        lies: Callable[[int], float | None] = lambda number: None,
        lag: float = 1.0,
        packets: bool = False,
        strict: bool = False,
        network: Network | None = None,
    ) -> None:
        self.seed = seed
        self.load = load
        self.config = config or ScalingConfig(ceiling=UNBOUNDED)
        self.control = control or flip_coins
        self.drain = drain
        self.noise = noise
        self.lies = lies
        self.lag = lag
        self.rng = random.Random(f"{seed}/colony")
        self.now = 0.0
        self.queue = 0.0
        self.cells: dict[str, Cell] = {}
        self.starts: dict[str, float] = {}
        self.history = History()
        self.arena: Arena[Hormones] | None = Arena(seed, network, strict=strict) if packets else None
        self._known: deque[_Known] = deque()
        self._told: dict[str, int] | None = None
        self._serial = 0
        for _ in range(cells):
            self.born(warm=SET_POINT)

    # -- births and deaths ---------------------------------------------------------------------------------------------

    def born(self, warm: float = 0.0) -> Cell:
        """A cell serves from now on; ``warm``: its level so far."""
        name = f"c{self._serial}"
        level = Level(STRESS, self.now)
        level.add(warm, self.now)
        rng = random.Random(f"{self.seed}/{name}")
        cell = Cell(name, self.now, Scaling(rng, self.now, self.config), level, self.lies(self._serial))
        self.cells[name] = cell
        self._serial += 1
        if self.arena is not None:
            self.arena.add(name, Hormones)
            self.arena.tell(name, lambda core, now: core.secrete(STRESS.name, warm, now))
        return cell

    def start(self, by: str) -> None:
        """A cell is started that serves after a boot."""
        self.starts[f"{by}/{self.now}"] = self.now + self.config.boot

    def call_off(self, by: str) -> None:
        """End the starts that ``by`` asked for."""
        for key in [key for key in self.starts if key.startswith(f"{by}/")]:
            del self.starts[key]
            self.history.called_off += 1

    def retire(self, name: str) -> None:
        """A cell is gone, but for the last."""
        if len(self.cells) > 1:
            self.kill(name)
            self.history.changes.append(self.now)

    def kill(self, name: str) -> None:
        """A cell dies."""
        del self.cells[name]
        if self.arena is not None:
            self.arena.kill(name)

    # -- time ----------------------------------------------------------------------------------------------------------

    def run(self, until: float) -> History:
        """Let time pass; what has happened so far."""
        while self.now < until:
            self.step()
        return self.history

    def step(self) -> None:
        """A quarter of a second: work arrives and is done, all is measured, who was started serves, and is decided."""
        self.now += STEP
        if self.arena is not None:
            self.arena.run(self.now)
        self._work()
        for key in [key for key, ready in self.starts.items() if ready <= self.now]:
            del self.starts[key]
            self.born()
            self.history.changes.append(self.now)
        self._remember()
        self.control(self, self.now)
        self.history.times.append(self.now)
        self.history.sizes.append(len(self.cells))
        self.history.backlog.append(self.queue)

    def _remember(self) -> None:
        """Note who lives, and let cells know who did, and in which order they were born, some time ago."""
        last = self._known[-1].ranks if self._known else {}
        same = len(last) == len(self.cells) and next(reversed(last), None) == next(reversed(self.cells))
        ranks = last if same else {name: rank for rank, name in enumerate(self.cells)}
        self._known.append(_Known(self.now, ranks, len(self.starts)))
        while len(self._known) > 1 and self._known[1].at <= self.now - self.lag:
            self._known.popleft()
        if self.arena is not None and self._known[0].ranks is not self._told:
            told = self._told = self._known[0].ranks
            for name in self.cells:
                self.arena.tell(name, lambda core, now: core.meet(told, now))

    def _work(self) -> None:
        arrived = self.load(self.now) * STEP
        if self.noise:
            arrived *= max(0.0, self.rng.gauss(1.0, self.noise))
        capacity = len(self.cells) * STEP
        done = min(self.queue + arrived, capacity)
        self.queue += arrived - done
        pressed = pressure(done / capacity, self.queue, len(self.cells), self.drain)
        for cell in self.cells.values():
            cell.measured = pressed if cell.lie is None else cell.lie
            self.measure(cell)

    def measure(self, cell: Cell) -> None:
        """Have a cell sense what it has measured, if its sensor works."""
        measured = cell.measured
        if measured is None:
            return
        cell.level.sustain(measured, self.now, self.now + FRESH)
        if self.arena is not None:
            self.arena.tell(cell.name, lambda core, now: core.sustain(STRESS.name, measured, now))

    # -- what cells know -----------------------------------------------------------------------------------------------

    def senses(self, cell: Cell) -> Senses:
        """What one cell knows now."""
        _, ranks, starting = self._known[0]
        rank = ranks.get(cell.name, len(ranks))
        live = len(ranks) + (rank == len(ranks))
        if self.arena is None:
            others = [self.cells[name].level.read(self.now) for name in self._some(cell)]
            return Senses(cell.measured, cell.level.read(self.now), others, live, starting, rank)
        core = self.arena.cells[cell.name]
        own, others = core.own(STRESS.name, self.now), core.sample(STRESS.name, self.now)
        return Senses(cell.measured, own, others, live, starting, rank)

    def _some(self, cell: Cell) -> list[str]:
        if len(self.cells) <= ASKED + 1:
            return [name for name in self.cells if name != cell.name]
        names, drawn = list(self.cells), {cell.name: None}
        while len(drawn) <= ASKED:
            drawn[names[int(self.rng.random() * len(names))]] = None
        return list(drawn)[1:]

    def carry_out(self, cell: Cell, effects: Sequence[Effect]) -> None:
        """Do what a cell has decided."""
        for effect in effects:
            match effect:
                case Grow():
                    self.start(cell.name)
                case CallOff():
                    self.call_off(cell.name)
                case Retire():
                    self.retire(cell.name)


def flip_coins(colony: Colony, now: float) -> None:
    """Control by nobody: every cell decides for itself."""
    for cell in list(colony.cells.values()):
        if cell.scaling.due <= now:
            colony.carry_out(cell, cell.scaling.decide(colony.senses(cell), now))
