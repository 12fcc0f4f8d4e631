"""What links report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from actors.messages import Pid

from ..core import TissueEvent


class Why(StrEnum):
    """Why a message was given up."""

    EXPIRED = "not settled within its lifetime"
    FULL = "too many wait"
    OUTLIVED = "the life it was for is over"
    OUTDATED = "its sender is known with a later life there"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Arrived(TissueEvent):
    """A message from ``origin`` for this cell: once each, and in the order in which they were sent."""

    origin: Pid
    payload: bytes


@dataclass(frozen=True, slots=True)
class Settled(TissueEvent):
    """The message that was sent with ``tag`` has arrived at ``to``."""

    to: str
    tag: Any


@dataclass(frozen=True, slots=True)
class Undeliverable(TissueEvent):
    """A message was given up.  It may have arrived all the same, unless nothing of it was ever sent."""

    to: str
    tag: Any
    payload: bytes
    why: Why


@dataclass(frozen=True, slots=True)
class Outdated(TissueEvent):
    """``by`` takes nothing from this life, ``pid``: it knows the place with ``later``, and so a higher life of it.

    As this life is the place's last one it was given too low a number, and has to be born again with one above.
    """

    pid: Pid
    by: str
    later: int


@dataclass(frozen=True, slots=True)
class LinkDown(TissueEvent):
    """A contact did not answer ``silences`` times in a row: evidence for membership, routes and trails."""

    contact: str
    silences: int


@dataclass(frozen=True, slots=True)
class LinkUp(TissueEvent):
    """A contact that was down answers again."""

    contact: str
