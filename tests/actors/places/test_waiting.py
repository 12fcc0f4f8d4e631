"""The time for which a life elsewhere waits for a place, by no fault of its own, is not that of its start."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from actors import Actor, StartFailed
from actors.places.deputy import Lodger
from actors.places.nearby import Nearby, Room
from actors.places.place import Host
from actors.testing import World, world
from supervisors import Supervisor, child


class Late(Nearby):
    """Lodgings of which there is none for 100 s; then finding one takes ``search``."""

    search = 0.0

    async def take(self, place: Any, lodger: Lodger | None = None) -> Room:
        loop = asyncio.get_running_loop()
        assert lodger is not None
        lodger.waited_until = math.inf
        await asyncio.sleep(100.0)
        lodger.waited_until = loop.time()
        await asyncio.sleep(self.search)
        return await super().take(place, lodger)


class Idle(Actor):
    """Is there."""


@pytest.mark.parametrize("search", [0.0, 4.9])
@world(seed=1)
async def test_a_wait_for_a_place_is_not_limited_by_the_time_for_a_start(w: World, search: float) -> None:
    system = await w.system()
    late = Late(system)
    late.search = search
    system._lodgings[Host] = late
    tree = Supervisor("t", [child(Idle, id="p", place=Host(), start_timeout=5.0)])
    async with tree.running(system=system, log=False):
        assert 100.0 + search <= w.now() < 105.0


@world(seed=1)
async def test_the_start_that_follows_is_limited(w: World) -> None:
    system = await w.system()
    late = Late(system)
    late.search = 1000.0
    system._lodgings[Host] = late
    tree = Supervisor("t", [child(Idle, id="p", place=Host(), start_timeout=5.0)])
    with pytest.raises(StartFailed, match="did not start within 5 s"):
        async with tree.running(system=system, log=False):
            pass

    assert 105.0 <= w.now() < 106.0
