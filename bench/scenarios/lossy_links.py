"""What does it cost to have messages arrive over three hops of which each loses 30 %?

A row of four cells; 500 messages from one end to the other over an ``Outbox`` in each, in both directions 30 % of all
packets lost, 10 % doubled, and all may overtake each other.  One by one (1 s apart), where every loss of a message or
its acknowledgement costs a transmission, 1 / (1 - p)^2 = 2.04 a hop; and in a stream (1 ms apart), where later
acknowledgements stand in for lost ones.  Counted are the messages themselves; receipts that go back end to end are
shown beside them.  *Raw* is a packet for each message and nothing more.  Virtual time, 20 seeds: their median, and the
worst of them.

Targets: all arrive, once and in order; transmissions a hop one by one within 10 % of theory, by median; at least 0.45
of the goodput of a link without loss, as useful messages a transmission.
References: raw 0.34; 2.04 (theory: De Couto et al., MobiCom 2003).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.tissue.core import Effect, Send
from actors.tissue.links.events import Arrived, Settled
from actors.tissue.links.outbox import Outbox
from actors.tissue.links.packets import DATA

from ..harness import Context
from ..virtual import SEEDS

GROUP = "tissue"
MAX_REPEAT = 1
HOPS = 3
LOSS = 0.3
MESSAGES = 500
APART = {"one by one": 1.0, "in a stream": 0.001}
WARM_UP = 1.0
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run, a message and hop: transmissions of messages, and of receipts; and seconds until the last arrived."""

    messages: float
    receipts: float
    took: float


class Tapped:
    """An outbox whose letters are counted."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.messages = 0
        self.receipts = 0

    @property
    def due(self) -> float:
        return self.outbox.due

    def tick(self, now: float) -> list[Effect]:
        return self.count(self.outbox.tick(now))

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        return self.count(self.outbox.receive(sender, kind, body, now))

    def count(self, effects: Iterable[Effect]) -> list[Effect]:
        """Note what is sent."""
        effects = list(effects)
        for effect in effects:
            if isinstance(effect, Send) and effect.kind == DATA:
                is_receipt = effect.body[2][0]
                self.receipts += is_receipt
                self.messages += not is_receipt
        return effects


async def run(ctx: Context) -> None:
    """One repeat."""
    await asyncio.to_thread(compare, ctx)


def compare(ctx: Context) -> None:
    """All cases; pure arithmetic, so away from the loop."""
    seeds, messages = range(ctx.size(SEEDS, 1)), ctx.size(MESSAGES, 20)
    ctx.report_all("delivered, raw", [100 * raw(seed, messages) for seed in seeds], "%", "higher")
    for name, apart in APART.items():
        lossy = [deliver(ctx, seed, messages, apart, LOSS) for seed in seeds]
        clean = [deliver(ctx, seed, messages, apart, 0.0) for seed in seeds[:2]]
        ctx.report_all(f"transmissions a hop, {name}", [each.messages for each in lossy], "x")
        ctx.report(f"transmissions a hop, {name}, worst seed", max(each.messages for each in lossy), "x")
        ctx.report_all(f"receipts a hop, {name}", [each.receipts for each in lossy], "x")
        ctx.report_all(
            f"goodput / without loss, {name}", [clean[0].messages / each.messages for each in lossy], "x", "higher"
        )
        ctx.report_all(f"until the last has arrived, {name}", [each.took for each in lossy], "s")
        ctx.report_all(f"until the last has arrived, {name}, without loss", [each.took for each in clean], "s")
    ctx.report("delivered", 100.0, "%", "higher")  # or `deliver` would have raised
    ctx.target("delivered", at_least=100.0)
    ctx.target("transmissions a hop, one by one", at_least=1.84, at_most=2.25)
    ctx.target("goodput / without loss, one by one", at_least=0.45)


def raw(seed: int, messages: int) -> float:
    """The share of packets that get through all hops by themselves."""
    network = Network(seed, loss=LOSS)
    through = [all(network.arrivals(f"c{hop}", f"c{hop + 1}", 0.0) for hop in range(HOPS)) for _ in range(messages)]
    return sum(through) / messages


def deliver(ctx: Context, seed: int, messages: int, apart: float, loss: float) -> Cost:
    """Send so many, and see that all arrive once and in order."""
    arena: Arena[Tapped] = Arena(seed, Network(seed, loss=loss, duplication=0.1))
    for place in range(HOPS + 1):
        arena.add(f"c{place}", lambda pid, rng, now: Tapped(outbox(pid, rng, now)))
        near = {f"c{place + step}" for step in (-1, 1) if 0 <= place + step <= HOPS}
        arena.tell(f"c{place}", lambda cell, now: cell.count(cell.outbox.neighbours(near, now)))  # noqa: B023 at once
    last = f"c{HOPS}"
    for number in range(messages):
        send(arena, WARM_UP + apart * number, last, number)
    arena.run(WARM_UP + apart * messages + PATIENCE)

    arrived = [(when, event) for when, name, event in arena.events if name == last and isinstance(event, Arrived)]
    ctx.expect("what has arrived", [int(event.payload) for _, event in arrived], list(range(messages)))
    ctx.expect("how many were settled", sum(isinstance(event, Settled) for _, _, event in arena.events), messages)
    cells = arena.cells.values()
    return Cost(
        sum(cell.messages for cell in cells) / HOPS / messages,
        sum(cell.receipts for cell in cells) / HOPS / messages,
        arrived[-1][0] - WARM_UP,
    )


def send(arena: Arena[Tapped], at: float, to: str, number: int) -> None:
    """Have a message sent at that moment."""
    payload = b"%d" % number
    arena.at(at, lambda: arena.tell("c0", lambda cell, now: cell.count(cell.outbox.send(to, payload, now))))


def outbox(pid: Pid, rng: random.Random, now: float) -> Outbox:
    """One that knows the way along the row."""
    here = int(pid.name[1:])

    def route(to: str, avoid: Collection[str], now: float) -> str | None:
        hop = f"c{here + (1 if int(to[1:]) > here else -1)}"
        return None if hop in avoid else hop

    return Outbox(pid, rng, now, route=route)
