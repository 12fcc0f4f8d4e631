"""Actors that the scenarios about places run in processes of their own, and what they are like from outside.

An isolate imports this module to find them, so it imports no more of the suite than they need.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from actors import Actor, Mailbox, Ref, handle

LETTERS = Mailbox(limit=4096, overflow="wait")
"""A mailbox whose sender waits for room: so a burst of any size is bounded."""

JOB_ROUNDS = 20_000
"""Of a job: some milliseconds of work in Python."""


class Echo(Actor):
    """Answers a number with itself, and a word with the number of its process."""

    @handle
    def echo(self, message: int) -> int:
        return message

    @handle
    def process(self, message: str) -> int:
        return os.getpid()


class Sink(Actor):
    """Counts the bytes it is told; answers a word with the messages and bytes since the last one."""

    def __init__(self) -> None:
        self.messages = 0
        self.bytes = 0

    @handle
    def take(self, message: bytes) -> None:
        self.messages += 1
        self.bytes += len(message)

    @handle
    def total(self, message: str) -> tuple[int, int]:
        total = self.messages, self.bytes
        self.messages = self.bytes = 0
        return total


class Worker(Actor):
    """Answers a number with what :func:`job` makes of it."""

    @handle
    def work(self, message: int) -> int:
        return job(message)


def job(number: int) -> int:
    """Work for one core, in the interpreter: nothing that another thread of the process could do meanwhile."""
    for _ in range(JOB_ROUNDS):
        number = (number * 1_103_515_245 + 12_345) & 0x7FFF_FFFF
    return number


async def pour(ref: Ref[Any], message: bytes, count: int, timeout: float) -> tuple[int, int]:
    """Tell ``ref`` the same message ``count`` times, waiting for room where there is none; what a Sink says of them."""
    tell = ref.tell
    for _ in range(count):
        await tell(message)
    total: tuple[int, int] = await ref.ask("total", timeout)
    return total


def proportional_set(pid: int) -> int:
    """Bytes of memory of a process, those that it shares with others in equal parts (PSS)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    line = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024
