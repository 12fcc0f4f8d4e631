"""The receiving end: of everything that arrives by any way any number of times, each message once, and in order.

Messages are told apart by (origin, incarnation, number).  Of each origin the inbox knows up to which number it had all,
and which ones above that; the origin says below which all is settled, so that memory is bounded by what is under way,
not by time.  What came early waits for what is before it *from the same origin*: no sender ever waits for another.

To be remembered is to be able to refuse a double.  An origin that was silent for ``forget_after`` is forgotten, when
room is needed; nothing it sent can be under way any more, as messages are given up long before that.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from actors.messages import Pid

from ..moments import Moments
from .arq import Range
from .packets import RECEIPT_RANGES, Message, Receipt

if TYPE_CHECKING:
    from .config import LinksConfig


class _Incoming:
    """What was had of one life of an origin: all below ``next``, and what is held above it."""

    __slots__ = ("held", "last", "life", "next", "owed")

    def __init__(self, life: int) -> None:
        self.life = life
        self.next = 1
        self.held: dict[int, bytes | None] = {}
        self.last = 0.0
        self.owed = 0

    def climb(self, low: int) -> list[bytes]:
        """All that need wait no longer, now that all below ``low`` is settled."""
        ready: list[bytes] = []
        if low > self.next:
            ready += [body for _, body in sorted(self._pop_below(low).items()) if body is not None]
            self.next = low
        while self.next in self.held:
            body = self.held.pop(self.next)
            self.next += 1
            if body is not None:
                ready.append(body)
        return ready

    def _pop_below(self, low: int) -> dict[int, bytes | None]:
        return {number: self.held.pop(number) for number in [each for each in self.held if each < low]}

    @property
    def ranges(self) -> tuple[Range, ...]:
        ranges: list[Range] = []
        for number in sorted(self.held):
            if ranges and ranges[-1][1] == number:
                ranges[-1] = (ranges[-1][0], number + 1)
            else:
                ranges.append((number, number + 1))
        return tuple(ranges[:RECEIPT_RANGES])


class Inbox:
    """What one cell has received; see the module's text."""

    def __init__(self, pid: Pid, config: LinksConfig) -> None:
        self._pid = pid
        self._config = config
        # By when each was last heard.
        self._origins: OrderedDict[str, _Incoming] = OrderedDict()
        self._receipts: Moments[str] = Moments()
        self._held_bytes = 0

    def __repr__(self) -> str:
        return f"Inbox(origins={len(self._origins)}, held_bytes={self._held_bytes})"

    @property
    def due(self) -> float:
        """When a receipt is to be sent."""
        return self._receipts.due

    def later(self, origin: Pid) -> int:
        """The life of an origin that was heard, if it is a later one; else 0."""
        incoming = self._origins.get(origin.name)
        return incoming.life if incoming is not None and incoming.life > origin.incarnation else 0

    def can_take(self, message: Message, now: float) -> bool:
        """Whether there is room for it, and for its origin.  A double needs none."""
        incoming = self._origins.get(message.origin.name)
        if incoming is None:
            return len(self._origins) < self._config.origins or self._forget(now)
        if message.origin.incarnation != incoming.life:
            return True
        following = max(incoming.next, message.low)
        if message.number <= following or message.number in incoming.held:
            return True
        is_near = message.number < following + self._config.stream_window
        return is_near and self._held_bytes + len(message.body or b"") <= self._config.held_bytes

    def take(self, message: Message, now: float) -> list[bytes]:
        """What of its origin's is to be handled now, in order; nothing for a double, and for what came early.

        Nothing either for a message of an earlier life of the origin than one that was heard.  One for another life of
        this cell is passed over, as a blank is.
        """
        name, life = message.origin
        incoming = self._origins.get(name)
        if incoming is None or incoming.life < life:
            if incoming is not None:
                self._let_go(incoming)
            incoming = self._origins[name] = _Incoming(life)
        elif incoming.life > life:
            return []
        self._origins.move_to_end(name)
        incoming.last = now
        self._let_go(incoming)
        if message.number >= incoming.next and message.number not in incoming.held:
            is_for_me = message.life in (0, self._pid.incarnation)
            incoming.held[message.number] = message.body if is_for_me else None
        ready = incoming.climb(message.low)
        self._held_bytes += _weigh(incoming)
        return ready

    def owe(self, origin: Pid, now: float) -> None:
        """A message came through others, and its origin wants to know that it did."""
        incoming = self._origins.get(origin.name)
        if incoming is None or incoming.life != origin.incarnation:
            return
        incoming.owed += 1
        if incoming.owed == 1:
            self._receipts.put(origin.name, now + self._config.receipt_delay)
        elif incoming.owed == self._config.receipt_batch:
            self._receipts.put(origin.name, now)

    def receipts(self, now: float) -> list[Receipt]:
        """Those that are due."""
        due: list[Receipt] = []
        while (name := self._receipts.pop(now)) is not None:
            incoming = self._origins.get(name)
            if incoming is not None:
                incoming.owed = 0
                due.append(Receipt(self._pid, name, incoming.life, incoming.next, incoming.ranges))
        return due

    def _let_go(self, incoming: _Incoming) -> None:
        self._held_bytes -= _weigh(incoming)

    def _forget(self, now: float) -> bool:
        """Forget the origin that was silent the longest, if that was long enough."""
        name, incoming = next(iter(self._origins.items()))
        if incoming.last > now - self._config.forget_after:
            return False
        self._let_go(incoming)
        self._receipts.drop(name)
        del self._origins[name]
        return True


def _weigh(incoming: _Incoming) -> int:
    return sum(len(body) for body in incoming.held.values() if body is not None)
