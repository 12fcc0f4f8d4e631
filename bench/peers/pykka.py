"""Pykka: a ``ThreadingActor`` each, called from the main thread.  It has no supervision."""

from __future__ import annotations

import time

import pykka

from .contract import DEADLINE, Figures, Sizes, check, time_asks_blocking


class Echo(pykka.ThreadingActor):
    """Answers a message with itself; counts those nobody asks."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def on_receive(self, message: object) -> object:
        if message == "total":
            return self.seen
        self.seen += 1
        return message


def measure(sizes: Sizes, variant: str) -> Figures:
    """One round."""
    try:
        ref = Echo.start()
        ask = time_asks_blocking(lambda number: ref.ask(number, timeout=DEADLINE), sizes.ask)
        before = ref.ask("total")
        began = time.perf_counter_ns()
        for number in range(sizes.tell):
            ref.tell(number)
        seen = ref.ask("total", timeout=60.0)
        tell = (time.perf_counter_ns() - began) / sizes.tell
        check(seen - before, sizes.tell)
        actors = min(sizes.spawn, 200)  # a thread each
        began = time.perf_counter_ns()
        for _ in range(actors):
            Echo.start()
        spawn = (time.perf_counter_ns() - began) / actors
    finally:
        pykka.ActorRegistry.stop_all()
    return {"ask": ask, "tell": tell, "spawn": spawn}
