"""Links that expect loss: a network that loses 30 % and doubles 10 %, and every order is booked exactly once.

Nothing of it is in the actors: they tell a neighbour, and handle a message. Numbers, acknowledgements, timers, repeats
are the link's. What cannot be delivered in 30 s is given up and is a dead letter, as all that arrives nowhere.

Prints:

    booked: 1000, in order and none twice: True
    cut off: 5 given up, expired
    healed: 1005 booked, none twice: True
"""

from dataclasses import dataclass

from actors import Actor, ActorSystem, handle
from actors.testing import World, world


@dataclass(frozen=True, slots=True)
class Order:
    """One piece is sold."""

    number: int


class Stock(Actor):
    """Books what is sold anywhere."""

    def started(self) -> None:
        """Be found in the group."""
        self.booked: list[int] = []
        self.contact.of("orders")

    @handle
    def book(self, message: Order) -> None:
        """Comes once, and in the order in which it was told."""
        self.booked.append(message.number)


class Desk(Actor):
    """Sells."""

    def started(self) -> None:
        """Know who is in the group."""
        self.orders = self.contact.of("orders")

    @handle
    def sell(self, number: int) -> None:
        """Tell whoever is there."""
        self.orders.tell(Order(number), k=1)


async def main(w: World) -> None:
    """Two hosts, in one program and in virtual time; the packets travel as bytes."""
    w.network.loss = 0.3
    w.network.duplication = 0.1
    async with ActorSystem("east") as east, ActorSystem("west") as west:
        stock = await west.spawn(Stock, name="stock")
        desk = await east.spawn(Desk, name="desk")
        await w.advance(5.0)

        for number in range(1000):
            desk.tell(number)
        await w.advance(5.0)
        booked = (await stock.get_state())["booked"]
        print(f"booked: {len(booked)}, in order and none twice: {booked == list(range(1000))}")

        w.network.partition(["@east"], ["@west"])
        for number in range(1000, 1005):
            desk.tell(number)
        await w.advance(40.0)
        letters = east.dead_letters
        print(f"cut off: {len(letters)} given up, {', '.join({str(letter.why) for letter in letters})}")

        w.network.heal()
        await w.advance(60.0)
        for number in range(1005, 1010):
            desk.tell(number)
        await w.advance(5.0)
        booked = (await stock.get_state())["booked"]
        print(f"healed: {len(booked)} booked, none twice: {len(set(booked)) == len(booked)}")


if __name__ == "__main__":
    world(seed=1).run(main)
