"""One simulated run: the tree's policy in virtual time, with stand-ins for its workers and faults by a script."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from actors import Actor, StartFailed
from actors.testing import World, world
from supervisors.checks.places import policy_of
from supervisors.errors import TreeEnded, TreeGaveUp
from supervisors.events import Died, Ready, Serving, StartFailure, Stopped, SupervisionEvent
from supervisors.running import Running, running
from supervisors.spec import ChildSpec, Tree

from .durations import spell
from .faults import BOOT, Fault, FaultError, Kind, parse_fault
from .ledger import Account, Gap, Ledger
from .stand_in import Script, with_stand_ins
from .targets import targets, workers_of
from .timeline import CALM, END, FAULT, Entry, entry_of, said

LENGTH = 1800.0
"""Seconds that a run covers unless told otherwise: half an hour."""

AFTERMATH = 600.0
"""Seconds that a run goes on, unless told otherwise, after the last thing that its faults say."""

AT_ONCE = 5_000
"""Deaths of one worker in one instant after which a run is cut short: restarts without a wait, and with a budget that
large, go on as good as for ever without time passing."""

DEATHS = 200_000
"""Deaths in all after which a run is cut short."""


@dataclass(slots=True)
class Outcome:
    """What became of a tree in one run.

    ``length``: seconds that were simulated; ``served_at``: when it first served; ``gave_up_at`` and ``why``: when it
    ended, and a sentence; ``shut_down``: that was its automatic shutdown; ``cut_short``: why the run was stopped before
    its time; ``gaps``: times in which not everything served; ``stopping``: seconds that the stop at the end took.
    """

    tree: str
    seed: int
    length: float
    served_at: float | None = None
    gave_up_at: float | None = None
    why: str = ""
    shut_down: bool = False
    cut_short: str = ""
    stopping: float | None = None
    gaps: tuple[Gap, ...] = ()
    accounts: tuple[Account, ...] = ()
    entries: list[Entry] = field(default_factory=list)

    @property
    def gave_up(self) -> bool:
        """Whether the tree ended although nobody told it to, or did not come to serve."""
        return self.gave_up_at is not None

    @property
    def is_well(self) -> bool:
        """Whether everything served at the end that should."""
        is_open = bool(self.gaps) and self.gaps[-1].ended is None
        return self.served_at is not None and not self.gave_up and not self.cut_short and not is_open

    @property
    def missing(self) -> float:
        """Seconds in which not everything served, from when it first did; the whole run if it never did."""
        if self.served_at is None:
            return self.length
        return sum((self.length if gap.ended is None else gap.ended) - gap.began for gap in self.gaps)

    @property
    def restarts(self) -> int:
        """Attempts to start a worker again, in vain or not."""
        return sum(account.restarts + account.failed for account in self.accounts)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "tree": self.tree,
            "seed": self.seed,
            "length": self.length,
            "well": self.is_well,
            "served_at": self.served_at,
            "gave_up_at": self.gave_up_at,
            "why": self.why,
            "shut_down": self.shut_down,
            "cut_short": self.cut_short,
            "missing": self.missing,
            "restarts": self.restarts,
            "stopping": self.stopping,
            "gaps": [{"began": gap.began, "ended": gap.ended} for gap in self.gaps],
            "workers": [account.to_dict() for account in self.accounts if account.is_eventful],
            "timeline": [entry.to_dict() for entry in self.entries],
        }


Plan = list[tuple[Fault, list[str]]]


def simulate(tree: Tree, faults: Sequence[str] = (), *, length: float | None = None, seed: int = 0) -> Outcome:
    """Run ``tree`` with stand-ins for ``length`` virtual seconds, and let ``faults`` (see ``faults``) happen to it.

    ``length``: half an hour by default, or ten minutes more than the faults speak of.  The same ``seed`` gives the same
    run.  Raises ``FaultError`` for a line that is no fault, ``TargetError`` for one that strikes nobody.
    """
    plan: Plan = []
    for text in faults:
        fault = parse_fault(text)
        plan.append((fault, targets(fault.pattern, tree)))
        _check(fault, plan[-1][1], tree, length)
    span = max([LENGTH, *(_end_of(fault) + AFTERMATH for fault, _ in plan)]) if length is None else length
    return Run(tree, plan, span, seed).go()


def _check(fault: Fault, paths: list[str], tree: Tree, length: float | None) -> None:
    """Refuse a fault that could not change anything."""
    if length is not None and fault.at is not None and fault.at >= length:
        raise FaultError(fault.text, "at", f"is after the end of the run, which takes {spell(length)}")
    if fault.kind is not Kind.DAMAGE:
        return
    workers = workers_of(tree)
    for path in paths:
        place = workers[path]
        assert isinstance(place.spec, ChildSpec)
        if policy_of(place.spec, place.overseer) is None:
            raise FaultError(fault.text, "damage", f"would change nothing: {path} has no apoptosis policy")


def _end_of(fault: Fault) -> float:
    begins = fault.at if fault.at is not None and math.isfinite(fault.at) else 0.0
    repeats = fault.every * ((fault.times or 1) - 1) if fault.every is not None else 0.0
    lasts = fault.lasts if math.isfinite(fault.lasts) else 0.0
    return begins + repeats + (fault.length if fault.kind is Kind.DOWN else lasts)


class Run:
    """A run under way."""

    def __init__(self, tree: Tree, plan: Plan, length: float, seed: int) -> None:
        self._tree = tree
        self._plan = plan
        self._world = world(seed)
        self._script = Script(self._world.now, self._attach)
        self._ledger = Ledger(tree.name, workers_of(tree))
        self._outcome = Outcome(tree.name, seed, length)
        self._ready = asyncio.Event()
        self._cut = asyncio.Event()
        self._limit: asyncio.Timeout | None = None
        self._is_over = False
        self._deaths = 0
        self._instant = -1.0
        self._at_once: Counter[str] = Counter()

    def go(self) -> Outcome:
        """Run it from beginning to end."""
        self._world.run(self._main)
        outcome = self._outcome
        self._ledger.close(outcome.length)
        outcome.served_at = self._ledger.served_at
        outcome.gaps = tuple(self._ledger.gaps)
        outcome.accounts = tuple(self._ledger.accounts.values())
        return outcome

    async def _main(self, w: World) -> None:
        faults = [asyncio.ensure_future(self._perform(fault, paths)) for fault, paths in self._plan]
        await asyncio.sleep(0)  # what is the matter from the first moment on is so now
        try:
            async with asyncio.timeout(self._outcome.length) as self._limit:
                async with running(with_stand_ins(self._tree, self._script), log=False, watchdog=None) as tree:
                    self._limit.reschedule(None)
                    await self._serve(w, tree)
        except TreeGaveUp as error:
            self._ended(error.event.at, error.event.describe())
        except (StartFailed, TreeEnded) as error:
            self._ended(w.now(), str(error))
        except TimeoutError:
            self._outcome.length = w.now()
            self._outcome.why = self._outcome.cut_short or f"{self._tree.name} was still starting"
        else:
            self._shut_down()
        finally:
            for fault in faults:
                fault.cancel()

    async def _serve(self, w: World, tree: Running) -> None:
        """From the moment that the tree serves to its end, or that of the run, or the cut."""
        if self._ledger.served_at is None:  # a tree without workers: nobody was there to begin the record
            for event in tree.journal:
                self._note(event)
        self._ready.set()
        outcome = self._outcome
        ended: asyncio.Future[Any] = asyncio.ensure_future(tree.wait_ended())
        cut: asyncio.Future[Any] = asyncio.ensure_future(self._cut.wait())
        await asyncio.wait([ended, cut], timeout=outcome.length - w.now(), return_when=asyncio.FIRST_COMPLETED)
        is_ended = ended.done()
        for each in (ended, cut):
            each.cancel()
        if is_ended:
            return
        self._is_over = True
        if outcome.cut_short:
            outcome.length = w.now()
            return
        began = w.now()
        self._add(said(END, began, self._tree.name, "the run is over, and the tree is told to stop"))
        await tree.stop()
        outcome.stopping = w.now() - began
        self._add(said(END, w.now(), self._tree.name, f"it has stopped, after {spell(outcome.stopping)}"))

    def _shut_down(self) -> None:
        """The tree has been left without a complaint: told to stop, cut short, or ended by itself."""
        if not self._is_over:
            self._outcome.shut_down = True
            self._ended(self._world.now(), "its automatic shutdown, because a significant child ended")

    def _ended(self, at: float, why: str) -> None:
        if not self._is_over:
            self._outcome.gave_up_at, self._outcome.why = at, why
            self._add(said(END, at, self._tree.name, f"the tree has ended: {why}"))

    # -- faults --------------------------------------------------------------------------------------------------------

    async def _perform(self, fault: Fault, paths: list[str]) -> None:
        if fault.at is None:
            await self._ready.wait()
        began = max(0.0, fault.at or 0.0) if fault.at is not None else self._world.now()
        if fault.at != BOOT:
            await self._until(began)
        done = 0
        while True:
            self._strike(fault, paths)
            done += 1
            if fault.every is None or done == fault.times:
                break
            await self._until(began + done * fault.every)
        if fault.kind is Kind.DOWN:
            await self._until(began + fault.length)
            now = self._world.now()
            for path in paths:
                if not self._script.is_down(path):  # by another fault, still
                    self._add(said(FAULT, now, path, f"fault: {path} can start again", f"end of {fault.text}"))

    async def _until(self, at: float) -> None:
        """Wait for a moment, and then until all that it brought about by itself is done."""
        await self._world.advance(max(0.0, at - self._world.now()))

    def _strike(self, fault: Fault, paths: list[str]) -> None:
        for path in paths:
            text, what = f"fault: {fault.describe(path)}", fault.text
            if not self._script.strike(fault, path):
                text, what = f"fault: nobody is there at {path}, so nothing happens to it", f"nothing by {fault.text}"
            self._add(said(FAULT, self._world.now(), path, text, what))

    # -- the record ----------------------------------------------------------------------------------------------------

    def _attach(self, life: Actor) -> None:
        life.system.events.subscribe(self._note)

    def _note(self, event: object) -> None:
        if not isinstance(event, SupervisionEvent):
            return
        if self._is_over:
            if isinstance(event, Stopped) and event.took > 0:
                self._add(entry_of(event))
            return
        was_calm, is_known = self._ledger.is_calm, self._ledger.served_at is not None
        self._ledger.note(event)
        if is_known or not isinstance(event, Serving | Ready) or event.path == self._tree.name:
            self._add(entry_of(event))
        if self._ledger.is_calm and not was_calm and is_known:
            gap = self._ledger.gaps[-1]
            took = spell(event.at - gap.began)
            self._add(said(CALM, event.at, self._tree.name, f"everything serves again, after {took}"))
        if isinstance(event, Died | StartFailure):
            self._guard(event)

    def _add(self, entry: Entry) -> None:
        self._outcome.entries.append(entry)

    def _guard(self, event: SupervisionEvent) -> None:
        """Cut a run short that would go on for ever."""
        self._deaths += 1
        if event.at != self._instant:
            self._instant = event.at
            self._at_once.clear()
        self._at_once[event.path] += 1
        is_endless = self._at_once[event.path] >= AT_ONCE
        if self._outcome.cut_short or not (is_endless or self._deaths >= DEATHS):
            return
        why = f"{AT_ONCE:,} deaths of {event.path} without time passing" if is_endless else f"{DEATHS:,} deaths"
        self._outcome.cut_short = f"the run was cut short after {why}"
        self._cut.set()
        if self._limit is not None and self._limit.when() is not None:
            self._limit.reschedule(asyncio.get_running_loop().time())
