"""What the tests of the nursery share: to talk to an isolate, to wait for a fact, to look at processes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, Self

import msgpack

from actors.engines.thespian.isolate import Isolate
from actors.engines.thespian.notices import Notice, Ready
from actors.engines.thespian.nursery import Nursery
from tests.reality import PATIENCE

ENTRIES = "tests.actors.engines.thespian.entries"
SERVE = f"{ENTRIES}:serve"


class Talk:
    """A conversation with an isolate that runs ``serve``."""

    def __init__(self, isolate: Isolate) -> None:
        self.isolate = isolate

    async def ask(self, line: str) -> Any:
        """Say something, and read the answer."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self.isolate.socket, line.encode() + b"\n")
        data = b""
        async with asyncio.timeout(PATIENCE):
            while not data.endswith(b"\n.\n"):
                piece = await loop.sock_recv(self.isolate.socket, 65536)
                if not piece:
                    raise EOFError
                data += piece
        return msgpack.unpackb(data[:-3], strict_map_key=False)

    async def say(self, line: str) -> None:
        """Say something that is not answered."""
        await asyncio.get_running_loop().sock_sendall(self.isolate.socket, line.encode() + b"\n")


class Watched:
    """A nursery that keeps what it was told, and what it knows of the machinery."""

    def __init__(self, entry: str = SERVE, **options: Any) -> None:
        self.notices: list[Notice] = []
        self.nursery = Nursery(entry=entry, on_notice=self.notices.append, **options)

    async def __aenter__(self) -> Self:
        await self.nursery.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.nursery.close()

    @property
    def ready(self) -> Ready:
        """The machinery as it was last ready."""
        return [each for each in self.notices if isinstance(each, Ready)][-1]

    @property
    def readies(self) -> int:
        """How often it was."""
        return sum(isinstance(each, Ready) for each in self.notices)

    def part(self, name: str) -> int:
        """The pid of launcher, admin, zygote or logger."""
        if name == "logger":
            (logger,) = children(self.ready.admin) - {self.ready.zygote}
            return logger
        pid: int = getattr(self.ready, name)
        return pid


def is_alive(pid: int) -> bool:
    """Whether a process is there and not merely unburied."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def children(pid: int) -> set[int]:
    """The children of a process."""
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def descriptors() -> set[str]:
    """The open descriptors of this process."""
    return {each.name for each in Path("/proc/self/fd").iterdir()}


def kill(pid: int) -> None:
    """``kill -9``."""
    os.kill(pid, 9)
