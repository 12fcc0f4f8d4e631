"""The tissue over real processes and threads: the same facts as in a simulated one, few and bounded."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
import uvloop

from supervisors import Apoptosis
from tests.actors.contact.cellmates import Word, all_do, do, house, running, until

pytestmark = pytest.mark.process

BOUND = 40.0
"""Seconds that a test may take."""


def real(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """Run a test on a real loop, bounded."""

    async def bounded() -> None:
        async with asyncio.timeout(BOUND):
            await test()

    def run() -> None:
        uvloop.run(bounded())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


async def _meet(refs: list[Any]) -> None:
    async def all_see_all() -> bool:
        return all(len(each) == len(refs) - 1 for each in await all_do(refs, "mates"))

    await until(all_see_all)


@real
async def test_the_loop_a_thread_and_processes_are_one_group_whose_members_are_killed_and_replaced_warm() -> None:
    policy = Apoptosis(ready_within=20.0, handover=5.0)
    async with running(house(None, "thread", "process", "process", apoptosis=policy)) as (top, refs):
        await _meet(refs)
        assert len(set(await all_do(refs, "process"))) == 3
        for n, ref in enumerate(refs):
            await do(ref, "put", f"key{n}", n)
            await do(ref, "add", 1)
        table = {f"key{n}": n for n in range(4)}

        async def all_know() -> bool:
            return await all_do(refs, "read") == [table] * 4 and await all_do(refs, "total") == [4] * 4

        await until(all_know)
        before = await do(refs[2], "process")
        os.kill(before, signal.SIGKILL)

        async def is_back() -> bool:
            return bool(refs[2].pid.incarnation == 2 and refs[2].is_alive)

        await until(is_back)
        assert await do(refs[2], "began") == (True, table)
        assert await do(refs[2], "process") != before
        await until(all_know)
        for sender, receiver in ((0, 2), (2, 3), (3, 1), (1, 0)):
            answer = await do(refs[sender], "ask", f"shop/w{receiver}", Word("hello"))
            assert answer == f"hello from shop/w{receiver}"
        await top.replace("w3")
        assert refs[3].pid.incarnation == 2
        assert await do(refs[3], "began") == (True, table)
        await until(all_know)


async def _is_printed(ref: Any) -> bool:
    return bool(await do(ref, "trail", "print", "page") == "page from shop/w2")


@real
async def test_hormones_gradients_and_trails_cross_processes() -> None:
    async with running(house(None, "process", "process")) as (_, refs):
        await _meet(refs)
        await do(refs[1], "secrete", 20.0)

        async def all_feel() -> bool:
            return all(level > 0.02 for level in await all_do(refs, "sense"))

        await until(all_feel)
        await do(refs[2], "emit", "gpu")
        await do(refs[2], "offer", "print")
        await all_do(refs, "follow", "print")
        for ref in refs[:2]:
            assert await do(ref, "go", "gpu", "cat") == "cat from shop/w2"
            await until(partial(_is_printed, ref))
        os.kill(await do(refs[2], "process"), signal.SIGKILL)
        await do(refs[1], "emit", "gpu")

        async def leads_elsewhere() -> bool:
            return bool(await do(refs[0], "go", "gpu", "dog") == "dog from shop/w1")

        await until(leads_elsewhere)
