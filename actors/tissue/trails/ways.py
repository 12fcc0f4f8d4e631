"""The next hops of one cell: which there are, which work, how far to trust them, and which one to take."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TYPE_CHECKING

from ..links.hop import Hop
from ..moments import Moments
from .newcomer import group_median, slow_start
from .pheromone import Pheromone
from .scents import Scents

if TYPE_CHECKING:
    import random

    from .config import TrailsConfig


TIE = 0.25
"""Hops: ways whose costs differ by less are the same to an ant that follows a scent."""


class _Way:
    """A neighbour, of the life that was heard last (0: none); ``since``: when it became a hop, or was back as one."""

    __slots__ = ("hop", "life", "since")

    def __init__(self, hop: Hop) -> None:
        self.hop = hop
        self.life = 0
        # The hops that are there from the start have nobody to be compared with.
        self.since = -math.inf


class Ways:
    """All next hops; at most ``max_neighbours``."""

    def __init__(self, config: TrailsConfig, rng: random.Random) -> None:
        self.pheromone = Pheromone(config)
        self.scents = Scents(self, config)
        self._config = config
        self._rng = rng
        self._ways: dict[str, _Way] = {}
        self._pings: Moments[str] = Moments()

    def __contains__(self, name: str) -> bool:
        return name in self._ways

    def __len__(self) -> int:
        return len(self._ways)

    @property
    def names(self) -> list[str]:
        """All neighbours."""
        return list(self._ways)

    @property
    def up(self) -> list[str]:
        """Those that work."""
        return [name for name, way in self._ways.items() if way.hop.is_up]

    @property
    def due(self) -> float:
        """When a neighbour is to be pinged."""
        return self._pings.due

    def hop(self, name: str) -> Hop:
        """What is known of the way to a neighbour.  Raises ``KeyError``."""
        return self._ways[name].hop

    def life(self, name: str) -> int:
        """The life of a neighbour that was heard last; 0: none.  Raises ``KeyError``."""
        return self._ways[name].life

    def is_up(self, name: str) -> bool:
        """Whether that is a neighbour, and works."""
        way = self._ways.get(name)
        return way is not None and way.hop.is_up

    def add(self, name: str, now: float) -> bool:
        """That cell is a neighbour; whether that is new, and there was room."""
        if name in self._ways or len(self._ways) >= self._config.max_neighbours:
            return False
        way = self._ways[name] = _Way(Hop(self._config.rto, self._config.probe_period, now))
        if len(self.pheromone):
            self._welcome(name, way, now)
        self._pings.put(name, now)
        return True

    def remove(self, name: str, now: float) -> bool:
        """That cell is no neighbour any more; whether it was."""
        self.pheromone.forget(name)
        self._pings.drop(name)
        was_there = self._ways.pop(name, None) is not None
        if was_there:
            self.scents.lost(name, now)
        return was_there

    def meet(self, name: str, life: int, now: float) -> bool:
        """A neighbour spoke, in a new life; whether it had another before.  The new one is a newcomer."""
        way = self._ways[name]
        is_reborn, way.life = way.life > 0, life
        if is_reborn:
            self.scents.lost(name, now)
            self._welcome(name, way, now)
            way.hop.due = now
            self._pings.put(name, now)
        return is_reborn

    def pings(self, now: float) -> tuple[list[tuple[str, int]], list[str]]:
        """Whom to ask whether it is there, with which number; and who did not answer so often that it is dead."""
        due: list[tuple[str, int]] = []
        dead: list[str] = []
        while (name := self._pings.pop(now)) is not None:
            hop = self._ways[name].hop
            if hop.due <= now:
                was_up = hop.is_up
                due.append((name, hop.ping(now)))
                if was_up and not hop.is_up:
                    dead.append(name)
            self._pings.put(name, hop.due)
        return due, dead

    def silent(self, name: str, sent_at: float, now: float) -> bool:
        """A neighbour did not answer in time what was sent to it; whether it is dead by that."""
        hop = self._ways[name].hop
        is_dead = hop.silent(sent_at, now)
        self._pings.put(name, hop.due)
        return is_dead

    def down(self, name: str, now: float) -> None:
        """That hop has been found dead."""
        self.pheromone.wipe(name, now)
        self.scents.lost(name, now)
        self._pings.put(name, self._ways[name].hop.due)

    def back(self, name: str, now: float) -> None:
        """That hop, which was down, has answered."""
        self._pings.drop(name)
        self._welcome(name, self._ways[name], now)

    def warn(self, name: str, life: int, now: float) -> None:
        """A neighbour found that life of another dead: doubt the way to it too, but go on trying it."""
        way = self._ways.get(name)
        if way is not None and way.life <= life:
            self.pheromone.wipe(name, now)
            self.scents.lost(name, now)

    def _welcome(self, name: str, way: _Way, now: float) -> None:
        way.since = now
        self.pheromone.welcome(name, [each for each in self.up if each != name], now)
        self.scents.met(name, now)

    # -- learning

    def reinforce(self, to: str, hop: str, cost: float, now: float) -> None:
        """A request reached ``to`` through ``hop``, at that cost from here."""
        self.pheromone.reinforce(to, hop, cost, now)
        self.scents.walked(to, cost, now)
        self.scents.used(to, now)

    def discover(self, to: str, hop: str, cost: float, now: float) -> None:
        """An ant found a way at that cost."""
        self.pheromone.discover(to, hop, cost, now)
        self.scents.walked(to, cost, now)

    def walked(self, to: str, now: float) -> tuple[str, float, float] | None:
        """The best hop by which somebody got there, what that cost, and when; ``None``: nobody did."""
        return self.pheromone.walked(to, self.up, now)

    def knows(self, to: str, now: float) -> bool:
        """Whether there is anything to go by to that destination."""
        known = self.pheromone.is_known
        return any(name == to or known(to, name) or self.scents.level(to, name, now) for name in self.up)

    # -- choosing ------------------------------------------------------------------------------------------------------

    def cost(self, name: str) -> float:
        """Of the hop to a neighbour: 1, and its way there in hop times."""
        srtt = self._ways[name].hop.timer.srtt
        return 1.0 if srtt is None else 1.0 + srtt / 2 / self._config.hop_time

    def for_data(self, to: str, avoid: Collection[str], now: float) -> str | None:
        """The next hop of a request, none of ``avoid``; ``None``: there is none.

        A destination that is a neighbour of which nothing is known yet is tried itself.  Scents are followed where
        nothing else is known, for they are better than chance.
        """
        hops = [name for name in self.up if name not in avoid]
        if not hops:
            return None
        if to in hops and not self.pheromone.is_known(to, to):
            return to
        if not any(self.pheromone.is_known(to, name) for name in hops):
            levels = [self.scents.level(to, name, now) for name in hops]
            if any(levels):
                return hops[levels.index(max(levels))]
        shares = [slow_start(now - self._ways[name].since, self._config.ramp) for name in hops]
        return self.pheromone.choose(to, hops, self._config.data_exponent, now, self._rng, shares)

    def for_ant(self, to: str, visited: Collection[str], now: float) -> str | None:
        """The next hop of an ant: where it was not yet, if there is such a one.

        What is smelled counts like what is known.  A hop of which there is neither is taken to be as good as the median
        of the others, or it would be left to chance.
        """
        up = self.up
        hops = [name for name in up if name not in visited] or up
        if not hops:
            return None
        if to in hops and not self.pheromone.is_known(to, to):
            return to
        if self._rng.random() < self._config.wander:
            return self._rng.choice(hops)
        levels = [self._guess(to, name, now) for name in hops]
        known = [level for level in levels if level is not None]
        unknown = group_median(known, self._config.floor)
        weights = [(unknown if level is None else level) ** self._config.ant_exponent for level in levels]
        return self._rng.choices(hops, weights)[0]

    def for_tracker(self, to: str, visited: Collection[str], now: float) -> str | None:
        """The next hop of an ant that follows a scent: the least that is known or smelled, where it was not yet."""
        up = self.up
        hops = [name for name in up if name not in visited] or up
        if not hops or to in hops:
            return to if hops else None
        costs = [1 / (self._guess(to, name, now) or self._config.floor) for name in hops]
        least = min(costs) + TIE
        return self._rng.choice([name for name, cost in zip(hops, costs, strict=True) if cost <= least])

    def _guess(self, to: str, name: str, now: float) -> float | None:
        """By walk or by scent."""
        scent = self.scents.level(to, name, now)
        if self.pheromone.is_known(to, name):
            return max(scent, self.pheromone.level(to, name, now))
        return scent or None
