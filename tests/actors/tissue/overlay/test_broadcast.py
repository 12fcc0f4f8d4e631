"""Messages to all: each once and everywhere, by epidemic and by tree, whatever is lost."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing import topology
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.tissue.core import Refused
from actors.tissue.overlay.broadcast import Broadcast
from actors.tissue.overlay.config import BroadcastConfig, Spread
from actors.tissue.overlay.events import Delivered
from actors.tissue.plain import pack
from tests.actors.tissue.overlay.kit import of, sent

EPIDEMIC = BroadcastConfig(spread=Spread.EPIDEMIC)
TREE = BroadcastConfig()


def group(
    graph: topology.Graph, config: BroadcastConfig = TREE, seed: int = 0, network: Network | None = None
) -> Arena[Broadcast]:
    arena: Arena[Broadcast] = Arena(seed, network, strict=True)
    for name, near in graph.items():
        arena.add(name, lambda pid, rng, now: Broadcast(pid, rng, now, config))
        arena.tell(name, lambda core, now, near=near: core.neighbours(near, now))  # type: ignore[misc]
    return arena


def delivered(arena: Arena[Broadcast]) -> Counter[tuple[str, Any]]:
    return Counter((name, event.body) for _, name, event in arena.events if isinstance(event, Delivered))


def publish(arena: Arena[Broadcast], name: str, value: Any) -> None:
    arena.tell(name, lambda core, now: core.publish(value, now))


def alone(config: BroadcastConfig = TREE, *peers: str) -> Broadcast:
    core = Broadcast(Pid("me", 1), random.Random(0), 0.0, config)
    core.neighbours(peers, 0.0)
    return core


def push(value: Any, number: int = 1, age: float = 0.0) -> list[Any]:
    return ["origin", 1, number, age, 0, pack(value)]


@pytest.mark.parametrize("loss", [0.0, 0.3])
@pytest.mark.parametrize("config", [EPIDEMIC, TREE], ids=["epidemic", "tree"])
@pytest.mark.parametrize(
    "graph",
    [topology.regular(48, 4), topology.barbell(8), topology.star(20), topology.grid(5, 5), topology.complete(32)],
    ids=["regular", "barbell", "star", "grid", "complete"],
)
def test_every_cell_gets_every_message_exactly_once(
    graph: topology.Graph, config: BroadcastConfig, loss: float
) -> None:
    if config is EPIDEMIC and len(graph["c0"]) == 20 and loss:
        pytest.skip("an epidemic is for peers that are everybody")
    arena = group(graph, config, 1, Network(1, loss=loss, duplication=0.1))

    for number in range(3):
        publish(arena, f"c{number}", number)
        arena.run(arena.now + 0.3)
    arena.run(arena.now + 50.0)

    assert delivered(arena) == Counter({(name, number): 1 for name in graph for number in range(3)})


def test_when_nothing_was_sent_for_a_while_nothing_is_due() -> None:
    arena = group(topology.regular(16, 4))
    publish(arena, "c0", "once")

    arena.run(200.0)

    assert all(core.due == math.inf for core in arena.cells.values())
    assert all(core.kept == 0 for core in arena.cells.values())


def test_a_tree_sends_hardly_more_than_one_copy_each() -> None:
    graph = topology.regular(64, 5)
    arena = group(graph)
    for number in range(5):
        publish(arena, "c0", number)
        arena.run(arena.now + 2.0)
    before = arena.packets["cast.push"]

    for number in range(10):
        publish(arena, "c0", number)
        arena.run(arena.now + 2.0)

    assert arena.packets["cast.push"] - before <= 10 * 63 * 1.1


def test_the_links_that_carry_messages_form_a_tree() -> None:
    arena = group(topology.regular(64, 5))
    for number in range(5):
        publish(arena, "c0", number)
        arena.run(arena.now + 2.0)

    links = nx.Graph((name, peer) for name, core in arena.cells.items() for peer in core.eager)

    assert nx.is_connected(links)
    assert links.number_of_edges() <= 63 * 1.1


def test_a_tree_that_lost_cells_is_mended_by_announcements() -> None:
    graph = topology.regular(64, 5)
    arena = group(graph)
    for number in range(5):
        publish(arena, "c0", number)
        arena.run(arena.now + 2.0)
    arena.kill(*[f"c{i}" for i in range(40, 64)])

    publish(arena, "c0", "after")
    arena.run(arena.now + 20.0)

    alive = nx.Graph((a, b) for a in graph for b in graph[a] if a in arena.cells and b in arena.cells)
    reachable = nx.node_connected_component(alive, "c0")
    assert {name for name, body in delivered(arena) if body == "after"} == reachable


def test_an_epidemic_sends_no_more_than_its_limit() -> None:
    arena = group(topology.complete(64), EPIDEMIC)

    publish(arena, "c0", "news")
    arena.run(10.0)

    assert arena.packets["cast.push"] <= 64 * 4 * math.ceil(math.log10(65))


@pytest.mark.parametrize(("n", "limit"), [(1, 4), (9, 4), (10, 8), (99, 8), (256, 12), (1024, 16)])
def test_the_limit_is_four_times_the_logarithm(n: int, limit: int) -> None:
    core = alone(EPIDEMIC, *[f"c{i}" for i in range(40)])
    core.neighbours([f"c{i}" for i in range(40)], 0.0, n)
    count = len(sent(core.publish("news", 0.0), "cast.push"))

    while core.due < 30.0:
        count += len(sent(core.tick(core.due), "cast.push"))

    assert count == limit


def test_who_was_cut_off_gets_what_it_missed() -> None:
    arena = group(topology.complete(12))
    arena.network.partition({"c11"})
    publish(arena, "c0", "missed")
    arena.run(30.0)
    assert ("c11", "missed") not in delivered(arena)

    arena.network.heal()
    arena.run(50.0)

    assert delivered(arena)["c11", "missed"] == 1


def test_a_new_neighbour_is_told_what_is_kept() -> None:
    core = alone(TREE, "a")
    core.publish("kept", 0.0)

    (have,) = sent(core.neighbours(["a", "b"], 1.0), "cast.have")

    assert (have.to, have.body) == ("b", [True, [["me", 1, 1]]])


def test_a_message_that_is_too_old_is_refused() -> None:
    core = alone()

    assert of(core.receive(Pid("a", 1), "cast.push", push("old", age=60.0), 0.0), Refused)


def test_a_doubled_message_prunes_its_sender() -> None:
    core = alone(TREE, "a", "b", "c")
    core.receive(Pid("a", 1), "cast.push", push("x"), 0.0)

    effects = core.receive(Pid("b", 1), "cast.push", push("x"), 0.1)

    assert [send.to for send in sent(effects, "cast.prune")] == ["b"]
    assert core.eager == ["a", "c"]


def test_what_was_announced_and_did_not_come_is_asked_for_and_the_link_carries_again() -> None:
    core = alone(TREE, "a", "b")
    core.receive(Pid("b", 1), "cast.prune", [], 0.0)
    core.receive(Pid("b", 1), "cast.have", [False, [["origin", 1, 1]]], 0.0)

    (graft,) = sent(core.tick(core.due), "cast.graft")

    assert (graft.to, graft.body) == ("b", [[["origin", 1, 1]]])
    assert core.eager == ["a", "b"]


def test_what_is_published_has_to_be_plain_and_short() -> None:
    core = alone(BroadcastConfig(max_bytes=100))

    with pytest.raises(TypeError):
        core.publish(object(), 0.0)
    with pytest.raises(ValueError, match="100"):
        core.publish("x" * 200, 0.0)


def test_memory_is_bounded() -> None:
    core = alone(BroadcastConfig(max_kept=10, max_seen=20), "a")

    for number in range(1, 200):
        core.receive(Pid("a", 1), "cast.push", push("x", number), 0.0)
        core.receive(Pid("a", 1), "cast.have", [False, [["other", 1, number]]], 0.0)

    assert core.kept == 10
    assert len(sent(core.tick(0.5), "cast.graft")[0].body[0]) == 10


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("cast.push", None),
        ("cast.push", ["origin", 1, 1, 0.0, 0]),
        ("cast.push", ["origin", 1, 1, math.nan, 0, b"\x01"]),
        ("cast.push", ["origin", 1, 1, -1.0, 0, b"\x01"]),
        ("cast.push", ["origin", 1, 1, 0.0, 0, "text"]),
        ("cast.push", ["origin", 1, 1, 0.0, 0, b"\xc1"]),
        ("cast.push", ["origin", 1, 1, 0.0, 0, b""]),
        ("cast.push", ["origin", 1, 1, 0.0, 0, b"x" * 100_000]),
        ("cast.push", ["me", 1, 1, 0.0, 0, b"\x01"]),
        ("cast.have", [1, []]),
        ("cast.have", [True, [["a", 1]]]),
        ("cast.have", [True, [["a", 1, 1]] * 300]),
        ("cast.graft", ["a"]),
        ("cast.prune", [1]),
        ("cast.shout", []),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(kind: str, body: Any) -> None:
    core = alone(TREE, "a")

    effects = core.receive(Pid("a", 1), kind, body, 0.0)

    assert [type(effect) for effect in effects] == [Refused]
    assert core.kept == 0
    assert core.due == math.inf


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.binary(max_size=3)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["cast.push", "cast.have", "cast.graft", "cast.prune", ""]),
    st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=6), max_leaves=20),
)
def test_no_body_raises(kind: str, body: Any) -> None:
    alone(TREE, "a").receive(Pid("a", 1), kind, body, 0.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 20), st.floats(0.0, 0.3), st.sampled_from([EPIDEMIC, TREE]))
def test_any_loss_and_any_size_ends_with_all_having_it_once(
    seed: int, n: int, loss: float, config: BroadcastConfig
) -> None:
    arena = group(topology.complete(n), config, seed, Network(seed, loss=loss, duplication=0.2))

    publish(arena, "c0", "news")
    arena.run(55.0)

    assert delivered(arena) == Counter({(name, "news"): 1 for name in arena.cells})


@pytest.mark.parametrize("wrong", [{"period": 0.0}, {"fanout": 0}, {"spread": "shout"}, {"max_seen": 10}])
def test_a_constant_that_cannot_be_is_refused_by_name(wrong: dict[str, Any]) -> None:
    (name,) = wrong

    with pytest.raises(ValueError, match=f"BroadcastConfig.{name}"):
        BroadcastConfig(**wrong)
