"""Where a child lives, as frozen values: on the loop, in a thread, in a process of its own, on a host."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias


def _check(name: str, field_: str, value: object, least: float, without: str = "None") -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)
    if (value is not None or without != "None") and (not number or value < least):  # type: ignore[operator]
        raise ValueError(f"{name}.{field_} must be at least {least:g}, or {without} for no bound; got {value!r}")


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread with a loop of its own: for handlers that block.  It cannot be killed, only abandoned.

    ``patience``: seconds for which a handler may hold it without a pause; then its life is over
    (``ProcessDied("blocked for 5 s in Parser.parse")``), and the thread runs on by itself until the handler returns.
    ``None``, the default: as long as it likes.  They count once the life has started.  Raises ``ValueError`` for a
    value out of range.
    """

    patience: float | None = None

    def __post_init__(self) -> None:
        _check("Thread", "patience", self.patience, 0.1)


@dataclass(frozen=True, slots=True)
class Process:
    """A process of its own: what it does to its memory, its interpreter or its core it does to nobody else.

    ``memory``: bytes it may take besides those of an idle process; ``cpu``: seconds of processor time it may use in
    all, in whole seconds: up to one more; both end it when they are exceeded; ``None``: no bound.  ``patience``:
    seconds without a sign of life from its loop after which it is killed, 5.0, once the life has started; for that it
    has the ``start_timeout`` of its child.  ``cores``: how much of the processor it may use at a time, 0.5 is half a
    core; beyond it is slowed down, where control groups may be made on this host; elsewhere nothing bounds it, as on a
    :class:`Host`.  Raises ``ValueError`` for a value out of range.
    """

    memory: int | None = None
    cpu: float | None = None
    patience: float = 5.0
    cores: float | None = None

    def __post_init__(self) -> None:
        _check("Process", "memory", self.memory, 1 << 20)
        _check("Process", "cpu", self.cpu, 1)
        _check("Process", "patience", self.patience, 0.1, "math.inf")
        _check("Process", "cores", self.cores, 0.01)

    def __repr__(self) -> str:
        cores = f", cores={self.cores!r}" if self.cores is not None else ""
        return f"Process(memory={self.memory!r}, cpu={self.cpu!r}, patience={self.patience!r}{cores})"


@dataclass(frozen=True, slots=True)
class Host:
    """A process on a host that has these capabilities: ``Host(gpu=True)``; of several hosts, on the least loaded.

    ``host`` and ``zone`` ask for the host of that name, and for one in that zone: ``Host(zone="eu")`` takes one in
    ``eu/a``.  ``on``: the bounds of the process there.  Raises ``ValueError`` for a value that no capability has.
    """

    capabilities: Mapping[str, Any] = field(default_factory=dict, hash=False)
    on: Process = field(default_factory=Process)

    def __init__(self, *, on: Process | None = None, **capabilities: Any) -> None:
        for name, value in capabilities.items():
            if not isinstance(value, (bool, int, float, str)):
                raise ValueError(f"Host.{name} must be true, false, a number or a text; got {value!r:.100}")
        if not isinstance(on, (Process, type(None))):
            raise ValueError(f"Host.on must be a Process(...); got {on!r:.100}")
        object.__setattr__(self, "capabilities", dict(sorted(capabilities.items())))
        object.__setattr__(self, "on", on or Process())

    def __repr__(self) -> str:
        said = [f"{name}={value!r}" for name, value in self.capabilities.items()]
        return f"Host({', '.join([*said, *([f'on={self.on!r}'] if self.on != Process() else [])])})"


Place: TypeAlias = Thread | Process | Host


def place_of(value: object) -> Place | None:
    """What ``child(place=...)`` was given, as a value; ``None`` for the loop.  Raises ``ValueError``."""
    named: dict[object, Place | None] = {None: None, "loop": None, "thread": Thread(), "process": Process()}
    if isinstance(value, (Thread, Process, Host)):
        return value
    if isinstance(value, (str, type(None))) and value in named:
        return named[value]
    raise ValueError(f"a place is 'loop', 'thread', 'process', Thread(...), Process(...) or Host(...); got {value!r}")
