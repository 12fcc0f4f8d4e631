"""The k items with the highest scores.

For a backend developer: the hottest cache keys, the slowest endpoints, the largest tenants: of millions only those that
matter are known everywhere, and nobody holds more than k.  ::

    hot.offer("user:7", 1200)
    hot.value               # [("user:7", 1200), ...], the highest first

An item's score only rises: the highest that anybody offered is its score.  To count together, count where it happens
and offer the counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from actors.messages import Pid

from ..plain import Key, own_key, pack, read_key, read_list
from .context import Dot
from .dotted import Dotted, Home, all_but_best
from .registers import read_value

MAX_K = 1024
"""More items than this is no top."""

DEFAULT_K = 10
"""Items, unless told otherwise."""


class Scored(NamedTuple):
    """An item and a score that it reached."""

    key: Key
    score: int | float


class TopK(Dotted[Scored]):
    """The ``k`` items with the highest scores, 10 unless told otherwise; of equal scores the greater item's bytes.

    ``k`` is part of the type: two that differ in it do not join.
    """

    kind = "top"

    def __init__(self, owner: Pid, k: int = DEFAULT_K, *, home: Home | None = None) -> None:
        super().__init__(owner, home=home)
        if type(k) is not int or not 1 <= k <= MAX_K:
            raise ValueError(f"k must be 1 to {MAX_K}, a whole number; got {k!r}")
        self.k = k

    @property
    def name_on_wire(self) -> str:
        """The kind and k."""
        return f"{self.kind}{self.k}"

    def __contains__(self, item: object) -> bool:
        return item in self._by_key

    def __iter__(self) -> Iterator[Key]:
        return (item for item, _ in self.value)

    def __len__(self) -> int:
        return len(self._by_key)

    @property
    def value(self) -> list[tuple[Key, int | float]]:
        """Items and scores, the highest first."""
        ranked = sorted(self._entries, key=self._rank, reverse=True)
        return [(entry.key, entry.score) for entry in map(self._entries.__getitem__, ranked)]

    def score(self, item: Key) -> int | float | None:
        """The score of an item; ``None``: it is not among the k."""
        return next((self._entries[dot].score for dot in self.dots_of(item)), None)

    def offer(self, item: Key, score: int | float) -> TopK:  # noqa: PYI041 # as in MaxRegister
        """Offer a score; returns the delta, an empty one if it is not among the k highest or no higher than before."""
        entry, known = Scored(own_key(item), read_value(score)), self.score(item)
        if known is not None and score <= known:
            return self._change(())
        if known is None and len(self) == self.k and _rank(entry) <= min(map(_rank, self._entries.values())):
            return self._change(())
        return self._change([entry])

    def beaten(self, dot: Dot, entry: Scored, rivals: Mapping[Dot, Scored]) -> list[Dot]:
        """Lower scores of the same item; and the lowest item if there are more than k."""
        if len(rivals) > 1:
            return all_but_best(rivals, self._rank)
        return [min(self._entries, key=self._rank)] if len(self._by_key) > self.k else []

    def _rank(self, dot: Dot) -> tuple[Any, ...]:
        return *_rank(self._entries[dot]), dot

    def _blank(self) -> TopK:
        return TopK(self.owner, self.k)

    def read(self, owner: Pid, raw: Any) -> Scored:
        """What ``wire`` made."""
        key, score = read_list(raw, 2, 2)
        return Scored(read_key(key), read_value(score))


def _rank(entry: Scored) -> tuple[int | float, bytes]:
    return entry.score, pack(entry.key)
