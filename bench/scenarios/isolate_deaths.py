"""Is every death noticed, once and with the right reason, where 40 processes are killed at once, 200 times?

A supervisor has 40 children in processes of their own, and an actor monitors each.  A round kills all of them by signal
within a millisecond or so, in every other round by various signals, and waits until all serve again.  Both the
supervisor's events and the monitors have to tell of each death once, with the signal that it was.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from typing import Any

from actors import Actor, Crashed, Down, Reason, Ref, handle
from actors.errors import ProcessDied
from supervisors import Supervisor, child
from supervisors.events import Died, Serving

from ..harness import Context
from ..isolates import Echo
from ..parts import PATIENCE, UNLIMITED, Tally, ns

GROUP = "places"
MAX_REPEAT = 1
SIGNALS = (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM, signal.SIGBUS)


class Mourner(Actor):
    """Monitors all it is told of, once each time, and keeps what it hears."""

    def __init__(self, heard: list[Down], told: Tally) -> None:
        self.heard = heard
        self.told = told

    @handle
    def watch(self, refs: list[Ref[Any]]) -> None:
        for ref in refs:
            self.monitor(ref)

    def down(self, signal: Down) -> None:
        self.heard.append(signal)
        self.told.add()


class Record:
    """What the supervisor's events say."""

    def __init__(self) -> None:
        self.died: list[tuple[str, Reason, int]] = []
        self.serving = Tally()

    def hear(self, event: object) -> None:
        """Keep an event."""
        if isinstance(event, Died):
            self.died.append((event.path, event.reason, ns()))
        elif isinstance(event, Serving):
            self.serving.add()


async def run(ctx: Context) -> None:
    """One repeat."""
    size, rounds = ctx.size(40, 4), ctx.size(200, 2)
    children = [child(Echo, id=f"c{number}", place="process") for number in range(size)]
    tree = Supervisor("deaths", children, max_restarts=UNLIMITED)
    record, downs, told = Record(), list[Down](), Tally()
    killed, noticed, served = Counter[tuple[str, int]](), list[float](), list[float]()
    async with tree.running() as running:
        running.system.events.subscribe(record.hear)
        refs = {f"deaths/c{number}": running.ref(f"c{number}") for number in range(size)}
        mourner = await running.system.spawn(Mourner, downs, told)
        for turn in range(rounds):
            mourner.tell(list(refs.values()))
            pids = await asyncio.gather(*(ref.ask("pid", PATIENCE) for ref in refs.values()))
            before, began = len(record.died), ns()
            for number, (path, pid) in enumerate(zip(refs, pids, strict=True)):
                how = SIGNALS[number % len(SIGNALS)] if turn % 2 else signal.SIGKILL
                killed[path, int(how)] += 1
                os.kill(pid, how)
            await record.serving.reach(size * (turn + 1))
            await told.reach(size * (turn + 1))
            noticed += [float(at - began) for _, _, at in record.died[before:]]
            served.append(float(ns() - began))
        await asyncio.gather(*(ref.ask("pid", PATIENCE) for ref in refs.values()))
        ctx.expect("lives", {ref.pid.incarnation for ref in refs.values()}, {rounds + 1})
    by_supervisor = Counter((path, _signal(reason)) for path, reason, _ in record.died)
    by_monitor = Counter((down.ref.name, _signal(down.reason)) for down in downs)
    total = killed.total()
    for name, heard in ("supervisor", by_supervisor), ("monitors", by_monitor):
        ctx.report(f"deaths the {name} noticed, right reason", 100 * (killed & heard).total() / total, "%", "higher")
        ctx.report(f"notices of the {name} that were one too many, or wrong", (heard - killed).total(), "count")
        ctx.target(f"deaths the {name} noticed, right reason", at_least=100.0, every=True)
        ctx.target(f"notices of the {name} that were one too many, or wrong", at_most=0, every=True)
    ctx.report("killed", total, "count", "higher")
    ctx.report_all("kill to noticed", noticed, "ns")
    ctx.report_all(f"all {size} serve again", served, "ns")


def _signal(reason: Reason) -> int:
    """The signal that a life died of by its exit reason; 0: of none."""
    if isinstance(reason, Crashed) and isinstance(reason.exception, ProcessDied):
        word, _, number = reason.exception.status.partition(" ")
        if word == "signal":
            return int(number.partition(" ")[0])
    return 0
