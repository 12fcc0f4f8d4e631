"""The actor system: the world that places belong to, on one running loop."""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVarTuple

from . import burial, life
from .actor import Actor, blueprint_of
from .blueprint import Blueprint, Mailbox
from .cell import ACCEPTED, Cell
from .copies import Guard
from .deadletters import DeadLetters
from .elsewhere import here
from .engine import LOOP, engine_of
from .envelopes import Envelope, bare
from .errors import ActorDied, MailboxFull, NotRunning, StartFailed, StartTimeout
from .events import Abandoned, Blocked, Events, Quarantined
from .evidence import Evidence, Harm
from .exits import KILL, SHUTDOWN, Crashed, Reason
from .handlers import routes_of
from .lifecycle import LIVING
from .links import link_ahead, send_exit, unlink
from .messages import Undelivered
from .overload.controlled import ControlledRef
from .pulse import note
from .ref import PriorityRef, Ref
from .registry import Registry
from .scheduler import KILL_GRACE, Scheduler
from .sentry import keep_watch
from .watchdog import WATCHDOG, Watchdog

if TYPE_CHECKING:
    from .cluster.cluster import Cluster
    from .contact.site import Site
    from .places.deputy import Lodgings
    from .places.embassy import Embassy
    from .tissue.transport import Transport

Ts = TypeVarTuple("Ts")

STOP_TIMEOUT = 5.0
"""Seconds each actor has to stop when its system is left; then it is killed."""


@dataclass(frozen=True, slots=True)
class SystemStatistics:
    """A system at one moment."""

    name: str
    actors: int
    ready: int
    fibers: int
    asking: int
    names: int
    dead_letters: int


