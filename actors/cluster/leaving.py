"""Ends that may be this host's own: systemd and others tell all processes of a service to end, in any order.

So what ends by SIGTERM, or is part of the machinery, is not told of before it is known that this host stays: if it
leaves, it says so itself, and nobody hears of lives that crashed and of machinery that is started again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .values import HostState

if TYPE_CHECKING:
    from .cluster import Cluster

LEAVE_TIME = 0.5
"""Seconds that a host may take to say that it leaves when it was told to; by so much later others hear of the end."""


def unless_leaving(cluster: Cluster, call: Callable[[], object]) -> None:
    """Call it in a moment, unless this host leaves then."""

    def decide() -> None:
        if cluster.directory.own.state is not HostState.LEFT:
            call()

    cluster.system.scheduler.loop.call_later(LEAVE_TIME, decide)
