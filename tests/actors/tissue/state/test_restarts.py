"""A place that is started again and again costs its siblings no more than one that is not, and loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing.network import Network, uniform
from actors.tissue.crdt.counters import KEPT_LIVES, PNCounter
from actors.tissue.plain import pack
from actors.tissue.state.config import FRAMES
from actors.tissue.state.contact_state import ContactState
from actors.tissue.state.ended import LIVES_LIMIT, Ended
from actors.tissue.state.inheritance import Inheritance

from .kit import Group, born, change, count, counter, flags, group, names, online, put, sessions, settle

N = 3
FEW = 4
"""Streams of so many lives of a place may be under way at a time."""

Act = Callable[[ContactState, float], Any]


def again(arena: Group, name: str = "c0", how: Inheritance = Inheritance.ALL) -> ContactState:
    """The next life at a place, which its siblings hear of like of any death."""
    before = arena.pid(name)
    arena.kill(name)
    for other in arena.cells:
        arena.tell(other, lambda state, now: state.died(before, now))
    return arena.add(name, born(arena.cells, predecessors=[before], inheritance=how))


def held(state: ContactState) -> dict[str, int]:
    """How much a cell holds of other lives: streams, bytes, a digest, news, what is faded, who is renounced."""
    store = state._store
    digest = [[pid.name, pid.incarnation, version] for pid, version in state.digest.items()]
    return {
        "streams": len(store.archive),
        "bytes": store.archive.bytes,
        "digest": len(pack(digest)),
        "news": len(state._news._grown),
        "fading": len(store._fading),
        "entries": sum(len(value.entries) for value in store.values.values()),
        "spans": sum(1 for _ in store.archive.context.spans()),
        "renounced": len(store.estate._renounced),
    }


def use_all(state: ContactState, now: float) -> None:
    """Change a value of each kind, as each life of a place does."""
    counter(state).add(1)
    sessions(state).put("where", state.pid.incarnation, now)
    flags(state).put("leader", state.pid.incarnation, now)
    online(state).add("c0")
    online(state).remove("guest")


@pytest.mark.parametrize("pause", [0.05, 1.0])
def test_two_hundred_restarts_leave_no_more_than_twenty(pause: float) -> None:
    arena = group(N)
    after = {}
    for life in range(1, 201):
        change(arena, "c1", lambda state: online(state).add("guest"))
        arena.run(arena.now + 2 * pause)
        change(arena, "c0", lambda state: use_all(state, arena.now))
        arena.run(arena.now + pause)
        again(arena)
        if life in (100, 200):
            arena.run(arena.now + 12.0)
            assert all(len(arena.cells[name]._store.archive) <= N + FEW for name in names(N))
            arena.run(arena.now + FRAMES.removal_memory)
            after[life] = [held(arena.cells[name]) for name in names(N)]

    for early, late in zip(after[100], after[200], strict=True):
        assert late["streams"] <= N
        assert late["digest"] <= early["digest"] + 32
        assert late["bytes"] <= early["bytes"] + 64
        assert late["entries"] <= early["entries"]
        assert late["spans"] <= N
        assert late["news"] <= N
        assert late["fading"] == 0
    (total,) = {counter(state).value for state in arena.cells.values()}
    assert total == 200 or pause < 0.2  # what a life has told nobody yet is lost with it
    assert sessions(arena.cells["c2"]).value == {"where": 200} or pause < 0.2


def test_who_puts_before_it_has_heard_takes_the_place_of_the_lives_before() -> None:
    """As all do that register themselves in ``started()``."""
    arena = group(N)
    for _ in range(60):
        again(arena)
        change(arena, "c0", lambda state: (sessions(state).put("c0", 1, arena.now), online(state).add("c0")))
        arena.run(arena.now + 1.0)
    settle(arena)

    for state in arena.cells.values():
        assert len(sessions(state).entries) == len(online(state).entries) == 1
        assert len(state._store.archive) <= N + FEW


def test_an_element_that_a_life_adds_anew_stays_though_it_takes_the_place_of_its_predecessors() -> None:
    arena = group(N)
    change(arena, "c0", lambda state: online(state).add("c0"))
    arena.run(arena.now + 1.0)
    again(arena)
    change(arena, "c0", lambda state: online(state).add("c0"))
    settle(arena)
    arena.kill("c0")
    arena.run(arena.now + 400.0)

    assert [online(arena.cells[name]).value for name in ("c1", "c2")] == [{"c0"}] * 2


@pytest.mark.parametrize("how", [Inheritance.NOTHING, Inheritance.LAST_GOOD])
def test_lives_that_are_renounced_leave_nothing_but_what_nobody_has_put_anew(how: Inheritance) -> None:
    arena = group(N)
    for life in range(1, 41):
        put(arena, "c0", "c0", life)
        count(arena, "c0")
        arena.run(arena.now + 1.0)
        again(arena, how=how)
        arena.run(arena.now + 1.0)
    put(arena, "c0", "c0", "new")
    settle(arena)
    arena.run(arena.now + 10.0)

    for state in arena.cells.values():
        assert counter(state).value == 40
        assert sessions(state).value == {"c0": "new"}
        assert len(state._store.archive) <= N + FEW
        assert held(state)["renounced"] <= FEW


def test_who_is_renounced_without_having_told_anything_is_forgotten() -> None:
    arena = group(N)
    for _ in range(30):
        arena.run(arena.now + 1.0)
        again(arena, how=Inheritance.NOTHING)
    arena.run(arena.now + FRAMES.removal_memory + 30.0)

    assert [len(state._store.archive) <= N + FEW for state in arena.cells.values()] == [True] * N


def test_a_removal_by_a_life_that_has_ended_is_heard_by_who_was_cut_off() -> None:
    arena = group(N)
    put(arena, "c1", "x", 1)
    settle(arena)
    arena.network.partition(["c2"])
    change(arena, "c0", lambda state: sessions(state).remove("x"))
    arena.run(arena.now + 1.0)
    again(arena)
    for name in ("c0", "c1"):  # who is known to be away holds up nobody
        arena.tell(name, lambda state, now: state.meet(["c0", "c1"], now))
    arena.run(arena.now + 20.0)
    streams = [state.digest.keys() for state in arena.cells.values()]
    arena.network.heal()
    for name in arena.cells:
        arena.tell(name, lambda state, now: state.meet(names(N), now))
    settle(arena)

    assert Pid("c0", 1) not in {pid for digest in streams[:2] for pid in digest}
    assert [sessions(state).value for state in arena.cells.values()] == [{}] * N


# -- nothing is lost, nothing counted twice ----------------------------------------------------------------------------

places = st.sampled_from(names(4))
hazards = st.one_of(
    st.tuples(st.just("count"), places, st.integers(-9, 9)),
    st.tuples(st.just("count"), places, st.integers(-9, 9)),
    st.tuples(st.just("again"), places, st.sampled_from(Inheritance)),
    st.tuples(st.just("again"), places, st.sampled_from(Inheritance)),
    st.tuples(st.just("wait"), st.sampled_from([0.05, 0.3, 3.0])),
    st.tuples(st.just("cut"), st.sets(places)),
    st.tuples(st.just("heal")),
)


def counts(*counters: PNCounter) -> dict[Pid, tuple[int, int]]:
    """What each life has counted, up and down, as far as those know together, joined anew."""
    fresh = PNCounter(Pid("onlooker", 1))
    for each in counters:
        for dot, entry in each.entries.items():
            for loser in fresh.admit(dot, entry) if dot not in fresh.entries else ():
                fresh.discard(loser)
    pasts = [fresh._joined(name) for name in names(4)]
    assert fresh.value == sum(past.total for past in pasts)
    assert {past.upto for past in pasts} == {0}
    return {Pid(past.place[0], life): (plus, minus) for past in pasts for life, plus, minus in past.lives}


@settings(max_examples=60, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 1 << 32), st.lists(hazards, min_size=15, max_size=60))
def test_a_sum_is_what_somebody_alive_has_heard_whoever_was_restarted_and_cut_off(seed: int, story: list[Any]) -> None:
    arena = group(4, seed)
    arena.network = Network(seed, delay=uniform(0.001, 0.5), loss=0.3, duplication=0.3)
    made: dict[Pid, tuple[int, int]] = {}
    for what, *rest in story:
        match what:
            case "count":
                count(arena, *rest)
                plus, minus = made.get(arena.pid(rest[0]), (0, 0))
                made[arena.pid(rest[0])] = plus + max(rest[1], 0), minus + max(-rest[1], 0)
            case "again":
                again(arena, *rest)
            case "wait":
                arena.run(arena.now + rest[0])
            case "cut":
                arena.network.partition(rest[0])
            case "heal":
                arena.network.heal()
    arena.network.heal()
    heard = counts(*map(counter, arena.cells.values()))
    settle(arena, 120.0)
    states = list(map(counter, arena.cells.values()))
    agreed = counts(*states)

    assert {state.value for state in states} == {sum(plus - minus for plus, minus in agreed.values())}
    for pid, (plus, minus) in agreed.items():
        least = heard.get(pid, (0, 0))
        assert least[0] <= plus <= made[pid][0]
        assert least[1] <= minus <= made[pid][1]
    assert heard.keys() <= agreed.keys()


def test_a_sum_is_exact_when_each_life_was_heard() -> None:
    arena, total = group(N), 0
    for life in range(1, 2 * KEPT_LIVES):
        for name in names(N):
            count(arena, name, life)
            total += life
        arena.run(arena.now + 0.5)
        again(arena, f"c{life % N}", Inheritance.NOTHING if life % 5 == 0 else Inheritance.ALL)
        arena.run(arena.now + 0.5)
    settle(arena)

    assert [counter(state).value for state in arena.cells.values()] == [total] * N


# -- what is remembered of streams that have gone ----------------------------------------------------------------------


def test_of_streams_that_have_gone_so_many_are_remembered_the_last_of_each_place() -> None:
    ended = Ended(LIVES_LIMIT + 10)
    for life in range(1, 3 * LIVES_LIMIT):
        ended.add(Pid("a", life), 7)
    for number in range(20):
        ended.add(Pid(f"b{number}", 1), 1)

    assert len(ended) == LIVES_LIMIT + 10
    assert ended.get(Pid("a", 1)) == ended.get(Pid("c", 1)) == 0
    assert ended.get(Pid("a", 3 * LIVES_LIMIT - 1)) == 7
    assert all(Pid(f"b{number}", 1) in ended for number in range(20))


def test_a_stream_that_goes_on_is_over_no_more() -> None:
    ended = Ended(10)
    ended.add(Pid("a", 2), 5)
    ended.add(Pid("a", 1), 3)
    ended.add(Pid("a", 3), 0)

    assert (ended.pop(Pid("a", 2)), ended.pop(Pid("a", 2)), ended.get(Pid("a", 1)), len(ended)) == (5, 0, 3, 1)
