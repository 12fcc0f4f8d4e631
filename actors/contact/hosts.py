"""Between hosts: which of them live (SWIM with Lifeguard), and which cells are where (contact state among the hosts).

Only where there are several; a host alone sends nothing.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from actors.messages import Pid
from actors.tissue.core import Effect, Refused, Send
from actors.tissue.crdt.orset import ORMap
from actors.tissue.overlay.closeness import Profile, latency, read_profile
from actors.tissue.overlay.events import Delivered, NeighbourDown, NeighbourUp
from actors.tissue.overlay.overlay import Overlay
from actors.tissue.plain import ATOMS, pack, read_list, read_number, unpack
from actors.tissue.state.config import FRAMES
from actors.tissue.state.contact_state import ContactState, Doubled, Forgotten
from actors.tissue.swim.config import LAN
from actors.tissue.swim.swim import Swim
from actors.tissue.swim.updates import Dead, Joined, Left, Outlived, Revived, Risen, Status
from actors.tissue.transport import Packet, host_of

from .agenda import Slot
from .drift import Clocks
from .events import Felt, logger, said
from .published import publishable

if TYPE_CHECKING:
    from actors.cell import Cell

    from .body import Body
    from .presence import Presence
    from .roster import Roster
    from .site import Site
    from .wards import Ward

OVERLAY = ("view", "near", "cast")
"""How the kinds of the overlay's packets begin."""

FEW = 16
"""Up to so many hosts, each exchanges what it knows with all others; above, with those in its active view."""

ANY_DRIFT = 1e9
"""Seconds by which hosts' clocks may differ for them to know each other: none of them writes what is another's."""

HOSTS = "~"
"""The group in which hosts speak to each other."""


