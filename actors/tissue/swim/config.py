"""The constants of SWIM with Lifeguard, and the sets of them that are known to work.

They are those of memberlist's profiles.  All times are seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class SwimConfig:
    """How eagerly the members of a cluster watch each other.  Raises ``ValueError`` naming the field.

    Watching, once a ``probe_period`` (P) each, the next of a shuffled list:

    - ``probe_period``: 1.0; detection and the load of every cell are proportional to it and its inverse.
    - ``ping_timeout``: after this without an answer others are asked to try, 0.5; must be below ``probe_period``.
    - ``helpers``: how many are asked, 3.
    - ``nack_share``: a helper that has no answer says so after this share of ``ping_timeout``, 0.8.

    Giving up (the formula is in :mod:`~actors.tissue.swim.suspicion`):

    - ``suspicion_mult``: alpha, 4: Tmin = alpha max(1, log10 n) P.  Higher is slower and surer.
    - ``suspicion_max_mult``: beta, 6: Tmax = beta Tmin, the wait while nobody confirms.  1: confirmations do not count.
    - ``buddy``: whether a packet to a cell that is doubted says so, that it may refute at once; yes.

    Doubting oneself (:mod:`~actors.tissue.swim.health`):

    - ``health_limit``: S, 8: the own score goes to S - 1, the probe period to S P.  1: never doubt oneself.
    - ``doubtful_health``: from this score on no death is declared on the own word alone, 4.
    - ``lag_share``: a loop that came later than this share of P counts as ill, 0.25.

    Telling (:mod:`~actors.tissue.swim.rumours`):

    - ``gossip_period``, ``gossip_peers``: news goes to 3 others each 0.2 s, besides riding on every probe.
    - ``retransmit_mult``: every update is sent 4 ceil(log10(n + 1)) times.
    - ``gossip_to_dead``: who died is told news, and so of its own death, for 30.0 more.
    - ``sync_period``: tables are exchanged with one other each 30.0, times ceil(log2(n / 32)) + 1 above 32 members.
    - ``redial_period``: each 30.0 one of the dead is tried again, so that a partition heals if it was not too long.
    - ``forget_after``: the dead and those who left are remembered for a day, 86,400.0; a partition that lasts longer
      heals through the seeds only.

    Limits:

    - ``packet_bytes``: no body is longer, 1400: what a datagram carries unfragmented; at least 1024.
    - ``max_members``: living members, 10,000; who comes later is refused.
    - ``max_remembered``: dead members, 1000; of more the longest dead are forgotten.
    - ``max_relays``: pings made for others and not answered yet, 256; more are not made.
    """

    probe_period: float = 1.0
    ping_timeout: float = 0.5
    helpers: int = 3
    nack_share: float = 0.8
    suspicion_mult: int = 4
    suspicion_max_mult: float = 6.0
    buddy: bool = True
    health_limit: int = 8
    doubtful_health: int = 4
    lag_share: float = 0.25
    gossip_period: float = 0.2
    gossip_peers: int = 3
    retransmit_mult: int = 4
    gossip_to_dead: float = 30.0
    sync_period: float = 30.0
    redial_period: float = 30.0
    forget_after: float = 86_400.0
    packet_bytes: int = 1400
    max_members: int = 10_000
    max_remembered: int = 1000
    max_relays: int = 256

    def __post_init__(self) -> None:
        for name in _SECONDS:
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"SwimConfig.{name} must be above 0 and finite; got {getattr(self, name)!r}")
        for name, least in _LEAST.items():
            if not least <= getattr(self, name) < math.inf:
                raise ValueError(f"SwimConfig.{name} must be at least {least} and finite; got {getattr(self, name)!r}")
        if self.ping_timeout >= self.probe_period:
            raise ValueError(f"SwimConfig.ping_timeout must be below probe_period; got {self.ping_timeout!r}")
        if not 0 < self.nack_share < 1:
            raise ValueError(f"SwimConfig.nack_share must be between 0 and 1; got {self.nack_share!r}")


_SECONDS = (
    "probe_period",
    "ping_timeout",
    "lag_share",
    "gossip_period",
    "sync_period",
    "redial_period",
    "forget_after",
)

_LEAST = {
    "helpers": 0,
    "suspicion_mult": 1,
    "suspicion_max_mult": 1,
    "health_limit": 1,
    "doubtful_health": 1,
    "gossip_peers": 1,
    "retransmit_mult": 1,
    "gossip_to_dead": 0,
    "packet_bytes": 1024,
    "max_members": 1,
    "max_remembered": 0,
    "max_relays": 1,
}

LAN = SwimConfig()
"""Hosts in one place; the default."""

WAN = replace(
    LAN,
    probe_period=5.0,
    ping_timeout=3.0,
    suspicion_mult=6,
    gossip_period=0.5,
    gossip_peers=4,
    gossip_to_dead=60.0,
    sync_period=60.0,
)
"""Hosts in several places."""

LOCAL = replace(
    LAN,
    ping_timeout=0.2,
    helpers=1,
    suspicion_mult=3,
    gossip_period=0.1,
    gossip_to_dead=15.0,
    retransmit_mult=2,
    sync_period=15.0,
)
"""Processes of one host."""

PLAIN = replace(LAN, suspicion_max_mult=1.0, buddy=False, health_limit=1)
"""SWIM as it was before Lifeguard: it trusts itself and never waits for confirmation.  To compare with, not to use."""
