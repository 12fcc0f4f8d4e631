"""The rounds of a cell: who is heard, what is told to whom and when, silence, death, limits, and hostile packets."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing import topology
from actors.testing.network import Network
from actors.tissue.core import Refused, Send
from actors.tissue.fields.block import ROUND
from actors.tissue.fields.broadcast import Broadcast
from actors.tissue.fields.config import FieldConfig, Variant
from actors.tissue.fields.election import Election
from actors.tissue.fields.field import NAMES_LIMIT, Fields
from actors.tissue.fields.gradients import Crowded, Faded, Found

from .kit import LIFE, PERIOD, Sheet, cell, hear, of, said, turn, word


def test_a_cell_with_nothing_to_say_is_never_due_and_says_nothing() -> None:
    fields = cell("a", "b")

    assert (fields.due, fields.tick(10.0)) == (math.inf, [])


def test_every_neighbour_is_told_the_same_once_a_round() -> None:
    fields = cell("a", "b", "c")
    fields.emit("x", 0.0)

    told = turn(fields)

    assert [send.to for send in of(told, Send)] == ["a", "b", "c"]
    assert said(told)["a"] == [1, {"x": [(0.0, ("me",), (LIFE,), 0), []]}, {}]


def test_a_cell_sends_as_many_packets_a_round_as_it_has_neighbours() -> None:
    sheet = Sheet(topology.grid(4, 4))
    sheet.emit("c0")
    sheet.rounds(20)
    before = sheet.arena.packets[ROUND]

    sheet.rounds(100)

    degrees = sum(map(len, sheet.graph.values()))
    assert (sheet.arena.packets[ROUND] - before) / 100 == pytest.approx(degrees, rel=0.02)


def test_rounds_are_a_period_apart_up_to_the_jitter() -> None:
    fields = cell("a")
    fields.emit("x", 0.0)
    moments = []
    for _ in range(200):
        moments.append(fields.due)
        turn(fields)

    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert 0.18 <= min(gaps) < 0.185
    assert 0.215 < max(gaps) <= 0.22


def test_cells_fall_silent_when_a_field_has_lost_all_its_sources() -> None:
    sheet = Sheet(topology.ring(8))
    sheet.emit("c0")
    sheet.rounds(20)
    sheet.retract("c0")
    sheet.rounds(100)
    before = sheet.arena.packets[ROUND]

    sheet.rounds(50)

    assert sheet.arena.packets[ROUND] == before
    assert all(fields.due == math.inf and fields.names == [] for fields in sheet.arena.cells.values())


def test_a_field_that_a_neighbour_speaks_of_is_passed_on_by_cells_that_do_not_know_it() -> None:
    sheet = Sheet(topology.line(5))
    sheet.emit("c0", field="never heard of")
    sheet.rounds(10)

    assert sheet.reading("c4", "never heard of").distance == 4.0


def test_finding_and_losing_a_source_is_reported_once_each() -> None:
    sheet = Sheet(topology.line(2))
    sheet.emit("c0")
    sheet.rounds(10)
    sheet.retract("c0")
    sheet.rounds(10)

    reported = [event for _, name, event in sheet.arena.events if name == "c1"]
    assert [type(event) for event in reported] == [Found, Faded]
    assert reported[0].reading.source == Pid("c0", 1)


def test_a_neighbour_that_is_silent_for_three_periods_counts_as_gone() -> None:
    fields = cell("a", config=FieldConfig(jitter=0.0))
    hear(fields, "a", {"x": word("a")}, 0.0)
    turn(fields, 0.2)

    values = []
    for _ in range(3):
        turn(fields)
        values.append(fields.field("x").distance)

    assert values == [1.0, 1.0, math.inf]


def test_a_neighbour_whose_death_is_known_counts_as_gone_at_once() -> None:
    fields = cell("a", "b")
    hear(fields, "a", {"x": word("a")})
    hear(fields, "b", {"x": word("b", "c", distance=4.0)})
    turn(fields)
    assert fields.field("x").next_hop == "a"

    effects = fields.died(Pid("a", 1), 0.1)

    assert (fields.field("x").distance, fields.toward("x")) == (5.0, "b")
    assert [event.reading.source for event in of(effects, Found)] == [Pid("c", 1)]


def test_the_dead_are_not_heard_any_more_and_their_successors_are() -> None:
    fields = cell("a")
    hear(fields, "a", {"x": word("a")})
    fields.died(Pid("a", 1), 0.0)

    late = hear(fields, "a", {"x": word("a")}, version=9)
    fields.tick(1.0)
    heard_of_the_dead = fields.field("x").distance
    successor = [[0.0, ["a"], [2 * LIFE], 0], []]
    effects = hear(fields, "a", {"x": successor}, 1.1, life=2)
    fields.tick(1.4)

    assert [refused.why for refused in of(late, Refused)] == ["ValueError: a#1 is over"]
    assert heard_of_the_dead == math.inf
    assert (effects, fields.field("x").source) == ([], Pid("a", 2))


def test_a_successor_voids_what_its_predecessor_said_even_if_it_says_nothing_of_it() -> None:
    fields = cell("a")
    hear(fields, "a", {"x": word("a")})
    turn(fields)

    hear(fields, "a", {}, 0.2, life=2)

    assert fields.field("x").distance == math.inf


def test_a_life_that_has_a_successor_is_refused() -> None:
    fields = cell("a")
    hear(fields, "a", {}, life=2)

    effects = hear(fields, "a", {"x": word("a")}, life=1)

    assert "successor" in of(effects, Refused)[0].why


def test_strangers_are_refused() -> None:
    fields = cell("a")

    effects = hear(fields, "z", {"x": word("z")})

    assert of(effects, Refused)[0].why == "ValueError: z#1 is no neighbour"


def test_an_overtaken_packet_changes_nothing() -> None:
    fields = cell("a")
    hear(fields, "a", {}, 0.0, version=7)

    hear(fields, "a", {"x": word("a")}, 0.0, version=6)

    assert fields.names == []


def test_a_cell_that_was_held_up_does_not_hold_it_against_its_neighbours() -> None:
    fields = cell("a")
    hear(fields, "a", {"x": word("a")}, 0.0)
    turn(fields, 0.2)

    fields.tick(5.0)

    assert fields.field("x").distance == 1.0


def test_a_distance_may_change_at_any_time() -> None:
    sheet = Sheet(topology.ring(6))
    sheet.emit("c0")
    sheet.rounds(10)
    sheet.measure = lambda cell, neighbour: 10.0 if {cell, neighbour} == {"c0", "c1"} else 1.0
    sheet.link("c0", "c1")
    sheet.link("c1", "c0")
    sheet.rounds(10)

    assert sheet.reading("c1").distance == 5.0
    assert sheet.is_true("c0")


def test_a_neighbour_that_is_unlinked_counts_no_more() -> None:
    fields = cell("a")
    hear(fields, "a", {"x": word("a")})
    turn(fields)

    fields.unlink("a", 0.1)

    assert (fields.field("x").distance, len(fields.links)) == (math.inf, 0)


def test_neighbours_are_those_last_named_and_no_others() -> None:
    fields = cell("a", "b")
    hear(fields, "a", {"x": word("a")})
    hear(fields, "b", {"x": word("b", "d", distance=1.0)})
    turn(fields)

    effects = fields.neighbours({"b": 0.5, "c": 2.0}, 0.1)

    assert {link.name: link.distance for link in fields.links} == {"b": 0.5, "c": 2.0}
    assert (fields.field("x").distance, fields.toward("x")) == (1.5, "b")
    assert [event.reading.source for event in of(effects, Found)] == [Pid("d", 1)]


def test_what_neighbours_said_holds_when_they_are_named_again() -> None:
    fields = cell("a")
    hear(fields, "a", {"x": word("a")})
    turn(fields)
    changes = fields.links.changes

    effects = fields.neighbours({"a": 1.0}, 0.1)
    turn(fields)

    assert (effects, fields.links.changes, fields.field("x").distance) == ([], changes, 1.0)


@pytest.mark.parametrize(
    "distances",
    [{"b": 1.0, "c": 0.0}, {"b": 1.0, "me": 1.0}, {"b": 1.0, "": 1.0}, {"b": 1.0, "c": 1.0, "d": 1.0}],
    ids=["no distance", "itself", "no name", "too many"],
)
def test_neighbours_that_cannot_be_change_nothing(distances: dict[str, float]) -> None:
    fields = cell("a", config=FieldConfig(max_links=2))

    with pytest.raises(ValueError, match=r"distance|itself|name|2 neighbours"):
        fields.neighbours(distances, 0.0)

    assert list(fields.links.by_name) == ["a"]


def test_a_block_that_is_taken_out_is_not_told_of_any_more_and_its_name_is_free() -> None:
    fields = cell("a")
    fields.install("leader", Election(fields.pid), 0.0)
    before = turn(fields)

    effects = fields.uninstall("leader", 0.3)
    after = turn(fields)
    fields.install("leader", Broadcast("x"), 0.6)

    assert [list(body[2]) for body in (said(before)["a"], said(after)["a"])] == [["leader"], []]
    assert effects == [Faded("leader")]
    assert fields.uninstall("unknown", 0.7) == []


def test_a_cell_whose_last_block_is_taken_out_falls_silent() -> None:
    fields = cell("a")
    fields.install("news", Broadcast("x"), 0.0)
    turn(fields)
    fields.uninstall("news", 0.3)
    for _ in range(10):
        if fields.due < math.inf:
            turn(fields)

    assert fields.due == math.inf


def test_more_fields_than_the_limit_are_not_taken_up_until_there_is_room() -> None:
    fields = cell("a", config=FieldConfig(max_fields=2))
    words = {name: word("a") for name in ("x", "y", "z")}

    effects = hear(fields, "a", words, 0.0)
    repeated = hear(fields, "a", words, 0.1)
    fields.tick(0.2)
    hear(fields, "a", {"z": word("a")}, 0.3, version=2)
    fields.tick(0.6)
    fields.tick(20.0)  # by now the notices that x and y are lost have died, and with them the fields
    hear(fields, "a", {"z": word("a")}, 20.1, version=2)
    fields.tick(20.5)

    assert of(effects, Crowded) == [Crowded("z", 2)]
    assert repeated == []
    assert fields.field("z").distance == 1.0


@pytest.mark.parametrize("verb", ["link", "emit", "install"])
def test_what_is_beyond_the_limits_is_an_error(verb: str) -> None:
    fields = cell("a", config=FieldConfig(max_links=1, max_fields=1))
    fields.emit("x", 0.0)
    calls: dict[str, Any] = {
        "link": lambda: fields.link("b", 0.0),
        "emit": lambda: fields.emit("y", 0.0),
        "install": lambda: fields.install("x", Broadcast("x"), 0.0),
    }

    with pytest.raises(ValueError, match=r"already|taken"):
        calls[verb]()


@pytest.mark.parametrize("distance", [0.0, -1.0, math.inf, math.nan])
def test_a_distance_is_above_zero_and_finite(distance: float) -> None:
    with pytest.raises(ValueError, match="distance"):
        cell().link("a", 0.0, distance)


def test_a_cell_is_no_neighbour_of_itself() -> None:
    with pytest.raises(ValueError, match="itself"):
        cell().link("me", 0.0)


def test_a_block_that_is_installed_late_hears_what_was_said_before() -> None:
    fields = cell("a")
    hear(fields, "a", {"x": word("a")}, blocks={"news": ["good"]})
    news = Broadcast("x")
    fields.install("news", news, 0.0)
    fields.tick(0.2)
    assert news.get() is None, "what a block nobody knew of said is not kept"

    hear(fields, "a", {"x": word("a")}, 0.3, blocks={"news": ["good"]})
    fields.tick(0.6)

    assert news.get() == "good"


def test_a_word_that_makes_no_sense_is_refused_and_the_others_hold() -> None:
    fields = cell("a")

    effects = hear(fields, "a", {"x": "nonsense", "y": word("a")})
    turn(fields)

    assert len(of(effects, Refused)) == 1
    assert (fields.field("x").distance, fields.field("y").distance) == (math.inf, 1.0)


def test_a_word_that_makes_no_sense_any_more_counts_as_unsaid() -> None:
    fields = cell("a")
    hear(fields, "a", {"x": word("a")})
    turn(fields)

    hear(fields, "a", {"x": 17}, 0.1, version=2)
    fields.tick(0.5)

    assert fields.field("x").distance == math.inf


BAD_BODIES: dict[str, Any] = {
    "nothing": None,
    "a number": 3,
    "cut": [1, {}],
    "too long": [1, {}, {}, {}],
    "no version": ["1", {}, {}],
    "a negative version": [-1, {}, {}],
    "words in a list": [1, [], {}],
    "blocks in a list": [1, {}, []],
    "too many names": [1, {str(i): word("a") for i in range(NAMES_LIMIT + 1)}, {}],
    "a name that is no text": [1, {7: word("a")}, {}],
    "an empty name": [1, {"": word("a")}, {}],
    "a name without end": [1, {"x" * 256: word("a")}, {}],
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_packet_that_makes_no_sense_is_refused_and_changes_nothing(body: Any) -> None:
    fields = cell("a")
    hear(fields, "a", {"x": word("a")})
    turn(fields)

    effects = fields.receive(Pid("a", 1), ROUND, body, 0.1)
    unknown = fields.receive(Pid("a", 1), "field.other", [2, {}, {}], 0.1)

    assert [type(effect) for effect in (*effects, *unknown)] == [Refused, Refused]
    assert fields.field("x").distance == 1.0


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats()
    | st.text(max_size=4)
    | st.binary(max_size=4)
    | st.sampled_from(["a", "me", LIFE, 0.0, 1]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=12,
)


@example([(0, {"0": None}, {})], 0)  # a name that is spelt well beside a word that is not
@given(st.lists(st.tuples(junk, junk, junk) | junk, min_size=1, max_size=6), st.integers(0, 3))
def test_no_packet_whatever_it_holds_raises(bodies: list[Any], variant: int) -> None:
    fields = cell("a", "b", config=FieldConfig(variant=list(Variant)[variant]))
    fields.install("news", Broadcast("x"), 0.0)
    now = 0.0
    for body in bodies:
        now += 0.05
        words = {"x": body, "y": [body, []]}
        for whole in (body, [1, words, {"news": body}], [body, words, body]):
            fields.receive(Pid("a", 1), ROUND, whole, now)
            fields.tick(now)
            fields.toward("x")

    maps = [body[1] for body in bodies if isinstance(body, list | tuple) and len(body) > 1]
    named = {"x", "y"}.union(*(names for names in maps if isinstance(names, dict)))
    assert set(fields.names) <= named


def test_what_a_neighbour_said_before_a_packet_was_refused_expires_all_the_same() -> None:
    fields = cell("a")
    hear(fields, "a", {"x": word("a")}, 0.0)
    turn(fields)
    for number in range(10):
        fields.receive(Pid("a", 1), ROUND, None, number * 0.1)

    fields.tick(1.2)
    fields.tick(1.5)

    assert fields.field("x").distance == math.inf


@settings(max_examples=10)
@given(st.integers(0, 1 << 30))
def test_the_same_seed_gives_the_same_run(seed: int) -> None:
    def run() -> tuple[dict[str, float], Any]:
        sheet = Sheet(topology.grid(4, 4), seed=seed, network=Network(seed, loss=0.2))
        sheet.emit("c0")
        sheet.rounds(6.3)
        return sheet.values(), sheet.arena.bytes

    assert run() == run()


def test_cells_that_restart_take_part_again() -> None:
    sheet = Sheet(topology.line(4))
    sheet.emit("c0")
    sheet.rounds(8)
    sheet.kill("c1", told=True)
    sheet.rounds(8)
    cut = sheet.reading("c3").distance
    sheet.add("c1")
    sheet.rounds(8)

    assert (cut, sheet.reading("c3").distance) == (math.inf, 3.0)


def test_a_cell_is_shown_with_its_fields() -> None:
    fields = Fields(Pid("me", 3), random.Random(0), 0.0)
    fields.emit("gpu", 0.0)

    assert repr(fields) == "Fields(me#3, links=0, fields=['gpu'], blocks=[])"
    assert PERIOD == 0.2
