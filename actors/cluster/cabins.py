"""Lives of other hosts that run here: each in a process of its own, whose bytes a tunnel takes to where its place is.

A guest lives as long as the link to the host it belongs to: when that is gone, its place is given to a successor
elsewhere, so it is ended at once.  One that this host cannot end, because it hangs, ends itself after the lease.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.engines.thespian.notices import Lost, Notice
from actors.engines.thespian.nursery import ForkFailed, Nursery
from actors.engines.thespian.status import Limits
from actors.places.ledger import DistantLedger, Ledger
from actors.places.processes import ENTRY, MODULES, REHEARSAL
from actors.places.tissue import DOORS

from .errors import ClusterError
from .frames import Word
from .tunnel import Relay

MOST = 1024
"""Lives that run here for others at a time; 8 MB each, and more."""

if TYPE_CHECKING:
    from actors.engines.thespian.isolate import Isolate
    from actors.engines.thespian.status import ExitStatus

    from .peer import Peer


class Cabins:
    """All guests of one host.

    ``lease``: seconds; ``changed``: told whenever there are more or fewer; ``lost``: told what of the machinery has
    died, why, and how many guests end with it; ``unless_leaving``: see :mod:`~.leaving`.
    """

    def __init__(
        self,
        lease: float,
        changed: Callable[[], None],
        lost: Callable[[str, str, int], None],
        unless_leaving: Callable[[Callable[[], None]], None],
    ) -> None:
        self.guests: set[Guest] = set()
        self.unless_leaving = unless_leaving
        self._lease = lease
        self._changed = changed
        self._lost = lost
        self._numbers = itertools.count(1)
        self._opening: asyncio.Task[Nursery] | None = None

    def take(self, peer: Peer, number: int, system: str, limits: list[Any]) -> None:
        """Have a life of ``peer`` run here, at the end of its tunnel ``number``.  Raises ``ValueError``."""
        if number in peer.ends:
            raise ValueError(f"tunnel {number} is in use")
        memory, cpu = limits
        if len(self.guests) >= MOST:
            self.refuse(peer, number, f"{MOST} lives run there, and that is the most")
            return
        guest = Guest(self, peer, number)
        self.guests.add(guest)
        peer.ends[number] = guest
        guest.start(system, Limits(memory=memory, cpu=cpu))
        self._changed()

    def refuse(self, peer: Peer, number: int, why: str) -> None:
        """Nobody is taken."""
        peer.send([Word.BERTHED, number, ClusterError(why), 0])

    def of(self, peer: Peer) -> int:
        """How many belong to ``peer``."""
        return sum(guest.peer is peer for guest in self.guests)

    def forget(self, guest: Guest) -> None:
        """One is gone."""
        if guest in self.guests:
            self.guests.discard(guest)
            self._changed()

    async def fork(self, system: str, limits: Limits) -> tuple[Isolate, Ledger, Path]:
        """A process for a life."""
        nursery = await self.opened()
        path = Path(nursery.folder) / f"ledger-{next(self._numbers)}"
        ledger = DistantLedger.create(path)
        settings = {"system": system, "ledger": str(path), "main": None, "lease": self._lease}
        try:
            isolate = await nursery.fork(limits, settings=settings)
        except BaseException:
            ledger.close()
            path.unlink()
            raise
        return isolate, ledger, path

    async def opened(self) -> Nursery:
        """The nursery; nothing is started before it is wanted."""
        opening = self._opening
        if opening is None or (opening.done() and (opening.cancelled() or opening.exception() is not None)):
            opening = self._opening = asyncio.get_running_loop().create_task(self._open())
        return await asyncio.shield(opening)

    async def _open(self) -> Nursery:
        modules = (*MODULES, *DOORS)
        nursery = Nursery(entry=ENTRY, rehearsal=REHEARSAL, modules=modules, on_notice=self._noticed)
        return await nursery.__aenter__()

    def _noticed(self, notice: Notice) -> None:
        if isinstance(notice, Lost):
            self._lost(notice.what, notice.why, len(self.guests) if notice.what == "launcher" else 0)

    async def warm(self) -> None:
        """Have a process ready.  Raises ``ClusterError`` if none can be had."""
        try:
            await (await self.opened()).warm()
        except ForkFailed as error:
            raise ClusterError(f"this host cannot run lives: {error}") from error

    async def close(self) -> None:
        """End them all, and leave nothing behind."""
        for guest in tuple(self.guests):
            guest.cut()
        if self._opening is not None:
            await asyncio.gather(self._opening, return_exceptions=True)
            if not self._opening.cancelled() and self._opening.exception() is None:
                await self._opening.result().close()


class Guest:
    """One life of another host, and the far end of its tunnel."""

    def __init__(self, cabins: Cabins, peer: Peer, number: int) -> None:
        self.peer = peer
        self._cabins = cabins
        self._number = number
        self._relay = Relay(number, peer.send, self._hung_up)
        self._task: asyncio.Task[None] | None = None
        self._isolate: Isolate | None = None
        self._ledger: Ledger | None = None
        self._path: Path | None = None
        self._status: ExitStatus | None = None
        self._is_cut = self._has_hung_up = False

    def start(self, system: str, limits: Limits) -> None:
        """Get it a process."""
        self._task = asyncio.get_running_loop().create_task(self._start(system, limits))

    async def _start(self, system: str, limits: Limits) -> None:
        try:
            isolate, ledger, path = await self._cabins.fork(system, limits)
        except Exception as error:
            self._say([Word.BERTHED, self._number, ClusterError(f"no process could be had: {error}"), 0])
            self._forget()
            return
        self._isolate, self._ledger, self._path = isolate, ledger, path
        isolate.on_exit(self._on_exit)
        if self._is_cut:
            isolate.kill()
        try:
            await isolate.open(lambda: self._relay)
        except OSError:  # it is dead already
            self._hung_up()
        self._say([Word.BERTHED, self._number, None, isolate.pid])

    @property
    def process(self) -> int | None:
        """The process in which it runs; ``None``: it has none yet."""
        return self._isolate.pid if self._isolate is not None else None

    # -- what the tunnel brings ----------------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """See :class:`~.peer.End`."""
        self._relay.received(data)

    def credited(self, count: int) -> None:
        """See :class:`~.peer.End`."""
        self._relay.credited(count)

    def berthed(self, error: BaseException | None, pid: int) -> None:
        """See :class:`~.peer.End`: nobody says that to this end."""

    def gone(self, how: str, fates: bytes) -> None:
        """See :class:`~.peer.End`: nobody says that to this end."""

    def end(self) -> None:
        """See :class:`~.peer.End`."""
        if self._isolate is not None:
            self._isolate.kill()
        else:
            self._is_cut = True  # its process is killed when it comes

    def cut(self) -> None:
        """See :class:`~.peer.End`: its place has a successor elsewhere, or will."""
        self._is_cut = True
        if self._isolate is not None:
            self._isolate.kill()

    # -- its end -------------------------------------------------------------------------------------------------------

    def _hung_up(self) -> None:
        self._has_hung_up = True
        self._over()

    def _on_exit(self, status: ExitStatus) -> None:
        self._status = status
        self._over()

    def _over(self) -> None:
        """Tell the other end, when the last byte is read and the process is gone."""
        if self._status is None or not self._has_hung_up or self._ledger is None:
            return
        ledger, self._ledger = self._ledger, None
        word = [Word.GONE, self._number, str(self._status), ledger.copy()]
        ledger.close()
        if self._status.signal == signal.SIGTERM:  # as all processes of a service may have, this host's among them
            self._cabins.unless_leaving(lambda: self._depart(word))
        else:
            self._depart(word)

    def _depart(self, word: list[Any]) -> None:
        self._say(word)
        self._forget()

    def _say(self, frame: list[Any]) -> None:
        if self.peer.ends.get(self._number) is self:
            self.peer.send(frame)

    def _forget(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        if self.peer.ends.get(self._number) is self:
            del self.peer.ends[self._number]
        self._cabins.forget(self)
