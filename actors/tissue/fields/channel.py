"""A corridor between two fields: the cells that lie on a short way from one to the other.

For a backend developer: important messages go by several ways at once, over the cells of the corridor only, so that one
that is lost does not matter and the others are left in peace.

A cell is inside if d(here) + d(there) <= d(here, there) + width.  The last is known at a source of ``here``, which
broadcasts it along its own field.

Source: Beal and Viroli's channel; ScaFi's BlockG.
"""

from __future__ import annotations

import math
from typing import Any

from actors.messages import Pid

from .block import Around, Block, read_distance
from .broadcast import Broadcast

_ROUNDING = 1e-9
"""Ways of equal length are added up in different orders."""


class Channel(Block[list[Any]]):
    """Whether a cell is in the corridor between the fields ``here`` and ``there``, which lie anywhere.

    ``width``: by how much a way may be longer than the shortest, 0.0: only shortest ways.  Raises ``ValueError`` if it
    is negative.
    """

    def __init__(self, here: str, there: str, *, width: float = 0.0) -> None:
        if not width >= 0:
            raise ValueError(f"Channel.width must be at least 0; got {width!r}")
        self._here = here
        self._there = there
        self._width = width
        self._length = Broadcast(here, 0.0, read=read_distance)
        self.is_inside = False

    def read(self, sender: Pid, body: Any) -> list[Any]:
        return self._length.read(sender, body)

    def hear(self, sender: str, told: list[Any], now: float) -> None:
        self._length.hear(sender, told, now)

    def lose(self, sender: str) -> None:
        self._length.lose(sender)

    def turn(self, around: Around, now: float) -> Any:
        here, there = around.field(self._here), around.field(self._there)
        self.is_inside = False
        if not there.is_reached:
            return None
        if here.distance == 0.0:
            self._length.put(there.distance)
        word = self._length.turn(around, now)
        slack = self._length.get(-math.inf) + self._width - here.distance - there.distance
        self.is_inside = slack >= -_ROUNDING * max(1.0, there.distance)
        return word
