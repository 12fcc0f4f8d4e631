"""What a cell says of itself, and how close two cells are by it.

For a backend developer: a warm copy in another rack, gossip that stays in the zone, a cache next to those with similar
keys: each is a metric, and any function of two profiles that returns a number is one.

A metric from outside is not believed: what raises, or is no number, not a number or below 0 counts as infinitely far.
It need not be symmetric or obey the triangle inequality.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..plain import read_list, read_number, read_text
from .vivaldi import Coordinate, read_coordinate

ZONE_DEPTH = 8
"""A path has at most so many parts."""

TAGS_LIMIT = 32

KEY_SPACE = 1 << 62
"""Keys are from 0 to below this, on a ring."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What may be known of a cell by all; nothing of it has to be given.

    ``zone``: where it is, the widest part first, ``("eu", "eu-1", "rack 7")``.  ``tags``: what it is about.  ``key``:
    its place in the key space, as of :func:`key_of`.  ``supervisor``: who watches it.  ``coordinate``: its place by
    round trip, kept by the overlay.  Raises ``ValueError`` for more than 8 parts, 32 tags or 255 bytes a text.
    """

    zone: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    key: int | None = None
    supervisor: str = ""
    coordinate: Coordinate | None = None

    def __post_init__(self) -> None:
        for name, count, limit in (("zone", len(self.zone), ZONE_DEPTH), ("tags", len(self.tags), TAGS_LIMIT)):
            if count > limit:
                raise ValueError(f"Profile.{name} must be at most {limit}; got {count}")
        if self.key is not None and not 0 <= self.key < KEY_SPACE:
            raise ValueError(f"Profile.key must be 0 to below {KEY_SPACE}; got {self.key!r}")
        for text in (*self.zone, *self.tags, self.supervisor):
            read_text(text)

    def at(self, coordinate: Coordinate) -> Profile:
        """The same cell, elsewhere by round trip."""
        return replace(self, coordinate=coordinate)

    def wire(self) -> list[Any]:
        """As it travels."""
        place = self.coordinate.wire() if self.coordinate else None
        return [list(self.zone), sorted(self.tags), self.key, self.supervisor, place]


def read_profile(raw: Any) -> Profile:
    """Raises ``TypeError`` or ``ValueError``."""
    zone, tags, key, supervisor, coordinate = read_list(raw, 5, 5)
    return Profile(
        tuple(read_list(zone, 0, ZONE_DEPTH)),
        frozenset(read_text(tag) for tag in read_list(tags, 0, TAGS_LIMIT)),
        None if key is None else read_number(key),
        read_text(supervisor),
        None if coordinate is None else read_coordinate(coordinate),
    )


Metric = Callable[[Profile, Profile], float]
"""How far the second is from the first: at least 0; infinite: not close at all."""


def latency(mine: Profile, other: Profile) -> float:
    """The round trip in seconds, estimated (:mod:`~actors.tissue.overlay.vivaldi`)."""
    if mine.coordinate is None or other.coordinate is None:
        return math.inf
    return mine.coordinate.distance(other.coordinate)


def zone_distance(mine: Profile, other: Profile) -> float:
    """Steps from one path up to what both share, and down to the other: 0 in one rack, 2 between racks of one zone."""
    if not mine.zone or not other.zone:
        return math.inf
    shared = 0
    for a, b in zip(mine.zone, other.zone, strict=False):
        if a != b:
            break
        shared += 1
    return len(mine.zone) + len(other.zone) - 2 * shared


def tag_distance(mine: Profile, other: Profile) -> float:
    """1 - Jaccard, the share of all their tags that only one of the two has; 1 where neither has any."""
    either = len(mine.tags | other.tags)
    return 1 - len(mine.tags & other.tags) / either if either else 1.0


def key_distance(mine: Profile, other: Profile) -> float:
    """The shorter way round the ring of keys, as a share of it: 0 to 0.5."""
    if mine.key is None or other.key is None:
        return math.inf
    gap = abs(mine.key - other.key)
    return min(gap, KEY_SPACE - gap) / KEY_SPACE


def same_supervisor(mine: Profile, other: Profile) -> float:
    """0 between siblings, 1 else."""
    return 0.0 if mine.supervisor and mine.supervisor == other.supervisor else 1.0


def siblings_first(metric: Metric) -> Metric:
    """Siblings are at 0, as the edges of a supervision tree are; all others where ``metric`` says."""

    def distance(mine: Profile, other: Profile) -> float:
        return metric(mine, other) if same_supervisor(mine, other) else 0.0

    return distance


def key_of(text: str) -> int:
    """A place in the key space for any text, the same everywhere."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") % KEY_SPACE


def measure(metric: Metric, mine: Profile, other: Profile) -> tuple[float, str]:
    """What the metric says, and what is wrong with it: empty, or why infinity stands in its place."""
    try:
        distance = metric(mine, other)
    except Exception as error:  # a metric is somebody else's code, and must not end the overlay
        return math.inf, f"{type(error).__name__}: {error}"
    if type(distance) not in (int, float) or not distance >= 0:
        return math.inf, f"{distance!r} is no distance"
    return distance, ""
