"""Tapio: messages are pydantic models, validated on delivery (its default), under ``Behaviors.supervise``."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from tapio import ActorSystem, Behavior, Behaviors, Message, SupervisorStrategy
from tapio.actor import ActorContext, ActorRef

from .contract import DEADLINE, SETTLE, Figures, Sizes, check, crash_figures, ns, run_loop, time_asks

WAIT = timedelta(seconds=DEADLINE)


class Number(Message):
    """An answer."""

    value: int


class Question(Message):
    """Asks for its value."""

    value: int
    reply_to: ActorRef[Number]


class Tally(Message):
    """Counted."""

    value: int


class Crash(Message):
    """Deadly."""


def echo() -> Behavior[Any]:
    """A behavior that answers questions with their value, and -1 with how many tallies came."""

    def setup(_: ActorContext[Any]) -> Behavior[Any]:
        seen = 0

        async def on_message(message: Question | Tally | Crash) -> Behavior[Any]:
            nonlocal seen
            match message:
                case Question():
                    message.reply_to.tell(Number(value=seen if message.value == -2 else message.value))
                case Tally():
                    seen += 1
                case Crash():
                    raise RuntimeError("crash")
            return Behaviors.same()

        return Behaviors.receive_message(on_message)

    return Behaviors.setup(setup)


async def _ask(ref: ActorRef[Any], number: int, wait: timedelta = WAIT) -> int:
    reply = await ref.ask(lambda to: Question(value=number, reply_to=to), expect=Number, timeout=wait)
    value: int = reply.value
    return value


async def _main(sizes: Sizes) -> Figures:
    async with ActorSystem("bench") as system:
        ref = system.spawn(echo(), name="echo")
        ask = await time_asks(lambda number: _ask(ref, number), sizes.ask)
        began = ns()
        for number in range(sizes.tell):
            ref.tell(Tally(value=number))
        seen = await _ask(ref, -2, timedelta(seconds=60))
        tell = (ns() - began) / sizes.tell
        check(seen, sizes.tell)
        began = ns()
        for number in range(sizes.spawn):
            last = system.spawn(echo(), name=f"one-{number}")
        check(await _ask(last, 7), 7)
        spawn = (ns() - began) / sizes.spawn
        strategy = SupervisorStrategy.restart()
        kept = system.spawn(Behaviors.supervise(echo()).on_failure(strategy), name="kept")
        check(await _ask(kept, 1), 1)
        taken = []
        for number in range(sizes.crash):
            began = ns()
            kept.tell(Crash())
            check(await _ask(kept, number), number)
            taken.append(float(ns() - began))
            await asyncio.sleep(SETTLE)
    return {"ask": ask, "tell": tell, "spawn": spawn, **crash_figures(taken)}


def measure(sizes: Sizes, variant: str) -> Figures:
    """One round."""
    figures: Figures = run_loop(lambda: _main(sizes))
    return figures
