"""What a life leaves to be looked at: read from its cell in the moment in which it is buried.

It is read at every end of a supervised life, so it makes its value without the constructor of the named tuple, which
takes as long as all the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .envelopes import NOTHING, Envelope, ForLife, bare
from .exits import Remains
from .handlers import routes_of
from .messages import Impulse

if TYPE_CHECKING:
    from .cell import Cell

STOPPING: Any = object()
"""In the place of a message: it was in ``stopping``."""

_make = tuple.__new__


def remains_of(cell: Cell, hand: Any) -> Remains:
    """The remains of the life that ends in ``cell`` with ``hand`` in hand."""
    message = handler = by = None
    linked = False
    if hand is STOPPING:
        handler = f"{cell.blueprint.cls.__qualname__}.stopping"
    elif hand is not NOTHING:
        kind = hand.__class__
        if kind is Envelope or kind is ForLife:
            hand = bare(hand)
            kind = hand.__class__
        if kind is Impulse:
            message, function = hand.name, hand.method
        else:
            stands_for = getattr(cell.blueprint.cls, "stands_for", None)
            routes = cell.routes if stands_for is None else routes_of(stands_for)
            message, function = kind.__name__, routes.table.get(kind)
        handler = getattr(function, "__qualname__", None) or f"{cell.blueprint.cls.__qualname__}.unhandled"
    extras = cell.extras
    if extras is not None and extras.remains is not None:
        told, extras.remains = extras.remains, None
        return told
    if extras is not None and extras.deadly is not None:
        signal, extras.deadly = extras.deadly, None
        if signal.sender is not None:
            by, linked = signal.sender.name, signal.linked
    waiting = cell.box
    mailbox = len(waiting) if waiting else 0
    return _make(Remains, (message, handler, cell.handled - cell.born, mailbox, by, linked, None))
