"""Without keys a host talks to its own user's hosts on the same machine: the kernel says whose a connection is."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

TABLES = {socket.AF_INET: Path("/proc/net/tcp"), socket.AF_INET6: Path("/proc/net/tcp6")}


def why_stranger(end: socket.socket) -> str | None:
    """Why whoever is at the other end of a connection over loopback is not to be trusted; ``None``: it is this user.

    Linux only: elsewhere nobody says whose a connection is, and keys are needed.
    """
    theirs, ours = end.getpeername()[:2], end.getsockname()[:2]
    table = TABLES.get(end.family)
    try:
        rows = table.read_text().splitlines()[1:] if table is not None else []
    except OSError:
        rows = []
    wanted = _spell(end.family, *theirs), _spell(end.family, *ours)
    for row in rows:
        columns = row.split()
        if (columns[1], columns[2]) == wanted:
            user = int(columns[7])
            return None if user in (os.geteuid(), 0) else f"it is user {user}'s; hosts of several users need keys"
    return "the system does not say whose it is; use keys"


def _spell(family: int, address: str, port: int) -> str:
    """An address as the kernel's table has it: words of four bytes, each in the machine's order."""
    raw = socket.inet_pton(family, address.partition("%")[0])
    words = (int.from_bytes(raw[at : at + 4], sys.byteorder) for at in range(0, len(raw), 4))
    return f"{''.join(f'{word:08X}' for word in words)}:{port:04X}"
