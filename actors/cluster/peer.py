"""One link to one other host, and all that goes over it: an endpoint, tunnels, datagrams, what hosts tell of hosts."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from actors.errors import CodecError
from actors.exits import NOCONNECTION
from actors.places.beat import INTERVAL, beat
from actors.places.endpoint import Endpoint
from actors.wire.codec import Wire
from actors.wire.link import Link

from .errors import ClusterError
from .frames import Word
from .values import HostInfo

if TYPE_CHECKING:
    from actors.ref import Ref
    from actors.system import ActorSystem

    from .reception import Reception

GREETING_TIME = 3.0
"""Seconds that somebody who called has to say who he is."""

DATAGRAM_BYTES = 1 << 17
"""Bytes of one datagram."""

DATAGRAM_LIMIT = 1 << 18
"""Bytes of datagrams in one turn of the loop; what is more is dropped, as a network would."""


WORDS = 1000
"""Characters of what a host says in words that are passed on."""

NOBODY = HostInfo("", 0, 0, "")
"""Somebody who has not said yet which host it is."""


class Household(Protocol):
    """What a peer needs of this host."""

    system: ActorSystem
    reception: Reception

    def greeting(self) -> list[Any]:
        """What this host says of itself."""

    def up(self, peer: Peer) -> None:
        """The link is there."""

    def lost(self, peer: Peer, why: str) -> None:
        """The link is gone, or has not come to be."""

    def told(self, peer: Peer, infos: list[HostInfo]) -> None:
        """A host has told of hosts."""

    def tripped(self, peer: Peer, seconds: float) -> None:
        """A round trip took so long."""

    def asked_for_berth(self, peer: Peer, number: int, system: str, limits: list[Any]) -> None:
        """A life is to run here."""

    def asked_to_drain(self, peer: Peer) -> None:
        """This host is to be emptied."""

    def lacked(self, peer: Peer, what: str) -> None:
        """A life could not begin here for want of something."""

    def datagram(self, peer: Peer, channel: int, data: bytes) -> None:
        """Bytes have come."""


class End(Protocol):
    """One end of a tunnel in this link."""

    def received(self, data: bytes) -> None:
        """Bytes have come."""

    def credited(self, count: int) -> None:
        """So many bytes more may be sent."""

    def berthed(self, error: BaseException | None, pid: int) -> None:
        """There is a process at the other end, or why not."""

    def end(self) -> None:
        """The other end wants no more of it."""

    def gone(self, how: str, fates: bytes) -> None:
        """The process at the other end is gone."""

    def cut(self) -> None:
        """The link is gone."""


class HostLink(Link):
    """A link that knows what it runs over."""

    transport: asyncio.Transport | None = None

    def __init__(self, wire: Wire, say: Callable[[], Any], **options: Any) -> None:
        super().__init__(wire, **options)
        self._say = say

    def _write_greeting(self, kind: Any) -> None:
        self._greeting = self._say()  # now: a handshake takes its time, and much may have changed meanwhile
        super()._write_greeting(kind)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.BaseProtocol`."""
        self.transport = transport  # type: ignore[assignment]
        super().connection_made(transport)

    @property
    def socket(self) -> socket.socket | None:
        """Its socket."""
        return self.transport.get_extra_info("socket") if self.transport is not None else None

    @property
    def certificate(self) -> Any:
        """What the other side showed."""
        secured = self.transport.get_extra_info("ssl_object") if self.transport is not None else None
        return secured.getpeercert() if secured is not None else None


