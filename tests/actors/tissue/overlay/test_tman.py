"""The close ones: found, found anew, and with any metric."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network, uniform
from actors.tissue.core import Refused
from actors.tissue.overlay.closeness import KEY_SPACE, Metric, Profile, key_distance, latency, zone_distance
from actors.tissue.overlay.config import TManConfig
from actors.tissue.overlay.events import BadMetric
from actors.tissue.overlay.tman import TMan
from tests.actors.tissue.overlay.kit import of, sent


def group(
    n: int, metric: Metric, profile: Callable[[int], Profile], seed: int = 0, network: Network | None = None
) -> Arena[TMan]:
    arena: Arena[TMan] = Arena(seed, network, strict=True)
    names = [f"c{i}" for i in range(n)]
    for i, name in enumerate(names):
        arena.add(name, lambda pid, rng, now, i=i: TMan(pid, rng, now, profile(i)))  # type: ignore[misc]
        met = [Pid(each, 1) for each in arena.rng.sample(names, min(5, n))]
        arena.tell(name, lambda core, now, met=met: core.meet(met, now))  # type: ignore[misc]
        arena.tell(name, lambda core, now: core.rank("it", metric, now))
    return arena


def on_a_ring(n: int) -> Callable[[int], Profile]:
    return lambda i: Profile(key=i * (KEY_SPACE // n))


def known_of_the_nearest(arena: Arena[TMan], n: int) -> float:
    """The share of the true four nearest on the ring that are known, of those alive."""
    alive = sorted(int(name[1:]) for name in arena.cells)
    hits = 0
    for place, i in enumerate(alive):
        near = {alive[(place + step) % len(alive)] for step in (-4, -3, -2, -1, 1, 2, 3, 4)}
        true = sorted(near, key=lambda j: min(abs(i - j), n - abs(i - j)))[:4]
        worst = min(abs(i - true[3]), n - abs(i - true[3]))
        known = {int(each.pid.name[1:]) for each in arena.cells[f"c{i}"].nearest(8, "it")}
        hits += min(4, sum(min(abs(i - j), n - abs(i - j)) <= worst for j in known if j in alive))
    return hits / 4 / len(alive)


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_the_nearest_are_found(loss: float) -> None:
    arena = group(64, key_distance, on_a_ring(64), 1, Network(1, loss=loss))

    arena.run(20.0 if loss else 10.0)

    assert known_of_the_nearest(arena, 64) > 0.97


def test_the_nearest_are_found_anew_after_a_third_died() -> None:
    arena = group(96, key_distance, on_a_ring(96), 2)
    arena.run(15.0)
    dead = set(arena.rng.sample(sorted(arena.cells), 30))
    arena.kill(*dead)
    for name in list(arena.cells):
        for pid in [each.pid for each in arena.cells[name].nearest(8, "it") if each.pid.name in dead]:
            arena.tell(name, lambda core, now, pid=pid: core.died(pid, now))  # type: ignore[misc]

    arena.run(25.0)

    assert known_of_the_nearest(arena, 96) > 0.97


def test_the_dead_of_whom_nobody_speaks_are_forgotten() -> None:
    arena = group(24, key_distance, on_a_ring(24), 3)
    arena.run(10.0)
    arena.kill("c3", "c4")

    arena.run(400.0)

    known = {each.pid.name for core in arena.cells.values() for each in core.nearest(8, "it")}
    assert not known & {"c3", "c4"}


def test_round_trips_are_measured_and_place_the_cells() -> None:
    network = Network(4, delay=uniform(0.0009, 0.0011))
    for a in range(12):
        for b in range(12):
            if (a < 6) != (b < 6):
                network.link(f"c{a}", f"c{b}", delay=uniform(0.045, 0.055))
    arena = group(12, latency, lambda i: Profile(), 4, network)

    arena.run(150.0)

    for name, core in arena.cells.items():
        close = {each.pid.name for each in core.nearest(4, "it")}
        assert all((int(each[1:]) < 6) == (int(name[1:]) < 6) for each in close)


@pytest.mark.parametrize(
    "metric",
    [
        lambda mine, other: 0.0,
        lambda mine, other: 1.0 if (mine.key or 0) < (other.key or 0) else 2.0,
        lambda mine, other: math.nan,
        lambda mine, other: 1 / 0,
        lambda mine, other: -1.0,
        lambda mine, other: math.inf,
    ],
    ids=["all equal", "asymmetric", "nan", "raises", "negative", "infinite"],
)
def test_a_hostile_metric_does_not_take_the_graph_apart(metric: Metric) -> None:
    arena = group(48, metric, on_a_ring(48), 5)

    arena.run(30.0)

    links = nx.Graph(
        (name, pid.name)
        for name, core in arena.cells.items()
        for pid in (*core.random, *(each.pid for each in core.nearest(8, "it")))
    )
    assert links.number_of_nodes() == 48
    assert nx.is_connected(links)


def test_a_bad_metric_is_reported_once() -> None:
    arena = group(12, lambda mine, other: math.nan, on_a_ring(12), 6)

    arena.run(20.0)

    reports = [name for _, name, event in arena.events if isinstance(event, BadMetric)]
    assert sorted(reports) == sorted(set(reports))
    assert len(reports) == 12


def test_without_a_ranking_or_a_peer_nothing_is_due() -> None:
    core = TMan(Pid("me", 1), random.Random(0), 0.0)
    core.meet([Pid("a", 1)], 0.0)
    assert core.due == math.inf

    core.rank("it", zone_distance, 0.0)
    assert core.due < 1.0

    core.unrank("it", 0.0)
    assert core.due == math.inf


def test_rounds_slow_down_while_nothing_changes() -> None:
    arena = group(8, key_distance, on_a_ring(8), 7)
    arena.run(100.0)
    before = arena.packets["near.ask"]

    arena.run(200.0)

    assert (arena.packets["near.ask"] - before) / 8 / 100.0 == pytest.approx(0.1, rel=0.2)


def test_several_rankings_are_kept_apart() -> None:
    arena = group(30, key_distance, lambda i: Profile(zone=(f"z{i % 3}",), key=i * (KEY_SPACE // 30)), 8)
    for name in list(arena.cells):
        arena.tell(name, lambda core, now: core.rank("zone", zone_distance, now))

    arena.run(30.0)

    for core in arena.cells.values():
        assert {each.profile.zone for each in core.nearest(5, "zone")} == {core.profile.zone}
    assert known_of_the_nearest(arena, 30) > 0.97


def test_a_new_profile_is_heard_of() -> None:
    arena = group(12, zone_distance, lambda i: Profile(zone=(f"z{i % 2}",)), 9)
    arena.run(15.0)

    arena.tell("c0", lambda core, now: core.describe(Profile(zone=("z1",)), now))
    arena.run(60.0)

    assert {each.profile.zone for each in arena.cells["c0"].nearest(4, "it")} == {("z1",)}
    seen = [
        each.profile.zone for core in arena.cells.values() for each in core.nearest(8, "it") if each.pid.name == "c0"
    ]
    assert seen
    assert set(seen) == {("z1",)}


def test_too_many_rankings_are_refused() -> None:
    core = TMan(Pid("me", 1), random.Random(0), 0.0, config=TManConfig(max_rankings=1))
    core.rank("a", zone_distance, 0.0)

    with pytest.raises(ValueError, match="1"):
        core.rank("b", zone_distance, 0.0)


ME = ["a", 1, 1, 0.0, Profile().wire()]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("near.ask", None),
        ("near.ask", [1, "it", []]),
        ("near.ask", [-1, "it", [], []]),
        ("near.ask", [1, b"it", [], []]),
        ("near.ask", [1, "it", [ME[:4]], []]),
        ("near.ask", [1, "it", [["a", 1, 1, math.nan, Profile().wire()]], []]),
        ("near.ask", [1, "it", [["a", 1, 1, 0.0, [["z"] * 9, [], None, "", None]]], []]),
        ("near.ask", [1, "it", [["a", 1, 1, 0.0, [[], [], None, "", [[math.inf], 0.0, 0.0, 0.0]]]], []]),
        ("near.ask", [1, "it", [ME] * 100, []]),
        ("near.shout", [1, "it", [], []]),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(kind: str, body: Any) -> None:
    core = TMan(Pid("me", 1), random.Random(0), 0.0)
    core.rank("it", zone_distance, 0.0)

    assert [type(effect) for effect in core.receive(Pid("a", 1), kind, body, 0.0)] == [Refused]
    assert core.nearest(8, "it") == []


def test_an_earlier_life_is_refused_and_a_later_one_taken() -> None:
    core = TMan(Pid("me", 1), random.Random(0), 0.0)
    core.rank("it", zone_distance, 0.0)
    core.receive(Pid("a", 2), "near.ask", [1, "it", [["a", 2, 1, 0.0, Profile().wire()]], []], 0.0)

    assert of(core.receive(Pid("a", 1), "near.ask", [1, "it", [ME], []], 0.0), Refused)
    core.died(Pid("a", 2), 1.0)
    core.receive(Pid("b", 1), "near.ask", [1, "it", [["a", 2, 9, 0.0, Profile().wire()]], []], 2.0)
    assert core.nearest(8, "it") == []
    core.receive(Pid("b", 1), "near.ask", [1, "it", [["a", 3, 1, 0.0, Profile().wire()]], []], 2.0)
    assert [each.pid for each in core.nearest(8, "it")] == [Pid("a", 3)]


def test_a_cell_without_that_ranking_answers_nevertheless() -> None:
    core = TMan(Pid("me", 1), random.Random(0), 0.0, Profile(zone=("eu",)))

    (answer,) = sent(core.receive(Pid("a", 1), "near.ask", [7, "other", [ME], []], 0.0), "near.answer")

    assert answer.body[:2] == [7, "other"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdefgh"),
            st.integers(1, 3),
            st.sampled_from(["near.ask", "near.answer"]),
            st.lists(
                st.tuples(st.sampled_from(["me", *"abcdefghijklmnop"]), st.integers(1, 3), st.floats(0, 400)),
                max_size=9,
            ),
            st.floats(0, 20),
        ),
        max_size=30,
    )
)
def test_whatever_arrives_memory_is_bounded_and_without_oneself(packets: list[Any]) -> None:
    config = TManConfig(close=2, random=2, partners=2, memory=3)
    core, now = TMan(Pid("me", 1), random.Random(0), 0.0, config=config), 0.0
    core.rank("it", zone_distance, now)
    for name, life, kind, peers, wait in packets:
        wire = [[peer, its, 1, age, Profile().wire()] for peer, its, age in peers]
        core.receive(Pid(name, life), kind, [1, "it", wire, wire], now)
        now += wait
        core.tick(now)
        assert len(core._known) <= 2 + 2 + 3
        assert "me" not in {each.pid.name for each in core.nearest(9, "it")}
        assert len(core.random) <= 2


@pytest.mark.parametrize("wrong", [{"close": 0}, {"slowest": 0.5}, {"memory": -1}, {"period": math.nan}])
def test_a_constant_that_cannot_be_is_refused_by_name(wrong: dict[str, Any]) -> None:
    (name,) = wrong

    with pytest.raises(ValueError, match=f"TManConfig.{name}"):
        TManConfig(**wrong)
