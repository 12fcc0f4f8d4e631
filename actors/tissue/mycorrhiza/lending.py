"""A budget that siblings pool: who has more than it needs lends to who lacks, for seconds at a time.

For a backend developer: ten workers share twenty database connections (or API tokens, file handles, licences) without a
proxy.  Each owns some; one that is busy uses what the idle ones do not need, and there are never more than twenty.

::

    pool = Lending(pid, rng, now, owned=2)
    pool.neighbours({"worker-2", "worker-3"}, now)      # then `tick` when `due`, `receive` what arrives
    pool.want(7, now)                                   # as the queue grows
    pool.held                                           # how many may be used now

Who lacks units asks two neighbours; one with nothing to spare passes the request on, so that units are found some hops
away (``reach``), and whoever has them lends straight to who asked.  A loan ends after ``duration`` seconds unless it is
renewed, and is renewed at half of that.  If its lender needs the units itself it does not renew, and has them back
within one duration; nobody is robbed of what is in use.

*Never twice*: a borrower counts the duration from when it **asked**, the lender from when it was asked, which is later.
So the borrower has stopped before the lender begins again, whatever was lost, doubled or late, with no common time;
clocks may run ``margin`` apart (in rate).  A borrower that dies gives back by expiry, not before: a death may be an
error.  A lender that dies leaves its loans to run out; its next life owns nothing until they have.

Source: leases, Gray and Cheriton, SOSP 1989; the flow from plenty to want is Cybenko's diffusion by demand.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from ..core import Effect, Refused, Send, TissueEvent, read
from ..plain import read_list, read_name, read_number

if TYPE_CHECKING:
    import random

ASK, LEND, RENEW, BACK = (f"lending.{word}" for word in ("ask", "lend", "renew", "back"))

MAX_UNITS = 1 << 31


@dataclass(frozen=True, slots=True)
class LendingConfig:
    """How units are lent.  All times are seconds.  Raises ``ValueError`` naming the field.

    - ``duration``: of a loan, 10.0.  A crash locks what was lent for as long; shorter costs more renewals.
    - ``margin``: a lender waits for this share of ``duration`` longer than the borrower may use a loan, 0.01: how far
      the rates of two clocks may differ.
    - ``patience``: who lacks units asks again after 0.5, and after twice that each time nobody had any, up to a
      ``duration``.
    - ``fanout``: neighbours that are asked at a time, 2.
    - ``reach``: how many cells a request may be passed along to, 4.
    - ``max_loans`` given, and as many taken, 1024.
    """

    duration: float = 10.0
    margin: float = 0.01
    patience: float = 0.5
    fanout: int = 2
    reach: int = 4
    max_loans: int = 1024

    def __post_init__(self) -> None:
        for name in ("duration", "patience"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"LendingConfig.{name} must be above 0 and finite; got {getattr(self, name)!r}")
        if not 0 <= self.margin < math.inf:
            raise ValueError(f"LendingConfig.margin must be at least 0 and finite; got {self.margin!r}")
        for name in ("fanout", "reach", "max_loans"):
            if type(getattr(self, name)) is not int or getattr(self, name) < 1:
                raise ValueError(f"LendingConfig.{name} must be a whole number above 0; got {getattr(self, name)!r}")


LENDING = LendingConfig()
"""The default."""


@dataclass(frozen=True, slots=True)
class Held(TissueEvent):
    """So many ``units`` may be used now; never use more."""

    units: int


@dataclass(frozen=True, slots=True)
class Ending(TissueEvent):
    """A loan will not be renewed: ``units`` fewer may be used from ``at`` on."""

    units: int
    at: float


@dataclass(slots=True)
class _Loan:
    """Units from a lender or to a borrower until ``ends``; ``asked``: when the borrower asked, ``renew``: does again.

    ``is_ending``: the lender will not renew it.
    """

    units: int
    ends: float
    asked: float = 0.0
    renew: float = math.inf
    is_ending: bool = False


class Lending:
    """One cell's part of the pool; a core (:mod:`~actors.tissue.core`).

    ``owned``: how many units are its own, a whole number.  ``succeeds``: whether an earlier life of this place may have
    lent some of them less than a duration ago; unless told, any life but the first does.  Its owner calls
    ``neighbours`` when contacts come and go, ``died`` when one is dead, ``want`` whenever the need changes, and uses at
    most ``held``.  Reports ``Held`` and ``Ending``.  Due only while something is lent, borrowed or lacking.
    """

    def __init__(
        self,
        pid: Pid,
        rng: random.Random,
        now: float,
        owned: int,
        config: LendingConfig = LENDING,
        *,
        succeeds: bool | None = None,
    ) -> None:
        read_name(pid.name)
        if type(owned) is not int or not 0 <= owned < MAX_UNITS:
            raise ValueError(f"Lending.owned must be a whole number from 0 to {MAX_UNITS - 1}; got {owned!r}")
        self.pid = pid
        self.config = config
        self.owned = owned
        self._rng = rng
        self._wanted = 0
        self._neighbours: list[str] = []
        self._serial = 0
        self._asks: dict[int, float] = {}
        self._given: dict[tuple[Pid, int], _Loan] = {}
        self._taken: dict[tuple[Pid, int], _Loan] = {}
        self._ask_due = math.inf
        self._fruitless = 0
        # What an earlier life of this place lent may still be in use.
        is_locked = pid.incarnation > 1 if succeeds is None else succeeds
        self._locked_until = now + self._locked_for if is_locked else -math.inf
        self._now = now
        self._reported = self.held

    def __repr__(self) -> str:
        return f"Lending({self.pid}, owned={self.owned}, lent={self.lent}, borrowed={self.borrowed})"

    # -- what it knows -------------------------------------------------------------------------------------------------

    @property
    def lent(self) -> int:
        """Units that are out, or may be: those of borrowers that are silent too, until their loans have ended."""
        return sum(loan.units for loan in self._given.values())

    @property
    def borrowed(self) -> int:
        """Units of others that may be used here."""
        return sum(loan.units for loan in self._taken.values())

    @property
    def ending(self) -> int:
        """Those of them that will not be renewed."""
        return sum(loan.units for loan in self._taken.values() if loan.is_ending)

    @property
    def held(self) -> int:
        """Units that may be used here now, as of the last call."""
        return max(0, self._own - self.lent) + self.borrowed

    @property
    def spare(self) -> int:
        """Units of its own that could be lent."""
        return max(0, min(self._own - self.lent, self.held - self._wanted))

    @property
    def _own(self) -> int:
        return 0 if self._now < self._locked_until else self.owned

    # -- what its owner says -------------------------------------------------------------------------------------------

    def neighbours(self, names: Iterable[str], now: float) -> list[Effect]:
        """These can be asked from now on."""
        self._neighbours = sorted({name for name in names if name != self.pid.name})
        return self._settle(now)

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """A cell is dead: it is not asked any more.  What it borrowed comes back by expiry."""
        self._neighbours = [name for name in self._neighbours if name != pid.name]
        return self._settle(now)

    def want(self, units: int, now: float) -> list[Effect]:
        """So many units are wanted here in all from now on; what was borrowed beyond that is given back at once."""
        if type(units) is not int or not 0 <= units < MAX_UNITS:
            raise ValueError(f"Lending.want: a whole number from 0 to {MAX_UNITS - 1} is wanted; got {units!r}")
        if units > self._wanted:
            self._fruitless = 0
            self._ask_due = min(self._ask_due, now)
        self._wanted = units
        return self._settle(now)

    # -- core ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        loans = [min(loan.ends, loan.renew) for loan in self._taken.values()]
        loans += [loan.ends for loan in self._given.values()]
        locked = self._locked_until if self._locked_until > self._now else math.inf
        return min([self._ask_due, locked, *loans])

    def tick(self, now: float) -> list[Effect]:
        """End what has run out, renew, and ask for what is lacking."""
        return self._settle(now)

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet has arrived."""
        return read(sender, kind, body, lambda raw: self._hear(sender, kind, raw, now))

    def _hear(self, sender: Pid, kind: str, raw: Any, now: float) -> list[Effect]:
        read_name(sender.name)
        self._expire(now)
        if kind == ASK:
            effects = self._asked(raw, now)
        elif kind == LEND:
            effects = self._lent_to_me(sender, raw, now)
        elif kind == RENEW:
            effects = self._renewed(sender, raw, now)
        elif kind == BACK:
            effects = self._given_back(sender, raw)
        else:
            return [Refused(sender, kind, "no kind of packet that is known here")]
        return effects + self._settle(now)

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def _locked_for(self) -> float:
        """How long a lender keeps its hands off what it has lent."""
        return self.config.duration * (1.0 + self.config.margin)

    def _expire(self, now: float) -> None:
        self._now = now
        for loans in (self._given, self._taken):
            for key in [key for key, loan in loans.items() if loan.ends <= now]:
                del loans[key]
        for serial in [serial for serial, at in self._asks.items() if at + self.config.duration <= now]:
            del self._asks[serial]

    def _settle(self, now: float) -> list[Effect]:
        """Whatever happened: bring everything up to date."""
        self._expire(now)
        effects = self._return_surplus() + self._renew(now) + self._ask(now)
        if self.held != self._reported:
            self._reported = self.held
            effects.append(Held(self.held))
        return effects

    # -- as a borrower -------------------------------------------------------------------------------------------------

    def _ask(self, now: float) -> list[Effect]:
        """Ask for what is lacking, the more rarely the longer nobody has any."""
        lacking = self._wanted - self.held + sum(loan.units for loan in self._taken.values() if loan.is_ending)
        if lacking <= 0 or not self._neighbours or len(self._taken) >= self.config.max_loans:
            self._ask_due = math.inf
            return []
        wait = min(self.config.patience * 2.0 ** min(self._fruitless, 30), self.config.duration)
        if self._ask_due == math.inf:
            self._ask_due = now
        if self._ask_due > now:
            return []
        self._ask_due = now + wait * (0.5 + self._rng.random())
        self._fruitless += 1
        asked = self._rng.sample(self._neighbours, min(self.config.fanout, len(self._neighbours)))
        effects: list[Effect] = []
        for number, name in enumerate(asked):
            share = (lacking + number) // len(asked)
            if share > 0:
                self._serial += 1
                self._asks[self._serial] = now
                body = [self.pid.name, self.pid.incarnation, self._serial, share, self.config.reach - 1]
                effects.append(Send(name, ASK, body))
        return effects

    def _lent_to_me(self, sender: Pid, raw: Any, now: float) -> list[Effect]:
        """A loan, or the answer to a renewal: ``units`` may be used until a duration after it was asked for."""
        serial, asked_as, units, seconds = _numbers(raw, 4)
        duration = min(seconds / 1000, self.config.duration)
        loan = self._taken.get((sender, serial))
        asked = self._asks.get(asked_as)
        if loan is None:
            if asked is None or asked + duration <= now or serial != asked_as or not units:
                return [self._back(sender, serial, 0)]
            if len(self._taken) >= self.config.max_loans:
                del self._asks[serial]  # or a double of this packet might be taken, and the word above come after it
                return [self._back(sender, serial, 0)]
            self._fruitless = 0
            self._taken[sender, serial] = _Loan(units, asked + duration, asked, asked + duration / 2)
        elif asked is not None and not units:
            is_news, loan.is_ending, loan.renew = not loan.is_ending, True, math.inf
            return [Ending(loan.units, loan.ends)] if is_news else []
        elif asked is not None and asked > loan.asked:
            loan.asked, loan.ends, loan.renew = asked, asked + duration, asked + duration / 2
        return []

    def _renew(self, now: float) -> list[Effect]:
        """Say again that a loan is needed; until the lender has answered, or it has ended."""
        effects: list[Effect] = []
        for (lender, serial), loan in self._taken.items():
            if loan.renew <= now:
                loan.renew = now + self.config.duration / 10
                self._serial += 1
                self._asks[self._serial] = now
                effects.append(Send(lender.name, RENEW, [self.pid.incarnation, serial, loan.units, self._serial]))
        return effects

    def _return_surplus(self) -> list[Effect]:
        """Give back what is not needed: first what its lender needs."""
        effects: list[Effect] = []
        surplus = self.held - self._wanted
        for (lender, serial), loan in sorted(self._taken.items(), key=lambda item: not item[1].is_ending):
            if surplus <= 0:
                break
            back = min(surplus, loan.units)
            surplus -= back
            loan.units -= back
            if not loan.units:
                del self._taken[lender, serial]
                self._asks.pop(serial, None)  # or a double of the lender's word would bring the loan back
            effects.append(self._back(lender, serial, loan.units))
        return effects

    def _back(self, lender: Pid, serial: int, kept: int) -> Send:
        return Send(lender.name, BACK, [self.pid.incarnation, serial, kept])

    # -- as a lender ---------------------------------------------------------------------------------------------------

    def _asked(self, raw: Any, now: float) -> list[Effect]:
        """Somebody lacks units: lend it what there is, and pass on what is still lacking."""
        name, *numbers = read_list(raw, 5, 5)
        life, serial, lacking, hops = _numbers(numbers, 4)
        borrower = Pid(read_name(name), life)
        if borrower.name == self.pid.name or not 0 < lacking < MAX_UNITS:
            return []
        effects: list[Effect] = []
        loan = self._given.get((borrower, serial))
        if loan is not None:  # its answer may have been lost; said again, it is still one loan
            return [self._lend(borrower, serial, serial, loan.units)]
        units = min(self.spare, lacking)
        if units > 0 and len(self._given) < self.config.max_loans:
            self._given[borrower, serial] = _Loan(units, now + self._locked_for)
            effects.append(self._lend(borrower, serial, serial, units))
            lacking -= units
        others = [each for each in self._neighbours if each != borrower.name]
        if lacking > 0 and hops > 0 and others:
            further = [name, life, serial, lacking, min(hops, self.config.reach) - 1]
            effects.append(Send(self._rng.choice(others), ASK, further))
        return effects

    def _renewed(self, sender: Pid, raw: Any, now: float) -> list[Effect]:
        """A borrower needs a loan for longer: it may have it unless the units are needed here, or it has ended."""
        life, serial, kept, asked_as = _numbers(raw, 4)
        borrower = Pid(sender.name, life)
        loan = self._keep(borrower, serial, kept)
        is_lacking = self._wanted > self.held + sum(each.units for each in self._given.values() if each.is_ending)
        if loan is not None and is_lacking:
            loan.is_ending = True
        if loan is None or loan.is_ending:
            return [self._lend(borrower, serial, asked_as, 0)]
        loan.ends = now + self._locked_for
        return [self._lend(borrower, serial, asked_as, loan.units)]

    def _given_back(self, sender: Pid, raw: Any) -> list[Effect]:
        life, serial, kept = _numbers(raw, 3)
        self._keep(Pid(sender.name, life), serial, kept)
        return []

    def _keep(self, borrower: Pid, serial: int, kept: int) -> _Loan | None:
        """A borrower keeps so much of a loan, and never more again: words about it may overtake each other."""
        loan = self._given.get((borrower, serial))
        if loan is not None:
            loan.units = min(loan.units, kept)
            if not loan.units:
                del self._given[borrower, serial]
                return None
        return loan

    def _lend(self, borrower: Pid, serial: int, asked_as: int, units: int) -> Send:
        return Send(borrower.name, LEND, [serial, asked_as, units, round(self.config.duration * 1000)])


def _numbers(raw: Any, count: int) -> list[int]:
    return [read_number(each) for each in read_list(raw, count, count)]
