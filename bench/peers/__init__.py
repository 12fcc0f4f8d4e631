"""The same work on planaria, on the floor and on its peers, in one run; see :mod:`.suite`."""

from .suite import PeerReport, UnknownPeer, run

__all__ = ["PeerReport", "UnknownPeer", "run"]
