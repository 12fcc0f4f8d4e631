"""The peers of a cell: its neighbours, those in reserve, and those it has lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.messages import Pid

if TYPE_CHECKING:
    import random


@dataclass(slots=True)
class _Neighbour:
    life: int
    heard: float
    degree: int


class Active:
    """The neighbours: when each was heard last, and how many it has itself, as far as it said so."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._all: dict[str, _Neighbour] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, name: str) -> bool:
        return name in self._all

    @property
    def names(self) -> list[str]:
        return list(self._all)

    @property
    def pids(self) -> list[Pid]:
        return [Pid(name, each.life) for name, each in self._all.items()]

    def life(self, name: str) -> int:
        """Which life of that place is a neighbour; 0 if none is."""
        return self._all[name].life if name in self._all else 0

    def add(self, pid: Pid, now: float, degree: int | None) -> None:
        """It is a neighbour, and has so many; ``None``: as many as before."""
        old = self._all.get(pid.name)
        if degree is None:
            degree = old.degree if old else 0
        self._all[pid.name] = _Neighbour(pid.incarnation, now, degree)

    def remove(self, name: str) -> int:
        """It is none any more.  Which life of it was; 0 if none was."""
        each = self._all.pop(name, None)
        return each.life if each else 0

    def heard(self, pid: Pid, now: float) -> bool:
        """Something came from it; returns whether this life is a neighbour."""
        each = self._all.get(pid.name)
        if each is None or each.life != pid.incarnation:
            return False
        each.heard = now
        return True

    def silent_since(self, when: float) -> list[Pid]:
        """Who was not heard after that."""
        return [Pid(name, each.life) for name, each in self._all.items() if each.heard <= when]

    def excuse(self, late: float) -> None:
        """This cell was held up so long, and that is not to be held against others."""
        for each in self._all.values():
            each.heard += late

    def richest(self) -> Pid:
        """The one with most neighbours, which can do without us."""
        return max(self.pids, key=lambda pid: (self._all[pid.name].degree, self._rng.random()))

    def clear(self) -> None:
        """Have none."""
        self._all.clear()


class Passive:
    """Peers in reserve, at most ``capacity``; who comes later takes the place of one at random."""

    def __init__(self, capacity: int, rng: random.Random) -> None:
        self._capacity = capacity
        self._rng = rng
        self._lives: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._lives)

    def __contains__(self, name: str) -> bool:
        return name in self._lives

    @property
    def pids(self) -> list[Pid]:
        return [Pid(name, life) for name, life in self._lives.items()]

    def life(self, name: str) -> int:
        """Which life of that place is meant; 0 if none is."""
        return self._lives.get(name, 0)

    def add(self, pid: Pid, instead_of: Collection[str] = ()) -> None:
        """Take a peer in; if there is no room, rather for one of those named, which somebody else has now."""
        if pid.name in self._lives:
            self._lives[pid.name] = max(self._lives[pid.name], pid.incarnation)
            return
        if len(self._lives) >= self._capacity:
            spare = [name for name in instead_of if name in self._lives]
            del self._lives[self._rng.choice(spare or list(self._lives))]
        self._lives[pid.name] = pid.incarnation

    def remove(self, name: str) -> None:
        """Take a peer out, if it is in."""
        self._lives.pop(name, None)

    def sample(self, k: int, but: Collection[str] = ()) -> list[Pid]:
        """``k`` at random, or as many as there are, none of those named."""
        names = [name for name in self._lives if name not in but]
        return [Pid(name, self._lives[name]) for name in self._rng.sample(names, min(k, len(names)))]


class Lost:
    """Peers that fell silent, for a time: a partition looks like a death, and they are dialled now and then.

    Without this memory two halves of an overlay that were apart for long never find each other again, though each half
    is whole.  At most ``capacity``: of more the longest lost is forgotten.
    """

    def __init__(self, capacity: int, forget_after: float) -> None:
        self._capacity = capacity
        self._forget_after = forget_after
        self._since: dict[str, tuple[int, float]] = {}

    def __len__(self) -> int:
        return len(self._since)

    def has(self, pid: Pid) -> bool:
        """Whether this life, or a later one of its place, is lost."""
        return self._since.get(pid.name, (0, 0.0))[0] >= pid.incarnation

    @property
    def pids(self) -> list[Pid]:
        return [Pid(name, life) for name, (life, _) in self._since.items()]

    def add(self, pid: Pid, now: float) -> None:
        """It fell silent."""
        self._since.pop(pid.name, None)
        if self._capacity:
            if len(self._since) >= self._capacity:
                del self._since[next(iter(self._since))]
            self._since[pid.name] = pid.incarnation, now

    def remove(self, names: Iterable[str]) -> None:
        """They were heard."""
        for name in names:
            self._since.pop(name, None)

    def pick(self, rng: random.Random, now: float) -> Pid | None:
        """One at random that is not forgotten yet."""
        self.remove([name for name, (_, since) in self._since.items() if since <= now - self._forget_after])
        return rng.choice(self.pids) if self._since else None
