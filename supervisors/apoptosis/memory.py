"""How much memory the process holds."""

from __future__ import annotations

import os
from pathlib import Path

STATM = Path("/proc/self/statm")
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def resident() -> int | None:
    """Bytes of memory that the process holds now; ``None`` where the system does not say (only Linux does)."""
    try:
        return int(STATM.read_bytes().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return None
