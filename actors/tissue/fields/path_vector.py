"""The gradient to use: values carry their paths, as :mod:`~actors.tissue.fields.paths` tells.

For a backend developer: the nearest healthy cache, GPU worker, leader or gateway, found without a look-up, by handing a
message to the next hop; when the source dies, or cells on the way, the field leads around or to the next source within
some rounds, and no message goes in a circle meanwhile (:meth:`~actors.tissue.fields.field.Fields.toward`).

At rest the value is the distance that Dijkstra finds.  Its price is the path: a packet holds up to ``max_hops`` names,
and what is further away is not seen.

Source: the default gradient of Collektive; here with root cause notices instead of its heuristics.
"""

from __future__ import annotations

from actors.messages import Pid

from .config import FieldConfig
from .paths import Paths, Rank, Way


class PathVector(Paths):
    """A gradient by path vectors; to all sources, as one field."""

    __slots__ = ()

    def __init__(self, pid: Pid, config: FieldConfig, now: float) -> None:
        super().__init__(pid, config, config.horizon)

    def emit(self, is_source: bool) -> None:
        self.is_source = is_source
        self.is_dirty = True

    def _own(self) -> Way | None:
        return Way(0.0, (self._me,), (self.stamp,)) if self.is_source else None

    def _rank(self, distance: float, way: Way) -> Rank:
        return distance

    def _standing(self, way: Way | None) -> Rank:
        return way is None
