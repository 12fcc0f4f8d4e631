"""The transport of one loop: packets are handed over in the same turn, in order, and none is lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from actors.tissue.transport import Deliver, FrameError, Packet


class Parcels:
    """Messages of actors that stay in the process: what travels in their place is a number.

    ``is_distant``: some who speak over it are in other processes, and so messages have to be bytes.
    """

    is_distant = False

    def __init__(self) -> None:
        self._kept: dict[bytes, object] = {}
        self._serial = 0

    def keep(self, message: object) -> bytes:
        """See :class:`~actors.tissue.transport.Transport`."""
        self._serial += 1
        kept = self._serial.to_bytes(8)
        self._kept[kept] = message
        return kept

    def fetch(self, kept: bytes) -> object:
        """See :class:`~actors.tissue.transport.Transport`."""
        try:
            return self._kept[kept]
        except KeyError:
            raise FrameError("a message that nobody keeps") from None

    def drop(self, kept: bytes) -> None:
        """See :class:`~actors.tissue.transport.Transport`."""
        self._kept.pop(kept, None)


class Loopback(Parcels):
    """See the module's text.  Every system has one of its own; give several systems on one loop the same, and they are
    each other's hosts::

        wires = Loopback()
        async with ActorSystem("east", transport=wires), ActorSystem("west", transport=wires):
            ...

    ``is_sure``: whether nothing is lost on it; a subclass that reaches further says no.
    """

    is_sure = True

    def __init__(self) -> None:
        super().__init__()
        self._hosts: dict[str, Deliver] = {}
        self._queue: deque[Packet] = deque()
        self._is_draining = False

    def join(self, host: str, deliver: Deliver, refuse: Callable[[str], None]) -> None:
        """See :class:`~actors.tissue.transport.Transport`."""
        if host in self._hosts:
            raise ValueError(f"two systems are called {host!r}; systems that share a transport need names of their own")
        self._hosts[host] = deliver

    def leave(self, host: str) -> None:
        """See :class:`~actors.tissue.transport.Transport`."""
        self._hosts.pop(host, None)

    def hosts(self) -> list[str]:
        """See :class:`~actors.tissue.transport.Transport`."""
        return list(self._hosts)

    def send(self, packet: Packet) -> None:
        """See :class:`~actors.tissue.transport.Transport`.  What is sent while it is delivered comes after it."""
        self._queue.append(packet)
        if self._is_draining:
            return
        self._is_draining = True
        try:
            while self._queue:
                packet = self._queue.popleft()
                deliver = self._hosts.get(packet.to.rpartition("@")[2])
                if deliver is not None:
                    deliver(packet)
        finally:
            self._is_draining = False
