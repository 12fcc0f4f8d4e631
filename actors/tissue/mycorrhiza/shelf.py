"""What a cell owns of the cache that siblings share: the values of its keys, and who computes those that are lacking.

The part of the owner.  One that asks is answered with the value, or, one only, with a *lease*: compute it, here is a
token; all others with "wait", and with the value when it comes.  A value whose token is not the lease's is refused: it
was computed before the key was dropped, or too slowly.  Source: Nishtala et al., Scaling Memcache at Facebook, NSDI
2013; early refresh: Vattani, Chierichetti and Lowenstein, Optimal Probabilistic Cache Stampede Prevention, VLDB 2015.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from actors.messages import Pid

from .cache_config import CacheConfig
from .entries import Entries, Entry

if TYPE_CHECKING:
    import random


class Word(StrEnum):
    """What an owner answers."""

    VALUE = "value"
    LEASE = "lease"
    WAIT = "wait"
    FAILED = "failed"


class Answer(NamedTuple):
    """To whom, and what of a key: the entry of a ``VALUE``, and a token if the receiver is to compute it (anew).

    ``why``: what ``FAILED``, in words.
    """

    to: Pid
    word: Word
    key: str
    token: int = 0
    entry: Entry | None = None
    why: str = ""


@dataclass(slots=True)
class _Lease:
    token: int
    holder: Pid
    ends: float
    waiters: dict[Pid, None] = field(default_factory=dict)


class Shelf:
    """The keys that one cell owns."""

    def __init__(self, rng: random.Random, config: CacheConfig) -> None:
        self.entries = Entries(config.max_owned)
        self._rng = rng
        self._config = config
        self._leases: dict[str, _Lease] = {}
        self._token = rng.randrange(1 << 31)

    def __contains__(self, key: str) -> bool:
        return key in self._leases or key in self.entries

    @property
    def load(self) -> int:
        """Entries, and what is being computed."""
        return len(self.entries) + len(self._leases)

    @property
    def due(self) -> float:
        """When the first lease that somebody waits for runs out."""
        return min((lease.ends for lease in self._leases.values()), default=math.inf)

    def serve(self, who: Pid, key: str, now: float) -> Answer:
        """Somebody asks for a key."""
        entry = self.entries.get(key, now)
        lease = self._leases.get(key)
        if lease is not None and lease.ends <= now:
            lease = None
        if entry is not None:
            early = lease is None and self._is_early(entry, now)
            return Answer(who, Word.VALUE, key, self._grant(who, key, now) if early else 0, entry)
        if lease is None:
            is_full = key not in self._leases and len(self._leases) >= self._config.max_owned
            return Answer(who, Word.LEASE, key, 0 if is_full else self._grant(who, key, now))
        if who == lease.holder:
            return Answer(who, Word.LEASE, key, lease.token)
        if len(lease.waiters) < self._config.max_flights:
            lease.waiters[who] = None
        return Answer(who, Word.WAIT, key)

    def _is_early(self, entry: Entry, now: float) -> bool:
        """XFetch: now - delta beta ln U >= expiry, the likelier the nearer the expiry and the dearer the value."""
        return now - entry.cost * self._config.beta * math.log(1.0 - self._rng.random()) >= entry.expires

    def _grant(self, who: Pid, key: str, now: float) -> int:
        old = self._leases.pop(key, None)
        waiters = old.waiters if old is not None else {}
        waiters.pop(who, None)
        self._token += 1
        self._leases[key] = _Lease(self._token, who, now + self._config.lease, waiters)
        return self._token

    def store(self, who: Pid, key: str, token: int, packed: bytes, ttl: float, cost: float, now: float) -> list[Answer]:
        """The holder of the lease has computed the value: those who wait get it.  Anybody else's is not taken."""
        lease = self._leases.get(key)
        if lease is None or (lease.token, lease.holder) != (token, who):
            return []
        del self._leases[key]
        self.entries.put(key, packed, now + ttl, cost, now)
        entry = self.entries.get(key, now)
        return [Answer(waiter, Word.VALUE, key, 0, entry) for waiter in lease.waiters]

    def fail(self, who: Pid, key: str, token: int, why: str) -> list[Answer]:
        """The holder could not compute it: all who wait are told, or a backend that is down would be asked by each."""
        lease = self._leases.get(key)
        if lease is None or (lease.token, lease.holder) != (token, who):
            return []
        del self._leases[key]
        return [Answer(waiter, Word.FAILED, key, why=why) for waiter in lease.waiters]

    def drop(self, key: str, now: float) -> list[Answer]:
        """The value is not to be used any more, nor what is being computed just now: it may be as old."""
        self.entries.drop(key)
        lease = self._leases.get(key)
        if lease is not None:
            lease.waiters[lease.holder] = None
            return self._pass_on(key, now)
        return []

    def died(self, name: str, now: float) -> list[Answer]:
        """A cell is dead: what it was computing is given to others."""
        for lease in self._leases.values():
            lease.waiters = {pid: None for pid in lease.waiters if pid.name != name}
        held = [key for key, lease in self._leases.items() if lease.holder.name == name]
        return [answer for key in held for answer in self._pass_on(key, now)]

    def expire(self, now: float) -> list[Answer]:
        """Give leases that have run out to others."""
        over = [key for key, lease in self._leases.items() if lease.ends <= now]
        return [answer for key in over for answer in self._pass_on(key, now)]

    def _pass_on(self, key: str, now: float) -> list[Answer]:
        waiters = self._leases[key].waiters
        if not waiters:
            del self._leases[key]
            return []
        heir = next(iter(waiters))
        return [Answer(heir, Word.LEASE, key, self._grant(heir, key, now))]
