"""What a convention tells of hosts, without its flapping.  Pure: it says what is news, and is told the time.

A convention says that a host has left and joined again whenever a registration was late, and several times within
milliseconds when a network heals.  So a host has left only if it does not join again for :data:`DAMPING`; and one that
joins again, in the same boot and at the same address, is no news.
"""

from __future__ import annotations

DAMPING = 2.0
"""Seconds after which a host that has left has left."""

LIMIT = 256
"""Hosts that are remembered at the most."""


class Hints:
    """Who is in the convention: of each host its boot and address."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, str]] = {}
        self._leaving: dict[str, float] = {}

    def joined(self, name: str, boot: int, address: str) -> tuple[bool, str | None]:
        """A host has joined: whether that is news, and the address where it was before, if it has changed that."""
        old = self._known.get(name)
        if old is not None and boot < old[0]:
            return False, None  # of a life of it that is over
        if old is None and len(self._known) >= LIMIT:
            return False, None
        self._leaving.pop(name, None)
        self._known[name] = boot, address
        return old != (boot, address), old[1] if old is not None and old[1] != address else None

    def left(self, name: str, boot: int, now: float) -> None:
        """A host has left, or so it seems."""
        known = self._known.get(name)
        if known is not None and known[0] == boot:
            self._leaving.setdefault(name, now + DAMPING)

    def all_left(self, now: float) -> None:
        """Nobody tells of hosts any more: those who are there join anew when somebody does."""
        for name, (boot, _) in self._known.items():
            self.left(name, boot, now)

    def gone(self, now: float) -> list[tuple[str, str]]:
        """Those who have left by now, each with its address."""
        names = [name for name, at in self._leaving.items() if at <= now]
        found = [(name, self._known.pop(name)[1]) for name in names]
        for name in names:
            del self._leaving[name]
        return found
