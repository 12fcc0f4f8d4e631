"""Which changes somebody has heard of: a set of dots, held as a few spans of numbers for each owner.

A *dot* names one change: whose, and which of his by number.  A *causal context* is a set of dots; the literature
holds it as a version vector and a cloud of exceptions.  Spans are both at once: whoever has heard of all of an owner's
changes holds one span of him, and a delta holds one span a change.

Source: Almeida, Shoker and Baquero, Delta State Replicated Data Types, JPDC 2018, section 7.2.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from actors.messages import Pid

from ..plain import read_list, read_name, read_number

Dot = tuple[Pid, int]
"""One change: its owner, and its number among his, from 1."""

SPANS_LIMIT = 65_536
"""More spans than this in one context are refused."""


class Context:
    """A set of dots.  Small where changes come in order; each gap costs one span."""

    __slots__ = ("_spans",)

    def __init__(self, dots: Iterable[Dot] = ()) -> None:
        # Of each owner the bounds of his spans, flat and ascending: lo1, hi1, lo2, hi2, ... stands for lo1 < n <= hi1,
        # lo2 < n <= hi2, ...  So a number is inside if an odd number of bounds is below it.
        self._spans: dict[Pid, list[int]] = {}
        for owner, number in dots:
            self.add(owner, number - 1, number)

    def __contains__(self, dot: Dot) -> bool:
        bounds = self._spans.get(dot[0])
        return bounds is not None and bisect_left(bounds, dot[1]) & 1 == 1

    def __iter__(self) -> Iterator[Dot]:
        for owner, lo, hi in self.spans():
            for number in range(lo + 1, hi + 1):
                yield owner, number

    def __bool__(self) -> bool:
        return bool(self._spans)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Context) and self._spans == other._spans

    __hash__ = None  # type: ignore[assignment] # it changes

    def __repr__(self) -> str:
        return f"Context({', '.join(f'{owner}:{lo + 1}-{hi}' for owner, lo, hi in self.spans())})"

    def spans(self) -> Iterator[tuple[Pid, int, int]]:
        """Each span as (owner, lo, hi): the numbers above ``lo``, up to ``hi``."""
        for owner, bounds in self._spans.items():
            for place in range(0, len(bounds), 2):
                yield owner, bounds[place], bounds[place + 1]

    @property
    def count(self) -> int:
        """How many changes it has heard of."""
        return sum(hi - lo for _, lo, hi in self.spans())

    def next(self, owner: Pid) -> int:
        """The number after the highest that was heard of."""
        bounds = self._spans.get(owner)
        return bounds[-1] + 1 if bounds else 1

    def add(self, owner: Pid, lo: int, hi: int) -> None:
        """Hear of the changes ``lo + 1`` to ``hi``."""
        if lo >= hi:
            return
        bounds = self._spans.setdefault(owner, [])
        if bounds and bounds[-1] == lo:  # the next one, as a rule
            bounds[-1] = hi
            return
        left, right = bisect_left(bounds, lo), bisect_right(bounds, hi)
        bounds[left:right] = [lo] * (left & 1 == 0) + [hi] * (right & 1 == 0)

    def drop(self, owner: Pid, lo: int, hi: int) -> None:
        """Forget the changes ``lo + 1`` to ``hi``."""
        bounds = self._spans.get(owner)
        if bounds is None or lo >= hi:
            return
        left, right = bisect_left(bounds, lo), bisect_right(bounds, hi)
        bounds[left:right] = [lo] * (left & 1) + [hi] * (right & 1)
        if not bounds:
            del self._spans[owner]

    def update(self, other: Context) -> None:
        """Hear of all that ``other`` has heard of."""
        for owner, lo, hi in other.spans():
            self.add(owner, lo, hi)

    def minus(self, other: Context) -> Context:
        """What ``other`` has not heard of."""
        rest = Context()
        for owner, bounds in self._spans.items():
            rest._spans[owner] = list(bounds)
            theirs = other._spans.get(owner, ())
            for place in range(0, len(theirs), 2):
                rest.drop(owner, theirs[place], theirs[place + 1])
        return rest

    def encode(self) -> list[Any]:
        """As plain values: for each owner his name, his life and the bounds of his spans."""
        return [[owner.name, owner.incarnation, list(bounds)] for owner, bounds in sorted(self._spans.items())]

    @classmethod
    def decode(cls, raw: Any) -> Context:
        """What :meth:`encode` made.  Raises ``TypeError`` or ``ValueError``."""
        context, count = cls(), 0
        for name, life, flat in read_list(raw):
            bounds = [read_number(each) for each in read_list(flat, 2, 2 * SPANS_LIMIT)]
            count += len(bounds) // 2
            if count > SPANS_LIMIT:
                raise ValueError(f"more than {SPANS_LIMIT} spans")
            if len(bounds) % 2 or any(a >= b for a, b in pairwise(bounds)):
                raise ValueError("spans that do not ascend")
            context._spans[Pid(read_name(name), read_number(life, 1))] = bounds
        return context
