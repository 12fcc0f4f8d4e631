"""What happens to a message that travels with a ticket, when its turn comes: begun, shed, or too late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.envelopes import NOTHING, Envelope, Ticket, bare
from actors.errors import Overloaded
from actors.messages import Undelivered

from .control import Control

if TYPE_CHECKING:
    from actors.cell import Cell

SHED_AT_ONCE = 64
"""Overdue messages shed in one turn: more than come in one, and few enough not to hold the loop."""


def control_of(cell: Cell) -> Control | None:
    """The control of a place, made now if its mailbox is to have one."""
    extras = cell.extras
    control = extras.control if extras is not None else None
    if control is None and cell.blueprint.mailbox.control is not None:
        scheduler = cell.scheduler
        control = Control(cell.blueprint.mailbox, cell.routes.top, scheduler.system.rng, scheduler.wall())
        cell.more().control = control
    return control


def admit(cell: Cell, ticket: Ticket) -> Any:
    """The message or envelope to begin with now, or ``NOTHING``: then it is accounted for."""
    item, scheduler = ticket.item, cell.scheduler
    begin = True
    if item.__class__ is Envelope:
        if item.future is None and item.deadline <= scheduler.loop.time():
            begin = False
            cell.more().expired += 1
            scheduler.system.dead_letters.add(item.message, cell.ref, Undelivered.EXPIRED)
        elif item.is_stale:
            begin = False
    control = control_of(cell)
    if control is not None:
        now = scheduler.wall()
        if control.queue.is_lifo(now):
            _shed_overdue(cell, control, now)
        if begin and not control.admit(now - ticket.at, now, len(cell.box)):
            begin = False
            shed(cell, ticket, now)
    if begin:
        return item
    cell.handled -= 1  # the driver counted it when it took it out
    return NOTHING


def _shed_overdue(cell: Cell, control: Control, now: float) -> None:
    """The newest is served first, so those at the other end would wait for ever: shed them as they fall due."""
    box = cell.box
    for _ in range(SHED_AT_ONCE):
        if not box:
            return
        last = box[-1]
        if last.__class__ is not Ticket:  # of the engine, or handed out again: it is not to be overtaken for ever
            box.rotate(1)
            return
        if not control.overdue(last.at, now):
            return
        box.pop()
        shed(cell, last, now)
        if cell.senders:
            cell.admit()


def shed(cell: Cell, ticket: Ticket, now: float) -> None:
    """Tell a message's asker, or the dead letters, that there is no time for it."""
    item = ticket.item
    if item.__class__ is Envelope and item.future is not None:
        if item.future.done():
            return
        item.fail(Overloaded(cell.ref, f"the message waited {now - ticket.at:.3f} s"))
    else:
        cell.scheduler.system.dead_letters.add(bare(item), cell.ref, Undelivered.SHED)
    cell.more().shed += 1
