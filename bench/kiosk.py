"""A service of twenty components in a process of its own, that can be corrupted and restarted at three sizes.

    python -m bench.kiosk PORT ENTRIES

listens on the loopback (0: a free port, printed on stdout) until its stdin ends.  A line ``NUMBER COMPONENT KEY`` is
answered by ``NUMBER VALUE``, or ``NUMBER -`` if the component failed.  ``corrupt COMPONENT CURE`` makes one component's
catalogue wrong, unanswered; the component finds out at the next request, which fails, and then ``CURE`` is what is
restarted: ``actor``, ``group`` (all components) or ``process``, which ends at once, as it would without a supervisor.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import Any

from actors import Actor, ActorError, Request, handle
from actors.engines import loop
from supervisors import Supervisor, child
from supervisors.errors import NoSuchPath
from supervisors.running import Running

from .parts import UNLIMITED, Provoked

COMPONENTS = 20
PATIENCE = 1.0
"""Seconds a request may take, a restart on its way included."""

FAILED_PROCESS = 70
"""Exit code of a process that ends because of a corrupted component (``EX_SOFTWARE``)."""

HOST = "127.0.0.1"


class Lookup(Request[int]):
    """The value of a key."""

    __slots__ = ("key",)

    def __init__(self, key: int) -> None:
        self.key = key


class Corrupt:
    """Makes a catalogue wrong; ``cure`` is what is restarted when that is noticed."""

    __slots__ = ("cure",)

    def __init__(self, cure: str) -> None:
        self.cure = cure


def value_of(component: int, key: int) -> int:
    """What a healthy component answers."""
    return (key * 7919 + component) % 1009


class Component(Actor):
    """Builds a catalogue when it starts, and looks keys up in it."""

    def __init__(self, number: int, entries: int) -> None:
        self.number = number
        self.entries = entries
        self.cure = ""
        self.catalogue: dict[str, int] = {}

    def started(self) -> None:
        self.catalogue = {f"item {key}": value_of(self.number, key) for key in range(self.entries)}

    @handle
    def lookup(self, message: Lookup) -> int:
        try:
            return self.catalogue[f"item {message.key}"]
        except KeyError:
            if self.cure == "process":
                os._exit(FAILED_PROCESS)
            if self.cure == "group" and self.parent is not None:
                self.parent.kill()
            raise Provoked from None

    @handle
    def corrupt(self, message: Corrupt) -> None:
        self.cure = message.cure
        self.catalogue.clear()


class Door:
    """The listening side."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.requests: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read requests of one connection; they are answered as they are done."""
        while line := await reader.readline():
            words = line.decode().split()
            if words[0] == "corrupt":
                self.component(int(words[1])).tell(Corrupt(words[2]))
                continue
            task = asyncio.create_task(self.answer(writer, *map(int, words)))
            self.requests.add(task)
            task.add_done_callback(self.requests.discard)
        writer.close()

    async def answer(self, writer: asyncio.StreamWriter, number: int, component: int, key: int) -> None:
        """One request."""
        try:
            value = str(await self.component(component).ask(Lookup(key), timeout=PATIENCE))
        except (ActorError, NoSuchPath):
            value = "-"
        writer.write(f"{number} {value}\n".encode())

    def component(self, number: int) -> Any:
        """The ref of a component."""
        return self.running.ref(f"components/c{number}")


async def serve(port: int, entries: int) -> None:
    """Serve until stdin ends."""
    logging.disable(logging.CRITICAL)
    children = [child(Component, number, entries, id=f"c{number}") for number in range(COMPONENTS)]
    tree = Supervisor("kiosk", [Supervisor("components", children, max_restarts=UNLIMITED)], max_restarts=UNLIMITED)
    async with tree.running(log=False) as running:
        server = await asyncio.start_server(Door(running).serve, HOST, port)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        server.close()


if __name__ == "__main__":
    loop.run(serve(*map(int, sys.argv[1:])))
