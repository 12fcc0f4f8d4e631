"""Every error that supervision raises, below ``actors.ActorError``.

::

    ActorError
    └── SupervisionError
        ├── SpecError        a spec contradicts itself: raised when it is built, with field and value
        ├── ChildFailed      a child that was asked for did not start (see .reason)
        ├── ChildStarted     start_child: this id is running already (see .ref)
        ├── ChildPresent     start_child: this id is there, but not running; restart_child or delete_child it
        ├── ChildRunning     restart_child, delete_child: it is running; terminate_child it first
        ├── ChildRestarting  restart_child, delete_child: the supervisor is at it; terminate_child cancels that
        ├── ChildNotFound    no child has this id
        ├── MaxChildren      a dynamic supervisor holds as many children as it may
        ├── TreeGaveUp       the root of a tree ended by itself (see .event)
        ├── TreeEnded        the root of the tree was killed or crashed
        ├── ReplacementFailed  a replacement that was asked for did not happen; the old life serves on
        └── NoSuchPath       the tree has nothing at this path
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import TYPE_CHECKING

from actors.errors import ActorError

if TYPE_CHECKING:
    from actors.exits import Reason

    from .events import GaveUp

SHOWN_PATHS = 8
"""Paths that ``NoSuchPath`` lists; a tree may have thousands."""


class SupervisionError(ActorError):
    """Base of all errors of this package."""


class SpecError(SupervisionError, ValueError):
    """``field`` of a spec holds ``value``, which cannot be meant; ``why`` says what is wrong with it."""

    def __init__(self, field: str, value: object, why: str) -> None:
        self.field = field
        self.value = value
        self.why = why
        super().__init__(f"{field}={value!r:.1000}: {why}")


class ChildFailed(SupervisionError):
    """The child ``id`` did not start, because of ``reason``.

    After ``start_child`` its spec is gone, after ``restart_child`` it stays, stopped; neither is tried again.  A
    supervisor whose first start failed ends with this error, its earlier children stopped in reverse order.
    """

    def __init__(self, id: str, reason: Reason) -> None:
        self.id = id
        self.reason = reason
        super().__init__(f"child {id!r} did not start: {reason}")


class ChildStarted(SupervisionError):
    """A child of this id is running already; ``ref`` names it."""

    def __init__(self, ref: object) -> None:
        self.ref = ref
        super().__init__(f"it is running already: {ref}")


class ChildPresent(SupervisionError):
    """A child of this id is there, stopped or about to be restarted."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"child {id!r} is present but not running; restart_child starts it, delete_child removes it")


class ChildRunning(SupervisionError):
    """The child has a life, which may be one that is just starting or stopping."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"child {id!r} is running; terminate_child stops it")


class ChildRestarting(SupervisionError):
    """The supervisor is about to restart the child by itself."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"child {id!r} is being restarted; terminate_child cancels that")


class ChildNotFound(SupervisionError):
    """No child has this id, or it was temporary or dynamic and its life is over."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"there is no child {id!r}")


class MaxChildren(SupervisionError):
    """The dynamic supervisor holds ``limit`` children; those that wait for a restart count too."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"there are {limit} children already, which is the limit")


class TreeGaveUp(SupervisionError):
    """The root of the tree ``name`` exceeded its limit of restarts; ``event`` says which child was too much for it."""

    def __init__(self, name: str, event: GaveUp) -> None:
        self.name = name
        self.event = event
        super().__init__(f"the tree {name!r} gave up: {event.describe()}")


class TreeEnded(SupervisionError):
    """The root of the tree ``name`` was killed or crashed: nobody asked the tree to end."""

    def __init__(self, name: str, reason: Reason) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"the tree {name!r} has ended: {reason}")


class ReplacementFailed(SupervisionError):
    """A replacement that was asked for did not happen; the old life of ``path`` serves on, unless it ended."""

    def __init__(self, path: str, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(f"{path} was not replaced: {why}")


class NoSuchPath(SupervisionError, LookupError):
    """The tree has nothing at ``path``; ``known`` are the paths that it has, ``hint`` names the nearest, or some."""

    def __init__(self, path: str, known: Collection[str]) -> None:
        self.path = path
        self.known = tuple(known)
        ids = {known.rpartition("/")[2]: known for known in reversed(self.known)}
        near = [ids[id] for id in difflib.get_close_matches(path.rpartition("/")[2], ids, n=1)]
        if near:
            hint = f"did you mean {near[0]!r}?"
        elif not self.known:
            hint = "it has no children"
        else:
            more = len(self.known) - SHOWN_PATHS
            hint = "it has " + ", ".join(self.known[:SHOWN_PATHS]) + (f" and {more} more" if more > 0 else "")
        self.hint = hint
        super().__init__(f"the tree has nothing at {path!r}; {hint}")
