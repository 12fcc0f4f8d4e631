"""Outboxes that talk to each other in an arena, or by hand, packet by packet."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgpack

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.testing.topology import Graph
from actors.tissue.core import Effect, Send
from actors.tissue.links.carrier import Route
from actors.tissue.links.config import LinksConfig
from actors.tissue.links.events import Arrived, Settled, Undeliverable
from actors.tissue.links.outbox import Outbox

E = TypeVar("E")


def of(effects: Iterable[Effect], kind: type[E]) -> list[E]:
    return [effect for effect in effects if isinstance(effect, kind)]


def sent(effects: Iterable[Effect], kind: str) -> list[Send]:
    return [effect for effect in effects if isinstance(effect, Send) and effect.kind == kind]


def cell(
    name: str = "a",
    config: LinksConfig | None = None,
    *,
    life: int = 1,
    contacts: Iterable[str] = (),
    route: Route | None = None,
    now: float = 0.0,
) -> Outbox:
    outbox = Outbox(Pid(name, life), random.Random(name), now, config, route=route)
    for contact in contacts:
        outbox.link(contact, now)
    return outbox


def mesh(
    graph: Graph,
    seed: int = 0,
    network: Network | None = None,
    config: LinksConfig | None = None,
    route: Callable[[str], Route | None] = lambda name: None,
) -> Arena[Outbox]:
    """An outbox in every place of a graph, connected to its neighbours."""
    arena: Arena[Outbox] = Arena(seed, network, strict=True)
    for name in graph:
        arena.add(name, lambda pid, rng, now: Outbox(pid, rng, now, config, route=route(pid.name)))
        link_all(arena, graph, name)
    return arena


def link_all(arena: Arena[Outbox], graph: Graph, name: str) -> None:
    for other in graph[name]:
        arena.tell(name, lambda outbox, now: outbox.link(other, now))  # noqa: B023 told at once


def along_the_line(name: str) -> Route:
    """The next cell of a row."""
    here = int(name[1:])

    def route(to: str, avoid: Any, now: float) -> str | None:
        hop = f"c{here + (1 if int(to[1:]) > here else -1)}"
        return None if hop in avoid else hop

    return route


def send(arena: Arena[Outbox], at: float, origin: str, to: str, number: int, life: int = 0) -> None:
    """Have a message sent at that moment; its payload says who sent it and which it is."""
    payload = f"{origin} {number}".encode()
    arena.at(
        at,
        lambda: arena.tell(origin, lambda outbox, now: outbox.send(to, payload, now, life=life, tag=number)),
    )


def arrived(arena: Arena[Outbox], at: str) -> dict[str, list[int]]:
    """The numbers that were handled by a cell, of each origin, in order."""
    handled: dict[str, list[int]] = {}
    for _, name, event in arena.events:
        if name == at and isinstance(event, Arrived):
            origin, number = event.payload.decode().split()
            handled.setdefault(origin, []).append(int(number))
    return handled


def settled(arena: Arena[Outbox], origin: str) -> list[Any]:
    return [event.tag for _, name, event in arena.events if name == origin and isinstance(event, Settled)]


def given_up(arena: Arena[Outbox], origin: str) -> list[Undeliverable]:
    return [event for _, name, event in arena.events if name == origin and isinstance(event, Undeliverable)]


def happened(arena: Arena[Any], kind: type[E]) -> list[tuple[float, str, E]]:
    return [(when, name, event) for when, name, event in arena.events if isinstance(event, kind)]


class ByHand:
    """Cells whose packets lie about until somebody delivers, doubles or drops them."""

    def __init__(self, *outboxes: Outbox) -> None:
        self.now = 0.0
        self.outboxes = {outbox.pid.name: outbox for outbox in outboxes}
        self.packets: list[tuple[Pid, Send]] = []
        self.events: list[tuple[str, Effect]] = []

    def do(self, name: str, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                body = msgpack.unpackb(msgpack.packb(effect.body), strict_map_key=False)
                self.packets.append((self.outboxes[name].pid, Send(effect.to, effect.kind, body)))
            else:
                self.events.append((name, effect))

    def deliver(self, place: int, *, keep: bool = False) -> None:
        """The packet in that place arrives; with ``keep`` it will again."""
        sender, send = self.packets[place] if keep else self.packets.pop(place)
        self.do(send.to, self.outboxes[send.to].receive(sender, send.kind, send.body, self.now))

    def wait(self, seconds: float) -> None:
        """Let time pass; whoever is due by then is told once, at the end: late, as where a loop is held up."""
        self.now += seconds
        for name, outbox in self.outboxes.items():
            if outbox.due <= self.now:
                self.do(name, outbox.tick(self.now))

    def calm_down(self, seconds: float) -> None:
        """All that lies about arrives in order, and all that follows, for so long."""
        until = self.now + seconds
        while self.now < until:
            while self.packets:
                self.deliver(0)
            due = min(outbox.due for outbox in self.outboxes.values())
            self.wait(max(0.0, min(due, until) - self.now))
