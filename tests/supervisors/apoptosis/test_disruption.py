"""The disruption budget, without actors: who may be replaced now, and why not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors import Disruption
from supervisors.apoptosis.disruption import Group, refusal, refusal_above


@pytest.mark.parametrize(
    ("budget", "group", "is_ill", "why"),
    [
        (Disruption(), Group(4, 4, 0, 0), False, None),
        (Disruption(), Group(1, 1, 0, 0), False, None),
        (Disruption(), Group(1, 1, 1, 0), True, None),
        (Disruption(), Group(4, 4, 2, 0), True, None),
        (Disruption(), Group(4, 4, 2, 0), False, None),
        (Disruption(), Group(4, 4, 3, 0), True, None),
        (Disruption(), Group(4, 4, 4, 0), True, "1 of 4 would be well, and the floor is 50%"),
        (Disruption(), Group(4, 4, 3, 0), False, "1 of 4 would be well, and the floor is 50%"),
        (Disruption(), Group(4, 2, 0, 0), False, None),
        (Disruption(), Group(4, 1, 0, 0), False, "1 of 4 would be well, and the floor is 50%"),
        (Disruption(), Group(3, 3, 2, 0), True, None),
        (Disruption(), Group(3, 3, 3, 0), True, "1 of 3 would be well, and the floor is 50%"),
        (Disruption(floor=1.0), Group(4, 4, 1, 0), True, None),
        (Disruption(floor=1.0), Group(4, 4, 1, 0), False, "3 of 4 would be well, and the floor is 100%"),
        (Disruption(floor=0.0), Group(4, 4, 4, 0), True, None),
        (Disruption(), Group(4, 4, 0, 1), False, "1 of at most 1 at once in its group"),
        (Disruption(at_once=2), Group(4, 4, 0, 1), False, None),
        (Disruption(at_once=2), Group(4, 4, 0, 2), False, "2 of at most 2 at once in its group"),
        (Disruption(at_once=0), Group(4, 4, 0, 0), False, "the budget allows no planned death"),
        (Disruption(everywhere=0), Group(4, 4, 0, 0), False, "the budget allows no planned death"),
    ],
    ids=str,
)
def test_a_child_may_be_replaced_if_its_group_can_bear_it(
    budget: Disruption, group: Group, is_ill: bool, why: str | None
) -> None:
    assert refusal(budget, group, is_ill) == why


@pytest.mark.parametrize(
    ("budget", "below", "missing", "why"),
    [
        (Disruption(), 0, None, None),
        (Disruption(), 3, None, None),
        (Disruption(), 4, None, "4 of at most 4 at once below top"),
        (Disruption(everywhere=1), 1, None, "1 of at most 1 at once below top"),
        (Disruption(), 0, "top/db", "top/db is down"),
        (Disruption(), 4, "top/db", "4 of at most 4 at once below top"),
        (Disruption(while_degraded=True), 0, "top/db", None),
    ],
    ids=str,
)
def test_every_supervisor_above_has_its_say(
    budget: Disruption, below: int, missing: str | None, why: str | None
) -> None:
    assert refusal_above(budget, "top", below, missing) == why


GROUPS = st.integers(1, 50).flatmap(
    lambda children: st.integers(0, children).flatmap(
        lambda running: st.builds(
            Group, st.just(children), st.just(running), st.integers(0, running), st.integers(0, children)
        )
    )
)


@given(
    group=GROUPS,
    is_ill=st.booleans(),
    budget=st.builds(Disruption, st.integers(0, 5), st.floats(0.0, 1.0), st.integers(0, 5)),
)
def test_whoever_goes_leaves_enough_behind(group: Group, is_ill: bool, budget: Disruption) -> None:
    is_ill = is_ill and group.ill > 0
    why = refusal(budget, group, is_ill)

    well = group.running - group.ill + is_ill
    allowed = (
        min(budget.at_once, budget.everywhere) > 0
        and group.ongoing < budget.at_once
        and well >= budget.floor * group.children
    )
    assert (why is None) == allowed


@given(group=GROUPS)
def test_damage_that_all_share_empties_no_group(group: Group) -> None:
    all_ill = Group(group.children, group.running, group.running, 0)

    may_go = refusal(Disruption(), all_ill, True) is None

    assert may_go == (group.running > 0 and group.children <= 2) or group.running == 0
