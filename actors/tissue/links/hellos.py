"""How good the links to neighbours are, measured by hellos, where there is not enough traffic to learn it from.

Every cell says hello to each neighbour once a period, with a running number, and which share of that neighbour's hellos
it heard::

    d_r = share of the last 16 hellos that were heard       d_f = what the neighbour says of ours
    ETX = 1 / (d_f d_r)                                     inf while either is unknown

Source: RFC 8966 (Chroboczek and Schinazi 2021), appendix A.2.2; De Couto et al., MobiCom 2003.
"""

from __future__ import annotations

import math

WINDOW = 16
"""Hellos that decide."""


class Hellos:
    """What was heard of one life of a neighbour's hellos, and what it says of ours.  Times are seconds.

    ``period``: between two of its hellos.  A neighbour that was not heard for ``silences`` periods is lost.
    """

    __slots__ = ("_heard", "_last", "_number", "_period", "_silences", "_told", "life", "number")

    def __init__(self, life: int, period: float, silences: int) -> None:
        self.life = life
        self.number = 0
        self._period = period
        self._silences = silences
        self._heard: list[bool] = []
        self._number = 0
        self._last = -math.inf
        self._told = 0.0

    def __repr__(self) -> str:
        return f"Hellos(life={self.life}, heard={sum(self._heard)}/{len(self._heard)}, told={self._told:.2f})"

    def heard(self, number: int, told: float, now: float) -> None:
        """Its hello with that number came, and said which share of ours it heard.

        One that was overtaken by later ones fills its gap, if it is not too old.
        """
        missed = number - self._number
        if not self._heard or missed > WINDOW:
            self._heard = [True]
        elif missed > 0:
            self._heard += [False] * (missed - 1) + [True]
        elif -missed < len(self._heard):
            self._heard[missed - 1] = True
        self._heard = self._heard[-WINDOW:]
        if missed > 0:
            self._number, self._told = number, told
        self._last = now

    @property
    def expires(self) -> float:
        """When the neighbour counts as lost unless it is heard until then."""
        return self._last + self._silences * self._period

    def received(self, now: float) -> float:
        """d_r: the share of its hellos that are heard; those that are overdue count as missed."""
        if not self._heard or now >= self.expires:
            return 0.0
        overdue = max(0, int((now - self._last) / self._period) - 1)
        heard = [*self._heard, *[False] * overdue][-WINDOW:]
        return sum(heard) / len(heard)

    def etx(self, now: float) -> float:
        """Expected transmissions a message on this link; ``inf`` while it does not work in both directions."""
        share = self._told * self.received(now)
        return 1 / share if share > 0 else math.inf
