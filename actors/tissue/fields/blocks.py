"""The blocks that a cell's owner has installed: each has its turn, and one that fails takes nobody with it.

Gradients are ours; a block may be anybody's.  What it raises is reported, it says nothing in that round, and it has its
turn again in the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actors.messages import Pid
from actors.tissue.core import Effect, PartFailed, read
from actors.tissue.plain import pack_readable, read_name

from .block import ROUND, Around, Block, Gradient
from .gradients import Gradients

METHODS = ("read", "hear", "lose", "turn")
"""What a block must be able to do."""

WORD_BYTES = 16_384
"""The longest word of a block, packed: some of them fit a packet together."""


class Blocks:
    """By name.  Whatever they raise is returned as ``PartFailed``."""

    __slots__ = ("_failing", "by_name")

    def __init__(self) -> None:
        self.by_name: dict[str, Block[Any]] = {}
        # What failed when it was last tried: which block, in which method.
        self._failing: set[tuple[str, str]] = set()

    def install(self, name: str, block: Block[Any]) -> None:
        """Have one more.  Raises ``ValueError`` for what is no block, naming what it lacks."""
        if isinstance(block, type):
            raise ValueError(f"{block.__name__} is a class; install an object of it: {block.__name__}(...)")
        lacking = [method for method in METHODS if not callable(getattr(block, method, None))]
        if lacking:
            raise ValueError(
                f"{block!r:.60} is no block: it lacks {', '.join(lacking)}; see actors.tissue.fields.block.Block"
            )
        self.by_name[read_name(name)] = block

    def uninstall(self, name: str) -> bool:
        """Have one less; whether there was one of that name."""
        self._failing -= {(name, method) for method in METHODS}
        return self.by_name.pop(name, None) is not None

    def turn(
        self, around: Around, now: float, said: Mapping[str, Any], gradients: Gradients
    ) -> tuple[dict[str, Any], list[Effect]]:
        """The words of this round, and what is reported; ``said``: the last words, which are known to be plain."""
        words: dict[str, Any] = {}
        effects: list[Effect] = []
        for name, block in tuple(self.by_name.items()):
            try:
                word = block.turn(around, now)
                if word is not None and (name not in said or said[name] != word):
                    _check_word(word)
                if isinstance(block, Gradient):
                    gradients.report(name, block, effects)
            except Exception as error:
                effects += self._failed(name, "turn", error)
                continue
            self._failing.discard((name, "turn"))
            if word is not None:
                words[name] = word
        return words, effects

    def hear(self, name: str, sender: Pid, word: Any, now: float) -> tuple[bool, list[Effect]]:
        """A neighbour said ``word`` to it: whether it made sense, and what is reported."""
        block = self.by_name[name]
        told: list[Any] = []

        def understand(word: Any) -> list[Effect]:
            told.append(block.read(sender, word))
            return []

        try:
            refused = read(sender, ROUND, word, understand)
            if refused:
                return False, refused
            block.hear(sender.name, told[0], now)
        except Exception as error:
            return False, self._failed(name, "hear", error)
        self._failing.discard((name, "hear"))
        return True, []

    def unhear(self, name: str, neighbour: str) -> list[Effect]:
        """What a neighbour said to one of them counts no more."""
        if name not in self.by_name:
            return []
        try:
            self.by_name[name].lose(neighbour)
        except Exception as error:
            return self._failed(name, "lose", error)
        self._failing.discard((name, "lose"))
        return []

    def _failed(self, name: str, method: str, error: Exception) -> list[Effect]:
        if (name, method) in self._failing:
            return []
        self._failing.add((name, method))
        return [PartFailed(f"the block {name!r} ({type(self.by_name[name]).__name__}) in {method}()", error)]


def _check_word(word: Any) -> None:
    size = len(pack_readable(word))
    if size > WORD_BYTES:
        raise ValueError(f"turn() returned a word of {size} bytes; at most {WORD_BYTES} travel")
