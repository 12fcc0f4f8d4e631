"""What siblings know: values that a group of cells holds in common, warm in each, with no database and no leader.

For a backend developer: sessions, counters, learned routes, the index of a cache, desired state, shared by the workers
of a service.  Whoever dies, the others know what it knew, and its successor starts with it: no cold start.

::

    state = ContactState(pid, rng, now, peers=["worker-2", "worker-3"])
    sessions = state.share("sessions", ORMap)
    sessions.put("token", {"user": 7}, now)         # then `tick` when `due`, and `receive` what arrives
    ...
    state.told_by(Pid("worker-2", 1), "sessions", ORMap)    # what one of them had told

Each life numbers its own changes, and each cell knows of each life's stream a prefix without gaps, so that one number
a life says what a cell knows (Scuttlebutt, :mod:`.streams`).  In a round a cell that has news sends three peers what
they have not confirmed: of its own stream the changes themselves, of others' up to where it knows them; who lacks
something says so and gets it (:mod:`.exchange`).  Nobody is told what he is known to have ("avoid back-propagation"),
and what comes twice is not passed on ("remove redundancy": what is new is seen by its number).  Loss, order and doubles
do not matter: what is not confirmed is sent again, and who is far behind is told from where he is, in the worst case
from the beginning, which is no more than all that is alive.

*Quiet costs nothing*: a cell whose peers have all confirmed sleeps, but for one packet of some 16 bytes to one peer
each five seconds; it holds a hash of all that its sender knows, and is answered only by who knows something else.

*What a crash loses*: what was changed since the last round, rate * period / 2 on average.  A lone change is told at
once.

*Restarts leave nothing*: the stream of an earlier life goes as soon as nothing in it is alive (:mod:`.fading`).

*Birth*: a cell asks its peers at once what they know, and reports :class:`Warm` when it knows it too.  What it may
have of its predecessor's is said by ``inheritance`` (:mod:`.inheritance`).  Write what must not lose against an older
write of the predecessor only when warm, when the clock has heard of that one.

Sources: van Renesse et al., LADIS 2008; Almeida, Shoker and Baquero, JPDC 2018; Enes et al., ICDE 2019.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from actors.messages import Pid

from ..core import Effect, TissueEvent, read
from ..crdt.clocks import Clock
from ..crdt.dotted import Dotted
from ..plain import NUMBER_LIMIT, read_name
from .config import FRAMES, ContactConfig
from .exchange import Exchange
from .inheritance import Inheritance
from .packets import KINDS, Packet, read_packet
from .peers import News, Peer, Peers
from .renumber import renumber
from .store import Store

if TYPE_CHECKING:
    import random

D = TypeVar("D", bound=Dotted[Any])

ASKED = 16
"""Peers that are asked at birth, at most: each says in one packet how far it knows whose stream."""

SWEEP = 1000
"""Milliseconds: what expires is let go at the next whole second of the shared time, so that all do so at one time."""


@dataclass(frozen=True, slots=True)
class Warm(TissueEvent):
    """This cell knows what its siblings knew when it asked: so many of them; 0: nobody who knew anything answered."""

    siblings: int


@dataclass(frozen=True, slots=True)
class Doubled(TissueEvent):
    """``by`` knows changes of this life that this life did not make: its incarnation was given out twice.

    The cell falls silent, for whatever it numbers would be taken for something else.  It must be born again, with a
    higher incarnation.
    """

    pid: Pid
    by: Pid


@dataclass(frozen=True, slots=True)
class Forgotten(TissueEvent):
    """``by`` had given this place up for dead for a day or more and dropped what it told: be born again."""

    pid: Pid
    by: Pid


class ContactState:
    """One cell of a group that shares state; a core (:mod:`~actors.tissue.core`).

    ``peers``: the names of those to talk to, see :meth:`meet`.  ``offset``: what to add to ``now`` to get the time that
    all share, see :class:`~actors.tissue.crdt.clocks.Clock`.  ``predecessors`` and ``inheritance``: what this life may
    have of what these earlier ones of its place had told, the last one and those that died of the same.  Reports
    ``Warm``, ``Doubled`` and ``Forgotten``.

    Shared values are changed by their own methods, which return what was changed; that need not be handed to anybody.
    ``time`` tells them the time where they are not told it.

    What its owner has to call:

    - :meth:`tick` when ``due``, :meth:`receive`.  A change of a shared value makes it due: ``wake`` is called then (it
      may only take note), or look at ``due`` after whatever may have changed one;
    - :meth:`meet` with those to talk to, whenever they change; all of a group of some twenty, so that only who changes
      something spreads it; of a larger one 5 to 20, for each cell sees to it that all its peers have confirmed;
    - :meth:`died` for an exit signal, :meth:`bury` for who is gone for good.  The next life of a place is known by its
      incarnation;
    - :meth:`checked` after each self-check that the cell has passed; :meth:`flush` before it ends as planned;
    - :meth:`warmed`, if it knows that there is nobody, or nobody more, to ask: the cell need not wait for answers then.
    """

    def __init__(
        self,
        pid: Pid,
        rng: random.Random,
        now: float,
        config: ContactConfig = FRAMES,
        *,
        peers: Iterable[str] = (),
        offset: float = 0.0,
        predecessors: Iterable[Pid] = (),
        inheritance: Inheritance = Inheritance.ALL,
        time: Callable[[], float] | None = None,
        wake: Callable[[], None] | None = None,
    ) -> None:
        read_name(pid.name)
        self.pid = pid
        self.config = config
        self.is_over = False
        self._rng = rng
        self._peers = Peers(pid.name, rng, config.max_peers)
        self._news = News(self._peers)
        self._source = ""
        self._wake: Callable[[], None] | None = None
        self._store = Store(
            pid, Clock(pid, offset=offset, max_drift=config.max_drift), config, self._grew, self._news.drop, time
        )
        self._store.now = now
        self._offset = offset
        self._exchange = Exchange(pid, self._store, self._news, rng, config)
        self._checks = 0
        self._asked = 0
        self._asked_until = math.inf
        self._buried: dict[str, float] = {}
        self._round_at = -math.inf
        self._round_due = math.inf
        self._check_due = now
        self.meet(peers, now)
        for predecessor in predecessors:
            self._store.renounce(predecessor, inheritance)
        self._wake = wake

    def __repr__(self) -> str:
        return f"ContactState({self.pid}, streams={len(self._store.archive)}, peers={len(self._peers)})"

    # -- what it knows -------------------------------------------------------------------------------------------------

    def share(self, name: str, cls: type[D], *args: Any) -> D:
        """The value of that name and type, shared with all that hold one of the same; ``args`` as for the class.

        Raises ``ValueError`` for a name of 0 or over 64 bytes and a type that cannot be shared; ``TooMuch`` values.
        """
        return self._store.share(name, cls, *args)

    def told_by(self, pid: Pid, name: str, cls: type[D], *args: Any) -> D:
        """Of that value only what one life has told, and this one may have; a copy that is shared with nobody."""
        return self._store.told_by(pid, name, cls, *args)

    @property
    def is_warm(self) -> bool:
        """Whether it knows what its siblings knew when it asked."""
        return self._exchange.is_warm

    @property
    def digest(self) -> dict[Pid, int]:
        """Of each life how many of its changes are known."""
        return {stream.pid: stream.version for stream in self._store.archive if stream.version}

    @property
    def hash(self) -> bytes:
        """Eight bytes that are the same in two cells that know the same."""
        return self._store.archive.hash

    # -- what it is told to do -----------------------------------------------------------------------------------------

    def meet(self, peers: Iterable[str], now: float) -> list[Effect]:
        """Talk to these from now on, as many as the configuration allows; all siblings, or those who are close."""
        self._peers.choose(name for name in peers if name != self.pid.name)
        self._stir(now)
        return []

    def bury(self, name: str, now: float) -> list[Effect]:
        """A place is dead or has left.  What it told is dropped after ``forget_after``, unless it is heard of again."""
        if name != self.pid.name:
            self._buried.setdefault(name, now)
            self.died(Pid(name, NUMBER_LIMIT), now)
        return []

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """That life has ended, replaced or not: its siblings tell each other its last changes, and at once.

        If nobody says so, they do when they hear its successor or compare hashes.
        """
        self._peers.end(pid)
        if self._news.renew(pid.name, pid.incarnation):
            self._stir(now)
        return []

    def checked(self, now: float) -> list[Effect]:
        """This life has passed a self-check: whoever must not inherit what is corrupt may have all it told so far."""
        self._store.checked()
        return []

    def ask(self, now: float) -> None:
        """There are peers now to be asked what they know: be due at once."""
        self._check_due = min(self._check_due, now)

    def warmed(self, now: float) -> list[Effect]:
        """All who could tell this cell what they know have done so: it is warm at once, and asks nobody any more.

        For an owner that knows it sooner than the cell can, as on one loop.  Nothing happens if it is warm.
        """
        if self.is_warm or self.is_over:
            return []
        self._check_due = self._next_check(now)
        return self._become_warm()

    def end(self, what: str) -> Store:
        """This life is over: its values may be read, but whoever changes one gets ``NotRunning(what)``.

        The change would be told to nobody.  Returns what is left; ``empty`` it when nobody reads them any more.
        """
        self.is_over = True
        self._store.finish(what)
        return self._store

    def renumber(self, pid: Pid, now: float, *, anew: bool = False) -> None:
        """Go on as ``pid``, a higher life of the place; see :mod:`.renumber`.  ``anew``: after ``Doubled``, or so."""
        self.pid = self._exchange.pid = pid
        self.is_over = False
        renumber(self._store, pid, anew=anew)
        self._peers.renew()
        self._exchange.answered.clear()
        self._asked, self._check_due = 0, now

    def flush(self, now: float) -> list[Effect]:
        """Tell all peers at once what they lack: before a planned end."""
        effects: list[Effect] = []
        for peer in self._peers.pick(len(self._peers), self._news.is_for):
            effects += self._exchange.syn(peer)
        return effects

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        if self.is_over:
            return math.inf
        soonest = self._store.soonest
        sweep = (-(-soonest // SWEEP) * SWEEP + 1) / 1000 - self._offset if soonest else math.inf
        return min(self._round_due, self._check_due, sweep)

    def tick(self, now: float) -> list[Effect]:
        """Do what is due."""
        if self.is_over:
            return []
        self._store.now = now
        self._store.purge()
        effects: list[Effect] = []
        if self._round_due <= now:
            effects += self._round(now)
        if self._check_due <= now:
            effects += self._check(now)
        self._store.close(self._news.is_known)
        return effects

    def _round(self, now: float) -> list[Effect]:
        """Tell some of those who lack something; until nobody does."""
        effects: list[Effect] = []
        for peer in self._peers.pick(self.config.fanout, self._is_to_be_told):
            effects += self._exchange.syn(peer)
        self._round_at = now
        self._round_due = now + self.config.period if effects else math.inf
        return effects

    def _is_to_be_told(self, peer: Peer) -> bool:
        return peer.unanswered < self.config.patience and self._news.is_for(peer)

    def _check(self, now: float) -> list[Effect]:
        """Compare with a peer, whether it answers or not; at birth with several, until one has answered."""
        self._forget(now)
        self._checks += not self.is_warm
        is_stuck = not self.is_warm and self._exchange.is_stuck(self._asked)
        has_tried = is_stuck or self._checks > self.config.patience or self._has_waited(now)
        effects = self._become_warm() if not self.is_warm and has_tried else []
        count = 1 if self.is_warm else self.config.fanout if self._asked else ASKED
        asked = self._peers.pick(count, lambda peer: True)
        for peer in asked:
            effects += self._exchange.syn(peer, check=True)
        if not self._asked and asked:
            self._asked, self._asked_until = len(asked), now + self.config.period
        self._check_due = self._next_check(now) if self.is_warm else now + self.config.period
        return effects

    def _next_check(self, now: float) -> float:
        return now + self.config.check_period * (0.5 + self._rng.random())

    def _has_waited(self, now: float) -> bool:
        """Whether all that were asked at birth have told what they know, or those that answer have."""
        is_told = 0 < self._asked <= len(self._exchange.answered) or now >= self._asked_until
        return is_told and self._exchange.has_all()

    def _become_warm(self) -> list[Effect]:
        self._exchange.is_warm = True
        return [Warm(len(self._exchange.answered))]

    def _forget(self, now: float) -> None:
        self._store.tidy()
        self._exchange.tidy(now)
        for name, since in list(self._buried.items()):
            if since <= now - self.config.forget_after:
                del self._buried[name]
                self._store.forget(name)

    # -- news ----------------------------------------------------------------------------------------------------------

    def _grew(self, pid: Pid) -> None:
        """A stream has grown: by a change made here, or by what a peer has told."""
        own = pid == self.pid
        self._news.grew(pid, "" if own else self._source)
        if own and self._round_at + self.config.period < self._round_due:
            self._round_due = self._round_at + self.config.period
            if self._wake is not None:
                self._wake()

    def _stir(self, now: float) -> None:
        """There may be something to tell: at the usual pace, but not all who heard of it at one time together."""
        if self._round_due == math.inf:
            wait = self._rng.random() * self.config.period
            self._round_due = max(now + wait, self._round_at + self.config.period)

    # -- packets -------------------------------------------------------------------------------------------------------

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet has arrived."""
        if self.is_over:
            return []
        self._store.now = now
        return read(sender, kind, body, lambda raw: self._hear(sender, kind, raw, now))

    def _hear(self, sender: Pid, kind: str, raw: Any, now: float) -> list[Effect]:
        read_name(sender.name)
        if kind not in KINDS:
            raise ValueError("no kind of packet that is known here")
        if sender.name == self.pid.name:
            raise ValueError("from this very place")
        packet = read_packet(raw, self._store.read_part)
        before = self._peers.life(sender.name)
        peer = self._peers.hear(sender)
        if peer is None:
            raise ValueError("from a life that is over")
        end = self._end(sender, packet)
        if end:
            self.is_over = True
            return end
        if peer.life > before:
            self._news.forget(peer.name)
            self._news.renew(peer.name, peer.life - 1)
        peer.group = packet.group or peer.group
        self._buried.pop(peer.name, None)
        mark, self._source = self._news.mark, peer.name
        try:
            effects = self._exchange.hear(peer, sender, kind, packet, now)
        finally:
            self._source = ""
        if not self.is_warm and self._has_waited(now):
            effects += self._become_warm()
        if self._news.mark > mark or self._news.is_for(peer):
            self._stir(now)
        return effects

    def _end(self, sender: Pid, packet: Packet) -> list[Effect]:
        """What makes an end of this life, if the packet says so."""
        own = self._store.own
        for pid, version, _ in packet.versions:
            if version > own.version and pid == self.pid:
                return [Doubled(self.pid, sender)]
        if own.alive and any(entry.pid == self.pid and entry.version >= own.version for entry in packet.over):
            return [Forgotten(self.pid, sender)]
        return []
