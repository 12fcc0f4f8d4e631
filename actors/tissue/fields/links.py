"""The neighbours of a cell: how far each is, which life speaks there, and since when it is silent.

Who is a neighbour, and at what distance, is for the owner to say: latency, zone path, cost, the
inverse of capacity.  The distance of a link is the one *to* the neighbour; the other direction may differ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.tissue.plain import read_name

if TYPE_CHECKING:
    from actors.messages import Pid


@dataclass(slots=True)
class Link:
    """One neighbour: ``distance`` to it, the ``life`` that spoke last (0: none), when, and what.

    ``version`` and ``told``: its last packet.  ``buried``: lives up to this one are over, and are not heard any more.
    """

    name: str
    distance: float
    life: int = 0
    heard: float = -math.inf
    version: int = -1
    told: Any = None
    buried: int = 0

    @property
    def is_silent(self) -> bool:
        """Whether nothing it told counts now."""
        return self.told is None

    def silence(self) -> None:
        """Forget what it told."""
        self.told = None
        self.version = -1
        self.heard = -math.inf


class Links:
    """The neighbours by name, at most ``limit``; who was silent for longer than ``expiry`` seconds is forgotten."""

    __slots__ = ("_expiry", "_limit", "_me", "by_name", "changes", "nobody_before")

    def __init__(self, me: Pid, expiry: float, limit: int) -> None:
        self._me = me
        self._expiry = expiry
        self._limit = limit
        self.by_name: dict[str, Link] = {}
        """To look at; read so often that a method would be felt."""
        self.nobody_before = -math.inf
        """Until then nobody will have been silent for too long."""
        self.changes = 0
        """How often a link was made, unmade or given another distance."""

    def __len__(self) -> int:
        return len(self.by_name)

    def __iter__(self) -> Iterator[Link]:
        return iter(self.by_name.values())

    def __contains__(self, name: str) -> bool:
        return name in self.by_name

    def link(self, name: str, distance: float) -> None:
        """Have a neighbour, or another distance to it.

        Raises ``ValueError`` for a distance that is not above 0 and finite, for oneself, a name of over 255 bytes, and
        beyond the limit.
        """
        self._check(name, distance)
        if name not in self.by_name and len(self.by_name) >= self._limit:
            raise ValueError(f"{self._me} has {self._limit} neighbours already; {name} would be one too many")
        self._put(name, distance)

    def unlink(self, name: str) -> bool:
        """Have a neighbour no more; whether it was one."""
        if self.by_name.pop(name, None) is None:
            return False
        self.changes += 1
        return True

    def replace(self, distances: Mapping[str, float]) -> list[str]:
        """Have these neighbours and no others; who is none any more.  Raises as :meth:`link`, and changes nothing."""
        for name, distance in distances.items():
            self._check(name, distance)
        if len(distances) > self._limit:
            raise ValueError(f"{self._me} may have {self._limit} neighbours, not {len(distances)}")
        former = [name for name in self.by_name if name not in distances]
        for name in former:
            self.unlink(name)
        for name, distance in distances.items():
            self._put(name, distance)
        return former

    def _check(self, name: str, distance: float) -> None:
        if not 0 < distance < math.inf:
            raise ValueError(f"the distance to a neighbour is above 0 and finite; got {distance!r} to {name}")
        if read_name(name) == self._me.name:
            raise ValueError(f"{name} is no neighbour of itself")

    def _put(self, name: str, distance: float) -> None:
        link = self.by_name.get(name)
        if link is None:
            self.by_name[name] = Link(name, distance)
            self.changes += 1
        elif link.distance != distance:
            link.distance = distance
            self.changes += 1

    def bury(self, pid: Pid) -> bool:
        """A life is over: what it told counts no more, and what still arrives from it is not heard.

        Returns whether it was the one that spoke there.
        """
        link = self.by_name.get(pid.name)
        if link is None:
            return False
        link.buried = max(link.buried, pid.incarnation)
        if link.is_silent or link.life > pid.incarnation:
            return False
        link.silence()
        return True

    def admit(self, sender: Pid) -> Link:
        """The link to the sender of a packet.  Raises ``ValueError`` for one that must not be heard."""
        link = self.by_name.get(sender.name)
        if link is None:
            raise ValueError(f"{sender} is no neighbour")
        if sender.incarnation <= link.buried:
            raise ValueError(f"{sender} is over")
        if sender.incarnation < link.life:
            raise ValueError(f"{sender} has a successor, {link.name}#{link.life}")
        return link

    def expire(self, now: float) -> list[str]:
        """Forget what was told by those who have been silent for too long: whom."""
        deadline = now - self._expiry
        late = []
        oldest = now
        for link in self.by_name.values():
            if link.told is None:
                continue
            if link.heard < deadline:
                link.silence()
                late.append(link.name)
            elif link.heard < oldest:
                oldest = link.heard
        # Whoever speaks does so later than that: until then there is nothing to look for.
        self.nobody_before = oldest + self._expiry
        return late

    def excuse(self, seconds: float) -> None:
        """This cell was held up for so long: packets of its neighbours may lie there, not yet read."""
        for link in self.by_name.values():
            link.heard += seconds
