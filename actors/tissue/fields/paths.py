"""Words that carry the way they came, and how old ones are told from true ones.

A cell tells its neighbours one way to a root (a source, a leader), hop by hop; whoever finds itself on it drops it.  At
rest every way is the extension of the next hop's own, so that none leads to a root that is not there, from whatever
state it began: the argument is that of path-vector routing.

What makes it heal fast is one number.  A cell counts how often it lost its way, stamps its hop with that count, and
says so when it happens; a way through it that bears an older stamp is void wherever it is met.  Without that a lost
root is looked for along every way that ever led there, each a little longer than the last: on a geometric graph of 100
for 43 rounds, against 9.  The notices die after as long as a longest way takes to be walked, and are an aid only:
without them, or with wrong ones, the outcome is the same, later.

A cell offers all neighbours the same way, even its next hop, which drops it: an alternative offered to the next hop
alone would lead messages back (Collektive does so; its shortcut and order rules are heuristics besides, which at rest
may drop the shortest way).

Prior art: Collektive's gradientCast; BGP; root cause notification (Pei, Azuma, Massey and Zhang: BGP-RCN, Computer
Networks 48, 2005).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.messages import Pid
from actors.tissue.plain import NAME_BYTES, NUMBER_LIMIT, read_name

from .block import Around, Gradient, Reading, read_distance, read_number, read_parts
from .notices import LIFE, TELLING, Notice, Notices, read_notices

if TYPE_CHECKING:
    from .config import FieldConfig
    from .links import Links

HOPS_LIMIT = 1024
"""A longer way than this is refused, whatever the configuration: a packet of 64 KB would not hold it."""

Rank = Any
"""A place in an order: the less, the better."""


class Way(NamedTuple):
    """A way to a root: its length, the cells on it (who offers it first, the root last), their stamps, and how strong
    the root is where roots compete.

    Made from what was read of a stranger's, or from another way and one cell more; so neighbours in the same process
    share one, and need not look at each hop again.
    """

    distance: float
    hops: tuple[str, ...]
    stamps: tuple[int, ...]
    strength: float = 0

    @property
    def root(self) -> Pid:
        """Where it leads."""
        return Pid(self.hops[-1], self.stamps[-1] >> LIFE)


Told = tuple[Way | None, Sequence[Notice]]


class Paths(Gradient[Told]):
    """The best way that neighbours offer; subclasses say what is best, and when the cell is a root itself.

    ``reach``: ways that are longer are not taken.
    """

    __slots__ = (
        "_changes",
        "_life",
        "_links",
        "_losses",
        "_max_hops",
        "_me",
        "_next_hop",
        "_notices",
        "_reach",
        "_said",
        "_way",
        "_ways",
        "is_dirty",
        "is_source",
        "root",
    )

    def __init__(self, pid: Pid, config: FieldConfig, reach: float = math.inf) -> None:
        self.is_source = False
        self.root: object = None
        self._me = pid.name
        self._life = pid.incarnation << LIFE
        self._losses = 0
        self._reach = reach
        self._max_hops = config.max_hops
        self._ways: dict[str, Way] = {}
        self._notices = Notices(config.max_hops * config.period, TELLING * config.period)
        self._links: Links | None = None
        self._changes = -1
        self.is_dirty = True
        self._way: Way | None = None
        self._next_hop: str | None = None
        self._said: list[Any] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._me}, {self.reading}, offers={len(self._ways)})"

    # -- what subclasses say -------------------------------------------------------------------------------------------

    @abstractmethod
    def _own(self) -> Way | None:
        """The way of a root: to itself; ``None`` if this cell is none."""

    @abstractmethod
    def _rank(self, distance: float, way: Way) -> Rank:
        """How good a way is, at this whole distance; the least is taken."""

    @abstractmethod
    def _standing(self, way: Way | None) -> Rank:
        """How good the root is; where it grows worse the way was lost."""

    # -- what it comes to ----------------------------------------------------------------------------------------------

    @property
    def stamp(self) -> int:
        """The stamp of this cell's own hop."""
        return self._life | self._losses

    @property
    def reading(self) -> Reading:
        if self._way is None:
            return Reading()
        return Reading(self._way.distance, self._next_hop, self._way.hops[1:], self._way.root)

    @property
    def is_restless(self) -> bool:
        return len(self._notices) > 0

    @property
    def is_idle(self) -> bool:
        return not (self.is_source or self._way or self._ways or self._said or len(self._notices))

    def toward(self, visited: Collection[str]) -> str | None:
        if self._links is None or (self._way is not None and self._next_hop is None):
            return None
        return self._best(self._links, None, visited)[1]

    # -- the rounds ----------------------------------------------------------------------------------------------------

    def read(self, sender: Pid, body: Any) -> Told:
        offered, notices = read_parts(body, 2)
        return None if offered is None else _read_way(sender, offered), read_notices(notices)

    def hear(self, sender: str, told: Told, now: float) -> None:
        way, notices = told
        if way is None or len(way.hops) > self._max_hops:
            self.lose(sender)
        else:
            self._ways[sender] = way
            if not self.is_dirty and (sender == self._next_hop or self._is_better(sender, way)):
                self.is_dirty = True
        if notices and self._notices.hear(notices, self._me, now):
            self.is_dirty = True

    def lose(self, sender: str) -> None:
        self._ways.pop(sender, None)
        if sender == self._next_hop:
            self.is_dirty = True

    def _is_better(self, sender: str, way: Way) -> bool:
        """Whether a way is better than the one that is taken; if not, nothing follows from it now."""
        link = None if self._links is None else self._links.by_name.get(sender)
        if link is None or self._way is None:
            return True
        return bool(self._rank(way.distance + link.distance, way) < self._rank(self._way.distance, self._way))

    def turn(self, around: Around, now: float) -> Any:
        links = self._links = around.links
        if links.changes != self._changes or self._notices.fade(now):
            self.is_dirty = True
        if self.is_dirty:
            self._changes = links.changes
            self.is_dirty = False
            self._choose(links, now)
        if self._notices.is_telling(now):
            return [None if self._said is None else self._said[0], self._notices.wire(now)]
        return self._said

    def _choose(self, links: Links, now: float) -> None:
        before, own = self._way, self._own()
        best, next_hop = self._best(links, own, ())
        was_root = before is not None and self._next_hop is None
        if before is not None and ((was_root and own is None) or self._standing(best) > self._standing(before)):
            self._losses = min(self._losses + 1, (1 << LIFE) - 1)
            self._notices.add(Notice(self._me, self.stamp, 0.0), now)
        self._next_hop = next_hop
        if best is None:
            self._way, self._said, self.root = None, None, None
            return
        if next_hop is None:
            way = best._replace(stamps=(self.stamp,))
        else:
            link = links.by_name[next_hop]
            way = Way(best.distance + link.distance, (self._me, *best.hops), (self.stamp, *best.stamps), best.strength)
        if way != before:
            self._way, self._said, self.root = way, [way, []], way.root

    def _best(self, links: Links, own: Way | None, visited: Collection[str]) -> tuple[Way | None, str | None]:
        """The best way that is offered and by whom; none that leads over cells visited before."""
        best, best_hop, best_rank = own, None, None if own is None else self._rank(0.0, own)
        for name, way in self._ways.items():
            distance = way.distance + links.by_name[name].distance
            if distance > self._reach:
                continue
            rank = self._rank(distance, way)
            # Of equals the present one is kept: another would be news to everybody behind.
            if best_rank is not None and not (rank < best_rank or (rank == best_rank and name == self._next_hop)):
                continue
            # Only here, for a look at all hops costs more than all else, and few ways get so far.
            if self._me in way.hops or self._notices.void(way.hops, way.stamps):
                continue
            if visited and not set(visited).isdisjoint(way.hops):
                continue
            best, best_hop, best_rank = way, name, rank
        return best, best_hop


