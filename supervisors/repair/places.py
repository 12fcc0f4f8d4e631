"""The places of a pool whose size is ``Desired``: how many there are to be, who fills which, here and on other hosts.

A pool is a witness of its group: all pools of the same path, in all systems that share a transport.  What they want and
who fills which place is contact state among them, repaired by :class:`~actors.tissue.repair.reconcile.Reconciler` in
each; a system alone is a group of one.  A place is a number: the worker in place 0 is ``<id>-1``.  Nothing here is on
the way of a message; the pool looks at its workers a few times a second.
"""

from __future__ import annotations

import dataclasses
import math
import random
from typing import TYPE_CHECKING, Any

from actors.messages import Pid
from actors.tissue.crdt.counters import PNCounter
from actors.tissue.crdt.lww import LWWMap
from actors.tissue.hormones.scaling import CallOff, Grow, Retire
from actors.tissue.repair import desired as repair
from actors.tissue.repair.reconcile import Reconciler
from supervisors.actions import Child, Status
from supervisors.apoptosis.disruption import Group, refusal, refusal_above
from supervisors.desired import HOSTS_LIMIT
from supervisors.events import SupervisionEvent

from .events import Claimed, Grown, Shrunk, Yielded
from .follower import Decision, Follower
from .relay import Relay
from .wish import Wish

if TYPE_CHECKING:
    from actors.tissue.repair.claims import Claim
    from supervisors.desired import Desired
    from supervisors.pool import PoolActor

GLANCE = 0.1
"""Seconds between two looks at the workers, on average."""

IDLE_GLANCE = 0.4
"""The same where none of them does anything: there is a look for each decision."""

POLL = 0.25
"""Seconds between two looks at what other hosts have written."""

JOINING = 3.0
"""Seconds that a pool waits to hear of others, where there may be any, before it fills its places alone."""

WITNESSES = HOSTS_LIMIT
"""Hosts of one group that know each other."""

SETTLED = 1.0
"""Seconds for which a surplus must have lasted where the pool follows its load: that has waited long enough already."""

SPREAD = 4.0
"""How many times more likely a host with one worker less is to get the next."""


