"""What stands for :class:`~actors.contact.hosts.Hosts` in a process that runs one life of a host: the host tells it who
else is there.  The host's side is :mod:`wards`, what they say :mod:`words`, and what carries it :mod:`uplink`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from actors.cell import Cell
from actors.messages import Pid
from actors.tissue.overlay.closeness import Profile, read_profile
from actors.tissue.overlay.events import Delivered
from actors.tissue.plain import ATOMS, read_bytes, read_list, read_name, read_number, unpack
from actors.tissue.transport import Packet

from .nursing import Nursing, sharing
from .published import publishable
from .words import Word, read_distances

if TYPE_CHECKING:
    from .body import Body
    from .presence import Presence
    from .roster import Roster
    from .site import Site
    from .uplink import Uplink
    from .wards import Ward

ASK_AGAIN = 1.0
"""Seconds after which the host is asked anew how far others are."""


class Annex:
    """See the module's text."""

    def __init__(self, site: Site, uplink: Uplink) -> None:
        self._site = site
        self._uplink = uplink
        self._say = uplink.say
        self.is_serving = uplink.is_serving
        uplink.attach(self)
        self.address = f"@{site.name}"
        self.pid = Pid(self.address, 1)
        self.alive: list[str] = []
        self._known: dict[tuple[str, str], Pid] = {}
        self._looked: set[str] = set()
        self._distances: dict[str, float] = {}
        self._asked_at = -math.inf
        self._published = 0
        self._is_checking = False
        self._nursing = Nursing(site, uplink.say, self._part)

    # -- what the site asks for ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Nobody has to be joined."""

    def leave(self) -> None:
        """The host sees that the process ends."""

    def lagged(self, seconds: float) -> None:
        """The host has its own loop to look at."""

    def lost(self, host: str) -> None:
        """Not told here."""

    def met(self, host: str) -> None:
        """Not told here."""

    def rise(self, known: int) -> None:
        """Others know a life of here with that number: go on above it."""
        self._site.life_above(known)

    def is_here(self, address: str) -> bool:
        """Whether who serves at an address lives in this process."""
        return self._site.body_at(address) is not None

    def named(self, cell: Cell) -> str:
        """The name of a cell on its host: who has none there is named after the life that all this is for."""
        main = self._uplink.main
        if main is None or isinstance(cell.label, str):
            return cell.name
        return f"{main.name}/{cell.name}"

    def enlist(self, cell: Cell) -> bool:
        """Have the siblings of a life take part that live elsewhere; whether that is all that is to be done."""
        if cell is not self._uplink.main:
            return False
        self._say(Word.SIBLINGS)
        return True

    def checked(self, body: Body) -> None:
        """A life of here has passed a check-up."""
        if body.cell is self._uplink.main and not self._is_checking:
            self._say(Word.CHECKED)

    def nurse(self, young: Presence) -> None:
        """A successor has its predecessor in another process."""
        self._nursing.ask(young)

    def ending(self, body: Body) -> None:
        """A life of here is about to be over."""
        if body.cell is self._uplink.main:
            self._nursing.ending(sharing(body))

    def _part(self, group: str) -> Presence | None:
        body = self._main_body
        return body.presences.get(group) if body is not None and not body.is_over else None

    @property
    def _main_body(self) -> Body | None:
        main = self._uplink.main
        return self._site.body_in(main) if main is not None else None

    def has_looked(self, group: str) -> bool:
        """Whether it is known here who is in a group."""
        return group in self._looked

    def tell(self, group: str, roster: Roster) -> None:
        """A group is new here: who is in it?"""
        self._looked.discard(group)
        self._known = {key: pid for key, pid in self._known.items() if key[0] != group}
        self._say(Word.LOOK, group)

    def advertise(self, group: str, pid: Pid, profile: Profile) -> None:
        """A cell of here is in a group."""
        self._say(Word.JOIN, group, pid.name, pid.incarnation, profile.wire())

    def withdraw(self, group: str, pid: Pid) -> None:
        """It is so no more."""
        self._say(Word.LEAVE, group, pid.name, pid.incarnation)

    def publish(self, group: str, origin: Pid, value: Any, *, but: Ward | None = None) -> None:
        """See :meth:`~actors.contact.hosts.Hosts.publish`."""
        packed = publishable(group, origin, value)
        self._published += 1
        self._announce(group, Delivered(origin, self._published, unpack(packed), 0), packed)
        self._say(Word.PUBLISH, group, origin.name, origin.incarnation, packed)

    def _announce(self, group: str, event: Delivered, packed: bytes) -> None:
        is_atom = type(event.body) in ATOMS
        self._site.announce(group, lambda: event if is_atom else replace(event, body=unpack(packed)))

    def latency(self, host: str) -> float:
        """Seconds of a round trip to a host; 0 to this one, ``inf`` where that is not known (yet)."""
        now = self._site.now()
        if now >= self._asked_at + ASK_AGAIN:
            self._asked_at = now
            self._say(Word.NEAR)
        return 0.0 if host == self._site.name else self._distances.get(host, math.inf)

    def receive(self, packet: Packet) -> None:
        """Hosts speak to hosts."""
        self._site.refuse(f"a packet of {packet.sender.name} for the host, in a process that runs one of its lives")

    # -- what the host says --------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The successor serves from here on."""
        if not self.is_serving:
            self.is_serving = True
            self._site.begin()

    def hear(self, *said: Any) -> None:
        """The host has said something.  Raises :data:`~.words.STUMBLES` for what makes no sense."""
        match said:
            case [Word.MEMBERS, group, bool(is_all), entries]:
                self._members(read_name(group), is_all, [read_list(entry, 3, 3) for entry in read_list(entries)])
            case [Word.HEARD, group, name, life, number, packed, hops]:
                sender, value = Pid(read_name(name), read_number(life, 1)), unpack(read_bytes(packed))
                event = Delivered(sender, read_number(number), value, read_number(hops))
                self._announce(read_name(group), event, packed)
            case [Word.NEAR, distances]:
                self._distances = read_distances(distances)
            case [Word.PACKET, _, packet]:
                self._nursing.hear(packet)
            case [Word.FOLLOW]:
                self._nursing.follow(sharing(self._main_body) if self._main_body is not None else [])
            case [Word.CHECKED]:
                self._checked()
            case _:
                raise ValueError(f"no word that is known here: {said[0]!r:.20}")

    def _checked(self) -> None:
        body = self._main_body
        if body is not None:
            self._is_checking = True
            try:
                body.checked()
            finally:
                self._is_checking = False

    def _members(self, group: str, is_all: bool, entries: list[Any]) -> None:
        site = self._site
        roster = site.rosters().get(group)
        if roster is None:
            return
        for name, life, profile in entries:
            known = self._known.get((group, read_name(name)))
            if known is not None and known.incarnation != life:
                del self._known[group, name]
                site.gone(group, known)
            if life and not self.is_here(name):
                pid = self._known[group, name] = Pid(name, read_number(life, 1))
                roster.join(pid, read_profile(profile))
        site.settle()
        if is_all and group not in self._looked:
            self._looked.add(group)
            for entry in tuple(roster):
                if entry.presence is not None:
                    entry.presence.looked()
