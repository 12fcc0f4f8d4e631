"""What siblings know: a shop's desks share their sessions, and one that crashes comes back with all of them.

No database, no sticky sessions: any desk serves any user. What a life had told its siblings outlives it; what it had
told nobody, the last tenth of a second, does not.

Prints:

    0.0 s  desk-1 starts with nothing
    0.0 s  desk-2 starts with nothing
    0.0 s  desk-3 starts with nothing
    desk-3: t1 is nobody
    desk-3: t1 is Ada, half a second later
    shop/desk-1#1 is dead: crashed(OSError: the disk is full)
    0.5 s  desk-1 starts with t1, t2
    desk-1: t2 is Bob
    visits so far: 5
"""

from dataclasses import dataclass

from actors import Actor, ActorDied, Request, handle
from actors.testing import World, world
from actors.tissue import ORMap, PNCounter
from supervisors import Supervisor, child


@dataclass(frozen=True, slots=True)
class Login(Request[None]):
    """Begin a session."""

    token: str
    user: str


@dataclass(frozen=True, slots=True)
class Who(Request[str]):
    """Whose session is this?"""

    token: str


@dataclass(frozen=True, slots=True)
class Visits(Request[int]):
    """How many have there been, at all desks?"""


class Desk(Actor):
    """Serves anybody, wherever they have logged in."""

    async def started(self) -> None:
        """Have what the siblings know, before the first message is handled."""
        self.sessions = self.contact.share("sessions", ORMap)
        self.visits = self.contact.share("visits", PNCounter)
        await self.contact.warm()
        known = ", ".join(sorted(map(str, self.sessions)))
        print(f"{self.system.now():.1f} s  {self.name} starts with {known or 'nothing'}")

    @property
    def name(self) -> str:
        """Without the supervisor's."""
        return self.pid.name.rpartition("/")[2]

    @handle
    def login(self, message: Login) -> None:
        """Told to all siblings, and forgotten by all in half an hour."""
        self.sessions.put(message.token, {"user": message.user}, lifetime=1800.0)
        self.visits.add(1)

    @handle
    def who(self, message: Who) -> str:
        """Read from memory."""
        self.visits.add(1)
        session = self.sessions.get(message.token)
        return session["user"] if session else "nobody"

    @handle
    def count(self, message: Visits) -> int:
        """The sum of what each life of each desk has counted."""
        return self.visits.value

    @handle
    def crash(self, why: str) -> None:
        """As everything does one day."""
        raise OSError(why)


tree = Supervisor("shop", [child(Desk, id=f"desk-{number}") for number in (1, 2, 3)])


async def main(w: World) -> None:
    """Log in here, be known there, and after a crash."""
    async with tree.running(log=False) as shop:
        one, two, three = (shop.ref(f"desk-{number}") for number in (1, 2, 3))
        await one.ask(Login("t1", "Ada"))
        print("desk-3: t1 is", await three.ask(Who("t1")))
        await two.ask(Login("t2", "Bob"))
        await w.advance(0.5)
        print("desk-3: t1 is", f"{await three.ask(Who('t1'))}, half a second later")
        try:
            await one.ask("the disk is full")
        except ActorDied as error:
            print(error)
        print("desk-1: t2 is", await one.ask(Who("t2")))
        await w.advance(0.5)
        print("visits so far:", await three.ask(Visits()))


if __name__ == "__main__":
    world(seed=1).run(main)
