"""What our users write, and mypy must accept and understand."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import assert_type

from actors import Actor, ActorSystem, Ref, Request, handle
from supervisors import Backoff, Supervisor, child


@dataclass(frozen=True, slots=True)
class Count(Request[int]):
    """Asks how many."""


@dataclass(frozen=True, slots=True)
class Greet:
    """Asks for nothing in particular."""

    name: str


class Greeter(Actor):
    """Greets, and counts how often."""

    def __init__(self, greeting: str, *, loud: bool = False) -> None:
        self.greeting = greeting
        self.loud = loud
        self.greeted = 0

    def started(self) -> None:
        self.every(1.0, Greet("nobody"))

    @handle
    async def greet(self, message: Greet) -> str:
        self.greeted += 1
        return f"{self.greeting}, {message.name}!"

    @handle
    def count(self, _message: Count) -> int:
        return self.greeted


tree = Supervisor(
    "hello",
    [
        child(Greeter, "Hello", id="greeter", restart="transient", shutdown=1.0),
        child(functools.partial(Greeter, "HELLO", loud=True), id="shouter", backoff=Backoff(base=0.1)),
        Supervisor("more", [child(Greeter, "Good day", id="greeter")], strategy="rest_for_one"),
    ],
)


async def main() -> None:
    async with tree.running() as hello:
        assert_type(await hello.ref("greeter").ask(Count(), timeout=1.0), int)
        hello.ref("more/greeter").tell(Greet("Ada"))

    async with ActorSystem("plain") as system:
        ref = await system.spawn(Greeter, "Hi", name="greeter")
        counted: int = await ref.ask(Count(), timeout=1.0)
        total(ref, counted)


def total(ref: Ref[Greet | Count], counted: int) -> str:
    ref.tell(Greet("Grace"))
    return f"{ref.name} greeted {counted} times"
