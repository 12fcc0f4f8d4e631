"""How much may be under way on a link at once: a window that grows by one a round trip and is halved by loss (AIMD).

For a backend developer: senders that share a way to the same place share it fairly and do not flood it, and nobody has
to know how much it carries.

::

    + 1 / W for each acknowledgement, so + 1 for each round trip       x 1/2 for a loss, once a round trip

and at first, until something is lost, + 1 for each acknowledgement: it doubles each round trip (slow start, RFC 5681).
Equal shares follow from that and from nothing weaker (Chiu and Jain, Computer Networks 17, 1989).  ``least`` is what
makes it bear links that lose as a rule: TCP's window, which may fall to 1, at 30 % loss hardly ever leaves it and then
waits out a timeout for every packet.
"""

from __future__ import annotations

import math


class Window:
    """Messages that may be under way on one link: from ``least`` to ``most``, ``first`` at the beginning."""

    __slots__ = ("_cut_at", "_least", "_most", "_size")

    def __init__(self, first: int, least: int, most: int) -> None:
        self._size = float(first)
        self._least = float(least)
        self._most = float(most)
        self._cut_at = -math.inf

    def __repr__(self) -> str:
        return f"Window({self.size})"

    @property
    def size(self) -> int:
        """How many messages may be under way now."""
        return int(self._size)

    def acknowledged(self, is_full: bool) -> None:
        """One message arrived.  A window that was not used up (not ``is_full``) does not grow: that proves nothing."""
        if is_full:
            self._size = min(self._most, self._size + (1 if self._cut_at == -math.inf else 1 / self._size))

    def lost(self, sent_at: float, now: float) -> None:
        """A message that was sent at ``sent_at`` got lost; those sent before the last cut have been paid for."""
        if sent_at >= self._cut_at:
            self._size = max(self._least, self._size / 2)
            self._cut_at = now
