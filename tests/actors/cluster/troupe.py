"""Actors that the tests of hosts place on other hosts; importable wherever one runs."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Any

from actors import Actor, handle, register
from bench.lodgers import HOST


@register
@dataclass(frozen=True, slots=True)
class Add:
    """Is acknowledged with its number."""

    number: int


@register
@dataclass(frozen=True, slots=True)
class Hold:
    """Holds the loop for so many seconds."""

    seconds: float


@register
@dataclass(frozen=True, slots=True)
class Fill:
    """Takes so many bytes of memory."""

    size: int


class Player(Actor):
    """Says where it is, and keeps a count."""

    def __init__(self, tag: str = "") -> None:
        self.tag = tag
        self.numbers: list[int] = []

    @handle
    async def where(self, message: str) -> dict[str, Any]:
        if message == "slowly":
            await asyncio.sleep(0.2)
        return {"host": os.environ.get(HOST, ""), "pid": os.getpid(), "life": self.pid.incarnation, "tag": self.tag}

    @handle
    def add(self, message: Add) -> int:
        self.numbers.append(message.number)
        return message.number

    @handle
    def hold(self, message: Hold) -> None:
        import time

        time.sleep(message.seconds)  # pytest.mark.real: it is what is tested

    @handle
    def fill(self, message: Fill) -> int:
        return len(b"x" * message.size)

    @handle
    def echo(self, message: bytes) -> bytes:
        return message
