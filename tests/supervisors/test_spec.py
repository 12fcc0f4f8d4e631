"""Specs: values that nest, read back what was written, and refuse what cannot be meant."""

from __future__ import annotations

import copy
import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any

import pytest

from actors import Actor, Mailbox
from supervisors import errors
from supervisors.backoff import Backoff
from supervisors.errors import NoSuchPath, SpecError
from supervisors.spec import (
    BRUTAL_KILL,
    INFINITY,
    ByKey,
    ChildSpec,
    DynamicSupervisor,
    Pool,
    Spec,
    Supervisor,
    by_key,
    child,
)


class Worker(Actor):
    """Does nothing, with arguments."""

    def __init__(self, name: str = "", *, size: int = 1) -> None:
        self.name = name
        self.size = size


def worker(**options: Any) -> ChildSpec:
    return child(Worker, **{"id": "w", **options})


def supervisor(*children: Spec, **options: Any) -> Supervisor:
    return Supervisor("s", children, **options)


def dynamic(**options: Any) -> DynamicSupervisor:
    return DynamicSupervisor(**{"name": "d", **options})


def pool(**options: Any) -> Pool:
    return Pool(**{"name": "p", "worker": worker(), **options})


def test_the_defaults_of_a_worker_are_otps() -> None:
    spec = worker()
    read = (spec.id, spec.kind, spec.restart, spec.shutdown, spec.significant, spec.backoff, spec.budget)

    assert read == ("w", "worker", "permanent", 5.0, False, None, None)


@pytest.mark.parametrize("make", [supervisor, dynamic, pool])
def test_the_defaults_of_a_supervisor_are_elixirs_and_its_shutdown_has_no_end(make: Callable[[], Supervisor]) -> None:
    spec = make()
    read = (spec.kind, spec.restart, spec.shutdown, spec.significant, spec.backoff, spec.max_restarts, spec.within)

    assert read == ("supervisor", "permanent", INFINITY, False, None, 3, 5.0)


@pytest.mark.parametrize("spec", [worker(), supervisor(), dynamic(), pool()], ids=lambda spec: type(spec).__name__)
def test_every_spec_can_be_read_the_same_way(spec: Spec) -> None:
    names = [
        "id",
        "kind",
        "restart",
        "shutdown",
        "significant",
        "backoff",
        "budget",
        "start_timeout",
        "max_restarts",
        "within",
    ]

    assert all(hasattr(spec, name) for name in names)


@pytest.mark.parametrize("spec", [supervisor(), dynamic(), pool()], ids=lambda spec: type(spec).__name__)
def test_every_supervisor_has_a_strategy_and_children(spec: Supervisor) -> None:
    assert (spec.strategy, spec.auto_shutdown, isinstance(spec.children, tuple)) == ("one_for_one", "never", True)


def test_the_name_of_a_supervisor_is_its_id() -> None:
    assert Supervisor("orders", []).id == "orders"


def test_arguments_keyword_arguments_and_mailbox_end_up_in_the_blueprint() -> None:
    blueprint = child(functools.partial(Worker, size=3), "ada", id="w", mailbox=Mailbox(limit=7)).blueprint

    assert (blueprint.cls, blueprint.args, dict(blueprint.kwargs), blueprint.mailbox.limit) == (
        Worker,
        ("ada",),
        {"size": 3},
        7,
    )


def test_a_budget_of_its_own_is_read_as_a_pair() -> None:
    assert worker(max_restarts=2, within=1.5).budget == (2, 1.5)


def test_trees_are_values() -> None:
    first = supervisor(worker(), Supervisor("in", [worker()]), strategy="rest_for_one")
    second = supervisor(worker(), Supervisor("in", [worker()]), strategy="rest_for_one")

    assert first == second
    assert copy.deepcopy(first) == first
    assert dataclasses.replace(first, strategy="one_for_all") != first


def test_a_tree_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        supervisor().strategy = "one_for_all"  # type: ignore[misc]


