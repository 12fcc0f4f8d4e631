"""One cell's hormones, alone and among others."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from actors.messages import Pid
from actors.testing import topology
from actors.testing.arena import Arena
from actors.testing.network import Network, uniform
from actors.tissue.core import Effect, Refused
from actors.tissue.hormones.config import HormonesConfig
from actors.tissue.hormones.hormones import STRESS, Hormones
from actors.tissue.hormones.packets import LOCAL, OWN, SUMS
from actors.tissue.hormones.receptor import Receptor, Released, Triggered
from actors.tissue.hormones.secretion import Hormone

from .kit import PERIOD, averages, cell, group, happened, known, meet, of, sent, tissue

INFLAMMATION = Hormone("inflammation", systemic=False)
LASTING = Hormone("load", half_life=1e9, ceiling=10.0)
X = Pid("x", 1)

# -- alone -------------------------------------------------------------------------------------------------------------


def test_a_cell_by_itself_is_never_due_until_it_secretes() -> None:
    one = cell()
    assert one.due == math.inf

    one.secrete("stress", 1.0, 0.0)

    assert one.due < PERIOD


def test_a_pulse_decays_to_under_five_percent_in_4_4_half_lives() -> None:
    one = cell()
    one.secrete("stress", 1.0, 0.0)

    assert one.sense("stress", 4.4 * 3.0) < 0.05


def test_a_cell_by_itself_is_its_own_group() -> None:
    one = cell()
    one.secrete("stress", 1.0, 0.0)

    assert one.systemic("stress", 3.0) == pytest.approx(0.5)


def test_a_sensor_that_is_silent_is_taken_to_be_dead() -> None:
    one = cell()
    one.sustain("stress", 0.75, 0.0)

    assert one.own("stress", 9.0) is not None
    assert one.own("stress", 9.1) is None
    assert one.sense("stress", 9.0 + 30.0) < 0.001


def test_a_cell_that_has_never_measured_says_nothing_of_itself() -> None:
    assert cell().own("stress", 0.0) is None


def test_receptors_report_when_they_are_triggered_and_released() -> None:
    receptor = Receptor("stress", above=0.9, below=0.6, refractory=5.0)
    one = cell(receptors=[receptor])

    assert one.secrete("stress", 0.5, 0.0) == []
    assert one.secrete("stress", 0.5, 0.0) == [Triggered(receptor, 1.0)]
    assert one.is_on(receptor)
    now, released = 0.0, []
    while one.due < math.inf:
        now = max(now, one.due)
        released += [(now, event) for event in of(one.tick(now), Released)]
    ((when, event),) = released
    assert event.receptor == receptor
    assert when == pytest.approx(3.0 * math.log2(1 / 0.6), abs=PERIOD)
    assert now < 60.0  # and then there is nothing more to do


def test_a_hormone_that_only_a_receptor_names_has_the_defaults() -> None:
    one = cell(receptors=[Receptor("fever")])

    assert one.sense("fever", 0.0) == 0.0


@pytest.mark.parametrize("verb", ["sense", "own", "systemic", "sample"])
def test_a_hormone_that_was_not_declared_is_an_error(verb: str) -> None:
    with pytest.raises(KeyError):
        getattr(cell(), verb)("?", 0.0)


def test_the_average_of_a_local_hormone_is_an_error() -> None:
    with pytest.raises(KeyError):
        cell(hormones=[INFLAMMATION]).systemic("inflammation", 0.0)


@pytest.mark.parametrize("amount", [-1.0, math.inf, math.nan])
def test_an_amount_that_cannot_be_is_an_error(amount: float) -> None:
    with pytest.raises(ValueError, match="amount"):
        cell().secrete("stress", amount, 0.0)
    with pytest.raises(ValueError, match="level"):
        cell().sustain("stress", amount, 0.0)


def test_two_hormones_of_one_name_are_an_error() -> None:
    with pytest.raises(ValueError, match="'stress'"):
        cell(hormones=[STRESS, STRESS])


def test_a_receptor_for_the_average_of_a_local_hormone_is_an_error() -> None:
    with pytest.raises(ValueError, match="'inflammation'"):
        cell(hormones=[INFLAMMATION], receptors=[Receptor("inflammation", systemic=True)])


def test_more_hormones_than_a_packet_can_speak_of_are_an_error() -> None:
    with pytest.raises(ValueError, match="64"):
        cell(hormones=[Hormone(str(number)) for number in range(65)])


def test_rounds_that_were_missed_are_not_made_up_for() -> None:
    one = cell()
    one.meet(["x"], 0.0)
    one.sustain("stress", 1.0, 0.0)
    one.sustain("stress", 1.0, 100.0)
    one.tick(100.0)

    assert 100.0 < one.due <= 100.0 + PERIOD


# -- near --------------------------------------------------------------------------------------------------------------


def test_a_local_hormone_is_felt_nearby_and_the_less_the_further() -> None:
    arena = tissue(topology.line(9), INFLAMMATION)
    for step in range(100):
        arena.tell("c0", lambda core, now: core.sustain("inflammation", 1.0, now))
        arena.run(step * PERIOD)

    levels = [core.sense("inflammation", arena.now) for core in arena.cells.values()]

    assert levels == sorted(levels, reverse=True)
    assert 0.05 < levels[3] < levels[0] <= 1.0


def test_it_fades_everywhere_when_there_is_no_more_reason_and_then_nobody_speaks() -> None:
    arena = tissue(topology.grid(6, 6), INFLAMMATION, Network(1, loss=0.3))
    arena.tell("c14", lambda core, now: core.secrete("inflammation", 3.0, now))
    arena.run(4.4 * INFLAMMATION.half_life)
    assert all(core.sense("inflammation", arena.now) < 0.05 * 3.0 for core in arena.cells.values())

    arena.run(60.0)
    before = arena.packets.total()
    arena.run(120.0)

    assert arena.packets.total() == before
    assert all(core.due == math.inf for core in arena.cells.values())


def test_spreading_amplifies_nothing_whatever_is_lost_or_doubled() -> None:
    network = Network(2, loss=0.3, duplication=0.3, delay=uniform(0.0, 0.5))
    arena = tissue(topology.small_world(40, 4, 0.2), LASTING, network)
    arena.tell("c0", lambda core, now: core.secrete("load", 1.0, now))
    for step in range(1, 50):
        arena.run(step * PERIOD)
        assert max(core.sense("load", arena.now) for core in arena.cells.values()) <= 1.0 + 1e-9


def test_a_hormone_without_kappa_stays_in_place() -> None:
    arena = tissue(topology.line(3), Hormone("x", kappa=0.0, systemic=False))
    arena.tell("c0", lambda core, now: core.secrete("x", 1.0, now))
    arena.run(5.0)

    assert arena.packets.total() == 0


def test_what_a_stranger_says_of_its_level_is_not_felt() -> None:
    one = cell(hormones=[INFLAMMATION])
    one.neighbours(["y"], 0.0)
    one.receive(X, LOCAL, [1, {"inflammation": 3.0}], 0.0)
    one.tick(PERIOD)

    assert one.sense("inflammation", PERIOD) == 0.0


def test_a_neighbour_that_shouts_is_no_louder_than_the_ceiling() -> None:
    one = cell(hormones=[LASTING])
    one.neighbours(["x"], 0.0)
    one.receive(X, LOCAL, [1, {"load": 1e300}], 0.0)
    one.tick(PERIOD)

    assert one.sense("load", PERIOD) == pytest.approx(10.0 / 2)


def test_what_does_not_spread_is_felt_here_and_told_to_siblings_but_not_to_neighbours() -> None:
    one = cell(hormones=[LASTING])
    one.neighbours(["x"], 0.0)
    one.meet(["y"], 0.0)
    one.sustain("load", 2.0, 0.0, spreads=False)
    effects = one.tick(1e9)

    assert one.sense("load", 1e9) == pytest.approx(1.0)
    assert one.own("load", 1e9) == pytest.approx(1.0)
    assert sent(effects, LOCAL) == []
    assert {send.to for send in sent(effects, SUMS)} == {"y"}


def test_what_spreads_again_is_told_to_neighbours_again() -> None:
    one = cell(hormones=[LASTING])
    one.neighbours(["x"], 0.0)
    one.sustain("load", 2.0, 0.0, spreads=False)
    one.sustain("load", 2.0, 0.0)

    assert {send.to for send in sent(one.tick(1e9), LOCAL)} == {"x"}


def test_the_dead_are_neither_told_nor_felt() -> None:
    one = cell(hormones=[LASTING])
    one.neighbours(["x", "y"], 0.0)
    one.meet(["x", "y"], 0.0)
    one.receive(X, LOCAL, [1, {"load": 1.0}], 0.0)
    one.died(X, 0.0)
    one.secrete("load", 1.0, 0.0)

    effects = one.tick(PERIOD) + one.tick(2 * PERIOD)

    assert {send.to for send in sent(effects, LOCAL) + sent(effects, SUMS)} == {"y"}
    assert one.sense("load", 2 * PERIOD) == pytest.approx(1.0)


def test_the_death_of_an_earlier_life_is_no_news() -> None:
    one = cell(hormones=[LASTING])
    one.neighbours(["x"], 0.0)
    one.receive(Pid("x", 2), LOCAL, [1, {"load": 1.0}], 0.0)
    one.died(Pid("x", 1), 0.0)

    assert {send.to for send in sent(one.tick(PERIOD), LOCAL)} == {"x"}


# -- the average -------------------------------------------------------------------------------------------------------


def test_all_know_the_average_of_what_they_secrete_where_packets_are_lost() -> None:
    arena = group(32, network=Network(0, loss=0.3), hormones=[LASTING])
    rng = random.Random(0)
    values = {name: rng.random() for name in arena.cells}
    for name, value in values.items():
        arena.tell(name, lambda core, now, value=value: core.secrete("load", value, now))  # type: ignore[misc]
    arena.run(8.0)

    assert known(arena, "load") == [pytest.approx(sum(values.values()) / 32, rel=0.02)] * 32
    assert not happened(arena, Refused)


def test_the_average_is_of_all_though_only_one_has_something_to_say() -> None:
    arena = group(32, hormones=[LASTING])
    arena.tell("c0", lambda core, now: core.secrete("load", 8.0, now))
    arena.run(8.0)

    assert known(arena, "load") == [pytest.approx(0.25, rel=0.02)] * 32


def test_the_average_is_not_known_at_first() -> None:
    arena = group(8)
    assert averages(arena) == [None] * 8

    for name in arena.cells:
        arena.tell(name, lambda core, now: core.sustain("stress", 1.0, now))
    arena.run(1.0)

    assert averages(arena) == [None] * 8


def test_a_group_in_which_nothing_is_secreted_sends_nothing() -> None:
    arena = group(8)
    arena.run(60.0)

    assert arena.packets.total() == 0
    assert known(arena) == [0.0] * 8


def test_when_all_is_quiet_again_nobody_speaks() -> None:
    arena = group(16, network=Network(3, loss=0.3))
    arena.tell("c3", lambda core, now: core.secrete("stress", 3.0, now))
    arena.run(5.0)
    assert all(core.due < math.inf for core in arena.cells.values())

    arena.run(60.0)
    before = arena.packets.total()
    arena.run(600.0)

    assert arena.packets.total() == before
    assert known(arena) == [pytest.approx(0.0, abs=1e-3)] * 16


def test_halves_that_cannot_hear_each_other_know_each_their_own_average() -> None:
    arena = group(32, hormones=[LASTING])
    for number, name in enumerate(arena.cells):
        arena.tell(name, lambda core, now, own=float(number % 2): core.secrete("load", own, now))  # type: ignore[misc]
    arena.run(8.0)
    sides = [[f"c{number}" for number in range(which, 32, 2)] for which in (0, 1)]
    arena.network.partition(*sides)
    for side in sides:
        for name in side:
            arena.tell(name, lambda core, now, side=side: core.meet(side, now))  # type: ignore[misc]
    arena.run(24.0)
    for which, side in enumerate(sides):
        found = [arena.cells[name].systemic("load", arena.now) for name in side]
        assert found == [pytest.approx(float(which), abs=0.02)] * 16

    arena.network.heal()
    meet(arena)
    arena.run(40.0)

    assert known(arena, "load") == [pytest.approx(0.5, rel=0.02)] * 32


def test_a_group_whose_memory_is_lost_knows_its_average_again() -> None:
    arena = group(16, hormones=[LASTING])
    for turn in range(2):
        for name in list(arena.cells):
            if turn:
                arena.kill(name)
                arena.revive(name)
        meet(arena)
        for name in arena.cells:
            arena.tell(name, lambda core, now: core.secrete("load", 2.0, now))
        arena.run(arena.now + 8.0)

        assert known(arena, "load") == [pytest.approx(2.0, rel=0.01)] * 16


def test_a_receptor_for_the_average_is_triggered_at_all() -> None:
    receptor = Receptor("load", above=0.9, below=0.6, systemic=True)
    arena = group(16, hormones=[LASTING], receptors=[receptor])
    for number in range(8):
        arena.tell(f"c{number}", lambda core, now: core.secrete("load", 2.0, now))
    arena.run(8.0)

    assert {name for _, name, _ in happened(arena, Triggered)} == set(arena.cells)


def test_a_cell_sends_as_much_in_a_large_group_as_in_a_small_one() -> None:
    costs = []
    for n in (16, 64, 256):
        arena = group(n, hormones=[LASTING])
        for name in arena.cells:
            arena.tell(name, lambda core, now: core.secrete("load", 1.0, now))
        arena.run(3.0)
        before = arena.packets.total()
        arena.run(7.0)
        costs.append((arena.packets.total() - before) / n / (4.0 / PERIOD))

    assert costs == [pytest.approx(2.0, rel=0.15)] * 3


def packets_in_a_minute(
    arena: Arena[Hormones], say: Callable[[Hormones, float], list[Effect]], since: float = 20.0
) -> int:
    """How many are sent where each cell says something twice a second, once all have had the time to get to rest."""
    before = 0
    for step in range(int(2 * (since + 60.0))):
        if step == int(2 * since):
            before = arena.packets.total()
        for name in arena.cells:
            arena.tell(name, say)
        arena.run((step + 1) * 0.5)
    return arena.packets.total() - before


def test_a_group_whose_levels_do_not_change_speaks_a_quarter_as_often() -> None:
    costs = []
    for config in (HormonesConfig(), HormonesConfig(rest=1)):
        arena = group(16, config=config)
        costs.append(packets_in_a_minute(arena, lambda core, now: core.sustain("stress", 0.5, now)))
        assert known(arena) == [pytest.approx(0.5, rel=1e-6)] * 16
        assert {len(core.sample("stress", arena.now)) for core in arena.cells.values()} == {9}

    resting, restless = costs
    assert resting < 0.3 * restless


def test_noise_keeps_no_group_from_resting() -> None:
    rng = random.Random(0)
    arena = group(16)
    noisy = packets_in_a_minute(arena, lambda core, now: core.sustain("stress", rng.gauss(0.7, 0.15), now))

    assert noisy < 0.35 * 2 * 16 * 60.0 / PERIOD


def test_a_group_at_rest_wakes_within_a_second_when_one_level_rises() -> None:
    arena = group(16)
    packets_in_a_minute(arena, lambda core, now: core.sustain("stress", 0.5, now))
    before = arena.packets.total()
    arena.tell("c3", lambda core, now: core.secrete("stress", 1.0, now))
    arena.run(arena.now + 1.0)
    woken = arena.packets.total()
    arena.run(arena.now + 2.0)

    assert woken - before > 2 * 16
    assert arena.packets.total() - woken >= 0.85 * 2 * 16 * 2.0 / PERIOD
    assert all(average > 0.5 for average in known(arena))


def test_a_death_wakes_a_group_at_rest_so_that_its_average_forgets_the_dead_in_time() -> None:
    arena = group(16)

    def say(core: Hormones, now: float) -> list[Effect]:
        return core.sustain("stress", 2.0 if core.pid.name == "c15" else 0.5, now)

    packets_in_a_minute(arena, say)
    arena.kill("c15")
    for name in arena.cells:
        arena.tell(name, lambda core, now: core.died(Pid("c15", 1), now))
    since = arena.now
    for step in range(24):
        for name in arena.cells:
            arena.tell(name, say)
        arena.run(since + step * 0.5)

    assert known(arena) == [pytest.approx(0.5, rel=0.02)] * 15


def test_who_has_a_receptor_does_not_rest() -> None:
    arena = group(4, receptors=[Receptor("stress")])
    sent = packets_in_a_minute(arena, lambda core, now: core.sustain("stress", 0.5, now))

    assert sent == pytest.approx(2 * 4 * 60.0 / PERIOD, rel=0.05)


# -- siblings ----------------------------------------------------------------------------------------------------------


def test_nine_siblings_at_random_say_what_they_secrete() -> None:
    arena = group(20, hormones=[LASTING])
    for number, name in enumerate(arena.cells):
        arena.tell(name, lambda core, now, own=float(number % 10): core.secrete("load", own, now))  # type: ignore[misc]
    arena.run(4.0)

    said = [arena.cells[name].sample("load", arena.now) for name in arena.cells]

    assert {len(one) for one in said} == {9}
    assert sum(map(sum, said)) / 180 == pytest.approx(4.5, abs=0.6)


def test_an_answer_that_was_not_asked_for_is_not_heard() -> None:
    one = cell()
    one.meet(["x", "y"], 0.0)
    one.sustain("stress", 1.0, 0.0)
    asked = sent(one.tick(PERIOD), SUMS)

    for send in asked:
        one.receive(Pid(send.to, 1), OWN, [send.body[0] + 1, {"stress": 3.0}], PERIOD)
    one.receive(Pid("stranger", 1), OWN, [asked[0].body[0], {"stress": 3.0}], PERIOD)
    assert one.sample("stress", PERIOD) == []

    for send in asked:
        one.receive(Pid(send.to, 1), OWN, [send.body[0], {"stress": 2.0}], PERIOD)
    assert one.sample("stress", PERIOD) == [2.0] * len(asked)


def test_siblings_are_not_told_of_pressure_that_is_over_though_the_level_remembers_it() -> None:
    one = cell()
    one.meet(["x"], 0.0)
    one.sustain("stress", 3.0, 0.0)
    one.sustain("stress", 0.3, 6.0)
    one.secrete("stress", 0.5, 6.0)

    (answer,) = sent(one.receive(X, SUMS, [1, 0, 0, [[0, {}]]], 6.0), OWN)

    assert one.own("stress", 6.0) == pytest.approx(2.25 + 0.5)
    assert answer.body == [1, {"stress": pytest.approx(0.3 + 0.5)}]  # a pulse is told: it decays by itself


def test_a_sibling_whose_sensor_is_dead_is_not_counted() -> None:
    arena = group(5)
    for number in range(4):
        arena.tell(f"c{number}", lambda core, now: core.sustain("stress", 1.0, now))
    arena.run(4.0)

    assert len(arena.cells["c0"].sample("stress", arena.now)) == 3


def test_a_newborn_has_heard_enough_for_a_quorum_within_a_second() -> None:
    arena = group(30, hormones=[LASTING])
    for name in arena.cells:
        arena.tell(name, lambda core, now: core.secrete("load", 1.0, now))
    arena.run(8.0)
    arena.add("new", lambda pid, rng, now: Hormones(pid, rng, now, hormones=[LASTING]))
    meet(arena)
    arena.tell("new", lambda core, now: core.secrete("load", 1.0, now))
    arena.run(9.0)

    assert len(arena.cells["new"].sample("load", arena.now)) == 9


def test_the_dead_are_not_sampled() -> None:
    arena = group(3, hormones=[LASTING])
    for name in arena.cells:
        arena.tell(name, lambda core, now: core.secrete("load", 1.0, now))
    arena.run(3.0)
    arena.kill("c2")
    for name in arena.cells:
        arena.tell(name, lambda core, now: core.died(Pid("c2", 1), now))

    assert len(arena.cells["c0"].sample("load", arena.now)) == 1


def test_of_too_many_peers_the_first_are_taken() -> None:
    one = cell(config=HormonesConfig(max_near=2, max_siblings=1), hormones=[LASTING])
    one.neighbours(["a", "me", "b", "c"], 0.0)
    one.meet(["me", "d", "e"], 0.0)
    one.secrete("load", 1.0, 0.0)
    effects = [effect for turn in range(1, 5) for effect in one.tick(turn * PERIOD)]

    assert {send.to for send in sent(effects, LOCAL)} == {"a", "b"}
    assert {send.to for send in sent(effects, SUMS)} == {"d"}
