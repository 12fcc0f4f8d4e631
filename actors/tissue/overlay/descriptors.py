"""What a cell knows of others: their profiles, each with owner, version and age."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from actors.messages import Pid

from ..plain import read_list, read_number
from .closeness import Profile, read_profile
from .reading import read_pid, read_real

GONE_LIMIT = 256
"""Cells that are gone and remembered as such; of more the one gone for longest is forgotten."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What ``pid`` said of itself the ``version``-th time; it left its owner at ``born``, by our clock."""

    pid: Pid
    version: int
    born: float
    profile: Profile

    @property
    def rank(self) -> tuple[int, int, float]:
        """What is later said counts."""
        return self.pid.incarnation, self.version, self.born

    def wire(self, now: float) -> list[Any]:
        """As it travels: with its age, since clocks differ."""
        return [*self.pid, self.version, max(0.0, now - self.born), self.profile.wire()]


def read_descriptors(raw: Any, limit: int, now: float) -> list[Descriptor]:
    """Raises ``TypeError`` or ``ValueError``."""
    return [_read(each, now) for each in read_list(raw, 0, limit)]


def _read(raw: Any, now: float) -> Descriptor:
    name, life, version, age, profile = read_list(raw, 5, 5)
    return Descriptor(read_pid([name, life]), read_number(version), now - read_real(age), read_profile(profile))


class Descriptors:
    """By name; what is older than ``forget_after`` is dropped, and who missed so many answers is gone."""

    def __init__(self, me: str, forget_after: float, misses: int) -> None:
        self._me = me
        self._forget_after = forget_after
        self._limit = misses
        self._known: dict[str, Descriptor] = {}
        self._misses: dict[str, int] = {}
        self._gone: dict[str, tuple[int, float]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def __getitem__(self, name: str) -> Descriptor:
        return self._known[name]

    def __iter__(self) -> Iterator[Descriptor]:
        return iter(self._known.values())

    def add(self, each: Descriptor, now: float) -> None:
        """Take it, if it is about another, young enough, and later than what is known."""
        name = each.pid.name
        if name == self._me or each.born <= now - self._forget_after or self.is_gone(each.pid, now):
            return
        old = self._known.get(name)
        if old is None or old.rank < each.rank:
            self._known.pop(name, None)
            self._known[name] = each

    def is_gone(self, pid: Pid, now: float, *, by_itself: bool = False) -> bool:
        """Whether that life is known to be over; ``by_itself``: whether a later one is known to be over, even."""
        life, until = self._gone.get(pid.name, (0, -math.inf))
        if until <= now:
            return False
        return life > pid.incarnation if by_itself else life >= pid.incarnation

    def heard(self, pid: Pid) -> None:
        """Something came from it, so it is not gone."""
        self._misses.pop(pid.name, None)
        self._gone.pop(pid.name, None)

    def missed(self, name: str) -> bool:
        """It did not answer; returns whether that was once too often."""
        self._misses[name] = self._misses.get(name, 0) + 1
        return self._misses[name] >= self._limit

    def drop(self, pid: Pid, until: float) -> None:
        """It is gone, and is not taken back on hearsay until then."""
        self._known.pop(pid.name, None)
        self._misses.pop(pid.name, None)
        self._gone.pop(pid.name, None)
        if len(self._gone) >= GONE_LIMIT:
            del self._gone[next(iter(self._gone))]
        self._gone[pid.name] = pid.incarnation, until

    def expire(self, now: float) -> None:
        """Forget what is too old."""
        old = now - self._forget_after
        self.keep({each.pid.name for each in self if each.born > old})
        for name in [name for name, (_, until) in self._gone.items() if until <= now]:
            del self._gone[name]
        if len(self._misses) > GONE_LIMIT:
            self._misses.clear()

    def keep(self, names: Collection[str], spare: int = 0) -> None:
        """Forget all others but the latest ``spare``."""
        others = [name for name in self._known if name not in names]
        for name in others[: max(0, len(others) - spare)]:
            del self._known[name]
