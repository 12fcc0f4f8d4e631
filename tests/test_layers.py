"""Imports go one way: from `supervisors` to what `actors` publishes, and inside a package down the list of layers.

To add a module, write its name into a layer below.  A layer's modules are listed in order too: one may import those
before it.  ``name/*`` is a subpackage whose modules share one place and may import each other, but not in a circle.
"""

from __future__ import annotations

import ast
import graphlib
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from tests.project import ROOT, Module, exported, module_file, modules, read, walk_outside


@dataclass(frozen=True, slots=True)
class Layer:
    """One line of the map; a pure layer has no clock, no chance, no loop and no log: it is given what it needs."""

    name: str
    members: str
    pure: bool = False


LAYERS = {
    "actors": [
        Layer(
            "values",
            "shadow _shadow exits evidence signs errors origins messages "
            "overload overload.codel overload.brownout places places.place blueprint envelopes",
            pure=True,
        ),
        Layer(
            "mechanisms",
            "lifecycle pulse links registry timers receipts onlooker handlers deadlines codec watchdog meter "
            "statistics chooser overload.limits overload.control overload.admission",
            pure=True,
        ),
        Layer(
            "wire",
            "wire wire.types wire.leaves wire.arrays wire.depth wire.failures wire.reading wire.codec wire.frames "
            "wire.inbox wire.streams wire.silence wire.outbox wire.trial",
            pure=True,
        ),
        Layer("links", "wire.link"),
        Layer(
            "runtime",
            "engine events deadletters elsewhere extras cell remains burial life turn copies stacks fiber scheduler "
            "sentry asking ref overload.controlled overload.budget overload.breaker overload.retry "
            "reply actor checkup succession keeper router system",
        ),
        Layer("tissue", "tissue/*", pure=True),
        Layer("contact", "contact/*"),
        Layer("engines", "engines/*"),
        Layer(
            "places",
            "places.usage places.limits places.frames places.ledger places.road places.manage places.relations "
            "places.envoy places.export places.calls places.unreadable places.embassy places.outgoing places.endpoint "
            "places.names places.whereabouts places.tissue places.deputy places.resident places.pipe places.nearby "
            "places.leaving places.bounds places.threads places.beat places.program places.reserve "
            "places.isolate places.rehearsal places.forking places.processes places.lodgings",
        ),
        Layer("cluster", "cluster/*"),
        Layer("testing", "testing/*"),
    ],
    "supervisors": [
        Layer(
            "values",
            "_shadow errors fields backoff apoptosis.policy apoptosis.vitals desired "
            "promotion promotion.policy promotion.ladder spec rules events apoptosis.events promotion.events messages",
            pure=True,
        ),
        Layer(
            "decisions",
            "intensity actions budgets restarts children census checks/* "
            "apoptosis apoptosis.alpha apoptosis.immunity apoptosis.health apoptosis.disruption "
            "apoptosis.elsewhere",
            pure=True,
        ),
        Layer(
            "shells",
            "apoptosis.memory apoptosis.replacement apoptosis.case apoptosis.checkups apoptosis.turnover "
            "apoptosis.warden promotion.promoter repair repair.events repair.gauge repair.wish repair.mandate "
            "repair.follower repair.relay repair.places shell supervisor dynamic balance pool",
        ),
        Layer(
            "seeing and embedding",
            "introspect journal log stream handle autopsy/* running repair.standby runner asgi validate simulation/* "
            "cli/*",
        ),
    ],
}

# A tree is a value that can be started: `tree.running()` and `tree.run()` go up, late, inside the method.  So do an
# actor's `self.contact` and the host that it needs, and lives elsewhere: what does without them does not load them.
DOORS = {
    ("actors.actor", "actors.contact.contact"),
    ("actors.system", "actors.contact.site"),
    ("actors.elsewhere", "actors.places.deputy"),
    ("actors.system", "actors.places.lodgings"),
    ("actors.places.lodgings", "actors.cluster.lodgings"),
    ("supervisors.spec", "supervisors.running"),
    ("supervisors.spec", "supervisors.runner"),
}

