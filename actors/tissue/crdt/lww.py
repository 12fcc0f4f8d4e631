"""A map in which the last write wins, and the last removal too.

For a backend developer: settings, desired state, feature flags, a cache index: few writers a key, and the newest is
what counts.  ::

    flags.put("dark mode", True, now)
    flags.put("leader", "host-a", now, lifetime=30.0)       # a lease: whoever does not renew it loses it
    flags.remove("dark mode", now)

A removal must beat an earlier write that arrives later, so it has to be remembered: a *tombstone*.  Ours are bounded in
time.  That of an entry with a lifetime is kept for as long as the entry could still live anywhere, and so can go
without any risk.  That of an entry for ever is kept for a day: a cell that was cut off for longer may bring the entry
back.  (To remember nothing at all, use :class:`~actors.tissue.crdt.orset.ORMap`, where a concurrent write survives a
removal.  To drop tombstones once all have seen them would need to know who "all" are.)

"Last" is by hybrid logical clock: a write made in knowledge of another wins over it whatever the wall clocks say.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..plain import Key, own_key
from .context import Dot
from .dotted import all_but_best
from .stamped import Entry, StampedMap

REMEMBERED = 86_400.0
"""Seconds for which the removal of an entry without a lifetime is remembered."""


class LWWMap(StampedMap):
    """Keys and values; the last ``put`` or ``remove`` of a key is what holds."""

    kind = "lww"

    def remove(self, key: Key, now: float | None = None) -> LWWMap:
        """Remove a key; returns the delta, an empty one if it is not there.  ``now``: as for :meth:`put`."""
        dot = self._winner(own_key(key))
        if dot is None or self._entries[dot].packed is None:
            return self._change(())
        clock, expires, moment = self.home.clock, self._entries[dot].expires, self._moment(now)
        stamp = clock.tick(moment)
        if expires:  # by the slowest clock there is
            ends = max(expires, clock.shared(moment)) + round(clock.max_drift * 1000)
        else:
            ends = self._moment_after(moment, REMEMBERED)
        return self._change([Entry(key, stamp.wall, stamp.counter, ends, None)])

    def beaten(self, dot: Dot, entry: Entry, rivals: Mapping[Dot, Entry]) -> list[Dot]:
        """All but the last."""
        return all_but_best(rivals, self.moment)
