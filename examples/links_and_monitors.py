"""Watching others die: a monitor tells, a link takes along, and who traps exits is told instead of being taken along.

Prints:

    monitor: worker#1 is gone: crashed(RuntimeError: no luck)
    link: partner is alive: False
    trap_exits: survivor heard that worker-2#1 is gone: crashed(RuntimeError: no luck)
    monitor: worker-2#1 is gone: noproc
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from actors import Actor, ActorSystem, Down, Exit, Ref, handle


@dataclass(frozen=True, slots=True)
class Watch:
    """Monitor this one."""

    ref: Ref[Any]


@dataclass(frozen=True, slots=True)
class Join:
    """Link to this one."""

    ref: Ref[Any]


class Fail:
    """Crash."""


class Worker(Actor):
    """Crashes when told to."""

    @handle
    def fail(self, message: Fail) -> None:
        """Crash."""
        raise RuntimeError("no luck")


class Watcher(Actor):
    """Is told of deaths and lives on: a monitor goes one way."""

    @handle
    def watch(self, message: Watch) -> None:
        """From now on, `down()` is called when the present life of the other ends."""
        self.monitor(message.ref)

    def down(self, signal: Down) -> None:
        """The other is gone."""
        print(f"monitor: {signal.pid} is gone: {signal.reason}")


class Partner(Actor):
    """Shares the fate of whom it is linked to: a link goes both ways."""

    @handle
    def link_to(self, message: Join) -> None:
        """Live and die together."""
        self.link(message.ref)


class Survivor(Partner):
    """Linked too, but told instead of being taken along."""

    trap_exits = True

    def exited(self, signal: Exit) -> None:
        """A linked actor is gone."""
        print(f"trap_exits: survivor heard that {signal.pid} is gone: {signal.reason}")


async def main() -> None:
    """Two workers, and who watches them."""
    async with ActorSystem("life") as system:
        watcher = await system.spawn(Watcher, name="watcher")
        partner = await system.spawn(Partner, name="partner")
        survivor = await system.spawn(Survivor, name="survivor")

        worker = await system.spawn(Worker, name="worker")
        await watcher.ask(Watch(worker))
        await partner.ask(Join(worker))
        worker.tell(Fail())
        await partner.wait_ended()
        print("link: partner is alive:", partner.is_alive)

        worker = await system.spawn(Worker, name="worker-2")
        await survivor.ask(Join(worker))
        worker.tell(Fail())
        await worker.wait_ended()
        await watcher.ask(Watch(worker))  # too late: there is nobody to watch any more
        await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main())
