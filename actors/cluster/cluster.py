"""This process as a host among others: listens, calls, keeps one link to each, and finds lodgings for lives."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from . import strangers
from .admission import DUPLICATE
from .cabins import Cabins
from .calls import Calls
from .convention import convene
from .directory import Directory
from .errors import ClusterError
from .events import CodeMissing, HostDown, HostDraining, HostLeft, HostUp, MachineryLost
from .frames import Word
from .gate import Gate
from .housing import Housing
from .leaving import unless_leaving
from .peer import NOBODY, Peer
from .reception import Reception
from .tissue import lend_wires, take_wires_back
from .values import HostInfo, HostState, HostView, Membership, read_address, spell_address

if TYPE_CHECKING:
    from actors.places.deputy import Lodger, Lodging
    from actors.places.place import Process
    from actors.ref import Ref
    from actors.system import ActorSystem

TURN = 0.5
"""Seconds after which a host says again what it is, measures how far others are, and calls those who are missing."""

SETTLE = 1.0
"""Seconds at most that entering waits until the hosts at ``join``, and those that these know, have answered or not."""

FAREWELL = 0.05
"""Seconds that word of this host's leaving is given to get out."""

Seen = Callable[[HostView], object]
Datagram = Callable[[str, bytes], object]


class Cluster:
    """Enter it within its system, and start trees within it: ``async with Cluster(system, Membership("a"))``.

    ``system.cluster`` is this one meanwhile.  Leaving it ends the lives of other hosts that run here.  Raises
    ``ClusterError`` for an address that cannot be listened at, ``KeyProblem`` for keys that are no good.
    """

    def __init__(self, system: ActorSystem, membership: Membership) -> None:
        self.system = system
        self.membership = membership
        self.boot = time.time_ns()
        self.listens_on = ""
        self.drained = asyncio.Event()
        own = HostInfo(
            membership.name, self.boot, 1, "", membership.zone, dict(membership.capabilities), os.cpu_count() or 1, 0,
            HostState.UP, membership.serves,
        )  # fmt: skip
        self.directory = Directory(own)
        self.peers: dict[str, Peer] = {}
        unless = partial(unless_leaving, self)
        self.cabins = Cabins(membership.lease, self._guests_changed, self._machinery_lost, unless)
        self.calls = Calls(self)
        self.gate = Gate(self)
        self.reception = Reception(self)
        self._housing = Housing(self)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._watchers: list[Seen] = []
        self._receivers: dict[int, Datagram] = {}
        self._turns = itertools.count()
        self._is_telling = self.is_closed = False

    # -- entering and leaving ------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self.system.cluster is not None:
            raise ClusterError(f"system {self.system.name!r} is a host already: {self.system.cluster.name}")
        lend_wires(self)
        address, port = read_address(self.membership.listen or "127.0.0.1:0")
        self.gate.unlock()
        port = await self.gate.listen(address, port)
        self.listens_on = spell_address(address, port)
        self.directory.say(address=spell_address(*read_address(self.membership.advertise or self.listens_on, port)))
        self.system.cluster = self
        self._housing.open(self._now())
        self.spawn(self.gate.accept())
        self.spawn(self._run())
        self.spawn(convene(self))
        try:
            await self.calls.settled(SETTLE)
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave: tell the others, and end what runs here for them."""
        if self.is_closed:
            return
        self.directory.say(state=HostState.LEFT)
        self._tell()
        if self.peers:
            await asyncio.sleep(FAREWELL)
        self.is_closed = True
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.gate.close()
        for peer in tuple(self.peers.values()):
            peer.close()
        self.peers.clear()
        await self.cabins.close()
        await self._housing.close()
        self.system.cluster = None
        take_wires_back(self)

    @property
    def name(self) -> str:
        """Of this host."""
        return self.membership.name

    @property
    def address(self) -> str:
        """Where others reach this host."""
        return self.directory.own.address

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine until this is left; what it raises goes to the loop's exception handler."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._report(f"a task of host {self.name} failed", error)

    def _now(self) -> float:
        return self.system.scheduler.loop.time()

    async def _run(self) -> None:
        while True:
            now = self._now()
            self.calls.make(now)
            self.directory.sweep(now)
            self._tell_in_turn()
            for peer in tuple(self.peers.values()):
                peer.probe()
            self._housing.empty()
            self._note_drained()
            await asyncio.sleep(TURN)

    # -- a link, from its beginning to its end; see Household ----------------------------------------------------------

    def greeting(self) -> list[Any]:
        """See :class:`~.peer.Household`."""
        return [self.directory.own.to_plain(), [peer.info.boot for peer in self.peers.values()]]

    def up(self, peer: Peer) -> None:
        """See :class:`~.peer.Household`."""
        info = peer.info
        self.gate.entering.discard(peer)
        self.peers[info.name] = peer
        self.directory.up(info, self._now())
        self.calls.done(info.address, peer.address)
        self.publish(HostUp(self.system.now(), info.name, info.address, info.boot))
        peer.probe()
        for other in self.peers.values():
            self._tell_one(other, self.directory.tell() if other is peer else [self.directory.own, info])
        self._seen(info.name)

    def lost(self, peer: Peer, why: str) -> None:
        """See :class:`~.peer.Household`."""
        self.gate.entering.discard(peer)
        if self.is_closed:
            return
        info = peer.info
        if self.peers.get(info.name) is not peer:
            if info is NOBODY:
                why = strangers.spell(why, has_keys=self.gate.security is not None, is_caller=peer.is_caller)
            if DUPLICATE not in why and not (peer.is_awaited and "closed" in why):
                self.gate.refused(info.name if peer.is_proven else peer.address, why, is_caller=peer.is_caller)
            if peer.is_caller:
                self.calls.answered(peer.address)
            elif DUPLICATE not in why:
                self.gate.turn_away(peer.address)
            return
        del self.peers[info.name]
        self.directory.down(info.name, self._now())
        known = self.directory.info(info.name)
        if known is not None and known.state is HostState.LEFT:
            self.publish(HostLeft(self.system.now(), info.name))
        else:
            lives, guests = self._housing.on(peer), self.cabins.of(peer)
            self.publish(HostDown(self.system.now(), info.name, why, lives, guests))
        self._seen(info.name)

    def told(self, peer: Peer, infos: list[HostInfo]) -> None:
        """See :class:`~.peer.Household`."""
        if self.is_closed:
            return
        changed = self.directory.learn(infos, self._now())
        if infos and infos[0].name == peer.name and infos[0].boot == peer.info.boot:
            peer.info = infos[0]
        for name in changed:
            if name in self.peers:
                self._seen(name)
        if changed:
            self.calls.make(self._now())
        if not peer.has_told:
            peer.has_told = True
            self.calls.note()
        self._housing.empty()

    def tripped(self, peer: Peer, seconds: float) -> None:
        """See :class:`~.peer.Household`."""
        self.directory.tripped(peer.name, seconds)

    # -- telling others ------------------------------------------------------------------------------------------------

    def _tell_soon(self) -> None:
        if not self._is_telling and not self.is_closed:
            self._is_telling = True
            self.system.scheduler.loop.call_soon(self._tell)

    def _tell(self) -> None:
        """Say what this host is: to all."""
        self._is_telling = False
        for peer in self.peers.values():
            self._tell_one(peer, [self.directory.own])

    def _tell_in_turn(self) -> None:
        """The same, and to one of them, another each time, who else there is."""
        peers = list(self.peers.values())
        self._tell()
        if peers:
            self._tell_one(peers[next(self._turns) % len(peers)], self.directory.tell())

    def _tell_one(self, peer: Peer, infos: list[HostInfo]) -> None:
        if not peer.link.is_full:
            peer.link.send([Word.HOSTS, *(info.to_plain() for info in infos)], lane="hosts")

    def _guests_changed(self) -> None:
        self.directory.say(lives=len(self.cabins.guests))
        self._note_drained()
        self._tell_soon()

    def _machinery_lost(self, what: str, why: str, lives: int) -> None:
        unless_leaving(self, partial(self.publish, MachineryLost(self.system.now(), self.name, what, why, lives)))

    def _note_drained(self) -> None:
        if self.directory.own.state is HostState.DRAINING and not self.cabins.guests:
            self.drained.set()

    def publish(self, event: object) -> None:
        """Have those told who listen to this host's system."""
        self.system.events.publish(event)

    def _seen(self, name: str) -> None:
        view = self.directory.view(name)
        for watcher in tuple(self._watchers):
            if view is not None:
                self._guarded(watcher, view)

    def _guarded(self, call: Callable[..., object], *args: object) -> None:
        try:
            call(*args)
        except Exception as error:
            self._report(f"a callback of host {self.name} failed", error)

    def _report(self, what: str, error: BaseException) -> None:
        self.system.scheduler.loop.call_exception_handler({"message": f"{what}: {error}", "exception": error})

    # -- what is asked of this host ------------------------------------------------------------------------------------

    def asked_for_berth(self, peer: Peer, number: int, system: str, limits: list[Any]) -> None:
        """See :class:`~.peer.Household`."""
        own = self.directory.own
        if not own.serves:
            self.cabins.refuse(peer, number, f"host {self.name} runs nobody else's lives")
        elif own.state is not HostState.UP:
            self.cabins.refuse(peer, number, f"host {self.name} is {own.state}")
        else:
            self.cabins.take(peer, number, system, limits)

    def asked_to_drain(self, peer: Peer) -> None:
        """See :class:`~.peer.Household`."""
        self._drain_here()

    def lacked(self, peer: Peer, what: str) -> None:
        """See :class:`~.peer.Household`."""
        self.publish(CodeMissing(self.system.now(), peer.name, what))

    def datagram(self, peer: Peer, channel: int, data: bytes) -> None:
        """See :class:`~.peer.Household`."""
        receiver = self._receivers.get(channel)
        if receiver is not None:
            self._guarded(receiver, peer.name, data)

    # -- hosts ---------------------------------------------------------------------------------------------------------

    def hosts(self) -> list[HostView]:
        """All hosts that are known: this one first, then by name."""
        return self.directory.views()

    def round_trip(self, host: str) -> float | None:
        """Seconds of a round trip to a host; ``None``: not measured, or not there."""
        view = self.directory.view(host)
        return view.round_trip if view is not None else None

    def watch(self, call: Seen) -> Callable[[], None]:
        """Have ``call`` told of every host that is up, now, and from now on of each that comes, goes or changes.

        Not of its load.  Returns what ends it.
        """
        self._watchers.append(call)
        for view in self.directory.views():
            if view.is_up and not view.is_here:
                self._guarded(call, view)
        return lambda: self._watchers.remove(call) if call in self._watchers else None

    async def find(self, host: str, name: str, timeout: float = 5.0) -> Ref[Any] | None:
        """Who is registered as ``name`` on ``host``, or lives there at that path; ``None``: nobody.

        The ref works as any other; links and monitors over it end with ``NOCONNECTION`` if the host cannot be reached
        any more.  Raises ``ClusterError`` if it cannot now, ``TimeoutError``.
        """
        if host == self.name:
            return self.system.whereis(name)
        async with asyncio.timeout(timeout):
            return await self._peer(host).find(name)

    def _peer(self, host: str) -> Peer:
        peer = self.peers.get(host)
        if peer is None:
            there = ", ".join(sorted(self.peers)) or "none"
            raise ClusterError(f"there is no link from host {self.name} to host {host!r}; there are to: {there}")
        return peer

    # -- datagrams -----------------------------------------------------------------------------------------------------

    def send_datagram(self, host: str, channel: int, data: bytes) -> bool:
        """Send at most 128 KiB to a host, in order; false: they are dropped, for there is no link or no room."""
        peer = self.peers.get(host)
        return peer is not None and peer.send_datagram(channel, data)

    def on_datagram(self, channel: int, call: Datagram) -> Callable[[], None]:
        """Have ``call(host, data)`` told of what comes; returns what ends it.  Raises ``ValueError`` if one is told."""
        if channel in self._receivers:
            raise ValueError(f"channel {channel} of host {self.name} is taken")
        self._receivers[channel] = call
        return lambda: self._receivers.pop(channel, None) and None

    # -- lodgings ------------------------------------------------------------------------------------------------------

    async def warm(self) -> None:
        """Have a process ready for the first life of another host.  Raises ``ClusterError`` if none can be had."""
        await self.cabins.warm()

    async def lodge(self, wanted: Mapping[str, Any], process: Process, lodger: Lodger) -> Lodging:
        """A process on the host that fits best.  Raises ``NoHostFits`` if none does or can."""
        return await self._housing.lodge(wanted, process, lodger)

    def drain(self, host: str) -> None:
        """Empty a host: it takes no lives any more, and those who have some there replace them elsewhere.

        When none is left it leaves, if it is one of ``planaria host``.  Raises ``ClusterError`` if it is not there, or
        runs nobody else's lives.
        """
        info = self.directory.own if host == self.name else self._peer(host).info
        if not info.serves:
            raise ClusterError(
                f"host {host} runs nobody else's lives, so there is nothing to move: end its tree instead"
            )
        if host == self.name:
            self._drain_here()
        else:
            self._peer(host).link.send([Word.DRAIN])

    def _drain_here(self) -> None:
        if self.directory.own.state is HostState.UP and self.directory.own.serves:
            self.directory.say(state=HostState.DRAINING)
            self.publish(HostDraining(self.system.now(), self.name, 0))
            self._guests_changed()
