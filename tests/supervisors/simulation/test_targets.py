"""Whom a pattern means, and what is said if it means nobody."""

from __future__ import annotations

import pytest

from actors import Actor
from supervisors.simulation import TargetError
from supervisors.simulation.targets import targets, workers_of
from supervisors.spec import DynamicSupervisor, Pool, Supervisor, child


def stock(name: str) -> Supervisor:
    return Supervisor(name, [child(Actor, id="catalogue"), child(Actor, id="inventory")])


TREE = Supervisor(
    "shop",
    [
        child(Actor, id="mail"),
        stock("north"),
        stock("south"),
        Pool("orders", child(Actor, id="clerk"), size=3),
        DynamicSupervisor("visitors"),
    ],
)

CLERKS = ["shop/orders/clerk-1", "shop/orders/clerk-2", "shop/orders/clerk-3"]


def test_every_worker_has_the_path_that_it_will_have_when_it_runs() -> None:
    assert list(workers_of(TREE)) == [
        "shop/mail",
        "shop/north/catalogue",
        "shop/north/inventory",
        "shop/south/catalogue",
        "shop/south/inventory",
        *CLERKS,
    ]


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("shop/mail", ["shop/mail"]),
        ("mail", ["shop/mail"]),
        ("south/inventory", ["shop/south/inventory"]),
        ("clerk-2", ["shop/orders/clerk-2"]),
        ("orders/*", CLERKS),
        ("clerk-[12]", CLERKS[:2]),
        ("*/inventory", ["shop/north/inventory", "shop/south/inventory"]),
        ("shop/*/cat*", ["shop/north/catalogue", "shop/south/catalogue"]),
        ("shop/*", ["shop/mail"]),
        ("m?il", ["shop/mail"]),
    ],
)
def test_a_path_an_end_of_one_or_a_pattern_names_workers(pattern: str, paths: list[str]) -> None:
    assert targets(pattern, TREE) == paths


EMPTY = "is a dynamic supervisor: it starts empty, and a simulation brings it no children"
ALL = "it has shop/mail, shop/north/catalogue, shop/north/inventory, shop/south/catalogue and 4 more"


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("male", "did you mean shop/mail?"),
        ("inventry", "did you mean shop/north/inventory or shop/south/inventory?"),
        ("clerk", f"did you mean {' or '.join(reversed(CLERKS))}?"),
        ("orders", "shop/orders is a supervisor; its workers are shop/orders/*"),
        ("shop", "shop is a supervisor; its workers are shop/*"),
        ("visitors/ada", f"shop/visitors {EMPTY}"),
        ("visitors", f"shop/visitors {EMPTY}"),
        ("zzz", ALL),
        ("a/b/c/d/e", ALL),
    ],
)
def test_a_pattern_that_means_nobody_is_told_what_there_is(pattern: str, hint: str) -> None:
    with pytest.raises(TargetError) as caught:
        targets(pattern, TREE)

    assert str(caught.value) == f"the tree has no worker {pattern!r}; {hint}"


def test_an_end_that_several_have_is_too_short() -> None:
    with pytest.raises(TargetError) as caught:
        targets("inventory", TREE)

    assert str(caught.value) == (
        "'inventory' may be any of shop/north/inventory, shop/south/inventory; write more of the path"
    )


def test_a_tree_without_workers_says_so() -> None:
    with pytest.raises(TargetError, match="it starts with no workers at all"):
        targets("w", Supervisor("empty", []))
