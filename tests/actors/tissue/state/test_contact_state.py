"""How cells keep each other warm: what it costs, what it survives, and what they refuse."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network, uniform
from actors.testing.topology import ring
from actors.tissue.core import Effect, Refused, Send
from actors.tissue.crdt.dotted import TooMuch
from actors.tissue.crdt.orset import ORMap
from actors.tissue.plain import pack
from actors.tissue.state.config import DATAGRAMS, FRAMES
from actors.tissue.state.contact_state import ContactState, Doubled, Forgotten, Warm
from actors.tissue.state.packets import ACK, SYN

from .kit import Group, born, count, counter, flags, group, happened, hashes, names, put, sent, sessions, settle

A = Pid("a", 1)


def alone(**options: Any) -> ContactState:
    return ContactState(A, random.Random(1), 0.0, peers=["b", "c"], **options)


# -- what it costs -----------------------------------------------------------------------------------------------------


def test_in_the_quiet_a_cell_sends_a_hash_every_five_seconds_and_nobody_answers() -> None:
    arena = group(10)
    for number in range(10):
        put(arena, f"c{number}", f"token-{number}", {"user": number})
    settle(arena)
    arena.run(arena.now + 10.0)
    before, size = arena.packets.copy(), arena.bytes.total()
    arena.run(arena.now + 500.0)

    packets = arena.packets - before
    assert set(packets) == {SYN}
    assert packets.total() / 10 / 500.0 == pytest.approx(0.2, rel=0.1)
    assert (arena.bytes.total() - size) / packets.total() <= 24


def test_a_lone_change_is_told_at_once() -> None:
    arena = group(4)
    count(arena, "c0")

    assert arena.cells["c0"].due <= arena.now
    arena.run(arena.now + 0.01)
    assert sum(counter(state).value for state in arena.cells.values()) == 4


def test_many_changes_are_told_together_once_a_period() -> None:
    arena = group(4)
    before = arena.packets[SYN]
    for _ in range(200):
        count(arena, "c0")
        arena.run(arena.now + 0.005)

    told_by_rounds = 3 * (1.0 / FRAMES.period + 1)
    assert arena.packets[SYN] - before <= told_by_rounds + 4  # checks


def test_where_all_talk_to_all_a_change_costs_two_packets_a_peer() -> None:
    arena = group(10)
    put(arena, "c0", "warm", 0)
    arena.run(arena.now + 20.0)
    before = arena.packets.total()
    put(arena, "c0", "token", 1)
    arena.run(arena.now + 2.0)

    assert len(hashes(arena)) == 1
    assert arena.packets.total() - before <= 2 * 9 + 2 * 10  # a check each in these two seconds at most


def test_a_ring_agrees_though_nobody_talks_to_more_than_two() -> None:
    graph = ring(12)
    arena: Group = Arena(1, strict=True)
    for name, near in graph.items():
        arena.add(name, born(near))
    arena.run(3.0)
    for name in graph:
        put(arena, name, name, 1)

    assert settle(arena) < 6 * 2 * FRAMES.period + 1.0
    assert len(sessions(arena.cells["c7"])) == 12


@pytest.mark.parametrize("seed", range(5))
def test_what_is_told_once_all_know_within_a_few_rounds(seed: int) -> None:
    arena = group(16, seed)
    arena.network.loss = 0.3
    count(arena, f"c{seed}")

    assert settle(arena) <= FRAMES.period * (2 * math.log2(16) + 8)


# -- packets -----------------------------------------------------------------------------------------------------------


def test_no_body_is_longer_than_a_datagram_however_much_a_cell_was_away_for() -> None:
    arena = group(3, config=DATAGRAMS)
    arena.network.partition(["c2"])
    for number in range(300):
        put(arena, "c0", number, "x" * 100)
    put(arena, "c1", "one", "y")
    arena.run(arena.now + 20.0)
    lengths: list[int] = []
    arena.network.heal()
    carry_out = arena._carry_out

    def watch(name: str, effects: Iterable[Effect]) -> None:
        effects = list(effects)
        lengths.extend(len(pack(send.body)) for send in sent(effects))
        carry_out(name, effects)

    arena._carry_out = watch  # type: ignore[method-assign]
    settle(arena)

    assert max(lengths) <= DATAGRAMS.packet_bytes
    assert len(lengths) < 300
    assert len(sessions(arena.cells["c2"])) == 301


def test_of_what_another_lacks_the_deepest_backlog_comes_first() -> None:
    state = ContactState(A, random.Random(1), 0.0, DATAGRAMS, peers=["b"])
    for owner, size in (("x", 2), ("y", 9), ("z", 5)):
        told = [each for number in range(1, size + 1) for each in (number, entry(f"{owner}{number}" + "-" * 300))]
        body = [0, 1, 1, 0, 0, b"", [], [[owner, 1, 0, size, {"ormap:sessions": told}]]]
        state.receive(Pid("b", 1), SYN, body, 0.0)

    lacks = [[owner, 1, 0] for owner in "xyz"]
    (answer,) = sent(state.receive(Pid("c", 1), ACK, [1, 1, 0, 0, 0, b"", lacks], 0.0))

    assert answer.body[7][0][0] == "y"
    assert len(pack(answer.body)) <= 1400


# -- life and death ----------------------------------------------------------------------------------------------------


def test_a_cell_that_nobody_answers_is_warm_after_a_while_all_the_same() -> None:
    arena: Group = Arena(0, strict=True)
    arena.add("c0", born(names(3)))
    arena.run(3.0)

    assert [event for _, _, event in happened(arena, Warm)] == [Warm(0)]


def test_who_is_told_that_all_have_told_is_warm_at_once_and_asks_nobody_any_more() -> None:
    arena = group(3)
    put(arena, "c0", "token", 1)
    settle(arena)
    young = ContactState(Pid("c9", 1), random.Random(1), arena.now, peers=["c0"])
    (asked,) = sent(young.tick(arena.now))
    (answer,) = sent(arena.cells["c0"].receive(young.pid, asked.kind, asked.body, arena.now))
    young.receive(arena.pid("c0"), answer.kind, answer.body, arena.now)
    lonely = alone()

    assert (young.is_warm, sessions(young).value) == (True, {"token": 1})
    assert (young.warmed(arena.now), lonely.is_warm) == ([], False)
    assert (lonely.warmed(0.0), lonely.is_warm, lonely.warmed(0.0)) == ([Warm(0)], True, [])
    assert lonely.tick(FRAMES.period) == []
    assert lonely.due >= FRAMES.check_period / 2


def test_a_life_whose_number_was_given_out_twice_falls_silent() -> None:
    arena = group(3)
    count(arena, "c0")
    arena.run(arena.now + 1.0)
    arena.kill("c0")
    again = ContactState(Pid("c0", 1), random.Random(1), arena.now, peers=names(3))
    arena.cells["c0"] = again
    arena.tell("c0", lambda state, now: state.tick(now))
    arena.run(arena.now + 1.0)

    assert happened(arena, Doubled)[0][1:] == ("c0", Doubled(Pid("c0", 1), happened(arena, Doubled)[0][2].by))
    assert (again.is_over, again.due, again.tick(arena.now), again.receive(A, SYN, [], 0.0)) == (True, math.inf, [], [])


def test_what_a_buried_place_had_told_is_dropped_after_a_day() -> None:
    config = replace(FRAMES, forget_after=30.0)
    arena = group(4, config=config)
    put(arena, "c3", "token", 1)
    arena.run(arena.now + 1.0)
    arena.kill("c3")
    for name in names(3):
        arena.tell(name, lambda state, now: state.bury("c3", now))
    arena.run(arena.now + 25.0)
    assert sessions(arena.cells["c0"]).value == {"token": 1}
    arena.run(arena.now + 30.0)

    assert [sessions(state).value for state in arena.cells.values()] == [{}] * 3
    assert all(Pid("c3", 1) not in state.digest for state in arena.cells.values())


def test_who_was_given_up_and_comes_back_with_the_same_life_is_told_to_be_born_again() -> None:
    config = replace(FRAMES, forget_after=10.0)
    arena = group(3, config=config)
    put(arena, "c2", "token", 1)
    arena.run(arena.now + 1.0)
    arena.network.partition(["c2"])
    for name in names(2):
        arena.tell(name, lambda state, now: state.bury("c2", now))
    arena.run(arena.now + 30.0)
    arena.network.heal()
    arena.run(arena.now + 30.0)

    assert [(name, event.pid) for _, name, event in happened(arena, Forgotten)] == [("c2", Pid("c2", 1))]
    assert arena.cells["c2"].is_over


def test_who_is_heard_of_again_is_not_forgotten() -> None:
    config = replace(FRAMES, forget_after=10.0)
    arena = group(3, config=config)
    put(arena, "c2", "token", 1)
    arena.run(arena.now + 1.0)
    for name in names(2):
        arena.tell(name, lambda state, now: state.bury("c2", now))
    arena.run(arena.now + 60.0)

    assert [sessions(state).value for state in arena.cells.values()] == [{"token": 1}] * 3


def test_the_last_changes_of_one_that_died_are_told_on_by_those_who_knew_them() -> None:
    arena = group(8)
    count(arena, "c0")
    arena.run(arena.now + 20.0)
    count(arena, "c0")
    arena.run(arena.now + 0.01)
    arena.kill("c0")
    assert 0 < sum(counter(state).value == 2 for state in arena.cells.values()) < 7
    for name in names(8)[1:]:
        arena.tell(name, lambda state, now: state.died(Pid("c0", 1), now))

    assert settle(arena) <= 1.5


def test_before_a_planned_end_all_peers_are_told() -> None:
    arena = group(8)
    count(arena, "c0")
    settle(arena)
    count(arena, "c0")
    arena.tell("c0", lambda state, now: state.flush(now))
    arena.kill("c0")
    arena.run(arena.now + 0.01)

    assert [counter(state).value for state in arena.cells.values()] == [2] * 7


def test_counters_of_all_lives_add_up_over_crash_after_crash() -> None:
    arena = group(5)
    for _ in range(30):
        count(arena, "c0")
        count(arena, "c1")
        arena.run(arena.now + 1.0)
        arena.kill("c0")
        arena.run(arena.now + 0.5)
        arena.revive("c0")
        arena.run(arena.now + 1.0)
    settle(arena)

    assert {counter(state).value for state in arena.cells.values()} == {60}


# -- its owner ---------------------------------------------------------------------------------------------------------


def test_a_change_wakes_the_owner_once_until_it_was_told() -> None:
    woken: list[int] = []
    state = alone(wake=lambda: woken.append(1))
    state.tick(0.0)
    counter(state).add(1)
    counter(state).add(1)
    assert (len(woken), state.due <= 0.0) == (1, True)
    state.tick(0.0)
    counter(state).add(1)

    assert (len(woken), state.due) == (1, FRAMES.period)


def test_changes_need_no_time_where_the_cell_is_told_how_to_find_it() -> None:
    state = alone(time=lambda: 5.0)
    sessions(state).put("token", 1, lifetime=2.0)
    flags(state).put("dark", True)
    flags(state).remove("dark")
    stamp = sessions(state).stamp("token")
    assert stamp is not None

    assert stamp.wall == 5000
    with pytest.raises(TypeError, match="say `now`"):
        sessions(alone()).put("token", 1)


def test_what_expires_is_gone_everywhere_without_a_word() -> None:
    arena = group(4)
    put(arena, "c0", "lease", 1, lifetime=10.0)
    settle(arena)
    arena.run(arena.now + 5.0)
    before = arena.bytes.total()
    arena.run(arena.now + 7.0)

    assert [sessions(state).value for state in arena.cells.values()] == [{}] * 4
    assert arena.bytes.total() - before < 4 * 4 * 30
    assert len(hashes(arena)) == 1


def test_a_value_is_the_same_object_each_time_and_of_one_type_for_each_name() -> None:
    state = alone()

    assert state.share("x", ORMap) is state.share("x", ORMap)
    for name in ("", "x" * 65):
        with pytest.raises(ValueError, match="1 to 64 bytes"):
            state.share(name, ORMap)


def test_beyond_its_bounds_nothing_is_taken() -> None:
    tight = replace(FRAMES, max_entries=2, max_values=1, max_bytes=200)
    state = ContactState(A, random.Random(1), 0.0, tight)
    shared = sessions(state)
    shared.put("x", 1, 0.0)
    with pytest.raises(TooMuch, match="bytes"):
        shared.put("y", "z" * 300, 0.0)
    shared.put("y", 1, 0.0)
    with pytest.raises(TooMuch, match="3 entries"):
        shared.put("z", 1, 0.0)
    with pytest.raises(TooMuch, match="2 values"):
        counter(state)

    assert shared.value == {"x": 1, "y": 1}


# -- what arrives ------------------------------------------------------------------------------------------------------

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 1 << 63)
    | st.floats()
    | st.text("a:", max_size=3)
    | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text("a:", max_size=2), inner, max_size=2),
)
packets = st.lists(junk, max_size=11) | junk


@given(packets)
@settings(max_examples=200)
def test_whatever_arrives_is_refused_or_answered_and_changes_nothing_that_was_known(body: Any) -> None:
    state = alone()
    counter(state).add(1)
    effects = state.receive(Pid("b", 1), SYN, body, 0.0)

    assert all(isinstance(effect, (Send, Refused, Doubled, Forgotten)) for effect in effects)
    assert counter(state).value == 1


def part(*entries: Any, wire: str = "ormap:sessions", upto: int = 1) -> list[Any]:
    return [0, 1, 1, 0, 0, b"", [], [["b", 1, 0, upto, {wire: list(entries)}]]]


def entry(key: Any, wall: int = 0) -> bytes:
    return b"\x95" + b"".join(map(pack, (key, wall, 0, 0, b"\x01")))


def test_a_part_of_a_stream_that_makes_sense_is_taken() -> None:
    state = alone()
    state.receive(Pid("b", 1), SYN, part(1, entry("x")), 0.0)

    assert sessions(state).value == {"x": 1}


@pytest.mark.parametrize(
    "body",
    [
        part(1, entry("x"), wire="unknown:sessions"),
        part(1, entry("x"), wire="ormap:"),
        part(1, entry("x"), wire="top9999:x"),
        part(2, entry("x")),
        part(0, entry("x")),
        part(1, entry("x"), 1, entry("y")),
        part(1),
        part(1, entry(None)),
        part(1, entry("x", wall=61_000)),
        part(1, b"x" * 70_000),
        part(1, pack([0, [["b", 1, [0]]]]), wire=""),
        part(1, pack([9, 1]), wire=""),
        [0, 1, 1, 0, 0, b"", [], [["b", 1, 1, 1, {}]]],
    ],
    ids=range(13),
)
def test_a_part_that_makes_no_sense_is_refused(body: Any) -> None:
    state = alone()
    (refused,) = state.receive(Pid("b", 1), SYN, body, 0.0)

    assert isinstance(refused, Refused)
    assert state.digest == {}


@pytest.mark.parametrize("dead", [{"lives": [["b", 1, 0, 1, []]]}, {"over": [["b", 1, 1]]}], ids=["lives", "over"])
def test_what_is_said_to_be_dead_counts_for_who_knows_all_that_its_teller_knows(dead: dict[str, Any]) -> None:
    state = alone()
    state.receive(Pid("b", 1), SYN, part(1, entry("x")), 0.0)
    said = [1, 9, 0, 0, 0, b"", [["d", 1, 1]], [], dead.get("lives", []), dead.get("over", [])]
    (asked,) = sent(state.receive(Pid("c", 1), ACK, said, 0.0))
    before = sessions(state).value
    state.receive(Pid("d", 1), SYN, [0, 1, 1, 0, 0, b"", [], [["d", 1, 0, 1, {"ormap:y": [1, entry("z")]}]]], 0.0)
    state.receive(Pid("c", 1), ACK, said, 0.0)

    assert before == {"x": 1}
    assert asked.body[6] == [["d", 1, 0]]
    assert sessions(state).value == {}


def test_who_says_what_is_dead_names_all_that_it_knows_and_says_nothing_before_it_is_warm() -> None:
    state = alone()
    state.receive(Pid("b", 1), SYN, part(1, entry("x")), 0.0)
    state.receive(Pid("d", 1), SYN, [0, 1, 1, 0, 0, b"", [], [["d", 1, 0, 1, {"ormap:y": [1, entry("z")]}]]], 0.0)
    doubted = [1, 1, 0, 0, 0, b"", [["b", 1, 1, 7]]]
    cold = state.receive(Pid("c", 1), ACK, doubted, 0.0)
    state.warmed(0.0)
    (warm,) = sent(state.receive(Pid("c", 1), ACK, doubted, 0.0))

    assert cold == []
    assert sorted(warm.body[6]) == [["b", 1, 1], ["d", 1, 1]]
    assert warm.body[8] == [["b", 1, 0, 1, [1]]]


def test_packets_of_an_earlier_life_of_this_place_and_of_unknown_kinds_are_refused() -> None:
    state = alone()
    state.receive(Pid("b", 2), SYN, [], 0.0)
    stale = state.receive(Pid("b", 1), SYN, [], 0.0)
    own = state.receive(A, SYN, [], 0.0)
    other = state.receive(Pid("b", 2), "contact.shout", [], 0.0)

    assert [type(effect) for effect in stale + own + other] == [Refused] * 3


def test_a_flood_of_strangers_and_of_streams_is_bounded() -> None:
    tight = replace(FRAMES, max_peers=10, max_owners=20, max_removals=30)
    state = ContactState(A, random.Random(1), 0.0, tight, peers=["b"])
    refused = 0
    for number in range(200):
        body = [0, 1, 1, 0, 0, b"", [], [[f"s{number}", 1, 0, 1, {"ormap:x": [1, entry("x")]}]]]
        refused += sum(isinstance(each, Refused) for each in state.receive(Pid(f"s{number}", 1), SYN, body, 0.0))

    assert len(state.digest) <= 20
    assert refused == 200 - 19


# -- the prefix property -----------------------------------------------------------------------------------------------


@settings(max_examples=15)
@given(st.integers(0, 1 << 32))
def test_who_knows_a_version_has_all_before_it_that_is_alive(seed: int) -> None:
    rng = random.Random(seed)
    arena = group(4, seed, replace(DATAGRAMS, packet_bytes=1024))
    arena.network = Network(seed, delay=uniform(0.001, 0.5), loss=0.3, duplication=0.3)
    made: dict[Pid, int] = {}
    for _ in range(60):
        name = f"c{rng.randrange(4)}"
        put(arena, name, f"{name}/{len(made)}/{rng.random()}", "x" * rng.randrange(300))
        state = arena.cells[name]
        made[state.pid] = made.get(state.pid, 0) + 1
        arena.run(arena.now + rng.random() * 0.3)

        for state in arena.cells.values():
            dots = set(sessions(state).entries)
            assert dots == {(pid, number + 1) for pid, upto in state.digest.items() for number in range(upto)}
    settle(arena)

    assert arena.cells["c0"].digest == made
