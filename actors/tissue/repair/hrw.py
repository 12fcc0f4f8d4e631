"""Who of many is to have a key: the same answer everywhere, from nothing but the key and the names.

For a backend developer: shards to workers, keys to caches, jobs to hosts, with no table to keep and nobody to ask.  If
one of n leaves, the 1/n of all keys that were its own move, and no other; whoever comes takes 1/n and disturbs nobody.

Weighted rendezvous hashing ("highest random weight"): each candidate draws a number from its name and the key, and the
best draw has the key::

    score = -weight / ln U(key, name),  U uniform in (0, 1)

so that a candidate of twice the weight has twice the keys.  Bounded loads: whoever has its share, ceil(c * mean), is
passed over for the next in rank; c = 1.25 costs few moves and keeps the fullest at 1.25 times the mean.

Sources: Thaler and Ravishankar, A Name-Based Mapping Scheme for Rendezvous, 1996; weights by logarithm: Schindelhauer
and Schomaker, SPAA 2005; Mirrokni, Thorup and Zadimoghaddam, Consistent Hashing with Bounded Loads, SODA 2018.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import blake2b

LOAD_FACTOR = 1.25
"""c: how many times the mean load one may have, unless told otherwise."""


def draw(key: str, name: str) -> float:
    """The number that ``name`` draws for ``key``: uniform in (0, 1), the same in every process and on every host."""
    digest = blake2b(key.encode(errors="surrogatepass"), digest_size=8, key=_seed(name)).digest()
    return ((int.from_bytes(digest) >> 11) + 0.5) * 2.0**-53


def score(key: str, name: str, weight: float = 1.0) -> float:
    """How good a candidate's draw is; 0 for a weight of 0 or less, which never has anything."""
    return -weight / math.log(draw(key, name)) if weight > 0 else 0.0


def rank(key: str, weights: Mapping[str, float]) -> list[str]:
    """All candidates of a weight above 0, the best first."""
    scores = {name: score(key, name, weight) for name, weight in weights.items() if weight > 0}
    return sorted(scores, key=lambda name: (-scores[name], name))


def rank_of(name: str, key: str, weights: Mapping[str, float]) -> int | None:
    """How many candidates are better than ``name``; ``None`` if it is none."""
    ranked = rank(key, weights)
    return ranked.index(name) if name in ranked else None


def capacity(load: int, share: float, factor: float = LOAD_FACTOR) -> int:
    """How much of a ``load`` one with that ``share`` of all weights may have: ceil(factor * load * share)."""
    # Rounded first, or 1.25 * 12 * (1 / 3) would be a little above 5, and 6 after rounding up.
    return math.ceil(round(factor * load * share, 9))


def _seed(name: str) -> bytes:
    """The name as a key of at most 64 bytes for the hash."""
    encoded = name.encode(errors="surrogatepass")
    return encoded if len(encoded) <= 64 else blake2b(encoded, digest_size=64).digest()
