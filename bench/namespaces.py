"""Machines that are network namespaces on one switch, whose cables can be pulled: for hosts, by root on Linux only."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

CLONE_NEWNET = 0x40000000
NOWHERE = "02:00:00:00:00:99"
"""An address of the wire that nobody has."""

FOLDER = Path("/run/netns")
PREFIX = "planaria"
_NUMBERS = itertools.count(1)


@cache
def why_none() -> str | None:
    """Why there can be no namespaces here; ``None``: there can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "namespaces need root"
    if shutil.which("ip") is None:
        return "namespaces need the command ip"
    probe = f"{PREFIX}-{os.getpid()}-probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"namespaces cannot be made here: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", probe], check=True)
    return None


def left_over() -> list[str]:
    """The namespaces of this process that are still there."""
    return [each.name for each in FOLDER.glob(f"{PREFIX}-{os.getpid()}-*")]


class Network:
    """``with Network("a", "b") as net``: each machine has the address ``net.address[name]``, and reaches the others."""

    def __init__(self, *names: str) -> None:
        base = f"{PREFIX}-{os.getpid()}-{next(_NUMBERS)}"
        self.address = {name: f"10.77.0.{number}" for number, name in enumerate(names, 1)}
        self._switch = f"{base}-switch"
        self._spaces = {name: f"{base}-{name}" for name in names}

    def __enter__(self) -> Self:
        try:
            for space in (self._switch, *self._spaces.values()):
                _ip("netns", "add", space)
            self._batch(self._switch, "link add name switch type bridge", "link set switch up")
            for name, space in self._spaces.items():
                self._batch(
                    self._switch, f"link add name to-{name} type veth peer name eth0 netns {space}",
                    f"link set to-{name} master switch", f"link set to-{name} up",
                )  # fmt: skip
                self._batch(space, f"addr add {self.address[name]}/24 dev eth0", "link set eth0 up", "link set lo up")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take everything away."""
        for space in (*self._spaces.values(), self._switch):
            if (FOLDER / space).exists():
                _ip("netns", "del", space)

    def command(self, name: str) -> list[str]:
        """What is to be put before a command that runs on a machine."""
        return ["ip", "netns", "exec", self._spaces[name]]

    @contextlib.contextmanager
    def entered(self, name: str) -> Iterator[None]:
        """Be on a machine: sockets that this thread makes meanwhile are there, and so are processes that it starts."""
        with Path("/proc/thread-self/ns/net").open() as home, (FOLDER / self._spaces[name]).open() as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    def pull(self, name: str) -> None:
        """Pull a machine's cable: nothing goes in or out."""
        self._batch(self._switch, f"link set to-{name} down")

    def plug(self, name: str) -> None:
        """Put it back."""
        self._batch(self._switch, f"link set to-{name} up")

    def mute(self, name: str, other: str) -> None:
        """Have nothing that ``name`` sends to ``other`` arrive there; what ``other`` sends does."""
        self._batch(self._spaces[name], f"neigh replace {self.address[other]} lladdr {NOWHERE} nud permanent dev eth0")

    def unmute(self, name: str, other: str) -> None:
        """Have it arrive again."""
        self._batch(self._spaces[name], f"neigh del {self.address[other]} dev eth0")

    def _batch(self, space: str, *lines: str) -> None:
        _ip("-n", space, "-batch", "-", text="".join(f"{line}\n" for line in lines))


def _ip(*args: str, text: str = "") -> None:
    done = subprocess.run(["ip", *args], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(args)} {text!r}: {done.stderr.strip()}")


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "this namespace cannot be entered")
