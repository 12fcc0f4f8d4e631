"""The run queue and the fibers that drain it.

An idle actor owns no task.  A tell to an idle actor puts its cell on the run queue.  A *fiber* is a long-lived task
that takes ready cells one after another and runs their handlers inline.  When a handler suspends, its fiber stays
with it and one ``call_soon`` arms the *pump*, which sees to the rest of the queue in the next loop turn: it runs
ready cells itself if nothing in their class is ``async`` (they need no task), or wakes another fiber.  So a handler
that never suspends costs no task, no future and no loop turn; one that does holds one pooled fiber, and inside it
``asyncio.timeout``, ``current_task`` and cancellation work as in any task.

Rejected: a task an actor (30 µs and 4 KB each), a task an activation (3 µs a hop).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import Context
from types import coroutine
from typing import TYPE_CHECKING, Any

from .deadlines import Deadlines
from .engine import Engine
from .envelopes import NOTHING
from .exits import KILL, KILLED, Reason
from .life import Outcome, bury, give_back, leave, report
from .lifecycle import Event, State
from .links import send_exit
from .turn import DONE, describe, drive

if TYPE_CHECKING:
    from .cell import Cell
    from .system import ActorSystem

SLICE = 0.002
"""Seconds the run queue may hold the loop before I/O gets its turn: latency of everything else on the loop."""

BLOCKED_AFTER = 0.1
"""Seconds a handler may hold the loop without suspending before it is reported by name (as asyncio's debug mode)."""

KILL_GRACE = 0.5
"""Seconds a killed handler has to let its cancellation through before it is abandoned."""

EXIT_GRACE = 5.0
"""Seconds a handler that is cut by an exit signal, or a ``stopping`` that nobody else limits, has before it is killed.
"""

POOLED_FIBERS = 256
"""Idle fibers kept; a burst of suspended handlers may use more, which then end."""

POOLED_BOXES = 4096
"""Empty mailboxes kept for the next actors that wake."""


class Fiber:
    """A pooled task that runs handlers; ``cell`` is the actor it is in, ``lost`` says that it was abandoned there.

    ``cuts``: cancellations of the task that were meant for the handler in it.
    """

    __slots__ = ("cell", "cuts", "driver", "gate", "lost", "scheduler", "task")

    def __init__(
        self, scheduler: Scheduler, driver: Any = None, waits_for: Any = DONE, cell: Cell | None = None
    ) -> None:
        self.scheduler = scheduler
        self.driver = driver or scheduler.new_driver(in_task=True)
        self.cell = cell
        self.gate: asyncio.Future[None] | None = None
        self.lost = False
        self.cuts = 0
        # Past the loop's task factory: an eager task would run before it is known here.
        self.task: asyncio.Task[None] = asyncio.Task(
            self.run(waits_for), loop=scheduler.loop, name="planaria fiber", context=scheduler.context.copy()
        )
        scheduler.fibers[self.task] = self

    async def run(self, waits_for: Any) -> None:
        """Drain the run queue a slice at a time, for as long as the system runs."""
        scheduler, ready, task, send = self.scheduler, self.scheduler.ready, self.task, self.driver.send
        try:
            if waits_for is not DONE and self.cell is not None:
                await self.carry(self.cell, waits_for)
            while not self.lost:
                scheduler.begin_slice()
                while ready and scheduler.now < scheduler.deadline:
                    self.cell = cell = ready.popleft()
                    waits_for = cell.context.run(send, cell)
                    if waits_for is not DONE:
                        await self.carry(cell, waits_for)
                        if self.lost:
                            return
                    while self.cuts:
                        self.cuts -= 1
                        task.uncancel()
                    if task.cancelling():
                        return  # a handler cancelled its task, or somebody all tasks: the next actor must not feel it
                self.cell = None
                if len(scheduler.idle) >= POOLED_FIBERS:
                    return
                self.gate = scheduler.loop.create_future()
                scheduler.idle.append(self)
                scheduler.end_slice()
                await self.gate
        except BaseException as error:
            if self.cell is not None:
                scheduler.leave(self.cell, error)
            raise
        finally:
            scheduler.fibers.pop(task, None)
            if self in scheduler.idle:
                scheduler.idle.remove(self)
            scheduler.end_slice()  # it may have been the one to look at the queue

    @coroutine
    def carry(self, cell: Cell, waits_for: Any) -> Generator[Any, Any, None]:
        """Hold the handler that suspended until it is done and the rest of its actor's turn too.

        The handler is resumed inside its actor's context.  A deadly exit signal is thrown into it as a cancellation: at
        once if it was suspended when the signal came, at its next suspension otherwise.
        """
        scheduler, driver, run = self.scheduler, self.driver, cell.context.run
        step: Callable[[Any], Any]
        value: Any
        while waits_for is not DONE:
            if not self.lost:
                cell.fiber = self
                scheduler.watch(cell, cell.hand)
                if cell.lane:
                    cell.receive_signals()
            if cell.doom is not None and not cell.interrupted and not self.lost:
                cell.interrupted = True
                step, value = driver.throw, asyncio.CancelledError()
                if getattr(waits_for, "_asyncio_future_blocking", False):
                    waits_for._asyncio_future_blocking = False
            else:
                scheduler.end_slice()
                try:
                    value = yield waits_for
                    step = driver.send
                except GeneratorExit:
                    driver.close()
                    raise
                except BaseException as error:  # a cancellation; it is for the handler
                    step, value = driver.throw, error
                scheduler.begin_slice()
            if not self.lost:
                cell.fiber = None
            try:
                waits_for = run(step, value)
            except StopIteration:  # the handler was abandoned, and has ended now
                self.lost = True
                return


class Scheduler:
    """The run queue of one system on one loop.

    ``attended`` is true while somebody is about to look at the queue: a pump that was armed, a fiber that was woken or
    is draining.  ``batch``, ``slice``, ``blocked_after``: see the constants of this module.
    """

    def __init__(
        self,
        system: ActorSystem,
        loop: asyncio.AbstractEventLoop,
        context: Context,
        engine: Engine,
    ) -> None:
        self.system = system
        self.loop = loop
        self.context = context
        self.clock = clock = engine.clock
        self.wall = engine.now
        self.ready = engine.queue()
        self.batch = engine.batch
        self.slice = SLICE
        self.blocked_after = BLOCKED_AFTER
        self.attended = False
        self.now = clock()
        self.deadline = self.now
        self.idle: list[Fiber] = []
        self.fibers: dict[asyncio.Task[Any], Fiber] = {}
        self.boxes: deque[deque[Any]] = deque(maxlen=POOLED_BOXES)
        self.deadlines = Deadlines(loop)
        self._driver = self.new_driver(in_task=False)
        self._pumped: Cell | None = None

    # -- the run queue -----------------------------------------------------------------------------------------------

    def wake(self, cell: Cell, item: Any) -> None:
        """The first message for an idle actor: give it a mailbox and put it on the queue."""
        boxes = self.boxes
        cell.box = box = boxes.pop() if boxes else deque()
        box.append(item)
        self.ready.append(cell)
        if not self.attended:
            self.arm(cell)

    def enqueue(self, cell: Cell) -> None:
        """Put a cell on the queue, at most twice harmlessly."""
        self.ready.append(cell)
        if not self.attended:
            self.arm(cell)

    def arm(self, cell: Cell) -> None:
        """See that the queue is looked at in the next loop turn."""
        self.attended = True
        if self.idle and cell.routes.needs_task:
            self._wake_fiber()
        else:
            self.loop.call_soon(self.pump)

    def begin_slice(self) -> None:
        """A fiber or the pump begins to drain."""
        self.attended = True
        self.now = now = self.clock()
        self.deadline = now + self.slice

    def end_slice(self) -> None:
        """Whoever drained stops for now: a handler suspended, the slice is used up, or the queue is empty."""
        self.attended = False
        if self.ready:
            self.attended = True
            self.loop.call_soon(self.pump)

    def pump(self) -> None:
        """Drain the queue as far as no task is needed, then leave it to a fiber."""
        ready = self.ready
        if not ready:
            self.attended = False
            return
        self.begin_slice()
        while ready and self.now < self.deadline:
            cell = ready.popleft()
            if cell.routes.needs_task:
                ready.appendleft(cell)
                self._wake_fiber()
                return
            self._pumped = cell
            try:
                waits_for = cell.context.run(self._driver.send, cell)
            except BaseException as error:
                self._driver = self.new_driver(in_task=False)
                self.leave(cell, error)
                raise
            finally:
                self._pumped = None
            if waits_for is not DONE:  # a hook suspended although nothing in its class is async: give it a task
                cell.routes.needs_task = True
                Fiber(self, self._driver, waits_for, cell)
                self._driver = self.new_driver(in_task=False)
        self.end_slice()

    def leave(self, cell: Cell, error: BaseException) -> None:
        """A handler of ``cell`` ends the process: the loop gets the error, the queue goes on as long as it runs."""
        cell.fiber = None
        leave(cell, error)
        self.end_slice()

    def new_driver(self, in_task: bool) -> Any:
        """A driver that waits for its first cell."""
        driver = drive(self, in_task)
        driver.send(None)  # type: ignore[arg-type]
        return driver

    def _wake_fiber(self) -> None:
        if self.idle:
            gate = self.idle.pop().gate
            if gate is not None and not gate.done():
                gate.set_result(None)
        else:
            Fiber(self)

    def current(self) -> Cell | None:
        """The actor in whose handler the caller is, if any."""
        task = asyncio.current_task(self.loop)
        if task is None:
            return self._pumped
        fiber = self.fibers.get(task)
        return fiber.cell if fiber is not None else None

    # -- handlers that hold the loop, or do not end --------------------------------------------------------------------

    def watch(self, cell: Cell, item: Any) -> None:
        """Read the clock after a handler's segment and report the handler of ``item`` if it held the loop."""
        then = self.now
        self.now = now = self.clock()
        if now - then > self.blocked_after:
            self.report_blocked(cell, item, now - then)

    def report_blocked(self, cell: Cell, item: Any, seconds: float) -> None:
        """The handler of ``item`` held the loop."""
        message, handler = describe(cell, item)
        self.system.blocked(cell, handler, message, seconds)

    def cut(self, cell: Cell, reason: Reason, brutal: bool) -> None:
        """Cancel the handler that ``cell`` is suspended in, because it has to die of ``reason``; bounds the time."""
        if cell.brutal or (not brutal and (cell.doom is not None or cell.state is State.STOPPING)):
            return
        fiber = cell.fiber
        assert fiber is not None
        cell.doom = reason
        cell.brutal = brutal
        if asyncio.current_task(self.loop) is fiber.task:
            cell.interrupted = False  # it is running: carry() throws at its next suspension
        else:
            cell.interrupted = True
            fiber.cuts += 1
            fiber.task.cancel()
        grace = KILL_GRACE if brutal else EXIT_GRACE
        self.loop.call_later(grace, self._overdue, cell, fiber, cell.incarnation, brutal)

    def _overdue(self, cell: Cell, fiber: Fiber, incarnation: int, brutal: bool) -> None:
        if cell.fiber is not fiber or cell.incarnation != incarnation or cell.doom is None or cell.brutal is not brutal:
            return
        if brutal:
            self._abandon(cell, fiber)
        else:
            self.cut(cell, KILLED, True)

    def _abandon(self, cell: Cell, fiber: Fiber) -> None:
        """Leave a handler that swallows its cancellation to itself: its life is over, its object is fenced off."""
        message, handler = describe(cell, cell.hand)
        fiber.lost = True
        cell.fiber = None
        self.fibers.pop(fiber.task, None)
        asyncio.tasks._unregister_task(fiber.task)  # else asyncio.run() would wait for it at the end, for ever
        fiber.task._log_destroy_pending = False  # type: ignore[attr-defined]
        hand, cell.hand = cell.hand, NOTHING
        self.system.abandoned(cell, handler, message)
        if hand is not NOTHING:
            give_back(cell, hand, KILLED)
        starting = cell.state is State.STARTING
        if cell.state is State.RUNNING:
            cell.advance(Event.END)
        bury(cell, KILLED)
        if starting:
            report(cell, Outcome(KILLED))

    @contextmanager
    def bounded_stop(self, cell: Cell) -> Iterator[None]:
        """Kill a ``stopping`` hook that takes longer than :data:`EXIT_GRACE` when no supervisor limits it."""
        if cell.owner is not None:
            yield
            return
        timer = self.kill_later(cell)
        try:
            yield
        finally:
            timer.cancel()

    def kill_later(self, cell: Cell) -> asyncio.TimerHandle:
        """Kill the present life in ``cell`` if it is still there after :data:`EXIT_GRACE`."""
        return self.loop.call_later(EXIT_GRACE, self._kill_overdue, cell, cell.incarnation)

    def _kill_overdue(self, cell: Cell, incarnation: int) -> None:
        if cell.incarnation == incarnation:
            send_exit(cell, KILL)

    async def close(self) -> None:
        """Cancel the fibers; every life is over."""
        self.deadlines.close()
        fibers = [fiber for fiber in self.fibers.values() if fiber.cell is None]
        for fiber in fibers:
            fiber.task.cancel()
        await asyncio.gather(*(fiber.task for fiber in fibers), return_exceptions=True)
        self.boxes.clear()
