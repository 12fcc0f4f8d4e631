"""How two cells find out what each of them lacks, and give it to each other.

::

    a → b   syn       my own changes that you lack; up to where I know others' streams that have grown
    b → a   syn-ack   of those I know only so much; here is what you lack; and my own news
    a → b   ack       here is what you lack

A statement "I know that stream up to v" is all there is: whoever knows more sends it, whoever knows less states his own
version in turn, and equal needs no answer.  So it comes to an end, and whatever is lost is only stated again.  What is
too much for a packet is asked for again when the first piece has come: one packet is under way to each, at the pace of
the network.  A stream is asked for from one peer at a time.

What is dead is told otherwise than by what took its place where that is long past, or was told by somebody else: a list
of what is alive in a stream, or that a stream is over.  Taken at its word at once it would make a key vanish that was
only overwritten, until the new value comes.  So whoever says it names all the streams that he knows, and up to where,
and it counts only for who knows all that too; others ask for what they lack, and hear of the dead at the next check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.messages import Pid

from ..core import Effect, Refused, Send
from .archive import EMPTY
from .config import ContactConfig
from .drafts import Draft
from .packets import ACK, SYN, SYN_ACK, Entry, Packet
from .peers import News, Peer
from .store import Store

if TYPE_CHECKING:
    import random

COMPARED = 64
"""Streams, at random, whose living entries are compared when hashes differ."""

LIVE_BYTES = 5
"""What one living entry takes in a list, at most."""

STUCK = 2
"""Periods in which nothing has come although it was asked for: where some packets are lost, one is soon over."""


class Exchange:
    """Of one cell: writes its packets, and takes in and answers those of others.

    Of a cell that is not warm yet, ``answered``: warm peers that have told all that they knew; ``missing``: the
    streams, and up to where, that they knew.
    """

    def __init__(self, pid: Pid, store: Store, news: News, rng: random.Random, config: ContactConfig) -> None:
        self.pid = pid
        self.is_warm = False
        self._seen: list[bytes] = []
        self.answered: set[str] = set()
        self.missing: dict[Pid, int] = {}
        self._store = store
        self._archive = store.archive
        self._news = news
        self._rng = rng
        self._config = config
        # Until when a stream that was asked for is asked of nobody else.
        self._asked: dict[Pid, float] = {}

    # -- out -----------------------------------------------------------------------------------------------------------

    def syn(self, peer: Peer, *, check: bool = False) -> list[Effect]:
        """Tell a peer what it lacks, if anything; with ``check`` compare in any case."""
        draft, news = Draft(), self._news_for(peer)
        if check:
            draft.hash = self._archive.hash
        if not check and not news:
            return []
        peer.unanswered += bool(news)
        return [self._write(peer, SYN, draft, news)]

    def _news_for(self, peer: Peer) -> list[tuple[int, Pid]]:
        news = []
        for mark, pid in list(self._news.since(peer)):
            stream = self._archive.get(pid)
            if stream is None or stream.is_empty:
                self._news.drop(pid)
            else:
                news.append((mark, pid))
        return news

    def _write(self, peer: Peer, kind: str, draft: Draft, news: list[tuple[int, Pid]]) -> Send:
        own = next((at for at, pid in news if pid == self.pid), 0)
        if own:
            draft.lacks.setdefault(self.pid, peer.have)
        if draft.lives or draft.over:
            draft.name_all(self._archive, self._rng)
        # Who is not warm does not claim to have told all that there is to know.
        head, mark = self._news.mark + (not self.is_warm), 0 if kind == ACK else self._news.mark
        draft.group = 0 if kind == ACK else self._news.group
        body, mark = draft.write(self._archive, peer.life, head, news, mark, self._rng, self._config.packet_bytes)
        if kind != ACK:
            peer.sent = mark, self._store.own.version if own <= mark else peer.have
        peer.is_greeted = True
        return Send(peer.name, kind, body)

    # -- in ------------------------------------------------------------------------------------------------------------

    def hear(self, peer: Peer, sender: Pid, kind: str, packet: Packet, now: float) -> list[Effect]:
        """Take in a packet and answer it."""
        is_for_me = packet.life in (0, self.pid.incarnation)
        effects, draft = self._learn(sender, kind, packet, now), Draft()
        if packet.ack and packet.life == self.pid.incarnation and packet.ack <= self._news.mark:
            peer.confirm(packet.ack)
        is_told = self._answer(peer, packet, draft, now)
        if is_told:
            self._reconcile(packet, draft)
        if is_told and is_for_me and packet.mark and packet.versions:
            draft.ack = packet.mark
        else:
            for part in packet.parts:
                if not self._archive.is_coming(part.pid, peer.name, now):
                    draft.said.setdefault(part.pid, Entry(part.pid, self._archive.begun(part.pid, peer.name)))
        if packet.hash:  # to find the own one takes as long as all the rest
            if packet.hash == self._archive.hash:
                peer.acked, peer.have = self._news.mark, self._store.own.version
            elif kind == SYN and (packet.hash != EMPTY or peer.acked):  # who is new is told all as news
                self._compare(draft)
        if not self.is_warm and kind != ACK and is_for_me and packet.mark == packet.head:
            self.answered.add(peer.name)
            for pid, version, _ in packet.versions:
                self.missing[pid] = max(version, self.missing.get(pid, 0))
        # The answer to a SYN tells news, so that one exchange serves both sides; the answer to that does not.
        news = self._news_for(peer) if kind == SYN else []
        if draft or news or (kind == SYN and not peer.is_greeted):
            effects.append(self._write(peer, SYN_ACK if kind == SYN else ACK, draft, news))
        return effects

    def _learn(self, sender: Pid, kind: str, packet: Packet, now: float) -> list[Effect]:
        effects: list[Effect] = []
        for part in packet.parts:
            if part.upto > self._archive.version(part.pid):
                why = self._store.why_not(part)
                if why:
                    effects.append(Refused(sender, kind, why))
                elif self._store.apply(part, sender.name):
                    self._asked.pop(part.pid, None)
                    if self._archive.is_coming(part.pid, "", now):
                        self._asked[part.pid] = now + self._config.period
        return effects

    def _answer(self, peer: Peer, packet: Packet, draft: Draft, now: float) -> bool:
        """Compare versions; returns whether all that the peer has spoken of is known here."""
        is_told, doubtful = True, []
        for pid, version, live in packet.versions:
            mine = self._archive.version(pid)
            if pid not in self._archive and mine and version <= mine:
                if self.is_warm:  # else what took its place may not have come yet
                    draft.over[pid] = mine
            elif version > mine:
                is_told = False
                if self._asked.get(pid, now) <= now:
                    self._asked[pid] = now + self._config.period
                    draft.said[pid] = Entry(pid, self._archive.begun(pid, peer.name))
            elif version < mine:
                draft.lacks[pid] = min(version, draft.lacks.get(pid, version))
            else:
                self._news.has(peer.name, pid)
                stream = self._archive.get(pid)
                if live is not None and stream is not None and stream.live != live:
                    doubtful.append(stream)
            if pid == self.pid:
                peer.have = min(version, mine)
        if is_told and self.is_warm and not draft.lacks:  # else it may differ only for what is under way
            for stream in doubtful:
                is_long = LIVE_BYTES * stream.alive > self._config.packet_bytes // 2
                draft.lives[stream.pid] = self._rng.randrange(stream.version) if is_long else 0
        return is_told

    def _reconcile(self, packet: Packet, draft: Draft) -> None:
        """Believe what the peer says of the dead: all that he knows is known here."""
        for pid, version, _ in packet.over:
            self._store.end(pid, version)
        for pid, since, upto, alive in packet.lives:
            if self._store.reconcile(pid, since, upto, alive):
                draft.lives[pid] = since

    def _compare(self, draft: Draft) -> None:
        """The other knows something else: say up to where each stream is known, and what is alive in it."""
        streams = [stream for stream in self._archive if not stream.is_empty]
        if len(streams) > COMPARED:
            streams = self._rng.sample(streams, COMPARED)
        for stream in streams:
            draft.said[stream.pid] = Entry(stream.pid, stream.version, stream.live)

    def has_all(self) -> bool:
        """Whether somebody has answered, and all that was missing is known."""
        self.missing = {pid: version for pid, version in self.missing.items() if version > self._archive.version(pid)}
        return bool(self.answered) and not self.missing

    def is_stuck(self, asked: int) -> bool:
        """Whether all of so many that were asked have answered, and nothing has come for :data:`STUCK` checks; this is
        one.  What is still missing then is in a stream that was alive when it was spoken of, and that nobody has now.
        """
        self._seen = [*self._seen[-STUCK:], self._archive.hash]
        return 0 < asked <= len(self.answered) and len(self._seen) > STUCK and len(set(self._seen)) == 1

    def tidy(self, now: float) -> None:
        """Forget whom was asked for what long ago."""
        self._asked = {pid: until for pid, until in self._asked.items() if until > now}
