"""What neighbours told of each destination, and which of them is the best that is safe to take."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

from .feasibility import Distance, Feasibility

if TYPE_CHECKING:
    from .hellos import Hellos
    from .routes_config import RoutesConfig


class Told(NamedTuple):
    """What a neighbour said of a destination, and until when that holds."""

    distance: Distance
    expires: float


class Neighbour:
    """A neighbour: its hellos, and all it told.

    ``cost``: what the ETX of its link is multiplied by.  ``life``: the one that was heard last.  ``knows_me``: whether
    it has shown that it knows this cell's life.  ``number``: of the last hello it was sent.
    """

    __slots__ = ("cost", "hellos", "knows_me", "life", "number", "told")

    def __init__(self, cost: float) -> None:
        self.cost = cost
        self.life = 0
        self.hellos: Hellos | None = None
        self.knows_me = False
        self.number = 0
        self.told: dict[str, Told] = {}

    def metric(self, now: float) -> float:
        """Of the link; ``inf`` while it does not work in both directions."""
        return math.inf if self.hellos is None else self.cost * self.hellos.etx(now)

    def meet(self, life: int) -> bool:
        """It spoke, in that life; false for one that is over.  What an earlier life told holds no more."""
        if life > self.life:
            self.life, self.hellos, self.knows_me = life, None, False
            self.told.clear()
        return life == self.life


class RouteTable:
    """The routes of the cell called ``here``.  ``seqno``: its own number, as a destination, in its ``life``."""

    def __init__(self, here: str, life: int, config: RoutesConfig) -> None:
        self.here = here
        self.life = life
        self.seqno = 0
        self.neighbours: dict[str, Neighbour] = {}
        self.selected: dict[str, str] = {}
        # Routes are not taken before this, unless all neighbours know this life.
        self.holds_until = -math.inf
        self._config = config
        self._feasibility = Feasibility(config.max_destinations)
        self._last_told: dict[str, Distance] = {}

    @property
    def known(self) -> set[str]:
        """All destinations that anything is known of, but this cell."""
        told = {to for neighbour in self.neighbours.values() for to in neighbour.told}
        return (told | self.selected.keys()) - {self.here}

    @property
    def to_tell(self) -> list[str]:
        """All destinations that others may want to know of: those that were told, for a while also if they are lost."""
        return [self.here, *self._last_told]

    def metric(self, via: str, to: str, now: float) -> float:
        """Of the route to ``to`` through a neighbour; ``inf``: there is none that may be taken."""
        neighbour = self.neighbours.get(via)
        told = None if neighbour is None else neighbour.told.get(to)
        if neighbour is None or told is None or told.expires <= now or self._is_holding(now):
            return math.inf
        return told.distance.metric + neighbour.metric(now) if self._feasibility.allows(to, told.distance) else math.inf

    def best(self, to: str, avoid: Collection[str], now: float) -> str | None:
        """The neighbour with the best route, none of ``avoid``."""
        routes = [(self.metric(via, to, now), via) for via in self.neighbours if via not in avoid]
        metric, via = min(routes, default=(math.inf, ""))
        return via if metric < math.inf else None

    def select(self, to: str, now: float) -> str | None:
        """Take the best route there is; but what is in use, unless the best is better by more than the hysteresis."""
        best, current = self.best(to, (), now), self.selected.get(to)
        if best is not None and current is not None:
            margin = self.metric(best, to, now) + self._config.hysteresis
            if self.metric(current, to, now) <= margin:
                return current
        if best is None:
            self.selected.pop(to, None)
        else:
            self.selected[to] = best
        return best

    def distance(self, to: str, now: float) -> Distance:
        """How far it is from here."""
        if to == self.here:
            return Distance((self.life, self.seqno), 0.0)
        via = self.selected.get(to)
        metric = math.inf if via is None else self.metric(via, to, now)
        if via is not None and metric < math.inf:
            return Distance(self.neighbours[via].told[to].distance.seqno, metric)
        last = self._last_told.get(to)
        return Distance((1, 0) if last is None else last.seqno, math.inf)

    def is_worth_telling(self, to: str, now: float) -> bool:
        """Whether it has changed by more than the hysteresis since it was told, or has become known or lost."""
        last, current = self._last_told.get(to), self.distance(to, now)
        was, now_is = math.inf if last is None else last.metric, current.metric
        if was == math.inf or now_is == math.inf:
            return was != now_is
        return (last is not None and current.seqno != last.seqno) or abs(now_is - was) > self._config.hysteresis

    def tell(self, destinations: Iterable[str], now: float) -> list[tuple[str, Distance]]:
        """How far these are, to be told to neighbours.  From now on only routes from nearer cells are feasible."""
        told: list[tuple[str, Distance]] = []
        for to in destinations:
            distance = self.distance(to, now)
            self._feasibility.tell(to, distance, now)
            if to == self.here or to in self._last_told or distance.metric < math.inf:
                told.append((to, distance))
            if to != self.here and (to in self._last_told or distance.metric < math.inf):
                self._last_told[to] = distance
        return told

    def starved(self, to: str) -> tuple[Distance, list[str]] | None:
        """Where there are routes, but none is feasible: the best that was told, and the neighbours that have them."""
        best = self._feasibility.best(to)
        having = [
            name
            for name, each in self.neighbours.items()
            if to in each.told and each.told[to].distance.metric < math.inf
        ]
        return None if best is None or to in self.selected or not having else (best, having)

    def expire(self, now: float) -> None:
        """Drop what was not told again in time, and forget what was told long ago."""
        for neighbour in self.neighbours.values():
            for to in [to for to, told in neighbour.told.items() if told.expires <= now]:
                del neighbour.told[to]
        for to in self._feasibility.forget(now - self._config.forget_after):
            self._last_told.pop(to, None)

    def _is_holding(self, now: float) -> bool:
        return now < self.holds_until and not all(each.knows_me for each in self.neighbours.values())
