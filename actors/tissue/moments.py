"""When each of many things is due, as cheaply as one can: any of them may be put off, brought forward or dropped."""

from __future__ import annotations

import heapq
import math
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

SLACK = 64
"""Entries that are of no use any more, besides as many as are, before they are swept out."""


class Moments(Generic[K]):
    """Moments by key, one a key.

    A heap whose outdated entries are passed over when they come up, and swept out when they are the most.
    """

    __slots__ = ("_heap", "_serial", "_when")

    def __init__(self) -> None:
        self._when: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._serial = 0

    def __len__(self) -> int:
        return len(self._when)

    @property
    def due(self) -> float:
        """The earliest moment; ``inf``: there is none."""
        heap, when = self._heap, self._when
        while heap and when.get(heap[0][2]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else math.inf

    def put(self, key: K, when: float) -> None:
        """``key`` is due then and at no other time; ``inf``: never."""
        if when == math.inf:
            self.drop(key)
            return
        if self._when.get(key) == when:
            return
        self._when[key] = when
        self._serial += 1
        heapq.heappush(self._heap, (when, self._serial, key))
        self._sweep()

    def when(self, key: K) -> float:
        """When ``key`` is due; ``inf``: never."""
        return self._when.get(key, math.inf)

    def drop(self, key: K) -> None:
        """``key`` is never due."""
        self._when.pop(key, None)
        self._sweep()

    def _sweep(self) -> None:
        """Keep one entry a key, when most are of no use: what is brought forward leaves one behind, and again and again
        the same one if what is far off stays what it is.
        """
        if len(self._heap) <= 2 * len(self._when) + SLACK:
            return
        kept: dict[K, tuple[float, int, K]] = {}
        for entry in sorted(self._heap):
            if self._when.get(entry[2]) == entry[0]:
                kept.setdefault(entry[2], entry)
        self._heap = list(kept.values())  # sorted, and so a heap

    def clear(self) -> None:
        """Nothing is ever due."""
        self._when.clear()
        self._heap.clear()

    def pop(self, now: float) -> K | None:
        """The earliest of those that are due ``now``, which is due no more; ``None``: nothing is."""
        if self.due > now:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._when[key]
        return key
