"""What a policy looks at, what that weighs, and how much of it leads to a replacement."""

from __future__ import annotations

from typing import Any

import pytest

from actors import Actor
from actors.evidence import Harm
from supervisors.apoptosis.alpha import AlphaCount
from supervisors.apoptosis.policy import Apoptosis, Lifetime, Weights
from supervisors.checks.evidence import FOREVER, Watched
from supervisors.spec import Supervisor, child
from supervisors.validate import Claim, Code, Proof, Severity, examine


class Probed(Actor):
    """Has a check-up of its own."""

    def vitals(self) -> bool:
        return True


class Honest(Actor):
    """Speaks up for itself."""

    def receive(self, message: object) -> None:
        self.damage(1.0, "seen")


class Heir(Honest):
    """Inherits the speaking up."""


def codes(policy: Apoptosis, cls: type[Actor] = Actor) -> list[Code]:
    wanted = (Code.EVIDENCE_WEIGHTLESS, Code.NOTHING_WATCHED, Code.FIRST_EVIDENCE_FATAL)
    tree = Supervisor("root", [child(cls, id="w", apoptosis=policy)])
    return [each.code for each in examine(tree).findings if each.code in wanted]


def proof(policy: Apoptosis, cls: type[Actor] = Actor) -> Proof | None:
    tree = Supervisor("root", [child(cls, id="w", apoptosis=policy)])
    return next((each for each in examine(tree).proofs if each.claim is Claim.THRESHOLD), None)


@pytest.mark.parametrize(
    ("options", "cls"),
    [
        ({"latency": 0.1, "weights": Weights(slow=0)}, Actor),
        ({"delay": 0.1, "weights": Weights(delay=0)}, Actor),
        ({"memory": 10**9, "weights": Weights(memory=0)}, Actor),
        ({"load": 0.5, "weights": Weights(load=0)}, Actor),
        ({"tolerate": (ValueError,), "weights": Weights(exception=0)}, Actor),
        ({"weights": Weights(probe=0)}, Probed),
    ],
    ids=["slow", "delay", "memory", "load", "exception", "probe"],
)
def test_what_is_looked_at_and_weighs_nothing_is_found(options: dict[str, Any], cls: type[Actor]) -> None:
    assert codes(Apoptosis(**options), cls) == [Code.EVIDENCE_WEIGHTLESS]


def test_tolerated_exceptions_that_weigh_nothing_are_named() -> None:
    policy = Apoptosis(tolerate=(ValueError, KeyError), weights=Weights(exception=0))
    (finding,) = [
        each
        for each in examine(Supervisor("root", [child(Actor, id="w", apoptosis=policy)])).findings
        if each.severity is Severity.WARNING
    ]

    assert finding.message == "ValueError, KeyError neither ends it nor counts: the weight of 'exception' is 0"


@pytest.mark.parametrize("cls", [Honest, Heir, Probed])
def test_an_actor_that_says_how_it_is_needs_no_target(cls: type[Actor]) -> None:
    assert codes(Apoptosis(), cls) == []


def test_a_policy_that_looks_at_nothing_is_noted() -> None:
    assert codes(Apoptosis()) == [Code.NOTHING_WATCHED]


NOTHING = Weights(invariant=0, exception=0, late=0, slow=0, delay=0, memory=0, load=0, probe=0, blocked=0)


@pytest.mark.parametrize(
    ("policy", "cls", "count"),
    [
        (Apoptosis(weights=NOTHING), Actor, 1),
        (Apoptosis(weights=NOTHING, latency=0.1), Actor, 1),
        (Apoptosis(weights=NOTHING, lifetime=Lifetime(seconds=60.0)), Actor, 0),
        (Apoptosis(weights=NOTHING), Honest, 0),
    ],
    ids=["weightless", "measured-in-vain", "ages", "reports-its-own-weights"],
)
def test_a_policy_in_which_nothing_weighs_anything_never_replaces(
    policy: Apoptosis, cls: type[Actor], count: int
) -> None:
    tree = Supervisor("root", [child(cls, id="w", apoptosis=policy)])

    found = [each.severity for each in examine(tree).findings if each.code is Code.NEVER_REPLACED]

    assert found == [Severity.WARNING] * count


@pytest.mark.parametrize("options", [{"lifetime": Lifetime(messages=9)}, {"latency": 0.1}, {"tolerate": (OSError,)}])
def test_a_policy_that_looks_at_something_is_not(options: dict[str, Any]) -> None:
    assert codes(Apoptosis(**options)) == []


def test_evidence_that_reaches_the_threshold_alone_is_noted() -> None:
    assert codes(Apoptosis(latency=0.1, threshold=0.5)) == [Code.FIRST_EVIDENCE_FATAL]


def test_how_much_evidence_it_takes_is_said_for_each_kind_that_is_asked_for() -> None:
    found = proof(Apoptosis(latency=0.1, tolerate=(OSError,), memory=10**9))

    assert found is not None
    assert found.message == (
        "it is replaced by exception (3 in a row, or one at every 2nd message), slow (6 in a row), memory (3 in a row, "
        "or one at every 2nd check-up), at a threshold of 3, decay 0.8"
    )
    assert found.numbers == {
        "threshold": 3.0,
        "decay": 0.8,
        "in_a_row": {"exception": 3, "slow": 6, "memory": 3},
        "one_in": {"exception": 2, "slow": 1, "memory": 2},
    }


def test_without_anything_asked_for_there_is_nothing_to_say() -> None:
    assert proof(Apoptosis(lifetime=Lifetime(seconds=60.0))) is None


def reaches(weight: float, every: int, policy: Apoptosis) -> bool:
    """Whether evidence at every so manieth check adds up to the threshold, by counting."""
    count = AlphaCount(policy.threshold, policy.decay)
    for _ in range(2000):
        count.bad(weight)
        if count.is_over:
            return True
        count.good(every - 1)
    return False


@pytest.mark.parametrize("decay", [0.0, 0.3, 0.5, 0.8, 0.95, 0.99])
@pytest.mark.parametrize("weight", [0.1, 0.5, 1.0, 1.4, 2.0, 2.9, 3.0, 4.0])
def test_the_rarest_regular_evidence_that_replaces_is_what_an_alpha_count_says(weight: float, decay: float) -> None:
    policy = Apoptosis(decay=decay)

    rarest = Watched(Harm.EXCEPTION, "", weight).one_in(policy)

    assert reaches(weight, rarest, policy)
    assert rarest == FOREVER or not reaches(weight, rarest + 1, policy)


@pytest.mark.parametrize("weight", [0.1, 0.5, 1.0, 1.1, 2.0, 3.0, 4.0])
def test_so_many_in_a_row_are_just_enough(weight: float) -> None:
    count = AlphaCount()
    needed = Watched(Harm.EXCEPTION, "", weight).in_a_row(count.threshold)
    for _ in range(needed - 1):
        count.bad(weight)
    before = count.is_over

    count.bad(weight)

    assert (before, count.is_over or weight == 0.1) == (False, True)


@pytest.mark.parametrize(
    ("decay", "spoken"),
    [(0.8, "2nd"), (0.85, "3rd"), (0.9, "4th"), (0.962, "11th"), (0.965, "12th"), (0.98, "21st"), (0.982, "23rd")],
)
def test_numbers_are_spoken_as_they_should_be(decay: float, spoken: str) -> None:
    found = proof(Apoptosis(decay=decay, tolerate=(OSError,)))

    assert found is not None
    assert f"or one at every {spoken} message" in found.message
