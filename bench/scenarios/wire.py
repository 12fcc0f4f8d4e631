"""What does a value cost as bytes, and what a link between two processes beside the least code that is one?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgpack

from actors import register
from actors.wire.codec import Wire

from ..farend import TELL, Floor, Planaria, far_end
from ..harness import Context

GROUP = "places"

BATCHES = (1, 10, 100, 1000)
LARGE = 1_000_000


@register
@dataclass(frozen=True, slots=True)
class Order:
    """A small message."""

    number: int
    item: str
    price: float


PAYLOAD = b"x" * 87


async def run(ctx: Context) -> None:
    """One repeat."""
    codec(ctx)
    await links(ctx)


def codec(ctx: Context) -> None:
    """Packing and unpacking, a message: of a hundred in a frame."""
    sender, receiver = (Wire(lambda ref: ref, lambda handle: handle, is_trusting=True) for _ in range(2))
    messages: dict[str, Any] = {
        "bytes": b"x" * 97,
        "dict": {"id": 5, "name": "x" * 40, "price": 2.5, "tags": "abc" * 8},
        "dataclass": Order(5, "hello world", 2.5),
    }
    for name, message in messages.items():
        frame = [[TELL, 0, 1, [message] * 100]]
        packed = sender.pack(frame)
        receiver.learn(sender.announcements())
        ctx.expect(f"{name} comes back", receiver.unpack(packed), frame)
        count = ctx.size(1000)
        ctx.report(f"pack {name}", _each(count, partial(sender.pack, frame)) / 100, "ns")
        ctx.report(f"unpack {name}", _each(count, partial(receiver.unpack, packed)) / 100, "ns")
        bound = 2500 if name == "dataclass" else 400
        ctx.target(f"pack {name}", at_most=bound)
        if name != "dict":
            ctx.target(f"unpack {name}", at_most=bound)


def _each(count: int, work: Callable[[], object]) -> float:
    began = time.perf_counter_ns()
    for _ in range(count):
        work()
    return (time.perf_counter_ns() - began) / count


async def links(ctx: Context) -> None:
    """The same through a socket, one after the other on each of the two links."""
    floor, ours = Floor(), Planaria()
    async with far_end("floor", floor), far_end("wire", ours.link):
        await ours.ready
        await floor.ask(1)
        trips = ctx.size(3000)
        await ctx.race(
            {"round trip": lambda: _ask_ours(ours, trips), "round trip, floor": lambda: _ask_floor(floor, trips)}
        )
        for batch in BATCHES:
            frames = ctx.size(200_000 // batch, 4)
            await ctx.race(
                {
                    f"one way, {batch} a frame": partial(_tell_ours, ctx, ours, frames, batch),
                    f"one way, {batch} a frame, floor": partial(_tell_floor, floor, frames, batch),
                }
            )
        count = ctx.size(300, 5)
        await ctx.race(
            {"1 MB": lambda: _large_ours(ctx, ours, count), "1 MB, floor": lambda: _large_floor(floor, count)}
        )
        ctx.target("1 MB / 1 MB, floor", at_most=1 / 0.6)


async def _ask_ours(ours: Planaria, count: int) -> float:
    began = time.perf_counter_ns()
    for _ in range(count):
        await ours.ask()
    return (time.perf_counter_ns() - began) / count


async def _ask_floor(floor: Floor, count: int) -> float:
    began = time.perf_counter_ns()
    for number in range(count):
        await floor.ask(number)
    return (time.perf_counter_ns() - began) / count


async def _tell_ours(ctx: Context, ours: Planaria, frames: int, batch: int) -> float:
    items = [[number, PAYLOAD] for number in range(batch)]
    link = ours.link
    began = time.perf_counter_ns()
    for number in range(frames):
        link.send([TELL, 0, number, items])
        if link.is_full:
            await ours.has_room()
    ctx.expect("all have come", await ours.ask(), frames * batch)
    return (time.perf_counter_ns() - began) / (frames * batch)


async def _tell_floor(floor: Floor, frames: int, batch: int) -> float:
    items = [(number, PAYLOAD) for number in range(batch)]
    began = time.perf_counter_ns()
    for _ in range(frames):
        floor.send(msgpack.packb(items))
        if floor.paused is not None:
            await floor.paused
    await floor.ask("sync")
    return (time.perf_counter_ns() - began) / (frames * batch)


async def _large_ours(ctx: Context, ours: Planaria, count: int) -> float:
    payload = b"x" * LARGE
    link = ours.link
    began = time.perf_counter_ns()
    for number in range(count):
        link.send([TELL, 0, number, [payload]])
        await ours.has_room()
    ctx.expect("all have come", await ours.ask(), count)
    return (time.perf_counter_ns() - began) / count


async def _large_floor(floor: Floor, count: int) -> float:
    payload = msgpack.packb(b"x" * LARGE)
    began = time.perf_counter_ns()
    for _ in range(count):
        floor.send(payload)
        if floor.paused is not None:
            await floor.paused
    await floor.ask("sync")
    return (time.perf_counter_ns() - began) / count
