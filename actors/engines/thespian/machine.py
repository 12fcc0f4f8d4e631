"""The node's side of its launcher: a child process, a socket to it, and its death."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .packets import Packets

# Seconds that a launcher may take to end once it has closed its socket; it tidies up.
DYING_TIME = 5.0

# Seconds that a launcher which owes something may say nothing, and once more after it was asked; then it hangs.  Both
# are less than what a fork may take by default, so who waits for one waits on for the next launcher.
SILENCE = 2.5

# Seconds by which this loop may be late itself, before it is no judge of others.
LATENESS = 0.5

MODULE = "actors.engines.thespian.launcher"


class Machine:
    """One launcher, or what else ``module`` is that is told and ended alike.

    ``hear(*message)`` is called for what it says, ``lost(why)`` once when it is dead, both in the loop.
    """

    def __init__(
        self, config: dict[str, Any], hear: Callable[..., None], lost: Callable[[str], None], module: str = MODULE
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._hear = hear
        self._lost = lost
        self._is_writing = False
        self._doom: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._has_begun = self._is_asked = self._is_hung = False
        self.ended: asyncio.Future[None] = self._loop.create_future()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                # -P: not a package `actors` that happens to lie in the current folder.
                [sys.executable, "-P", "-m", module, str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(config["path"])},
                start_new_session=True,
            )
        self.pid = self._process.pid
        self._pidfd = os.pidfd_open(self.pid)
        self._packets = Packets(ours)
        self._loop.add_reader(self._pidfd, self._dead)
        self._loop.add_reader(ours, self._receive)
        self.send("config", config)

    def send(self, *message: Any) -> None:
        """Tell it something; nothing if it is dead."""
        self._packets.send(*message)
        if self._packets.has_waiting and not self._is_writing:
            self._is_writing = True
            self._loop.add_writer(self._packets.socket, self._flush)

    def order(self, number: int, token: bytes) -> None:
        """Have it fork; if it hangs, once it has begun, it is killed."""
        self.send("fork", number, token)
        if self._watch is None and self._has_begun:
            self._look_again()

    def _look_again(self) -> None:
        self._watch = self._loop.call_later(SILENCE, self._look, self._loop.time() + SILENCE)

    def _look(self, due: float) -> None:
        """It has said nothing since the last look, though it owed something."""
        if self._loop.time() > due + LATENESS:
            self._look_again()
        elif not self._is_asked:
            self._is_asked = True
            self.send("ping")
            self._look_again()
        else:
            self._is_hung = True
            self.kill()

    def _heard(self) -> None:
        self._has_begun, self._is_asked = True, False
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def descriptors(self) -> list[int]:
        """What leads to it."""
        return [self._pidfd, self._packets.socket.fileno()]

    def kill(self) -> None:
        """End it, and by the kernel all that it started."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)

    def _flush(self) -> None:
        self._packets.flush()
        if not self._packets.has_waiting or self._packets.is_over:
            self._is_writing = False
            self._loop.remove_writer(self._packets.socket)

    def _receive(self) -> None:
        for message in self._packets.receive():
            self._heard()
            if message[0] == "pong":
                self._look_again()  # it owes as much as before
            else:
                self._hear(*message)
        if self._packets.is_over:
            self._loop.remove_reader(self._packets.socket)
            self._doom = self._loop.call_later(DYING_TIME, self.kill)

    def _dead(self) -> None:
        if self._doom is not None:
            self._doom.cancel()
        self._heard()
        for message in self._packets.receive():
            if message[0] != "pong":
                self._hear(*message)
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._loop.remove_reader(self._packets.socket)
        self._loop.remove_writer(self._packets.socket)
        self._packets.close()
        code = self._process.wait()
        if not self.ended.done():
            self.ended.set_result(None)
        if self._is_hung:
            self._lost(f"it said nothing for {2 * SILENCE:g} s, and was killed")
            return
        self._lost(f"signal {-code}" if code < 0 else f"exit {code}")


def configuration(
    folder: Path, modules: Sequence[str], entry: str, port: int, rehearsal: str | None = None
) -> dict[str, Any]:
    """What a launcher has to know; modules are found where this process finds them."""
    return {
        "folder": str(folder),
        "modules": list(modules),
        "entry": entry,
        "rehearsal": rehearsal,
        "port": port,
        "path": [str(Path(each).resolve()) if each in ("", ".") else each for each in sys.path],
        "pythonpath": os.environ.get("PYTHONPATH"),
    }
