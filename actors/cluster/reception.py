"""Who at the other end of a link is the host it says it is, and when there is a link to it.

Whoever calls has a link when it is answered.  Whoever was called has one when the caller is heard after the answer: a
host that was asleep finds the calls of all that time waiting, and each of them greets, though its caller has long hung
up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .admission import DUPLICATE, Known, Verdict, admit
from .errors import ClusterError
from .values import HostInfo

if TYPE_CHECKING:
    from .cluster import Cluster
    from .peer import Peer


class Reception:
    """Of one host."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def judge(self, peer: Peer, theirs: Any) -> str | None:
        """Why there is to be no link to whoever greets so; ``None``: there may be one, see :meth:`confirm`."""
        cluster = self._cluster
        try:
            said, linked = theirs
            peer.info = info = HostInfo.from_plain(said)
            is_linked = cluster.boot in linked
        except ClusterError as error:
            return f"it does not say which host it is: {error}"
        except (TypeError, ValueError):
            return "it does not say which host it is, or not as hosts of this version do"
        if cluster.is_closed:
            return f"host {cluster.name} is leaving"
        why = cluster.gate.why_nobody(peer)
        if why is not None:
            return why
        peer.is_proven = True
        if info.name == cluster.name:
            if info.boot == cluster.boot:
                return DUPLICATE  # it has called itself
            return f"there is a host {cluster.name} already: this one; names must differ"
        old = cluster.peers.get(info.name)
        known = Known(old.info.boot, cluster.system.now() - old.since) if old is not None else None
        is_calling = any(
            each.is_awaited and (each.info.name, each.info.boot) == (info.name, info.boot)
            for each in cluster.gate.entering
        )
        verdict, why = admit(info, peer.caller, cluster.name, known, is_linked=is_linked, is_calling=is_calling)
        if verdict is Verdict.REPLACE:
            peer.replaces = old
        return why if verdict is Verdict.REFUSE else None

    def confirm(self, peer: Peer) -> str | None:
        """The other side has heard the answer: why there is no link nonetheless; ``None``: there is one now."""
        old = self._cluster.peers.get(peer.name)
        if old is None:
            return None
        if old is not peer.replaces:
            return DUPLICATE  # it has come to be meanwhile
        old.end("it knows of no link, so the old one is dead")
        return None
