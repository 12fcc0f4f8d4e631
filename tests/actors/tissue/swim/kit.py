"""Clusters of SWIM in an arena, and what they are asked in tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.tissue.core import Effect, Send
from actors.tissue.swim.config import LAN, SwimConfig
from actors.tissue.swim.members import Member
from actors.tissue.swim.swim import Swim
from actors.tissue.swim.updates import Status, Update

E = TypeVar("E")

Birth = Callable[[Pid, random.Random, float], Swim]


def names(n: int) -> list[str]:
    return [f"c{i}" for i in range(n)]


def pids(n: int) -> list[Pid]:
    return [Pid(name, 1) for name in names(n)]


def born(config: SwimConfig = LAN, known: Iterable[Pid] = ()) -> Birth:
    everybody = list(known)
    return lambda pid, rng, now: Swim(pid, rng, now, config, known=everybody)


def cluster(n: int, seed: int = 0, config: SwimConfig = LAN, network: Network | None = None) -> Arena[Swim]:
    """``n`` cells that know each other from the start."""
    arena: Arena[Swim] = Arena(seed, network, strict=True)
    for name in names(n):
        arena.add(name, born(config, pids(n)))
    return arena


def cell(n: int = 8, config: SwimConfig = LAN, *, name: str = "me", life: int = 1, seed: int = 0) -> Swim:
    """One cell by itself that believes in ``c0`` to ``c<n-1>``."""
    return Swim(Pid(name, life), random.Random(seed), 0.0, config, known=pids(n))


def happened(arena: Arena[Swim], kind: type[E]) -> list[tuple[float, str, E]]:
    """The events of a kind: when, at whom, what."""
    return [(when, name, event) for when, name, event in arena.events if isinstance(event, kind)]


def of(effects: Iterable[Effect], kind: type[E]) -> list[E]:
    return [effect for effect in effects if isinstance(effect, kind)]


def sent(effects: Iterable[Effect], kind: str) -> list[Send]:
    return [effect for effect in effects if isinstance(effect, Send) and effect.kind == kind]


def run_alone(swim: Swim, until: float, answer: Callable[[Send], bool] = lambda send: False) -> list[Effect]:
    """Tick a cell whenever it is due; of its pings, those that ``answer`` says are answered at once."""
    effects: list[Effect] = []
    while (now := swim.due) <= until:
        fresh = swim.tick(now)
        effects += fresh
        for ping in sent(fresh, "swim.ping"):
            if answer(ping):
                effects += swim.receive(Pid(ping.to, 1), "swim.ack", ack(ping), now)
    return effects


def ack(ping: Send, epoch: int = 0) -> list[Any]:
    return [ping.body[0], Update(Status.ALIVE, ping.to, 1, epoch).wire(), []]


def gossip(*updates: Update) -> list[Any]:
    return [[update.wire() for update in updates]]


def believed(swim: Swim, name: str) -> Member:
    member = swim.member(name)
    assert member is not None
    return member
