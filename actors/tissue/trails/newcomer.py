"""How far to trust one that is new, or back: as the middle of its group, and little by little.

A replacement keeps its predecessor's name.  With nothing it would starve, for nobody would try it; with what its
predecessor had it would be trusted blindly.  So it begins at the median of the others, and its share grows from a tenth
to the whole over some seconds, while its caches fill and its code gets warm (slow start, as in Envoy).
"""

from __future__ import annotations

from collections.abc import Iterable

LEAST_SHARE = 0.1
"""Where a ramp begins, as in Envoy: less would teach nothing."""


def group_median(values: Iterable[float], otherwise: float) -> float:
    """The median of the others; ``otherwise`` where there are none."""
    ordered = sorted(values)
    if not ordered:
        return otherwise
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def slow_start(age: float, ramp: float) -> float:
    """The share that one of ``age`` seconds gets, from 0.1 to 1, linear over ``ramp`` seconds."""
    if age >= ramp:
        return 1.0
    return LEAST_SHARE + (1 - LEAST_SHARE) * max(0.0, age) / ramp
