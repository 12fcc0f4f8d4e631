"""A fiber: the pooled task that runs handlers, and holds those that suspend."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from types import coroutine
from typing import TYPE_CHECKING, Any

from .envelopes import NOTHING
from .turn import DONE

if TYPE_CHECKING:
    from .cell import Cell
    from .pulse import Pulse
    from .scheduler import Scheduler


@coroutine
def _pause() -> Generator[None, None, None]:
    yield


POOLED_FIBERS = 256
"""Idle fibers kept; a burst of suspended handlers may use more, which then end."""


class Fiber:
    """A pooled task that runs handlers; ``cell`` is the actor it is in, ``lost`` says that it was abandoned there.

    ``cuts``: cancellations of the task that were meant for the handler in it; ``timed``: the message whose handling is
    timed, since ``since``.
    """

    __slots__ = ("cell", "cuts", "driver", "gate", "lost", "scheduler", "since", "task", "timed")

    def __init__(
        self, scheduler: Scheduler, driver: Any = None, waits_for: Any = DONE, cell: Cell | None = None
    ) -> None:
        self.scheduler = scheduler
        self.driver = driver or scheduler.new_driver(in_task=True)
        self.cell = cell
        self.gate: asyncio.Future[None] | None = None
        self.lost = False
        self.cuts = 0
        self.timed: Any = NOTHING
        self.since = 0.0
        work = self.run(waits_for)
        work.send(None)  # up to its pause: a task that is cancelled before its first step never enters its coroutine
        # Past the loop's task factory: an eager task would run before it is known here.
        self.task: asyncio.Task[None] = asyncio.Task(
            work, loop=scheduler.loop, name="planaria fiber", context=scheduler.context.copy()
        )
        scheduler.fibers[self.task] = self

    async def run(self, waits_for: Any) -> None:
        """Drain the run queue a slice at a time, for as long as the system runs."""
        scheduler, ready, send = self.scheduler, self.scheduler.ready, self.driver.send
        try:
            try:
                await _pause()
            except asyncio.CancelledError:
                if waits_for is DONE:
                    raise
                self.task.cancel()  # it is for the handler, which feels it where it waits
            task = self.task
            if waits_for is not DONE and self.cell is not None:
                await self.carry(self.cell, waits_for)
            while not self.lost:
                scheduler.begin_slice()
                while ready and scheduler.now < scheduler.deadline:
                    self.cell = scheduler.acting = cell = ready.popleft()
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
            scheduler.fibers.pop(self.task, None)
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
                if cell.extras is not None and cell.extras.pulse is not None:
                    self.begin_timing(cell, cell.extras.pulse)
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
                scheduler.acting = cell
            try:
                waits_for = run(step, value)
            except StopIteration:  # the handler was abandoned, and has ended now
                self.lost = True
                return
            if self.timed is not NOTHING and (waits_for is DONE or cell.hand is not self.timed):
                timed, self.timed = self.timed, NOTHING
                if not self.lost:
                    scheduler.judge_time(cell, timed, scheduler.wall() - self.since)

    def begin_timing(self, cell: Cell, pulse: Pulse) -> None:
        """A handler suspends: its time counts from the begin of this segment until it is done."""
        if pulse.latency is not None and self.timed is NOTHING:
            scheduler = self.scheduler
            self.timed = cell.hand
            self.since = scheduler.wall() - (scheduler.clock() - scheduler.now)
