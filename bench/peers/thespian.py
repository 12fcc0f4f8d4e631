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


def _ask(system: Any, sizes: Sizes, *, processes: bool) -> Figures:
    ref = system.createActor(Echo)
    asks = max(sizes.ask // 8, 5) if processes else sizes.ask
    return {"ask": time_asks_blocking(lambda number: system.ask(ref, number, WAIT), asks)}


def _tell(system: Any, sizes: Sizes, *, processes: bool) -> Figures:
    ref = system.createActor(Echo)
    check(system.ask(ref, "total", WAIT), 0)
    tells = max(sizes.tell // 10 if processes else sizes.tell, 1)
    began = ns()
    for _ in range(tells):
        system.tell(ref, "tally")
    seen = system.ask(ref, "total", timedelta(seconds=60))
    tell = (ns() - began) / tells
    check(seen, tells)
    return {"tell": tell}


def _spawn(system: Any, sizes: Sizes, *, processes: bool) -> Figures:
    """A new actor that has answered; the question itself is taken off by :func:`measure`."""
    spawns = min(sizes.spawn, 5) if processes else sizes.spawn
    began = ns()
    for number in range(spawns):
        check(system.ask(system.createActor(Echo), number, WAIT), number)
    return {"spawn": (ns() - began) / spawns}


def _crash(system: Any, sizes: Sizes, *, processes: bool) -> Figures:
    keeper = system.createActor(Keeper)
    check(system.ask(keeper, 0, WAIT), 0)
    taken = []
    for number in range(min(sizes.crash, 5) if processes else sizes.crash):
        began = ns()
        system.tell(keeper, "crash")
        check(system.ask(keeper, number, WAIT), number)
        taken.append(float(ns() - began))
        time.sleep(0.001)
    return crash_figures(taken)


PARTS = {"ask": _ask, "tell": _tell, "spawn": _spawn, "crash": _crash}


def measure(sizes: Sizes, variant: str) -> Figures:
    """One round on a system base; ``variant`` is its name, and after a colon the only figure that is wanted."""
    base, _, only = variant.partition(":")
    processes = base != "simpleSystemBase"
    capabilities = {"Admin Port": _free_port(), "Convention Address.IPv4": ""} if processes else None
    system = ActorSystem(base, capabilities, transientUnique=True)
    figures: Figures = {}
    try:
        for name, part in PARTS.items():
            if only in ("", name):
                figures |= part(system, sizes, processes=processes)
    finally:
        system.shutdown()
    if "spawn" in figures and "ask" in figures:
        figures["spawn"] -= figures["ask"]
    return figures
