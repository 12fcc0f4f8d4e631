"""Scenarios in virtual time: minutes of it in seconds, and the same figures from the same seed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from actors.testing import World, world

T = TypeVar("T")

SEEDS = 20
"""Seeds where chance matters: enough for a worst case that is worth its name."""


async def in_virtual_time(main: Callable[[World], Awaitable[T]], seeds: Iterable[int]) -> list[T]:
    """What ``main`` returns in a world of each seed, one after another, in a thread that has no loop yet."""

    def run() -> list[T]:
        return [world(seed).run(main) for seed in seeds]

    return await asyncio.to_thread(run)
