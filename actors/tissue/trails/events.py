"""What trails report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from actors.messages import Pid

from ..core import TissueEvent


class Why(StrEnum):
    """Why a request was lost."""

    NO_WAY = "no way leads there"
    LATE = "no answer in time"
    FULL = "too many requests"


@dataclass(frozen=True, slots=True)
class Requested(TissueEvent):
    """A request of ``origin`` has reached this cell, which is, or offers, ``to``."""

    origin: Pid
    to: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Reached(TissueEvent):
    """The request with ``tag`` has reached ``provider``, over so many hops, at that cost."""

    to: str
    tag: Any
    provider: str
    hops: int
    cost: float


@dataclass(frozen=True, slots=True)
class Lost(TissueEvent):
    """The request with ``tag`` was given up; it may have been handled all the same, unless there was no way."""

    to: str
    tag: Any
    payload: bytes
    why: Why


@dataclass(frozen=True, slots=True)
class HopDown(TissueEvent):
    """A neighbour is dead, or does not answer: its trails are wiped."""

    hop: str


@dataclass(frozen=True, slots=True)
class HopUp(TissueEvent):
    """A neighbour that was down is back."""

    hop: str
