"""The thread that watches a loop, and what it does when a handler holds it; :mod:`actors.watchdog` is how it judges.

It costs the message path nothing: the run queue keeps the moment at which the last handler was done anyway, and the
thread reads that, with the actor whose handler runs, from outside.  It holds no lock that anybody waits for, so it can
neither delay the loop nor hang a fork, an interpreter that ends or a system that is left.

Who reports is settled without a lock too.  The thread lays its report out first and looks once more: if the handler
still runs then, the run queue will find the report when it is done, complete it and publish it.  If it does not, the
run queue has judged by itself or is about to, and the report is withdrawn.
"""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .events import Blocked
from .meter import Meter
from .pulse import patience_of
from .stacks import Place, describe_places, places_of
from .turn import describe, drive
from .watchdog import Sample, Sight, Watchdog, follow, is_same

if TYPE_CHECKING:
    from .cell import Cell
    from .scheduler import Scheduler

logger = logging.getLogger("planaria")

FAREWELL = 1.0
"""Seconds to wait for the thread when its system is left; it may be in somebody's log handler."""

FORGET_AFTER = 60.0
"""Seconds after which the load of an actor nobody asks about is no longer measured."""

MEASURED = -1.0
"""The patience of a cell every one of whose handlers' runs is to be timed."""


class Clocks:
    """What is known of the thread that makes it, from any thread: its processor time, its waits, garbage collections.

    Linux tells how long a thread waited for a core (``schedstat``) and whether it waits for one now (``stat``).
    Elsewhere that is 0, and where threads have no processor clock (macOS) the process's stands in.  Knows nobody, so
    that the collector's list of callbacks keeps nothing alive.
    """

    def __init__(self) -> None:
        make_clock = getattr(time, "pthread_getcpuclockid", None)
        self._cpu_clock: int | None = make_clock(threading.get_ident()) if make_clock is not None else None
        self._thread = threading.get_ident()
        self._files: tuple[int, ...] = ()
        with suppress(OSError):
            for name in ("schedstat", "stat"):
                path = f"/proc/self/task/{threading.get_native_id()}/{name}"
                self._files = (*self._files, os.open(path, os.O_RDONLY))
        self._collecting_since: float | None = None
        self._collected = 0.0
        gc.callbacks.append(self._on_gc)

    def sample(self, last: Sample | None, start: float | None = None, who: object = None) -> Sample:
        """Read everything.  Raises ``OSError`` when the thread has ended."""
        cpu, at = self._cpu(), time.perf_counter()
        waited, can_run = last.waited if last is not None else 0.0, False
        # Reading a file gives the interpreter away and waits for it: not if the thread had its core all the time.
        if len(self._files) == 2 and (last is None or cpu - last.cpu < 0.9 * (at - last.at)):
            schedstat, stat = self._files
            if threading.get_ident() != self._thread:
                can_run = os.pread(stat, 64, 0).rpartition(b")")[2].split()[0] == b"R"
            waited = int(os.pread(schedstat, 64, 0).split()[1]) / 1e9
            cpu, at = self._cpu(), time.perf_counter()
        since = self._collecting_since
        collected = self._collected + (at - since if since is not None else 0.0)
        return Sample(at, cpu, waited, collected, can_run, start, who)

    def close(self) -> None:
        """Read no more."""
        with suppress(ValueError):
            gc.callbacks.remove(self._on_gc)
        files, self._files = self._files, ()
        for file in files:
            os.close(file)

    def _cpu(self) -> float:
        return time.process_time() if self._cpu_clock is None else time.clock_gettime(self._cpu_clock)

    def _on_gc(self, phase: str, _: object) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._collecting_since = now
        elif self._collecting_since is not None:
            self._collected += now - self._collecting_since
            self._collecting_since = None


class Report:
    """A handler that was found holding the loop.  ``is_claimed``: somebody publishes it."""

    __slots__ = ("cell", "handler", "is_claimed", "is_long", "message", "noticed", "pid", "places", "sample")

    def __init__(self, cell: Cell, sample: Sample, places: tuple[Place, ...]) -> None:
        self.cell = cell
        self.pid = cell.pid
        self.message, self.handler = describe(cell, cell.hand)
        self.sample = sample
        self.noticed = sample.at - (sample.start or sample.at)
        self.places = places
        self.is_claimed = False
        self.is_long = False


