"""A cell: the place that a name stands for, with its mailbox, and whatever life is in it at the moment.

A place outlives its lives: mailbox, name and ref stay, the actor object is replaced.  This module is the data and the
delivery of messages into it; :mod:`actors.life` starts and ends lives, :mod:`actors.turn` lets them run.

The state of delivery is in three attributes, so that a tell to an idle actor costs no more than it must:

- ``box is None``: idle, not on the run queue; the next message takes an empty deque from the pool and queues the cell;
- ``box`` is a deque: queued, running or *held* (``held``: starting, between lives, suspended: messages wait);
- ``box`` is ``()`` and ``limit`` 0: nobody will come; every message takes the slow path and is refused there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextvars import Context
from typing import TYPE_CHECKING, Any

from .blueprint import UNBOUNDED, Blueprint
from .envelopes import LIFE_ITEMS, NOTHING, Envelope, ForLife, Manage, Signal, held
from .errors import ActorDied, MailboxFull
from .exits import KILL, NOPROC, Reason, Verdict, judge
from .extras import Extras
from .lifecycle import REFUSING, Event, State, step
from .messages import Exit, Pid, Undelivered

if TYPE_CHECKING:
    import asyncio

    from .actor import Actor
    from .fiber import Fiber
    from .handlers import Routes
    from .ref import Ref
    from .scheduler import Scheduler

CLOSED_BOX: Any = ()


class Cell:
    """See the module's text.  ``owner`` is the supervising actor object, if any; ``doom`` a deadly signal
    received in the midst of a handler, ``brutal`` if it was a kill; ``born``: messages handled before this life;
    ``patience``: the seconds after which a handler is looked at.
    """

    __slots__ = (
        "actor", "blueprint", "born", "box", "brutal", "context", "doom", "extras", "fiber", "hand", "handled", "held",
        "incarnation", "interrupted", "label", "lane", "limit", "owner", "parent", "patience", "reason", "ref",
        "routes", "scheduler", "senders", "state",
    )  # fmt: skip

    def __init__(
        self, scheduler: Scheduler, blueprint: Blueprint, routes: Routes, label: str | int, parent: Cell | None
    ) -> None:
        self.scheduler = scheduler
        self.blueprint = blueprint
        self.routes = routes
        self.label = label
        self.parent = parent
        self.ref: Ref[Any]
        self.owner: Actor | None = None
        self.actor: Any = None
        self.context: Context = scheduler.context
        self.state = State.NEW
        self.incarnation = 0
        self.reason: Reason | None = None
        self.box: Any = CLOSED_BOX
        self.limit = 0
        self.lane: deque[Any] | None = None
        self.held = True
        self.hand: Any = NOTHING
        self.handled = 0
        self.born = 0
        self.patience = scheduler.blocked_after
        self.fiber: Fiber | None = None
        self.doom: Reason | None = None
        self.brutal = False
        self.interrupted = False
        self.extras: Extras | None = None
        self.senders: deque[tuple[Any, asyncio.Future[None]]] | None = None

    # -- naming ------------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The given name or path; an anonymous place is called after its class and number."""
        return self.label if isinstance(self.label, str) else f"{self.blueprint.cls.__name__}-{self.label}"

    @property
    def pid(self) -> Pid:
        return Pid(self.name, self.incarnation)

    def __repr__(self) -> str:
        return f"<Cell {self.pid} {self.state} queued={len(self.box or ())}>"

    def more(self) -> Extras:
        """The extras, made now if need be."""
        if self.extras is None:
            self.extras = Extras()
        return self.extras

    def advance(self, event: Event) -> None:
        """Take one step in the table of :mod:`actors.lifecycle`."""
        self.state = step(self.state, event)

    # -- delivery ----------------------------------------------------------------------------------------------------

    def put(self, item: Any) -> None:
        """Append to the mailbox whatever its limit: signals and internal returns, whose number is bounded by
        themselves.
        """
        if self.box is None:
            self.scheduler.wake(self, item)
        elif self.box is not CLOSED_BOX:
            self.box.append(item)
        elif self.actor is not None and item.__class__ is ForLife:
            self.push(item)  # a predecessor that still owes answers: its own timers and notices reach it

    def put_all(self, items: list[Any]) -> None:
        """The same with several."""
        if items and (self.box is None or self.box is CLOSED_BOX):
            self.put(items[0])
            items = items[1:]
        if self.box is not CLOSED_BOX:
            self.box.extend(items)
        else:
            for item in items:
                self.put(item)

    def put_first(self, items: list[Any]) -> None:
        """Put items at the head of the mailbox, in their order."""
        if self.box is None:
            self.open_box()
            self.scheduler.enqueue(self)
        if self.box is not CLOSED_BOX:
            self.box.extendleft(reversed(items))

    def push(self, item: Any) -> None:
        """Append to the urgent lane and see that it is attended to."""
        if self.lane is None:
            self.lane = deque()
        self.lane.append(item)
        if self.fiber is not None:
            if item.__class__ is Signal:
                self.receive_signals()
        elif self.box is None:
            self.open_box()
            self.scheduler.enqueue(self)
        elif self.held and self.actor is not None:
            self.scheduler.enqueue(self)

    def push_first(self, item: Any) -> None:
        """Put something at the head of the urgent lane; the caller is in the cell's turn."""
        if self.lane is None:
            self.lane = deque()
        self.lane.appendleft(item)

    def open_box(self) -> None:
        """Give the cell an empty mailbox from the pool."""
        boxes = self.scheduler.boxes
        self.box = boxes.pop() if boxes else deque()

    def hold(self) -> None:
        """Let messages wait: there is no life here, or it is starting or suspended."""
        if self.box is None or self.box is CLOSED_BOX:
            self.open_box()
        self.held = True
        self.limit = self.blueprint.mailbox.limit or UNBOUNDED

    def release(self, *, in_turn: bool = True) -> None:
        """Let waiting messages be handled; ``in_turn``: a fiber may be with this cell now."""
        self.held = False
        if in_turn or self.box or self.lane:  # who is with it finds out himself that it is idle: he knows the box
            self.scheduler.enqueue(self)
        else:
            self.box = None

    def seal(self, reason: Reason | None) -> None:
        """Refuse messages from now on; what waits goes to the dead letters or, with an error, to its asker."""
        box, lane, senders = self.box, self.lane, self.senders or ()
        self.senders = None
        self.box, self.lane, self.limit, self.held = CLOSED_BOX, None, 0, True
        for item in (*(lane or ()), *(box or ())):
            self.refuse(item, reason)
        for _, future in senders:
            if not future.done():
                future.set_exception(ActorDied(self.ref, reason or NOPROC))

    def refuse(self, item: Any, reason: Reason | None, why: Undelivered = Undelivered.DEAD) -> None:
        """Tell an item's asker, or the dead letters, that nobody will handle it."""
        item = held(item)
        if item.__class__ is Manage:
            item.fail(reason or NOPROC)
            return
        if item.__class__ is Envelope:
            if item.future is not None:
                item.fail(ActorDied(self.ref, reason or NOPROC))
                if not item.is_told:
                    return
            item = item.message
        if item.__class__ not in LIFE_ITEMS:
            self.scheduler.system.dead_letters.add(item, self.ref, why, reason)

    # -- overflow ----------------------------------------------------------------------------------------------------

    def overflow(self, item: Any) -> Accepted | Waiting:
        """The mailbox did not take ``item``: follow its policy, or refuse because nobody lives here."""
        if self.state in REFUSING or self.box is CLOSED_BOX:
            question = held(item)
            if question.__class__ is Envelope and question.future is not None and not question.is_told:
                raise ActorDied(self.ref, NOPROC)
            self.refuse(item, self.reason)
            return ACCEPTED
        if self.extras is not None and self.extras.withdrawn:
            self._purge()
            self.box.append(item)
            return ACCEPTED
        policy = self.blueprint.mailbox.overflow
        error = MailboxFull(self.ref, self.limit, policy)
        if policy == "reject":
            raise error
        if policy == "wait":
            return Waiting(self, item)
        dropped = item
        if policy == "drop_oldest":
            dropped = self._replace_oldest(item)
        question = held(dropped)
        if question.__class__ is Envelope and question.future is not None and not question.is_told:
            question.fail(error)
        else:
            self.refuse(dropped, None, Undelivered.FULL if dropped is item else Undelivered.DROPPED)
        return DROPPED if dropped is item else ACCEPTED

    def _replace_oldest(self, item: Any) -> Any:
        """Take out the longest-waiting message, which is the last one while the newest is served first."""
        control = self.extras.control if self.extras is not None else None
        if control is not None and control.queue.is_lifo(self.scheduler.wall()):
            dropped = self.box.pop()
            self.box.appendleft(item)
        else:
            dropped = self.box.popleft()
            self.box.append(item)
        return dropped

    def _purge(self) -> None:
        """Take out the questions that were withdrawn: they need no room."""
        self.more().withdrawn = 0
        for _ in range(len(self.box)):
            item = self.box.popleft()
            question = held(item)
            if question.__class__ is not Envelope or not question.is_stale:
                self.box.append(item)

    def dismiss(self, sender: tuple[Any, asyncio.Future[None]]) -> None:
        """A sender waits for room no longer."""
        if self.senders is not None and sender in self.senders:
            self.senders.remove(sender)

    def admit(self) -> None:
        """Let senders that wait for room in, in the order they came."""
        senders = self.senders
        box = self.box
        while senders and (box is None or len(box) < self.limit):
            item, future = senders.popleft()
            if future.done():
                continue
            if box is None:
                self.open_box()
                box = self.box
                self.scheduler.enqueue(self)
            box.append(item)
            future.set_result(None)

    # -- exit signals ------------------------------------------------------------------------------------------------

    def receive_signals(self) -> None:
        """Receive the exit signals in the lane while a handler is under way: a deadly one interrupts it."""
        lane = self.lane
        assert lane is not None
        for _ in range(len(lane)):
            item = lane.popleft()
            if item.__class__ is not Signal or self._can_wait(item):
                lane.append(item)
                continue
            reason, brutal = self.receive_signal(item)
            if reason is not None:
                self.scheduler.cut(self, reason, brutal)

    def _can_wait(self, signal: Signal) -> bool:
        """Who traps exits finishes the message in hand before it obeys its parent; a kill never waits."""
        kill = signal.reason == KILL and not signal.linked
        return signal.parent and not kill and self.state is State.RUNNING and bool(self.actor.trap_exits)

    def receive_signal(self, signal: Signal) -> tuple[Reason | None, bool]:
        """Judge one exit signal now, at reception: the reason to die of, if any, and whether it is a kill."""
        sender = signal.sender
        if signal.linked and not signal.parent:
            links = self.extras.links if self.extras else {}
            if sender is None or links.get(sender) != signal.incarnation:
                return None, False
            del links[sender]
        if self.actor is None:
            return None, False
        if self.actor.is_stand_in:
            self.actor.signalled(signal)
            return None, False
        verdict, reason = judge(
            signal.reason,
            trapping=self.actor.trap_exits,
            linked=signal.linked,
            own=sender is self,
            parent=signal.parent,
        )
        if verdict is Verdict.DELIVER:
            pid = Pid(sender.name, signal.incarnation) if sender is not None else None
            self.put(ForLife(Exit(sender.ref if sender is not None else None, pid, reason), self.incarnation))
        deadly = verdict in (Verdict.DIE, Verdict.KILL)
        if deadly and sender is not None and sender is not self and sender is not self.parent:
            self.more().deadly = signal
        return reason if deadly else None, verdict is Verdict.KILL


