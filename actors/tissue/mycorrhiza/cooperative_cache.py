"""A cache that siblings keep together: each value is computed once in the fleet, and found by all.

For a backend developer: fifty workers, each with a cache of its own, ask the database fifty times for each key, and all
at once when it expires.  Here each key has one owner among them, and of all who want it at one time one computes it.

::

    cache = CooperativeCache(pid, rng, now)
    cache.neighbours({"worker-2": 1.0, "worker-3": 1.0}, now)       # then `tick` when `due`, `receive` what arrives
    cache.get("user:7", now)        # -> Found(key, value), now or later; or -> Compute(key, token): then
    cache.computed("user:7", token, load_user(7), now)

- *Who owns a key* follows from the names by rendezvous hashing (:mod:`~actors.tissue.repair.hrw`); who owns more than
  1.25 times the mean sends new keys on to the next in rank.
- *Stampedes*: a cell asks for a key once at a time, and the owner gives the first who asks a lease to compute it; the
  others wait for the value (:mod:`shelf`).  Before a value runs out, one who asks is told to compute it anew, with a
  probability that grows towards the end, while all go on with the old one (XFetch).
- *Near copies* of others' values live for seconds, each for a slightly different time.
- *A newborn* pulls the hottest entries of two neighbours before it takes traffic: ``Warmed``.

A value is never served after its ttl, but for the time a packet takes; a near copy of one that was dropped elsewhere
for ``near_ttl`` at most.  When an owner dies its keys are computed anew, by their next owners, once each.

Sources: Nishtala et al., Scaling Memcache at Facebook, NSDI 2013; Vattani et al., VLDB 2015; Mirrokni et al., SODA
2018.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from ..core import Effect, Send, read
from ..plain import NAME_BYTES, pack, read_bytes, read_list, read_name, read_number, read_text, unpack
from ..repair.hrw import capacity, rank
from .cache_config import CACHE, CacheConfig
from .entries import Entries
from .flights import Compute, Failed, Flight, Found, Put, Warmed
from .shelf import Answer, Shelf, Word

if TYPE_CHECKING:
    import random

GET, FULL, PUT, GOT, FAIL, DROP, WARM, HOT = (
    f"cache.{word}" for word in ("get", "full", "put", "got", "fail", "drop", "warm", "hot")
)
ANSWERS = {f"cache.{word}": word for word in Word}

DROPPED_AT = 3
"""A key is dropped at so many of the first in rank: bounded loads may have put it at any of them."""

HOT_BYTES = 60_000
"""Of one answer to a newborn."""


class CooperativeCache:
    """One cell's part of the cache; a core (:mod:`~actors.tissue.core`).

    Its owner calls ``neighbours`` with all living cells of the cache when they come and go, ``died`` when one is dead,
    and answers each ``Compute`` by ``computed`` or ``failed``.  Reports ``Found``, ``Compute``, ``Failed``, ``Warmed``.
    Due only while something is asked for.
    """

    def __init__(self, pid: Pid, rng: random.Random, now: float, config: CacheConfig = CACHE) -> None:
        read_name(pid.name)
        self.pid = pid
        self.config = config
        self._rng = rng
        self._weights: dict[str, float] = {pid.name: 1.0}
        self._loads: dict[str, tuple[int, int]] = {}
        self._ranks: dict[str, list[str]] = {}
        self._passed_on: dict[str, float] = {}
        self._shelf = Shelf(rng, config)
        self._near = Entries(config.max_near)
        self._flights: dict[str, Flight] = {}
        self._puts: dict[str, Put] = {}
        self._warmers: set[str] | None = None
        self._warmed = 0
        self._warm_due = math.inf

    def __repr__(self) -> str:
        return f"CooperativeCache({self.pid}, owned={self.owned}, near={len(self._near)}, asked={len(self._flights)})"

    # -- what its owner says -------------------------------------------------------------------------------------------

    def neighbours(self, weights: Mapping[str, float] | Iterable[str], now: float) -> list[Effect]:
        """All cells that are alive, with weights if they are not equal; this one is among them in any case.

        The first time two of them are asked for the hottest entries.
        """
        given = dict(weights) if isinstance(weights, Mapping) else dict.fromkeys(weights, 1.0)
        self._weights = {self.pid.name: 1.0, **{name: each for name, each in given.items() if 0 < each < math.inf}}
        self._loads = {name: load for name, load in self._loads.items() if name in self._weights}
        self._ranks.clear()
        if self._warmers is not None:
            return []
        others = sorted(name for name in self._weights if name != self.pid.name)
        self._warmers = set(self._rng.sample(others, min(self.config.warmers, len(others))))
        if not self._warmers:
            return [Warmed(0)]
        self._warm_due = now + self.config.warm_timeout
        return [Send(name, WARM, None) for name in sorted(self._warmers)]

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """A cell is dead: its keys have other owners now, and what it was computing is given to others."""
        gone = self._weights.pop(pid.name, None)
        self._loads.pop(pid.name, None)
        self._ranks.clear()
        effects = self._answer(self._shelf.died(pid.name, now), now)
        if gone is not None:
            for key, flight in list(self._flights.items()):
                if flight.token is None:
                    flight.place = flight.tries = 0
                    effects += self._ask(key, flight, now)
        return effects

    def get(self, key: str, now: float) -> list[Effect]:
        """Ask for the value of a key, text of 1 to 255 bytes.  Raises ``TypeError`` or ``ValueError`` for another."""
        read_name(key)
        near = self._near.get(key, now)
        if near is not None:
            return [Found(key, near.value)]
        flight = self._flights.get(key)
        if flight is not None:
            flight.asked = True
            return []
        flight = self._flights[key] = Flight()
        if len(self._flights) > self.config.max_flights:
            return self._compute(key, flight, 0, now)
        return self._ask(key, flight, now)

    def computed(
        self, key: str, token: int, value: Any, now: float, *, ttl: float | None = None, cost: float | None = None
    ) -> list[Effect]:
        """Here is the value that ``Compute`` asked for; it lives for ``ttl`` seconds and took ``cost`` to compute.

        Raises ``TypeError`` or ``ValueError`` for a value that is not plain or longer than ``max_bytes``, and for a
        ``ttl`` that is not above 0.
        """
        packed = pack(value)
        ttl = self.config.ttl if ttl is None else ttl
        if len(packed) > self.config.max_bytes or not 0 < ttl < math.inf:
            raise ValueError(f"a value of {len(packed)} bytes for {ttl!r} s; the limit is {self.config.max_bytes}")
        flight = self._flights.get(key)
        if flight is None or flight.token != token:
            return []
        del self._flights[key]
        self._keep_near(key, packed, ttl, now)
        effects: list[Effect] = [Found(key, value)] if flight.asked else []
        if not token:
            return effects
        took = now - flight.since if cost is None else cost
        owner = self._owner(key, flight.place)
        body = [key, token, packed, _millis(ttl), _millis(took)]
        if owner != self.pid.name and len(self._puts) < self.config.max_flights:
            self._puts[key] = Put(owner, body, now + self.config.patience)
        return effects + self._post(owner, PUT, body, now)

    def failed(self, key: str, token: int, now: float, why: str = "") -> list[Effect]:
        """It could not be computed, ``why`` in words: all who wait for it hear of it, in every cell."""
        flight = self._flights.get(key)
        if flight is None or flight.token != token:
            return []
        del self._flights[key]
        why = why.encode(errors="replace")[:NAME_BYTES].decode(errors="ignore")
        effects: list[Effect] = [Failed(key, why)] if flight.asked else []
        return effects + (self._post(self._owner(key, flight.place), FAIL, [key, token, why], now) if token else [])

    def drop(self, key: str, now: float) -> list[Effect]:
        """What the value was computed from has changed: it is not to be used any more (near copies run out)."""
        self._near.drop(read_name(key))
        owners = rank(key, self._weights)[:DROPPED_AT]
        return [effect for owner in owners for effect in self._post(owner, DROP, [key], now)]

    # -- what it knows -------------------------------------------------------------------------------------------------

    @property
    def owned(self) -> int:
        """How many entries this cell owns."""
        return len(self._shelf.entries)

    # -- core ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        waiting = [flight.due for flight in self._flights.values()] + [put.due for put in self._puts.values()]
        return min([self._warm_due, self._shelf.due, *waiting])

    def tick(self, now: float) -> list[Effect]:
        """Ask again where nobody answered, and give leases that have run out to others."""
        effects = self._answer(self._shelf.expire(now), now)
        for key in [key for key, flight in self._flights.items() if flight.due <= now]:
            flight = self._flights.get(key)
            if flight is not None:
                effects += self._ask(key, flight, now)
        for key, put in list(self._puts.items()):
            if put.due <= now:
                put.tries, put.due = put.tries + 1, now + self.config.patience
                effects.append(Send(put.to, PUT, put.body))
                if put.tries >= self.config.tries:
                    del self._puts[key]
        if self._warm_due <= now:
            self._warm_due = math.inf
            effects.append(Warmed(self._warmed))
        return effects

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet has arrived."""
        return read(sender, kind, body, lambda raw: self._hear(sender, kind, raw, now))

    def _hear(self, sender: Pid, kind: str, raw: Any, now: float) -> list[Effect]:
        read_name(sender.name)
        if kind in ANSWERS:
            return self._answered(sender, ANSWERS[kind], raw, now)
        hear = {
            GET: self._asked,
            FULL: self._refused,
            PUT: self._put,
            GOT: self._confirmed,
            FAIL: self._gave_up,
            DROP: self._dropped,
            WARM: self._warm,
            HOT: self._hot,
        }
        return hear[kind](sender, raw, now)

    def _post(self, to: str, kind: str, body: Any, now: float) -> list[Effect]:
        """Say something to a cell, which may be this one."""
        return self._hear(self.pid, kind, body, now) if to == self.pid.name else [Send(to, kind, body)]

    # -- as one who asks -----------------------------------------------------------------------------------------------

    def _owner(self, key: str, place: int) -> str:
        ranked = self._ranks.get(key)
        if ranked is None or place >= len(ranked):
            everybody = rank(key, self._weights)
            if len(self._ranks) >= self.config.max_flights:
                del self._ranks[next(iter(self._ranks))]
            ranked = self._ranks[key] = everybody[: max(DROPPED_AT, place + 1)]
        return ranked[min(place, len(ranked) - 1)]

    def _ask(self, key: str, flight: Flight, now: float) -> list[Effect]:
        if flight.tries >= self.config.tries or flight.place >= len(self._weights):
            return self._compute(key, flight, 0, now)
        flight.tries += 1
        flight.due = now + self.config.patience
        return self._post(self._owner(key, flight.place), GET, [key, self._shelf.load], now)

    def _compute(self, key: str, flight: Flight, token: int, now: float) -> list[Effect]:
        flight.token, flight.since, flight.due = token, now, math.inf
        return [Compute(key, token)]

    def _answered(self, sender: Pid, word: Word, raw: Any, now: float) -> list[Effect]:
        key, load, token, packed, left = read_list(raw, 5, 5)
        read_number(token)
        why = read_text(left) if word is Word.FAILED else ""
        if word is Word.VALUE:
            unpack(read_bytes(packed))
            read_number(left)
        self._note(sender, load)
        flight = self._flights.get(read_name(key))
        if flight is None or (flight.token is not None and (word is not Word.LEASE or flight.token in (0, token))):
            return []
        if word is Word.LEASE:
            return self._compute(key, flight, token, now)
        if word is Word.WAIT:
            flight.tries, flight.due = 0, now + self.config.lease / 2
            return []
        del self._flights[key]
        if word is Word.FAILED:
            return [Failed(key, why)] if flight.asked else []
        if sender != self.pid:
            self._keep_near(key, packed, left / 1000, now)
        effects: list[Effect] = [Found(key, unpack(packed))]
        if token:
            flight = self._flights[key] = Flight(place=flight.place, asked=False)
            effects += self._compute(key, flight, token, now)
        return effects

    def _refused(self, sender: Pid, raw: Any, now: float) -> list[Effect]:
        """The one that was asked owns enough."""
        key, load = read_list(raw, 2, 2)
        self._note(sender, load)
        flight = self._flights.get(read_name(key))
        if flight is None or flight.token is not None or self._owner(key, flight.place) != sender.name:
            return []
        flight.place, flight.tries = flight.place + 1, 0
        return self._ask(key, flight, now)

    def _keep_near(self, key: str, packed: bytes, left: float, now: float) -> None:
        ttl = self.config.near_ttl * (1.0 + self.config.jitter * (2.0 * self._rng.random() - 1.0))
        self._near.put(key, packed, now + min(ttl, left), 0.0, now)

    def _confirmed(self, sender: Pid, raw: Any, now: float) -> list[Effect]:
        key, token = read_list(raw, 2, 2)
        put = self._puts.get(read_name(key))
        if put is not None and put.body[1] == token and put.to == sender.name:
            del self._puts[key]
        return []

    # -- as an owner ---------------------------------------------------------------------------------------------------

    def _asked(self, sender: Pid, raw: Any, now: float) -> list[Effect]:
        key, load = read_list(raw, 2, 2)
        self._note(sender, load)
        if read_name(key) not in self._shelf and (self._passed_on.get(key, 0.0) > now or self._is_full()):
            # And for as long as the other may have it, or it would be computed again here when there is room.
            self._passed_on.pop(key, None)
            self._passed_on[key] = now + self.config.ttl
            if len(self._passed_on) > self.config.max_owned:
                del self._passed_on[next(iter(self._passed_on))]
            return self._post(sender.name, FULL, [key, self._shelf.load], now)
        return self._answer([self._shelf.serve(sender, key, now)], now)

    def _is_full(self) -> bool:
        """Whether one more entry would be more than 1.25 times the mean; what is being computed counts as owned.

        What is known of the others is as old as their last word.  Since then they have grown like this cell; but only
        half of that is believed: a cell is about to be full because it has grown more than others.  Of whom nothing is
        known counts as the mean of the others.
        """
        load, cells = self._shelf.load, len(self._weights)
        if load < self.config.least_load:
            return False
        others = [theirs + (load - then) / 2 for theirs, then in self._loads.values()] or [load]
        everybody = load + sum(others) / len(others) * (cells - 1)
        share = self._weights[self.pid.name] / sum(self._weights.values())
        most = capacity(int(everybody), share, self.config.load_factor)
        return load + 1 > max(most, self.config.least_load)

    def _note(self, sender: Pid, load: Any) -> None:
        """How much a cell owns; every word between cells says so."""
        owned = read_number(load)
        if sender.name in self._weights and sender.name != self.pid.name:
            self._loads[sender.name] = owned, self._shelf.load

    def _answer(self, answers: list[Answer], now: float) -> list[Effect]:
        effects: list[Effect] = []
        for to, word, key, token, entry, why in answers:
            packed, left = (b"", why) if entry is None else (entry.packed, _millis(entry.expires - now))
            effects += self._post(to.name, f"cache.{word}", [key, self._shelf.load, token, packed, left], now)
        return effects

    def _put(self, sender: Pid, raw: Any, now: float) -> list[Effect]:
        key, token, packed, ttl, cost = read_list(raw, 5, 5)
        unpack(read_bytes(packed))
        if len(packed) > self.config.max_bytes:
            raise ValueError(f"a value of {len(packed)} bytes")
        seconds = read_number(ttl) / 1000, read_number(cost) / 1000
        answers = self._shelf.store(sender, read_name(key), read_number(token), packed, *seconds, now)
        confirmed = [] if sender == self.pid else [Send(sender.name, GOT, [key, token])]
        return confirmed + self._answer(answers, now)

    def _gave_up(self, sender: Pid, raw: Any, now: float) -> list[Effect]:
        key, token, why = read_list(raw, 3, 3)
        answers = self._shelf.fail(sender, read_name(key), read_number(token), read_text(why))
        return self._answer(answers, now)

    def _dropped(self, sender: Pid, raw: Any, now: float) -> list[Effect]:
        key = read_name(read_list(raw, 1, 1)[0])
        self._near.drop(key)
        return self._answer(self._shelf.drop(key, now), now)

    # -- birth ---------------------------------------------------------------------------------------------------------

    def _warm(self, sender: Pid, raw: Any, now: float) -> list[Effect]:
        """A newborn asks for the hottest."""
        hot = self._shelf.entries.hottest(self.config.hot_share, now) + self._near.hottest(self.config.hot_share, now)
        told, room = [], HOT_BYTES
        for key, entry in hot:
            room -= len(entry.packed) + len(key) + 16
            if room < 0:
                break
            told.append([key, entry.packed, _millis(entry.expires - now)])
        return [Send(sender.name, HOT, told)]

    def _hot(self, sender: Pid, raw: Any, now: float) -> list[Effect]:
        """What a neighbour reads most: kept near, for as long as copies are."""
        if not self._warmers or sender.name not in self._warmers or self._warm_due == math.inf:
            return []
        entries = [(read_text(key), read_bytes(packed), read_number(left)) for key, packed, left in read_list(raw)]
        self._warmers.discard(sender.name)
        for key, packed, left in entries:
            unpack(packed)
            self._keep_near(key, packed, left / 1000, now)
        self._warmed += len(entries)
        if self._warmers:
            return []
        self._warm_due = math.inf
        return [Warmed(self._warmed)]


def _millis(seconds: float) -> int:
    return max(0, int(seconds * 1000))
