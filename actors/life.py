"""How a life begins and ends: the start handshake, the orderly end, and what is released and told, in which order.

The order at an end: the asker in hand wakes, ``stopping`` runs (not at a kill), timers, names and groups are released,
and only then are links, monitors, the supervisor and whoever waits told.  Source: the Erlang reference manual
(*Processes*) and ``gen_server``'s ``terminate``.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from .envelopes import LIFE_ITEMS, NOTHING, Begin, ChildEnded, Envelope, ForLife, Manage, Signal
from .errors import ActorDied, Ignore
from .exits import NORMAL, Crashed, Reason
from .lifecycle import LIVING, Event, State
from .links import unlink
from .messages import Down, Undelivered
from .remains import STOPPING, remains_of

if TYPE_CHECKING:
    from .cell import Cell
    from .pulse import Pulse


WILL_GRACE = 1.0
"""Seconds that ``bequeath()`` of a life that has crashed may take; then it leaves nothing."""


class Outcome:
    """What became of a start: ``reason`` is ``None`` for a life that began; ``ignored`` says it was not needed."""

    __slots__ = ("ignored", "pending", "reason")

    def __init__(self, reason: Reason | None = None, *, ignored: bool = False, pending: bool = False) -> None:
        self.reason = reason
        self.ignored = ignored
        self.pending = pending


STARTED = Outcome()
IGNORED = Outcome(ignored=True)
PENDING = Outcome(pending=True)

OnStart = Callable[["Cell", Any], None]


def start(cell: Cell, on_start: OnStart | None = None) -> Outcome:
    """Begin a life in ``cell``.

    Returns how it went if that is known at once, else ``PENDING``; then ``on_start`` is called with the outcome.
    A constructor and a ``started()`` that is not ``async`` run here and now, in the new actor's own context.
    """
    cell.advance(Event.START)
    cell.incarnation += 1
    cell.born = cell.handled
    cell.reason = cell.doom = None
    cell.interrupted = cell.brutal = False
    cell.hold()
    cell.context = cell.scheduler.context.copy()
    if cell.routes.starts_async or (_is_heir(cell) and inspect.iscoroutinefunction(cell.blueprint.cls.inherit)):
        cell.more().on_start = on_start
        cell.push_first(Begin())
        cell.scheduler.enqueue(cell)
        return PENDING
    outcome = cell.context.run(_begin_now, cell)
    if outcome.pending:
        cell.more().on_start = on_start
    return outcome


def _construct(cell: Cell) -> Any:
    blueprint = cell.blueprint
    actor = blueprint.cls.__new__(blueprint.cls)
    actor._cell = cell
    cell.actor = actor
    actor.__init__(*blueprint.args, **blueprint.kwargs)  # type: ignore[misc]
    return actor


def _begin_now(cell: Cell) -> Outcome:
    try:
        actor = _construct(cell)
        if "started" in cell.routes.overridden:
            result = actor.started()
            if result.__class__ is CoroutineType:
                result.close()
                raise TypeError(f"{type(actor).__name__}.started returned a coroutine; declare it with 'async def'")
        if _is_heir(cell):
            actor.inherit(_estate(cell))
        if cell.routes.senses:
            actor.contact.feel()
    except (KeyboardInterrupt, SystemExit, GeneratorExit) as error:
        _not_started(cell, error)
        raise
    except BaseException as error:
        return _not_started(cell, error)
    if cell.extras is not None and cell.extras.late:
        if cell.lane:
            cell.scheduler.enqueue(cell)
        return PENDING
    return _started(cell, in_turn=False)


async def begin(cell: Cell) -> None:
    """The start handshake of a class whose ``started`` is ``async``; runs in a fiber."""
    life = cell.incarnation
    failure: BaseException | None = None
    try:
        actor = _construct(cell)
        result = actor.started()
        if result.__class__ is CoroutineType:
            await result
        if _is_heir(cell):
            result = actor.inherit(_estate(cell))
            if result.__class__ is CoroutineType:
                await result
        if cell.routes.senses:
            actor.contact.feel()
    except BaseException as error:
        failure = crash_of(error)
    if cell.incarnation == life and cell.state is State.STARTING:  # else it was abandoned, and has ended at last
        report(cell, _started(cell) if failure is None else _not_started(cell, failure))


def _is_heir(cell: Cell) -> bool:
    """Whether something was left to the life that starts here."""
    return cell.extras is not None and cell.extras.estate is not NOTHING


def _estate(cell: Cell) -> Any:
    """What was left; nobody inherits it twice, lest it fail every start."""
    extras = cell.more()
    estate, extras.estate = extras.estate, NOTHING
    return estate


def _started(cell: Cell, *, in_turn: bool = True) -> Outcome:
    cell.advance(Event.STARTED)
    cell.scheduler.system.alive += 1
    cell.release(in_turn=in_turn)
    extras = cell.extras
    if extras is not None and extras.rejoin is not None:
        rejoin, extras.rejoin = extras.rejoin, None
        rejoin()
    return STARTED


def _not_started(cell: Cell, error: BaseException) -> Outcome:
    ignored = isinstance(error, Ignore)
    reason = cell.doom or (NORMAL if ignored else Crashed(error))
    bury(cell, reason)
    return IGNORED if ignored else Outcome(reason)


def report(cell: Cell, outcome: Outcome) -> None:
    """Tell whoever started this life how it went."""
    extras = cell.more()
    on_start, extras.on_start = extras.on_start, None
    if on_start is not None:
        on_start(cell, outcome)


def leave(cell: Cell, error: BaseException) -> None:
    """What ends the process left a hook of this actor: this life is over, and the error goes on to the loop."""
    starting = cell.state is State.STARTING
    if cell.state is State.RUNNING:
        cell.advance(Event.END)
    if cell.state in LIVING:
        hand = cell.hand
        if hand is not NOTHING:
            give_back(cell, hand, Crashed(error))
        bury(cell, Crashed(error), hand)
    if starting:
        report(cell, Outcome(Crashed(error)))


def start_later(cell: Cell) -> None:
    """Called within ``started()``: the start is not over when it returns, but when :func:`acknowledge` is called.

    Until then the urgent lane is attended to and ordinary messages wait (OTP's ``init_ack``).
    """
    cell.more().late = True


def acknowledge(cell: Cell, reason: Reason | None = None) -> None:
    """End a start that was made late: the life has begun, or has failed for ``reason``."""
    cell.more().late = False
    if reason is None:
        report(cell, _started(cell))
    else:
        bury(cell, reason)
        report(cell, Outcome(reason))


async def end(cell: Cell, reason: Reason, hand: Any = NOTHING, *, hooks: bool = True) -> None:
    """End the life in ``cell`` for ``reason``; ``hand`` is the message it held; ``hooks=False`` is a kill."""
    if cell.state is State.STARTING:
        if hand is not NOTHING:
            give_back(cell, hand, reason)
        acknowledge(cell, reason)
        return
    life = cell.incarnation
    cell.advance(Event.END)
    cell.held = True
    if hand is not NOTHING:
        give_back(cell, hand, reason)
    if hooks and isinstance(reason, Crashed) and cell.extras is not None and cell.extras.pulse is not None:
        await _last_will(cell, cell.extras.pulse)
    if cell.incarnation == life and hooks and "stopping" in cell.routes.overridden:
        cell.doom = None
        cell.interrupted = cell.brutal = False
        try:
            result = cell.actor.stopping(reason)
            if result.__class__ is CoroutineType:
                with cell.scheduler.bounded_stop(cell):
                    await result
        except BaseException as error:
            reason, hand = _doom(cell) or Crashed(crash_of(error)), STOPPING
    if cell.incarnation == life and cell.state is State.STOPPING:  # else it was abandoned, and has ended at last
        bury(cell, reason, hand)


async def _last_will(cell: Cell, pulse: Pulse) -> None:
    """Keep what a watched life that has crashed would leave; whether anybody inherits it is the supervisor's choice."""
    if not {"bequeath", "inherit"} <= cell.routes.overridden:
        return
    try:
        result = cell.actor.bequeath()
        if result.__class__ is CoroutineType:
            async with asyncio.timeout(WILL_GRACE):
                result = await result
        pulse.estate = result
    except BaseException as error:
        crash_of(error)


def crash_of(error: BaseException) -> BaseException:
    """``error`` as the crash of an actor; what ends the process or closes a coroutine is raised again instead."""
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
        raise error
    return error


def _doom(cell: Cell) -> Reason | None:
    """The deadly signal that came while a hook was suspended, if one did."""
    return cell.doom


def give_back(cell: Cell, hand: Any, reason: Reason) -> None:
    """Decide about the message in hand at a death: hand it out again, quarantine it, or report it."""
    if hand.__class__ is ForLife:
        return
    deaths = getattr(hand, "deaths", 0) + 1 if hand.__class__ is Envelope else 1
    limit = cell.blueprint.mailbox.redeliver
    crashed = not reason.is_clean and not cell.brutal
    place = cell.ref._cell  # of the successor, if there is one already
    if crashed and deaths < limit and place.owner is not None:
        if hand.__class__ is not Envelope:
            hand = Envelope(hand)
        hand.deaths = deaths
        if hand.is_stale:
            return
        if cell.routes.is_urgent(hand.message.__class__):
            place.push_first(hand)
        else:
            place.put_first([hand])
        return
    why = Undelivered.QUARANTINED if crashed and limit and deaths >= limit else Undelivered.IN_HAND
    if why is Undelivered.QUARANTINED:
        cell.scheduler.system.quarantined(cell, hand, deaths, reason)
        if cell.extras is not None and cell.extras.pulse is not None:
            cell.extras.pulse.is_poisoned = True
    if hand.__class__ is Envelope and hand.future is not None:
        hand.fail(ActorDied(cell.ref, reason, cell.pid))
        if why is Undelivered.IN_HAND:
            return
        hand = hand.message
    elif hand.__class__ is Envelope:
        hand = hand.message
    cell.scheduler.system.dead_letters.add(hand, cell.ref, why, reason)


def bury(cell: Cell, reason: Reason, hand: Any = NOTHING) -> None:
    """The life in ``cell`` is over, with ``hand`` in hand: release what it held, then tell those who have to know."""
    began = cell.state is not State.STARTING
    incarnation = cell.incarnation
    cell.actor = cell.doom = None
    cell.hand = NOTHING
    cell.interrupted = cell.brutal = False
    cell.held = True
    cell.reason = reason
    cell.context = cell.scheduler.context
    cell.advance(Event.ENDED)
    if began:
        cell.scheduler.system.alive -= 1
    elif cell.parent is not None:
        unlink(cell.parent, cell)  # its starter is told by the failure itself
    if cell.lane:
        for _ in range(len(cell.lane)):
            item = cell.lane.popleft()
            if item.__class__ not in LIFE_ITEMS:
                cell.lane.append(item)
            elif item.__class__ is Manage:
                item.fail(reason)
            elif item.__class__ is ForLife:  # from continue_with(): it was this life's next thing to do
                cell.scheduler.system.dead_letters.add(item.message, cell.ref, Undelivered.DEAD, reason)
    extras = cell.extras
    if extras is not None:
        _release(cell, reason)
    owner = cell.owner
    orphan = owner is not None and owner._cell.actor is not owner
    if owner is None:
        close(cell)
    elif orphan and cell.parent is not None:
        if cell.parent.state is State.CLOSED:
            close(cell)
        elif cell.parent.state is State.RESTING:
            rest(cell)
    if extras is not None:
        _tell(cell, reason, incarnation)
    if owner is not None and began:
        ended = ChildEnded(cell, incarnation, reason, remains_of(cell, hand))
        if orphan:
            owner.child_orphaned(ended)
        else:
            owner._cell.push(ended)


def _release(cell: Cell, reason: Reason) -> None:
    extras = cell.extras
    assert extras is not None
    extras.late = extras.suspended = extras.paused = False
    for item in reversed(extras.parked):
        if item.__class__ is Manage:
            item.fail(reason)
        elif item.__class__ is ForLife:
            cell.scheduler.system.dead_letters.add(item.message, cell.ref, Undelivered.DEAD, reason)
        else:
            cell.push_first(item)
    extras.parked.clear()
    for timer in tuple(extras.timers):
        timer.cancel()
    extras.timers.clear()
    cell.scheduler.system.registry.release(cell)
    for envelope in tuple(extras.deferred):
        envelope.fail(ActorDied(cell.ref, reason, cell.pid))
    extras.deferred.clear()
    for watched, target in extras.monitors.items():
        if target.extras is not None:
            target.extras.watchers.pop(watched, None)
    extras.monitors.clear()
    if extras.stash:
        cell.put_first(extras.stash)
        extras.stash = []


def _tell(cell: Cell, reason: Reason, incarnation: int) -> None:
    extras = cell.extras
    assert extras is not None
    links, extras.links = extras.links, {}
    serves = cell.ref._cell is cell
    for linked in links:
        if not serves and linked.parent is not cell:  # a successor that never served, a predecessor that was replaced
            unlink(linked, cell)
            continue
        linked.push(Signal(reason, cell, incarnation, linked=True, parent=False))
    watchers, extras.watchers = extras.watchers, {}
    for monitor, (watcher, life) in watchers.items():
        watcher.put(ForLife(Down(cell.ref, cell.pid, reason, monitor), life, monitor))
    for place in (*extras.places.values(), *extras.wards):
        if place.state in LIVING:  # nobody is left to limit its stop
            place.push(Signal(reason, cell, incarnation, linked=True, parent=True))
            cell.scheduler.kill_later(place)
    enders, extras.enders = extras.enders, []
    for ender in enders:
        ender(reason)


def rest(cell: Cell) -> None:
    """No successor is planned: refuse messages until somebody starts a life here again.  Places below rest too."""
    cell.advance(Event.REST)
    cell.seal(cell.reason)
    for place in tuple(cell.extras.places.values()) if cell.extras else ():
        if place.state not in LIVING:
            rest(place)


def close(cell: Cell) -> None:
    """Nobody will ever live here again.  Places below close too."""
    cell.advance(Event.CLOSE)
    cell.seal(cell.reason)
    cell.scheduler.system.forget(cell)
    if cell.extras:
        for place in (*cell.extras.places.values(), *cell.extras.wards):
            if place.state in LIVING:
                cell.scheduler.system.adopt(place)
            elif place.state is not State.CLOSED:
                close(place)