class Accepted:
    """What ``tell`` returns when there is nothing to wait for; awaiting it changes nothing."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, None]:
        return iter(())  # type: ignore[return-value]


ACCEPTED = Accepted()
DROPPED = Accepted()
"""The same for a message that a full mailbox did not take; it is accounted for."""


class Waiting:
    """What ``tell`` returns at a full mailbox whose policy is ``wait``: await it to wait for room.

    Not awaited, the message goes to the dead letters.  Raises ``ActorDied`` if nobody will live there any more.
    """

    __slots__ = ("cell", "item")

    def __init__(self, cell: Cell, item: Any) -> None:
        self.cell: Cell | None = cell
        self.item = item

    def queue(self) -> None:
        """Wait in the queue for room without anybody who awaits it."""
        cell, self.cell = self.cell, None
        if cell is None:
            return
        cell = cell.ref._cell
        if cell.box is CLOSED_BOX:
            cell.refuse(self.item, cell.reason)
            return
        if cell.senders is None:
            cell.senders = deque()
        item, place, room = self.item, cell, cell.scheduler.loop.create_future()
        room.add_done_callback(lambda _: place.refuse(item, place.reason) if room.exception() is not None else None)
        cell.senders.append((item, room))
        cell.admit()

    def __await__(self) -> Generator[Any, None, None]:
        cell, self.cell = self.cell, None
        if cell is None:
            return
        cell = cell.ref._cell  # another life may have taken over meanwhile
        if cell.scheduler.current() is cell:  # room in one's own mailbox can only come after this handler
            raise MailboxFull(cell.ref, cell.limit, "wait")
        if cell.box is CLOSED_BOX:
            raise ActorDied(cell.ref, NOPROC)
        future = cell.scheduler.loop.create_future()
        if cell.senders is None:
            cell.senders = deque()
        sender = (self.item, future)
        cell.senders.append(sender)
        cell.admit()
        try:
            yield from future
        except BaseException:
            cell.ref._cell.dismiss(sender)
            raise

    def __del__(self) -> None:
        if self.cell is not None:
            self.cell.refuse(self.item, None, Undelivered.NOT_AWAITED)
