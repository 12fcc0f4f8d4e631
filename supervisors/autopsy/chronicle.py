"""The journal file of a tree: every event and every autopsy, a JSON object a line, for when the process is gone.

Four kinds of lines, each with its ``time`` (UTC): a head at the begin of a run and of a file, ``{"journal": 1, "run":
..., "tree": ..., "pid": ...}``; an ``event``; an ``autopsy``, with the ``number`` of the death and that of the one that
led to it (``cause``), written when a death becomes known and again when more does, so the last one of a number holds;
and ``lost``, how many lines could not be written.  :mod:`supervisors.autopsy.annals` reads it.

Lines are written once a turn of the loop.  A file has a bound; then it is renamed to ``FILE.1``, in place of an earlier
one, and a new one is begun.  A file that cannot be written is one warning, and never the tree's end.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supervisors.events import SupervisionEvent

if TYPE_CHECKING:
    from .coroner import Coroner
    from .death import Death

try:
    import fcntl
except ImportError:  # not on Windows: there two trees with one file spoil each other's lines
    fcntl = None  # type: ignore[assignment]

logger = logging.getLogger("planaria")

VERSION = 1
"""Of the file's format."""

LIMIT = 16 * 1024 * 1024
"""Bytes of a file before the next one is begun; there are two at most."""


FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT
for _flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # not every system has each
    FLAGS |= getattr(os, _flag, 0)


class Chronicle:
    """Writes the journal of one run of ``tree`` to ``file``.

    ``now`` is the system's clock; ``soon`` calls a function in the next turn of its loop.  Subscribe :meth:`note` to
    the system's events.
    """

    def __init__(
        self,
        file: str | os.PathLike[str],
        tree: str,
        coroner: Coroner,
        now: Callable[[], float],
        soon: Callable[[Callable[[], None]], object],
        *,
        limit: int = LIMIT,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.file = Path(file)
        self._head = {"journal": VERSION, "run": os.urandom(8).hex(), "tree": tree, "pid": os.getpid()}
        self._coroner = coroner
        self._soon = soon
        self._limit = limit
        self._ahead = wall() - now()
        self._now = now
        self._events: list[SupervisionEvent] = []
        self._deaths: dict[int, Death] = {}
        self._planned = False
        self._descriptor: int | None = None
        self._size = 0
        self._torn = False
        self._headed = False
        self._lost = 0
        self._warned = False
        coroner.on_change = self._change
        self._open()

    # -- what there is to be written -----------------------------------------------------------------------------------

    def note(self, event: object) -> None:
        """Take an event; it is written in the next turn of the loop."""
        if isinstance(event, SupervisionEvent):
            self._events.append(event)
            self._plan()

    def _change(self, death: Death) -> None:
        self._deaths[death.number] = death
        self._plan()

    def _plan(self) -> None:
        if not self._planned:
            self._planned = True
            self._soon(self.flush)

    def flush(self) -> None:
        """Write what there is."""
        self._planned = False
        self._coroner.settle()
        events, self._events = self._events, []
        deaths, self._deaths = self._deaths, {}
        lines = [{"time": self._time(event.at), "event": event.to_dict()} for event in events]
        lines += [self._autopsy(death) for death in deaths.values()]
        if lines:
            self._write(lines)

    def close(self) -> None:
        """Write what is left, and no more."""
        self.flush()
        self._coroner.on_change = None
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _autopsy(self, death: Death) -> dict[str, Any]:
        flat = self._coroner.autopsy(death, depth=1)
        data = flat.to_dict()
        if data["because"] is not None:
            data["because"]["death"] = None
        cause = death.cause[2] if death.cause is not None else None
        return {"time": self._time(death.at), "number": death.number, "cause": cause, "autopsy": data}

    def _time(self, at: float) -> str:
        return datetime.fromtimestamp(at + self._ahead, UTC).isoformat(timespec="microseconds")

    # -- the file ------------------------------------------------------------------------------------------------------

    def _write(self, lines: list[dict[str, Any]]) -> None:
        if self._descriptor is None:
            self._open()
        data, count = b"", 0
        for number, line in enumerate(lines):
            said = _line(line)
            size = self._size + len(data)
            if size and size + len(said) > self._limit:
                if data:
                    self._put(data, count)
                data, count = b"", 0
                if not self._turn_over():
                    self._lost += len(lines) - number
                    return
            data += said
            count += 1
        if data:
            self._put(data, count)

    def _put(self, data: bytes, count: int) -> None:
        """Write ``count`` lines, after what has to stand before them."""
        if self._lost:
            data = _line({"time": self._time(self._now()), "lost": self._lost}) + data
        if not self._headed:
            data = _line({"time": self._time(self._now()), **self._head}) + data
        if self._torn:
            data = b"\n" + data
        try:
            if self._descriptor is None:
                raise OSError("it is not open")
            while data:
                written = os.write(self._descriptor, data)
                self._torn = True
                self._size += written
                data = data[written:]
        except OSError as error:
            self._lost += count
            self._complain(error)
            return
        self._torn, self._headed, self._lost = False, True, 0

    def _open(self) -> None:
        try:
            descriptor = os.open(self.file, FLAGS, 0o600)
        except OSError as error:
            self._complain(error)
            return
        if _lock(descriptor):
            self._size, self._torn = _length(descriptor)
            self._descriptor, self._headed = descriptor, False
            self._put(b"", 0)
        else:
            os.close(descriptor)
            self._complain("another tree writes to it")

    def _turn_over(self) -> bool:
        """The file is full: it becomes ``FILE.1``, and a new one is begun.  False if that cannot be: it stays full."""
        descriptor = self._descriptor
        if descriptor is None or not stat.S_ISREG(os.fstat(descriptor).st_mode):
            self._size = 0
            return True
        try:
            self.file.replace(older(self.file))
        except OSError as error:
            self._complain(error)
            return False
        os.close(descriptor)
        self._descriptor = None
        self._open()
        return True

    def _complain(self, why: OSError | str) -> None:
        if not self._warned:
            self._warned = True
            said = why if isinstance(why, str) else why.strerror or str(why)
            logger.warning("the journal %s cannot be written: %s; the tree runs on", self.file, said)


def older(file: Path) -> Path:
    """Where the lines before those in ``file`` are."""
    return file.parent / f"{file.name}.1"


def _line(data: dict[str, Any]) -> bytes:
    return f"{json.dumps(data, ensure_ascii=False)}\n".encode(errors="backslashreplace")


def _lock(descriptor: int) -> bool:
    """Have a file for oneself; false if somebody else has it.  Where there are no locks, nobody does."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _length(descriptor: int) -> tuple[int, bool]:
    """How long a file is, and whether its last line has no end: a process was cut off in the midst of it."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or not found.st_size:
        return 0, False
    os.lseek(descriptor, -1, os.SEEK_END)
    return found.st_size, os.read(descriptor, 1) != b"\n"
