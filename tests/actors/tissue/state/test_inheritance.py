"""What a successor finds of what its predecessor had told, by what that one died of."""

from __future__ import annotations

import pytest

from actors.evidence import CORRUPTING, Harm
from actors.messages import Pid
from actors.tissue.crdt.counters import PNCounter
from actors.tissue.state.contact_state import ContactState, Warm
from actors.tissue.state.inheritance import Inheritance, inheritance

from .kit import Group, born, change, count, counter, flags, group, happened, names, online, put, sessions, settle

N = 5
ALL = Inheritance.ALL


def replaced(arena: Group, name: str, how: Inheritance = Inheritance.ALL, after: float = 1.0) -> ContactState:
    """Kill a cell, put a successor in its place that may have so much, and let it become warm."""
    before = arena.pid(name)
    arena.kill(name)
    arena.run(arena.now + after)
    state = arena.add(name, born(names(N), predecessors=[before], inheritance=how))
    arena.run(arena.now + 3.0)
    assert state.is_warm
    return state


@pytest.mark.parametrize("harm", sorted(CORRUPTING))
def test_who_broke_an_invariant_leaves_its_last_good_state(harm: Harm) -> None:
    assert inheritance(harms=[harm]) is Inheritance.LAST_GOOD


def test_who_crashed_or_ended_as_planned_leaves_all() -> None:
    assert inheritance() is inheritance(harms=set(Harm) - CORRUPTING) is Inheritance.ALL


def test_who_died_of_a_poison_message_leaves_nothing() -> None:
    assert inheritance(is_poisoned=True) is inheritance(harms=CORRUPTING, is_poisoned=True) is Inheritance.NOTHING


def test_after_a_crash_the_successor_has_all_that_the_siblings_knew() -> None:
    arena = group(N)
    put(arena, "c0", "token", {"user": 7})
    count(arena, "c0", 5)
    arena.run(arena.now + 1.0)

    state = replaced(arena, "c0")

    assert sessions(state).value == {"token": {"user": 7}}
    assert counter(state).value == 5
    assert happened(arena, Warm)[-1][1:] == ("c0", Warm(N - 1))


def test_what_only_the_dead_one_knew_is_lost_and_never_counted_twice() -> None:
    arena = group(N)
    count(arena, "c0", 5)
    arena.run(arena.now + 1.0)
    arena.network.partition(["c0"])
    count(arena, "c0", 100)
    arena.run(arena.now + 1.0)
    arena.network.heal()

    replaced(arena, "c0", after=0.0)
    change(arena, "c0", lambda state: counter(state).add(1))
    settle(arena)

    assert {counter(each).value for each in arena.cells.values()} == {6}
    assert {each.told_by(Pid("c0", 1), "n", PNCounter).value for each in arena.cells.values()} == {5}


def test_a_corrupt_one_leaves_only_what_it_told_before_its_last_good_check() -> None:
    arena = group(N)
    put(arena, "c0", "kept", 1)
    put(arena, "c0", "changed", "good")
    arena.tell("c0", lambda state, now: state.checked(now))
    put(arena, "c0", "changed", "bad")
    put(arena, "c0", "new", "bad")
    arena.run(arena.now + 1.0)

    state = replaced(arena, "c0", Inheritance.LAST_GOOD)

    assert sessions(state).value == {"kept": 1, "changed": "good"}
    assert sessions(arena.cells["c1"]).value == {"kept": 1, "changed": "bad", "new": "bad"}


def test_one_that_never_passed_a_check_leaves_nothing_good() -> None:
    arena = group(N)
    put(arena, "c0", "token", 1)
    arena.run(arena.now + 1.0)

    assert sessions(replaced(arena, "c0", Inheritance.LAST_GOOD)).value == {}


def test_after_poison_the_successor_has_nothing_of_it_but_all_of_the_others() -> None:
    arena = group(N)
    put(arena, "c0", "theirs", 1)
    put(arena, "c1", "ours", 2)
    arena.tell("c0", lambda state, now: state.checked(now))
    arena.run(arena.now + 1.0)

    state = replaced(arena, "c0", Inheritance.NOTHING)

    assert sessions(state).value == {"ours": 2}


def test_all_lives_that_died_of_one_message_are_renounced() -> None:
    arena = group(N)
    lives = []
    for life in (1, 2, 3):
        put(arena, "c0", f"told by {life}", life)
        arena.run(arena.now + 1.0)
        lives.append(arena.pid("c0"))
        arena.kill("c0")
        arena.add("c0", born(names(N), predecessors=lives[1:], inheritance=Inheritance.NOTHING if life == 3 else ALL))
        arena.run(arena.now + 3.0)

    assert sessions(arena.cells["c0"]).value == {"told by 1": 1}
    assert sessions(arena.cells["c1"]).value == {"told by 1": 1, "told by 2": 2, "told by 3": 3}


def test_what_was_renounced_the_life_after_does_without_too() -> None:
    arena = group(N)
    put(arena, "c0", "token", 1)
    arena.run(arena.now + 1.0)
    replaced(arena, "c0", Inheritance.NOTHING)
    put(arena, "c0", "mine", 2)
    arena.run(arena.now + 1.0)

    state = replaced(arena, "c0")

    assert sessions(state).value == {"mine": 2}


def test_what_one_life_alone_had_told_can_be_asked_for() -> None:
    arena = group(N)
    put(arena, "c0", "a", 1)
    put(arena, "c1", "b", 2)
    arena.run(arena.now + 1.0)

    told = arena.cells["c3"].told_by(Pid("c1", 1), "sessions", type(sessions(arena.cells["c3"])))

    assert told.value == {"b": 2}
    assert told.put("c", 3, arena.now)
    assert sessions(arena.cells["c3"]).value == {"a": 1, "b": 2}


def test_a_write_made_when_warm_wins_over_the_predecessors_whose_clock_was_ahead() -> None:
    arena = group(N)
    arena.kill("c0")
    arena.add("c0", born(names(N), offset=30.0))
    arena.run(arena.now + 3.0)
    change(arena, "c0", lambda state: flags(state).put("leader", "first", arena.now))
    arena.run(arena.now + 1.0)

    replaced(arena, "c0")
    change(arena, "c0", lambda state: flags(state).put("leader", "second", arena.now))
    settle(arena)

    assert {flags(state)["leader"] for state in arena.cells.values()} == {"second"}


def test_what_the_successor_removes_is_gone_everywhere_though_the_predecessor_had_put_it() -> None:
    arena = group(N)
    change(arena, "c0", lambda state: online(state).add("ada", "bob"))
    arena.run(arena.now + 1.0)

    replaced(arena, "c0")
    change(arena, "c0", lambda state: online(state).remove("ada"))
    settle(arena)

    assert [online(state).value for state in arena.cells.values()] == [{"bob"}] * N


def test_a_cell_is_no_successor_of_another_place_or_of_itself() -> None:
    arena: Group = group(2)
    for wrong in (Pid("c1", 1), Pid("c0", 2)):
        arena.kill("c0")
        with pytest.raises(ValueError, match="is no successor of"):
            arena.add("c0", born(names(2), predecessors=[wrong._replace(incarnation=99)]))
