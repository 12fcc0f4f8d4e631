"""A set and a map from which a removal takes only what the remover had seen.

For a backend developer: sessions, members of a room, open jobs, cached keys: what several add and remove at once.  If
one removes an element while another adds it anew, it stays; nobody's addition is lost to somebody who did not know of
it.  ::

    online.add("ada")                       # ORSet
    sessions.put("token", {"user": 7}, now, lifetime=1800.0)        # ORMap
    sessions.remove("token")

Nothing is remembered of what was removed (no tombstones): each addition has a dot, a removal takes the dots it saw, and
the causal context knows that they are gone.  "Optimised": an addition takes the place of those it saw of the same
element, so an element holds one dot for each *concurrent* addition, not for each addition ever made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from actors.messages import Pid

from ..plain import Key, own_key, read_key, read_list
from .context import Dot
from .dotted import Dotted
from .stamped import Entry, StampedMap


class Element(NamedTuple):
    """What was added."""

    key: Key


class ORSet(Dotted[Element]):
    """A set of keys: text, whole numbers, bytes, tuples of these."""

    kind = "orset"

    def __contains__(self, element: object) -> bool:
        return element in self._by_key

    def __iter__(self) -> Iterator[Key]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)

    @property
    def value(self) -> set[Key]:
        """The elements, as a copy."""
        return set(self._by_key)

    def add(self, *elements: Key) -> ORSet:
        """Add elements; returns the delta.  To add what is there already makes it survive a concurrent removal."""
        new = {own_key(element): Element(element) for element in elements}
        return self._change(new.values(), self._seen(new))

    def remove(self, *elements: Key) -> ORSet:
        """Remove elements; returns the delta, an empty one if none is there."""
        return self._change((), self._seen(dict.fromkeys(map(own_key, elements))))

    def clear(self) -> ORSet:
        """Remove all that is there."""
        return self._change((), list(self._entries))

    def _seen(self, elements: Iterable[Any]) -> list[tuple[Pid, int]]:
        return [dot for element in elements for dot in self.dots_of(element)]

    def replaces(self, dot: Dot, other: Dot) -> bool:
        """The element is the same."""
        return True

    def read(self, owner: Pid, raw: Any) -> Element:
        """What ``wire`` made."""
        return Element(read_key(read_list(raw, 1, 1)[0]))


class ORMap(StampedMap):
    """Keys and values; of several concurrent writes of a key the last is read.

    Unlike in :class:`~actors.tissue.crdt.lww.LWWMap` a write survives a removal that did not know of it.
    """

    kind = "ormap"

    def remove(self, *keys: Key) -> ORMap:
        """Remove keys; returns the delta, an empty one if none is there."""
        return self._change((), [dot for key in dict.fromkeys(map(own_key, keys)) for dot in self.dots_of(key)])

    def clear(self) -> ORMap:
        """Remove all that is there."""
        return self._change((), list(self._entries))

    def replaces(self, dot: Dot, other: Dot) -> bool:
        """What was put later."""
        return self.moment(dot) > self.moment(other)

    def _put(self, entry: Entry) -> ORMap:
        return self._change([entry], self.dots_of(entry.key))
