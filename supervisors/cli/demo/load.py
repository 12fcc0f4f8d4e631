"""Clients that never stop asking, and the count of what became of each request."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

from actors import ActorError
from supervisors.running import Running

from .service import Order, Visit

CLIENTS = 24
PAUSE = 0.04
"""Seconds between two requests of one client, on average: 600 requests a second in all."""

ORDERS = 0.6
"""Share of the requests that are orders; the others are visits."""

PATIENCE = 2.0
"""Seconds a client waits for an answer."""


@dataclass(slots=True)
class Tally:
    """Requests by what became of them."""

    asked: int = 0
    answered: int = 0
    failed: Counter[str] = field(default_factory=Counter)

    @property
    def lost(self) -> int:
        """Requests that were neither answered nor failed: there must be none."""
        return self.asked - self.answered - self.failed.total()


class Load:
    """All clients: they ask inside ``async with Load(...) as load``; leaving it waits for the last answers."""

    def __init__(self, running: Running, rng: random.Random, visitors: list[str]) -> None:
        self.tally = Tally()
        self._running = running
        self._rng = rng
        self._visitors = visitors
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._client()) for _ in range(CLIENTS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        await asyncio.gather(*self._tasks)

    async def _client(self) -> None:
        while not self._closing:
            await asyncio.sleep(self._rng.uniform(0.0, 2 * PAUSE))
            if self._rng.random() < ORDERS:
                await self.ask("gateway", Order(self.tally.asked))
            else:
                await self.ask(self._rng.choice(self._visitors), Visit())

    async def ask(self, path: str, message: object) -> None:
        """One request, counted by what becomes of it."""
        self.tally.asked += 1
        try:
            await self._running.ref(path).ask(message, timeout=PATIENCE)
        except ActorError as error:
            self.tally.failed[type(error).__name__] += 1
        else:
            self.tally.answered += 1

    def send(self, path: str, message: object) -> None:
        """One more client, with one request."""
        self._tasks.append(asyncio.create_task(self.ask(path, message)))
