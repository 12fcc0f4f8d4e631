"""A cell of the sheet: an actor that knows its plan, its neighbours and nobody else.

What each does by itself closes the wound.  It *watches* the places beside it; where one is empty it secretes stress,
and with all others who watch that place finds out, without a word to anybody in charge, whose turn it is to have a
successor started there.  Under stress it looks twice as often, and leaves every other piece of its own work undone.
A newborn asks those around it what its predecessor remembered, and watches in its turn: so the rim moves inwards.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from actors import Actor, Down, Ref, Timer, handle
from actors.messages import Pid
from actors.tissue import Hormone, LWWMap, Released, Triggered, receptor
from actors.tissue.repair.desired import Spawn
from actors.tissue.trails.events import Lost, Reached
from supervisors.messages import StartChild
from supervisors.spec import child

from .plan import Place, Plan, name_of, place_of
from .watch import BOOT, Watch

SHEET, OUTLET = "skin", "outlet"
"""The group of all cells, and what is at the end of the trail."""

HALF_LIFE = 2.0
"""Seconds in which stress fades by half."""

PULSE = 1.0
"""How much of it is secreted for a neighbour that is gone."""

ALARM, CALM = 0.3, 0.1
"""The levels at which a cell is inflamed, and at which it is so no longer."""

GLANCE = 1.0
"""Seconds between two looks around; half of it in a cell that is inflamed."""


@dataclass(frozen=True, slots=True)
class Begin:
    """All siblings are there: take part."""


@dataclass(frozen=True, slots=True)
class Look:
    """Something may have changed around: look now."""


@dataclass(frozen=True, slots=True)
class Glance:
    """It is time to look around."""


@dataclass(frozen=True, slots=True)
class Work:
    """It is time for a piece of one's own work."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a request along the trail."""

    number: int


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What travels along the trail."""

    number: int


class Lab(Protocol):
    """Who looks on: it is told what happens, and decides nothing."""

    def joined(self, cell: Cell) -> None:
        """A cell takes part from now on."""

    def gap(self, cell: Cell, place: Place) -> None:
        """A cell finds a place beside it empty."""

    def claimed(self, cell: Cell, place: Place) -> None:
        """A cell has claimed a place, and has a successor started there."""

    def left(self, cell: Cell) -> None:
        """A cell finds its place filled by another, and goes."""

    def recalled(self, cell: Cell, deeds: int) -> None:
        """A newborn knows what its predecessor had done."""

    def inflamed(self, cell: Cell, level: float, is_on: bool) -> None:
        """Stress has switched a cell, on or off."""

    def answered(self, number: int) -> None:
        """A request has arrived at the outlet."""

    def walked(self, hops: int) -> None:
        """The inlet knows that a request has arrived, over so many hops."""

    def lost(self) -> None:
        """The inlet has given a request up."""


@dataclass(frozen=True, slots=True)
class Site:
    """What every cell is born with.  ``work``: seconds between two pieces of work of its own."""

    plan: Plan
    lab: Lab
    work: float


class Cell(Actor):
    """See the module's text.  ``claimant``: who claimed its place for it, and its ``life`` there as that one counted;
    none, for a cell of the first day.
    """

    hormones = (Hormone("stress", half_life=HALF_LIFE, systemic=False),)

    def __init__(self, site: Site, place: Place, life: int = 0, claimant: str = "") -> None:
        self.site = site
        self.place = place
        self.life = life
        self.is_inflamed = False
        self.deeds = 0
        self._claimant = claimant
        self._rng = random.Random(self.system.rng.getrandbits(64))
        self._watches: dict[Place, Watch] = {}
        self._gaps: set[Place] = set()
        self._known: set[Pid] = set()
        self._young: dict[Any, Place] = {}
        self._timer: Timer | None = None

    def started(self) -> None:
        """A successor takes its time to come up; those of the first day wait for each other."""
        if self.life:
            self.after(BOOT, Begin())

    # -- taking part ---------------------------------------------------------------------------------------------------

    @handle
    async def begin(self, _: Begin) -> None:
        """Join the sheet, remember, watch."""
        plan = self.site.plan
        self.sheet = self.contact.join(SHEET, close=0, random=0)
        self.sheet.link(*(self._address(near) for near in plan.beside(self.place)))
        own = self.contact.of(f"memory of {name_of(self.place)}")
        self.memory = own.share("memory", LWWMap)
        for place in plan.kept_by(self.place):
            self.contact.of(f"memory of {name_of(place)}").share("memory", LWWMap)
        if self.place == plan.outlet:
            self.sheet.offer(OUTLET)
        if self.life:
            await own.warm()
            self.deeds = self.memory.get("deeds", 0)
            self.site.lab.recalled(self, self.deeds)
            self._watch(self.place).fill(self.life, self._claimant, self.system.now())
        self.site.lab.joined(self)
        self.every(self.site.work, Work())
        self.after(GLANCE * (0.5 + self._rng.random() / 2), Glance())
        if self.life:
            self._look()
            near = [each.ref for each in self.sheet.neighbours(4) if each.ref is not None]
            watching = [other for watch in self._watches.values() for other in watch.others()]
            for other in dict.fromkeys([*near, *watching]):
                other.tell(Look())

    def _watch(self, place: Place) -> Watch:
        """The watch over a place, begun if need be."""
        if place not in self._watches:
            growers = {self._address(near) for near in self.site.plan.beside(place)}
            rng, name = random.Random(self._rng.getrandbits(64)), name_of(place)
            self._watches[place] = Watch(self.contact.of(name), name, growers, rng, self.system.now())
        return self._watches[place]

    def _address(self, place: Place) -> str:
        parent = self.parent
        return f"{parent.name if parent is not None else ''}/{name_of(place)}@{self.system.name}"

    # -- watching ------------------------------------------------------------------------------------------------------

    @handle
    def on_look(self, _: Look) -> None:
        """Something has changed, or somebody's turn has come."""
        self._look()

    @handle
    def glance(self, _: Glance) -> None:
        """Nothing need have happened; twice as often where something has."""
        self.after(GLANCE / 2 if self.is_inflamed else GLANCE, Glance())
        self._look()

    def down(self, signal: Down) -> None:
        """A neighbour is dead, or a newborn that this cell had started."""
        place = self._young.pop(signal.ref, None)
        if place in self._watches:
            self._watches[place].failed(self.system.now())
        self._look()

    def _look(self) -> None:
        """See who is beside this cell, watch the places that are empty, and act where it is this cell's turn."""
        now = self.system.now()
        beside = self._beside()
        for place in self.site.plan.beside(self.place):
            if place in beside:
                self._gaps.discard(place)
            elif place not in self._gaps:
                self._gaps.add(place)
                self._watch(place)
                self.sheet.secrete("stress", PULSE)
                self.site.lab.gap(self, place)
        beside[self.place] = self.contact.pid
        for place, watch in self._watches.items():
            for effect in watch.look(beside.get(place), now):
                if isinstance(effect, Spawn):
                    watch.tell()
                    self.site.lab.claimed(self, place)
                    self.continue_with(effect)
                elif place == self.place:
                    self.site.lab.left(self)
                    self.stop()
                else:
                    self._give_up(place)
        self._wake_at(min((watch.core.due for watch in self._watches.values()), default=math.inf), now)

    def _beside(self) -> dict[Place, Pid]:
        """Who lives beside this cell; of the end of each it will be told."""
        beside = self.site.plan.beside(self.place)
        found: dict[Place, Pid] = {}
        for each in self.sheet.neighbours(len(beside)):  # where some are missing, others are named
            place = place_of(each.pid.name)
            if place in beside:
                found[place] = each.pid
                if each.pid not in self._known and each.ref is not None:
                    self._known.add(each.pid)
                    self.monitor(each.ref)
        return found

    def _wake_at(self, due: float, now: float) -> None:
        if self._timer is not None:
            self.cancel(self._timer)
        self._timer = self.after(max(0.0, due - now), Look()) if due < math.inf else None

    @handle
    async def grow(self, spawn: Spawn) -> None:
        """Have the supervisor start a successor, and see that it comes up."""
        row, _, column = spawn.group.partition("-")
        place = int(row), int(column)
        supervisor: Ref[Any] | None = self.parent
        assert supervisor is not None
        ref = await supervisor.ask(StartChild(cell(self.site, place, spawn.life, self.contact.pid.name)))
        if ref is not None:
            self._young[ref] = place
            self.monitor(ref)

    def _give_up(self, place: Place) -> None:
        """Whom this cell had started there is too late, or one too many."""
        for ref in [ref for ref, where in self._young.items() if where == place]:
            del self._young[ref]
            ref.kill()

    # -- stress --------------------------------------------------------------------------------------------------------

    @receptor("stress", above=ALARM, below=CALM, refractory=0.0)
    def on_stress(self, signal: Triggered | Released) -> None:
        """Be more careful, and do less, for as long as it lasts."""
        self.is_inflamed = isinstance(signal, Triggered)
        self.site.lab.inflamed(self, signal.level, self.is_inflamed)

    # -- work ----------------------------------------------------------------------------------------------------------

    @handle
    def work(self, _: Work) -> None:
        """Do something worth remembering; half of it while inflamed."""
        if self.is_inflamed and self._rng.random() < 0.5:
            return
        self.deeds += 1
        self.memory.put("deeds", self.deeds)

    @handle
    def ask_for(self, message: Ask) -> None:
        """Send a request from here to wherever the trail leads."""
        self.sheet.trail(OUTLET).tell(Inquiry(message.number))

    @handle
    def answer(self, message: Inquiry) -> None:
        """A request has come along the trail."""
        self.site.lab.answered(message.number)

    @handle
    def walked(self, event: Reached) -> None:
        """It has arrived."""
        self.site.lab.walked(event.hops)

    @handle
    def given_up(self, event: Lost) -> None:
        """It has not."""
        self.site.lab.lost()


def cell(site: Site, place: Place, life: int = 0, claimant: str = "") -> Any:
    """The spec of a cell."""
    start: Callable[[], Cell] = partial(Cell, site, place, life, claimant)
    return child(start, id=name_of(place), restart="temporary")
