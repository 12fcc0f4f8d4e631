"""One message to all, through peers only: an epidemic, or a tree that grows by itself; and repair of what was lost.

For a backend developer: to tell every process something, as a new configuration, a key that is not valid any more, a
vote, with no broker and no list of all of them, and to have it arrive at each exactly once although a third of the
packets is lost.

::

    cast = Broadcast(pid, rng, now)
    effects = cast.neighbours([peer.name for peer in views.active], now)     # again at every change
    effects += cast.publish({"flag": "on"}, now)                             # others report `Delivered`

*Epidemic*: who has a new message sends it to 3 peers at random at once and again each round, 4 ceil(log10(n + 1)) times
in all.  For peers that are everybody, as SWIM's.  *Tree* (Plumtree): a message goes to all neighbours at first; who
gets it twice tells the second sender to send only announcements from now on, so that what is left is a tree, and every
cell gets one copy.  Who hears an announcement, and not the message, asks for it and makes that link part of the tree
again.  For peers that are some, as HyParView's.

Either misses somebody now and then, an epidemic one cell in twenty where the group is small and 30 % is lost.  So while
messages are kept cells compare with one another what they have (anti-entropy), and ask for what is missing.  When
nothing was sent for a while nothing is due.

Sources: Demers et al., Epidemic Algorithms, PODC 1987; Leitao, Pereira and Rodrigues, Epidemic Broadcast Trees, SRDS
2007; the limit of sends is memberlist's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from ..core import Effect, Send, read
from ..plain import pack, read_bytes, read_list, read_name, read_number, unpack
from .config import BroadcastConfig, Spread
from .events import Delivered
from .messages import Id, Message, Messages, read_id
from .missing import Missing
from .reading import check_sender, read_real

if TYPE_CHECKING:
    import random

PREFIX = "cast."
"""How the kinds of its packets begin.

