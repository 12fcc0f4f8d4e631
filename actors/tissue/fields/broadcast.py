"""G: a value spreads from sources along a gradient, and may change with every link it crosses.

For a backend developer: each cell has what the nearest leader, gateway or incident says (its address, a log level, a
limit), kept up as the field is, with no subscription: when the source dies, the next nearest one's word arrives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.messages import Pid

from .block import Around, Block, read_parts, read_scalar

Step = Callable[[Any, float], Any]
"""What a value becomes on a link of that distance."""


class Broadcast(Block[list[Any]]):
    """What the nearest source of the field ``along`` says.

    A source says ``value``, or what :meth:`put` set since.  ``step(value, distance)``: what it becomes on each link,
    itself unless told otherwise; must take whatever ``read`` lets through.  ``read``: what is let through of what
    neighbours say, and may be said here, scalars by default; raises ``TypeError`` or ``ValueError``.
    """

    def __init__(
        self, along: str, value: Any = None, *, step: Step | None = None, read: Callable[[Any], Any] = read_scalar
    ) -> None:
        self._along = along
        self._step = step
        self._read = read
        self._own = read(value)
        self._told: dict[str, list[Any]] = {}
        self._value: list[Any] = []

    def put(self, value: Any) -> None:
        """What to say from the next round on, as a source.  Raises what ``read`` raises."""
        self._own = self._read(value)

    def get(self, default: Any = None) -> Any:
        """What the nearest source says; ``default`` while there is none, or its word is still on the way."""
        return self._value[0] if self._value else default

    def read(self, sender: Pid, body: Any) -> list[Any]:
        (value,) = read_parts(body, 1)
        return [self._read(value)]

    def hear(self, sender: str, told: list[Any], now: float) -> None:
        self._told[sender] = told

    def lose(self, sender: str) -> None:
        self._told.pop(sender, None)

    def turn(self, around: Around, now: float) -> Any:
        reading = around.field(self._along)
        if not reading.is_reached:
            self._value = []
        elif reading.next_hop is None:
            self._value = [self._own]
        else:
            self._value = self._told.get(reading.next_hop, [])
            if self._value and self._step is not None:
                self._value = self._stepped(self._value[0], around.links.by_name[reading.next_hop].distance)
        return self._value or None

    def _stepped(self, value: Any, distance: float) -> list[Any]:
        """The value behind a link; none if it came to something that cannot be said, as a number beyond all bounds."""
        assert self._step is not None
        try:
            return [self._read(self._step(value, distance))]
        except (ValueError, OverflowError):
            return []
