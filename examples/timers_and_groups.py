"""Timers that end with the life they belong to, and groups that whoever joins is told everything of.

In virtual time: the five seconds take none.

Prints:

     1.0 s  london: tick
     1.5 s  kyoto: tick
     2.0 s  london: tick
     2.5 s  kyoto: news: rain
     2.5 s  london: news: rain
     3.0 s  london: tick
     3.0 s  kyoto: tick
     4.0 s  london: tick
     4.0 s  kyoto: closing, 0.5 s before the next tick
     5.0 s  london: tick
    members left: 1
     5.0 s  london: closing, 1.0 s before the next tick
"""

from dataclasses import dataclass

from actors import Actor, Reason, handle
from actors.testing import World, world


@dataclass(frozen=True, slots=True)
class Tick:
    """Time to do something."""


@dataclass(frozen=True, slots=True)
class News:
    """For everybody in the group."""

    text: str


class Office(Actor):
    """Ticks, and listens to the news."""

    def __init__(self, city: str, period: float) -> None:
        self.city = city
        self.period = period

    def started(self) -> None:
        """Join the group and set the clock; both end with this life."""
        self.join("offices")
        self.timer = self.every(self.period, Tick())

    @handle
    def tick(self, message: Tick) -> None:
        """Called every period, without drift."""
        self.say("tick")

    @handle
    def news(self, message: News) -> None:
        """Told to every member of the group."""
        self.say(f"news: {message.text}")

    def stopping(self, reason: Reason) -> None:
        """The timer ends anyway; one that is cancelled says what was left of it."""
        left = self.cancel(self.timer)
        if left is not None:
            self.say(f"closing, {left:.1f} s before the next tick")

    def say(self, text: str) -> None:
        """Print with the time."""
        print(f"{self.system.now():4.1f} s  {self.city}: {text}")


async def main(w: World) -> None:
    """Two offices, one message to both, one that closes."""
    await w.spawn(Office, "london", 1.0)
    kyoto = await w.spawn(Office, "kyoto", 1.5)
    system = await w.system()
    await w.advance(2.5)
    system.publish("offices", News("rain"))
    await w.advance(1.5)
    await kyoto.stop()
    await w.advance(1.0)
    print("members left:", len(system.members("offices")))


if __name__ == "__main__":
    world(seed=0).run(main)
