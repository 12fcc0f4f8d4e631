"""The other side of the door: which trees run here, and a question to one of them.  Blocks; for the command line."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import folder
from .door import ANSWER, peer_of

TIMEOUT = 5.0
"""Seconds to wait for an answer: a tree whose loop is blocked does not answer."""


class DoorError(Exception):
    """A question was not answered; ``kind`` says why to programs, the text to people."""

    def __init__(self, kind: str, why: str) -> None:
        self.kind = kind
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Found:
    """A tree that runs here and can be asked."""

    tree: str
    pid: int
    path: Path

    def __str__(self) -> str:
        return f"{self.tree} (pid {self.pid})"


def found(environ: Mapping[str, str] = os.environ) -> tuple[list[Found], list[str]]:
    """The trees of this user that have a door, and what is wrong with folders and doors that cannot be used.

    Sockets that nobody listens at are removed.
    """
    trees: list[Found] = []
    complaints: list[str] = []
    if not folder.HAS_DOORS:
        return trees, ["this system has no local sockets"]
    for place in folder.folders(environ):
        try:
            folder.check(place)
            folder.sweep(place)
            paths = folder.sockets(place)
        except FileNotFoundError:
            continue
        except (folder.Unsafe, OSError) as error:
            complaints.append(str(error))
            continue
        for path in paths:
            try:
                trees.append(_named(path))
            except DoorError as error:
                complaints.append(f"{path.name}: {error}")
    return trees, complaints


def _named(path: Path) -> Found:
    answer = ask(path, {"verb": "ping"})
    try:
        return Found(str(answer["tree"]), int(answer["pid"]), path)
    except (KeyError, TypeError, ValueError):
        raise DoorError("garbled", "it does not say which tree it is") from None


def ask(path: Path, request: Mapping[str, Any], timeout: float = TIMEOUT) -> Any:
    """Ask at the door ``path`` and return the answer.  Raises ``DoorError``."""
    try:
        folder.check_socket(path)
        with socket.socket(socket.AF_UNIX) as end:
            end.settimeout(timeout)
            end.connect(os.fspath(path))
            user = peer_of(end.fileno())
            if user is not None and user not in (os.geteuid(), 0):
                raise DoorError("unsafe", f"user {user} listens there")
            end.sendall(json.dumps(request).encode() + b"\n")
            line = _read(end, time.monotonic() + timeout)
    except TimeoutError:
        raise DoorError("timeout", f"no answer within {timeout:g} s; its loop may be blocked") from None
    except (folder.Unsafe, OSError) as error:
        raise DoorError("lost", str(error)) from None
    return _answer(line)


def _read(end: socket.socket, until: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while not parts or not parts[-1].endswith(b"\n"):
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        end.settimeout(left)
        part = end.recv(1 << 16)
        size += len(part)
        if not part:
            raise DoorError("lost", "it hung up")
        if size > ANSWER:
            raise DoorError("too_large", f"the answer has more than {ANSWER:,} bytes")
        parts.append(part)
    return b"".join(parts)


def _answer(line: bytes) -> Any:
    try:
        said = json.loads(line)
        if said["ok"] is True:
            return said["answer"]
        kind, why = str(said["kind"]), str(said["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DoorError("garbled", "its answer cannot be understood") from None
    raise DoorError(kind, why)
