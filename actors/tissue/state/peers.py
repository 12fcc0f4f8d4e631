"""Whom a cell talks to, and what each of them has confirmed.

A cell numbers what it learns, its own changes and others', 1, 2, 3, ...: its *marks*.  A peer confirms up to a mark, so
one number a peer says what need not be told again, as in delta replication with acknowledgements (Almeida, Shoker and
Baquero, JPDC 2018, algorithm 2).  Of the streams that have grown since, who is known to have the same already is not
told either: whoever sent it ("avoid back-propagation", Enes et al., ICDE 2019), whoever said that he has it, and its
owner.

Where all talk to all, as the workers of a pool do, news would still pass between each two of them, to no end but that
each learns that the other has heard.  So a packet names its sender's *group*, a hash of whom he talks to: as long as a
stream's owner lives and has the same group as we have, to tell the others is left to him, which takes a quarter of the
packets in a group of ten.  When his end is heard of, what is known of his streams is news again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from zlib import crc32

from actors.messages import Pid

from ..plain import pack

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator

TRIES = 8
"""Peers that are tried for each one wanted, before all are looked at."""

KNOWERS_LIMIT = 64
"""Of who is known to have a stream's news at most so many are remembered; the rest is told in vain."""


class Peer:
    """One peer.

    ``life``: which life of it has last been heard, 0: none.  ``acked``: the mark up to which that life has confirmed;
    ``have``: how much of our own stream it has; ``sent``: the last (mark, version of our own stream) it was told.
    ``unanswered``: packets in a row without a sign of it; ``is_greeted``: whether this life has been spoken to;
    ``group``: whom it talks to, see the module's text, 0: it has not said so, or has ended.
    """

    __slots__ = ("acked", "group", "have", "is_greeted", "life", "name", "sent", "unanswered")

    def __init__(self, name: str) -> None:
        self.name = name
        self.begin(0)

    def begin(self, life: int) -> None:
        """It is another life, of which nothing is known."""
        self.life = life
        self.acked = 0
        self.have = 0
        self.sent = (0, 0)
        self.unanswered = 0
        self.is_greeted = False
        self.group = 0

    def confirm(self, mark: int) -> None:
        """It has been told all that was learnt up to a mark."""
        self.acked = max(self.acked, mark)
        if mark >= self.sent[0]:
            self.have = max(self.have, self.sent[1])


class Peers:
    """Those that the cell called ``name`` was told to talk to, and of those who talk to it unasked ``limit`` last ones.

    ``group``: see the module's text.
    """

    def __init__(self, name: str, rng: random.Random, limit: int) -> None:
        self.group = 0
        self._name = name
        self._rng = rng
        self._limit = limit
        self._names: list[str] = []
        self._chosen: set[str] = set()
        self._known: dict[str, Peer] = {}

    def __len__(self) -> int:
        return len(self._names)

    def choose(self, names: Iterable[str]) -> None:
        """Talk to these from now on, and to no others unless they ask."""
        self._names = list(dict.fromkeys(names))
        if len(self._names) > self._limit:
            self._names = self._rng.sample(self._names, self._limit)
        before, self._chosen = self._chosen, set(self._names)
        self.group = crc32(pack(sorted([self._name, *self._names])))
        for name in self._names:
            peer = self._known.setdefault(name, Peer(name))
            if name not in before:
                peer.unanswered = 0  # it is back: what was in vain while it was away says nothing
        self._bound()

    def life(self, name: str) -> int:
        """Which life of that place has last been heard, 0: none."""
        peer = self._known.get(name)
        return 0 if peer is None else peer.life

    def hear(self, pid: Pid) -> Peer | None:
        """The peer that a packet comes from, not yet greeted if it is another life than before.

        ``None``: a higher life of it has been heard already.
        """
        peer = self._known.get(pid.name)
        if peer is None:
            peer = self._known[pid.name] = Peer(pid.name)
            self._bound()
        elif pid.name not in self._chosen:
            self._known[pid.name] = self._known.pop(pid.name)
        if pid.incarnation < peer.life:
            return None
        if pid.incarnation > peer.life:
            peer.begin(pid.incarnation)
        peer.unanswered = 0
        return peer

    def end(self, pid: Pid) -> None:
        """That life is over, if it is the one that was heard last."""
        peer = self._known.get(pid.name)
        if peer is not None and peer.life <= pid.incarnation:
            peer.group = 0

    def renew(self) -> None:
        """This cell is another life now: none of them knows anything of its stream, nor who it is."""
        for peer in self._known.values():
            peer.have, peer.sent, peer.is_greeted = 0, (0, 0), False

    def is_told_by(self, owner: Pid, peer: Peer) -> bool:
        """Whether that owner of a stream tells this peer himself, or is this peer; who knows nothing is told by all."""
        known = self._known.get(owner.name)
        if known is None or known.life != owner.incarnation:
            return False
        return known is peer or (known.group == self.group and peer.acked > 0 and peer.name in self._chosen)

    def may_live(self, owner: Pid) -> bool:
        """Whether it is the life of its place that was heard last, and its end was not."""
        known = self._known.get(owner.name)
        return known is not None and known.life == owner.incarnation and known.group != 0

    def __iter__(self) -> Iterator[Peer]:
        return (self._known[name] for name in self._names)

    def _bound(self) -> None:
        while len(self._known) - len(self._chosen) > self._limit:
            del self._known[next(name for name in self._known if name not in self._chosen)]

    def pick(self, count: int, suits: Callable[[Peer], bool]) -> list[Peer]:
        """At most ``count`` of the chosen at random, of those that suit."""
        names, known = self._names, self._known
        tried: dict[str, None] = {}
        if len(names) > TRIES * count:
            picked: list[Peer] = []
            for _ in range(TRIES * count):
                name = names[int(self._rng.random() * len(names))]
                if name not in tried:
                    tried[name] = None
                    if suits(known[name]):
                        picked.append(known[name])
                        if len(picked) == count:
                            return picked
        suitable = [peer for name in names if suits(peer := known[name])]
        return suitable if len(suitable) <= count else self._rng.sample(suitable, count)


