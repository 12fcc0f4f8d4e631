"""The constants of the overlay.  All times are seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class HyParViewConfig:
    """How many peers a cell keeps, and how eagerly.  Raises ``ValueError`` naming the field.

    Views; the counts are the paper's, for 10,000 cells:

    - ``active``: peers that a cell talks to at most, 5.  It looks for one fewer; the last place is for whoever asks.
    - ``passive``: peers in reserve, 30; at a loss of 90 % three of them are left.
    - ``active_walk``, ``passive_walk``: a newcomer is passed on this many times, 6, and remembered 3 from the end.
    - ``shuffle_active``, ``shuffle_passive``, ``shuffle_walk``: 3 peers of the one view and 4 of the other are
      exchanged with a cell 6 steps away.
    - ``shuffle_period``: each 10.0, one tenth more or less.

    Watching and repair:

    - ``beat_period``: a neighbour is told each 3.0 that it is one, so that both agree.  ``inf``: never, where deaths
      are reported by somebody else and no packet is lost.
    - ``silent_beats``: a neighbour that was silent for so many beats, 5, is replaced.
    - ``dial_timeout``, ``dial_tries``: a peer that does not answer within 0.5, twice in a row, is lost.
    - ``max_dials``: how many are asked at the same time at most, 16.  As many as places are free at first, and one
      more for each that did not answer.

    Memory of the lost:

    - ``redial_period``: one of the lost is dialled each 30.0, so that fragments find each other after a partition.
    - ``max_lost``: how many are remembered, the latest, 64; ``forget_after``: for how long, a day.
    """

    active: int = 5
    passive: int = 30
    active_walk: int = 6
    passive_walk: int = 3
    shuffle_active: int = 3
    shuffle_passive: int = 4
    shuffle_walk: int = 6
    shuffle_period: float = 10.0
    beat_period: float = 3.0
    silent_beats: int = 5
    dial_timeout: float = 0.5
    dial_tries: int = 2
    max_dials: int = 16
    redial_period: float = 30.0
    max_lost: int = 64
    forget_after: float = 86_400.0

    def __post_init__(self) -> None:
        _require_seconds(self, "shuffle_period", "dial_timeout", "redial_period", "forget_after")
        _require_least(self, 1, "active", "passive", "silent_beats", "dial_tries", "max_dials")
        _require_least(self, 0, "active_walk", "shuffle_active", "shuffle_passive", "shuffle_walk", "max_lost")
        if not self.beat_period > 0:
            raise ValueError(f"HyParViewConfig.beat_period must be above 0; got {self.beat_period!r}")
        if not 0 <= self.passive_walk <= self.active_walk:
            raise ValueError(f"HyParViewConfig.passive_walk must be 0 to active_walk; got {self.passive_walk!r}")

    @property
    def wanted(self) -> int:
        """Neighbours that a cell looks for: were it the full view, those who lack one would only find full ones."""
        return max(1, self.active - 1)


@dataclass(frozen=True, slots=True)
class TManConfig:
    """How many close peers a cell keeps, and how often it asks.  Raises ``ValueError`` naming the field.

    - ``close``: c, how many of the closest are kept a ranking, 8.
    - ``random``: r, how many at random besides, 3: what keeps the graph in one piece whatever a metric says.
    - ``partners``: m, with which of the closest it exchanges every second time, 4; else with any.
    - ``memory``: how many others it remembers, the latest, 32, to tell those about them to whom they are close.
    - ``period``: seconds between two rounds, 1.0, one tenth more or less.
    - ``slowest``: the period doubles up to this, 10.0, while rounds change nothing; ``quiet_rounds``: so many, 5.
    - ``misses``: a partner that did not answer so many times in a row, 4, is not taken back on hearsay for 30.0,
      ``silence``.  Fewer is faster, but at a loss of 30 % every second exchange fails.
    - ``forget_after``: what nobody has heard from its owner for so long is dropped, 300.0; the dead are not taken back
      on hearsay for as long.
    - ``max_rankings``: at one cell, 8.
    """

    close: int = 8
    random: int = 3
    partners: int = 4
    memory: int = 32
    period: float = 1.0
    slowest: float = 10.0
    quiet_rounds: int = 5
    misses: int = 4
    silence: float = 30.0
    forget_after: float = 300.0
    max_rankings: int = 8

    def __post_init__(self) -> None:
        _require_seconds(self, "period", "slowest", "silence", "forget_after")
        _require_least(self, 1, "close", "random", "partners", "quiet_rounds", "misses", "max_rankings")
        _require_least(self, 0, "memory")
        if self.slowest < self.period:
            raise ValueError(f"TManConfig.slowest must be at least the period; got {self.slowest!r}")
        if max(self.close, self.random) > SAMPLE_LIMIT:
            raise ValueError(f"TManConfig.close and random must be at most {SAMPLE_LIMIT}")


class Spread(StrEnum):
    """How a message goes out."""

    EPIDEMIC = "epidemic"
    """To some at random each round, a limited number of times: for peers that are everybody.  Dear, and bears most."""
    TREE = "tree"
    """Along a tree that grows by itself (Plumtree): for peers that are some, as HyParView's.  A copy each, nearly."""


