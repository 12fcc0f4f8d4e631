"""Requests on trails: they arrive, leave a dead hop at once, come back when it heals, and visit nobody twice."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.testing.topology import Graph, ball, complete, grid, line, regular, ring
from actors.tissue.core import Refused, Send
from actors.tissue.trails.config import TrailsConfig
from actors.tissue.trails.events import HopDown, HopUp, Lost, Reached, Requested, Why
from actors.tissue.trails.packets import ANT, BACK, DEAD, GO, HOME, PING, PONG, SCENT, SEEK, STUCK, TOOK, TRACK
from actors.tissue.trails.trails import Trails
from tests.actors.tissue.trails.kit import (
    cell,
    handled,
    happened,
    kill,
    lost,
    of,
    offer,
    reached,
    request,
    revive,
    sent,
    sheet,
)

B, C = Pid("b", 1), Pid("c", 1)
DIAMOND: Graph = {"c0": ["c1", "c2"], "c1": ["c0", "c3"], "c2": ["c0", "c3"], "c3": ["c1", "c2"]}


# -- requests ----------------------------------------------------------------------------------------------------------


def test_a_request_is_brought_to_a_cell_and_who_asked_is_told_how_far_that_was() -> None:
    arena = sheet(line(4))

    request(arena, 1, "c0", "c3", 7)
    arena.run(2)

    assert [event for _, _, event in happened(arena, Requested)] == [Requested(Pid("c0", 1), "c3", b"7")]
    ((to, tag, provider, hops, cost),) = [
        (event.to, event.tag, event.provider, event.hops, event.cost) for event in reached(arena, "c0")
    ]
    assert (to, tag, provider, hops) == ("c3", 7, "c3", 3)
    assert cost == pytest.approx(3.0, abs=0.2)


def test_a_request_for_what_this_cell_offers_stays_here() -> None:
    trails = cell()
    trails.offer("llm", 0.0, 2.0)

    effects = trails.request("llm", b"x", 0.0, tag=1)

    assert effects == [Requested(Pid("a", 1), "llm", b"x"), Reached("llm", 1, "a", 0, 2.0)]
    trails.withdraw("llm", 0.0)
    trails.withdraw("a", 0.0)
    assert of(trails.request("llm", b"x", 0.0), Lost)
    assert of(trails.request("a", b"x", 0.0), Requested)


def test_one_of_several_providers_is_found_and_another_when_that_stops_to_offer() -> None:
    arena = sheet(ring(8))
    offer(arena, "c2", "llm")
    offer(arena, "c5", "llm")
    for number in range(60):
        request(arena, 1 + number / 10, "c0", "llm", number)
    arena.at(4.0, lambda: arena.tell("c2", lambda trails, now: trails.withdraw("llm", now)))

    arena.run(20)

    assert len(reached(arena, "c0")) == 60
    assert [event.provider for event in reached(arena, "c0")[20:29]] == ["c2"] * 9
    assert {event.provider for event in reached(arena, "c0")[31:]} == {"c5"}


def tags(events: Sequence[Reached | Lost]) -> list[int]:
    return [event.tag for event in events]


def test_where_nobody_offers_it_the_request_is_lost_at_once_and_said_so() -> None:
    arena = sheet(grid(3, 3), 1)

    request(arena, 1, "c0", "nobody", 0)
    arena.run(1.5)

    assert [(event.tag, event.payload, event.why) for event in lost(arena, "c0")] == [(0, b"0", Why.NO_WAY)]


def test_at_30_percent_loss_and_doubled_packets_they_arrive_once_and_are_reported_once() -> None:
    arrived = 0
    for seed in range(8):
        arena = sheet(grid(4, 4), seed, Network(seed, loss=0.3, duplication=0.1))
        for number in range(300):
            request(arena, 1 + number / 20, "c0", "c15", number)

        arena.run(40)

        assert sorted([*tags(reached(arena, "c0")), *tags(lost(arena, "c0"))]) == list(range(300))
        assert set(tags(reached(arena, "c0"))) <= set(handled(arena, "c15"))
        assert set(Counter(handled(arena, "c15")).values()) == {1}
        arrived += len(reached(arena, "c0"))
    assert arrived >= 0.98 * 8 * 300


@settings(max_examples=20)
@given(st.integers(0, 1 << 30))
def test_whatever_dies_each_request_is_reported_once_and_comes_to_a_cell_at_most_once(seed: int) -> None:
    """And no request visits a cell twice: what says where it was never names anybody twice."""
    rng = random.Random(seed)
    graph = regular(12, 3, seed)
    arena = sheet(graph, seed, Network(seed, loss=0.1, duplication=0.1))
    walks: list[list[str]] = []
    heard = arena._deliver

    def deliver(name: str, sender: Pid, kind: str, body: Any) -> None:
        if kind == GO:
            walks.append([*body[4], name])
        heard(name, sender, kind, body)

    arena._deliver = deliver  # type: ignore[method-assign]
    for number in range(150):
        request(arena, 1 + number / 20, "c0", rng.choice(["c5", "c9", "llm"]), number)
    offer(arena, "c7", "llm")
    for moment in range(2, 8):
        victim = rng.choice([name for name in graph if name != "c0"])
        arena.at(moment, partial(kill, arena, graph, victim))
        arena.at(moment + rng.random() * 2, partial(revive_the_dead, arena, graph))

    arena.run(40)

    assert sorted([*tags(reached(arena, "c0")), *tags(lost(arena, "c0"))]) == list(range(150))
    assert all(len(set(walk)) == len(walk) for walk in walks if walk[-1] in graph)
    for name in graph:
        assert max(Counter(handled(arena, name)).values(), default=0) <= 2  # two lives may have had it once each


def revive_the_dead(arena: Arena[Trails], graph: Graph) -> None:
    revive(arena, graph, *[name for name in graph if name not in arena.cells])


def test_the_walks_of_requests_are_short_once_the_way_is_known() -> None:
    graph = grid(6, 6)
    arena = sheet(graph, 3)
    for number in range(200):
        request(arena, 1 + number / 10, "c0", "c35", number)

    arena.run(30)

    hops = [event.hops for event in reached(arena, "c0")]
    assert len(hops) == 200
    assert sum(hops[50:]) / 150 <= 10 * 1.05


# -- what dies, and heals ----------------------------------------------------------------------------------------------


def test_a_hop_that_dies_is_left_at_once_and_what_was_with_it_goes_another_way() -> None:
    arena = sheet(DIAMOND, 4)
    for number in range(100):
        request(arena, 1 + number / 100, "c0", "c3", number)
    arena.at(1.5, lambda: kill(arena, DIAMOND, "c1"))

    arena.run(5)

    assert sorted(event.tag for event in reached(arena, "c0")) == list(range(100))
    assert max(when for when, name, event in happened(arena, Reached)) < 2.1
    assert HopDown("c1") in [event for _, name, event in happened(arena, HopDown) if name == "c0"]


def test_one_that_dies_without_a_word_is_noticed_by_its_silence() -> None:
    arena = sheet(DIAMOND, 5)
    for number in range(100):
        request(arena, 1 + number / 20, "c0", "c3", number)
    arena.at(2.5, lambda: arena.kill("c1", "c2"))
    arena.at(3.5, lambda: revive(arena, DIAMOND, "c2"))

    arena.run(30)

    assert {event.hop for _, name, event in happened(arena, HopDown) if name == "c0"} >= {"c1"}
    last = [event for event in reached(arena, "c0") if event.tag >= 80]
    assert len(last) == 20


@pytest.mark.parametrize("seed", range(3))
def test_through_a_crush_and_its_healing_requests_arrive_by_ways_as_short_as_before(seed: int) -> None:
    graph = grid(6, 6)
    arena = sheet(graph, seed)
    crushed = [name for name in ball(graph, "c14", 6) if name not in ("c0", "c35")]
    for number in range(1500):
        request(arena, 1 + number / 20, "c0", "c35", number)
    arena.at(26.0, lambda: kill(arena, graph, *crushed))
    arena.at(51.0, lambda: revive(arena, graph, *crushed))

    arena.run(90)

    hops = {event.tag: event.hops for event in reached(arena, "c0")}
    assert len(hops) >= 1500 * 0.99
    for first, last in ((250, 500), (750, 1000), (1250, 1500)):
        walked = [hops[number] for number in range(first, last) if number in hops]
        assert sum(walked) / len(walked) <= 10 * 1.05


def test_neighbours_of_one_that_found_a_hop_dead_doubt_it_too_but_still_try_it() -> None:
    trails = cell(neighbours="bcd")
    for hop in (B, C):
        trails.receive(hop, HOME, ["z", ["a"], 1.0], 0.0)

    trails.receive(Pid("d", 1), DEAD, ["b", 1], 0.0)

    assert trails.levels("z", 0.0)["b"] == 0.01
    assert trails.levels("z", 0.0)["c"] == 0.5
    assert "b" in trails.up


def test_a_warning_of_an_earlier_life_is_out_of_date() -> None:
    trails = cell(neighbours="bd")
    trails.receive(Pid("b", 2), HOME, ["z", ["a"], 1.0], 0.0)

    trails.receive(Pid("d", 1), DEAD, ["b", 1], 0.0)

    assert trails.levels("z", 0.0)["b"] == 0.5


def test_one_that_is_back_begins_at_the_median_with_a_tenth_of_its_share() -> None:
    trails = cell(neighbours="bcde")
    for cost, name in enumerate("bcd", 1):
        trails.receive(Pid(name, 1), HOME, ["z", ["a"], float(cost)], 0.0)
    trails.died(B, 0.0)
    gone = trails.levels("z", 0.0)["b"]
    (ping,) = [send for send in sent(trails.tick(1.0), PING) if send.to == "b"]

    up = of(trails.receive(Pid("b", 2), PONG, ping.body, 1.1), HopUp)

    assert (gone, up) == (0.01, [HopUp("b")])
    assert trails.levels("z", 1.1)["b"] == pytest.approx(1 / 4, rel=0.05)


def test_the_death_of_an_earlier_life_or_of_nobody_is_no_news() -> None:
    trails = cell(neighbours="b")
    trails.receive(Pid("b", 2), PING, [1], 0.0)

    assert trails.died(Pid("b", 1), 0.0) == trails.died(Pid("z", 1), 0.0) == []
    assert of(trails.died(Pid("b", 2), 0.0), HopDown)
    assert trails.died(Pid("b", 2), 0.0) == []


def test_a_neighbour_that_is_unlinked_is_not_said_to_be_dead_but_nothing_stays_with_it() -> None:
    trails = cell(neighbours="bc")
    trails.receive(B, HOME, ["z", ["a"], 0.0], 0.0)
    (went,) = sent(trails.request("z", b"x", 0.0, tag=1), GO)

    effects = trails.neighbours({"c"}, 0.0)

    assert went.to == "b"
    assert [send.to for send in sent(effects, GO)] == ["c"]
    assert not sent(effects, DEAD)
    assert not of(effects, HopDown)
    assert trails.unlink("b", 0.0) == []
    assert list(trails.levels("z", 0.0)) == ["c"]


def test_a_new_life_in_a_hop_s_place_does_not_have_what_the_last_one_had_and_it_is_sent_again() -> None:
    trails = cell(neighbours="bc")
    trails.receive(B, HOME, ["z", ["a"], 0.0], 0.0)
    (went,) = sent(trails.request("z", b"x", 0.0, tag=1), GO)
    trails.receive(B, TOOK, [*went.body[:3], GO], 0.0)

    effects = trails.receive(Pid("b", 2), PING, [1], 0.1)

    assert [send.to for send in sent(effects, GO)] == ["c"]


def test_what_was_handled_is_told_to_whom_asks_again_when_the_hop_it_came_from_is_dead() -> None:
    """The answer was with c1, which dies; c0 sends the request through c2, and c3 says that it has had it."""
    arena = sheet(DIAMOND, 8)
    arena.tell("c0", lambda trails, now: trails.reinforce("c3", "c1", 1.0, now))
    arena.network.link("c3", "c1", loss=1.0)
    request(arena, 1, "c0", "c3", 0)
    arena.run(1.1)
    kill(arena, DIAMOND, "c1")

    arena.run(2)

    assert handled(arena, "c3") == [0]
    assert tags(reached(arena, "c0")) == [0]


def test_word_that_there_is_no_way_is_told_again_as_well() -> None:
    trails = cell(neighbours="bc")
    first = trails.receive(B, GO, ["b", 1, 1, "z", ["c", "b"], [], b""], 0.0)
    same = trails.receive(B, GO, ["b", 1, 1, "z", ["c", "b"], [], b""], 0.0)
    other = trails.receive(C, GO, ["b", 1, 1, "z", ["c"], [], b""], 0.0)

    assert [[(send.to, send.kind) for send in of(effects, Send)] for effects in (first, same, other)] == [
        [("b", TOOK), ("b", STUCK)],
        [("b", TOOK)],
        [("c", TOOK), ("c", STUCK)],
    ]


def test_one_that_takes_what_was_still_tried_is_up_again() -> None:
    trails = cell(neighbours="b")
    trails.offer("llm", 0.0)
    (back,) = sent(trails.receive(B, GO, ["b", 1, 1, "llm", ["b"], [], b""], 0.0), BACK)
    trails.died(B, 0.1)

    effects = trails.receive(B, TOOK, [*back.body[:3], BACK], 0.2)

    assert of(effects, HopUp) == [HopUp("b")]


# -- as the route of an outbox -----------------------------------------------------------------------------------------


def test_it_says_the_way_without_going_it_and_learns_from_what_it_is_told_of_it() -> None:
    trails = cell(neighbours="bc")
    unknown = trails.next_hop("z", ("b",), 0.0)
    for _ in range(20):
        trails.reinforce("z", "b", 2.0, 0.0)
        trails.reinforce("z", "c", 9.0, 0.0)
        trails.reinforce("z", "nobody", 1.0, 0.0)

    assert unknown == "c"
    assert {trails.next_hop("z", (), 0.0) for _ in range(50)} == {"b"}
    assert trails.next_hop("z", ("b", "c"), 0.0) is None
    assert trails.levels("z", 0.0) == {"b": pytest.approx(1 / 2), "c": pytest.approx(1 / 9)}
    with pytest.raises(ValueError, match="cost must be above 0 and finite"):
        trails.reinforce("z", "b", 0.0, 0.0)


def test_to_ask_for_a_way_is_to_have_it_looked_for() -> None:
    trails = cell(neighbours="b")
    trails.tick(0.0)

    trails.next_hop("z", (), 3.0)

    assert trails.due == 3.0
    assert sent(trails.tick(3.0), SEEK)
    assert trails.due > 3.0


def test_a_destination_that_is_a_neighbour_is_asked_itself_before_anything_is_known() -> None:
    trails = cell(neighbours="bcdefgh")

    assert {trails.next_hop("e", (), 0.0) for _ in range(50)} == {"e"}


# -- bounds and rest ---------------------------------------------------------------------------------------------------


def test_a_cell_that_nobody_wants_anything_of_is_never_due() -> None:
    arena = sheet(complete(4), 6)
    arena.run(1)
    before = arena.packets.total()
    arena.run(1000)

    assert arena.packets.total() == before == 4 * 3 * 2
    assert all(trails.due == math.inf for trails in arena.cells.values())
    assert repr(arena.cells["c0"]) == "Trails(c0#1, hops=3/3, Pheromone(destinations=0), requests=0)"


def test_after_the_last_request_it_comes_to_rest_and_remembers_none() -> None:
    arena = sheet(line(3), 7)
    for number in range(50):
        request(arena, 1 + number / 10, "c0", "c2", number)

    arena.run(200)

    assert all(trails.due == math.inf for trails in arena.cells.values())
    assert "requests=0" in repr(arena.cells["c1"])


def test_requests_beyond_the_limit_are_lost_here_and_turned_away_from_others() -> None:
    trails = cell(config=TrailsConfig(max_requests=2), neighbours="bc")

    effects = [effect for number in range(3) for effect in trails.request("z", b"", 0.0, tag=number)]
    turned_away = trails.receive(B, GO, ["b", 1, 1, "z", ["b"], [], b""], 0.0)

    assert [(event.tag, event.why) for event in of(effects, Lost)] == [(2, Why.FULL)]
    assert sent(turned_away, STUCK) == [Send("b", STUCK, ["b", 1, 1, ["a"]])]


def test_one_that_was_taken_and_is_never_heard_of_is_lost_after_its_lifetime() -> None:
    trails = cell(neighbours="b")
    (went,) = sent(trails.request("z", b"x", 0.0, tag=1), GO)
    trails.receive(B, TOOK, [*went.body[:3], GO], 0.1)

    assert of(trails.tick(9.9), Lost) == []
    assert [(event.tag, event.why) for event in of(trails.tick(10.0), Lost)] == [(1, Why.LATE)]
    assert of(trails.tick(99.0), Lost) == []


def test_a_cell_that_was_held_up_for_longer_than_that_says_so_too() -> None:
    trails = cell(neighbours="b")
    (went,) = sent(trails.request("z", b"x", 0.0, tag=1), GO)
    trails.receive(B, TOOK, [*went.body[:3], GO], 0.1)

    assert len(of(trails.tick(1000.0), Lost)) == 1
    assert trails.tick(2000.0) == []


def test_where_the_only_hop_never_answers_a_request_is_lost_when_that_is_taken_for_dead() -> None:
    trails = cell(neighbours="b")
    trails.request("z", b"x", 0.0, tag=1)
    said = []
    for tenth in range(301):
        said += [(tenth / 10, event.tag, event.why) for event in of(trails.tick(tenth / 10), Lost)]

    assert said == [(4.0, 1, Why.NO_WAY)]


def test_neighbours_and_destinations_are_bounded() -> None:
    trails = cell(config=TrailsConfig(max_neighbours=3, max_destinations=5), neighbours="abcdefg")
    for number in range(50):
        trails.receive(B, HOME, [f"z{number}", ["a"], 1.0], 0.0)
        trails.next_hop(f"z{number}", (), 0.0)

    assert repr(trails) == "Trails(a#1, hops=3/3, Pheromone(destinations=5), requests=0)"
    assert len(sent(trails.tick(0.0), ANT)) <= 5 * 3
    assert len(trails._ways.scents) <= 5


def test_what_is_wanted_for_the_first_time_is_looked_for_by_every_hop() -> None:
    trails = cell(neighbours="bcd")

    trails.next_hop("llm", (), 0.0)

    assert sorted(send.to for send in sent(trails.tick(1.0), SEEK)) == ["b", "c", "d"]


def test_what_cannot_be_asked_for_is_refused_to_the_caller() -> None:
    trails = cell(neighbours="b")

    with pytest.raises(ValueError, match="payload must be at most 60000 bytes; got 60001"):
        trails.request("z", b"x" * 60_001, 0.0)
    with pytest.raises(ValueError, match="an empty name"):
        trails.request("", b"", 0.0)
    with pytest.raises(ValueError, match="a cost"):
        trails.offer("llm", 0.0, -1.0)
    with pytest.raises(ValueError, match="an empty name"):
        trails.neighbours({""}, 0.0)


# -- packets -----------------------------------------------------------------------------------------------------------

PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-1, 1 << 63),
        st.floats(),
        st.sampled_from(["a", "b", "z", GO, BACK]),
        st.text(max_size=3),
        st.binary(max_size=3),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=7), st.dictionaries(st.text(max_size=2), inner, max_size=2)),
    max_leaves=15,
)
KINDS = [GO, BACK, STUCK, TOOK, ANT, TRACK, SEEK, HOME, SCENT, DEAD, PING, PONG, "trails.none", ""]


@settings(max_examples=400)
@given(st.sampled_from(KINDS), PLAIN, st.integers(-1, 3))
def test_whatever_comes_nothing_is_raised(kind: str, body: Any, life: int) -> None:
    trails = cell(neighbours="bc")
    trails.request("z", b"x", 0.0)

    trails.receive(Pid("b", life), kind, body, 0.1)
    trails.tick(0.2)


SENSIBLE: dict[str, list[Any]] = {
    GO: ["b", 1, 1, "z", ["b"], [], b"x"],
    BACK: ["a", 1, 1, 1.0, 1, "z"],
    STUCK: ["a", 1, 1, ["b"]],
    TOOK: ["a", 1, 1, GO],
    ANT: ["z", ["b"], 1],
    TRACK: ["z", ["b"], 1],
    SEEK: ["z", ["b"], 1],
    SCENT: [["z", 1.0, 0.0, 0], ["y"]],
    HOME: ["z", ["a"], 1.0],
    DEAD: ["c", 1],
}


@settings(max_examples=400)
@given(st.data(), st.sampled_from(sorted(SENSIBLE)))
def test_one_that_was_tampered_with_is_refused_or_read(data: st.DataObject, kind: str) -> None:
    body = list(SENSIBLE[kind])
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(PLAIN)
    trails = cell(neighbours="bc")
    trails.request("z", b"x", 0.0)

    trails.receive(B, kind, body, 0.1)
    trails.tick(30.0)

    assert all(0 < level <= 1 for level in trails.levels("z", 0.1).values())


@pytest.mark.parametrize(
    ("sender", "kind", "body"),
    [
        (Pid("z", 1), PING, [1]),
        (Pid("b", 0), PING, [1]),
        (B, GO, ["b", 1, 1, "z", ["c"], [], b"x"]),
        (B, GO, ["c", 1, 1, "z", ["c", "a", "b"], [], b"x"]),
        (B, PING, []),
        (B, "trails.other", []),
    ],
    ids=["no neighbour", "no life", "not from whom it says", "was here", "cut", "kind"],
)
def test_what_cannot_be_is_refused(sender: Pid, kind: str, body: Any) -> None:
    assert len(of(cell(neighbours="bc").receive(sender, kind, body, 0.0), Refused)) == 1


def test_a_life_that_is_over_is_refused() -> None:
    trails = cell(neighbours="b")
    trails.receive(Pid("b", 2), PING, [1], 0.0)

    (refused,) = of(trails.receive(B, PING, [1], 0.0), Refused)

    assert refused.why == "ValueError: from b#1, whose place has had a later life, 2"
