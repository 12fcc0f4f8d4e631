"""A reply is typed by its request."""

from __future__ import annotations

from dataclasses import dataclass

from actors import Request
from supervisors import Supervisor


@dataclass(frozen=True, slots=True)
class Count(Request[int]):
    """Asks how many."""


async def main(tree: Supervisor) -> None:
    async with tree.running() as hello:
        reply: str = await hello.ref("greeter").ask(Count(), timeout=1.0)  # error: expression has type "WrongReply"
        print(reply)
