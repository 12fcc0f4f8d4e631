"""What a system is to the tissue: the host on which its cells live, with one agenda, one end of the transport, and the
memory of who died of what.

Made on the first use of ``self.contact`` by any of its actors; a system without that use pays nothing.
"""

from __future__ import annotations

import random
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from actors.cell import Cell
from actors.engine import LOOP, engine_of
from actors.events import Harmed, Quarantined
from actors.evidence import Harm
from actors.exits import Reason
from actors.lifecycle import LIVING
from actors.messages import Pid
from actors.tissue.core import Refused, TissueEvent
from actors.tissue.state.config import FRAMES
from actors.tissue.transport import Packet, Transport

from .agenda import Agenda
from .annex import Annex
from .body import Body
from .events import Felt
from .hosts import HOSTS, Hosts
from .letterbox import Letterbox
from .loopback import Loopback
from .presence import Presence
from .roster import ANYBODY, Closeness, Roster
from .siblings import rejoin
from .uplink import Uplink
from .wards import Wards
from .welcome import host_named
from .wills import Will
from .words import Welcome

if TYPE_CHECKING:
    from actors.system import ActorSystem
    from actors.tissue.state.store import Store

    from .letters import Desk

SURE = replace(FRAMES, check_period=60.0, patience=2)
"""Where nothing is lost, what is checked again now and then is only whether that is so."""

GRAIN = 0.002
"""Seconds by which cores are ticked late at least, on a real loop, whose timers are as coarse."""

EPOCH = 1_704_067_200.0
"""2024-01-01: lives are numbered by the milliseconds since then, so that they fit beside other things in 62 bits."""

LIVES_LIMIT = 1 << 41
"""No life has a number from here on: nearly 70 years' worth of milliseconds, and what is made of them fits 62 bits."""

MAX_AHEAD = 60_000
"""By how much the number of a life may be above the clock: milliseconds."""

WILLS_LIMIT = 16_384
"""Places of which it is remembered what their last life died of; the oldest are forgotten first."""


