"""SWIM as a whole: detection, refutation, ill observers, joins, goodbyes, partitions, bad packets and bounds."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.tissue.core import Effect, Refused, Send
from actors.tissue.swim.config import LAN, LOCAL, PLAIN, WAN, SwimConfig
from actors.tissue.swim.swim import Swim
from actors.tissue.swim.updates import (
    Dead,
    Joined,
    Left,
    Outlived,
    Refuted,
    Revived,
    Status,
    Suspected,
    Update,
    packed_size,
)
from tests.actors.tissue.swim.kit import (
    ack,
    believed,
    born,
    cell,
    cluster,
    gossip,
    happened,
    names,
    of,
    run_alone,
    sent,
)

C0 = Pid("c0", 1)


# -- probing -----------------------------------------------------------------------------------------------------------


def test_every_living_member_is_pinged_at_least_once_in_2n_1_periods() -> None:
    n = 20
    swim = cell(n - 1)
    pinged: list[tuple[float, str]] = []

    def answer(send: Send) -> bool:
        pinged.append((now, send.to))
        return True

    while (now := swim.due) < 400:
        for ping in sent(swim.tick(now), "swim.ping"):
            swim.receive(Pid(ping.to, 1), "swim.ack", ack(ping), now)
            answer(ping)

    for name in names(n - 1):
        times = [0.0, *(when for when, to in pinged if to == name), 400.0]
        assert max(b - a for a, b in pairwise(times)) <= 2 * n - 1


def test_one_ping_a_period_while_all_answer() -> None:
    effects = run_alone(cell(), 100.0, lambda send: True)

    assert len(sent(effects, "swim.ping")) in (100, 101)
    assert not sent(effects, "swim.ping-req")


def test_without_an_answer_in_time_three_others_are_asked_to_ping_too() -> None:
    swim = cell()
    ping = sent(run_alone(swim, 0.99), "swim.ping")[0]

    requests = sent(swim.tick(swim.due), "swim.ping-req")

    assert len({request.to for request in requests} - {ping.to}) == 3
    assert {request.body[1] for request in requests} == {ping.to}


def test_an_answer_through_a_helper_is_an_answer() -> None:
    swim = cell()
    ping = sent(run_alone(swim, 0.99), "swim.ping")[0]
    helper = sent(swim.tick(swim.due), "swim.ping-req")[0].to

    swim.receive(Pid(helper, 1), "swim.ack", ack(ping), 0.9)
    swim.tick(swim.due)

    assert not of(swim.tick(swim.due), Suspected)
    assert believed(swim, ping.to).status is Status.ALIVE


def test_no_answer_by_the_end_of_the_period_is_a_suspicion_never_a_death() -> None:
    swim = cell()
    ping = sent(run_alone(swim, 0.99), "swim.ping")[0]

    effects = run_alone(swim, 2.1, lambda send: True)

    assert of(effects, Suspected) == [Suspected(Pid(ping.to, 1), "me")]
    assert not of(effects, Dead)


def test_a_suspect_gets_no_new_work_but_is_still_a_member() -> None:
    swim = cell(3)
    swim.accuse(C0, 0.0)

    assert [pid.name for pid in swim.alive] == ["c1", "c2"]
    assert believed(swim, "c0").is_live


def test_a_helper_pings_for_another_and_passes_the_answer_on() -> None:
    swim = cell()

    ping = sent(swim.receive(Pid("c1", 1), "swim.ping-req", [77, "c2", []], 0.0), "swim.ping")[0]
    answer = sent(swim.receive(Pid("c2", 1), "swim.ack", ack(ping), 0.1), "swim.ack")[0]

    assert (ping.to, answer.to, answer.body[0], answer.body[1][1]) == ("c2", "c1", 77, "c2")


def test_a_helper_without_an_answer_sends_a_nack_at_four_fifths_of_the_timeout() -> None:
    swim = cell()
    swim.receive(Pid("c1", 1), "swim.ping-req", [77, "c2", []], 0.0)

    early = sent(run_alone(swim, 0.39), "swim.nack")
    nacks = sent(run_alone(swim, 0.41), "swim.nack")

    assert early == []
    assert [(nack.to, nack.body[0]) for nack in nacks] == [("c1", 77)]


def test_a_helper_that_is_itself_the_target_answers() -> None:
    effects = cell().receive(Pid("c1", 1), "swim.ping-req", [77, "me", []], 0.0)

    assert [send.body[:2] for send in sent(effects, "swim.ack")] == [[77, [0, "me", 1, 0, ""]]]


def test_a_helper_takes_only_so_much_on() -> None:
    swim = cell(config=replace(LAN, max_relays=3))

    pings = [
        ping
        for number in range(10)
        for ping in sent(swim.receive(Pid("c1", 1), "swim.ping-req", [number, "c2", []], 0.0), "swim.ping")
    ]

    assert len(pings) == 3


# -- detection ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("config", "soon"), [(LAN, 15.0), (LOCAL, 12.0), (WAN, 90.0)], ids=["lan", "local", "wan"])
def test_all_learn_of_a_death_in_bounded_time_and_nobody_else_is_suspected(config: SwimConfig, soon: float) -> None:
    arena = cluster(16, 1, config)
    arena.run(10)
    arena.kill("c3")

    arena.run(10 + soon)

    assert {(name, event.pid) for _, name, event in happened(arena, Dead)} == {
        (name, Pid("c3", 1)) for name in arena.cells
    }
    assert {event.pid.name for _, _, event in happened(arena, Suspected)} == {"c3"}


def test_half_of_a_cluster_that_dies_at_once_is_noticed_and_no_survivor_suspected_for_long() -> None:
    arena = cluster(32, 2)
    arena.run(5)
    gone = names(16)
    arena.kill(*gone)

    arena.run(120)

    for swim in arena.cells.values():
        assert {pid.name for pid in swim.alive} == set(arena.cells) - {swim.pid.name}
    assert {event.pid.name for _, _, event in happened(arena, Dead)} == set(gone)


def test_a_quiet_cluster_sends_as_much_a_cell_whatever_its_size() -> None:
    def load(n: int) -> float:
        arena = cluster(n, 3)
        arena.run(10)
        before = arena.packets.total()
        arena.run(40)
        return (arena.packets.total() - before) / n / 30

    loads = {n: load(n) for n in (16, 64, 256)}

    assert max(loads.values()) < 1.15 * min(loads.values())
    assert 1.9 < loads[64] < 2.6


def test_nobody_is_given_up_at_30_percent_loss() -> None:
    arena = cluster(24, 4, network=Network(4, loss=0.3, duplication=0.1))

    arena.run(90)

    assert happened(arena, Suspected)
    assert not happened(arena, Dead)


def test_slow_observers_do_not_bury_the_healthy() -> None:
    """4 of 32 stand still for 16 of 20 s; without Lifeguard they bury hundreds, with it none."""

    def buried(config: SwimConfig) -> int:
        arena = cluster(32, 5, config)
        slow = names(4)
        for number, name in enumerate(slow):
            for start in range(5 + number, 60, 20):
                arena.at(start, lambda name=name: arena.network.pause(name, arena.now + 16))  # type: ignore[misc]
        arena.run(70)
        return sum(event.pid.name not in slow for _, _, event in happened(arena, Dead))

    assert buried(PLAIN) > 300
    assert buried(LAN) == 0


def test_a_cell_that_hears_nobody_doubts_itself_and_buries_nobody() -> None:
    """It is cut off for ten minutes: it suspects all others, but has nobody to confirm that they are dead."""
    arena = cluster(32, 6)
    arena.run(5)
    arena.network.partition(["c0"])

    arena.run(605)

    lonely = arena.cells["c0"]
    assert lonely.health == 7
    assert not any(name == "c0" for _, name, _ in happened(arena, Dead))
    assert {member.status for member in lonely.members} == {Status.SUSPECT}


def test_a_link_that_works_one_way_only_gets_nobody_buried() -> None:
    arena = cluster(16, 7)
    for other in names(8):
        arena.network.cut("c15", other)

    arena.run(120)

    assert not happened(arena, Dead)


# -- refutation --------------------------------------------------------------------------------------------------------


def test_a_suspect_that_hears_of_it_refutes_and_all_believe_it() -> None:
    arena = cluster(16, 8)
    arena.run(3)

    arena.tell("c1", lambda swim, now: swim.accuse(C0, now))
    arena.run(6)

    assert arena.cells["c0"].epoch == 1
    assert all(believed(swim, "c0").epoch == 1 for name, swim in arena.cells.items() if name != "c0")
    assert all(believed(swim, "c0").status is Status.ALIVE for name, swim in arena.cells.items() if name != "c0")


def test_a_ping_to_a_suspect_tells_it_so() -> None:
    swim = cell(1)
    swim.accuse(C0, 0.0)

    pings = sent(run_alone(swim, 2.0), "swim.ping")

    assert pings[0].body[1][0] == Update(Status.SUSPECT, "c0", 1, 0, "me").wire()


def test_an_answer_to_whom_one_holds_dead_tells_it_so() -> None:
    swim = cell(4)
    swim.receive(Pid("c1", 1), "swim.gossip", gossip(Update(Status.DEAD, "c0", 1, 0, "c1")), 0.0)

    effects = swim.receive(C0, "swim.ping", [7, []], 1.0)

    assert Update(Status.DEAD, "c0", 1, 0, "c1").wire() in sent(effects, "swim.ack")[0].body[2]


def test_who_says_that_one_is_dead_is_told_better_at_once_also_when_it_was_refuted_long_ago() -> None:
    swim = cell(4)
    slander = gossip(Update(Status.DEAD, "me", 1, 0, "c1"))

    for now in (0.0, 100.0):
        effects = swim.receive(Pid("c1", 1), "swim.gossip", slander, now)

        assert Update(Status.ALIVE, "me", 1, 1).wire() in sent(effects, "swim.gossip")[0].body[0]


def test_epochs_rise_only_at_their_owner_whatever_the_weather() -> None:
    """No cell ever believes in an epoch of a life beyond that life's own."""
    arena = cluster(12, 9, network=Network(9, loss=0.3, duplication=0.2))
    own: dict[Pid, int] = {}
    chance = random.Random(9)
    for second in range(1, 80):
        if second % 13 == 0:
            arena.kill(f"c{second % 12}")
        if second % 13 == 6:
            name = f"c{(second - 6) % 12}"
            if name not in arena.cells:
                arena.revive(name)
        if second % 5 == 0:
            arena.network.pause(chance.choice(names(12)), arena.now + 4)
        arena.run(second)
        own.update({swim.pid: max(swim.epoch, own.get(swim.pid, 0)) for swim in arena.cells.values()})

        for swim in arena.cells.values():
            assert all(member.epoch <= own.get(member.pid, 0) for member in swim.members)
    assert max(own.values()) > 0


