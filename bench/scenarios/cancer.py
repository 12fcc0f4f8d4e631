"""What becomes of a group in which one cell ignores apoptosis, divides without limit, lies about stress, and writes on?

Eight hosts keep a group of eight members alive between a floor of four and a ceiling of sixteen, at exactly the load
that eight are for.  At 10 s one of the hosts turns into a tumour.  It takes every place that falls empty at once, and
four more a second whether they are empty or not, wanted or not; it leaves none of them, whatever it is told; it reads
the highest stress there is, tells its siblings so, and wants one member more at every decision.  Its members serve
nobody, but write.  At 20 s a healthy host dies, and places fall empty.  At 35 s the siblings give the tumour up, as one
does a host that membership has declared dead; it notices nothing and goes on.

Every member writes once a second.  Whoever keeps what is written asks two things: whether the writer's claim holds, as
siblings see it, and whether its incarnation is not behind one that was seen before (``Fence``).

The product's cores in the arena (contact state, reconciler, hormones, scaling by coin flips with a quorum of seven of
nine, packets of 0.5 to 2 ms); 20 seeds.  Beside it, two seeds: *no ceiling*.  What quorums are good for where a share
of all sensors lies is the question of ``lying_cells``.

``most``: members, the most that any healthy cell believed in, wherever they are, or that healthy hosts had, looked at
twice a second; ``mass``: what the tumour kept in the end, which nobody else can stop; ``grown``: by how much siblings
wanted more by themselves.  ``cured``: seconds after it was given up until all places are filled by healthy members.
Writes of the tumour ``tried``; those ``behind`` the fence alone refuses, those ``unclaimed`` the claims alone;
``admitted`` are those in places that it had taken when they were empty, and ``late`` those of them when everybody had
given it up.

Targets: in every seed at most 16 members, which is the ceiling; no write late; none of a healthy member refused; cured
within 10 s.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from actors.errors import ActorError
from actors.messages import Pid
from actors.testing.arena import Arena
from actors.tissue.core import Effect
from actors.tissue.crdt.counters import PNCounter
from actors.tissue.crdt.lww import LWWMap
from actors.tissue.hormones.hormones import STRESS, Hormones
from actors.tissue.hormones.scaling import Grow, Scaling, ScalingConfig, Senses
from actors.tissue.hormones.scaling import Retire as Shrink
from actors.tissue.repair.claims import SLOT_LIMIT, Claim, Claims, SharedMap
from actors.tissue.repair.desired import LAN, Desired
from actors.tissue.repair.leases import Fence
from supervisors import Desired as Bounds
from supervisors.repair.places import LocalMap
from supervisors.repair.wish import Wish

from ..harness import Context
from ..quantiles import median
from ..virtual import SEEDS
from ..witness import Witness

GROUP = "tissue"
MAX_REPEAT = 1
HOSTS = 8
REPLICAS, FLOOR, CEILING = 8, 4, 16
SET_POINT = 0.75
TURNS, DIES, GIVEN_UP, END = 10.0, 20.0, 35.0, 50.0
NOTICED_WITHIN = 1.0
BOOT = 0.5
BEAT = 0.5
"""Seconds between two measurements and decisions of a cell."""

DIVIDES = 0.25
LIE = 3.0
LASTS = 30.0
LOOK = 0.5
MEMBERS = "members"
TUMOUR, VICTIM = "c0", "c1"
FEW = 2
LEAST = 0.25
"""The share of the length that a smoke run has."""

CURED = 10.0
UNBOUNDED = 1 << 12
QUANTITIES = {"most": "count", "mass": "count", "grown": "count", "cured": "s"}
WRITTEN = ("tried", "behind", "unclaimed", "admitted", "late", "healthy", "refused")
CONFIG = replace(LAN, stabilisation=1.0)
"""As pools have that follow their load: it was waited before."""


class Cell(Witness):
    """A host: members that it keeps, what it wants of the group, what it senses."""

    has_turned = False

    def __init__(self, pid: Pid, rng: random.Random, now: float, names: list[str], ceiling: int) -> None:
        super().__init__(pid, rng, now, names, CONFIG, BOOT)
        self.ceiling = ceiling
        shared = self.state.share("base", LWWMap), self.state.share("counted", PNCounter)
        self.wish = Wish(Bounds(REPLICAS, floor=FLOOR, ceiling=ceiling), *shared)
        self.hormones = Hormones(pid, random.Random(rng.random()), now)
        self.scaling = Scaling(random.Random(rng.random()), now, ScalingConfig(ceiling=ceiling, floor=FLOOR))
        self.grown = 0
        self._beat = now + rng.random() * BEAT

    def wanted(self) -> SharedMap:
        """What is wanted is made of what all share and of this host's own bounds."""
        return LocalMap()

    @property
    def due(self) -> float:
        """When anything of it wants to be called."""
        return min(super().due, self.hormones.due, self._beat)

    def tick(self, now: float) -> list[Effect]:
        """Whatever is due."""
        effects = self.hormones.tick(now) if self.hormones.due <= now else []
        if self._beat <= now:
            self._beat = now + BEAT
            effects += self.beat(now)
        return effects + super().tick(now)

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet."""
        if kind.startswith("hormones."):
            return self.hormones.receive(sender, kind, body, now)
        return super().receive(sender, kind, body, now)

    def lives(self) -> dict[int, int]:
        """The lives of its members, by place."""
        return {slot: life for (_, slot), life in self.up.items()}

    def meet(self, everybody: dict[Pid, float], now: float) -> list[Effect]:
        """These are there."""
        return self.hormones.meet([pid.name for pid in everybody], now) + self.repair.witnesses(everybody, now)

    def noticed(self, dead: Pid, now: float) -> list[Effect]:
        """One is dead."""
        return [each for core in (self.state, self.repair, self.hormones) for each in core.died(dead, now)]

    def beat(self, now: float) -> list[Effect]:
        """Measure and decide."""
        members = self.repair.members(MEMBERS)
        live = max(1, sum(claim.is_up for claim in members))
        pressure = self.pressure(live)
        effects = self.hormones.sustain(STRESS.name, pressure, now)
        level, others = self.hormones.own(STRESS.name, now), self.hormones.sample(STRESS.name, now)
        starting = max(0, self.wish.wanted - live)
        for decision in self.scaling.decide(Senses(pressure, level, others, live, starting, live - 1), now):
            self.decided(decision)
        self.repair.desire(MEMBERS, Desired(self.wish.wanted, FLOOR, self.ceiling), now)
        return effects

    def pressure(self, live: int) -> float:
        """How pressed a member is, where so many share the load."""
        return SET_POINT * REPLICAS / live

    def decided(self, decision: Effect) -> None:
        """Want one more, or one less."""
        if isinstance(decision, Grow):
            self.grown += self.wish.add(1)
        elif isinstance(decision, Shrink):
            self.wish.add(-1)


class Tumour(Cell):
    """A host that obeys nobody from a time on.  ``mass``: the lives that it keeps, wanted or not, by place."""

    def __init__(self, pid: Pid, rng: random.Random, now: float, names: list[str], ceiling: int, turns: float) -> None:
        super().__init__(pid, rng, now, names, ceiling)
        self.mass: dict[int, int] = {}
        self._divides = turns
        self._renews = turns + LASTS / 3
        self._forged = Claims(self.state.share("claims", LWWMap), pid)
        self._chance = random.Random(rng.random())

    @property
    def due(self) -> float:
        """When anything of it wants to be called."""
        theirs = super().due if not self.has_turned else min(self.state.due, self.hormones.due, self._beat)
        return min(theirs, self._divides)

    def tick(self, now: float) -> list[Effect]:
        """Whatever is due; no repair, and so no leaving either, once it has turned."""
        if self._divides <= now:
            self._divides = now + DIVIDES
            self.divide(now)
        if not self.has_turned:
            return super().tick(now)
        effects = self.hormones.tick(now) if self.hormones.due <= now else []
        if self._beat <= now:
            self._beat = now + BEAT
            self.wish.add(1)
            effects += self.hormones.sustain(STRESS.name, LIE, now)
        return effects + (self.state.tick(now) if self.state.due <= now else [])

    def lives(self) -> dict[int, int]:
        """The lives of its members, by place."""
        return self.mass if self.has_turned else super().lives()

    def divide(self, now: float) -> None:
        """Take all that is empty and one place more; keep what it has."""
        if not self.has_turned:
            self.mass, self.has_turned = self.lives(), True
        lives: dict[int, int] = {}
        for claim in self._forged.all():
            lives[claim.slot] = max(claim.life, lives.get(claim.slot, 0))
        beyond = next(slot for slot in range(SLOT_LIMIT) if slot not in lives)
        taken = self._chance.choice((beyond, self._chance.randrange(self.ceiling)))
        for slot in {*range(self.wish.wanted)} - lives.keys() | {taken}:
            self.mass[slot] = lives.get(slot, 0) + 1
            self._claim(slot, now)
        if self._renews <= now:
            self._renews = now + LASTS / 3
            for slot in self.mass:
                self._claim(slot, now)

    def _claim(self, slot: int, now: float) -> None:
        claim = Claim(MEMBERS, slot, *self.state.pid, self.mass[slot], self.state.pid.name, True)
        try:
            self._forged.write(claim, now, LASTS)
        except ActorError:
            pass  # the map is full: it cannot be told, but goes on


@dataclass(slots=True)
class Keeper:
    """Where members write to, the places of all fenced.

    See the module's text; ``refused``: writes of healthy members that were, of ``healthy``.
    """

    fences: dict[int, Fence] = field(default_factory=dict)
    tried: int = 0
    admitted: int = 0
    late: int = 0
    unclaimed: int = 0
    behind: int = 0
    healthy: int = 0
    refused: int = 0

    def write(self, holder: Claim | None, host: Pid, slot: int, life: int) -> bool:
        """Whether a write is admitted: by the claim that holds the place, as siblings know it, and by the fence."""
        fence = self.fences.setdefault(slot, Fence())
        holds = holder is not None and (holder.life, holder.pid) == (life, host)
        if host.name == TUMOUR:
            self.behind += life < fence.highest
            self.unclaimed += life >= fence.highest and not holds
        return holds and fence.admit(life)

    def round(self, arena: Arena[Cell], is_given_up: bool) -> None:
        """Every member writes once, by what one of the healthy cells knows of the claims."""
        known = [{claim.slot: claim for claim in cell.repair.members(MEMBERS)} for cell in healthy(arena)]
        for name, cell in arena.cells.items():
            for slot, life in cell.lives().items():
                holder = arena.rng.choice(known).get(slot)
                admitted = self.write(holder, arena.pid(name), slot, life)
                if name != TUMOUR:
                    self.healthy += 1
                    self.refused += not admitted
                elif cell.has_turned:
                    self.tried += 1
                    self.admitted += admitted
                    self.late += admitted and is_given_up


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run; see the module's text."""

    most: int
    mass: int
    grown: int
    cured: float
    keeper: Keeper


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(measure, ctx)


