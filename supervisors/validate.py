"""What is unwise about a tree, found before it starts: the checks of ``planaria check``.

A spec that contradicts itself cannot be built; what is found here can be run, but will not do what its author expects.
Each check looks at one supervisor, or at one child below it, and is a generator of findings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from .spec import INFINITY, BrutalKill, ChildSpec, DynamicSupervisor, Pool, Spec, Supervisor, Tree

LARGE_BUDGET = 100
"""Starts of one always-crashing child, over all levels, that are worth a finding: more than anybody reads in a log."""


class Severity(StrEnum):
    """How sure it is that a finding hurts."""

    ERROR = "error"
    """It cannot work as written."""

    WARNING = "warning"
    """It works until something goes wrong, and then not as expected."""

    NOTE = "note"
    """It may well be meant."""


class Code(StrEnum):
    """The kinds of findings; stable, so that a program may select by them."""

    DUPLICATE_ID = "duplicate-id"
    SIGNIFICANT_UNDER_NEVER = "significant-under-never"
    NOBODY_SIGNIFICANT = "nobody-significant"
    AUTO_SHUTDOWN_RESTARTED = "auto-shutdown-restarted"
    UNREACHABLE_GIVE_UP = "unreachable-give-up"
    FIRST_CRASH_FATAL = "first-crash-fatal"
    POISON_BEFORE_QUARANTINE = "poison-before-quarantine"
    LARGE_BUDGET = "large-budget"
    GIVE_UP_LOOKS_CLEAN = "give-up-looks-clean"
    SHORT_SHUTDOWN = "short-shutdown"
    UNBOUNDED_MAILBOX = "unbounded-mailbox"
    UNBOUNDED_SHUTDOWN = "unbounded-shutdown"
    UNBOUNDED_START = "unbounded-start"
    UNBOUNDED_CHILDREN = "unbounded-children"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something unwise at ``path``: what kind (``code``), how bad (``severity``), and a sentence about it."""

    path: str
    code: Code
    severity: Severity
    message: str

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.path}: {self.severity}: {self.message} [{self.code}]"


def findings(tree: Tree, *, grace: float | None = None) -> list[Finding]:
    """All findings, supervisors before their children, in the order of the specs.

    ``grace``: seconds that whatever runs the program allows it to stop (30 in most container platforms); ``None`` does
    not ask.
    """
    found = list(_of_tree(tree, tree.name, 1))
    if grace is not None and stop_time(tree) > grace:
        message = f"its children may take {_seconds(stop_time(tree))} to stop, and the program has {_seconds(grace)}"
        found.insert(0, Finding(tree.name, Code.SHORT_SHUTDOWN, Severity.WARNING, message))
    return found


def stop_time(spec: Spec | Tree) -> float:
    """The longest that ``spec`` may take to stop: a worker its ``shutdown``, a supervisor what its children take.

    A supervisor's children take the sum of their times if it is static, the longest of them otherwise; those that a
    dynamic supervisor will have are not known and count nothing.  Its own ``shutdown`` cuts that short.
    """
    if isinstance(spec.shutdown, BrutalKill):
        return 0.0
    if isinstance(spec, ChildSpec):
        return spec.shutdown
    return min(spec.shutdown, _children_stop_time(spec))


def _children_stop_time(tree: Tree) -> float:
    times = [stop_time(spec) for spec in _children(tree)]
    return sum(times) if isinstance(tree, Supervisor) else max(times, default=0.0)


def _children(tree: Tree) -> tuple[Spec, ...]:
    if isinstance(tree, Supervisor):
        return tuple(tree.children)
    return (tree.worker,) if isinstance(tree, Pool) else ()


def _of_tree(tree: Tree, path: str, starts: int) -> Iterator[Finding]:
    """``starts``: how often this supervisor is started if its children always crash, counted over the levels above."""
    starts *= tree.max_restarts + 1
    yield from _ids(tree, path)
    yield from _automatic(tree, path)
    yield from _limits(tree, path, starts)
    if isinstance(tree, DynamicSupervisor) and tree.max_children is None:
        message = "it takes any number of children; max_children sets a limit"
        yield Finding(path, Code.UNBOUNDED_CHILDREN, Severity.NOTE, message)
    for spec in _children(tree):
        below = f"{path}/{spec.id}"
        yield from _give_up(tree, spec, below)
        if isinstance(spec, ChildSpec):
            yield from _worker(tree, spec, below)
        else:
            yield from _as_child(spec, below)
            yield from _of_tree(spec, below, starts if spec.restart == "permanent" else 1)


