"""Why distance vectors need not count to infinity: Babel's feasibility condition.

A cell that lost its route must not take one from a neighbour that goes through it.  So of every destination it keeps
the best distance that it ever told anybody, and takes a route only from whom is nearer than that::

    feasible  <=>  seqno newer than the best told,  or the same seqno and a distance below it

Along a path of such routes the best distance ever told falls from cell to cell, so no path ever closes, whatever is
lost, late or out of order.  Where no route is feasible, the destination raises its seqno on request, and all are again.

Source: RFC 8966, section 2.4; the condition is that of EIGRP's DUAL (Garcia-Lunes-Aceves 1993) with DSDV's numbers.
"""

from __future__ import annotations

import math
from typing import NamedTuple

Seqno = tuple[int, int]
"""(life, number): the destination's incarnation, and a number that only it raises; the greater is newer."""


class Distance(NamedTuple):
    """How far it is to a destination, as of a seqno of the destination's; ``inf``: it cannot be reached."""

    seqno: Seqno
    metric: float

    def beats(self, other: Distance) -> bool:
        """Whether it is newer, or as new and nearer."""
        return self.seqno > other.seqno or (self.seqno == other.seqno and self.metric < other.metric)


class Feasibility:
    """The best distance of each destination that this cell has told; of at most ``limit`` destinations."""

    __slots__ = ("_best", "_limit", "_told_at")

    def __init__(self, limit: int) -> None:
        self._best: dict[str, Distance] = {}
        self._told_at: dict[str, float] = {}
        self._limit = limit

    def __len__(self) -> int:
        return len(self._best)

    def best(self, to: str) -> Distance | None:
        """The best that was told of a destination."""
        return self._best.get(to)

    def allows(self, to: str, told: Distance) -> bool:
        """Whether a route of whom says that distance is safe to take."""
        if told.metric == math.inf:
            return False
        best = self._best.get(to)
        return len(self._best) < self._limit if best is None else told.beats(best)

    def tell(self, to: str, told: Distance, now: float) -> None:
        """This distance is being told."""
        if told.metric == math.inf:
            return
        self._told_at[to] = now
        best = self._best.get(to)
        if best is None or told.beats(best):
            self._best[to] = told

    def forget(self, before: float) -> list[str]:
        """Forget destinations that were not told of since, as everybody else has long ago; which they are."""
        forgotten = [to for to, at in self._told_at.items() if at < before]
        for to in forgotten:
            del self._best[to], self._told_at[to]
        return forgotten
