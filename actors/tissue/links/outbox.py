"""Messages that arrive: through loss, reordering and the death of whoever passes them on.

For a backend developer: to send to another host or process as if the network worked.  Each message is handled there
once and in order, at 30 % loss too, and when the host in the middle dies it goes another way.

::

    outbox = Outbox(pid, rng, now)
    effects = outbox.neighbours({"host-b"}, now)                # whom it can reach itself
    effects = outbox.send("host-c", b"...", now, tag=7)         # through host-b, if it must be
    ...                                                         # `Arrived` there, `Settled("host-c", 7)` here

How.  Every hop is made reliable by itself (:mod:`~actors.tissue.links.arq`), which at loss p costs at most
1 / (1 - p)^2 transmissions a hop; from end to end only, three hops at 30 % would cost 8.  A cell in the middle takes a
letter into its custody and acknowledges it, or refuses it.  A message whose hop timer has expired three times goes
through another contact, with the same number, as do all that are with a contact that is down.  Custody dies with its
holder, so the origin keeps each message until the destination has receipted it, and sends it again if that takes too
long.  What arrives twice by all that is told apart at the destination (:mod:`~actors.tissue.links.inbox`).

So delivery is at least once and the effect exactly once, between two lives.  A destination that is born again does not
know what its last life handled: a message sent with ``life=k`` is for that life only, others may be handled once by
each.  A message that is given up may have been handled; those after it do not wait for it.

Which contact a letter goes through is not its business: ``route`` says (``Trails.next_hop``, ``Routes.next_hop``).
Without one it is the destination itself where that is a contact that works, and any other contact where not, which is
right where nearly everybody is connected to nearly everybody.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from ..core import Effect, Refused
from ..moments import Moments
from ..plain import read_name, read_number
from .carrier import Carrier, Route
from .config import LinksConfig
from .contact import Contact, Parcel
from .events import Arrived, Settled, Undeliverable, Why
from .inbox import Inbox
from .packets import Letter, Receipt
from .streams import Outgoing, Stream

if TYPE_CHECKING:
    import random


class Outbox:
    """One cell's end of all its links; a core (:mod:`~actors.tissue.core`).

    Its owner calls :meth:`neighbours` when they change (or :meth:`link` and :meth:`unlink`), :meth:`died` for an exit
    signal, and :meth:`send`.  It is due at ``inf`` when nothing is under way and no neighbour is down.

    Reports ``Arrived``, ``Settled``, ``Undeliverable``, ``Outdated``, ``LinkDown`` and ``LinkUp``.
    """

    def __init__(
        self,
        pid: Pid,
        rng: random.Random,
        now: float,
        config: LinksConfig | None = None,
        *,
        route: Route | None = None,
    ) -> None:
        read_name(pid.name)
        self.pid = pid
        self.config = config or LinksConfig()
        self._carrier = Carrier(pid, rng, self.config, _Desk(self), route)
        self._inbox = Inbox(pid, self.config)
        self._streams: dict[str, Stream] = {}
        self._highest = 0
        self._expiry: Moments[Outgoing] = Moments()
        # Those that somebody else was to pass on and are not receipted in time, and those that have no way.
        self._resend: Moments[Outgoing] = Moments()
        self._stranded: dict[Outgoing, None] = {}

    def __repr__(self) -> str:
        unsettled = sum(map(len, self._streams.values()))
        return f"Outbox({self.pid}, contacts={len(self._carrier)}, unsettled={unsettled}, {self._inbox})"

    # -- what it is told to do -----------------------------------------------------------------------------------------

    def neighbours(self, names: Collection[str], now: float) -> list[Effect]:
        """Letters may go through these cells, and through no others.  Raises ``ValueError`` for what is no name."""
        gone = [name for name in self._carrier.linked if name not in names]
        effects = [effect for name in gone for effect in self.unlink(name, now)]
        return effects + [effect for name in sorted(names) for effect in self.link(name, now)]

    def link(self, name: str, now: float) -> list[Effect]:
        """Letters may go through that cell from now on.

        Nothing if there are too many contacts already.  Raises ``ValueError`` for what is no name.
        """
        return self._carrier.link(read_name(name), now)

    def unlink(self, name: str, now: float) -> list[Effect]:
        """No letter goes through that cell any more: what was with it goes another way, or waits for one."""
        return self._carrier.unlink(name, now)

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """That life is over, by an exit signal: what was with it goes another way now, and not after timeouts.

        A neighbour is asked each ``probe_period`` whether it is back, until it is unlinked.
        """
        return self._carrier.died(pid, now)

    def send(self, to: str, payload: bytes, now: float, *, life: int = 0, tag: Any = None) -> list[Effect]:
        """Have ``payload`` handled by the cell called ``to``: once, and after all that was sent to it before.

        ``life``: the only incarnation of it that may; 0: any.  ``tag`` comes back in ``Settled`` or ``Undeliverable``,
        one of which is reported of every message.  Raises ``ValueError`` for a payload of more than ``most_bytes``.
        """
        if len(payload) > self.config.most_bytes:
            raise ValueError(f"payload must be at most {self.config.most_bytes} bytes; got {len(payload)}")
        outgoing = Outgoing(read_name(to), read_number(life), payload, tag, now + self.config.lifetime)
        if to == self.pid.name:
            if life not in (0, self.pid.incarnation):
                return [Undeliverable(to, tag, payload, Why.OUTLIVED)]
            return [Arrived(self.pid, payload), Settled(to, tag)]
        stream = self._stream(to)
        if stream is None or stream.is_full:
            return [Undeliverable(to, tag, payload, Why.FULL)]
        stream.append(outgoing)
        self._expiry.put(outgoing, outgoing.expires)
        return self._advance(stream, now)

    def abandon(self, to: str, now: float) -> list[Effect]:
        """Give up all messages to a cell, as when it is known to be gone for good."""
        stream = self._streams.get(to)
        if stream is None:
            return []
        return [effect for each in stream.unsettled for effect in self._give_up(stream, each, Why.ABANDONED)]

    def end(self) -> list[Effect]:
        """Give up all messages: this life is over."""
        return [effect for name in tuple(self._streams) for effect in self.abandon(name, 0.0)]

    # -- what it knows -------------------------------------------------------------------------------------------------

    def unsettled(self, to: str) -> int:
        """How many messages to a cell are not settled yet."""
        stream = self._streams.get(to)
        return 0 if stream is None else len(stream)

    def etx(self, name: str) -> float:
        """Expected transmissions a message on the link to a contact: a metric for routes; ``inf`` while it is down."""
        contact = self._carrier.get(name)
        return math.inf if contact is None or not contact.hop.is_up else contact.hop.quality.etx

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        return min(self._carrier.due, self._expiry.due, self._resend.due, self._inbox.due)

    def tick(self, now: float) -> list[Effect]:
        """Do what is due."""
        effects: list[Effect] = []
        while (outgoing := self._expiry.pop(now)) is not None:
            effects += self._expire(outgoing, now)
        effects += self._carrier.tick(now)
        while (outgoing := self._resend.pop(now)) is not None:
            effects += self._send_again(outgoing, now)
        for receipt in self._inbox.receipts(now):
            effects += self._carrier.pass_on(receipt, now) or []
        return effects

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet from another cell has arrived."""
        try:
            return self._carrier.receive(sender, kind, body, now)
        except (TypeError, ValueError) as error:
            return [Refused(sender, kind, f"{type(error).__name__}: {error}")]

    # -- own messages --------------------------------------------------------------------------------------------------

    def _stream(self, to: str) -> Stream | None:
        """The stream to a cell; ``None``: there are too many that have something to say."""
        stream = self._streams.get(to)
        if stream is None:
            if len(self._streams) >= self.config.streams:
                idle = next((name for name, each in self._streams.items() if not len(each)), None)
                if idle is None:
                    return None
                del self._streams[idle]
            # Above all that was used for anybody, and so above what a stream that was forgotten had used.
            stream = self._streams[to] = Stream(self._highest + 1, self.config)
        return stream

    def _advance(self, stream: Stream, now: float) -> list[Effect]:
        """Send on their way all that may be under way."""
        effects: list[Effect] = []
        while (outgoing := stream.number_next()) is not None:
            self._highest = max(self._highest, outgoing.number)
            effects += self._launch(stream, outgoing, now)
        return effects

    def _launch(self, stream: Stream, outgoing: Outgoing, now: float) -> list[Effect]:
        self._stranded.pop(outgoing, None)
        contact = self._carrier.way(outgoing.to, outgoing.tried, now)
        if contact is None and outgoing.tried:
            outgoing.tried.clear()
            contact = self._carrier.way(outgoing.to, (), now)
        if contact is None:
            self._wait(outgoing, now)
            return []
        return self._carrier.give(Parcel(stream.message(self.pid, outgoing), outgoing, math.inf), contact, now)

    def _wait(self, outgoing: Outgoing, now: float) -> None:
        """There is no way now: look again when a contact comes up, and after a while, as ``route`` may know better."""
        outgoing.via = None
        self._stranded[outgoing] = None
        self._resend.put(outgoing, now + self.config.probe_period)

    def _send_again(self, outgoing: Outgoing, now: float) -> list[Effect]:
        """No receipt came in time, or there was no way."""
        stream = self._streams[outgoing.to]
        self._resend.drop(outgoing)
        if outgoing.via is not None:
            outgoing.expiries += 1
            stream.expired(outgoing, now)
            if outgoing.expiries % self.config.patience == 0:
                outgoing.tried.add(outgoing.via)
        return self._launch(stream, outgoing, now)

    def _settle(self, outgoing: Outgoing, now: float) -> list[Effect]:
        stream = self._streams[outgoing.to]
        if not self._drop(stream, outgoing):
            return []
        effects: list[Effect] = [] if outgoing.payload is None else [Settled(outgoing.to, outgoing.tag)]
        return effects + self._advance(stream, now)

    def _give_up(self, stream: Stream, outgoing: Outgoing, why: Why) -> list[Effect]:
        if not self._drop(stream, outgoing) or outgoing.payload is None:
            return []
        return [Undeliverable(outgoing.to, outgoing.tag, outgoing.payload, why)]

    def _drop(self, stream: Stream, outgoing: Outgoing) -> bool:
        self._expiry.drop(outgoing)
        self._resend.drop(outgoing)
        self._stranded.pop(outgoing, None)
        return stream.drop(outgoing)

    def _expire(self, outgoing: Outgoing, now: float) -> list[Effect]:
        """Give a message up; if others might wait for it, send a blank in its place."""
        stream = self._streams[outgoing.to]
        leaves_a_gap = stream.leaves_a_gap(outgoing)
        effects = self._give_up(stream, outgoing, Why.EXPIRED)
        if leaves_a_gap:
            blank = stream.blank(outgoing, now + self.config.lifetime)
            self._expiry.put(blank, blank.expires)
            effects += self._launch(stream, blank, now)
        return effects + self._advance(stream, now)


