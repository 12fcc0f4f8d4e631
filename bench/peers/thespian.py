"""Thespian: ``simpleSystemBase`` (one process, no concurrency) and ``multiprocTCPBase`` (a process each).

Recovery is the manual's pattern: a parent is sent ``ChildActorExited`` and makes the child anew.
"""

from __future__ import annotations

import socket
import time
from datetime import timedelta
from typing import Any

from thespian.actors import Actor, ActorExitRequest, ActorSystem, ChildActorExited

from .contract import DEADLINE, Figures, Sizes, check, crash_figures, ns, time_asks_blocking

WAIT = timedelta(seconds=DEADLINE)


class Echo(Actor):
    """Answers numbers; counts tallies."""

    seen = 0

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802 - the peer's name
        if message == "tally":
            self.seen += 1
        elif message == "total":
            self.send(sender, self.seen)
        elif isinstance(message, tuple):
            self.send(message[1], message[0])
        elif isinstance(message, int):
            self.send(sender, message)


class Keeper(Actor):
    """Keeps one Echo alive: passes numbers on to it, and makes it anew when it is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.child: Any = None
        self.waiting: list[Any] = []
        self.dying = False

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802 - the peer's name
        if self.child is None:
            self.child = self.createActor(Echo)
        if message == "crash":
            self.dying = True
            self.send(self.child, ActorExitRequest())
        elif isinstance(message, ChildActorExited):
            self.child, self.dying = self.createActor(Echo), False
            for question in self.waiting:
                self.send(self.child, question)
            self.waiting.clear()
        elif isinstance(message, int):
            if self.dying:
                self.waiting.append((message, sender))
            else:
                self.send(self.child, (message, sender))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def measure(sizes: Sizes, variant: str) -> Figures:
    """One round on the system base ``variant``."""
    processes = variant != "simpleSystemBase"
    capabilities = {"Admin Port": _free_port(), "Convention Address.IPv4": ""} if processes else None
    system = ActorSystem(variant, capabilities, transientUnique=True)
    asks, tells = (sizes.ask // 8, sizes.tell // 10) if processes else (sizes.ask, sizes.tell)
    spawns, crashes = (min(sizes.spawn, 5), min(sizes.crash, 5)) if processes else (sizes.spawn, sizes.crash)
    try:
        ref = system.createActor(Echo)
        ask = time_asks_blocking(lambda number: system.ask(ref, number, WAIT), max(asks, 5))
        began = ns()
        for _ in range(tells):
            system.tell(ref, "tally")
        seen = system.ask(ref, "total", timedelta(seconds=60))
        tell = (ns() - began) / max(tells, 1)
        check(seen, tells)
        began = ns()
        for number in range(spawns):
            check(system.ask(system.createActor(Echo), number, WAIT), number)
        spawn = (ns() - began) / spawns - ask
        keeper = system.createActor(Keeper)
        check(system.ask(keeper, 0, WAIT), 0)
        taken = []
        for number in range(crashes):
            began = ns()
            system.tell(keeper, "crash")
            check(system.ask(keeper, number, WAIT), number)
            taken.append(float(ns() - began))
            time.sleep(0.001)
    finally:
        system.shutdown()
    return {"ask": ask, "tell": tell, "spawn": spawn, **crash_figures(taken)}
