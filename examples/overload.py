"""A service that is asked three times as much as it can do: what is fresh is served, more cheaply, the rest hears no.

The service does its work by asking a slow store, so a question's deadline goes down to it.  In virtual time, so that
half a minute takes a moment and always goes the same way: `world(seed=5)` stands for clock and chance.

Prints:

     0.0 s   60 a second: 300 in full; 1.00 tries each
     5.0 s  300 a second: 614 in full, 5016 plain, 370 refused; 1.09 tries each
    25.0 s   60 a second: 211 in full, 89 plain; 1.00 tries each
    shed 887, begun at each level (1125, 5105), alive: True
"""

import asyncio
from collections import Counter
from dataclasses import dataclass

from actors import Actor, Brownout, CoDel, Mailbox, Overloaded, Ref, Request, RetryBudget, handle, retry
from actors.testing import World, world
from supervisors import Supervisor, child


@dataclass(frozen=True, slots=True)
class Page(Request[str]):
    """Asks for one page of the shop."""

    number: int


@dataclass(frozen=True, slots=True)
class Read(Request[str]):
    """Asks the store for a record."""

    key: int


class Store(Actor):
    """Takes two milliseconds a record."""

    @handle
    async def read(self, message: Read) -> str:
        """Find a record."""
        await asyncio.sleep(0.002)
        return f"record {message.key}"


class Shop(Actor):
    """Makes pages: in full from five records, plain from one."""

    def __init__(self, store: Ref[Read]) -> None:
        self.store = store

    @handle
    async def page(self, message: Page) -> str:
        """The page with all that belongs to it."""
        for part in range(5):
            await self.store.ask(Read(message.number + part))
        return "in full"

    @handle(level=1)
    async def plain_page(self, message: Page) -> str:
        """The page and nothing else."""
        await self.store.ask(Read(message.number))
        return "plain"


class Crowd:
    """Clients that come at a steady rate, and what became of them."""

    def __init__(self, w: World, shop: Ref[Page]) -> None:
        self.w = w
        self.shop = shop
        self.budget = RetryBudget(ratio=0.1, per_second=1.0)
        self.asked = 0

    async def ask(self, number: int) -> str:
        """Ask once."""
        self.asked += 1
        return await self.shop.ask(Page(number), timeout=0.5)

    async def come(self, per_second: int, seconds: float) -> None:
        """Let clients come; each tries again once, if the budget for that is not used up."""
        begun, asked, outcomes = self.w.now(), self.asked, Counter[str]()
        clients = int(per_second * seconds)

        async def client(number: int) -> None:
            await asyncio.sleep(number / per_second)
            try:
                outcomes[await retry(lambda: self.ask(number), attempts=2, budget=self.budget)] += 1
            except Overloaded:
                outcomes["refused"] += 1

        await asyncio.gather(*(client(number) for number in range(clients)))
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        tries = (self.asked - asked) / clients
        print(f"{begun:4.1f} s  {per_second:3} a second: {told}; {tries:.2f} tries each")


async def main(w: World) -> None:
    """Normal load, three times what can be done in full, and normal load again."""
    store = await w.spawn(Store)
    mailbox = Mailbox(control=CoDel(target=0.02), brownout=Brownout())
    tree = Supervisor("site", [child(Shop, store, id="shop", mailbox=mailbox)])
    async with tree.running(log=False, seed=1) as site:
        crowd = Crowd(w, site.ref("shop"))
        await crowd.come(per_second=60, seconds=5.0)
        await crowd.come(per_second=300, seconds=20.0)
        await crowd.come(per_second=60, seconds=5.0)
        statistics = site.ref("shop").statistics()
        print(f"shed {statistics.shed}, begun at each level {statistics.levels}, alive: {site.is_alive}")


if __name__ == "__main__":
    world(seed=5).run(main)
