"""The sending end: what one cell has to say to one other, numbered, until it is settled."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any

from .packets import Message
from .rto import RetransmitTimer

if TYPE_CHECKING:
    from actors.messages import Pid

    from .config import LinksConfig


class Outgoing:
    """One message: what, for whom, and which ways it was sent.

    ``via``: the contact it was given to last, and ``tried``: those that did not bring it there.  ``taken_at``: when
    that contact took it, if it is to pass it on; until then the hop's own timer watches over it.  ``expiries``: of the
    timer from end to end.  ``is_done``: it is settled or given up.  A ``payload`` of ``None`` stands in for one that
    was given up.
    """

    __slots__ = ("expires", "expiries", "is_done", "life", "number", "payload", "tag", "taken_at", "to", "tried", "via")

    def __init__(self, to: str, life: int, payload: bytes | None, tag: Any, expires: float) -> None:
        self.to = to
        self.life = life
        self.payload = payload
        self.tag = tag
        self.expires = expires
        self.number = 0
        self.via: str | None = None
        self.tried: set[str] = set()
        self.taken_at: float | None = None
        self.expiries = 0
        self.is_done = False


class Stream:
    """All that is under way to one destination, or waits to be.

    Numbers rise by one from ``first``, which is above all numbers that were ever used for this destination.
    """

    def __init__(self, first: int, config: LinksConfig) -> None:
        self.timer = RetransmitTimer(config.rto)
        self._next = first
        self._limit = config.queue
        self._window = config.stream_window
        self._queue: deque[Outgoing] = deque()
        self._open: OrderedDict[int, Outgoing] = OrderedDict()
        self._expired_at = -math.inf

    def __len__(self) -> int:
        return len(self._queue) + len(self._open)

    def __repr__(self) -> str:
        return f"Stream(low={self.low}, under_way={len(self._open)}, waiting={len(self._queue)})"

    @property
    def low(self) -> int:
        """All numbers below this are settled."""
        return next(iter(self._open), self._next)

    @property
    def under_way(self) -> list[Outgoing]:
        """In the order of their numbers."""
        return list(self._open.values())

    @property
    def unsettled(self) -> list[Outgoing]:
        """Those under way, and those that have no number yet."""
        return [*self._open.values(), *self._queue]

    @property
    def is_full(self) -> bool:
        """Whether no more may wait."""
        return len(self._queue) >= self._limit

    def append(self, outgoing: Outgoing) -> None:
        """It waits."""
        self._queue.append(outgoing)

    def number_next(self) -> Outgoing | None:
        """The next that may go on its way, if any may; it has a number now."""
        if not self._queue or self._next - self.low >= self._window:
            return None
        outgoing = self._queue.popleft()
        outgoing.number = self._next
        self._next += 1
        self._open[outgoing.number] = outgoing
        return outgoing

    def message(self, origin: Pid, outgoing: Outgoing) -> Message:
        """It, as it goes on its way."""
        return Message(origin, outgoing.to, outgoing.life, outgoing.number, self.low, outgoing.payload)

    def learn(self, outgoing: Outgoing, now: float) -> None:
        """It was receipted: how long that took, from when it was taken to be passed on."""
        if outgoing.taken_at is not None:
            self.timer.sample(now - outgoing.taken_at, retransmitted=outgoing.expiries > 0)

    def expired(self, outgoing: Outgoing, now: float) -> None:
        """It was not receipted in time.  Of all that were under way together only one counts."""
        if outgoing.taken_at is not None and outgoing.taken_at >= self._expired_at:
            self._expired_at = now
            self.timer.back_off()

    def drop(self, outgoing: Outgoing) -> bool:
        """It is settled, or given up; whether it was neither before."""
        if outgoing.is_done:
            return False
        outgoing.is_done = True
        if outgoing.number:
            self._open.pop(outgoing.number, None)
        else:
            self._queue.remove(outgoing)
        return True

    def leaves_a_gap(self, outgoing: Outgoing) -> bool:
        """Whether others that were sent after it might wait for it if it were given up."""
        return outgoing.payload is not None and 0 < outgoing.number < self._next - 1

    def blank(self, outgoing: Outgoing, expires: float) -> Outgoing:
        """Nothing, under the number of a message that was given up."""
        blank = Outgoing(outgoing.to, 0, None, None, expires)
        blank.number = outgoing.number
        self._open[blank.number] = blank
        self._open = OrderedDict(sorted(self._open.items()))
        return blank
