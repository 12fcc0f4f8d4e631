"""Actors that several scenarios use."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from actors import Actor, Ref, handle

ns = time.perf_counter_ns

PATIENCE = 60.0
"""Seconds after which a scenario is stuck rather than slow."""

UNLIMITED = 10**9
"""As ``max_restarts``: the scenario is about recovering, not about giving up."""


class Crash:
    """Whoever handles this dies of it."""


class Total:
    """Asks how many messages came before."""


class Provoked(Exception):
    """What actors here die of."""


class Echo(Actor):
    """Answers a number with itself."""

    @handle
    async def echo(self, message: int) -> int:
        return message

    @handle
    async def crash(self, message: Crash) -> None:
        raise Provoked


class PlainEcho(Actor):
    """As :class:`Echo`, by ``def``."""

    @handle
    def echo(self, message: int) -> int:
        return message


class Counter(Actor):
    """Counts the numbers it is told."""

    def __init__(self) -> None:
        self.seen = 0

    @handle
    async def count(self, message: int) -> None:
        self.seen += 1

    @handle
    async def total(self, message: Total) -> int:
        return self.seen


class PlainCounter(Actor):
    """As :class:`Counter`, by ``def``."""

    def __init__(self) -> None:
        self.seen = 0

    @handle
    def count(self, message: int) -> None:
        self.seen += 1

    @handle
    def total(self, message: Total) -> int:
        return self.seen


class Meet:
    """Tells an actor who comes next."""

    def __init__(self, ref: Ref[Any]) -> None:
        self.ref = ref


class Player(Actor):
    """Hands a number on, one less each time, until it is 0."""

    def __init__(self, done: asyncio.Future[int]) -> None:
        self.done = done
        self.next: Ref[Any]

    @handle
    async def meet(self, message: Meet) -> None:
        self.next = message.ref

    @handle
    async def hop(self, message: int) -> None:
        if message == 0:
            self.done.set_result(0)
        else:
            self.next.tell(message - 1)


class PlainPlayer(Actor):
    """As :class:`Player`, by ``def``."""

    def __init__(self, done: asyncio.Future[int]) -> None:
        self.done = done
        self.next: Ref[Any]

    @handle
    def meet(self, message: Meet) -> None:
        self.next = message.ref

    @handle
    def hop(self, message: int) -> None:
        if message == 0:
            self.done.set_result(0)
        else:
            self.next.tell(message - 1)


class Tally:
    """Counts what happens anywhere, and says when it has happened often enough."""

    def __init__(self) -> None:
        self.count = 0
        self._wanted = 0
        self._enough: asyncio.Future[None] | None = None

    def add(self) -> None:
        """Once more."""
        self.count += 1
        if self._enough is not None and self.count == self._wanted:
            self._enough.set_result(None)

    async def reach(self, wanted: int) -> None:
        """Wait until it has happened ``wanted`` times in all.  Raises ``TimeoutError`` when that does not come."""
        if self.count >= wanted:
            return
        self._wanted, self._enough = wanted, asyncio.get_running_loop().create_future()
        async with asyncio.timeout(PATIENCE):
            await self._enough
        self._enough = None


class Mortal(Actor):
    """Reports its starts and its ends, answers numbers, dies of :class:`Crash`."""

    def __init__(self, starts: Tally, ends: Tally | None = None) -> None:
        self.starts = starts
        self.ends = ends

    def started(self) -> None:
        self.starts.add()

    def stopping(self, reason: object) -> None:
        if self.ends is not None:
            self.ends.add()

    @handle
    async def echo(self, message: int) -> int:
        return message

    @handle
    async def crash(self, message: Crash) -> None:
        raise Provoked
