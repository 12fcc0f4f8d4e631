"""Control groups: bounds of what a process really uses, and of all that it starts, where they may be made.

They may be made below the node's own group, and only if that was given to it: it is the root of what the node sees (a
container's, a machine's), belongs to its user, who is not root, or bears systemd's mark (``Delegate=yes``).  Elsewhere
somebody else keeps order, and would not expect them.  Version 2 and 1; a controller each, wherever it is mounted.

A group's name says whose it is, so what a killed node has left is found and removed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .folders import is_abandoned, own_prefix
from .linux import own_groups

PERIOD = 100_000
"""Microseconds over which a share of the cores is counted."""

LEAF = "planaria-node"
"""Where the node itself goes in version 2: a group that has processes gives its children no controllers."""

MARKS = ("user.delegate", "trusted.delegate")

CONTROLLERS = ("memory", "cpu")


class Home(NamedTuple):
    """The group below which those of one controller are made; ``version``: 1 or 2."""

    version: int
    folder: Path


class Group:
    """The group of one isolate, in one folder or two.  Made by :meth:`Groups.make`."""

    def __init__(self, folders: dict[str, Home]) -> None:
        self._folders = folders
        self._has_run_out = False

    @property
    def bounds_memory(self) -> bool:
        """Whether the bound of memory is its."""
        return "memory" in self._folders

    def add(self, pid: int) -> None:
        """Have it hold process ``pid``, and all that that starts from now on.  Raises ``OSError``."""
        for folder in {each.folder for each in self._folders.values()}:
            (folder / "cgroup.procs").write_text(str(pid))

    def has_run_out(self) -> bool:
        """Whether the kernel has killed somebody in it because there was no more memory for it; known when it is gone
        too.
        """
        self._has_run_out = self._has_run_out or self._look()
        return self._has_run_out

    def _look(self) -> bool:
        home = self._folders.get("memory")
        if home is None:
            return False
        try:
            if home.version == 2:
                return _count("oom_kill", home.folder / "memory.events") > 0
            killed = _count("oom_kill", home.folder / "memory.oom_control")
            return killed > 0 or (killed < 0 and int((home.folder / "memory.failcnt").read_text()) > 0)
        except OSError:
            return False

    def remove(self) -> bool:
        """Remove it; whether it is gone.  It stays as long as anything that was started in it has not ended."""
        self.has_run_out()
        are_gone = [_remove(each.folder) for each in self._folders.values()]
        return all(are_gone)


class Groups:
    """Makes them for one node.  ``homes``: what :func:`find_homes` found."""

    def __init__(self, homes: dict[str, Home]) -> None:
        self._homes = homes
        self._made = 0

    def make(self, memory: int | None, cores: float | None) -> Group | None:
        """A new group with these bounds; ``None`` if no group can bound any of them.  Raises ``OSError``."""
        wanted = {"memory": memory, "cpu": cores}
        homes = {name: self._homes[name] for name, value in wanted.items() if value is not None and name in self._homes}
        if not homes:
            return None
        self._made += 1
        name = f"{own_prefix()}{self._made}"
        group = Group({each: Home(home.version, home.folder / name) for each, home in homes.items()})
        try:
            for each, home in homes.items():
                (home.folder / name).mkdir(exist_ok=True)
                for file, text in _bounds(each, home.version, wanted[each] or 0):
                    if file in REQUIRED or (home.folder / name / file).exists():
                        (home.folder / name / file).write_text(text)
        except OSError:
            group.remove()
            raise
        return group

    def sweep(self) -> None:
        """Remove the groups of nodes that are dead."""
        for folder in {home.folder for home in self._homes.values()}:
            for each in folder.glob("planaria-*-*-*-*"):
                if is_abandoned(each):
                    _remove(each)


REQUIRED = {"memory.max", "cpu.max", "memory.limit_in_bytes", "cpu.cfs_quota_us"}


def _bounds(controller: str, version: int, value: float) -> list[tuple[str, str]]:
    share = max(1000, round(value * PERIOD))
    match controller, version:
        case "memory", 2:
            return [("memory.max", str(int(value))), ("memory.swap.max", "0"), ("memory.oom.group", "1")]
        case "memory", _:
            return [("memory.limit_in_bytes", str(int(value))), ("memory.memsw.limit_in_bytes", str(int(value)))]
        case _, 2:
            return [("cpu.max", f"{share} {PERIOD}")]
        case _:
            return [("cpu.cfs_period_us", str(PERIOD)), ("cpu.cfs_quota_us", str(share))]


def find_homes(root: Path = Path("/sys/fs/cgroup"), listed: str | None = None) -> tuple[dict[str, Home], str]:
    """For each controller below which group this process may make others; and, in words, why not for the rest.

    ``root``: where they are mounted; ``listed``: ``/proc/self/cgroup``.
    """
    found: dict[str, Home] = {}
    whys = []
    groups = own_groups() if listed is None else listed
    for name in CONTROLLERS:
        try:
            found[name] = _home(name, root, groups)
        except OSError as error:
            whys.append(f"{name}: {error.strerror or error}")
    return found, "; ".join(whys)


def _home(controller: str, root: Path, listed: str) -> Home:
    paths = dict(re.findall(r"^\d+:(.*?):(.*)$", listed, re.MULTILINE))
    for names, path in paths.items():
        if controller in names.split(","):
            folder = next((each for each in (root / names, root / controller) if each.is_dir()), root / controller)
            return Home(1, _checked(folder, path))
    if "" not in paths or not (root / "cgroup.controllers").exists():
        raise OSError("there is no such controller")
    path = paths[""]
    home = _checked(root, path.removesuffix(f"/{LEAF}") or "/")
    if controller not in (home / "cgroup.controllers").read_text().split():
        raise OSError(f"the group {path} does not have it")
    _open(home, controller)
    return Home(2, home)


def _checked(root: Path, path: str) -> Path:
    folder = root / path.lstrip("/")
    if not os.access(folder, os.W_OK):
        raise OSError(f"the group {path} may not be written to")
    owner = folder.stat().st_uid
    if path != "/" and not (owner == os.geteuid() != 0) and not any(_is_marked(folder, mark) for mark in MARKS):
        raise OSError(f"the group {path} was not given to this process (systemd: Delegate=yes)")
    return folder


def _is_marked(folder: Path, mark: str) -> bool:
    try:
        return os.getxattr(folder, mark) == b"1"
    except OSError:
        return False


def _open(home: Path, controller: str) -> None:
    """Let the children of a group of version 2 have a controller; only the node may be in it itself, and moves on."""
    control = home / "cgroup.subtree_control"
    if controller in control.read_text().split():
        return
    inside = set((home / "cgroup.procs").read_text().split())
    if inside - {str(os.getpid())}:
        raise OSError(f"{len(inside)} processes are in the group itself, and not only this one")
    if inside:
        (home / LEAF).mkdir(exist_ok=True)
        (home / LEAF / "cgroup.procs").write_text(str(os.getpid()))
    control.write_text(f"+{controller}")


def _count(word: str, file: Path) -> int:
    """The number after a word; -1 if the word is not there."""
    numbers = dict(line.split() for line in file.read_text().splitlines())
    return int(numbers.get(word, -1))


def _remove(folder: Path) -> bool:
    try:
        kill = folder / "cgroup.kill"
        if kill.exists():
            kill.write_text("1")
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def remove_all(groups: Iterable[Group]) -> list[Group]:
    """Remove these; returns those that stay."""
    return [each for each in groups if not each.remove()]
