"""Private folders: one for each nursery, for its sockets and whatever its node shares with isolates.

The name says whose it is, so that what a killed node and a killed launcher both left behind is found and removed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from .linux import started_at

PREFIX = "planaria-"

# A unix socket's path has at most 107 bytes, and the names in the folder at most 8.
MAX_PATH = 98


def make(parent: str | Path | None) -> Path:
    """A new folder that only this user may enter.  Raises ``OSError`` where its path is too long for a socket."""
    place = Path(parent if parent is not None else tempfile.gettempdir()).absolute()
    sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=own_prefix(), dir=place))
    if len(os.fsencode(folder)) > MAX_PATH:
        folder.rmdir()
        raise OSError(f"{folder} is too long a path for unix sockets; name a shorter folder, or set TMPDIR")
    return folder


def sweep(place: Path) -> None:
    """Remove the folders of nodes of this user on this machine that are dead."""
    for folder in place.glob(f"{PREFIX}{_machine()}-*-*-*"):
        if is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def own_prefix() -> str:
    """How the names of what belongs to this process begin."""
    pid = os.getpid()
    return f"{PREFIX}{_machine()}-{pid}-{started_at(pid)}-"


def is_abandoned(folder: Path) -> bool:
    """Whether its name says that it belongs to a node of this user on this machine that is dead."""
    machine, pid, start, *_ = [*folder.name.removeprefix(PREFIX).split("-"), "", "", ""]
    try:
        is_ours = machine == _machine() and folder.lstat().st_uid == os.geteuid()
    except OSError:
        return False  # its own node removed it just now
    return is_ours and pid.isdigit() and str(started_at(int(pid))) != start


def _machine() -> str:
    """This boot of this machine, as this process's namespace sees its pids."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    return hashlib.blake2b((boot + str(Path("/proc/self/ns/pid").readlink())).encode(), digest_size=4).hexdigest()
