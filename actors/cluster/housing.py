"""Where lives of this host are lodged on others, and how those are emptied."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from actors.errors import ClassMissing, CodecError, Ignore, NotRunning
from actors.places.place import Process
from actors.wire.types import name_of

from .errors import ClusterError, NoHostFits
from .events import HostDraining, HostsAwaited
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
"""Seconds after its start, or after it was linked with the first host that serves, in which a host may not know all
others yet: until then a life that fits nowhere waits.
"""

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
        self._since = 0.0  # when others began to be known, for the first time or anew
        self._is_alone = True
        self._has_met = self._has_said = False

    def open(self, now: float) -> None:
        """Others are known from now on."""
        self._since = now
        self._cluster.watch(self._seen)

    def _seen(self, view: HostView) -> None:
        """A host has come, gone or changed."""
        was_alone = self._is_alone
        self._is_alone = not any(each.is_up and each.serves and not each.is_here for each in self._cluster.hosts())
        if was_alone and not self._is_alone:
            self._since, self._has_met, self._has_said = self._now(), True, False

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
                if await self._has_come(wanted, since, lodger):
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

    async def _has_come(self, wanted: Mapping[str, Any], since: float, lodger: Lodger) -> bool:
        """Wait for one more host, if there is hope; false: none has come, or ``since`` too long ago.

        Of a host that has no link to any that serves nobody knows whether none would fit: it waits for one however
        long that takes, as long as there are hosts that it calls or that knew it.  What ends that is a link, or the
        end of who waits.
        """
        cluster = self._cluster
        member = cluster.membership
        others = [each for each in (*member.join, *member.leaders) if each != cluster.address]
        is_cut_off = self._is_alone and bool(others or self._has_met)
        left = None if is_cut_off else self._hope(wanted, since) - self._now()
        if left is not None and left <= 0:
            return False
        if is_cut_off and not self._has_said:
            self._has_said = True
            cluster.publish(HostsAwaited(cluster.system.now(), cluster.name, tuple(others)))
        more = asyncio.Event()
        known = set(cluster.peers)
        stop = cluster.watch(lambda view: None if view.name in known else more.set())
        if is_cut_off:
            lodger.waited_until = math.inf
        try:
            async with asyncio.timeout(left):
                await more.wait()
        except TimeoutError:
            return False
        finally:
            if is_cut_off:
                lodger.waited_until = self._now()
            stop()
        return True

    def _hope(self, wanted: Mapping[str, Any], since: float) -> float:
        """Until when one more host may come that fits, for whoever waits ``since`` then."""
        cluster = self._cluster
        member = cluster.membership
        most = MEET_TIME if member.leaders else JOIN_TIME if member.join or self._has_met else 0.0
        until = self._since + most if most else 0.0
        if may_return(cluster.hosts(), wanted):
            until = max(until, max(since, self._since) + RETURN_TIME)
        return until

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
