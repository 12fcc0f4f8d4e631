"""The service that is crashed: a shop.  Three levels, all strategies, a pool, sessions that come and go.

::

    shop                 one_for_one
    ├── gateway          hands every request on
    ├── orders           a pool of 4: asks stock and payments, tells the notifier
    ├── stock            rest_for_one: who comes later relies on who came before
    │   ├── catalogue
    │   ├── inventory    has a slow dependency
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
from supervisors.backoff import Backoff
from supervisors.spec import DynamicSupervisor, Pool, Supervisor, child

SESSIONS = 200
SLOW_EVERY = 8
"""One reservation in so many asks the slow dependency."""

SLOW = 0.003
"""Seconds that the slow dependency takes."""


@dataclass(slots=True)
class Desk:
    """What outlives every life: when somebody crashed, what was counted, and whether the world outside works."""

    crashes: dict[str, float] = field(default_factory=dict)
    notices_sent: int = 0
    notices_handled: int = 0
    mail_server_is_up: bool = True

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
        """Reserve, charge, notify."""
        try:
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


class Inventory(Part):
    """Reserves; now and then it has to ask a slow dependency."""

    @handle
    async def reserve(self, message: Reserve) -> None:
        """Put it aside."""
        if message.number % SLOW_EVERY == 0:
            await asyncio.sleep(SLOW)


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
            child(Part, desk, id="catalogue"),
            child(Inventory, desk, id="inventory"),
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
