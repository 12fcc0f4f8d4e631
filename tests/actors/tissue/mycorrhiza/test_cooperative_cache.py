"""One computation for the whole fleet; nothing stale beyond its bound; and no death that anybody waits for in vain."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.testing.network import Network
from actors.tissue.core import Refused
from actors.tissue.mycorrhiza.cache_config import CACHE, CacheConfig
from actors.tissue.mycorrhiza.cooperative_cache import FULL, GET, HOT, PUT, CooperativeCache
from actors.tissue.mycorrhiza.flights import Compute, Failed, Found, Warmed
from actors.tissue.repair.hrw import rank

from .kit import Backend, Fleet, Worker, fleet, found, get, get_everywhere, happened, meet

A, B = Pid("a", 1), Pid("b", 1)


def owner(arena: Fleet, key: str) -> str:
    return rank(key, dict.fromkeys(arena.cells, 1.0))[0]


def test_of_all_who_want_a_key_at_one_time_one_computes_it() -> None:
    backend = Backend()
    arena = fleet(20, backend)
    get_everywhere(arena, "user")
    arena.run(3.0)

    assert backend.calls == {"user": 1}
    assert {(name, value) for name, _, value in found(arena)} == {
        (name, "value of user, call 1") for name in arena.cells
    }


def test_a_cell_asks_once_however_often_it_is_asked() -> None:
    arena = fleet(3, Backend())
    for _ in range(5):
        get_everywhere(arena, "user")

    assert arena.packets[GET] == 2


def test_a_copy_is_kept_near_and_found_without_a_packet() -> None:
    backend = Backend()
    arena = fleet(5, backend)
    get_everywhere(arena, "user")
    arena.run(3.0)
    packets = arena.packets.total()
    get_everywhere(arena, "user")

    assert arena.packets.total() == packets
    assert len(found(arena)) == 10


def test_no_value_is_served_after_its_time() -> None:
    backend = Backend(ttl=4.0, cost=0.0)
    arena = fleet(5, backend, config=replace(CACHE, near_ttl=100.0, beta=0.0))
    get(arena, "c0", "user")
    arena.run(2.5)
    get_everywhere(arena, "user")
    arena.run(6.2)
    get_everywhere(arena, "user")
    arena.run(7.0)

    assert {value for _, _, value in found(arena, since=6.1)} == {"value of user, call 2"}


def test_a_value_that_runs_out_while_it_is_wanted_is_computed_once_and_before_it_runs_out() -> None:
    backend = Backend(cost=0.5, ttl=10.0)
    arena = fleet(20, backend, config=replace(CACHE, near_ttl=0.5))
    for step in range(400):
        arena.run(2.0 + step / 10)
        get_everywhere(arena, "user")
    waited = [when for when, _, _ in happened(arena, Found) if when > 3.0]

    assert 4 <= backend.calls["user"] <= 6
    assert len(waited) >= 0.98 * 20 * 390


def test_a_worker_that_dies_while_it_computes_hands_its_lease_to_another() -> None:
    backend = Backend(cost=1.0)
    arena = fleet(6, backend)
    get_everywhere(arena, "user")
    arena.run(2.2)
    (_, computing, _) = happened(arena, Compute)[0]
    arena.kill(computing)
    for name in arena.cells:
        arena.tell(name, lambda cell, now: cell.obey(cell.cache.died(arena.pid(computing), now), now))
    arena.run(8.0)

    assert len({name for name, _, _ in found(arena)}) == 5
    assert backend.calls["user"] == 2


def test_a_death_that_nobody_noticed_costs_a_lease_and_no_more() -> None:
    backend = Backend(cost=1.0)
    arena = fleet(6, backend)
    key = next(f"k{i}" for i in range(99) if owner(arena, f"k{i}") == "c5")
    get_everywhere(arena, key)
    arena.run(2.2)
    (_, computing, _) = happened(arena, Compute)[0]
    assert computing == "c5"
    get(arena, "c0", "other")
    arena.kill("c5")
    arena.run(30.0)

    assert {name for name, each, _ in found(arena) if each == key} == {"c0", "c1", "c2", "c3", "c4"}


def test_if_the_backend_fails_all_who_wait_hear_of_it_and_why_and_none_of_them_tries_too() -> None:
    backend = Backend()
    arena = fleet(4, backend)
    backend.is_down = True
    get_everywhere(arena, "user")
    arena.run(5.0)

    assert backend.calls["user"] == 1
    assert {(name, event.why) for _, name, event in happened(arena, Failed)} == {(name, "down") for name in arena.cells}
    assert all(cell.cache.due == math.inf for cell in arena.cells.values())


def test_what_is_dropped_is_computed_anew_when_the_near_copies_have_run_out() -> None:
    backend = Backend()
    arena = fleet(6, backend)
    get_everywhere(arena, "user")
    arena.run(3.0)
    arena.tell("c1", lambda cell, now: cell.cache.drop("user", now))
    arena.run(3.0 + CACHE.near_ttl * (1 + CACHE.jitter) + 0.1)
    get_everywhere(arena, "user")
    since = arena.now
    arena.run(since + 1.0)

    assert {value for _, _, value in found(arena, since)} == {"value of user, call 2"}


def test_a_value_whose_computation_began_before_the_drop_is_not_taken() -> None:
    backend = Backend(cost=1.0)
    arena = fleet(4, backend)
    get_everywhere(arena, "user")
    arena.run(2.5)
    arena.tell("c1", lambda cell, now: cell.cache.drop("user", now))
    arena.run(6.0)

    assert {value for _, _, value in found(arena)} == {"value of user, call 2"}


def test_through_a_third_of_all_packets_lost_everybody_finds_everything() -> None:
    backend = Backend()
    arena = fleet(10, backend, network=Network(3, loss=0.3, duplication=0.1))
    for number in range(20):
        get_everywhere(arena, f"k{number}")
    arena.run(60.0)

    assert Counter(name for name, _, _ in found(arena)) == dict.fromkeys(arena.cells, 20)
    assert sum(backend.calls.values()) < 80


def test_without_any_other_cell_it_is_a_cache_like_any() -> None:
    backend = Backend()
    arena = fleet(1, backend)
    for _ in range(3):
        get(arena, "c0", "user")
        arena.run(arena.now + 1.0)

    assert backend.calls == {"user": 1}
    assert len(found(arena)) == 3


def test_nobody_owns_more_than_its_bound() -> None:
    backend = Backend(cost=0.0, ttl=1e6)
    arena = fleet(10, backend)
    for number in range(300):
        get(arena, f"c{number % 10}", f"k{number}")
        arena.run(arena.now + 0.05)
    loads = [cell.cache.owned for cell in arena.cells.values()]
    unbounded = Counter(owner(arena, f"k{number}") for number in range(300))

    assert max(unbounded.values()) > 38
    assert max(loads) <= 38
    assert sum(loads) == 300
    assert arena.packets[FULL] > 0


@pytest.mark.parametrize(("cells", "keys", "most"), [(5, 200, 50), (20, 1000, 63), (3, 300, 125)])
def test_the_bound_holds_although_what_cells_know_of_each_other_is_old(cells: int, keys: int, most: int) -> None:
    for seed in range(3):
        arena = fleet(cells, Backend(cost=0.0, ttl=1e6), seed)
        for number in range(keys):
            get(arena, f"c{arena.rng.randrange(cells)}", f"{seed}/{number}")
            arena.run(arena.now + 0.05)

        assert max(cell.cache.owned for cell in arena.cells.values()) <= most
        assert sum(cell.cache.owned for cell in arena.cells.values()) == keys


def test_a_newborn_takes_the_hottest_of_two_neighbours_before_it_says_it_is_warm() -> None:
    backend = Backend(cost=0.0)
    arena = fleet(5, backend, config=replace(CACHE, near_ttl=50.0))
    for number in range(200):
        get(arena, f"c{number % 5}", f"k{number}")
        arena.run(arena.now + 0.01)
    for _ in range(20):
        get_everywhere(arena, "k7")
        arena.run(arena.now + 0.01)
    arena.add("young", lambda pid, rng, now: Worker(pid, rng, now, CACHE, backend))
    meet(arena)
    arena.run(arena.now + 0.1)
    calls, since = sum(backend.calls.values()), arena.now
    get(arena, "young", "k7")

    assert next(event.entries for _, name, event in happened(arena, Warmed) if name == "young") >= 2
    assert [key for name, key, _ in found(arena, since) if name == "young"] == ["k7"]
    assert sum(backend.calls.values()) == calls


def test_a_newborn_whose_neighbours_are_silent_takes_traffic_all_the_same() -> None:
    cache = CooperativeCache(A, random.Random(0), 0.0)
    cache.neighbours(["b"], 0.0)

    assert cache.due == CACHE.warm_timeout
    assert cache.tick(CACHE.warm_timeout) == [Warmed(0)]


def test_who_asked_a_cell_that_is_silent_computes_the_value_itself() -> None:
    arena = fleet(2, Backend())
    key = next(f"k{i}" for i in range(99) if owner(arena, f"k{i}") == "c1")
    arena.kill("c1")
    get(arena, "c0", key)
    arena.run(2.0 + CACHE.tries * CACHE.patience + 0.2)

    assert [key for _, key, _ in found(arena)] == [key]


def test_a_cell_at_rest_is_never_due() -> None:
    arena = fleet(4, Backend())
    get_everywhere(arena, "user")
    arena.run(5.0)

    assert {cell.due for cell in arena.cells.values()} == {math.inf}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (GET, None),
        (GET, ["", 0]),
        (GET, ["k", -1]),
        (GET, ["k" * 256, 0]),
        (FULL, ["k"]),
        (PUT, ["k", 1, b"\xc1", 1, 1]),
        (PUT, ["k", 1, "text", 1, 1]),
        (PUT, ["k", 1, b"\xc4" * 70_000, 1, 1]),
        ("cache.value", ["k", 0, 0, b"\xc1", 1]),
        ("cache.value", ["k", 0, 0, b"\x01", 1.5]),
        ("cache.lease", ["k", 0]),
        ("cache.drop", "k"),
        ("cache.steal", []),
    ],
)
def test_a_packet_that_makes_no_sense_is_refused(kind: str, body: object) -> None:
    cache = CooperativeCache(A, random.Random(0), 0.0)

    assert [type(effect) for effect in cache.receive(B, kind, body, 0.0)] == [Refused]


@given(
    st.sampled_from([GET, FULL, PUT, HOT, "cache.value", "cache.lease", "cache.wait", "cache.fail", "cache.drop"]),
    st.lists(st.one_of(st.integers(), st.text(max_size=3), st.binary(max_size=3), st.none()), max_size=5),
)
def test_no_packet_is_an_exception(kind: str, body: list[object]) -> None:
    cache = CooperativeCache(A, random.Random(0), 0.0)
    cache.neighbours(["b"], 0.0)
    cache.get("k", 0.0)
    cache.receive(B, kind, body, 0.1)
    cache.tick(1.0)


def test_a_value_that_nobody_was_told_to_compute_is_not_taken() -> None:
    cache = CooperativeCache(A, random.Random(0), 0.0)

    assert cache.computed("k", 7, "x", 0.0) == []
    assert cache.failed("k", 7, 0.0) == []


@pytest.mark.parametrize(("value", "ttl"), [(b"x" * 65_001, 1.0), ("x", 0.0), ("x", math.inf)])
def test_a_value_that_is_too_long_or_lives_for_no_time_is_refused(value: object, ttl: float) -> None:
    cache = CooperativeCache(A, random.Random(0), 0.0)
    (compute,) = cache.get("k", 0.0)
    assert isinstance(compute, Compute)

    with pytest.raises(ValueError, match="a value of"):
        cache.computed("k", compute.token, value, 0.0, ttl=ttl)


@pytest.mark.parametrize(
    ("field", "value"),
    [("ttl", 0.0), ("near_ttl", math.inf), ("jitter", 1.0), ("beta", -1.0), ("load_factor", 0.9), ("tries", 0)],
)
def test_a_config_that_makes_no_sense_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"CacheConfig.{field}"):
        CacheConfig(**{field: value})  # type: ignore[arg-type]
