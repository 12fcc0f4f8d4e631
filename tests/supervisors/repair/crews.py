"""What the tests of repair share: workers that take their time, hosts of one world, and a load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from actors import Actor, ActorError, ActorSystem, handle
from actors.testing import World
from supervisors import Desired, Pool, Running, Scale, Supervisor, Tree, TreeEnded, child
from supervisors.events import SupervisionEvent

PATH = "shop/mailers"


@dataclass(frozen=True, slots=True)
class Job:
    """Takes so many seconds; the answer is who did it."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Crash:
    """Crashes its handler."""


class Mailer(Actor):
    """One of a pool."""

    @handle
    async def job(self, message: Job) -> str:
        if message.seconds:
            await asyncio.sleep(message.seconds)
        return f"{self.ref.name}@{self.system.name}"

    @handle
    def crash(self, message: Crash) -> None:
        raise RuntimeError("boom")


def shop(size: int | Desired, worker: Any = Mailer, **options: Any) -> Supervisor:
    """A tree of one pool."""
    return Supervisor("shop", [Pool("mailers", child(worker, id="w"), size=size, **options)])


def fixed(replicas: int, **options: Any) -> Desired:
    """A size that does not follow the load."""
    return Desired(replicas, scale=None, **options)


QUICK = Scale(boot=2.0, window=10.0)


class Hosts:
    """Systems of one world that run one tree; ``events`` of all of them, each with its host."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.runs: dict[str, Running] = {}
        self.systems: dict[str, ActorSystem] = {}
        self.events: list[tuple[str, SupervisionEvent]] = []
        self._stacks: dict[str, AsyncExitStack] = {}

    async def start(self, tree: Tree, *names: str) -> None:
        """Start the tree on these."""
        for name in names:
            stack = self._stacks[name] = AsyncExitStack()
            system = await stack.enter_async_context(ActorSystem(name))
            system.events.subscribe(partial(self._note, name))
            self.systems[name] = system
            self.runs[name] = await stack.enter_async_context(tree.running(system=system, log=False))

    def _note(self, name: str, event: object) -> None:
        if isinstance(event, SupervisionEvent):
            self.events.append((name, event))

    def of(self, *kinds: type[SupervisionEvent]) -> list[tuple[str, SupervisionEvent]]:
        """The events of these types."""
        return [(name, event) for name, event in self.events if isinstance(event, kinds)]

    def crash(self, name: str) -> None:
        """That host is gone at once, and nothing is heard of it any more."""
        self.w.network.partition([f"@{name}"])
        self.runs.pop(name).kill()

    def workers(self, name: str) -> list[str]:
        """Who serves on a host."""
        return serving(self.runs[name])

    def everywhere(self) -> list[str]:
        """Who serves anywhere, a place once for each host that fills it."""
        return sorted(worker for name in self.runs for worker in self.workers(name))

    async def close(self) -> None:
        """Leave all of them."""
        for stack in self._stacks.values():
            with suppress(TreeEnded):  # it was killed
                await stack.aclose()


@asynccontextmanager
async def hosts(w: World, tree: Tree, *names: str) -> AsyncIterator[Hosts]:
    """These hosts, with the tree on each of them."""
    found = Hosts(w)
    try:
        await found.start(tree, *names)
        yield found
    finally:
        await found.close()


def serving(running: Running) -> list[str]:
    """The workers of the pool that serve on one host."""
    pool = running.snapshot().find(PATH)
    assert pool is not None
    return sorted(node.path.rpartition("/")[2] for node in pool.children if node.status == "running")


class Load:
    """Asks a pool at random moments, ``rate`` times a second; ``done`` were answered, ``waiting`` not yet."""

    def __init__(self, w: World, pool: Any, seconds: float) -> None:
        self._w = w
        self._pool = pool
        self._seconds = seconds
        self._asking: set[asyncio.Future[Any]] = set()
        self.done = self.failed = 0

    @property
    def waiting(self) -> int:
        """Questions that wait for their answer."""
        return len(self._asking)

    async def at(self, rate: float, seconds: float) -> None:
        """Ask for so long."""
        until = self._w.now() + seconds
        while self._w.now() < until:
            await asyncio.sleep(self._w.rng.expovariate(rate))
            task = asyncio.ensure_future(self._ask())
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _ask(self) -> None:
        try:
            await self._pool.ask(Job(self._seconds), timeout=None)
        except ActorError:
            self.failed += 1
        else:
            self.done += 1
