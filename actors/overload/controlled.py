"""The ref of a place whose mailbox is controlled: what it sends travels with a ticket that says since when."""

from __future__ import annotations

from typing import Any

from actors.asking import ask_by
from actors.cell import ACCEPTED, Accepted, Waiting
from actors.envelopes import NEVER, Ticket
from actors.ref import P_contra, PriorityRef

from .admission import control_of


class ControlledRef(PriorityRef[P_contra]):
    """Puts a message at the head of a queue that stands, else at its end; urgent ones go to their lane as ever."""

    __slots__ = ()

    def tell(self, message: P_contra) -> Accepted | Waiting:
        return self._post(message)

    async def _ask(self, message: Any, timeout: float | None, due: float = NEVER) -> Any:
        deliver = self._push if self._cell.routes.is_urgent(message.__class__) else self._enter
        return await ask_by(self, deliver, message, timeout, due)

    def _post(self, item: Any) -> Accepted | Waiting:
        return self._push_told(item) or self._enter(item)

    def _enter(self, item: Any, limited: bool = True) -> Accepted | Waiting:
        cell = self._cell
        scheduler, box = cell.scheduler, cell.box
        now = scheduler.wall()
        ticket = item if item.__class__ is Ticket else Ticket(item, now)
        control = control_of(cell)
        if box is None:
            if control is not None:
                control.queue.empty(now)
            scheduler.wake(cell, ticket)
        elif limited and len(box) >= cell.limit:
            return cell.overflow(ticket)
        elif control is not None and control.queue.is_lifo(now):
            box.appendleft(ticket)
        else:
            box.append(ticket)
        return ACCEPTED

    def _take(self, item: Any) -> None:
        self._enter(item, limited=False)
