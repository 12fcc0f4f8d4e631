"""How likely it is that waits of full jitter fit into a window: the distribution of a sum of uniform draws.

For waits U(0, a_i), i = 1..n, and a window x, by inclusion and exclusion over the corners of the box of all draws::

    P(sum <= x) = 1 / (n! · a_1 · ... · a_n) · Σ over subsets S of (-1)^|S| · max(0, x - Σ_S a_i)^n

Source: Irwin (1927) and Hall (1927) for equal a_i; Bradley and Gupta, *On the distribution of the sum of n
non-identically distributed uniform random variables* (2002).  The terms alternate and nearly cancel, so they are summed
as whole numbers.  Where there are too many of them, the sum is drawn from a seed instead, and the answer says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from random import Random

Waits: TypeAlias = tuple[tuple[float, int], ...]
"""Waits of full jitter: ceilings, each with how often it occurs."""

EXACT_WAITS = 100
"""Waits up to which the probability is worked out exactly: some ten milliseconds of long whole numbers."""

EXACT_TERMS = 20_000
"""Different sums of ceilings up to which it is worked out exactly."""

DRAWS = 2000
"""Cases drawn where it is not: a probability of one half is then known to ±2 %."""

DRAWN_SINGLY = 30
"""Equal waits that are drawn one by one; of more, the sum is normal for all purposes (central limit theorem)."""

EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Chance:
    """A probability, and how it was found: ``exact`` or by seeded simulation."""

    share: float
    method: str = EXACT


def merged(parts: Iterable[Waits], times: int = 1) -> Waits:
    """Several runs of waits after one another, ``times`` over."""
    counts: dict[float, int] = {}
    for part in parts:
        for ceiling, count in part:
            counts[ceiling] = counts.get(ceiling, 0) + count * times
    return tuple(counts.items())


def longest(waits: Waits) -> float:
    """The longest that they can take together; half of it is what to expect, and the least is nothing."""
    return sum(ceiling * count for ceiling, count in waits)


def fits(waits: Waits, window: float, rng: Random) -> Chance:
    """The probability that all ``waits`` together take at most ``window`` seconds."""
    if longest(waits) <= window:
        return Chance(1.0)
    if sum(count for _, count in waits) <= EXACT_WAITS:
        share = _exactly(waits, window)
        if share is not None:
            return Chance(share)
    hits = sum(_drawn(waits, rng) <= window for _ in range(DRAWS))
    return Chance(hits / DRAWS, f"seeded simulation of {DRAWS:,} cases")


def _exactly(waits: Waits, window: float) -> float | None:
    """By the formula above, in whole multiples of a common fraction; ``None`` if it has too many terms."""
    unit = math.lcm(Fraction(window).denominator, *(Fraction(ceiling).denominator for ceiling, _ in waits))
    limit = int(Fraction(window) * unit)
    sums = {0: 1}
    number, box = 0, 1
    for ceiling, count in waits:
        edge = int(Fraction(ceiling) * unit)
        number += count
        box *= edge**count
        grown: dict[int, int] = {}
        for before, sign in sums.items():
            for taken in range(count + 1):
                corner = before + taken * edge
                if corner >= limit:
                    break
                grown[corner] = grown.get(corner, 0) + sign * (-1) ** taken * math.comb(count, taken)
        sums = grown
        if len(sums) > EXACT_TERMS:
            return None
    inside = sum(sign * (limit - corner) ** number for corner, sign in sums.items())
    return float(Fraction(inside, box * math.factorial(number)))


def _drawn(waits: Waits, rng: Random) -> float:
    total = 0.0
    for ceiling, count in waits:
        if count <= DRAWN_SINGLY:
            total += ceiling * sum(rng.random() for _ in range(count))
        else:
            total += max(0.0, rng.gauss(ceiling * count / 2, ceiling * math.sqrt(count / 12)))
    return total
