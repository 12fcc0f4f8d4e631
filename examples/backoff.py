"""A child that cannot start: it waits longer and longer, its sibling serves on, and at last it is back.

In virtual time, so that it takes none and always goes the same way: `world(seed=3)` stands for clock and chance.

Prints:

    after 2 s, missing: ['shop/database']; web is alive: True
    after 6 s, missing: []; what happened:
     0.00 s  shop/database serves
     0.00 s  shop/database died: killed (life 1, 0 s); it is restarted after a wait
     0.00 s  shop/database waits 183 ms for its restart (failure 1 in a row)
     0.18 s  shop/database did not start: crashed(ConnectionError: away) (attempt 2); it is restarted after a wait
     0.18 s  shop/database waits 315 ms for its restart (failure 2 in a row)
     0.50 s  shop/database did not start: crashed(ConnectionError: away) (attempt 3); it is restarted after a wait
     0.50 s  shop/database waits 439 ms for its restart (failure 3 in a row)
     0.94 s  shop/database did not start: crashed(ConnectionError: away) (attempt 4); it is restarted after a wait
     0.94 s  shop/database waits 1.066 s for its restart (failure 4 in a row)
     2.00 s  shop/database serves again (life 5, 2.003 s after the last one ended)
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
            raise ConnectionError("away")


class Web(Actor):
    """Has nothing to do with it."""


tree = Supervisor(
    "shop",
    [child(Connection, id="database", backoff=Backoff(base=0.5, cap=4.0)), child(Web, id="web")],
    max_restarts=10,
    within=60.0,
)


async def main(w: World) -> None:
    """Take the database away for two seconds."""
    async with tree.running(log=False) as shop:
        Outside.is_up = False
        shop.ref("database").kill()
        await w.advance(2.0)
        print(f"after {w.now():.0f} s, missing: {shop.missing()}; web is alive: {shop.ref('web').is_alive}")
        Outside.is_up = True
        await w.advance(4.0)
        print(f"after {w.now():.0f} s, missing: {shop.missing()}; what happened:")
        for event in shop.journal.about("shop/database"):
            print(f"{event.at:5.2f} s  {event.describe()}")


if __name__ == "__main__":
    world(seed=3).run(main)
