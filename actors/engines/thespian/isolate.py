"""The node's side of one isolate: its socket, its life, and how it ended."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
from collections.abc import Callable
from typing import TypeVar

from .status import UNKNOWN, ExitStatus

P = TypeVar("P", bound=asyncio.BaseProtocol)

# Seconds that an exit status may come after the death: the launcher takes a fraction of a millisecond.
STATUS_TIME = 0.5

KILLED = ExitStatus(signal=signal.SIGKILL)


class Isolate:
    """A process that runs the nursery's entry.

    ``socket``: its connected unix socket, non-blocking; whoever opens or takes it closes it, else the nursery does when
    the isolate is dead.  The end of file may reach you before ``on_exit`` is called.
    """

    def __init__(self, connected: socket.socket, pid: int, forget: Callable[[Isolate], None]) -> None:
        self.socket = connected
        self.pid = pid
        self.status: ExitStatus | None = None
        self._loop = asyncio.get_running_loop()
        self._forget = forget
        self._watchers: list[Callable[[ExitStatus], None]] = []
        self._is_taken = False
        self._is_orphan = False
        self._timer: asyncio.TimerHandle | None = None
        self._pidfd = os.pidfd_open(pid)
        self._loop.add_reader(self._pidfd, self._dead)

    @property
    def is_alive(self) -> bool:
        """Whether it is not known to be dead."""
        return self.status is None

    async def open(self, factory: Callable[[], P]) -> tuple[asyncio.Transport, P]:
        """A transport and a protocol on the socket, which are yours from then on."""
        connected = self.take()
        # Not `create_unix_connection`: one that is cut off at once would leave uvloop a socket whose descriptor, closed
        # already and perhaps somebody else's by now, is closed again when it is collected.
        opening = asyncio.ensure_future(self._loop.connect_accepted_socket(factory, connected))
        try:
            transport, protocol = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close)  # uvloop would complain of one that is cancelled, and it takes one turn
            raise
        return transport, protocol

    def take(self) -> socket.socket:
        """The socket, yours from now on."""
        self._is_taken = True
        return self.socket

    def kill(self, number: int = signal.SIGKILL) -> bool:
        """Send a signal, SIGKILL unless told otherwise, to this process and no other; False if it is dead."""
        if self._pidfd < 0:
            return False
        try:
            signal.pidfd_send_signal(self._pidfd, number)
        except ProcessLookupError:
            return False
        return True

    def descriptors(self) -> list[int]:
        """What leads to it; its socket is in use even if it was taken."""
        return [self._pidfd, self.socket.fileno()]

    def on_exit(self, call: Callable[[ExitStatus], None]) -> None:
        """Have ``call(status)`` called in the loop when it is dead, once; soon, if it is dead already."""
        if self.status is None:
            self._watchers.append(call)
        else:
            self._loop.call_soon(call, self.status)

    async def wait(self) -> ExitStatus:
        """Wait until it is dead."""
        ended: asyncio.Future[ExitStatus] = self._loop.create_future()
        self.on_exit(lambda status: None if ended.done() else ended.set_result(status))
        return await ended

    def has_ended(self) -> bool:
        """For the nursery: whether the kernel says that it is dead."""
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(0))

    def end(self, status: ExitStatus) -> None:
        """For the nursery: it is dead, and this is how it ended."""
        if self.status is not None:
            return
        self.status = status
        if self._timer is not None:
            self._timer.cancel()
        self._close_pidfd()
        if not self._is_taken:
            self.socket.close()
        self._forget(self)
        for call in self._watchers:
            self._loop.call_soon(call, status)
        self._watchers.clear()

    def outlived(self) -> None:
        """For the nursery: the launcher is dead, so the kernel kills this, and nobody tells how it ended."""
        self._is_orphan = True
        if self._timer is not None:
            self.end(KILLED)
        else:
            self.kill()

    def _dead(self) -> None:
        self._loop.remove_reader(self._pidfd)
        if self._is_orphan:
            self.end(KILLED)
        else:
            self._timer = self._loop.call_later(STATUS_TIME, self.end, UNKNOWN)

    def _close_pidfd(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1

    def __repr__(self) -> str:
        return f"<Isolate {self.pid}: {self.status or 'alive'}>"


def _close(opening: asyncio.Future[tuple[asyncio.Transport, P]]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[0].abort()
