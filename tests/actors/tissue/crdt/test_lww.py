"""The last write wins, a removal too; and what expires, expires everywhere."""

from __future__ import annotations

import math
from typing import Any

import pytest

from actors.messages import Pid
from actors.tissue.crdt.clocks import MAX_DRIFT
from actors.tissue.crdt.dotted import TooMuch
from actors.tissue.crdt.lww import REMEMBERED, LWWMap

from .kit import A2, A, B, joined


def test_a_map_reads_like_a_mapping() -> None:
    flags = LWWMap(A)
    flags.put("dark", True, 1.0)
    flags.put(("a", 1), [1, 2], 1.0)

    assert flags["dark"] is True
    assert flags.get("light", "no") == "no"
    assert ("dark" in flags, "light" in flags, len(flags)) == (True, False, 2)
    assert (list(flags.keys()), list(flags.values())) == (list(flags), [True, [1, 2]])
    assert dict(flags) == dict(flags.items()) == flags.value == {"dark": True, ("a", 1): [1, 2]}
    with pytest.raises(KeyError):
        flags["light"]


def test_a_value_that_was_read_is_a_copy() -> None:
    flags = LWWMap(A)
    value = [1]
    flags.put("x", value, 1.0)
    value.append(2)
    flags["x"].append(3)

    assert flags["x"] == [1]


def test_the_last_write_wins() -> None:
    here, there = LWWMap(A), LWWMap(B)
    here.put("x", "early", 1.0)
    there.put("x", "late", 2.0)

    assert joined(here, there)["x"] == joined(there, here)["x"] == "late"
    stamp = joined(here, there).stamp("x")
    assert stamp is not None
    assert stamp.owner == B


def test_the_last_removal_wins() -> None:
    here, there = LWWMap(A), LWWMap(B)
    there.merge(here.put("x", 1, 1.0))
    there.remove("x", 2.0)
    here.put("x", 2, 1.5)

    both = joined(here, there)

    assert ("x" in both, len(both), list(both)) == (False, 0, [])
    assert not both.remove("x", 3.0)


def test_a_write_in_knowledge_of_another_wins_though_its_wall_is_behind() -> None:
    ahead, behind = LWWMap(A), LWWMap(B)
    behind.merge(ahead.put("x", "first", 30.0))
    behind.put("x", "second", 1.0)

    assert joined(ahead, behind)["x"] == "second"


def test_an_owner_that_restarts_with_a_lower_clock_wins_again_once_it_has_heard_of_its_predecessor() -> None:
    sibling, predecessor, successor = LWWMap(B), LWWMap(A), LWWMap(A2)
    sibling.merge(predecessor.put("x", "old life", 100.0))

    successor.put("y", "cold", 3.0)
    successor.merge(sibling)
    sibling.merge(successor.put("x", "new life", 4.0))

    assert (sibling["x"], successor["x"]) == ("new life", "new life")


def test_at_one_moment_the_higher_owner_wins() -> None:
    here, there = LWWMap(A), LWWMap(B)
    here.put("x", "a", 1.0)
    there.put("x", "b", 1.0)

    assert joined(here, there)["x"] == "b"


def test_what_is_not_renewed_expires() -> None:
    leases = LWWMap(A)
    leases.put("leader", "a", 1.0, lifetime=30.0)

    assert leases.soonest == 31_000
    assert leases.purge(30.9) == []
    assert leases.purge(31.0) == [(A, 1)]
    assert ("leader" in leases, leases.soonest) == (False, 0)


def test_what_was_renewed_lives_on() -> None:
    leases = LWWMap(A)
    leases.put("leader", "a", 1.0, lifetime=30.0)
    leases.put("leader", "a", 20.0, lifetime=30.0)
    leases.purge(31.0)

    assert leases["leader"] == "a"


def test_what_expired_here_is_dead_in_any_join() -> None:
    here = LWWMap(A)
    here.put("x", 1, 1.0, lifetime=1.0)
    there = joined(here)
    here.purge(2.0)

    assert "x" not in joined(here, there)
    assert "x" not in joined(there, here)


def test_a_tombstone_lives_as_long_as_its_entry_may_live_anywhere() -> None:
    here = LWWMap(A)
    here.put("x", 1, 1.0, lifetime=10.0)
    here.remove("x", 2.0)

    assert here.soonest == 11_000
    here.purge(11.0 + MAX_DRIFT - 0.1)
    assert len(here.entries) == 1
    here.purge(11.0 + MAX_DRIFT)
    assert len(here.entries) == 0


def test_the_tombstone_of_what_is_for_ever_lives_a_day() -> None:
    here = LWWMap(A)
    here.put("x", 1, 1.0)
    here.remove("x", 2.0)
    here.purge(1.9 + REMEMBERED)
    late = LWWMap(B)
    late.put("x", "from before", 1.5)

    assert "x" not in joined(here, late)
    here.purge(2.0 + REMEMBERED)
    assert len(here.entries) == 0


def test_renewals_leave_nothing_behind() -> None:
    leases = LWWMap(A)
    for second in range(2000):
        leases.put("leader", second, float(second), lifetime=3600.0)

    assert (len(leases.entries), len(leases._expiries) < 200) == (1, True)


@pytest.mark.parametrize("lifetime", [0.0, -1.0, math.nan])
def test_a_lifetime_is_above_zero(lifetime: float) -> None:
    with pytest.raises(ValueError, match="lifetime must be above 0"):
        LWWMap(A).put("x", 1, 0.0, lifetime=lifetime)


def test_what_is_no_key_or_not_plain_is_not_put() -> None:
    flags = LWWMap(A)
    wrong: list[tuple[Any, object]] = [(None, 1), (1.5, 1), ("x", object()), ("x", {1, 2})]
    for key, value in wrong:
        with pytest.raises(TypeError):
            flags.put(key, value, 0.0)
    with pytest.raises(TooMuch):
        flags.put("x", "y" * 70_000, 0.0)

    assert flags == LWWMap(A)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        ["x", 1, 0, 0],
        ["x", -1, 0, 0, None],
        ["x", 1 << 53, 0, 0, None],
        ["x", 1, 1 << 16, 0, None],
        ["x", 1, 0, -1, None],
        ["x", 1, 0, 0, "text"],
        ["x", 1, 0, 0, b"\xc1"],
        [None, 1, 0, 0, b"\x01"],
    ],
    ids=repr,
)
def test_what_is_no_entry_is_not_read(raw: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        LWWMap(A).read(Pid("b", 1), raw)