def _read_way(sender: Pid, raw: Any) -> Way:
    """As fast as it can be, for it is most of what news costs."""
    # One that never left the process was read when it came in; only what was added since can be wrong.
    way = raw if type(raw) is Way and raw.distance < math.inf else _read_strange_way(raw)
    hops, stamps = way.hops, way.stamps
    if len(hops) > HOPS_LIMIT:
        raise ValueError(f"a way of {len(hops)} hops")
    if hops[0] != sender.name or stamps[0] >> LIFE != sender.incarnation:
        raise ValueError(f"a way that begins at {hops[0]}")
    return way


def _read_strange_way(raw: Any) -> Way:
    distance, hops, stamps, strength = raw if type(raw) is Way else read_parts(raw, 4)
    if type(hops) not in _LISTS or type(stamps) not in _LISTS:
        raise TypeError("hops and stamps are lists")
    if not 1 <= len(hops) <= HOPS_LIMIT or len(stamps) != len(hops):
        raise ValueError(f"a way of {len(hops)} hops with {len(stamps)} stamps")
    if set(map(type, hops)) != _TEXT or max(map(len, hops)) > NAME_BYTES // 4 or "" in hops:
        for hop in hops:
            read_name(hop)
    if set(map(type, stamps)) != _WHOLE or min(stamps) < 1 << LIFE or max(stamps) >= NUMBER_LIMIT:
        raise ValueError("no stamps")
    if len(set(hops)) != len(hops):
        raise ValueError("a way in a circle")
    return Way(read_distance(distance), tuple(hops), tuple(stamps), read_number(strength))


_LISTS = (tuple, list)
_TEXT = {str}
_WHOLE = {int}
