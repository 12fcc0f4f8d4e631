"""The last things supervisors decided, in order: a bounded record that subscribes to the hook."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from actors import Events

from .events import SupervisionEvent

KEPT = 1000
"""Events kept; older ones are forgotten."""


class Journal:
    """The last ``limit`` supervision events of a system, oldest first.  Iterate over it, or select by path or type.

    ``total`` counts all that ever came, so that a reader sees how many are forgotten.
    """

    def __init__(self, events: Events, limit: int = KEPT) -> None:
        self._kept: deque[SupervisionEvent] = deque(maxlen=limit)
        self.total = 0
        self._unsubscribe: Callable[[], None] = events.subscribe(self._note)

    def _note(self, event: object) -> None:
        if isinstance(event, SupervisionEvent):
            self._kept.append(event)
            self.total += 1

    def about(self, path: str) -> list[SupervisionEvent]:
        """The events of one place and all below it."""
        return [event for event in self._kept if event.path == path or event.path.startswith(f"{path}/")]

    def of(self, *kinds: type[SupervisionEvent]) -> list[SupervisionEvent]:
        """The events of the given types."""
        return [event for event in self._kept if isinstance(event, kinds)]

    def close(self) -> None:
        """Stop recording."""
        self._unsubscribe()

    def __iter__(self) -> Iterator[SupervisionEvent]:
        return iter(tuple(self._kept))

    def __len__(self) -> int:
        return len(self._kept)
