"""Views: symmetric, even, in one piece after half died and after a long partition, and hard to fool."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.tissue.core import Refused
from actors.tissue.overlay.config import HyParViewConfig
from actors.tissue.overlay.events import NeighbourDown, NeighbourUp
from actors.tissue.overlay.hyparview import HyParView
from tests.actors.tissue.overlay.kit import befriended, bury, cell, graph, of, one_sided, pieces, sent, views

PASSIVE = HyParViewConfig(beat_period=math.inf)


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_views_are_symmetric_even_and_in_one_piece_at_rest(loss: float) -> None:
    arena = views(60, 1, network=Network(1, loss=loss), settle=90.0)

    degrees = [degree for _, degree in graph(arena).in_degree]
    assert pieces(arena) == 1
    if not loss:  # while packets are lost somebody is always about to be told
        assert max(degrees) <= 2 * min(degrees)
        assert one_sided(arena) == []


def test_views_hold_no_more_than_they_may_and_nobody_twice() -> None:
    arena = views(50, 2)

    for name, core in arena.cells.items():
        known = [pid.name for pid in (*core.active, *core.passive)]
        assert len(core.active) <= core.config.active
        assert len(core.passive) <= core.config.passive
        assert name not in known
        assert len(known) == len(set(known))


@pytest.mark.parametrize("seed", range(3))
def test_the_graph_is_in_one_piece_after_half_died(seed: int) -> None:
    arena = views(100, seed, PASSIVE, settle=15.0)

    bury(arena, arena.rng.sample(sorted(arena.cells), 50))
    arena.run(arena.now + 20.0)

    assert pieces(arena) == 1
    assert one_sided(arena) == []


def test_deaths_that_nobody_reports_are_noticed_by_silence() -> None:
    arena = views(40, 3)
    arena.kill(*[f"c{i}" for i in range(0, 40, 2)])

    arena.run(arena.now + 60.0)

    assert not [pid for core in arena.cells.values() for pid in core.active if pid.name not in arena.cells]
    assert pieces(arena) == 1


def test_halves_that_were_apart_for_ten_minutes_find_each_other() -> None:
    arena = views(24, 4)
    left = {f"c{i}" for i in range(12)}
    arena.network.partition(left, set(arena.cells) - left)
    arena.run(arena.now + 600.0)
    assert pieces(arena) == 2

    arena.network.heal()
    arena.run(arena.now + 60.0)

    assert pieces(arena) == 1
    across = [(a, b) for a, b in graph(arena).edges if (a in left) != (b in left)]
    assert len(across) > 4


def test_a_cell_whose_seeds_are_late_joins_when_they_come() -> None:
    arena: Arena[HyParView] = Arena(5)
    arena.add("late", HyParView)
    arena.tell("late", lambda core, now: core.join(["seed"], now))
    arena.run(100.0)
    arena.add("seed", HyParView)

    arena.run(140.0)

    assert arena.cells["late"].active == [Pid("seed", 1)]
    assert arena.cells["seed"].active == [Pid("late", 1)]


def test_a_new_life_takes_the_place_of_the_old_one() -> None:
    arena = views(10, 6)
    arena.kill("c3")
    arena.revive("c3")
    arena.tell("c3", lambda core, now: core.join(["c4"], now))

    arena.run(arena.now + 30.0)

    known = {pid for core in arena.cells.values() for pid in core.active if pid.name == "c3"}
    assert known == {Pid("c3", 2)}
    assert one_sided(arena) == []


def test_a_cell_alone_is_never_due() -> None:
    assert cell().due == math.inf


def test_a_cell_that_left_is_never_due_and_is_forgotten() -> None:
    arena = views(12, 7)

    arena.tell("c5", lambda core, now: core.leave(now))
    arena.run(arena.now + 1.0)

    assert arena.cells["c5"].due == math.inf
    assert not [core for core in arena.cells.values() if "c5" in {pid.name for pid in core.active}]


def test_the_load_at_rest_does_not_depend_on_how_many_there_are() -> None:
    loads = {}
    for n in (32, 96):
        arena = views(n, 8, settle=30.0)
        before = arena.packets.total()
        arena.run(arena.now + 40.0)
        loads[n] = (arena.packets.total() - before) / n / 40.0

    assert loads[96] == pytest.approx(loads[32], rel=0.2)
    assert loads[96] < 3.5


def test_a_full_cell_refuses_who_does_not_need_it() -> None:
    core = befriended(cell(), *"abcde")

    effects = core.receive(Pid("f", 1), "view.neighbour", [False], 0.0)

    assert [send.to for send in sent(effects, "view.refuse")] == ["f"]
    assert Pid("f", 1) in core.passive


def test_a_full_cell_lets_go_of_the_one_with_most_for_who_needs_it() -> None:
    core = befriended(cell(), *"abcde")
    for name, degree in zip("abcde", (3, 5, 4, 2, 1), strict=True):
        core.receive(Pid(name, 1), "view.beat", [degree], 0.0)

    effects = core.receive(Pid("f", 1), "view.neighbour", [True], 0.0)

    assert of(effects, NeighbourDown) == [NeighbourDown(Pid("b", 1), is_lost=False)]
    assert of(effects, NeighbourUp) == [NeighbourUp(Pid("f", 1))]
    assert [send.to for send in sent(effects, "view.drop")] == ["b"]


def test_the_lost_are_dialled_again_one_at_a_time() -> None:
    core = befriended(cell(config=PASSIVE), *"abc")
    for name in "ab":
        core.died(Pid(name, 1), 1.0)
    dialled: Counter[str] = Counter()

    while core.due < 400.0:
        now = core.due
        dialled.update(send.to for send in sent(core.tick(now), "view.neighbour") if send.to in "ab")

    assert dialled.keys() == {"a", "b"}
    assert 10 <= dialled.total() <= 40
    assert set(core.lost) == {Pid("a", 1), Pid("b", 1)}


def test_a_cell_held_up_does_not_hold_it_against_its_neighbours() -> None:
    core = befriended(cell(), *"abcd")

    effects = core.tick(1000.0)

    assert of(effects, NeighbourDown) == []


def test_a_death_of_an_earlier_life_is_no_news() -> None:
    core = cell()
    core.receive(Pid("a", 3), "view.neighbour", [True], 0.0)

    assert core.died(Pid("a", 2), 1.0) == []
    assert core.active == [Pid("a", 3)]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("view.join", None),
        ("view.join", [1]),
        ("view.forward", ["a", 1]),
        ("view.forward", ["a", 0, 3]),
        ("view.forward", ["", 1, 3]),
        ("view.neighbour", [1]),
        ("view.accept", ["5"]),
        ("view.accept", [-1]),
        ("view.beat", []),
        ("view.shuffle", ["a", 1, 6, [["b"]]]),
        ("view.shuffle", ["a", 1, 6, [["b", 1]] * 1000]),
        ("view.sample", [[[b"b", 1]]]),
        ("view.sample", ["abc"]),
        ("view.shout", []),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(kind: str, body: Any) -> None:
    core = befriended(cell(), "a", "b")

    effects = core.receive(Pid("a", 1), kind, body, 1.0)

    assert [type(effect) for effect in effects] == [Refused]
    assert core.active == [Pid("a", 1), Pid("b", 1)]


@pytest.mark.parametrize("sender", [Pid("me", 1), Pid("", 1), Pid("a", 1), Pid("x", 0)])
def test_a_sender_that_cannot_be_is_refused(sender: Pid) -> None:
    core = cell()
    core.receive(Pid("a", 2), "view.neighbour", [True], 0.0)

    assert of(core.receive(sender, "view.beat", [1], 0.0), Refused)


def test_a_walk_longer_than_any_is_cut() -> None:
    core = befriended(cell(), "a", "b", "c")

    (send,) = sent(core.receive(Pid("a", 1), "view.forward", ["x", 1, 1 << 40], 0.0), "view.forward")

    assert send.body[2] == core.config.active_walk - 1


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
WORDS = ["join", "forward", "neighbour", "accept", "refuse", "drop", "beat", "shuffle", "sample"]
KINDS = [f"view.{word}" for word in WORDS]
NAMES = st.sampled_from(["me", "a", "b", "c", "d", "e", "f", "g"])
LIVES = st.integers(1, 3)
BODIES: st.SearchStrategy[Any] = (
    st.just([])
    | st.tuples(st.booleans())
    | st.tuples(st.integers(0, 9))
    | st.tuples(NAMES, LIVES, st.integers(0, 7))
    | st.tuples(NAMES, LIVES, st.integers(0, 7), st.lists(st.tuples(NAMES, LIVES), max_size=9))
    | st.tuples(st.lists(st.tuples(NAMES, LIVES), max_size=9))
    | PLAIN
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(NAMES, LIVES, st.sampled_from(KINDS), BODIES, st.floats(0, 9)), max_size=30))
def test_whatever_arrives_the_views_stay_bounded_apart_and_without_oneself(packets: list[Any]) -> None:
    core, now = cell(config=HyParViewConfig(active=3, passive=4, max_lost=2)), 0.0
    ups: Counter[str] = Counter()
    for name, life, kind, body, wait in packets:
        effects = core.receive(Pid(name, life), kind, body, now)
        now += wait
        if core.due <= now:
            effects = [*effects, *core.tick(now)]
        ups.update(event.pid.name for event in of(effects, NeighbourUp))
        ups.subtract(event.pid.name for event in of(effects, NeighbourDown))
        known = [pid.name for pid in (*core.active, *core.passive)]
        assert len(core.active) <= 3
        assert len(core.passive) <= 4
        assert len(core.lost) <= 2
        assert "me" not in known
        assert len(known) == len(set(known))
        assert core.due > now - 10.0
    assert {name for name, count in ups.items() if count} == {pid.name for pid in core.active}
    assert set(ups.values()) <= {0, 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"active": 0},
        {"passive": 0},
        {"passive_walk": 7},
        {"beat_period": 0.0},
        {"redial_period": math.inf},
        {"max_lost": -1},
    ],
)
def test_a_constant_that_cannot_be_is_refused_by_name(wrong: dict[str, Any]) -> None:
    (name,) = wrong

    with pytest.raises(ValueError, match=f"HyParViewConfig.{name}"):
        HyParViewConfig(**wrong)


def test_the_same_seed_makes_the_same_overlay() -> None:
    first, second = (views(20, 9) for _ in range(2))

    assert first.packets == second.packets
    assert {name: core.active for name, core in first.cells.items()} == {
        name: core.active for name, core in second.cells.items()
    }
    assert isinstance(repr(first.cells["c0"]), str)
