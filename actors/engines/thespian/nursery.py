"""The nursery: where a node gets its isolates from, and is told how each one ended.

Nothing is started before the first ``fork``.  Then a launcher runs, and below it Thespian's system with a zygote, which
forks isolates; they come in by the door with a one-time token.  ``spares`` of them are kept connected, so that a fork
takes no longer than sending the assignment.  What dies of the machinery is started anew, and ``on_notice`` told.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgpack

from actors.errors import ActorError

from . import folders
from .door import Door
from .isolate import Isolate
from .isolation import LENGTH
from .machine import Machine, configuration
from .notices import Failed, Lost, Notice, Ready, Refused
from .orders import Orders
from .status import ExitStatus, Limits

# Seconds after the last fork until a spare is ordered: its fork would take the processor that the new life needs now.
# Where spares die by themselves it doubles with each one, until a fork goes well.
SPARE_DELAY = 0.02

# Seconds that closing waits for the launcher before it is killed.
CLOSE_TIME = 5.0

# Modules that spares load ahead: a tree has its classes in a few.
FAMILIAR = 16

# Forks that come to nothing in a row, before those who wait are told.
MAX_FAILURES = 3

# Seconds before a launcher that died without having been ready is started again; doubles, up to the second.
FIRST_WAIT, LONGEST_WAIT = 0.05, 5.0

NO_LIMITS = Limits()

T = TypeVar("T")


class ForkFailed(ActorError):
    """No isolate could be had; ``why`` says what stood in the way."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"no isolate: {why}")


