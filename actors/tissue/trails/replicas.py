"""Which of several equal replicas gets the next request, when each gets slower the more it has to do.

For a backend developer: a client-side balancer that needs no health checks and no shared state.  When one replica is
sick (a full disk, a noisy neighbour, a cold cache) it gets next to nothing within a few answers, and comes back by
itself.

::

    replicas = Replicas(["a", "b", "c"], rng, now)
    call = replicas.begin(now)              # whom to ask: call.replica
    ...
    replicas.end(call, now)                 # an answer came; or end(call, now, failed=True)

Trails must not be followed here as they are: the best one is best because nobody is on it, and everybody goes there at
once.  So a replica's trail is its speed *at a given load*, and the choice is between two taken at random::

    tau <- g tau + (1 - g) (requests under way when it was sent, itself included) / latency          g = 0.7
    choose the one of two with the lower (requests under way + 1) / tau

A replica that is slow because it has much to do keeps its tau; one that is slow for another reason loses it.  Beyond
that:

- an answer that has not come yet says something too: tau counts as no more than what the oldest open request would make
  of it, were it answered now;
- what is not observed is forgotten: tau returns to the median of the group by half in each ``half_life``, so that one
  that recovered is tried again; a failure puts it to a hundredth of the median;
- a newcomer starts at the median of the group, and its share grows over ``ramp`` seconds
  (:mod:`~actors.tissue.trails.newcomer`).

The price is a tail that is dearer by some percent when all is well, for one that is several times shorter when one
replica is sick.

Sources: Mitzenmacher, The power of two choices in randomized load balancing, IEEE TPDS 12, 2001; AntHocNet for the
average; what is normalised by load is our own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .newcomer import group_median, slow_start

if TYPE_CHECKING:
    import random

FAILED_SHARE = 0.01
"""Of the group's median: what a failure leaves of a trail."""

FORGOTTEN = 0.1
"""Of a trail: when so little is left, none is.  Else one that recovered in the quiet would be worse than all for ever,
by ever less, and never be tried."""

LEAST_LATENCY = 1e-6
"""Seconds; an answer is not taken to be faster, as where a clock stands still."""


@dataclass(frozen=True, slots=True)
class ReplicasConfig:
    """How replicas are judged.  Times are seconds.  Raises ``ValueError`` naming the field.

    - ``memory``: g, 0.7; lower follows changes faster and spreads less evenly when all is well.
    - ``half_life``: what is not observed is half forgotten after 30.0.
    - ``ramp``: a newcomer gets its full share after 10.0.
    - ``max_replicas``: 1024.  ``max_calls``: open requests that are remembered a replica, 10,000; more are not
      counted.
    """

    memory: float = 0.7
    half_life: float = 30.0
    ramp: float = 10.0
    max_replicas: int = 1024
    max_calls: int = 10_000

    def __post_init__(self) -> None:
        if not 0 <= self.memory < 1:
            raise ValueError(f"ReplicasConfig.memory must be from 0 to below 1; got {self.memory!r}")
        if not 0 < self.half_life < math.inf:
            raise ValueError(f"ReplicasConfig.half_life must be seconds above 0 and finite; got {self.half_life!r}")
        if not 0 <= self.ramp < math.inf:
            raise ValueError(f"ReplicasConfig.ramp must be seconds from 0 and finite; got {self.ramp!r}")
        for name in ("max_replicas", "max_calls"):
            if not 1 <= getattr(self, name) < math.inf:
                raise ValueError(f"ReplicasConfig.{name} must be at least 1; got {getattr(self, name)!r}")


class Call:
    """One open request: to which ``replica``, since when, and with how many it is under way there, itself included."""

    __slots__ = ("began", "inflight", "replica")

    def __init__(self, replica: str, began: float, inflight: int) -> None:
        self.replica = replica
        self.began = began
        self.inflight = inflight

    def speed(self, now: float) -> float:
        """What it would say of its replica if it were answered now: requests a second."""
        return self.inflight / max(LEAST_LATENCY, now - self.began)


class _Replica:
    __slots__ = ("calls", "since", "tau", "updated")

    def __init__(self, tau: float | None, since: float, now: float) -> None:
        self.tau = tau
        self.updated = now
        self.since = since
        # Open calls in the order in which they began; an ordered set.
        self.calls: dict[Call, None] = {}


