"""What the packages publish: a sorted `__all__` that tells the truth, every name documented, the pinned names there."""

from __future__ import annotations

import importlib
import inspect
import types

import pytest

from tests.project import PRODUCT, modules

PACKAGES = [module.name for module in modules(*PRODUCT) if module.is_package]

# Names that examples, documents and other people's code rely on.
PINNED = {
    "actors": """
        Actor ActorSystem Ref Request handle Mailbox Ignore
        Reason NORMAL SHUTDOWN Shutdown KILL KILLED Crashed NOPROC NOCONNECTION Apoptosis
        ActorError ActorDied AskTimeout MailboxFull NameTaken StartFailed NotRunning
        DeadlineExceeded Overloaded CircuitOpen CoDel Brownout Gradient2 AIMD Vegas
        RetryBudget CircuitBreaker Retry retry Chooser PageHinkley
    """,
    "actors.testing": "Probe world",
    "supervisors": """
        Supervisor DynamicSupervisor Pool child ChildSpec Backoff BRUTAL_KILL INFINITY
        SupervisionError SpecError ChildRunning ChildRestarting ChildNotFound ChildPresent ChildStarted MaxChildren
        NoSuchPath Host Process Thread Promote
    """,
}

# Methods that the pinned classes owe their users, besides their names.
PINNED_MEMBERS = {
    "actors.ActorSystem": "spawn whereis register dead_letters events statistics",
    "actors.Actor": """
        started stopping exited down unhandled receive ref pid system parent link unlink monitor demonitor spawn
        spawn_link after every cancel stop stash unstash continue_with trap_exits join leave remaining level
    """,
    "actors.Ref": "tell tell_within ask stop exit kill pid is_alive statistics",
    "actors.testing.Probe": "expect expect_nothing",
    "supervisors.Supervisor": "running run",
    "supervisors.DynamicSupervisor": "running run",
    "supervisors.Pool": "running run",
}


def published(package: str) -> list[str]:
    return list(getattr(importlib.import_module(package), "__all__", []))


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_sorted_and_has_no_name_twice(package: str) -> None:
    names = published(package)

    assert names == sorted(set(names))


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_what_can_be_imported(package: str) -> None:
    module = importlib.import_module(package)
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType) and _is_ours(value)
    }

    missing = [name for name in published(package) if not hasattr(module, name)]

    assert (missing, public - set(published(package))) == ([], set())


def _is_ours(value: object) -> bool:
    return str(getattr(value, "__module__", PRODUCT[0])).partition(".")[0] in PRODUCT


@pytest.mark.parametrize(
    ("package", "name"), [(package, name) for package in PINNED for name in PINNED[package].split()]
)
def test_a_pinned_name_is_published(package: str, name: str) -> None:
    assert name in published(package)


@pytest.mark.parametrize(
    ("owner", "member"), [(owner, member) for owner in PINNED_MEMBERS for member in PINNED_MEMBERS[owner].split()]
)
def test_a_pinned_member_is_there(owner: str, member: str) -> None:
    package, _, name = owner.rpartition(".")
    subject = getattr(importlib.import_module(package), name)

    assert hasattr(subject, member) or member in _annotated(subject) or member in _set_by_init(subject)


def _annotated(cls: type) -> set[str]:
    return {name for base in cls.__mro__ for name in getattr(base, "__annotations__", {})}


def _set_by_init(cls: type) -> set[str]:
    """Attributes that the constructors bind: ``self.name = ...`` leaves the name in ``co_names``."""
    constructors = [vars(base).get("__init__") for base in cls.__mro__]
    return {name for each in constructors if inspect.isfunction(each) for name in each.__code__.co_names}


@pytest.mark.parametrize("package", [package for package in PACKAGES if published(package)])
def test_every_published_class_and_its_public_methods_are_documented(package: str) -> None:
    module = importlib.import_module(package)
    silent = [
        f"{package}.{name}{member}"
        for name in published(package)
        if inspect.isclass(subject := getattr(module, name)) or inspect.isfunction(subject)
        for member, value in _members(subject)
        if not inspect.getdoc(value)
    ]

    assert not silent, f"these have no docstring: {', '.join(silent)}"


def _members(subject: object) -> list[tuple[str, object]]:
    """The thing itself and, of a class of ours, its public methods and properties."""
    if not inspect.isclass(subject):
        return [("", subject)]
    own = [
        (f".{name}", getattr(subject, name))
        for name, value in vars(subject).items()
        if not name.startswith("_") and isinstance(value, types.FunctionType | property | classmethod | staticmethod)
    ]
    return [("", subject), *own]
