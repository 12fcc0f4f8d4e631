"""What a group of cells comes to know, whatever the network does: the same, all of it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing.network import Network, uniform
from actors.tissue.crdt.dotted import Dotted
from actors.tissue.crdt.registers import MaxRegister
from actors.tissue.crdt.topk import TopK
from actors.tissue.state.config import DATAGRAMS, FRAMES, ContactConfig
from actors.tissue.state.contact_state import ContactState

from .kit import Group, change, counter, flags, group, names, online, sessions, settle, told_afresh, values

CELLS = 4

# Packets that hold little and removals that are told for a moment only, so that both ways out of each are gone.
TIGHT = replace(DATAGRAMS, packet_bytes=1024, removal_memory=0.3, check_period=1.0)

Act = Callable[[ContactState, float], Dotted[Any]]

keys = st.sampled_from("xyz")
whole = st.integers(0, 9)

acts: st.SearchStrategy[Act] = st.one_of(
    st.builds(lambda key, n: lambda state, now: sessions(state).put(key, "v" * 30 * n, now), keys, whole),
    st.builds(lambda key: lambda state, now: sessions(state).remove(key), keys),
    st.builds(lambda key, n: lambda state, now: flags(state).put(key, n, now), keys, whole),
    st.builds(lambda key: lambda state, now: flags(state).remove(key, now), keys),
    st.builds(lambda key: lambda state, now: online(state).add(key), keys),
    st.builds(lambda key: lambda state, now: online(state).remove(key), keys),
    st.builds(lambda n: lambda state, now: counter(state).add(n - 4), whole),
    st.builds(lambda n: lambda state, now: state.share("best", MaxRegister).offer(n), whole),
    st.builds(lambda key, n: lambda state, now: state.share("hot", TopK, 2).offer(key, n), keys, whole),
)
places = st.sampled_from(names(CELLS))
steps = st.one_of(
    st.tuples(st.just("act"), places, acts),
    st.tuples(st.just("act"), places, acts),
    st.tuples(st.just("wait"), st.sampled_from([0.05, 0.3, 3.0])),
    st.tuples(st.just("cut"), st.sets(places)),
    st.tuples(st.just("heal")),
)
deaths = st.tuples(st.sampled_from(["kill", "revive"]), places)

# Each story is a small simulation: to shrink one takes longer than to read it.
some = settings(max_examples=25, phases=(Phase.explicit, Phase.reuse, Phase.generate))

# Who removes something and dies before the removal has spread has not removed it; here, too, that takes a while.
MORTAL = replace(TIGHT, removal_memory=300.0)


def rough(seed: int) -> Network:
    """Packets are lost, doubled, and overtake each other by several rounds."""
    return Network(seed, delay=uniform(0.001, 0.5), loss=0.3, duplication=0.3)


class Witness:
    """Remembers every delta that was ever made, and says what those come to that somebody knows."""

    def __init__(self) -> None:
        self.deltas: list[tuple[str, Pid, Dotted[Any]]] = []
        self.notes: dict[int, int] = {}
        self.made: dict[Pid, int] = {}

    def act(self, arena: Group, name: str, act: Act) -> None:
        def make(state: ContactState) -> None:
            delta = act(state, arena.now)
            wire = next(wire for wire in state._store.values if wire.startswith(delta.name_on_wire + ":"))
            self.deltas.append((wire, state.pid, delta))
            last = state._store.own.version
            # A change is its entries, if any, and then perhaps a note of what it took away.
            self.notes[id(delta)] = last
            self.made[state.pid] = last

        if name in arena.cells:
            change(arena, name, make)

    def values(self, known: Callable[[Pid], int]) -> dict[str, Any]:
        """What they come to, as far as each life's changes are known."""
        joined: dict[str, Dotted[Any]] = {}
        for wire, pid, delta in self.deltas:
            value = joined.setdefault(wire, delta._blank())
            if self.notes[id(delta)] <= known(pid):
                value.merge(delta)
            else:
                for dot, entry in delta.entries.items():
                    if dot[1] <= known(pid):
                        part = delta._blank()
                        part.admit(dot, entry)
                        part.context.add(pid, dot[1] - 1, dot[1])
                        value.merge(part)
        return {wire: value.value for wire, value in joined.items() if value.entries}


def play(arena: Group, story: list[Any]) -> Witness:
    """Let it happen; afterwards everybody lives and nothing is cut."""
    witness = Witness()
    for what, *rest in story:
        match what:
            case "act":
                witness.act(arena, *rest)
            case "wait":
                arena.run(arena.now + rest[0])
            case "cut":
                arena.network.partition(rest[0])
            case "heal":
                arena.network.heal()
            case "kill" if len(arena.cells) > 1:
                arena.kill(rest[0])
            case "revive" if rest[0] not in arena.cells:
                arena.revive(rest[0])
    arena.network.heal()
    for name in names(CELLS):
        if name not in arena.cells:
            arena.revive(name)
    return witness


