"""What becomes of a life whose host is cut off, for a short time, for a long one, or in one direction only?

Two hosts and a tree with one life, each on a machine of its own (a network namespace, with mutual TLS).  The network
between the tree and the life's host is cut, and heals: after 2 s, after 30 s, and after 10 s in which only one of the
two directions was cut.  ``noticed``: the tree's machine says that the host is down; ``serving``: the life's successor
answers from the other host; ``two at once``: for so long there was the successor, and the life that was cut off too;
``linked again``: after the healing; ``lives in the end``: of that name, on all hosts, half a second after that.

Then two nodes, with a writer on the loop and one in a process each, that share a table; their link is cut for 2 s and
for 30 s, and all four write on.  ``writes lost``: of those that were acknowledged, in the tables of all in the end;
``the same again``: from the healing until all four tables are equal.

Needs root, the command ip and the package cryptography.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count
from typing import Any, NamedTuple

from actors import ActorSystem, Ref
from actors.cluster.cluster import Cluster
from actors.cluster.values import Membership
from supervisors import Supervisor, child

from ..harness import Context
from ..lodgers import Writer
from ..machines import Machines, can_part, free_port, is_alive, machines, until
from ..namespaces import Network
from ..tap import Tap

GROUP = "places"
MAX_REPEAT = 1

NOTICED, SERVING = 1.5e9, 2.5e9
GIVEN_UP = 20.0
"""Seconds after which a write that is not everywhere is lost."""

FENCED = 2e9
"""Nanoseconds for which there may be two, of which one is asked by nobody any more."""


class Cut(NamedTuple):
    """How the network is cut, for how many seconds, and how it heals."""

    name: str
    seconds: float
    begin: Callable[[Network], None]
    heal: Callable[[Network], None]


def _pull(net: Network) -> None:
    net.pull("a")


def _plug(net: Network) -> None:
    net.plug("a")


CUTS = (
    Cut("2 s", 2.0, _pull, _plug),
    Cut("30 s", 30.0, _pull, _plug),
    Cut("one way, from the tree", 10.0, lambda net: net.mute("t", "a"), lambda net: net.unmute("t", "a")),
    Cut("one way, to the tree", 10.0, lambda net: net.mute("a", "t"), lambda net: net.unmute("a", "t")),
)


async def run(ctx: Context) -> None:
    """One repeat."""
    if not can_part():
        raise OSError("no machines can be cut off from each other here: that needs root, ip netns and cryptography")
    for cut in CUTS[:1] if ctx.is_quick else CUTS:
        async with machines("a", "b", lives=1) as at:
            await _one(ctx, at, cut)
    for seconds in (2.0,) if ctx.is_quick else (2.0, 30.0):
        await _writes(ctx, seconds)


async def _one(ctx: Context, at: Machines, cut: Cut) -> None:
    assert at.net is not None
    (id,) = at.ids
    first = await at.where(id)
    ctx.expect("the life begins on the first host", first["host"], "a")
    cut.begin(at.net)
    began = time.monotonic()
    second = await at.where(id)
    serving = time.monotonic()
    await until(lambda: not is_alive(first["pid"]))
    fenced = time.monotonic()
    await asyncio.sleep(max(0.0, began + cut.seconds - time.monotonic()))
    cut.heal(at.net)
    healed = time.monotonic()
    await until(lambda: at.is_up("a"))
    linked = time.monotonic()
    await asyncio.sleep(0.5)
    third = await at.where(id)
    lives = sum(view.lives for view in at.cluster.hosts())

    ctx.expect("the successor is elsewhere, and stays", (second["host"], third), ("b", second))
    rows = {
        "noticed": (at.downs["a"] - began, NOTICED),
        "serving": (serving - began, SERVING),
        "two at once": (max(0.0, fenced - serving), FENCED),
        "linked again": (linked - healed, None),
    }
    for what, (value, most) in rows.items():
        ctx.report(f"{cut.name}: {what}", value * 1e9, "ns")
        if most is not None:
            ctx.target(f"{cut.name}: {what}", at_most=most)
    ctx.report(f"{cut.name}: lives in the end", lives, "count")
    ctx.target(f"{cut.name}: lives in the end", at_most=1, at_least=1)


async def _writes(ctx: Context, seconds: float) -> None:
    """Both sides write while their link is cut."""
    tree = Supervisor("shop", [child(Writer, id="w0"), child(Writer, id="w1", place="process")])
    async with AsyncExitStack() as stack:
        clusters: list[Cluster] = []
        taps: list[Tap] = []
        writers: list[Ref[Any]] = []
        for name in ("a", "b"):
            port = free_port()
            tap = await stack.enter_async_context(Tap(port))
            system = await stack.enter_async_context(ActorSystem(name))
            join = (taps[0].address,) if taps else ()
            member = Membership(name, listen=f"127.0.0.1:{port}", advertise=tap.address, join=join)
            clusters.append(await stack.enter_async_context(Cluster(system, member)))
            handle = await stack.enter_async_context(tree.running(system=system, log=False))
            writers += [handle.ref("w0"), handle.ref("w1")]
            taps.append(tap)
        await until(lambda: all(each.peers for each in clusters))
        numbers = count()
        written: set[int] = set()

        async def write() -> None:
            for writer in writers:
                written.add(await writer.ask(next(numbers)))

        async def tables() -> list[set[int]]:
            return [await writer.ask("read") for writer in writers]

        await write()
        await until_all(tables, written)
        for tap in taps:
            tap.to = tap.back = False
        until_then = time.monotonic() + seconds
        while time.monotonic() < until_then:
            await write()
            await asyncio.sleep(0.05)
        ctx.expect("the sides do not know of each other's", len({frozenset(each) for each in await tables()}) > 1, True)
        for tap in taps:
            tap.to = tap.back = True
        healed = time.monotonic()
        await until_all(tables, written)
        name = f"{seconds:g} s"
        ctx.report(f"{name}: the same again", (time.monotonic() - healed) * 1e9, "ns")
        lost = len(written) - min(len(each & written) for each in await tables())
        ctx.report(f"{name}: writes lost", lost, "count")
        ctx.target(f"{name}: writes lost", at_most=0)


async def until_all(tables: Callable[[], Awaitable[list[set[int]]]], written: set[int]) -> None:
    """Wait until all have the same, and have what was written; as long as :data:`GIVEN_UP` for what is lost."""
    until_then = time.monotonic() + GIVEN_UP
    while await tables() != [written] * 4:
        if time.monotonic() > until_then:
            return
        await asyncio.sleep(0.02)
