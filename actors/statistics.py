"""A place at one moment, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .envelopes import NOTHING
from .messages import Pid

if TYPE_CHECKING:
    from .cell import Cell


@dataclass(frozen=True, slots=True)
class ActorStatistics:
    """What a place looks like at one moment: messages waiting, stashed and handled (over all lives), and its state.

    ``expired``: deadlines that passed before anybody had begun with the message; ``shed``: messages that a controlled
    mailbox gave up, or asks that a pool's limit refused.  ``dimmer`` is that of a brownout, ``levels`` the messages
    begun at each of its levels.  ``limit`` and ``inflight``: how many asks a pool lets under way, and how many are.
    """

    pid: Pid
    state: str
    mailbox: int
    urgent: int
    stashed: int
    handled: int
    busy: bool
    expired: int = 0
    shed: int = 0
    dimmer: float | None = None
    levels: tuple[int, ...] = ()
    limit: int | None = None
    inflight: int | None = None


def statistics_of(cell: Cell) -> ActorStatistics:
    """The place that ``cell`` is, now."""
    extras = cell.extras
    control = extras.control if extras is not None else None
    underway = cell.actor.underway() if cell.actor is not None and cell.actor.is_stand_in else 0
    ahead = max(0, underway - 1)  # of the one that is in hand there
    return ActorStatistics(
        pid=cell.pid,
        state=cell.state.value,
        mailbox=len(cell.box or ()) + ahead,
        urgent=len(cell.lane or ()),
        stashed=len(extras.stash) if extras is not None else 0,
        handled=cell.handled - ahead,
        busy=cell.hand is not NOTHING or underway > 0,
        expired=extras.expired if extras is not None else 0,
        shed=extras.shed if extras is not None else 0,
        dimmer=control.dimmer if control is not None else None,
        levels=tuple(control.levels) if control is not None else (),
    )
