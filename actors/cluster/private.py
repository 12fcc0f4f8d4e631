"""Files that are their user's alone: how such a one is known, and how several come to be, all or none."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .errors import KeyProblem


def why_public(path: Path) -> str | None:
    """Why a file is not this user's alone, in words; root may read all there is.  Raises ``OSError``."""
    found = path.stat()
    mode, own = stat.S_IMODE(found.st_mode), os.geteuid()
    if found.st_uid not in (own, 0):
        return f"{path} belongs to user {found.st_uid}, who may read it: `chown {own} {path}`"
    if mode & 0o077:
        return f"{path} may be read by others (mode {mode:o}): `chmod 600 {path}`"
    return None


def write(folder: Path, files: Mapping[str, bytes], *, replace: bool = False, otherwise: str = "") -> None:
    """Write files by their names: all of them or, where that fails, none; half a file is never there.

    ``replace``: instead of those that are there; ``otherwise``: what to do if there are some, and they are to stay.
    Raises ``KeyProblem``.
    """
    paths = [folder / name for name in files]
    there = next((path for path in paths if os.path.lexists(path)), None)
    if there is not None and not replace:
        raise KeyProblem(f"{there} is there already: {otherwise}")
    hidden: list[Path] = []
    linked: list[Path] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        hidden.extend(_hide(folder, data) for data in files.values())
        for source, path in zip(hidden, paths, strict=True):
            if replace:
                source.replace(path)
            else:
                os.link(source, path)  # fails if there is one, unlike a rename
                linked.append(path)
    except OSError as error:
        for path in linked:
            path.unlink(missing_ok=True)
        raise KeyProblem(f"{folder} cannot be written to: {error.strerror or error}") from error
    finally:
        for source in hidden:
            source.unlink(missing_ok=True)


def _hide(folder: Path, data: bytes) -> Path:
    """A file of another name, its user's alone from the first byte."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".")
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
