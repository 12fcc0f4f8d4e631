"""The cells of this host that live in processes of their own, one *ward* a process: who they are, what they are told.

A place whose life is elsewhere is a cell of this host all the same: it has the place's address, and what its siblings
know of it they know of the place.  Who stands in for it here takes no part itself.  The other side is :mod:`annex`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol

from actors.cell import Cell
from actors.evidence import Harm
from actors.exits import Reason
from actors.messages import Pid
from actors.pulse import pulse_of
from actors.tissue.core import Refused
from actors.tissue.overlay.closeness import read_profile
from actors.tissue.overlay.events import Delivered
from actors.tissue.plain import pack, read_bytes, read_name, read_number, unpack
from actors.tissue.transport import FRAME_BYTES, FrameError, Packet, host_of
from actors.tissue.transport import pack as frame
from actors.tissue.transport import unpack as unframe

from .events import Felt
from .loopback import Parcels
from .nursing import Nursing, sharing
from .siblings import enlist
from .uplink import KIN
from .wills import Will, will_of
from .words import GROUPS_LIMIT, STUMBLES, Word

if TYPE_CHECKING:
    from .body import Body
    from .presence import Presence
    from .site import Site

OWNED = ("|lend|", "|cache|")
"""In the names of groups that are made with what an actor says: its successor joins them when it says so."""


class Port(Protocol):
    """The way to one process."""

    @property
    def is_full(self) -> bool:
        """Whether packets are dropped now."""

    def say(self, *words: Any) -> None:
        """Have the process hear something, in order."""


class Ward:
    """One process; see the module's text.  ``cell``: of who stands in for the life there."""

    def __init__(self, wards: Wards, cell: Cell, port: Port) -> None:
        self.cell = cell
        self.port = port
        self.dropped = 0
        self.pid: Pid | None = None
        self._wards = wards
        self._site = site = wards.site
        self._address = f"{cell.name}@{site.name}"
        self._groups: dict[tuple[str, str], Pid] = {}
        self._homes: dict[str, None] = {}
        self._looks: dict[str, Callable[[str], None]] = {}
        self._news: dict[str, dict[str, None]] = {}
        self._harms: set[Harm] = set()
        self._is_over = False
        pulse = pulse_of(cell)
        if pulse is not None:
            pulse.sound = self.checked
        cell.more().enders.append(self._ended)

    def __repr__(self) -> str:
        return f"<Ward {self._address} groups={len(self._groups)} dropped={self.dropped}>"

    # -- what it is told -----------------------------------------------------------------------------------------------

    def post(self, to: str, data: bytes) -> None:
        """A frame for a cell there; dropped where the link is full."""
        if self.port.is_full:
            self.dropped += 1
        else:
            self.port.say(Word.PACKET, to, data)

    def heard(self, group: str, event: Delivered, packed: bytes) -> None:
        """Something was published in a group."""
        if group in self._looks:
            origin = event.origin
            self.port.say(Word.HEARD, group, origin.name, origin.incarnation, event.number, packed, event.hops)

    def checked(self) -> None:
        """The life there has passed a check-up of here."""
        self._harms.clear()
        self.port.say(Word.CHECKED)

    def doubt(self, harm: Harm) -> None:
        """Something speaks against what the life there knows."""
        self._harms.add(harm)

    def will(self) -> Will | None:
        """What the life there leaves to the next."""
        return will_of(self._site, self.cell, self.pid, self._harms) if self.pid is not None else None

    # -- what it says --------------------------------------------------------------------------------------------------

    def hear(self, *said: Any) -> None:
        """The process has said something; what makes no sense is refused, and changes nothing."""
        if self._is_over:
            return
        try:
            self._hear(said)
        except STUMBLES as error:  # FrameError among them
            self._refuse(f"{type(error).__name__}: {error}" if not isinstance(error, FrameError) else str(error))

    def _refuse(self, why: str) -> None:
        site, pid = self._site, self.pid or Pid(self._address, 1)
        site.system.events.publish(Felt(site.now(), Pid(f"@{site.name}", 1), "~", Refused(pid, "frame", why)))

    def _hear(self, said: tuple[Any, ...]) -> None:
        match said:
            case [Word.PACKET, to, data]:
                self._pass_on(read_name(to), read_bytes(data))
            case [Word.JOIN, group, name, life, profile]:
                self._join(read_name(group), self._own(name, life), profile)
            case [Word.LEAVE, group, name, life]:
                self._leave(read_name(group), self._own(name, life))
            case [Word.LOOK, group]:
                self._look(read_name(group))
            case [Word.PUBLISH, group, name, life, packed]:
                value = unpack(read_bytes(packed))
                self._site.hosts.publish(read_name(group), self._own(name, life), value, but=self)
            case [Word.SIBLINGS]:
                enlist(self._site, self.cell)
            case [Word.NEAR]:
                self.port.say(Word.NEAR, self._wards.distances())
            case [Word.CHECKED]:
                self._harms.clear()
            case _:
                raise ValueError(f"no word that is known here: {said[:1]!r:.60}")

    def _own(self, name: Any, life: Any) -> Pid:
        if host_of(read_name(name)) != self._site.name:
            raise ValueError(f"{name!a:.60} is no cell of host {self._site.name}")
        return Pid(name, read_number(life, 1))

    def _pass_on(self, to: str, data: bytes) -> None:
        if len(data) > FRAME_BYTES:
            raise FrameError(f"a frame of {len(data)} bytes; at most {FRAME_BYTES} travel")
        is_kin = host_of(to) == KIN
        other = self._wards.beside(self.cell) if is_kin else self._wards.at(to)
        if other is not None:
            other.post(to, data)
        if other is not None:
            return
        packet = unframe(data)
        if is_kin:
            self.nursing.hear(packet)
            return
        if packet.to != to or host_of(packet.sender.name) != self._site.name or to.startswith("@"):
            raise ValueError(f"a packet of {packet.sender.name!a:.60} to {packet.to!a:.60}, which is not its to send")
        if host_of(to) == self._site.name:
            self._site.deliver(packet)
        else:
            self._site.transport.send(packet)

    def _join(self, group: str, pid: Pid, profile: Any) -> None:
        site, key = self._site, (group, pid.name)
        other = self._wards.at(pid.name)
        if site.body_at(pid.name) is not None or (other is not None and other is not self):
            raise ValueError(f"{pid.name!a:.60} lives elsewhere")
        if len(self._groups) >= GROUPS_LIMIT and key not in self._groups:
            raise ValueError(f"in {GROUPS_LIMIT} groups already")
        described = read_profile(profile)
        before = self._groups.get(key)
        if before is not None and before != pid:
            site.gone(group, before)
        self._groups[key] = pid
        self._wards.put(pid, self)
        if pid.name == self._address:
            self.pid = pid
            if not any(word in group for word in OWNED):
                self._homes[group] = None
        site.roster(group).join(pid, described)
        site.settle()
        site.hosts.advertise(group, pid, described)

    def _leave(self, group: str, pid: Pid) -> None:
        if self._groups.get((group, pid.name)) == pid:
            del self._groups[group, pid.name]
            self._site.gone(group, pid)
            self._site.hosts.withdraw(group, pid)
            self._site.tidy(group)

    # -- who is there --------------------------------------------------------------------------------------------------

    def _look(self, group: str) -> None:
        """Tell who is in a group, now and from now on."""
        roster = self._site.roster(group)
        if len(self._looks) >= GROUPS_LIMIT and group not in self._looks:
            raise ValueError(f"it looks at {GROUPS_LIMIT} groups already")
        look = self._looks.setdefault(group, partial(self._changed, group))
        roster.lookers[look] = None
        self._tell(group, [entry.pid.name for entry in roster], is_all=True)

    def _changed(self, group: str, name: str) -> None:
        if not self._news:
            self._site.system.scheduler.loop.call_soon(self._tell_news)
        self._news.setdefault(group, {})[name] = None

    def _tell_news(self) -> None:
        news, self._news = self._news, {}
        for group, names in news.items():
            if not self._is_over:
                self._tell(group, list(names))

    def _tell(self, group: str, names: list[str], *, is_all: bool = False) -> None:
        roster, entries = self._site.rosters().get(group), []
        for name in names:
            entry = roster.get(name) if roster is not None else None
            if entry is None:
                entries.append([name, 0, None])
            elif (group, name) not in self._groups:
                entries.append([name, entry.pid.incarnation, entry.profile.wire()])
        if entries or is_all:
            self.port.say(Word.MEMBERS, group, is_all, entries)

    # -- while its predecessor, or its successor, lives in this process ------------------------------------------------

    @cached_property
    def nursing(self) -> Nursing:
        """How the two lives of the place speak, of which one is in this process."""
        return Nursing(self._site, self.port.say, self._part)

    def _part(self, group: str) -> Presence | None:
        body = self._site.body_beside(self.cell)
        return body.presences.get(group) if body is not None else None

    # -- the end -------------------------------------------------------------------------------------------------------

    def _ended(self, reason: Reason) -> None:
        """The life there is over, and all that it ran in is gone."""
        self._is_over = True
        site, will = self._site, self.will()
        if will is not None:
            site.bequeath(self._address, will)
        for (group, _), pid in tuple(self._groups.items()):
            self._leave(group, pid)
        for group, look in self._looks.items():
            roster = site.rosters().get(group)
            if roster is not None:
                roster.lookers.pop(look, None)
                site.tidy(group)
        self._wards.forget(self)
        site.succeed(self.cell, list(self._homes))