# -- being held up -----------------------------------------------------------------------------------------------------


def test_a_loop_that_lags_is_ill_health() -> None:
    swim = cell()

    swim.lagged(0.2, 1.0)
    well = swim.health
    swim.lagged(0.3, 1.0)

    assert (well, swim.health) == (0, 1)


def test_who_was_held_up_itself_holds_it_against_nobody() -> None:
    """The loop stalls for a minute in the middle of a probe; the answer lies unread, and so does a refutation."""
    swim = cell(8)
    swim.accuse(C0, 0.0)
    ping = sent(run_alone(swim, 0.99), "swim.ping")[0]

    late = swim.tick(60.0)
    swim.receive(Pid(ping.to, 1), "swim.ack", ack(ping), 60.1)
    refuted = swim.receive(C0, "swim.gossip", gossip(Update(Status.ALIVE, "c0", 1, 1)), 60.1)

    assert not of(late, Dead)
    assert not of(late, Suspected)
    assert of(refuted, Refuted)
    assert not of(run_alone(swim, 61.5, lambda send: True), Suspected)


def test_a_probe_period_grows_with_ill_health_and_shrinks_with_every_answer() -> None:
    swim = cell()
    for second in range(3):
        swim.lagged(1.0, float(second))

    pinged: list[float] = []
    while (now := swim.due) < 20.0:
        for ping in sent(swim.tick(now), "swim.ping"):
            pinged.append(now)
            swim.receive(Pid(ping.to, 1), "swim.ack", ack(ping), now)

    gaps = [b - a for a, b in pairwise(pinged)]
    assert gaps[:4] == pytest.approx([4.0, 3.0, 2.0, 1.0])


