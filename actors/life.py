"""How a life begins and ends: the start handshake, and the orderly end.

The order at an end: the asker in hand wakes, ``stopping`` runs (not at a kill), and then the life is buried
(:mod:`.burial`).  Source: the Erlang reference manual (*Processes*) and ``gen_server``'s ``terminate``.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from .burial import bury, give_back
from .envelopes import NOTHING, Begin
from .errors import Ignore
from .exits import NORMAL, Crashed, Reason
from .lifecycle import LIVING, Event, State
from .remains import STOPPING

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
    if cell.scheduler.copy is not None:
        leave_copy(cell)
    cell.advance(Event.STARTED)
    cell.scheduler.system.alive += cell.actor.is_counted
    cell.release(in_turn=in_turn)
    extras = cell.extras
    if extras is not None:
        if extras.rejoin is not None:
            rejoin, extras.rejoin = extras.rejoin, None
            rejoin()
        if extras.onlookers and cell.ref._cell is cell:
            for onlooker in tuple(extras.onlookers):
                onlooker.life_began(cell)
    return STARTED


def _not_started(cell: Cell, error: BaseException) -> Outcome:
    leave_copy(cell, error)
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


def leave_copy(cell: Cell, error: BaseException | None = None) -> None:
    """A hook or handler of ``cell`` is done: if this is a copy of the process that it has made, that leaves."""
    copy = cell.scheduler.copy
    if copy is not None and copy.made_in is cell:
        copy.leave(error)


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
            leave_copy(cell, error)
            reason, hand = _doom(cell) or Crashed(crash_of(error)), STOPPING
        leave_copy(cell)
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
        leave_copy(cell, error)
        crash_of(error)
    leave_copy(cell)


def crash_of(error: BaseException) -> BaseException:
    """``error`` as the crash of an actor; what ends the process or closes a coroutine is raised again instead."""
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
        raise error
    return error


def _doom(cell: Cell) -> Reason | None:
    """The deadly signal that came while a hook was suspended, if one did."""
    return cell.doom
