"""The default gradient: Dijkstra at rest from whatever start, no message in a circle, and fast healing."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing import topology
from actors.testing.network import Network
from actors.testing.topology import Graph
from actors.tissue.core import Refused
from actors.tissue.fields.config import FieldConfig
from actors.tissue.fields.field import Fields
from actors.tissue.fields.notices import TELLING, TOLD, InForce

from .kit import LIFE, PERIOD, Sheet, cell, hear, of, said, turn, way, word

GRAPHS: dict[str, Graph] = {
    "line": topology.line(12),
    "ring": topology.ring(12),
    "grid": topology.grid(4, 5),
    "torus": topology.torus(4, 5),
    "geometric": topology.geometric(30, 0.3, 1)[0],
    "regular": topology.regular(20, 4, 1),
    "small world": topology.small_world(20, 4, 0.2, 1),
    "barbell": topology.barbell(6),
    "star": topology.star(12),
    "hypercube": topology.hypercube(4),
    "complete": topology.complete(10),
}


def measured(seed: int, least: float = 0.01) -> Callable[[str, str], float]:
    """Distances at random, other ones each way."""

    def measure(cell: str, neighbour: str) -> float:
        return random.Random(f"{seed}/{cell}/{neighbour}").uniform(least, 2.0)

    return measure


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS.keys())
def test_at_rest_the_value_is_the_distance(graph: Graph) -> None:
    sheet = Sheet(graph, measured(1))
    sheet.emit("c0", "c7")

    sheet.rounds(40)

    assert sheet.is_true("c0", "c7")


def test_the_next_hops_lead_to_the_source_in_as_long_as_the_value_says() -> None:
    sheet = Sheet(topology.geometric(40, 0.3, 2)[0], measured(2))
    sheet.emit("c0")
    sheet.rounds(30)

    for name, value in sheet.values().items():
        walked, at = 0.0, name
        while (onward := sheet.arena.cells[at].toward("x")) is not None:
            walked, at = walked + sheet.measure(at, onward), onward
        assert value == math.inf or (at == "c0" and walked == pytest.approx(value))


def test_a_reading_names_the_way_and_the_life_of_the_source() -> None:
    sheet = Sheet(topology.line(4))
    sheet.kill("c0")
    sheet.add("c0")
    sheet.emit("c0")
    sheet.rounds(8)

    reading = sheet.reading("c3")

    assert (reading.hops, reading.source, reading.next_hop) == (("c2", "c1", "c0"), Pid("c0", 2), "c2")


def corrupt(fields: Fields, rng: random.Random, names: list[str], now: float) -> None:
    """Put anything whatsoever into the memory of a cell."""
    gradient: Any = fields._gradients.by_name.get("x") or fields._gradients.new(now)
    fields._gradients.by_name["x"] = gradient
    fields._version = rng.randrange(1_000_000)
    for link in fields.links:
        hops = rng.sample(names, rng.randint(1, min(6, len(names))))
        stamps = tuple(LIFE + rng.randrange(40) for _ in hops)
        found = gradient.read(Pid(hops[0], 1), [[rng.uniform(0, 3), hops, stamps, 0], []])[0]
        gradient._ways[link.name] = found
        link.life, link.heard, link.version = 1, now, rng.randrange(100)
        link.told = [link.version, {"x": word("nobody")}, {}]
        gradient._way, gradient._next_hop = found, link.name
    gradient._losses = rng.randrange(40)
    for name in rng.sample(names, min(4, len(names))):
        born, until = now - rng.uniform(0, 10), now + rng.uniform(-5, 50)
        gradient._notices._in_force[name] = InForce(LIFE + rng.randrange(60), born, until)
        gradient._notices._until = now + rng.uniform(-5, 50)
    gradient._said = [word("nobody")[0], []]
    fields._stir(now)


@settings(max_examples=25)
@given(st.sampled_from(sorted(GRAPHS)), st.integers(0, 1 << 20), st.booleans())
def test_whatever_the_start_was_it_comes_to_rest_at_the_distance(graph: str, seed: int, has_source: bool) -> None:
    sheet = Sheet(GRAPHS[graph], measured(seed), seed=seed, config=FieldConfig(max_hops=20))
    rng = random.Random(seed)
    sources = ["c0"] if has_source else []
    sheet.emit(*sources)
    for name, fields in sheet.arena.cells.items():
        corrupt(fields, rng, [*sheet.graph, "nobody", "gone"], 0.0)
        sheet.tell(name, lambda fields, now: [])
    # The links that were said to be wrong are overwritten by packets of a higher version, or expire.
    sheet.rounds(sheet.config.max_hops + 30)

    assert sheet.is_true(*sources)


@settings(max_examples=8)
@given(st.integers(0, 1 << 20))
def test_it_follows_any_change_of_sources_cells_and_links(seed: int) -> None:
    rng = random.Random(seed)
    sheet = Sheet(topology.geometric(25, 0.35, seed)[0], measured(seed), seed=seed, network=Network(seed, loss=0.05))
    sources: set[str] = set()
    for _ in range(25):
        name = rng.choice(list(sheet.graph))
        match rng.randrange(4):
            case 0 if name in sheet.arena.cells:
                sheet.emit(name)
                sources.add(name)
            case 1:
                sheet.retract(name)
                sources.discard(name)
            case 2:
                sheet.kill(name, told=rng.random() < 0.5)
                sources.discard(name)
            case 3 if name not in sheet.arena.cells:
                sheet.add(name)
        sheet.rounds(rng.uniform(0, 4))
    sheet.arena.network.loss = 0.0
    sheet.rounds(40)

    assert sheet.is_true(*sources)


class Message:
    """Goes toward a source by what each cell says, and must come to no cell twice."""

    def __init__(self, sheet: Sheet, at: str) -> None:
        self.sheet, self.at, self.visited = sheet, at, [at]
        self.has_arrived = False

    def step(self) -> None:
        """Be handed on by the cell where it is; if that has died, it is lost."""
        fields = self.sheet.arena.cells.get(self.at)
        if fields is None or self.has_arrived:
            return
        self.has_arrived = fields.field("x").distance == 0.0
        onward = fields.toward("x", self.visited)
        if onward is None:
            return
        assert onward not in self.visited, f"{onward} was visited before: {self.visited}"
        self.at = onward
        self.visited.append(onward)
        self.sheet.arena.at(self.sheet.arena.now + PERIOD / 7, self.step)


@settings(max_examples=12)
@given(st.integers(0, 1 << 20))
def test_no_message_ever_comes_to_a_cell_twice(seed: int) -> None:
    rng = random.Random(seed)
    sheet = Sheet(topology.geometric(40, 0.25, seed)[0], measured(seed), seed=seed, network=Network(seed, loss=0.2))
    names = list(sheet.graph)
    messages: list[Message] = []
    sheet.emit(*names[:3])
    for step in range(40):
        if step % 4 == 3:
            victims = rng.sample(names, 2)
            sheet.kill(*[name for name in victims if name in sheet.arena.cells], told=rng.random() < 0.5)
        if step % 4 == 1:
            name = rng.choice(names)
            if name not in sheet.arena.cells:
                sheet.add(name)
            sheet.emit(rng.choice(names))
            sheet.retract(rng.choice(names))
        for name in rng.sample(names, 10):
            messages.append(Message(sheet, name))
            messages[-1].step()
        sheet.rounds(0.5)

    assert max(len(message.visited) for message in messages) <= len(names)
    assert any(message.has_arrived and len(message.visited) > 2 for message in messages)


def test_a_message_is_led_around_the_cells_it_has_visited() -> None:
    fields = cell("a", "b")
    hear(fields, "a", {"x": word("a", "c", "s", distance=2.0)})
    hear(fields, "b", {"x": word("b", "d", "s", distance=2.5)})
    turn(fields)

    chosen = [fields.toward("x", visited) for visited in ((), ["a"], ["c"], ["a", "d"], ["s"])]

    assert chosen == ["a", "b", "b", None, None]


def test_a_way_that_leads_over_oneself_is_not_taken() -> None:
    fields = cell("a")
    hear(fields, "a", {"x": word("a", "me", "s")})
    turn(fields)

    assert (fields.field("x").distance, fields.toward("x")) == (math.inf, None)


def test_a_way_through_a_cell_that_has_lost_its_way_since_is_void() -> None:
    fields = cell("a", "b")
    hear(fields, "a", {"x": word("a", "c", "s", distance=2.0)})
    hear(fields, "b", {"x": word(notices=[["c", LIFE + 1, 0.0]])})
    turn(fields)
    lost = fields.field("x").distance
    anew = way("a", "c", "s", distance=3.0, stamps=[LIFE, LIFE + 1, LIFE])
    hear(fields, "a", {"x": [anew, []]}, version=2)
    fields.tick(0.5)

    assert (lost, fields.field("x").distance) == (math.inf, 4.0)


def test_a_cell_that_lost_its_way_says_so_until_the_notice_has_died() -> None:
    fields = cell("a", "b", config=FieldConfig(max_hops=4))
    hear(fields, "a", {"x": word("a")})
    turn(fields, 0.2)
    fields.died(Pid("a", 1), 0.3)

    first = said(fields.tick(0.5))["b"][1]
    last = said(fields.tick(1.2))["b"][1]

    assert first == {"x": [None, [("me", LIFE + 1, pytest.approx(0.2))]]}
    assert last == {}


def test_a_notice_is_told_for_some_rounds_and_holds_for_longer() -> None:
    fields = cell("a", "b", config=FieldConfig(jitter=0.0))
    hear(fields, "a", {"x": word("a", "c", "s", distance=2.0)})
    hear(fields, "b", {"x": word(notices=[["c", LIFE + 1, 0.0]])})
    age = fields.due
    first = said(turn(fields))["b"][1]
    for _ in range(int(TELLING)):
        hear(fields, "a", {"x": word("a", "c", "s", distance=2.0)}, fields.due)
        last = said(turn(fields))["b"][1]

    assert first == {"x": [None, [("c", LIFE + 1, pytest.approx(age))]]}
    assert (last, fields.field("x").distance) == ({}, math.inf)


def test_a_notice_dies_at_the_same_age_everywhere() -> None:
    """Or two cells would go on telling each other."""
    sheet = Sheet(topology.ring(10))
    sheet.emit("c0")
    sheet.rounds(20)
    sheet.retract("c0")

    sheet.rounds(sheet.config.max_hops + 10)

    assert all(fields.names == [] for fields in sheet.arena.cells.values())


def test_of_many_notices_the_youngest_ride_on_a_packet() -> None:
    fields = cell("a", "b")
    for number in range(8):
        notices = [[f"n{number}-{each}", LIFE + 1, float(number)] for each in range(TOLD)]
        hear(fields, "a", {"x": word(notices=notices)}, version=number + 1)

    told = said(turn(fields))["b"][1]["x"][1]

    assert len(told) == TOLD
    assert all(name.startswith("n0-") for name, _, _ in told)


def test_ways_that_are_longer_than_the_limit_are_not_seen() -> None:
    sheet = Sheet(topology.line(12), config=FieldConfig(max_hops=5))
    sheet.emit("c0")
    sheet.rounds(20)

    assert [sheet.reading(f"c{i}").distance for i in (4, 5, 6, 11)] == [4.0, 5.0, math.inf, math.inf]


def test_nothing_is_seen_beyond_the_horizon() -> None:
    sheet = Sheet(topology.line(12), config=FieldConfig(horizon=3.5))
    sheet.emit("c0")
    sheet.rounds(20)

    assert [sheet.reading(f"c{i}").distance for i in (3, 4, 11)] == [3.0, math.inf, math.inf]


def test_of_equally_good_ways_the_present_one_is_kept() -> None:
    fields = cell("b", "a")
    hear(fields, "b", {"x": word("b", "s", distance=1.0)})
    turn(fields)

    hear(fields, "a", {"x": word("a", "s", distance=1.0)})
    fields.tick(0.5)

    assert fields.field("x").next_hop == "b"


@pytest.mark.parametrize("seed", range(2))
def test_the_last_source_is_forgotten_within_35_rounds_of_its_death(seed: int) -> None:
    graph, points = topology.geometric(100, 0.18, seed)
    sheet = Sheet(graph, lambda cell, neighbour: math.dist(points[cell], points[neighbour]), seed=seed)
    sheet.emit("c0")
    sheet.rounds(20)
    sheet.kill("c0")

    took = sheet.settle(lambda: all(value > 4 for value in sheet.values().values()))

    assert took <= 35


def test_a_short_link_does_not_keep_a_dead_source_alive() -> None:
    ends = {"c4", "c5"}
    sheet = Sheet(topology.line(10), lambda cell, neighbour: 0.01 if {cell, neighbour} == ends else 1.0)
    sheet.emit("c0")
    sheet.rounds(20)
    sheet.kill("c0")

    took = sheet.settle(lambda: all(value > 50 for value in sheet.values().values()))

    assert took <= 15


def test_a_death_that_is_known_heals_three_rounds_sooner() -> None:
    def heal(told: bool) -> float:
        sheet = Sheet(topology.line(10))
        sheet.emit("c0")
        sheet.rounds(20)
        sheet.kill("c0", told=told)
        return sheet.settle(lambda: all(value == math.inf for value in sheet.values().values()))

    assert heal(told=False) - heal(told=True) >= 2.5


@pytest.mark.parametrize("loss", [0.1, 0.3])
def test_loss_of_packets_costs_little(loss: float) -> None:
    graph, points = topology.geometric(60, 0.25, 3)
    sheet = Sheet(graph, lambda cell, neighbour: math.dist(points[cell], points[neighbour]))
    sheet.emit("c0")
    sheet.rounds(20)
    sheet.arena.network.loss = loss
    truth = sheet.truth("c0")
    wrong = looks = 0
    for _ in range(40):
        sheet.rounds(1)
        for name, value in sheet.values().items():
            looks += 1
            wrong += truth[name] != math.inf and abs(value - truth[name]) > 0.05 * truth[name]

    assert wrong / looks <= {0.1: 0.005, 0.3: 0.05}[loss]


BAD_WORDS: dict[str, Any] = {
    "nothing": None,
    "text": "way",
    "no notices": [way("a")],
    "a cut way": [[1.0, ["a"]], []],
    "a negative distance": [[-1.0, ["a"], [LIFE], 0], []],
    "a distance that is no number": [[math.nan, ["a"], [LIFE], 0], []],
    "an endless distance": [[math.inf, ["a"], [LIFE], 0], []],
    "a distance of a thousand digits": [[10**1000, ["a"], [LIFE], 0], []],
    "a boolean": [[True, ["a"], [LIFE], 0], []],
    "no hops": [[1.0, [], [], 0], []],
    "hops in a text": [[1.0, "a", [LIFE], 0], []],
    "another's way": [way("b", "s"), []],
    "another life's way": [[1.0, ["a"], [2 * LIFE], 0], []],
    "fewer stamps than hops": [[1.0, ["a", "s"], [LIFE], 0], []],
    "a stamp of no life": [[1.0, ["a", "s"], [LIFE, 3], 0], []],
    "a stamp without end": [[1.0, ["a", "s"], [LIFE, 1 << 62], 0], []],
    "a stamp that is a text": [[1.0, ["a", "s"], [LIFE, "1"], 0], []],
    "a circle": [way("a", "b", "a"), []],
    "a hop that is no text": [[1.0, ["a", 7], [LIFE, LIFE], 0], []],
    "an empty hop": [way("a", ""), []],
    "a hop without end": [way("a", "s" * 256), []],
    "hops without end": [way("a", *(f"h{i}" for i in range(2000))), []],
    "too many notices": [None, [["c", LIFE, 0.0]] * (TOLD + 1)],
    "a notice from the future": [None, [["c", LIFE, -1.0]]],
    "a notice of no life": [None, [["c", 1, 0.0]]],
    "a cut notice": [None, [["c"]]],
}


@pytest.mark.parametrize("bad", BAD_WORDS.values(), ids=BAD_WORDS.keys())
def test_a_word_that_makes_no_sense_is_refused(bad: Any) -> None:
    fields = cell("a", "b")
    hear(fields, "b", {"x": word("b")})
    turn(fields)

    effects = hear(fields, "a", {"x": bad}, 0.3)
    fields.tick(0.5)

    assert len(of(effects, Refused)) == 1
    assert fields.field("x").next_hop == "b"


def test_a_stamp_in_a_way_says_how_often_a_cell_lost_its_way() -> None:
    fields = cell("a", "b")
    for number in range(3):
        hear(fields, "a", {"x": word("a")}, number, version=2 * number + 1)
        fields.tick(number + 0.3)
        hear(fields, "a", {}, number + 0.5, version=2 * number + 2)
        fields.tick(number + 0.8)
    hear(fields, "a", {"x": word("a")}, 3.0, version=9)

    assert said(fields.tick(3.4))["b"][1]["x"][0][2][0] == LIFE + 3
