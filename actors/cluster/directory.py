"""Which hosts there are: what each says of itself, spread by everybody, the newest word winning.  Pure.

A host is up for another one while there is a link between the two, and never because a third one says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from .values import DOWN, HostInfo, HostState, HostView

FORGET = 600.0
"""Seconds that a host which is not there is remembered, and called."""

KEEP_LEFT = 10.0
"""Seconds that one is remembered who has left: word that it was there may still be under way."""

LIMIT = 256
"""Hosts that are known at the most: each has a link to each."""

PROBES = 8
"""Round trips of which the least counts: what is more is waiting, not distance."""


class _Entry:
    __slots__ = ("info", "is_up", "seen", "trips")

    def __init__(self, info: HostInfo, now: float) -> None:
        self.info = info
        self.is_up = False
        self.seen: float = now  # when it was up, or heard of, last
        self.trips: deque[float] = deque(maxlen=PROBES)


class Directory:
    """What one host, ``own``, knows of all."""

    def __init__(self, own: HostInfo) -> None:
        self.own = own
        self._entries: dict[str, _Entry] = {}

    # -- this host -----------------------------------------------------------------------------------------------------

    def say(self, *, lives: int | None = None, state: HostState | None = None, address: str | None = None) -> HostInfo:
        """Something has changed here; returns what is said from now on."""
        own = self.own
        self.own = replace(
            own,
            version=own.version + 1,
            lives=own.lives if lives is None else lives,
            state=state or own.state,
            address=address or own.address,
        )
        return self.own

    # -- the others ----------------------------------------------------------------------------------------------------

    def learn(self, infos: Iterable[HostInfo], now: float) -> list[str]:
        """Others were told of; returns the names of those of whom something is new besides their load."""
        changed = []
        for info in infos:
            if info.name == self.own.name:
                continue
            entry = self._entries.get(info.name)
            if entry is None:
                if info.state is HostState.LEFT or len(self._entries) >= LIMIT:
                    continue
                self._entries[info.name] = _Entry(info, now)
                changed.append(info.name)
            elif (info.boot, info.version) > (entry.info.boot, entry.info.version):
                old, entry.info = entry.info, info
                if replace(old, version=0, lives=0) != replace(info, version=0, lives=0):
                    changed.append(info.name)
                if old.boot != info.boot:
                    entry.seen = now
        return changed

    def up(self, info: HostInfo, now: float) -> None:
        """There is a link to this host: what it says itself is true, whatever others said."""
        entry = self._entries.get(info.name)
        if entry is None:
            entry = self._entries[info.name] = _Entry(info, now)
        entry.info = info
        entry.is_up = True
        entry.seen = now
        entry.trips.clear()

    def down(self, name: str, now: float) -> None:
        """There is none any more."""
        entry = self._entries.get(name)
        if entry is not None:
            entry.is_up = False
            entry.seen = now

    def lodge(self, name: str) -> None:
        """One more life was sent there, of which the host itself has not told yet."""
        entry = self._entries.get(name)
        if entry is not None:
            entry.info = replace(entry.info, lives=entry.info.lives + 1)

    def tripped(self, name: str, seconds: float) -> None:
        """A round trip took so long."""
        entry = self._entries.get(name)
        if entry is not None:
            entry.trips.append(seconds)

    def sweep(self, now: float) -> None:
        """Forget those who have not been there for :data:`FORGET` seconds; who left, for :data:`KEEP_LEFT`."""
        for name, entry in tuple(self._entries.items()):
            most = KEEP_LEFT if entry.info.state is HostState.LEFT else FORGET
            if not entry.is_up and now - entry.seen > most:
                del self._entries[name]

    # -- what is known -------------------------------------------------------------------------------------------------

    def tell(self) -> list[HostInfo]:
        """What others are told: of this host, and of all that there is a link to."""
        return [self.own, *(entry.info for entry in self._entries.values() if entry.is_up)]

    def info(self, name: str) -> HostInfo | None:
        """What a host says of itself."""
        if name == self.own.name:
            return self.own
        entry = self._entries.get(name)
        return entry.info if entry is not None else None

    def missing(self) -> list[HostInfo]:
        """Those who should be there, and to whom there is no link."""
        return [
            entry.info
            for entry in self._entries.values()
            if not entry.is_up and entry.info.state is not HostState.LEFT and entry.info.address
        ]

    def views(self) -> list[HostView]:
        """All, this host first, then by name."""
        others = [self._view(self._entries[name]) for name in sorted(self._entries)]
        return [_view(self.own, str(self.own.state), is_up=True, is_here=True), *others]

    def view(self, name: str) -> HostView | None:
        """One of them."""
        if name == self.own.name:
            return self.views()[0]
        entry = self._entries.get(name)
        return self._view(entry) if entry is not None else None

    def _view(self, entry: _Entry) -> HostView:
        is_known = entry.is_up or entry.info.state is HostState.LEFT
        state = str(entry.info.state) if is_known else DOWN
        trip = min(entry.trips, default=None) if entry.is_up else None
        return _view(entry.info, state, is_up=entry.is_up, round_trip=trip)


def _view(
    info: HostInfo, state: str, *, is_up: bool, is_here: bool = False, round_trip: float | None = None
) -> HostView:
    return HostView(
        info.name, info.boot, info.address, info.zone, info.capabilities, info.cores, info.lives, state, is_up, is_here,
        info.serves, round_trip,
    )  # fmt: skip
