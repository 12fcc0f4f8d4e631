"""Small messages between the node, its launcher and the zygote: msgpack over SOCK_SEQPACKET, whole or not at all."""

from __future__ import annotations

import select
import socket
from collections import deque
from typing import Any

import msgpack

# The first message to a launcher holds a module path and the names of modules; nothing else is longer than 200 bytes.
MAX_PACKET = 256 * 1024

# A peer that does not read, in messages: the launcher sends one for each birth and death.
MAX_WAITING = 100_000


class Packets:
    """One end; never blocks, keeps what cannot be sent yet.

    ``is_over`` turns true when the other end is closed; ``receive`` gives what came before that.
    """

    __slots__ = ("_waiting", "is_over", "socket")

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self.socket = connected
        self.is_over = False
        self._waiting: deque[bytes] = deque()

    def fileno(self) -> int:
        return self.socket.fileno()

    @property
    def has_waiting(self) -> bool:
        """Whether something waits for the socket to be writable."""
        return bool(self._waiting)

    def send(self, *message: Any) -> None:
        """Send a message, or keep it until ``flush``; silently nothing once the other end is closed."""
        if len(self._waiting) >= MAX_WAITING:
            self.is_over = True
        if not self.is_over:
            self._waiting.append(msgpack.packb(message))
            self.flush()

    def flush(self) -> None:
        """Send what waits, as far as it goes."""
        while self._waiting and not self.is_over:
            try:
                self.socket.send(self._waiting[0])
            except BlockingIOError:
                return
            except OSError:
                self.is_over = True
                return
            self._waiting.popleft()

    def flush_now(self, timeout: float) -> None:
        """Send what waits, blocking at most ``timeout`` seconds for each message."""
        while self._waiting and not self.is_over:
            if not select.select((), (self.socket,), (), timeout)[1]:
                return
            self.flush()

    def receive(self) -> list[list[Any]]:
        """All messages that are there."""
        messages: list[list[Any]] = []
        while not self.is_over:
            try:
                data = self.socket.recv(MAX_PACKET)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self.is_over = True
                break
            messages.append(msgpack.unpackb(data))
        return messages

    def receive_one(self, timeout: float) -> list[Any] | None:
        """The next message, blocking at most ``timeout`` seconds; None if there is none."""
        if not select.select((self.socket,), (), (), timeout)[0]:
            return None
        data = self.socket.recv(MAX_PACKET)
        message: list[Any] | None = msgpack.unpackb(data) if data else None
        return message

    def close(self) -> None:
        """Close this end."""
        self.is_over = True
        self.socket.close()
