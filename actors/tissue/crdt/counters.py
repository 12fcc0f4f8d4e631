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

Old lives' slots are *retired*: when a place has had more than ``KEPT_LIVES``, its present life adds up the older ones.
What somebody knew of those, and eight lives in a row had not heard of, is lost then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from actors.messages import Pid

from ..plain import NUMBER_LIMIT, read_list, read_number
from .context import Dot
from .dotted import Dotted, TooMuch

KEPT_LIVES = 8
"""Slots of one place that are kept apart."""


class Slot(NamedTuple):
    """What one life has counted: ``plus`` and ``minus``; and what it retired: the sums of all lives up to ``upto``."""

    place: str
    plus: int
    minus: int
    upto: int = 0
    old_plus: int = 0
    old_minus: int = 0


class PNCounter(Dotted[Slot]):
    """A sum of whole numbers, none of whose slots may come to 2**62."""

    kind = "pn"

    @property
    def value(self) -> int:
        """The sum of all that was added, as far as is known."""
        return sum(plus - minus for plus, minus in map(self._totals, self._by_key))

    def __int__(self) -> int:
        return self.value

    def add(self, amount: int) -> PNCounter:
        """Add a whole number, which may be negative; returns the delta, an empty one for 0."""
        if type(amount) is not int:
            raise TypeError(f"a counter counts whole numbers; got {amount!r}")
        if amount == 0:
            return self._blank()
        mine = self._retired(self._mine())
        plus, minus = mine.plus + max(amount, 0), mine.minus + max(-amount, 0)
        if max(plus, minus) >= NUMBER_LIMIT:
            raise TooMuch("a slot of 2**62 or more", NUMBER_LIMIT - 1)
        return self._change([mine._replace(plus=plus, minus=minus)])

    def _mine(self) -> Slot:
        """The slot of this life."""
        for dot in self.dots_of(self.owner.name):
            if dot[0] == self.owner:
                return self._entries[dot]
        return Slot(self.owner.name, 0, 0)

    def _retired(self, mine: Slot) -> Slot:
        """The same slot, with the oldest lives of the place added up in it if there are too many."""
        lives = sorted(dot[0].incarnation for dot in self.dots_of(self.owner.name))
        old = [life for life in lives if life < self.owner.incarnation]
        if len(old) < KEPT_LIVES:
            return mine
        upto = old[-KEPT_LIVES]
        plus, minus = self._totals(self.owner.name, upto)
        return mine._replace(upto=upto, old_plus=plus, old_minus=minus)

    def _totals(self, place: str, upto: int = NUMBER_LIMIT) -> tuple[int, int]:
        """What the lives of a place have counted, up to that life, those that were retired among them."""
        slots = {dot[0].incarnation: slot for dot, slot in self._by_key[place].items()}
        latest = max(slot.upto for slot in slots.values())
        sums = [slot for slot in slots.values() if slot.upto == latest]
        plus, minus = max(slot.old_plus for slot in sums), max(slot.old_minus for slot in sums)
        for life, slot in slots.items():
            if latest < life <= upto:
                plus, minus = plus + slot.plus, minus + slot.minus
        return plus, minus

    # -- entries -------------------------------------------------------------------------------------------------------

    def beaten(self, dot: Dot, entry: Slot, rivals: Mapping[Dot, Slot]) -> list[Dot]:
        """Of one life's slots all but the newest; and the slots of lives that were retired."""
        upto = max(slot.upto for slot in rivals.values())
        newest: dict[Pid, int] = {}
        for owner, number in rivals:
            newest[owner] = max(number, newest.get(owner, 0))
        return [each for each in rivals if each[0].incarnation <= upto or each[1] < newest[each[0]]]

    def wire(self, entry: Slot) -> list[Any]:
        """The numbers; the place is the owner's."""
        return list(entry[1:] if entry.upto else entry[1:3])

    def read(self, owner: Pid, raw: Any) -> Slot:
        """What :meth:`wire` made."""
        numbers = [read_number(each) for each in read_list(raw, 2, 5)]
        slot = Slot(owner.name, *numbers)
        if len(numbers) not in (2, 5) or slot.upto >= owner.incarnation:
            raise ValueError("no slot that this life can have made")
        return slot
