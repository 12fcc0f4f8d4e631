"""Where links between hosts come to be: it listens, shakes hands, and finds out who is at the other end.

With keys whoever connects has to show a certificate of the cluster's CA before a byte of his is looked at; without keys
it is loopback only, and the kernel says whose process he is.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from . import local, secret, tls
from .errors import ClusterError
from .events import CertificateExpires, HostRefused
from .peer import Peer
from .values import is_loopback, spell_address

if TYPE_CHECKING:
    from .cluster import Cluster

ENTERING = 64
"""Connections whose other end has not said who it is, at a time; further callers are cut off."""

FROM_ONE = 32
"""... of one address, and callers of one address that may be turned away within :data:`REST`: who calls again and again
keeps nobody else out, and takes neither time nor memory."""

REST = 1.0
"""Seconds that a caller who was turned away counts for his address."""

HANDSHAKE_TIME = 3.0
"""Seconds for a TLS handshake."""

RETRY = 0.1
"""Seconds to wait when no connection can be accepted, as a rule because there are no descriptors left."""


ESTABLISHED = 1
"""Linux's TCP_ESTABLISHED: no side has closed the connection."""

LINEAR_TIMEOUTS = 16
"""Linux's TCP_THIN_LINEAR_TIMEOUTS: a lost packet is sent again each 0.2 s, and not twice as late each time."""


class Gate:
    """Of one host."""

    def __init__(self, cluster: Cluster) -> None:
        self.security: tls.Security | None = None
        self.secret = b""
        self.entering: set[Peer] = set()
        self._turned_away: Counter[str] = Counter()
        self._cluster = cluster
        self._listener: socket.socket | None = None

    # -- opening and closing -------------------------------------------------------------------------------------------

    def unlock(self) -> None:
        """Load the keys, if there are to be any, and the convention's.  Raises ``KeyProblem``."""
        cluster = self._cluster
        keys, name = cluster.membership.keys, cluster.name
        if keys is not None:
            self.security = tls.load(keys, name)
            if self.security.days < tls.WARNING_DAYS:
                cluster.publish(CertificateExpires(cluster.system.now(), name, self.security.days))
        if cluster.membership.discovery == "thespian":
            self.secret = secret.of_cluster(keys, name) if keys is not None else secret.of_user()

    async def listen(self, address: str, port: int) -> int:
        """Take up connections there; returns the port.  Raises ``ClusterError``."""
        name = self._cluster.name
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            family, _, _, _, where = found[0]
            if self.security is None and not is_loopback(str(where[0])):
                raise ClusterError(f"host {name} has no keys, so it may not listen on {where[0]}; use --keys")
            self._listener = listener = socket.socket(family, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
            listener.listen(ENTERING)
            listener.setblocking(False)
        except OSError as error:
            self.close()
            why = error.strerror or error
            raise ClusterError(f"host {name} cannot listen on {spell_address(address, port)}: {why}") from error
        return int(listener.getsockname()[1])

    def close(self) -> None:
        """Let nobody in any more."""
        if self._listener is not None:
            self._listener.close()
        for peer in tuple(self.entering):
            peer.close()
        self.entering.clear()

    # -- who comes, and who is called ----------------------------------------------------------------------------------

    async def accept(self) -> None:
        """Let callers in, for ever."""
        loop = asyncio.get_running_loop()
        assert self._listener is not None
        while True:
            try:
                end, where = await loop.sock_accept(self._listener)
            except OSError:
                await asyncio.sleep(RETRY)
                continue
            if self._is_full(str(where[0])) or _has_gone(end):
                end.close()
            else:
                self._cluster.spawn(self.connect(end, str(where[0]), is_caller=False))

    def _is_full(self, address: str) -> bool:
        callers = [peer.address for peer in self.entering if not peer.is_caller]
        return len(callers) >= ENTERING or callers.count(address) + self._turned_away[address] >= FROM_ONE

    def turn_away(self, address: str) -> None:
        """A caller from there was no host, or none that is wanted."""
        self._turned_away[address] += 1
        asyncio.get_running_loop().call_later(REST, self._forgive, address)

    def _forgive(self, address: str) -> None:
        self._turned_away[address] -= 1
        if not self._turned_away[address]:
            del self._turned_away[address]

    async def connect(self, end: socket.socket, address: str, *, is_caller: bool) -> None:
        """Make a link of a connection; what goes wrong is published."""
        loop = asyncio.get_running_loop()
        peer = Peer(self._cluster, address, self._cluster.membership.patience, is_caller=is_caller)
        self.entering.add(peer)
        try:
            _tune(end)
            secured: dict[str, Any] = {}
            if self.security is not None:
                context = self.security.client if is_caller else self.security.server
                secured = {"ssl": context, "ssl_handshake_timeout": HANDSHAKE_TIME}
                if is_caller:
                    secured["server_hostname"] = "planaria"  # asked for, and nobody's: see tls
            await peer.open()
            if is_caller and secured:
                transport, _ = await loop.create_connection(lambda: peer.link, sock=end, **secured)
                if transport.is_closing() and not isinstance(loop, asyncio.BaseEventLoop):
                    end.detach()  # uvloop has closed its descriptor, and may not know any more that it was this one's
            else:
                await loop.connect_accepted_socket(lambda: peer.link, end, **secured)
            peer.connected()
        except BaseException as error:
            end.close()
            self.entering.discard(peer)
            peer.close()
            if not isinstance(error, (OSError, ssl.SSLError, TimeoutError)):
                raise
            if not is_caller:
                self.turn_away(address)
            self.refused(address, tls.explain(error), is_caller=is_caller)
            self._cluster.calls.note()

    def refused(self, host: str, why: str, *, is_caller: bool) -> None:
        """There is no link; say so, once for each reason."""
        cluster = self._cluster
        if cluster.calls.is_news(host, why):
            cluster.publish(HostRefused(cluster.system.now(), host, why, is_caller))

    def why_nobody(self, peer: Peer) -> str | None:
        """Why the one at the other end is not the host it says it is; ``None``: it is."""
        if self.security is None:
            end = peer.link.socket
            return local.why_stranger(end) if end is not None else "it has gone"
        names = tls.names_of(peer.link.certificate)
        if peer.info.name in names:
            return None
        return f"it calls itself {peer.info.name}, and its certificate is of {', '.join(names) or 'nobody'}"


def _has_gone(end: socket.socket) -> bool:
    """Whether the caller has hung up already: nobody is to be asked who he is, nor told that he was refused."""
    if sys.platform != "linux":
        return False
    return end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != ESTABLISHED


def _tune(end: socket.socket) -> None:
    """Have a link be quick: to send, and to go on after a short interruption, which is no reason to call it dead."""
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if sys.platform == "linux":
        end.setsockopt(socket.IPPROTO_TCP, LINEAR_TIMEOUTS, 1)
