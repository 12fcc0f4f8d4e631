"""Scents: cells beside a trail know where it leads, for as long as somebody walks there, and so it becomes straight."""

from __future__ import annotations

import math
from collections import Counter
from functools import partial
from typing import Any

import pytest

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.topology import grid, line
from actors.tissue.core import Refused
from actors.tissue.trails.config import TrailsConfig
from actors.tissue.trails.packets import ANT, SCENT, TRACK
from actors.tissue.trails.scents import PACKET_BYTES
from actors.tissue.trails.trails import Trails
from tests.actors.tissue.trails.kit import cell, handled, kill, lost, of, reached, request, revive, sent, sheet

B, C = Pid("b", 1), Pid("c", 1)


def told(trails: Trails, now: float) -> dict[str, list[Any]]:
    """What each neighbour is told."""
    return {send.to: send.body for send in sent(trails.tick(now), SCENT)}


def smell(trails: Trails, to: str, hop: str, now: float) -> float:
    """The cost through that hop by scent; ``inf``: none."""
    level = trails._ways.scents.level(to, hop, now)
    return 1 / level if level else math.inf


def trained(rows: int, columns: int, origin: str, to: str, seconds: int, seed: int = 1) -> Arena[Trails]:
    """A sheet over which ten requests a second go."""
    arena = sheet(grid(rows, columns), seed)
    for number in range(10 * seconds):
        request(arena, (number + 0.5) / 10, origin, to, number)
    return arena


# -- what it is for ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_a_trail_over_a_wide_sheet_is_straight_within_seconds(seed: int) -> None:
    """By ants alone it took 25 hops and more after 8 s, and 23 after a minute; the shortest way is 17."""
    arena = trained(9, 18, "c72", "c89", 10, seed)

    arena.run(20)

    hops = [event.hops for event in reached(arena, "c72") if event.tag >= 50]
    assert sum(hops) / len(hops) <= 17 * 1.05


def test_a_wall_that_heals_is_crossed_again_within_seconds() -> None:
    """The way around it leads 6 rows further down, out of reach of any scent from the short way."""
    graph, wall = grid(9, 12), [f"c{12 * row + 6}" for row in range(8)]
    arena = trained(9, 12, "c24", "c35", 50)
    arena.at(10, partial(kill, arena, graph, *wall))
    arena.at(25, partial(revive, arena, graph, *wall))

    arena.run(60)

    hops = {event.tag: event.hops for event in reached(arena, "c24")}
    assert len(hops) >= 499
    assert sum(hops[number] for number in range(220, 250)) / 30 >= 23
    assert sum(hops[number] for number in range(400, 450)) / 50 <= 11 * 1.05


def test_over_a_sheet_that_is_not_trained_no_request_is_lost_though_it_is_large() -> None:
    """All of the first were: they strayed until they had passed 64 cells."""
    arena = trained(10, 40, "c200", "c239", 2)

    arena.run(15)

    assert len(handled(arena, "c239")) == 20
    assert not lost(arena, "c200")


# -- what is told ------------------------------------------------------------------------------------------------------


def test_a_cell_on_a_trail_tells_its_neighbours_how_far_it_is_and_not_the_one_it_goes_by() -> None:
    trails = cell(neighbours="bcd")
    trails.tick(0.0)
    trails.reinforce("z", "b", 4.0, 1.0)

    assert trails.due <= 1.0
    assert told(trails, 1.5) == {"b": [["z"]], "c": [["z", 4.0, 0.5, 0]], "d": [["z", 4.0, 0.5, 0]]}
    assert told(trails, 2.0) == {}
    assert trails.due == math.inf


def test_it_is_told_again_when_it_has_changed_by_half_a_hop_or_was_walked_again_after_a_time() -> None:
    trails = cell(neighbours="bc")
    trails.tick(0.0)
    said = []
    for tenth in range(150):
        trails.reinforce("z", "b", 4.0 if tenth < 120 else 8.0, tenth / 10)
        said += [(tenth / 10, body[0][1]) for name, body in told(trails, tenth / 10).items() if name == "c"]

    assert [when for when, _ in said[:3]] == [0.0, 5.0, 10.0]
    assert [round(cost, 1) for _, cost in said[:3]] == [4.0, 4.0, 4.0]
    assert 5 <= len(said) <= 12
    assert said[-1][1] > 7.0


def test_it_is_passed_on_by_the_cells_within_reach_of_a_trail_and_no_further() -> None:
    arena = sheet(line(9), config=TrailsConfig(scent_reach=4))
    arena.tell("c0", lambda trails, now: trails.offer("llm", now))
    arena.tell("c1", lambda trails, now: trails.reinforce("llm", "c0", 1.0, now))

    arena.run(3)

    away = [smell(arena.cells[f"c{place}"], "llm", f"c{place - 1}", 3.0) for place in range(2, 9)]
    assert away == [pytest.approx(cost, rel=0.05) for cost in (2, 3, 4, 5, 6)] + [math.inf, math.inf]


def test_where_nobody_walks_any_more_it_is_gone_after_its_life_however_often_it_was_passed_on() -> None:
    arena = trained(4, 4, "c0", "c15", 3)
    arena.run(90)  # for a minute after the last request there are ants
    before = arena.packets[SCENT]
    arena.run(200)

    assert arena.packets[SCENT] == before
    assert all(trails.due == math.inf for trails in arena.cells.values())
    assert {smell(arena.cells["c5"], "c15", hop, 90.0) for hop in ("c1", "c4", "c6", "c9")} == {math.inf}


