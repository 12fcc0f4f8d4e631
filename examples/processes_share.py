"""The tissue over processes: desks that share their sessions from a process each, one of which is killed with -9.

What siblings share, feel and find does not care where they live: the desk is killed with all its memory, and the next
process starts with what its siblings knew. A front in the tree's own process goes to whoever has a printer: that is in
another process too, and named by nobody.

Prints:

    3 desks in 3 processes
    desk-3: t1 is Ada
    kill -9 of desk-1's process
    desk-1: t1 is Ada, by life 2, which began with t1, t2
    front: desk-2 prints the bill
"""

import asyncio
import os
import signal
from dataclasses import dataclass

from actors import Actor, Request, handle
from actors.tissue import ORMap
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
class Print(Request[str]):
    """Put it on paper."""

    what: str


@dataclass(frozen=True, slots=True)
class About(Request[str]):
    """``pid`` of the process, or what was ``known`` at the start."""

    what: str


class Desk(Actor):
    """Serves anybody, wherever they have logged in; one of them has a printer."""

    def __init__(self, has_printer: bool = False) -> None:
        self.has_printer = has_printer

    async def started(self) -> None:
        """Have what the siblings know, before the first message is handled."""
        self.sessions = self.contact.share("sessions", ORMap)
        await self.contact.warm()
        self.known = ", ".join(sorted(map(str, self.sessions)))
        if self.has_printer:
            self.contact.emit("printer")

    @handle
    def login(self, message: Login) -> None:
        """Told to all siblings, in whichever process they are."""
        self.sessions.put(message.token, message.user)

    @handle
    def who(self, message: Who) -> str:
        """Read from memory."""
        return str(self.sessions.get(message.token, "nobody"))

    @handle
    def print_it(self, message: Print) -> str:
        """Asked by whoever was led here."""
        return f"{self.pid.name.rpartition('/')[2]} prints {message.what}"

    @handle
    def about(self, message: About) -> str:
        """How it is here."""
        return str(os.getpid()) if message.what == "pid" else self.known


class Front(Actor):
    """Lives in the tree's own process."""

    @handle
    async def bill(self, message: Print) -> str:
        """Go to the nearest printer."""
        return str(await self.toward("printer").ask(message, timeout=10.0))


desks = [child(Desk, number == 2, id=f"desk-{number}", place="process") for number in (1, 2, 3)]
tree = Supervisor("shop", [*desks, child(Front, id="front")])


async def main() -> None:
    """Log in here, be known there, and after a kill."""
    async with tree.running(log=False) as shop:
        one, two, three = (shop.ref(f"desk-{number}") for number in (1, 2, 3))
        pids = [int(await desk.ask(About("pid"))) for desk in (one, two, three)]
        print("3 desks in", len({*pids} - {os.getpid()}), "processes")
        await one.ask(Login("t1", "Ada"))
        await two.ask(Login("t2", "Bob"))
        await asyncio.sleep(0.5)
        print("desk-3: t1 is", await three.ask(Who("t1")))
        print("kill -9 of desk-1's process")
        os.kill(pids[0], signal.SIGKILL)
        known = await one.ask(About("known"))
        print(f"desk-1: t1 is {await one.ask(Who('t1'))}, by life {one.pid.incarnation}, which began with {known}")
        print("front:", await shop.ref("front").ask(Print("the bill"), 15.0))


if __name__ == "__main__":
    asyncio.run(main())
