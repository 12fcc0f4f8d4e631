"""Who stands here for a life that runs elsewhere and belongs here: its mailbox, its name, its supervisor are here.

A deputy's life begins when the life elsewhere has begun, and ends when that and all that it ran in are gone.  What that
one had not begun goes back to the mailbox, for the successor; what it had in hand is given up as after any crash.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from actors.blueprint import Blueprint
from actors.envelopes import NOTHING, Call, Signal, bare
from actors.errors import ActorDied, ClassMissing, CodecError, Ignore, NotRunning, ProcessDied
from actors.events import Blocked
from actors.evidence import Evidence
from actors.exits import KILL, KILLED, NOCONNECTION, NOPROC, Crashed, Reason, Remains
from actors.lifecycle import LIVING, REFUSING, State
from actors.messages import Undelivered
from actors.pulse import note, pulse_of
from actors.signs import Signs

from .endpoint import Endpoint
from .envoy import Envoy, stand_in_for
from .frames import Kind, Link
from .ledger import WINDOW, Fate, Ledger
from .names import Original
from .road import Road
from .tissue import Port
from .whereabouts import Lodged, Whereabouts

if TYPE_CHECKING:
    from actors.cell import Cell
    from actors.ref import Ref

MAIN = 0
"""The number of the life itself among its side's exports."""


class Lodging(Protocol):
    """Where a life runs: one process, or what stands for one.

    ``process``: its pid, ``None`` if it has no process of its own; ``host``: its name, ``None``: this one.
    """

    ledger: Ledger

    @property
    def process(self) -> int | None:
        """See above."""

    @property
    def host(self) -> str | None:
        """See above."""

    async def open(self, endpoint: Endpoint, lost: Callable[[Any], None]) -> Link:
        """Connect ``endpoint``; ``lost`` is told, once and after the last frame, that the lodging is gone, and how: in
        words, or by a reason if nobody can tell what became of what ran there, or something else than a process ended.

        That is also so if it is killed meanwhile, or cannot be connected.
        """

    def begun(self) -> None:
        """The life in it has started: whatever patience there is with one that hangs begins now."""

    def kill(self) -> None:
        """Have it gone at once, whatever it does."""

    def signs(self) -> Signs:
        """What is seen of it from outside."""


class Lodger:
    """Who looks for a lodging: the ``name`` of its place, its ``cls``, and the ``start`` that is done when its life has
    begun there or not.  ``waited_until``: see :class:`~.envoy.Envoy`.
    """

    __slots__ = ("cls", "name", "start", "waited_until")

    def __init__(self, name: str, cls: type[Any], start: asyncio.Future[None]) -> None:
        self.name, self.cls, self.start = name, cls, start
        self.waited_until = 0.0


class Lodgings(Protocol):
    """Where lodgings are to be had."""

    async def take(self, place: Any, lodger: Lodger) -> Lodging:
        """One for ``place``, ready to run a life.  Raises ``ActorError`` if there is none."""

    async def close(self) -> None:
        """Nobody needs one any more: leave nothing behind."""


