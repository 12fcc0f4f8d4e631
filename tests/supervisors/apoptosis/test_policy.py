"""Policies as values: what they take, what they refuse, how they read, and which limits a life draws."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.evidence import Harm
from supervisors import (
    INFINITY,
    Apoptosis,
    Backoff,
    Disruption,
    DynamicSupervisor,
    Lifetime,
    Pool,
    SpecError,
    Supervisor,
    Weights,
    child,
)
from tests.supervisors.apoptosis.fixtures import Childless

ANY: Any = None

# -- what is refused ---------------------------------------------------------------------------------------------------


def no_seconds() -> list[Any]:
    return [0, 0.0, -1, math.inf, math.nan, "3", True, 1j]


REFUSED: list[tuple[Any, str, Any]] = [
    *((Lifetime, "messages", value) for value in (0, -1, 1.5, True, "7")),
    *((Lifetime, "seconds", value) for value in no_seconds()),
    *((Weights, name.value, value) for name in Harm for value in (-0.1, math.inf, math.nan, "1", None, True)),
    *((Apoptosis, "threshold", value) for value in (*no_seconds(), None)),
    *((Apoptosis, "decay", value) for value in (1, 1.0, -0.1, math.nan, math.inf, None, "0.8", True)),
    *((Apoptosis, "weights", value) for value in (None, 2.0, {"exception": 1.0})),
    *((Apoptosis, "backoff", value) for value in (None, 1.0, (1.0, 60.0))),
    *((Apoptosis, "lifetime", value) for value in (60.0, 1000, (1000, 60.0))),
    *((Apoptosis, name, value) for name in ("latency", "delay", "memory") for value in no_seconds()),
    *((Apoptosis, "load", value) for value in (0, -0.5, 1.01, math.nan, math.inf, "1", True)),
    *(
        (Apoptosis, name, value)
        for name in ("every", "probe_timeout", "ready_within", "handover")
        for value in (*no_seconds(), None)
    ),
    *((Apoptosis, "snapshot", value) for value in (0, -1.0, math.nan, None, "5", True)),
    *((Disruption, name, value) for name in ("at_once", "everywhere") for value in (-1, 1.0, None, True, "1")),
    *((Disruption, "floor", value) for value in (-0.01, 1.01, math.nan, None, "half", True)),
    *((Disruption, "while_degraded", value) for value in (None, 0, 1, "yes")),
]


@pytest.mark.parametrize(("kind", "field", "value"), REFUSED, ids=lambda part: getattr(part, "__name__", repr(part)))
def test_what_cannot_be_meant_is_refused_by_field_and_value(kind: Any, field: str, value: Any) -> None:
    with pytest.raises(SpecError) as refused:
        kind(**{field: value})

    assert (refused.value.field, refused.value.value) == (f"{kind.__name__}.{field}", pytest.approx(value, nan_ok=True))


@pytest.mark.parametrize("jitter", [-0.1, 1, 1.0, math.nan, None, "0.2", True])
def test_a_jitter_is_a_share_below_one(jitter: Any) -> None:
    with pytest.raises(SpecError, match=r"Lifetime\.jitter"):
        Lifetime(seconds=60.0, jitter=jitter)


def test_a_lifetime_without_a_limit_is_none() -> None:
    with pytest.raises(SpecError, match="a lifetime needs messages or seconds"):
        Lifetime()


@pytest.mark.parametrize(
    "tolerate",
    [ValueError, [ValueError], (BaseException,), (KeyboardInterrupt,), (ValueError, "KeyError"), (ValueError(),), None],
    ids=repr,
)
def test_only_a_tuple_of_exceptions_can_be_tolerated(tolerate: Any) -> None:
    with pytest.raises(SpecError) as refused:
        Apoptosis(tolerate=tolerate)

    assert refused.value.field == "Apoptosis.tolerate"


@pytest.mark.parametrize("value", [True, 3.0, "default", Apoptosis, Disruption()], ids=repr)
def test_a_child_and_a_supervisor_take_only_a_policy_as_apoptosis(value: Any) -> None:
    for build in (
        lambda: child(Childless, ANY, "w", id="w", apoptosis=value),
        lambda: Supervisor("top", [], apoptosis=value),
        lambda: DynamicSupervisor("top", apoptosis=value),
    ):
        with pytest.raises(SpecError) as refused:
            build()

        assert refused.value.field == "apoptosis"


@pytest.mark.parametrize("value", [None, 1, "none", Apoptosis()], ids=repr)
def test_a_supervisor_takes_only_a_disruption_as_its_budget(value: Any) -> None:
    with pytest.raises(SpecError) as refused:
        Supervisor("top", [], disruption=value)

    assert refused.value.field == "disruption"


# -- what is taken -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: Apoptosis(threshold=1e-9, decay=0),
        lambda: Apoptosis(tolerate=(Exception,), load=1, snapshot=INFINITY),
        lambda: Apoptosis(latency=0.001, delay=10, memory=1, every=0.01),
        lambda: Weights(*(0.0 for _ in Harm)),
        lambda: Lifetime(messages=1),
        lambda: Lifetime(messages=1, seconds=0.1, jitter=0),
        lambda: Disruption(at_once=0, everywhere=0, floor=0),
        lambda: Disruption(floor=1, while_degraded=True),
    ],
)  # fmt: skip
def test_the_ends_of_every_range_are_taken(make: Any) -> None:
    assert make() == make()


def test_policies_can_be_told_apart_and_used_as_keys() -> None:
    assert len({Apoptosis(), Apoptosis(), Apoptosis(decay=0.5), Apoptosis(lifetime=Lifetime(messages=5))}) == 3


def test_every_harm_has_a_weight() -> None:
    weights = Weights(*map(float, range(len(Harm))))

    assert sorted(weights.of(harm) for harm in Harm) == list(range(len(Harm)))


def test_the_weights_are_those_of_the_literature() -> None:
    weights = Weights()

    assert [weights.of(harm) for harm in (Harm.INVARIANT, Harm.EXCEPTION, Harm.LATE)] == [2.0, 1.0, 0.5]


# -- how they read -----------------------------------------------------------------------------------------------------

NAMES = {
    "Apoptosis": Apoptosis, "Backoff": Backoff, "Childless": Childless, "Disruption": Disruption, "Lifetime": Lifetime,
    "Pool": Pool, "DynamicSupervisor": DynamicSupervisor, "Supervisor": Supervisor, "Weights": Weights, "child": child,
    "inf": math.inf, "KeyError": KeyError, "ValueError": ValueError,
}  # fmt: skip

POLICIES = [
    Apoptosis(),
    Apoptosis(threshold=5.0, decay=0.5),
    Apoptosis(tolerate=(ValueError, KeyError)),
    Apoptosis(weights=Weights(exception=2.0), snapshot=INFINITY),
    Apoptosis(lifetime=Lifetime(messages=1000, seconds=60.0, jitter=0.1), backoff=Backoff(2.0, 9.0)),
]


def nobody(**options: Any) -> Any:
    return child(Childless, None, "w", id="w", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("policy", POLICIES, ids=range(len(POLICIES)))
@pytest.mark.parametrize(
    "build",
    [
        lambda policy: nobody(apoptosis=policy),
        lambda policy: Supervisor("top", [nobody(apoptosis=policy)], apoptosis=policy, disruption=Disruption(2, 0.9)),
        lambda policy: Pool("pool", nobody(), size=2, apoptosis=policy, disruption=Disruption(at_once=2)),
        lambda policy: DynamicSupervisor("top", apoptosis=policy, disruption=Disruption(floor=0.0)),
    ],
    ids=["child", "supervisor", "pool", "dynamic"],
)
def test_a_spec_with_a_policy_is_what_its_repr_says(build: Any, policy: Apoptosis) -> None:
    spec = build(policy)

    assert eval(repr(spec), NAMES) == spec


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Apoptosis(), "Apoptosis()"),
        (Apoptosis(decay=0.5, tolerate=(ValueError,)), "Apoptosis(decay=0.5, tolerate=(ValueError,))"),
        (Apoptosis(weights=Weights(late=1.0)), "Apoptosis(weights=Weights(late=1.0))"),
        (Apoptosis(lifetime=Lifetime(seconds=60.0)), "Apoptosis(lifetime=Lifetime(seconds=60.0))"),
        (nobody(apoptosis=Apoptosis(every=2.0)), "child(Childless, None, 'w', id='w', apoptosis=Apoptosis(every=2.0))"),
        (Disruption(), "Disruption()"),
        (Supervisor("s", [], disruption=Disruption(2)), "Supervisor('s', [], disruption=Disruption(at_once=2))"),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_policy_reads_as_it_was_written(value: object, text: str) -> None:
    assert repr(value) == text


def test_a_supervisor_without_options_does_not_mention_its_budget() -> None:
    assert repr(Supervisor("s", [])) == "Supervisor('s', [])"


# -- the limits of a life ----------------------------------------------------------------------------------------------


@given(
    messages=st.none() | st.integers(1, 10**9),
    seconds=st.floats(0.001, 1e9),
    jitter=st.floats(0.0, 0.99),
    crashes=st.integers(0, 30),
    seed=st.integers(0, 2**32),
)
def test_a_limit_is_drawn_within_its_jitter_and_shortened_by_crashes(
    messages: int | None, seconds: float, jitter: float, crashes: int, seed: int
) -> None:
    lifetime = Lifetime(messages=messages, seconds=seconds, jitter=jitter)

    of_messages, of_seconds = lifetime.draw(Random(seed), crashes)

    share = max(0.25, 0.8**crashes)
    low, high = share * (1 - jitter) * (1 - 1e-12), share * (1 + jitter) * (1 + 1e-12)
    assert low * seconds <= of_seconds <= high * seconds
    if messages is None:
        assert of_messages == math.inf
    else:
        assert max(1.0, low * messages) <= of_messages <= max(1.0, high * messages)


def test_a_limit_that_is_not_given_is_none() -> None:
    assert (Lifetime(messages=8, jitter=0).draw(Random(0)), Lifetime(seconds=8, jitter=0).draw(Random(0))) == (
        (8.0, math.inf),
        (math.inf, 8.0),
    )


@pytest.mark.parametrize(
    ("crashes", "limit"), [(0, 1000.0), (1, 800.0), (2, 640.0), (6, 262.144), (7, 250.0), (1000, 250.0)]
)
def test_each_crash_in_a_row_takes_a_fifth_down_to_a_quarter(crashes: int, limit: float) -> None:
    drawn, _ = Lifetime(messages=1000, jitter=0.0).draw(Random(0), crashes)

    assert drawn == pytest.approx(limit)


def test_both_limits_of_a_life_are_drawn_as_one() -> None:
    lifetime = Lifetime(messages=1000, seconds=100.0)

    drawn = [lifetime.draw(Random(seed)) for seed in range(50)]

    assert [messages / seconds for messages, seconds in drawn] == pytest.approx([10.0] * 50)
    assert 0.8 <= min(seconds for _, seconds in drawn) / 100 < 0.84
    assert 1.16 < max(seconds for _, seconds in drawn) / 100 <= 1.2


def test_even_the_shortest_life_may_handle_a_message() -> None:
    assert Lifetime(messages=1).draw(Random(1), 9)[0] == 1.0
