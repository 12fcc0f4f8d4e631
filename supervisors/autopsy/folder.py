"""The folder of doors: private to its user, and trusted only after a look at who owns it and who may enter.

It is ``$XDG_RUNTIME_DIR/planaria``, or ``planaria-UID`` among the temporary files where there is no such directory or
the name of a socket in it would be too long.  Anybody may make a folder of that name first in a shared place; then it
is not used, and there is no door.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

HAS_DOORS = hasattr(socket, "AF_UNIX") and hasattr(os, "geteuid")
"""Whether this system has local sockets and users; Windows has not."""

LONGEST = 103
"""Bytes that the path of a socket may have: 104 with the final zero on the BSDs and macOS, 108 on Linux."""

SHOWN = 40
"""Characters of a tree's name that go into the name of its socket."""

SUFFIX = ".sock"

NAMESAKES = 100
"""Sockets of one name in one process; more trees than that have no door."""


class Unsafe(Exception):
    """A folder or socket is not what it must be to be used; ``why`` says what is wrong."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(f"{path} {why}")


def folders(environ: Mapping[str, str]) -> list[Path]:
    """Where doors may be, the preferred place first."""
    places = [Path(tempfile.gettempdir()) / f"planaria-{os.geteuid()}"]
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime) and os.path.isdir(runtime):  # noqa: PTH112, PTH117 - a string until it is known to be one
        places.insert(0, Path(runtime) / "planaria")
    return places


def prepare(folder: Path) -> None:
    """Make ``folder`` if it is not there, and see that it is safe.  Raises ``Unsafe`` or ``OSError``."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    check(folder)


def check(folder: Path) -> None:
    """Refuse a folder that is not a directory of this user's, or that others may enter.  Raises ``Unsafe``."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise Unsafe(folder, "is not a directory")
    if found.st_uid != os.geteuid():
        raise Unsafe(folder, f"belongs to user {found.st_uid}, not to {os.geteuid()}")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise Unsafe(folder, f"may be entered by others (mode {stat.S_IMODE(found.st_mode):04o}, not 0700)")


def check_socket(path: Path) -> None:
    """Refuse what is not a socket of this user's.  Raises ``Unsafe``."""
    found = path.lstat()
    if not stat.S_ISSOCK(found.st_mode):
        raise Unsafe(path, "is not a socket")
    if found.st_uid != os.geteuid():
        raise Unsafe(path, f"belongs to user {found.st_uid}, not to {os.geteuid()}")


def name_for(tree: str, pid: int, number: int = 1) -> str:
    """``shop-4711.sock``; the ``number``-th of its name in one process has that at its end."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", tree)[:SHOWN].lstrip(".-") or "tree"
    return f"{safe}-{pid}{f'-{number}' if number > 1 else ''}{SUFFIX}"


def fits(path: Path) -> bool:
    """Whether a socket may have this path."""
    return len(os.fsencode(path)) <= LONGEST


def is_stale(path: Path) -> bool:
    """Whether nobody listens at a socket any more: its process is gone, and left it behind."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            return True
        except OSError as error:
            return error.errno == errno.ENOENT
    return False


def sweep(folder: Path) -> None:
    """Remove the sockets that nobody listens at."""
    for path in sockets(folder):
        if is_stale(path):
            with contextlib.suppress(OSError):
                path.unlink()


def sockets(folder: Path) -> list[Path]:
    """The sockets in a safe folder that are this user's, by name; nothing if there is no folder.  Raises ``Unsafe``."""
    try:
        check(folder)
        entries = sorted(entry for entry in folder.iterdir() if entry.name.endswith(SUFFIX))
    except FileNotFoundError:
        return []
    found = []
    for entry in entries:
        with contextlib.suppress(Unsafe, FileNotFoundError):
            check_socket(entry)
            found.append(entry)
    return found
