"""The floor: the least code that could be called an actor, three ways.  Nothing real can beat it by much.

``QueueFloor`` is what people write: an ``asyncio.Queue`` and a task for each actor.  ``FiberFloor`` is a run queue that
a few pooled tasks drain, the design that planaria builds on.  ``DrainFloor`` runs plain functions from ``call_soon``
and knows no ``await``.  None of them has names, supervision, deadlines, bounds, contexts or errors: the distance to
them is what those cost.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from .checks import expect

ns = time.perf_counter_ns

BATCH = 16
"""Messages an actor handles before the next one's turn."""

BUDGET = 1000
"""Messages a fiber handles before it lets the loop turn."""

AsyncHandler = Callable[[Any], Awaitable[None]]
PlainHandler = Callable[[Any], None]


class FloorActor(Protocol):
    """All that the floor's actors can do."""

    def tell(self, message: Any) -> None:
        """Enqueue."""


class QueueFloor:
    """An ``asyncio.Queue`` and a task for each actor."""

    name = "asyncio.Queue"

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def actor(self, handler: AsyncHandler) -> FloorActor:
        """Start one."""
        actor = _QueueActor(handler)
        self._tasks.append(asyncio.get_running_loop().create_task(actor.run()))
        return actor

    async def close(self) -> None:
        """Stop all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()


class _QueueActor:
    __slots__ = ("_handler", "_queue")

    def __init__(self, handler: AsyncHandler) -> None:
        self._handler = handler
        self._queue: asyncio.Queue[Any] = asyncio.Queue()

    def tell(self, message: Any) -> None:
        self._queue.put_nowait(message)

    async def run(self) -> None:
        while True:
            await self._handler(await self._queue.get())


class FiberFloor:
    """A run queue of ready actors that pooled tasks drain: an idle actor owns no task.

    ``_pump`` is armed once a loop turn while a fiber works.  It runs only if that fiber suspended inside a handler, or
    gave up the loop, and then another fiber carries on.
    """

    name = "pooled fibers"

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready: deque[_FiberActor] = deque()
        self._idle: list[asyncio.Future[None]] = []
        self._fibers: list[asyncio.Task[None]] = []
        self._armed = False

    def actor(self, handler: AsyncHandler) -> FloorActor:
        """Start one."""
        return _FiberActor(self, handler)

    async def close(self) -> None:
        """Stop the fibers."""
        for fiber in self._fibers:
            fiber.cancel()
        await asyncio.gather(*self._fibers, return_exceptions=True)
        self._fibers.clear()

    def wake(self, actor: _FiberActor) -> None:
        """Queue an actor that has something to do."""
        self._ready.append(actor)
        if not self._armed:
            self._armed = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._armed = False
        if not self._ready:
            return
        if self._idle:
            self._idle.pop().set_result(None)
        else:
            self._fibers.append(self._loop.create_task(self._fiber()))

    async def _fiber(self) -> None:
        loop, ready = self._loop, self._ready
        while True:
            budget = BUDGET
            while ready and budget > 0:
                if not self._armed:
                    self._armed = True
                    loop.call_soon(self._pump)
                actor = ready.popleft()
                box, handler, left = actor.box, actor.handler, BATCH
                while box and left:
                    left -= 1
                    budget -= 1
                    await handler(box.popleft())
                if box:
                    ready.append(actor)
                else:
                    actor.scheduled = False
            parked = loop.create_future()
            self._idle.append(parked)
            await parked


class _FiberActor:
    __slots__ = ("_floor", "box", "handler", "scheduled")

    def __init__(self, floor: FiberFloor, handler: AsyncHandler) -> None:
        self._floor = floor
        self.handler = handler
        self.box: deque[Any] = deque()
        self.scheduled = False

    def tell(self, message: Any) -> None:
        self.box.append(message)
        if not self.scheduled:
            self.scheduled = True
            self._floor.wake(self)


class DrainFloor:
    """A ``call_soon`` for each activation; handlers are plain functions."""

    name = "call_soon"

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def actor(self, handler: PlainHandler) -> FloorActor:
        """Start one."""
        return _DrainActor(self._loop, handler)

    async def close(self) -> None:
        """Nothing is running."""


class _DrainActor:
    __slots__ = ("_box", "_handler", "_loop", "_scheduled")

    def __init__(self, loop: asyncio.AbstractEventLoop, handler: PlainHandler) -> None:
        self._loop = loop
        self._handler = handler
        self._box: deque[Any] = deque()
        self._scheduled = False

    def tell(self, message: Any) -> None:
        self._box.append(message)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._drain)

    def _drain(self) -> None:
        box, handler = self._box, self._handler
        for _ in range(len(box)):
            handler(box.popleft())
        if box:
            self._loop.call_soon(self._drain)
        else:
            self._scheduled = False


AsyncFloor = QueueFloor | FiberFloor


async def hop(kind: type[AsyncFloor], hops: int) -> float:
    """Two actors hand a counter to and fro: ns a hop."""
    floor, done = kind(), asyncio.get_running_loop().create_future()

    async def ping(message: int) -> None:
        if message == 0:
            done.set_result(None)
        else:
            there.tell(message - 1)

    async def pong(message: int) -> None:
        here.tell(message)

    here, there = floor.actor(ping), floor.actor(pong)
    began = ns()
    here.tell(hops // 2)
    await done
    took = ns() - began
    await floor.close()
    return took / (hops // 2 * 2)


async def tell(kind: type[AsyncFloor], messages: int) -> float:
    """One sender, one receiver that counts: ns a message, until the last is handled."""
    floor, done, seen = kind(), asyncio.get_running_loop().create_future(), 0

    async def count(_: int) -> None:
        nonlocal seen
        seen += 1
        if seen == messages:
            done.set_result(None)

    send = floor.actor(count).tell
    await asyncio.sleep(0)
    began = ns()
    for number in range(messages):
        send(number)
    await done
    took = ns() - began
    await floor.close()
    return took / messages


async def ask(kind: type[AsyncFloor], asks: int) -> float:
    """Ask, wait for the answer, ask again: ns a round trip.  There is no deadline."""

    async def answer(message: tuple[int, asyncio.Future[int]]) -> None:
        message[1].set_result(message[0])

    floor = kind()
    try:
        return await _ask_all(floor.actor(answer), asks)
    finally:
        await floor.close()


async def ask_drain(asks: int) -> float:
    """As :func:`ask`, on :class:`DrainFloor`."""

    def answer(message: tuple[int, asyncio.Future[int]]) -> None:
        message[1].set_result(message[0])

    return await _ask_all(DrainFloor().actor(answer), asks)


async def _ask_all(actor: FloorActor, asks: int) -> float:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0)
    began = ns()
    for number in range(asks):
        reply: asyncio.Future[int] = loop.create_future()
        actor.tell((number, reply))
        expect("echo", await reply, number)
    return (ns() - began) / asks


async def spawn(kind: type[AsyncFloor], actors: int) -> float:
    """Make actors, until all of them could take a message: ns each."""

    async def ignore(_: object) -> None:
        return None

    floor = kind()
    began = ns()
    kept = [floor.actor(ignore) for _ in range(actors)]
    await asyncio.sleep(0)
    took = ns() - began
    await floor.close()
    return took / len(kept)
