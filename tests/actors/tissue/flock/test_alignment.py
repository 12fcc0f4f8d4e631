"""Alignment: it levels at the speed its graph allows, and what there is is exact through loss, death and change."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing import topology
from actors.testing.network import Network
from actors.testing.topology import Graph
from actors.tissue.core import Refused
from actors.tissue.flock.alignment import (
    DONE,
    GIVE,
    REFUSE,
    TAKE,
    TELL,
    Alignment,
    Gave,
    Got,
    Recovered,
)
from actors.tissue.flock.config import MOMENTUM_LIMIT, AlignmentConfig, momentum

from .kit import Flock, cell, eigenvalue, of, sent

FRACTIONS = AlignmentConfig(is_whole=False)

GRAPHS: dict[str, Graph] = {
    "ring": topology.ring(8),
    "grid": topology.grid(3, 4),
    "regular": topology.regular(16, 5, 1),
    "star": topology.star(8),
    "barbell": topology.barbell(4),
    "complete": topology.complete(8),
}

each_graph = pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS.keys())


@each_graph
def test_a_point_load_spreads_until_neighbours_differ_by_no_more_than_the_degree(graph: Graph) -> None:
    flock = Flock(graph)
    flock.put("c0", 1000 * len(graph) + 3)
    flock.rounds(150)

    loads, degree = flock.loads(), max(map(len, graph.values()))
    assert sum(loads.values()) == 1000 * len(graph) + 3
    assert all(abs(loads[name] - loads[other]) <= degree for name in graph for other in graph[name])


@pytest.mark.parametrize(
    ("graph", "limit"),
    [(topology.regular(64, 5, 2), 24), (topology.hypercube(6), 20), (topology.complete(24), 6)],
    ids=["regular", "hypercube", "complete"],
)
def test_a_point_load_is_level_in_as_many_rounds_as_the_graph_allows(graph: Graph, limit: float) -> None:
    flock = Flock(graph)
    flock.rounds(3)
    flock.put("c0", 10_000 * len(graph))

    assert flock.settle() <= limit


@pytest.mark.parametrize(
    ("graph", "published"),
    [(topology.ring(32), 0.9872), (topology.grid(8, 8), 0.9677), (topology.hypercube(6), 0.714)],
    ids=["ring", "grid", "hypercube"],
)
def test_in_step_the_error_shrinks_by_the_second_eigenvalue(graph: Graph, published: float) -> None:
    flock = Flock(graph, config=AlignmentConfig(is_whole=False, jitter=0.0), in_step=True)
    flock.put("c0", float(len(graph)))

    def error() -> float:
        return math.sqrt(sum((load - 1.0) ** 2 for load in flock.loads().values()))

    wait = {0.9872: 120, 0.9677: 80, 0.714: 15}[published]
    flock.rounds(wait + 0.9)
    before = error()
    flock.rounds(10)

    measured = (error() / before) ** (1 / 10)
    assert eigenvalue(graph) == pytest.approx(published, abs=5e-4)
    assert measured == pytest.approx(published, rel=0.05)


def test_momentum_makes_a_ring_several_times_as_fast() -> None:
    def rounds(config: AlignmentConfig) -> float:
        flock = Flock(topology.ring(20), config=config)
        flock.rounds(3)
        flock.put("c0", 200_000)
        return flock.settle()

    assert rounds(AlignmentConfig(momentum=momentum(0.987))) < rounds(AlignmentConfig()) / 3


@pytest.mark.parametrize(("value", "beta"), [(0.0, 1.0), (0.6, 2 / 1.8), (0.8, 2 / 1.6), (0.9999, MOMENTUM_LIMIT)])
def test_the_best_momentum_follows_from_the_second_eigenvalue(value: float, beta: float) -> None:
    assert momentum(value) == pytest.approx(beta)


def test_there_is_no_best_momentum_for_a_graph_in_pieces() -> None:
    with pytest.raises(ValueError, match="eigenvalue"):
        momentum(1.0)


@settings(max_examples=12)
@given(st.integers(0, 1 << 20), st.sampled_from(sorted(GRAPHS)), st.booleans(), st.booleans())
def test_nothing_is_lost_or_doubled_by_a_network_that_loses_doubles_and_reorders(
    seed: int, graph: str, is_whole: bool, has_momentum: bool
) -> None:
    rng = random.Random(seed)
    network = Network(seed, loss=0.3, duplication=0.3, delay=lambda rng: rng.uniform(0.0, 0.5))
    config = AlignmentConfig(is_whole=is_whole, momentum=1.4 if has_momentum else 1.0)
    flock = Flock(GRAPHS[graph], seed=seed, config=config, network=network)
    total: float = 0
    for name in flock.graph:
        amount = rng.randint(1, 5000) if is_whole else rng.uniform(0.1, 5000.0)
        flock.put(name, amount)
        total += amount
    for _ in range(15):
        flock.rounds(rng.uniform(0.3, 2.0))
        assert all(load >= 0 for load in flock.loads().values())
        if is_whole:
            assert flock.owned() == total
        else:
            assert flock.owned() == pytest.approx(total, rel=1e-9)


@settings(max_examples=12)
@given(st.integers(0, 1 << 20))
def test_a_death_takes_what_was_the_dead_ones_and_nothing_else(seed: int) -> None:
    rng = random.Random(seed)
    network = Network(seed, loss=0.2, duplication=0.2)
    flock = Flock(topology.regular(16, 4, seed % 5), seed=seed, network=network)
    flock.put("c0", 50_000)
    total: float = 50_000
    for _ in range(8):
        flock.rounds(rng.uniform(0.5, 2.5))
        dead = sorted(flock.graph.keys() - flock.arena.cells.keys())
        if len(dead) < 6 and rng.random() < 0.7:
            total = flock.die(rng.choice(sorted(flock.arena.cells)))
        elif dead:
            flock.add(rng.choice(dead))
        assert flock.owned() == total
    network.loss = network.duplication = 0.0
    flock.rounds(60)

    assert flock.owned() == total


@pytest.mark.parametrize("seed", range(3))
def test_a_flock_that_lost_a_third_in_flight_is_level_again_within_25_rounds(seed: int) -> None:
    rng = random.Random(seed)
    flock = Flock(topology.regular(64, 5, seed), seed=seed)
    flock.rounds(3)
    flock.put("c0", 640_000)
    flock.rounds(5.3)
    expected = flock.die(*rng.sample(sorted(flock.graph), 19))
    reconnect(flock, rng)

    took = flock.settle()

    assert flock.owned() == expected
    assert took <= 25


def reconnect(flock: Flock, rng: random.Random, degree: int = 5) -> None:
    """Have the living link with others until they have ``degree`` neighbours, as an overlay does."""
    alive = sorted(flock.arena.cells)
    near = {name: {other for other in flock.graph[name] if other in flock.arena.cells} for name in alive}
    for name in flock.arena.cells:
        for other in flock.graph[name]:
            if other not in flock.arena.cells:
                flock.unlink(name, other)
    for _ in range(500):
        short = [name for name in alive if len(near[name]) < degree]
        if len(short) < 2:
            break
        name, other = rng.sample(short, 2)
        if other not in near[name]:
            near[name].add(other)
            near[other].add(name)
            flock.link(name, other)
            flock.link(other, name)


def test_work_that_comes_and_goes_does_not_disturb_the_sum() -> None:
    flock = Flock(topology.regular(12, 4, 1))
    rng, total = random.Random(1), 0
    for _ in range(60):
        name = rng.choice(sorted(flock.graph))
        flock.put(name, 100)
        total += 100
        load = flock.arena.cells[name].load
        if load > 50:
            flock.take(name, 50)
            total -= 50
        flock.rounds(0.4)

    assert flock.owned() == total


def test_a_newcomer_fills_up_and_nobody_swings() -> None:
    graph = topology.complete(6)
    flock = Flock(graph)
    for name in graph:
        flock.put(name, 600)
    flock.kill("c5")
    flock.bury_everywhere("c5")
    flock.add("c5")
    most = []
    for _ in range(30):
        flock.rounds(0.5)
        most.append(flock.arena.cells["c5"].load)

    assert max(most) <= 1.05 * most[-1]
    assert flock.spread() <= 6


def test_a_cell_that_is_unlinked_in_mid_transfer_ends_it() -> None:
    flock = Flock(topology.complete(2), network=Network(1, loss=0.4))
    for number in range(20):
        flock.put("c0", 1000)
        flock.rounds(0.7)
        flock.unlink("c0" if number % 2 else "c1", "c1" if number % 2 else "c0")
        flock.rounds(1.5)
        flock.link("c0", "c1")
        flock.link("c1", "c0")
    flock.arena.network.loss = 0.0
    flock.rounds(20)

    assert sum(flock.loads().values()) == 20_000


def test_neighbours_are_those_last_named_and_no_others() -> None:
    me = cell("a", "b")

    me.neighbours(["b", "c"], 0.0)

    assert {to for to, kind, _ in sent(me.tick(me.due)) if kind == TELL} == {"b", "c"}


@pytest.mark.parametrize("names", [["b", "me"], ["b", ""], ["b", "c", "d"]], ids=["itself", "no name", "too many"])
def test_neighbours_that_cannot_be_change_nothing(names: list[str]) -> None:
    me = cell("a", config=AlignmentConfig(max_links=2))

    with pytest.raises(ValueError, match=r"itself|name|too many"):
        me.neighbours(names, 0.0)

    assert [peer.name for peer in me._peers.linked] == ["a"]


def test_a_neighbour_that_is_dropped_in_mid_transfer_has_what_it_took() -> None:
    me = cell("a")
    me.put(90, 0.0)
    poor(me, "a")
    give(me)

    me.neighbours([], 1.0)
    effects = me.receive(Pid("a", 1), TAKE, [1, 1], 1.1)

    assert of(effects, Gave) == [Gave(Pid("a", 1), 45)]
    assert (me.load, me.aside) == (45, 0)


def test_a_flock_without_neighbours_is_never_due() -> None:
    alone = cell()
    alone.put(5, 0.0)

    assert (alone.due, alone.load) == (math.inf, 5)


def test_a_flock_that_has_nothing_says_nothing() -> None:
    flock = Flock(topology.regular(12, 4, 1))
    flock.rounds(10)

    assert flock.arena.packets.total() == 0


def test_a_flock_whose_work_is_done_falls_silent_and_wakes_for_more() -> None:
    flock = Flock(topology.regular(12, 4, 1))
    flock.put("c0", 1200)
    flock.rounds(40)
    for name, load in flock.loads().items():
        flock.take(name, load)
    flock.rounds(10)
    dues = {cell.due for cell in flock.arena.cells.values()}
    flock.put("c5", 24_000)

    assert dues == {math.inf}
    assert flock.settle() <= 12


def test_the_whole_flock_is_up_as_soon_as_work_reaches_it() -> None:
    """Who is woken answers at once, or each hop would take one round more."""
    asleep, awake = Flock(topology.line(8)), Flock(topology.line(8))
    for name in awake.graph:
        awake.put(name, 1)
    awake.rounds(5)

    for flock in (asleep, awake):
        flock.put("c0", 80_000)
        flock.rounds(20)

    assert asleep.arena.cells["c7"].load >= 0.9 * awake.arena.cells["c7"].load


def test_cells_without_neighbours_fall_silent() -> None:
    flock = Flock(topology.complete(2))
    flock.put("c0", 10)
    flock.rounds(5)
    flock.unlink("c0", "c1")
    flock.unlink("c1", "c0")
    flock.rounds(5)

    assert all(each.due == math.inf for each in flock.arena.cells.values())


# -- one cell by itself ------------------------------------------------------------------------------------------------


def poor(me: Alignment, name: str, life: int = 1) -> None:
    """A neighbour says that it has nothing."""
    me.receive(Pid(name, life), TELL, [1, 0], me.due)


def give(me: Alignment) -> list[Any]:
    """Its next two half rounds, and what it gave."""
    effects = me.tick(me.due) + me.tick(me.due)
    return [each for each in sent(effects) if each[1] == GIVE]


def test_a_neighbour_is_given_its_part_by_metropolis_weights() -> None:
    me = cell("a", "b")
    me.put(90, 0.0)
    poor(me, "a")
    me.receive(Pid("b", 1), TELL, [5, 30], me.due)

    assert give(me) == [("a", GIVE, [1, 1, 30]), ("b", GIVE, [1, 1, 10])]
    assert (me.load, me.aside) == (50, 40)


def test_who_was_not_heard_lately_is_given_nothing() -> None:
    me = cell("a")
    me.put(90, 0.0)
    me.receive(Pid("a", 1), TELL, [1, 0], 0.0)
    while me.due < 0.5:
        me.tick(me.due)
        me.load and me.take(me.load, 0.0)
    me.put(90, 0.0)
    effects = [effect for _ in range(6) for effect in me.tick(me.due)]

    assert [each for each in sent(effects) if each[1] == GIVE and each[2][1] > 1] == []


def test_a_transfer_takes_three_steps() -> None:
    me, a = cell("a"), Alignment(Pid("a", 1), random.Random(1), 0.0)
    a.link("me", 0.0)
    me.put(90, 0.0)
    poor(me, "a")
    ((_, kind, body),) = give(me)

    steps = [(me.load, a.load, a.held)]
    taken = a.receive(me.pid, kind, body, 0.3)
    steps.append((me.aside, a.load, a.held))
    done = me.receive(a.pid, TAKE, sent(taken)[0][2], 0.3)
    steps.append((me.aside, a.load, a.held))
    got = a.receive(me.pid, DONE, sent(done)[0][2], 0.3)
    steps.append((me.aside, a.load, a.held))

    assert steps == [(45, 0, 0), (45, 0, 45), (0, 0, 45), (0, 45, 0)]
    assert of(done, Gave) == [Gave(a.pid, 45)]
    assert of(got, Got) == [Got(me.pid, 45)]


def test_what_was_set_aside_for_the_dead_is_ones_own_again() -> None:
    me = cell("a")
    me.put(90, 0.0)
    poor(me, "a")
    give(me)

    effects = me.died(Pid("a", 1), 0.5)

    assert (effects, me.load, me.aside) == ([Recovered(Pid("a", 1), 45)], 90, 0)


def test_what_is_held_of_the_dead_is_ones_own() -> None:
    me = cell("a")
    me.receive(Pid("a", 1), GIVE, [1, 1, 45], 0.0)

    effects = me.died(Pid("a", 1), 0.5)

    assert (effects, me.load, me.held) == ([Recovered(Pid("a", 1), 45)], 45, 0)


def test_a_successor_shows_that_its_predecessor_is_dead() -> None:
    me = cell("a")
    me.put(90, 0.0)
    poor(me, "a")
    give(me)

    effects = me.receive(Pid("a", 2), TELL, [1, 0], 0.5)

    assert effects == [Recovered(Pid("a", 1), 45)]


def test_the_dead_are_not_heard_any_more() -> None:
    me = cell("a")
    me.receive(Pid("a", 1), GIVE, [1, 1, 45], 0.0)
    me.died(Pid("a", 1), 0.5)

    late = [
        me.receive(Pid("a", 1), kind, body, 0.6) for kind, body in ((GIVE, [1, 2, 5]), (DONE, [1, 1]), (TELL, [1, 0]))
    ]

    assert [len(of(effects, Refused)) for effects in late] == [1, 1, 1]
    assert me.load == 45


@pytest.mark.parametrize(
    ("kind", "body"),
    [(GIVE, [1, 1, 5]), (TAKE, [1, 1]), (DONE, [1, 1]), (REFUSE, [1, 1, 0])],
    ids=["give", "take", "done", "refuse"],
)
def test_a_step_that_was_meant_for_a_former_life_is_refused(kind: str, body: list[Any]) -> None:
    me = cell("a", life=2)
    poor(me, "a")

    effects = me.receive(Pid("a", 1), kind, body, 0.5)

    assert [refused.why for refused in of(effects, Refused)] == ["ValueError: for life 1 of this place"]
    assert (me.load, me.held) == (0, 0)


def test_a_gift_above_the_capacity_is_refused_and_stays_so_when_it_is_repeated() -> None:
    me = cell("a", config=AlignmentConfig(capacity=100))
    me.put(80, 0.0)
    first = me.receive(Pid("a", 1), GIVE, [1, 1, 30], 0.0)
    me.take(80, 0.0)
    again = me.receive(Pid("a", 1), GIVE, [1, 1, 30], 0.1)
    next_one = me.receive(Pid("a", 1), GIVE, [1, 2, 30], 0.2)

    assert [sent(effects)[0][1:] for effects in (first, again, next_one)] == [
        (REFUSE, [1, 1, 1]),
        (REFUSE, [1, 1, 1]),
        (TAKE, [1, 2]),
    ]


def test_what_is_refused_is_the_givers_again() -> None:
    me = cell("a")
    me.put(90, 0.0)
    poor(me, "a")
    give(me)

    me.receive(Pid("a", 1), REFUSE, [1, 1, 1], 0.4)

    assert (me.load, me.aside) == (90, 0)


def test_a_giver_whose_numbers_were_forgotten_goes_on_above_those_that_are_closed() -> None:
    me = cell("a")
    me.put(90, 0.0)
    poor(me, "a")
    give(me)
    me.receive(Pid("a", 1), REFUSE, [1, 1, 7], 0.4)

    assert give(me)[0][2][1] == 8


def test_a_step_that_had_no_answer_is_repeated() -> None:
    me = cell("a")
    me.put(90, 0.0)
    poor(me, "a")
    first = give(me)
    me.receive(Pid("a", 1), GIVE, [1, 1, 7], 0.3)
    me.tick(me.due)

    repeated = sent(me.tick(me.due))

    assert repeated == [*first, ("a", TAKE, [1, 1])]


def test_a_stranger_is_refused_what_he_gives_and_left_what_he_takes() -> None:
    me = cell()

    answers = [me.receive(Pid("z", 1), kind, body, 0.0) for kind, body in ((GIVE, [1, 3, 5]), (TAKE, [1, 3]))]

    assert [sent(effects) for effects in answers] == [[("z", REFUSE, [1, 3, 0])], [("z", DONE, [1, 3])]]


BAD_PACKETS: list[tuple[str, Any]] = [
    (TELL, None),
    (TELL, [1]),
    (TELL, [1, -5]),
    (TELL, [1, 0.5]),
    (TELL, [1, math.nan]),
    (TELL, ["1", 5]),
    (GIVE, [1, 1]),
    (GIVE, [1, 1, 0]),
    (GIVE, [1, 1, -3]),
    (GIVE, [1, 1, 2.5]),
    (GIVE, [1, 0, 3]),
    (GIVE, [1, 1, 1 << 70]),
    (GIVE, {"a": 1, "b": 2, "c": 3}),
    (TAKE, [1, 9]),
    (TAKE, [1, "1"]),
    (DONE, 4),
    (REFUSE, [1, 1, -1]),
    (REFUSE, [1, 1, True]),
    ("flock.other", []),
]


@pytest.mark.parametrize(("kind", "body"), BAD_PACKETS)
def test_a_packet_that_makes_no_sense_is_refused_and_changes_nothing(kind: str, body: Any) -> None:
    me = cell("a")
    me.put(10, 0.0)
    poor(me, "a")

    effects = me.receive(Pid("a", 1), kind, body, 0.1)

    assert [type(effect) for effect in effects] == [Refused]
    assert (me.load, me.held, me.aside) == (10, 0, 0)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([TELL, GIVE, TAKE, DONE, REFUSE]),
            st.lists(st.integers(-1, 4) | st.floats() | st.text(max_size=2), max_size=4),
        ),
        max_size=12,
    )
)
def test_no_packets_whatever_they_hold_raise_or_make_a_load_negative(packets: list[tuple[str, Any]]) -> None:
    me = cell("a")
    me.put(20, 0.0)
    for kind, body in packets:
        me.receive(Pid("a", 1), kind, body, 0.1)
        me.tick(me.due)

    assert me.load >= 0


@pytest.mark.parametrize("amount", [0, -1, 1.5, True, math.nan, "1"])
def test_only_whole_amounts_above_zero_are_put(amount: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        cell().put(amount, 0.0)


def test_no_more_is_taken_than_there_is() -> None:
    me = cell(config=FRACTIONS)
    me.put(1.5, 0.0)

    with pytest.raises(ValueError, match=r"me#1 has 1\.5, not 2"):
        me.take(2, 0.0)


def test_a_cell_has_a_bounded_number_of_neighbours_and_of_former_ones() -> None:
    me = cell(config=AlignmentConfig(max_links=2))
    for number in range(1000):
        me.link(f"n{number}", 0.0)
        me.unlink(f"n{number}", 0.0)
    me.link("a", 0.0)
    me.link("b", 0.0)

    with pytest.raises(ValueError, match="3 are too many"):
        me.link("c", 0.0)
    assert len(me._peers) <= 260


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("period", 0.0),
        ("jitter", 1.0),
        ("expiry", 0.1),
        ("grain", 0.0),
        ("momentum", 0.5),
        ("momentum", 1.6),
        ("capacity", 0.0),
        ("max_links", 0),
    ],
)
def test_a_constant_that_makes_no_sense_is_refused_by_name(field: str, value: Any) -> None:
    options: dict[str, Any] = {field: value}

    with pytest.raises(ValueError, match=f"AlignmentConfig.{field} "):
        AlignmentConfig(**options)
