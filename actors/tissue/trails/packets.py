"""What travels on trails, and how a stranger's is read without believing anything.

============  =============================  =========================================================================
kind          body                           meaning
============  =============================  =========================================================================
trails.go     [*id, to, path, shunned, what]  A request, and all cells it has passed; those of ``shunned`` lead nowhere
trails.back   [*id, cost, hops, provider]     It has arrived: how far from the sender that was
trails.stuck  [*id, shunned]                  There is no way from here; try another
trails.took   [*id, kind]                     A packet of that kind, for that request, has come
trails.ant    [to, path, steps]               An explorer on its way there
trails.track  [to, path, steps]               One that follows a scent
trails.seek   [to, path, steps]               One that goes every way at once where nobody knows any
trails.home   [to, path, cost]                It has arrived, and goes back along its path, telling the cost
trails.scent  [[to, cost, age, away], ..]     What the sender smells; only [to]: nothing, or not for you
trails.dead   [name, life]                    That neighbour of the sender's does not answer
trails.ping   [number]                        Does this way work?
trails.pong   [number]                        It does, in both directions
============  =============================  =========================================================================

``id``: name, life and number of the cell that asked.  Paths end with the sender of the packet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from actors.messages import Pid

from ..plain import read_list, read_name, read_number

GO = "trails.go"
BACK = "trails.back"
STUCK = "trails.stuck"
TOOK = "trails.took"
ANT = "trails.ant"
HOME = "trails.home"
SCENT = "trails.scent"
TRACK = "trails.track"
SEEK = "trails.seek"
DEAD = "trails.dead"
PING = "trails.ping"
PONG = "trails.pong"

SHUNNED_LIMIT = 256
"""Cells that led nowhere which a request carries; one that found more is hopeless."""


class Id(NamedTuple):
    """Which request: the cell that asked, its life, and its number there."""

    name: str
    life: int
    number: int

    @property
    def origin(self) -> Pid:
        """Who asked."""
        return Pid(self.name, self.life)


class Go(NamedTuple):
    """A request on its way."""

    id: Id
    to: str
    path: tuple[str, ...]
    shunned: frozenset[str]
    payload: bytes


def read_id(name: Any, life: Any, number: Any) -> Id:
    """Raises ``TypeError`` or ``ValueError``."""
    return Id(read_name(name), read_number(life, 1), read_number(number, 1))


def read_go(body: Any, most_hops: int, most_bytes: int) -> Go:
    """Raises ``TypeError`` or ``ValueError``."""
    name, life, number, to, path, shunned, payload = read_list(body, 7, 7)
    if type(payload) is not bytes or len(payload) > most_bytes:
        raise ValueError("a payload is bytes, and not too many")
    return Go(
        read_id(name, life, number),
        read_name(to),
        read_path(path, most_hops),
        frozenset(read_path(shunned, SHUNNED_LIMIT, least=0)),
        payload,
    )


def read_path(raw: Any, most: int, least: int = 1) -> tuple[str, ...]:
    """Names of cells, no two the same.  Raises ``TypeError`` or ``ValueError``."""
    path = tuple(read_name(each) for each in read_list(raw, least, most))
    if len(set(path)) != len(path):
        raise ValueError("a path in a circle")
    return path


def read_cost(raw: Any) -> float:
    """A cost: a number from 0, finite.  Raises ``TypeError`` or ``ValueError``."""
    if type(raw) not in (int, float) or not 0 <= raw < math.inf:
        raise ValueError("a cost is a number from 0, and finite")
    return float(raw)


def erase_loops(path: Iterable[str]) -> list[str]:
    """A walk without its detours: where it comes to a cell again, all between is cut out."""
    erased: dict[str, None] = {}
    for name in path:
        while name in erased:
            erased.popitem()
        erased[name] = None
    return list(erased)
