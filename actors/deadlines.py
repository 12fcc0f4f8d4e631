"""Deadlines of asks, cheaper than a timer each.

Nearly every ask is answered long before its deadline, and nearly all asks of a program share a few timeouts.  Questions
with the same timeout fall due in the order they were asked, so one timer a distinct timeout is enough: a *bucket* holds
them in an insertion-ordered dict; an answered one is deleted from it, and the timer follows the oldest.  Adding and
removing cost one dict operation each (0.1 µs, against 1 µs for a timer of its own).

What is asked for the sake of a message that has a deadline itself falls due with it.  Such questions have no timeout in
common, so they are kept by the moment they fall due, a bucket for every :data:`RESOLUTION`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .envelopes import NEVER, Envelope
from .errors import AskTimeout, DeadlineExceeded
from .evidence import Evidence, Harm
from .pulse import note

if TYPE_CHECKING:
    import asyncio

    from .cell import Cell
    from .ref import Ref

RESOLUTION = 0.002
"""Seconds by which a timer may fire early (libuv counts milliseconds)."""


BUCKETS = 64
"""Distinct timeouts that are kept before the empty buckets among them are dropped."""


def check_timeout(timeout: Any) -> float | None:
    """A timeout in seconds, from 0 (below it there is none left either); ``None``, as infinity, is no limit.

    Raises ``ValueError`` for what is no number.
    """
    if timeout is None:
        return None
    if not isinstance(timeout, int | float) or isinstance(timeout, bool) or math.isnan(timeout):
        raise ValueError(f"a timeout is seconds, or None for no limit; got {timeout!r:.60}")
    return None if timeout == math.inf else max(0.0, timeout)


class Bucket:
    """The open questions of one timeout, oldest first."""

    __slots__ = ("entries", "timeout", "timer")

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.entries: dict[Envelope, Ref[Any]] = {}
        self.timer: asyncio.TimerHandle | None = None


class Deadlines:
    """The open questions of a system."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.buckets: dict[float, Bucket] = {}
        self.inherited: dict[int, Bucket] = {}
        self._sweep_at = BUCKETS

    def add(self, envelope: Envelope, ref: Ref[Any], timeout: float) -> dict[Envelope, Ref[Any]]:
        """Fail ``envelope`` with ``AskTimeout`` after ``timeout`` seconds unless it leaves the returned dict.

        Raises ``ValueError`` for what is no timeout.
        """
        check_timeout(timeout)
        bucket = self.buckets.get(timeout)
        if bucket is None:
            bucket = self._new_bucket(timeout)
        envelope.deadline = self.loop.time() + timeout
        bucket.entries[envelope] = ref
        return bucket.entries

    def inherit(self, envelope: Envelope, ref: Ref[Any], deadline: float) -> dict[Envelope, Ref[Any]]:
        """Fail ``envelope`` with ``DeadlineExceeded`` at ``deadline`` unless it leaves the returned dict."""
        slot = int(deadline / RESOLUTION)
        bucket = self.inherited.get(slot)
        if bucket is None:
            bucket = self.inherited[slot] = Bucket(0.0)
            bucket.timer = self.loop.call_at(deadline, self._all_due, slot)
        envelope.deadline = deadline
        bucket.entries[envelope] = ref
        return bucket.entries

    def _all_due(self, slot: int) -> None:
        bucket = self.inherited.pop(slot)
        while bucket.entries:
            envelope, ref = bucket.entries.popitem()
            self._late(envelope, ref, DeadlineExceeded(ref, envelope.message, bucket.timeout))

    def _late(self, envelope: Envelope, ref: Ref[Any], late: AskTimeout) -> None:
        cell = ref._cell
        predecessor = cell.extras.predecessor if cell.extras is not None else None
        if predecessor is not None and is_begun(predecessor, envelope):
            cell = predecessor
        begun = is_begun(cell, envelope)
        envelope.fail(late)
        if begun:
            note(cell, Evidence(Harm.LATE, None, str(late), type(envelope.message).__name__))
        else:  # that it had to wait is no fault of the life
            cell.more().expired += 1

    def _new_bucket(self, timeout: float) -> Bucket:
        if len(self.buckets) >= self._sweep_at:  # timeouts that do not come again: their buckets are empty by now
            for other in [other for other in self.buckets.values() if not other.entries]:
                self._drop(other)
            self._sweep_at = 2 * len(self.buckets) + BUCKETS
        bucket = self.buckets[timeout] = Bucket(timeout)
        bucket.timer = self.loop.call_later(timeout, self._due, bucket)
        return bucket

    def _drop(self, bucket: Bucket) -> None:
        if bucket.timer is not None:
            bucket.timer.cancel()
        del self.buckets[bucket.timeout]

    def _due(self, bucket: Bucket) -> None:
        now = self.loop.time() + RESOLUTION
        while bucket.entries:
            envelope = next(iter(bucket.entries))
            if envelope.deadline > now:
                bucket.timer = self.loop.call_at(envelope.deadline, self._due, bucket)
                return
            ref = bucket.entries.pop(envelope)
            self._late(envelope, ref, AskTimeout(ref, envelope.message, bucket.timeout))
        del self.buckets[bucket.timeout]

    def __len__(self) -> int:
        return sum(len(bucket.entries) for bucket in (*self.buckets.values(), *self.inherited.values()))

    def close(self) -> None:
        """Forget all timers."""
        for bucket in (*self.buckets.values(), *self.inherited.values()):
            if bucket.timer is not None:
                bucket.timer.cancel()
        self.buckets.clear()
        self.inherited.clear()


def is_begun(cell: Cell, envelope: Envelope) -> bool:
    """Whether the life in ``cell`` has the question in hand, or has put off its answer."""
    return cell.hand is envelope or (cell.extras is not None and envelope in cell.extras.deferred)


def deadline_of(hand: Any) -> float:
    """When the message in hand should be done, by the loop's clock; ``NEVER`` if nobody said."""
    return hand.deadline if hand.__class__ is Envelope else NEVER
