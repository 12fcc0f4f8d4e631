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
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import TYPE_CHECKING, Any

from .burial import bury, give_back
from .deadlines import Deadlines
from .engine import LOOP, Engine
from .envelopes import NOTHING
from .evidence import Evidence, Harm
from .exits import KILL, KILLED, Reason
from .fiber import Fiber
from .life import Outcome, leave, report
from .lifecycle import Event, State
from .links import send_exit
from .pulse import note, pulse_of
from .turn import DONE, describe, drive

if TYPE_CHECKING:
    from .cell import Cell
    from .copies import Copy
    from .sentry import Sentry
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

POOLED_BOXES = 4096
"""Empty mailboxes kept for the next actors that wake."""


class Scheduler:
    """The run queue of one system on one loop.

    ``attended`` is true while somebody is about to look at the queue: a pump that was armed, a fiber that was woken or
    is draining.  ``acting``: the actor in whose turn code runs at this moment; in all other tasks it is ``None``.
    ``copy``: in a copy of this process, what ends that.
    ``batch``, ``slice``, ``blocked_after``: see the constants of this module.
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
        self.engine = engine
        self.clock = clock = engine.clock
        self.wall = engine.now
        self.ready = engine.queue()
        self.batch = engine.batch
        self.slice = SLICE
        self.blocked_after = system.watchdog.bound if system.watchdog is not None and engine is LOOP else BLOCKED_AFTER
        self.watchdog: Sentry | None = None
        self.attended = False
        self.now = clock()
        self.deadline = self.now
        self.idle: list[Fiber] = []
        self.fibers: dict[asyncio.Task[Any], Fiber] = {}
        self.boxes: deque[deque[Any]] = deque(maxlen=POOLED_BOXES)
        self.deadlines = Deadlines(loop)
        self._driver = self.new_driver(in_task=False)
        self.acting: Cell | None = None
        self.copy: Copy | None = None

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
        self.acting = None
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
            self.acting = cell
            try:
                waits_for = cell.context.run(self._driver.send, cell)
            except BaseException as error:
                self._driver = self.new_driver(in_task=False)
                self.leave(cell, error)
                raise
            finally:
                self.acting = None
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
        return self.acting

    def running(self) -> tuple[Cell, float] | None:
        """The actor whose handler runs and since when, if any; may be asked from any thread."""
        since = self.now
        cell = self.current()
        return (cell, since) if cell is not None and self.now == since else None

    # -- handlers that hold the loop, or do not end --------------------------------------------------------------------

    def watch(self, cell: Cell, item: Any) -> None:
        """Read the clock after a handler's segment and report the handler of ``item`` if it held the loop."""
        then = self.now
        self.now = now = self.clock()
        if now - then > cell.patience:
            self.overran(cell, item, now - then)

    def overran(self, cell: Cell, item: Any, seconds: float) -> None:
        """The handler of ``item`` took longer in one go than its actor is given."""
        if self.watchdog is not None:
            self.watchdog.ran(cell, seconds)
        if seconds > self.blocked_after:
            self.report_blocked(cell, item, seconds)
        task = asyncio.current_task(self.loop)
        fiber = self.fibers.get(task) if task is not None else None
        if fiber is None or fiber.timed is NOTHING:
            self.judge_time(cell, item, seconds)

    def judge_time(self, cell: Cell, item: Any, seconds: float) -> None:
        """It took ``seconds`` to handle ``item``: note it if a target says that this is too long."""
        pulse = pulse_of(cell)
        if pulse is not None and pulse.latency is not None and seconds > pulse.latency and item is not NOTHING:
            message, handler = describe(cell, item)
            note(cell, Evidence(Harm.SLOW, None, f"took {seconds:.3g} s", message, handler))

    def report_blocked(self, cell: Cell, item: Any, seconds: float) -> None:
        """The handler of ``item`` held the loop, by the clock alone; a watchdog knows whether it was to blame."""
        if self.watchdog is not None:
            self.watchdog.ended(cell, item, seconds)
            return
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

    def drop(self, cell: Cell) -> None:
        """Have a killed handler not end in its own time, but be left to itself at once, as if its process were gone."""
        fiber = cell.fiber
        if fiber is not None and cell.brutal and asyncio.current_task(self.loop) is not fiber.task:
            self._abandon(cell, fiber)

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
        bury(cell, KILLED, hand)
        if starting:
            report(cell, Outcome(KILLED))

    @contextmanager
    def bounded_stop(self, cell: Cell) -> Iterator[None]:
        """Kill a ``stopping`` hook that takes longer than :data:`EXIT_GRACE` when no supervisor limits it."""
        if cell.owner is not None or cell.ref._cell is not cell:  # lives of a replacement have limits
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
