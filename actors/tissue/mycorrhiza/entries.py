"""A bounded store of values that expire, which knows the hottest of them."""

from __future__ import annotations

import math
from heapq import nlargest
from typing import Any

from ..plain import unpack

HALF_LIFE = 60.0
"""Seconds in which the heat of an entry halves: what was hot an hour ago is not."""


class Entry:
    """A value as bytes, until ``expires``; ``cost``: the seconds it took to compute it."""

    __slots__ = ("_heat", "_touched", "cost", "expires", "packed")

    def __init__(self, packed: bytes, expires: float, cost: float, now: float) -> None:
        self.packed = packed
        self.expires = expires
        self.cost = cost
        self._heat = 0.0
        self._touched = now

    @property
    def value(self) -> Any:
        """The value, a new copy each time."""
        return unpack(self.packed)

    def heat(self, now: float) -> float:
        """How often it was read, each reading half as much a minute later."""
        return self._heat * math.exp2((self._touched - now) / HALF_LIFE)

    def touch(self, now: float) -> None:
        """It was read."""
        self._heat, self._touched = self.heat(now) + 1.0, now


class Entries:
    """At most ``most`` entries: of more, those that were read longest ago go."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: dict[str, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def get(self, key: str, now: float) -> Entry | None:
        """A living entry, which is hotter now."""
        entry = self._entries.pop(key, None)
        if entry is None or entry.expires <= now:
            return None
        self._entries[key] = entry
        entry.touch(now)
        return entry

    def put(self, key: str, packed: bytes, expires: float, cost: float, now: float) -> None:
        """A new value for a key; it keeps the key's place in line, and its heat."""
        entry = self._entries.get(key)
        if entry is None:
            self._entries[key] = Entry(packed, expires, cost, now)
            if len(self._entries) > self._most:
                del self._entries[next(iter(self._entries))]
        else:
            entry.packed, entry.expires, entry.cost = packed, expires, cost

    def drop(self, key: str) -> None:
        """Take an entry out, if it is there."""
        self._entries.pop(key, None)

    def hottest(self, share: float, now: float) -> list[tuple[str, Entry]]:
        """This share of the living entries, at least one, the hottest first."""
        living = [(key, entry) for key, entry in self._entries.items() if entry.expires > now]
        return nlargest(max(1, round(len(living) * share)), living, key=lambda item: item[1].heat(now))
