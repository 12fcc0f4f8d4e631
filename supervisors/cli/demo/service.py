"""The service that is crashed: a shop.  Three levels, all strategies, a pool, sessions that come and go, and two
workers that are replaced before they crash.

::

    shop                 one_for_one
    ├── gateway          hands every request on
    ├── orders           a pool of 4: asks stock and payments, tells the notifier
    ├── stock            rest_for_one: who comes later relies on who came before
    │   ├── catalogue    grows with each price it looks up, and so has a lifetime
    │   ├── inventory    has a slow dependency; counts twice, and says if the two disagree
    │   └── notifier
    ├── payments         one_for_all: neither is worth anything without the other
    │   ├── ledger
    │   └── cards
    ├── mail             does not start while its server is away; waits longer and longer
    ├── sessions         one for each visitor, added while it runs
    └── reports          may restart twice in 5 s, then gives up
        ├── totals
        └── export
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from actors import Actor, ActorError, Mailbox, Ref, Request, handle
from supervisors.apoptosis.policy import Apoptosis, Lifetime
from supervisors.backoff import Backoff
from supervisors.spec import DynamicSupervisor, Pool, Supervisor, child

SESSIONS = 200
SLOW_EVERY = 8
"""One reservation in so many asks the slow dependency."""

SLOW = 0.003
"""Seconds that the slow dependency takes."""

WARMING = 0.05
"""Seconds until a catalogue knows all prices."""

AGEING = Apoptosis(lifetime=Lifetime(messages=150), every=0.1)
"""A catalogue's: it is replaced after some 150 lookups."""

TRUE = Apoptosis(every=0.1, snapshot=0.1)
"""An inventory's: it is replaced when repairs do not make its counts agree."""

SHELVES = 8


@dataclass(slots=True)
class Desk:
    """What outlives every life: when somebody crashed, what was counted, and what the world outside is like.

    ``log``: the shelf of each reservation, in order; ``priced``: orders that were told their price.
    """

    crashes: dict[str, float] = field(default_factory=dict)
    notices_sent: int = 0
    notices_handled: int = 0
    mail_server_is_up: bool = True
    is_sale: bool = False
    priced: int = 0
    log: list[int] = field(default_factory=list)

    def __repr__(self) -> str:
        return "desk"


@dataclass(frozen=True, slots=True)
class Order(Request[str]):
    """Buy something."""

    number: int


@dataclass(frozen=True, slots=True)
class Visit(Request[int]):
    """Look at a page; the answer is how many this session has seen."""


@dataclass(frozen=True, slots=True)
class Reserve(Request[None]):
    """Put it aside."""

    number: int


@dataclass(frozen=True, slots=True)
class Price(Request[int]):
    """What does it cost?"""

    number: int


@dataclass(frozen=True, slots=True)
class Count(Request[int]):
    """How many has this place handled, over all its lives?"""


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Spoil one's own state, once or (``lasting``) again each time that it is repaired."""

    lasting: bool


@dataclass(frozen=True, slots=True)
class Charge(Request[int]):
    """Take the money."""

    number: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Tell the customer; nobody waits for it."""

    number: int


@dataclass(frozen=True, slots=True)
class Ping(Request[int]):
    """Who lives there?  The answer is the incarnation.  It waits in line like any request."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Crash with this."""

    error: Exception


class Part(Actor):
    """What all parts of the shop can do: say who they are, and crash when they are told to."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def place(self, path: str) -> Ref[Any]:
        """The ref of another part."""
        found = self.system.whereis(f"shop/{path}")
        if found is None:
            raise LookupError(f"the shop has no {path}")
        return found

    @handle
    def ping(self, message: Ping) -> int:
        """Answer with the number of this life."""
        return self.pid.incarnation

    @handle
    def fail(self, message: Fail) -> None:
        """Note the moment, and crash."""
        self.desk.crashes[self.ref.name] = self.system.now()
        raise message.error


class Press(Actor):
    """Prints labels, in a process of its own, and shares nothing with anybody."""

    @handle
    def ping(self, message: Ping) -> int:
        """Answer with the number of this life."""
        return self.pid.incarnation


class Gateway(Part):
    """Hands orders to the pool: whoever asked is answered from there."""

    @handle
    def order(self, message: Order) -> None:
        """Hand it on, asker and all."""
        self.forward(self.place("orders"))


class Clerk(Part):
    """Carries out an order; if somebody it needs dies meanwhile, the customer hears of it and the clerk lives on."""

    @handle
    async def order(self, message: Order) -> str | None:
        """In a sale ask for the price; reserve, charge, notify."""
        try:
            if self.desk.is_sale:
                await self.place("stock/catalogue").ask(Price(message.number), timeout=1.0)
                self.desk.priced += 1
            await self.place("stock/inventory").ask(Reserve(message.number), timeout=1.0)
            total = await self.place("payments/cards").ask(Charge(message.number), timeout=1.0)
        except ActorError as error:
            reply = self.defer()
            if reply is not None:
                reply.fail(error)
            return None
        self.desk.notices_sent += 1
        self.place("stock/notifier").tell(Notice(message.number))
        return f"order {message.number} is booked as {total}"


class Catalogue(Part):
    """Knows prices, and keeps whatever it looked up: the longer it lives the more it holds.

    Its successors go on counting, and do not serve before they are warm.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.looked_up = 0
        self.leak: list[str] = []

    def started(self) -> None:
        """Begin to read prices."""
        self.warm_at = self.system.now() + WARMING

    def ready(self) -> bool:
        """Whether all are read."""
        return self.system.now() >= self.warm_at

    def bequeath(self) -> int:
        """The count, and not what has piled up."""
        return self.looked_up

    def inherit(self, estate: int) -> None:
        """Go on counting."""
        self.looked_up = estate

    @handle
    def price(self, message: Price) -> int:
        """Look it up."""
        self.looked_up += 1
        self.leak.append(f"price of {message.number}")
        return 10 + message.number % 90

    @handle
    def count(self, message: Count) -> int:
        """Lookups of all lives."""
        return self.looked_up