class Hosts:
    """See the module's text.  ``is_serving``: whether who lives here serves, and is no successor on trial."""

    is_serving = True

    def __init__(self, site: Site) -> None:
        self._site = site
        self.address = f"@{site.name}"
        self._swim: Slot | None = None
        self._state: Slot | None = None
        self._overlay: Slot | None = None
        self._is_measuring = False
        self._published = 0
        self._cells: ORMap | None = None
        # Up to which number each process of a host has given lives; outlasts it, for the next one of that name.
        self._lives: ORMap | None = None
        self._told_life = 0
        self._clocks = Clocks(site, self.address)
        self._mine: dict[tuple[str, str], tuple[Pid, Profile]] = {}
        self._known: dict[tuple[str, str], Pid] = {}
        self._alive: set[str] = set()
        self._out_of_reach: set[str] = set()
        self._seen = b""
        self._slots: dict[str, Slot] = {}
        self.pid = Pid(self.address, 1)

    # -- who is there --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Join the other hosts, if there are any."""
        seeds = [f"@{name}" for name in self._site.transport.hosts() if name != self._site.name]
        if seeds:
            self._awake()
            self._act(self._swim, lambda swim, now: swim.join(seeds, now))

    @property
    def alive(self) -> list[str]:
        """The other hosts that live."""
        return sorted(self._alive)

    def lost(self, host: str) -> None:
        """The transport has no way to a host any more: it is gone, for all that can be done about it here."""
        name = f"@{host}"
        self._out_of_reach.add(name)
        if name in self._alive:
            self._gone(name)

    def met(self, host: str) -> None:
        """There is a way to a host: join it, or go on with it."""
        name = f"@{host}"
        self._out_of_reach.discard(name)
        self._awake()
        known = self._swim.core.member(name)  # type: ignore[union-attr]
        if known is not None and known.status in (Status.ALIVE, Status.SUSPECT):
            self._heard(Revived(known.pid))
        else:
            self.start()

    def named(self, cell: Cell) -> str:
        """The name of a cell on its host."""
        return cell.name

    def enlist(self, cell: Cell) -> bool:
        """Whether it is left to others to have the siblings of a life take part."""
        return False

    def checked(self, body: Body) -> None:
        """A life of here has passed a check-up."""

    def nurse(self, young: Presence) -> None:
        """A successor has no predecessor in this process that could tell it anything."""
        self._site.wards.nurse(young)

    def ending(self, body: Body) -> None:
        """A life of here is about to be over."""
        self._site.wards.ending(body)

    def has_looked(self, group: str) -> bool:
        """Whether it is known here who is in a group."""
        return True

    def _awake(self) -> None:
        if self._swim is not None:
            return
        site = self._site
        self.pid = Pid(self.address, site.new_life())
        self._swim = Slot(Swim(self.pid, site.chance(), site.now(), LAN, rise=site.life_above), self._carry_out)
        config, time = replace(FRAMES, max_drift=ANY_DRIFT), site.now
        state = ContactState(self.pid, site.chance(), time(), config, offset=site.offset, time=time, wake=self._arm)
        self._state = Slot(state, self._carry_out)
        self._overlay = Slot(Overlay(self.pid, site.chance(), site.now()), self._carry_out)
        self._slots = {"swim": self._swim, "contact": self._state} | dict.fromkeys(OVERLAY, self._overlay)
        self._cells = state.share("cells", ORMap)
        self._lives = state.share("lives", ORMap)
        self._tell_life()
        for (group, _), (pid, profile) in self._mine.items():
            self._write(group, pid, profile)
        self._arm()

    def _arm(self) -> None:
        for slot in (self._swim, self._state, self._overlay):
            if slot is not None:
                self._site.agenda.arm(slot)

    def leave(self) -> None:
        """Say goodbye."""
        if self._swim is not None:
            self._act(self._state, lambda state, now: state.flush(now))  # that its cells are gone
            self._act(self._overlay, lambda overlay, now: overlay.leave(now))
            self._act(self._swim, lambda swim, now: swim.leave(now))

    def lagged(self, seconds: float) -> None:
        """The loop was late: a sign of one's own ill health."""
        if self._swim is not None:
            self._act(self._swim, lambda swim, now: swim.lagged(seconds, now))

    # -- how far, and to all -------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        """Find out which hosts are close by round trip: all do, from the first other one on, or none could."""
        if not self._is_measuring:
            self._is_measuring = True
            self._act(self._overlay, lambda overlay, now: overlay.close.rank("latency", latency, now))

    def latency(self, host: str) -> float:
        """Seconds of a round trip to a host, estimated; 0 to this one, ``inf`` to one that is not among the close."""
        if host == self._site.name:
            return 0.0
        measured = self._site.round_trip(host)
        if measured is not None:
            return measured
        if self._overlay is None or not self._is_measuring:
            return math.inf
        near = self._overlay.core.close.nearest(FEW, "latency")  # type: ignore[union-attr]
        return next((each.distance for each in near if each.pid.name == f"@{host}"), math.inf)

    def publish(self, group: str, origin: Pid, value: Any, *, but: Ward | None = None) -> None:
        """Have a value reach all members of a group, here and on the other hosts; those who live in ``but`` have it.

        Raises ``ValueError``, and tells nobody, for what is not plain or too long: also where there is no other host.
        """
        packed = publishable(group, origin, value)
        self._published += 1
        self._announce(group, Delivered(origin, self._published, unpack(packed), 0), packed, but)
        if self._overlay is not None:
            body = [group, origin.name, origin.incarnation, value]
            self._act(self._overlay, lambda overlay, now: overlay.publish(body, now))

    def _announce(self, group: str, event: Delivered, packed: bytes, but: Ward | None = None) -> None:
        """Tell the members that live here; each has a copy of its own, unless nobody can change it."""
        is_atom = type(event.body) in ATOMS
        self._site.announce(group, lambda: event if is_atom else replace(event, body=unpack(packed)))
        self._site.wards.announce(group, event, but)

    # -- which cells are where -----------------------------------------------------------------------------------------

    def advertise(self, group: str, pid: Pid, profile: Profile) -> None:
        """A cell of this host is in a group."""
        self._mine[group, pid.name] = pid, profile
        if self._cells is not None:
            self._write(group, pid, profile)

    def withdraw(self, group: str, pid: Pid) -> None:
        """It is so no more."""
        mine = self._mine.get((group, pid.name))
        if mine is not None and mine[0] == pid:
            del self._mine[group, pid.name]
            if self._cells is not None:
                self._cells.remove((group, pid.name))

    def _write(self, group: str, pid: Pid, profile: Profile) -> None:
        assert self._cells is not None
        self._cells.put((group, pid.name), [pid.incarnation, profile.wire()])
        self._tell_life()

    # -- numbers of lives ----------------------------------------------------------------------------------------------

    def _tell_life(self) -> None:
        """Have others remember which numbers were given, for the next process of this name."""
        last = self._site.last_life
        if self._lives is not None and last > self._told_life:
            self._told_life = last
            self._lives.put((self._site.name, self.pid.incarnation), last)

    def _known_life(self) -> int:
        """The highest number that others remember of earlier processes of this name; what was read is taken away."""
        known = 0
        if self._lives is None:
            return known
        for key, last in self._lives.value.items():
            match key, last:
                case (str(host), int(life)), int():
                    if host == self._site.name and life != self.pid.incarnation:
                        known = max(known, last)
                        self._lives.remove(key)
                case _:
                    self._lives.remove(key)
        return known

    def rise(self, known: int) -> None:
        """Others know this host, or a life on it, with that number, from an earlier process: go on above it."""
        if self._swim is not None:
            self._act(self._swim, lambda swim, now: swim.rise(known, now))
        else:
            self._site.life_above(known)

    def _go_on(self, risen: Risen) -> None:
        """The host has a higher life now: so have all that live on it, and all is told again under their names."""
        assert self._state is not None
        assert self._swim is not None
        assert self._overlay is not None
        site, self.pid = self._site, risen.pid
        logger.warning("%s: %s", self.address, said(risen))
        state: Any = self._state.core
        state.renumber(self.pid, site.now(), anew=state.is_over)
        site.agenda.drop(self._overlay)
        self._overlay = Slot(Overlay(self.pid, site.chance(), site.now()), self._carry_out)
        self._slots |= dict.fromkeys(OVERLAY, self._overlay)
        alive = self._swim.core.alive  # type: ignore[union-attr]
        self._act(self._overlay, lambda overlay, now: overlay.meet(alive, now))
        if self._is_measuring:
            self._act(self._overlay, lambda overlay, now: overlay.close.rank("latency", latency, now))
        self._tell_life()
        self._arm()
        site.system.scheduler.loop.call_soon(site.renumber)

    def tell(self, group: str, roster: Roster) -> None:
        """A group is new on this host: who of the other hosts is in it?"""
        self._seen = b""
        self._look()

    def _look(self) -> None:
        """Bring the rosters in step with what the hosts know of each other's cells."""
        state = self._state.core if self._state is not None else None
        if self._cells is None or not isinstance(state, ContactState) or state.hash == self._seen:
            return
        self._seen = state.hash
        rosters = self._site.rosters()
        found: dict[tuple[str, str], tuple[Pid, Profile]] = {}
        for key, value in self._cells.value.items():
            self._clocks.look(self._cells.stamp(key))
            try:
                (group, name), (life, where) = read_list(key, 2, 2), read_list(value, 2, 2)
                host = host_of(str(name))
                if group in rosters and f"@{host}" in self._alive and host != self._site.name:
                    found[str(group), str(name)] = Pid(str(name), read_number(life, 1)), read_profile(where)
                elif host == self._site.name and (group, name) not in self._mine:
                    self._cells.remove(key)  # of an earlier life of this host
            except (TypeError, ValueError) as error:
                self._report(Refused(self.pid, "cells", str(error)))
        for key, pid in tuple(self._known.items()):
            if key not in found or found[key][0] != pid:
                del self._known[key]
                self._site.gone(key[0], pid)
        known = self._known_life()
        if known >= self._site.first_life:
            self.rise(known)
        for key, (pid, profile) in found.items():
            if self._known.get(key) != pid:
                self._known[key] = pid
                rosters[key[0]].join(pid, profile)

    # -- packets and effects -------------------------------------------------------------------------------------------

    def receive(self, packet: Packet) -> None:
        """A packet from another host."""
        self._awake()
        slot = self._slots.get(packet.kind.partition(".")[0])
        if slot is None:
            self._report(Refused(packet.sender, packet.kind, "hosts do not speak of that"))
            return
        self._act(slot, lambda core, now: core.receive(packet.sender, packet.kind, packet.body, now))

    def _act(self, slot: Slot | None, call: Any) -> None:
        assert slot is not None
        self._carry_out(call(slot.core, self._site.now()))
        self._site.agenda.arm(slot)

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in sorted(effects, key=lambda one: not isinstance(one, Risen)):  # all else in its new name
            if isinstance(effect, Send):
                self._site.transport.send(Packet(effect.to, HOSTS, self.pid, effect.kind, effect.body))
            else:
                self._heard(effect)
        self._look()

    def _heard(self, event: Any) -> None:
        match event:
            case Joined(pid) | Revived(pid) if pid.name in self._out_of_reach:
                return  # hearsay: it counts when there is a way to it
            case Joined(pid) | Revived(pid):
                self._alive.add(pid.name)
                self._act(self._overlay, lambda overlay, now: overlay.meet([pid], now))
                self._measure()
                self._meet()
            case Dead(pid) | Left(pid):
                member = self._swim.core.member(pid.name) if self._swim is not None else None  # type: ignore[union-attr]
                if member is None or member.pid == pid:
                    self._gone(pid.name)
            case NeighbourUp() | NeighbourDown():
                self._meet()
            case Risen():
                self._go_on(event)
            case Outlived():
                logger.error("%s: %s", self.address, said(event))
            case Doubled() | Forgotten():
                self.rise(self.pid.incarnation)
            case Delivered(origin):
                if origin != self.pid:
                    self._deliver(event)
                return
        self._report(event)

    def _gone(self, name: str) -> None:
        member = self._swim.core.member(name) if self._swim is not None else None  # type: ignore[union-attr]
        self._alive.discard(name)
        self._act(self._state, lambda state, now: state.bury(name, now))
        if member is not None:
            self._act(self._overlay, lambda overlay, now: overlay.died(member.pid, now))
        self._meet()

    def _deliver(self, event: Delivered) -> None:
        if event.origin == self.pid:  # its cells were told at once
            return
        try:
            group, name, life, value = read_list(event.body, 4, 4)
            sender = Pid(str(name), read_number(life, 1))
        except (TypeError, ValueError) as error:
            self._report(Refused(event.origin, "cast", str(error)))
            return
        delivered = Delivered(sender, event.number, value, event.hops)
        self._announce(str(group), delivered, b"" if type(value) in ATOMS else pack(value))

    def _meet(self) -> None:
        self._seen = b""
        peers = self._alive
        if len(peers) > FEW:
            active = self._overlay.core.views.active if self._overlay is not None else ()  # type: ignore[union-attr]
            peers = {pid.name for pid in active} & peers or peers
        self._act(self._state, lambda state, now: state.meet(sorted(peers), now))

    def _report(self, event: Any) -> None:
        events = self._site.system.events
        if events:
            events.publish(Felt(self._site.now(), self.pid, HOSTS, event))
