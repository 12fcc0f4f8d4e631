"""C: what all cells have is put together on its way to the nearest source of a gradient.

For a backend developer: a leader knows the queue depth, the free capacity or the worst latency of its region, some
rounds old, with no scrape and no central metrics server.

Two ways.  *Single path*: each cell hands its part to its next hop only, so that nothing is counted twice; while the
field changes, what travels along a lost branch is missing for some rounds.  *Multi path*: each cell deals its part out
to all neighbours that are nearer, in equal shares, so that one lost branch costs less; a combination that bears
repetition (greatest, least, union) is told to all of them whole.  At rest both are exact.

Sources: Beal and Viroli's block C; ``sp_collection`` and ``mp_collection`` of FCPP; Audrito, Casadei, Damiani and
Viroli: Compositional blocks for optimal self-healing gradients, SASO 2017.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any, NamedTuple

from actors.messages import Pid

from .block import Around, Block, read_distance, read_number, read_parts, read_scalar

Combine = Callable[[Any, Any], Any]
Divide = Callable[[Any, int], Any]


class Part(NamedTuple):
    """What a neighbour has put together (one value, or none), how far it is itself, and for whom it is, if for one."""

    parent: str | None
    distance: float
    values: list[Any]


class Collect(Block[Part]):
    """What the cells behind this one have; at a source, its whole region.

    ``combine`` must not care for order.  ``divide(value, n)``: one of n equal shares, for several ways; ``None``: the
    combination bears repetition.  ``is_single``: one way.  ``read``: what is let through of what neighbours say.  See
    :func:`total`, :func:`greatest`, :func:`least` and :func:`union` for the usual ones.  Neither may fail for what
    ``read`` lets through, but by ``ValueError`` or ``OverflowError``: then nothing is said.
    """

    def __init__(
        self,
        along: str,
        combine: Combine,
        *,
        divide: Divide | None = None,
        is_single: bool = True,
        read: Callable[[Any], Any] = read_number,
    ) -> None:
        self._along = along
        self._combine = combine
        self._divide = divide
        self._is_single = is_single
        self._read = read
        self._own: list[Any] = []
        self._parts: dict[str, Part] = {}
        self._value: list[Any] = []

    def put(self, value: Any) -> None:
        """What this cell has, from the next round on."""
        self._own = [self._read(value)]

    def withdraw(self) -> None:
        """This cell has nothing to add."""
        self._own = []

    def get(self, default: Any = None) -> Any:
        """What came together here; ``default`` while there is nothing or no source is seen."""
        return self._value[0] if self._value else default

    def read(self, sender: Pid, body: Any) -> Part:
        parent, distance, values = read_parts(body, 3)
        if parent is not None and type(parent) is not str:
            raise TypeError("a parent is a name")
        if values:
            values = [self._read(*read_parts(values, 1))]
        return Part(parent, read_distance(distance), list(values))

    def hear(self, sender: str, told: Part, now: float) -> None:
        self._parts[sender] = told

    def lose(self, sender: str) -> None:
        self._parts.pop(sender, None)

    def turn(self, around: Around, now: float) -> Any:
        reading = around.field(self._along)
        if not reading.is_reached:
            self._value = []
            return None
        distance = reading.distance
        if self._is_single:
            mine = [part for part in self._parts.values() if part.parent == around.pid.name]
            self._value = self._whole(mine)
            return [reading.next_hop, distance, self._value]
        self._value = self._whole(part for part in self._parts.values() if part.distance > distance)
        nearer = sum(part.distance < distance for part in self._parts.values())
        if self._divide is None or nearer == 0:
            return [None, distance, self._value]
        return [None, distance, [self._divide(value, nearer) for value in self._value]]

    def _whole(self, parts: Iterable[Part]) -> list[Any]:
        """All put together; nothing if that cannot be said, as a number beyond all bounds."""
        values = [*self._own, *(value for part in parts for value in part.values)]
        try:
            return [self._read(reduce(self._combine, values))] if values else []
        except (ValueError, OverflowError):
            return []


def total(along: str, *, is_single: bool = True) -> Collect:
    """The sum of what the cells of a region have; with several ways the shares are fractions."""
    return Collect(along, operator.add, divide=operator.truediv, is_single=is_single)


def greatest(along: str) -> Collect:
    """The greatest number in a region; by all ways, so that one that is lost costs nothing."""
    return Collect(along, max, is_single=False)


def least(along: str) -> Collect:
    """The least number in a region; by all ways."""
    return Collect(along, min, is_single=False)


def union(along: str, limit: int = 64) -> Collect:
    """Which values there are in a region, sorted, and of more than ``limit`` those that sort first; by all ways.

    Each cell has a list of at most ``limit`` scalars.
    """

    def read_items(raw: Any) -> list[Any]:
        if len(raw) > limit:
            raise ValueError(f"{len(raw)} values where {limit} are allowed")
        return sorted({read_scalar(item) for item in raw}, key=_place)

    def unite(some: list[Any], others: list[Any]) -> list[Any]:
        return sorted({*some, *others}, key=_place)[:limit]

    return Collect(along, unite, is_single=False, read=read_items)


def _place(item: Any) -> tuple[str, Any]:
    """An order of scalars of any types: by type, then by value."""
    return type(item).__name__, (item is not None and item)