# Who may import whom, across packages.  The CLI finds `bench` late and by its name, which is another one in a wheel.
ARROWS = {
    "actors": {"actors"},
    "supervisors": {"actors", "supervisors"},
    "bench": {"actors", "supervisors", "bench"},
    "examples": {"actors", "supervisors"},
}
OURS = {"actors", "supervisors", "bench", "planaria_bench", "examples", "tests"}

# Modules of `actors` whose names others may use, besides those of the package's root.
PUBLISHED = {
    "actors",
    "actors.blueprint",
    "actors.checkup",
    "actors.cluster.cluster",
    "actors.cluster.errors",
    "actors.cluster.events",
    "actors.cluster.keys",
    "actors.cluster.values",
    "actors.contact.contact",
    "actors.contact.neighbour",
    "actors.engines",
    "actors.engines.loop",
    "actors.engines.thespian.linux",
    "actors.errors",
    "actors.evidence",
    "actors.exits",
    "actors.keeper",
    "actors.messages",
    "actors.origins",
    "actors.places.place",
    "actors.places.whereabouts",
    "actors.pulse",
    "actors.router",
    "actors.signs",
    "actors.succession",
    "actors.testing",
    "actors.tissue.crdt.counters",
    "actors.tissue.crdt.lww",
    "actors.tissue.hormones.hormones",
    "actors.tissue.hormones.scaling",
    "actors.tissue.hormones.secretion",
    "actors.tissue.repair.claims",
    "actors.tissue.repair.desired",
    "actors.tissue.repair.leases",
    "actors.tissue.repair.reconcile",
    "actors.tissue.trails.events",
    "actors.tissue.trails.replicas",
    "actors.tissue",
    "actors.watchdog",
    "actors.wire.trial",
}

IMPURE = {"asyncio", "concurrent", "datetime", "logging", "random", "select", "socket", "threading", "time", "uvloop"}

# Moments are values too: the codec carries those that others read from a clock, and reads none.
VALUES_ONLY = {("actors.codec", "datetime"), ("actors.wire.leaves", "datetime")}


@dataclass(frozen=True, slots=True)
class Import:
    """One module taking ``name`` from another (or, where ``name`` is empty, the module itself)."""

    importer: Module
    target: str
    name: str
    line: int
    for_types_only: bool
    late: bool

    @property
    def is_door(self) -> bool:
        return self.late and (self.importer.name, self.target) in DOORS

    @property
    def where(self) -> str:
        return self.importer.at(self.line)

    @property
    def package(self) -> str:
        return self.importer.name.partition(".")[0]

    @property
    def target_package(self) -> str:
        return self.target.partition(".")[0]


def imports(module: Module) -> Iterator[Import]:
    """Every import of a module, wherever it stands; ``from .package import module`` is an import of that module."""
    guards = [node for node in ast.walk(module.tree) if isinstance(node, ast.If) and _is_type_checking(node.test)]
    functions = [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    at_runtime = set(walk_outside(module.tree, [inner for guard in guards for inner in guard.body]))
    at_once = set(walk_outside(module.tree, functions))
    for node in ast.walk(module.tree):
        when = node not in at_runtime, node not in at_once
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, "", node.lineno, *when)
        elif isinstance(node, ast.ImportFrom):
            target = _absolute(module, node)
            for alias in node.names:
                inner = f"{target}.{alias.name}"
                if module_file(inner) is not None and alias.name not in (published(target) or ()):
                    yield Import(module, inner, "", node.lineno, *when)
                else:
                    yield Import(module, target, alias.name, node.lineno, *when)


@cache
def published(dotted: str) -> frozenset[str] | None:
    """The ``__all__`` of a module of ours, or None if it has none."""
    file = module_file(dotted)
    names = exported(read(file)) if file is not None else None
    return None if names is None else frozenset(names)


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    package = module.package.split(".")
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


@cache
def place_of(dotted: str) -> tuple[Layer, int] | None:
    """The layer of a module and its place in its package's list, or None if nobody placed it."""
    package, _, inside = dotted.partition(".")
    head = inside.partition(".")[0]
    place = 0
    for layer in LAYERS.get(package, []):
        for member in layer.members.split():
            if member in (inside, f"{head}/*"):
                return layer, place
            place += 1
    return None


