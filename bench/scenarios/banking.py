"""What does a transfer cost that must not interleave with another on the same account?

Savina's banking: 20 tellers ask accounts for transfers inside their handlers.  A debited account waits for the other's
receipt: meanwhile it puts further transfers aside (``stash``) and answers its own asker later (``defer``), so two
accounts that pay each other cannot lock.  The floor is tasks that take both accounts' ``asyncio.Lock`` in order.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

from actors import Actor, ActorSystem, Ref, Reply, handle

from ..harness import Context
from ..parts import PATIENCE, Total, ns

GROUP = "messages"
ACCOUNTS = 1_000
TELLERS = 20
OPENING = 1_000
SEED = 11


class Transfer:
    """Asked of the payer; answered when the payee has the money."""

    __slots__ = ("amount", "payee")

    def __init__(self, payee: Ref[Any], amount: int) -> None:
        self.payee = payee
        self.amount = amount


class Credit:
    """Told to the payee, who sends a receipt."""

    __slots__ = ("amount", "payer")

    def __init__(self, payer: Ref[Any], amount: int) -> None:
        self.payer = payer
        self.amount = amount


class Receipt:
    """Told to the payer: the money has arrived."""


class Account(Actor):
    """A balance; one outgoing transfer at a time."""

    def __init__(self) -> None:
        self.balance = OPENING
        self.pending: Reply | None = None

    @handle
    async def transfer(self, message: Transfer) -> None:
        if self.pending is not None:
            self.stash()
            return
        self.balance -= message.amount
        self.pending = self.defer()
        message.payee.tell(Credit(self.ref, message.amount))

    @handle
    async def credit(self, message: Credit) -> None:
        self.balance += message.amount
        message.payer.tell(Receipt())

    @handle
    async def receipt(self, message: Receipt) -> None:
        if self.pending is not None:
            self.pending.send(True)
            self.pending = None
            self.unstash()

    @handle
    async def total(self, message: Total) -> int:
        return self.balance


class Teller(Actor):
    """Carries out transfers, one after another."""

    def __init__(self, accounts: list[Ref[Any]], orders: list[tuple[int, int, int]]) -> None:
        self.accounts = accounts
        self.orders = orders

    @handle
    async def go(self, message: Total) -> int:
        done = 0
        for payer, payee, amount in self.orders:
            done += await self.accounts[payer].ask(Transfer(self.accounts[payee], amount), timeout=PATIENCE)
        return done


async def run(ctx: Context) -> None:
    """One repeat."""
    each = ctx.size(500)
    orders = [draw_orders(teller, each) for teller in range(TELLERS)]
    await ctx.race({"planaria": lambda: ours(ctx, orders), "asyncio.Lock": lambda: bare(ctx, orders)})


def draw_orders(teller: int, each: int) -> list[tuple[int, int, int]]:
    """Payer, payee (another account) and amount."""
    rng = random.Random(SEED + teller)
    orders = []
    for _ in range(each):
        payer = rng.randrange(ACCOUNTS)
        orders.append((payer, (payer + rng.randrange(1, ACCOUNTS)) % ACCOUNTS, rng.randrange(1, 100)))
    return orders


def balances(orders: list[list[tuple[int, int, int]]]) -> list[int]:
    """What every account must hold in the end."""
    wanted = [OPENING] * ACCOUNTS
    for of_teller in orders:
        for payer, payee, amount in of_teller:
            wanted[payer] -= amount
            wanted[payee] += amount
    return wanted


async def ours(ctx: Context, orders: list[list[tuple[int, int, int]]]) -> float:
    """On planaria: nanoseconds for each."""
    transfers = sum(map(len, orders))
    async with ActorSystem("bank") as system:
        accounts = [await system.spawn(Account) for _ in range(ACCOUNTS)]
        tellers = [await system.spawn(Teller, accounts, of_teller) for of_teller in orders]
        began = ns()
        done = await asyncio.gather(*(teller.ask(Total(), timeout=PATIENCE) for teller in tellers))
        took = ns() - began
        held = [await account.ask(Total()) for account in accounts]
    ctx.expect("transfers done", sum(done), transfers)
    ctx.expect("balances", held == balances(orders), True)
    return took / transfers


async def bare(ctx: Context, orders: list[list[tuple[int, int, int]]]) -> float:
    """By tasks and locks: nanoseconds for each."""
    held, locks = [OPENING] * ACCOUNTS, [asyncio.Lock() for _ in range(ACCOUNTS)]

    async def teller(of_teller: list[tuple[int, int, int]]) -> None:
        for payer, payee, amount in of_teller:
            first, second = sorted((payer, payee))
            async with locks[first], locks[second]:
                held[payer] -= amount
                await asyncio.sleep(0)
                held[payee] += amount

    began = ns()
    await asyncio.gather(*map(teller, orders))
    took = ns() - began
    ctx.expect("balances", held == balances(orders), True)
    return took / sum(map(len, orders))
