"""The guardian: the process of ``planaria run --guard`` that starts the node, which runs the tree, and starts it again
when it was killed.

It has one thread and neither loop, actor nor anything of the user's, so that nothing in the tree can harm it.  Between
the two there is a *line*, a pair of sockets that nobody else has: end of file is the other's death, whoever is whose
child.  A node that ends by itself says with which code before; then the guardian ends with that code too.  If it is the
guardian that is killed, the node starts another one (:mod:`~.ward`), which takes over by the line.

So each of the two heals the other, and only who kills both within the tenths of a second that it takes has killed the
service.  What is told to the guardian by SIGINT, SIGTERM or SIGHUP it tells the node.
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from supervisors.backoff import Backoff
from supervisors.intensity import Intensity

from .terminal import complain

LINE = "PLANARIA_LINE"
"""Where a node, or a new guardian, finds the descriptor of its end of the line."""

PATH = "PLANARIA_PATH"
"""Where either finds the path of modules, so that it imports what this process does."""

MOST, WITHIN = 5, 30.0
"""Nodes that may be started again in so many seconds; one that is killed more often is given up."""

ITS_OWN = frozenset({0, 1, 2, 130})
"""Codes with which a node ends by itself, see ``planaria run``; any other is an accident."""

GAVE_UP = 1
"""Exit code of a guardian whose node is killed too often."""

PASSED_ON = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
"""What a guardian is told, and tells its node: by SIGTERM, of which one that is still loading dies without a word."""

NAME = "planaria-guard"
"""What ``ps`` calls it."""

PROGRAM = "import os, sys; sys.path[:] = os.environ.pop('PLANARIA_PATH').split(os.pathsep); from supervisors.cli"
NODE = f"{PROGRAM} import main; main()"
GUARDIAN = f"{PROGRAM}.guardian import main; main()"


class Restarts:
    """Whether, and after what wait, a node that was killed is started again.  Pure."""

    def __init__(self, rng: random.Random) -> None:
        self._intensity = Intensity(MOST, WITHIN)
        self._backoff = Backoff(base=0.05, cap=2.0)
        self._rng = rng

    def after(self, now: float) -> float | None:
        """Seconds to wait; ``None``: it was killed too often."""
        before = self._intensity.count(now)
        return self._backoff.delay(before, self._rng) if self._intensity.record(now) else None


class Node:
    """The node at the other end of ``line``; ``process`` if it is this one's child.

    ``code``: with which it says that it ends, if it has.
    """

    def __init__(self, pid: int, line: socket.socket, process: subprocess.Popen[bytes] | None = None) -> None:
        self.pid = pid
        self.line = line
        self.code: int | None = None
        self._process = process

    def tell(self, number: int) -> None:
        """Send it a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)  # its line has not ended, so it is still there, or was a moment ago

    def is_over(self) -> bool:
        """Read what there is on the line; whether that was its end."""
        try:
            said = self.line.recv(64)
        except ConnectionError:
            said = b""
        if said:
            self.code = said[-1]
        return not said

    def end(self) -> tuple[int | None, str]:
        """After its line has ended: the code that it ended with by itself, if it did, and how it ended, in words."""
        self.line.close()
        status = self._process.wait() if self._process is not None else None
        if status is not None and status < 0:
            return None, f"signal {-status}"
        code = self.code if self.code is not None else status
        if code is None:
            return None, "a signal"
        return (code, "") if code in ITS_OWN else (None, f"exit {code}")


def launch(arguments: Sequence[str]) -> Node:
    """Start a node: ``planaria`` with ``arguments``, in a group of its own, so that Ctrl-C is the guardian's."""
    ours, process = start(NODE, arguments)
    return Node(process.pid, ours, process)


def start(program: str, arguments: Sequence[str]) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start one of the two programs, with a new line to it; returns this end of it."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env={**os.environ, LINE: str(theirs.fileno()), PATH: _path()},
            process_group=0,
        )
    return ours, process


def line_of(environ: Mapping[str, str] = os.environ) -> socket.socket | None:
    """This process's end of the line, if it has one."""
    number = environ.get(LINE)
    if number is None:
        return None
    line = socket.socket(fileno=int(number))
    line.set_inheritable(False)
    return line


def _path() -> str:
    return os.pathsep.join(str(Path(each).absolute()) for each in sys.path)


def main() -> None:
    """The program of a guardian that takes over: ``PID ARGUMENTS...``, the node at the other end of its line."""
    pid, arguments = int(sys.argv[1]), sys.argv[2:]
    line = line_of()
    os.environ.pop(LINE, None)
    sys.exit(guard(arguments, Node(pid, line) if line is not None else None))


def call_oneself(name: str) -> None:
    """Have ``ps`` and ``planaria top`` show this process by a name, where there is a way."""
    if sys.platform == "linux":
        from actors.engines.thespian.linux import name_process

        name_process(name)


def guard(arguments: Sequence[str], node: Node | None = None) -> int:
    """Keep a node running, from ``node`` on, until one ends by itself or is told to; returns the exit code."""
    call_oneself(NAME)
    restarts = Restarts(random.Random())
    with _signals() as signals:
        while True:
            node = node or launch(arguments)
            told = _watch(node, signals)
            code, how = node.end()
            if code is not None or told:
                return code if code is not None else code_of(how, told)
            delay = restarts.after(time.monotonic())
            if delay is None:
                complain(f"the node was ended {MOST + 1} times within {WITHIN:g} s, the last time by {how}: given up")
                return GAVE_UP
            complain(f"the node (pid {node.pid}) was ended by {how}; another one is started after {delay:.2f} s")
            if _told_within(delay, signals):
                return 0
            node = None


def code_of(how: str, told: int) -> int:
    """The exit code for a node that a signal has ended, after it was told to end so many times.

    One that dies of what it was told was still starting, and ran nothing: that is as clean an end as any.
    """
    if how != f"signal {int(signal.SIGTERM)}":
        return 128 + signal.SIGKILL
    return 0 if told == 1 else 130


def _watch(node: Node, signals: socket.socket) -> int:
    """Until the node has ended; how many times it was told to."""
    told = 0
    while True:
        ready, _, _ = select.select([node.line, signals], [], [])
        if signals in ready:
            for number in signals.recv(64):
                if number in PASSED_ON:
                    node.tell(signal.SIGTERM)
                    told += 1
        if node.line in ready and node.is_over():
            return told


def _told_within(seconds: float, signals: socket.socket) -> bool:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([signals], [], [], left)
        if ready and any(number in PASSED_ON for number in signals.recv(64)):
            return True
    return False


@contextlib.contextmanager
def _signals() -> Iterator[socket.socket]:
    """A socket on which each signal that comes is a byte."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    before = {number: signal.signal(number, _noted) for number in PASSED_ON}
    signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    try:
        yield ours
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)
        ours.close()
        theirs.close()


def _noted(number: int, frame: FrameType | None) -> None:
    """The byte has been written."""