def breach(found: Import) -> str | None:
    """What is wrong with an import, as a sentence, or None."""
    if found.target_package not in OURS:
        return _breach_of_purity(found)
    if found.target_package not in ARROWS[found.package]:
        return f"{found.where}: {found.package} must not know {found.target_package}, but imports {found.target}."
    if found.target_package != found.package:
        return _breach_of_publication(found)
    return None if found.for_types_only or found.is_door else _breach_of_order(found)


def _breach_of_purity(found: Import) -> str | None:
    place = place_of(found.importer.name)
    if found.for_types_only or place is None or not place[0].pure or found.target_package not in IMPURE:
        return None
    if (found.importer.name, found.target) in VALUES_ONLY:
        return None
    return (
        f"{found.where}: {found.importer.name} is one of the {place[0].name} and takes clock, chance and I/O as "
        f"arguments, but imports {found.target}."
    )


def _breach_of_publication(found: Import) -> str | None:
    if found.package == "bench":
        return None  # it may measure the inside
    if found.target_package == "actors" and found.target not in PUBLISHED:
        return (
            f"{found.where}: {found.package} uses what actors publishes, but imports {found.name or 'all'} from the "
            f"inside, {found.target}; publish it in the package's root."
        )
    listed = published(found.target)
    if found.name.startswith("_") or (found.name and listed is not None and found.name not in listed):
        return f"{found.where}: {found.target} does not publish {found.name}: it is not in its __all__."
    return None


def _breach_of_order(found: Import) -> str | None:
    if found.package not in LAYERS or found.importer.name == found.package:
        return None
    if found.target == found.package:
        return f"{found.where}: {found.importer.name} imports from its package's root; name the module that has it."
    mine, other = place_of(found.importer.name), place_of(found.target)
    if mine is None or other is None or other[1] <= mine[1]:
        return None
    return (
        f"{found.where}: imports go down the list of layers, but {found.importer.name} ({mine[0].name}) imports "
        f"{found.target} ({other[0].name}), which is listed after it."
    )


@pytest.mark.parametrize("package", LAYERS)
def test_every_module_has_a_layer(package: str) -> None:
    lost = [module.name for module in modules(package) if module.name != package and place_of(module.name) is None]

    assert not lost, f"put {', '.join(lost)} in a layer: LAYERS in tests/test_layers.py"


@pytest.mark.parametrize("package", LAYERS)
def test_no_module_has_two_places(package: str) -> None:
    members = [member for layer in LAYERS[package] for member in layer.members.split()]

    assert len(members) == len(set(members))


@pytest.mark.parametrize("package", ARROWS)
def test_imports_go_one_way(package: str) -> None:
    breaches = [said for module in modules(package) for found in imports(module) if (said := breach(found))]

    assert not breaches, "\n".join(breaches)


@pytest.mark.parametrize("package", ["actors", "supervisors", "bench"])
def test_no_imports_in_a_circle(package: str) -> None:
    graph = {
        module.name: {
            found.target
            for found in imports(module)
            if found.target_package == package and found.target != package
            if not found.for_types_only and not found.is_door
        }
        for module in modules(package)
        if module.name != package
    }

    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"these modules import each other in a circle: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize("package", ["actors", "supervisors"])
def test_only_the_standard_library_and_declared_dependencies_are_needed(package: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[^\w-]", dependency)[0] for dependency in project["dependencies"]}
    extra = {re.split(r"[^\w-]", dependency)[0] for dependency in project["optional-dependencies"]["cluster"]}
    allowed = set(sys.stdlib_module_names) | declared | OURS

    strange = [
        f"{found.where}: {found.target} is neither in the standard library nor among the dependencies."
        for module in modules(package)
        for found in imports(module)
        if found.target_package not in allowed
        if not (found.target_package in extra and (found.late or found.for_types_only))
    ]

    assert not strange, "\n".join(strange)
