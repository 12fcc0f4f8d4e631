"""The neighbours of a cell that aligns, and those of whom something is still to be remembered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .transfer import Peer

if TYPE_CHECKING:
    from actors.messages import Pid

REMEMBERED = 256
"""So many former neighbours are remembered: a late packet of theirs finds the numbers that it belongs to."""


class Peers:
    """By name; at most ``limit`` linked ones."""

    def __init__(self, me: Pid, limit: int) -> None:
        self._me = me
        self._limit = limit
        self._peers: dict[str, Peer] = {}
        self.degree = 0
        """How many are linked."""

    def __len__(self) -> int:
        return len(self._peers)

    def __iter__(self) -> Iterator[Peer]:
        return iter(self._peers.values())

    @property
    def linked(self) -> list[Peer]:
        """The neighbours."""
        return [peer for peer in self._peers.values() if peer.is_linked]

    def get(self, name: str) -> Peer | None:
        """One that is linked or remembered."""
        return self._peers.get(name)

    def link(self, name: str) -> None:
        """Have one more neighbour.  Raises as :meth:`replace` does."""
        self.replace({*(peer.name for peer in self.linked), name})

    def unlink(self, name: str) -> None:
        """Have a neighbour no more."""
        peer = self._peers.get(name)
        if peer is not None and peer.is_linked:
            peer.is_linked = False
            self.degree -= 1
            # The latest to leave is the last to be forgotten.
            self._peers[name] = self._peers.pop(name)

    def replace(self, names: set[str]) -> None:
        """Have these neighbours and no others.

        Raises ``ValueError``, and changes nothing, for oneself, beyond the limit, and for a new one while so many
        former ones owe an answer that no more can be remembered.
        """
        if self._me.name in names:
            raise ValueError(f"{self._me.name} is no neighbour of itself")
        if len(names) > self._limit:
            raise ValueError(f"{self._me} may have {self._limit} neighbours; {len(names)} are too many")
        former = [peer for peer in self if peer.name not in names]
        new = sorted(names - self._peers.keys())
        if new and sum(not peer.is_settled for peer in former) >= REMEMBERED:
            raise ValueError(f"{self._me} has {REMEMBERED} former neighbours that owe an answer")
        for peer in former:
            self.unlink(peer.name)
        if new:
            self._make_room()
        for name in new:
            self._peers[name] = Peer(name)
        for name in names:
            self._peers[name].is_linked = True
        self.degree = len(names)

    def excuse(self, seconds: float) -> None:
        """This cell was held up for so long: words of its neighbours may lie there, not yet read."""
        for peer in self._peers.values():
            peer.told += seconds

    def _make_room(self) -> None:
        """Forget former neighbours with whom nothing is under way, where there are too many."""
        former = [peer for peer in self if not peer.is_linked]
        settled = [peer.name for peer in former if peer.is_settled]
        for name in settled[: max(0, len(former) - REMEMBERED)]:
            del self._peers[name]
