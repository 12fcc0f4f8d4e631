"""Which messages are lost or handled twice over a crash?

A child is told 20,000 numbered messages, in bursts, and dies of every hundredth.  Each message must be handled exactly
once, but for the one in hand at each crash: begun once, never finished, reported as a dead letter.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from actors import Actor, ActorDied, Lost, handle
from supervisors import Supervisor, child

from ..harness import Context
from ..parts import PATIENCE, UNLIMITED, Provoked

GROUP = "recovery"
MESSAGES = 20_000
BURST = 500
DEADLY = 100
"""Every message whose number is divisible by this is deadly."""


class Register(Actor):
    """Keeps books, outside of its life, of what it begins and what it finishes."""

    def __init__(self, begun: list[int], finished: list[int]) -> None:
        self.begun = begun
        self.finished = finished

    @handle
    async def number(self, message: int) -> int:
        self.begun.append(message)
        if message % 3 == 0:
            await asyncio.sleep(0)
        if message % DEADLY == 0:
            raise Provoked
        self.finished.append(message)
        return message


async def run(ctx: Context) -> None:
    """One repeat."""
    begun: list[int] = []
    finished: list[int] = []
    dead: list[int] = []
    count = ctx.size(MESSAGES)

    def note(event: object) -> None:
        if isinstance(event, Lost) and isinstance(event.letter.message, int):
            dead.append(event.letter.message)

    deadly = [number for number in range(1, count + 1) if number % DEADLY == 0]
    tree = Supervisor("loss", [child(Register, begun, finished, id="register")], max_restarts=UNLIMITED)
    async with tree.running() as running:
        running.system.events.subscribe(note)
        ref = running.ref("register")
        for first in range(1, count + 1, BURST):
            last = min(first + BURST, count + 1)
            for number in range(first, last):
                ref.tell(number)
            ctx.expect("answer after the burst", await ref.ask(-1, timeout=PATIENCE), -1)
        await asked(ctx, ref)
    told = Counter(number for number in begun if 0 < number <= count)
    ends = Counter(number for number in finished if 0 < number <= count)
    ctx.report("lost", sum(1 for number in range(1, count + 1) if not told[number]), "count")
    ctx.report("duplicated", sum(times - 1 for times in told.values()), "count")
    ctx.report("in hand at a crash", len(told) - len(ends), "count")
    ctx.expect("messages begun exactly once", told, Counter(range(1, count + 1)))
    ctx.expect("messages begun, but not finished", sorted(told - ends), deadly)
    ctx.expect("dead letters", sorted(number for number in dead if number > 0), deadly)


async def asked(ctx: Context, ref: Any) -> None:
    """Asks around crashes: those in hand fail at once with the reason, all others are answered by the successor."""
    numbers = [-number for number in range(1, 3 * DEADLY)]
    answers = await asyncio.gather(*(ref.ask(number, timeout=PATIENCE) for number in numbers), return_exceptions=True)
    for number, answer in zip(numbers, answers, strict=True):
        if number % DEADLY == 0:
            ctx.expect(f"answer to the deadly {number}", type(answer), ActorDied)
        else:
            ctx.expect(f"answer to {number}", answer, number)
