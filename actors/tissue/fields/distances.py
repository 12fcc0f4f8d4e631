"""What gradients without paths have in common: they know what neighbours said, and when, and add the link to it.

They may lead a message in a circle while they heal, which :meth:`Distances.toward` ends where it began: a cell that was
visited is not visited again.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.messages import Pid

from .block import Around, Gradient, Reading, read_distance

if TYPE_CHECKING:
    from .config import FieldConfig
    from .links import Links


class Told(NamedTuple):
    """What a neighbour said: its value, and, for BIS, how old that was."""

    value: float
    age: float = 0.0


class Distances(Gradient[Told]):
    """A gradient of plain values; subclasses say how the next value follows from those of the neighbours."""

    def __init__(self, pid: Pid, config: FieldConfig, now: float) -> None:
        self.is_source = False
        self.is_dirty = True  # a turn costs no more than to know whether it is needed
        self.root: object = None
        self._me = pid
        self._config = config
        self._told: dict[str, Told] = {}
        self._links: Links | None = None
        self._value = math.inf
        self._next_hop: str | None = None
        self._turned = now

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._me.name}, {self.reading}, told={len(self._told)})"

    @abstractmethod
    def _settle(self, now: float, elapsed: float) -> float:
        """The new value of a cell that is no source, ``elapsed`` seconds after its last turn."""

    def _word(self) -> list[float]:
        return [self._value]

    @property
    def reading(self) -> Reading:
        return Reading(self._value, self._next_hop)

    @property
    def is_restless(self) -> bool:
        return not self.is_idle

    @property
    def is_idle(self) -> bool:
        return not self.is_source and not self._told and self._value == math.inf

    def emit(self, is_source: bool) -> None:
        self.is_source = is_source

    def toward(self, visited: Collection[str]) -> str | None:
        if self.is_source:
            return None
        ways = ((value, name) for value, name, *_ in self._offers() if name not in visited)
        return min(ways, default=(math.inf, None))[1]

    def read(self, sender: Pid, body: Any) -> Told:
        if not isinstance(body, (list, tuple)) or not 1 <= len(body) <= 2:
            raise TypeError("a value, and perhaps its age")
        return Told(*map(read_distance, body))

    def hear(self, sender: str, told: Told, now: float) -> None:
        self._told[sender] = told

    def lose(self, sender: str) -> None:
        self._told.pop(sender, None)

    def turn(self, around: Around, now: float) -> Any:
        self._links = around.links
        elapsed, self._turned = now - self._turned, now
        self._value = 0.0 if self.is_source else self._settle(now, elapsed)
        if self._value > self._config.horizon:
            self._value = math.inf
        ways = () if self.is_source else ((value, name) for value, name, *_ in self._offers())
        self._next_hop = min(ways, default=(math.inf, None))[1] if self._value < math.inf else None
        self.root = self._value < math.inf or None
        return self._word() if self.root else None

    def _offers(self) -> Iterator[tuple[float, str, float, float]]:
        """For each neighbour: the distance through it, its name, the age of what it said, and when that was heard."""
        for name, told in self._told.items():
            link = self._links.by_name.get(name) if self._links is not None else None
            if link is not None:
                yield told.value + link.distance, name, told.age, link.heard
