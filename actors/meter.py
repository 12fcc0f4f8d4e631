"""What share of the loop's time does an actor take?  Measured by sampling, without a cost to those not asked about.

Sampled are messages, not moments: a thread that looks at the loop every so often gets in when a handler lets go of the
interpreter, and so would find the loop idle far too often.  After each reading the next :data:`SAMPLED` stretches that
the actor's handlers run are timed; how many messages it handles in all is counted anyway.

    share = (seconds in sampled stretches) x (messages handled / messages handled meanwhile) / seconds passed
"""

from __future__ import annotations

SAMPLED = 200
"""Stretches timed after a reading: 0.1 ms of extra work."""

WINDOW = 10.0
"""Seconds that a reading looks back, and at least half of it."""


class Meter:
    """Of one actor.  ``read_at``: when it was last read; ``handled`` is the actor's count of messages in every call.

    The window is two halves, of which the older is dropped as a whole.
    """

    __slots__ = ("_armed", "_begun", "_left", "_new", "_old", "read_at")

    def __init__(self, now: float, handled: int) -> None:
        self.read_at = now
        self._begun = self._armed = now, handled
        self._left = SAMPLED
        self._new = _Half()
        self._old = _Half()

    def read(self, now: float, handled: int) -> float:
        """The share, 0 to 1; 0 at first.  The next stretches are timed."""
        if self._left > 0:
            self._close(now, handled)
        begun_at, handled_then = self._begun
        self._new.passed, self._new.handled = now - begun_at, handled - handled_then
        share = _share(self._new, self._old)
        if self._new.passed >= WINDOW / 2:
            self._old, self._new, self._begun = self._new, _Half(), (now, handled)
        self.read_at = now
        self._armed = now, handled
        self._left = SAMPLED
        return share

    def take(self, seconds: float, now: float, handled: int) -> bool:
        """A handler ran for ``seconds``; false if no more are wanted until the next reading."""
        if self._left == 0:
            return False
        self._new.busy += seconds
        self._left -= 1
        if self._left == 0:
            self._close(now, handled)
        return self._left > 0

    def _close(self, now: float, handled: int) -> None:
        """It is no longer so that everything is timed."""
        armed_at, handled_then = self._armed
        self._new.timed += now - armed_at
        self._new.sampled += handled - handled_then


class _Half:
    """Half a window: ``timed`` of the seconds ``passed`` and ``sampled`` of the messages ``handled`` were looked at."""

    __slots__ = ("busy", "handled", "passed", "sampled", "timed")

    def __init__(self) -> None:
        self.busy = self.passed = self.timed = 0.0
        self.handled = self.sampled = 0


def _share(new: _Half, old: _Half) -> float:
    busy, passed, timed = new.busy + old.busy, new.passed + old.passed, new.timed + old.timed
    handled, sampled = new.handled + old.handled, new.sampled + old.sampled
    if sampled > 0 and passed > 0:
        return min(busy * max(handled / sampled, 1.0) / passed, 1.0)
    return min(busy / timed, 1.0) if timed > 0 else 0.0  # one handler that goes on and on, suspending now and then