class Places:
    """See the module's text."""

    def __init__(self, pool: PoolActor, desired: Desired) -> None:
        self._pool = pool
        self._system = pool.system
        self._path = pool.ref.name
        self._desired = desired
        self._rng = random.Random(pool.system.rng.getrandbits(64))
        self._contact = pool.contact.join(f"pool({self._path})", close=WITNESSES - 3, random=3)
        base = self._contact.share("base", LWWMap)
        self._base = base
        self._wish = Wish(desired, base, self._contact.share("counted", PNCounter))
        self._targets: LocalMap = LocalMap()
        self._state = self._contact_state()
        now = self._system.now()
        # Those known at the start: whoever filled all places before they are here would leave them none.
        self._expected = max(desired.hosts - 1, len(self._hosts()))
        self.is_alone = not self._expected
        self._core = Reconciler(
            self._contact.pid, self._rng, now, self._targets, self._contact.share("claims", LWWMap), self._config()
        )
        self._others: dict[str, Pid] = {}
        self._began = now
        self._is_repairing = False
        self._target = desired.replicas
        self._weights: dict[Pid, float] = {}
        self._seen = b""
        self._standing: list[Claim] = []
        self._last: dict[int, str] = {}
        self._lives: dict[int, int] = {}
        self._retiring: dict[int, None] = {}
        self._leaving: dict[Child, str] = {}
        self._followers: dict[Child, Follower] = {}
        self._glance = GLANCE
        self._timer: Any = None
        self._wake = math.inf
        self._relay = Relay(pool, self._contact)

    # -- what is known -------------------------------------------------------------------------------------------------

    @property
    def wanted(self) -> int:
        """How many workers are wanted, on all hosts together."""
        return self._wish.wanted

    @property
    def changed(self) -> str | None:
        """Why that has last changed; ``None`` if it has not."""
        why = self._base.get("why")
        return why if isinstance(why, str) else None

    @property
    def desired(self) -> Desired:
        """The bounds."""
        return self._desired

    @property
    def leaving(self) -> int:
        """Workers that are on their way out by plan."""
        return len(self._leaving)

    def cause(self, child: Child) -> str | None:
        """Why that one is on its way out by plan; ``None`` if it is not."""
        return self._leaving.get(child)

    def _hosts(self) -> list[str]:
        return [name for name in self._system.site.transport.hosts() if name != self._system.name]

    def _contact_state(self) -> Any:
        found: list[Any] = []

        def take(state: Any, now: float) -> list[Any]:
            found.append(state)
            return []

        self._contact.act("contact", take)
        return found[0]

    def _config(self) -> repair.ReconcileConfig:
        known = repair.FAST if self.is_alone else repair.LAN
        start = self._pool.spec.worker.start_timeout
        boot = known.boot_timeout if start == math.inf else max(known.boot_timeout, start + POLL)
        calm = known.stabilisation if self._desired.follows is None else SETTLED
        return dataclasses.replace(known, boot_timeout=boot, stabilisation=calm)

    # -- what the pool tells -------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The pool has started the workers that it starts by itself."""
        self._arm(0.0 if self.is_alone else POLL)

    def up(self, child: Child) -> None:
        """A worker serves."""
        place = self.place_of(child)
        life = self._lives.setdefault(place, 1)
        if self._is_repairing:
            self._core.held(self._path, place, life, self._system.now())
        scale = self._desired.follows
        if scale is not None and child not in self._followers:
            rng = random.Random(self._rng.getrandbits(64))
            self._followers[child] = Follower(child, rng, self._system.now(), scale, self._desired)
        self._relay.wake()
        self._arm(0.0)

    def gone(self, child: Child) -> None:
        """A worker has left the pool for good."""
        place = self.place_of(child)
        self._followers.pop(child, None)
        self._leaving.pop(child, None)
        self._retiring.pop(place, None)
        if self._lives.pop(place, None) is not None:
            self._core.ended(self._path, place, self._system.now())
        self._arm(0.0)

    def resize(self, number: int) -> int:
        """Want this many from now on, everywhere; returns how many were wanted."""
        before = self.wanted
        self._wish.set(number)
        if number != before:
            self._change(Grown if number > before else Shrunk, "resize()")
        self._arm(0.0)
        return before

    def relay(self, message: Any) -> None:
        """The message in hand is the pool's, which has no worker here."""
        up = {claim.host for claim in self._standing if claim.is_up}
        self._relay.take(message, up)

    def place_of(self, child: Child) -> int:
        """The number of the place that a worker fills."""
        return int(child.id.rpartition("-")[2]) - 1

    # -- time ----------------------------------------------------------------------------------------------------------

    def _arm(self, delay: float) -> None:
        """Look again in ``delay`` seconds at the latest."""
        when = self._system.now() + delay
        if when >= self._wake:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._wake = when
        self._timer = self._pool.later(max(delay, 1e-6), self._tick)

    def _tick(self) -> None:
        self._timer, self._wake = None, math.inf
        now = self._system.now()
        if self._pool.children.is_ending:
            return
        self._look_around(now)
        if self._has_joined(now):
            self._repair(now)
            self._retire(now)
            self._follow(now)
        self._arm(self._pause(now))

    def _pause(self, now: float) -> float:
        if self._followers:
            return self._glance * (0.5 + self._rng.random())
        if not self._is_repairing or not self.is_alone or self._retiring:
            return POLL
        return max(GLANCE, self._core.due - now)

    # -- who is there --------------------------------------------------------------------------------------------------

    def _look_around(self, now: float) -> None:
        """Tell the core who lives, and who does no more."""
        others = {each.pid.name: each.pid for each in self._contact.neighbours(WITNESSES)}
        if others and self.is_alone:
            self.is_alone = False
            self._core.config = self._config()
        for name, pid in self._others.items():
            if name not in others or others[name] != pid:
                self._core.died(pid, now)
        self._others = others

    def _has_joined(self, now: float) -> bool:
        """Whether it is time to fill places: what others have is known, or there is nobody."""
        if not self._is_repairing and not self._pool.children.is_booting:
            waited = now >= self._began + JOINING
            all_here = len(self._others) >= self._expected and self._contact.is_warm
            if self.is_alone or waited or all_here:
                self._is_repairing = True
                for place, life in self._lives.items():
                    self._core.held(self._path, place, life, now)
        return self._is_repairing

    def _weigh(self, now: float) -> None:
        """Tell the core on whom a worker is to be started rather than on others."""
        held = dict.fromkeys((self._contact.pid, *self._others.values()), 0)
        if self._desired.placement == "spread":
            for claim in self._standing:
                if claim.pid in held:
                    held[claim.pid] += 1
        least = min(held.values())
        weights = {pid: SPREAD ** -min(count - least, 64) for pid, count in held.items()}
        if weights != self._weights:
            self._weights = weights
            self._core.witnesses(weights, now)

    # -- repair --------------------------------------------------------------------------------------------------------

    def _repair(self, now: float) -> None:
        """Compare what is with what is wanted, and claim and start what is missing."""
        wanted = self.wanted
        if wanted != self._target or not self._targets:
            self._target = wanted
            bounds = repair.Desired(wanted, self._desired.floor, self._desired.ceiling)
            self._core.desire(self._path, bounds, now)
        if self._state.hash != self._seen:
            self._core.changed(now)
        self._sense()
        self._weigh(now)
        for effect in self._core.tick(now):
            match effect:
                case repair.Spawn():
                    self._spawn(effect, now)
                case repair.Leave(_, place, _, to):
                    self._yield(place, to, now)
                case repair.Retire(_, place, _):
                    self._retiring[place] = None
        self._sense()

    def _sense(self) -> None:
        """Who fills which place, read again if anything has changed."""
        if self._state.hash != self._seen:
            self._seen = self._state.hash
            self._standing = self._core.members(self._path)
            self._last.update((claim.slot, claim.host) for claim in self._standing if claim.is_up)

    def _spawn(self, spawn: repair.Spawn, now: float) -> None:
        place = spawn.slot
        child = self._pool.child_in(place)
        if child is not None:  # the last one to fill this place here is still on its way out
            self._core.ended(self._path, place, now)
            return
        self._lives[place] = spawn.life
        previous = self._last.get(place, "")
        self._emit(Claimed(now, self._pool.path_of(place), self._system.name, previous.rpartition("@")[2]))
        self._pool.add_worker(place)
        if self._pool.child_in(place) is None and self._lives.pop(place, None) is not None:
            self._core.ended(self._path, place, now)

    def _yield(self, place: int, to: Pid | None, now: float) -> None:
        """Somebody else fills the place: whoever fills it here goes at once."""
        self._lives.pop(place, None)
        self._retiring.pop(place, None)
        child = self._pool.child_in(place)
        if child is not None and child.status is not Status.STOPPING:
            host = to.name.rpartition("@")[2] if to is not None else ""
            self._emit(Yielded(now, self._pool.path_of(place), host))
            self._dismiss(child, "its place is filled elsewhere")

    # -- leaving -------------------------------------------------------------------------------------------------------

    def _retire(self, now: float) -> None:
        """Let those go that are too many, as far as floor and disruption budget allow."""
        for place in list(self._retiring):
            child = self._pool.child_in(place)
            if child is None or child.status is Status.STOPPING:
                del self._retiring[place]
            elif place < self._target:  # wanted again
                del self._retiring[place]
                self._core.held(self._path, place, self._lives.get(place, 1), now)
            elif self._core.may_leave(self._path) and self._refusal() is None:
                del self._retiring[place]
                self._dismiss(child, "surplus")

    def _dismiss(self, child: Child, cause: str) -> None:
        self._leaving[child] = cause
        self._pool.dismiss(child)

    def _refusal(self) -> str | None:
        """Why nobody may go now by the disruption budgets of the pool, and of all above it."""
        pool = self._pool
        census = pool.census()
        group = Group(census.running + census.missing, census.running, 0, pool.turnover())
        why = refusal(pool.spec.disruption, group, True)
        above = pool.above()
        while why is None and above is not None:
            missing = None if above.spec.disruption.while_degraded else above.first_missing()
            why = refusal_above(above.spec.disruption, above.ref.name, above.turnover(), missing)
            above = above.above()
        return why

    # -- following the load --------------------------------------------------------------------------------------------

    def _follow(self, now: float) -> None:
        """Look at all workers; those whose time it is flip their coin."""
        self._glance = IDLE_GLANCE
        for child, follower in list(self._followers.items()):
            if child.status is not Status.RUNNING:
                continue
            if follower.glance(now):
                self._glance = GLANCE
            if follower.due <= now:
                self._flip(child, follower, now)

    def _flip(self, child: Child, follower: Follower, now: float) -> None:
        up = [claim.slot for claim in self._standing if claim.is_up]
        starting = self.wanted - len(up)
        rank = sum(place < self.place_of(child) for place in up)
        found = follower.decide(len(up), starting, rank, now)
        if found is not None:
            self._decided(follower, *found)

    def _decided(self, follower: Follower, pressure: float, decision: Decision) -> None:
        scale = self._desired.follows
        assert scale is not None
        up = sum(claim.is_up for claim in self._standing)
        match decision:
            case Grow() if self._wish.add(1):
                self._change(Grown, f"a pressure of {pressure:.2f}, wanted is {scale.set_point:g}")
            case CallOff() if self.wanted > up and self._wish.add(-1):
                self._change(Shrunk, f"the pressure is over before the start was, {pressure:.2f}")
            case Retire() if self.wanted <= up and self._wish.add(-1):
                most = f"a pressure of at most {follower.highest:.2f} in {scale.window:g} s"
                self._change(Shrunk, f"{most}, wanted is {scale.set_point:g}")

    def _change(self, kind: type[Grown | Shrunk], why: str) -> None:
        event = kind(self._system.now(), self._path, self.wanted, why)
        self._base.put("why", event.describe()[:500])
        self._emit(event)

    def _emit(self, event: SupervisionEvent) -> None:
        self._system.events.publish(event)


class LocalMap(dict[Any, Any]):
    """What is wanted, as the core reads it; each host makes it from what all share and from its own bounds."""

    def put(self, key: Any, value: Any, now: float, *, lifetime: float = math.inf) -> None:
        """Put a value under a key."""
        self[key] = value

    def remove(self, key: Any, now: float) -> None:
        """Remove a key, if it is there."""
        self.pop(key, None)
