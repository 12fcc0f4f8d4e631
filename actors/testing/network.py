"""A network that does what networks do: it delays, loses, doubles and reorders, is cut in two, and heals.

Pure: it is asked when a packet would arrive, and answers with no, one or two moments.  Everything random is drawn from
one stream a sender, so that one cell more does not change what happens to all others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

Delay = Callable[[random.Random], float]


def uniform(least: float, most: float) -> Delay:
    """A delay of between ``least`` and ``most`` seconds."""
    return lambda rng: rng.uniform(least, most)


class Network:
    """The links between cells, by name.

    ``delay``: seconds a packet takes, 0.5 to 2 ms unless told otherwise; ``loss`` and ``duplication``: shares of
    packets, 0 by default.  Packets on one link may overtake each other.  ``link`` sets other values for one direction
    of one link.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        delay: Delay | None = None,
        loss: float = 0.0,
        duplication: float = 0.0,
    ) -> None:
        self.delay = delay or uniform(0.0005, 0.002)
        self.loss = loss
        self.duplication = duplication
        self._seed = seed
        self._streams: dict[str, random.Random] = {}
        self._links: dict[tuple[str, str], tuple[Delay | None, float | None]] = {}
        self._cut: set[tuple[str, str]] = set()
        self._side: dict[str, int] = {}
        self._paused: dict[str, float] = {}

    def arrivals(self, sender: str, receiver: str, now: float) -> list[float]:
        """The moments at which a packet sent ``now`` arrives; none if it is lost."""
        rng = self._streams.get(sender)
        if rng is None:
            rng = self._streams[sender] = random.Random(f"{self._seed}/{sender}")
        delay, loss = self._law(sender, receiver)
        lost = rng.random() < (self.loss if loss is None else loss)
        copies = 2 if self.duplication and rng.random() < self.duplication else 1
        takes = [(delay or self.delay)(rng) for _ in range(copies)]
        if lost or self.is_cut(sender, receiver):
            return []
        leaves = max(now, self._held(sender))
        return [max(leaves + each, self._held(receiver)) for each in takes]

    def _law(self, sender: str, receiver: str) -> tuple[Delay | None, float | None]:
        """Delay and loss of one direction of one link, where it has its own."""
        return self._links.get((sender, receiver), (None, None))

    def _held(self, name: str) -> float:
        """Until when what is from and to a cell is held."""
        return self._paused.get(name, 0.0)

    def is_cut(self, sender: str, receiver: str) -> bool:
        """Whether nothing gets from ``sender`` to ``receiver`` now."""
        sides = self._side.get(sender, 0) != self._side.get(receiver, 0)
        return sides or (sender, receiver) in self._cut

    def link(self, sender: str, receiver: str, *, delay: Delay | None = None, loss: float | None = None) -> None:
        """Give one direction of one link values of its own; ``None``: those of all."""
        self._links[sender, receiver] = delay, loss

    def cut(self, sender: str, receiver: str) -> None:
        """Cut one direction of one link."""
        self._cut.add((sender, receiver))

    def mend(self, sender: str, receiver: str) -> None:
        """Undo :meth:`cut`."""
        self._cut.discard((sender, receiver))

    def partition(self, *sides: Iterable[str]) -> None:
        """Cut everything between the given sides; who is named in none is on a side of its own with the others."""
        self._side = {name: number for number, side in enumerate(sides, 1) for name in side}

    def heal(self) -> None:
        """Undo :meth:`partition` and every :meth:`cut`."""
        self._side.clear()
        self._cut.clear()

    def pause(self, name: str, until: float) -> None:
        """Hold everything from and to a cell until then, as a stalled process does; its timers go on."""
        self._paused[name] = until
