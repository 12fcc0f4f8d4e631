"""A worker that finds its own state corrupt: it is repaired first, and replaced with its last good copy if that fails.

At each check-up, once a second, `vitals()` counts the coins.  Each time that it finds something wrong counts 1: at 1
`repair(1)` is called, at 2 `repair(2)`, and at 3 a successor takes over.  It does not inherit what the till holds now,
but the copy that was made after the last check-up that found nothing.

Prints:

     0.00 s  shop/till serves
     2.00 s  shop/till is damaged (probe: vitals() says so); alpha is 1
     2.00 s  shop/till is repaired, level 1, because of probe (alpha 1)
     3.00 s  shop/till has recovered after repair level 1
    12.00 s  shop/till is damaged (probe: vitals() says so); alpha is 1.13
    12.00 s  shop/till is repaired, level 1, because of probe (alpha 1.13)
    13.00 s  shop/till is damaged (probe: vitals() says so); alpha is 2.13
    13.00 s  shop/till is repaired, level 2, because of probe (alpha 2.13)
    14.00 s  shop/till is damaged (probe: vitals() says so); alpha is 3.13
    14.00 s  shop/till gets a successor beside life 1 because of probe: vitals() says so
    14.00 s  shop/till is replaced by life 2 after 0 s because of probe: vitals() says so, inherits last good
    14.00 s  life 1 of shop/till has ended: apoptosis(probe: vitals() says so)
    life 2 holds 36
"""

from dataclasses import dataclass
from typing import Any

from actors import Actor, Request, handle
from actors.testing import World, world
from supervisors import Apoptosis, Supervisor, child


@dataclass(frozen=True, slots=True)
class Put:
    """Put a coin in."""

    coin: int


@dataclass(frozen=True, slots=True)
class Total(Request[int]):
    """How much is in it?"""


class Till(Actor):
    """Holds coins, and remembers their sum."""

    def __init__(self) -> None:
        self.coins: list[int] = []
        self.total = 0

    def vitals(self) -> bool:
        """Whether the sum is right, and all coins are real."""
        return self.total == sum(self.coins) and all(coin in (1, 2, 5, 10) for coin in self.coins)

    def repair(self, level: int) -> None:
        """Count again; there is nothing else that could be tried."""
        if level == 1:
            self.total = sum(self.coins)

    def bequeath(self) -> list[int]:
        """The coins; their sum can be found out again."""
        return self.coins

    def inherit(self, estate: list[int]) -> None:
        """Take over the till."""
        self.coins = estate
        self.total = sum(estate)

    @handle
    def put(self, message: Put) -> None:
        """One more coin."""
        self.coins.append(message.coin)
        self.total += message.coin

    @handle
    def say(self, message: Total) -> int:
        """The sum."""
        return self.total


tree = Supervisor("shop", [child(Till, id="till", apoptosis=Apoptosis(snapshot=1.0))])


def slip(state: dict[str, Any]) -> dict[str, Any]:
    """What must not happen: the sum is wrong."""
    return state | {"total": state["total"] + 1000}


def forge(state: dict[str, Any]) -> dict[str, Any]:
    """What is worse: a coin is wrong."""
    return state | {"coins": [1000, *state["coins"][1:]]}


async def main(w: World) -> None:
    """Corrupt the till in two ways."""
    async with tree.running(log=False) as shop:
        till = shop.ref("till")
        for corruption in (slip, forge):
            for coin in (1, 2, 5, 10):
                till.tell(Put(coin))
            await w.advance(1.5)  # past the next check-up
            await till.replace_state(corruption)
            await w.advance(8.5)
        for event in shop.journal.about("shop/till"):
            print(f"{event.at:5.2f} s  {event.describe()}")
        print(f"life {till.pid.incarnation} holds {await till.ask(Total())}")


if __name__ == "__main__":
    world(seed=1).run(main)
