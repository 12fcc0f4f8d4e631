"""Updates on their way: each rides on packets that are sent anyway, a limited number of times, the newest first.

An update that was sent ``mult * ceil(log10(n + 1))`` times has reached nearly everybody (infection-style dissemination;
the limit is memberlist's, and log10 is meant).  Nearly: at 30 % loss a few cells of a small cluster are missed, so the
members also compare their whole tables now and then.
"""

from __future__ import annotations

import math
from typing import Any

from .updates import Status, Update, packed_size

Key = tuple[str, str]
"""Whom a rumour is about, and who accuses: accusations by several stay apart, for they have to be counted."""


def retransmit_limit(mult: int, n: int) -> int:
    """How often an update is sent in a cluster of ``n``."""
    return mult * math.ceil(math.log10(n + 1))


class Rumours:
    """The updates that this cell passes on; at most ``capacity``, and when it is full the most told one makes room.

    ``mult``: see :func:`retransmit_limit`; higher is surer and dearer.
    """

    def __init__(self, mult: int, capacity: int) -> None:
        self._mult = mult
        self._capacity = capacity
        # The updates by how often they were sent, oldest first; and where each is.
        self._tiers: list[dict[Key, tuple[list[Any], int]]] = [{}]
        self._tier_of: dict[Key, int] = {}
        self._about: dict[str, dict[Key, tuple[int, int, int]]] = {}

    def __len__(self) -> int:
        return len(self._tier_of)

    def __contains__(self, name: str) -> bool:
        return name in self._about

    def add(self, update: Update) -> None:
        """Tell this from now on, and no longer what it supersedes."""
        accuser = update.by if update.status is Status.SUSPECT else ""
        key, rank = (update.name, accuser), update.rank
        for other, its_rank in list(self._about.get(update.name, {}).items()):
            if its_rank != rank or other == key:
                self._drop(other)
        if len(self._tier_of) >= self._capacity:
            self._drop(next(iter(next(tier for tier in reversed(self._tiers) if tier))))
        wire = update.wire()
        self._tiers[0][key] = wire, packed_size(wire)
        self._tier_of[key] = 0
        self._about.setdefault(update.name, {})[key] = rank

    def take(self, space: int, n: int) -> list[list[Any]]:
        """What to put into a packet that has ``space`` bytes left, in a cluster of ``n``: the least told first."""
        if not self._tier_of:
            return []
        limit = retransmit_limit(self._mult, n)
        chosen: list[list[Any]] = []
        moved: list[tuple[Key, int]] = []
        for count, tier in enumerate(self._tiers):
            for key in reversed(tier):
                wire, size = tier[key]
                if size <= space:
                    space -= size
                    chosen.append(wire)
                    moved.append((key, count))
            if space < _LEAST_UPDATE:
                break
        for key, count in moved:
            if count + 1 >= limit:
                self._drop(key)
            else:
                self._move(key, count)
        return chosen

    def _move(self, key: Key, count: int) -> None:
        if count + 1 == len(self._tiers):
            self._tiers.append({})
        self._tiers[count + 1][key] = self._tiers[count].pop(key)
        self._tier_of[key] = count + 1

    def _drop(self, key: Key) -> None:
        del self._tiers[self._tier_of.pop(key)][key]
        about = self._about[key[0]]
        del about[key]
        if not about:
            del self._about[key[0]]


_LEAST_UPDATE = packed_size(Update(Status.ALIVE, "c", 1, 0).wire())
