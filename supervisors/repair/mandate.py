"""Who of several hosts may do something that only one may do at a time: a lease that a majority has confirmed.

A candidate asks, in rounds; each host promises itself to one candidate for the length of the lease, counted by its own
clock from when it saw the ask, and does not vote for another meanwhile.  The candidate counts from when it *asked*::

    until = asked(r) + length,  r: the latest round that a majority has confirmed

which is earlier than any of those promises ends.  Any two majorities have a host in common, so no two hold it at one
time, whatever is lost, late or doubled, however they are cut apart, and with clocks that agree on nothing but how long
a second is.  A host that was started anew does not know what it had promised, and promises nothing for one length.
The price: without a majority nobody holds it.

Asks and votes are maps that all share, in which each host writes its own key only.  Tokens rise with every holder.

Sources: Gray and Cheriton, Leases, SOSP 1989; majority leases as in PaxosLease, Trencseni, Gazso and Reinhardt, 2012.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

NUMBER_LIMIT = 1 << 62
"""Whole numbers are below this."""

ROUNDS = 64
"""Rounds of asking that are remembered; an answer to an older one comes too late to be of use."""

RENEWALS = 5
"""So often a holder asks again in the length of a lease."""


class Shared(Protocol):
    """What is needed of the maps: :class:`~actors.tissue.crdt.lww.LWWMap` is one."""

    def get(self, key: str, default: Any = None, /) -> Any:
        """The value under a key."""

    def put(self, key: str, value: Any, /) -> object:
        """Put a plain value under a key."""

    def __iter__(self) -> Iterator[Any]:
        """All keys."""


class Ask(NamedTuple):
    """``host``, in its life ``life``, asks for the ``round``-th time; not ``stands``: it does not want it any more."""

    host: str
    life: int
    token: int
    round: int
    stands: bool


class Vote(NamedTuple):
    """A host has promised itself to ``host`` in its life ``life``, which asked with ``token`` in ``round``."""

    host: str
    life: int
    token: int
    round: int


class Mandate:
    """Of the host ``me``, both as a voter and, from :meth:`stand` to :meth:`resign`, as a candidate.

    ``life``: a number that rises from one life of the host to the next.  ``voters``: the names of all hosts that vote;
    where there are none it only gives out tokens.
    Call :meth:`tick` several times in ``length`` / 5 seconds.
    """

    def __init__(
        self, me: str, life: int, voters: Iterable[str], asks: Shared, votes: Shared, length: float, now: float
    ) -> None:
        self.me = me
        self.life = life
        self.voters = sorted(set(voters))
        self.length = length
        self.until = now
        self.token = 0
        self._asks = asks
        self._votes = votes
        self._stands = False
        self._asked: dict[int, float] = {}
        self._round = 0
        self._ask_at = now
        self._silent_until = now + length
        self._promise: Vote | None = None
        self._promised_until = now
        self._highest = 0

    @property
    def quorum(self) -> int:
        """So many are a majority."""
        return len(self.voters) // 2 + 1

    # -- what it is told -----------------------------------------------------------------------------------------------

    def stand(self, now: float) -> None:
        """Ask for it from now on."""
        if not self._stands:
            self._stands = True
            self._renew_token(now)
            self._say()

    def resign(self, now: float) -> None:
        """What only one may do is not done here any more: others may have it at once."""
        self._stands = False
        self.until = now
        self._asked.clear()
        if self.token:
            self._say()

    def tick(self, now: float) -> None:
        """Vote, ask again if it is time, and count the votes."""
        if self._stands and now >= self._ask_at:
            self._ask(now)
        self._vote(now)
        if self._stands:
            self._count(now)

    # -- the candidate -------------------------------------------------------------------------------------------------

    def _renew_token(self, now: float) -> None:
        """A token above all that anybody has asked or voted with, as far as is known here."""
        known = [ask.token for host in self._asks if (ask := self._ask_of(host)) is not None]
        known += [vote.token for host in self.voters if (vote := self._vote_of(host)) is not None]
        self.token = max([self._highest, self.token, *known]) + 1
        self._asked.clear()
        self._ask_at = now

    def _ask(self, now: float) -> None:
        self._round += 1
        self._asked[self._round] = now
        self._asked.pop(self._round - ROUNDS, None)
        self._ask_at = now + self.length / RENEWALS
        self._say()

    def _say(self) -> None:
        self._asks.put(self.me, [self.life, self.token, self._round, self._stands])

    def _count(self, now: float) -> None:
        rounds, is_outvoted = [], False
        for host in self.voters:
            vote = self._vote_of(host)
            if vote is None:
                continue
            if (vote.host, vote.life, vote.token) == (self.me, self.life, self.token):
                rounds.append(vote.round)
            else:
                is_outvoted = is_outvoted or vote.token >= self.token
        if len(rounds) >= self.quorum:
            confirmed = sorted(rounds, reverse=True)[self.quorum - 1]
            if confirmed in self._asked:
                self.until = max(self.until, self._asked[confirmed] + self.length)
        if is_outvoted and self.until <= now:
            self._renew_token(now)

    # -- the voter -----------------------------------------------------------------------------------------------------

    def _vote(self, now: float) -> None:
        if now < self._silent_until or self.me not in self.voters:
            return
        promise = self._promise
        if promise is not None and now < self._promised_until:
            ask = self._ask_of(promise.host)
            if ask is None or ask.life != promise.life:
                return
            if ask.stands:
                if (ask.token, ask.round) > (promise.token, promise.round):
                    self._promise_to(ask, now)
                return
            self._promise = None
        asks = [ask for host in self.voters if (ask := self._ask_of(host)) is not None and self._may_have(ask)]
        if asks:
            self._promise_to(max(asks, key=lambda ask: (ask.token, ask.host)), now)

    def _may_have(self, ask: Ask) -> bool:
        promise = self._promise
        if not ask.stands or ask.token < self._highest:
            return False
        if promise is not None and (ask.host, ask.life, ask.token) == (promise.host, promise.life, promise.token):
            return ask.round > promise.round  # what has been confirmed already is old
        return ask.token > self._highest

    def _promise_to(self, ask: Ask, now: float) -> None:
        self._promise = Vote(ask.host, ask.life, ask.token, ask.round)
        self._promised_until = now + self.length
        self._highest = max(self._highest, ask.token)
        self._votes.put(self.me, list(self._promise))

    # -- reading -------------------------------------------------------------------------------------------------------

    def _ask_of(self, host: str) -> Ask | None:
        raw = self._asks.get(host)
        if not isinstance(raw, list) or len(raw) != 4 or not all(map(_is_number, raw[:3])):
            return None
        return Ask(host, raw[0], raw[1], raw[2], raw[3] is True)

    def _vote_of(self, host: str) -> Vote | None:
        raw = self._votes.get(host)
        if not isinstance(raw, list) or len(raw) != 4 or not all(map(_is_number, raw[1:])):
            return None
        return Vote(str(raw[0]), raw[1], raw[2], raw[3])


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value < NUMBER_LIMIT
