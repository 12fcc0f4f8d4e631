"""What the cores of the overlay report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from actors.messages import Pid

from ..core import TissueEvent


@dataclass(frozen=True, slots=True)
class NeighbourUp(TissueEvent):
    """``pid`` is in the active view now."""

    pid: Pid


@dataclass(frozen=True, slots=True)
class NeighbourDown(TissueEvent):
    """``pid`` is not in the active view any more; ``is_lost``: it died, left or fell silent."""

    pid: Pid
    is_lost: bool


@dataclass(frozen=True, slots=True)
class BadMetric(TissueEvent):
    """The metric of ``ranking`` failed, or gave what is no distance; ``why`` in words.  Reported once a ranking."""

    ranking: str
    why: str


@dataclass(frozen=True, slots=True)
class Delivered(TissueEvent):
    """A message to all, the ``number``-th of the life ``origin``, after so many ``hops``; once at every cell."""

    origin: Pid
    number: int
    body: Any
    hops: int
