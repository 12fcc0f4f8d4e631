"""Maps whose entries bear a stamp and may expire; what the two of them have in common.

An entry lives for its ``lifetime`` (seconds) after it was put, everywhere by the same clock, and is then gone without
anybody having to say so: what nobody renews decays.  Readers see it until the next :meth:`StampedMap.purge` (a cell
purges once a second).
"""

from __future__ import annotations

import math
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple, Self

from actors.messages import Pid

from ..plain import Key, is_number, own_key, pack_readable, read_bytes, read_key, read_list, read_number, unpack
from .clocks import COUNTER_LIMIT, WALL_LIMIT, Stamp
from .context import Dot
from .dotted import Dotted, Home


class Entry(NamedTuple):
    """What was put under a key.  ``packed``: the value as bytes, so that nobody changes it; ``None``: it was removed.

    ``expires``: milliseconds of the shared time, 0: never.
    """

    key: Key
    wall: int
    counter: int
    expires: int
    packed: bytes | None


class StampedMap(Dotted[Entry]):
    """Base of the maps; reads like a mapping, and hands out copies of the values."""

    def __init__(self, owner: Pid, *, home: Home | None = None) -> None:
        super().__init__(owner, home=home)
        # What expires, soonest first; what has died since is still in it.
        self._expiries: list[tuple[int, Dot]] = []

    # -- reading -------------------------------------------------------------------------------------------------------

    def __getitem__(self, key: Key) -> Any:
        packed = self._packed(key)
        if packed is None:
            raise KeyError(key)
        return unpack(packed)

    def get(self, key: Key, default: Any = None) -> Any:
        """The value under a key, or ``default``."""
        packed = self._packed(key)
        return default if packed is None else unpack(packed)

    def __contains__(self, key: object) -> bool:
        return self._packed(key) is not None

    def __iter__(self) -> Iterator[Key]:
        return (key for key in self._by_key if self._packed(key) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def keys(self) -> KeysView[Key]:
        """All keys, as a copy; so ``dict(...)`` takes it."""
        return dict.fromkeys(self).keys()

    def values(self) -> ValuesView[Any]:
        """All values, as a copy, in the order of the keys."""
        return self.value.values()

    def items(self) -> ItemsView[Key, Any]:
        """All keys and values, as a copy."""
        return self.value.items()

    @property
    def value(self) -> dict[Key, Any]:
        """All keys and values, as a copy."""
        return {key: self[key] for key in self}

    def stamp(self, key: Key) -> Stamp | None:
        """When, and by whom, what is under a key was put or removed; ``None``: never, as far as is known."""
        dot = self._winner(key)
        return None if dot is None else self.moment(dot)

    def _winner(self, key: Any) -> Dot | None:
        rivals = self._by_key.get(key)
        return None if rivals is None else max(rivals, key=self.moment)

    def _packed(self, key: Any) -> bytes | None:
        dot = self._winner(key)
        return None if dot is None else self._entries[dot].packed

    def moment(self, dot: Dot) -> Stamp:
        """The stamp of an entry."""
        entry = self._entries[dot]
        return Stamp(entry.wall, entry.counter, dot[0])

    # -- changing ------------------------------------------------------------------------------------------------------

    def put(self, key: Key, value: Any, now: float | None = None, *, lifetime: float = math.inf) -> Self:
        """Put a plain value under a key, for ``lifetime`` seconds; returns the delta.

        ``now`` may be left away where its home tells the time; elsewhere that is a ``TypeError``, as is a value that is
        not plain (what msgpack takes and reads again).  Raises ``ValueError`` for a lifetime that is not above 0.
        """
        own_key(key)
        if lifetime != math.inf and not (is_number(lifetime) and lifetime > 0):
            raise ValueError(f"lifetime must be above 0 (seconds, or inf); got {lifetime!r}")
        moment = self._moment(now)
        packed, stamp = pack_readable(value), self.home.clock.tick(moment)
        ends = self._moment_after(moment, lifetime)
        return self._put(Entry(key, stamp.wall, stamp.counter, ends, packed))

    def _put(self, entry: Entry) -> Self:
        return self._change([entry])

    def _moment(self, now: float | None) -> float:
        if now is not None:
            return now
        if self.home.time is None:
            raise TypeError("say `now`: nobody tells the time here")
        return self.home.time()

    def _moment_after(self, now: float, seconds: float) -> int:
        if seconds == math.inf:
            return 0
        return min(self.home.clock.shared(now) + max(1, round(seconds * 1000)), WALL_LIMIT - 1)

    # -- expiry --------------------------------------------------------------------------------------------------------

    @property
    def soonest(self) -> int:
        """Before this moment (milliseconds of the shared time) nothing expires; 0: nothing does at all."""
        return self._expiries[0][0] if self._expiries else 0

    def purge(self, now: float) -> list[Dot]:
        """Take out what has expired; returns the dots.  No delta tells of it: everybody does so for himself."""
        moment, expired = self.home.clock.shared(now), []
        while self._expiries and self._expiries[0][0] <= moment:
            dot = heappop(self._expiries)[1]
            if dot in self._entries:
                expired.append(dot)
                self.discard(dot)
        return expired

    # -- entries -------------------------------------------------------------------------------------------------------

    def admit(self, dot: Dot, entry: Entry) -> list[Dot]:
        """See :meth:`Dotted.admit`; what comes from elsewhere sets the clock."""
        self.home.clock.see(entry.wall, entry.counter)
        if entry.expires:
            heappush(self._expiries, (entry.expires, dot))
            if len(self._expiries) > 2 * len(self._entries) + 64:
                self._expiries = [(each.expires, at) for at, each in self._entries.items() if each.expires]
                self._expiries.append((entry.expires, dot))
                heapify(self._expiries)
        return super().admit(dot, entry)

    def vet(self, entry: Entry, now: float) -> None:
        """Raise ``ClockDrift`` for a stamp too far ahead."""
        self.home.clock.check(entry.wall, now)

    def wire(self, entry: Entry) -> list[Any]:
        """Key, wall, counter, expiry, value."""
        return list(entry)

    def read(self, owner: Pid, raw: Any) -> Entry:
        """What :meth:`wire` made."""
        key, wall, counter, expires, packed = read_list(raw, 5, 5)
        if read_number(wall) >= WALL_LIMIT or read_number(counter) >= COUNTER_LIMIT:
            raise ValueError("no such moment")
        if packed is not None:
            unpack(read_bytes(packed))
        return Entry(read_key(key), wall, counter, read_number(expires), packed)
