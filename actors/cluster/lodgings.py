"""Lodgings on other hosts: what a deputy needs of a life that runs in a process there."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.errors import ActorError
from actors.exits import NOCONNECTION, Reason
from actors.places.beat import beat, link_of, too_long
from actors.places.place import Host, Process
from actors.signs import Signs

from .errors import ClusterError, NoHostFits
from .fates import Fates
from .frames import Word
from .placement import spell
from .tunnel import Tunnel

if TYPE_CHECKING:
    from actors.actor import Actor
    from actors.places.deputy import Lodger, Lodging
    from actors.places.endpoint import Endpoint
    from actors.places.ledger import Ledger
    from actors.system import ActorSystem
    from actors.wire.link import Link

    from .peer import Peer

BERTH_TIME = 15.0
"""Seconds that a host has to find a process: its first one takes half a second."""

MAIN = 0
"""The number of the life among its side's exports."""

Lost = Callable[[Any], None]


class Berths:
    """See the module's text; of one system."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system

    async def take(self, place: Any, lodger: Lodger) -> Lodging:
        """See :class:`~actors.places.deputy.Lodgings`.  Raises ``NoHostFits``."""
        wanted, process = (place.capabilities, place.on) if isinstance(place, Host) else ({}, Process())
        cluster = self._system.cluster
        if cluster is None:
            raise NoHostFits(
                spell(wanted),
                f"system {self._system.name!r} belongs to no cluster: run its tree with `planaria run --join ADDRESS`, "
                "or within a Cluster",
            )
        lodging: Lodging = await cluster.lodge(wanted, process, lodger)
        return lodging

    async def close(self) -> None:
        """See :class:`~actors.places.deputy.Lodgings`: the cluster sees to what it has started."""


class Berth:
    """One life's process on another host, and the near end of its tunnel; a :class:`~actors.places.deputy.Lodging`."""

    def __init__(self, peer: Peer, process: Process, forget: Callable[[Berth], None]) -> None:
        self.peer = peer
        self.pid = 0
        self.asked_at: float | None = None
        self._fates = Fates()
        self.ledger: Ledger = self._fates
        self._process = process
        self._forget = forget
        self._number = peer.new_number()
        self._tunnel: Tunnel | None = None
        self._link: Link | None = None
        self._usage: tuple[int | None, float | None] = (None, None)
        self._endpoint: Endpoint | None = None
        self._lost: Lost | None = None
        self._how: str | Reason | None = None
        self._why = ""
        self._answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answer.add_done_callback(lambda answer: answer.cancelled() or answer.exception())  # if nobody waits

    async def reserve(self, system: str) -> None:
        """Have the host find a process.  Raises ``ActorError`` if it cannot."""
        peer, process = self.peer, self._process
        peer.ends[self._number] = self
        try:
            if not peer.send([Word.BERTH, self._number, system, [process.memory, process.cpu]]):
                raise ClusterError(f"the link to host {peer.name} is gone")
            async with asyncio.timeout(BERTH_TIME):
                await self._answer
        except BaseException as error:
            self.kill()
            self._drop()
            if isinstance(error, TimeoutError):
                raise ClusterError(f"host {peer.name} found no process within {BERTH_TIME:g} s") from error
            raise

    @property
    def actor(self) -> Actor | None:
        """The deputy of the life there."""
        cell = self._endpoint.stand_ins.get(MAIN) if self._endpoint is not None else None
        return cell.actor if cell is not None else None

    @property
    def process(self) -> int | None:
        """See :class:`~actors.places.deputy.Lodging`."""
        return self.pid or None

    @property
    def host(self) -> str | None:
        """See :class:`~actors.places.deputy.Lodging`."""
        return self.peer.name

    # -- what a deputy asks for ----------------------------------------------------------------------------------------

    async def open(self, endpoint: Endpoint, lost: Lost) -> Link:
        """See :class:`~actors.places.deputy.Lodging`."""
        self._endpoint, self._lost = endpoint, lost
        link = link_of(endpoint, self._on_cut, is_caller=True, patience=math.inf, on_pong=self._on_pong)
        self._link = link
        self._tunnel = Tunnel(self._number, self.peer.send, link, self.kill)
        if self._how is not None:
            self._finish(self._how)
        else:
            beat(link)
        return link

    def begun(self) -> None:
        """See :class:`~actors.places.deputy.Lodging`."""
        if self._link is not None:
            self._link.expect(self._process.patience)

    def kill(self) -> None:
        """See :class:`~actors.places.deputy.Lodging`."""
        if self.peer.ends.get(self._number) is self:
            self.peer.send([Word.END, self._number])

    def signs(self) -> Signs:
        """See :class:`~actors.places.deputy.Lodging`: what its process told last."""
        silence = self._link.silence if self._link is not None and self._link.is_ready else None
        return Signs(*self._usage, silence)

    def _on_pong(self, usage: Any, _: float) -> None:
        match usage:
            case [int(memory), int() | float() as cpu, *_]:
                self._usage = (memory, float(cpu))

    def _on_cut(self, why: str) -> None:
        """The life's link is gone; its host tells when its process is, too."""
        self._why = too_long(self._process.patience) if why.startswith("silent") else ""

    # -- what the tunnel brings ----------------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """See :class:`~.peer.End`."""
        if self._tunnel is not None:
            self._tunnel.received(data)

    def credited(self, count: int) -> None:
        """See :class:`~.peer.End`."""
        if self._tunnel is not None:
            self._tunnel.credited(count)

    def berthed(self, error: BaseException | None, pid: int) -> None:
        """See :class:`~.peer.End`."""
        self.pid = pid
        if not self._answer.done():
            if error is None:
                self._answer.set_result(None)
            else:
                self._answer.set_exception(error if isinstance(error, ActorError) else ClusterError(str(error)))

    def end(self) -> None:
        """See :class:`~.peer.End`: nobody says that to this end."""

    def gone(self, how: str, fates: bytes) -> None:
        """See :class:`~.peer.End`."""
        self._fates.tell(fates)
        if not self._answer.done():
            self._answer.set_exception(ClusterError(f"its process ended at once: {how}"))
        self._drop()
        self._finish(how)

    def cut(self) -> None:
        """See :class:`~.peer.End`: nobody can tell what became of what was on its way."""
        if not self._answer.done():
            self._answer.set_exception(ClusterError(f"the link to host {self.peer.name} is gone"))
        self._drop()
        self._finish(NOCONNECTION)

    def _finish(self, how: str | Reason) -> None:
        self._how = how
        if self._tunnel is not None:
            self._tunnel.lost()
        lost, self._lost = self._lost, None
        if lost is not None:
            lost(f"{how}: {self._why}" if self._why and isinstance(how, str) else how)

    def _drop(self) -> None:
        if self.peer.ends.get(self._number) is self:
            del self.peer.ends[self._number]
        self._forget(self)
