"""``planaria tree``: every option that holds, drawn or as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import planaria

POLICIES = """
from actors import Actor
from supervisors import Apoptosis, Disruption, Lifetime, Supervisor, child

policy = Apoptosis(tolerate=(ValueError,), lifetime=Lifetime(messages=9))
budget = Disruption(at_once=2, floor=0.25, while_degraded=True)
tree = Supervisor("ward", [child(Actor, id="a", apoptosis=policy)], disruption=budget)
"""

WORKER = {"restart": "permanent", "significant": False, "start_timeout": 30.0}
SUPERVISOR = {
    "max_restarts": 3,
    "within": 5.0,
    "restart": "permanent",
    "shutdown": "infinity",
    "significant": False,
    "backoff": None,
    "start_timeout": "infinity",
    "apoptosis": None,
    "promote": None,
    "disruption": {"at_once": 1, "floor": 0.5, "everywhere": 4, "while_degraded": False},
}


def test_it_is_drawn_with_every_option() -> None:
    done = planaria("tree", "shop:tree")

    assert (
        done.out
        == """\
shop  Supervisor
strategy=rest_for_one  auto_shutdown=never  max_restarts=3  within=5s  restart=permanent  shutdown=infinity  \
significant=no  backoff=none  start_timeout=infinity  apoptosis=none  promote=none  \
disruption=1 at once/4 everywhere/floor 50%
├── till  Clerk(1)
│   restart=permanent  shutdown=brutal_kill  significant=no  backoff=0.05s..5s/reset 10s  start_timeout=30s  \
budget=2 in 9s  mailbox=10000/reject/redeliver 0  apoptosis=none  place=loop  promote=none
├── clerks  Pool
│   size=2  route=by_key(key)  limit=none  max_restarts=3  within=5s  restart=permanent  shutdown=infinity  \
significant=no  backoff=none  start_timeout=infinity  apoptosis=none  promote=none  \
disruption=1 at once/4 everywhere/floor 50%
│   └── clerk  Clerk(2)
│       restart=permanent  shutdown=5s  significant=no  backoff=none  start_timeout=30s  \
budget=none  mailbox=5/drop_oldest/redeliver 1  apoptosis=none  place=loop  promote=none
└── visitors  DynamicSupervisor
    max_children=7  max_restarts=3  within=5s  restart=permanent  shutdown=infinity  \
significant=no  backoff=none  start_timeout=infinity  apoptosis=none  promote=none  \
disruption=1 at once/4 everywhere/floor 50%
"""
    )


def test_json_holds_the_same() -> None:
    done = planaria("tree", "shop:tree", "--json")

    clerk = {
        "id": "clerk",
        "kind": "Clerk(2)",
        **WORKER,
        "shutdown": 5.0,
        "backoff": None,
        "budget": None,
        "mailbox": {"limit": 5, "overflow": "drop_oldest", "redeliver": 1, "control": None, "brownout": None},
        "apoptosis": None,
        "place": "loop",
        "promote": None,
    }
    till = {
        "id": "till",
        "kind": "Clerk(1)",
        **WORKER,
        "shutdown": "brutal_kill",
        "backoff": {"base": 0.05, "cap": 5.0, "reset": 10.0},
        "budget": {"max_restarts": 2, "within": 9.0},
        "mailbox": {"limit": 10000, "overflow": "reject", "redeliver": 0, "control": None, "brownout": None},
        "apoptosis": None,
        "place": "loop",
        "promote": None,
    }
    pool: dict[str, Any] = {"id": "clerks", "kind": "Pool", "size": 2, "route": "by_key(key)", "limit": None}
    pool |= {**SUPERVISOR, "children": [clerk]}
    visitors = {"id": "visitors", "kind": "DynamicSupervisor", "max_children": 7, **SUPERVISOR, "children": []}
    expected: dict[str, Any] = {
        "id": "shop",
        "kind": "Supervisor",
        "strategy": "rest_for_one",
        "auto_shutdown": "never",
    }
    expected |= {**SUPERVISOR, "children": [till, pool, visitors]}
    assert json.loads(done.out) == expected


@pytest.mark.parametrize("arguments", [["shop:tree"], ["shop:tree", "--json"]], ids=["drawn", "json"])
def test_nothing_has_colours_without_a_terminal(arguments: list[str]) -> None:
    done = planaria("tree", *arguments)

    assert "\x1b" not in done.out


def test_a_policy_reads_as_it_was_written(folder: Path) -> None:
    folder.joinpath("ward.py").write_text(POLICIES)

    drawn = planaria("tree", "ward:tree").out
    told = json.loads(planaria("tree", "ward:tree", "--json").out)

    assert "apoptosis=Apoptosis(tolerate=(ValueError,), lifetime=Lifetime(messages=9))" in drawn
    assert "disruption=2 at once/4 everywhere/floor 25%/also while degraded" in drawn
    assert told["children"][0]["apoptosis"]["tolerate"] == ["ValueError"]
    assert told["children"][0]["apoptosis"]["lifetime"] == {"messages": 9, "seconds": None, "jitter": 0.2}


PLACES = """
from actors import Actor
from actors.places.place import Host, Process
from supervisors import Promote, Supervisor, child

policy = Promote(after=2, on=("signal", "memory"), process=Process(memory=1 << 30), host=Host(gpu=True))
places = ["loop", "thread", "process", Process(patience=1.0), Host(gpu=True)]
children = [child(Actor, id=str(number), place=place) for number, place in enumerate(places)]
tree = Supervisor("ward", children, promote=policy)
"""


def test_places_and_what_leads_to_others_are_among_the_options(folder: Path) -> None:
    folder.joinpath("places.py").write_text(PLACES)

    drawn = planaria("tree", "places:tree").out
    told = json.loads(planaria("tree", "places:tree", "--json").out)

    places = ["loop", "thread", "process", "Process(memory=None, cpu=None, patience=1.0)", "Host(gpu=True)"]
    assert [each["place"] for each in told["children"]] == places
    assert all(f"place={place}  promote=none" in drawn for place in places)
    assert "promote=Promote(after=2, on=('signal', 'memory'), " in drawn
    assert told["promote"]["on"] == ["signal", "memory"]
    assert told["promote"]["process"]["memory"] == 1 << 30
    assert told["promote"]["host"]["capabilities"] == {"gpu": True}
