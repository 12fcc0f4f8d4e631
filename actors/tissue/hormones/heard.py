"""What others said of themselves: the last word of each, who said it, and when.

What is heard is kept by the name of the cell, so that whoever speaks often counts no more than once.  A later life of a
place speaks for it, an earlier one no more; packets that were late or doubled change nothing.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import islice
from typing import NamedTuple

from actors.messages import Pid

from .packets import Levels


class Word(NamedTuple):
    """What a cell of that ``life`` said in its packet ``number``, which arrived ``at``."""

    life: int
    number: int
    at: float
    levels: Levels


class Heard:
    """The last words of at most ``limit`` cells, in the order of their arrival; of more the oldest are forgotten.

    What is older than ``stale`` seconds is as good as not heard.
    """

    __slots__ = ("_limit", "_stale", "_words")

    def __init__(self, limit: int, stale: float) -> None:
        self._limit = limit
        self._stale = stale
        self._words: dict[str, Word] = {}

    def __len__(self) -> int:
        return len(self._words)

    def take(self, sender: Pid, number: int, levels: Levels, now: float) -> None:
        """Keep this, if it is news.  Raises ``ValueError`` if ``sender`` is a life that is known to be over."""
        known = self._words.get(sender.name)
        # A word that is stale binds nobody: a number or a life that was wrong does not silence a place for ever.
        if known is not None and known.at >= now - self._stale:
            if sender.incarnation < known.life:
                raise ValueError(f"a stale incarnation: {sender}, of which {known.life} is known")
            if sender.incarnation == known.life and number <= known.number:
                return
        self._words.pop(sender.name, None)
        self._words[sender.name] = Word(sender.incarnation, number, now, levels)
        if len(self._words) > self._limit:
            del self._words[next(iter(self._words))]

    def keep(self, names: Container[str]) -> None:
        """Forget what all others have said."""
        self._words = {name: word for name, word in self._words.items() if name in names}

    def forget(self, name: str) -> None:
        """Forget what that cell has said."""
        self._words.pop(name, None)

    def life(self, name: str) -> int:
        """The life of that cell that spoke last; -1 if none did."""
        word = self._words.get(name)
        return -1 if word is None else word.life

    def fresh(self, most: int, now: float) -> int:
        """How many cells lately said anything, counted up to ``most``."""
        return sum(1 for word in islice(reversed(self._words.values()), most) if word.at >= now - self._stale)

    def newest(self, hormone: str, now: float) -> Iterator[tuple[float, float]]:
        """(level, when it arrived) of every cell that spoke of ``hormone`` lately, the last heard first."""
        for word in reversed(self._words.values()):
            if word.at < now - self._stale:
                return
            level = word.levels.get(hormone)
            if level is not None:
                yield level, word.at
