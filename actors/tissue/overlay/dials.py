"""Peers that were asked and have not answered yet."""

from __future__ import annotations

import math
from dataclasses import dataclass

from actors.messages import Pid


@dataclass(slots=True)
class Dial:
    """A peer that was asked until ``ends``, and will be so many ``tries`` in all, this one included.

    ``is_urgent``: it may not refuse.  ``is_bridge``: it becomes a neighbour even if another has to go.
    """

    pid: Pid
    ends: float
    tries: int
    is_urgent: bool = False
    is_bridge: bool = False


class Dials:
    """By name; each waits for ``timeout`` before it is tried again or given up."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._dials: dict[str, Dial] = {}

    def __len__(self) -> int:
        return len(self._dials)

    def __contains__(self, name: str) -> bool:
        return name in self._dials

    @property
    def names(self) -> set[str]:
        return set(self._dials)

    @property
    def due(self) -> float:
        """When the next one is to be tried again, or given up."""
        return min((dial.ends for dial in self._dials.values()), default=math.inf)

    def add(self, pid: Pid, now: float, tries: int, *, is_urgent: bool, is_bridge: bool) -> None:
        """It was asked."""
        self._dials[pid.name] = Dial(pid, now + self._timeout, tries, is_urgent, is_bridge)

    def pop(self, name: str) -> Dial | None:
        """It has answered, or is not waited for any more."""
        return self._dials.pop(name, None)

    def clear(self) -> None:
        """Nobody is waited for any more."""
        self._dials.clear()

    def postpone(self, late: float) -> None:
        """All get so many seconds more: this cell was held up, and their answers may lie there, not yet read."""
        for dial in self._dials.values():
            dial.ends += late

    def expired(self, now: float) -> list[Dial]:
        """Who has not answered in time: with tries left it is waited for again, else no more."""
        over = [dial for dial in self._dials.values() if dial.ends <= now]
        for dial in over:
            dial.tries -= 1
            dial.ends = now + self._timeout
            if dial.tries <= 0:
                del self._dials[dial.pid.name]
        return over
