"""Who is alive, agreed on by gossip: SWIM with Lifeguard.

For a backend developer: to know within a stated time which sibling processes are really gone, with no registry, at a
load for each that does not depend on how many there are, and without a storm of replacements when one is merely busy.

::

    swim = Swim(pid, rng, now)
    effects = swim.join(["host-a", "host-b"], now)      # afterwards `tick` when `due`, `receive` what arrives
    ...
    for pid in swim.alive: ...                          # who may get new work: neither suspect nor dead

Each probe period a cell pings the next of a shuffled list of all others.  Without an answer within the ping timeout it
asks some helpers to ping it too; without one by the end of the period it *suspects* the target, and says so.  A suspect
that hears of it refutes; one that does not in time is dead.  News rides on the packets that are sent anyway.

What makes it bear slow *observers*, which otherwise bury healthy cells (Lifeguard: over 50 times fewer false deaths):
the wait of a suspect shrinks with independent confirmations only (:mod:`~actors.tissue.swim.suspicion`), who hears
badly takes his time and does not judge alone (:mod:`~actors.tissue.swim.health`), and a suspect is told first of all.

What is believed of a cell is a join of all that was said (:mod:`~actors.tissue.swim.updates`), so order, doubles and
loss of packets do not matter.  Anti-entropy fills what gossip missed, and the dead are dialled again, so that
partitions heal.
Cells are trusted: who lies about others is believed until they refute it.

Sources: Das, Gupta and Motivala, SWIM, DSN 2002; Dadgar, Phillips and Currey, Lifeguard, DSN-W 2018; constants of
memberlist.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from ..core import Effect, Refused
from ..plain import NUMBER_LIMIT, read_name
from .beliefs import Beliefs, Rise
from .config import LAN, SwimConfig
from .members import Member
from .packets import ACK, GOSSIP, NACK, PING, PING_REQ, SYNC, Packet, read_packet
from .probing import Probe, Relay, Relays
from .updates import Status, Update
from .writing import Writer

if TYPE_CHECKING:
    import random

SEEDS_LIMIT = 64
"""More seeds than this are not dialled."""

_ANSWERED = (PING, SYNC)
"""Kinds whose answer says how this cell is."""

_UNSTRETCHED = 32
"""Up to this many members tables are exchanged at the configured pace."""


class Swim:
    """One member of a cluster; a core (:mod:`~actors.tissue.core`).

    ``known``: lives that are members from the start, where a cluster is configured rather than joined.  ``rise``: what
    life to take above one that others remember of this place (:data:`~.beliefs.Rise`); without it the place is left to
    any higher life.  Reports ``Joined``, ``Suspected``, ``Refuted``, ``Dead``, ``Left``, ``Revived``, ``Risen`` and
    ``Outlived``.  Raises ``ValueError`` for a name of more than 255 bytes, and if more are ``known`` than
    ``config.max_members``.
    """

    def __init__(
        self,
        pid: Pid,
        rng: random.Random,
        now: float,
        config: SwimConfig = LAN,
        *,
        known: Iterable[Pid] = (),
        rise: Rise | None = None,
    ) -> None:
        read_name(pid.name)
        self.config = config
        self._beliefs = Beliefs(pid, rng, config, rise)
        self._members = self._beliefs.members
        self._writer = Writer(self._beliefs, config)
        self._relays = Relays(config.max_relays)
        self._rng = rng
        self._probe: Probe | None = None
        self._number = rng.randrange(1 << 31)
        self._seeds: tuple[str, ...] = ()
        self._join_delay = math.inf
        self._dialled = ""
        # Phases at random, or cells that start together would speak together for ever.
        self._probe_due = now + rng.random() * config.probe_period
        self._sync_due = now + rng.random() * config.sync_period
        self._redial_due = now + rng.random() * config.redial_period
        self._gossip_phase = rng.random() * config.gossip_period
        self._gossip_due = math.inf
        for each in known:
            if each.name != pid.name:
                self._members.merge(Update(Status.ALIVE, read_name(each.name), each.incarnation, 0), now)
        if self._members.live > config.max_members:
            raise ValueError(f"Swim.known must be at most max_members, {config.max_members}; got {self._members.live}")
        self._stir(now)

    def __repr__(self) -> str:
        return f"Swim({self.pid}, epoch={self.epoch}, health={self.health}, live={self._beliefs.n})"

    # -- what it knows -------------------------------------------------------------------------------------------------

    @property
    def pid(self) -> Pid:
        """This cell, and the life that it has."""
        return self._beliefs.pid

    @property
    def alive(self) -> list[Pid]:
        """All other lives that may get new work: neither suspect nor dead."""
        return [member.pid for member in self._members if member.status is Status.ALIVE]

    @property
    def members(self) -> list[Member]:
        """All other cells that are known: suspects, dead and those who left among them."""
        return list(self._members)

    def member(self, name: str) -> Member | None:
        """What is known of one other cell."""
        return self._members.get(name)

    @property
    def epoch(self) -> int:
        """How often this cell has had to refute."""
        return self._beliefs.epoch

    @property
    def health(self) -> int:
        """The local health score: 0 is well; see :mod:`~actors.tissue.swim.health`."""
        return self._beliefs.health.score

    @property
    def is_over(self) -> bool:
        """Whether it has nothing to do any more: it has left and said so to enough, or its place has a higher life."""
        return self.due == math.inf

    # -- what it is told to do -----------------------------------------------------------------------------------------

    def join(self, seeds: Iterable[str], now: float) -> list[Effect]:
        """Become a member through any of these cells, of which at most 64 are dialled.

        All are dialled until one answers, first again after a probe period, then less and less often, in the end each
        ``redial_period``.  A seed that is no member is dialled now and then for ever.
        """
        if self.is_over or self._beliefs.is_leaving:
            return []
        self._seeds = tuple(dict.fromkeys(name for name in seeds if name != self.pid.name))[:SEEDS_LIMIT]
        self._join_delay = self.config.probe_period
        return self._redial(now)

    def leave(self, now: float) -> list[Effect]:
        """Say goodbye.  It goes on telling others until ``is_over``, about a second in the default profile."""
        if self.is_over or self._beliefs.is_leaving:
            return []
        self._beliefs.leave()
        self._probe = None
        self._probe_due = self._sync_due = self._redial_due = math.inf
        return self._gossip(now)

    def accuse(self, pid: Pid, now: float) -> list[Effect]:
        """Suspect a member on other evidence, as a link that lost too much; nothing if that life is no member."""
        if self.is_over or self._beliefs.is_leaving:
            return []
        effects = self._beliefs.accuse(pid, now)
        self._stir(now)
        return effects

    def rise(self, known: int, now: float) -> list[Effect]:
        """Others know this place with a life that this process did not give: go on above it, and say so."""
        if self.is_over or self._beliefs.is_leaving:
            return []
        effects = self._beliefs.rise(Pid(self.pid.name, known))
        self._stir(now)
        return effects

    def lagged(self, lag: float, now: float) -> list[Effect]:
        """The loop was ``lag`` seconds late: more than a quarter of the probe period is a sign of ill health."""
        self._beliefs.health.lagged(lag, now)
        return []

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        if self._beliefs.is_outlived:
            return math.inf
        return min(
            self._probe_due,
            self._gossip_due,
            self._beliefs.suspicion_due,
            self._relays.due,
            self._sync_due,
            self._redial_due,
        )

    def tick(self, now: float) -> list[Effect]:
        """Do what is due; late, if the owner was held up, and then without holding it against others."""
        self._excuse(now)
        effects: list[Effect] = []
        if self._relays.due <= now:
            effects += [self._writer.send(relay.origin, NACK, relay.seq) for relay in self._relays.expired(now)]
        if self._beliefs.suspicion_due <= now:
            effects += self._beliefs.give_up(now)
        if self._probe_due <= now:
            effects += self._go_on_probing(now)
        if self._sync_due <= now:
            effects += self._sync(now)
        if self._redial_due <= now:
            effects += self._redial(now)
        if self._gossip_due <= now:
            effects += self._gossip(now)
        self._stir(now)
        return effects

    def _excuse(self, now: float) -> None:
        """Whoever was to answer while this cell was held up gets that time: answers may lie there, not yet read."""
        late = now - self.due
        if self._beliefs.health.lagged(late, now):
            self._beliefs.postpone(now + self.config.probe_period)
            if self._probe is not None:
                self._probe.ends += late
                self._probe_due += late

    def _go_on_probing(self, now: float) -> list[Effect]:
        """The probe's next stage: ask helpers; or judge it, and begin the next."""
        probe = self._probe
        if probe is None or probe.is_answered:
            return self._begin_probe(now)
        if probe.is_assisted:
            self._beliefs.health.worse(probe.blame)
            return [*self._beliefs.accuse(probe.target.pid, now), *self._begin_probe(now)]
        probe.is_assisted = True
        self._probe_due = probe.ends
        helpers = self._members.pick(
            self.config.helpers, lambda each: each.status is Status.ALIVE and each.update.name != probe.target.name
        )
        probe.asked = tuple(helper.update.name for helper in helpers)
        return [self._writer.send(name, PING_REQ, probe.seq, probe.target.name) for name in probe.asked]

    def _begin_probe(self, now: float) -> list[Effect]:
        target = self._members.next_to_probe()
        ends = now + self.config.probe_period * self._beliefs.health.factor
        if target is None:
            self._beliefs.health.better()  # nobody is there to show how well this cell hears: the score fades
            self._probe, self._probe_due = None, ends
            return []
        self._probe = Probe(self._next_number(), target.update, ends)
        self._probe_due = now + self.config.ping_timeout
        return [self._writer.send(target.update.name, PING, self._probe.seq)]

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _gossip(self, now: float) -> list[Effect]:
        """Tell some others what is new; the dead too for a while, so that one who is not learns of it."""
        since = now - self.config.gossip_to_dead
        peers = self._members.pick(
            self.config.gossip_peers,
            lambda each: each.is_live or (each.status is Status.DEAD and each.since > since),
        )
        self._gossip_due = math.inf
        effects: list[Effect] = [
            self._writer.send(peer.update.name, GOSSIP) for peer in peers if len(self._beliefs.rumours)
        ]
        self._stir(now)
        return effects

    def _stir(self, now: float) -> None:
        """Have gossip go out at its next turn if there is news and somebody to tell."""
        if self._gossip_due == math.inf and len(self._beliefs.rumours) and self._members.live:
            period, phase = self.config.gossip_period, self._gossip_phase
            turns = math.floor((now - phase) / period + 1e-6) + 1
            self._gossip_due = turns * period + phase

    def _sync(self, now: float) -> list[Effect]:
        """Exchange tables with somebody."""
        stretch = 1 + max(0, math.ceil(math.log2(self._beliefs.n / _UNSTRETCHED)))
        self._sync_due = now + self.config.sync_period * stretch
        peers = self._members.pick(1, lambda each: each.status is Status.ALIVE)
        return [send for peer in peers for send in self._writer.send_table(peer.update.name, asks=True)]

    def _redial(self, now: float) -> list[Effect]:
        """Try all seeds until one answers; then now and then one cell that is lost: it may have been a partition."""
        self._members.forget(now - self.config.forget_after)
        if self._join_delay < math.inf:
            names, delay = self._seeds, self._join_delay
            self._join_delay = min(2 * delay, self.config.redial_period)
        else:
            strangers = [name for name in self._seeds if self._members.get(name) is None]
            gone = self._members.next_to_dial()
            lost = strangers if gone is None else [*strangers, gone]
            self._dialled = self._rng.choice(lost) if lost else ""
            names, delay = (self._dialled,) if lost else (), self.config.redial_period
        self._redial_due = now + delay
        return [self._writer.send(name, SYNC, True, first=self._beliefs.myself) for name in names]

    # -- packets -------------------------------------------------------------------------------------------------------

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet from another cell has arrived."""
        if self._beliefs.is_outlived:
            return []
        try:
            self._check(sender)
            packet = read_packet(kind, body)
        except (TypeError, ValueError) as error:
            return [Refused(sender, kind, f"{type(error).__name__}: {error}"), *self._writer.correct(sender)]
        self._beliefs.met(now)
        effects: list[Effect] = []
        if not self._beliefs.is_leaving:
            effects += self._learn(sender, kind == SYNC, packet, now)
        effects += self._answer(sender.name, kind, packet, now)
        if self.config.buddy and kind not in _ANSWERED and self._is_slandered(packet.updates):
            effects.append(self._writer.send(sender.name, GOSSIP, first=self._beliefs.myself))
        self._stir(now)
        return effects

    def _check(self, sender: Pid) -> None:
        """Raise ``ValueError`` for a sender that cannot be: of no proper name, ourselves, or of a life that is over."""
        read_name(sender.name)
        if sender.name == self.pid.name or not 1 <= sender.incarnation < NUMBER_LIMIT:
            raise ValueError(f"from {sender}, which is no other cell")
        member = self._members.get(sender.name)
        if member is not None and sender.incarnation < member.update.life:
            raise ValueError(f"from {sender}, whose place has had a later life, {member.pid}")

    def _is_slandered(self, updates: list[Update]) -> bool:
        me, life = self.pid
        return any(each.name == me and each.life == life and each.status is not Status.ALIVE for each in updates)

    def _learn(self, sender: Pid, is_table: bool, packet: Packet, now: float) -> list[Effect]:
        effects: list[Effect] = []
        member = self._members.get(sender.name)
        if member is None or member.update.life < sender.incarnation:
            effects += self._beliefs.believe(Update(Status.ALIVE, sender.name, sender.incarnation, 0), now)
        if packet.who is not None:
            effects += self._beliefs.believe(packet.who, now)
        for update in packet.updates:
            if is_table:
                effects += self._beliefs.believe_table(update, sender.name, now)
            else:
                effects += self._beliefs.believe(update, now)
        return effects

    def _answer(self, sender: str, kind: str, packet: Packet, now: float) -> list[Effect]:
        match kind:
            case "swim.ping":
                return [self._writer.send(sender, ACK, packet.number, self._beliefs.myself.wire())]
            case "swim.ack" if packet.who is not None:
                return self._on_ack(packet.number, packet.who)
            case "swim.ping-req":
                return self._on_ping_req(sender, packet, now)
            case "swim.nack" if self._probe is not None and self._probe.seq == packet.number:
                self._probe.nack(sender)
            case "swim.sync":
                return self._on_sync(sender, packet)
        return []

    def _on_ack(self, number: int, who: Update) -> list[Effect]:
        relay, probe = self._relays.answered(number), self._probe
        if relay is not None:
            return [self._writer.send(relay.origin, ACK, relay.seq, who._replace(by="").wire())]
        if probe is not None and probe.seq == number and probe.target.name == who.name and not probe.is_answered:
            probe.is_answered = True
            self._probe_due = probe.ends
            self._beliefs.health.better()
        return []

    def _on_ping_req(self, sender: str, packet: Packet, now: float) -> list[Effect]:
        if packet.name == self.pid.name:
            return [self._writer.send(sender, ACK, packet.number, self._beliefs.myself.wire())]
        if self._relays.is_full:
            return []
        number = self._next_number()
        nack_at = now + self.config.nack_share * self.config.ping_timeout
        self._relays.add(number, Relay(sender, packet.number, nack_at, now + self.config.probe_period))
        return [self._writer.send(packet.name, PING, number)]

    def _on_sync(self, sender: str, packet: Packet) -> list[Effect]:
        if packet.asks:
            return self._writer.send_table(sender, asks=False)
        self._join_delay = math.inf
        if sender != self._dialled:
            return []
        self._dialled = ""  # it lives: now it shall know what we believe of all others
        return self._writer.send_table(sender, asks=True)
