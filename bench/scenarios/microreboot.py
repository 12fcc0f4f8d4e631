"""What does it save to restart one actor of a service instead of its process?

A service of 20 components runs in a process of its own, under constant load over a socket.  The state of one component
is corrupted; the first request that meets it fails, and then what is restarted is that actor, all 20 components, or
the process, which a watcher starts again at once.  A request fails if it is refused, answered wrongly, cut off, or not
answered within a second.  Nothing is retried.

Target: at least 10 times fewer failed requests by restarting the actor.  Source of the comparison: Candea et al.,
*Microreboot* (OSDI 2004).
"""

from __future__ import annotations

import asyncio
import itertools
import random
import subprocess
import sys
from collections.abc import Callable
from typing import Self, cast

from ..harness import Context
from ..kiosk import COMPONENTS, HOST, PATIENCE, value_of
from ..parts import PATIENCE as LONGEST
from ..parts import ns
from ..processes import environment

GROUP = "apoptosis"
RATE = 2_000
"""Requests a second, over all components."""

ENTRIES = 10_000
"""What each component builds when it starts."""

SECONDS = 1.0
"""Load after the last failure, and before the corruption."""

TICK = 0.002
SEED = 5
CURES = ("actor", "group", "process")


class Kiosk:
    """The service's process, started again at once, on the same port, whenever it ends."""

    def __init__(self, entries: int) -> None:
        self.entries = entries
        self.port = 0
        self.lives = 0
        self.leaving = False
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self._start()
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leaving = True
        self._dismiss()
        await self._watcher

    def _dismiss(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def _start(self) -> None:
        command = [sys.executable, "-m", f"{__package__.rpartition('.')[0]}.kiosk", str(self.port), str(self.entries)]
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
        )
        self.lives += 1
        assert self._process.stdout is not None
        async with asyncio.timeout(LONGEST):
            self.port = int(await self._process.stdout.readline())

    async def _watch(self) -> None:
        assert self._process is not None
        while await self._process.wait() and not self.leaving:
            await self._start()
            if self.leaving:  # it was decided while this one was on its way
                self._dismiss()


class Client(asyncio.Protocol):
    """Sends numbered requests whatever becomes of them, connects again when it is cut off, and counts."""

    def __init__(self, kiosk: Kiosk) -> None:
        self.kiosk = kiosk
        self.rng = random.Random(SEED)
        self.numbers = itertools.count()
        self.open: dict[int, tuple[int, int]] = {}
        self.failed = 0
        self.last_failure = 0
        self.last_answer = 0
        self.latencies: list[float] = []
        self._line: asyncio.Transport | None = None
        self._rest = b""
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._line, self._rest = (
            cast(asyncio.Transport, transport),
            b"",
        )  # uvloop's is one, but does not descend from it

    def connection_lost(self, exc: Exception | None) -> None:
        self._line = None
        for _ in range(len(self.open)):
            self._fail()
        self.open.clear()

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            number, value = line.split()
            wanted, began = self.open.pop(int(number), (None, 0))
            if wanted is None:
                continue
            if value == b"%d" % wanted:
                self.last_answer = ns()
                self.latencies.append(float(self.last_answer - began))
            else:
                self._fail()

    def send(self) -> None:
        """One request; it fails at once while there is nobody to send it to."""
        number, component, key = next(self.numbers), self.rng.randrange(COMPONENTS), self.rng.randrange(100)
        if self._line is None:
            self._fail()
            self._reconnect()
            return
        self._line.write(b"%d %d %d\n" % (number, component, key))
        self.open[number] = value_of(component, key), ns()

    def expire(self) -> None:
        """Give up what was not answered in time."""
        limit = ns() - int(PATIENCE * 1e9)
        while self.open and (oldest := next(iter(self.open.items())))[1][1] < limit:
            del self.open[oldest[0]]
            self._fail()

    def corrupt(self, component: int, cure: str) -> None:
        """Corrupt a component."""
        assert self._line is not None
        self._line.write(f"corrupt {component} {cure}\n".encode())

    def has_recovered(self, seconds: float) -> bool:
        """Whether something failed, and answers have come for that long since; silence is no sign of health."""
        return self.failed > 0 and self.last_answer - self.last_failure >= seconds * 1e9

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()

    def _fail(self) -> None:
        self.failed += 1
        self.last_failure = ns()

    def _reconnect(self) -> None:
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self.connect())

    async def connect(self) -> None:
        """Connect, if anybody listens."""
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, HOST, self.kiosk.port)
        except OSError:
            return


async def run(ctx: Context) -> None:
    """One repeat."""
    failed = {}
    async with Kiosk(ctx.size(ENTRIES)) as kiosk:
        for number, cure in enumerate(CURES):
            client = await suffer(ctx, kiosk, number, cure)
            failed[cure] = client.failed
            ctx.report(f"failed requests, {cure} restarted", client.failed, "count")
            ctx.report_all(f"answer, {cure} restarted", client.latencies, "ns")
        ctx.expect("processes", kiosk.lives, 2)
    ctx.report("process / actor", failed["process"] / failed["actor"], "x", "higher")
    ctx.report("group / actor", failed["group"] / failed["actor"], "x", "higher")
    ctx.target("process / actor", at_least=10)


async def suffer(ctx: Context, kiosk: Kiosk, component: int, cure: str) -> Client:
    """Load, corruption, load until nothing has failed for a while."""
    client = Client(kiosk)
    await client.connect()
    seconds = SECONDS * max(ctx.scale, 0.04)
    await press(client, lambda began: ns() - began < seconds * 1e9)
    ctx.expect("failures before the corruption", client.failed, 0)
    client.corrupt(component, cure)
    await press(client, lambda _: not client.has_recovered(seconds))
    ctx.expect("unanswered at the end", [one for one in client.open.values() if ns() - one[1] > PATIENCE * 1e9], [])
    client.close()
    return client


async def press(client: Client, goes_on: Callable[[int], bool]) -> None:
    """Send ``RATE`` requests a second, whatever becomes of them, for as long as ``goes_on(began)``."""
    began, sent = ns(), 0
    async with asyncio.timeout(LONGEST):
        while goes_on(began):
            due = int((ns() - began) / 1e9 * RATE)
            for _ in range(due - sent):
                client.send()
            sent = due
            client.expire()
            await asyncio.sleep(TICK)
