"""Supervision: who watches whom, and what a death leads to.  Trees are values; see the README for a first one.

What supervisors decide is published as events, which live in :mod:`supervisors.events`.
"""

from . import _shadow  # noqa: F401 - first of all: says so if another module called `actors` hides ours
from .asgi import Lifespan, planaria_lifespan
from .backoff import Backoff
from .errors import (
    ChildFailed,
    ChildNotFound,
    ChildPresent,
    ChildRestarting,
    ChildRunning,
    ChildStarted,
    MaxChildren,
    NoSuchPath,
    SpecError,
    SupervisionError,
    TreeEnded,
    TreeGaveUp,
)
from .introspect import Snapshot
from .journal import Journal
from .running import Handle, Running
from .spec import BRUTAL_KILL, INFINITY, ChildSpec, DynamicSupervisor, Pool, Supervisor, Tree, by_key, child

__all__ = [
    "BRUTAL_KILL",
    "Backoff",
    "ChildFailed",
    "ChildNotFound",
    "ChildPresent",
    "ChildRestarting",
    "ChildRunning",
    "ChildSpec",
    "ChildStarted",
    "DynamicSupervisor",
    "Handle",
    "INFINITY",
    "Journal",
    "Lifespan",
    "MaxChildren",
    "NoSuchPath",
    "Pool",
    "Running",
    "Snapshot",
    "SpecError",
    "SupervisionError",
    "Supervisor",
    "Tree",
    "TreeEnded",
    "TreeGaveUp",
    "by_key",
    "child",
    "planaria_lifespan",
]
