"""Memory of idle isolates, of a node that has loaded no more than they need.

``python -m bench.idle_isolates COUNT`` prints as JSON what each of them takes.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

from actors.engines import loop
from supervisors import Supervisor, child

from .isolates import Echo, proportional_set
from .processes import environment

REST = 0.3
"""Seconds until they are idle: the next spare is there, too."""

TIMEOUT = 60.0
"""Seconds that it may take."""


async def report(count: int) -> None:
    """Start ``count`` isolates, use them, and print what each takes when that is over."""
    children = [child(Echo, id=f"c{number}", place="process") for number in range(count)]
    async with Supervisor("memory", children).running() as running:
        refs = [running.ref(f"c{number}") for number in range(count)]
        for ref in refs:
            for number in range(100):
                await ref.ask(number)
        pids = [await ref.ask("pid") for ref in refs]
        await asyncio.sleep(REST)
        print(json.dumps([proportional_set(pid) for pid in pids]), flush=True)


def measure_apart(count: int) -> list[float]:
    """Bytes of each of ``count`` idle isolates of a fresh process."""
    command = [sys.executable, "-m", __name__, str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIMEOUT, env=environment())
    return [float(each) for each in json.loads(done.stdout)]


if __name__ == "__main__":
    loop.run(report(int(sys.argv[1])))