==========  =========================================  ===============================================================
kind        body                                       meaning
==========  =========================================  ===============================================================
cast.push   [name, life, number, age, hops, message]   A message, so many seconds old
cast.have   [asks, [[name, life, number], ...]]        What I have; if it ``asks``, say what you have
cast.graft  [[[name, life, number], ...]]              Send me these
cast.prune  []                                         Send me announcements rather than messages
==========  =========================================  ===============================================================
"""

IDS_LIMIT = 256
"""Names of messages in one packet, at most; of more some at random."""

HOPS_LIMIT = 1 << 16

_SYNC_STRETCH = 2
"""Comparing slows down to half of its pace while it bears no fruit."""


class Broadcast:
    """Messages to all, at one cell; a core (:mod:`~actors.tissue.core`).

    The owner calls :meth:`neighbours` at the start and at every change, with those it may send to, and
    :meth:`publish`.  Reports ``Delivered``, also for what this cell itself has published.
    """

    def __init__(self, pid: Pid, rng: random.Random, now: float, config: BroadcastConfig | None = None) -> None:
        read_name(pid.name)
        self.pid = pid
        self.config = config or BroadcastConfig()
        self._rng = rng
        self._n = 1
        self._peers: list[str] = []
        self._peer_set: set[str] = set()
        self._turns: list[str] = []
        self._eager: set[str] = set()
        self._lazy: set[str] = set()
        self._messages = Messages(self.config.retention, self.config.max_kept, self.config.max_seen)
        self._missing = Missing(self.config.graft_timeout, self.config.max_kept)
        self._number = 0
        self._hot: dict[Id, None] = {}
        self._unannounced: dict[str, dict[Id, None]] = {}
        self._round_due = math.inf
        self._sync_due = math.inf
        self._sync_pause = self.config.sync_period

    def __repr__(self) -> str:
        eager = f", eager={len(self._eager)}" if self._is_tree else ""
        return f"Broadcast({self.pid}, peers={len(self._peers)}{eager}, kept={len(self._messages)})"

    @property
    def eager(self) -> list[str]:
        """Tree: the neighbours that get messages; the others get announcements."""
        return [name for name in self._peers if name in self._eager]

    @property
    def kept(self) -> int:
        """How many messages it could still pass on."""
        return len(self._messages)

    @property
    def _is_tree(self) -> bool:
        return self.config.spread is Spread.TREE

    # -- what it is told -----------------------------------------------------------------------------------------------

    def neighbours(self, names: Iterable[str], now: float, n: int | None = None) -> list[Effect]:
        """From now on send to these.  ``n``: how many cells there are; they and this one unless told otherwise.

        What is new of them is told what this cell has.
        """
        known = self._peer_set
        peers = list(dict.fromkeys(read_name(name) for name in names if name != self.pid.name))
        if len(peers) > self.config.max_peers:
            peers = self._rng.sample(peers, self.config.max_peers)
        self._peers, self._peer_set = peers, set(peers)
        self._n = max(1, n if n is not None else len(peers) + 1)
        self._lazy &= self._peer_set
        self._eager = self._peer_set - self._lazy
        for gone in known - self._peer_set:
            self._unannounced.pop(gone, None)
        new = [name for name in peers if name not in known] if self._is_tree else []
        return self._settled([self._compare(name, asks=True) for name in new if len(self._messages)], now)

    def publish(self, value: Any, now: float) -> list[Effect]:
        """Tell all.  Raises ``TypeError`` or ``ValueError`` for what is not plain, or longer than ``max_bytes``."""
        body = pack(value)
        if len(body) > self.config.max_bytes:
            raise ValueError(f"a message of {len(body)} bytes; max_bytes is {self.config.max_bytes}")
        self._number += 1
        message = Message(Id(*self.pid, self._number), body, 0, now)
        return self._settled(self._take(message, now), now)

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        return min(self._round_due, self._sync_due, self._missing.due, self._messages.due)

    def tick(self, now: float) -> list[Effect]:
        """Do what is due."""
        self._messages.expire(now)
        effects: list[Effect] = []
        if self._round_due <= now:
            self._round_due = math.inf
            for id in list(self._hot):
                effects += self._push(id, now)
            effects += self._announce()
        for name, ids in self._missing.to_ask(now).items():
            self._make_eager(name)
            effects += [Send(name, "cast.graft", [[*map(list, part)]]) for part in _divided(ids)]
        if self._sync_due <= now:
            self._sync_due = math.inf
            self._sync_pause = min(2 * self._sync_pause, _SYNC_STRETCH * self.config.sync_period)
            if self._peers and len(self._messages):
                effects.append(self._compare(self._next_to_compare(), asks=True))
        return self._settled(effects, now)

    def _settled(self, effects: list[Effect], now: float) -> list[Effect]:
        if self._round_due == math.inf and (self._hot or self._unannounced) and self._peers:
            self._round_due = now + self.config.period
        if self._sync_due == math.inf and len(self._messages) and self._peers:
            self._sync_due = now + self._sync_pause * self._rng.uniform(0.5, 1.0)
        return effects

    def _push(self, id: Id, now: float) -> list[Effect]:
        """An epidemic's turn: to some at random that are not known to have it, until it was sent often enough."""
        message = self._messages.get(id)
        limit = self.config.retransmit_mult * math.ceil(math.log10(self._n + 1))
        if message is None or message.sent >= limit:
            self._hot.pop(id, None)
            return []
        some = self._untold(message, min(self.config.fanout, limit - message.sent))
        if not some:
            self._hot.pop(id, None)
        message.sent += len(some)
        return [self._sent(message, name, now) for name in some]

    def _untold(self, message: Message, k: int) -> list[str]:
        if len(self._peers) > 4 * (len(message.told) + k):
            # Few of many are told: drawing again is cheaper than a list of all others.
            some: dict[str, None] = {}
            while len(some) < k:
                name = self._rng.choice(self._peers)
                if name not in message.told:
                    some[name] = None
            return list(some)
        others = [name for name in self._peers if name not in message.told]
        return self._rng.sample(others, min(k, len(others)))

    def _sent(self, message: Message, name: str, now: float) -> Send:
        message.told.add(name)
        age = max(0.0, now - message.born)
        return Send(name, "cast.push", [*message.id, age, message.hops, message.body])

    def _announce(self) -> list[Effect]:
        announced, self._unannounced = self._unannounced, {}
        return [
            Send(name, "cast.have", [False, [*map(list, part)]])
            for name, ids in announced.items()
            for part in _divided(list(ids))
        ]

    def _next_to_compare(self) -> str:
        """All peers in turn, in an order that changes: nobody is left out for long."""
        while self._turns:
            name = self._turns.pop()
            if name in self._peer_set:
                return name
        self._turns = self._rng.sample(self._peers, len(self._peers))
        return self._turns.pop()

    def _compare(self, name: str, *, asks: bool) -> Send:
        ids = self._messages.ids
        if len(ids) > IDS_LIMIT:
            ids = self._rng.sample(ids, IDS_LIMIT)
        return Send(name, "cast.have", [asks, [*map(list, ids)]])

    # -- packets -------------------------------------------------------------------------------------------------------

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet from another cell has arrived."""
        return self._settled(read(sender, kind, body, lambda raw: self._read(sender, kind, raw, now)), now)

    def _read(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        check_sender(self.pid, sender)
        match kind, read_list(body, 0, 6):
            case "cast.push", [name, life, number, age, hops, packed]:
                message = Message(
                    read_id([name, life, number]),
                    read_bytes(packed),
                    min(read_number(hops) + 1, HOPS_LIMIT),
                    now - read_real(age),
                )
                return self._on_push(sender.name, message, now)
            case "cast.have", [bool(asks), ids]:
                return self._on_have(sender.name, asks, _read_ids(ids), now)
            case "cast.graft", [ids]:
                return self._on_graft(sender.name, _read_ids(ids), now)
            case "cast.prune", []:
                self._make_lazy(sender.name)
                return []
        raise ValueError("no packet of broadcast")

    def _on_push(self, sender: str, message: Message, now: float) -> list[Effect]:
        old = self._messages.get(message.id)
        if old is not None:
            old.told.add(sender)
        if self._messages.has_seen(message.id):
            if not self._is_tree:
                return []
            self._make_lazy(sender)
            return [Send(sender, "cast.prune", [])]
        if message.born <= now - self.config.retention:
            raise ValueError(f"a message of {now - message.born:.0f} s ago")
        if len(message.body) > self.config.max_bytes:
            raise ValueError(f"a message of {len(message.body)} bytes")
        if message.id[:2] == self.pid:
            raise ValueError("a message of ours that we never sent")
        message.told.add(sender)
        self._missing.remove(message.id)
        effects = self._take(message, now)
        self._make_eager(sender)
        return effects

    def _take(self, message: Message, now: float) -> list[Effect]:
        """A message is new here: keep it, report it, pass it on."""
        effects: list[Effect] = [
            Delivered(Pid(message.id.name, message.id.life), message.id.number, unpack(message.body), message.hops)
        ]
        self._messages.add(message, now)
        self._sync_pause = self.config.sync_period
        if not self._is_tree:
            self._hot[message.id] = None
            return effects + self._push(message.id, now)
        for name in self._peers:
            if name in message.told:
                continue
            if name in self._eager:
                effects.append(self._sent(message, name, now))
            # Those of the tree too: what was sent may be lost, and they could not know.
            self._unannounced.setdefault(name, {})[message.id] = None
        return effects

    def _on_have(self, sender: str, asks: bool, ids: list[Id], now: float) -> list[Effect]:
        for id in ids:
            message = self._messages.get(id)
            if message is not None:
                message.told.add(sender)
            elif not self._messages.has_seen(id):
                self._missing.add(id, sender, now)
        has_more = len(self._messages) > len(ids) or any(id not in set(ids) for id in self._messages.ids)
        return [self._compare(sender, asks=False)] if asks and has_more else []

    def _on_graft(self, sender: str, ids: list[Id], now: float) -> list[Effect]:
        self._make_eager(sender)
        kept = [message for message in map(self._messages.get, ids) if message is not None]
        self._sync_pause = self.config.sync_period  # comparing bears fruit, so there may be more
        return [self._sent(message, sender, now) for message in kept]

    def _make_eager(self, name: str) -> None:
        if name in self._lazy:
            self._lazy.remove(name)
            self._eager.add(name)

    def _make_lazy(self, name: str) -> None:
        if name in self._eager:
            self._eager.remove(name)
            self._lazy.add(name)


def _divided(ids: list[Id]) -> list[list[Id]]:
    return [ids[start : start + IDS_LIMIT] for start in range(0, len(ids), IDS_LIMIT)]


def _read_ids(raw: Any) -> list[Id]:
    return [read_id(each) for each in read_list(raw, 0, IDS_LIMIT)]
