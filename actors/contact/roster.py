"""Who is in a group, and which of them are each other's neighbours.

Everybody is linked to the few that are closest and to a few at random: the close ones make what they share useful, the
others keep the group in one piece, whatever the metric says (T-Man, Jelasity and Babaoglu 2005).  Links are mutual.
Whoever loses a neighbour is given another one.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.messages import Pid
from actors.tissue.overlay.closeness import Profile

from .metrics import Distance

if TYPE_CHECKING:
    from .presence import Presence

SAMPLE = 64
"""Members at random that a cell is told of besides its neighbours: enough to take averages of a group of any size."""

UNIT = 1.0
"""The distance of a link where no metric says anything."""


@dataclass(frozen=True, slots=True)
class Closeness:
    """Who is linked to whom in a group.  Raises ``ValueError`` naming the field.

    - ``metric``: the distance from one member to another; ``None``: all are equally close.  Where it raises or returns
      no number above or equal to 0, the other is infinitely far.
    - ``close``: how many of the closest, 8; ``random``: how many others, 3.  Both 0: only those who say so themselves
      (``Contact.link``).
    """

    metric: Distance | None = None
    close: int = 8
    random: int = 3

    def __post_init__(self) -> None:
        for name in ("close", "random"):
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= SAMPLE:
                raise ValueError(f"Closeness.{name} must be a whole number from 0 to {SAMPLE}; got {value!r}")

    def __str__(self) -> str:
        if not self.close and not self.random:
            return "by link() alone (close=0, random=0)"
        closest = "members" if self.metric is None else f"of the closest by {self.metric}"
        return f"to {self.close} {closest} and {self.random} others (close={self.close}, random={self.random})"

    def distance(self, here: Entry, there: Entry) -> float:
        """How far one member is from another; ``inf`` if the metric has no answer."""
        if self.metric is None:
            return UNIT
        try:
            distance = float(self.metric(here, there))
        except Exception:  # the user's; a metric must not take the tissue down
            return math.inf
        return distance if distance >= 0 else math.inf


ANYBODY = Closeness()


@dataclass(slots=True)
class Entry:
    """One member: which life, where; its ``presence`` if it is of this host; its ``links`` with their distances."""

    pid: Pid
    profile: Profile
    presence: Presence | None = None
    links: dict[str, float] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The host it lives on."""
        return self.pid.name.rpartition("@")[2]


