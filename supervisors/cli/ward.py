"""The node's side of its guardian: it starts another one when that was killed, and says goodbye before it ends."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Sequence

from supervisors.intensity import Intensity
from supervisors.running import Running

from .guardian import GUARDIAN, LINE, MOST, WITHIN, call_oneself, line_of, start
from .terminal import complain

NAME = "planaria-node"
"""What ``ps`` calls it."""


class Ward:
    """This process is a node with a guardian, at the other end of ``line``; ``arguments``: what it was started with."""

    def __init__(self, line: socket.socket, arguments: Sequence[str]) -> None:
        line.setblocking(False)
        self._line = line
        self._arguments = arguments
        self._guardian: subprocess.Popen[bytes] | None = None
        self._intensity = Intensity(MOST, WITHIN)

    @classmethod
    def here(cls, arguments: Sequence[str]) -> Ward | None:
        """The ward that this process is, if it is one; to be asked once."""
        line = line_of()
        if line is None:
            return None
        del os.environ[LINE]  # what this process starts is no ward
        call_oneself(NAME)
        return cls(line, arguments)

    async def watch(self, running: Running) -> None:
        """Watch over the guardian as long as the tree runs."""
        loop = asyncio.get_running_loop()
        while True:
            gone = loop.create_future()
            loop.add_reader(self._line, lambda gone=gone: gone.done() or gone.set_result(None))  # type: ignore[misc]
            try:
                await gone
            finally:
                loop.remove_reader(self._line)
            if not self._replace():
                return

    def _replace(self) -> bool:
        """Start another guardian; false: it is killed too often, or cannot be started."""
        self._line.close()
        if self._guardian is not None:
            self._guardian.wait()  # its line has ended: so has it
        if not self._intensity.record(time.monotonic()):
            complain(f"the guardian was killed {MOST + 1} times within {WITHIN:g} s: this process goes on without one")
            return False
        try:
            self._line, self._guardian = start(GUARDIAN, [str(os.getpid()), *self._arguments])
        except OSError as error:
            complain(f"the guardian was killed and cannot be started again: {error}")
            return False
        self._line.setblocking(False)
        complain(
            f"the guardian was killed; its successor is process {self._guardian.pid}, and kill {os.getpid()} ends all"
        )
        return True

    def farewell(self, code: int) -> None:
        """This process ends by itself, with ``code``."""
        try:
            self._line.send(bytes([code]))
        except OSError:
            return  # the guardian has just died, and this process ends anyway
