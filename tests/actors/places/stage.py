"""One stage for all places: the same test runs on a simulated and a real loop, in a thread, in a process, on a host."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, ClassVar

import pytest
import uvloop

from actors import Actor, ActorSystem, Blueprint, Mailbox, Reason, Ref, handle
from actors.cluster.cluster import Cluster
from actors.cluster.values import Membership
from actors.exits import NO_REMAINS
from actors.places.place import Host, Process, Thread
from actors.places.processes import Processes
from actors.testing import World, world
from bench.hosting import HostProcess, end, until
from tests.actors.kit import Restarts
from tests.actors.places.players import Note, Order, Urgent, order

__all__ = ["Note", "Order", "Urgent", "order"]

LIMIT = 20.0
"""Seconds that a fact may take to come true, and a test to end."""

AWAY = Host(host="away")
"""The other host, a process of its own, which all tests of a module share."""

WHERE = [
    pytest.param((None, True), id="simulated-loop"),
    pytest.param((None, False), id="loop"),
    pytest.param((Thread(), False), id="thread"),
    pytest.param((Process(), False), id="process", marks=pytest.mark.process),
    pytest.param((Process(), True), id="simulated-process"),
    pytest.param((AWAY, False), id="host", marks=pytest.mark.process),
]
ELSEWHERE = [each for each in WHERE if each.id not in ("simulated-loop", "loop")]


class Scribe(Actor):
    """Writes down what it is told, at home."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    @handle
    def write(self, message: str) -> None:
        self.log.append(message)


class Tireless(Restarts):
    """Tries again if the process is gone before the start is over."""

    def start_done(self, ref: Ref[Any], reason: Reason | None, ignored: bool) -> None:
        if reason is not None:
            self.life_ended(ref, ref.pid.incarnation, reason, NO_REMAINS)


class Stage:
    """Where a test plays: ``place``: of the lives under test; ``w``: the world, if it is a simulated one."""

    def __init__(self, system: ActorSystem, place: Any, w: World | None) -> None:
        self.system = system
        self.place = place
        self.w = w
        self.log: list[str] = []
        self.scribe: Ref[Any]

    async def start(
        self,
        cls: Callable[..., Actor],
        *args: Any,
        name: str = "p",
        mailbox: Mailbox | None = None,
        restarts: int = 0,
        at_home: bool = False,
        start_timeout: float | None = None,
    ) -> Ref[Any]:
        """Start a supervised life at the place, the scribe first among its arguments."""
        place = None if at_home else self.place
        blueprint = Blueprint.of(cls, (self.scribe, *args), mailbox, place)
        keeper = await self.system.spawn(Tireless, blueprint, restarts, name, start_timeout)
        ref: Ref[Any] = await keeper.ask("get")
        await self.until(lambda: ref.is_alive or ref.pid.incarnation > 1 or ref._cell.reason is not None)
        return ref

    async def until(self, fact: Callable[[], Any]) -> None:
        """Wait until ``fact`` is true."""
        if self.w is not None:
            for _ in range(4000):
                if fact():
                    return
                await self.w.advance(0.005)
        else:
            async with asyncio.timeout(LIMIT):
                while not fact():
                    await asyncio.sleep(0.001)  # pytest.mark.real: a fact elsewhere
            return
        raise AssertionError(f"this did not come true: {inspect.getsource(fact).strip()}; log: {self.log}")

    async def logged(self, *lines: str) -> None:
        """Wait until as many lines are written, and compare them."""
        await self.until(lambda: len(self.log) >= len(lines))
        assert self.log == list(lines)

    def take(self) -> list[str]:
        """What was written since the last time."""
        log = self.log[:]
        self.log.clear()
        return log

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        if self.w is not None:
            await self.w.advance(seconds)
        else:
            await asyncio.sleep(seconds)

    def letters(self) -> list[str]:
        """The dead letters: who was to get what, and why not."""
        return [
            f"{letter.ref.name}: {getattr(letter.message, 'text', letter.message)}, {letter.why}"
            for letter in self.system.dead_letters
        ]


