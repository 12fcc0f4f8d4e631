"""Options that do not go together: what could not be built by the constructors, and what can and is not meant."""

from __future__ import annotations

from collections.abc import Iterator

from supervisors.spec import Supervisor

from .findings import Code, Finding, Severity
from .places import Place, children_of


def check(place: Place) -> Iterator[Finding]:
    """The options of a supervisor, by themselves and in the eyes of the one above it."""
    tree = place.tree
    if tree is None:
        return
    if place.parent is not None:
        yield from _as_child(place)
    yield from _ids(place)
    yield from _automatic(place)
    if tree.max_restarts == 0:
        yield Finding(place.path, Code.FIRST_CRASH_FATAL, Severity.NOTE, "max_restarts is 0: the first crash ends it")


def _ids(place: Place) -> Iterator[Finding]:
    assert place.tree is not None
    seen: set[str] = set()
    for spec in children_of(place.tree):
        if spec.id in seen:
            message = f"two children have the id {spec.id!r}: only the last would be there"
            yield Finding(place.path, Code.DUPLICATE_ID, Severity.ERROR, message)
        seen.add(spec.id)


def _automatic(place: Place) -> Iterator[Finding]:
    tree = place.tree
    if not isinstance(tree, Supervisor):
        return
    significant = [spec.id for spec in tree.children if spec.significant]
    if tree.auto_shutdown == "never":
        for id in significant:
            message = "it is significant, but its supervisor never shuts down by itself"
            yield Finding(f"{place.path}/{id}", Code.SIGNIFICANT_UNDER_NEVER, Severity.ERROR, message)
    elif not significant:
        message = f"auto_shutdown is {tree.auto_shutdown!r}, but none of its children is significant"
        yield Finding(place.path, Code.NOBODY_SIGNIFICANT, Severity.WARNING, message)


def _as_child(place: Place) -> Iterator[Finding]:
    tree = place.tree
    assert tree is not None
    closes = isinstance(tree, Supervisor) and tree.auto_shutdown != "never"
    if closes and tree.restart == "permanent":
        message = (
            "it shuts down by itself and is permanent: it would be restarted at once; make it transient or temporary"
        )
        yield Finding(place.path, Code.AUTO_SHUTDOWN_RESTARTED, Severity.WARNING, message)
    if tree.restart == "transient" and not closes:
        message = "it is transient, and when it gives up it ends cleanly: the supervisor above takes that for success"
        yield Finding(place.path, Code.GIVE_UP_LOOKS_CLEAN, Severity.WARNING, message)
