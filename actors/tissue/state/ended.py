"""Streams that were dropped, because nothing was left of them or nobody had heard of their place for long.

What is told of such a stream, up to where it went, is old.  There is one more with each restart of a place, so of each
only its two numbers are kept.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

from actors.messages import Pid

LIVES_LIMIT = 1024
"""Lives of one place that are remembered; the earliest are forgotten first."""


class Ended:
    """At which version the streams of which lives were dropped, of ``limit`` lives at most: 16 bytes each."""

    __slots__ = ("_count", "_limit", "_places")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = 0
        # Of each place its lives, ascending, and beside them the versions.
        self._places: dict[str, tuple[array[int], array[int]]] = {}

    def __len__(self) -> int:
        return self._count

    def __contains__(self, pid: Pid) -> bool:
        return self.get(pid) > 0

    def get(self, pid: Pid) -> int:
        """At which version that life's stream was dropped; 0: it was not, as far as is remembered."""
        place = self._places.get(pid.name)
        if place is None:
            return 0
        lives, versions = place
        at = bisect_left(lives, pid.incarnation)
        return versions[at] if at < len(lives) and lives[at] == pid.incarnation else 0

    def add(self, pid: Pid, version: int) -> None:
        """That life's stream was dropped at that version; nothing need be remembered of 0."""
        if version == 0:
            return
        place = self._places.get(pid.name)
        if place is None:
            place = self._places[pid.name] = array("q"), array("q")
        lives, versions = place
        at = bisect_left(lives, pid.incarnation)
        lives.insert(at, pid.incarnation)
        versions.insert(at, version)
        self._count += 1
        if len(lives) > LIVES_LIMIT:
            self._remove(pid.name, 0)
        elif self._count > self._limit:
            self._remove(max(self._places, key=lambda name: len(self._places[name][0])), 0)

    def pop(self, pid: Pid) -> int:
        """The same as :meth:`get`, and it is not over any more."""
        version = self.get(pid)
        if version:
            self._remove(pid.name, bisect_left(self._places[pid.name][0], pid.incarnation))
        return version

    def _remove(self, name: str, at: int) -> None:
        lives, versions = self._places[name]
        del lives[at], versions[at]
        self._count -= 1
        if not lives:
            del self._places[name]
