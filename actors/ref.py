"""References: the only thing one actor holds of another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, overload

from .cell import ACCEPTED, Accepted, Cell, Waiting
from .envelopes import NOTHING, Call, Envelope, Stop
from .errors import ActorDied, AskSelf, AskTimeout, StopTimeout
from .exits import KILL, NOPROC, NORMAL, Reason
from .lifecycle import LIVING, State
from .links import send_exit
from .messages import Pid, Request, WrongReply

if TYPE_CHECKING:
    from .system import ActorSystem

P_contra = TypeVar("P_contra", contravariant=True)
T = TypeVar("T")

SEARCHED = 256
"""Messages that a withdrawn question is looked for among."""

ASK_TIMEOUT = 5.0
"""Seconds an asker waits unless told otherwise (as OTP's ``call``)."""


@dataclass(frozen=True, slots=True)
class ActorStatistics:
    """What a place looks like at one moment: messages waiting, stashed and handled (over all lives), and its state."""

    pid: Pid
    state: str
    mailbox: int
    urgent: int
    stashed: int
    handled: int
    busy: bool


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

    @overload
    async def ask(self, message: Request[T], timeout: float | None = ASK_TIMEOUT) -> T: ...
    @overload
    async def ask(self, message: Request[Any], timeout: float | None = ASK_TIMEOUT) -> WrongReply: ...
    @overload
    async def ask(self, message: Any, timeout: float | None = ASK_TIMEOUT) -> Any: ...
    async def ask(self, message: Any, timeout: float | None = ASK_TIMEOUT) -> Any:
        """Send and wait for what the handler returns, up to ``timeout`` seconds (``None``: no limit).

        Raises ``AskTimeout``; ``ActorDied`` with the reason, at once, if the actor dies with the question in hand, is
        dead, or will have no successor; ``MailboxFull``; ``Unhandled``; ``AskSelf`` from within its own handler.
        """
        cell = self._cell
        scheduler = cell.scheduler
        box = cell.box
        if box is not None and scheduler.current() is cell:
            raise AskSelf(self, message)
        future: asyncio.Future[Any] = scheduler.loop.create_future()
        envelope = Envelope(message, future)
        entries = scheduler.deadlines.add(envelope, self, timeout) if timeout is not None else None
        try:
            if box is None:
                scheduler.wake(cell, envelope)
            elif len(box) < cell.limit:
                box.append(envelope)
            else:
                await self._squeeze(envelope, timeout)
            return await future
        except asyncio.CancelledError:
            _withdraw(cell, envelope)
            raise
        finally:
            if entries is not None:
                entries.pop(envelope, None)

    async def _squeeze(self, envelope: Envelope, timeout: float | None) -> None:
        space = self._cell.overflow(envelope)
        if isinstance(space, Waiting):
            try:
                async with asyncio.timeout(timeout):
                    await space
            except TimeoutError:
                future = envelope.future
                if future is not None and not future.cancel():
                    future.exception()  # the deadline was first; nobody else will look at it
                raise AskTimeout(self, envelope.message, timeout or 0.0) from None

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

    async def resume(self) -> None:
        """Undo :meth:`suspend`."""

        def release(actor: Any) -> None:
            cell = self._cell
            if cell.more().suspended:
                cell.more().suspended = False
                cell.release()

        await self._manage(release)

    async def get_state(self) -> dict[str, Any]:
        """The actor's attributes, as they are between two messages.  For debugging."""
        return dict(await self._manage(lambda actor: dict(vars(actor))))

    async def replace_state(self, function: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        """Replace the actor's attributes by ``function(attributes)``, between two messages; returns the new ones.

        If ``function`` raises, they stay as they are and the error is raised here.
        """

        def replace(actor: Any) -> dict[str, Any]:
            new = dict(function(dict(vars(actor))))
            vars(actor).clear()
            vars(actor).update(new)
            return new

        return dict(await self._manage(replace))

    async def _manage(self, function: Callable[[Any], Any]) -> Any:
        """Run ``function(actor)`` in the actor's turn, between two messages, ahead of all that wait."""
        cell = self._cell
        if cell.state not in LIVING:
            raise ActorDied(self, NOPROC)
        self._refuse_own("a management call")
        future: asyncio.Future[Any] = cell.scheduler.loop.create_future()

        def call(actor: Any) -> None:
            if future.done():
                return
            try:
                future.set_result(function(actor))
            except Exception as error:
                future.set_exception(error)

        def ended(reason: Reason) -> None:
            if not future.done():
                future.set_exception(ActorDied(self, reason))

        enders = cell.more().enders
        enders.append(ended)
        cell.push(Call(call))
        try:
            return await future
        finally:
            if ended in enders:
                enders.remove(ended)

    @property
    def pid(self) -> Pid:
        """The life that is there now (or was last): name and incarnation."""
        return self._cell.pid

    @property
    def name(self) -> str:
        """The name of the place: as given, the path in a tree, or class and number."""
        return self._cell.name

    @property
    def is_alive(self) -> bool:
        """Whether a life is there that has started and is not over."""
        return self._cell.state in (State.RUNNING, State.STOPPING)

    @property
    def system(self) -> ActorSystem:
        """The system the place belongs to."""
        return self._cell.scheduler.system

    def statistics(self) -> ActorStatistics:
        """What the place looks like now."""
        cell = self._cell
        stashed = len(cell.extras.stash) if cell.extras is not None else 0
        return ActorStatistics(
            cell.pid,
            cell.state.value,
            len(cell.box or ()),
            len(cell.lane or ()),
            stashed,
            cell.handled,
            cell.hand is not NOTHING,
        )

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
        cell = self._cell
        if cell.routes.is_urgent(message.__class__) and cell.box != ():
            cell.push(message)
            return ACCEPTED
        return super().tell(message)

    async def ask(self, message: Any, timeout: float | None = ASK_TIMEOUT) -> Any:
        cell = self._cell
        if not cell.routes.is_urgent(message.__class__):
            return await super().ask(message, timeout)
        if cell.scheduler.current() is cell:
            raise AskSelf(self, message)
        if cell.box == () or cell.state in (State.RESTING, State.CLOSED, State.NEW):
            raise ActorDied(self, NOPROC)
        future: asyncio.Future[Any] = cell.scheduler.loop.create_future()
        envelope = Envelope(message, future)
        entries = cell.scheduler.deadlines.add(envelope, self, timeout) if timeout is not None else None
        cell.push(envelope)
        try:
            return await future
        except asyncio.CancelledError:
            _withdraw(cell, envelope)
            raise
        finally:
            if entries is not None:
                entries.pop(envelope, None)


def _withdraw(cell: Cell, envelope: Envelope) -> None:
    """The asker was cancelled: take its question back if nobody has begun with it.

    In a long mailbox it stays, to be skipped in its turn: to look for thousands of them would cost n each.
    """
    envelope.message = None
    for queue in (cell.box, cell.lane):
        if not queue:
            continue
        if len(queue) > SEARCHED:
            cell.more().withdrawn += 1
            continue
        for index, item in enumerate(queue):
            if item is envelope:
                del queue[index]
                break
