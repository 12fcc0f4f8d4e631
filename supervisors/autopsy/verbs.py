"""What may be asked at a door: a table of verbs.  Those here look and change nothing.

A verb is a function of the running tree and the request; what it returns is the answer, of JSON's types, or awaitable.
It raises ``Refused`` for a request that makes no sense.  A new one is a new entry in :data:`VERBS`.
"""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from actors import Ref
from actors.keeper import places_of
from supervisors.errors import NoSuchPath
from supervisors.introspect import snapshot_of

if TYPE_CHECKING:
    from supervisors.running import Running

    Verb = Callable[[Running, Mapping[str, Any]], Awaitable[Any] | Any]

PROTOCOL = 1
"""Rises when an old client would misunderstand an answer."""

MOST = 100
"""Autopsies in one answer; each takes a tenth of a millisecond of the tree's time."""

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


VERBS: Mapping[str, Verb] = {"ping": ping, "why": why, "tree": tree}


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