class Sentry:
    """Watches the loop it is made on from a thread of its own, from :meth:`begin` to :meth:`end`."""

    def __init__(self, scheduler: Scheduler, policy: Watchdog) -> None:
        self.scheduler = scheduler
        self.policy = policy
        self._clocks = Clocks()
        self._sight = Sight(self._clocks.sample(None), policy.period)
        self._report: Report | None = None
        self._unready: dict[str, float] = {}
        self._meters: dict[Cell, Meter] = {}
        self._loop_thread = threading.get_ident()
        self._process = os.getpid()
        self._has_ended = False
        # An Event has a lock that a fork may find taken; this one is only ever taken by whoever it was made for.
        self._bell = threading.Lock()
        self._bell.acquire()
        self._thread = threading.Thread(
            target=_patrol,
            args=(weakref.ref(self), self._clocks, self._bell, policy.period),
            name=f"planaria watchdog of {scheduler.system.name}",
            daemon=True,
        )

    def begin(self) -> None:
        """Start watching.  Raises ``RuntimeError`` where no thread can be started."""
        try:
            self._thread.start()
        except RuntimeError:
            self._clocks.close()
            raise

    def end(self) -> None:
        """Watch no longer; nothing happens if it has ended."""
        if self._has_ended:
            return
        self._has_ended = True
        self._meters.clear()
        self._bell.release()
        if self._process == os.getpid():  # else it was forked, and has no such thread
            self._thread.join(FAREWELL)

    # -- in the thread -------------------------------------------------------------------------------------------------

    def look(self) -> float | None:
        """Look once; seconds until the next look, ``None`` if there is nothing left to watch."""
        if self.scheduler.loop.is_closed():
            return None
        running = self.scheduler.running()
        who, start = running if running is not None else (None, None)
        try:
            sample = self._clocks.sample(self._sight.sample, start, who)
        except OSError:
            return None  # the loop's thread has ended
        if running is not None and self.scheduler.running() != running:
            sample = replace(sample, start=None, who=None)
        self._sight = sight = follow(self.policy, self._sight, sample)
        report = self._report
        if report is not None and not is_same(report.sample, sample):
            self._report = report = None
        if report is not None and sight.held >= self.policy.unready_after and not report.is_long:
            report.is_long = True
            report.places = places_of(self._loop_thread, drive.__code__) or report.places
            self._log(report, logging.ERROR, f"; not ready until it is free, and for {self.policy.hold:g} s more")
        elif report is None and who is not None and sight.held >= self.policy.bound:
            self._notice(Report(who, sample, places_of(self._loop_thread, drive.__code__)))
        return sight.pause

    def _notice(self, report: Report) -> None:
        self._report = report
        if self.scheduler.running() != (report.cell, report.sample.start):
            self._report = None
            return
        try:
            self.scheduler.loop.call_soon_threadsafe(self._publish_left_over, report)
        except RuntimeError:  # the loop was closed
            return
        self._log(report, logging.WARNING)

    def _log(self, report: Report, level: int, more: str = "") -> None:
        if not self.policy.log or not logger.isEnabledFor(level):
            return
        seconds = time.perf_counter() - (report.sample.start or 0.0)
        stack = tuple(describe_places(report.places))
        event = Blocked(
            self.scheduler.wall(), report.pid, report.handler, report.message, seconds, report.noticed, stack
        )
        handling = f" handling {report.message}" if report.message else ""
        text = f"{report.pid} blocks the loop: {seconds:.3f} s so far in {report.handler}{handling}{more}"
        try:
            logger.log(level, "%s", "\n    ".join((text, *stack)), extra={"event": event})
        except Exception as error:  # it is of somebody's log handler, and no reason to watch no longer
            what = type(error), error, error.__traceback__, threading.current_thread()
            threading.excepthook(threading.ExceptHookArgs(what))

    # -- on the loop ---------------------------------------------------------------------------------------------------

    def ended(self, cell: Cell, item: Any, seconds: float) -> None:
        """The handler of ``item`` held the loop for ``seconds`` by the wall clock, and is done."""
        if self._process != os.getpid():
            return  # it was forked: nothing is known of the time here
        policy, report, sight, now = self.policy, self._report, self._sight, self.scheduler.now
        sight = follow(policy, sight, self._clocks.sample(sight.sample, now - seconds, cell))
        message, handler = describe(cell, item)
        if report is not None and is_same(report.sample, sight.sample):
            if not message:  # a hook, and the state that tells which one was another then
                message, handler = report.message, report.handler
            report.is_long |= sight.held >= policy.unready_after
            self._publish(report, message, handler, seconds)
        elif sight.held >= policy.bound:
            self.scheduler.system.blocked(cell, handler, message, seconds)
            if sight.held >= policy.unready_after:
                self._stay_unready(cell.name)

    def _publish(self, report: Report, message: str, handler: str, seconds: float) -> None:
        report.is_claimed = True
        stack = tuple(describe_places(report.places))
        self.scheduler.system.blocked(report.cell, handler, message, seconds, report.noticed, stack)
        if report.is_long:
            self._stay_unready(report.pid.name)

    def _publish_left_over(self, report: Report) -> None:
        """The loop is free: publish what the run queue did not come to, as when the handler was abandoned."""
        if not report.is_claimed:
            self._publish(report, report.message, report.handler, time.perf_counter() - (report.sample.start or 0.0))

    def _stay_unready(self, name: str) -> None:
        now = time.perf_counter()
        self._unready = {each: until for each, until in self._unready.items() if until > now}
        self._unready[name] = now + self.policy.hold

    # -- from anywhere -------------------------------------------------------------------------------------------------

    def blocking(self) -> list[str]:
        """The names of those for whose sake no traffic is welcome: who holds the loop for long, or did of late."""
        now, report = time.perf_counter(), self._report
        names = [name for name, until in self._unready.items() if until > now]
        if report is not None and report.is_long and not report.is_claimed and report.pid.name not in names:
            names.append(report.pid.name)
        return names

    def load(self, cell: Cell) -> float:
        """The share of the loop's time that ``cell`` takes, 0 to 1, over about the last ten seconds.

        Measured from the first call on, which returns 0, for as long as somebody asks at least once a minute.  To be
        called on the loop.
        """
        now = time.perf_counter()
        meter = self._meters.get(cell)
        if meter is None:
            self._meters = {each: meter for each, meter in self._meters.items() if now - meter.read_at < FORGET_AFTER}
            meter = self._meters[cell] = Meter(now, cell.handled)
        share = meter.read(now, cell.handled)
        cell.patience = MEASURED
        return share

    def ran(self, cell: Cell, seconds: float) -> None:
        """A handler of ``cell`` ran for ``seconds``, which was longer than its patience."""
        meter = self._meters.get(cell)
        if cell.patience == MEASURED and (meter is None or not meter.take(seconds, self.scheduler.now, cell.handled)):
            cell.patience = patience_of(cell, self.policy.bound)


def keep_watch(scheduler: Scheduler, policy: Watchdog) -> Sentry | None:
    """Watch the running loop; ``None``, with a warning, where no thread can be started."""
    sentry = Sentry(scheduler, policy)
    try:
        sentry.begin()
    except RuntimeError as error:
        what = "a handler that holds the loop is seen when it is done, not before"
        logger.warning("system %r has no thread for its watchdog (%s): %s", scheduler.system.name, error, what)
        return None
    return sentry


def _patrol(sentry: weakref.ref[Sentry], clocks: Clocks, bell: threading.Lock, pause: float) -> None:
    """Look until the bell rings, nothing is left to watch, or the system was dropped without being left."""
    try:
        while not bell.acquire(timeout=pause):
            here = sentry()
            next_look = here.look() if here is not None else None
            if next_look is None:
                return
            del here
            pause = next_look
    finally:
        clocks.close()