class _Desk:
    """What the carrier hands to the outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def read(self, letter: Letter, now: float) -> list[Effect] | None:
        """A letter for this cell has come; ``None``: it cannot be taken now."""
        outbox = self._outbox
        if isinstance(letter, Receipt):
            return self._read_receipt(letter, now)
        if outbox._inbox.later(letter.origin) or not outbox._inbox.can_take(letter, now):
            return None
        ready = outbox._inbox.take(letter, now)
        if len(letter.visited) > 1:
            outbox._inbox.owe(letter.origin, now)
        return [Arrived(letter.origin, payload) for payload in ready]

    def later(self, letter: Letter) -> int:
        """The life of its origin that was heard here, if it is a later one; else 0."""
        return self._outbox._inbox.later(letter.origin) if letter.to == self._outbox.pid.name else 0

    def outdated(self, parcel: Parcel, now: float) -> list[Effect]:
        """A contact knows this cell with a later life, and has not taken its letter."""
        outbox, outgoing = self._outbox, parcel.outgoing
        if outgoing is None or outgoing.is_done:
            return []
        stream = outbox._streams[outgoing.to]
        return outbox._give_up(stream, outgoing, Why.OUTDATED) + outbox._advance(stream, now)

    def _read_receipt(self, receipt: Receipt, now: float) -> list[Effect]:
        outbox = self._outbox
        stream = outbox._streams.get(receipt.origin.name)
        if stream is None or receipt.life != outbox.pid.incarnation:
            return []
        effects: list[Effect] = []
        for outgoing in stream.under_way:
            if 0 < outgoing.life < receipt.origin.incarnation:
                effects += outbox._give_up(stream, outgoing, Why.OUTLIVED)
            elif receipt.has(outgoing.number) and outgoing.life in (0, receipt.origin.incarnation):
                stream.learn(outgoing, now)
                effects += outbox._settle(outgoing, now)
        return effects

    def taken(self, parcel: Parcel, by: Contact, now: float) -> list[Effect]:
        """A contact took a letter of this cell's: that is its arrival, or a promise to pass it on."""
        outbox, outgoing = self._outbox, parcel.outgoing
        if outgoing is None or outgoing.is_done:
            return []
        if by.name != outgoing.to:
            outgoing.taken_at = now
            outbox._resend.put(outgoing, now + outbox._streams[outgoing.to].timer.rto)
            return []
        if 0 < outgoing.life < by.life:
            return outbox._give_up(outbox._streams[outgoing.to], outgoing, Why.OUTLIVED)
        if outgoing.life > by.life:
            outbox._wait(outgoing, now)  # it is for a life that is yet to show itself
            return []
        return outbox._settle(outgoing, now)

    def stranded(self, parcel: Parcel, now: float) -> list[Effect]:
        """There is no way now for a letter of this cell's."""
        if parcel.outgoing is not None and not parcel.outgoing.is_done:
            self._outbox._wait(parcel.outgoing, now)
        return []

    def opened(self, now: float) -> list[Effect]:
        """There is a contact that was not there, or did not work."""
        outbox = self._outbox
        return [effect for each in list(outbox._stranded) for effect in outbox._send_again(each, now)]
