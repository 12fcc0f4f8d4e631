"""The door of a nursery: a unix socket where isolates come in, each with its credentials and its one-time token."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path

TOKEN_SIZE = 32

# Seconds that somebody at the door may take to show the token; an isolate sends it at once.
TOKEN_TIME = 5.0

# People at the door at once who have not shown it yet.
MAX_GUESTS = 256

_CREDENTIALS = struct.Struct("3i")


class Door:
    """Listens in the nursery's folder, and lets in whom ``admit(token, pid)`` admits.

    ``admit`` returns None, or why not; ``enter(socket, token, pid)`` is called for who may; ``refused(pid, uid, why)``.
    """

    def __init__(
        self,
        path: Path,
        admit: Callable[[bytes, int], str | None],
        enter: Callable[[socket.socket, bytes, int], None],
        refused: Callable[[int, int, str], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._admit = admit
        self._enter = enter
        self._refused = refused
        self._guests: dict[socket.socket, _Guest] = {}
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(1024)
        self._listener.setblocking(False)
        self._loop.add_reader(self._listener, self._open)

    def descriptors(self) -> list[int]:
        """Its own, and those of who waits."""
        return [self._listener.fileno(), *(guest.fileno() for guest in self._guests)]

    def close(self) -> None:
        """Close it, to all who wait."""
        self._loop.remove_reader(self._listener)
        self._listener.close()
        for guest in list(self._guests.values()):
            self._turn_away(guest, None)

    def _open(self) -> None:
        while True:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            connected.setblocking(False)
            pid, uid, _ = _CREDENTIALS.unpack(connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            guest = _Guest(connected, pid, uid)
            self._guests[connected] = guest
            if uid != os.geteuid():
                self._turn_away(guest, "another user")
            elif len(self._guests) > MAX_GUESTS:
                self._turn_away(guest, "too many at the door")
            else:
                guest.timer = self._loop.call_later(TOKEN_TIME, self._turn_away, guest, "showed no token")
                self._loop.add_reader(connected, self._hear, guest)
                self._hear(guest)

    def _hear(self, guest: _Guest) -> None:
        try:
            data = guest.socket.recv(TOKEN_SIZE - len(guest.token))
        except BlockingIOError:
            return
        except OSError:
            data = b""
        guest.token += data
        if not data:
            self._turn_away(guest, "went away without a token")
        elif len(guest.token) == TOKEN_SIZE:
            why = self._admit(guest.token, guest.pid)
            if why is not None:
                self._turn_away(guest, why)
            else:
                self._release(guest)
                self._enter(guest.socket, guest.token, guest.pid)

    def _turn_away(self, guest: _Guest, why: str | None) -> None:
        self._release(guest)
        guest.socket.close()
        if why is not None:
            self._refused(guest.pid, guest.uid, why)

    def _release(self, guest: _Guest) -> None:
        del self._guests[guest.socket]
        if guest.timer is not None:
            guest.timer.cancel()
        with contextlib.suppress(ValueError, OSError):
            self._loop.remove_reader(guest.socket)


class _Guest:
    """Somebody who has not been let in yet."""

    __slots__ = ("pid", "socket", "timer", "token", "uid")

    def __init__(self, connected: socket.socket, pid: int, uid: int) -> None:
        self.socket = connected
        self.pid = pid
        self.uid = uid
        self.token = b""
        self.timer: asyncio.TimerHandle | None = None
