"""One hop made reliable: numbers, acknowledgements of all kinds, and sending again.

Each message to a neighbour has a number.  The neighbour answers each with what it has::

    next      it has all numbers below this (cumulative)
    ranges    and those from a to b, for up to 8 pairs above it (selective)
    echo      the number that was answered, for the timer

so that a lost answer is made good by the next.  A message goes out again when its timer expires, or when three answers
to later ones came and it is late even for packets that overtake each other (fast retransmit).

Every message also says ``low``: all numbers below it are settled, one way or another.  By that, two sides need no
handshake: a neighbour that was born again, or a message that was taken elsewhere, leaves no gap to wait for.

Nothing waits for anything before it: a hop carries messages of many senders, and order is restored at the destination,
sender by sender (:mod:`~actors.tissue.links.inbox`).

Sources: RFC 2018 (selective acknowledgement), RFC 5681 (fast retransmit), RFC 6298 (the timer), RFC 8985 (time beside
counting, for packets that overtake each other).
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from ..moments import Moments
from .window import Window

if TYPE_CHECKING:
    from .config import LinksConfig
    from .hop import Hop

T = TypeVar("T")

Range = tuple[int, int]

RANGES = 8
"""Pairs in an acknowledgement: as many as fit into few bytes; what they leave out the next ones tell."""


class Acknowledgement(NamedTuple):
    """What a receiver has; see the module's text."""

    next: int
    ranges: Sequence[Range]
    echo: int


class Flight(Generic[T]):
    """One message under way: what it carries, when and how often it was sent, and when that has to be answered."""

    __slots__ = ("cargo", "deadline", "expiries", "is_overtaken", "later", "sent_at", "seq", "transmissions")

    def __init__(self, seq: int, cargo: T) -> None:
        self.seq = seq
        self.cargo = cargo
        self.sent_at = 0.0
        self.deadline = math.inf
        self.transmissions = 0
        self.expiries = 0
        self.later = 0
        self.is_overtaken = False


