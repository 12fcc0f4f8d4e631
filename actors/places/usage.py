"""What a process uses, read from outside: whatever it does, it cannot keep that to itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


PF_EXITING = 0x4
"""The kernel's mark of a process that has begun to end."""


class Usage(NamedTuple):
    """``memory``: bytes that it holds; ``cpu``: seconds of a core that it has used so far, in steps of about 10 ms;
    ``can_run``: its main thread has a core, or waits for one.
    """

    memory: int
    cpu: float
    can_run: bool


def usage_of(pid: int | None = None) -> Usage | None:
    """Of process ``pid``, this one by default; ``None`` if it is gone, or where nobody says (only Linux does)."""
    try:
        fields = Path(f"/proc/{'self' if pid is None else pid}/stat").read_bytes().rpartition(b")")[2].split()
        return Usage(int(fields[21]) * PAGE, (int(fields[11]) + int(fields[12])) / TICKS, fields[0] == b"R")
    except (OSError, IndexError, ValueError):
        return None


def is_ending(pid: int) -> bool:
    """Whether a process has begun to end: what it has open is closed by the kernel, then."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return True
    return bool(int(fields[6]) & PF_EXITING)
