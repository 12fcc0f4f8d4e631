"""One life in one group: the cores it takes part with, made when first needed, and what they say to each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

from actors.errors import NotRunning
from actors.messages import Pid
from actors.tissue.core import Effect, PartFailed, Refused, Send
from actors.tissue.hormones.receptor import Released, Triggered
from actors.tissue.links.events import Arrived, Outdated, Settled, Undeliverable
from actors.tissue.state.contact_state import ContactState, Doubled, Forgotten, Warm
from actors.tissue.trails.events import Lost as TrailLost
from actors.tissue.trails.events import Reached, Requested
from actors.tissue.transport import Packet

from .agenda import Slot
from .cores import CORES
from .letters import Desk

if TYPE_CHECKING:
    from actors.tissue.fields.field import Fields
    from actors.tissue.flock.alignment import Alignment
    from actors.tissue.hormones.hormones import Hormones
    from actors.tissue.links.outbox import Outbox
    from actors.tissue.trails.trails import Trails

    from .body import Body
    from .owner import Owner
    from .roster import Roster

MESH = 20
"""In groups of up to so many members everybody tells everybody what is shared."""

GOSSIP = 5
"""In larger groups each tells so many of its neighbours: with those who tell it, enough for any size."""

ROUNDS = 4096
"""Packets that these two exchange at most; each brings up to 64 KB."""

ELDER, NURSE, NURSERY = "~elder@~", "~nurse@~", "~nursery@~"
"""What a predecessor, its successor and who stands between them are called while both live: they have one address."""


class Presence:
    """See the module's text.  ``roster``: of the group."""

    def __init__(self, body: Body, group: str, roster: Roster) -> None:
        self.body = body
        self.group = group
        self.roster = roster
        self.pid = body.pid
        self.slots: dict[str, Slot] = {}
        self.owners: dict[str, Owner] = {}
        self.shared: dict[str, tuple[type, tuple[Any, ...]]] = {}
        # Bound once: these are called for every packet.
        self._now, self._arm, self._send = body.site.now, body.site.agenda.arm, body.site.transport.send
        self._links: dict[str, float] = {}
        self._warming: list[asyncio.Future[bool]] = []
        self._finding: list[asyncio.Future[None]] = []
        self._desk: Desk | None = None
        self._is_over = False

    def __repr__(self) -> str:
        return f"<Presence {self.pid} in {self.group!r}>"

    # -- cores ---------------------------------------------------------------------------------------------------------

    def slot(self, word: str) -> Slot:
        """The core whose kinds begin with ``word``, made now if need be.

        Raises ``KeyError`` for an unknown one, ``NotRunning`` if this life is over.
        """
        if self._is_over:
            self.body.check_alive()
        slot = self.slots.get(word)
        if slot is None:
            owner = self.owners.get(word)
            core = owner.make(self) if owner is not None else CORES[word](self)
            slot = self.slots[word] = Slot(core, self.carry_out)
            self._meet(word, core)
            if word == "contact":
                self._warm_up(slot)
            self.body.site.agenda.arm(slot)
        return slot

    @property
    def state(self) -> ContactState:
        """What it knows of what is shared."""
        return self.slot("contact").core  # type: ignore[return-value]

    @property
    def hormones(self) -> Hormones:
        """What it secretes and senses."""
        return self.slot("hormones").core  # type: ignore[return-value]

    @property
    def fields(self) -> Fields:
        """The gradients it takes part in."""
        return self.slot("field").core  # type: ignore[return-value]

    @property
    def trails(self) -> Trails:
        """The ways to what others offer."""
        return self.slot("trails").core  # type: ignore[return-value]

    @property
    def flock(self) -> Alignment:
        """The work that is levelled."""
        return self.slot("flock").core  # type: ignore[return-value]

    @property
    def outbox(self) -> Outbox:
        """Its end of the links."""
        return self.slot("links").core  # type: ignore[return-value]

    @property
    def desk(self) -> Desk:
        """Who writes and reads its letters."""
        if self._desk is None:
            site = self.body.site
            self._desk = Desk(self.body.cell.ref, site, self._post, self._refuse_letter)
            if self._is_over:
                self._desk.close()
        return self._desk

    def act(self, word: str, call: Callable[[Any, float], list[Effect]]) -> None:
        """Have a core do something now; nothing, if this life is over."""
        if self._is_over:
            return
        slot = self.slot(word)
        self.carry_out(call(slot.core, self.body.site.now()))
        self.body.site.agenda.arm(slot)

    def neighbours_changed(self) -> None:
        """Tell the cores who is there."""
        for word, slot in tuple(self.slots.items()):
            if slot.core is not None:
                try:
                    self._meet(word, slot.core)
                except Exception as error:  # a defect in one must not keep the others from hearing who is there
                    self.report(PartFailed(f"the core {word!r}", error))
                self.body.site.agenda.arm(slot)

    def _meet(self, word: str, core: Any) -> None:
        entry = self.roster.get(self.pid.name)
        if entry is None or entry.presence is not self:
            return
        now = self.body.site.now()
        self._links = links = entry.links
        if word == "contact":
            # Where all can talk to all, only the owner of a change has to spread it.
            effects = core.meet(
                self.roster.sample(self.pid.name) if len(self.roster) <= MESH else islice(links, GOSSIP), now
            )
        elif word in ("field", "flock"):
            effects = core.neighbours(_nearest(links, core.config.max_links), now)
        elif word == "hormones":
            effects = core.neighbours(links, now)
            effects += core.meet(self.roster.sample(self.pid.name), now)
        elif word in self.owners:
            effects = self.owners[word].meet(core, links, now)
        else:
            effects = core.neighbours(links, now)
        self.carry_out(effects)

    def _warm_up(self, slot: Slot) -> None:
        """Ask what the siblings know, at once; one that does not serve yet asks who serves in its place."""
        site = self.body.site
        if self.body.is_born and site.hosts.has_looked(self.group):
            now = site.now()
            self.carry_out(slot.core.tick(now))  # type: ignore[union-attr]
            are_elsewhere = len(site.wards) and any(site.wards.at(entry.pid.name) for entry in self.roster)
            if (site.is_sure and not are_elsewhere) or (len(self.roster) == 1 and not site.hosts.alive):
                self.carry_out(slot.core.warmed(now))  # type: ignore[union-attr]
        elif self.body.is_born:
            return  # it is told when it is known whom to ask
        else:
            elder = self.body.elder(self.group)
            if elder is not None:
                self._nurse(slot.core, elder.state)  # type: ignore[arg-type]
            else:
                site.hosts.nurse(self)

    def looked(self) -> None:
        """It is known now who is in the group: ask what they know."""
        slot = self.slots.get("contact")
        if slot is None or slot.core is None or self.state.is_warm:
            return
        now = self.body.site.now()
        self.state.ask(now)
        self.carry_out(self.state.warmed(now) if len(self.roster) == 1 else self.state.tick(now))
        self.body.site.agenda.arm(slot)

    def _nurse(self, young: ContactState, old: ContactState) -> None:
        """Have a successor know what its living predecessor knows, who hears nothing of it: it may come to nothing.

        What stands between them asks the one and is asked by the other, by other names, as both have the same.
        """
        site, now = self.body.site, self.body.site.now()
        nurse = ContactState(Pid(NURSE, self.pid.incarnation), site.chance(), now, peers=[ELDER], offset=site.offset)
        self._converse(nurse, old, (nurse.pid, Pid(ELDER, old.pid.incarnation)), nurse.tick(now), [])
        nurse.warmed(now)
        self._know(young, nurse)

    def _know(self, young: ContactState, nurse: ContactState) -> None:
        now = self.body.site.now()
        nurse.meet([NURSERY], now)
        young.meet([NURSE], now)
        young.ask(now)
        self._converse(young, nurse, (Pid(NURSERY, self.pid.incarnation), nurse.pid), young.tick(now), [])

    def adopt(self, nurse: ContactState) -> None:
        """Know what one knows that has asked the predecessor."""
        self._know(self.state, nurse)
        self.body.site.agenda.arm(self.slot("contact"))

    def last_words(self) -> list[Effect]:
        """What neighbours, and the successor, are yet to be told."""
        now, old = self.body.site.now(), self.state
        old.meet([*self._links, NURSERY], now)
        said = old.flush(now)
        old.meet(self._links, now)
        return said

    def learn(self, elder: Presence) -> None:
        """Be told what the predecessor has learnt since it was asked: when its place is taken, and at its end."""
        young, slot = self.state, elder.slots["contact"]
        if slot.core is None or young is None:
            return
        old: ContactState = slot.core  # type: ignore[assignment]
        said = elder.last_words()
        elder.carry_out([each for each in said if not isinstance(each, Send) or each.to != NURSERY])
        told: list[Effect] = [each for each in said if isinstance(each, Send) and each.to == NURSERY]
        names = Pid(NURSERY, self.pid.incarnation), Pid(ELDER, old.pid.incarnation)
        self._converse(young, old, names, [], told)
        self.body.site.agenda.arm(slot)

    def _converse(
        self, young: ContactState, old: ContactState, names: tuple[Pid, Pid], asked: list[Effect], told: list[Effect]
    ) -> None:
        """Have two speak, by these names, until neither has anything to say; what this life's own reports is told."""
        now = self.body.site.now()
        for _ in range(ROUNDS):
            if young is self.state:
                self.carry_out([each for each in asked if not isinstance(each, Send)])
            to_old = [each for each in asked if isinstance(each, Send)]
            to_young = [each for each in told if isinstance(each, Send)]
            told = [one for each in to_old for one in old.receive(names[0], each.kind, each.body, now)]
            asked = [one for each in to_young for one in young.receive(names[1], each.kind, each.body, now)]
            if not asked and not told:
                break

    # -- packets -------------------------------------------------------------------------------------------------------

    def receive(self, packet: Packet) -> None:
        """A packet has arrived for this life in this group."""
        _, _, sender, kind, body = packet
        slot = self.slots.get(kind.partition(".")[0]) or self._slot_for(packet)
        if slot is None or slot.core is None:
            return
        if sender.name not in self._links and self.roster.get(sender.name) is not None:
            self.roster.met(self.pid.name, sender.name)
            self.body.site.settle()
        effects = slot.core.receive(sender, kind, body, self._now())
        if effects:
            self.carry_out(effects)
        self._arm(slot)

    def _slot_for(self, packet: Packet) -> Slot | None:
        """The core that a packet is for, if there is such a core."""
        word = packet.kind.partition(".")[0]
        if self._is_over:
            return None
        if word in CORES or word in self.owners:
            return self.slot(word)
        self.report(Refused(packet.sender, packet.kind, "no core of that name"))
        return None

    def carry_out(self, effects: list[Effect]) -> None:
        """Send what is to be sent, report what is to be known."""
        for effect in effects:
            if isinstance(effect, Send):
                if self.body.is_born:
                    self._send(Packet(effect.to, self.group, self.pid, effect.kind, effect.body))
            else:
                self.report(effect)

    # -- events --------------------------------------------------------------------------------------------------------

    def report(self, event: Any) -> None:
        """Something has happened: to this life's letters, to who waits for it here, to the actor, to who looks on."""
        if self.owners and any(owner.heard(event) for owner in self.owners.values()):
            return
        match event:
            case Triggered() | Released():
                self.body.sensed(event)
            case Arrived(origin, payload):
                self.desk.read(origin, payload)
            case Requested(origin, _, payload):
                self.desk.read(origin, payload)
            case Settled(_, tag):
                self.desk.settled(tag)
                return
            case Reached(_, tag, provider):
                self.desk.reached(tag, provider)
            case Undeliverable(to, tag, _, why) | TrailLost(to, tag, _, why):
                self.desk.undeliverable(to, tag, str(why))
            case Outdated(_, by, later):
                self.body.site.outdated(self.body, later, by)
            case Doubled(_, by) | Forgotten(_, by):
                self.body.site.outdated(self.body, self.pid.incarnation, by.name)
            case Warm():
                self._wake(self._warming, True)
            case _:
                self._wake(self._finding, None)
        self.body.tell(self.group, event)

    def _wake(self, waiting: list[Any], value: object) -> None:
        for future in waiting:
            if not future.done():
                future.set_result(value)
        waiting.clear()

    async def warm(self) -> bool:
        """Wait until it knows what the siblings know; ``true`` then.  Raises ``NotRunning`` when this life ends."""
        if self.state.is_warm:
            return True
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._warming.append(future)
        return await future

    async def changed(self) -> None:
        """Wait until a core reports something.  Raises ``NotRunning`` when this life ends."""
        self.body.check_alive()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._finding.append(future)
        await future

    # -- letters -------------------------------------------------------------------------------------------------------

    def _post(self, to: str, letter: bytes, tag: Any) -> None:
        # For that life only: the next one must not be handed what its predecessor may have had in hand at its end.
        entry = self.roster.get(to)
        life = entry.pid.incarnation if entry is not None else 0
        self.act("links", lambda outbox, now: outbox.send(to, letter, now, life=life, tag=tag))

    def post_by_trail(self, to: str, letter: bytes, tag: Any) -> None:
        """Have a letter brought to whoever offers ``to``."""
        self.act("trails", lambda trails, now: trails.request(to, letter, now, tag=tag))

    def _refuse_letter(self, origin: Pid, why: str) -> None:
        self.body.tell(self.group, Refused(origin, "letter", why))

    # -- the end -------------------------------------------------------------------------------------------------------

    def died(self, pid: Pid) -> None:
        """A life that may be a neighbour is over."""
        for word, slot in tuple(self.slots.items()):
            if slot.core is not None:
                self.act(word, lambda core, now: core.died(pid, now))

    def end(self, flush: bool) -> None:
        """This life is over; ``flush``: as planned, so there is time to tell what nobody knows yet."""
        slot = self.slots.get("contact")
        if flush and slot is not None and slot.core is not None:
            self.act("contact", lambda state, now: state.flush(now))
        for owner in self.owners.values():
            owner.ended(flush)
        self._is_over = True
        if slot is not None and slot.core is not None:
            left = slot.core.end(f"this life of {self.body.cell.name}")  # type: ignore[attr-defined]
            self.body.site.leave_behind(self.pid.name, self.group, left)
        for slot in self.slots.values():
            self.body.site.agenda.drop(slot)
        if self._desk is not None:
            self._desk.close()
        self.fail(self._warming)
        self.fail(self._finding)

    def fail(self, waiting: Iterable[asyncio.Future[Any]]) -> None:
        """Tell those who wait that this life is over: nobody has cancelled them, so it is an error that they see."""
        for future in waiting:
            if not future.done():
                future.set_exception(NotRunning(f"this life of {self.body.cell.name}"))
                future.exception()


def _nearest(links: dict[str, float], most: int) -> dict[str, float]:
    if len(links) <= most:
        return dict(links)
    return dict(sorted(links.items(), key=lambda one: one[1])[:most])
