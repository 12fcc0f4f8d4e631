"""Lodgings that are threads, each with a loop of its own: for handlers that block.

A thread cannot be killed.  One that is to be gone is left to itself: it begins with no message any more, nobody hears
of it, and it ends when its handler returns, or with the process.  It has as long to do so as a handler on the loop that
is cancelled; then it is ``Abandoned``, and its life over without it.  One whose handler holds it for longer than the
``patience`` of its place is abandoned at once.  Its name says so, wherever threads are listed.

A thread whose loop ends without being told to, because it was stopped, its main task cancelled or something was raised
in it, ends its life at once, as the end of a process does, and no hook of it runs.  What ends the program on the loop
(``SystemExit``, ``KeyboardInterrupt``) ends it from a thread too.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from actors.engines.loop import loop_factory
from actors.errors import ProcessDied
from actors.events import Abandoned
from actors.exits import Crashed, Reason, spell
from actors.scheduler import KILL_GRACE
from actors.signs import Signs
from actors.system import ActorSystem
from actors.turn import describe

from .endpoint import Endpoint
from .leaving import keep_quiet
from .ledger import Ledger, SharedLedger
from .pipe import Pipe
from .place import Thread
from .resident import Resident

if TYPE_CHECKING:
    from .deputy import Lodger

ABANDONED = "abandoned"
"""How a life in a thread ends that is killed."""

FELL = "fell"
"""How the pipe of one ends whose loop has ended by itself."""

STOPPED = "Event loop stopped"
"""How the error begins that a loop has for ``loop.stop()``, asyncio's and uvloop's."""

MAIN = 0
"""The number of the life among its side's exports."""

LOOKS = 4
"""How often it is looked, within its patience, whether a thread is held."""

logger = logging.getLogger("planaria")


