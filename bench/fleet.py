"""Workers that cache together in front of one backend, on the loop of a world: what scenarios about caches share.

The product's :class:`~actors.tissue.mycorrhiza.cooperative_cache.CooperativeCache`, one a worker, packets of 0.5 to
2 ms between them; values are computed by whatever the scenario says.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from typing import Any

from actors import ActorError
from actors.messages import Pid
from actors.testing.network import Network
from actors.tissue.core import Effect, Send
from actors.tissue.mycorrhiza.cache_config import CacheConfig
from actors.tissue.mycorrhiza.cooperative_cache import CooperativeCache
from actors.tissue.mycorrhiza.flights import Compute, Failed, Found

Load = Callable[[str], Awaitable[float]]
"""Computes the value of a key, and says for how many seconds it lives; an ``ActorError`` or ``TimeoutError``: not."""


class Uncomputed(ActorError):
    """The value of a key could not be computed."""


class Worker:
    """One worker's part of the cache; see the module's text."""

    def __init__(self, name: str, fleet: Fleet) -> None:
        self.name = name
        self.fleet = fleet
        self.waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._life = 0
        self._wake: asyncio.TimerHandle | None = None
        self.cache: CooperativeCache

    def start(self, peers: list[str], now: float) -> None:
        """Begin, or begin again with nothing."""
        self._life += 1
        rng = random.Random(f"{self.fleet.seed}/{self.name}/{self._life}")
        self.cache = CooperativeCache(Pid(self.name, self._life), rng, now, self.fleet.config)
        self.obey(self.cache.neighbours(peers, now))

    async def get(self, key: str) -> None:
        """Wait until the value of a key is there.  Raises ``Uncomputed``."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(key, []).append(answer)
        self.obey(self.cache.get(key, self.fleet.now()))
        await answer

    def obey(self, effects: list[Effect]) -> None:
        """Carry effects out, and look at when the cache wants to be called."""
        for effect in effects:
            match effect:
                case Send():
                    self.fleet.send(self.cache.pid, effect)
                case Found():
                    self._answer(effect.key, None)
                case Failed():
                    self._answer(effect.key, Uncomputed(effect.key))
                case Compute():
                    self.fleet.spawn(self._compute(self.cache, effect))
        due = self.cache.due
        if self._wake is None or due < self._wake.when():
            if self._wake is not None:
                self._wake.cancel()
            loop = asyncio.get_running_loop()
            self._wake = loop.call_at(max(due, loop.time()), self._tick) if due < math.inf else None

    def _tick(self) -> None:
        self._wake = None
        now = self.fleet.now()
        self.obey(self.cache.tick(now) if self.cache.due <= now else [])

    def _answer(self, key: str, error: Exception | None) -> None:
        for answer in self.waiting.pop(key, ()):
            if answer.done():
                continue
            if error is None:
                answer.set_result(None)
            else:
                answer.set_exception(error)

    async def _compute(self, cache: CooperativeCache, compute: Compute) -> None:
        try:
            lives = await self.fleet.load(compute.key)
        except (ActorError, TimeoutError):
            effects = cache.failed(compute.key, compute.token, self.fleet.now())
        else:
            effects = cache.computed(compute.key, compute.token, compute.key, self.fleet.now(), ttl=lives)
        if cache is self.cache:
            self.obey(effects)


class Fleet:
    """So many workers; ``load``: what computes the value of a key."""

    def __init__(self, seed: int, workers: int, config: CacheConfig, load: Load) -> None:
        self.seed = seed
        self.config = config
        self.load = load
        self.network = Network(seed)
        self.now = asyncio.get_running_loop().time
        self.workers = {name: Worker(name, self) for name in (f"w{number}" for number in range(workers))}
        self._tasks: set[asyncio.Task[None]] = set()
        self.flush()

    def flush(self) -> None:
        """All begin again with nothing, at once."""
        for worker in self.workers.values():
            worker.start(list(self.workers), self.now())

    def send(self, sender: Pid, send: Send) -> None:
        """Have a packet arrive."""
        now = self.now()
        for when in self.network.arrivals(sender.name, send.to, now):
            asyncio.get_running_loop().call_later(when - now, self._arrive, sender, send)

    def _arrive(self, sender: Pid, send: Send) -> None:
        worker = self.workers[send.to]
        worker.obey(worker.cache.receive(sender, send.kind, send.body, self.now()))

    def spawn(self, work: Any) -> None:
        """Have something done meanwhile."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
