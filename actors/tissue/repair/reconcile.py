"""The loop that keeps as many alive as are wanted, run by every witness, with nobody in charge.

For a backend developer: "I want three of these" stays true after any crash, that of every supervisor included, and when
half the hosts go at once there are not three times too many processes a second later.

::

    repair = Reconciler(pid, rng, now, state.share("desired", LWWMap), state.share("claims", LWWMap))
    repair.witnesses({host.pid: host.free for host in live_hosts}, now)
    repair.desire("mailers", Desired(3), now)           # once, by anybody; afterwards `tick` when `due`

What is wanted, and who claims to fill it, is state that all witnesses share.  Each compares the two.  If a slot has
been empty for a settle period, all rank themselves for it by weighted rendezvous hashing, and the one of rank r waits::

    r * delta + U(0, delta / 4)

looks again (*contact inhibition*: whoever senses that the place is taken does not grow into it), then writes its claim
and starts the successor with the next incarnation.  So one acts, the next only if that one did not, and nobody asks
anybody.  If two acted all the same, the claim of the lower (incarnation, hash) holds, and the other newborn leaves.

Groups without slots need no turns: each of m witnesses flips a coin a period and starts one member with probability
min(1, missing / m), so that together they start as many as are missing, on average.

At most a quarter of a group is started in a period (surge).  A surplus that has lasted for a minute retires, one a
settle period, the highest slot first.

So delta must be longer than a claim takes to be known to the others: tell them at once, by ``ContactState.flush`` after
each ``Spawn``.  Gossip alone takes most of a second to reach twenty, and who relies on it says so, by ``gossip``.

Limits: witnesses whose weights differ rank differently, and may act at once more often.  Two sides of a partition
repair each for itself; when it heals one life of each slot remains.  Incarnations go on from the highest that is
remembered by any witness; if all of them die at one time with what they shared, they begin at 1 again.

Sources: timers by rank as in scalable reliable multicast, Floyd et al., SIGCOMM 1995; level-triggered reconciliation,
surge and stabilisation as in Kubernetes' controllers; contact inhibition as in logistic growth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.errors import ActorError
from actors.messages import Pid

from ..core import Effect, Refused
from ..plain import read_name, read_number
from .claims import SLOT_LIMIT, Claim, Claims, SharedMap, by_group
from .desired import LAN, Desired, Leave, ReconcileConfig, Retire, Spawn, read_all
from .groups import Group, Place
from .hrw import rank_of

if TYPE_CHECKING:
    import random

LOOKS = 20
"""However often it is told of changes, it looks at most so many times a period."""

RENEWALS = 3
"""So often a claim is renewed in its lifetime."""


@dataclass(slots=True)
class Member:
    """A member that is held here; ``until``: when the claim is renewed, or, if it is not up, lapses."""

    claim: Claim
    until: float
    is_retiring: bool = False


class Reconciler:
    """One witness; a core (:mod:`~actors.tissue.core`) that sends nothing: all goes by the two shared maps.

    ``desired``, ``claims``: the same two maps in all witnesses, ``LWWMap`` of contact state.  Its owner calls
    ``witnesses`` when cells come and go, ``died`` when one is dead, ``changed`` when contact state has learned
    anything.  It answers ``Spawn`` by ``held`` when the member is up, or ``ended`` when it will not be; ``Retire`` by
    ``ended`` when the member is gone, at once if it was not up, for until then nobody else fills its place.  (One that
    was not up loses that after a ``period`` in any case, by a ``Leave``.)  Reports these, and ``Refused`` where the
    shared maps are full.  At rest it is due each ``resync``, and never if nothing is wanted.
    """

    def __init__(
        self,
        pid: Pid,
        rng: random.Random,
        now: float,
        desired: SharedMap,
        claims: SharedMap,
        config: ReconcileConfig = LAN,
    ) -> None:
        read_name(pid.name)
        self.pid = pid
        self.config = config
        self._rng = rng
        self._desired = desired
        self._claims = Claims(claims, pid)
        self._weights: dict[str, dict[str, float]] = {}
        self._groups: dict[str, Group] = {}
        self._members: dict[Place, Member] = {}
        self._failures: dict[Place, int] = {}
        self._looked = -math.inf
        self._look_due = now

    def __repr__(self) -> str:
        return f"Reconciler({self.pid}, groups={len(self._groups)}, members={len(self._members)})"

    # -- what its owner says -------------------------------------------------------------------------------------------

    def desire(self, group: str, desired: Desired, now: float) -> list[Effect]:
        """Want this of a group from now on, everywhere.  Raises what the shared map raises if that is full."""
        self._desired.put(read_name(group), desired.wire(), now)
        return self._stir(now)

    def withdraw(self, group: str, now: float) -> list[Effect]:
        """Want nothing of a group any more: wherever that is heard of its members retire, after a settle period."""
        self._desired.remove(group, now)
        return self._stir(now)

    def witnesses(self, weights: Mapping[Pid, float], now: float, *, placement: str = "") -> list[Effect]:
        """These cells are alive, suspects too, and may host members: the more, the greater the weight; 0: none.

        Names all of them, this cell too, again at every change; for each ``placement`` that groups ask for (a group
        whose placement was never named is ranked by "").
        """
        ranks = {(group, slot): self._rank(group, slot) for group in self._groups.values() for slot in group.turns}
        self._weights[placement] = {pid.name: weight for pid, weight in weights.items() if 0 < weight < math.inf}
        self._claims.lives(weights)
        for group, slot in [place for place, rank in ranks.items() if self._rank(*place) != rank]:
            del group.turns[slot]  # who is in turn as before goes on waiting
        return self._stir(now)

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """A cell is dead: an exit signal, or membership says so.  Suspicion is not enough."""
        self._claims.died(pid)
        for weights in self._weights.values():
            weights.pop(pid.name, None)
        return self._stir(now)

    def changed(self, now: float) -> list[Effect]:
        """What is shared may have changed; cheap, and looked at soon."""
        self._look_due = min(self._look_due, max(now, self._looked + self.config.period / LOOKS))
        return []

    def held(self, group: str, slot: int, life: int, now: float, *, claimant: str = "") -> list[Effect]:
        """That member is up, here; ``claimant``: the cell that was told to start it, if that was another one.

        Raises ``ValueError`` for what is no member, or beyond ``max_members``.
        """
        claim = Claim(
            read_name(group), read_number(slot), *self.pid, read_number(life, 1), claimant or self.pid.name, True
        )
        if slot >= SLOT_LIMIT or (len(self._members) >= self.config.max_members and (group, slot) not in self._members):
            raise ValueError(f"no room for slot {slot} of {group}")
        self._failures.pop((group, slot), None)
        self._claims.write(claim, now, self.config.lifetime)
        self._members[group, slot] = Member(claim, now + self.config.lifetime / RENEWALS)
        return self._stir(now)

    def ended(self, group: str, slot: int, now: float) -> list[Effect]:
        """A member of this cell is gone for good: it did not start, died and is not restarted here, or has left."""
        member = self._members.pop((group, slot), None)
        if member is not None:
            self._fail(member)
            self._claims.erase(member.claim, now)
        return self._stir(now)

    # -- what it knows -------------------------------------------------------------------------------------------------

    def members(self, group: str) -> list[Claim]:
        """Who fills the group's slots, as far as is known here, newborns that are not up yet among them.

        Whoever claims to be one above the ceiling is none, though it may not leave.
        """
        desired = self._wanted().get(group, Desired(0))
        view = Group(group)
        view.look(desired, self._live(self._claims.all()).get(group, []), self._looked)
        return [claim for member, claim in view.standing.items() if member not in view.beyond]

    def may_leave(self, group: str) -> bool:
        """Whether one member may go of its own will: enough that are up would remain."""
        desired = self._wanted().get(group)
        return desired is None or sum(claim.is_up for claim in self.members(group)) > desired.floor

    # -- core ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        return self._look_due

    def tick(self, now: float) -> list[Effect]:
        """Compare what is with what is wanted."""
        return self._look(now) if self._look_due <= now else []

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """No packets are expected."""
        return [Refused(sender, kind, "repair goes by contact state, not by packets")]

    def _stir(self, now: float) -> list[Effect]:
        self._look_due = min(self._look_due, now)
        return []

    # -- the loop ------------------------------------------------------------------------------------------------------

    def _look(self, now: float) -> list[Effect]:
        self._looked, self._look_due = now, math.inf
        wanted, everybody = self._wanted(), self._claims.all()
        self._outlive(everybody, now)
        claims, known = self._live(everybody), by_group(everybody)
        effects: list[Effect] = []
        for name in [name for name in self._groups if name not in wanted]:
            effects += self._give_up(self._groups[name], now)
        for name, desired in wanted.items():
            group = self._groups.setdefault(name, Group(name))
            group.look(desired, claims.get(name, []), now)
            group.remember(known.get(name, []), self.config.max_members)
            effects += self._leave(group, now) + self._retire_one(group, now)
            effects += self._spawn_slots(group, now) if desired.slots else self._spawn_by_coin(group, now)
        effects += self._renew(now)
        if wanted or self._members:
            self._wake(now + self.config.resync)
        return effects

    def _live(self, claims: list[Claim]) -> dict[str, list[Claim]]:
        """By group, those whose host may be alive."""
        return by_group([claim for claim in claims if self._claims.is_live(claim)])

    def _outlive(self, claims: list[Claim], now: float) -> None:
        """What an earlier life of this very cell claimed is over, and nobody else may know it."""
        for claim in claims:
            if claim.host == self.pid.name and claim.host_life < self.pid.incarnation:
                self._claims.erase(claim, now)

    def _wanted(self) -> dict[str, Desired]:
        return read_all(self._desired, self.config.max_groups)

    def _wake(self, when: float) -> None:
        self._look_due = min(self._look_due, when)

    # -- growing -------------------------------------------------------------------------------------------------------

    def _spawn_slots(self, group: Group, now: float) -> list[Effect]:
        """Claim the slots whose turn it is, the lowest first, all others' claims considered."""
        effects: list[Effect] = []
        room = self._room(group, now)
        missing = list(group.missing_since)
        for slot in missing[room:]:
            group.turns.pop(slot, None)
        for slot in missing[:room]:
            settled = group.missing_since[slot] + self.config.settle
            if settled > now:
                self._wake(settled)
                continue
            if slot not in group.turns:
                group.turns[slot] = now + self._patience(group, slot)
            if group.turns[slot] <= now:
                del group.turns[slot]
                effects += self._claim(group, slot, now)
            else:
                self._wake(group.turns[slot])
        return effects

    def _patience(self, group: Group, slot: int) -> float:
        """How long this witness waits for those that are better placed; for ever, if it may host nothing."""
        rank = self._rank(group, slot)
        if rank is None:
            return math.inf
        delta = self.config.delta
        wait = rank * (delta + self.config.gossip * math.log2(len(self._candidates(group))))
        wait += self._rng.random() * delta / 4
        failures = self._failures.get((group.name, slot), 0)
        return wait + (min(delta * 2.0 ** min(failures, 60), self.config.backoff_cap) if failures else 0.0)

    def _rank(self, group: Group, slot: int) -> int | None:
        return rank_of(self.pid.name, f"{group.name}/{slot}", self._candidates(group))

    def _spawn_by_coin(self, group: Group, now: float) -> list[Effect]:
        """Without slots: start one member with the probability that makes all witnesses together fill the gap."""
        missing = group.desired.replicas - len(group.standing)
        if missing <= 0:
            return []
        settled = group.short_since + self.config.settle
        toss = max(settled, group.tossed + self.config.period)
        if toss > now:
            self._wake(toss)
            return []
        group.tossed = now
        self._wake(now + self.config.period)
        witnesses = self._candidates(group)
        chance = min(missing, self._room(group, now)) / max(1, len(witnesses))
        if self.pid.name not in witnesses or self._rng.random() >= chance:
            return []
        return self._claim(group, self._free_number(group.name), now)

    def _free_number(self, group: str) -> int:
        number = 0
        while (group, number) in self._members:
            number += 1
        return number

    def _candidates(self, group: Group) -> dict[str, float]:
        for placement in (group.desired.placement, ""):
            if placement in self._weights:
                return self._weights[placement]
        return {self.pid.name: 1.0}

    def _room(self, group: Group, now: float) -> int:
        """How many may be started now, by anybody."""
        surge = max(1, math.ceil(group.desired.replicas * self.config.surge))
        under_way, until = group.under_way(now, self.config.period)
        if under_way >= surge:
            self._wake(until)
        return max(0, surge - under_way)

    def _claim(self, group: Group, slot: int, now: float) -> list[Effect]:
        if len(self._members) >= self.config.max_members or (group.name, slot) in self._members:
            return []
        claim = Claim(group.name, slot, *self.pid, group.lives.get(slot, 0) + 1, self.pid.name, False)
        try:
            self._claims.write(claim, now, self.config.boot_timeout)
        except ActorError as error:
            return [Refused(self.pid, "repair.claim", str(error))]
        self._members[group.name, slot] = Member(claim, now + self.config.boot_timeout)
        group.take(claim, now)
        return [Spawn(group.name, slot, claim.life)]

    # -- shrinking -----------------------------------------------------------------------------------------------------

    def _leave(self, group: Group, now: float) -> list[Effect]:
        """Members of this cell whose place another fills, or that are beyond the ceiling, are stopped."""
        effects: list[Effect] = []
        for place, member in [(p, m) for p, m in self._members.items() if p[0] == group.name]:
            mine = member.claim
            holder = group.standing.get(group.key(mine))
            if holder is None or (holder.host != mine.host and holder.is_same_life(mine)):
                if holder is not None:  # brought about here, but it lives elsewhere
                    self._forget(place, now)
            elif holder.host != mine.host or group.key(mine) in group.beyond:
                self._forget(place, now)
                effects.append(Leave(*place, mine.life, holder.pid))
        return effects

    def _retire_one(self, group: Group, now: float) -> list[Effect]:
        """The last of a surplus goes, if it is held here, when the surplus has lasted."""
        if not group.surplus:
            return []
        ripe = max(group.surplus_since + self.config.stabilisation, group.shrunk + self.config.settle)
        if ripe > now:
            self._wake(ripe)
            return []
        last = group.standing[group.surplus[-1]]
        member = self._members.get((group.name, last.slot))
        is_here = member is not None and member.claim == last and not member.is_retiring
        return [self._retire(member, now)] if member is not None and is_here else []

    def _give_up(self, group: Group, now: float) -> list[Effect]:
        """Of a group that nobody has wanted for a settle period all members go; shorter, it is news that is late."""
        group.unwanted_since = min(group.unwanted_since, now)
        if group.unwanted_since + self.config.settle > now:
            self._wake(group.unwanted_since + self.config.settle)
            return []
        del self._groups[group.name]
        self._failures = {place: count for place, count in self._failures.items() if place[0] != group.name}
        return [self._retire(member, now) for place, member in self._members.items() if place[0] == group.name]

    def _retire(self, member: Member, now: float) -> Retire:
        member.is_retiring = True
        if not member.claim.is_up:  # it has nothing to finish
            member.until = min(member.until, now + self.config.period)
        return Retire(member.claim.group, member.claim.slot, member.claim.life)

    def _fail(self, member: Member) -> None:
        """A member is gone; if it never was up, and not called off, the next attempt waits longer."""
        if not member.claim.is_up and not member.is_retiring:
            place = member.claim.group, member.claim.slot
            self._failures[place] = self._failures.get(place, 0) + 1

    def _forget(self, place: Place, now: float) -> None:
        self._claims.erase(self._members.pop(place).claim, now)

    # -- keeping -------------------------------------------------------------------------------------------------------

    def _renew(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        for place, member in list(self._members.items()):
            if member.until <= now:
                if not member.claim.is_up:
                    self._fail(member)
                    self._forget(place, now)
                    effects.append(Leave(*place, member.claim.life, None))
                    self._wake(now)
                    continue
                self._claims.write(member.claim, now, self.config.lifetime)
                member.until = now + self.config.lifetime / RENEWALS
            self._wake(member.until)
        return effects
