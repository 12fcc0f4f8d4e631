"""T: values that last for a time and no longer.

For a backend developer: the last good reading while its source is silent for a moment; an alarm that fades by itself.
Both cost nothing while nobody looks: what is left is computed when it is read.
"""

from __future__ import annotations

import math
from typing import Generic, TypeVar

V = TypeVar("V")


class Hold(Generic[V]):
    """A value for ``seconds`` after it was last put.  Raises ``ValueError`` if that is not above 0 and finite."""

    def __init__(self, seconds: float) -> None:
        if not 0 < seconds < math.inf:
            raise ValueError(f"Hold.seconds must be above 0 and finite; got {seconds!r}")
        self.seconds = seconds
        self._value: V | None = None
        self._until = -math.inf

    def put(self, value: V, now: float) -> None:
        """Hold this from now on."""
        self._value = value
        self._until = now + self.seconds

    def get(self, now: float) -> V | None:
        """What is held; ``None`` if nothing is, any more."""
        if now >= self._until:
            self._value = None
        return self._value

    def remaining(self, now: float) -> float:
        """For how many more seconds."""
        return max(0.0, self._until - now)


class Fade:
    """A number that goes to 0, half of it every ``half_life`` seconds: x 2^(-t / half_life).

    Below 5 % after 4.4 half-lives.  Raises ``ValueError`` if the half-life is not above 0 and finite.
    """

    def __init__(self, half_life: float) -> None:
        if not 0 < half_life < math.inf:
            raise ValueError(f"Fade.half_life must be above 0 and finite; got {half_life!r}")
        self.half_life = half_life
        self._value = 0.0
        self._at = -math.inf

    def put(self, value: float, now: float) -> None:
        """Be this now.  Raises ``ValueError`` if it is not finite."""
        if not math.isfinite(value):
            raise ValueError(f"a value that fades is finite; got {value!r}")
        self._value, self._at = value, now

    def raise_to(self, value: float, now: float) -> None:
        """Be this now, or more if there is more left."""
        self.put(max(value, self.get(now)), now)

    def get(self, now: float) -> float:
        """What is left."""
        if self._value == 0.0:
            return 0.0
        return self._value * math.pow(2.0, -max(0.0, now - self._at) / self.half_life)
