"""Numbered messages from several senders to many workers, and the books of what became of each.

The books lie outside of the workers' lives: a number that a sender gave to a worker and that is not in them when all is
quiet is lost, one that is there twice is a duplicate, one that comes after a higher one of the same sender is out of
order.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from actors import Actor, ActorError, Ref, handle

from .parts import PATIENCE, Total, ns

ASKED = 10
"""Every tenth message is a question."""


class Numbered:
    """``number`` counts what ``sender`` has sent to this worker, from 0."""

    __slots__ = ("number", "sender")

    def __init__(self, sender: int, number: int) -> None:
        self.sender = sender
        self.number = number


@dataclass(slots=True)
class Books:
    """What was sent and what was handled, by worker and sender; the errors that senders got.

    ``latencies`` of answers (ns) to what was asked now; ``turn_page`` begins other ones.
    """

    workers: int
    senders: int
    sent: list[list[int]] = field(init=False)
    handled: list[list[list[int]]] = field(init=False)
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        self.sent = [[0] * self.senders for _ in range(self.workers)]
        self.handled = [[[] for _ in range(self.senders)] for _ in range(self.workers)]

    def count(self) -> tuple[int, int, int]:
        """Messages lost, handled more than once, handled after a later one."""
        lost = duplicated = reordered = 0
        for sent_to, handled_by in zip(self.sent, self.handled, strict=True):
            for sent, numbers in zip(sent_to, handled_by, strict=True):
                once = set(numbers)
                lost += sent - len(once)
                duplicated += len(numbers) - len(once)
                reordered += sum(1 for one, after in itertools.pairwise(numbers) if after < one)
        return lost, duplicated, reordered

    def turn_page(self, latencies: list[float]) -> None:
        """Write the answers to what is asked from now on into ``latencies``."""
        self.latencies = latencies

    @property
    def total(self) -> int:
        """Messages sent."""
        return sum(map(sum, self.sent))


class Worker(Actor):
    """Books what it handles; suspends in every seventh message.

    A later life takes ``warm_up`` seconds to start, and each takes ``wind_up`` to stop.
    """

    def __init__(self, books: Books, place: int, warm_up: float, wind_up: float) -> None:
        self.books = books
        self.place = place
        self.warm_up = warm_up
        self.wind_up = wind_up

    async def started(self) -> None:
        if self.pid.incarnation > 1:
            await asyncio.sleep(self.warm_up)

    async def stopping(self, reason: object) -> None:
        await asyncio.sleep(self.wind_up)

    @handle
    async def work(self, message: Numbered) -> int:
        self.books.handled[self.place][message.sender].append(message.number)
        if message.number % 7 == 0:
            await asyncio.sleep(0)
        return message.number

    @handle
    async def quiet(self, message: Total) -> int:
        """Answered after all that came before."""
        return sum(map(len, self.books.handled[self.place]))


class Flow:
    """Sends ``rate`` messages a second in all, evenly over senders and workers, in ticks, until it is stopped."""

    def __init__(self, books: Books, refs: Sequence[Ref[Any]], rate: float, tick: float) -> None:
        self.books = books
        self.refs = refs
        self.rate = rate
        self.tick = tick
        self.going = True
        self._turn = 0
        self._asks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send until :meth:`stop`, then wait for the answers."""
        loop = asyncio.get_running_loop()
        began, sent = loop.time(), 0
        while self.going:
            due = int((loop.time() - began) * self.rate)
            for _ in range(due - sent):
                self._send()
            sent = due
            await asyncio.sleep(self.tick)
        while self._asks:
            await asyncio.wait(self._asks)

    def stop(self) -> None:
        """Send no more."""
        self.going = False

    def _send(self) -> None:
        turn, self._turn = self._turn, self._turn + 1
        lap, worker = divmod(turn, self.books.workers)
        sender = lap % self.books.senders
        if (lap + worker) % ASKED:  # every worker is asked in its turn
            try:
                self.refs[worker].tell(self._next(worker, sender))
            except ActorError:
                self.books.refused += 1
            return
        task = asyncio.create_task(self._ask(worker, sender))
        self._asks.add(task)
        task.add_done_callback(self._asks.discard)

    def _next(self, worker: int, sender: int) -> Numbered:
        number = self.books.sent[worker][sender]
        self.books.sent[worker][sender] = number + 1
        return Numbered(sender, number)

    async def _ask(self, worker: int, sender: int) -> None:
        page, began = self.books.latencies, ns()
        try:
            await self.refs[worker].ask(self._next(worker, sender), timeout=PATIENCE)
        except ActorError:
            self.books.refused += 1
        else:
            page.append(float(ns() - began))