@pytest.mark.parametrize("config", [FRAMES, TIGHT], ids=["frames", "tight"])
@some
@given(st.integers(0, 1 << 32), st.lists(steps, min_size=15, max_size=80))
def test_all_come_to_know_the_join_of_all_that_was_ever_changed(
    config: ContactConfig, seed: int, story: list[Any]
) -> None:
    arena = group(CELLS, seed, config)
    arena.network = rough(seed)
    witness = play(arena, story)
    settle(arena)

    for state in arena.cells.values():
        assert values(state) == told_afresh(state) == witness.values(lambda pid: witness.made[pid])


@pytest.mark.parametrize("config", [FRAMES, MORTAL], ids=["frames", "tight"])
@some
@given(st.integers(0, 1 << 32), st.lists(steps | deaths, min_size=15, max_size=80))
def test_what_one_survivor_knew_all_come_to_know_however_many_die(
    config: ContactConfig, seed: int, story: list[Any]
) -> None:
    arena = group(CELLS, seed, config)
    arena.network = rough(seed)
    witness = play(arena, story)
    archives = [state._store.archive for state in arena.cells.values()]
    known = {pid: max(archive.version(pid) for archive in archives) for pid in witness.made}
    settle(arena)

    for state in arena.cells.values():
        version = state._store.archive.version
        reached = {pid: max(known[pid], version(pid)) for pid in known}

        assert values(state) == told_afresh(state)
        assert values(state) == witness.values(reached.__getitem__)


# -- what is overwritten does not vanish -------------------------------------------------------------------------------

KEYS = "xy"
SMALL = replace(DATAGRAMS, packet_bytes=1024, check_period=0.5)
SEEN = ("sessions", "flags", "online", "best")

overwrites = st.one_of(
    st.tuples(st.just("act"), places, st.sampled_from(SEEN), st.sampled_from(KEYS), st.integers(0, 1 << 20)),
    st.tuples(st.just("wait"), st.sampled_from([0.05, 0.3, 1.0])),
    st.tuples(st.just("cut"), st.sets(places)),
    st.tuples(st.just("heal")),
    st.tuples(st.just("meet"), places, st.sets(places, min_size=1)),
    st.tuples(st.sampled_from(["kill", "revive"]), places),
)


def overwrite(state: ContactState, name: str, key: str, value: int, now: float) -> None:
    match name:
        case "sessions":
            sessions(state).put(key, value, now)
        case "flags":
            flags(state).put(key, value, now)
        case "online":
            online(state).add(key)
        case _:
            state.share("best", MaxRegister).offer(value)


def readable(state: ContactState) -> set[Any]:
    """All keys that can be read."""
    return {
        *(("sessions", key) for key in sessions(state)),
        *(("flags", key) for key in flags(state)),
        *(("online", key) for key in online(state)),
        *([("best", "")] if state.share("best", MaxRegister).value is not None else []),
    }


def live(arena: Group, what: str, *rest: Any) -> None:
    """Let one thing happen, to a cell if it is alive."""
    match what:
        case "act" if rest[0] in arena.cells:
            name, about, key, value = rest
            change(arena, name, lambda state: overwrite(state, about, key, value, arena.now))
        case "wait":
            arena.run(arena.now + rest[0])
        case "cut":
            arena.network.partition(rest[0])
        case "heal":
            arena.network.heal()
        case "meet" if rest[0] in arena.cells:
            arena.tell(rest[0], lambda state, now: state.meet(rest[1], now))
        case "kill" if len(arena.cells) > 1:
            arena.kill(rest[0])
            for name in arena.cells:
                arena.tell(name, lambda state, now: state.died(arena.pid(rest[0]), now))
        case "revive" if rest[0] not in arena.cells:
            arena.revive(rest[0])


class Readers:
    """Reads everything in every cell after whatever happens to it, and remembers what could be read."""

    def __init__(self, arena: Group) -> None:
        self._arena = arena
        self._read: dict[Pid, set[Any]] = {}
        carry_out = arena._carry_out

        def look(name: str, effects: Any) -> None:
            self.look(name)
            carry_out(name, effects)

        arena._carry_out = look  # type: ignore[method-assign]

    def look(self, name: str) -> None:
        state = self._arena.cells.get(name)
        if state is not None:
            read = readable(state)
            assert read >= self._read.get(state.pid, set()), f"{state.pid} at {self._arena.now}"
            self._read[state.pid] = read


@pytest.mark.parametrize("config", [FRAMES, SMALL], ids=["frames", "small"])
@some
@given(st.integers(0, 1 << 32), st.lists(overwrites, min_size=15, max_size=80))
def test_what_is_only_ever_overwritten_never_vanishes_for_any_reader(
    config: ContactConfig, seed: int, story: list[Any]
) -> None:
    arena = group(CELLS, seed, config)
    arena.network = rough(seed)
    Readers(arena)
    for step in story:
        live(arena, *step)
    arena.network.heal()
    for name in arena.cells:
        arena.tell(name, lambda state, now: state.meet(arena.cells, now))
    settle(arena, 120.0)
