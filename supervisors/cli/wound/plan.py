"""The plan of a sheet, which every cell knows as every cell of a body knows its genome: who is beside whom."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

LEAST, MOST = 5, 24
"""Rows, and columns, of a sheet: fewer have no inside to be wounded; over more, requests on a trail that is not yet
straight pass the 64 cells after which they are given up."""

CELLS_LIMIT = 400
"""Cells of a sheet: as many as are drawn live on a slow machine."""

Place = tuple[int, int]
"""A row and a column, both from 0."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A sheet of ``rows`` by ``columns`` cells, each linked to the four beside it.  Raises ``ValueError``."""

    rows: int
    columns: int

    def __post_init__(self) -> None:
        for what, count in (("rows", self.rows), ("columns", self.columns)):
            if not LEAST <= count <= MOST:
                raise ValueError(f"a sheet has {LEAST} to {MOST} {what}, not {count}")
        if self.rows * self.columns > CELLS_LIMIT:
            cells = self.rows * self.columns
            raise ValueError(f"a sheet has at most {CELLS_LIMIT} cells; {self.rows}x{self.columns} are {cells}")

    @classmethod
    def read(cls, text: str) -> Plan:
        """A plan from ``"10x24"``, rows and columns, or ``"10"``, as many of both.  Raises ``ValueError``."""
        rows, x, columns = text.lower().partition("x")
        counts = rows, columns if x else rows
        if not all(count.isascii() and count.isdigit() and len(count) < 9 for count in counts):
            raise ValueError(f"a size is ROWSxCOLUMNS or one number, such as 10x20 or 10; got {text!r:.40}")
        return cls(int(counts[0]), int(counts[1]))

    @property
    def places(self) -> list[Place]:
        """All of them, row by row."""
        return [(row, column) for row in range(self.rows) for column in range(self.columns)]

    @property
    def inlet(self) -> Place:
        """Where requests come in: the middle of the left rim."""
        return self.rows // 2, 0

    @property
    def outlet(self) -> Place:
        """Where they are answered: the middle of the right rim."""
        return self.rows // 2, self.columns - 1

    def beside(self, place: Place) -> list[Place]:
        """The neighbours of a place: four, at the rim three or two."""
        row, column = place
        around = ((row - 1, column), (row, column - 1), (row, column + 1), (row + 1, column))
        return [(r, c) for r, c in around if 0 <= r < self.rows and 0 <= c < self.columns]

    def keeper(self, place: Place) -> Place:
        """Who keeps a copy of what a place remembers, far away: no wound that is small enough to heal reaches both."""
        row, column = place
        return (row + self.rows // 2) % self.rows, (column + self.columns // 2) % self.columns

    def kept_by(self, keeper: Place) -> list[Place]:
        """The places whose keeper it is."""
        return [place for place in self.places if self.keeper(place) == keeper]

    def wound(self, share: float, near: Place, rng: random.Random) -> list[Place]:
        """About that ``share`` of all cells, the ball around a point near a place: as many as leave a way between inlet
        and outlet, and a copy of what each remembers.
        """
        size = round(share * self.rows * self.columns)
        radius = math.sqrt(size / math.pi)
        centre = (_within(near[0], radius, self.rows, rng), _within(near[1], radius, self.columns, rng))
        found: list[Place] = []
        for place in sorted(self.places, key=lambda place: math.dist(place, centre)):
            is_kept = self.keeper(place) not in found and not any(self.keeper(other) == place for other in found)
            if is_kept and place not in (self.inlet, self.outlet) and math.dist(place, centre) <= radius + 1:
                found.append(place)
        found = found[:size]
        while self.outlet not in self.hops(self.inlet, set(self.places) - set(found)):
            found.pop()
        return found

    def layers(self, wound: Iterable[Place]) -> dict[Place, int]:
        """At which layer from the rim each place of a wound lies, from 1: a front that comes in from all sides."""
        missing, found = set(wound), dict[Place, int]()
        while missing:
            rim = {place for place in missing if any(near not in missing for near in self.beside(place))}
            if not rim:
                break
            found.update(dict.fromkeys(rim, max(found.values(), default=0) + 1))
            missing -= rim
        return found

    def away(self, wound: Iterable[Place]) -> dict[Place, int]:
        """How many hops each other place is from a wound."""
        found = dict.fromkeys(wound, 0)
        rim = deque(found)
        while rim:
            here = rim.popleft()
            for near in self.beside(here):
                if near not in found:
                    found[near] = found[here] + 1
                    rim.append(near)
        return found

    def hops(self, origin: Place, living: Iterable[Place]) -> dict[Place, int]:
        """How far the living are from one of them, over others of them."""
        left, found, rim = set(living), {origin: 0}, deque([origin])
        while rim:
            here = rim.popleft()
            for near in self.beside(here):
                if near in left and near not in found:
                    found[near] = found[here] + 1
                    rim.append(near)
        return found


def _within(position: int, radius: float, count: int, rng: random.Random) -> float:
    """About there, but so that no more than a third of a ball lies beyond the rim."""
    margin = min(radius * 0.6, (count - 1) / 2)
    return min(max(position + rng.uniform(-0.5, 0.5), margin), count - 1 - margin)


def name_of(place: Place) -> str:
    """What the cell in a place is called."""
    return f"{place[0]}-{place[1]}"


def place_of(name: str) -> Place:
    """The place of a cell from its name, path or address."""
    row, _, column = name.rpartition("@")[0].rpartition("/")[2].partition("~")[0].partition("-")
    return int(row), int(column)