class Peer:
    """``is_caller``: whether this side called, ``address``; ``patience``: seconds of silence it puts up with.

    ``info``: what the host there says of itself; ``is_proven``: and it is that host; ``has_told``: of others, once.
    """

    def __init__(self, home: Household, address: str, patience: float, *, is_caller: bool) -> None:
        self.home = home
        self.address = address
        self.is_caller = is_caller
        self.info = NOBODY
        self.is_up = self.is_proven = self.has_told = self._is_over = False
        self.is_awaited = False  # it has called and was answered; whether it hears is not known yet
        self.replaces: Peer | None = None
        self.since = 0.0
        self.ends: dict[int, End] = {}
        self.endpoint = Endpoint(home.system)
        self.link = HostLink(
            Wire(self.endpoint.export, self.endpoint.resolve, is_trusting=True),
            home.greeting,
            on_frame=self._on_frame,
            on_lost=self.end,
            on_ready=self._on_ready,
            greet=lambda theirs: home.reception.judge(self, theirs),
            on_unreadable=self._unreadable,
            is_caller=is_caller,
            patience=max(patience, 2 * INTERVAL),
            interval=INTERVAL,
            greeting_time=GREETING_TIME,
        )
        self._numbers = 1 if is_caller else 2  # of tunnels: the two sides never choose the same
        self._probe, self._probed_at = 0, 0.0
        self._searches: dict[int, asyncio.Future[Ref[Any] | None]] = {}
        self._turn_bytes = 0
        serve = self.endpoint.serve
        for word, handler in self._words().items():
            serve(word, handler)

    def _words(self) -> dict[int, Callable[..., None]]:
        home = self.home
        return {
            Word.HOSTS: lambda *infos: home.told(self, [HostInfo.from_plain(each) for each in infos]),
            Word.PROBE: lambda number: self._now([Word.ECHO, number]),
            Word.ECHO: self._echo,
            Word.BERTH: lambda *asked: home.asked_for_berth(self, *asked),
            Word.BERTHED: lambda number, error, pid: self._at(number, "berthed", error, pid),
            Word.BYTES: lambda number, data: self._at(number, "received", data),
            Word.CREDIT: lambda number, count: self._at(number, "credited", count),
            Word.END: lambda number: self._at(number, "end"),
            Word.GONE: lambda number, how, fates: self._at(number, "gone", how, fates),
            Word.FIND: self._find,
            Word.FOUND: self._found,
            Word.DATAGRAM: lambda channel, data: home.datagram(self, channel, data),
            Word.DRAIN: lambda: home.asked_to_drain(self),
            Word.LACKED: lambda what: home.lacked(self, what[:WORDS]),
        }

    @property
    def name(self) -> str:
        """Of the host there, once it is known."""
        return self.info.name

    @property
    def caller(self) -> str:
        """The name of the host that called."""
        return str(self.home.greeting()[0][0]) if self.is_caller else self.info.name

    async def open(self) -> None:
        """Get ready, before the link is connected."""
        await self.endpoint.open(self.link)

    def connected(self) -> None:
        """The link is connected: watch over it."""
        beat(self.link)

    def _on_ready(self, theirs: Any) -> None:
        if self.is_caller:
            self._begin()
        else:
            self.is_awaited = True

    def _begin(self) -> None:
        """The other side is there, and hears."""
        self.is_awaited = False
        why = self.home.reception.confirm(self)
        if why is not None:
            self.link.close(why)
            return
        self.is_up = True
        self.since = self.home.system.now()
        self.home.up(self)

    def _on_frame(self, frame: list[Any]) -> None:
        if self.is_awaited:
            self._begin()
        if not self.is_up:
            return
        try:
            self.endpoint.on_frame(frame)
        except (CodecError, ClusterError) as error:
            self.link.abort(f"it sent what is no frame: {error}")

    def end(self, why: str) -> None:
        """The link is gone, or is to go."""
        if not self._is_over:
            self._is_over = True
            self.home.lost(self, why)
            self.close()

    def close(self) -> None:
        """Nothing goes over the link any more, or ever did."""
        self.is_up, self._is_over = False, True
        self.link.abort("closed")
        for end in tuple(self.ends.values()):
            end.cut()
        self.ends.clear()
        for search in self._searches.values():
            if not search.done():
                search.set_result(None)
        self.endpoint.lost(NOCONNECTION)

    def _unreadable(self, head: list[Any], error: BaseException) -> None:
        """A frame holds what is not known here; what it was an answer to gets none."""
        if head[:1] == [Word.FOUND]:
            self._found(head[1], None)
        else:
            self.endpoint.on_unreadable(head, error)  # type: ignore[arg-type]

    # -- tunnels -------------------------------------------------------------------------------------------------------

    def new_number(self) -> int:
        """Of a tunnel."""
        self._numbers += 2
        return self._numbers

    def send(self, frame: list[Any]) -> bool:
        """Send a frame that begins with its kind and its tunnel, in the order of that tunnel."""
        return self.link.send(frame, lane=("tunnel", frame[1]))

    def _at(self, number: int, what: str, *args: Any) -> None:
        end = self.ends.get(number)
        if end is not None:  # else it was ended here, and the word for it is still under way
            getattr(end, what)(*args)

    # -- how far it is -------------------------------------------------------------------------------------------------

    def probe(self) -> None:
        """Measure the round trip."""
        self._probe += 1
        self._probed_at = time.perf_counter()  # uvloop's own clock counts milliseconds
        self._now([Word.PROBE, self._probe])

    def _echo(self, number: int) -> None:
        if number == self._probe:
            self.home.tripped(self, time.perf_counter() - self._probed_at)

    def _now(self, frame: list[Any]) -> None:
        if self.is_up:
            self.link.send_now(frame)

    # -- datagrams -----------------------------------------------------------------------------------------------------

    def send_datagram(self, channel: int, data: bytes) -> bool:
        """Send bytes if there is room; false: they are dropped."""
        size = len(data)
        if not self.is_up or self.link.is_full or size > DATAGRAM_BYTES or self._turn_bytes + size > DATAGRAM_LIMIT:
            return False
        if not self._turn_bytes:
            self.home.system.scheduler.loop.call_soon(self._new_turn)
        self._turn_bytes += max(1, size)
        return self.link.send([Word.DATAGRAM, channel, data], lane="datagrams")

    def _new_turn(self) -> None:
        self._turn_bytes = 0

    # -- names ---------------------------------------------------------------------------------------------------------

    async def find(self, name: str) -> Ref[Any] | None:
        """Who is called so there."""
        number = max(self._searches, default=0) + 1
        search: asyncio.Future[Ref[Any] | None]
        search = self._searches[number] = asyncio.get_running_loop().create_future()
        self.link.send([Word.FIND, number, name])
        try:
            return await search
        finally:
            del self._searches[number]

    def _find(self, number: int, name: str) -> None:
        self.link.send([Word.FOUND, number, self.home.system.whereis(name)])

    def _found(self, number: int, ref: Ref[Any] | None) -> None:
        search = self._searches.get(number)
        if search is not None and not search.done():
            search.set_result(ref)