def test_alone_ill_health_fades() -> None:
    swim = cell(0)
    for second in range(5):
        swim.lagged(1.0, float(second))

    run_alone(swim, 60.0)

    assert swim.health == 0


# -- coming and going --------------------------------------------------------------------------------------------------


def test_a_cluster_forms_from_seeds() -> None:
    arena: Arena[Swim] = Arena(10, strict=True)
    for name in names(20):
        arena.add(name, born())
        arena.tell(name, lambda swim, now: swim.join(["c0", "c1"], now))

    arena.run(5)

    assert all(len(swim.alive) == 19 for swim in arena.cells.values())
    assert all(count == 1 for count in Counter((name, e.pid) for _, name, e in happened(arena, Joined)).values())


def test_who_joins_tries_again_until_a_seed_is_there() -> None:
    arena: Arena[Swim] = Arena(11, strict=True)
    arena.add("late", born())
    arena.tell("late", lambda swim, now: swim.join(["seed"], now))
    arena.run(300)
    tries = arena.packets["swim.sync"]
    arena.add("seed", born())

    arena.run(331)

    assert tries < 20
    assert arena.cells["late"].alive == [Pid("seed", 1)]


def test_a_goodbye_is_no_death() -> None:
    arena = cluster(16, 12)
    arena.run(2)
    arena.tell("c3", lambda swim, now: swim.leave(now))
    arena.run(4)
    was_over = arena.cells["c3"].is_over
    arena.kill("c3")

    arena.run(60)

    assert was_over
    assert {name for _, name, event in happened(arena, Left) if event.pid.name == "c3"} == set(arena.cells)
    assert not happened(arena, Suspected)
    assert not happened(arena, Dead)


