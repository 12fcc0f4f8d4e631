"""What a life that is over releases, and who is told of it, in which order.

Timers, names and groups are released first; only then are links, monitors, the supervisor and whoever waits told, so
nobody who hears of a death finds its name taken.  Source: the Erlang reference manual (*Processes*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .envelopes import LIFE_ITEMS, NOTHING, ChildEnded, Envelope, ForLife, Manage, Signal
from .errors import ActorDied
from .exits import Reason
from .lifecycle import LIVING, Event, State
from .links import unlink
from .messages import Down, Undelivered
from .remains import remains_of

if TYPE_CHECKING:
    from .cell import Cell


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
        if why is Undelivered.IN_HAND and not hand.is_told:
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
        cell.scheduler.system.alive -= cell.blueprint.cls.is_counted
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
    for onlooker in tuple(extras.onlookers):
        onlooker.life_ended(cell, reason)


def rest(cell: Cell) -> None:
    """No successor is planned: refuse messages until somebody starts a life here again.  Places below rest too."""
    cell.advance(Event.REST)
    cell.seal(cell.reason)
    for onlooker in tuple(cell.extras.onlookers) if cell.extras else ():
        onlooker.place_rested(cell)
    for place in tuple(cell.extras.places.values()) if cell.extras else ():
        if place.state not in LIVING:
            rest(place)


def close(cell: Cell) -> None:
    """Nobody will ever live here again.  Places below close too."""
    cell.advance(Event.CLOSE)
    cell.seal(cell.reason)
    cell.scheduler.system.forget(cell)
    if cell.extras:
        for onlooker in tuple(cell.extras.onlookers):
            onlooker.place_closed(cell)
        for place in (*cell.extras.places.values(), *cell.extras.wards):
            if place.state in LIVING:
                cell.scheduler.system.adopt(place)
            elif place.state is not State.CLOSED:
                close(place)
