"""The transport of a world: packets travel as frames over a :class:`~actors.testing.network.Network`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from actors.contact.loopback import Parcels
from actors.tissue.transport import Deliver, FrameError, Packet, pack, unpack

from .network import Delay, Network

if TYPE_CHECKING:
    from actors.engines.simulated import SimulatedEngine


PARCEL_LIFETIME = 300.0
"""Seconds after which no letter is under way any more, nor held for one that is."""


class CellNetwork(Network):
    """A network whose ends may be called by address (``"shop/cart@east"``), by name (``"shop/cart"``), which is that
    name on every host, or by host (``"@east"``), which is all cells there.
    """

    def is_cut(self, sender: str, receiver: str) -> bool:
        """See :class:`~actors.testing.network.Network`."""
        one, two = _ends(sender), _ends(receiver)
        if _first(self._side, one, 0) != _first(self._side, two, 0):
            return True
        return any((here, there) in self._cut for here in one for there in two)

    def _law(self, sender: str, receiver: str) -> tuple[Delay | None, float | None]:
        for here in _ends(sender):
            for there in _ends(receiver):
                if (here, there) in self._links:
                    return self._links[here, there]
        return None, None

    def _held(self, name: str) -> float:
        return max(self._paused.get(end, 0.0) for end in _ends(name))


def _ends(address: str) -> tuple[str, str, str]:
    name, _, host = address.rpartition("@")
    return address, name, f"@{host}"


def _first(table: dict[str, int], names: tuple[str, ...], default: int) -> int:
    return next((table[name] for name in names if name in table), default)


class Wires(Parcels):
    """See the module's text.  ``mangle``: what a test does to frames on their way."""

    def __init__(self, network: Network, engine: SimulatedEngine) -> None:
        super().__init__()
        self.network = network
        self.mangle: Callable[[bytes], bytes] | None = None
        self._engine = engine
        self._hosts: dict[str, tuple[Deliver, Callable[[str], None]]] = {}
        self._kept_at: deque[tuple[float, bytes]] = deque()

    def join(self, host: str, deliver: Deliver, refuse: Callable[[str], None]) -> None:
        """See :class:`~actors.tissue.transport.Transport`."""
        if host in self._hosts:
            raise ValueError(f"two systems of this world are called {host!r}; give each a name of its own")
        self._hosts[host] = deliver, refuse

    def leave(self, host: str) -> None:
        """See :class:`~actors.tissue.transport.Transport`."""
        self._hosts.pop(host, None)

    def hosts(self) -> list[str]:
        """See :class:`~actors.tissue.transport.Transport`."""
        return list(self._hosts)

    def keep(self, message: object) -> bytes:
        """See :class:`~actors.tissue.transport.Transport`."""
        now = self._engine.now()
        while self._kept_at and self._kept_at[0][0] < now - PARCEL_LIFETIME:
            super().drop(self._kept_at.popleft()[1])
        kept = super().keep(message)
        self._kept_at.append((now, kept))
        return kept

    def drop(self, kept: bytes) -> None:
        """Nothing yet: a letter that has arrived before those sent earlier is acknowledged, but read after them."""

    def send(self, packet: Packet) -> None:
        """See :class:`~actors.tissue.transport.Transport`."""
        now = self._engine.now()
        frame = pack(packet)
        if self.mangle is not None:
            frame = self.mangle(frame)
        loop = asyncio.get_running_loop()
        for when in self.network.arrivals(packet.sender.name, packet.to, now):
            loop.call_later(max(0.0, when - now), self._arrive, packet.to.rpartition("@")[2], frame)

    def _arrive(self, host: str, frame: bytes) -> None:
        ends = self._hosts.get(host)
        if ends is None:
            return
        deliver, refuse = ends
        try:
            packet = unpack(frame)
        except FrameError as error:
            refuse(str(error))
            return
        deliver(packet)
