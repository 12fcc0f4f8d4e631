"""Whom this host calls, and when again: those it was told to join, and those that others told of."""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from typing import TYPE_CHECKING

from . import tls
from .errors import ClusterError
from .strangers import kind
from .values import is_loopback, read_address

if TYPE_CHECKING:
    from .cluster import Cluster

PATIENCE = 1.0
"""Seconds that the host with the greater name leaves the call to the other one."""

CALL_TIME = 2.0
"""Seconds for a connection."""

FIRST_WAIT, LONGEST_WAIT = 0.25, 2.0
"""Seconds between two calls to the same address; doubles, up to the second."""

ADDRESSES = 1024
"""Addresses that are remembered with when they may be called again; with more, all may be."""

HINT_TIME = 600.0
"""Seconds for which an address is called that was hinted at."""

HINTS = 256
"""Addresses that were hinted at, at a time."""

NEWS = 1024
"""Reasons for which there is no link that are remembered, so that each is told once."""


class Calls:
    """Of one host."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._under_way: set[str] = set()
        self._hints: dict[str, float] = {}
        self._waits: dict[str, float] = {}
        self._not_before: dict[str, float] = {}
        self._missed: dict[str, float] = {}
        self._answered: set[str] = set()
        self._is_settled = False
        self._waiting: asyncio.Future[None] | None = None
        self._news: OrderedDict[tuple[str, str], None] = OrderedDict()

    # -- what has become of calls --------------------------------------------------------------------------------------

    def done(self, *addresses: str) -> None:
        """There is a link to whoever is there."""
        for address in addresses:
            self._waits.pop(address, None)
            self._not_before.pop(address, None)
            for each in tuple(self._news):
                if each[0] == address:
                    del self._news[each]
        self.answered(*addresses)

    def answered(self, *addresses: str) -> None:
        """Whoever is there has answered: it may be a host to which there is a link, or this one."""
        if not self._is_settled:
            self._answered.update(addresses)
            self.note()

    def is_news(self, host: str, why: str) -> bool:
        """Whether that has not been told yet."""
        news = host, kind(why)
        is_new = news not in self._news
        self._news[news] = None
        self._news.move_to_end(news)
        while len(self._news) > NEWS:
            self._news.popitem(last=False)
        return is_new

    # -- hints ---------------------------------------------------------------------------------------------------------

    def hint(self, address: str) -> None:
        """Somebody may be there: call it until there is a link."""
        if len(self._hints) < HINTS:
            now = self._cluster.system.scheduler.loop.time()
            self._hints[address] = now + HINT_TIME
            self._not_before.pop(address, None)
            self._waits.pop(address, None)
            self.make(now)

    def drop_hint(self, address: str) -> None:
        """Nobody may be there any more."""
        self._hints.pop(address, None)

    # -- calling -------------------------------------------------------------------------------------------------------

    def make(self, now: float) -> None:
        """Call those to whom there should be a link, and is none."""
        cluster = self._cluster
        linked = {peer.info.address for peer in cluster.peers.values()}
        linked |= {peer.address for peer in cluster.peers.values() if peer.is_caller}
        wanted = [each for each in cluster.membership.join if each not in linked]
        for address, until in tuple(self._hints.items()):
            if address in linked or now > until:
                del self._hints[address]  # the directory knows of it from now on
            else:
                wanted.append(address)
        missing = cluster.directory.missing()
        known = {info.name for info in missing}
        for name in tuple(self._missed):
            if name not in known:
                del self._missed[name]
        for info in missing:
            since = self._missed.setdefault(info.name, now)
            if cluster.name < info.name or now - since >= PATIENCE:
                wanted.append(info.address)
        if len(self._not_before) > ADDRESSES:
            self._not_before.clear()
            self._waits.clear()
        for address in dict.fromkeys(wanted):
            if address == cluster.address or address in self._under_way:
                continue
            if now >= self._not_before.get(address, now):
                wait = self._waits.get(address, FIRST_WAIT)
                self._waits[address] = min(2 * wait, LONGEST_WAIT)
                self._not_before[address] = now + wait
                self._under_way.add(address)
                cluster.spawn(self._call(address))

    async def _call(self, address: str) -> None:
        cluster = self._cluster
        try:
            async with asyncio.timeout(CALL_TIME):
                end = await self._reach(*read_address(address))
            await cluster.gate.connect(end, address, is_caller=True)
        except (OSError, UnicodeError, ClusterError) as error:  # the second: of a name that cannot be looked for
            cluster.gate.refused(address, tls.explain(error), is_caller=True)
            self.answered(address)
        finally:
            self._under_way.discard(address)
            self.note()

    async def _reach(self, host: str, port: int) -> socket.socket:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, _, _, _, where = found[0]
        if self._cluster.gate.security is None and not is_loopback(str(where[0])):
            name = self._cluster.name
            raise ClusterError(f"host {name} has no keys, so it calls nobody beyond this machine; use --keys")
        end = socket.socket(family, socket.SOCK_STREAM)
        try:
            end.setblocking(False)
            await loop.sock_connect(end, where)
        except BaseException:
            end.close()
            raise
        return end

    # -- the beginning -------------------------------------------------------------------------------------------------

    async def settled(self, most: float) -> None:
        """Wait until everybody who is to be joined, and whom those know, has answered or not; at most so long."""
        self._waiting = asyncio.get_running_loop().create_future()
        self.note()
        try:
            async with asyncio.timeout(most):
                await self._waiting
        except TimeoutError:
            return
        finally:
            self._waiting, self._is_settled = None, True
            self._answered.clear()

    def note(self) -> None:
        """Something has become of a call."""
        waiting = self._waiting
        if waiting is None or waiting.done() or self._cluster.gate.entering:
            return
        cluster = self._cluster
        if not all(peer.has_told for peer in cluster.peers.values()):
            return
        heard = self._answered | {cluster.address}
        wanted = [*cluster.membership.join, *(info.address for info in cluster.directory.missing())]
        if all(address in heard for address in wanted):
            waiting.set_result(None)
