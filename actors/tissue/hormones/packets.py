"""The packets of hormones, and how those of strangers are read.

================  ============================  =============================================================
kind              body                          meaning
================  ============================  =============================================================
hormones.local    [number, levels]              To each near neighbour, a round: how strong they are here
hormones.sums     [number, calm, still, epochs] To one of all siblings, a round: what was given to it so far
hormones.own      [number, levels]              The answer to it: what the sibling itself secretes
================  ============================  =============================================================

``levels`` is a map from names to numbers from 0.  ``calm``: how many rounds ago any cell that the sender has heard of
had something to say; ``still``: how many rounds ago the level of any of them had changed.  ``epochs``: one or two
[epoch, sums], where ``sums`` is a map from names to [sum of values, sum of weights].  A name that the receiver does not
know is passed over, so a group may be given another hormone while it runs.  Readers raise ``TypeError`` or
``ValueError`` for what is not as it must be.
"""

from __future__ import annotations

import math
from typing import Any

from ..plain import read_list, read_name, read_number

LOCAL = "hormones.local"
SUMS = "hormones.sums"
OWN = "hormones.own"

NAMES_LIMIT = 64
"""Hormones that one cell declares, and that one packet speaks of, at most."""

SUM_LIMIT = 1e12
"""No sum is greater: far above what a group of any size puts together, far below where floats lose small shares."""

EPOCHS = 1 << 32
"""Epochs are counted modulo this."""

Levels = dict[str, float]
Sums = dict[str, tuple[float, float]]


def read_levels(raw: Any) -> tuple[int, Levels]:
    """The number and the levels of a packet."""
    number, levels = read_list(raw, 2, 2)
    return read_number(number), {read_name(name): _quantity(level) for name, level in _map(levels)}


def read_sums(raw: Any) -> tuple[int, int, int, list[tuple[int, Sums]]]:
    """The number of a packet, how calm and how still it is, and the sums of one or two epochs."""
    number, calm, still, epochs = read_list(raw, 4, 4)
    read = [_sums(each) for each in read_list(epochs, 1, 2)]
    return read_number(number), read_number(calm), read_number(still), read


def _sums(raw: Any) -> tuple[int, Sums]:
    epoch, sums = read_list(raw, 2, 2)
    read: Sums = {}
    for name, pair in _map(sums):
        value, weight = read_list(pair, 2, 2)
        if not abs(_number(value)) < SUM_LIMIT or not 0 <= _number(weight) < SUM_LIMIT:
            raise ValueError("a sum out of range")
        read[read_name(name)] = float(value), float(weight)
    if read_number(epoch) >= EPOCHS:
        raise ValueError("an epoch out of range")
    return epoch, read


def _map(raw: Any) -> Any:
    if not isinstance(raw, dict):
        raise TypeError("not a map")
    if len(raw) > NAMES_LIMIT:
        raise ValueError(f"{len(raw)} hormones in one packet")
    return raw.items()


def _quantity(raw: Any) -> float:
    if not 0 <= _number(raw) < math.inf:
        raise ValueError("a level is from 0 and finite")
    return float(raw)


def _number(raw: Any) -> float | int:
    if type(raw) not in (float, int):
        raise TypeError("not a number")
    return raw  # type: ignore[no-any-return]
