"""A sum to which all add at once.

For a backend developer: requests served, bytes in flight, seats sold: counted where they happen, known everywhere.  ::

    served.add(1)
    served.add(-3)
    served.value

Each *life* counts in a slot of its own, increments and decrements apart, so that a slot only ever grows and the greater
of two copies is the newer one (Shapiro, Preguica, Baquero and Zawirski, A Comprehensive Study of Convergent and
Commutative Replicated Data Types, 2011).  One slot an incarnation, not one a place: what a life had counted and told
nobody when it died is lost, but can never be counted twice, as it would be if its successor went on in its slot and the
increments turned up after all.

Old lives' slots are *folded*: the first time a life counts it puts down what it knows of each life before it at its
place, its *past*, which takes the place of their slots, and of the past that the life before had put down.  A past is
joined life by life, by the greater of two copies, so whoever knew more of one of them counts that still, and two lives
that fold the same, on two sides of a partition, count nothing twice.  The last ``KEPT_LIVES`` are kept apart; of older
ones a past has the sum.  So a place costs two entries however often it is started again, and nothing is lost but what a
life that is further back had told only somebody who has not been heard of since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from actors.messages import Pid

from ..plain import NUMBER_LIMIT, pack, read_list, read_number
from .context import Dot
from .dotted import Dotted, Home, TooMuch

KEPT_LIVES = 64
"""Lives of a place before the last one that are kept apart: at one restart a second, a partition of a minute."""

LISTED = 1024
"""More lives than this in one past are refused."""


class Slot(NamedTuple):
    """What one life has counted."""

    place: str
    plus: int
    minus: int


class Past(NamedTuple):
    """What was counted at a place by the lives before that of its owner.

    ``plus`` and ``minus``: the sums of all lives up to ``upto``; ``lives``: those after it, each with its own.  The key
    differs from that of the slots.
    """

    place: tuple[str]
    upto: int = 0
    plus: int = 0
    minus: int = 0
    lives: tuple[tuple[int, int, int], ...] = ()

    @property
    def last(self) -> int:
        """The last life that is in it."""
        return self.lives[-1][0] if self.lives else self.upto

    @property
    def total(self) -> int:
        """What it comes to."""
        return self.plus - self.minus + sum(plus - minus for _, plus, minus in self.lives)

    def covers_slot(self, life: int, slot: Slot) -> bool:
        """Whether all that is in a slot is in here."""
        if life <= self.upto:
            return True
        return any(each == life and slot.plus <= plus and slot.minus <= minus for each, plus, minus in self.lives)

    def covers(self, other: Past) -> bool:
        """Whether all that is in the other is in here."""
        if other.upto > self.upto:
            return False
        if other.upto == self.upto and (other.plus > self.plus or other.minus > self.minus):
            return False
        mine = {life: (plus, minus) for life, plus, minus in self.lives}
        for life, plus, minus in other.lives:
            if life > self.upto:
                had = mine.get(life)
                if had is None or plus > had[0] or minus > had[1]:
                    return False
        return True


Counted: TypeAlias = "Slot | Past"


class PNCounter(Dotted[Counted]):
    """A sum of whole numbers, none of whose slots may come to 2**62."""

    kind = "pn"
    is_common = True

    def __init__(self, owner: Pid, *, home: Home | None = None) -> None:
        super().__init__(owner, home=home)
        # By place, as long as nothing of it has changed; and of a past what it comes to.
        self._sums: dict[str, int] = {}
        self._totals: dict[str, tuple[Past, int]] = {}

    @property
    def value(self) -> int:
        """The sum of all that was added, as far as is known."""
        return sum(map(self._sum, {_place(key) for key in self._by_key}))

    def __int__(self) -> int:
        return self.value

    def add(self, amount: int) -> PNCounter:
        """Add a whole number, which may be negative; returns the delta, an empty one for 0."""
        if type(amount) is not int:
            raise TypeError(f"a counter counts whole numbers; got {amount!r}")
        if amount == 0:
            return self._change(())
        mine = self._mine()
        plus, minus = mine.plus + max(amount, 0), mine.minus + max(-amount, 0)
        if max(plus, minus) >= NUMBER_LIMIT:
            raise TooMuch("a slot of 2**62 or more", NUMBER_LIMIT - 1)
        return self._change([*self._folded(), mine._replace(plus=plus, minus=minus)])

    def _mine(self) -> Slot:
        """The slot of this life; a successor may have folded it already, for both live while one replaces the other."""
        place, life = self.owner
        plus = minus = 0
        for dot in self.dots_of(place):
            if dot[0] == self.owner:
                _, plus, minus = self._entries[dot]  # type: ignore[misc] # as its key says
        for dot, past in self._by_key.get((place,), {}).items():
            if dot[0].incarnation > life and isinstance(past, Past):
                for each, more, less in past.lives:
                    if each == life:
                        plus, minus = max(plus, more), max(minus, less)
        return Slot(place, plus, minus)

    # -- the past ------------------------------------------------------------------------------------------------------

    def _folded(self) -> Iterator[Past]:
        """The past of this life's place, if there is anything of earlier lives that their successor has to put down."""
        place, life = self.owner.name, self.owner.incarnation
        if all(dot[0].incarnation >= life for key in (place, (place,)) for dot in self.dots_of(key)):
            return
        past = self._joined(place)
        if past.upto < life:  # else this life itself has been added up with others
            yield self._kept(past._replace(lives=tuple(each for each in past.lives if each[0] < life)))

    def folded(self, pid: Pid) -> Iterable[Counted]:
        """The slot of a life that is one of the last ``KEPT_LIVES`` of its place."""
        lives = self._joined(pid.name).lives
        return [Slot(pid.name, plus, minus) for life, plus, minus in lives if life == pid.incarnation]

    def _kept(self, past: Past) -> Past:
        """The same, with the oldest lives added up if there are too many."""
        while past.lives and (len(past.lives) > KEPT_LIVES or len(pack(self.wire(past))) > self.home.max_entry_bytes):
            life, plus, minus = past.lives[0]
            if max(past.plus + plus, past.minus + minus) >= NUMBER_LIMIT:
                break
            past = Past(past.place, life, past.plus + plus, past.minus + minus, past.lives[1:])
        return past

    def _joined(self, place: str) -> Past:
        """All that is known of a place."""
        pasts = list(self._pasts(place))
        upto = max((past.upto for past in pasts), default=0)
        sums = [past for past in pasts if past.upto == upto]
        lives: dict[int, tuple[int, int]] = {}
        for life, plus, minus in self._counts(place, pasts):
            if life > upto:
                had = lives.get(life, (0, 0))
                lives[life] = max(plus, had[0]), max(minus, had[1])
        return Past(
            (place,),
            upto,
            max((past.plus for past in sums), default=0),
            max((past.minus for past in sums), default=0),
            tuple((life, *lives[life]) for life in sorted(lives)),
        )

    def _pasts(self, place: str) -> Iterator[Past]:
        return (entry for entry in self._by_key.get((place,), {}).values() if isinstance(entry, Past))

    def _counts(self, place: str, pasts: Iterable[Past]) -> Iterator[tuple[int, int, int]]:
        for past in pasts:
            yield from past.lives
        for dot, slot in self._by_key.get(place, {}).items():
            yield dot[0].incarnation, slot[1], slot[2]

    def _sum(self, place: str) -> int:
        known = self._sums.get(place)
        if known is None:
            pasts, slots = list(self._pasts(place)), self._by_key.get(place, {})
            if len(pasts) == 1 and all(dot[0].incarnation > pasts[0].last for dot in slots):  # as a rule
                had = self._totals.get(place)
                if had is None or had[0] is not pasts[0]:
                    had = self._totals[place] = pasts[0], pasts[0].total
                known = had[1] + sum(slot[1] - slot[2] for slot in slots.values())
            else:
                known = self._joined(place).total
            self._sums[place] = known
        return known

    # -- entries -------------------------------------------------------------------------------------------------------

    def admit(self, dot: Dot, entry: Counted) -> list[Dot]:
        """See :meth:`Dotted.admit`."""
        self._sums.pop(_place(entry[0]), None)
        return super().admit(dot, entry)

    def discard(self, dot: Dot) -> None:
        """See :meth:`Dotted.discard`."""
        entry = self._entries.get(dot)
        if entry is not None:
            self._sums.pop(_place(entry[0]), None)
        super().discard(dot)

    def beaten(self, dot: Dot, entry: Counted, rivals: Mapping[Dot, Counted]) -> list[Dot]:
        """Of one life's slots all but the newest; and what a past has in it, if it is an older past of as much."""
        if isinstance(entry, Slot):
            mine = [other for other in rivals if other[0] == dot[0]]
            last = max(mine)
            losers = [other for other in mine if other != last]
            if last == dot and any(past.covers_slot(dot[0].incarnation, entry) for past in self._pasts(entry.place)):
                losers.append(dot)
            return losers
        slots = self._by_key.get(entry.place[0], {})
        losers = [
            other for other, slot in slots.items()
            if isinstance(slot, Slot) and entry.covers_slot(other[0].incarnation, slot)
        ]  # fmt: skip
        for other, past in rivals.items():
            assert isinstance(past, Past)
            if other != dot and entry.covers(past) and (other < dot or not past.covers(entry)):
                losers.append(other)
            elif other != dot and past.covers(entry) and dot not in losers:
                losers.append(dot)
        return losers

    def wire(self, entry: Counted) -> list[Any]:
        """The numbers; the place is the owner's.  Lives are told by how many numbers after the one before."""
        if isinstance(entry, Slot):
            return [entry.plus, entry.minus]
        flat, last = [], entry.upto
        for life, plus, minus in entry.lives:
            flat += [life - last, plus, minus]
            last = life
        return [entry.upto, entry.plus, entry.minus, flat]

    def read(self, owner: Pid, raw: Any) -> Counted:
        """What :meth:`wire` made."""
        if len(read_list(raw, 2, 4)) == 2:
            return Slot(owner.name, read_number(raw[0]), read_number(raw[1]))
        upto, plus, minus, flat = raw
        numbers = [read_number(each) for each in read_list(flat, 0, 3 * LISTED)]
        lives, last = [], read_number(upto)
        for place in range(0, len(numbers), 3):
            step, more, less = numbers[place : place + 3]
            last += read_number(step, 1)
            lives.append((last, more, less))
        if last >= owner.incarnation:
            raise ValueError("no past that this life can have had")
        return Past((owner.name,), upto, read_number(plus), read_number(minus), tuple(lives))


def _place(key: Any) -> str:
    """Whose slot or past an entry of that key is."""
    return key if isinstance(key, str) else key[0]
