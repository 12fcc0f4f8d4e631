"""Choosing by what was brought: regret against the best arm, changes, lies, and what survives a replacement."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import Chooser, PageHinkley

Worths = Callable[[int], list[float]]
DECISIONS = 2_500
SEEDS = range(20)


def constant(*worths: float) -> Worths:
    """Arms whose worth never changes."""
    return lambda decision: list(worths)


def switching(*worths: float, every: int = 500) -> Worths:
    """Arms that change places again and again."""

    def at(decision: int) -> list[float]:
        by = decision // every % len(worths)
        return [*worths[by:], *worths[:by]]

    return at


class Result:
    """What a chooser got, and what it could have got."""

    def __init__(self, got: float, best: float, worst: float) -> None:
        self.got, self.best, self.worst = got, best, worst

    @property
    def regret(self) -> float:
        """The share of the best that was missed."""
        return 1 - self.got / self.best


def decide(worths: Worths, seed: int, lies: float = 0.0) -> Result:
    """Let a chooser decide; a share of the rewards it hears of is the opposite of the truth."""
    arms = range(len(worths(0)))
    outside = random.Random(seed + 1_000)
    chooser = Chooser(arms, rng=random.Random(seed))
    got = best = worst = 0.0
    for decision in range(DECISIONS):
        now = worths(decision)
        arm = chooser.pick()
        reward = float(outside.random() < now[arm])
        chooser.reward(arm, 1 - reward if outside.random() < lies else reward)
        got, best, worst = got + now[arm], best + max(now), worst + min(now)
    return Result(got, best, worst)


@pytest.mark.parametrize("worths", [(0.9, 0.1), (0.9, 0.5, 0.1), (0.6, 0.5, 0.4), (0.9, 0.1, 0.1, 0.1, 0.1)], ids=str)
def test_where_nothing_changes_at_most_a_tenth_of_the_best_is_missed(worths: tuple[float, ...]) -> None:
    regrets = [decide(constant(*worths), seed).regret for seed in SEEDS]

    assert max(regrets) <= 0.10


@pytest.mark.parametrize("worths", [(0.9, 0.1), (0.9, 0.5, 0.1), (0.6, 0.5, 0.4), (0.8, 0.2, 0.2, 0.2, 0.2)], ids=str)
def test_where_arms_change_places_every_500_decisions_at_most_a_fifth_is(worths: tuple[float, ...]) -> None:
    regrets = [decide(switching(*worths), seed).regret for seed in SEEDS]

    assert max(regrets) <= 0.20


@pytest.mark.parametrize("every", [20, 50, 100])
def test_however_fast_they_change_it_is_better_than_the_worst_arm(every: int) -> None:
    results = [decide(switching(0.9, 0.1, every=every), seed) for seed in SEEDS]

    assert all(result.got > result.worst for result in results)


def test_a_fifth_of_lies_costs_little() -> None:
    regrets = [decide(constant(0.9, 0.5, 0.1), seed, lies=0.2).regret for seed in SEEDS]

    assert max(regrets) <= 0.10


def test_even_if_all_is_lies_it_goes_on_looking() -> None:
    results = [decide(constant(0.9, 0.1), seed, lies=1.0) for seed in SEEDS]

    assert all(result.got > result.worst for result in results)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"arms": []}, "Chooser.arms must be at least one"),
        ({"arms": ["a", "a"]}, "Chooser.arms must be at least one, and each once"),
        ({"discount": 0.0}, "Chooser.discount"),
        ({"discount": 1.1}, "Chooser.discount"),
        ({"explore": -0.1}, "Chooser.explore"),
        ({"explore": float("nan")}, "Chooser.explore"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_field(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Chooser(**{"arms": ["a", "b"], "rng": random.Random(1), **options})


def chooser(*arms: str, **options: Any) -> Chooser[str]:
    return Chooser(arms or ("a", "b"), rng=random.Random(1), **options)


def test_one_arm_is_always_picked() -> None:
    assert {chooser("only").pick() for _ in range(10)} == {"only"}


def test_arms_of_which_nothing_is_known_are_picked_alike() -> None:
    unknown = chooser("a", "b", "c")
    picks = Counter(unknown.pick() for _ in range(3_000))

    assert all(abs(count - 1_000) < 120 for count in picks.values())


def test_what_is_known_of_an_arm_fades_with_its_rewards() -> None:
    learned = chooser()
    for reward in (1.0, 0.0, 0.5):
        learned.reward("a", reward)

    assert learned.table()["a"] == pytest.approx((0.98 * 0.98 * 1 + 0.5, 0.98 * 1 + 0.5))
    assert learned.table()["b"] == (0.0, 0.0)


def test_what_an_arm_is_worth_starts_at_a_half_and_nears_the_truth() -> None:
    learned = chooser()
    before = learned.worth("a")
    for _ in range(500):
        learned.reward("a", 0.8)

    assert before == 0.5
    assert learned.worth("a") == pytest.approx(0.8, abs=0.02)


def test_a_bad_arm_is_still_tried_now_and_then() -> None:
    learned = chooser()
    for _ in range(500):
        learned.reward("a", 1.0)
        learned.reward("b", 0.0)
    picks = Counter(learned.pick() for _ in range(10_000))

    assert picks["b"] == pytest.approx(100, abs=40)


@pytest.mark.parametrize("reward", [-0.01, 1.01, float("nan")])
def test_a_reward_out_of_range_is_refused_and_changes_nothing(reward: float) -> None:
    learned = chooser()
    with pytest.raises(ValueError, match="a reward is from 0 to 1; got"):
        learned.reward("a", reward)

    assert learned.table() == {"a": (0.0, 0.0), "b": (0.0, 0.0)}


def test_a_reward_for_a_stranger_is_refused() -> None:
    with pytest.raises(KeyError):
        chooser().reward("c", 1.0)


def test_when_all_becomes_worse_everything_is_forgotten() -> None:
    learned = chooser(alarm=PageHinkley(threshold=10.0))
    for _ in range(100):
        learned.reward("a", 1.0)
    rewards = 0
    while not learned.alarms:
        learned.reward("a", 0.0)
        rewards += 1

    assert rewards <= 15
    assert learned.table() == {"a": (0.0, 0.0), "b": (0.0, 0.0)}


def test_what_was_learned_goes_over_to_another_one() -> None:
    old, new = chooser(), chooser()
    for _ in range(100):
        old.reward("a", 0.9)
    new.restore(old.table())

    assert new.table() == old.table()
    assert new.worth("a") == old.worth("a")


def test_arms_that_came_or_went_do_not_matter() -> None:
    new = chooser("b", "c")
    new.reward("c", 1.0)
    new.restore({"a": (9.0, 1.0), "b": (3.0, 4.0)})

    assert new.table() == {"b": (3.0, 4.0), "c": (1.0, 0.0)}


@pytest.mark.parametrize("numbers", [(-1.0, 0.0), (0.0, float("inf")), (float("nan"), 0.0)])
def test_numbers_that_nobody_learns_are_refused_whole(numbers: tuple[float, float]) -> None:
    new = chooser()
    with pytest.raises(ValueError, match="two numbers of at least 0; got 'b'"):
        new.restore({"a": (1.0, 1.0), "b": numbers})

    assert new.table() == {"a": (0.0, 0.0), "b": (0.0, 0.0)}


def test_the_same_seed_chooses_the_same() -> None:
    def picks() -> list[str]:
        made = chooser("a", "b", "c")
        chosen = []
        for _ in range(200):
            chosen.append(made.pick())
            made.reward(chosen[-1], 0.5)
        return chosen

    assert picks() == picks()


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 1)), max_size=300))
def test_what_is_known_is_bounded_whatever_is_rewarded(rewards: list[tuple[str, float]]) -> None:
    learned = chooser()
    for arm, reward in rewards:
        learned.reward(arm, reward)
        a, b = learned.table()[arm]

        assert 0 <= a + b <= 1 / (1 - 0.98)
        assert learned.pick() in ("a", "b")


def test_its_repr_shows_what_the_arms_are_worth() -> None:
    assert repr(chooser()) == "<Chooser 'a' 0.50, 'b' 0.50>"


@pytest.mark.parametrize(
    ("options", "field"),
    [({"delta": -1.0}, "delta"), ({"delta": float("nan")}, "delta"), ({"threshold": 0.0}, "threshold")],
)
def test_a_test_that_cannot_be_meant_is_refused(options: dict[str, float], field: str) -> None:
    with pytest.raises(ValueError, match=rf"PageHinkley\.{field}"):
        PageHinkley(**options)


def alarm_after(values: list[float], test: PageHinkley) -> int | None:
    """How many values it took."""
    return next((number for number, value in enumerate(values, 1) if test.add(value)), None)


def test_a_steady_stream_raises_no_alarm() -> None:
    rng = random.Random(1)

    assert alarm_after([float(rng.random() < 0.9) for _ in range(20_000)], PageHinkley()) is None


def test_a_fall_raises_one_after_about_the_threshold_by_its_depth() -> None:
    assert alarm_after([0.9] * 1_000 + [0.4] * 500, PageHinkley()) == pytest.approx(1_000 + 50 / 0.5, abs=15)


def test_a_rise_raises_none() -> None:
    assert alarm_after([0.1] * 1_000 + [0.9] * 5_000, PageHinkley()) is None


def test_after_an_alarm_it_starts_anew() -> None:
    test = PageHinkley(threshold=5.0)
    alarm_after([1.0] * 100 + [0.0] * 50, test)

    assert alarm_after([0.0] * 1_000, test) is None