class Deputy(Envoy):
    """See the module's text.  ``blueprint``: of the life; ``place``: where it is to run."""

    is_counted = True

    def __init__(self, blueprint: Blueprint, place: Any) -> None:
        super().__init__(Endpoint(self.system), Road(MAIN, min(WINDOW, blueprint.mailbox.limit or WINDOW)))
        loop = asyncio.get_running_loop()
        self.blueprint = blueprint
        self.place = place
        self._lodging: Lodging | None = None
        self._start: asyncio.Future[None] = loop.create_future()
        self._start.add_done_callback(lambda start: start.cancelled() or start.exception())  # a kill is told otherwise
        self._lodger = Lodger(self._cell.name, blueprint.cls, self._start)
        self._gone: asyncio.Future[None] = loop.create_future()
        self._over: tuple[Reason, Remains] | None = None
        self._is_killed = False
        self._recalls: list[Callable[[], None]] = []
        self._names: Original | None = None
        self._port = Port(self.endpoint, self._cell, blueprint.cls)

    # -- the start -----------------------------------------------------------------------------------------------------

    async def started(self) -> None:
        """Find a lodging, and have the life begin there."""
        endpoint, cell = self.endpoint, self._cell
        endpoint.stand_in(MAIN, cell, self.road)
        endpoint.serve_all({
            Kind.STARTED: self._on_started, Kind.OVER: self._on_over, Kind.RECALLED: self._on_recalled,
            Kind.RETIRE: self._on_retire, Kind.HARM: self._on_harm, Kind.LETTER: self._on_letter,
            Kind.EVENT: self._on_event,
        })  # fmt: skip
        self._lodging = lodging = await self._take()
        self.road.ledger = lodging.ledger
        if cell.extras is not None:
            self.road.careful, cell.extras.careful = cell.extras.careful, 0
        self.system.events.publish(Lodged(self.system.now(), self.pid, *self.whereabouts()))
        try:
            await endpoint.open(await lodging.open(endpoint, self._on_lost))
            self._names = Original(endpoint, self.system.registry)
            self._port.open(lodging.host)
            endpoint.send(self._start_frame(), self._refused)
            await self._start
            if self._is_killed:  # in the moment in which word of its start came
                raise ProcessDied("it was killed")
            lodging.begun()
            cell.routes.needs_task = False  # from here on nothing suspends but hooks, which ask for a task themselves
        except BaseException:
            lodging.kill()
            await asyncio.shield(self._gone)
            lodging.ledger.close()
            raise

    async def _take(self) -> Lodging:
        """A lodging; whoever is killed while one is looked for, which may take long, needs none any more."""
        taking = asyncio.ensure_future(self.system.lodgings(self.place).take(self.place, self._lodger))
        either: list[asyncio.Future[Any]] = [taking, self._start]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not taking.done():
                taking.cancel()
                await asyncio.wait([taking])
        if taking.cancelled():
            await self._start
        return taking.result()

    @property
    def waited_until(self) -> float:  # type: ignore[override]  # other envoys wait for nothing
        """See :class:`~.envoy.Envoy`."""
        return self._lodger.waited_until

    def whereabouts(self) -> Whereabouts:
        """Where the life is, or is to be."""
        kind, lodging = type(self.place).__name__.lower(), self._lodging
        return Whereabouts(kind, lodging.process, lodging.host) if lodging is not None else Whereabouts(kind)

    def _start_frame(self) -> list[Any]:
        blueprint, cell = self.blueprint, self._cell
        pulse = pulse_of(cell)
        told = None
        if pulse is not None:
            told = [[[each.__module__, each.__qualname__] for each in pulse.tolerate], pulse.latency]
        return [
            Kind.START, blueprint.cls.__module__, blueprint.cls.__qualname__, list(blueprint.args),
            dict(blueprint.kwargs), cell.name, cell.incarnation, blueprint.mailbox.limit, cell.ref.parent, told,
        ]  # fmt: skip

    def _refused(self, error: CodecError) -> None:
        if not self._start.done():
            what = f"the arguments of {self.blueprint.cls.__name__}, which is to live elsewhere"
            self._start.set_exception(CodecError(what, str(error)))

    def _on_started(self, reason: Reason | None, is_ignored: bool) -> None:
        if self._start.done():
            return
        if is_ignored:
            self._start.set_exception(Ignore())
        elif reason is None:
            self._start.set_result(None)
        elif isinstance(reason, Crashed):
            error, host = reason.exception, self._lodging.host if self._lodging is not None else None
            self._start.set_exception(error.on(host) if isinstance(error, ClassMissing) and host is not None else error)
        else:
            self._cell.doom = self._cell.doom or reason
            self._start.set_exception(ActorDied(self.ref, reason))

    # -- the end -------------------------------------------------------------------------------------------------------

    def _on_over(self, reason: Reason, remains: list[Any], estate: list[Any]) -> None:
        self._over = reason, Remains(*remains)
        pulse = pulse_of(self._cell)
        if estate and pulse is not None:
            pulse.estate = estate[0]
        self.endpoint.link.abort("exit 0")

    def _on_lost(self, how: str | Reason) -> None:
        """The lodging is gone: there is nothing left of that life but the ledger."""
        if self._gone.done():
            return
        self._gone.set_result(None)
        if self._names is not None:
            self._names.close()
        died = how if isinstance(how, Reason) else Crashed(ProcessDied(how))  # a reason: its host or its loop is gone
        reason, remains = self._over or (KILLED if self._is_killed else died, None)
        self.endpoint.lost(NOCONNECTION if self._over is not None else reason)
        if not self._start.done():
            self._start.set_exception(died.exception if isinstance(died, Crashed) else ProcessDied(str(how)))
        cell = self._cell
        if cell.actor is not self or cell.state is State.STARTING:
            return
        cell.held = True
        cell.more().remains = remains
        self.end_first(reason, self._settle(cell, reason))

    def _settle(self, cell: Cell, reason: Reason) -> Any:
        """Put back what was not begun; returns what was in hand."""
        assert self._lodging is not None
        back: list[Any] = []
        hand: Any = NOTHING
        error = ActorDied(cell.ref, reason, cell.pid)
        for item, fate in self.road.empty():
            match fate:
                case Fate.WAITING | Fate.ARRIVED | Fate.STASHED:
                    back.append(item)
                case Fate.IN_HAND if hand is NOTHING:
                    hand = item
                case Fate.IN_HAND | Fate.OWED:
                    self.endpoint.fail(cell, item, error)
                case _ if getattr(item, "future", None) is not None:
                    item.fail(error)
        place = cell.ref._cell  # its successor's, if there is one already
        if self._lodging.ledger.is_reading:
            place.more().careful = len(back) + 1  # and the one in hand, should it be handed out again
        self._lodging.ledger.close()
        _put_back(place, back)
        return hand

    def signalled(self, signal: Signal) -> None:
        """See :class:`~actors.actor.Actor`."""
        if signal.reason == KILL and not signal.linked:
            self.kill()
        elif self._cell.state is State.STARTING:
            self._cell.doom = signal.reason
            self.kill()
        elif signal.parent:
            self.endpoint.flush()
            self.endpoint.send_reason([Kind.SIGNAL, MAIN], signal.reason, None, signal.linked, 0, True)
        else:
            self.endpoint.signal(MAIN, signal)

    def kill(self) -> None:
        """Have the life gone, and all that it runs in."""
        self._is_killed = True
        if self._cell.state is State.STARTING and self._cell.doom is None:
            self._cell.doom = KILLED
        if self._lodging is not None:
            self._lodging.kill()
        elif not self._start.done():
            self._start.set_exception(ProcessDied("it was killed"))

    def signs(self) -> Signs:
        """See :class:`~.envoy.Envoy`."""
        return self._lodging.signs() if self._lodging is not None and not self._gone.done() else Signs()

    # -- what the life elsewhere reports -------------------------------------------------------------------------------

    def _on_retire(self, cause: str, estate: str | None) -> None:
        if self._cell.actor is self:
            try:
                self.retire(cause, estate)
            except NotRunning as error:
                self.system.scheduler.loop.call_exception_handler({"message": str(error), "exception": error})

    def _on_harm(self, evidence: Evidence) -> None:
        if self._cell.actor is self:
            note(self._cell, evidence)

    def _on_letter(self, message: Any, ref: Ref[Any], why: str, reason: Reason | None) -> None:
        self.system.dead_letters.add(message, ref, Undelivered(why), reason)

    def _on_event(self, event: Any) -> None:
        if event.__class__ is Blocked:
            event = replace(event, patience=getattr(self.place, "patience", None))
        self.system.events.publish(event)

    # -- hooks of planned death ----------------------------------------------------------------------------------------

    def recall(self, done: Callable[[], None]) -> None:
        """See :class:`~actors.actor.Actor`: what waits there comes back, so that the successor has it in order."""
        self._cell.held = True
        self._recalls.append(done)
        self.endpoint.flush()
        self.endpoint.send([Kind.RECALL])

    def _on_recalled(self, numbers: list[int]) -> None:
        cell, recalls = self._cell, self._recalls
        items = self.road.recalled(numbers)
        self._recalls = []
        if cell.actor is not self or cell.state not in LIVING:
            _put_back(cell.ref._cell, items)
            return
        cell.held = True
        _put_back(cell.ref._cell if cell.box == () else cell, items)
        for done in recalls:
            cell.push(Call(lambda _, done=done: done()))  # type: ignore[misc]
        cell.push(Call(lambda _: self._resume_unless_paused()))

    def _resume_unless_paused(self) -> None:
        if self._cell.actor is self and self.road.has_room:
            self.resume()

    async def manage(self, verb: str, value: Any) -> Any:
        """See :class:`~actors.actor.Actor`; it waits for the life to have begun."""
        try:
            await asyncio.shield(self._start)
        except Exception:
            raise ActorDied(self.ref, self._cell.reason or NOPROC) from None
        return await super().manage(verb, value)

    async def ready(self) -> Any:
        """See :class:`~actors.actor.Actor`."""
        return await self.endpoint.call(Kind.HOOK, "ready", [])

    async def bequeath(self) -> Any:
        """See :class:`~actors.actor.Actor`."""
        return await self.endpoint.call(Kind.HOOK, "bequeath", [])

    async def inherit(self, estate: Any) -> None:
        """See :class:`~actors.actor.Actor`."""
        await self.endpoint.call(Kind.HOOK, "inherit", [estate])

    async def vitals(self) -> Any:
        """See :class:`~actors.actor.Actor`."""
        return await self.endpoint.call(Kind.HOOK, "vitals", [])

    async def repair(self, level: int) -> None:
        """See :class:`~actors.actor.Actor`."""
        await self.endpoint.call(Kind.HOOK, "repair", [level])


def _put_back(place: Cell, items: list[Any]) -> None:
    """Have ``place`` handle these before all others, in their order, the urgent ones in their lane."""
    if place.state in REFUSING:  # the successor, too, is over, and has none
        for item in items:
            place.refuse(item, place.reason)
        return
    plain = []
    for item in reversed(items):
        if place.routes.is_urgent(bare(item).__class__):
            place.push_first(item)
        else:
            plain.append(item)
    place.put_first(plain[::-1])
    if len(plain) < len(items) and place.actor is not None:
        if place.box is None:
            place.open_box()
        place.scheduler.enqueue(place)


def deputise(blueprint: Blueprint) -> Blueprint:
    """The blueprint of the deputy of whoever ``blueprint`` is of."""
    made = stand_in_for(blueprint.cls, Deputy)  # type: ignore[arg-type]  # classes can be hashed
    return Blueprint(made, (replace(blueprint, place=None), blueprint.place), {}, blueprint.mailbox)
