"""Messages that others have and this cell has not: whom to ask, and when."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .messages import Id

SOURCES_LIMIT = 4
"""Cells that are remembered to have a message."""

ASKS_LIMIT = 4
"""A message is asked for so often, of each of them in turn; then it is given up until somebody names it anew."""


@dataclass(slots=True)
class _Wanted:
    due: float
    asked: int = 0
    sources: list[str] = field(default_factory=list)


class Missing:
    """A message that was announced is waited for, ``timeout`` seconds, then asked for.  At most ``limit`` of them."""

    def __init__(self, timeout: float, limit: int) -> None:
        self._timeout = timeout
        self._limit = limit
        # All wait equally long, so the first is always the next.
        self._wanted: dict[Id, _Wanted] = {}

    @property
    def due(self) -> float:
        """When the next one is to be asked for."""
        return next(iter(self._wanted.values())).due if self._wanted else math.inf

    def add(self, id: Id, source: str, now: float) -> None:
        """``source`` has it."""
        wanted = self._wanted.get(id)
        if wanted is None:
            if len(self._wanted) >= self._limit:
                return
            wanted = self._wanted[id] = _Wanted(now + self._timeout)
        if source not in wanted.sources and len(wanted.sources) < SOURCES_LIMIT:
            wanted.sources.append(source)

    def remove(self, id: Id) -> None:
        """It has come."""
        self._wanted.pop(id, None)

    def to_ask(self, now: float) -> dict[str, list[Id]]:
        """Whom to ask for what now."""
        asked: dict[str, list[Id]] = {}
        while self.due <= now:
            id = next(iter(self._wanted))
            wanted = self._wanted.pop(id)
            if wanted.asked < ASKS_LIMIT:
                asked.setdefault(wanted.sources[wanted.asked % len(wanted.sources)], []).append(id)
                wanted.asked += 1
                wanted.due = now + self._timeout
                self._wanted[id] = wanted
        return asked