def test_a_list_of_children_is_taken_once() -> None:
    children = [worker()]
    tree = Supervisor("s", children)
    children.clear()

    assert [spec.id for spec in tree.children] == ["w"]


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (worker(), "child(Worker, id='w')"),
        (child(Worker, "ada", id="w"), "child(Worker, 'ada', id='w')"),
        (child(functools.partial(Worker, size=2), id="w"), "child(Worker, size=2, id='w')"),
        (worker(shutdown=BRUTAL_KILL), "child(Worker, id='w', shutdown=BRUTAL_KILL)"),
        (worker(max_restarts=1, within=2.0), "child(Worker, id='w', max_restarts=1, within=2.0)"),
        (supervisor(worker()), "Supervisor('s', [child(Worker, id='w')])"),
        (supervisor(strategy="one_for_all", within=1), "Supervisor('s', [], within=1, strategy='one_for_all')"),
        (
            Supervisor("s", [DynamicSupervisor(str(number)) for number in range(100)]),
            f"Supervisor('s', [{', '.join(f'DynamicSupervisor({str(n)!r})' for n in range(4))}, ... 96 more])",
        ),
        (dynamic(max_children=3), "DynamicSupervisor('d', max_children=3)"),
        (pool(size=2), "Pool('p', child(Worker, id='w'), size=2)"),
        (pool(route=by_key(len)), "Pool('p', child(Worker, id='w'), route=by_key(len))"),
    ],
    ids=str,
)  # fmt: skip
def test_a_spec_reads_as_it_was_written(spec: Spec, text: str) -> None:
    assert repr(spec) == text


def test_routing_by_key_holds_its_function() -> None:
    assert by_key(len) == ByKey(len)


@pytest.mark.parametrize(
    ("make", "field", "value"),
    [
        (worker, "id", ""),
        (worker, "id", "a/b"),
        (worker, "id", "a\nb"),
        (worker, "id", "\x9f"),
        (worker, "id", 7),
        (worker, "id", None),
        (worker, "restart", "always"),
        (worker, "restart", None),
        (worker, "shutdown", -1),
        (worker, "shutdown", math.nan),
        (worker, "shutdown", "soon"),
        (worker, "shutdown", True),
        (worker, "shutdown", None),
        (worker, "significant", True),
        (worker, "significant", 1),
        (worker, "backoff", 0.5),
        (worker, "mailbox", 100),
        (worker, "start_timeout", 0),
        (worker, "start_timeout", -1.0),
        (worker, "start_timeout", math.nan),
        (worker, "start_timeout", None),
        (worker, "max_restarts", 3),
        (worker, "within", 5.0),
        (supervisor, "strategy", "simple_one_for_one"),
        (supervisor, "strategy", None),
        (supervisor, "auto_shutdown", True),
        (supervisor, "auto_shutdown", "sometimes"),
        (supervisor, "max_restarts", -1),
        (supervisor, "max_restarts", 1.5),
        (supervisor, "max_restarts", True),
        (supervisor, "max_restarts", None),
        (supervisor, "within", 0),
        (supervisor, "within", -5.0),
        (supervisor, "within", math.inf),
        (supervisor, "within", math.nan),
        (supervisor, "within", "5"),
        (supervisor, "restart", "sometimes"),
        (supervisor, "shutdown", -0.5),
        (supervisor, "significant", True),
        (supervisor, "backoff", "yes"),
        (dynamic, "name", "a/b"),
        (dynamic, "max_children", -1),
        (dynamic, "max_children", 2.0),
        (dynamic, "max_children", True),
        (pool, "size", 0),
        (pool, "size", 2.5),
        (pool, "size", True),
        (pool, "route", "random"),
        (pool, "route", len),
        (pool, "worker", dynamic()),
    ],
    ids=lambda part: getattr(part, "__name__", str(part)),
)
def test_what_cannot_be_meant_is_refused_with_field_and_value(
    make: Callable[..., object], field: str, value: object
) -> None:
    with pytest.raises(SpecError) as caught:
        make(**{field: value})

    assert (caught.value.field, str(caught.value.value)) == (field, str(value))


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: worker(max_restarts=-1, within=5.0), "max_restarts"),
        (lambda: worker(max_restarts=1, within=0.0), "within"),
        (lambda: child(dict, id="w"), "cls"),  # type: ignore[arg-type]
        (lambda: child(Worker("x"), id="w"), "cls"),  # type: ignore[arg-type]
        (lambda: child(lambda: Worker("x"), id="w"), "cls"),
        (lambda: child(None, id="w"), "cls"),  # type: ignore[arg-type]
        (lambda: child(functools.partial(dict), id="w"), "cls"),  # type: ignore[arg-type]
        (lambda: supervisor(worker(), worker()), "id"),
        (lambda: supervisor(worker(id="s"), Supervisor("s", [])), "id"),
        (lambda: supervisor(worker(restart="transient", significant=True)), "significant"),
        (lambda: supervisor(Supervisor("in", [], restart="temporary", significant=True)), "significant"),
        (lambda: pool(worker=worker(restart="temporary", significant=True)), "significant"),
        (lambda: supervisor(Worker), "children"),  # type: ignore[arg-type]
        (lambda: Supervisor("s", "abc"), "children"),  # type: ignore[arg-type]
        (lambda: Supervisor("s", worker()), "children"),  # type: ignore[arg-type]
        (lambda: Supervisor("s", None), "children"),  # type: ignore[arg-type]
        (lambda: ChildSpec("w", Worker), "blueprint"),  # type: ignore[arg-type]
    ],
    ids=[
        "own-budget-negative", "own-budget-without-time", "not-an-actor", "an-instance", "a-function", "nothing",
        "partial-of-no-actor", "same-id-twice", "same-id-as-a-supervisor", "significant-under-never",
        "significant-supervisor-under-never", "significant-in-a-pool", "a-class-as-child", "a-string-of-children",
        "one-child-without-a-list", "no-children", "a-spec-without-blueprint",
    ],
)  # fmt: skip
def test_contradictions_are_refused(make: Callable[[], object], field: str) -> None:
    with pytest.raises(SpecError) as caught:
        make()

    assert caught.value.field == field


