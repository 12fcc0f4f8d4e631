"""A sheet of cells in a world: it carries requests, is wounded, and heals.

Everything is real but the time: actors under a supervisor, on one loop, whose packets travel over a network.  Whoever
calls only starts them, kills some and looks; what happens then is up to :mod:`~.cell`.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from actors import Ref
from actors.testing import World, world
from supervisors.spec import DynamicSupervisor

from .cell import OUTLET, Ask, Begin, Site, cell
from .figures import Figures
from .notebook import Note, Notebook, Phase
from .plan import Place, Plan, place_of
from .watch import PERIOD

FRAME = 0.1
"""Seconds between two looks at the sheet."""

CALM = 8.0
"""Seconds before the wound, in which the trail is laid."""

SHARE = 0.3
"""Of the cells dies."""

PATIENCE = 40.0
"""Seconds after the wound within which it has to close, and stress to fade."""

TRAIL_PATIENCE = 15.0
"""Seconds after the wound for which it is waited that the trail is as short again as it was."""

AFTERWARDS = 1.0
"""Seconds that are shown when it is."""

FADED = 0.05
"""The share of its peak at which stress is over."""

LAST = 10
"""Requests whose way is averaged."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One run.  ``calm``: seconds before the wound; ``work``: between two pieces of a cell's own work; ``patience``:
    after the wound with the trail.
    """

    plan: Plan
    seed: int = 0
    calm: float = CALM
    work: float = 2.0
    patience: float = TRAIL_PATIENCE


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of a sheet: who lives, who is no first cell, how much stress there is where, and the trail."""

    plan: Plan
    living: frozenset[Place]
    newborn: frozenset[Place]
    stress: dict[Place, float]
    trail: tuple[Place, ...]
    figures: Figures
    notes: tuple[Note, ...]


class Sheet:
    """The sheet as it is looked at.  ``extra``: actors that are left in the end beyond one in each place, as their
    supervisor counts them.
    """

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self.settings = settings
        self.plan = settings.plan
        self.book = Notebook(settings.plan, now)
        self.peak = 0.0
        self.closed = self.faded = self.home = math.inf
        self.levels: dict[Place, float] = {}
        self.highest: dict[Place, float] = {}
        self.before = self.longest = 0.0
        self.extra = 0
        self._walked = 0
        self._now = now

    # -- what is seen --------------------------------------------------------------------------------------------------

    def trail(self) -> list[Place]:
        """The best way as the cells on it see it now, from the inlet on."""
        way = [self.plan.inlet]
        while way[-1] != self.plan.outlet and way[-1] in self.book.cells:
            levels = {
                place_of(address): level
                for address, level in self.book.cells[way[-1]].sheet.trail(OUTLET).levels.items()
            }
            fresh = {place: level for place, level in levels.items() if place not in way}
            if not fresh:
                break
            way.append(self.plan.outlet if self.plan.outlet in fresh else max(fresh, key=lambda place: fresh[place]))
        return way

    def middle(self) -> Place:
        """The cell on the trail that is nearest to the middle of the sheet from side to side."""
        return min(self.trail(), key=lambda place: abs(2 * place[1] - self.plan.columns + 1))

    @property
    def shortest(self) -> int:
        """Hops from the inlet to the outlet over those who live."""
        return self.plan.hops(self.plan.inlet, self.book.cells).get(self.plan.outlet, 0)

    @property
    def hops(self) -> float:
        """Of the last requests, on average."""
        return fmean(self.book.walks[-LAST:]) if self.book.walks else 0.0

    def scene(self) -> Scene:
        """What there is to draw now."""
        book = self.book
        return Scene(
            self.plan,
            frozenset(book.cells),
            frozenset(book.newborn),
            dict(self.levels),
            tuple(self.trail()),
            self.figures(),
            tuple(book.notes),
        )

    def figures(self) -> Figures:
        """The counters."""
        book, now = self.book, self._now()
        after = min(self.closed, book.since) if book.wound else 0.0
        return Figures(
            time=now,
            cells=len(self.plan.places),
            living=len(book.cells),
            deaths=len(book.wound),
            spawns=len(book.claims),
            surplus=book.surplus,
            extra=self.extra,
            depth=max(book.layers.values(), default=0),
            rounds=after / PERIOD,
            closed=self.closed,
            stress=max(self.levels.values(), default=0.0),
            peak=self.peak,
            inflamed=len(book.inflamed_places),
            most_inflamed=book.most_inflamed,
            reach=book.reach,
            faded=self.faded,
            sent=len(book.sent),
            answered=len(book.answered_at),
            lost=book.given_up,
            lost_before=book.lost_before,
            hops=self.hops,
            stretch=self.hops / self.shortest if self.shortest else 0.0,
            before=self.before,
            longest=self.longest,
            home=self.home,
            remembered=book.remembered,
            forgotten=sum(book.forgotten),
        )

    # -- time ----------------------------------------------------------------------------------------------------------

    async def frame(self) -> None:
        """Let a moment pass; the inlet asks at its beginning."""
        if self.plan.inlet in self.book.cells:
            self.ask()
        await asyncio.sleep(FRAME)
        self.look()

    def ask(self) -> None:
        """Have the inlet send a request."""
        number = len(self.book.sent) + 1
        self.book.asks(number)
        self.book.cells[self.plan.inlet].ref.tell(Ask(number))

    def look(self) -> None:
        """Measure, and note what is over."""
        book = self.book
        self.levels = {place: cell.sheet.sense("stress") for place, cell in book.cells.items()}
        level = max(self.levels.values(), default=0.0)
        self.peak = max(self.peak, level)
        for place, here in self.levels.items():
            self.highest[place] = max(here, self.highest.get(place, 0.0))
        if not book.wound:
            return
        if math.isinf(self.closed) and len(book.cells) == len(self.plan.places):
            self.closed = book.births[-1][0] - book.wounded_at
            known = f"{book.remembered} of {len(book.births)} newborns know what their predecessors had done"
            book.note(Phase.REMODELLING, known)
        if math.isfinite(self.closed) and math.isinf(self.faded) and level < FADED * self.peak:
            self.faded = book.since
            book.note(Phase.REMODELLING, f"stress is below {100 * FADED:g} % of its peak")
        self.longest = max(self.longest, self.hops)
        walked = len(book.walks) - self._walked
        if math.isfinite(self.closed) and math.isinf(self.home) and walked >= LAST and self.hops <= self.before:
            self.home = book.since
            book.note(Phase.REMODELLING, f"the trail is no longer than before the wound: {self.hops:.1f} hops")

    @property
    def is_over(self) -> bool:
        """Whether all is as before, or there is no more time."""
        if max(self.closed, self.faded) == math.inf:
            return self.book.since >= PATIENCE
        return self.home < math.inf or self.book.since >= self.settings.patience

    def hurt(self, victims: list[Place]) -> None:
        """These are about to die."""
        self.before, self._walked = self.hops, len(self.book.walks)
        self.book.hurt(victims)


