"""The greatest, or the least, number that anybody has offered.

For a backend developer: the highest schema version seen, the newest offset committed, the cheapest offer, the worst
latency of the day.  ::

    newest.offer(17)
    newest.value            # 17, or None while nobody has offered anything
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from actors.messages import Pid

from ..plain import read_list
from .context import Dot
from .dotted import Dotted, all_but_best


class Offer(NamedTuple):
    """A number; all have the same key, so that only the best is left."""

    key: str
    value: int | float


class MaxRegister(Dotted[Offer]):
    """The greatest number; infinities are numbers, NaN is not."""

    kind = "max"
    sign = 1

    @property
    def value(self) -> int | float | None:
        """The best number; ``None``: nobody has offered any."""
        return next((offer.value for offer in self._entries.values()), None)

    def offer(self, value: int | float) -> MaxRegister:  # noqa: PYI041 # a reader is not to wonder whether ints may be
        """Offer a number; returns the delta, an empty one if there is one at least as good."""
        best = self.value
        if best is not None and not self.sign * read_value(value) > self.sign * best:
            return self._change(())
        return self._change([Offer("", read_value(value))])

    def beaten(self, dot: Dot, entry: Offer, rivals: Mapping[Dot, Offer]) -> list[Dot]:
        """All but the best."""
        return all_but_best(rivals, lambda each: (self.sign * rivals[each].value, each))

    def wire(self, entry: Offer) -> list[Any]:
        """The number."""
        return [entry.value]

    def read(self, owner: Pid, raw: Any) -> Offer:
        """What :meth:`wire` made."""
        return Offer("", read_value(read_list(raw, 1, 1)[0]))


class MinRegister(MaxRegister):
    """The least number."""

    kind = "min"
    sign = -1


def read_value(raw: Any) -> int | float:
    """A number, and not NaN.  Raises ``TypeError`` or ``ValueError``."""
    if type(raw) not in (int, float):
        raise TypeError(f"not a number: {raw!r}")
    if math.isnan(raw):
        raise ValueError("not a number: NaN")
    return raw  # type: ignore[no-any-return]
