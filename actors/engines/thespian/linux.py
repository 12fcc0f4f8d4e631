"""What the kernel offers so that no process outlives its purpose, and what a forked child has to put right.

Linux only: a parent-death signal, a subreaper, the list of one's children.  All of it is synchronous.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Collection
from pathlib import Path

_SET_PDEATHSIG = 1
_SET_NAME = 15
_SET_CHILD_SUBREAPER = 36

# A process in between exits at once after its fork: its child waits this long, in seconds, to be handed on.
ADOPTION_TIME = 5.0

# Python keeps these two ignored, so that a write to a closed pipe or past a size limit is an OSError.
_KEPT_IGNORED = {signal.SIGPIPE, signal.SIGXFSZ}

_libc = ctypes.CDLL(None, use_errno=True)
_libc_in_python = ctypes.PyDLL(None, use_errno=True)


def _prctl(option: int, argument: object) -> None:
    if _libc.prctl(option, argument, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"prctl {option}: {os.strerror(error)}")


def die_with(parent: int, number: int = signal.SIGKILL) -> None:
    """Have the kernel send signal ``number`` when ``parent`` dies; end at once if it is no longer the parent."""
    _prctl(_SET_PDEATHSIG, int(number))
    if os.getppid() != parent:
        os._exit(1)


def wait_for_adoption(parent: int, between: int) -> None:
    """Wait until ``parent`` is the parent: until ``between``, whose child this is, has exited.

    Ends this process if that cannot come true: somebody else took it over, since ``parent`` is dead, or it takes long.
    """
    until = time.monotonic() + ADOPTION_TIME
    while (now := os.getppid()) != parent:
        if now != between or time.monotonic() > until:
            os._exit(1)
        time.sleep(0.0001)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def bare_fork() -> int:
    """``os.fork()`` without what Python and its modules do after one, for a process of one thread that forks again.

    What they do touches pages, 0.6 MB of them, that the next one would inherit as its own.  Raises ``OSError``.
    """
    pid: int = _libc_in_python.fork()  # it keeps the interpreter's lock, which the child so holds too
    if pid < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return pid


def name_process(name: str) -> None:
    """What ``ps -o comm`` and ``top`` show; at most 15 bytes."""
    _prctl(_SET_NAME, name.encode()[:15])


def children() -> set[int]:
    """The pids of this process's children, adopted and dead but unreaped ones included."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        try:
            found.update(map(int, (task / "children").read_text().split()))
        except OSError:
            return _children_by_search()
    return found


def _children_by_search() -> set[int]:
    """As above, where the kernel does not keep the list."""
    own = os.getpid()
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it is gone
            if int(fields[1]) == own:
                found.add(int(entry.name))
    return found


def started_at(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None if there is none: with its pid it names one life."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        return None


def own_groups() -> str:
    """The control groups of this process, a line each: number, controllers, path."""
    try:
        return Path("/proc/self/cgroup").read_text()
    except OSError:
        return ""


def data_size() -> int:
    """Bytes of private writable memory of this process, as RLIMIT_DATA counts them."""
    return int(Path("/proc/self/statm").read_text().split()[5]) * os.sysconf("SC_PAGESIZE")


def default_signals(keep: Collection[int] = ()) -> None:
    """Default handlers for every signal but those to ``keep``, and an empty mask.

    Above all, a segmentation fault must end the process: Thespian gives every signal a handler, and one in Python
    returns into the fault, for ever.
    """
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        default = signal.SIG_IGN if number in _KEPT_IGNORED else signal.SIG_DFL
        if number not in keep and signal.getsignal(number) not in (default, None):
            signal.signal(number, default)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def open_standard() -> None:
    """Open stdin, stdout and stderr on /dev/null where they are closed.

    Else the next thing that is opened is one of them, and gets what programs print.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)


def read_nothing() -> None:
    """Have standard input be /dev/null, as a descriptor and in ``sys``.

    Processes of multiprocessing, which Thespian's are, read from another descriptor instead: in a forked child that one
    is closed, and its number soon somebody else's.
    """
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdin = sys.__stdin__ = os.fdopen(0, encoding="utf-8", closefd=False)  # type: ignore[misc]


def close_descriptors() -> None:
    """Close everything but stdin, stdout and stderr."""
    os.closerange(3, 1 << 30)
