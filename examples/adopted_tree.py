"""Supervisors without a single point of failure: a tree that one of three hosts runs, and another one adopts.

Which one is decided by a lease that a majority of the hosts confirms. A host that is cut off stops its tree before any
other can start it. Each adoption has a higher token, by which a resource refuses whoever was replaced.

Prints:

    east runs it, token 1
    east is cut off
    east runs it no more
    west runs it, token 2
    the table admits token 2: True
    the table admits token 1: False
    west runs it no more
"""

from contextlib import AsyncExitStack

from actors import Actor, ActorSystem
from actors.testing import World, world
from supervisors import Fence, Standby, Supervisor, child

HOSTS = ("east", "west", "north")


class Billing(Actor):
    """Must never run twice at a time."""

    def __init__(self, token: int) -> None:
        self.token = token

    def started(self) -> None:
        """Say where, and by which right."""
        print(f"{self.system.name} runs it, token {self.token}")

    def stopping(self, reason: object) -> None:
        """In time: the others wait until this lease has run out."""
        print(f"{self.system.name} runs it no more")


def tree(token: int) -> Supervisor:
    """The tree of one adoption."""
    return Supervisor("billing", [child(Billing, token, id="billing")])


async def main(w: World) -> None:
    """Three candidates; the one that has it is cut off."""
    async with AsyncExitStack() as stack:
        standbys: dict[str, Standby] = {}
        for name in HOSTS:
            system = await stack.enter_async_context(ActorSystem(name))
            standby = Standby(tree, group="billing", hosts=HOSTS, system=system, log=False)
            standbys[name] = await stack.enter_async_context(standby)
        await w.advance(10.0)

        holder = next(name for name, standby in standbys.items() if standby.running)
        w.network.partition([f"@{holder}"], [f"@{name}" for name in HOSTS if name != holder])
        print(f"{holder} is cut off")
        await w.advance(20.0)

        fence = Fence()  # at what they write to
        for token in (2, 1):
            print(f"the table admits token {token}: {fence.admit(token)}")


if __name__ == "__main__":
    world(seed=1).run(main)
