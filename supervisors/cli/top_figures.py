"""What ``planaria top`` shows, worked out of two looks at a tree.  Pure: looks go in, figures come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .guardian import NAME as GUARDIAN
from .processes import Usage, family

ROLES = {
    GUARDIAN: "guardian", "planaria-launch": "launcher", "planaria-zygote": "zygote", "planaria-admin": "admin",
    "planaria-logger": "logger", "planaria-isolat": "spare", "planaria-conven": "convention",
    "planaria-watch": "watcher", "planaria-next": "next fork",
}  # fmt: skip
"""What processes are there for, by the name that the kernel has of them, which is cut off."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look: when, by this process's clock, what the tree said (the verb ``top``), and all processes there were."""

    at: float
    said: Mapping[str, Any]
    processes: tuple[Usage, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One place of the tree.

    ``lives``: how many have begun here; ``restarts``: of a supervisor, in its present window; ``rate``: messages a
    second since the look before; ``delay``: seconds that a message has waited, if a policy looks; ``silence``: those
    since the life's last sign from elsewhere.  ``memory`` (bytes, shared ones by its share; on another host all
    resident ones) and ``cpu``, a share of one processor, are those of the process it has for itself.
    """

    path: str
    kind: str
    status: str
    place: str
    host: str | None
    process: int | None
    lives: int
    restarts: int | None
    mailbox: int
    handled: int
    rate: float | None
    delay: float | None
    silence: float | None
    memory: int | None
    cpu: float | None


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """One process that the tree consists of; ``role``: what it is there for."""

    pid: int
    name: str
    role: str
    memory: int
    cpu: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is shown at a time.

    ``hosts``: as ``planaria hosts --json`` has them; empty without a cluster.  ``guests``: how many lives of others a
    host runs that has no tree of its own; ``None``: it is a tree.
    """

    tree: str
    pid: int
    places: tuple[PlaceRow, ...]
    processes: tuple[ProcessRow, ...]
    hosts: tuple[Mapping[str, Any], ...]
    guests: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def figures(look: Look, before: Look | None = None) -> Figures:
    """What ``look`` shows; rates and shares are those since ``before``, and ``None`` without it."""
    said, passed = look.said, 0.0
    if before is not None and before.said["pid"] == said["pid"]:
        passed = look.at - before.at
    places = {each["path"]: each for each in before.said["places"]} if before is not None else {}
    earlier = {each.pid: each for each in before.processes} if before is not None else {}
    shares = {each.pid: _share(each, earlier.get(each.pid), passed) for each in look.processes}
    usages = {each.pid: each for each in look.processes}
    lodgers = {
        each["process"]: each["path"] for each in said["places"] if each["process"] is not None and not each["host"]
    }
    guests = said.get("guests")
    lodgers |= {each["process"]: f"life of {each['of']}" for each in guests or ()}
    return Figures(
        tree=said["tree"],
        pid=said["pid"],
        places=tuple(_place(each, places, passed, usages) for each in said["places"]),
        processes=tuple(
            ProcessRow(each.pid, each.name, _role(each, said, lodgers), each.memory, shares[each.pid])
            for each in _processes(look)
        ),
        hosts=tuple(said["hosts"]),
        guests=None if guests is None else len(guests),
    )


def _processes(look: Look) -> list[Usage]:
    """Those of the tree: the node, all that it started, and the guardian that started it."""
    found = family(look.said["pid"], look.processes)
    known = {each.pid: each for each in look.processes}
    above = known.get(found[0].parent) if found else None
    return [above, *found] if above is not None and above.name == GUARDIAN else found


def _role(usage: Usage, said: Mapping[str, Any], lodgers: Mapping[int, str]) -> str:
    if usage.pid == said["pid"]:
        return "the host" if said.get("guests") is not None else "the tree"
    return lodgers.get(usage.pid) or ROLES.get(usage.name, usage.name)


def _place(
    said: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]], passed: float, usages: Mapping[int, Usage]
) -> PlaceRow:
    path, usage = said["path"], usages.get(said["process"]) if said["host"] is None else None
    known = before.get(path)
    rate = share = None
    if known is not None and passed > 0:
        rate = max(0.0, said["handled"] - known["handled"]) / passed
        if said["cpu"] is not None and known["cpu"] is not None and said["process"] == known["process"]:
            share = max(0.0, said["cpu"] - known["cpu"]) / passed
    return PlaceRow(
        path=path,
        kind=said["kind"],
        status=said["status"],
        place=said["place"],
        host=said["host"],
        process=said["process"],
        lives=said["incarnation"],
        restarts=said["restarts"],
        mailbox=said["mailbox"],
        handled=said["handled"],
        rate=rate,
        delay=said["delay"],
        silence=said["silence"],
        memory=usage.memory if usage is not None else said["memory"],
        cpu=share,
    )


def _share(usage: Usage, before: Usage | None, passed: float) -> float | None:
    return max(0.0, usage.cpu - before.cpu) / passed if before is not None and passed > 0 else None
