"""Supervision: who watches whom, and what a death leads to.  Trees are values; see the README for a first one."""

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
    TreeGaveUp,
)
from .spec import BRUTAL_KILL, INFINITY, ChildSpec, DynamicSupervisor, Pool, Supervisor, Tree, by_key, child

__all__ = [
    "BRUTAL_KILL",
    "INFINITY",
    "Backoff",
    "ChildFailed",
    "ChildNotFound",
    "ChildPresent",
    "ChildRestarting",
    "ChildRunning",
    "ChildSpec",
    "ChildStarted",
    "DynamicSupervisor",
    "MaxChildren",
    "NoSuchPath",
    "Pool",
    "SpecError",
    "SupervisionError",
    "Supervisor",
    "Tree",
    "TreeGaveUp",
    "by_key",
    "child",
]
