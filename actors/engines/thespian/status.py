"""How a process ended, and what it may use: two values."""

from __future__ import annotations

import math
import os
import signal
from dataclasses import dataclass

# What an isolate exits with when its main function ran out of memory: no code that programs use by habit.
OUT_OF_MEMORY = 121

_MEANINGS: dict[int, str] = {
    signal.SIGSEGV: "segmentation fault",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "arithmetic error",
    signal.SIGILL: "illegal instruction",
    signal.SIGABRT: "aborted",
    signal.SIGTRAP: "trap",
    signal.SIGSYS: "bad system call",
    signal.SIGXCPU: "CPU time limit",
    signal.SIGXFSZ: "file size limit",
}


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """The end of a process: the number of the ``signal`` that killed it, or its exit ``code``; both None: unknown."""

    signal: int | None = None
    code: int | None = None

    @classmethod
    def of_wait(cls, status: int) -> ExitStatus:
        """From the status that ``os.waitpid`` gives."""
        code = os.waitstatus_to_exitcode(status)
        return cls(signal=-code) if code < 0 else cls(code=code)

    @property
    def is_memory(self) -> bool:
        """Whether it says that it ran out of memory."""
        return self.code == OUT_OF_MEMORY

    @property
    def is_cpu(self) -> bool:
        """Whether its CPU time was over."""
        return self.signal == signal.SIGXCPU

    def __str__(self) -> str:
        if self.signal is not None:
            meaning = _MEANINGS.get(self.signal)
            return f"signal {self.signal}" + (f" ({meaning})" if meaning else "")
        if self.code is None:
            return "unknown"
        return f"exit {self.code}" + (" (out of memory)" if self.is_memory else "")


UNKNOWN = ExitStatus()


@dataclass(frozen=True, slots=True)
class Limits:
    """What an isolate may use; None: as much as the node itself may.

    ``memory``: bytes of private memory beyond those of an idle isolate (RLIMIT_DATA); one more is a ``MemoryError``.
    ``cpu``: seconds of CPU time from the assignment on, rounded up (RLIMIT_CPU); then it dies of SIGXCPU.
    ``files``: descriptors that may be open at once (RLIMIT_NOFILE).

    Raises ``ValueError`` for one that is not above zero.
    """

    memory: int | None = None
    cpu: float | None = None
    files: int | None = None

    def __post_init__(self) -> None:
        for name in ("memory", "cpu", "files"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise ValueError(f"{name}={value!r}: a limit is above zero")
