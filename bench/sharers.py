"""Actors that share a map from processes of their own, and look how old its changes are when they come."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass

from actors import Actor, handle
from actors.tissue import ORMap

KEYS = 50
LOOK = 0.001
"""Seconds between two looks at what has come."""


@dataclass(frozen=True, slots=True)
class Order:
    """``put``: change the map so often a second, for so many seconds; answered with how often that was.  ``watch``: for
    so many seconds, and until there is one; how old changes were when they were seen.  ``spent``: seconds of processor
    time so far.  ``size``: entries now; ``known``: at the start.  ``pid``: of the process.
    """

    what: str
    seconds: float = 0.0
    rate: float = 0.0


class Sharer(Actor):
    """Shares a map with its siblings."""

    async def started(self) -> None:
        """Begin with what they know."""
        self.map = self.contact.share("map", ORMap)
        await self.contact.warm()
        self.known = len(self.map.value)

    @handle
    async def carry_out(self, order: Order) -> list[float]:
        """Do as one is told."""
        match order.what:
            case "put":
                return [float(await self.put(order))]
            case "watch":
                return await self.watch(order)
            case "spent":
                return [time.process_time()]
            case "size":
                return [float(len(self.map.value))]
            case "known":
                return [float(self.known)]
            case _:
                return [float(os.getpid())]

    async def put(self, order: Order) -> int:
        """Change the map again and again, with the time on the machine's one clock."""
        until, number = time.monotonic() + order.seconds, 0
        while time.monotonic() < until:
            await asyncio.sleep(1 / order.rate)  # first: who watches has begun to
            self.map.put(number % KEYS, time.monotonic())
            number += 1
        return number

    async def watch(self, order: Order) -> list[float]:
        """Look at it again and again."""
        until = time.monotonic() + order.seconds
        seen, ages = dict(self.map.value), list[float]()
        while (now := time.monotonic()) < until or not ages:
            for key, put_at in self.map.value.items():
                if seen.get(key) != put_at:
                    seen[key] = put_at
                    ages.append(now - put_at)
            await asyncio.sleep(LOOK)
        return ages
