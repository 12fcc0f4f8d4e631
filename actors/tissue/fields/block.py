"""What a part of a cell that speaks once a round has to offer: a gradient, or something built along one.

A block never sees packets, only what it itself told at the neighbours; the core (:mod:`field`) carries that to and fro,
and says when a neighbour is lost.  So blocks compose: all that a cell has to say travels in one packet a neighbour.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from actors.messages import Pid

from .config import FieldConfig
from .links import Links

T = TypeVar("T")

ROUND = "field.round"
"""The only kind of packet: [version, {field: word}, {block: word}]."""

SCALAR_BYTES = 1024
"""A text or a string of bytes that is told to neighbours is at most this long, so that a packet holds it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A field as one cell sees it.

    ``distance``: to the nearest source, in the unit of the links; ``inf``: none is seen.  ``next_hop``: the neighbour
    on the way there; ``None`` at a source.  Only where values carry their paths: ``hops``, all cells on the way, the
    source last, and ``source``, which life it is.
    """

    distance: float = math.inf
    next_hop: str | None = None
    hops: tuple[str, ...] = ()
    source: Pid | None = None

    @property
    def is_reached(self) -> bool:
        """Whether there is a source."""
        return self.distance < math.inf

    def weight(self, length: float) -> float:
        """exp(-distance / ``length``): 1 at the source, 0.37 after ``length``, 0 where none is seen.

        A soft zone, as morphogens make them: how much more to log, to probe, to replicate near an incident.  Raises
        ``ValueError`` for a length that is not above 0.
        """
        if not length > 0:
            raise ValueError(f"a length is above 0; got {length!r}")
        return math.exp(-self.distance / length)


class Around(Protocol):
    """What a block may know of its cell."""

    @property
    def pid(self) -> Pid:
        """Which cell this is."""

    @property
    def config(self) -> FieldConfig:
        """Its constants."""

    @property
    def links(self) -> Links:
        """Its neighbours."""

    def field(self, name: str) -> Reading:
        """One of its fields, as of this round."""


class Block(ABC, Generic[T]):
    """A part of a cell; ``T`` is what it makes of a neighbour's word."""

    __slots__ = ()

    @abstractmethod
    def read(self, sender: Pid, body: Any) -> T:
        """Make sense of what the same block of a neighbour said.  Raises ``TypeError`` or ``ValueError``, or else must
        neither fail nor change anything: the rest of the packet may still be refused.
        """

    @abstractmethod
    def hear(self, sender: str, told: T, now: float) -> None:
        """A neighbour said so; also when it says the same again in a packet that is new otherwise."""

    @abstractmethod
    def lose(self, sender: str) -> None:
        """What a neighbour said counts no more: it is gone, or says nothing under this name now."""

    @abstractmethod
    def turn(self, around: Around, now: float) -> Any:
        """Make the best of what was heard, and return what to tell all neighbours: plain values; ``None``: nothing.

        What was returned is not changed afterwards: it is on its way.
        """


class Gradient(Block[T]):
    """A block that measures the distance to sources."""

    __slots__ = ()

    is_source: bool
    is_dirty: bool
    """Whether its next turn may come to something else, time apart."""
    root: object
    """Something that tells the source that is seen from others, as far as that can be known; ``None``: none is seen."""

    @property
    @abstractmethod
    def is_restless(self) -> bool:
        """Whether time alone changes what it comes to, so that it wants its turn each round."""

    @property
    @abstractmethod
    def reading(self) -> Reading:
        """What it came to in its last turn."""

    @abstractmethod
    def toward(self, visited: Collection[str]) -> str | None:
        """The neighbour to hand a message to that has visited these cells; ``None``: there is none now."""

    @property
    @abstractmethod
    def is_idle(self) -> bool:
        """Whether it has nothing to say and nothing to wait for, so that it may be dropped."""


def read_parts(raw: Any, count: int) -> Any:
    """A list of so many parts, to be read one by one.  Raises ``TypeError`` or ``ValueError``."""
    if type(raw) is not list and type(raw) is not tuple:
        raise TypeError("not a list")
    if len(raw) != count:
        raise ValueError(f"{len(raw)} parts, not {count}")
    return raw


def read_distance(raw: Any) -> float:
    """A number from 0 on, finite.  Raises ``TypeError`` or ``ValueError``."""
    if type(raw) is not float and type(raw) is not int:
        raise TypeError("not a number")
    if not 0 <= raw < math.inf:
        raise ValueError(f"no distance: {raw!r}")
    return float(raw)


def read_number(raw: Any) -> float:
    """Any finite number.  Raises ``TypeError`` or ``ValueError``."""
    if type(raw) is not float and type(raw) is not int:
        raise TypeError("not a number")
    if not math.isfinite(raw):
        raise ValueError(f"not finite: {raw!r}")
    return raw


def read_scalar(raw: Any) -> Any:
    """``None``, a boolean, a finite number, at most 1024 letters or bytes.  Raises ``TypeError`` or ``ValueError``."""
    if raw is None or type(raw) is bool:
        return raw
    if type(raw) in (str, bytes):
        if len(raw) > SCALAR_BYTES:
            raise ValueError(f"{len(raw)} letters or bytes in one value")
        return raw
    return read_number(raw)