def test_what_a_dead_hop_told_is_wiped_at_once_and_the_others_are_told_that_nothing_is_left() -> None:
    trails = cell(neighbours="bcd")
    trails.tick(0.0)
    trails.receive(B, SCENT, [["z", 3.0, 0.0, 0]], 1.0)
    before, said = smell(trails, "z", "b", 1.0), told(trails, 1.0)

    trails.died(B, 2.0)

    assert (before, smell(trails, "z", "b", 2.0)) == (4.0, math.inf)
    assert said["c"] == [["z", 4.0, 0.0, 1]]
    assert told(trails, 2.0) == {"c": [["z"]], "d": [["z"]]}


def test_a_newborn_neighbour_is_told_what_the_others_knew_before() -> None:
    trails = cell(neighbours="bc")
    trails.receive(C, "trails.ping", [1], 0.0)
    trails.reinforce("z", "b", 4.0, 1.0)
    trails.tick(1.0)

    trails.receive(Pid("c", 2), "trails.ping", [1], 2.0)

    assert told(trails, 2.0) == {"c": [["z", 4.0, 1.0, 0]]}


def test_a_packet_stays_within_its_bytes_and_what_does_not_fit_goes_with_the_next() -> None:
    arena = sheet(line(2))
    for number in range(200):
        arena.tell("c0", lambda trails, now, to=f"provider-{number}": trails.reinforce(to, "c1", 1.0, now))  # type: ignore[misc]
    sizes: list[int] = []
    carry = arena._send

    def count(name: str, send: Any) -> None:
        before = arena.bytes[SCENT]
        carry(name, send)
        if send.kind == SCENT:
            sizes.append(arena.bytes[SCENT] - before)

    arena._send = count  # type: ignore[method-assign]
    arena.run(5)

    assert len(sizes) >= 4
    assert max(sizes) <= PACKET_BYTES
    assert len(arena.cells["c1"]._ways.scents) == 200


def test_what_is_still_to_be_told_is_bounded_as_the_destinations_are() -> None:
    trails = cell(config=TrailsConfig(max_destinations=5), neighbours="bc")
    for number in range(500):
        trails.receive(B, SCENT, [[f"z{number}", 1.0, 0.0, 0]], 0.0)

    assert len(trails._ways.scents) == 5
    assert {name: len(body) for name, body in told(trails, 0.0).items()} == {"b": 5, "c": 5}


# -- who follows them --------------------------------------------------------------------------------------------------


def test_a_cell_that_requests_pass_sends_an_ant_after_a_scent_that_is_shorter() -> None:
    trails = cell(neighbours="bcd")
    trails.reinforce("z", "b", 9.0, 0.0)

    (ant,) = sent(trails.receive(C, SCENT, [["z", 5.0, 0.0, 0]], 0.5), TRACK)

    assert (ant.to, ant.body[:2]) == ("c", ["z", ["a"]])
    assert 2 * trails.config.most_hops - ant.body[2] == 8


def test_none_is_sent_for_a_scent_that_is_no_shorter_nor_where_nobody_walks() -> None:
    trails = cell(neighbours="bcd")
    trails.reinforce("z", "b", 9.0, 0.0)

    assert not sent(trails.receive(C, SCENT, [["z", 8.0, 0.0, 0]], 0.5), TRACK)
    assert not sent(trails.receive(C, SCENT, [["z", 5.0, 0.0, 0]], 9.0), TRACK)
    assert not sent(trails.receive(C, SCENT, [["y", 5.0, 0.0, 0]], 9.0), TRACK)


def test_one_that_leads_nowhere_is_followed_less_and_less_often() -> None:
    trails = cell(neighbours="bcd")
    times = []
    for tenth in range(200):
        trails.reinforce("z", "b", 9.0, tenth / 10)
        if sent(trails.receive(C, SCENT, [["z", 5.0, 0.0, 0]], tenth / 10), TRACK):
            times.append(tenth / 10)

    assert times == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5]


def test_requests_do_not_follow_a_scent_where_anything_has_been_walked() -> None:
    trails = cell(neighbours="bc")
    trails.receive(C, SCENT, [["z", 1.0, 0.0, 0]], 0.0)
    by_scent = {trails.next_hop("z", (), 0.0) for _ in range(50)}
    trails.reinforce("z", "b", 9.0, 0.0)

    assert by_scent == {"c"}
    assert Counter(trails.next_hop("z", (), 0.0) for _ in range(50)).most_common(1)[0][0] == "b"


def test_a_scent_alone_is_enough_for_ants() -> None:
    trails = cell(neighbours="bcd", config=TrailsConfig(wander=0.0))
    trails.receive(C, SCENT, [["z", 1.0, 0.0, 0]], 0.0)
    trails.receive(Pid("d", 1), SCENT, [["z", 19.0, 0.0, 0]], 0.0)

    ways = Counter(sent(trails.receive(B, ANT, ["z", ["b"], 1], 0.0), ANT)[0].to for _ in range(200))

    assert ways["c"] >= 180


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        ["z"],
        [[]],
        [["z", 1.0, 0.0]],
        [["", 1.0, 0.0, 0]],
        [["z", -1.0, 0.0, 0]],
        [["z", 1.0, math.nan, 0]],
        [["z", 1.0, 0.0, -1]],
        [["z", 1.0, 0.0, 0]] * 500,
    ],
)
def test_what_is_no_scent_is_refused_and_changes_nothing(body: Any) -> None:
    trails = cell(neighbours="bc")

    assert of(trails.receive(B, SCENT, body, 0.0), Refused)
    assert smell(trails, "z", "b", 0.0) == math.inf
