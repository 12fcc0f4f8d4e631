"""Random schedules: senders, receivers that crash, are killed and restarted, and an account of every message sent.

``python -m tests.actors.schedules SEED`` plays one and prints its trace.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from actors import KILL, SHUTDOWN, Actor, ActorError, ActorSystem, Blueprint, CoDel, Mailbox, Ref, Undelivered, handle
from actors.blueprint import Overflow
from actors.testing import World, world
from tests.actors.kit import Restarts

Deed = Literal["return", "sleep", "crash", "crash late", "swallow", "forward"]
Move = Literal["tell", "ask", "within", "urgent", "kill", "exit", "pause"]


@dataclass(frozen=True, slots=True)
class Item:
    """The ``number``-th message of ``sender``, and what its handler is to do with it."""

    sender: str
    number: int
    deed: Deed


@dataclass(frozen=True, slots=True)
class UrgentItem(Item):
    """One for the urgent lane."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """How an actor of a schedule is made."""

    asynchronous: bool
    restarts: int
    limit: int
    overflow: Overflow
    redeliver: int
    control: CoDel | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One move of a sender."""

    move: Move
    target: int
    deed: Deed
    patient: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole schedule."""

    receivers: tuple[Receiver, ...]
    senders: tuple[tuple[Step, ...], ...]


@dataclass
class Account:
    """What became of every message."""

    told: list[Item] = field(default_factory=list)
    asked: list[Item] = field(default_factory=list)
    begun: dict[str, list[Item]] = field(default_factory=dict)
    completed: Counter[Item] = field(default_factory=Counter)
    dead: Counter[Item] = field(default_factory=Counter)
    quarantined: Counter[Item] = field(default_factory=Counter)
    refused: Counter[Item] = field(default_factory=Counter)
    answered: Counter[Item] = field(default_factory=Counter)
    failed: Counter[Item] = field(default_factory=Counter)
    shed: int = 0
    trace: str = ""


class Works(Actor):
    """Does what each item says and writes down when it began and completed it."""

    def __init__(self, account: Account, others: list[Ref[Any]]) -> None:
        self.account = account
        self.others = others
        self.forwarded = 0

    def begin(self, item: Item) -> None:
        self.account.begun.setdefault(self.ref.name, []).append(item)
        if item.deed == "crash":
            raise RuntimeError("crash")
        if item.deed == "forward":
            self.forwarded += 1
            copy = Item(f"{self.pid}", self.forwarded, "return")
            tell(self.account, self.system.rng.choice(self.others), copy)

    def complete(self, item: Item) -> Item:
        self.unstash()  # raises NotRunning in a life that was abandoned: what it held has been reported already
        self.account.completed[item] += 1
        return item


class PlainWorks(Works):
    @handle
    def item(self, item: Item) -> Item:
        self.begin(item)
        return self.complete(item)

    @handle(priority=True)
    def urgent(self, item: UrgentItem) -> Item:
        return self.item(item)


class AsyncWorks(Works):
    @handle
    async def item(self, item: Item) -> Item:
        self.begin(item)
        if item.deed in ("sleep", "crash late"):
            await asyncio.sleep(1.0)
        if item.deed == "crash late":
            raise RuntimeError("crash late")
        if item.deed == "swallow":
            await swallow(1.0)
        return self.complete(item)

    @handle(priority=True)
    async def urgent(self, item: UrgentItem) -> Item:
        return await self.item(item)


async def swallow(seconds: float) -> None:
    """Lets no cancellation through for so long; long enough to be abandoned by a kill."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        try:
            await asyncio.sleep(end - loop.time())
        except asyncio.CancelledError:
            continue


def tell(account: Account, ref: Ref[Any], item: Item, within: float | None = None) -> Any:
    account.told.append(item)
    try:
        return ref.tell(item) if within is None else ref.tell_within(within, item)
    except ActorError:
        account.refused[item] += 1
        return None


async def tell_patiently(account: Account, ref: Ref[Any], item: Item) -> None:
    taken = tell(account, ref, item)
    if taken is None:
        return
    try:
        await taken
    except ActorError:
        account.refused[item] += 1


