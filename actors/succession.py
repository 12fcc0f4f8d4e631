"""Two lives at one place for a moment: how a successor is started beside a life, and takes the place over.

A ref names a place by pointing to its cell.  The successor grows in a cell of its own, the *bud*, with the next
incarnation and the same ref; messages wait there until :meth:`Succession.switch` points the ref to it and moves what
waited in the old cell, all in one synchronous step.  So nobody ever finds the place empty, and nothing can be lost,
doubled or reordered between two instructions.  The old cell keeps its life, its timers and the message in hand, and is
closed when :meth:`Succession.retire` has ended that life.

What goes along: mailbox, urgent messages, management calls, what ``continue_with`` put off, stash, waiting senders,
names, groups, the links of others, and notices of their ends.  What stays and ends with the old life: its timers, its
monitors, its deferred answers (it is given time to give them), actors it spawned linked.  Who monitors it is told of
its end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from . import life
from .cell import CLOSED_BOX, Cell
from .elsewhere import here
from .envelopes import LIFE_ITEMS, Call, ForLife, Hook, Manage, Signal, Stop, Ticket
from .exits import KILL, SHUTDOWN, Apoptosis, Reason
from .handlers import routes_of
from .lifecycle import LIVING, State
from .links import send_exit, unlink
from .pulse import Pulse, attach

if TYPE_CHECKING:
    from .actor import Actor
    from .blueprint import Blueprint
    from .ref import Ref

Done = Callable[[Any, BaseException | None], None]

DISCARD_GRACE = 1.0
"""Seconds that a successor which never served has to stop."""


class Succession:
    """One attempt to put a successor in the place of the life behind ``ref``, as life ``number``; for the supervisor
    ``owner``.  ``blueprint``: what it is made from, ``None``: the same as the life that is there; its class must be the
    same, its place may be another one.
    """

    def __init__(self, owner: Actor, ref: Ref[Any], number: int, blueprint: Blueprint | None = None) -> None:
        self._owner = owner
        self._keeper = owner._cell
        self._old = old = ref._cell
        self._life = old.incarnation
        self._paused_at: float | None = None
        self._ended: Callable[[Reason], None] | None = None
        plan = old.blueprint if blueprint is None else here(blueprint)
        routes = old.routes if plan.cls is old.blueprint.cls else routes_of(plan.cls)
        self._bud = bud = Cell(old.scheduler, plan, routes, old.label, old.parent)
        bud.ref = old.ref
        bud.incarnation = number - 1

    # -- the successor -------------------------------------------------------------------------------------------------

    def start(
        self, pulse: Pulse | None, started: Callable[[Reason | None, bool], None], ended: Callable[[Reason], None]
    ) -> None:
        """Start the successor, watched by ``pulse`` if there is one.

        ``started`` is told the reason of a failed start or ``None``, and whether it was not needed; ``ended`` of its
        end, whenever that comes.
        """
        bud = self._bud
        self._keeper.more().wards[bud] = None
        attach(bud, pulse, bud.scheduler.blocked_after)
        self._ended = ended
        bud.more().enders.append(ended)

        def outcome(_: Cell, result: life.Outcome) -> None:
            if result.reason is None and not result.ignored:
                bud.hold()  # it lives; messages come with the switch
            started(SHUTDOWN if result.ignored else result.reason, result.ignored)

        result = life.start(bud, outcome)
        if not result.pending:
            outcome(bud, result)

    def ask_successor(self, hook: str, args: tuple[Any, ...], done: Done) -> None:
        """Call a hook of the successor in its turn."""
        if self._bud.state is State.RUNNING:
            self._bud.push(Hook(hook, args, done))

    def await_predecessor(self, done: Callable[[], None]) -> None:
        """Tell ``done``, in its turn, when the life that is there is between two messages."""
        if self.is_possible and self._old.actor.is_stand_in:
            self._old.actor.recall(done)
        elif self.is_possible:
            self._old.push(Call(lambda _: done()))

    def ask_predecessor(self, hook: str, done: Done) -> None:
        """Call a hook of the life that is there, at once: it is between two messages, and its turn."""
        if self.is_possible:
            self._old.push_first(Hook(hook, (), done))

    @property
    def retiring(self) -> tuple[str, str | None] | None:
        """Cause and estate, if the successor has asked for its own replacement already."""
        return self._bud.more().retiring

    # -- the place -----------------------------------------------------------------------------------------------------

    @property
    def is_possible(self) -> bool:
        """Whether the life that is to be replaced is still the one that serves, and its supervisor there."""
        old = self._old
        serves = old.ref._cell is old and old.state is State.RUNNING and old.incarnation == self._life
        return serves and old.owner is self._owner and self._keeper.actor is self._owner

    def pause(self) -> None:
        """The predecessor is between two messages: it begins no other one, not even an urgent one."""
        self._old.more().paused = True
        self._paused_at = self._old.scheduler.wall()
        self._old.hold()

    def resume(self) -> None:
        """The replacement came to nothing: the predecessor goes on."""
        old = self._old
        extras = old.more()
        if not extras.paused or old.incarnation != self._life:
            return
        extras.paused = False
        self._excuse(old.box or ())
        parked, extras.parked = extras.parked, []
        for item in reversed(parked):
            old.push_first(item)
        if old.state is State.RUNNING and old.ref._cell is old:
            if extras.suspended:
                old.scheduler.enqueue(old)
            else:
                old.release()

    def switch(self) -> int:
        """The successor serves from here on; returns how many messages went over to it.

        The caller has seen that :attr:`is_possible`, and that the successor lives.
        """
        old, bud, wards, places = self._old, self._bud, self._keeper.more().wards, self._keeper.more().places
        self._move_links()
        moved = self._move_messages()
        bud.handled += old.handled
        bud.born += old.handled
        bud.owner, old.owner = self._owner, None
        wards.pop(bud, None)
        wards[old] = None
        key = old.name.rpartition("/")[2]
        if places.get(key) is old:
            places[key] = bud
        bud.more().predecessor = old
        old.scheduler.system.registry.move(old, bud)
        old.scheduler.system.hand_over(old, bud)
        old.ref._cell = bud
        bud.more().onlookers, old.more().onlookers = old.more().onlookers, {}
        for onlooker in tuple(bud.more().onlookers):
            onlooker.life_began(bud)
        bud.held = bud.more().suspended
        bud.scheduler.enqueue(bud)
        bud.admit()
        return moved

    def _move_messages(self) -> int:
        old, bud = self._old, self._bud
        extras, heir = old.more(), bud.more()
        box, lane = (*extras.stash, *(old.box or ())), (*extras.parked, *(old.lane or ()))
        waiting = [self._readdressed(item) for item in box if _goes_along(item)]
        self._excuse(waiting)
        urgent = [self._readdressed(item) for item in lane if _goes_along(item)]
        if old.lane:
            kept = [item for item in old.lane if not _goes_along(item)]
            old.lane.clear()
            old.lane.extend(kept)
        old.box, old.limit, old.held = CLOSED_BOX, 0, True
        extras.paused, extras.stash, extras.parked = False, [], []
        if extras.deferred:  # it still owes answers, and may give them when its ticks and notices come
            for item in box:
                if item.__class__ is ForLife and not _goes_along(item):
                    old.push(item)
        bud.put_first(waiting)
        for item in urgent:
            bud.push(item)
        bud.senders, old.senders = old.senders, None
        heir.suspended, heir.withdrawn = extras.suspended, heir.withdrawn + extras.withdrawn
        heir.control, heir.expired, heir.shed = extras.control, extras.expired, extras.shed
        return sum(item.__class__ not in LIFE_ITEMS for item in (*waiting, *urgent))

    def _excuse(self, waiting: Iterable[Any]) -> None:
        """The time in which nobody began a message does not count as time that they waited in a controlled mailbox."""
        if self._paused_at is None:
            return
        now = self._old.scheduler.wall()
        for item in waiting:
            if item.__class__ is Ticket:
                item.at = min(now, item.at + now - self._paused_at)
        control = self._old.more().control
        if control is not None:
            control.queue.excuse(now)
        self._paused_at = None

    def _readdressed(self, item: Any) -> Any:
        return ForLife(item.message, self._bud.incarnation) if item.__class__ is ForLife else item

    def _move_links(self) -> None:
        old, bud = self._old, self._bud
        for other in tuple(old.more().links):
            if other.parent is old:  # spawned by the old life: it ends with it
                continue
            life = old.more().links[other]
            unlink(old, other)
            if other is not bud:
                bud.more().links[other] = life  # of one that has just died, too: word of it is on its way
                if other.state in LIVING:
                    other.more().links[bud] = bud.incarnation

    # -- the end of one of the two -------------------------------------------------------------------------------------

    def retire(self, cause: str, grace: float, ended: Callable[[int, Reason], None]) -> None:
        """End the predecessor: the message in hand, the answers it owes, ``stopping``; ``grace`` seconds for all.

        ``ended`` is told which life has ended, and why.
        """
        old = self._old
        reason = Apoptosis(cause)
        timer = None
        if not math.isinf(grace):
            timer = old.scheduler.loop.call_later(grace, send_exit, old, KILL, self._keeper)

        def gone(actual: Reason) -> None:
            self._let_go(old)
            self._bud.more().predecessor = None
            if timer is not None:
                timer.cancel()
            ended(self._life, actual)

        def end(_: object = None) -> None:
            owed = next((envelope.future for envelope in old.more().deferred if envelope.future), None)
            if owed is not None and not owed.done():
                owed.add_done_callback(lambda _: old.push(Call(end)) if old.state is State.RUNNING else None)
            else:
                old.push(Stop(reason))

        old.more().enders.append(gone)
        old.push(Call(end))

    def discard(self, grace: float) -> None:
        """The replacement came to nothing: the successor ends, unseen, within ``grace``; the predecessor goes on."""
        bud = self._bud
        self.resume()
        if bud.ref._cell is bud:
            return
        if self._ended in bud.more().enders:
            bud.more().enders.remove(self._ended)
        bud.more().on_start = None
        if bud.state not in LIVING:
            self._let_go(bud)
            return
        bud.more().enders.append(lambda _: self._let_go(bud))
        if bud.state is State.STARTING or grace <= 0:
            send_exit(bud, KILL)
        else:
            bud.push(Stop(SHUTDOWN))
            wait = min(grace, DISCARD_GRACE)
            timer = bud.scheduler.loop.call_later(wait, send_exit, bud, KILL)
            bud.more().enders.append(lambda _: timer.cancel())

    def _let_go(self, cell: Cell) -> None:
        self._keeper.more().wards.pop(cell, None)


def _goes_along(item: Any) -> bool:
    """Whether something is for whoever lives there: a message, what ``continue_with`` put off, a management call, the
    end of somebody linked.

    Ticks of timers and the news that monitors bring are not: those end with the life.
    """
    if item.__class__ is ForLife:
        return item.token is None
    if item.__class__ is Manage:
        return True
    return item.__class__ not in LIFE_ITEMS or (item.__class__ is Signal and item.linked and not item.parent)
