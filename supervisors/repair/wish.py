"""The number of workers that a group of pools wants together, to which each of them adds and from which it takes.

It is a sum that all count on at once, so no two decisions made at one time are taken for one, and a base that
``resize()`` sets.  Only their sum counts: ``wanted = base + counted``.
"""

from __future__ import annotations

from typing import Any, Protocol

from supervisors.desired import Desired


class Counter(Protocol):
    """What is needed of :class:`~actors.tissue.crdt.counters.PNCounter`."""

    @property
    def value(self) -> int:
        """The sum."""

    def add(self, amount: int) -> object:
        """Add to it."""


class Base(Protocol):
    """What is needed of :class:`~actors.tissue.crdt.lww.LWWMap`."""

    def get(self, key: str, default: Any = None, /) -> Any:
        """What is under a key."""

    def put(self, key: str, value: Any, /) -> object:
        """Put a value under a key."""


BASE = "base"


class Wish:
    """See the module's text.  ``desired``: the bounds that hold here."""

    def __init__(self, desired: Desired, base: Base, counted: Counter) -> None:
        self._desired = desired
        self._base = base
        self._counted = counted

    @property
    def _sum(self) -> int:
        base = self._base.get(BASE)
        return (base if type(base) is int else self._desired.replicas) + self._counted.value

    @property
    def wanted(self) -> int:
        """The number, within the bounds."""
        return self._desired.clamp(self._sum)

    def set(self, number: int) -> None:
        """Want this number from now on."""
        self._base.put(BASE, number - self._counted.value)

    def add(self, step: int) -> bool:
        """Want one more, or one less; false if that would be out of bounds.

        What others had wanted beyond the bounds at the same time is made good, or a step back would do nothing.
        """
        wanted = self.wanted + step
        if wanted != self._desired.clamp(wanted):
            return False
        self._counted.add(wanted - self._sum)
        return True
