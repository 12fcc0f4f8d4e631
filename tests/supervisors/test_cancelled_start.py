"""What a tree that is told to end while it starts does with those that have started."""

from __future__ import annotations

import asyncio

import pytest

from actors import Actor, Reason
from actors.testing import World, world
from supervisors import Supervisor, child

LOG: list[str] = []


class Member(Actor):
    """Says when it starts, and when it has stopped."""

    def started(self) -> None:
        LOG.append(f"{self.ref.name} starts")

    async def stopping(self, reason: Reason) -> None:
        await asyncio.sleep(0.1)
        LOG.append(f"{self.ref.name} has stopped: {reason}")


class Slow(Member):
    """Never comes to an end of its start."""

    async def started(self) -> None:  # type: ignore[override]
        await asyncio.sleep(1000.0)


TREE = Supervisor(
    "t", [child(Member, id="a"), Supervisor("in", [child(Member, id="b"), child(Slow, id="slow")]), child(Slow, id="z")]
)


@pytest.fixture(autouse=True)
def no_log() -> None:
    LOG.clear()


async def run() -> None:
    async with TREE.running(log=False):
        raise AssertionError("it cannot have started")


@world(seed=1)
async def test_a_start_that_is_cancelled_stops_what_has_started_in_reverse_order_each_in_its_time(w: World) -> None:
    starting = asyncio.ensure_future(run())
    await w.advance(1.0)
    starting.cancel()
    await w.advance(1.0)

    assert starting.cancelled()
    assert LOG == ["t/a starts", "t/in/b starts", "t/in/b has stopped: shutdown", "t/a has stopped: shutdown"]


@world(seed=1)
async def test_a_start_that_is_cancelled_twice_kills_the_supervisors_and_waits_for_no_order(w: World) -> None:
    starting = asyncio.ensure_future(run())
    await w.advance(1.0)
    starting.cancel()
    await w.advance(0.05)
    starting.cancel()
    await w.advance(0.5)

    assert starting.cancelled()
    assert LOG[:2] == ["t/a starts", "t/in/b starts"]
    assert sorted(LOG[2:]) == ["t/a has stopped: killed", "t/in/b has stopped: shutdown"]


@world(seed=1)
async def test_a_start_that_is_cancelled_harms_nobody_who_has_its_name(w: World) -> None:
    system = await w.system()
    namesake = await system.spawn(Member, name="t")

    async def start() -> None:
        async with TREE.running(log=False, system=system):
            raise AssertionError("it cannot have started")

    starting = asyncio.ensure_future(start())
    await asyncio.sleep(0)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await w.advance(1.0)

    assert namesake.is_alive
    assert LOG == ["t starts"]