class Replicas:
    """The replicas of one service as one client sees them; see the module's text.

    ``names``: those that are there from the start, and so no newcomers.  ``load``: how many requests are under way to a
    replica, whoever sent them, where that can be seen; otherwise those of this client are counted.  Raises
    ``ValueError`` for too many.
    """

    def __init__(
        self,
        names: Iterable[str],
        rng: random.Random,
        now: float,
        config: ReplicasConfig | None = None,
        *,
        load: Callable[[str], int] | None = None,
    ) -> None:
        self.config = config or ReplicasConfig()
        self._rng = rng
        self._load = load
        self._replicas = {name: _Replica(None, -math.inf, now) for name in names}
        self._median = 1.0
        # Answers until the median is worked out again: once for each replica's worth of them.
        self._median_in = 0
        if len(self._replicas) > self.config.max_replicas:
            raise ValueError(f"names must be at most {self.config.max_replicas}; got {len(self._replicas)}")
        self._names = list(self._replicas)

    def __len__(self) -> int:
        return len(self._replicas)

    def __repr__(self) -> str:
        return f"Replicas({', '.join(f'{name}: {len(each.calls)}' for name, each in self._replicas.items())})"

    @property
    def names(self) -> list[str]:
        """All replicas."""
        return list(self._names)

    def add(self, name: str, now: float) -> None:
        """A newcomer, or a new life in a place that had one; nothing is known of it, and nothing of it remembered.

        Raises ``ValueError`` if there are too many.
        """
        if name not in self._replicas and len(self._replicas) >= self.config.max_replicas:
            raise ValueError(f"Replicas takes at most {self.config.max_replicas}")
        self._replicas[name] = _Replica(None, now, now)
        self._names = list(self._replicas)
        self._median_in = 0

    def remove(self, name: str) -> None:
        """It is gone; what becomes of its open calls does not matter any more."""
        self._replicas.pop(name, None)
        self._names = list(self._replicas)

    def begin(self, now: float, avoid: Collection[str] = (), *, to: str | None = None) -> Call:
        """Choose a replica, and count a request to it as under way; ``to``: one that was chosen before.

        ``avoid``: not these, as where one has failed already or is to be hedged.  Raises ``LookupError`` if there is
        none.
        """
        name = self.choose(now, avoid) if to is None else to
        call = Call(name, now, self.inflight(name) + 1)
        replica = self._replicas[name]
        if len(replica.calls) < self.config.max_calls:
            replica.calls[call] = None
        return call

    def choose(self, now: float, avoid: Collection[str] = ()) -> str:
        """Choose a replica for something that is not answered, and so not counted.  Raises ``LookupError``."""
        names = [name for name in self._names if name not in avoid] if avoid else self._names
        if not names:
            raise LookupError("there is no replica" + (" but those to be avoided" if avoid else ""))
        name = names[0]
        if len(names) > 1:
            first, second = self._rng.sample(names, 2)
            name = first if self.score(first, now) <= self.score(second, now) else second
        return name

    def end(self, call: Call, now: float, *, failed: bool = False) -> None:
        """A request was answered, or failed; not at all, if its replica is no more or the call has ended before."""
        replica = self._replicas.get(call.replica)
        if replica is None or call not in replica.calls:
            return
        del replica.calls[call]
        if failed:
            replica.tau = FAILED_SHARE * self._group_median()
        elif replica.tau is None:
            replica.tau = call.speed(now)
        else:
            g = self.config.memory
            replica.tau = g * self.tau(call.replica, now) + (1 - g) * call.speed(now)
        replica.updated = now
        self._median_in -= 1

    def give_up(self, call: Call, now: float) -> None:
        """Nobody waits for the answer any more: that it has not come by now counts, if it says anything."""
        replica = self._replicas.get(call.replica)
        if replica is None or call not in replica.calls:
            return
        if call.speed(now) < self.tau(call.replica, now):
            self.end(call, now)
        else:
            self.drop(call)

    def drop(self, call: Call) -> None:
        """A request is over in a way that says nothing about its replica."""
        replica = self._replicas.get(call.replica)
        if replica is not None:
            replica.calls.pop(call, None)

    def inflight(self, name: str) -> int:
        """Requests under way to a replica."""
        return len(self._replicas[name].calls) if self._load is None else self._load(name)

    def score(self, name: str, now: float) -> float:
        """What is compared, the lower the better: about the seconds that one more request would take there."""
        replica = self._replicas[name]
        tau = self.tau(name, now)
        oldest = next(iter(replica.calls), None)
        if oldest is not None:
            tau = min(tau, oldest.speed(now))
        return (self.inflight(name) + 1) / (tau * slow_start(now - replica.since, self.config.ramp))

    def tau(self, name: str, now: float) -> float:
        """The trail: the replica's speed in requests a second, by what is remembered of it."""
        replica = self._replicas[name]
        median = self._group_median()
        if replica.tau is None:
            return median
        left = 0.5 ** (max(0.0, now - replica.updated) / self.config.half_life)
        return float(median + (replica.tau - median) * left) if left > FORGOTTEN else median

    def _group_median(self) -> float:
        if self._median_in <= 0:
            self._median_in = len(self._names)
            self._median = group_median((each.tau for each in self._replicas.values() if each.tau is not None), 1.0)
        return self._median
