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
from typing import TYPE_CHECKING
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
from .body import Body, Will
from .events import Felt
from .hosts import HOSTS, Hosts
from .loopback import Loopback
from .presence import Presence
from .roster import ANYBODY, Closeness, Roster

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

WILLS_LIMIT = 16_384
"""Places of which it is remembered what their last life died of; the oldest are forgotten first."""


class Site:
    """See the module's text."""

    def __init__(self, system: ActorSystem, transport: Transport | None) -> None:
        scheduler = system.scheduler
        self.system = system
        self.name = system.name
        self.now = scheduler.wall
        self.transport: Transport = transport if transport is not None else Loopback()
        self.is_sure = isinstance(self.transport, Loopback)
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
        self.hosts = Hosts(self)
        self.transport.join(self.name, self.deliver, self.refuse)
        self._unsubscribe = system.events.subscribe(self._take_note)
        self.hosts.start()

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
            address = f"{cell.name}@{self.name}"
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
        if elder is not None:
            elder.bring_up(self.body(new))

    def _ended(self, cell: Cell, body: Body, reason: Reason) -> None:
        """A life is over: those who are close know at once."""
        if self._bodies.get(cell) is body:
            del self._bodies[cell]
        heir = self._bodies.get(cell.ref._cell)
        if heir is not None and body.is_born and not heir.is_born and heir.cell.state in LIVING:
            body.bring_up(heir)
        body.end(reason)
        address = body.pid.name
        if body.is_born:
            self.wills[address] = body.will()
            self.wills.move_to_end(address)
            if len(self.wills) > WILLS_LIMIT:
                self.wills.popitem(last=False)
            self.poisoned.pop(body.pid, None)
            for group in body.presences:
                self.gone(group, body.pid)
                self.hosts.withdraw(group, body.pid)
            if self._by_address.get(address) is body:
                del self._by_address[address]
        if heir is not None and not heir.is_born and heir.cell.state in LIVING:
            self._by_address[address] = heir
            heir.born()
        groups = [group for group, presence in body.presences.items() if not presence.owners]
        if body.is_born and groups and cell.owner is not None and cell.ref._cell is cell:
            cell.more().rejoin = partial(self._rejoin, cell, groups)
        for group in body.presences:
            roster = self._rosters.get(group)
            if roster is not None and not len(roster):
                del self._rosters[group]

    def _rejoin(self, cell: Cell, groups: list[str]) -> None:
        """The next life at a place is in the groups of the last one, whether it says so itself or not."""
        body = self.body(cell)
        for group in groups:
            body.presence(group)

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
            for cell, body in self._bodies.items():
                if cell.pid == event.pid:
                    if isinstance(event, Harmed):
                        body.doubt(Harm.INVARIANT)
                    else:
                        self.poisoned[body.pid] = event.deaths

    def _lagged(self, seconds: float) -> None:
        self.hosts.lagged(seconds)
