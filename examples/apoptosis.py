"""A worker that ages: at the first check-up after some 100 pages it is replaced, and no message is lost.

Its successor starts beside it and loads its fonts for half a second; meanwhile the old life serves on.  Only then is
the count handed over, with all that waits.  It is no restart: it uses up no limit and takes no sibling along.

Prints:

     0.50 s  press/renderer serves
     1.50 s  press/renderer gets a successor beside life 1 because of age
     2.00 s  press/renderer is replaced by life 2 after 500 ms because of age, 300 messages moved, inherits all
     2.00 s  life 1 of press/renderer has ended: apoptosis(age)
     3.50 s  press/renderer gets a successor beside life 2 because of age
     4.01 s  press/renderer is replaced by life 3 after 510 ms because of age, 99 messages moved, inherits all
     4.01 s  life 2 of press/renderer has ended: apoptosis(age)
    450 pages by 3 lives, all in order: True; the last one counts 450
"""

import asyncio
from dataclasses import dataclass

from actors import Actor, Request, handle
from actors.testing import World, world
from supervisors import Apoptosis, Lifetime, Supervisor, child


@dataclass(frozen=True, slots=True)
class Page(Request[tuple[int, int]]):
    """Render a page; the answer is its number, and the life that rendered it."""

    number: int


@dataclass(frozen=True, slots=True)
class Count(Request[int]):
    """How many pages so far?"""


class Renderer(Actor):
    """Uses a library that leaks: not worth a crash, and not to be kept for ever either."""

    def __init__(self) -> None:
        self.pages = 0

    async def started(self) -> None:
        """Load the fonts."""
        await asyncio.sleep(0.5)

    def bequeath(self) -> int:
        """What the successor is to have."""
        return self.pages

    def inherit(self, estate: int) -> None:
        """Go on counting."""
        self.pages = estate

    @handle
    async def render(self, message: Page) -> tuple[int, int]:
        """Takes 10 ms."""
        await asyncio.sleep(0.01)
        self.pages += 1
        return message.number, self.pid.incarnation

    @handle
    def count(self, message: Count) -> int:
        """The pages of all lives."""
        return self.pages


tree = Supervisor("press", [child(Renderer, id="renderer", apoptosis=Apoptosis(lifetime=Lifetime(messages=100)))])


async def main(w: World) -> None:
    """Ask for 450 pages at once."""
    async with tree.running(log=False) as press:
        renderer = press.ref("renderer")
        pages = await asyncio.gather(*(renderer.ask(Page(number), timeout=60.0) for number in range(450)))
        for event in press.journal.about("press/renderer"):
            print(f"{event.at:5.2f} s  {event.describe()}")
        in_order = [number for number, _ in pages] == list(range(450))
        lives = len({life for _, life in pages})
        counted = await renderer.ask(Count())
        print(f"{len(pages)} pages by {lives} lives, all in order: {in_order}; the last one counts {counted}")


if __name__ == "__main__":
    world(seed=1).run(main)
