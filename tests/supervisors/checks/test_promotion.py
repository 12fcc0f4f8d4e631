"""Promotions that a supervisor which gives up never lives to see."""

from __future__ import annotations

from typing import Any

import pytest

from actors import Actor
from actors.places.place import Host
from supervisors import Pool, Promote, Supervisor, child
from supervisors.validate import Code, examine


def found(tree: Any) -> list[tuple[str, Any]]:
    return [(each.path, each.numbers) for each in examine(tree).findings if each.code is Code.PROMOTION_TOO_LATE]


@pytest.mark.parametrize(
    ("promote", "options", "is_too_late"),
    [
        (Promote(after=3), {}, False),
        (Promote(after=4), {}, True),
        (Promote(after=4), {"max_restarts": 9, "within": 5.0}, True),
        (Promote(after=3), {"max_restarts": 2, "within": 60.0}, True),
        (Promote(after=9, on=("blocked",)), {}, False),
        (Promote(after=9, on=("blocked", "signal")), {}, False),
        (Promote(after=9, host=Host(), on=("blocked", "signal")), {"place": "process"}, True),
        (Promote(after=9, host=Host(), on=("memory",)), {"place": "process"}, True),
        (None, {}, False),
    ],
    ids=str,
)
def test_a_promotion_that_needs_more_deaths_than_are_allowed_is_found(
    promote: Promote | None, options: dict[str, Any], is_too_late: bool
) -> None:
    tree = Supervisor("root", [child(Actor, id="w", promote=promote, **options)])

    assert bool(found(tree)) is is_too_late


def test_the_policy_of_a_supervisor_is_looked_at_for_those_who_can_go_further_out() -> None:
    pool = Pool("pool", worker=child(Actor, id="w"), promote=Promote(after=5), max_restarts=4, within=2.0)
    children: list[Any] = [child(Actor, id="p", place="process"), pool]

    assert found(Supervisor("root", children, promote=Promote(after=5))) == [
        ("root/pool/w", {"after": 5, "max_restarts": 4, "within": 2.0})
    ]


def test_it_is_said_in_a_sentence() -> None:
    tree = Supervisor("root", [child(Actor, id="w", promote=Promote(after=4, on=("memory",)))])
    (finding,) = (each for each in examine(tree).findings if each.code is Code.PROMOTION_TOO_LATE)

    assert finding.message == (
        "it goes further out after 4 pieces of evidence, and 3 restarts within 5 s are allowed: if it dies of memory "
        "again at once, its supervisor gives up before"
    )
