"""S: leaders, so that each cell has one within reach, and none more than are needed.

For a backend developer: one coordinator a region (a rack, a zone, whatever the links measure), known to all cells of
the region together with the way there, and another one some rounds after it dies; no quorum, so at times two.  For what
at most one may do, take a lease.

Each cell stands with its strength.  It follows the strongest candidate it hears of within ``bound``, by the shortest
way, and passes that one on and no other; equal strengths are told apart by name, the lesser first.  The strongest of
all so takes its whole reach, the strongest of those left over takes theirs, and so on: at rest there is one outcome.
Collection and broadcast go along an election as along any field: its readings are the distances to the leaders.

Candidacies carry their ways, as gradients do, so that those of dead leaders do not haunt (the published form lets them
grow old up to the bound).

Source: Pianini, Casadei and Viroli, Self-stabilising priority-based multi-leader election and network partitioning,
ACSOS 2022; candidacy and order as in Collektive.
"""

from __future__ import annotations

import math

from actors.messages import Pid

from .block import read_number
from .config import FieldConfig
from .notices import LIFE
from .paths import Paths, Rank, Way


class Election(Paths):
    """One cell's vote and standing; install it under the same name at all cells that take part.

    ``strength``: of this cell, the greater wins, 0.0.  ``bound``: the distance within which a leader is followed,
    infinite, which makes one leader of all cells that are connected.
    """

    __slots__ = ("_strength",)

    def __init__(
        self, pid: Pid, strength: float = 0.0, *, bound: float = math.inf, config: FieldConfig | None = None
    ) -> None:
        if not bound > 0:
            raise ValueError(f"Election.bound must be above 0; got {bound!r}")
        super().__init__(pid, config or FieldConfig(), bound)
        self._strength = read_number(strength)
        self.is_source = True

    def stand(self, strength: float) -> None:
        """Have another strength from the next round on.  Raises ``ValueError`` if it is not finite."""
        self._strength = read_number(strength)
        self.is_dirty = True

    @property
    def leader(self) -> Pid:
        """Whom this cell follows; itself until it has heard of a better one."""
        return self._way.root if self._way is not None else Pid(self._me, self.stamp >> LIFE)

    @property
    def is_leader(self) -> bool:
        """Whether it follows itself."""
        return self._next_hop is None

    def _own(self) -> Way | None:
        return Way(0.0, (self._me,), (self.stamp,), self._strength)

    def _rank(self, distance: float, way: Way) -> Rank:
        return -way.strength, way.hops[-1], distance

    def _standing(self, way: Way | None) -> Rank:
        return (math.inf, "") if way is None else (-way.strength, way.hops[-1])
