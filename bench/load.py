"""A server that takes one job after another, and requests that come by chance: the two ends of the overload scenarios.

A server that is *told* its jobs is what a plain queue, or most servers behind a socket, are: it does the work although
whoever wanted it may have gone.  One that is *asked* knows the deadline of each question.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from actors import Actor, handle


class Job:
    """Told; ``answer`` is resolved when it is done."""

    __slots__ = ("answer",)

    def __init__(self, answer: asyncio.Future[bool]) -> None:
        self.answer = answer


class Question:
    """Asked; answered when it is done."""

    __slots__ = ()


class Server(Actor):
    """Does one job at a time; ``takes`` says how many seconds the next one takes."""

    def __init__(self, takes: Callable[[], float]) -> None:
        self.takes = takes

    @handle
    async def job(self, message: Job) -> None:
        await asyncio.sleep(self.takes())
        if not message.answer.done():
            message.answer.set_result(True)

    @handle
    async def question(self, message: Question) -> bool:
        await asyncio.sleep(self.takes())
        return True


async def arrive(
    rate: float, seconds: float, rng: random.Random, request: Callable[[float], Coroutine[Any, Any, None]]
) -> int:
    """Start ``request(now)`` for each arrival of a Poisson process, ``rate`` a second for ``seconds``; ``now`` counts
    from 0.

    Returns how many there were, when the last of them is done.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    open_requests: set[asyncio.Task[None]] = set()
    count, due = 0, rng.expovariate(rate)
    while due < seconds:
        await asyncio.sleep(began + due - loop.time())
        task = asyncio.create_task(request(due))
        open_requests.add(task)
        task.add_done_callback(open_requests.discard)
        count += 1
        due += rng.expovariate(rate)
    while open_requests:
        await asyncio.wait(open_requests)
    return count