async def ask(account: Account, ref: Ref[Any], item: Item) -> None:
    account.asked.append(item)
    try:
        answer = await ref.ask(item, timeout=3.0)
        assert answer == item, f"asked {item}, answered {answer}"
        account.answered[item] += 1
    except ActorError:
        account.failed[item] += 1


async def send(account: Account, refs: list[Ref[Any]], name: str, steps: tuple[Step, ...]) -> None:
    """Play one sender's part."""
    asks: list[asyncio.Task[None]] = []
    for number, step in enumerate(steps):
        ref = refs[step.target % len(refs)]
        kind = UrgentItem if step.move == "urgent" else Item
        item = kind(name, number, step.deed)
        match step.move:
            case "tell" if step.patient:
                await tell_patiently(account, ref, item)
            case "tell" | "urgent":
                tell(account, ref, item)
            case "within":
                tell(account, ref, item, within=1.5 if step.patient else 0.2)
            case "ask":
                asks.append(asyncio.create_task(ask(account, ref, item)))
            case "kill":
                ref.exit(KILL)
            case "exit":
                ref.exit(SHUTDOWN)
            case "pause":
                await asyncio.sleep(0.4 if step.patient else 0)
    await asyncio.gather(*asks)


async def play(w: World, plan: Plan) -> Account:
    """Play a whole schedule, leave the system, and account for every message."""
    account, refs = Account(), list[Ref[Any]]()
    async with ActorSystem("schedule") as system:
        for number, receiver in enumerate(plan.receivers):
            refs.append(await hire(system, receiver, number, account, refs))
        parts = [send(account, refs, f"sender{n}", steps) for n, steps in enumerate(plan.senders)]
        await asyncio.gather(*parts)
        await w.advance(30.0)
    await w.advance(30.0)
    assert system.dead_letters.total == len(system.dead_letters), "more dead letters than are kept"
    for letter in system.dead_letters:
        if isinstance(letter.message, Item):
            account.dead[letter.message] += 1
            account.quarantined[letter.message] += letter.why is Undelivered.QUARANTINED
    account.shed = sum(ref.statistics().shed for ref in refs)
    account.trace = w.trace
    return account


async def hire(
    system: ActorSystem, receiver: Receiver, number: int, account: Account, others: list[Ref[Any]]
) -> Ref[Any]:
    cls = AsyncWorks if receiver.asynchronous else PlainWorks
    mailbox = Mailbox(receiver.limit, receiver.overflow, receiver.redeliver, receiver.control)
    if receiver.restarts == 0:
        return await system.spawn(cls, account, others, name=f"r{number}", mailbox=mailbox)
    blueprint = Blueprint(cls, (account, others), {}, mailbox)
    keeper = await system.spawn(Restarts, blueprint, receiver.restarts, f"r{number}")
    ref: Ref[Any] = await keeper.ask("place")
    return ref


def drawn(seed: int) -> Plan:
    """A plan from a seed alone."""
    rng = random.Random(seed)
    receivers = tuple(
        Receiver(
            rng.random() < 0.6,
            rng.choice([0, 1, 5]),
            rng.choice([1, 3, 100]),
            rng.choice(get_args(Overflow)),
            rng.choice([0, 1, 2]),
        )
        for _ in range(4)
    )
    moves: list[Move] = ["tell", "tell", "tell", "tell", "ask", "ask", "urgent", "kill", "exit", "pause", "pause"]
    senders = tuple(
        tuple(
            Step(rng.choice(moves), rng.randrange(4), rng.choice(get_args(Deed)), rng.random() < 0.5) for _ in range(40)
        )
        for _ in range(3)
    )
    return Plan(receivers, senders)


def trace_of(seed: int) -> str:
    """The trace of the plan and the interleaving that a seed stands for."""
    return world(seed).run(lambda w: play(w, drawn(seed))).trace


if __name__ == "__main__":
    sys.stdout.write(trace_of(int(sys.argv[1])))
