"""Immune memory: which repairs helped against what, so that one that never does is not tried again."""

from __future__ import annotations

HALF_LIFE = 86_400.0
"""Seconds in which what is remembered loses half of its weight: a day."""

REMEMBERED = 256
"""Signatures kept a place; the one that has not been met for longest is forgotten."""

Signature = tuple[str, str, str]
"""Harm, handler, message type."""


class Immunity:
    """Of one place, over all its lives.  A repair is useless against a signature if it was tried and never worked.

    What was tried fades with a half-life of a day; less than half a try is no reason to skip, so after a day without
    the fault it is tried again.
    """

    __slots__ = ("_tries",)

    def __init__(self) -> None:
        self._tries: dict[tuple[Signature, int], tuple[float, float, float]] = {}

    def learn(self, signature: Signature, level: int, worked: bool, now: float) -> None:
        """Repair ``level`` was tried against ``signature``."""
        tried, successes = self._recall(signature, level, now)
        self._tries.pop((signature, level), None)
        self._tries[signature, level] = tried + 1.0, successes + worked, now
        if len(self._tries) > REMEMBERED:
            del self._tries[next(iter(self._tries))]

    def is_useless(self, signature: Signature, level: int, now: float) -> bool:
        """Whether repair ``level`` was tried against ``signature`` and never worked."""
        tried, successes = self._recall(signature, level, now)
        return tried >= 0.5 and successes == 0.0

    def _recall(self, signature: Signature, level: int, now: float) -> tuple[float, float]:
        tried, successes, at = self._tries.get((signature, level), (0.0, 0.0, now))
        fading = 0.5 ** ((now - at) / HALF_LIFE)
        return tried * fading, successes * fading

    def __len__(self) -> int:
        return len(self._tries)
