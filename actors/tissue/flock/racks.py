"""Separation of replicas: not more than so many of one shard in a rack, and as far apart as can be.

For a backend developer: where to put the next replica so that a rack, a host or a zone that burns takes few of them
with it; and who has to move where too many have come together.  All who know the same decide alike.

A place is a path, the widest part first: ``("eu", "rack-7", "host-3")``.  Two are as far apart as the parts that remain
when what they share is taken away; replicas repel each other by 1 / distance, 2 in the same place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence

Place = Sequence[str]


def distance(some: Place, other: Place) -> int:
    """How many parts of the longer path are not shared; 0 in the same place."""
    shared = 0
    for mine, theirs in zip(some, other, strict=False):
        if mine != theirs:
            break
        shared += 1
    return max(len(some), len(other)) - shared


def repulsion(place: Place, others: Sequence[Place]) -> float:
    """The sum of 1 / distance over the others, 2 for each in the same place."""
    return sum(1.0 / apart if (apart := distance(place, other)) else 2.0 for other in others)


def best_place(
    shard: str, candidates: Mapping[str, Place], replicas: Sequence[Place], *, most: int = 1, depth: int = 2
) -> str | None:
    """The cell among ``candidates`` to put one more replica on; ``None`` if all racks are full.

    ``replicas``: where the others are.  ``most``: so many in a rack, at most, which is what the first ``depth`` parts
    of a place say.  Of equally good cells the one that a hash of shard and cell puts first, so that all who decide at
    once decide alike, and shards spread.
    """
    free = [name for name, place in candidates.items() if _crowd(place, replicas, depth) < most]
    return min(free, key=lambda name: (repulsion(candidates[name], replicas), _rank(shard, name)), default=None)


def surplus(shard: str, replicas: Mapping[str, Place], *, most: int = 1, depth: int = 2) -> list[str]:
    """The cells whose replicas have to move, for more than ``most`` are in their rack: those a hash puts last."""
    racks: dict[Hashable, list[str]] = {}
    for name, place in replicas.items():
        racks.setdefault(tuple(place[:depth]), []).append(name)
    return [name for names in racks.values() for name in sorted(names, key=lambda each: _rank(shard, each))[most:]]


def _crowd(place: Place, replicas: Sequence[Place], depth: int) -> int:
    return sum(tuple(other[:depth]) == tuple(place[:depth]) for other in replicas)


def _rank(shard: str, name: str) -> bytes:
    """The same everywhere, unlike ``hash``."""
    return hashlib.blake2b(f"{shard}\0{name}".encode(), digest_size=8).digest()