class Site:
    """See the module's text."""

    def __init__(self, system: ActorSystem, transport: Transport | None) -> None:
        scheduler = system.scheduler
        self.system = system
        self.now = scheduler.wall
        self.transport: Transport = transport if transport is not None else Loopback()
        welcome = transport.welcome if isinstance(transport, Uplink) else None
        self.name = welcome.host if welcome is not None else host_named(system)
        self.is_sure = isinstance(self.transport, Loopback) and self.transport.is_sure
        self.is_calm = self.is_sure if welcome is None else welcome.is_calm
        self.zone: tuple[str, ...] = welcome.zone if welcome is not None else getattr(transport, "zone", ())
        self.letterbox = Letterbox(self)
        self.wards = Wards(self)
        self.since = self.now()
        self.was_first = all(name == self.name for name in self.transport.hosts())
        self.contact_config = SURE if self.is_sure else FRAMES
        real = engine_of(scheduler.loop) is LOOP
        self.offset = time.time() - time.monotonic() if real else EPOCH
        self.wills: OrderedDict[str, Will] = OrderedDict()
        self.poisoned: dict[Pid, int] = {}
        self.debts: dict[tuple[str, str], float] = {}
        self.asking: dict[Desk, None] = {}
        self._left: WeakValueDictionary[tuple[str, str], Store] = WeakValueDictionary()
        self._rng = random.Random(system.rng.getrandbits(64))
        self._life = 0
        self.first_life = 0
        """The least number that lives of this process have; all that others know of earlier ones must be below."""
        self._bodies: dict[Cell, Body] = {}
        self._by_address: dict[str, Body] = {}
        self._rosters: dict[str, Roster] = {}
        self._touched: dict[Presence, None] = {}
        self._settling = False
        self.agenda = Agenda(scheduler.loop, self.now, scheduler.clock, self._lagged, GRAIN if real else 0.0)
        hosts: Any = Annex(self, transport) if isinstance(transport, Uplink) else Hosts(self)
        self.hosts: Hosts = hosts  # an annex does all that is asked of it
        if welcome is not None:
            self._begin_as(welcome)
        self.transport.join(self.name, self.deliver, self.refuse)
        self._unsubscribe = system.events.subscribe(self._take_note)
        self.hosts.start()
        watch = getattr(transport, "watch", None)
        if watch is not None:
            watch(self.hosts.met, self.hosts.lost)

    def _begin_as(self, welcome: Welcome) -> None:
        """The life that all this is for has had others before it."""
        self._life = welcome.floor
        self.was_first = not welcome.predecessors
        lives = {number - len(welcome.predecessors): pid for number, pid in enumerate(welcome.predecessors)}
        for pid in welcome.predecessors[-1:]:
            self.wills[pid.name] = Will(lives, -len(lives), welcome.inheritance)

    @property
    def is_apart(self) -> bool:
        """Whether some of its cells, or of those they speak to, are in other processes."""
        return bool(self.wards) or getattr(self.transport, "is_distant", False)

    def round_trip(self, host: str) -> float | None:
        """Seconds of a round trip to a host, if the transport knows; else it is estimated."""
        measure = getattr(self.transport, "round_trip", None)
        return measure(host) if measure is not None else None

    def close(self) -> None:
        """The system is left: say goodbye to the other hosts, and fall silent."""
        self.hosts.leave()
        self._unsubscribe()
        self.agenda.close()
        self.transport.leave(self.name)

    # -- chance and lives ----------------------------------------------------------------------------------------------

    def chance(self) -> random.Random:
        """A stream of chance for one core."""
        return random.Random(self._rng.getrandbits(64))

    def new_life(self) -> int:
        """A number above all that this host, and earlier lives of it, have given to a life before."""
        self._life = max(self._life + 1, int((self.now() + self.offset - EPOCH) * 1e3))
        self.first_life = self.first_life or self._life
        return self._life

    def heard_of(self, life: int) -> None:
        """A life of this host was given that number in another process; what is too high to be one is not believed."""
        if life < int((self.now() + self.offset - EPOCH) * 1e3) + MAX_AHEAD:
            self._life = max(self._life, life)

    @property
    def last_life(self) -> int:
        """The highest number that was given to a life."""
        return self._life

    def life_above(self, known: int) -> int:
        """A number above that one as well, which others know; 0: there is none."""
        if known >= LIVES_LIMIT:
            return 0
        self._life = max(self._life, known)
        self.first_life = 0
        return self.new_life()

    def outdated(self, body: Body, known: int, by: str) -> None:
        """Others know the place of a life with that number, which is as high as its own, and was not given by it."""
        pid = body.pid

        def rise() -> None:
            if not body.is_over and body.pid == pid:
                self.hosts.rise(known)
                self.renumber()

        if known >= pid.incarnation:
            self.system.scheduler.loop.call_soon(rise)

    def renumber(self) -> None:
        """Have all lives go on with numbers above the least that is safe."""
        for body in tuple(self._bodies.values()):
            if body.pid.incarnation < self.first_life and not body.is_over:
                former, pid = body.pid, Pid(body.pid.name, self.new_life())
                deaths = self.poisoned.pop(former, 0)
                if deaths:
                    self.poisoned[pid] = deaths
                body.renumber(pid)

    # -- cells ---------------------------------------------------------------------------------------------------------

    def body(self, cell: Cell) -> Body:
        """The life in ``cell`` as a cell of the tissue, from now on one.

        Raises ``ValueError`` if its name is too long to travel.
        """
        body = self._bodies.get(cell)
        if body is None:
            address = f"{self.hosts.named(cell)}@{self.name}"
            if len(address.encode()) > 255:
                raise ValueError(f"{cell.name[:40]}... has a name of over 255 bytes, too long to be known by contact")
            body = self._bodies[cell] = Body(self, cell, Pid(address, self.new_life()))
            if body.is_born:
                self._by_address[address] = body
            cell.more().enders.append(partial(self._ended, cell, body))
        return body

    def owe(self, address: str, group: str, seconds: float) -> None:
        """A life that is over has lent something in a group, which may be in use for so long: see ``debts``."""
        now = self.now()
        self.debts = {place: until for place, until in self.debts.items() if until > now}
        self.debts[address, group] = now + seconds

    def leave_behind(self, address: str, group: str, left: Store) -> None:
        """What the last life at an address knew can still be read, if somebody holds it; of those before nothing is
        left, though their exceptions are held by the journal and the dead letters.
        """
        before = self._left.get((address, group))
        if before is not None:
            before.empty()
        self._left[address, group] = left

    def body_in(self, cell: Cell) -> Body | None:
        """The life in ``cell`` if it is a cell of the tissue already."""
        return self._bodies.get(cell)

    def body_at(self, address: str) -> Body | None:
        """Who serves at an address of this host."""
        return self._by_address.get(address)

    def hand_over(self, old: Cell, new: Cell) -> None:
        """A successor serves from now on: it knows what its predecessor knows, who may still finish a message."""
        elder = self._bodies.get(old)
        if not self.wards.hand_over(old, elder) and elder is not None and not new.actor.is_stand_in:
            elder.bring_up(self.body(new))

    def body_beside(self, cell: Cell) -> Body | None:
        """The life in this process that is the predecessor, or successor, of the one that ``cell`` stands in for."""
        return next((body for other, body in self._bodies.items() if other.ref is cell.ref and other is not cell), None)

    def begin(self) -> None:
        """All that live here, which is a process for a successor, serve from now on."""
        for body in tuple(self._bodies.values()):
            if not body.is_born and body.cell.ref._cell is body.cell:
                self._by_address[body.pid.name] = body
                body.born()

    def will_at(self, address: str) -> Will | None:
        """What the life at an address would leave, or the last one has left."""
        body, ward = self._by_address.get(address), self.wards.at(address)
        if body is not None:
            return body.will()
        will = ward.will() if ward is not None else None
        return will or self.wills.get(address)

    def bequeath(self, address: str, will: Will) -> None:
        """The life at an address is over, and this is what it leaves."""
        self.wills[address] = will
        self.wills.move_to_end(address)
        if len(self.wills) > WILLS_LIMIT:
            self.wills.popitem(last=False)
        for pid in will.pids:
            self.poisoned.pop(pid, None)

    def succeed(self, cell: Cell, groups: list[str]) -> None:
        """The life in ``cell``, which was in these groups, is over: whoever comes next is in them too."""
        heir = self._bodies.get(cell.ref._cell)
        if heir is not None and not heir.is_born and heir.cell.state in LIVING:
            self._by_address[heir.pid.name] = heir
            heir.born()
        elif groups and cell.owner is not None and cell.ref._cell is cell:
            cell.more().rejoin = partial(rejoin, self, cell, groups)

    def _ended(self, cell: Cell, body: Body, reason: Reason) -> None:
        """A life is over: those who are close know at once."""
        if self._bodies.get(cell) is body:
            del self._bodies[cell]
        heir = self._bodies.get(cell.ref._cell)
        if heir is not None and body.is_born and not heir.is_born and heir.cell.state in LIVING:
            body.bring_up(heir)
        self.hosts.ending(body)
        body.end(reason)
        address = body.pid.name
        if body.is_born:
            self.bequeath(address, body.will())
            for group in body.presences:
                self.gone(group, body.pid)
                self.hosts.withdraw(group, body.pid)
            if self._by_address.get(address) is body:
                del self._by_address[address]
        groups = [group for group, presence in body.presences.items() if not presence.owners]
        self.succeed(cell, groups if body.is_born else [])
        for group in body.presences:
            self.tidy(group)

    def tidy(self, group: str) -> None:
        """Forget a group in which nobody is, and at which nobody looks."""
        roster = self._rosters.get(group)
        if roster is not None and not len(roster) and not roster.lookers:
            del self._rosters[group]

    # -- groups --------------------------------------------------------------------------------------------------------

    def roster(self, group: str, closeness: Closeness | None = None) -> Roster:
        """Who is in a group; the first to name ``closeness`` decides.  Raises ``ValueError`` for another one later."""
        roster = self._rosters.get(group)
        if roster is None:
            roster = self._rosters[group] = Roster(closeness or ANYBODY, self._rng, self._touch)
            self.hosts.tell(group, roster)
        elif closeness is not None and closeness != roster.closeness:
            if len(roster) or roster.closeness is not ANYBODY:
                why = f"group {group!r} is linked {roster.closeness} already, not {closeness}"
                if any(entry.profile.supervisor == group for entry in roster):
                    why += f"; it is that of the children of {group!r}, who joined it as siblings: take another name"
                raise ValueError(why)
            roster.closeness = closeness
        return roster

    def rosters(self) -> dict[str, Roster]:
        """The groups that this host knows of."""
        return self._rosters

    def gone(self, group: str, pid: Pid) -> None:
        """A member's life is over: its neighbours here are told, and given others."""
        roster = self._rosters.get(group)
        entry = roster.get(pid.name) if roster is not None else None
        if roster is None or entry is None or entry.pid != pid:
            return
        close = [roster.get(name) for name in entry.links]
        roster.leave(pid.name)
        for each in close:
            if each is not None and each.presence is not None:
                each.presence.died(pid)
        for desk in tuple(self.asking):
            desk.died(pid)

    def advertise(self, group: str, body: Body) -> None:
        """Have other hosts know that a cell of this one is in a group."""
        self.hosts.advertise(group, body.pid, body.profile)

    def _touch(self, presence: Presence) -> None:
        self._touched[presence] = None
        if not self._settling:
            self._settling = True
            self.system.scheduler.loop.call_soon(self.settle)

    def settle(self) -> None:
        """Tell all whose neighbours have changed."""
        self._settling = False
        touched, self._touched = self._touched, {}
        for presence in touched:
            presence.neighbours_changed()

    # -- packets -------------------------------------------------------------------------------------------------------

    def deliver(self, packet: Packet) -> None:
        """A packet for this host has arrived."""
        if packet.group == HOSTS:
            self.hosts.receive(packet)
            return
        body = self._by_address.get(packet.to)
        presence = body.presences.get(packet.group) if body is not None else None
        if presence is not None:
            presence.receive(packet)
        elif body is None and self.wards:
            self.wards.post(packet)

    def announce(self, group: str, event: Callable[[], TissueEvent]) -> None:
        """Tell all members of a group that live here of an event, made for each of them."""
        roster = self._rosters.get(group)
        for entry in tuple(roster) if roster is not None else ():
            if entry.presence is not None:
                entry.presence.body.tell(group, event())

    def refuse(self, why: str) -> None:
        """Bytes arrived that are no packet."""
        stranger = Pid("?", 1)
        self.system.events.publish(Felt(self.now(), Pid(f"@{self.name}", 1), HOSTS, Refused(stranger, "frame", why)))

    # -- what goes on in the system ------------------------------------------------------------------------------------

    def _take_note(self, event: object) -> None:
        if isinstance(event, Harmed | Quarantined):
            harm, deaths = (Harm.INVARIANT, 0) if isinstance(event, Harmed) else (None, event.deaths)
            self.wards.doubt(event.pid, harm, deaths)
            for cell, body in self._bodies.items():
                if cell.pid == event.pid:
                    if isinstance(event, Harmed):
                        body.doubt(Harm.INVARIANT)
                    else:
                        self.poisoned[body.pid] = event.deaths

    def _lagged(self, seconds: float) -> None:
        self.hosts.lagged(seconds)
