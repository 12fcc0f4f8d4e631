"""Whom a cell asks next, what it has asked, and what it has to ask again because nobody answered.

Each sibling is asked in turn, in an order that is drawn anew for every pass; so all are asked equally often, and nobody
can have himself asked more often.  What was lost is asked again in the next round, and in the one after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

OPEN_LIMIT = 64
"""Questions that may be open; of more the oldest are given up."""

AGAIN_LIMIT = 4
"""Questions that are asked again in one round, at most: the newest, whose answer matters most."""


class Questions:
    """The questions of one cell to its siblings; each is asked again ``repeats`` times, once a round."""

    __slots__ = ("_open", "_pass", "_repeats", "_rng", "siblings")

    def __init__(self, rng: random.Random, repeats: int) -> None:
        self.siblings: tuple[str, ...] = ()
        self._rng = rng
        self._repeats = repeats
        self._pass: list[str] = []
        self._open: dict[str, tuple[int, int]] = {}

    def meet(self, siblings: tuple[str, ...]) -> bool:
        """These are the siblings now, whether they are others than before; open questions to others are given up."""
        if siblings == self.siblings:
            return False
        before, known = set(self.siblings), set(siblings)
        self._pass = [name for name in self._pass if name in known]
        # At once, or a group that doubles would listen to the older half alone, until it has heard all of them.
        for name in siblings:
            if name not in before:
                self._pass.insert(self._rng.randrange(len(self._pass) + 1), name)
        self._open = {name: question for name, question in self._open.items() if name in known}
        self.siblings = siblings
        return True

    def forget(self, sibling: str) -> bool:
        """This one is a sibling no more; whether it was one."""
        return self.meet(tuple(name for name in self.siblings if name != sibling))

    def next(self) -> str | None:
        """Whose turn it is; ``None`` if there is nobody."""
        if not self._pass:
            self._pass = list(self.siblings)
            self._rng.shuffle(self._pass)
        return self._pass.pop() if self._pass else None

    def again(self) -> list[tuple[str, int]]:
        """Who has to be asked once more, and with which number."""
        unanswered = [(name, number, left) for name, (number, left) in self._open.items() if left > 0]
        for name, number, left in unanswered[-AGAIN_LIMIT:]:
            self._open[name] = number, left - 1
        return [(name, number) for name, number, _ in unanswered[-AGAIN_LIMIT:]]

    def ask(self, sibling: str, number: int) -> None:
        """It is asked question ``number``, which takes the place of an older one."""
        self._open.pop(sibling, None)
        self._open[sibling] = number, self._repeats
        if len(self._open) > OPEN_LIMIT:
            del self._open[next(iter(self._open))]

    def answered(self, sibling: str, number: int) -> bool:
        """Whether this answers an open question; if so, it is open no more."""
        is_open = self._open.get(sibling, (-1, 0))[0] == number
        if is_open:
            del self._open[sibling]
        return is_open
