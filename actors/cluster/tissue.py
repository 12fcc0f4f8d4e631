"""What carries the tissue between hosts: frames as datagrams over the links that hosts have to each other.

A link that is full drops them; the tissue repeats what matters.  A host is gone for the tissue when its link is, and is
joined again when that is back; how far it is the links measure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from actors.contact.loopback import Loopback
from actors.tissue.transport import Deliver, FrameError, Packet, host_of, pack, unpack

from .errors import ClusterError

if TYPE_CHECKING:
    from actors.system import ActorSystem

    from .values import HostView, Membership

CHANNEL = 1
"""Of the datagrams that are the tissue's."""


class Links(Protocol):
    """What of a :class:`~.cluster.Cluster` is needed."""

    system: ActorSystem
    membership: Membership

    def hosts(self) -> list[HostView]:
        """All that are known, this one first."""

    def round_trip(self, host: str) -> float | None:
        """Seconds to a host, if they were measured."""

    def send_datagram(self, host: str, channel: int, data: bytes) -> bool:
        """Send bytes; whether they are on their way."""

    def on_datagram(self, channel: int, call: Callable[[str, bytes], object]) -> Callable[[], None]:
        """Have bytes heard."""

    def watch(self, call: Callable[[HostView], object]) -> Callable[[], None]:
        """Have hosts that come and go told."""


class HostWires(Loopback):
    """See the module's text; the transport of a system that belongs to a cluster.  ``zone``: where this host is."""

    is_sure = False
    is_distant = True

    def __init__(self, cluster: Links) -> None:
        super().__init__()
        self.zone = tuple(part for part in cluster.membership.zone.split("/") if part)
        self._cluster = cluster
        self._boots: dict[str, int] = {}
        self._stops: list[Callable[[], None]] = []
        self._refuse: Callable[[str], None]

    def join(self, host: str, deliver: Deliver, refuse: Callable[[str], None]) -> None:
        """See :class:`~actors.tissue.transport.Transport`."""
        super().join(host, deliver, refuse)
        self._refuse = refuse

        def arrived(sender: str, data: bytes) -> None:
            try:
                packet = unpack(data)
                if host_of(packet.sender.name) != sender or host_of(packet.to) != host:
                    raise FrameError(
                        f"a packet from {packet.sender.name!a:.80} to {packet.to!a:.80} over the wrong link"
                    )
            except FrameError as error:
                refuse(f"host {sender} sent {error}")
            else:
                deliver(packet)

        self._stops.append(self._cluster.on_datagram(CHANNEL, arrived))

    def leave(self, host: str) -> None:
        """See :class:`~actors.tissue.transport.Transport`."""
        super().leave(host)
        for stop in self._stops:
            stop()
        self._stops.clear()

    def hosts(self) -> list[str]:
        """See :class:`~actors.tissue.transport.Transport`."""
        return [view.name for view in self._cluster.hosts() if view.is_up or view.is_here]

    def send(self, packet: Packet) -> None:
        """See :class:`~actors.tissue.transport.Transport`."""
        host = packet.to.rpartition("@")[2]
        if host in self._hosts:
            super().send(packet)
        elif host:
            try:
                self._cluster.send_datagram(host, CHANNEL, pack(packet))
            except (FrameError, TypeError, ValueError) as error:
                self._refuse(f"a packet of {packet.sender.name} that cannot travel: {error}")

    def watch(self, met: Callable[[str], None], lost: Callable[[str], None]) -> None:
        """Have ``met`` told of each host to which there is a way, and ``lost`` of each to which there is none any more.

        One that was started anew was lost before.
        """

        def seen(view: HostView) -> None:
            known = self._boots.pop(view.name, None)
            if known is not None and (not view.is_up or known != view.boot):
                lost(view.name)
            if view.is_up:
                self._boots[view.name] = view.boot
                if known != view.boot:
                    met(view.name)

        self._stops.append(self._cluster.watch(seen))

    def round_trip(self, host: str) -> float | None:
        """Seconds, as the link has measured; ``None`` if it has not yet."""
        return self._cluster.round_trip(host)


def lend_wires(cluster: Links) -> None:
    """The tissue of the system reaches over hosts from now on, unless it was given a transport of its own.

    Raises ``ClusterError`` if some of its actors are in the tissue already: they would be of a host that nobody knows.
    """
    system = cluster.system
    if system.transport is None:
        if system._site is not None:
            why = "has actors that use self.contact already; enter the cluster before any is started"
            raise ClusterError(f"system {system.name!r} {why}")
        system.transport = HostWires(cluster)


def take_wires_back(cluster: Links) -> None:
    """The cluster is left."""
    if isinstance(cluster.system.transport, HostWires):
        cluster.system.transport = None
