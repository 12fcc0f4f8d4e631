"""The average of all, with nobody collecting it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing import topology
from actors.tissue.hormones.packets import EPOCHS, read_sums
from actors.tissue.hormones.push_sum import EDGES_LIMIT, PushSum

V = "v"
FOREVER = 1_000_000


class Rounds:
    """Cells in step; ``loses`` says which packets are lost."""

    def __init__(
        self,
        values: dict[str, float],
        seed: int = 0,
        *,
        epoch: int = FOREVER,
        loses: Callable[[random.Random], bool] = lambda rng: False,
        graph: topology.Graph | None = None,
    ) -> None:
        self.values = dict(values)
        self.cells = {name: PushSum({V: value}, epoch) for name, value in values.items()}
        self.graph = graph or {name: [other for other in values if other != name] for name in values}
        self.rng = random.Random(seed)
        self.loses = loses

    def round(self) -> None:
        packets = []
        for name, cell in self.cells.items():
            others = [other for other in self.graph[name] if other in self.cells]
            to = self.rng.choice(others) if others else None
            cell.round({V: self.values[name]}, to)
            if to is not None and not self.loses(self.rng):
                packets.append((to, name, cell.sums(to)))
        for to, name, sums in packets:
            self.cells[to].receive(Pid(name, 1), read_sums([0, 0, 0, sums])[3])

    def run(self, rounds: int) -> None:
        for _ in range(rounds):
            self.round()

    def error(self) -> float:
        mean = sum(self.values[name] for name in self.cells) / len(self.cells)
        return max(abs(estimate(cell) / mean - 1.0) for cell in self.cells.values())

    def rounds_to(self, error: float) -> int:
        for number in range(1, 1000):
            self.round()
            if self.error() <= error:
                return number
        raise AssertionError("never")


def estimate(cell: PushSum) -> float:
    s, w = cell.mass(V)
    return s / w


def values(n: int, seed: int = 0) -> dict[str, float]:
    rng = random.Random(f"{seed}/values")
    return {f"c{number}": rng.random() for number in range(n)}


@pytest.mark.parametrize(("n", "rounds"), [(32, 15), (128, 18)])
def test_all_know_the_average_to_a_hundredth_in_the_published_rounds(n: int, rounds: int) -> None:
    took = sorted(Rounds(values(n, seed), seed).rounds_to(0.01) for seed in range(11))

    assert took[5] == pytest.approx(rounds, abs=2)
    assert took[-1] <= 22


def test_on_a_sparse_overlay_that_loses_a_third_it_comes_by_running_sums_alone() -> None:
    took = []
    for seed in range(5):
        cells = topology.regular(64, 5, seed)
        lossy = Rounds(dict(zip(cells, values(64, seed).values(), strict=True)), seed, graph=cells, loses=third)
        took.append(lossy.rounds_to(0.01))

    assert max(took) <= 100  # published: 68


def third(rng: random.Random) -> bool:
    return rng.random() < 0.3


def test_it_tends_to_the_truth_where_packets_are_lost() -> None:
    group = Rounds(values(8), loses=third)
    group.run(400)

    assert group.error() < 1e-9


@settings(max_examples=50)
@given(st.integers(0, 2**32), st.lists(st.floats(0, 3), min_size=2, max_size=12))
def test_sums_and_weights_are_conserved(seed: int, of: list[float]) -> None:
    group = Rounds({f"c{number}": value for number, value in enumerate(of)}, seed)
    group.run(30)

    masses = [cell.mass(V) for cell in group.cells.values()]
    assert math.fsum(s for s, _ in masses) == pytest.approx(math.fsum(of))
    assert math.fsum(w for _, w in masses) == pytest.approx(len(of))


def test_packets_that_are_late_or_doubled_change_nothing() -> None:
    giver, taker = PushSum({V: 1.0}), PushSum({V: 0.0})
    packets = []
    for _ in range(5):
        giver.round({V: 1.0}, "taker")
        packets.append(read_sums([0, 0, 0, giver.sums("taker")])[3])
    for packet in packets:
        taker.receive(Pid("giver", 1), packet)
    before = taker.mass(V)

    for packet in [*packets, *reversed(packets)]:
        taker.receive(Pid("giver", 1), packet)

    assert taker.mass(V) == before


def test_the_last_packet_alone_says_all() -> None:
    giver, every, last = PushSum({V: 1.0}), PushSum({V: 0.0}), PushSum({V: 0.0})
    for _ in range(5):
        giver.round({V: 1.0}, "taker")
        every.receive(Pid("giver", 1), read_sums([0, 0, 0, giver.sums("taker")])[3])
    last.receive(Pid("giver", 1), read_sums([0, 0, 0, giver.sums("taker")])[3])

    assert last.mass(V) == pytest.approx(every.mass(V))


def test_the_dead_are_forgotten_within_an_epoch_and_a_half() -> None:
    group = Rounds({f"c{number}": 1.0 if number < 10 else 0.2 for number in range(40)}, epoch=40)
    group.run(60)
    for number in range(10):
        del group.cells[f"c{number}"]
    group.run(60)

    assert [cell.average(V) for cell in group.cells.values()] == [pytest.approx(0.2, rel=0.01)] * 30


def test_without_epochs_the_dead_would_never_be_forgotten() -> None:
    group = Rounds({f"c{number}": 1.0 if number < 10 else 0.2 for number in range(40)})
    group.run(60)
    for number in range(10):
        del group.cells[f"c{number}"]
    group.run(200)

    assert group.error() > 0.5


def test_a_change_is_followed_within_rounds() -> None:
    group = Rounds(values(32), epoch=40)
    group.run(50)
    group.values = {name: value + 1.0 for name, value in group.values.items()}
    group.run(15)

    assert group.error() < 0.05


def test_an_average_is_not_told_before_a_quarter_of_an_epoch() -> None:
    cell = PushSum({V: 1.0}, 40)
    told = []
    for _ in range(11):
        told.append(cell.average(V))
        cell.round({V: 1.0}, None)

    assert told == [None] * 10 + [1.0]


def test_who_is_behind_joins_the_epoch_that_it_hears_of() -> None:
    old, young = PushSum({V: 1.0}, 8), PushSum({V: 0.0}, 8)
    for _ in range(100):
        old.round({V: 1.0}, "young")
    young.receive(Pid("old", 1), read_sums([0, 0, 0, old.sums("young")])[3])

    assert young.epoch == old.epoch > 0


def test_epochs_go_round() -> None:
    one, other = PushSum({V: 1.0}, 8), PushSum({V: 1.0}, 8)
    one.receive(Pid("x", 1), [(EPOCHS // 2 - 1, {})])
    one.receive(Pid("x", 1), [(EPOCHS - 2, {})])
    for _ in range(12):
        one.round({V: 1.0}, "other")

    assert one.epoch in (0, 1)
    other.receive(Pid("one", 1), read_sums([0, 0, 0, one.sums("other")])[3])
    assert other.epoch == one.epoch


def test_a_new_life_is_believed_from_the_start_and_the_old_one_no_more() -> None:
    taker = PushSum({V: 0.0})
    taker.receive(Pid("x", 1), [(0, {V: (5.0, 5.0)})])
    taker.receive(Pid("x", 2), [(0, {V: (0.5, 0.5)})])

    assert taker.mass(V) == (5.5, 6.5)
    with pytest.raises(ValueError, match="stale"):
        taker.receive(Pid("x", 1), [(0, {V: (6.0, 6.0)})])


def test_no_crowd_of_strangers_fills_its_memory() -> None:
    taker = PushSum({V: 0.0})
    for number in range(EDGES_LIMIT):
        taker.receive(Pid(f"x{number}", 1), [(0, {V: (0.1, 0.1)})])

    with pytest.raises(ValueError, match="more than"):
        taker.receive(Pid("one too many", 1), [(0, {V: (0.1, 0.1)})])


def test_what_a_cell_has_no_value_of_is_passed_over() -> None:
    taker = PushSum({V: 1.0})
    taker.receive(Pid("x", 1), [(0, {"other": (9.0, 9.0)})])

    assert taker.mass(V) == (1.0, 1.0)
    with pytest.raises(KeyError):
        taker.average("other")
