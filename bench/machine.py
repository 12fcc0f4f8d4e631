"""What the figures were measured on: they mean little without it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

DISTRIBUTIONS = ("planaria", "uvloop", "msgpack", "thespian", "rich", "click")


@dataclass(frozen=True, slots=True)
class Machine:
    """Processor, cores, system, interpreter, versions of what matters, load (1 minute) when the run began, UTC date."""

    cpu: str
    cores: int
    system: str
    python: str
    versions: dict[str, str]
    load: float
    date: str

    def __str__(self) -> str:
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        hardware = f"{self.cpu}, {self.cores} cores"
        return f"{hardware}, {self.system}, {self.python}, {versions}, load {self.load:.2f}, {self.date}"


def versions_of(names: tuple[str, ...]) -> dict[str, str]:
    """The installed versions of ``names``; what is not installed is left out."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def describe() -> Machine:
    """This machine, now."""
    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        versions=versions_of(DISTRIBUTIONS),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )
