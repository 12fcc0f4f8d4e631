"""A supervised actor, whole: one message, one handler, one tree; asked once.

`planaria run examples.hello:tree` runs it until Ctrl-C; `planaria tree examples.hello:tree` draws it.

Prints:

    Hello, Ada!
"""

import asyncio
from typing import NamedTuple

from actors import Actor, handle
from supervisors import Supervisor, child


class Greet(NamedTuple):
    """Asks for a greeting."""

    name: str


class Greeter(Actor):
    """Greets."""

    @handle
    def greet(self, message: Greet) -> str:
        """The annotation routes, the return value answers."""
        return f"Hello, {message.name}!"


tree = Supervisor("hello", [child(Greeter, id="greeter")])


async def main() -> None:
    """Run the tree for one question."""
    async with tree.running() as hello:
        print(await hello.ref("greeter").ask(Greet("Ada")))


if __name__ == "__main__":
    asyncio.run(main())
