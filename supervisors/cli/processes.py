"""What processes take, as the kernel tells it: their memory, their time, whose children they are.

Linux only; elsewhere nothing is known.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """One process at one moment.  ``memory``: resident bytes; ``cpu``: seconds of processor time so far."""

    pid: int
    parent: int
    name: str
    memory: int
    cpu: float


def usage_of(pid: int) -> Usage | None:
    """What a process takes; ``None``: there is none, or nobody tells."""
    try:
        return parsed((PROC / str(pid) / "stat").read_text())
    except (OSError, ValueError):
        return None


def parsed(stat: str) -> Usage:
    """A line of ``/proc/PID/stat``; the name in it is in parentheses, and may hold any character."""
    pid, _, rest = stat.partition(" (")
    name, _, rest = rest.rpartition(") ")
    fields = rest.split()
    ticks = int(fields[11]) + int(fields[12])
    memory = int(fields[21]) * os.sysconf("SC_PAGESIZE")
    return Usage(int(pid), int(fields[1]), name, memory, ticks / os.sysconf("SC_CLK_TCK"))


def share_of(pid: int) -> int | None:
    """Bytes that a process holds, of pages that it shares its share (PSS); ``None``: nobody tells.

    Forked processes share most of their pages, so that their resident bytes add up to more than there is.
    """
    try:
        rows = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        return next(int(row.split()[1]) * 1024 for row in rows if row.startswith("Pss:"))
    except (OSError, ValueError, StopIteration):
        return None


def everybody() -> list[Usage]:
    """All processes."""
    try:
        numbers = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]
    except OSError:
        return []
    return [found for number in numbers if (found := usage_of(number)) is not None]


def family(pid: int, processes: Iterable[Usage]) -> list[Usage]:
    """``pid`` and all below it, parents before their children; empty if it is not there."""
    known = {each.pid: each for each in processes}
    below: dict[int, list[Usage]] = {}
    for each in known.values():
        below.setdefault(each.parent, []).append(each)
    found = [known[pid]] if pid in known else []
    for each in found:
        found.extend(sorted(below.get(each.pid, []), key=lambda child: child.pid))
    return found