class Lent:
    """Lodgings that outlive the system that uses them."""

    def __init__(self, lodgings: Processes) -> None:
        self.take = lodgings.take

    async def close(self) -> None: ...


class Theatre:
    """The one real loop, nursery and other host of these tests, from the first test that needs them to the last."""

    runner: ClassVar[asyncio.Runner | None] = None
    processes: ClassVar[Processes | None] = None
    host: ClassVar[HostProcess | None] = None

    @classmethod
    def run(cls, work: Coroutine[Any, Any, None]) -> None:
        if cls.runner is None:
            cls.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        cls.runner.run(work)

    @classmethod
    def furnish(cls, system: ActorSystem) -> None:
        """Let a system use the nursery of all."""
        if cls.processes is None:
            cls.processes = Processes(ActorSystem("stage"))
        system._lodgings[Process] = Lent(cls.processes)

    @classmethod
    @contextlib.asynccontextmanager
    async def beside_a_host(cls, system: ActorSystem) -> AsyncIterator[None]:
        """A system is a host itself meanwhile, and takes no lives: they all go to the other one."""
        if cls.host is None:
            cls.host = HostProcess("away", "--listen", "127.0.0.1:0")
        try:
            async with Cluster(system, Membership("stage", join=(await cls.host.listens(),))):
                yield
        except BaseException:
            print("the host said:", *cls.host.lines, sep="\n  ")
            raise

    @classmethod
    def close(cls) -> None:
        host, cls.host = cls.host, None
        if cls.runner is not None:
            if cls.processes is not None:
                cls.runner.run(cls.processes.close())
            cls.runner.close()
        cls.runner = cls.processes = None
        if host is not None:
            asyncio.run(dismiss(host))


async def dismiss(host: HostProcess) -> None:
    """Have a host leave: nothing of it is left behind, and it had nothing to complain of."""
    try:
        host.process.terminate()
        assert await host.ended() == 0, host.lines
        await until(lambda: not host.pids, f"all of the processes of host {host.name} are gone")
        assert not host.says("Traceback"), host.lines
    finally:
        end([host])


Test = Callable[[Stage], Awaitable[None]]


def play(where: tuple[Any, bool], test: Test) -> None:
    """Run ``test`` at a place."""
    place, is_simulated = where

    async def perform(w: World | None) -> None:
        async with ActorSystem("stage") as system, contextlib.AsyncExitStack() as stack:
            if w is None:
                Theatre.furnish(system)
            if isinstance(place, Host):
                await stack.enter_async_context(Theatre.beside_a_host(system))
            stage = Stage(system, place, w)
            stage.scribe = await system.spawn(Scribe, stage.log, name="scribe")
            await test(stage)

    async def bounded() -> None:
        async with asyncio.timeout(3 * LIMIT):
            await perform(None)

    if is_simulated:
        world(seed=0).run(perform)
    else:
        Theatre.run(bounded())


def everywhere(test: Test) -> Callable[[Any], None]:
    """The test, at every place."""
    return _parametrized(test, WHERE)


def elsewhere(test: Test) -> Callable[[Any], None]:
    """The test, at every place that is not the loop."""
    return _parametrized(test, ELSEWHERE)


def _parametrized(test: Test, where: list[Any]) -> Callable[[Any], None]:
    def run(where: tuple[Any, bool]) -> None:
        play(where, test)

    functools.update_wrapper(run, test)
    del run.__wrapped__  # type: ignore[attr-defined]  # else pytest asks for a stage
    made: Callable[[Any], None] = pytest.mark.parametrize("where", where)(run)
    return made


async def fails(awaitable: Awaitable[Any]) -> Any:
    """The error that ``awaitable`` ends with."""
    try:
        result = await awaitable
    except Exception as error:
        return error
    raise AssertionError(f"expected an error, got {result!r}")