class Inventory(Part):
    """Counts what is reserved by shelf, and how much of the log that is; the two have to agree.

    Now and then it has to ask a slow dependency.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.shelves = [0] * SHELVES
        self.upto = 0
        self.is_bent = False
        self.behind = 0

    def bequeath(self) -> tuple[list[int], int]:
        """What was counted."""
        return self.shelves, self.upto

    def inherit(self, estate: tuple[list[int], int]) -> None:
        """Take over what was counted; ``behind`` is what came since."""
        self.shelves, self.upto = estate
        self.behind = len(self.desk.log) - self.upto

    def repair(self, level: int) -> None:
        """Count again, from the beginning."""
        self.shelves = [0] * SHELVES
        self.upto = 0
        self.catch_up()

    def catch_up(self) -> None:
        """Count what is in the log and was not counted yet."""
        for shelf in self.desk.log[self.upto :]:
            self.shelves[shelf] += 1
        self.upto = len(self.desk.log)
        self.shelves[0] += self.is_bent

    @handle
    async def reserve(self, message: Reserve) -> None:
        """Put it aside."""
        if message.number % SLOW_EVERY == 0:
            await asyncio.sleep(SLOW)
        self.desk.log.append(message.number % SHELVES)
        self.catch_up()
        if sum(self.shelves) != self.upto:
            self.damage(1.0, f"{sum(self.shelves):,} on the shelves, {self.upto:,} in the log")

    @handle
    def corrupt(self, message: Corrupt) -> None:
        """What must not happen."""
        self.shelves[0] += 1
        self.is_bent = message.lasting

    @handle
    def count(self, message: Count) -> int:
        """What is on the shelves."""
        self.catch_up()
        return sum(self.shelves)


class Notifier(Part):
    """Is told and tells nobody back."""

    @handle
    def notice(self, message: Notice) -> None:
        """Count it."""
        self.desk.notices_handled += 1


class Cards(Part):
    """Charges a card and has the ledger book it."""

    @handle
    def charge(self, message: Charge) -> None:
        """Hand it on to the ledger."""
        self.forward(self.place("payments/ledger"))


class Ledger(Part):
    """Books."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.booked = 0

    @handle
    def charge(self, message: Charge) -> int:
        """Book it."""
        self.booked += 1
        return self.booked


class Mail(Part):
    """Starts only if its server answers."""

    def started(self) -> None:
        """Connect."""
        if not self.desk.mail_server_is_up:
            raise ConnectionRefusedError("mail server is away")


class Session(Part):
    """One visitor."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.pages = 0

    @handle
    def visit(self, message: Visit) -> int:
        """One more page."""
        self.pages += 1
        return self.pages


def shop(desk: Desk | None = None) -> Supervisor:
    """The whole tree."""
    desk = desk or Desk()
    stock = Supervisor(
        "stock",
        [
            child(Catalogue, desk, id="catalogue", apoptosis=AGEING),
            child(Inventory, desk, id="inventory", apoptosis=TRUE),
            child(Notifier, desk, id="notifier"),
        ],
        strategy="rest_for_one",
    )
    payments = Supervisor(
        "payments", [child(Ledger, desk, id="ledger"), child(Cards, desk, id="cards")], strategy="one_for_all"
    )
    reports = Supervisor("reports", [child(Part, desk, id="totals"), child(Part, desk, id="export")], max_restarts=2)
    return Supervisor(
        "shop",
        [
            child(Gateway, desk, id="gateway"),
            Pool("orders", child(Clerk, desk, id="clerk", mailbox=Mailbox(1000)), size=4, max_restarts=20),
            stock,
            payments,
            child(Mail, desk, id="mail", backoff=Backoff(base=0.05, cap=0.5)),
            DynamicSupervisor("sessions", max_children=SESSIONS, max_restarts=10 * SESSIONS),
            reports,
        ],
        max_restarts=100,
    )


def session(desk: Desk, number: int) -> Any:
    """The spec of one session."""
    return child(Session, desk, id=f"visitor-{number}")


def press() -> Any:
    """The spec of the press, which is added while the shop runs."""
    return child(Press, id="press", place="process")
