"""A pool that repairs and sizes itself: four workers are wanted, wherever, and up to twelve under load.

No host is in charge. What is wanted is shared; when a host is lost the others see the empty places, and each place is
claimed by one of them. Each worker measures its own pressure and flips a coin; together they start and retire as many
as an autoscaler would have ordered.

Prints:

     20 s  4 workers: {'east': 4, 'north': 0, 'west': 0}
    east is cut off
     60 s  4 workers: {'north': 2, 'west': 2}
    60 letters a second for 30 s, a tenth of a second each
     90 s  1… workers: …
    nothing to do
    200 s  4 workers: {'north': 2, 'west': 2}
"""

import asyncio
from contextlib import AsyncExitStack

from actors import Actor, ActorSystem, handle
from actors.testing import World, world
from supervisors import Desired, Pool, Running, Supervisor, child


class Mailer(Actor):
    """Sends letters."""

    @handle
    async def send(self, letter: int) -> None:
        """Takes a tenth of a second, of which it waits all."""
        await asyncio.sleep(0.1)


tree = Supervisor("post", [Pool("mailers", child(Mailer, id="mailer"), size=Desired(4, ceiling=12))])


def show(w: World, posts: dict[str, Running]) -> None:
    """Print who has how many workers."""
    counts = {name: len(post.snapshot().children[0].children) for name, post in posts.items()}
    print(f"{w.now():3.0f} s  {sum(counts.values())} workers: {counts}")


async def main(w: World) -> None:
    """Three hosts run the same tree; one is lost; load comes and goes."""
    async with AsyncExitStack() as stack:
        posts: dict[str, Running] = {}
        for name in ("east", "north", "west"):
            system = await stack.enter_async_context(ActorSystem(name))
            posts[name] = await stack.enter_async_context(tree.running(system=system, log=False))
        await w.advance(20.0)
        show(w, posts)

        w.network.partition(["@east"], ["@west", "@north"])
        del posts["east"]
        print("east is cut off")
        await w.advance(40.0)
        show(w, posts)

        print("60 letters a second for 30 s, a tenth of a second each")
        mailers = [post.ref("mailers") for post in posts.values()]
        for number in range(1800):
            mailers[number % len(mailers)].tell(number)
            await asyncio.sleep(1 / 60)
        show(w, posts)

        print("nothing to do")
        await w.advance(110.0)
        show(w, posts)


if __name__ == "__main__":
    world(seed=1).run(main)
