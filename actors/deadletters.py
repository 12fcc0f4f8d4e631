"""Messages that nobody will handle, each with the reason why: kept, counted, never silently gone."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .events import Events, Lost
from .messages import DeadLetter, Undelivered

if TYPE_CHECKING:
    from .exits import Reason
    from .ref import Ref

KEPT = 1000
"""Dead letters kept for inspection; older ones are only counted."""


class DeadLetters:
    """The last thousand dead letters, oldest first, and the count of all by reason.

    Iterate over it, ``len()`` it; ``total`` and ``counts`` never forget.  Each one is also published as ``Lost``.
    """

    def __init__(self, events: Events, now: Callable[[], float]) -> None:
        self._events = events
        self._now = now
        self._kept: deque[DeadLetter] = deque(maxlen=KEPT)
        self.counts: Counter[Undelivered] = Counter()

    def add(self, message: object, ref: Ref[Any], why: Undelivered, reason: Reason | None = None) -> None:
        """Record that ``message`` will not be handled by ``ref``."""
        letter = DeadLetter(message, ref, why, self._now(), reason)
        self._kept.append(letter)
        self.counts[why] += 1
        if self._events:
            self._events.publish(Lost(letter.at, letter))

    @property
    def total(self) -> int:
        """All dead letters that ever were, kept or not."""
        return self.counts.total()

    def __iter__(self) -> Iterator[DeadLetter]:
        return iter(tuple(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        return f"<DeadLetters total={self.total} {dict(self.counts)}>"