@pytest.mark.parametrize("option", [{"restrat": "permanent"}, {"strategy": "one_for_all"}], ids=str)
def test_an_unknown_option_is_an_error(option: dict[str, str]) -> None:
    with pytest.raises(TypeError):
        worker(**option)


@pytest.mark.parametrize("make", [dynamic, pool])
def test_only_a_fixed_list_of_children_can_shut_down_by_itself(make: Callable[..., object]) -> None:
    with pytest.raises(TypeError):
        make(auto_shutdown="any_significant")


@pytest.mark.parametrize(
    "options",
    [
        {"shutdown": 0},
        {"shutdown": INFINITY},
        {"shutdown": BRUTAL_KILL},
        {"start_timeout": INFINITY},
        {"id": "naïve ☃ id"},
        {"restart": "temporary", "significant": True},
        {"max_restarts": 0, "within": 0.1},
        {"backoff": Backoff()},
        {"mailbox": Mailbox(limit=None)},
    ],
    ids=str,
)
def test_what_is_unusual_but_can_be_meant_is_accepted(options: dict[str, Any]) -> None:
    assert worker(**options).kind == "worker"


def test_significant_children_are_accepted_where_they_mean_something() -> None:
    tree = supervisor(worker(restart="transient", significant=True), auto_shutdown="any_significant")

    assert [spec.significant for spec in tree.children] == [True]


def test_the_error_of_a_contradiction_names_field_value_and_cause() -> None:
    with pytest.raises(SpecError, match=r"^restart='always': must be one of 'permanent', 'transient', 'temporary'$"):
        worker(restart="always")


def test_a_spec_error_is_a_value_error() -> None:
    assert issubclass(SpecError, ValueError)


@pytest.mark.parametrize(
    ("path", "known", "text"),
    [
        ("gretter", ["greeter", "log"], "the tree has nothing at 'gretter'; did you mean 'greeter'?"),
        ("x", ["greeter", "log"], "the tree has nothing at 'x'; it has greeter, log"),
        ("x", [], "the tree has nothing at 'x'; it has no children"),
        ("x", list("abcdefghi"), "the tree has nothing at 'x'; it has a, b, c, d, e, f, g, h and 1 more"),
    ],
    ids=["close", "far", "empty", "many"],
)  # fmt: skip
def test_a_wrong_path_is_answered_with_the_right_ones(path: str, known: list[str], text: str) -> None:
    assert str(NoSuchPath(path, known)) == text


def test_every_error_is_drawn_in_the_tree_of_errors() -> None:
    drawn = errors.__doc__ or ""
    named = [
        name for name, value in vars(errors).items() if isinstance(value, type) and value.__module__ == errors.__name__
    ]

    assert [name for name in named if f" {name} " not in drawn.replace("\n", " ")] == []
