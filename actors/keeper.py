"""What a supervisor needs of the engine: places to keep, lives to start and end in them, and word of their deaths.

``Keeper`` is the base of the supervisors; it decides nothing.  Everything it is told reaches it in its own turn,
ahead of ordinary messages, so its methods need no locks and never wait.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

from . import burial, life
from .actor import Actor
from .blueprint import Blueprint
from .cell import Cell
from .elsewhere import here
from .envelopes import NOTHING, Call, ChildEnded, Ending, Stop
from .errors import StartTimeout
from .exits import KILL, KILLED, SHUTDOWN, Apoptosis, Crashed, Reason, Remains
from .handlers import routes_of
from .lifecycle import LIVING, State
from .links import send_exit
from .ref import Ref


class Keeper(Actor):
    """An actor that keeps others: their exit is its business, and its end is theirs.

    A subclass overrides :meth:`begin`, :meth:`start_done`, :meth:`life_ended` and :meth:`asked_to_end`.  Its own
    start is over when it calls :meth:`ready` or :meth:`fail_start`, its life when it calls :meth:`finish`.
    """

    trap_exits = True
    _finishing = False
    _kills: dict[Cell, asyncio.TimerHandle]
    _limits: dict[Cell, asyncio.TimerHandle]

    # -- what the engine tells ---------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The life begins; kept lives may be started."""
        raise NotImplementedError

    def start_done(self, ref: Ref[Any], reason: Reason | None, ignored: bool) -> None:
        """The outcome of a :meth:`start_life` that took its time."""
        raise NotImplementedError

    def vacated(self, ref: Ref[Any]) -> None:
        """A place that :meth:`start_life` found occupied is free."""
        raise NotImplementedError

    def life_ended(self, ref: Ref[Any], incarnation: int, reason: Reason, remains: Remains) -> None:
        """A kept life that had started is over."""
        raise NotImplementedError

    def life_orphaned(self, ref: Ref[Any], incarnation: int, reason: Reason, remains: Remains) -> None:
        """The same, but this keeper's own life had ended before: there is nothing to be done any more."""

    def asked_to_end(self, reason: Reason) -> None:
        """The parent, or ``stop()``, wants this life to end: end the kept ones, then call :meth:`finish`."""
        raise NotImplementedError

    # -- what a subclass does ----------------------------------------------------------------------------------------

    def keep(self, key: str, name: str, blueprint: Blueprint) -> Ref[Any]:
        """The place called ``key`` here; one that an earlier life of this keeper left behind is taken over, ref and
        all.
        """
        places = self._cell.more().places
        cell = places.get(key)
        if cell is None or cell.state is State.CLOSED:
            cell = self.system.place(blueprint, name, self._cell)
            places[key] = cell
        else:
            cell.blueprint = here(blueprint)
        if cell.state not in LIVING:
            cell.routes = routes_of(cell.blueprint.cls)  # its place may be another one than its last life's
            cell.owner = self
        return cell.ref

    def start_life(self, ref: Ref[Any], timeout: float | None, number: int | None = None) -> life.Outcome:
        """Start life ``number``, by default the next; the outcome, or one that is ``pending``: then :meth:`start_done`
        is called.

        If an earlier life is still ending there (its keeper was killed), nothing is started; :meth:`vacated` is called
        when the place is free.
        """
        cell = ref._cell
        if cell.state in LIVING:
            cell.more().enders.append(lambda _: self._later(lambda: self.vacated(ref)))
            return life.PENDING
        cell.owner = self
        if number is not None:
            cell.incarnation = number - 1
        outcome = life.start(cell, self._on_start)
        if outcome.pending and timeout is not None:
            self._limit_start(cell, timeout)
        return outcome

    def _on_start(self, cell: Cell, outcome: life.Outcome) -> None:
        limit = self._limits.pop(cell, None)
        if limit is not None:
            limit.cancel()
        self._later(lambda: self.start_done(cell.ref, outcome.reason, outcome.ignored))

    def _on_overdue(self, cell: Cell, outcome: life.Outcome, timeout: float) -> None:
        self._limits.pop(cell, None)
        reason = Crashed(StartTimeout(cell.ref, KILLED, timeout)) if outcome.reason == KILLED else outcome.reason
        self._later(lambda: self.start_done(cell.ref, reason, outcome.ignored))

    def _limit_start(self, cell: Cell, timeout: float, left: float | None = None) -> None:
        incarnation, loop = cell.incarnation, cell.scheduler.loop

        def overdue() -> None:
            if cell.incarnation != incarnation or cell.state is not State.STARTING:
                return
            life: Any = cell.actor
            left = life.waited_until + timeout - loop.time() if life is not None and life.is_stand_in else 0.0
            if left > 0:
                self._limit_start(cell, timeout, min(left, timeout))
            else:
                cell.more().on_start = lambda cell, outcome: self._on_overdue(cell, outcome, timeout)
                send_exit(cell, KILL)

        self._limits[cell] = loop.call_later(timeout if left is None else left, overdue)

    def has_life(self, ref: Ref[Any] | None) -> bool:
        """Whether there is a life, be it one that starts or stops."""
        return ref is not None and ref._cell.state in LIVING

    def end_life(self, ref: Ref[Any], timeout: float) -> None:
        """Ask a kept life to end, as its parent, and kill it after ``timeout`` seconds."""
        cell = ref._cell
        send_exit(cell, SHUTDOWN, self._cell, parent=True)
        if timeout <= 0:
            send_exit(cell, KILL, self._cell)
        elif timeout != math.inf:
            self._kills[cell] = cell.scheduler.loop.call_later(timeout, send_exit, cell, KILL, self._cell)

    def retire_life(self, ref: Ref[Any], cause: str, timeout: float) -> None:
        """Have a kept life end by apoptosis when it is done with the message in hand and the answers it owes, and kill
        it after ``timeout`` seconds.
        """
        cell = ref._cell

        def end(_: object = None) -> None:
            owed = next((envelope.future for envelope in cell.more().deferred if envelope.future), None)
            if owed is not None and not owed.done():
                owed.add_done_callback(lambda _: cell.push(Call(end)) if cell.state is State.RUNNING else None)
            else:
                cell.push(Stop(Apoptosis(cause)))

        cell.push(Call(end))
        if timeout != math.inf:
            self._kills[cell] = cell.scheduler.loop.call_later(timeout, send_exit, cell, KILL, self._cell)

    def kill_life(self, ref: Ref[Any]) -> None:
        """Kill a kept life: no hook of it runs."""
        send_exit(ref._cell, KILL, self._cell)

    def rest(self, ref: Ref[Any]) -> None:
        """No successor is planned: the place refuses messages until a life is started there again."""
        if ref._cell.state not in LIVING and ref._cell.state is not State.CLOSED:
            burial.rest(ref._cell)

    def forget(self, key: str) -> None:
        """Close a place for good, as soon as the life in it, if any, is over."""
        cell = self._cell.more().places.pop(key, None)
        if cell is None:
            return
        cell.owner = None
        if cell.state in LIVING:
            self.system.adopt(cell)
        elif cell.state is not State.CLOSED:
            burial.close(cell)

    def kept(self) -> dict[str, Ref[Any]]:
        """The places here, by key, in the order they were made."""
        return {key: cell.ref for key, cell in self._cell.more().places.items()}

    def ready(self) -> None:
        """This keeper's own start has succeeded."""
        if self._cell.state is State.STARTING:
            life.acknowledge(self._cell)

    def finish(self, reason: Reason) -> None:
        """End this life for ``reason``; if it was still starting, the start has failed.

        Successors and predecessors that are still on their way out are waited for.
        """
        wards = [ward for ward in self._cell.more().wards if ward.state in LIVING]
        if wards:
            for ward in wards:
                send_exit(ward, SHUTDOWN, self._cell, parent=True)
                ward.scheduler.kill_later(ward)
            wards[0].more().enders.append(lambda _: self._later(lambda: self.finish(reason)))
            return
        self._finishing = True
        self._cell.push(Ending(reason, NOTHING))

    def later(self, seconds: float, function: Callable[[], None]) -> asyncio.TimerHandle | None:
        """Call ``function`` in this keeper's turn after ``seconds``, if this life is not over; 0 means behind what
        waits.
        """
        if seconds <= 0:
            self._later(function)
            return None
        return self._cell.scheduler.loop.call_later(seconds, self._later, function)

    @property
    def is_over(self) -> bool:
        """Whether this life has ended: what it planned is nobody's business any more."""
        return self._cell.actor is not self

    def _later(self, function: Callable[[], None]) -> None:
        if self._cell.actor is self:
            self._cell.push(Call(lambda _: function()))

    # -- hooks of the engine -----------------------------------------------------------------------------------------

    def started(self) -> None:
        """Start late: the life has begun when :meth:`ready` is called."""
        self._kills = {}
        self._limits = {}
        life.start_later(self._cell)
        self._cell.push_first(Call(lambda _: self.begin()))  # before calls that have waited for this life

    def child_ended(self, notice: ChildEnded) -> None:
        kill = self._kills.pop(notice.cell, None)
        if kill is not None:
            kill.cancel()
        self.life_ended(notice.cell.ref, notice.incarnation, notice.reason, notice.remains)

    def child_orphaned(self, notice: ChildEnded) -> None:
        self.life_orphaned(notice.cell.ref, notice.incarnation, notice.reason, notice.remains)

    def end_later(self, reason: Reason, *, brutal: bool = False) -> bool:
        if self._finishing or brutal:
            return False
        if isinstance(reason, Crashed):
            self._finishing = True  # a defect in the keeper itself: end, and the kept lives end with it
            return False
        self.asked_to_end(reason)
        return True


def place_at(ref: Ref[Any], key: str) -> Ref[Any] | None:
    """The place called ``key`` below the keeper that lives at ``ref``, or ``None``."""
    extras = ref._cell.extras
    cell = extras.places.get(key) if extras is not None else None
    return cell.ref if cell is not None else None


def places_of(ref: Ref[Any]) -> dict[str, Ref[Any]]:
    """All places below the keeper that lives at ``ref``."""
    extras = ref._cell.extras
    return {key: cell.ref for key, cell in extras.places.items()} if extras is not None else {}


def life_at(ref: Ref[Any]) -> Any:
    """The actor object that lives at ``ref`` now, or ``None``: for introspection, never to be called into."""
    return ref._cell.actor


def vacate(ref: Ref[Any]) -> None:
    """Close the place of a keeper whose life is over, and all below it: nobody will live there again."""
    if ref._cell.state not in LIVING and ref._cell.state is not State.CLOSED:
        burial.close(ref._cell)
