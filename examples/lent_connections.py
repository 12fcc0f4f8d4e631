"""A budget that siblings pool: the database takes twelve connections, and the busy worker gets those the idle ones own.

Each of four workers owns three. There is no proxy that hands them out and could fail: who lacks some asks neighbours,
and has theirs for a lease. What its owner needs itself is not renewed. Never are more in use than there are.

Prints:

    one is busy: 100 queries in 0.9 s, 12 at a time
    all are: 400 queries in 3.4 s, 12 at a time
"""

import asyncio

from actors import Actor, Ref, handle
from actors.testing import World, world
from supervisors import Supervisor, child

TAKES = 0.1
"""Seconds of a query."""


class Database:
    """Counts."""

    def __init__(self) -> None:
        self.in_use = 0
        self.most = 0

    async def query(self) -> None:
        """Takes its time, on a connection."""
        self.in_use += 1
        self.most = max(self.most, self.in_use)
        await asyncio.sleep(TAKES)
        self.in_use -= 1


class Worker(Actor):
    """Does queries, as many at a time as it gets connections for."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def started(self) -> None:
        """Bring three connections into the pool."""
        self.connections = self.contact.lend("database", owned=3)

    @handle
    async def queries(self, count: int) -> None:
        """Do so many; each waits until a connection is free."""
        await asyncio.gather(*(self.one() for _ in range(count)))

    async def one(self) -> None:
        """One query."""
        async with self.connections.borrow(timeout=60.0):
            await self.database.query()


async def main(w: World) -> None:
    """One is busy, then all are."""
    database = Database()
    tree = Supervisor("shop", [child(Worker, database, id=f"worker-{number}") for number in (1, 2, 3, 4)])
    async with tree.running(log=False) as shop:
        workers: list[Ref[int]] = [shop.ref(f"worker-{number}") for number in (1, 2, 3, 4)]
        await w.advance(1.0)

        began = w.now()
        await workers[0].ask(100, timeout=60.0)
        print(f"one is busy: 100 queries in {w.now() - began:.1f} s, {database.most} at a time")

        await w.advance(30.0)
        database.most, began = 0, w.now()
        await asyncio.gather(*(worker.ask(100, timeout=60.0) for worker in workers))
        print(f"all are: 400 queries in {w.now() - began:.1f} s, {database.most} at a time")


if __name__ == "__main__":
    world(seed=1).run(main)