def _ids(tree: Tree, path: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for spec in _children(tree):
        if spec.id in seen:
            message = f"two children have the id {spec.id!r}: only the last would be there"
            yield Finding(path, Code.DUPLICATE_ID, Severity.ERROR, message)
        seen.add(spec.id)


def _automatic(tree: Tree, path: str) -> Iterator[Finding]:
    if not isinstance(tree, Supervisor):
        return
    significant = [spec.id for spec in tree.children if spec.significant]
    if tree.auto_shutdown == "never":
        for id in significant:
            message = "it is significant, but its supervisor never shuts down by itself"
            yield Finding(f"{path}/{id}", Code.SIGNIFICANT_UNDER_NEVER, Severity.ERROR, message)
    elif not significant:
        message = f"auto_shutdown is {tree.auto_shutdown!r}, but none of its children is significant"
        yield Finding(path, Code.NOBODY_SIGNIFICANT, Severity.WARNING, message)


def _limits(tree: Tree, path: str, starts: int) -> Iterator[Finding]:
    if tree.max_restarts == 0:
        yield Finding(path, Code.FIRST_CRASH_FATAL, Severity.NOTE, "max_restarts is 0: the first crash ends it")
    if starts >= LARGE_BUDGET and any(_is_restarted(spec) for spec in _children(tree) if spec.kind == "worker"):
        message = f"a child that always crashes is started {starts:,} times, over all levels, before the tree gives up"
        yield Finding(path, Code.LARGE_BUDGET, Severity.NOTE, message)


def _is_restarted(spec: Spec) -> bool:
    return spec.restart != "temporary"


def _give_up(tree: Tree, spec: Spec, path: str) -> Iterator[Finding]:
    """Whether one child that always crashes can ever use up a budget, given how long its backoff makes it wait.

    The first waits are the shortest, so if those do not fit into the window no later ones do.  Between restart number
    one and number ``max_restarts + 1`` lie ``max_restarts`` waits, after the failures 1, 2, ...
    """
    if spec.backoff is None or not _is_restarted(spec):
        return
    for owner, (limit, within) in _budgets(tree, spec):
        longest = spec.backoff.total(limit)
        restarts = f"{limit + 1:,} restarts of it alone"
        if longest / 2 > within:
            message = (
                f"{owner} will hardly ever give up: {restarts} take {_seconds(longest / 2)} of expected backoff "
                f"(at most {_seconds(longest)}), and within is {_seconds(within)}"
            )
            yield Finding(path, Code.UNREACHABLE_GIVE_UP, Severity.WARNING, message)
        elif longest > within:
            message = (
                f"{owner} may be late to give up: {restarts} take up to {_seconds(longest)} of backoff "
                f"({_seconds(longest / 2)} expected), and within is {_seconds(within)}"
            )
            yield Finding(path, Code.UNREACHABLE_GIVE_UP, Severity.NOTE, message)


def _budgets(tree: Tree, spec: Spec) -> Iterator[tuple[str, tuple[int, float]]]:
    """The budget that counts: a child's own, where it has one, is there to be met first."""
    if spec.budget is not None:
        yield "its own budget", spec.budget
    else:
        yield f"its supervisor {tree.name!r}", (tree.max_restarts, tree.within)


def _worker(tree: Tree, spec: ChildSpec, path: str) -> Iterator[Finding]:
    mailbox = spec.blueprint.mailbox
    limit = tree.max_restarts if spec.budget is None else min(tree.max_restarts, spec.budget[0])
    if _is_restarted(spec) and mailbox.redeliver and mailbox.redeliver >= limit:
        message = (
            f"a poisonous message may end {_count(mailbox.redeliver, 'life', 'lives')} before it is quarantined, "
            f"which uses up the {_count(limit, 'restart', 'restarts')} allowed"
        )
        yield Finding(path, Code.POISON_BEFORE_QUARANTINE, Severity.WARNING, message)
    if mailbox.limit is None:
        message = "its mailbox has no limit: a slow life is owed ever more until memory ends"
        yield Finding(path, Code.UNBOUNDED_MAILBOX, Severity.WARNING, message)
    if spec.shutdown == INFINITY:
        message = "shutdown is INFINITY for a worker: one that does not stop holds up the whole shutdown"
        yield Finding(path, Code.UNBOUNDED_SHUTDOWN, Severity.WARNING, message)
    if spec.start_timeout == INFINITY:
        message = "start_timeout is INFINITY: if it never starts, nothing after it does"
        yield Finding(path, Code.UNBOUNDED_START, Severity.WARNING, message)


def _as_child(tree: Supervisor | DynamicSupervisor | Pool, path: str) -> Iterator[Finding]:
    """A supervisor in the eyes of the one above it."""
    if isinstance(tree, Supervisor) and tree.auto_shutdown != "never" and tree.restart == "permanent":
        message = (
            "it shuts down by itself and is permanent: it would be restarted at once; make it transient or temporary"
        )
        yield Finding(path, Code.AUTO_SHUTDOWN_RESTARTED, Severity.WARNING, message)
    if tree.restart == "transient" and tree.auto_shutdown == "never":
        message = "it is transient, and when it gives up it ends cleanly: the supervisor above takes that for success"
        yield Finding(path, Code.GIVE_UP_LOOKS_CLEAN, Severity.WARNING, message)
    given = 0.0 if isinstance(tree.shutdown, BrutalKill) else tree.shutdown
    needed = _children_stop_time(tree)
    if needed > given:
        message = f"its children may take {_seconds(needed)} to stop, and it is killed after {_seconds(given)}"
        yield Finding(path, Code.SHORT_SHUTDOWN, Severity.WARNING, message)


def _seconds(value: float) -> str:
    return "for ever" if math.isinf(value) else f"{value:.4g} s"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
