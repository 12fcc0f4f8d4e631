"""Carries letters from neighbour to neighbour, each until that neighbour has taken it or there is another way.

It knows contacts and ways, and nothing of who writes to whom: that is its desk's business
(:class:`~actors.tissue.links.outbox.Outbox`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Protocol

from actors.messages import Pid

from ..core import Effect, Refused, Send
from ..moments import Moments
from ..plain import read_name
from .arq import Flight
from .config import LinksConfig
from .contact import Contact, Parcel
from .events import LinkDown, LinkUp, Outdated
from .packets import ACK, DATA, LATE, NO, PING, PONG, Letter, read_ack, read_data, read_numbers

if TYPE_CHECKING:
    import random

Route = Callable[[str, Collection[str], float], str | None]
"""``route(to, avoid, now)``: the contact through which to reach a cell, none of ``avoid``; ``None``: there is none."""


class Desk(Protocol):
    """Who writes and reads the letters."""

    def read(self, letter: Letter, now: float) -> list[Effect] | None:
        """A letter for this cell has come; ``None``: it cannot be taken now."""

    def later(self, letter: Letter) -> int:
        """The life of the letter's origin that is known, if it is a later one than the letter's; else 0."""

    def outdated(self, parcel: Parcel, now: float) -> list[Effect]:
        """A contact knows this cell with a later life, and has not taken its letter."""

    def taken(self, parcel: Parcel, by: Contact, now: float) -> list[Effect]:
        """A contact took a letter of this cell's."""

    def stranded(self, parcel: Parcel, now: float) -> list[Effect]:
        """There is no way now for a letter of this cell's."""

    def opened(self, now: float) -> list[Effect]:
        """There is a contact that was not there, or did not work."""


