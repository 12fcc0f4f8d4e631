"""Links, monitors and exit signals between two lives.

A link is mutual and at most one a pair; a monitor is one way and stacks.  Both belong to the lives at either end and
are gone with them.  What a signal does on arrival is decided by :func:`actors.exits.judge`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .envelopes import ForLife, Signal
from .exits import NOPROC, Reason
from .lifecycle import LIVING
from .messages import Down

if TYPE_CHECKING:
    from .cell import Cell


class Monitor:
    """What ``monitor()`` returns and every ``Down`` carries: which of one's monitors it was."""

    __slots__ = ("target",)

    def __init__(self, target: Cell) -> None:
        self.target = target

    def __repr__(self) -> str:
        return f"<Monitor of {self.target.name}>"


def link(cell: Cell, other: Cell) -> None:
    """Tie two lives: when one ends, the other gets an exit signal.  One with oneself is nothing; twice is once.

    If the other is not alive, an exit signal ``noproc`` comes back at once.
    """
    if cell is other:
        return
    if other.state not in LIVING:
        cell.more().links[other] = other.incarnation
        cell.push(Signal(NOPROC, other, other.incarnation, linked=True, parent=False))
        return
    cell.more().links[other] = other.incarnation
    other.more().links[cell] = cell.incarnation
    if other.actor.is_stand_in:
        other.actor.linked(cell)


def link_ahead(parent: Cell, cell: Cell) -> None:
    """Link a place to its spawner before its first life begins, so that there is no moment without the link."""
    parent.more().links[cell] = cell.incarnation + 1
    cell.more().links[parent] = parent.incarnation


def unlink(cell: Cell, other: Cell) -> None:
    """Undo a link: no exit signal of it arrives after this."""
    for one, two in ((cell, other), (other, cell)):
        if one.extras is not None and one.extras.links.pop(two, None) is not None and one.actor is not None:
            one.actor.unlinked(two)


def monitor(cell: Cell, other: Cell) -> Monitor:
    """Have a ``Down`` delivered when the life in ``other`` ends; at once, with ``noproc``, if there is none."""
    token = Monitor(other)
    cell.more().monitors[token] = other
    if other.state in LIVING:
        other.more().watchers[token] = (cell, cell.incarnation)
    else:
        cell.put(ForLife(Down(other.ref, other.pid, NOPROC, token), cell.incarnation, token))
    return token


def demonitor(cell: Cell, token: Any) -> bool:
    """End a monitor, with any ``Down`` that is queued already; false if it was over."""
    target = cell.more().monitors.pop(token, None)
    if target is None:
        return False
    if target.extras is not None:
        target.extras.watchers.pop(token, None)
    return True


def send_exit(cell: Cell, reason: Reason, sender: Cell | None = None, *, parent: bool = False) -> None:
    """Send an exit signal.  To a dead actor it means nothing."""
    if cell.state in LIVING:
        incarnation = sender.incarnation if sender is not None else 0
        cell.push(Signal(reason, sender, incarnation, linked=False, parent=parent))
