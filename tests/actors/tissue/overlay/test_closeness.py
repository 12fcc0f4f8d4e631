"""Metrics: what each says, and that a hostile one is no harm."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.overlay.closeness import (
    KEY_SPACE,
    Profile,
    key_distance,
    key_of,
    latency,
    measure,
    read_profile,
    same_supervisor,
    siblings_first,
    tag_distance,
    zone_distance,
)
from actors.tissue.overlay.vivaldi import Coordinate

PROFILES = st.builds(
    Profile,
    st.lists(st.sampled_from("abc"), max_size=4).map(tuple),
    st.frozensets(st.sampled_from("xyz")),
    st.none() | st.integers(0, KEY_SPACE - 1),
    st.sampled_from(["", "s", "t"]),
    st.none() | st.builds(Coordinate, st.just((0.1, 0.2)), st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1)),
)


@pytest.mark.parametrize(
    ("mine", "other", "distance"),
    [
        (("eu", "r1"), ("eu", "r1"), 0),
        (("eu", "r1"), ("eu", "r2"), 2),
        (("eu", "r1"), ("us", "r1"), 4),
        (("eu",), ("eu", "r2"), 1),
        ((), ("eu",), math.inf),
    ],
)
def test_zones_are_steps_apart(mine: tuple[str, ...], other: tuple[str, ...], distance: float) -> None:
    assert zone_distance(Profile(zone=mine), Profile(zone=other)) == distance


@pytest.mark.parametrize(
    ("mine", "other", "distance"), [("ab", "ab", 0.0), ("ab", "bc", 2 / 3), ("a", "b", 1.0), ("", "", 1.0)]
)
def test_tags_are_apart_by_one_less_jaccard(mine: str, other: str, distance: float) -> None:
    assert tag_distance(Profile(tags=frozenset(mine)), Profile(tags=frozenset(other))) == pytest.approx(distance)


def test_keys_are_apart_by_the_shorter_way_round_the_ring() -> None:
    assert key_distance(Profile(key=0), Profile(key=KEY_SPACE - KEY_SPACE // 4)) == 0.25
    assert key_distance(Profile(key=0), Profile(key=KEY_SPACE // 2)) == 0.5
    assert key_distance(Profile(), Profile(key=1)) == math.inf


def test_a_key_is_the_same_everywhere_and_in_range() -> None:
    assert key_of("sessions") == key_of("sessions") != key_of("session")
    assert 0 <= key_of("") < KEY_SPACE


def test_siblings_are_at_nothing() -> None:
    first, second, other = Profile(supervisor="s"), Profile(supervisor="s"), Profile(supervisor="t")

    assert same_supervisor(first, second) == 0.0
    assert same_supervisor(first, other) == 1.0
    assert same_supervisor(Profile(), Profile()) == 1.0
    assert siblings_first(latency)(first, second) == 0.0
    assert siblings_first(latency)(first, other) == math.inf


@given(PROFILES, PROFILES)
def test_our_metrics_are_symmetric_and_distances(mine: Profile, other: Profile) -> None:
    for metric in (latency, zone_distance, tag_distance, key_distance, same_supervisor):
        distance, why = measure(metric, mine, other)
        assert why == ""
        assert distance == pytest.approx(metric(other, mine))


@given(PROFILES)
def test_a_profile_travels(profile: Profile) -> None:
    assert read_profile(profile.wire()) == profile


@pytest.mark.parametrize("bad", [math.nan, -1.0, None, "near", True, 1j])
def test_what_is_no_distance_is_infinite_and_said(bad: Any) -> None:
    assert measure(lambda mine, other: bad, Profile(), Profile())[0] == math.inf
    assert measure(lambda mine, other: bad, Profile(), Profile())[1]


def test_a_metric_that_raises_is_infinite_and_said() -> None:
    assert measure(lambda mine, other: 1 / 0, Profile(), Profile()) == (
        math.inf,
        "ZeroDivisionError: division by zero",
    )


@pytest.mark.parametrize("wrong", [{"zone": ("z",) * 9}, {"tags": frozenset(map(str, range(33)))}, {"key": -1}])
def test_a_profile_larger_than_any_is_refused_by_name(wrong: dict[str, Any]) -> None:
    (name,) = wrong

    with pytest.raises(ValueError, match=f"Profile.{name}"):
        Profile(**wrong)