class ActorSystem:
    """Where actors live: ``async with ActorSystem("shop") as system``.  Leaving it stops everything, newest first.

    ``seed``: makes ``system.rng``, which everything random here draws from, repeatable.  ``watchdog``: what watches for
    handlers that hold the loop, in a thread, from the system's entering to its leaving (not in virtual time); ``None``:
    they are reported by the clock, when they are over.  ``transport``: what carries packets between the cells of the
    tissue (see ``docs/tissue.md``); ``None``: this system is alone.  A system belongs to the loop it was entered on.
    """

    def __init__(
        self,
        name: str,
        *,
        seed: int | None = None,
        watchdog: Watchdog | None = WATCHDOG,
        transport: Transport | None = None,
    ) -> None:
        self.name = name
        self.transport = transport
        self.watchdog = watchdog
        self.rng = random.Random(seed)  # a world replaces it by one of its own unless a seed was given
        self.events = Events()
        self.registry = Registry()
        self.alive = 0
        self._seed = seed
        self._serial = 0
        self._closing = False
        self._roots: dict[Cell, None] = {}
        self._scheduler: Scheduler | None = None
        self._site: Site | None = None
        self._lodgings: dict[type, Lodgings] = {}
        self.embassy: asyncio.Task[Embassy] | None = None  # set by the first link to lives elsewhere
        self.guard = Guard()  # for the engine
        self.cluster: Cluster | None = None  # set by the cluster that this process is a host of
        self.dead_letters = DeadLetters(self.events, self.now)

    # -- entering and leaving ------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self._scheduler is not None:
            raise NotRunning(f"a second life of system {self.name!r}")
        loop = asyncio.get_running_loop()
        engine = engine_of(loop)
        if self._seed is None:
            self.rng = engine.random()
        self._scheduler = Scheduler(self, loop, contextvars.copy_context(), engine)
        self.guard.begin(self._scheduler)
        if self.watchdog is not None and engine is LOOP:
            self._scheduler.watchdog = keep_watch(self._scheduler, self.watchdog)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self, timeout: float = STOP_TIMEOUT) -> None:
        """Stop every actor, the newest first, each within ``timeout`` seconds, then kill what is left."""
        scheduler = self.scheduler
        self._closing = True
        try:
            while self._roots:
                cell, _ = self._roots.popitem()
                try:
                    await self.end(cell, timeout)
                except asyncio.CancelledError:
                    self._roots[cell] = None
                    raise
        except asyncio.CancelledError:
            if scheduler.current() is None:  # else it is an actor that ends with the system it was closing
                await self._kill_all()
            raise
        finally:
            if self._site is not None:
                self._site.close()
            try:
                for lodgings in self._lodgings.values():
                    await lodgings.close()
                await scheduler.close()
            finally:
                self.guard.end()
                if scheduler.watchdog is not None:
                    scheduler.watchdog.end()

    async def _kill_all(self) -> None:
        """Whoever leaves has no more patience: end everybody at once, in a second at most."""
        cells = list(self._roots)
        for cell in cells:
            send_exit(cell, KILL)
            cells.extend(cell.extras.places.values() if cell.extras is not None else ())
        loop = self.scheduler.loop
        until = loop.time() + 2 * KILL_GRACE
        while self.alive and loop.time() < until:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.005)

    async def end(self, cell: Cell, timeout: float) -> None:
        """Shut one place down: an exit signal, ``timeout`` seconds, a kill; then nobody lives there again."""
        if cell.state in LIVING:
            ended = cell.ref._ending()
            send_exit(cell, SHUTDOWN, parent=True)
            kill = self.scheduler.loop.call_later(timeout, send_exit, cell, KILL)
            try:
                await ended
            finally:
                kill.cancel()
        if cell.state not in LIVING:
            burial.close(cell)

    @property
    def scheduler(self) -> Scheduler:
        """The run queue; for the engine.  Raises ``NotRunning`` before the system is entered."""
        if self._scheduler is None:
            raise NotRunning(f"system {self.name!r}")
        return self._scheduler

    @property
    def site(self) -> Site:
        """This system as a host of the tissue, from now on one; for the engine."""
        if self._site is None:
            from .contact.site import Site  # the tissue is built on the system, and loaded when it is wanted

            self._site = Site(self, self.transport or self.scheduler.engine.transport())
        return self._site

    def lodgings(self, place: Any) -> Lodgings:
        """Where those who live elsewhere can; for the engine."""
        kind = type(place)
        if kind not in self._lodgings:
            from .places.lodgings import lodgings_for

            self._lodgings[kind] = lodgings_for(self, place)
        return self._lodgings[kind]

    def hand_over(self, old: Cell, new: Cell) -> None:
        """A successor is about to serve; for the engine."""
        if self._site is not None:
            self._site.hand_over(old, new)

    def now(self) -> float:
        """Seconds of this system's clock: monotonic, or virtual in a ``world``."""
        return self.scheduler.wall()

    # -- starting ------------------------------------------------------------------------------------------------------

    async def spawn(
        self,
        cls: Callable[[*Ts], Actor],
        *args: *Ts,
        name: str | None = None,
        mailbox: Mailbox | None = None,
        timeout: float | None = None,
        _parent: Cell | None = None,
        _link: bool = False,
    ) -> Ref[Any]:
        """Start ``cls(*args)`` and return its ref when ``started()`` is done.

        ``name``: registered first, so it is taken while the start goes on.  ``timeout``: seconds for the start
        (default: no limit).  Raises ``NameTaken``; ``StartFailed`` with the reason, caused by what the actor raised;
        its subclass ``StartTimeout``; ``Ignore`` is also a ``StartFailed``, with the reason ``normal``.
        """
        if self._closing:
            raise NotRunning(f"system {self.name!r}, which is being left,")
        cell = self.place(blueprint_of(cls, args, mailbox), name, _parent)
        if name is not None:
            try:
                self.registry.register(name, cell)
            except Exception:
                burial.close(cell)
                raise
        self._roots[cell] = None
        if _link and _parent is not None:
            link_ahead(_parent, cell)
        result: asyncio.Future[life.Outcome] | None = None

        def on_start(_: Cell, outcome: life.Outcome) -> None:
            if result is not None and not result.done():
                result.set_result(outcome)

        outcome = life.start(cell, on_start)
        if outcome.pending:
            result = self.scheduler.loop.create_future()
            outcome = await self._started(cell, result, timeout)
        if outcome.reason is not None or outcome.ignored:
            raise StartFailed(cell.ref, cell.reason or SHUTDOWN) from _cause(cell.reason)
        return cell.ref

    async def _started(self, cell: Cell, result: asyncio.Future[life.Outcome], timeout: float | None) -> life.Outcome:
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(result)
        except TimeoutError:
            self.abort(cell)
            outcome = await result
            if timeout is not None and outcome.reason is not None:
                raise StartTimeout(cell.ref, outcome.reason, timeout) from None
            return outcome
        except asyncio.CancelledError:
            self.abort(cell)
            raise

    def abort(self, cell: Cell) -> None:
        """Kill a life, without exit signals to those it is linked to as their starter."""
        if cell.parent is not None:
            unlink(cell.parent, cell)
        send_exit(cell, KILL)

    def place(self, blueprint: Blueprint, name: str | None = None, parent: Cell | None = None) -> Cell:
        """Make an empty place; for the engine and for supervisors."""
        scheduler = self.scheduler
        if blueprint.place is not None:
            blueprint = here(blueprint)
        self._serial += 1
        routes = routes_of(blueprint.cls)
        cell = Cell(scheduler, blueprint, routes, name if name is not None else self._serial, parent)
        plain = PriorityRef if routes.priority else Ref
        kind = blueprint.cls.ref_class or (plain if blueprint.mailbox.control is None else ControlledRef)
        cell.ref = kind(cell)
        return cell

    def adopt(self, cell: Cell) -> None:
        """A life has lost its keeper: it is ended with the system, if not before."""
        self._roots[cell] = None

    def roots(self) -> list[Cell]:
        """The places that nobody but the system keeps; for the engine."""
        return [cell for cell in self._roots if cell.parent is None]

    def forget(self, cell: Cell) -> None:
        """A place was closed."""
        self._roots.pop(cell, None)

    # -- names and groups ----------------------------------------------------------------------------------------------

    def whereis(self, name: str) -> Ref[Any] | None:
        """Who is registered as ``name``, or lives at that path of a tree (``"shop/orders/worker"``); else ``None``.

        The ref at a path is that of the place: it is found between two lives too.
        """
        found = self.registry.whereis(name)
        if found is None and "/" in name:
            root, *keys = name.split("/")
            found = self.registry.whereis(root)
            for key in keys:
                extras = found._cell.extras if found is not None else None
                cell = extras.places.get(key) if extras is not None else None
                found = cell.ref if cell is not None else None
        return found

    def register(self, name: str, ref: Ref[Any]) -> None:
        """Register the present life behind ``ref`` as ``name`` until it ends.

        Raises ``NameTaken`` if another actor has the name, ``ActorDied`` if nobody lives there.
        """
        if ref._cell.state not in LIVING:
            raise ActorDied(ref, ref._cell.reason or SHUTDOWN)
        self.registry.register(name, ref._cell)

    def unregister(self, name: str) -> None:
        """Free a name."""
        self.registry.unregister(name)

    def members(self, group: str) -> list[Ref[Any]]:
        """The living members of a group, in the order they joined."""
        return self.registry.members(group)

    def publish(self, group: str, message: object) -> int:
        """Tell every member of a group; returns how many took it.

        A member whose mailbox refuses it does not keep it from the others; the refusal is a dead letter.
        """
        return sum(self._offer(ref, message) for ref in self.members(group))

    def _offer(self, ref: Ref[Any], message: object) -> bool:
        try:
            return ref.tell(message) is ACCEPTED
        except MailboxFull:
            self.dead_letters.add(message, ref, Undelivered.FULL)
            return False

    # -- what the engine reports ---------------------------------------------------------------------------------------

    def blocked(
        self,
        cell: Cell,
        handler: str,
        message: str,
        seconds: float,
        noticed: float | None = None,
        stack: tuple[str, ...] = (),
    ) -> None:
        """A handler held the loop, and the watchdog ``noticed``."""
        self.events.publish(Blocked(self.now(), cell.pid, handler, message, seconds, noticed, stack))
        note(cell, Evidence(Harm.BLOCKED, None, f"held the loop for {seconds:.3g} s", message, handler))

    def blocking(self) -> list[str]:
        """The names of actors that hold the loop for long now or did of late; see ``Watchdog``.  From any thread."""
        watchdog = self._scheduler.watchdog if self._scheduler is not None else None
        return watchdog.blocking() if watchdog is not None else []

    def abandoned(self, cell: Cell, handler: str, message: str) -> None:
        """A killed handler would not end."""
        self.events.publish(Abandoned(self.now(), cell.pid, handler, message))

    def quarantined(self, cell: Cell, hand: Any, deaths: int, reason: Reason) -> None:
        """A message ended too many lives."""
        message = bare(hand) if hand.__class__ is Envelope else hand
        self.events.publish(Quarantined(self.now(), cell.pid, message, deaths))

    def statistics(self) -> SystemStatistics:
        """The system now."""
        scheduler = self.scheduler
        return SystemStatistics(
            self.name,
            self.alive,
            len(scheduler.ready),
            len(scheduler.fibers),
            len(scheduler.deadlines),
            len(self.registry.names()),
            self.dead_letters.total,
        )

    def __repr__(self) -> str:
        return f"<ActorSystem {self.name!r} actors={self.alive}>"


def _cause(reason: Reason | None) -> BaseException | None:
    if isinstance(reason, Crashed):
        return reason.exception
    detail = getattr(reason, "detail", None)
    return detail if isinstance(detail, BaseException) else None