Look = Callable[[Sheet], None]


def heal(settings: Settings, look: Look = lambda sheet: None) -> Sheet:
    """A whole run, in a world of its own; ``look`` is called at each frame.  The same seed gives the same run."""
    return world(settings.seed).run(lambda w: wounded(w, settings, look))


async def wounded(w: World, settings: Settings, look: Look) -> Sheet:
    """Start the sheet, let it work, wound it, and wait until all is as before."""
    plan, rng = settings.plan, random.Random(f"{settings.seed}/wound")
    sheet = Sheet(settings, w.now)
    site = Site(plan, sheet.book, settings.work)
    tree = DynamicSupervisor("sheet")
    async with tree.running(seed=settings.seed, log=False, watchdog=None) as handle:
        refs: dict[Place, Ref[Any]] = {}
        for place in plan.places:
            ref = await handle.start_child(cell(site, place))
            assert ref is not None
            refs[place] = ref
        for ref in refs.values():
            ref.tell(Begin())
        while w.now() < settings.calm:
            await sheet.frame()
            look(sheet)
        if len(sheet.book.cells) < len(plan.places):
            raise RuntimeError(f"{len(plan.places) - len(sheet.book.cells)} cells did not come up")
        victims = plan.wound(SHARE, sheet.middle(), rng)
        sheet.hurt(victims)
        for place in victims:
            refs[place].kill()
        look(sheet)
        while not sheet.is_over:
            await sheet.frame()
            look(sheet)
        await _wind_up(sheet, look)
        sheet.extra = (await handle.count_children()).active - len(plan.places)
    return sheet


async def _wind_up(sheet: Sheet, look: Look) -> None:
    """A moment more, in which nothing is asked, until the last requests are known to have arrived or not."""
    until = sheet.book.since + AFTERWARDS
    while sheet.book.since < until or (sheet.figures().under_way and sheet.book.since < until + PATIENCE):
        await asyncio.sleep(FRAME)
        sheet.look()
        look(sheet)
