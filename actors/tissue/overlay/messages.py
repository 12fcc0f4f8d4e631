"""The messages to all that a cell keeps for a while, and the names of those it has had."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..plain import read_list, read_name, read_number


class Id(NamedTuple):
    """The ``number``-th message of that life of that cell."""

    name: str
    life: int
    number: int


@dataclass(slots=True)
class Message:
    """A message as it is kept: packed, ``hops`` from its origin, which sent it at ``born`` by our clock.

    ``sent``: how often this cell sent it; ``told``: to whom, and from whom it came.
    """

    id: Id
    body: bytes
    hops: int
    born: float
    sent: int = 0
    told: set[str] = field(default_factory=set)


def read_id(raw: Any) -> Id:
    """Raises ``TypeError`` or ``ValueError``."""
    name, life, number = read_list(raw, 3, 3)
    return Id(read_name(name), read_number(life, 1), read_number(number, 1))


class Messages:
    """At most ``max_kept`` messages until they are ``retention`` old, and ``max_seen`` names for twice as long.

    A message tells its age, so that one whose name is forgotten is too old to be taken.
    """

    def __init__(self, retention: float, max_kept: int, max_seen: int) -> None:
        self._retention = retention
        self._max_kept = max_kept
        self._max_seen = max_seen
        self._kept: dict[Id, Message] = {}
        self._seen: dict[Id, float] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def ids(self) -> list[Id]:
        """Of those that are kept, the oldest first."""
        return list(self._kept)

    @property
    def due(self) -> float:
        """When there will be something to forget."""
        return next(iter(self._seen.values()), math.inf)

    def has_seen(self, id: Id) -> bool:
        """Whether it was here before."""
        return id in self._seen

    def get(self, id: Id) -> Message | None:
        """It, if it is still kept."""
        return self._kept.get(id)

    def add(self, message: Message, now: float) -> None:
        """Keep it; the oldest makes room."""
        if len(self._kept) >= self._max_kept:
            del self._kept[next(iter(self._kept))]
        if len(self._seen) >= self._max_seen:
            del self._seen[next(iter(self._seen))]
        self._kept[message.id] = message
        self._seen[message.id] = now + 2 * self._retention

    def expire(self, now: float) -> None:
        """Forget what is too old."""
        for id in [id for id, message in self._kept.items() if message.born <= now - self._retention]:
            del self._kept[id]
        while self.due <= now:
            del self._seen[next(iter(self._seen))]