class News:
    """The streams that have grown, by when; for each the mark, and who is known to have it."""

    def __init__(self, peers: Peers) -> None:
        self.mark = 0
        self._peers = peers
        # In the order of the marks.
        self._grown: dict[Pid, tuple[int, set[str]]] = {}

    @property
    def group(self) -> int:
        """See :class:`Peers`."""
        return self._peers.group

    def grew(self, pid: Pid, source: str) -> None:
        """A stream has grown, as ``source`` said; empty: it is our own."""
        self.mark += 1
        self._grown.pop(pid, None)
        self._grown[pid] = self.mark, {source} if source else set()

    def has(self, name: str, pid: Pid) -> None:
        """That peer has of that stream what we have."""
        grown = self._grown.get(pid)
        if grown is not None and len(grown[1]) < KNOWERS_LIMIT:
            grown[1].add(name)

    def forget(self, name: str) -> None:
        """That peer is another life now, and has nothing."""
        for _, knowers in self._grown.values():
            knowers.discard(name)

    def renew(self, name: str, upto: float = math.inf) -> bool:
        """What the lives of a place, up to that one, had told is news again for all who are not known to have it.

        That is, when the one has ended who was to tell it to the others.  Returns whether there is any.
        """
        old = [pid for pid in self._grown if pid.name == name and pid.incarnation <= upto]
        for pid in old:
            self.mark += 1
            self._grown[pid] = self.mark, self._grown.pop(pid)[1]
        return bool(old)

    def drop(self, pid: Pid) -> None:
        """There is no news of that stream any more."""
        self._grown.pop(pid, None)

    def is_known(self, pid: Pid) -> bool:
        """Whether all peers are known to have all of the stream of a life that has ended, or to have heard nothing yet:
        those have nothing of what it took away.
        """
        grown = self._grown.get(pid)
        if grown is None:
            return True
        if self._peers.may_live(pid):  # then to tell the others may have been left to it
            return False
        mark, knowers = grown
        return all(not 0 < peer.acked < mark or peer.name in knowers for peer in self._peers)

    def since(self, peer: Peer) -> Iterator[tuple[int, Pid]]:
        """What that peer may lack, the newest first."""
        for pid, (mark, knowers) in reversed(self._grown.items()):
            if mark <= peer.acked:
                return
            if peer.name not in knowers and not self._peers.is_told_by(pid, peer):
                yield mark, pid

    def is_for(self, peer: Peer) -> bool:
        """Whether there is anything that peer may lack; if not, that is as good as confirmed."""
        if self.mark > peer.acked and next(self.since(peer), None) is None:
            peer.acked = self.mark
        return self.mark > peer.acked