class Sending(Generic[T]):
    """The sending side of one hop; what it carries is not its business, but whether that ``is_wanted`` still.

    What :meth:`pump` and :meth:`expired` return is to be sent, with ``low`` and its number.  Numbers rise by one from
    ``first``, which has to be above all that were used for that neighbour before.
    """

    def __init__(self, hop: Hop, config: LinksConfig, is_wanted: Callable[[T, float], bool], first: int = 1) -> None:
        self.window = Window(config.first_window, config.least_window, config.most_window)
        self.low = first
        self._hop = hop
        self._is_wanted = is_wanted
        self._span = config.span
        self._overtakers = config.overtakers
        self._next = first
        self._queue: deque[T] = deque()
        # By the moment at which each was last sent.
        self._flights: OrderedDict[int, Flight[T]] = OrderedDict()
        self._deadlines: Moments[int] = Moments()

    def __len__(self) -> int:
        return len(self._queue) + len(self._flights)

    def __repr__(self) -> str:
        return f"Sending(low={self.low}, under_way={len(self._flights)}, waiting={len(self._queue)}, {self.window})"

    @property
    def following(self) -> int:
        """The number of the next message; no number from here on was used yet."""
        return self._next

    @property
    def waiting(self) -> int:
        """Messages that were not sent yet."""
        return len(self._queue)

    @property
    def due(self) -> float:
        """When the first message under way has to be answered."""
        return self._deadlines.due

    def enqueue(self, cargo: T) -> None:
        """Have it sent when the window allows."""
        self._queue.append(cargo)

    def pump(self, now: float) -> list[Flight[T]]:
        """As many of those that wait as may be sent now; none while the neighbour is down."""
        sent: list[Flight[T]] = []
        if not self._hop.is_up:
            return sent
        while self._queue and len(self._flights) < self.window.size and self._next < self.low + self._span:
            cargo = self._queue.popleft()
            if not self._is_wanted(cargo, now):
                continue
            flight = Flight(self._next, cargo)
            self._next += 1
            self.send(flight, now)
            sent.append(flight)
        return sent

    def send(self, flight: Flight[T], now: float) -> None:
        """It is being sent, again or for the first time."""
        flight.sent_at = now
        flight.transmissions += 1
        flight.later = 0
        flight.is_overtaken = False
        flight.deadline = now + self._hop.timer.rto
        self._deadlines.put(flight.seq, flight.deadline)
        self._flights[flight.seq] = flight
        self._flights.move_to_end(flight.seq)

    # -- answers -------------------------------------------------------------------------------------------------------

    def acknowledged(self, ack: Acknowledgement, now: float) -> list[T]:
        """What has arrived, by that answer."""
        is_full = len(self._flights) >= self.window.size
        latest = -math.inf
        arrived: list[T] = []
        for first, end in [(self.low, ack.next), *ack.ranges]:
            for seq in range(max(first, self.low), min(end, self._next)):
                flight = self._flights.pop(seq, None)
                if flight is None:
                    continue
                self._deadlines.drop(seq)
                arrived.append(flight.cargo)
                latest = max(latest, flight.sent_at)
                self.window.acknowledged(is_full)
                self._learn(flight, seq == ack.echo, now)
        self._advance()
        self._notice_overtaken(latest, now)
        return arrived

    def _learn(self, flight: Flight[T], is_echo: bool, now: float) -> None:
        # Of one answer only what it answers is timed.  Nor is what was read after its time: it lay there unread, and
        # would teach that the way is as long as this cell was held up.
        is_timed = is_echo and now <= flight.deadline
        self._hop.arrived(flight.transmissions, now - flight.sent_at if is_timed else math.inf)

    def _notice_overtaken(self, latest: float, now: float) -> None:
        """Those sent before one that arrived: after three such answers one is lost, if it is late too."""
        for flight in self._flights.values():
            if flight.sent_at >= latest:
                return
            flight.later += 1
            if flight.later == self._overtakers:
                deadline = max(now, flight.sent_at + self._hop.timer.overtaking)
                if deadline < flight.deadline:
                    flight.is_overtaken = True
                    flight.deadline = deadline
                    self._deadlines.put(flight.seq, deadline)

    def expired(self, now: float) -> list[Flight[T]]:
        """Those that are lost, as far as one can know: to be sent again, or withdrawn.

        Unless it was overtaken, each counts as one expiry of its timer, and as silence of the neighbour.
        """
        lost: list[Flight[T]] = []
        while (seq := self._deadlines.pop(now)) is not None:
            flight = self._flights[seq]
            self.window.lost(flight.sent_at, now)
            if not flight.is_overtaken:
                flight.expiries += 1
                self._hop.silent(flight.sent_at, now)
            if self._is_wanted(flight.cargo, now):
                lost.append(flight)
            else:
                self.withdraw(seq)
        return lost

    # -- taking back ---------------------------------------------------------------------------------------------------

    def find(self, seq: int) -> Flight[T] | None:
        """The message of that number, while it is under way."""
        return self._flights.get(seq)

    def withdraw(self, seq: int) -> None:
        """A message under way goes another way."""
        self._flights.pop(seq, None)
        self._deadlines.drop(seq)
        self._advance()

    def withdraw_all(self, now: float) -> list[T]:
        """All that are under way or wait, in their order."""
        carried = [self._flights[seq].cargo for seq in sorted(self._flights)] + list(self._queue)
        self._flights.clear()
        self._queue.clear()
        self._deadlines.clear()
        self._advance()
        return [cargo for cargo in carried if self._is_wanted(cargo, now)]

    def _advance(self) -> None:
        while self.low < self._next and self.low not in self._flights:
            self.low += 1


class Receiving:
    """The receiving side of one hop: which numbers were had.  It remembers ``span`` numbers at most."""

    __slots__ = ("_above", "_next", "_span")

    def __init__(self, span: int) -> None:
        self._span = span
        self._next = 1
        self._above: set[int] = set()

    def __repr__(self) -> str:
        return f"Receiving(next={self._next}, above={len(self._above)})"

    def settle(self, low: int) -> None:
        """The sender says that all below ``low`` are settled."""
        if low > self._next:
            self._next = low
            self._above = {seq for seq in self._above if seq >= low}
            self._climb()

    def can_take(self, seq: int) -> bool:
        """Whether it is within reach; an honest sender's always is."""
        return seq < self._next + self._span

    def take(self, seq: int) -> bool:
        """It was received; whether for the first time."""
        if seq < self._next or seq in self._above:
            return False
        self._above.add(seq)
        self._climb()
        return True

    def has(self, seq: int) -> bool:
        """Whether it was received, or settled, before."""
        return seq < self._next or seq in self._above

    def acknowledge(self, seq: int) -> Acknowledgement:
        """What to answer to ``seq``: the range it is in first, then the lowest ones."""
        ranges: list[Range] = []
        for each in sorted(self._above):
            if ranges and ranges[-1][1] == each:
                ranges[-1] = (ranges[-1][0], each + 1)
            else:
                ranges.append((each, each + 1))
        ranges.sort(key=lambda pair: not pair[0] <= seq < pair[1])
        return Acknowledgement(self._next, ranges[:RANGES], seq)

    def _climb(self) -> None:
        while self._next in self._above:
            self._above.remove(self._next)
            self._next += 1