class Nursery:
    """Keeps the machinery that forks isolates; an async context manager, for one loop and one thread.

    ``folder``: where to make the private folder, the system's temporary one by default; ``spares``: isolates kept
    connected; ``modules``: imported once, in the zygote; ``entry``: "pkg.mod:function", a coroutine function which each
    isolate runs, called with its socket and what it awaits for the settings of ``fork``; ``rehearsal``: another one,
    without arguments, which zygote and spares run ahead of it: so all that it runs through is at hand; ``port``: of
    Thespian's admin, on 127.0.0.1, any free one by default; ``on_notice``: told what happens to the machinery, in the
    loop.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        spares: int = 1,
        modules: Sequence[str] = (),
        entry: str,
        rehearsal: str | None = None,
        port: int = 0,
        on_notice: Callable[[Notice], None] | None = None,
    ) -> None:
        if spares < 0:
            raise ValueError(f"spares={spares}: that many isolates cannot be kept")
        if ":" not in entry:
            raise ValueError(f"entry={entry!r}: name a function, as in pkg.mod:function")
        self.spares = spares
        self.folder = Path()
        self._parent = folder
        self._modules = tuple(modules)
        self._entry = entry
        self._rehearsal = rehearsal
        self._port = port
        self._on_notice = on_notice
        self._machine: Machine | None = None
        self._door: Door | None = None
        self._orders = Orders()
        self._familiar: dict[str, Sequence[Any]] = {rehearsal: ()} if rehearsal is not None else {}
        self._all: dict[int, Isolate] = {}
        self._idle: deque[Isolate] = deque()
        self._waiters: deque[asyncio.Future[Isolate]] = deque()
        self._warmers: list[asyncio.Future[None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._failures = 0
        self._deaths = 0
        self._spare_deaths = 0
        self._is_closed = True

    async def __aenter__(self) -> Self:
        if not hasattr(os, "pidfd_open"):
            raise ForkFailed("processes need Linux")
        self._loop = asyncio.get_running_loop()
        self.folder = folders.make(self._parent)
        self._door = Door(self.folder / "nursery", self._orders.judge, self._enter, self._refused)
        self._is_closed = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def isolates(self) -> list[Isolate]:
        """Those that were handed out and are not known to be dead."""
        idle = set(self._idle)
        return [each for each in self._all.values() if each not in idle]

    @property
    def spares_ready(self) -> int:
        """How many are connected and wait for an assignment."""
        return len(self._idle)

    @property
    def launcher(self) -> int | None:
        """The pid of the launcher, if one runs."""
        return self._machine.pid if self._machine is not None else None

    def descriptors(self) -> list[int]:
        """Of all that leads to its machinery and its isolates, as far as they are open."""
        ends: list[Any] = [each for each in (self._door, self._machine, *self._all.values()) if each is not None]
        return [number for each in ends for number in each.descriptors()]

    async def fork(self, limits: Limits = NO_LIMITS, *, settings: Any = None, timeout: float = 10.0) -> Isolate:
        """An isolate that runs the entry, within ``limits``; ``settings``: anything that msgpack packs.

        With a spare it does not wait.  Raises ``ForkFailed``, after ``timeout`` seconds at the latest, and
        ``TypeError`` for settings that cannot be packed.
        """
        body = msgpack.packb([[limits.memory, limits.cpu, limits.files], settings])
        assignment = LENGTH.pack(len(body)) + body
        if self._is_closed:
            raise ForkFailed("the nursery is closed")
        until = self._loop.time() + timeout
        while True:
            isolate = self._idle.popleft() if self._idle else await self._next(until)
            if await self._assign(isolate, assignment):
                self._spare_deaths = 0
                self._put_off()
                return isolate

    async def warm(self, timeout: float = 10.0) -> None:
        """Start the machinery, and wait until all spares are there.  Raises ``ForkFailed``."""
        until = self._loop.time() + timeout
        while len(self._idle) < self.spares:
            warmer = self._loop.create_future()
            self._warmers.append(warmer)
            self._order()
            await self._wait_for(warmer, until)

    def familiarise(self, module: str, *arguments: Any) -> None:
        """Have spares load ``module`` from now on, while nobody waits for them: the first :data:`FAMILIAR` of which it
        is told.  "pkg.mod:function" is called instead with ``arguments``, anything that msgpack packs, and awaited.

        It is not loaded in the zygote, for it may start threads, which do not live through a fork.
        """
        if module not in self._familiar and len(self._familiar) < FAMILIAR:
            self._familiar[module] = arguments
            for isolate in self._idle:
                _teach(isolate, {module: arguments})

    async def close(self) -> None:
        """Kill all isolates and the machinery, and remove the folder.  Whoever waits for a fork gets ``ForkFailed``."""
        if self._is_closed:
            return
        self._is_closed = True
        self._forget_timer()
        self._fail("the nursery is closed")
        machine = self._machine
        for isolate in list(self._all.values()):
            isolate.kill()
        try:
            if machine is not None:
                machine.send("close")
                done, _ = await asyncio.wait([machine.ended], timeout=CLOSE_TIME)
                if not done:
                    machine.kill()
                    await machine.ended
            async with asyncio.timeout(CLOSE_TIME):
                for isolate in list(self._all.values()):
                    await isolate.wait()
        except BaseException:  # whoever cannot wait for its end leaves nothing behind either
            if machine is not None:
                machine.kill()
            raise
        finally:
            if self._door is not None:
                self._door.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    # Forking

    async def _assign(self, isolate: Isolate, assignment: bytes) -> bool:
        try:
            sent = isolate.socket.send(assignment)
            if sent < len(assignment):
                await self._loop.sock_sendall(isolate.socket, assignment[sent:])
        except OSError:
            isolate.kill()
            return False
        return isolate.is_alive

    async def _next(self, until: float) -> Isolate:
        waiter: asyncio.Future[Isolate] = self._loop.create_future()
        self._waiters.append(waiter)
        self._order()
        try:
            return await self._wait_for(waiter, until)
        except BaseException:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._idle.append(waiter.result())
            raise

    async def _wait_for(self, future: asyncio.Future[T], until: float) -> T:
        try:
            async with asyncio.timeout_at(until):
                return await future
        except TimeoutError:
            raise ForkFailed("it took too long") from None

    def _forget(self, isolate: Isolate) -> None:
        self._all.pop(isolate.pid, None)
        if isolate in self._idle:
            self._idle.remove(isolate)
            self._spare_deaths += 1
            self._order_later(min(LONGEST_WAIT, SPARE_DELAY * 2.0 ** min(self._spare_deaths - 1, 20)))

    def _order(self) -> None:
        """Order as many as are waited for; the spares when nobody waits: their forks would take what those need."""
        self._forget_timer()
        if self._is_closed:
            return
        while self._waiters and self._waiters[0].done():
            self._waiters.popleft()
        waiting = sum(not each.done() for each in self._waiters)
        for _ in range((waiting or self.spares - len(self._idle)) - len(self._orders)):
            machine = self._running()
            if machine is None:
                return
            machine.order(*self._orders.new())

    def _order_later(self, seconds: float) -> None:
        if self._timer is None and not self._is_closed:
            self._timer = self._loop.call_later(seconds, self._order)

    def _put_off(self) -> None:
        """Order what is missing when there was no fork for a while."""
        self._forget_timer()
        self._order_later(SPARE_DELAY)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _running(self) -> Machine | None:
        if self._machine is None:
            config = configuration(self.folder, self._modules, self._entry, self._port, self._rehearsal)
            try:
                self._machine = Machine(config, self._hear, self._lost)
            except OSError as error:
                self._fail(f"the launcher cannot be started: {error}")
        return self._machine

    # The door

    def _enter(self, connected: socket.socket, token: bytes, pid: int) -> None:
        self._orders.used(token)
        self._failures = 0
        try:
            isolate = self._all[pid] = Isolate(connected, pid, self._forget)
        except OSError:
            connected.close()  # it died at the door
            self._order_later(SPARE_DELAY)
            return
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(isolate)
                return
        if self._familiar:
            _teach(isolate, self._familiar)
        self._idle.append(isolate)
        self._wake(None)

    def _refused(self, pid: int, uid: int, why: str) -> None:
        self._notify(Refused(pid, uid, why))

    # The launcher

    def _hear(self, word: str, *rest: Any) -> None:
        match word, rest:
            case "born", (number, pid):
                self._orders.born(number, pid)
            case "exit", (pid, status):
                self._ended(pid, ExitStatus.of_wait(status))
            case "unborn", (number, why):
                self._miscarried(number, why)
            case "ready", (generation, seconds, zygote, admin, threads):
                self._deaths = 0
                self._notify(Ready(self.launcher or 0, zygote, admin, generation, seconds, threads))
            case "lost", (why,):
                self._notify(Lost("machinery", why))
            case "down", (why,):
                self._orders.clear()
                self._notify(Failed(why))
                self._fail(why)

    def _ended(self, pid: int, status: ExitStatus) -> None:
        if (isolate := self._all.get(pid)) is not None:
            if isolate.has_ended():  # else it is the namesake of one long dead
                isolate.end(status)
            return
        number = self._orders.of_process(pid)
        if number is not None:
            self._miscarried(number, f"it ended before it was connected: {status}")

    def _miscarried(self, number: int, why: str) -> None:
        self._orders.drop(number)
        self._notify(Failed(why))
        self._failures += 1
        if self._failures >= MAX_FAILURES:
            self._failures = 0
            self._fail(why)
        else:
            self._order()

    def _lost(self, why: str) -> None:
        self._machine = None
        self._orders.clear()
        for isolate in list(self._all.values()):
            isolate.outlived()
        if self._is_closed:
            return
        self._notify(Lost("launcher", why))
        self._deaths += 1
        if self._deaths > MAX_FAILURES:
            self._fail(f"the launcher dies at once: {why}")
        wait = FIRST_WAIT * 2.0 ** min(self._deaths - 2, 20) if self._deaths > 1 else 0.0
        self._order_later(min(LONGEST_WAIT, wait))

    def _fail(self, why: str) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(ForkFailed(why))
        self._wake(ForkFailed(why))

    def _wake(self, error: ForkFailed | None) -> None:
        warmers, self._warmers = self._warmers, []
        for warmer in warmers:
            if not warmer.done():
                warmer.set_result(None) if error is None else warmer.set_exception(error)

    def _notify(self, notice: Notice) -> None:
        if self._on_notice is not None and not self._is_closed:
            self._on_notice(notice)


def _teach(isolate: Isolate, modules: dict[str, Sequence[Any]]) -> None:
    body = msgpack.packb([None, modules])
    try:
        isolate.socket.send(LENGTH.pack(len(body)) + body)
    except OSError:
        isolate.kill()  # it is dead, or takes nothing any more
