"""This host's part in a convention of Thespian's: what that tells of others are hints whom to call, and no more.

Whoever joins is called over our own links, which find out whether it is there, who it is, and when it is gone; from
there the directory spreads it to all.  See :mod:`actors.engines.thespian.convention` for the process that takes part.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.engines.thespian import folders
from actors.engines.thespian.machine import Machine, configuration
from actors.engines.thespian.tidings import ADDRESS, BOOT, MODULE, NAME, PIN, ZONE

from .errors import ClusterError
from .events import ConventionJoined, ConventionLeft, ConventionLost, LeaderFound, LeaderMissing
from .hints import Hints
from .leaving import unless_leaving
from .values import check_name, read_address, read_leaders, spell_address

if TYPE_CHECKING:
    from .cluster import Cluster

TURN = 0.25
"""Seconds between looks at who has left by now."""

FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
"""Seconds before the process is started again that takes part; doubles, up to the second, until one has begun."""

CLOSE_TIME = 2.0
"""Seconds that it may take to end."""


async def convene(cluster: Cluster) -> None:
    """Take part until this is cancelled, if the membership says so."""
    if cluster.membership.discovery == "thespian":
        convention = Convention(cluster)
        try:
            await convention.run()
        finally:
            await convention.close()


class Convention:
    """Of one host."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._hints = Hints()
        self._machine: Machine | None = None
        self._folder: Path | None = None
        self._failures = 0
        self._why = ""
        self._words: dict[str, Callable[..., None]] = {
            "began": self._began, "ended": self._lost, "joined": self._joined, "left": self._left,
            "refused": lambda host, why: cluster.gate.refused(host, f"by the convention: {why}", is_caller=False),
            "leader": self._leader,
        }  # fmt: skip

    async def run(self) -> None:
        """Have a process take part, and another one if it dies."""
        while True:
            try:
                self._folder = self._folder or folders.make(None)
                self._machine = machine = Machine(self._config(), self._hear, self._died, MODULE)
            except OSError as error:
                self._lost(f"it cannot take part: {error}")
            else:
                while not machine.ended.done():
                    await asyncio.wait([machine.ended], timeout=TURN)
                    self._forget()
            self._failures += 1
            await asyncio.sleep(min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self._failures - 1, 10)))

    async def close(self) -> None:
        """Take no part any more, and leave nothing behind."""
        machine = self._machine
        if machine is not None and not machine.ended.done():
            machine.send("close")
            await asyncio.wait([machine.ended], timeout=CLOSE_TIME)
            if not machine.ended.done():
                machine.kill()
                await machine.ended
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _config(self) -> dict[str, Any]:
        cluster = self._cluster
        member = cluster.membership
        own, _ = read_address(member.listen or "127.0.0.1:0")
        leaders = read_leaders(member.leaders, own)
        ports = dict(leaders)
        capabilities = {
            **member.capabilities, NAME: cluster.name, ZONE: member.zone, BOOT: cluster.boot, ADDRESS: cluster.address,
            PIN.format(cluster.name): True,
        }  # fmt: skip
        return {
            **configuration(self._folder or Path(), (), "", ports.get(own, leaders[0][1])),
            "host": own, "leaders": [spell_address(*each) for each in leaders], "is_leader": own in ports,
            "key": cluster.gate.secret, "capabilities": capabilities,
        }  # fmt: skip

    # -- what the process says -----------------------------------------------------------------------------------------

    def _hear(self, word: str, *rest: Any) -> None:
        self._words[word](*rest)

    def _began(self, _generation: int, _seconds: float) -> None:
        self._failures = 0
        self._why = ""

    def _died(self, why: str) -> None:
        self._lost(f"the process that takes part ended: {why}")

    def _lost(self, why: str) -> None:
        self._hints.all_left(self._now())
        if why != self._why:
            self._why = why
            unless_leaving(self._cluster, lambda: self._publish(ConventionLost, self._cluster.name, why))

    def _joined(self, name: str, boot: int, address: str) -> None:
        try:
            check_name(name)
            address = spell_address(*read_address(address))
        except ClusterError as error:
            self._cluster.gate.refused("a host of the convention", str(error), is_caller=False)
            return
        is_news, old = self._hints.joined(name, boot, address)
        if old is not None:
            self._cluster.calls.drop_hint(old)
        if is_news and name != self._cluster.name:
            self._publish(ConventionJoined, name, address, boot)
            self._cluster.calls.hint(address)

    def _left(self, name: str, boot: int, _address: str) -> None:
        self._hints.left(name, boot, self._now())

    def _forget(self) -> None:
        for name, address in self._hints.gone(self._now()):
            self._cluster.calls.drop_hint(address)
            self._publish(ConventionLeft, name)

    def _leader(self, address: str, is_there: bool, why: str) -> None:
        if is_there:
            self._publish(LeaderFound, address)
        else:
            self._publish(LeaderMissing, address, why)

    def _now(self) -> float:
        return self._cluster.system.scheduler.loop.time()

    def _publish(self, kind: Callable[..., object], host: str, *more: Any) -> None:
        self._cluster.publish(kind(self._cluster.system.now(), host, *more))
