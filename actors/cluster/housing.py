"""Where lives of this host are lodged on others, and how those are emptied."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from actors.errors import ClassMissing, CodecError, Ignore, NotRunning
from actors.places.place import Process
from actors.wire.types import name_of

from .errors import ClusterError, NoHostFits
from .events import HostDraining
from .frames import Word
from .lodgings import Berth
from .placement import Failures, choose, may_return
from .values import HostState, HostView

if TYPE_CHECKING:
    from actors.places.deputy import Lodger, Lodging
    from actors.places.processes import Processes

    from .cluster import Cluster
    from .peer import Peer

ASK_AGAIN = 10.0
"""Seconds after which a life on a host that is drained is asked to leave again."""

JOIN_TIME = 3.0
"""Seconds after its start in which a host may not know all others yet: until then a life that fits nowhere waits."""

MEET_TIME = 6.0
"""The same in a convention, whose processes have to be started first."""

RETURN_TIME = 15.0
"""Seconds that a life waits for a host to come back that is down and would fit; then its start fails."""


class Housing:
    """Of one host."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._berths: set[Berth] = set()
        self._local: Processes | None = None
        self._failures = Failures()
        self._since = 0.0

    def open(self, now: float) -> None:
        """Others are known from now on."""
        self._since = now

    async def close(self) -> None:
        """End what was lodged on this host itself."""
        if self._local is not None:
            await self._local.close()

    def _now(self) -> float:
        return self._cluster.system.scheduler.loop.time()

    def on(self, peer: Peer) -> int:
        """How many lives of here run there."""
        return sum(berth.peer is peer for berth in self._berths)

    # -- lodging -------------------------------------------------------------------------------------------------------

    async def lodge(self, wanted: Mapping[str, Any], process: Process, lodger: Lodger) -> Lodging:
        """A process on the host that fits best.  Raises ``NoHostFits`` if none does or can."""
        cluster = self._cluster
        tried: dict[str, str] = {}
        since = self._now()
        while True:
            hosts = cluster.hosts()
            failed = self._failures.of(lodger.name, name_of(lodger.cls), hosts=hosts, now=self._now())
            try:
                host = choose(hosts, wanted, tried, failed)
            except NoHostFits as error:
                if await self._has_come(wanted, since):
                    tried.clear()
                    continue
                if tried:
                    said = "; ".join(f"{name}: {why}" for name, why in tried.items())
                    raise NoHostFits(error.wanted, f"{error.why} ({said})") from None
                raise
            if host.is_here:
                here = await self._lodge_here(process, lodger)
                lodger.start.add_done_callback(partial(self._started, lodger, host))
                return here
            berth = Berth(cluster.peers[host.name], process, self._berths.discard)
            self._berths.add(berth)
            cluster.directory.lodge(host.name)
            try:
                await berth.reserve(cluster.system.name)
            except ClusterError as error:
                tried[host.name] = str(error)
            else:
                lodger.start.add_done_callback(partial(self._started, lodger, host))
                return berth

    def _started(self, lodger: Lodger, host: HostView, start: asyncio.Future[None]) -> None:
        """A start is over on that host: remember it if it has failed."""
        error = None if start.cancelled() else start.exception()
        if error is None or isinstance(error, Ignore):
            return
        if isinstance(error, CodecError):  # it is not this child's alone: what has no code there has it for no other
            self._failures.note(name_of(lodger.cls), host, self._now())
        else:
            self._failures.note(lodger.name, host, self._now())
        peer = self._cluster.peers.get(host.name)
        if isinstance(error, ClassMissing) and peer is not None:
            peer.link.send([Word.LACKED, str(error)])

    async def _has_come(self, wanted: Mapping[str, Any], since: float) -> bool:
        """Wait for one more host, if there is hope; false: none has come, or ``since`` too long ago."""
        cluster = self._cluster
        member = cluster.membership
        most = MEET_TIME if member.leaders else JOIN_TIME if member.join else 0.0
        until = self._since + most if most else 0.0
        if may_return(cluster.hosts(), wanted):
            until = max(until, since + RETURN_TIME)
        left = until - self._now()
        if left <= 0:
            return False
        more = asyncio.Event()
        known = set(cluster.peers)
        stop = cluster.watch(lambda view: None if view.name in known else more.set())
        try:
            async with asyncio.timeout(left):
                await more.wait()
        except TimeoutError:
            return False
        finally:
            stop()
        return True

    async def _lodge_here(self, process: Process, lodger: Lodger) -> Lodging:
        if self._local is None:
            from actors.places.processes import Processes

            self._local = Processes(self._cluster.system)
        return await self._local.take(process, lodger)

    # -- emptying ------------------------------------------------------------------------------------------------------

    def empty(self) -> None:
        """Have the lives replaced that run on hosts which are drained."""
        cluster = self._cluster
        now = self._now()
        for berth in tuple(self._berths):
            peer, actor = berth.peer, berth.actor
            if peer.info.state is not HostState.DRAINING or actor is None:
                continue
            if berth.asked_at is not None and berth.asked_at > now - ASK_AGAIN:
                continue
            if all(each.asked_at is None for each in self._berths if each.peer is peer):
                cluster.publish(HostDraining(cluster.system.now(), peer.name, self.on(peer)))
            berth.asked_at = now
            try:
                actor.retire(f"host {peer.name} is drained")
            except NotRunning:
                continue  # it ends anyway, or has no supervisor: then it stays until its host is gone
