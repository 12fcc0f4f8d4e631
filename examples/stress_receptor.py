"""What is felt: one worker is in trouble, those around it sense it, and all serve cheaper pages until it has passed.

Nobody measures everybody, and nobody gives the order. The level halves in 3 s; a receptor switches on above one level,
off below another, and not twice within 5 s, so nothing chatters.

Prints:

     0.0 s  shop-1 is in trouble
     0.0 s  shop-1 serves plain pages
     0.2 s  shop-4 serves plain pages
     0.2 s  shop-3 serves plain pages
     0.3 s  shop-2 serves plain pages
    shop-3 gives a plain page
     7.0 s  shop-1 serves detailed pages
     7.0 s  shop-3 serves detailed pages
     7.0 s  shop-4 serves detailed pages
     7.1 s  shop-2 serves detailed pages
    shop-3 gives a detailed page
"""

from dataclasses import dataclass

from actors import Actor, Request, handle
from actors.testing import World, world
from actors.tissue import Released, Triggered, receptor
from supervisors import Supervisor, child


@dataclass(frozen=True, slots=True)
class Page(Request[str]):
    """A page; the database may take its time."""

    database: float


class Shop(Actor):
    """Serves detailed pages while all is well."""

    def started(self) -> None:
        """All is well so far."""
        self.detailed = True

    @receptor("stress", above=0.6, below=0.3)
    def respond(self, signal: Triggered | Released) -> None:
        """Called in the actor's turn, like a handler, when the level has crossed a threshold."""
        self.detailed = isinstance(signal, Released)
        self.say(f"serves {'detailed' if self.detailed else 'plain'} pages")

    @handle
    def page(self, message: Page) -> str:
        """A slow database is stress for whoever waits for it."""
        if message.database > 0.5:
            self.say("is in trouble")
            self.contact.secrete("stress", message.database)
        return "detailed" if self.detailed else "plain"

    def say(self, text: str) -> None:
        """Print with the time."""
        print(f"{self.system.now():4.1f} s  {self.pid.name.rpartition('/')[2]} {text}")


tree = Supervisor("shop", [child(Shop, id=f"shop-{number}") for number in (1, 2, 3, 4)])


async def main(w: World) -> None:
    """A bad moment at one worker, and a quiet time."""
    async with tree.running(log=False) as shop:
        await shop.ref("shop-1").ask(Page(database=2.8))
        await w.advance(1.0)
        print("shop-3 gives a", await shop.ref("shop-3").ask(Page(database=0.01)), "page")
        await w.advance(20.0)
        print("shop-3 gives a", await shop.ref("shop-3").ask(Page(database=0.01)), "page")


if __name__ == "__main__":
    world(seed=1).run(main)
