"""Supervision: who watches whom, and what a death leads to.  Trees are values; see the README for a first one.

What supervisors decide is published as events, which live in :mod:`supervisors.events`.
"""

from . import _shadow  # noqa: F401 - first of all: says so if another module called `actors` hides ours

# isort: split
from actors.places.place import Host, Process, Thread

from .apoptosis.policy import Apoptosis, Disruption, Lifetime, Weights
from .apoptosis.vitals import Vitals
from .asgi import Lifespan, planaria_lifespan
from .autopsy.record import Autopsy
from .backoff import Backoff
from .desired import Desired, Scale
from .errors import (
    ChildFailed,
    ChildNotFound,
    ChildPresent,
    ChildRestarting,
    ChildRunning,
    ChildStarted,
    MaxChildren,
    NoSuchPath,
    ReplacementFailed,
    SpecError,
    SupervisionError,
    TreeEnded,
    TreeGaveUp,
)
from .handle import Handle
from .introspect import Snapshot
from .journal import Journal
from .promotion.policy import Promote
from .repair.standby import Fence, Standby
from .running import Running
from .spec import BRUTAL_KILL, INFINITY, ChildSpec, DynamicSupervisor, Pool, Supervisor, Tree, by_key, child

__all__ = [
    "Apoptosis",
    "Autopsy",
    "BRUTAL_KILL",
    "Backoff",
    "ChildFailed",
    "ChildNotFound",
    "ChildPresent",
    "ChildRestarting",
    "ChildRunning",
    "ChildSpec",
    "ChildStarted",
    "Desired",
    "Disruption",
    "DynamicSupervisor",
    "Fence",
    "Handle",
    "Host",
    "INFINITY",
    "Journal",
    "Lifespan",
    "Lifetime",
    "MaxChildren",
    "NoSuchPath",
    "Pool",
    "Process",
    "Promote",
    "ReplacementFailed",
    "Running",
    "Scale",
    "Snapshot",
    "SpecError",
    "Standby",
    "SupervisionError",
    "Supervisor",
    "Thread",
    "Tree",
    "TreeEnded",
    "TreeGaveUp",
    "Vitals",
    "Weights",
    "by_key",
    "child",
    "planaria_lifespan",
]
