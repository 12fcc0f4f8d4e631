"""A world for tests: virtual time, seeded interleaving, and a trace that repeats to the byte."""

from __future__ import annotations

import asyncio
import functools
import inspect
import random
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from actors.actor import Actor
from actors.engines.simulated import Deadlock, SimulatedEngine, VirtualClock, install, uninstall
from actors.ref import Ref
from actors.system import ActorSystem

from .probe import Probe
from .wires import CellNetwork, Wires

T = TypeVar("T")

PATIENCE = 60.0
"""Virtual seconds that tasks left over at the end have to take their cancellation."""


class World:
    """Runs a scenario in virtual time.  Three ways in::

        world(seed=7).run(scenario)            # scenario is `async def scenario(w)`

        @world(seed=7)                         # a test function for pytest, without its first parameter
        async def test_something(w): ...

        async with world(seed=7) as w: ...     # inside a running stock asyncio loop (not uvloop)

    Every ``ActorSystem`` and every tree entered inside runs on it.  Time jumps to the next timer when nothing else can
    run; ``now()`` is the seconds since the start.

    Each system is a host of its own.  What cells of the tissue say to each other travels over ``network``, which
    delays (0.5 to 2 ms), and can be told to lose, double, partition and pause; ``wires.mangle`` may spoil frames.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self._begin()

    def _begin(self) -> None:
        self._engine = SimulatedEngine(self.seed)
        self.network = CellNetwork(self.seed)
        self.wires = Wires(self.network, self._engine)
        self._engine.wires = self.wires
        self._clock: VirtualClock | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._system: ActorSystem | None = None

    # -- ways in -------------------------------------------------------------------------------------------------------

    def run(self, main: Callable[[World], Awaitable[T]]) -> T:
        """Run ``await main(world)`` on a loop of its own; again starts anew from the seed.

        Raises ``Deadlock`` if everybody waits and no timer is set.
        """
        self._begin()
        loop = asyncio.SelectorEventLoop()
        self._clock = install(loop, self._engine)
        self._loop = loop
        try:
            return loop.run_until_complete(self._main(main))
        finally:
            _wind_up(loop)

    async def _main(self, main: Callable[[World], Awaitable[T]]) -> T:
        assert self._clock is not None
        task = self._clock.main = asyncio.current_task()
        try:
            try:
                return await main(self)
            finally:
                await self._close()
        except asyncio.CancelledError:
            if not self._clock.stuck:
                raise
            while task is not None and task.cancelling():
                task.uncancel()
            raise Deadlock(self.now()) from None
        finally:
            self._clock.main = None

    def __call__(self, test: Callable[..., Awaitable[T]]) -> Callable[..., T]:
        """Make a plain test function of an ``async`` one whose first parameter (after ``self``) is the world."""
        parameters = list(inspect.signature(test).parameters.values())
        at = 1 if parameters and parameters[0].name == "self" else 0

        def run(*args: Any, **kwargs: Any) -> T:
            return self.run(lambda w: test(*args[:at], w, *args[at:], **kwargs))

        functools.update_wrapper(run, test)
        signature = inspect.signature(test).replace(parameters=[*parameters[:at], *parameters[at + 1 :]])
        run.__signature__ = signature  # type: ignore[attr-defined]
        del run.__wrapped__  # type: ignore[attr-defined]
        return run

    async def __aenter__(self) -> Self:
        self._begin()
        loop = asyncio.get_running_loop()
        self._clock = install(loop, self._engine, loop.time())
        self._loop = loop
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._close()
        finally:
            uninstall(self._loop)

    async def _close(self) -> None:
        if self._system is not None:
            await self._system.close()

    # -- time ----------------------------------------------------------------------------------------------------------

    def now(self) -> float:
        """Virtual seconds since the start."""
        return self._clock.elapsed if self._clock is not None else 0.0

    async def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass, with everything that falls due in them, until nothing can run at their end."""
        await asyncio.sleep(seconds)
        await self.idle()

    async def idle(self) -> None:
        """Wait until nothing can run any more without time passing."""
        assert self._clock is not None
        assert self._loop is not None
        idler: asyncio.Future[None] = self._loop.create_future()
        self._clock.idlers.append(idler)
        await idler

    # -- chance and trace ----------------------------------------------------------------------------------------------

    @property
    def rng(self) -> random.Random:
        """The world's chance; drawing from it is part of the run."""
        return self._engine.rng

    @property
    def trace(self) -> str:
        """Who had a turn when, with what, a line each: the same seed gives the same text, byte for byte."""
        return "".join(f"{line}\n" for line in self._engine.lines)

    def note(self, text: str) -> None:
        """Add a line of one's own to the trace."""
        self._engine.write(text)

    # -- actors --------------------------------------------------------------------------------------------------------

    async def system(self) -> ActorSystem:
        """The world's own system, made on first use and left at the end."""
        if self._system is None:
            self._system = await ActorSystem("world").__aenter__()
        return self._system

    async def spawn(self, cls: Callable[..., Actor], *args: Any, **options: Any) -> Ref[Any]:
        """Start an actor in the world's own system; see ``ActorSystem.spawn``."""
        return await (await self.system()).spawn(cls, *args, **options)

    async def probe(self, name: str | None = None) -> Probe:
        """Start a probe in the world's own system."""
        return await Probe.spawn(await self.system(), name)


def _wind_up(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what is left, as ``asyncio.run`` does, but do not wait for ever for what will not end."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=PATIENCE))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def world(seed: int = 0) -> World:
    """A world of virtual time whose chance comes from ``seed``; see :class:`World`."""
    return World(seed)
