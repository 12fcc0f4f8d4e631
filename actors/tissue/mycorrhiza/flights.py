"""What the cooperative cache reports, and what it remembers of a key while somebody waits for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ..core import TissueEvent


@dataclass(frozen=True, slots=True)
class Found(TissueEvent):
    """The value of a key that was asked for here, once however often it was asked for meanwhile."""

    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class Compute(TissueEvent):
    """Compute the value of a key, then say ``computed`` or ``failed`` with this ``token``."""

    key: str
    token: int


@dataclass(frozen=True, slots=True)
class Failed(TissueEvent):
    """The value of a key that was asked for here could not be computed, here or elsewhere: ``why`` in words.

    Ask again to try again.
    """

    key: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Warmed(TissueEvent):
    """This newborn has so many entries of its neighbours, and may take traffic."""

    entries: int


@dataclass(slots=True)
class Flight:
    """A key that is asked for: at the ``place``-th in rank, ``tries`` times, again at ``due``.

    ``token`` and ``since``: to be computed here, since when; ``asked``: whether anybody here waits for it.
    """

    place: int = 0
    tries: int = 0
    due: float = math.inf
    token: int | None = None
    since: float = 0.0
    asked: bool = True


@dataclass(slots=True)
class Put:
    """A computed value that its owner has not confirmed."""

    to: str
    body: list[Any]
    due: float
    tries: int = 1
