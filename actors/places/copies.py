"""What becomes of a copy of this process, which ``os.fork()`` in a handler makes: it may do nothing in its name.

A copy has the sockets to all lives elsewhere, and goes on in the loop as if it were the node.  So it is cut off from
them at once, begins with no message, and leaves, as by ``os._exit``, when the handler that made it is done: with the
code of ``sys.exit()`` if it is that.  What it does until then is its own affair, as is what ``exec`` makes of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import sys
import threading
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from actors.system import ActorSystem


class Guard:
    """Keeps copies of this process off ``system`` and the ``descriptors`` that lead elsewhere, as long as it is held.

    ``descriptors`` tells those that are open, by their numbers.
    """

    def __init__(self, system: ActorSystem, descriptors: Callable[[], Iterable[int]]) -> None:
        self._system = system
        self._loop = asyncio.get_running_loop()
        self._descriptors = descriptors
        self._thread = threading.get_ident()
        _guards.add(self)

    def cut_off(self) -> None:
        """In the copy: let go of all that it has in common with the original."""
        ours, theirs = socket.socketpair()
        theirs.close()
        with ours, contextlib.suppress(OSError):
            for number in self._descriptors():
                if number >= 0:
                    os.dup2(ours.fileno(), number, inheritable=False)
        if threading.get_ident() != self._thread:
            return  # nobody runs the loop here
        number = _poller(self._loop)
        if number >= 0:  # what is added to it, or taken out, would be so in the original's too
            with select.epoll() as fresh:
                os.dup2(fresh.fileno(), number, inheritable=False)
        scheduler: Any = self._system._scheduler
        if scheduler is not None:
            scheduler.ready.clear()
            scheduler.end_slice = leave
            scheduler.leave = lambda cell, error: leave(error)
        self._loop.call_soon(leave)


def leave(error: BaseException | None = None) -> NoReturn:
    """End the copy; an error on its way out is told as the interpreter would."""
    error = error or sys.exc_info()[1]
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
    """The descriptor by which a loop waits for others; -1 if that is not known."""
    find = getattr(loop, "_get_backend_id", None) or getattr(getattr(loop, "_selector", None), "fileno", None)
    return find() if find is not None else -1


_guards: weakref.WeakSet[Guard] = weakref.WeakSet()


def _forked() -> None:
    for guard in tuple(_guards):
        guard.cut_off()
    _guards.clear()


os.register_at_fork(after_in_child=_forked)