@dataclass(frozen=True, slots=True)
class BroadcastConfig:
    """How messages to all are spread.  Raises ``ValueError`` naming the field.

    - ``spread``: along a tree.
    - ``fanout``: epidemic only, 3: to how many at random a message goes a round.
    - ``retransmit_mult``: epidemic only: a cell sends a message at most 4 ceil(log10(n + 1)) times.
    - ``period``: seconds of a round, 0.2; tree: announcements are gathered for so long at most.
    - ``graft_timeout``: who was told of a message and has not got it asks for it after 0.5, and again.
    - ``sync_period``: while anything is kept, what it is is compared with one peer each 1.0 (anti-entropy).
    - ``retention``: a message is kept and passed on until it is 60.0 old.  Who was cut off for longer misses it.
    - ``max_bytes``: of one message, 65,536; ``max_kept``: messages, 4096, the oldest make room;
      ``max_seen``: names of messages remembered so that none is delivered twice, 65,536, for two retentions.
    - ``max_peers``: 4096; of more some at random are taken.
    """

    spread: Spread = Spread.TREE
    fanout: int = 3
    retransmit_mult: int = 4
    period: float = 0.2
    graft_timeout: float = 0.5
    sync_period: float = 1.0
    retention: float = 60.0
    max_bytes: int = 65_536
    max_kept: int = 4096
    max_seen: int = 65_536
    max_peers: int = 4096

    def __post_init__(self) -> None:
        _require_seconds(self, "period", "graft_timeout", "sync_period", "retention")
        _require_least(self, 1, "fanout", "retransmit_mult", "max_bytes", "max_kept", "max_seen", "max_peers")
        if self.spread not in tuple(Spread):
            raise ValueError(f"BroadcastConfig.spread must be a Spread; got {self.spread!r}")
        if self.max_seen < self.max_kept:
            raise ValueError(f"BroadcastConfig.max_seen must be at least max_kept; got {self.max_seen!r}")


@dataclass(frozen=True, slots=True)
class VivaldiConfig:
    """Constants of network coordinates, those of Serf.  Raises ``ValueError`` naming the field.

    - ``dimensions``: 8, besides the height; all cells have to use the same.
    - ``error_max``: an error is never above 1.5, which is also the first one.
    - ``error_gain``, ``move_gain``: ce and cc, 0.25: how far one sample may change the error and the place.
    - ``window``: samples that the adjustment is a mean of, 20; 0: none.
    - ``height_min``: 10 microseconds.
    - ``filter``: the median of so many samples a peer, 3, is what counts.
    - ``gravity``: the further from the origin, the more a cell is drawn to it; at 150.0 s by one second.
    - ``longest``: a round trip above 10.0 is not believed.
    - ``max_peers``: whose samples are kept, 64; of more the one unheard for longest makes room.
    """

    dimensions: int = 8
    error_max: float = 1.5
    error_gain: float = 0.25
    move_gain: float = 0.25
    window: int = 20
    height_min: float = 10e-6
    filter: int = 3
    gravity: float = 150.0
    longest: float = 10.0
    max_peers: int = 64

    def __post_init__(self) -> None:
        _require_seconds(self, "error_max", "height_min", "gravity", "longest")
        _require_least(self, 1, "dimensions", "filter", "max_peers")
        _require_least(self, 0, "window")
        if self.dimensions > MAX_DIMENSIONS:
            raise ValueError(f"VivaldiConfig.dimensions must be at most {MAX_DIMENSIONS}; got {self.dimensions!r}")
        for name in ("error_gain", "move_gain"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"VivaldiConfig.{name} must be above 0 and at most 1; got {getattr(self, name)!r}")


SAMPLE_LIMIT = 64
"""Peers in one packet, at most."""

MAX_DIMENSIONS = 16
"""Of a coordinate."""


def _require_seconds(config: object, *names: str) -> None:
    for name in names:
        if not 0 < getattr(config, name) < math.inf:
            raise ValueError(
                f"{type(config).__name__}.{name} must be above 0 and finite; got {getattr(config, name)!r}"
            )


def _require_least(config: object, least: int, *names: str) -> None:
    for name in names:
        if not least <= getattr(config, name) < math.inf:
            raise ValueError(
                f"{type(config).__name__}.{name} must be at least {least} and finite; got {getattr(config, name)!r}"
            )
