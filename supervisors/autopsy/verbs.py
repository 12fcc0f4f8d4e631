"""What may be asked at a door: a table of verbs.  All but ``drain`` look and change nothing.

A verb is a function of the running tree and the request; what it returns is the answer, of JSON's types, or awaitable.
It raises ``Refused`` for a request that makes no sense.  A new one is a new entry in :data:`VERBS`.
"""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from actors import ActorError, Ref
from actors.checkup import signs
from actors.keeper import places_of
from actors.signs import Signs
from supervisors.errors import NoSuchPath
from supervisors.introspect import Snapshot, snapshot_of

if TYPE_CHECKING:
    from actors.cluster.cluster import Cluster
    from supervisors.running import Running

    Verb = Callable[[Running, Mapping[str, Any]], Awaitable[Any] | Any]

PROTOCOL = 1
"""Rises when an old client would misunderstand an answer."""

MOST = 100
"""Autopsies in one answer; each takes a tenth of a millisecond of the tree's time."""

ROW = ("path", "kind", "status", "incarnation", "mailbox", "handled", "restarts", "place", "process", "host")
"""What is told of each place to those who look again and again."""

LARGEST = 10_000
"""Places in one answer about the tree; ask for a part of a larger one."""


class Refused(Exception):
    """A request cannot be answered; the text says why, ``kind`` says it to programs."""

    def __init__(self, kind: str, why: str) -> None:
        self.kind = kind
        super().__init__(why)


def ping(running: Running, request: Mapping[str, Any]) -> dict[str, Any]:
    """Which tree this is, and what it may be asked."""
    return {
        "protocol": PROTOCOL,
        "version": _version(),
        "tree": running.name,
        "pid": os.getpid(),
        "alive": running.is_alive,
        "verbs": sorted(VERBS),
    }


def why(running: Running, request: Mapping[str, Any]) -> dict[str, Any]:
    """The autopsies of ``path``, the newest first, at most ``last`` (1); ``known`` counts those that are remembered."""
    path, last = _text(request, "path"), request.get("last", 1)
    if type(last) is not int or not 1 <= last <= MOST:
        raise Refused("bad_request", f"last must be a whole number from 1 to {MOST}")
    try:
        full = running.full_path(path)
    except NoSuchPath as error:
        raise Refused("no_such_path", str(error)) from None
    return {
        "now": running.system.now(),
        "path": full,
        "known": running.coroner.count(full),
        "autopsies": [autopsy.to_dict() for autopsy in running.coroner.why(full, last)],
    }


def tree(running: Running, request: Mapping[str, Any]) -> dict[str, Any]:
    """The snapshot of ``path`` and all below it; without one, of the whole tree."""
    try:
        ref = running.ref(_text(request, "path") if "path" in request else "")
    except NoSuchPath as error:
        raise Refused("no_such_path", str(error)) from None
    places = _count(ref, LARGEST)
    if places > LARGEST:
        raise Refused("too_large", f"there are more than {LARGEST:,} places at {ref.name!r}; ask for a part of them")
    return snapshot_of(ref).to_dict()


def top(running: Running, request: Mapping[str, Any]) -> dict[str, Any]:
    """Every place of the tree, parents first, with what it does and where it lives; and the hosts, if there are any."""
    places = _count(running.ref(""), LARGEST)
    if places > LARGEST:
        raise Refused("too_large", f"there are more than {LARGEST:,} places in {running.name}")
    cluster = running.system.cluster
    return {
        "tree": running.name,
        "pid": os.getpid(),
        "places": [_row(running, each) for each in running.snapshot().walk()],
        "hosts": [view.to_dict() for view in cluster.hosts()] if cluster is not None else [],
    }


def _row(running: Running, node: Snapshot) -> dict[str, Any]:
    vitals = running.vitals(node.path) if node.kind == "worker" else None
    seen = signs(running.ref(node.path)) or Signs()
    row = {name: getattr(node, name) for name in ROW}
    row |= {"delay": vitals.delay if vitals is not None else None}
    return row | {"memory": seen.memory, "cpu": seen.cpu, "silence": seen.silence}


def hosts(running: Running, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The hosts that are known here, this one first."""
    return [view.to_dict() for view in _cluster(running).hosts()]


def drain(running: Running, request: Mapping[str, Any]) -> str:
    """Have ``host`` emptied, of the ``boot`` if that is said; answers with the name of the host that was asked."""
    cluster = _cluster(running)
    host, boot = _text(request, "host"), request.get("boot")
    if boot is not None and not any((view.name, view.boot) == (host, boot) for view in cluster.hosts()):
        raise Refused("no_such_host", f"host {host} has left meanwhile")
    try:
        cluster.drain(host)
    except ActorError as error:
        raise Refused("no_such_host", str(error)) from None
    return cluster.name


def _cluster(running: Running) -> Cluster:
    cluster = running.system.cluster
    if cluster is None:
        raise Refused("no_cluster", f"{running.name} belongs to no cluster")
    return cluster


VERBS: Mapping[str, Verb] = {"ping": ping, "why": why, "tree": tree, "top": top, "hosts": hosts, "drain": drain}


def _count(ref: Ref[Any], most: int) -> int:
    """How many places there are here and below, counted up to one more than ``most``."""
    waiting, count = [ref], 0
    while waiting and count <= most:
        count += 1
        waiting.extend(places_of(waiting.pop()).values())
    return count


def _text(request: Mapping[str, Any], key: str) -> str:
    value = request.get(key)
    if not isinstance(value, str):
        raise Refused("bad_request", f"{key} must be text")
    return value


def _version() -> str:
    try:
        return importlib.metadata.version("planaria")
    except importlib.metadata.PackageNotFoundError:
        return ""
