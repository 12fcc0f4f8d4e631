"""A child that cannot start: it waits longer and longer, its sibling serves on, and at last it is back.

In virtual time, so that it takes no time and always goes the same way: `world(seed=3)` stands for the clock and for chance.

Prints:

…
"""

from actors import Actor
from actors.testing import World, world
from supervisors import Backoff, Supervisor, child


class Outside:
    """The world outside: a database that is away for a while."""

    is_up = True


class Connection(Actor):
    """Starts only if the database answers, and crashes when it hangs up."""

    def started(self) -> None:
        """Connect."""
        if not Outside.is_up:
            raise ConnectionRefusedError("database is away")


class Web(Actor):
    """Has nothing to do with it."""


tree = Supervisor(
    "shop",
    [child(Connection, id="database", backoff=Backoff(base=0.5, cap=4.0)), child(Web, id="web")],
    max_restarts=10,
    within=60.0,
)


async def main(w: World) -> None:
    """Take the database away for ten seconds."""
    async with tree.running(log=False) as shop:
        shop.system.events.subscribe(lambda event: print(f"{w.now():6.2f} s  {event.describe()}"))
        Outside.is_up = False
        shop.ref("database").kill()
        await w.advance(10.0)
        print(f"{w.now():6.2f} s  missing: {shop.missing()}; web is alive: {shop.ref('web').is_alive}")
        Outside.is_up = True
        await w.advance(10.0)
        print(f"{w.now():6.2f} s  missing: {shop.missing()}")


if __name__ == "__main__":
    world(seed=3).run(main)