class Roster:
    """The members of one group that one host knows of.

    ``touched``: told of every member of this host whose neighbours have changed; ``watchers``: those that it is told of
    whenever anybody comes or goes; ``lookers``: those who are told by name of each that does, or is another life.
    """

    def __init__(self, closeness: Closeness, rng: random.Random, touched: Callable[[Presence], None]) -> None:
        self.closeness = closeness
        self._rng = rng
        self._touched = touched
        self.watchers: dict[Presence, None] = {}
        self.lookers: dict[Callable[[str], None], None] = {}
        self._entries: dict[str, Entry] = {}
        # In the order in which they came, not in that of hashes: who is linked first is heard first.
        self._wishes: dict[str, dict[str, None]] = {}
        self._names: list[str] = []
        self._at: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def get(self, name: str) -> Entry | None:
        """The member of that address."""
        return self._entries.get(name)

    def join(self, pid: Pid, profile: Profile, presence: Presence | None = None) -> None:
        """A life is a member now; one of the same name before it is none any more."""
        entry = self._entries.get(pid.name)
        self._tell_watchers(pid.name)
        if entry is not None:
            entry.pid, entry.presence = pid, presence
            if entry.profile == profile:
                self._touch(entry)
                return
            self._unlink(entry)
            entry.profile = profile
        else:
            entry = self._entries[pid.name] = Entry(pid, profile, presence)
            self._at[pid.name] = len(self._names)
            self._names.append(pid.name)
        self._link(entry, self._wanted)
        for name in self._wishes.get(pid.name, ()):
            other = self._entries.get(name)
            if other is not None and name not in entry.links:
                self._tie(entry, other)
        self._touch(entry)

    def wish(self, name: str, other: str) -> None:
        """Two are to be linked, now and whenever both are members."""
        self._wishes.setdefault(name, {})[other] = None
        self._wishes.setdefault(other, {})[name] = None
        one, two = self._entries.get(name), self._entries.get(other)
        if one is not None and two is not None and other not in one.links:
            self._tie(one, two)

    def leave(self, name: str) -> None:
        """A member is gone; those who lose it as a neighbour are given another."""
        entry = self._entries.pop(name, None)
        if entry is None:
            return
        self._tell_watchers(name)
        at, last = self._at.pop(name), self._names.pop()
        if last != name:
            self._names[at] = last
            self._at[last] = at
        self._unlink(entry)

    def met(self, name: str, other: str) -> None:
        """A member of this host was spoken to by one to which it has no link: now it has."""
        one, two = self._entries.get(name), self._entries.get(other)
        if one is not None and two is not None and other not in one.links:
            self._tie(one, two)

    def sample(self, name: str) -> list[str]:
        """Members at random, not ``name`` itself; all, where they are few."""
        if len(self._names) <= SAMPLE + 1:
            return [each for each in self._names if each != name]
        return [each for each in self._rng.sample(self._names, SAMPLE + 1) if each != name][:SAMPLE]

    def links_of(self, name: str) -> dict[str, float]:
        """The neighbours of a member, with their distances."""
        entry = self._entries.get(name)
        return entry.links if entry is not None else {}

    def closest(
        self, name: str, count: int, metric: Distance | None, *, is_linked: bool = False
    ) -> list[tuple[float, Entry]]:
        """The ``count`` members that are closest to one: by ``metric``, or those it is linked to, and then others.

        ``is_linked``: none but those it is linked to.
        """
        links = self.links_of(name)
        if metric is not None:
            return self.nearest(name, count, metric, links if is_linked else None)
        found = self.linked(name, count)
        if len(found) < count and not is_linked:
            rest = self.nearest(name, count, None)
            found += [one for one in rest if one[1].pid.name not in links][: count - len(found)]
        return found

    def linked(self, name: str, count: int) -> list[tuple[float, Entry]]:
        """The ``count`` closest of a member's neighbours."""
        links = heapq.nsmallest(count, ((distance, other) for other, distance in self.links_of(name).items()))
        return [(distance, self._entries[other]) for distance, other in links]

    def nearest(
        self, name: str, count: int, metric: Distance | None, among: Collection[str] | None = None
    ) -> list[tuple[float, Entry]]:
        """The ``count`` members closest to ``name`` by ``metric``, each with its distance; those without one are left
        out, and ties broken at random.  ``among``: of these only.
        """
        here = self._entries.get(name)
        if here is None:
            return []
        everybody = self._entries.values() if among is None else [self._entries[each] for each in among]
        others = [entry for entry in everybody if entry is not here]
        closeness = self.closeness if metric is None else Closeness(metric)
        drawn = self._rng.random
        ranked = ((closeness.distance(here, each), drawn(), each) for each in others)
        found = heapq.nsmallest(count, ranked, key=lambda one: one[:2])
        return [(distance, entry) for distance, _, entry in found if distance < math.inf]

    # -- links ---------------------------------------------------------------------------------------------------------

    @property
    def _wanted(self) -> int:
        return min(self.closeness.close + self.closeness.random, len(self._entries) - 1)

    def _link(self, entry: Entry, count: int) -> None:
        """Give a member ``count`` more neighbours: the closest for the most part, some at random."""
        if count <= 0:
            return
        if count >= len(self._entries) - 1 - len(entry.links):
            chosen: Iterable[Entry] = [each for each in self._entries.values() if each is not entry]
        elif self.closeness.metric is None:
            chosen = self._drawn(entry, count)
        else:
            drawn = round(count * self.closeness.random / (self.closeness.close + self.closeness.random))
            near = self.nearest(entry.pid.name, count + len(entry.links), None)
            fresh = [each for _, each in near if each.pid.name not in entry.links][: max(count - drawn, 0)]
            for each in fresh:
                self._tie(entry, each)
            chosen = self._drawn(entry, count - len(fresh))
        for each in chosen:
            if each.pid.name not in entry.links:
                self._tie(entry, each)

    def _drawn(self, entry: Entry, count: int) -> list[Entry]:
        """Members at random to which there is no link yet."""
        found: dict[str, Entry] = {}
        for _ in range(8 * count):
            if len(found) >= count:
                break
            name = self._rng.choice(self._names)
            if name != entry.pid.name and name not in entry.links:
                found[name] = self._entries[name]
        return list(found.values())

    def _tie(self, one: Entry, two: Entry) -> None:
        for here, there in ((one, two), (two, one)):
            distance = self.closeness.distance(here, there)
            here.links[there.pid.name] = distance if 0 < distance < math.inf else UNIT
            self._touch(here)

    def _unlink(self, entry: Entry) -> None:
        """Take all its links away, and give those who lose one another."""
        links, entry.links = entry.links, {}
        for name in links:
            other = self._entries.get(name)
            if other is None:
                continue
            other.links.pop(entry.pid.name, None)
            self._touch(other)
            if other.presence is not None and len(other.links) < self._wanted:
                self._link(other, 1)

    def _tell_watchers(self, name: str) -> None:
        for presence in self.watchers:
            self._touched(presence)
        for look in self.lookers:
            look(name)

    def _touch(self, entry: Entry) -> None:
        if entry.presence is not None:
            self._touched(entry.presence)
