"""The judgement of one life, without actors: what evidence adds up to, what repairs it asks for, when it is over."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.evidence import CORRUPTING, PER_MESSAGE, Evidence, Harm
from supervisors import Apoptosis, Weights
from supervisors.apoptosis.health import Estate, Health, Recover, Repair, Replace, Skip, Step
from supervisors.apoptosis.immunity import HALF_LIFE, Immunity

FOR_EVER = (math.inf, math.inf)


def health(limits: tuple[float, float] = FOR_EVER, immunity: Immunity | None = None, **options: Any) -> Health:
    return Health(Apoptosis(**options), limits, Immunity() if immunity is None else immunity)


def error(weight: float | None = None, what: str = "", message: str = "M", handler: str = "W.m") -> Evidence:
    return Evidence(Harm.EXCEPTION, weight, what, message, handler)


def wrong(weight: float | None = None, what: str = "") -> Evidence:
    return Evidence(Harm.INVARIANT, weight, what)


def levels(steps: list[Step]) -> list[str]:
    """The steps in short."""
    return [
        f"{type(step).__name__} {getattr(step, 'level', '')}".strip().lower() for step in steps
    ]  # fmt: skip


# -- adding up and fading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("harm", Harm)
def test_each_harm_counts_as_much_as_the_policy_says(harm: Harm) -> None:
    life = health(weights=Weights(**{harm.value: 0.75}))
    life.note(Evidence(harm), 1, 0.0)

    assert life.alpha(1) == 0.75


@pytest.mark.parametrize("harm", Harm)
def test_a_weight_of_its_own_comes_before_the_policys(harm: Harm) -> None:
    life = health()
    life.note(Evidence(harm, 0.3), 1, 0.0)

    assert life.alpha(1) == pytest.approx(0.3)


@pytest.mark.parametrize("harm", Harm)
def test_what_weighs_nothing_is_not_even_remembered(harm: Harm) -> None:
    life = health(weights=Weights(**{harm.value: 0.0}))
    steps = life.note(Evidence(harm), 1, 0.0)

    assert (steps, life.alpha(1), life.is_trusted) == ([], 0.0, True)


@pytest.mark.parametrize("harm", Harm)
def test_a_finding_that_weighs_nothing_does_not_keep_evidence_from_fading(harm: Harm) -> None:
    life = health(weights=Weights(**{harm.value: 0.0}))
    life.note(Evidence(Harm.INVARIANT if harm is not Harm.INVARIANT else Harm.MEMORY, 2.5), 1, 0.0)
    for second in range(11):  # the first comes after the complaint, and is none of the good ones
        life.check([Evidence(harm)], 1, float(second))

    assert life.alpha(1) == pytest.approx(2.5 * 0.8**10)


@given(n=st.integers(0, 500), decay=st.floats(0.0, 0.99))
def test_n_good_messages_leave_k_to_the_n_of_an_error(n: int, decay: float) -> None:
    life = health(decay=decay)
    life.note(error(1.0), 41, 0.0)

    assert life.alpha(41 + n) == pytest.approx(decay**n)


@given(n=st.integers(1, 500))
def test_the_message_that_failed_is_none_of_the_good_ones(n: int) -> None:
    life = health(threshold=100.0)
    life.note(error(1.0), 10, 0.0)
    life.note(error(1.0), 10 + n, 0.0)

    assert life.alpha(10 + n) == pytest.approx(0.8 ** (n - 1) + 1.0)


def test_two_observations_of_one_message_add_up() -> None:
    life = health()
    life.note(error(1.0), 5, 0.0)
    life.note(Evidence(Harm.SLOW, 0.5), 5, 0.0)

    assert life.alpha(5) == 1.5


@pytest.mark.parametrize("harm", sorted(set(Harm) - PER_MESSAGE))
def test_good_messages_do_not_excuse_what_a_check_up_found(harm: Harm) -> None:
    life = health()
    life.note(Evidence(harm, 2.0), 1, 0.0)

    assert life.alpha(1_000_000) == 2.0


@pytest.mark.parametrize("harm", sorted(set(Harm) - PER_MESSAGE))
def test_each_check_up_without_a_finding_leaves_k_of_it(harm: Harm) -> None:
    life = health()
    life.check([Evidence(harm, 2.0)], 1, 0.0)
    faded = []
    for second in range(1, 4):
        life.check([], second * 1000, float(second))
        faded.append(life.alpha(second * 1000))

    assert faded == pytest.approx([1.6, 1.28, 1.024])


def test_a_check_up_is_not_a_good_one_if_the_actor_has_complained_since_the_last() -> None:
    life = health()
    life.note(wrong(1.0), 1, 0.5)
    life.check([], 1, 1.0)
    first = life.alpha(1)
    life.check([], 1, 2.0)

    assert (first, life.alpha(1)) == (1.0, 0.8)


def test_a_life_with_nothing_to_do_is_forgiven_its_errors_by_check_ups() -> None:
    life = health()
    life.note(error(2.0), 7, 0.0)
    for second in range(20):
        life.check([], 7, float(second))

    assert life.alpha(7) == pytest.approx(2.0 * 0.8**20, rel=0.3)


# -- looking changes nothing -------------------------------------------------------------------------------------------

DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("good"), st.integers(1, 5)),
        st.tuples(st.just("error"), st.sampled_from([0.1, 0.5, 1.0])),
        st.tuples(st.just("wrong"), st.sampled_from([0.1, 0.5, 1.0])),
        st.tuples(st.just("check"), st.just(0)),
    ),
    max_size=30,
)


def lived(deeds: list[tuple[str, Any]], looks: set[int]) -> tuple[float, list[Step], Estate]:
    """What a life comes to; ``looks``: after which deeds, and in the midst of which errors, somebody asks for it."""
    life, handled, steps = health(), 0, list[Step]()
    for number, (deed, value) in enumerate(deeds):
        now = float(number)
        match deed:
            case "good":
                handled += value
            case "error":
                handled += 1
                if number in looks:
                    life.alpha(handled)  # the message is in hand
                steps += life.note(error(value), handled, now)
            case "wrong":
                steps += life.note(wrong(value), handled, now)
            case "check":
                steps += life.check([], handled, now)
        if number in looks:
            life.alpha(handled)
            life.has_recovered(handled)
    return life.alpha(handled), steps, life.estate


@given(deeds=DEEDS, looks=st.sets(st.integers(0, 29)))
def test_it_is_judged_alike_however_often_somebody_looks(deeds: list[tuple[str, Any]], looks: set[int]) -> None:
    unseen, seen = lived(deeds, set()), lived(deeds, looks)

    assert seen[0] == pytest.approx(unseen[0])
    assert seen[1:] == unseen[1:]


# -- the ladder --------------------------------------------------------------------------------------------------------


def test_repairs_come_at_a_third_and_two_thirds_of_the_threshold_and_then_the_end() -> None:
    life = health()

    steps = [life.note(error(what="bad"), 1, 0.0) for _ in range(3)]

    fault = ("exception", "W.m", "M")
    assert steps == [[Repair(1, fault)], [Repair(2, fault)], [Replace("exception: bad")]]


@pytest.mark.parametrize(
    ("weights", "steps"),
    [
        ([0.99], [[]]),
        ([0.5, 0.5, 0.5], [[], ["repair 1"], []]),
        ([1.9, 0.1], [["repair 1"], ["repair 2"]]),
        ([2.0], [["repair 1", "repair 2"]]),
        ([2.99], [["repair 1", "repair 2"]]),
        ([3.0], [["replace"]]),
        ([50.0], [["replace"]]),
        ([1.0, 2.0], [["repair 1"], ["replace"]]),
        ([2.0, 0.9, 0.1], [["repair 1", "repair 2"], [], ["replace"]]),
    ],
    ids=str,
)
def test_each_rung_is_climbed_once(weights: list[float], steps: list[list[str]]) -> None:
    life = health()

    assert [levels(life.note(wrong(weight), 1, 0.0)) for weight in weights] == steps


@given(threshold=st.floats(0.01, 100.0), parts=st.integers(1, 40))
def test_the_rungs_are_equal_parts_of_any_threshold(threshold: float, parts: int) -> None:
    life = health(threshold=threshold)
    climbed = [step for _ in range(parts) for step in levels(life.note(wrong(threshold / 12), 1, 0.0))]

    expected = ["repair 1"] * (parts >= 4) + ["repair 2"] * (parts >= 8) + ["replace"] * max(0, parts - 11)
    assert climbed == expected


def test_it_has_recovered_when_the_evidence_is_below_the_first_rung() -> None:
    life = health()
    life.note(wrong(2.0), 1, 0.0)

    steps = [levels(life.check([], 1, float(second))) for second in range(1, 7)]

    # the first check-up comes after the complaint, so it is no good one: 2, 1.6, 1.28, 1.02, 0.82
    assert steps == [[], [], [], [], ["recover 2"], []]


def test_who_falls_ill_again_is_repaired_again() -> None:
    life = health()
    life.note(error(1.0), 1, 0.0)
    recovered = life.check([], 50, 1.0)

    again = life.note(error(1.0), 51, 2.0)

    assert (levels(recovered), levels(again)) == (["recover 1"], ["repair 1"])


def test_no_evidence_however_small_is_taken_for_recovery() -> None:
    life = health()
    life.note(error(1.0), 1, 0.0)

    assert levels(life.note(wrong(0.5), 60, 1.0)) == []


def test_the_end_is_asked_for_again_with_each_piece_of_evidence() -> None:
    life = health()
    life.note(wrong(9.0), 1, 0.0)

    assert [levels(life.note(wrong(0.1), 1, 0.0)) for _ in range(3)] == [["replace"]] * 3


def test_a_repair_that_did_not_help_is_skipped_by_the_next_life() -> None:
    memory = Immunity()
    first = health(immunity=memory)
    for _ in range(3):
        first.note(error(), 1, 0.0)
    second = health(immunity=memory)

    steps = [levels(second.note(error(), 1, 10.0)) for _ in range(3)]

    assert steps == [["skip 1"], ["skip 2"], ["replace"]]


def test_a_repair_that_is_skipped_does_not_count_as_tried() -> None:
    memory = Immunity()
    for _ in range(2):
        life = health(immunity=memory)
        for _ in range(3):
            life.note(error(), 1, 0.0)

    # one try in vain is forgotten after a day; two would take two
    assert levels(health(immunity=memory).note(error(), 1, 1.01 * HALF_LIFE)) == ["repair 1"]


def test_a_repair_that_helped_is_tried_again() -> None:
    memory = Immunity()
    first = health(immunity=memory)
    first.note(error(1.0), 1, 0.0)
    first.check([], 50, 1.0)

    assert levels(health(immunity=memory).note(error(1.0), 1, 2.0)) == ["repair 1"]


def test_what_did_not_help_against_one_fault_is_tried_against_another() -> None:
    memory = Immunity()
    first = health(immunity=memory)
    for _ in range(3):
        first.note(error(), 1, 0.0)

    other = health(immunity=memory)

    assert levels(other.note(error(message="N"), 1, 1.0)) == ["repair 1"]


def test_both_rungs_at_once_are_both_learnt_from() -> None:
    memory = Immunity()
    first = health(immunity=memory)
    first.note(wrong(2.0), 1, 0.0)
    first.note(wrong(1.0), 1, 0.0)

    assert levels(health(immunity=memory).note(wrong(2.0), 1, 1.0)) == ["skip 1", "skip 2"]


# -- what the successor may have ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("harm", Harm)
def test_only_what_speaks_of_the_state_makes_the_estate_doubtful(harm: Harm) -> None:
    life = health()
    (step,) = life.note(Evidence(harm, 3.0), 1, 0.0)

    assert isinstance(step, Replace)
    assert life.estate == (Estate.LAST_GOOD if harm in CORRUPTING else Estate.ALL)


def test_one_broken_invariant_among_many_errors_makes_the_estate_doubtful() -> None:
    life = health()
    life.note(wrong(0.1), 1, 0.0)
    steps = [step for _ in range(3) for step in life.note(error(), 1, 0.0)]

    assert (steps[-1], life.estate) == (Replace("exception"), Estate.LAST_GOOD)


@pytest.mark.parametrize("weight", [0.1, 0.5, 0.99, 1.0, 2.9])
def test_the_state_is_trusted_again_when_the_evidence_has_faded(weight: float) -> None:
    life = health()
    life.note(wrong(weight), 1, 0.0)
    before = life.is_trusted
    for second in range(60):
        life.check([], 1, float(second))

    assert (before, life.is_trusted, life.estate) == (False, True, Estate.ALL)


@pytest.mark.parametrize("weight", [0.1, 0.5, 0.99])
def test_trust_takes_a_check_up_that_is_a_good_one(weight: float) -> None:
    life = health()
    life.note(wrong(weight), 1, 0.5)
    trusted = []
    for second in (1.0, 2.0):
        life.check([], 1, second)
        trusted.append(life.is_trusted)

    assert trusted == [False, True]


@pytest.mark.parametrize("weight", [0.1, 0.5, 0.99])
def test_the_evidence_itself_never_restores_trust(weight: float) -> None:
    life = health()
    life.note(error(1.0), 1, 0.0)
    life.note(wrong(weight), 60, 1.0)

    assert (life.is_trusted, life.estate) == (False, Estate.LAST_GOOD)


# -- age and recovery --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "handled", "age", "old"),
    [
        (FOR_EVER, 10**9, 1e9, False),
        ((100.0, math.inf), 99, 1e9, False),
        ((100.0, math.inf), 100, 0.0, True),
        ((math.inf, 60.0), 10**9, 59.9, False),
        ((math.inf, 60.0), 0, 60.0, True),
        ((100.0, 60.0), 100, 1.0, True),
        ((100.0, 60.0), 1, 61.0, True),
    ],
)
def test_a_life_is_old_by_what_it_did_or_by_how_long_it_lasted(
    limits: tuple[float, float], handled: int, age: float, old: bool
) -> None:
    assert health(limits).is_old(handled, age) is old


@pytest.mark.parametrize(("alpha", "recovered"), [(0.0, True), (0.99, True), (1.0, False), (3.0, False)])
def test_a_life_has_recovered_when_too_little_is_left_for_a_repair(alpha: float, recovered: bool) -> None:
    life = health()
    if alpha:
        life.note(wrong(alpha), 1, 0.0)

    assert life.has_recovered(1) is recovered


def test_a_life_recovers_by_good_messages_too() -> None:
    life = health()
    for _ in range(3):
        life.note(error(), 1, 0.0)

    assert [life.has_recovered(handled) for handled in (1, 4, 5, 6)] == [False, False, False, True]  # 3 x 0.8^5 = 0.98


# -- any course --------------------------------------------------------------------------------------------------------


@given(deeds=DEEDS)
def test_the_ladder_is_climbed_in_order_and_left_only_by_recovery_or_the_end(deeds: list[tuple[str, Any]]) -> None:
    alpha, steps, _ = lived(deeds, set())
    rung = 0
    for step in steps:
        match step:
            case Repair(level) | Skip(level):
                assert level == rung + 1
                rung = level
            case Recover(level):
                assert level == rung > 0
                rung = 0
            case Replace():
                pass
    assert alpha >= 0
