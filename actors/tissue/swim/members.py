"""The table of members: what this cell believes of each other one, whom it probes next, and whom it remembers as dead.

Holds the join of all updates that were heard (:mod:`~actors.tissue.swim.updates`) and turns every change into events.
Knows nothing of packets and timeouts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.messages import Pid

from ..core import TissueEvent
from .updates import Dead, Joined, Left, Refuted, Revived, Status, Suspected, Update

if TYPE_CHECKING:
    import random

_LIVE = (Status.ALIVE, Status.SUSPECT)


@dataclass(frozen=True, slots=True)
class Member:
    """What is believed of one cell since the moment ``since``.

    ``is_announced``: whether this life was ever reported as ``Joined``; of one that is known by its death only, it was
    not.
    """

    update: Update
    since: float
    is_announced: bool

    @property
    def pid(self) -> Pid:
        """The life."""
        return self.update.pid

    @property
    def status(self) -> Status:
        """Alive, suspect, dead or gone."""
        return self.update.status

    @property
    def epoch(self) -> int:
        """How often it has refuted."""
        return self.update.epoch

    @property
    def is_live(self) -> bool:
        """Whether it counts as living: alive, or suspect and not yet given up."""
        return self.update.status in _LIVE


class Members:
    """All other cells that this one knows of: at most ``limit`` living and ``remembered`` dead."""

    def __init__(self, rng: random.Random, *, limit: int, remembered: int) -> None:
        self._rng = rng
        self._limit = limit
        self._remembered = remembered
        self._known: dict[str, Member] = {}
        self._names: list[str] = []
        # Who is dead or has left, in the order of their deaths.
        self._gone: dict[str, float] = {}
        # Who is still to be probed in this round, the next one last.
        self._round: list[str] = []
        # Who of the dead is still to be dialled in this round.
        self._dials: list[str] = []

    def __iter__(self) -> Iterator[Member]:
        return iter(self._known.values())

    @property
    def live(self) -> int:
        """How many count as living, besides this cell."""
        return len(self._known) - len(self._gone)

    def get(self, name: str) -> Member | None:
        """What is believed of the cell of this name."""
        return self._known.get(name)

    def is_room_for(self, update: Update) -> bool:
        """Whether what it says can be remembered."""
        return update.status not in _LIVE or self.live < self._limit or self._is_live(update.name)

    # -- what is heard -------------------------------------------------------------------------------------------------

    def merge(self, update: Update, now: float) -> list[TissueEvent] | None:
        """Believe an update if it beats what is believed: the events that follow, or None if it is no news."""
        before = self._known.get(update.name)
        if before is not None and update.rank <= before.update.rank:
            return None
        events: list[TissueEvent] = []
        was, announced, since = None, False, now
        if before is not None and before.update.life == update.life:
            was, announced = before.status, before.is_announced
            if was is update.status:
                since = before.since
        elif before is not None and before.is_live:
            events.append(Dead(before.pid, update.name))
        events += _told(update, was, announced)
        self._place(update.name, Member(update, since, announced or update.status in _LIVE), before, now)
        return events

    def _place(self, name: str, member: Member, before: Member | None, now: float) -> None:
        self._known[name] = member
        if before is None:
            self._names.append(name)
        if not member.is_live:
            if before is None or before.is_live:
                self._gone[name] = now
                while len(self._gone) > self._remembered:
                    self._forget(next(iter(self._gone)))
        elif before is None or not before.is_live:
            self._gone.pop(name, None)
            # Somewhere in the rest of this round, or all who join at one time would be probed at one time.  Who comes
            # back within a round is still in it.
            if before is None or name not in self._round:
                self._round.insert(self._rng.randrange(len(self._round) + 1), name)

    def forget(self, before: float) -> None:
        """Forget who has been gone since before that moment."""
        while self._gone:
            name, since = next(iter(self._gone.items()))
            if since >= before:
                return
            self._forget(name)

    def _forget(self, name: str) -> None:
        del self._gone[name], self._known[name]
        self._names.remove(name)

    def _is_live(self, name: str) -> bool:
        member = self._known.get(name)
        return member is not None and member.is_live

    # -- whom to turn to -----------------------------------------------------------------------------------------------

    def next_to_probe(self) -> Member | None:
        """The next living one of a shuffled round; every living member comes once in each round."""
        for _ in range(2):
            while self._round:
                member = self._known.get(self._round.pop())
                if member is not None and member.is_live:
                    return member
            self._round = [name for name, member in self._known.items() if member.is_live]
            self._rng.shuffle(self._round)
        return None

    def next_to_dial(self) -> str | None:
        """The next of the dead, none before its turn; where nobody is dead, one of those who left.

        Nothing but corrupted tables could need the latter: two cells that hold it of each other, and it is not so.
        """
        for _ in range(2):
            while self._dials:
                member = self._known.get(self._dials.pop())
                if member is not None and member.status is Status.DEAD:
                    return member.update.name
            self._dials = [name for name in self._gone if self._known[name].status is Status.DEAD]
            self._rng.shuffle(self._dials)
        return self._rng.choice(list(self._gone)) if self._gone else None

    def pick(self, count: int, suits: Callable[[Member], bool]) -> list[Member]:
        """At most ``count`` different members at random of those that suit.

        By trying some, as long as that finds enough: to look at all costs more than a packet in a large cluster.
        """
        names, known = self._names, self._known
        if len(names) > 8 * count:
            found: dict[str, Member] = {}
            for _ in range(4 * count):
                member = known[names[int(self._rng.random() * len(names))]]
                if member.update.name not in found and suits(member):
                    found[member.update.name] = member
                    if len(found) == count:
                        return list(found.values())
        suitable = [member for member in known.values() if suits(member)]
        return self._rng.sample(suitable, min(count, len(suitable)))


def _told(update: Update, was: Status | None, announced: bool) -> list[TissueEvent]:
    """What to report of a life that was ``was`` and is now what ``update`` says."""
    events: list[TissueEvent] = []
    pid = update.pid
    if update.status in _LIVE:
        if not announced:
            events.append(Joined(pid))
        elif was in (Status.DEAD, Status.LEFT):
            events.append(Revived(pid))
        elif was is Status.SUSPECT and update.status is Status.ALIVE:
            events.append(Refuted(pid))
        if update.status is Status.SUSPECT and was is not Status.SUSPECT:
            events.append(Suspected(pid, update.by))
    elif was in _LIVE:
        events.append(Dead(pid, update.by) if update.status is Status.DEAD else Left(pid))
    return events