def test_who_has_left_answers_but_does_nothing_more() -> None:
    swim = cell(4)
    swim.leave(0.0)
    run_alone(swim, 10.0)

    verbs = [swim.leave(11.0), swim.join(["c1"], 11.0), swim.accuse(C0, 11.0)]
    answer = swim.receive(C0, "swim.ping", [7, []], 11.0)

    assert (verbs, swim.due) == ([[], [], []], math.inf)
    assert len(sent(answer, "swim.ack")) == 1


def test_a_successor_takes_the_place_of_the_life_before_it() -> None:
    arena = cluster(8, 13)
    arena.run(2)
    arena.kill("c3")
    arena.run(2.5)
    arena.revive("c3")

    arena.run(6)

    others = {name: swim for name, swim in arena.cells.items() if name != "c3"}
    assert all(believed(swim, "c3").pid == Pid("c3", 2) for swim in others.values())
    assert {name for _, name, e in happened(arena, Dead) if e.pid == Pid("c3", 1)} == set(others)
    assert {name for _, name, e in happened(arena, Joined) if e.pid == Pid("c3", 2)} == set(others)


def test_a_life_whose_place_has_a_successor_falls_silent() -> None:
    swim = cell(life=1)

    effects = swim.receive(C0, "swim.gossip", gossip(Update(Status.ALIVE, "me", 2, 0)), 1.0)

    assert of(effects, Outlived) == [Outlived(Pid("me", 1), Pid("me", 2))]
    assert swim.is_over
    assert swim.receive(C0, "swim.ping", [7, []], 2.0) == []


def test_a_partition_of_ten_minutes_heals_and_nobody_dies_of_it() -> None:
    arena = cluster(24, 14)
    arena.run(5)
    arena.network.partition(names(12))
    arena.run(605)
    apart = {len([m for m in swim.members if m.is_live]) for swim in arena.cells.values()}
    arena.network.heal()
    before = len(arena.events)

    arena.run(660)

    assert apart == {11}
    assert all(len(swim.alive) == 23 for swim in arena.cells.values())
    assert not [event for _, _, event in arena.events[before:] if isinstance(event, Dead)]
    assert {type(event) for _, _, event in arena.events[before:]} == {Revived, Suspected, Refuted}


def test_a_lone_survivor_of_a_partition_finds_back_through_its_seeds() -> None:
    arena: Arena[Swim] = Arena(15, strict=True)
    brief = replace(LAN, forget_after=60.0)
    for name in names(6):
        arena.add(name, born(brief))
        arena.tell(name, lambda swim, now: swim.join(["c0"], now))
    arena.run(5)
    arena.network.partition(names(3))
    arena.run(400)
    forgotten = {len(swim.members) for swim in arena.cells.values()}
    arena.network.heal()

    arena.run(460)

    assert forgotten == {2}
    assert all(len(swim.alive) == 5 for swim in arena.cells.values())


# -- bad packets and bounds --------------------------------------------------------------------------------------------

