"""The gradients of one cell: taken up when somebody speaks of them, dropped when nobody does, each with its turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from actors.messages import Pid
from actors.tissue.core import STUMBLES, Effect, Refused, TissueEvent

from .bis import BIS
from .block import ROUND, Around, Gradient, Reading
from .classic import Classic
from .config import FieldConfig, Variant
from .crf import CRF
from .distances import Distances
from .path_vector import PathVector

Emitted = PathVector | Distances
"""A gradient that cells can be sources of by a word."""

_VARIANTS: dict[Variant, Callable[[Pid, FieldConfig, float], Emitted]] = {
    Variant.PATH_VECTOR: PathVector,
    Variant.CRF: CRF,
    Variant.BIS: BIS,
    Variant.CLASSIC: Classic,
}


@dataclass(frozen=True, slots=True)
class Found(TissueEvent):
    """A source of the field is seen, or another one than before where that can be told."""

    field: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class Faded(TissueEvent):
    """No source of the field is seen any more."""

    field: str


@dataclass(frozen=True, slots=True)
class Crowded(TissueEvent):
    """A neighbour spoke of a field that was not taken up: there are ``limit`` already."""

    field: str
    limit: int


class Gradients:
    """By name, at most ``config.max_fields``; and what they say in this round, ``words``."""

    __slots__ = ("_config", "_pid", "_seen", "by_name", "is_dirty", "is_restless", "words")

    def __init__(self, pid: Pid, config: FieldConfig) -> None:
        self._pid = pid
        self._config = config
        self._seen: dict[str, object] = {}
        self.by_name: dict[str, Emitted] = {}
        self.words: dict[str, Any] = {}
        self.is_dirty = False
        """Whether one of them may come to something else in its next turn."""
        self.is_restless = False
        """Whether time alone changes one of them."""

    @property
    def room(self) -> int:
        """How many more may be taken up."""
        return self._config.max_fields - len(self.by_name)

    def new(self, now: float) -> Emitted:
        """A gradient that is not taken up yet."""
        return _VARIANTS[self._config.variant](self._pid, self._config, now)

    def lose(self, neighbour: str) -> None:
        """What a neighbour said counts no more."""
        for gradient in self.by_name.values():
            gradient.lose(neighbour)

    def hear(self, name: str, sender: Pid, word: Any, now: float) -> tuple[bool, Sequence[Effect]]:
        """A neighbour said ``word`` of a field: whether it made sense, and what is reported."""
        gradient: Gradient[Any] = self.by_name[name]
        try:
            told: Any = gradient.read(sender, word)
            gradient.hear(sender.name, told, now)
        except STUMBLES as error:
            return False, [Refused(sender, ROUND, f"{type(error).__name__}: {error}")]
        if gradient.is_dirty:
            self.is_dirty = True
        return _HEARD

    def unhear(self, name: str, neighbour: str) -> list[Effect]:
        """What a neighbour said of one field counts no more."""
        if name in self.by_name:
            self.by_name[name].lose(neighbour)
            self.is_dirty = True
        return []

    def settle(self, around: Around, now: float) -> list[Effect]:
        """Give each its turn."""
        effects: list[Effect] = []
        self.words = {}
        self.is_dirty = self.is_restless = False
        idle = []
        for name, gradient in self.by_name.items():
            word = gradient.turn(around, now)
            if word is not None:
                self.words[name] = word
            if gradient.is_restless:
                self.is_restless = True
            elif word is None and gradient.is_idle:
                idle.append(name)
            self.report(name, gradient, effects)
        for name in idle:
            del self.by_name[name]
        return effects

    def forget(self, name: str) -> list[Effect]:
        """A field that was reported on is no more."""
        return [] if self._seen.pop(name, None) is None else [Faded(name)]

    def report(self, name: str, gradient: Gradient[Any], effects: list[Effect]) -> None:
        """Say whether a source has been found or lost since the last report."""
        if gradient.root == self._seen.get(name):
            return
        if gradient.root is None:
            del self._seen[name]
            effects.append(Faded(name))
        else:
            self._seen[name] = gradient.root
            effects.append(Found(name, gradient.reading))


_HEARD: tuple[bool, tuple[Effect, ...]] = True, ()