def measure(ctx: Context) -> None:
    """All cases; pure arithmetic, so away from the loop."""
    hosts, share = ctx.size(HOSTS, 4), max(ctx.scale, LEAST)
    for name, ceiling, seeds in (("ours", CEILING, SEEDS), ("no ceiling", UNBOUNDED, FEW))[: ctx.size(2, 1)]:
        runs = [colony(seed, hosts, ceiling, share) for seed in range(ctx.size(seeds, 1))]
        for what, unit in QUANTITIES.items():
            values = [float(getattr(each, what)) for each in runs]
            ctx.report(f"{name}: {what}", median(values), unit)
            ctx.report(f"{name}: {what}, worst", max(values), unit)
        for what in WRITTEN:
            ctx.report(f"{name}: writes {what}", sum(getattr(each.keeper, what) for each in runs), "count")
    ctx.target("ours: most, worst", at_most=CEILING)
    ctx.target("ours: writes late", at_most=0)
    ctx.target("ours: writes refused", at_most=0)
    ctx.target("ours: cured, worst", at_most=CURED)


def colony(seed: int, hosts: int, ceiling: int, share: float = 1.0) -> Outcome:
    """A run of a ``share`` of the full length."""
    turns, dies, given_up, end = (share * when for when in (TURNS, DIES, GIVEN_UP, END))
    arena: Arena[Cell] = Arena(seed)
    names = [f"c{number}" for number in range(hosts)]
    arena.add(TUMOUR, lambda pid, rng, now: Tumour(pid, rng, now, names, ceiling, turns))
    for name in names[1:]:
        arena.add(name, lambda pid, rng, now: Cell(pid, rng, now, names, ceiling))
    everybody = {arena.pid(name): 1.0 for name in names}
    for name in names:
        arena.tell(name, lambda cell, now: cell.meet(everybody, now))
    arena.at(dies, lambda: arena.kill(VICTIM))
    for when, dead in ((dies, VICTIM), (given_up, TUMOUR)):
        for name in names[2:]:
            arena.at(when + arena.rng.random() * NOTICED_WITHIN, notice(arena, name, arena.pid(dead)))
    keeper, most, sick = Keeper(), 0, given_up
    for look in range(1, round(end / LOOK) + 1):
        arena.run(look * LOOK)
        cells = healthy(arena)
        most = max(most, sum(len(cell.up) for cell in cells), *(len(cell.repair.members(MEMBERS)) for cell in cells))
        if not {slot for cell in cells for slot in cell.lives()} >= {*range(max(cell.wish.wanted for cell in cells))}:
            sick = arena.now
        if look % 2 == 0:
            keeper.round(arena, arena.now > given_up + NOTICED_WITHIN)
    grown = sum(cell.grown for cell in healthy(arena))
    return Outcome(most, len(arena.cells[TUMOUR].lives()), grown, max(0.0, sick - given_up), keeper)


def healthy(arena: Arena[Cell]) -> list[Cell]:
    """The living cells but for the tumour."""
    return [cell for name, cell in arena.cells.items() if name != TUMOUR]


def notice(arena: Arena[Cell], name: str, dead: Pid) -> Callable[[], None]:
    """What tells a cell of a death."""
    return lambda: arena.tell(name, lambda cell, now: cell.noticed(dead, now))
