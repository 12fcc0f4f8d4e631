"""Links between hosts in virtual time: what the tissue needs of a cluster, with partitions that a test makes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from actors import ActorSystem
from actors.cluster.tissue import CHANNEL, HostWires
from actors.cluster.values import HostView, Membership

PATIENCE = 1.0
"""Seconds until a link that is cut is given up."""

BACK = 0.3
"""Seconds until there is one again."""


@dataclass
class Backbone:
    """The links of several hosts.  ``delay``: seconds that a datagram takes; ``apart``: pairs that are cut."""

    delay: float = 0.0005
    hosts: dict[str, SimulatedCluster] = field(default_factory=dict)
    apart: set[frozenset[str]] = field(default_factory=set)

    def partition(self, *sides: list[str]) -> None:
        """Cut all links from one side to another: nothing gets through, and each end notices in its time."""
        for side in sides:
            for other in sides:
                for pair in {frozenset((a, b)) for a in side for b in other if side is not other}:
                    self.apart.add(pair)
                    self._later(PATIENCE, pair, is_up=False)

    def heal(self) -> None:
        """All links come back."""
        pairs, self.apart = self.apart, set()
        for pair in pairs:
            self._later(BACK, pair, is_up=True)

    def _later(self, seconds: float, pair: frozenset[str], *, is_up: bool) -> None:
        def tell() -> None:
            if (pair in self.apart) == is_up:
                return
            one, two = (self.hosts[name] for name in sorted(pair))
            one.link(two.name, is_up)
            two.link(one.name, is_up)

        asyncio.get_running_loop().call_later(seconds, tell)


class SimulatedCluster:
    """One host of a backbone; see :class:`actors.cluster.cluster.Cluster`."""

    def __init__(self, backbone: Backbone, system: ActorSystem, zone: str, trips: dict[str, float]) -> None:
        self.system = system
        self.name = system.name
        self.membership = Membership(self.name, zone=zone)
        self.ups: set[str] = set()
        self.dropped = 0
        self._backbone = backbone
        self._trips = trips
        self._receivers: dict[int, Callable[[str, bytes], object]] = {}
        self._watchers: list[Callable[[HostView], object]] = []
        backbone.hosts[self.name] = self
        for other in backbone.hosts.values():
            if other is not self:
                self.link(other.name, True)
                other.link(self.name, True)

    @property
    def directory(self) -> SimulatedCluster:
        return self

    def view(self, name: str) -> HostView:
        zone = self._backbone.hosts[name].membership.zone
        is_here = name == self.name
        return HostView(
            name, 1, "", zone, {}, 1, 0, "up", is_here or name in self.ups, is_here, True, self.round_trip(name)
        )  # fmt: skip

    def hosts(self) -> list[HostView]:
        return [self.view(name) for name in self._backbone.hosts]

    def round_trip(self, host: str) -> float | None:
        return self._trips.get(host)

    def send_datagram(self, host: str, channel: int, data: bytes) -> bool:
        if host not in self.ups:
            self.dropped += 1
            return False
        if frozenset((self.name, host)) not in self._backbone.apart:
            there = self._backbone.hosts[host]
            asyncio.get_running_loop().call_later(self._backbone.delay, there.arrive, self.name, channel, data)
        return True

    def arrive(self, host: str, channel: int, data: bytes) -> None:
        if channel in self._receivers:
            self._receivers[channel](host, data)

    def on_datagram(self, channel: int, call: Callable[[str, bytes], object]) -> Callable[[], None]:
        self._receivers[channel] = call
        return lambda: self._receivers.pop(channel, None) and None

    def watch(self, call: Callable[[HostView], object]) -> Callable[[], None]:
        self._watchers.append(call)
        for name in sorted(self.ups):
            call(self.view(name))
        return lambda: self._watchers.remove(call) if call in self._watchers else None

    def link(self, host: str, is_up: bool) -> None:
        (self.ups.add if is_up else self.ups.discard)(host)
        for call in tuple(self._watchers):
            call(self.view(host))


@asynccontextmanager
async def hosts(backbone: Backbone, *names: str, zones: Any = {}, trips: Any = {}) -> AsyncIterator[list[ActorSystem]]:  # noqa: B006
    """Systems that are each other's hosts; ``zones`` and round ``trips`` by name."""
    systems = []
    for name in names:
        system = await ActorSystem(name).__aenter__()
        cluster = SimulatedCluster(backbone, system, zones.get(name, ""), trips)
        system.cluster = cluster  # type: ignore[assignment]
        system.transport = HostWires(cluster)
        systems.append(system)
    try:
        yield systems
    finally:
        for system in reversed(systems):
            await system.close()


__all__ = ["CHANNEL", "Backbone", "SimulatedCluster", "hosts"]
