"""Who is in charge, until when, and how everybody else can tell that somebody no longer is.

For a backend developer: one scheduler, one migration, one writer, one supervisor of a group, taken over within seconds
when it dies, with no lock server.  ::

    leases = Leases(pid, rng, now, state.share("leases", LWWMap))
    leases.seek("supervise(mailers)", now)              # each cell that would do it; then `tick` when `due`
    ...
    token = leases.token("supervise(mailers)", now)     # None: it is somebody else
    resource.write(row, token)                          # which asks its Fence, and refuses who was replaced

The holder renews its lease three times in its length.  When it is dead, or the lease has run out, those that seek it
rank themselves by rendezvous hashing; the one of rank r waits r * delta + U(0, delta / 4), looks again, and takes it
with the next higher *token*.  So the children of a supervisor that died keep working, and the next in rank adopts them.

Nothing that is spread by gossip can make sure that two never *believe* to hold one lease: the sides of a partition will
have a holder each.  What is made sure is that the later one has the higher token (as far as it knew of the earlier),
that of two holders who hear of each other the one with the lower token steps back, and that a resource behind a
:class:`Fence` never obeys an old one after a new one.  A holder whose loop stood still for longer than the lease finds
:meth:`Leases.token` ``None`` before anything else.

Sources: Gray and Cheriton, Leases, SOSP 1989; sequencers of Burrows, Chubby, OSDI 2006, here the incarnation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.errors import ActorError
from actors.messages import Pid

from ..core import Effect, Refused, TissueEvent
from ..plain import read_name
from .claims import Claim, Claims, SharedMap
from .hrw import draw, rank_of

if TYPE_CHECKING:
    import random

RENEWALS = 3
"""So often a lease is renewed in its length."""

LOOKS = 20
"""However often it is told of changes, it looks at most so many times a ``delta``."""


@dataclass(frozen=True, slots=True)
class LeaseConfig:
    """How long leases last.  All times are seconds.  Raises ``ValueError`` naming the field.

    - ``duration``: a holder that does not renew loses it after 10.0.  Shorter is taken over sooner where nobody notices
      the death, and costs more renewals.
    - ``delta``: who is of rank r waits r delta + U(0, delta / 4), 1.0.
    - ``max_leases`` that one cell seeks, 1024.
    """

    duration: float = 10.0
    delta: float = 1.0
    max_leases: int = 1024

    def __post_init__(self) -> None:
        for name in ("duration", "delta"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"LeaseConfig.{name} must be above 0 and finite; got {getattr(self, name)!r}")
        if type(self.max_leases) is not int or self.max_leases < 1:
            raise ValueError(f"LeaseConfig.max_leases must be a whole number above 0; got {self.max_leases!r}")


LEASE = LeaseConfig()
"""The default."""


@dataclass(frozen=True, slots=True)
class Adopted(TissueEvent):
    """This cell holds the lease now, with ``token``; ``previous`` held it before, as far as is known."""

    name: str
    token: int
    previous: Pid | None


@dataclass(frozen=True, slots=True)
class Lost(TissueEvent):
    """This cell holds the lease no more; ``to`` does, or nobody that is known."""

    name: str
    token: int
    to: Pid | None


class Fence:
    """Stands before a resource and lets nobody in who was replaced: tokens must not go back."""

    __slots__ = ("highest",)

    def __init__(self) -> None:
        self.highest = 0

    def admit(self, token: int) -> bool:
        """Whether whoever bears this token is the latest holder that was seen here."""
        if token < self.highest:
            return False
        self.highest = token
        return True


@dataclass(slots=True)
class _Sought:
    """A lease that is sought here.  ``token`` and ``ends``: while it is held; ``turn``: when it may be taken."""

    token: int = 0
    ends: float = -math.inf
    renew: float = math.inf
    turn: float | None = None
    highest: int = 0
    previous: Pid | None = None


class Leases:
    """The leases that one cell seeks; a core (:mod:`~actors.tissue.core`) that sends nothing: all goes by the map.

    ``shared``: the same map in all cells, an ``LWWMap`` of contact state.  Its owner calls ``witnesses`` when cells
    come and go, ``died`` when one is dead, ``changed`` when contact state has learned anything.  Reports ``Adopted``,
    ``Lost``, and ``Refused`` where the map is full.  It is due for renewals, and never if nothing is sought.
    """

    def __init__(
        self, pid: Pid, rng: random.Random, now: float, shared: SharedMap, config: LeaseConfig = LEASE
    ) -> None:
        read_name(pid.name)
        self.pid = pid
        self.config = config
        self._rng = rng
        self._claims = Claims(shared, pid)
        self._weights: dict[str, float] = {pid.name: 1.0}
        self._sought: dict[str, _Sought] = {}
        self._released: dict[str, int] = {}
        self._least = 0
        self._looked = now
        self._look_due = math.inf

    def __repr__(self) -> str:
        return f"Leases({self.pid}, sought={len(self._sought)}, held={sum(s.token > 0 for s in self._sought.values())})"

    # -- what its owner says -------------------------------------------------------------------------------------------

    def seek(self, name: str, now: float) -> list[Effect]:
        """Hold this lease whenever nobody better placed does.  Raises ``ValueError`` beyond ``max_leases``."""
        if name not in self._sought and len(self._sought) >= self.config.max_leases:
            raise ValueError(f"Leases.seek: more than {self.config.max_leases} leases")
        if read_name(name) not in self._sought:
            self._sought[name] = _Sought(highest=self._released.pop(name, self._least))
        return self._stir(now)

    def release(self, name: str, now: float) -> list[Effect]:
        """Do not seek it any more, and give it up if it is held; its next token is higher all the same."""
        sought = self._sought.pop(name, None)
        if sought is None:
            return []
        if not self._sought:
            self._look_due = math.inf
        self._remember(name, max(sought.highest, sought.token))
        return [self._lose(name, sought, None, now)] if sought.token else []

    def _remember(self, name: str, highest: int) -> None:
        """Keep the highest token of a lease that is not sought any more; of those too many, the highest of all.

        A claim that was erased is known to nobody: who sought it again, alone, would begin at 1.
        """
        if highest > self._least:
            self._released[name] = highest
        if len(self._released) > self.config.max_leases:
            oldest = next(iter(self._released))
            self._least = max(self._least, self._released.pop(oldest))

    def witnesses(self, weights: Mapping[Pid, float], now: float) -> list[Effect]:
        """These cells are alive, suspects and this one too, and seek leases with these weights."""
        before = self._weights
        self._weights = {pid.name: weight for pid, weight in weights.items() if 0 < weight < math.inf}
        self._claims.lives(weights)
        for name, sought in self._sought.items():
            if sought.turn is not None and rank_of(self.pid.name, name, before) != self._rank(name):
                sought.turn = None
        return self._stir(now)

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """A cell is dead: an exit signal, or membership says so."""
        self._claims.died(pid)
        self._weights.pop(pid.name, None)
        return self._stir(now)

    def changed(self, now: float) -> list[Effect]:
        """What is shared may have changed; cheap, and looked at soon."""
        if self._sought:
            self._look_due = min(self._look_due, max(now, self._looked + self.config.delta / LOOKS))
        return []

    # -- what it knows -------------------------------------------------------------------------------------------------

    def token(self, name: str, now: float) -> int | None:
        """The token of a lease that is held here and has not run out; ``None`` otherwise."""
        sought = self._sought.get(name)
        return sought.token if sought is not None and sought.token and now < sought.ends else None

    def holder(self, name: str) -> Pid | None:
        """Who holds it, as far as is known here."""
        best = _latest(claim for claim in self._claims.all() if claim.group == name and self._claims.is_live(claim))
        return best.pid if best is not None else None

    # -- core ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        return self._look_due

    def tick(self, now: float) -> list[Effect]:
        """Renew what is held, and take what it is the turn of this cell to take."""
        if self._look_due > now:
            return []
        self._looked, self._look_due = now, math.inf
        claims: dict[str, list[Claim]] = {}
        for claim in self._claims.all():
            if claim.host == self.pid.name and claim.host_life < self.pid.incarnation:
                self._claims.erase(claim, now)
            claims.setdefault(claim.group, []).append(claim)
        effects: list[Effect] = []
        for name, sought in self._sought.items():
            effects += self._look(name, sought, claims.get(name, []), now)
        return effects

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """No packets are expected."""
        return [Refused(sender, kind, "leases go by contact state, not by packets")]

    # -- one lease -----------------------------------------------------------------------------------------------------

    def _look(self, name: str, sought: _Sought, claims: list[Claim], now: float) -> list[Effect]:
        latest = _latest(claims)
        if latest is not None and latest.life >= sought.highest:
            sought.highest, sought.previous = latest.life, latest.pid
        holder = _latest(claim for claim in claims if self._claims.is_live(claim))
        effects: list[Effect] = []
        if sought.token:
            to = holder.pid if holder is not None and holder.host != self.pid.name else None
            if to is None and now < sought.ends:
                return self._renew(name, sought, now)
            effects.append(self._lose(name, sought, to, now))
            holder = _latest(claim for claim in claims if self._claims.is_live(claim) and claim.host != self.pid.name)
        if holder is not None:
            sought.turn = None
            self._wake(now + self.config.duration)
            return effects
        return effects + self._take(name, sought, now)

    def _take(self, name: str, sought: _Sought, now: float) -> list[Effect]:
        """Nobody holds it: take it, if it is this cell's turn."""
        rank = self._rank(name)
        if rank is None:
            return []
        if sought.turn is None:
            delta = self.config.delta
            sought.turn = now + rank * delta + self._rng.random() * delta / 4
        if sought.turn > now:
            self._wake(sought.turn)
            return []
        sought.turn, sought.token = None, sought.highest + 1
        effects = self._renew(name, sought, now)
        return [*effects, Adopted(name, sought.token, sought.previous)] if sought.token else effects

    def _renew(self, name: str, sought: _Sought, now: float) -> list[Effect]:
        if sought.renew <= now or sought.ends < now:
            try:
                self._claims.write(self._claim(name, sought.token), now, self.config.duration)
            except ActorError as error:
                if sought.ends < now:
                    sought.token = 0
                return [Refused(self.pid, "repair.lease", str(error))]
            sought.ends = now + self.config.duration
            sought.renew = now + self.config.duration / RENEWALS
        self._wake(sought.renew)
        return []

    def _lose(self, name: str, sought: _Sought, to: Pid | None, now: float) -> Lost:
        lost = Lost(name, sought.token, to)
        self._claims.erase(self._claim(name, sought.token), now)
        sought.highest = max(sought.highest, sought.token)
        sought.token, sought.ends, sought.renew, sought.turn = 0, -math.inf, math.inf, None
        return lost

    def _rank(self, name: str) -> int | None:
        return rank_of(self.pid.name, name, self._weights)

    def _claim(self, name: str, token: int) -> Claim:
        return Claim(name, 0, *self.pid, token, self.pid.name, True)

    def _wake(self, when: float) -> None:
        self._look_due = min(self._look_due, when)

    def _stir(self, now: float) -> list[Effect]:
        if self._sought:
            self._wake(now)
        return []


def _latest(claims: Iterable[Claim]) -> Claim | None:
    """The claim with the highest token; of equal ones the lower hash holds."""
    return max(claims, key=lambda claim: (claim.life, -draw(claim.group, claim.host), claim.host), default=None)
