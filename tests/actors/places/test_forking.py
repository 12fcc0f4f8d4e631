"""What processes are forked with: what their classes' modules would load of ours, and nothing of anybody else's."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import pytest

from actors.places.forking import drawn_in, to_load
from tests.actors.contact.cellmates import Cellmate


def module(name: str, monkeypatch: pytest.MonkeyPatch, source: str = "") -> ModuleType:
    made = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, made)
    exec(source, made.__dict__)
    return made


def test_what_a_class_s_module_has_of_ours_is_loaded_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = module("shop", monkeypatch)
    shop.__dict__["trees"] = module("shop.trees", monkeypatch, "from supervisors.spec import child\nimport json")
    helper = module("shop.prices", monkeypatch, "from actors.tissue.crdt.counters import PNCounter")
    module("shop.desk", monkeypatch, "import shop.trees\nfrom json import dumps").__dict__["prices"] = helper
    module("other.desk", monkeypatch, "import shop.trees")

    assert drawn_in({"shop.desk"}) == {"supervisors.spec", "actors.tissue.crdt.counters"}
    assert drawn_in({"other.desk", "gone"}) == set()
    assert drawn_in({"supervisors.shell"}) == set()  # who imports it has it


def test_what_the_tissue_needs_is_loaded_where_it_is_in_use() -> None:
    assert Cellmate.__module__ in sys.modules
    importlib.import_module("actors.contact.site")
    loaded = to_load("x")

    assert loaded[:3] == ("x", "actors.contact.contact", "actors.contact.site")
    assert {each.partition(".")[0] for each in loaded} <= {"x", "actors", "supervisors"}
