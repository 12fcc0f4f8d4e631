"""The arguments of an actor are checked where its child is declared, and where it is spawned."""

from __future__ import annotations

from actors import Actor, ActorSystem
from supervisors import Supervisor, child


class Greeter(Actor):
    """Takes one greeting."""

    def __init__(self, greeting: str) -> None:
        self.greeting = greeting


tree = Supervisor(
    "hello",
    [
        child(Greeter, 3, id="number"),  # error: "type[Greeter]"; expected "Callable[[int], Actor]"
        child(Greeter, id="nothing"),  # error: "type[Greeter]"; expected "Callable[[], Actor]"
        child(Greeter, "Hello", id="typo", restrat="temporary"),  # error: "restrat" for "child"
        child(Greeter, "Hello", id="word", restart="sometimes"),  # error: "Literal['sometimes']"
    ],
)


async def main(system: ActorSystem) -> None:
    await system.spawn(Greeter, 3)  # error: "type[Greeter]"; expected "Callable[[int], Actor]"