class Desk:
    """One thread: see :class:`~.deputy.Lodging`.  ``left``: the threads that are left to themselves, itself one of
    them in time.
    """

    def __init__(self, system: ActorSystem, patience: float | None, left: set[threading.Thread]) -> None:
        self.ledger: Ledger = SharedLedger()
        self.process: int | None = None
        self.host: str | None = None
        self._system = system
        self._far: ActorSystem | None = None
        self._pipe: Pipe | None = None
        self._there: Pipe | None = None
        self._fall: Reason | None = None
        self._patience = patience
        self._left = left
        self._name = f"{system.name} in a thread"
        self._thread: threading.Thread
        self._why: str | Reason = ABANDONED
        self._is_killed = False
        self._clock: int | None = None
        self._has_ended = False
        self._limit: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._lost: Callable[[Any], None]

    async def open(self, endpoint: Endpoint, lost: Callable[[Any], None]) -> Pipe:
        """See :class:`~.deputy.Lodging`."""
        here = asyncio.get_running_loop()
        opened: asyncio.Future[Pipe] = here.create_future()
        opened.add_done_callback(self._on_opened)  # whoever waits for it may be cancelled
        self._lost = lost
        if (main := endpoint.stand_ins.get(MAIN)) is not None:
            self._name = f"{main.pid} in a thread"
        task = threading.Thread(target=self._run, args=(endpoint, here, opened), name=self._name, daemon=True)
        self._thread = task
        try:
            task.start()
        except RuntimeError as error:  # there are as many as there may be
            self._fall = Crashed(error)
            self._ended(opened)
        return await asyncio.shield(opened)

    def _on_opened(self, opened: asyncio.Future[Pipe]) -> None:
        if (error := opened.exception()) is not None:
            self._lost(str(error))
            return
        self._pipe = opened.result()
        if self._is_killed:
            self._cut()

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _run(self, endpoint: Endpoint, here: asyncio.AbstractEventLoop, opened: asyncio.Future[Pipe]) -> None:
        if hasattr(time, "pthread_getcpuclockid"):
            self._clock = time.pthread_getcpuclockid(threading.get_ident())
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                try:
                    runner.run(self._serve(endpoint, here, opened))
                except BaseException as error:
                    self._fell(_reason_of(error))  # first: the runner now cancels what is left, which is no orderly end
                    raise
        except (SystemExit, KeyboardInterrupt) as error:
            _on(here)(functools.partial(_raise, error))
        except BaseException as error:
            self._fell(_reason_of(error))  # unless it was told already
        finally:
            _on(here)(lambda: self._ended(opened))

    def _fell(self, reason: Reason) -> None:
        """The loop has ended, and nobody had told it to: the life ends, after what it has sent."""
        self._fall = self._fall or reason
        self.ledger.revoke()
        if self._there is not None:
            self._there.close(FELL)

    async def _serve(self, endpoint: Endpoint, here: asyncio.AbstractEventLoop, opened: asyncio.Future[Pipe]) -> None:
        loop = asyncio.get_running_loop()
        keep_quiet(loop)
        over = loop.create_future()
        async with ActorSystem(self._system.name, watchdog=None) as system:
            system.scheduler.blocked_after = math.inf  # to block is what a thread is for
            far = Endpoint(system)
            there = self._there = Pipe(far, _on(loop), lambda how: None if over.done() else over.set_result(how))
            near = Pipe(endpoint, _on(here), self._on_lost)
            Pipe.pair(near, there)
            await far.open(there)
            await system.spawn(Resident, far, self.ledger, there.close)
            self._far = system
            here.call_soon_threadsafe(opened.set_result, near)
            try:
                how = await over
            except asyncio.CancelledError:  # somebody cancels all tasks
                self._fell(_reason_of(asyncio.CancelledError()))
                how = ABANDONED
            far.lost()
            if how == ABANDONED:  # no hook of it runs
                await system._kill_all()

    # -- on the loop of its place --------------------------------------------------------------------------------------

    def begun(self) -> None:
        """See :class:`~.deputy.Lodging`."""
        if self._patience is not None:
            self._look(self._patience)

    def kill(self) -> None:
        """See :class:`~.deputy.Lodging`: it is left to itself."""
        self._is_killed = True
        self.ledger.revoke()
        if self._pipe is not None:
            self._cut()

    def signs(self) -> Signs:
        """See :class:`~.deputy.Lodging`.  Its silence means nothing: it may be blocked."""
        with suppress(OSError):  # it has ended
            return Signs(cpu=time.clock_gettime(self._clock)) if self._clock is not None else Signs()
        return Signs()

    def _look(self, patience: float) -> None:
        """Whether a handler holds the thread for longer than it may."""
        self._watch = None
        if self._is_killed or self._has_ended or self._far is None or self._pipe is None or self._pipe.is_over:
            return
        scheduler = self._far.scheduler
        running = scheduler.running()
        if running is not None and scheduler.clock() - running[1] > patience:
            self._why = f"blocked for {patience:g} s in {self._handler()}"
            self.ledger.revoke()
            self._cut()
        else:
            self._watch = asyncio.get_running_loop().call_later(patience / LOOKS, self._look, patience)

    def _handler(self) -> str:
        running = self._far.scheduler.running() if self._far is not None else None
        return describe(running[0], running[0].hand)[1] if running is not None else "no handler"

    def _cut(self) -> None:
        if self._pipe is not None and not self._pipe.is_over:
            self._pipe.cut(ABANDONED)

    def _on_lost(self, how: str) -> None:
        """The pipe is cut."""
        if self._watch is not None:
            self._watch.cancel()
        if how not in (ABANDONED, FELL):
            self._lost(how)
            return
        grace = KILL_GRACE if how == FELL or self._why == ABANDONED else 0
        if how == FELL and self._fall is not None:
            self._why = self._fall
        if self._has_ended:
            self._lost(self._why)
        else:
            self._limit = asyncio.get_running_loop().call_later(grace, self._abandon)

    def _ended(self, opened: asyncio.Future[Pipe]) -> None:
        self._has_ended = True
        if not opened.done():
            why = f": {spell(self._fall.exception)}" if isinstance(self._fall, Crashed) else ""
            opened.set_exception(ProcessDied(f"its thread ended at once{why}"))
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
            self._lost(self._why)

    def _abandon(self) -> None:
        """It has not ended in time."""
        self._limit = None
        self._left.add(self._thread)
        running = self._far.scheduler.running() if self._far is not None else None
        if running is not None:
            cell, _ = running
            message, handler = describe(cell, cell.hand)
            self._thread.name = f"{cell.pid} abandoned in {handler}"
            count = len(still_running(self._left))
            self._system.events.publish(Abandoned(self._system.now(), cell.pid, handler, message, count))
        self._lost(self._why)


def still_running(threads: set[threading.Thread]) -> set[threading.Thread]:
    """Those that have not ended; the others are taken out."""
    threads -= {each for each in threads if not each.is_alive()}
    return threads


def _reason_of(error: BaseException) -> Reason:
    """Why a life ends whose loop ``error`` has come out of."""
    if isinstance(error, asyncio.CancelledError):
        return Crashed(ProcessDied("the main task of its thread was cancelled"))
    if isinstance(error, RuntimeError) and str(error).startswith(STOPPED):
        return Crashed(ProcessDied("the loop of its thread was stopped"))
    return Crashed(error)


def _raise(error: BaseException) -> None:
    raise error


def _on(loop: asyncio.AbstractEventLoop) -> Callable[[Callable[[], None]], None]:
    def post(call: Callable[[], None]) -> None:
        try:
            loop.call_soon_threadsafe(call)
        except RuntimeError:
            return  # that loop is closed: nobody is there to hear of it

    return post


class Threads:
    """See the module's text."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system
        self.left: set[threading.Thread] = set()

    async def take(self, place: Any, lodger: Lodger | None = None) -> Desk:
        """See :class:`~.deputy.Lodgings`."""
        return Desk(self._system, place.patience if isinstance(place, Thread) else None, self.left)

    async def close(self) -> None:
        """See :class:`~.deputy.Lodgings`: threads that were left to themselves end with the process, and are named."""
        left = still_running(self.left)
        if left:
            names = ", ".join(sorted(each.name for each in left))
            logger.warning("threads that run on until their handlers return, or the process ends: %s", names)
