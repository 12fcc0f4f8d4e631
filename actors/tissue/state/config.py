"""The constants of contact state.  All times are seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

PACKET_OVERHEAD = 448
"""Bytes of a packet that are not an entry's: the names of its owner and its value, the packet's head."""


@dataclass(frozen=True, slots=True)
class ContactConfig:
    """How eagerly siblings tell each other what they know.  Raises ``ValueError`` naming the field.

    Telling:

    - ``period``: between two rounds of a cell that has news, 0.2.  A crash loses what was changed since the last round:
      on average rate * period / 2 changes.  The first change after a quiet time is told at once.
    - ``fanout``: peers that are told in a round, at random among those that lack something, 3.
    - ``check_period``: a quiet cell compares hashes with one peer each 5.0 (times 0.5 to 1.5).
    - ``patience``: a peer that left so many packets unanswered is only tried in checks from then on, 8, until it is
      heard, or is named as a peer anew.
    - ``packet_bytes``: no body is longer, 65,507: the largest datagram, and a convenient frame.  At least 1024.

    Forgetting:

    - ``removal_memory``: a removal is told for 300.0 (as long as Akka gives a removed node's to spread); who was away
      for longer finds out by comparing what is alive.
    - ``forget_after``: what a place had told is dropped 86,400.0, a day, after the place was buried.

    Believing:

    - ``max_drift``: stamps further ahead are refused, 60.0.

    Limits; what is beyond them is refused, from others with an event, here with ``TooMuch``:

    - ``max_peers`` 1024 and ``max_owners`` 4096: lives whose changes are held.
    - ``max_values`` 256 names, ``max_entries`` 65,536 of each, ``max_bytes`` 64 MiB of all entries together.
    - ``max_removals`` 16,384: removals that are told.
    """

    period: float = 0.2
    fanout: int = 3
    check_period: float = 5.0
    patience: int = 8
    packet_bytes: int = 65_507
    removal_memory: float = 300.0
    forget_after: float = 86_400.0
    max_drift: float = 60.0
    max_peers: int = 1024
    max_owners: int = 4096
    max_values: int = 256
    max_entries: int = 65_536
    max_bytes: int = 64 << 20
    max_removals: int = 16_384

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = _LEAST.get(field.name, 1)
            if field.type == "float" and not 0 < value < math.inf:
                raise ValueError(f"ContactConfig.{field.name} must be above 0 and finite; got {value!r}")
            if field.type == "int" and (type(value) is not int or value < least):
                raise ValueError(
                    f"ContactConfig.{field.name} must be a whole number of at least {least}; got {value!r}"
                )

    @property
    def entry_bytes(self) -> int:
        """The longest entry: with it a packet is full."""
        return self.packet_bytes - PACKET_OVERHEAD


_LEAST = {"packet_bytes": 1024}

FRAMES = ContactConfig()
"""Where packets travel in frames of any length: on one loop, between processes, over TCP; the default."""

DATAGRAMS = replace(FRAMES, packet_bytes=1400)
"""Where a packet must fit one datagram unfragmented; an entry is at most 952 bytes."""
