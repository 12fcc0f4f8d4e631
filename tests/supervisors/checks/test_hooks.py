"""Hooks that a policy calls and a class does not have."""

from __future__ import annotations

from typing import Any

import pytest

from actors import Actor
from supervisors.apoptosis.policy import Apoptosis, Lifetime
from supervisors.spec import Pool, Supervisor, child
from supervisors.validate import Code, examine


class Leaves(Actor):
    def bequeath(self) -> object:
        return {}


class Takes(Actor):
    def inherit(self, estate: Any) -> None:
        pass


class Both(Leaves, Takes):
    pass


class Mends(Actor):
    def repair(self, level: int) -> None:
        pass


HOOKS = (Code.ESTATE_WITHOUT_HEIR, Code.HEIR_WITHOUT_ESTATE, Code.LADDER_WITHOUT_REPAIR)
OLD = Apoptosis(lifetime=Lifetime(seconds=60.0))
TOLERANT = Apoptosis(tolerate=(OSError,))


def codes(cls: type[Actor], policy: Apoptosis | None) -> list[Code]:
    tree = Supervisor("root", [child(cls, id="w", apoptosis=policy)])
    return [each.code for each in examine(tree).findings if each.code in HOOKS]


@pytest.mark.parametrize(
    ("cls", "policy", "expected"),
    [
        (Leaves, OLD, [Code.ESTATE_WITHOUT_HEIR]),
        (Takes, OLD, [Code.HEIR_WITHOUT_ESTATE]),
        (Both, OLD, []),
        (Actor, OLD, []),
        (Actor, TOLERANT, [Code.LADDER_WITHOUT_REPAIR]),
        (Mends, TOLERANT, []),
        (Leaves, None, []),
    ],
    ids=["no-heir", "no-estate", "both", "age-needs-no-repair", "no-repair", "repairs", "no-policy"],
)
def test_a_hook_without_its_counterpart_is_found(
    cls: type[Actor], policy: Apoptosis | None, expected: list[Code]
) -> None:
    assert codes(cls, policy) == expected


def test_the_worker_of_a_pool_is_looked_at_under_the_pools_policy() -> None:
    tree = Pool("pool", child(Leaves, id="w"), apoptosis=OLD)

    assert [(each.path, each.code) for each in examine(tree).findings if each.code in HOOKS] == [
        ("pool/w", Code.ESTATE_WITHOUT_HEIR)
    ]
