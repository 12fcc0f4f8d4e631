"""Memory of idle actors, in a process of its own: ``python -m bench.memory COUNT`` prints what it found as JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from actors import Actor, ActorSystem, handle
from actors.engines import loop

from .parts import ns
from .processes import environment

ASKS = 5_000
"""Questions asked; enough for a p99."""

TIMEOUT = 300.0
"""Seconds a million actors may take."""

STATM = Path("/proc/self/statm")


class Idler(Actor):
    """An actor with a little state, as any has, that answers a number with itself."""

    def __init__(self) -> None:
        self.seen = 0

    @handle
    async def echo(self, message: int) -> int:
        self.seen += 1
        return message


@dataclass(frozen=True, slots=True)
class Idle:
    """Resident bytes and start (ns) of each of ``alive`` actors, and how long each question took (ns)."""

    alive: int
    bytes_each: float
    spawn: float
    asks: list[float]


def resident() -> int:
    """Resident bytes of this process; where there is no ``/proc``, the most it ever had."""
    if STATM.exists():
        return int(STATM.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


async def report(count: int) -> None:
    """Start ``count`` actors, print what was found, and end this process."""
    async with ActorSystem("idle") as system:
        warm = await system.spawn(Idler)
        for number in range(100):
            await warm.ask(number)
        await warm.stop()
        gc.collect()
        before = resident()
        began = ns()
        refs = [await system.spawn(Idler) for _ in range(count)]
        spawn = (ns() - began) / count
        await asyncio.sleep(0.05)
        gc.collect()
        used = resident() - before
        rng = random.Random(count)
        asks = []
        for number in range(ASKS):
            ref = refs[int(rng.random() * count)]
            began = ns()
            await ref.ask(number)
            asks.append(float(ns() - began))
        alive = system.statistics().actors
        print(json.dumps(asdict(Idle(alive, used / count, spawn, asks))), flush=True)
        os._exit(0)  # how long a million actors take to stop is another question: tree_start_stop


def measure_apart(count: int) -> Idle:
    """Start ``count`` actors in a fresh process."""
    command = [sys.executable, "-m", __name__, str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIMEOUT, env=environment())
    return Idle(**json.loads(done.stdout))


if __name__ == "__main__":
    loop.run(report(int(sys.argv[1])))