KINDS = ("swim.ping", "swim.ack", "swim.ping-req", "swim.nack", "swim.gossip", "swim.sync", "swim.?")

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 1 << 63) | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
near = st.tuples(
    st.integers(0, 4),
    st.sampled_from(["me", "c0", "c1", "new", ""]),
    st.integers(0, 3),
    st.integers(-1, 3),
    st.just("c2"),
).map(list)
bodies = anything | st.lists(st.integers(0, 9) | near | st.lists(near, max_size=4) | st.booleans(), max_size=3)


@given(st.lists(st.tuples(st.sampled_from(KINDS), bodies, st.integers(0, 3)), max_size=8))
def test_whatever_a_packet_holds_there_is_no_exception_and_what_is_refused_changes_nothing(
    packets: list[tuple[str, Any, int]],
) -> None:
    swim = cell(3)
    for kind, body, life in packets:
        before = swim.members, swim.epoch, swim.health
        effects = swim.receive(Pid("c0", life), kind, body, 1.0)

        if any(isinstance(effect, Refused) for effect in effects):
            assert len(effects) == 1 + (0 < life < swim.members[0].pid.incarnation)  # who is over is told so
            assert (swim.members, swim.epoch, swim.health) == before


@pytest.mark.parametrize(
    ("sender", "why"),
    [
        (Pid("me", 1), "no other cell"),
        (Pid("c0", 0), "no other cell"),
        (Pid("", 1), "empty name"),
        (Pid("c" * 256, 1), "255 bytes"),
        (Pid("c3", 1), "later life"),
    ],
)
def test_a_packet_from_whom_it_cannot_be_is_refused(sender: Pid, why: str) -> None:
    swim = cell(3)
    swim.receive(Pid("c3", 2), "swim.gossip", [[]], 0.0)

    effects = swim.receive(sender, "swim.ping", [7, []], 1.0)

    assert [why in refused.why for refused in of(effects, Refused)] == [True]
    assert len(effects) == 1 + (why == "later life")


def test_a_name_that_fits_no_packet_is_refused() -> None:
    with pytest.raises(ValueError, match="255 bytes"):
        Swim(Pid("é" * 128, 1), random.Random(0), 0.0)


def test_more_known_members_than_there_may_be_are_refused() -> None:
    with pytest.raises(ValueError, match="at most max_members, 3; got 4"):
        cell(4, replace(LAN, max_members=3))


class _Weighed(Swim):
    """Keeps the size of the longest body it sent."""

    longest = 0

    def _weigh(self, effects: list[Effect]) -> list[Effect]:
        sizes = [packed_size(effect.body) for effect in effects if isinstance(effect, Send)]
        type(self).longest = max(type(self).longest, *sizes, 0)
        return effects

    def tick(self, now: float) -> list[Effect]:
        return self._weigh(super().tick(now))

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        return self._weigh(super().receive(sender, kind, body, now))


@pytest.mark.parametrize("limit", [1024, 1400])
def test_no_packet_is_longer_than_its_limit_even_with_the_longest_names(limit: int) -> None:
    _Weighed.longest = 0
    arena: Arena[_Weighed] = Arena(16, Network(16, loss=0.2), strict=True)
    config = replace(LAN, packet_bytes=limit, sync_period=5.0)
    everybody = [Pid(f"{number:0255}", 1) for number in range(12)]
    for pid in everybody:
        arena.add(pid.name, lambda pid, rng, now: _Weighed(pid, rng, now, config, known=everybody))
    arena.run(5)
    arena.kill(everybody[0].name)

    arena.run(60)

    assert limit - 600 < _Weighed.longest <= limit


@settings(max_examples=20)
@given(st.integers(0, 1 << 30))
def test_a_table_that_was_corrupted_heals(seed: int) -> None:
    """Every cell starts from lies about every other one; what lives is alive to all in the end, by its own word."""
    chance = random.Random(seed)
    arena = cluster(6, seed)
    for name, swim in arena.cells.items():
        lies = [
            Update(chance.choice([Status.SUSPECT, Status.DEAD, Status.LEFT]), other, 1, chance.randrange(5), "c0")
            for other in names(6)
            if other != name and chance.random() < 0.7
        ]
        swim.receive(Pid("c9", 1), "swim.gossip", gossip(*lies), 0.0)

    arena.run(150)

    for name, swim in arena.cells.items():
        assert {pid.name for pid in swim.alive} == set(names(6)) - {name}


def test_it_shows_who_it_is_and_how_it_is() -> None:
    assert repr(cell(3)) == "Swim(me#1, epoch=0, health=0, live=4)"