class Wards:
    """All of one host."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._by_cell: dict[Cell, Ward] = {}
        self._by_address: dict[str, Ward] = {}

    def __len__(self) -> int:
        return len(self._by_cell)

    def of(self, cell: Cell) -> Ward | None:
        """The one that ``cell`` stands in for, from now on; ``None``: it stands in for nobody of this host."""
        ward = self._by_cell.get(cell)
        if ward is None and cell.extras is not None and cell.extras.port is not None:
            ward = self._by_cell[cell] = Ward(self, cell, cell.extras.port)
            if isinstance(self.site.transport, Parcels):
                self.site.transport.is_distant = True  # whichever system speaks over it, it may be to that process
        return ward

    def at(self, address: str) -> Ward | None:
        """The one where the cell of that address lives."""
        return self._by_address.get(address)

    def beside(self, cell: Cell) -> Ward | None:
        """The process of the predecessor, or successor, of the life in ``cell``."""
        return next((ward for each, ward in self._by_cell.items() if each.ref is cell.ref and each is not cell), None)

    def nurse(self, young: Presence) -> None:
        """Have a successor here know what its predecessor knows, if that is in a process of its own."""
        ward = self.beside(young.body.cell)
        if ward is not None:
            ward.nursing.ask(young)

    def ending(self, body: Body) -> None:
        """A life of here is about to be over, whose successor may be in a process of its own."""
        ward = self.beside(body.cell)
        if ward is not None:
            ward.nursing.ending(sharing(body))

    def hand_over(self, old: Cell, elder: Body | None) -> bool:
        """The successor of the life in ``old``, which is ``elder`` if it is in this process, is about to serve; whether
        one of the two is not in this process.
        """
        ward, young = self._by_cell.get(old), self.beside(old)
        if ward is not None:
            ward.port.say(Word.FOLLOW)
        elif elder is not None and young is not None:
            young.nursing.follow(sharing(elder))
        return ward is not None or young is not None

    def put(self, pid: Pid, ward: Ward) -> None:
        """A cell lives there."""
        self._by_address[pid.name] = ward
        self.site.heard_of(pid.incarnation)

    def forget(self, ward: Ward) -> None:
        """That process is no more."""
        self._by_cell.pop(ward.cell, None)
        self._by_address = {name: each for name, each in self._by_address.items() if each is not ward}

    def post(self, packet: Packet) -> None:
        """A packet for a cell of this host that does not live in this process, if there is such a cell."""
        ward = self._by_address.get(packet.to)
        if ward is not None:
            try:
                ward.post(packet.to, frame(packet))
            except (FrameError, TypeError, ValueError) as error:
                self.site.refuse(f"a packet of {packet.sender.name} that cannot travel: {error}")

    def announce(self, group: str, event: Delivered, but: Ward | None) -> None:
        """Something was published in a group, by somebody who does not live in ``but``."""
        packed = pack(event.body) if self._by_cell else b""
        for ward in tuple(self._by_cell.values()):
            if ward is not but:
                ward.heard(group, event, packed)

    def distances(self) -> dict[str, float]:
        """Seconds of a round trip by host, of those of which it is known."""
        hosts = self.site.hosts
        found = {name[1:]: hosts.latency(name[1:]) for name in hosts.alive}
        return {name: seconds for name, seconds in found.items() if seconds < float("inf")}

    def doubt(self, pid: Pid, harm: Harm | None, deaths: int) -> None:
        """A life, by its name and number as an actor, was harmed, or has died of one message so often."""
        for cell, ward in self._by_cell.items():
            if cell.pid == pid:
                if harm is not None:
                    ward.doubt(harm)
                elif ward.pid is not None:
                    self.site.poisoned[ward.pid] = deaths
