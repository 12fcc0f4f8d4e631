"""Hosts and a tree that has lives on them: on machines of their own where namespaces can be made, else on this one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from actors import ActorError
from actors.cluster import keys
from actors.cluster.values import Membership
from actors.places.place import Host
from supervisors import Supervisor, child
from supervisors.running import Running

from .hosting import HostProcess, end, until
from .lodgers import Lodger
from .namespaces import Network, why_none

TREE = "t"
"""The machine on which the tree runs."""


def can_part() -> bool:
    """Whether machines can be cut off from each other here: root, namespaces, and cryptography for keys."""
    return why_none() is None and find_spec("cryptography") is not None


class Machines:
    """Hosts by name; ``tree`` and its ``cluster`` are on a further machine.  ``net``: ``None`` if all are this one."""

    def __init__(self, names: tuple[str, ...], folder: Path, net: Network | None) -> None:
        self.names = names
        self.net = net
        self.ids: list[str] = []
        self.hosts: dict[str, HostProcess] = {}
        self.tree: Running
        self.cluster: Any
        self.downs: dict[str, float] = {}
        self.falls = 0
        self._folder = folder
        self._addresses: dict[str, str] = {}
        if net is not None:
            keys.make_ca(folder / "ca")
            for name in (*names, TREE):
                keys.make_host(name, folder / "ca", folder / name)

    def _options(self, name: str) -> list[str]:
        """The options of a host."""
        known = [address for other, address in self._addresses.items() if other != name]
        listen = self._addresses.get(name, "127.0.0.1:0" if self.net is None else f"{self.net.address[name]}:7400")
        keyed = [] if self.net is None else ["--keys", str(self._folder / name)]
        return ["--listen", listen, *keyed, *(["--join", ",".join(known)] if known else [])]

    async def start(self, name: str) -> None:
        """Start a host, again if it was there."""
        inside = self.net.command(name) if self.net is not None else ()
        self.hosts[name] = HostProcess(name, *self._options(name), inside=inside)
        self._addresses[name] = await self.hosts[name].listens()

    def membership(self) -> Membership:
        """Of the tree's machine."""
        join = tuple(self._addresses.values())
        if self.net is None:
            return Membership(TREE, join=join)
        return Membership(TREE, listen=f"{self.net.address[TREE]}:7400", join=join, keys=self._folder / TREE)

    def watch(self) -> None:
        """Note when the tree's machine takes a host for dead."""
        self.cluster = self.tree.system.cluster

        def seen(view: Any) -> None:
            if not view.is_up:
                self.falls += 1
                self.downs.setdefault(view.name, time.monotonic())

        self.cluster.watch(seen)

    def is_up(self, name: str) -> bool:
        """Whether the tree's machine has a link to a host."""
        return any(view.name == name and view.is_up for view in self.cluster.hosts())

    async def where(self, id: str) -> dict[str, Any]:
        """Where a life is; asked until it answers."""
        async with asyncio.timeout(60):
            while True:
                try:
                    found: dict[str, Any] = await self.tree.ref(id).ask("where", timeout=1.0)
                    return found
                except ActorError:
                    await asyncio.sleep(0.002)

    async def spread(self) -> dict[str, dict[str, Any]]:
        """Where all lives are, when all of them serve."""
        return {id: await self.where(id) for id in self.ids}


@contextlib.asynccontextmanager
async def machines(*names: str, lives: int) -> AsyncIterator[Machines]:
    """Hosts that serve, and a tree with so many lives on them."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="planaria-bench-")))
        net = stack.enter_context(Network(*names, TREE)) if can_part() else None
        if net is not None:
            stack.enter_context(net.entered(TREE))
        at = Machines(names, folder, net)
        try:
            for name in names:
                await at.start(name)
            at.ids = [f"p{number}" for number in range(lives)]
            tree = Supervisor("t", [child(Lodger, id=id, place=Host()) for id in at.ids], max_restarts=100)
            async with tree.running(cluster=at.membership(), log=False) as at.tree:
                at.watch()
                await at.spread()
                yield at
        finally:
            end(at.hosts.values())


@contextlib.contextmanager
def load(processes: int) -> Iterator[None]:
    """So many processes that do nothing but compute."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: sum(range(10000))"]) for _ in range(processes)]
    try:
        yield
    finally:
        for each in busy:
            each.kill()
            each.wait()


def is_alive(pid: int) -> bool:
    """Whether a process is there and not merely unburied."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as end_:
        end_.bind(("127.0.0.1", 0))
        return int(end_.getsockname()[1])


CORES = os.cpu_count() or 1

__all__ = ["CORES", "Machines", "can_part", "free_port", "is_alive", "load", "machines", "until"]
