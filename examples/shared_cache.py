"""A cache that siblings keep together: whoever is asked, a price is computed once for all, and known to the others.

Which of them owns a key follows from the key (rendezvous hashing). A hundred who ask for what nobody has wait for one
computation; a value is renewed shortly before it runs out; a newcomer pulls the hottest entries before it serves.

Prints:

    a hundred ask three workers: computed 1 time
    a second later, again: 1
    dropped, and asked for again: 2
    a newcomer is asked: 2
"""

import asyncio
from dataclasses import dataclass

from actors import Actor, handle
from actors.testing import World, world


class Service:
    """Knows the prices, and is slow."""

    def __init__(self) -> None:
        self.calls = 0

    async def price(self, key: str) -> float:
        """Takes half a second, and counts."""
        self.calls += 1
        await asyncio.sleep(0.5)
        return 9.99


@dataclass(frozen=True, slots=True)
class Changed:
    """What a price was computed from has changed."""

    key: str


class Worker(Actor):
    """Answers from the cache."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def started(self) -> None:
        """Take part, and start warm."""
        self.prices = self.contact.of("shop").cache("prices", self.service.price, ttl=60.0)
        await self.prices.warmed()

    @handle
    async def price(self, key: str) -> float:
        """From here, from its owner, or computed by one of all."""
        return float(await self.prices.get(key))

    @handle
    def changed(self, message: Changed) -> None:
        """Have it computed anew."""
        self.prices.drop(message.key)


async def main(w: World) -> None:
    """Ask everybody at once, and again, and somebody new."""
    service = Service()
    workers = [await w.spawn(Worker, service, name=f"worker-{number}") for number in (1, 2, 3)]
    await w.advance(1.0)

    async def everybody() -> int:
        await asyncio.gather(*(workers[number % 3].ask("tea") for number in range(100)))
        return service.calls

    print("a hundred ask three workers: computed", await everybody(), "time")
    await w.advance(1.0)
    print("a second later, again:", await everybody())

    workers[0].tell(Changed("tea"))
    await w.advance(10.0)  # copies live for 5 s
    print("dropped, and asked for again:", await everybody())

    newcomer = await w.spawn(Worker, service, name="worker-4")
    await newcomer.ask("tea")
    print("a newcomer is asked:", service.calls)


if __name__ == "__main__":
    world(seed=1).run(main)
