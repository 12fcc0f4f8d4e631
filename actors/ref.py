"""References: the only thing one actor holds of another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, overload

from .asking import Entries, ask_by, cap, wait_for_room, withdraw
from .cell import ACCEPTED, Accepted, Cell, Waiting
from .envelopes import NEVER, NOTHING, Envelope, Manage, Stop, Ticket, bare
from .errors import ActorDied, AskSelf, StopTimeout
from .exits import KILL, NOPROC, NORMAL, Reason
from .lifecycle import LIVING, State
from .links import send_exit
from .messages import Pid, Request, WrongReply
from .statistics import ActorStatistics, statistics_of

if TYPE_CHECKING:
    from .system import ActorSystem

P_contra = TypeVar("P_contra", contravariant=True)
T = TypeVar("T")

ASK_TIMEOUT = 5.0
"""Seconds an asker waits unless told otherwise (as OTP's ``call``)."""


class Ref(Generic[P_contra]):
    """Names a place, not a life: it survives crash, restart and replacement of the actor that lives there.

    ``Ref[P]`` tells a type checker which messages may be sent.  Refs are hashable and equal if they name the same
    place. Not thread-safe: from another thread use ``loop.call_soon_threadsafe(ref.tell, message)``.
    """

    __slots__ = ("_cell",)

    def __init__(self, cell: Cell) -> None:
        self._cell = cell

    def tell(self, message: P_contra) -> Accepted | Waiting:
        """Send and go on.  Never fails for a dead actor: then the message is a dead letter.

        A full mailbox follows its policy: ``reject`` raises ``MailboxFull`` here; under ``wait`` the returned object
        has to be awaited.  Awaiting it is always allowed.
        """
        cell = self._cell
        box = cell.box
        if box is None:  # Scheduler.wake, written out: a call costs a tenth of the hop
            scheduler = cell.scheduler
            boxes = scheduler.boxes
            cell.box = box = boxes.pop() if boxes else deque()
            box.append(message)
            scheduler.ready.append(cell)
            if not scheduler.attended:
                scheduler.arm(cell)
        elif len(box) < cell.limit:
            box.append(message)
        else:
            return cell.overflow(message)
        return ACCEPTED

    def tell_within(self, seconds: float, message: P_contra) -> Accepted | Waiting:
        """Send and go on; if nobody has begun with it ``seconds`` from now, it is a dead letter: ``expired``.

        What its handler asks is capped by the same deadline.  Otherwise as :meth:`tell`.  Raises ``ValueError`` for a
        time that is negative or not a number.
        """
        if not seconds >= 0:
            raise ValueError(f"a message needs a time of 0 or more seconds; got {seconds!r}")
        scheduler = self._cell.scheduler
        envelope = Envelope(message)
        envelope.deadline = scheduler.loop.time() + seconds
        return self._post(Ticket(envelope, scheduler.wall()))

    @overload
    def ask(self, message: Request[T], timeout: float | None = ASK_TIMEOUT) -> Coroutine[Any, Any, T]: ...
    @overload
    def ask(self, message: Request[Any], timeout: float | None = ASK_TIMEOUT) -> Coroutine[Any, Any, WrongReply]: ...
    @overload
    def ask(self, message: Any, timeout: float | None = ASK_TIMEOUT) -> Coroutine[Any, Any, Any]: ...
    def ask(self, message: Any, timeout: float | None = ASK_TIMEOUT) -> Coroutine[Any, Any, Any]:
        """Send and wait for what the handler returns, up to ``timeout`` seconds (``None``: no limit).

        Called in a handler whose message has a deadline, it ends with that at the latest.  Raises ``AskTimeout``, or
        ``DeadlineExceeded`` for the latter; ``ActorDied`` with the reason, at once, if the actor dies with the question
        in hand, is dead, or will have no successor; ``MailboxFull``; ``Overloaded``; ``Unhandled``; ``AskSelf`` from
        within its own handler; ``ValueError`` for a timeout that is neither ``None`` nor a number.
        """
        # A plain function, so that the message in hand is known even if another task awaits the answer (gather).
        asker = self._cell.scheduler.acting
        if asker is not None and asker.hand.__class__ is Envelope:
            return self._ask(message, timeout, asker.hand.deadline)
        return self._ask(message, timeout)

    async def _ask(self, message: Any, timeout: float | None, due: float = NEVER) -> Any:
        cell = self._cell
        scheduler = cell.scheduler
        if scheduler.acting is cell:
            raise AskSelf(self, message)
        loop = scheduler.loop
        future: asyncio.Future[Any] = loop.create_future()
        envelope = Envelope(message, future)
        entries: Entries | None = None
        if due is not NEVER:
            entries, timeout = cap(self, envelope, timeout, due)
        elif timeout is not None:
            bucket = scheduler.deadlines.buckets.get(timeout)
            if bucket is None or timeout.__class__ is bool:  # which is equal to 0 or 1, and no timeout
                entries = scheduler.deadlines.add(envelope, self, timeout)
            else:  # Deadlines.add, written out
                envelope.deadline = loop.time() + timeout
                entries = bucket.entries
                entries[envelope] = self
        box = cell.box
        try:
            if box is None:
                scheduler.wake(cell, envelope)
            elif len(box) < cell.limit:
                box.append(envelope)
            else:
                await wait_for_room(self, cell.overflow(envelope), envelope, timeout)
            return await future
        except asyncio.CancelledError:
            withdraw(self, envelope)
            raise
        finally:
            if entries is not None:
                entries.pop(envelope, None)

    def _post(self, item: Any) -> Accepted | Waiting:
        """Put an item into the mailbox as a message, or follow the policy if it is full."""
        cell = self._cell
        if cell.box is None:
            cell.scheduler.wake(cell, item)
        elif len(cell.box) < cell.limit:
            cell.box.append(item)
        else:
            return cell.overflow(item)
        return ACCEPTED

    def _take(self, item: Any) -> None:
        """Put an item that was forwarded into the mailbox, whatever its limit."""
        self._cell.put(item)

    async def stop(self, reason: Reason = NORMAL, timeout: float | None = None) -> None:
        """Have the actor finish the message in hand and end for ``reason``; returns when it is gone.

        Raises ``ActorDied`` if it was dead, or ended for another reason; ``StopTimeout`` after ``timeout`` seconds
        (default: no limit), and then it goes on stopping.
        """
        cell = self._cell
        if cell.state not in LIVING:
            raise ActorDied(self, NOPROC)
        self._refuse_own("stop()")
        ended = self._ending()
        cell.push(Stop(reason))
        try:
            async with asyncio.timeout(timeout):
                actual = await ended
        except TimeoutError:
            raise StopTimeout(self, timeout or 0.0) from None
        if actual != reason:
            raise ActorDied(self, actual)

    async def wait_ended(self) -> Reason:
        """Wait until the present life is over and return why; at once if there is none."""
        cell = self._cell
        if cell.state not in LIVING:
            return cell.reason or NOPROC
        self._refuse_own("the end")
        return await self._ending()

    def _refuse_own(self, what: str) -> None:
        if self._cell.scheduler.current() is self._cell:
            raise AskSelf(self, None, what)

    def _ending(self) -> asyncio.Future[Reason]:
        cell = self._cell
        future: asyncio.Future[Reason] = cell.scheduler.loop.create_future()

        def ended(reason: Reason) -> None:
            if not future.done():
                future.set_result(reason)

        enders = cell.more().enders
        enders.append(ended)
        future.add_done_callback(lambda _: enders.remove(ended) if ended in enders else None)
        return future

    def exit(self, reason: Reason) -> None:
        """Send an exit signal: deadly unless the actor traps exits or the reason is ``NORMAL``.  Never fails."""
        send_exit(self._cell, reason, self._cell.scheduler.current())

    def kill(self) -> None:
        """End the actor whatever it does: no hook runs, watchers see ``KILLED``.

        A coroutine cannot be pre-empted: one that swallows its cancellation is abandoned after half a second.
        """
        self.exit(KILL)

    async def suspend(self) -> None:
        """Let messages wait until :meth:`resume`; signals and management are served.  For debugging."""

        def hold(actor: Any) -> None:
            self._cell.more().suspended = True
            self._cell.hold()

        await self._manage(hold)
        if self._cell.actor is not None and self._cell.actor.is_stand_in:
            await self._cell.actor.manage("suspend", None)

    async def resume(self) -> None:
        """Undo :meth:`suspend`; at once, even if the actor is stuck in a hook."""

        def release(actor: Any = None) -> None:
            cell = self._cell
            extras = cell.more()
            if extras.suspended:
                extras.suspended = False
                if not extras.paused:
                    cell.release()

        if self._cell.state in LIVING and self._cell.more().suspended:
            release()
            if self._cell.actor is not None and self._cell.actor.is_stand_in:
                await self._cell.actor.manage("resume", None)
        else:
            await self._manage(release)

    async def get_state(self) -> dict[str, Any]:
        """The actor's attributes, as they are between two messages.  For debugging."""
        return dict(await self._manage(lambda actor: dict(vars(actor)), "get_state"))

    async def replace_state(self, function: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        """Replace the actor's attributes by ``function(attributes)``, between two messages; returns the new ones.

        If ``function`` raises, they stay as they are and the error is raised here.
        """

        def replace(actor: Any) -> dict[str, Any]:
            new = dict(function(dict(vars(actor))))
            vars(actor).clear()
            vars(actor).update(new)
            return new

        return dict(await self._manage(replace, "replace_state", function))

    async def _manage(self, function: Callable[[Any], Any], verb: str = "", value: Any = None) -> Any:
        """Run ``function(actor)`` in the actor's turn, between two messages, ahead of all that wait.

        Where the life is elsewhere, ``verb`` says what it is to do, with ``value``.
        """
        cell = self._cell
        if cell.state not in LIVING:
            raise ActorDied(self, NOPROC)
        self._refuse_own("a management call")
        if cell.actor is not None and cell.actor.is_stand_in and verb:
            return await cell.actor.manage(verb, value)
        future: asyncio.Future[Any] = cell.scheduler.loop.create_future()

        def call(actor: Any) -> None:
            if future.done():
                return
            try:
                future.set_result(function(actor))
            except Exception as error:
                future.set_exception(error)

        def fail(reason: Reason) -> None:
            if not future.done():
                future.set_exception(ActorDied(self, reason))

        cell.push(Manage(call, fail))
        return await future

    @property
    def pid(self) -> Pid:
        """The life that is there now (or was last): name and incarnation."""
        return self._cell.pid

    @property
    def name(self) -> str:
        """The name of the place: as given, the path in a tree, or class and number."""
        return self._cell.name

    @property
    def parent(self) -> Ref[Any] | None:
        """The supervisor of the place, or the actor that spawned it; ``None`` if nobody did."""
        parent, extras = self._cell.parent, self._cell.extras
        if extras is not None and extras.parent is not NOTHING:
            return extras.parent  # type: ignore[no-any-return]
        return parent.ref if parent is not None else None

    @property
    def is_alive(self) -> bool:
        """Whether a life is there that has started and is not over."""
        return self._cell.state in (State.RUNNING, State.STOPPING)

    @property
    def system(self) -> ActorSystem:
        """The system the place belongs to."""
        return self._cell.scheduler.system

    def statistics(self) -> ActorStatistics:
        """What the place looks like now; nobody is asked.

        In another process than the place's home its counts are those of the messages that were sent from there.
        """
        return statistics_of(self._cell)

    def __copy__(self) -> Ref[P_contra]:
        return self

    def __deepcopy__(self, memo: object) -> Ref[P_contra]:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{self} cannot be pickled; actors.Codec turns refs into bytes")

    def __repr__(self) -> str:
        return f"<Ref {self._cell.pid} {self._cell.state}>"

    def __str__(self) -> str:
        return str(self._cell.pid)


class PriorityRef(Ref[P_contra]):
    """The ref of an actor with ``@handle(priority=True)``: sends each message to the lane its type belongs to."""

    __slots__ = ()

    def tell(self, message: P_contra) -> Accepted | Waiting:
        return self._push_told(message) or super().tell(message)

    async def _ask(self, message: Any, timeout: float | None, due: float = NEVER) -> Any:
        if self._cell.routes.is_urgent(message.__class__):
            return await ask_by(self, self._push, message, timeout, due)
        return await super()._ask(message, timeout, due)

    def _post(self, item: Any) -> Accepted | Waiting:
        return self._push_told(item) or super()._post(item)

    def _push_told(self, item: Any) -> Accepted | None:
        cell = self._cell
        if not cell.routes.priority or not cell.routes.is_urgent(bare(item).__class__) or cell.box == ():
            return None
        cell.push(item)
        return ACCEPTED

    def _push(self, envelope: Envelope) -> Accepted:
        cell = self._cell
        if cell.box == () or cell.state in (State.RESTING, State.CLOSED, State.NEW):
            raise ActorDied(self, NOPROC)
        cell.push(envelope)
        return ACCEPTED
