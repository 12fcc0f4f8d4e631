"""The messages on their way to one place elsewhere: numbered, in batches, at most so many at a time.  Pure.

has_room = road.add(item, message, is_question, left)
count = road.add_all(box, apart)              # the same with all that may go of a mailbox
frames = road.take()                          # what is to be sent, once a loop turn
road.weigh(size)                              # bytes that they came to
items = road.done(first, last)                # they are handled
road.put_aside(first, last)                   # they are stashed, or their answers are owed: others may pass

How large a message is shows when it is packed.  So a turn of the loop sends a few at first, and then as many as make
up :data:`TURN_BYTES` by what the last ones came to: what is on its way is bounded in bytes, too.

A number is passed over while its place in the ledger belongs to an older message, so numbers are consecutive within a
frame but not always from one to the next.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Any

from .frames import Kind
from .ledger import MASK, SLOTS, WINDOW, Fate, Ledger

LAP = SLOTS // 2
"""Numbers after which the places of the ledger still in use are looked up, and the most in flight, all told."""

TURN_BYTES = 1 << 17
"""Bytes of messages to one place in one turn of the loop; a frame of twice as many would be cut in pieces."""

FLIGHT_BYTES = 1 << 24
"""Bytes of messages at one place that wait there or are in hand; at least two messages, however large."""

FIRST_SHARE = 8
"""Messages in a turn before it is known what they come to."""

SIZED = frozenset({bytes, str})
"""What says itself how large it is."""

SMALL = 1 << 12
"""Length of such a message up to which it may go with others that were not looked at."""

_GONE: Any = object()


class Road:
    """To the far side's export ``target``; ``window``: messages there that wait or are in hand.

    ``ledger``: where the far side notes what becomes of each, if it does.  ``careful``: so many at first, one of which
    the last life may have died of while it read them, go in frames of their own.
    """

    __slots__ = (
        "_aside", "_asked", "_batch", "_frames", "_fresh", "_lap", "_late", "_most", "_next", "_sent", "_share",
        "_taken", "careful", "flight", "ledger", "target", "window",
    )  # fmt: skip

    def __init__(self, target: int, window: int = WINDOW, ledger: Ledger | None = None) -> None:
        self.target = target
        self.window = window
        self.ledger = ledger
        self.careful = 0
        self.flight: dict[int, Any] = {}
        self._next = 1
        self._lap = LAP
        self._taken: set[int] = set()
        self._aside: set[int] = set()
        self._batch: list[Any] = []
        self._asked: list[list[Any]] = []
        self._frames: list[list[Any]] = []
        self._late: deque[tuple[Any, Any, bool, float | None]] = deque()
        self._share = FIRST_SHARE
        self._most = window
        self._fresh = self._sent = 0  # messages since take(), and taken by that

    def add(self, item: Any, message: Any, is_question: bool, left: float | None) -> bool:
        """Send ``message``; ``item`` is what it is here.  Returns whether there is room for another one."""
        flight = self.flight
        if self.ledger is not None and len(flight) >= LAP:
            self._late.append((item, message, is_question, left))
            return False
        number = self._next
        if self.ledger is not None:
            if number >= self._lap or self._taken:
                number = self._free(number)
            self.ledger.write(number, 0)  # Fate.WAITING
        self._next = number + 1
        flight[number] = item
        if is_question or left is not None:
            self._asked.append([len(self._batch) if is_question else ~len(self._batch), left])
        self._batch.append(message)
        if number <= self.careful:
            self._close_batch()
        self._fresh = fresh = self._fresh + 1
        if message.__class__ in SIZED and len(message) > SMALL and len(message) * self._share > TURN_BYTES:
            self._learn(1, len(message))
        return fresh < self._share and len(flight) - len(self._aside) < self._most

    def add_all(self, box: deque[Any], apart: frozenset[type]) -> int:
        """Send what stands at the head of a mailbox, as far as there is room; how many messages that is.

        At a tenth of the cost of :meth:`add`, for what needs no company and is not known to be large: up to the first
        of a class in ``apart``.
        """
        flight, number, ledger = self.flight, self._next, self.ledger
        if number <= self.careful:
            return 0
        room = min(self._most - len(flight) + len(self._aside), self._share - self._fresh)
        if ledger is not None:
            oldest = next(iter(flight), number)  # no other can be in the way
            room = min(room, LAP - len(flight), oldest + SLOTS - number, SLOTS - (number & MASK))
        count = 0
        for message in islice(box, max(0, room)):
            kind = message.__class__
            if kind in apart or (kind in SIZED and len(message) > SMALL):
                break
            count += 1
        if count == len(box):
            messages = list(box)
            box.clear()
        else:
            messages = [box.popleft() for _ in range(count)]
        if ledger is not None:
            ledger.write_all(number, count, 0)  # Fate.WAITING
        self._next = number + count
        self._fresh += count
        self._batch += messages
        flight.update(zip(range(number, self._next), messages, strict=True))
        return count

    def _free(self, number: int) -> int:
        """The next number whose place in the ledger is free."""
        first = number
        while True:
            if number >= self._lap:
                self._lap = number + LAP
                self._taken = {old & MASK for old in self.flight if old < number}
            if number & MASK not in self._taken:
                break
            number += 1
        if number != first:
            self._close_batch()
        return number

    def _close_batch(self) -> None:
        if self._batch:
            self._frames.append([Kind.MSG, self.target, self._next - len(self._batch), self._batch, self._asked])
            self._batch, self._asked = [], []

    def take(self) -> list[list[Any]]:
        """The frames of what is to be sent."""
        self._close_batch()
        self._sent, self._fresh = self._fresh, 0
        frames, self._frames = self._frames, []
        return frames

    def weigh(self, size: int) -> None:
        """The messages that were taken last came to ``size`` bytes; 0: nobody knows."""
        if size and self._sent:
            self._learn(self._sent, size)

    def _learn(self, count: int, size: int) -> None:
        """``count`` messages come to ``size`` bytes: so many of them may go in a turn, and be there."""
        self._share = max(1, min(WINDOW, TURN_BYTES * count // size))
        self._most = min(self.window, max(2, FLIGHT_BYTES * count // size))

    def doubt(self) -> None:
        """Some could not be sent together: perhaps they are too large."""
        self._share = FIRST_SHARE

    def done(self, first: int, last: int) -> list[Any]:
        """Messages ``first`` to ``last`` need nothing more; the items of those that were in flight."""
        flight = self.flight
        last = min(last, self._next - 1)
        numbers = range(max(1, first), last + 1)
        items = [item for number in numbers if (item := flight.pop(number, _GONE)) is not _GONE]
        if self._aside:
            self._aside.difference_update(range(first, last + 1))
        while self._late and len(flight) < LAP:
            self.add(*self._late.popleft())
        return items

    def put_aside(self, first: int, last: int) -> None:
        """Messages ``first`` to ``last`` are in nobody's way any more, and not done."""
        last = min(last, self._next - 1)
        self._aside.update(number for number in range(max(1, first), last + 1) if number in self.flight)

    def number_of(self, item: Any) -> int | None:
        """The number under which ``item`` is in flight."""
        return next((number for number, each in self.flight.items() if each is item), None)

    def recalled(self, numbers: list[int]) -> list[Any]:
        """These were given back unbegun: their items, in order."""
        self._aside.difference_update(numbers)
        return [self.flight.pop(number) for number in sorted(numbers) if number in self.flight]

    @property
    def has_room(self) -> bool:
        """Whether another message may be added, in this turn of the loop."""
        return self._fresh < self._share and len(self.flight) - len(self._aside) < self._most and not self._late

    @property
    def underway(self) -> int:
        """Messages that wait there or are in hand."""
        return len(self.flight) - len(self._aside) + len(self._late)

    @property
    def is_careful(self) -> bool:
        """Whether each of the frames that were taken last is to be read by itself."""
        return self._next - self._sent <= self.careful

    @property
    def is_dirty(self) -> bool:
        """Whether there is something to be sent."""
        return bool(self._batch or self._frames)

    def empty(self) -> list[tuple[Any, Fate | None]]:
        """Nothing will be heard of any of them any more: what was in flight, in order, and what became of each if the
        ledger tells; the road begins anew.

        The one that was being read, and was suspect already, counts as in hand: two lives in a row have died so.
        """
        read = self.ledger.read if self.ledger is not None else lambda number: None
        fates: dict[int, Fate | None] = {number: read(number) for number in self.flight}
        if self.ledger is not None and self.ledger.is_reading:
            culprit = next((number for number, fate in fates.items() if fate is Fate.WAITING), self._next)
            if culprit <= self.careful:
                fates[culprit] = Fate.IN_HAND
        left = [(item, fates[number]) for number, item in self.flight.items()]
        left += [(late[0], Fate.WAITING) for late in self._late]
        self.flight = {}
        self._late.clear()
        self._aside.clear()
        self._batch, self._asked, self._frames = [], [], []
        self._fresh = 0
        return left
