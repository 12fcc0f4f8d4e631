"""The key by which Thespian's admins of one cluster know each other's frames: 32 bytes that no stranger can know.

With keys it is derived from the secret number of the CA, when a host's keys are made; it does not tell that number, and
``ca.crt``, which everybody may have, does not tell it.  Without keys it is a random one in a private folder of the
user's, and good for this machine only.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

from .errors import KeyProblem
from .private import why_public
from .tls import CONVENTION_KEY, anew

FILE = CONVENTION_KEY

SIZE = 32

_PERSON = b"planaria convene"


def derive(number: bytes) -> bytes:
    """The key of the cluster whose CA has this secret number."""
    return hashlib.blake2b(number, digest_size=SIZE, person=_PERSON).digest()


def spell(key: bytes) -> bytes:
    """What is in the file."""
    return key.hex().encode() + b"\n"


def of_cluster(folder: str | Path, name: str | None = None) -> bytes:
    """The key from the folder of keys of host ``name``.  Raises ``KeyProblem``."""
    path = Path(folder) / FILE
    if not path.is_file():
        raise KeyProblem(
            f"there is no {path}, by which hosts of a convention know each other: make the host's keys anew with "
            f"{anew(name, path.parent)}"
        )
    return _read(path)


def of_user() -> bytes:
    """The key of this user on this machine, made if there is none.  Raises ``KeyProblem``."""
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    has_own = runtime.is_absolute() and runtime.is_dir()
    folder = runtime / "planaria" if has_own else Path(tempfile.gettempdir()) / f"planaria-{os.geteuid()}"
    path = folder / FILE
    try:
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise KeyProblem(f"{folder} is not this user's alone: remove it, or use --keys")
        if not path.exists():
            _make(path)
    except OSError as error:
        raise KeyProblem(f"no key can be kept in {folder}: {error.strerror}; use --keys") from error
    return _read(path)


def _make(path: Path) -> None:
    """A new key; of two hosts that do so at once one is the first, and half a file is never there."""
    descriptor, hidden = tempfile.mkstemp(dir=path.parent)  # its user's alone
    with os.fdopen(descriptor, "wb") as file:
        file.write(spell(secrets.token_bytes(SIZE)))
    try:
        with contextlib.suppress(FileExistsError):
            os.link(hidden, path)
    finally:
        Path(hidden).unlink()


def _read(path: Path) -> bytes:
    try:
        public = why_public(path)
        if public is not None:
            raise KeyProblem(public)
        key = bytes.fromhex(path.read_text("ascii"))
    except (OSError, ValueError) as error:
        raise KeyProblem(f"{path} is no key that can be read: {error}") from error
    if len(key) != SIZE:
        raise KeyProblem(f"{path} holds {len(key)} bytes and not {SIZE}: make the host's keys anew")
    return key