class Carrier:
    """All contacts of one cell, and the letters that are with them."""

    def __init__(
        self, pid: Pid, rng: random.Random, config: LinksConfig, desk: Desk, route: Route | None = None
    ) -> None:
        self._pid = pid
        self._rng = rng
        self._config = config
        self._desk = desk
        self._route = route or self._any_contact
        self._contacts: dict[str, Contact] = {}
        # Above all numbers of contacts that were let go: they remember those, and would take lower ones for doubles.
        self._first = 1
        self._down: set[str] = set()
        # Those that were silent as often as makes a message go elsewhere; perhaps only by chance.
        self._doubted: set[str] = set()
        self._agenda: Moments[str] = Moments()

    def __len__(self) -> int:
        return len(self._contacts)

    def get(self, name: str) -> Contact | None:
        """The contact of that name."""
        return self._contacts.get(name)

    @property
    def linked(self) -> list[str]:
        """Those through which letters may go."""
        return [name for name, each in self._contacts.items() if each.is_linked]

    def link(self, name: str, now: float) -> list[Effect]:
        """Letters may go through that cell; nothing if it is this one, or there are too many contacts."""
        contact = self._contact(name, now)
        if contact is None:
            return []
        contact.is_linked = True
        return [*self._flush(contact, now), *self._opened(now)]

    def unlink(self, name: str, now: float) -> list[Effect]:
        """No letter goes through that cell any more."""
        contact = self._contacts.pop(name, None)
        if contact is None:
            return []
        self._first = max(self._first, contact.sending.following)
        self._agenda.drop(name)
        self._down.discard(name)
        self._doubted.discard(name)
        return self._redirect(contact, now)

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """That life is over, by other evidence than silence."""
        contact = self._contacts.get(pid.name)
        if contact is None or contact.life > pid.incarnation or not contact.hop.fail(now):
            return []
        return self._lose(contact, now)

    def _contact(self, name: str, now: float) -> Contact | None:
        """The contact of that name; a new one, if there is room, or somebody who is no neighbour makes some."""
        contact = self._contacts.get(name)
        if contact is not None or name == self._pid.name:
            return contact
        if len(self._contacts) >= self._config.contacts:
            idle = next((one for one, each in self._contacts.items() if not each.is_linked and not each.sending), None)
            if idle is None:
                return None
            self.unlink(idle, now)
        contact = self._contacts[name] = Contact(name, self._config, now, self._first)
        return contact

    # -- ways ----------------------------------------------------------------------------------------------------------

    def _any_contact(self, to: str, avoid: Collection[str], now: float) -> str | None:
        if to in self._contacts and to not in avoid:
            return to
        others = [name for name, each in self._contacts.items() if each.is_linked and name not in avoid]
        return self._rng.choice(others) if others else None

    def way(self, to: str, avoid: Collection[str], now: float) -> Contact | None:
        """A contact through which to reach ``to``, none of ``avoid``: one that works, and best one that answers too."""
        sure = self._ask(to, {*avoid, *self._down, *self._doubted}, now) if self._doubted else None
        return sure or self._ask(to, {*avoid, *self._down}, now)

    def _ask(self, to: str, shunned: set[str], now: float) -> Contact | None:
        hop = self._route(to, shunned, now)
        return None if hop is None or hop in shunned else self._contacts.get(hop)

    def _elsewhere(self, parcel: Parcel, here: str, now: float) -> Contact | None:
        """Another contact than ``here`` for a letter; one that was tried before, where there is no fresh one."""
        if parcel.outgoing is None:
            return self.way(parcel.letter.to, {*parcel.letter.visited, here}, now)
        tried = parcel.outgoing.tried
        tried.add(here)
        contact = self.way(parcel.letter.to, tried, now)
        if contact is None and len(tried) > 1:
            tried.intersection_update({here})
            contact = self.way(parcel.letter.to, tried, now)
        return contact

    def give(self, parcel: Parcel, contact: Contact, now: float) -> list[Effect]:
        """Have a contact carry a letter on."""
        if parcel.outgoing is not None:
            parcel.outgoing.via = contact.name
        contact.sending.enqueue(parcel)
        return self._flush(contact, now)

    def pass_on(self, letter: Letter, now: float) -> list[Effect] | None:
        """Send a letter on its way to somebody else; ``None``: there is no way, or no room on it."""
        contact = self.way(letter.to, letter.visited, now)
        if contact is None or contact.sending.waiting >= self._config.queue:
            return None
        return self.give(Parcel(letter, None, now + self._config.lifetime), contact, now)

    def _redirect(self, contact: Contact, now: float) -> list[Effect]:
        """Take back all that is with a contact, and send it elsewhere; what others gave it may wait there too."""
        effects: list[Effect] = []
        for parcel in contact.sending.withdraw_all(now):
            elsewhere = self._elsewhere(parcel, contact.name, now)
            if elsewhere is not None:
                effects += self.give(parcel, elsewhere, now)
            elif parcel.outgoing is not None:
                effects += self._desk.stranded(parcel, now)
            elif contact.name in self._contacts:
                contact.sending.enqueue(parcel)
        return effects + self._flush(contact, now)

    def _flush(self, contact: Contact, now: float) -> list[Effect]:
        """Send what may be sent to a contact now, and see when it is due."""
        effects: list[Effect] = [self._data(contact, flight) for flight in contact.sending.pump(now)]
        if contact.name in self._contacts:
            self._agenda.put(contact.name, contact.due)
        return effects

    def _data(self, contact: Contact, flight: Flight[Parcel]) -> Send:
        letter = flight.cargo.letter.wire(self._pid.name)
        return Send(contact.name, DATA, [contact.sending.low, flight.seq, letter])

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        return self._agenda.due

    def tick(self, now: float) -> list[Effect]:
        """Send again what was lost, ask those that are down, and give those up that never answer."""
        effects: list[Effect] = []
        while (name := self._agenda.pop(now)) is not None:
            effects += self._tick(self._contacts[name], now)
        return effects

    def _tick(self, contact: Contact, now: float) -> list[Effect]:
        effects: list[Effect] = []
        was_up = contact.hop.is_up
        if contact.hop.due <= now:
            effects.append(Send(contact.name, PING, [contact.hop.ping(now)]))
        lost = contact.sending.expired(now)
        if contact.hop.silences >= self._config.patience:
            self._doubted.add(contact.name)
        if was_up and not contact.hop.is_up:
            return [*effects, LinkDown(contact.name, contact.hop.silences), *self._lose(contact, now)]
        for flight in lost:
            effects += self._repeat(contact, flight, now)
        return effects + self._flush(contact, now)

    def _lose(self, contact: Contact, now: float) -> list[Effect]:
        """A contact is down: what is with it goes another way.  A neighbour is pinged from now on, others forgotten."""
        if not contact.is_linked:
            return self.unlink(contact.name, now)
        self._down.add(contact.name)
        return self._redirect(contact, now)

    def _repeat(self, contact: Contact, flight: Flight[Parcel], now: float) -> list[Effect]:
        """A letter was lost: send it again there, or elsewhere after as many expiries as it has patience."""
        if not flight.is_overtaken and flight.expiries % self._config.patience == 0:
            elsewhere = self._elsewhere(flight.cargo, contact.name, now)
            if elsewhere is not None:
                contact.sending.withdraw(flight.seq)
                return self.give(flight.cargo, elsewhere, now)
        contact.sending.send(flight, now)
        return [self._data(contact, flight)]

    # -- packets -------------------------------------------------------------------------------------------------------

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet has arrived.  Raises ``TypeError`` or ``ValueError`` for one that makes no sense."""
        contact = self._contact(read_name(sender.name), now)
        if contact is None:
            raise ValueError(f"from {sender}: too many contacts, or this cell itself")
        if not contact.meet(sender.incarnation, self._config.span, now):
            return self._refuse(sender, contact.life, kind, body)
        match kind:
            case "links.data":
                return self._on_data(contact, body, now)
            case "links.ack":
                return self._on_ack(contact, body, now)
            case "links.no":
                return self._on_no(contact, body, now)
            case "links.late":
                return self._on_late(contact, body, now)
            case "links.ping":
                return [Send(sender.name, PONG, read_numbers(body, 1)), *self._flush(contact, now)]
            case "links.pong":
                came_up = contact.hop.pong(read_numbers(body, 1)[0], now)
                return self._answered(contact, came_up, now)
        return [Refused(sender, kind, "no packet of links")]

    def _refuse(self, sender: Pid, later: int, kind: str, body: Any) -> list[Effect]:
        """Take nothing from a life that is over; if it is not, it gives up what it has sent."""
        refused = Refused(sender, kind, f"from {sender}, whose place has had a later life, {later}")
        if kind != DATA:
            return [refused]
        _, seq, _ = read_data(body, self._config.most_bytes, self._config.most_hops)
        return [refused, Send(sender.name, LATE, [sender.incarnation, seq, later])]

    def _on_data(self, contact: Contact, body: Any, now: float) -> list[Effect]:
        low, seq, letter = read_data(body, self._config.most_bytes, self._config.most_hops)
        if not letter.visited or letter.visited[-1] != contact.name:
            raise ValueError("a letter that did not come from whom it says")
        contact.receiving.settle(low)
        effects: list[Effect] = self._flush(contact, now)
        if not contact.receiving.has(seq):
            if not contact.receiving.can_take(seq):
                return effects
            taken = self._take(letter, now)
            if taken is None:
                later = self._desk.later(letter)
                no = Send(contact.name, LATE if later else NO, [contact.life, seq, *([later] if later else [])])
                return [no, *effects]
            contact.receiving.take(seq)
            effects += taken
        ack = contact.receiving.acknowledge(seq)
        answer = [contact.life, ack.next, [list(pair) for pair in ack.ranges], ack.echo]
        return [Send(contact.name, ACK, answer), *effects]

    def _take(self, letter: Letter, now: float) -> list[Effect] | None:
        if letter.to == self._pid.name:
            return self._desk.read(letter, now)
        if self._pid.name in letter.visited or len(letter.visited) >= self._config.most_hops:
            return None
        return self.pass_on(letter, now)

    def _on_ack(self, contact: Contact, body: Any, now: float) -> list[Effect]:
        life, ack = read_ack(body)
        self._check_life(life)
        was_up = contact.hop.is_up
        effects: list[Effect] = []
        for parcel in contact.sending.acknowledged(ack, now):
            if parcel.outgoing is not None:
                effects += self._desk.taken(parcel, contact, now)
        contact.hop.heard()
        return effects + self._answered(contact, not was_up, now)

    def _on_no(self, contact: Contact, body: Any, now: float) -> list[Effect]:
        life, seq = read_numbers(body, 2)
        self._check_life(life)
        effects: list[Effect] = []
        flight = contact.sending.find(seq)
        if flight is not None:
            contact.sending.withdraw(seq)
            elsewhere = self._elsewhere(flight.cargo, contact.name, now)
            if elsewhere is not None:
                effects += self.give(flight.cargo, elsewhere, now)
            elif flight.cargo.outgoing is not None:
                effects += self._desk.stranded(flight.cargo, now)
        return effects + self._answered(contact, contact.hop.heard(), now)

    def _on_late(self, contact: Contact, body: Any, now: float) -> list[Effect]:
        life, seq, later = read_numbers(body, 3)
        self._check_life(life)
        effects: list[Effect] = []
        flight = contact.sending.find(seq)
        if flight is not None:
            contact.sending.withdraw(seq)
            effects += self._desk.outdated(flight.cargo, now)
            if flight.cargo.outgoing is not None and later > self._pid.incarnation:
                effects.append(Outdated(self._pid, contact.name, later))
        return effects + self._answered(contact, contact.hop.heard(), now)

    def _check_life(self, life: int) -> None:
        if life != self._pid.incarnation:
            raise ValueError(f"an answer to life {life}")

    def _answered(self, contact: Contact, came_up: bool, now: float) -> list[Effect]:
        self._doubted.discard(contact.name)
        if not came_up:
            return self._flush(contact, now)
        self._down.discard(contact.name)
        return [LinkUp(contact.name), *self._flush(contact, now), *self._opened(now)]

    def _opened(self, now: float) -> list[Effect]:
        """There is a contact that was not there, or did not work: what waits may go that way."""
        effects = self._desk.opened(now)
        for name in sorted(self._down):
            effects += self._redirect(self._contacts[name], now)
        return effects
