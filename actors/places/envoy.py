"""Who stands here for a place elsewhere: behind an ordinary ref, and as the life that others link and monitor.

An envoy's cell is a place of its own with a mailbox; its lives begin and end as those of the place elsewhere do, with
the same numbers and reasons.  What it is told goes on over the link, a window of messages at a time; what waits for
room waits in its mailbox, under that one's policy.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from actors.actor import Actor
from actors.envelopes import LIFE_ITEMS, NEVER, NOTHING, Ending, Envelope, ForLife, Signal, Ticket, held
from actors.exits import KILL, Reason
from actors.handlers import Routes, routes_of
from actors.messages import Impulse
from actors.signs import Signs

from .frames import Kind
from .manage import named
from .relations import Mark
from .road import Road

if TYPE_CHECKING:
    from actors.cell import Cell

    from .endpoint import Endpoint

APART = LIFE_ITEMS | {Envelope, Ticket, Impulse}
"""What is looked at one by one when it is passed on."""

PLANNED = ("ready", "bequeath", "inherit", "vitals", "repair")
"""Hooks that are called only in classes that have them."""


class Envoy(Actor):
    """See the module's text.  ``road``: where its messages go; ``endpoint``: over which link."""

    is_stand_in = True
    is_counted = False
    waited_until = 0.0
    """Until when its life elsewhere could not begin, by no fault of its own, by the loop's clock; infinity: it cannot
    yet.  The limit of its start counts from then."""

    def __init__(self, endpoint: Endpoint, road: Road) -> None:
        self.endpoint = endpoint
        self.road = road

    def pass_on(self, message: Any) -> None:
        """Send the message in hand on; what comes of it is heard later.  The handler of every message."""
        cell, road = self._cell, self.road
        hand, cell.hand = cell.hand, NOTHING
        is_question, left = False, None
        if hand.__class__ is Envelope:
            is_question = hand.future is not None and not hand.is_told
            if hand.deadline is not NEVER:
                left = max(0.0, hand.deadline - cell.scheduler.loop.time())
        else:
            hand = message
        is_clean = not road.is_dirty
        if not road.add(hand, message, is_question, left) or self.endpoint.is_full():
            cell.held = True
        elif cell.box and not cell.held:
            self._pass_on_all()
            if not road.has_room:
                cell.held = True
        if is_clean and cell.box and not cell.held:
            self.endpoint.dirty(road)  # the rest goes in the same frame
        elif is_clean:
            self.endpoint.send_on(road)

    def _pass_on_all(self) -> int:
        """Send on what waits and needs no company, as far as there is room; how much that is."""
        cell = self._cell
        count = self.road.add_all(cell.box, APART)
        cell.handled += count
        if cell.senders:
            cell.admit()
        return count

    def carry_on(self) -> bool:
        """The same, where the road was full for what a turn may bring and is not any more; false if that is nothing."""
        cell = self._cell
        return bool(cell.box) and not cell.lane and self._is_waiting() and self._pass_on_all() > 0

    def pass_mark(self, mark: Mark) -> None:
        """What came before the mark is on its way."""
        self._cell.handled -= 1
        self.endpoint.mark(self.road.target, mark)

    def drain(self, *, within: bool = False) -> None:
        """Send on all that waits, whatever the window; or what may go ``within`` it."""
        cell = self._cell
        while (cell.box or cell.senders) and not (within and cell.held):
            if not cell.box:
                cell.admit()
                if not cell.box:
                    break
            item = cell.box.popleft()
            message = held(item)
            if message.__class__ is Envelope and message.is_stale:
                continue
            cell.hand = message
            message = message.message if message.__class__ in (Envelope, ForLife) else message
            if message.__class__ is Mark:
                self.endpoint.mark(self.road.target, message)
            else:
                self.pass_on(message)

    def resume(self) -> None:
        """There is room on the road again."""
        if self._is_waiting():
            self._cell.release()

    def end_first(self, reason: Reason, hand: Any = NOTHING) -> None:
        """End before anything else: whatever waits, urgent or not, has no way to go any more and stays here."""
        cell = self._cell
        if cell.box is None:
            cell.open_box()
        cell.held = True
        cell.push_first(Ending(reason, hand, brutal=True))
        cell.scheduler.enqueue(cell)

    def _is_waiting(self) -> bool:
        """Whether it waits for room, and for nothing else: not for its turn to serve, nor has it been replaced."""
        cell, extras = self._cell, self._cell.extras
        if not cell.held or cell.actor is not self or cell.ref._cell is not cell:
            return False
        return extras is None or not (extras.suspended or extras.paused)

    def signs(self) -> Signs | None:
        """What is seen of the life that this one stands for; see :func:`actors.checkup.signs`."""
        return None

    def underway(self) -> int:
        """See :class:`~actors.actor.Actor`."""
        return self.road.underway

    def signalled(self, signal: Signal) -> None:
        """See :class:`~actors.actor.Actor`."""
        if signal.parent:  # its system is left: nothing happens to the life elsewhere
            self._cell.push(Ending(signal.reason, NOTHING, brutal=True))
        elif signal.reason == KILL and not signal.linked:
            self.endpoint.stop(self.road.target, signal.reason)
        else:
            self.endpoint.signal(self.road.target, signal)

    def linked(self, other: Cell) -> None:
        """See :class:`~actors.actor.Actor`."""
        self.endpoint.tie(self.road.target, other.ref, is_on=True)

    def unlinked(self, other: Cell) -> None:
        """See :class:`~actors.actor.Actor`."""
        self.endpoint.tie(self.road.target, other.ref, is_on=False)

    def withdrawn(self, envelope: Envelope) -> None:
        """See :class:`~actors.actor.Actor`."""
        number = self.road.number_of(envelope)
        if number is not None:
            self.endpoint.flush()
            self.endpoint.send([Kind.WITHDRAW, self.road.target, number])

    async def manage(self, verb: str, value: Any) -> Any:
        """See :class:`~actors.actor.Actor`."""
        return await self.endpoint.call(Kind.MANAGE, self.road.target, verb, named(verb, value))

    def end_later(self, reason: Reason, *, brutal: bool = False) -> bool:
        """Whoever stops the stand-in means the life elsewhere; the stand-in ends when that has."""
        if brutal or self.endpoint.is_over(self.road.target):
            return False
        self._cell.doom = None  # it is told, once
        self.endpoint.stop(self.road.target, reason)
        return True


@cache
def stand_in_for(cls: type[Actor], base: type[Envoy]) -> type[Envoy]:
    """The class of stand-ins, of kind ``base``, for actors of ``cls``: with its name, and its urgent messages."""
    namespace: dict[str, Any] = {"__qualname__": cls.__qualname__, "__module__": cls.__module__, "__doc__": cls.__doc__}
    namespace["stands_for"] = cls
    namespace |= {hook: getattr(Actor, hook) for hook in PLANNED if getattr(cls, hook) is getattr(Actor, hook)}
    made: type[Envoy] = type(cls.__name__, (base,), namespace)
    theirs, own = routes_of(cls), routes_of(base)
    table: dict[type, Any] = dict.fromkeys(theirs.table, Envoy.pass_on)
    table |= {object: Envoy.pass_on, Impulse: own.table[Impulse], Mark: Envoy.pass_mark}
    overridden = own.overridden | (theirs.overridden - {"receive", "unhandled", "exited", "down", "stopping"})
    made._routes = Routes(made, table, theirs.priority, overridden)
    return made
