"""Hosts in processes of their own, as ``planaria host`` makes them, and all that came of each."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .lodgers import HOST
from .processes import environment

RUN = "PLANARIA_TEST_HOST_RUN"
"""The variable in which they have what no other host's have."""

COMMAND = "import sys; from supervisors.cli import main; sys.exit(main())"

PATIENCE = 20.0
"""Seconds that a host may take to begin, or to end."""


class HostProcess:
    """``planaria host`` and what it says.  ``inside``: a command that runs it elsewhere."""

    def __init__(self, name: str, *options: str, inside: Sequence[str] = ()) -> None:
        self.name = name
        self.mark = uuid.uuid4().hex
        self.lines: list[str] = []
        command = [*inside, sys.executable, "-c", COMMAND, "host", "--name", name, *options]
        marked = {**environment(), HOST: name, RUN: self.mark}
        self.process = subprocess.Popen(
            command, env=marked, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", start_new_session=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    async def listens(self) -> str:
        """Wait until it does; returns where.  Raises ``RuntimeError`` if it ends instead."""
        await until(lambda: self.says("listens on") or self.process.poll() is not None, f"host {self.name} listens")
        found = [line.partition(";")[0].rpartition(" ")[2] for line in self.lines if "listens on" in line]
        if not found:
            self.hear_out()
            raise RuntimeError(f"host {self.name} did not begin: exit {self.process.poll()}, {self.lines}")
        return found[0]

    def says(self, text: str) -> bool:
        """Whether it has said so."""
        return any(text in line for line in self.lines)

    @property
    def pids(self) -> list[int]:
        """All of its processes: those that have its mark, and so came of it."""
        found = []
        mark = f"{RUN}={self.mark}".encode()
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return found

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Signal all of its processes."""
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    async def ended(self) -> int:
        """Wait for its end; its exit code."""
        await until(lambda: self.process.poll() is not None, f"host {self.name} ends; it said {self.lines}")
        self.hear_out()
        return int(self.process.returncode)

    def hear_out(self) -> None:
        """Read the rest of what an ended host has said."""
        self._reader.join(5.0)
        if self.process.stdout is not None:
            self.process.stdout.close()


def end(hosts: Iterable[HostProcess]) -> None:
    """End hosts, whatever state they are in, and wait for them."""
    hosts = list(hosts)
    for each in hosts:
        each.kill(signal.SIGCONT)
        each.kill()
    for each in hosts:
        each.process.wait(PATIENCE)
        each.hear_out()


async def until(fact: Callable[[], object], what: str = "") -> None:
    """Wait until something is so.  Raises ``TimeoutError`` that says what is not."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not fact():  # noqa: ASYNC110 - of most facts there is no notice
                await asyncio.sleep(0.002)
    except TimeoutError:
        raise TimeoutError(f"this did not come true in {PATIENCE:g} s: {what or fact}") from None
