"""What the tests of hosts share: hosts in this loop and in processes, keys, and a wire to tamper with."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from actors import ActorSystem
from actors.cluster import keys
from actors.cluster.cluster import Cluster
from actors.cluster.values import HostInfo, Membership
from actors.wire.frames import VERSIONS, Greeting, Kind, greet
from actors.wire.outbox import packet
from bench.hosting import HostProcess, end
from bench.tap import Tap

__all__ = ["HostProcess", "Tap", "end"]


def free_port(address: str = "127.0.0.1") -> int:
    """A port on which nobody listens."""
    with socket.socket() as end:
        end.bind((address, 0))
        return int(end.getsockname()[1])


def is_alive(pid: int) -> bool:
    """Whether a process is there and not merely unburied."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def name_of(pid: int) -> str:
    """What the kernel calls a process; empty: it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


class Keyring:
    """A CA in a folder, and the keys of hosts that it makes when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.ca = folder / "ca"
        self.folder = folder
        keys.make_ca(self.ca)

    def of(self, name: str, **options: Any) -> Path:
        """The folder with a host's keys."""
        place = self.folder / name
        return place if place.exists() else keys.make_host(name, self.ca, place, **options)


def hello(name: str, boot: int = 1) -> bytes:
    """What a host says first."""
    value = [HostInfo(name, boot, 1, "127.0.0.1:1").to_plain(), []]
    return b"".join(packet(greet(Kind.HELLO, Greeting(VERSIONS, 1 << 24, value))))


class Node(Cluster):
    """A host in this loop, and what its system has published, in words."""

    said: list[str]

    def ups(self) -> list[str]:
        """The names of the other hosts that are up."""
        return [view.name for view in self.hosts() if view.is_up and not view.is_here]


@contextlib.asynccontextmanager
async def node(
    name: str, *join: Any, change: Callable[[Node], object] | None = None, **options: Any
) -> AsyncIterator[Node]:
    """A host in this loop; ``join``: other ones, or addresses; ``change`` it before it is entered."""
    addresses = tuple(each if isinstance(each, str) else each.address for each in join)
    async with ActorSystem(name) as system:
        cluster = Node(system, Membership(name, join=addresses, **options))
        cluster.said = []
        system.events.subscribe(lambda event: cluster.said.append(getattr(event, "describe", lambda: "")()))
        if change is not None:
            change(cluster)
        async with cluster:
            yield cluster


@contextlib.asynccontextmanager
async def hosts(*names: str, **options: Sequence[str]) -> AsyncIterator[dict[str, HostProcess]]:
    """Hosts in processes of their own, that know each other and serve; ``options`` of each by its name."""
    ports = {name: f"127.0.0.1:{free_port()}" for name in names}
    started: dict[str, HostProcess] = {}
    try:
        for name, address in ports.items():
            others = ["--join", ",".join(started and [ports[each] for each in started])] if started else []
            started[name] = HostProcess(name, "--listen", address, *others, *options.get(name, ()))
        for each in started.values():
            await each.listens()
        yield started
    except BaseException:
        for each in started.values():
            print(f"host {each.name} said:", *each.lines, sep="\n  ")
        raise
    finally:
        end(started.values())
