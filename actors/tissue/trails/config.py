"""The constants of trails."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ..links.rto import RtoConfig


@dataclass(frozen=True, slots=True)
class TrailsConfig:
    """How :class:`~actors.tissue.trails.trails.Trails` are laid and followed.  Times are seconds.

    Raises ``ValueError`` naming the field.

    Pheromone (:mod:`~actors.tissue.trails.pheromone`):

    - ``memory``: g, 0.7: the share that a trail keeps when a new cost comes in.  Higher is steadier and slower.
    - ``half_life``, ``floor``: a trail that nobody walks fades by half in 30.0, down to 0.01, which stands for a cost
      of 100 hops and keeps every hop in reach of explorers.
    - ``ant_exponent``, ``data_exponent``: how much better trails are preferred, 2 by ants and 20 by requests.  Below 8
      requests spread over detours.
    - ``hop_time``: one way of this long counts as much as a hop itself, 0.05.
    - ``ramp``: a hop that is new, or back, gets its full share after 10.0.

    Ants (:mod:`~actors.tissue.trails.ants`):

    - ``ants_every``: requests to a destination for which one ant goes there too, 5.
    - ``ant_period``: and one each 10.0, while the destination was wanted within ``wanted_for``, 60.0.
    - ``wander``: the share of an ant's steps that are taken at random, 0.1.

    Scents (:mod:`~actors.tissue.trails.scents`):

    - ``scent_reach``: cells to either side of a trail that pass it on, 4.  More costs more packets, and finds short
      ways further off at once rather than step by step.
    - ``scent_period``: what has not changed is told again after 5.0, if somebody walked there since; ``scent_gap``: a
      neighbour is told something at most each 0.2.
    - ``scent_life``: nothing is believed that nobody walked for 15.0.
    - ``track_period``: a cell on a trail sends an ant after a better scent at most each 0.5, and later from time to
      time if it finds nothing.

    Requests (:mod:`~actors.tissue.trails.requests`):

    - ``rto``: the timer of each hop; ``patience``: times that a request is sent to a hop before another is tried, 3.
    - ``probe_period``: a hop that is down is asked this often whether it is back, 1.0.
    - ``seek_time``: a request waits so long for an ant where nothing at all is known of the way, 0.25.
    - ``lifetime``: a request without an answer after this is lost, 10.0.
    - ``most_hops``: cells that one request passes, 64.  ``most_bytes``: of its payload, 60,000.

    Limits: ``max_destinations`` 1024, the least recently wanted are forgotten; ``max_neighbours`` 64; ``max_requests``
    that a cell cares for or remembers, 4096.
    """

    memory: float = 0.7
    half_life: float = 30.0
    floor: float = 0.01
    ant_exponent: float = 2.0
    data_exponent: float = 20.0
    hop_time: float = 0.05
    ramp: float = 10.0
    ants_every: int = 5
    ant_period: float = 10.0
    wanted_for: float = 60.0
    wander: float = 0.1
    rto: RtoConfig = field(default_factory=RtoConfig)
    patience: int = 3
    probe_period: float = 1.0
    lifetime: float = 10.0
    most_hops: int = 64
    most_bytes: int = 60_000
    scent_reach: int = 4
    scent_period: float = 5.0
    scent_life: float = 15.0
    scent_gap: float = 0.2
    track_period: float = 0.5
    seek_time: float = 0.25
    max_destinations: int = 1024
    max_neighbours: int = 64
    max_requests: int = 4096

    def __post_init__(self) -> None:
        for name in ("half_life", "hop_time", "ant_period", "wanted_for", "probe_period", "lifetime", *_SCENTS):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ValueError(f"TrailsConfig.{name} must be seconds above 0 and finite; got {value!r}")
        for name in _COUNTS:
            value = getattr(self, name)
            if not 1 <= value < math.inf:
                raise ValueError(f"TrailsConfig.{name} must be at least 1 and finite; got {value!r}")
        for name in ("ant_exponent", "data_exponent", "ramp", "seek_time", "scent_reach"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise ValueError(f"TrailsConfig.{name} must be at least 0 and finite; got {value!r}")
        if not 0 <= self.memory < 1:
            raise ValueError(f"TrailsConfig.memory must be from 0 to below 1; got {self.memory!r}")
        if not 0 < self.floor < 1:
            raise ValueError(f"TrailsConfig.floor must be between 0 and 1; got {self.floor!r}")
        if not 0 <= self.wander <= 1:
            raise ValueError(f"TrailsConfig.wander must be from 0 to 1; got {self.wander!r}")


_SCENTS = ("scent_period", "scent_life", "scent_gap", "track_period")
_COUNTS = (
    "ants_every",
    "patience",
    "most_hops",
    "most_bytes",
    "max_destinations",
    "max_neighbours",
    "max_requests",
)
