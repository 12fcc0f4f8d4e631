"""Choosing among equal replicas: evenly when all is well, hardly ever the sick one, and again when it is well."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tissue.trails.replicas import FAILED_SHARE, Call, Replicas, ReplicasConfig


def make(names: str = "abc", seed: int = 1, config: ReplicasConfig | None = None) -> Replicas:
    return Replicas(names, random.Random(seed), 0.0, config)


def begin_at(replicas: Replicas, name: str, now: float = 0.0) -> Call:
    return replicas.begin(now, [other for other in replicas.names if other != name])


def answer(replicas: Replicas, name: str, took: float, now: float) -> None:
    replicas.end(begin_at(replicas, name, now - took), now)


# -- the trail ---------------------------------------------------------------------------------------------------------


def test_the_first_answer_is_taken_and_later_ones_are_averaged_in() -> None:
    replicas = make("a")

    answer(replicas, "a", 0.1, 0.0)
    first = replicas.tau("a", 0.0)
    answer(replicas, "a", 0.05, 0.0)

    assert first == pytest.approx(10.0)
    assert replicas.tau("a", 0.0) == pytest.approx(0.7 * 10 + 0.3 * 20)


def test_one_that_is_slow_because_it_has_much_to_do_keeps_its_trail() -> None:
    """Ten at once, each answered after what ten take: that is the speed of one alone."""
    replicas = make("a")
    calls = [replicas.begin(0.0) for _ in range(10)]

    for number, call in enumerate(calls, 1):
        replicas.end(call, 0.1 * number)

    assert [call.inflight for call in calls] == list(range(1, 11))
    assert replicas.tau("a", 1.0) == pytest.approx(10.0)


def test_what_is_compared_is_the_time_that_one_more_would_take() -> None:
    replicas = make("a")
    answer(replicas, "a", 0.1, 0.0)

    idle = replicas.score("a", 0.0)
    replicas.begin(0.0)

    assert idle == pytest.approx(0.1)
    assert replicas.score("a", 0.0) == pytest.approx(0.2)


def test_an_answer_that_has_not_come_yet_counts_against_it_already() -> None:
    replicas = make("a")
    answer(replicas, "a", 0.1, 0.0)
    replicas.begin(0.0)

    assert replicas.score("a", 5.0) == pytest.approx(2 / (1 / 5.0))


def test_a_failure_leaves_a_hundredth_of_the_median() -> None:
    replicas = make("abc")
    for name in "abc":
        answer(replicas, name, 0.1, 0.0)

    replicas.end(begin_at(replicas, "a"), 0.0, failed=True)

    assert replicas.tau("a", 0.0) == pytest.approx(FAILED_SHARE * 10)


def test_what_is_not_observed_returns_to_the_median_by_half_in_a_half_life() -> None:
    replicas = make("abc")
    for name, took in (("a", 1.0), ("b", 0.1), ("c", 0.1)):
        answer(replicas, name, took, 0.0)

    taus = [replicas.tau("a", age) for age in (0.0, 30.0, 90.0)]

    assert taus == pytest.approx([1.0, 10 - 9 / 2, 10 - 9 / 8])
    assert replicas.tau("a", 100.0) == replicas.tau("b", 100.0)


def test_a_clock_that_stands_still_or_goes_back_is_borne() -> None:
    replicas = make("a")

    replicas.end(replicas.begin(1.0), 1.0)
    replicas.end(replicas.begin(1.0), 0.5)

    assert 0 < replicas.score("a", 0.0) < 1


# -- the choice --------------------------------------------------------------------------------------------------------


def test_when_nothing_is_known_each_gets_about_the_same() -> None:
    replicas = make("abcdefghij")

    chosen = Counter(replicas.begin(0.0).replica for _ in range(1000))

    assert max(chosen.values()) - min(chosen.values()) <= 6


def test_one_that_is_ten_times_slower_gets_next_to_nothing_and_its_part_again_when_it_is_well() -> None:
    replicas, now = make("abcde"), 0.0
    shares = []
    for took in (0.1, 1.0, 0.1):
        chosen: Counter[str] = Counter()
        for _ in range(4000):
            call = replicas.begin(now)
            replicas.end(call, now + (took if call.replica == "a" else 0.1))
            chosen[call.replica] += 1
            now += 0.05
        shares.append(chosen["a"] / 4000)

    assert shares[0] == pytest.approx(0.2, abs=0.1)
    assert shares[1] < 0.02
    assert shares[2] > 0.05


def test_the_one_that_is_there_is_taken_and_none_is_an_error() -> None:
    replicas = make("a")

    assert replicas.begin(0.0).replica == "a"
    replicas.remove("a")
    with pytest.raises(LookupError, match="there is no replica"):
        replicas.begin(0.0)


def test_those_to_be_avoided_are() -> None:
    replicas = make("abc")

    assert {replicas.begin(0.0, {"a"}).replica for _ in range(50)} == {"b", "c"}
    assert replicas.begin(0.0, ["a", "b"]).replica == "c"
    with pytest.raises(LookupError, match="no replica but those to be avoided"):
        replicas.begin(0.0, "abc")


# -- coming and going --------------------------------------------------------------------------------------------------


def test_a_newcomer_begins_at_the_median_with_a_tenth_of_its_share_and_has_all_of_it_after_ten_seconds() -> None:
    replicas = make("abc")
    for name, took in (("a", 1.0), ("b", 0.1), ("c", 0.05)):
        answer(replicas, name, took, 0.0)

    replicas.add("d", 0.0)

    assert replicas.tau("d", 0.0) == pytest.approx(10.0)
    assert [1 / replicas.score("d", age) for age in (0.0, 5.0, 10.0)] == pytest.approx([1.0, 5.5, 10.0])


def test_a_replacement_is_neither_starved_nor_trusted_with_what_its_predecessor_had() -> None:
    replicas = make("ab")
    answer(replicas, "a", 0.001, 0.0)
    answer(replicas, "b", 0.1, 0.0)
    before = begin_at(replicas, "a")

    replicas.add("a", 0.0)
    replicas.end(before, 50.0)

    assert replicas.tau("a", 0.0) == pytest.approx(10.0)
    assert replicas.inflight("a") == 0


def test_an_answer_from_one_that_is_gone_and_a_second_answer_change_nothing() -> None:
    replicas = make("ab")
    gone, twice = begin_at(replicas, "a"), begin_at(replicas, "b")
    replicas.remove("a")

    replicas.end(gone, 1.0)
    replicas.end(twice, 1.0)
    tau = replicas.tau("b", 1.0)
    replicas.end(twice, 9.0)

    assert replicas.tau("b", 1.0) == tau
    assert len(replicas) == 1


def test_replicas_and_open_requests_are_bounded() -> None:
    config = ReplicasConfig(max_replicas=2, max_calls=3)
    with pytest.raises(ValueError, match="names must be at most 2; got 3"):
        make("abc", config=config)
    replicas = make("ab", config=config)
    with pytest.raises(ValueError, match="at most 2"):
        replicas.add("c", 0.0)
    for _ in range(100):
        replicas.begin(0.0)

    assert [replicas.inflight(name) for name in "ab"] == [3, 3]
    assert repr(replicas) == "Replicas(a: 3, b: 3)"


STEPS = st.lists(
    st.tuples(st.sampled_from(["begin", "end", "fail", "add", "remove"]), st.integers(0, 1 << 20), st.floats(0, 60)),
    max_size=80,
)


@settings(max_examples=150)
@given(STEPS)
def test_whatever_happens_what_is_under_way_is_counted_and_scores_are_above_nothing(
    steps: list[tuple[str, int, float]],
) -> None:
    replicas, now = make("ab"), 0.0
    under_way: list[Call] = []
    for act, choice, passed in steps:
        now += passed
        name = "abcd"[choice % 4]
        if act == "begin" and len(replicas):
            under_way.append(replicas.begin(now))
        elif act in ("end", "fail") and under_way:
            replicas.end(under_way.pop(choice % len(under_way)), now, failed=act == "fail")
        elif act == "add":
            replicas.add(name, now)
            under_way = [call for call in under_way if call.replica != name]
        elif act == "remove":
            replicas.remove(name)
            under_way = [call for call in under_way if call.replica != name]

    counted = Counter(call.replica for call in under_way)
    for name in replicas.names:
        assert replicas.inflight(name) == counted[name]
        assert replicas.score(name, now) > 0


def test_what_is_seen_to_be_under_way_counts_whoever_sent_it() -> None:
    loads = {"a": 5, "b": 1}
    replicas = Replicas("ab", random.Random(0), 0.0, load=loads.__getitem__)

    assert {replicas.choose(0.0) for _ in range(20)} == {"b"}
    assert replicas.begin(0.0, to="a").inflight == 6
    assert replicas.inflight("a") == 5


def test_an_answer_that_nobody_waits_for_any_more_counts_only_if_it_is_late() -> None:
    replicas = make("ab")
    replicas.end(begin_at(replicas, "a"), 0.1)
    known = replicas.tau("a", 0.1)
    early, late = replicas.begin(0.1, to="a"), replicas.begin(0.1, to="a")
    replicas.give_up(early, 0.101)
    assert replicas.tau("a", 0.1) == known
    replicas.give_up(late, 10.0)
    replicas.give_up(late, 10.0)

    assert replicas.tau("a", 10.0) < 0.8 * known
    assert replicas.inflight("a") == 0


def test_a_request_that_is_dropped_says_nothing() -> None:
    replicas = make("ab")
    call = begin_at(replicas, "a")
    replicas.drop(call)
    replicas.drop(call)
    replicas.remove("b")
    replicas.drop(Call("b", 0.0, 1))

    assert [replicas.tau("a", 9.0), replicas.inflight("a")] == [1.0, 0]
