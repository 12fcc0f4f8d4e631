"""What becomes of a copy of this process, which ``os.fork()`` in a handler makes: it may do nothing in its name.

A copy has the loop and all that leads elsewhere, and goes on in the loop as if it were the original.  So it is cut off
at once: it begins with no message, takes no event or signal that is the original's, and leaves, as by ``os._exit``,
when the handler or hook that made it is done or waits: with the code of ``sys.exit()`` if it is that.  What it does
until then is its own affair, as is what ``exec`` makes of it.  One that is made on the loop, but outside of handlers,
leaves in the next turn of the loop; one that is made in a thread that runs no system goes on as without us.

It costs the original nothing but the making of a guard a system: the copy alone is told that it is one.
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import signal
import socket
import sys
import threading
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from . import life, turn
from .exits import KILLED

if TYPE_CHECKING:
    from .cell import Cell
    from .scheduler import Scheduler

HOOKS = frozenset(each.__code__ for each in (life._begin_now, life.begin, life.end, life._last_will, turn._call_hook))
"""What calls the hooks of the actor in its ``cell``, and tells when they are done."""

LOOPS = ("asyncio.", "uvloop")
"""Where handlers of signals come from that a loop has installed."""


class Copy(NamedTuple):
    """In a copy: the actor in whose handler or hook it was made, if any, and what to call when that is done."""

    made_in: Cell | None
    leave: Callable[[BaseException | None], NoReturn]


class Guard:
    """Keeps copies of this process off a system, from when that is entered until it is left.

    ``doors``: what tells the descriptors that lead elsewhere and are open, by their numbers.
    """

    def __init__(self) -> None:
        self.doors: list[Callable[[], Iterable[int]]] = []
        self._scheduler: Any = None
        self._thread = 0

    def begin(self, scheduler: Scheduler) -> None:
        """The system is entered, in this thread."""
        self._scheduler = scheduler
        self._thread = threading.get_ident()
        _guards.add(self)

    def end(self) -> None:
        """The system is left."""
        _guards.discard(self)

    def cut_off(self) -> None:
        """In the copy: let go of all that it has in common with the original."""
        ours, theirs = socket.socketpair()
        theirs.close()
        with ours, contextlib.suppress(OSError):
            for number in (each for door in self.doors for each in door()):
                if number >= 0:
                    os.dup2(ours.fileno(), number, inheritable=False)
        if threading.get_ident() != self._thread:
            return  # nobody runs the loop here
        scheduler = self._scheduler
        number = _poller(scheduler.loop)
        if number >= 0:  # what is added to it, or taken out, would be so in the original's too
            with select.epoll() as fresh:
                os.dup2(fresh.fileno(), number, inheritable=False)
        scheduler.ready.clear()
        scheduler.copy = Copy(_made_in(scheduler), leave)
        scheduler.end_slice = leave  # the handler waits, for what will not come
        scheduler.leave = lambda cell, error: leave(error)
        scheduler.loop.call_soon(lambda: leave(sys.exc_info()[1]))  # what the loop is about to end with, if it is


def _made_in(scheduler: Scheduler) -> Cell | None:
    """In the copy: whose handler or hook it was made in, if any; a handler is made to tell when it is done."""
    frame = sys._getframe()
    while (at := frame.f_back) is not None:
        frame, code = at, at.f_code
        if code not in HOOKS and code is not turn.drive.__code__:
            continue
        cell: Cell = frame.f_locals["cell"]
        if cell.scheduler is not scheduler:
            return None
        if code not in HOOKS:
            cell.doom, cell.interrupted = cell.doom or KILLED, True
        return cell
    return None


def leave(error: BaseException | None = None) -> NoReturn:
    """End the copy; an error on its way out is told as the interpreter would."""
    code: object = 0
    if isinstance(error, SystemExit):
        code = error.code
    elif error is not None:
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)  # noqa: T201 - as the interpreter does
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit((code or 0) & 0xFF)


def _poller(loop: Any) -> int:
    """The descriptor by which a loop waits for others; -1 if that is not known, or not inherited."""
    find = getattr(loop, "_get_backend_id", None) or getattr(getattr(loop, "_selector", None), "fileno", None)
    return find() if find is not None and hasattr(select, "epoll") else -1


def _let_go_of_signals() -> None:
    """What is sent to the copy is not for the loop of the original, which shares the socket that tells of it."""
    if signal.set_wakeup_fd(-1) == -1:
        return
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        made = handler.func if isinstance(handler, functools.partial) else handler
        if str(getattr(made, "__module__", "")).startswith(LOOPS):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


_guards: weakref.WeakSet[Guard] = weakref.WeakSet()


def _forked() -> None:
    guards = tuple(_guards)
    _guards.clear()
    if guards:
        _let_go_of_signals()
    for guard in guards:
        guard.cut_off()


os.register_at_fork(after_in_child=_forked)
