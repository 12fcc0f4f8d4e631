"""The arithmetic of the reports: order statistics of small samples, and nothing that assumes a bell curve."""

from __future__ import annotations

import math
from collections.abc import Sequence


def quantile(values: Sequence[float], q: float) -> float:
    """The value below which a share ``q`` lies (0: the least, 1: the greatest), interpolated between two samples."""
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the two in the middle."""
    return quantile(values, 0.5)


def p99(values: Sequence[float]) -> float:
    """The nearest-rank 99th percentile: a value that did occur.  With fewer than 100 samples it is the greatest."""
    ordered = sorted(values)
    return ordered[math.ceil(0.99 * len(ordered)) - 1]


def spread(values: Sequence[float]) -> float:
    """The interquartile range: of five samples it ignores the least and the greatest."""
    return quantile(values, 0.75) - quantile(values, 0.25)
