"""Groups of cells that share state, in an arena, and what they are asked in tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.tissue.core import Effect, Send
from actors.tissue.crdt.counters import PNCounter
from actors.tissue.crdt.dotted import Dotted
from actors.tissue.crdt.lww import LWWMap
from actors.tissue.crdt.orset import ORMap, ORSet
from actors.tissue.state.config import FRAMES, ContactConfig
from actors.tissue.state.contact_state import ContactState
from actors.tissue.state.inheritance import Inheritance

E = TypeVar("E")
Group = Arena[ContactState]
Birth = Callable[[Pid, random.Random, float], ContactState]


def names(n: int) -> list[str]:
    return [f"c{i}" for i in range(n)]


def born(
    peers: Iterable[str],
    config: ContactConfig = FRAMES,
    *,
    predecessors: Iterable[Pid] = (),
    inheritance: Inheritance = Inheritance.ALL,
    offset: float = 0.0,
) -> Birth:
    everybody, before = list(peers), list(predecessors)
    return lambda pid, rng, now: ContactState(
        pid, rng, now, config, peers=everybody, predecessors=before, inheritance=inheritance, offset=offset
    )


def group(n: int, seed: int = 0, config: ContactConfig = FRAMES, network: Network | None = None) -> Group:
    """``n`` cells that all talk to each other, and are warm."""
    arena: Group = Arena(seed, network, strict=True)
    for name in names(n):
        arena.add(name, born(names(n), config))
    arena.run(3.0)
    return arena


def change(arena: Group, name: str, act: Callable[[ContactState], Any]) -> None:
    """Have a cell change something."""

    def tell(state: ContactState, now: float) -> list[Effect]:
        act(state)
        return []

    arena.tell(name, tell)


def count(arena: Group, name: str, amount: int = 1) -> None:
    change(arena, name, lambda state: counter(state).add(amount))


def put(arena: Group, name: str, key: Any, value: Any, **options: Any) -> None:
    change(arena, name, lambda state: sessions(state).put(key, value, arena.now, **options))


def counter(state: ContactState) -> PNCounter:
    return state.share("n", PNCounter)


def sessions(state: ContactState) -> ORMap:
    return state.share("sessions", ORMap)


def flags(state: ContactState) -> LWWMap:
    return state.share("flags", LWWMap)


def online(state: ContactState) -> ORSet:
    return state.share("online", ORSet)


def hashes(arena: Group) -> set[bytes]:
    return {state.hash for state in arena.cells.values()}


def settle(arena: Group, most: float = 60.0) -> float:
    """Let time pass until all know the same; returns how long it took."""
    began = arena.now
    assert arena.run(began + most, stop=lambda: len(hashes(arena)) == 1), f"no agreement in {most} s"
    return arena.now - began


def values(state: ContactState) -> dict[str, Any]:
    """All values that a cell holds, by their names on the wire."""
    return {wire: value.value for wire, value in state._store.values.items() if value.entries}


def told_afresh(state: ContactState) -> dict[str, Any]:
    """All values as they follow from the streams alone, computed anew."""
    store = state._store
    fresh: dict[str, Dotted[Any]] = {}
    for stream in store.archive:
        for version, held in stream.entries():
            if store.estate.may_show(stream, version, held):
                value = fresh.setdefault(held.value, store.values[held.value]._blank())
                for loser in value.admit((stream.pid, version), held.entry):
                    value.discard(loser)
    return {wire: value.value for wire, value in fresh.items() if value.entries}


def happened(arena: Group, kind: type[E]) -> list[tuple[float, str, E]]:
    return [(when, name, event) for when, name, event in arena.events if isinstance(event, kind)]


def sent(effects: Iterable[Effect], kind: str = "contact.") -> list[Send]:
    return [effect for effect in effects if isinstance(effect, Send) and effect.kind.startswith(kind)]
