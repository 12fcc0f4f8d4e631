"""A host in a convention of Thespian's: ``python -m actors.engines.thespian.convention FD PID``, run by a host.

A fresh interpreter of one thread, which holds no actor.  It has a short-lived child start a system of Thespian's whose
admin is bound to the host's own address, and which registers with the leaders of the convention once a second.  On a
leader an actor watches who joins and leaves.  It is another system than the one that forks isolates: what comes from
other hosts reaches nothing that can start a process.

Who dies with whom: this process with the host, admin with this process, logger and watcher with the admin, each by the
kernel's signal.  When admin or watcher die, the rest of that generation is ended, and the next one started.

What the host is told::

    began generation seconds | ended why | joined name boot address | left name boot address
    refused address why | leader address is_there why
"""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import selectors
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import msgpack

from . import linux
from .generation import engine_environment
from .packets import Packets
from .tidings import Channel, Refusals, tell

CONFIG_TIME = 30.0
"""Seconds that the host may take to say what is to be done."""

START_TIME = 20.0
"""Seconds that Thespian's system may take to start: 0.1 as a rule; 11 when its port answers and is somebody else's."""

SILENCE = 5.0
"""Seconds after which an admin that says nothing hangs: it tells each second that it goes on."""

LATENESS = 0.5
"""Seconds by which this process may be late itself, before it is no judge of others."""

END_TIME = 3.0
"""Seconds to get rid of the rest of a generation."""

HEALTHY_AFTER = 5.0
FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0
"""Seconds before the next generation is tried; doubles, up to the second, until one has lived for ``HEALTHY_AFTER``."""

PACKET_BYTES = 64 * 1024


class Convener:
    """One host's part in the convention, whatever its generation."""

    def __init__(self, control: Packets, config: dict[str, Any]) -> None:
        self.control = control
        self.config = config
        self.selector = selectors.DefaultSelector()
        self.wakeup, self.waker = socket.socketpair()
        self.heard: socket.socket | None = None
        self.starter = self.admin = 0
        self.watcher: int | None = None
        self.generation = self.failures = 0
        self.begun_at = self.heard_at = 0.0
        self.start_at: float | None = 0.0
        self.is_closing = False

    def run(self) -> None:
        """Serve until the host closes."""
        self.wakeup.setblocking(False)
        self.waker.setblocking(False)
        signal.set_wakeup_fd(self.waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for each in (self.control, self.wakeup):
            self.selector.register(each, selectors.EVENT_READ)
        while not self.is_closing:
            self._start_if_due()
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.control.has_waiting else 0)
            self.selector.modify(self.control, events)
            for key, _ in self.selector.select(self._time_left()):
                if key.data == "watcher":
                    self._fail("the watcher died")
            self.control.flush()
            self.is_closing = bool(self.control.receive()) or self.control.is_over
            self._hear()  # who the admin is, before it is known whether that is dead
            self._reap()
            self._check_times()

    def _time_left(self) -> float | None:
        moments = [self.start_at] if self.start_at is not None else []
        if self.starter:
            moments.append(self.begun_at + START_TIME)
        elif self.heard is not None:
            moments.append(self.heard_at + SILENCE)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _check_times(self) -> None:
        now = time.monotonic()
        if self.starter and now > self.begun_at + START_TIME:
            self._fail(f"Thespian's system was not there after {START_TIME:g} s")
        elif not self.starter and self.heard is not None and now > self.heard_at + SILENCE:
            if now > self.heard_at + SILENCE + LATENESS:
                self.heard_at = now - SILENCE / 2  # it was this process that hung, or slept: look again
            else:
                self._fail(f"the admin hangs: it said nothing for {SILENCE:g} s")

    def _start_if_due(self) -> None:
        if self.start_at is None or time.monotonic() < self.start_at:
            return
        self.start_at = None
        self.begun_at = self.heard_at = time.monotonic()
        self.generation += 1
        self.heard, Channel.socket = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.heard.setblocking(False)
        self.starter = os.fork()
        if self.starter == 0:
            _start(self)
        Channel.socket.close()
        self.selector.register(self.heard, selectors.EVENT_READ)

    def _hear(self) -> None:
        while self.heard is not None:
            try:
                data = self.heard.recv(PACKET_BYTES)
            except OSError:
                return
            if not data:
                self._fail("its processes died")
                return
            word, *rest = msgpack.unpackb(data)
            if word == "goes on":
                self.heard_at = time.monotonic()
            elif word == "admin":
                (self.admin,) = rest
            elif word == "watches":
                self._watch(*rest)
            elif word == "failed":
                self._fail(*rest)
            else:
                self.control.send(word, *rest)

    def _watch(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.watcher = os.pidfd_open(pid)
            self.selector.register(self.watcher, selectors.EVENT_READ, "watcher")

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self.wakeup.recv(4096):
                pass
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.starter:
                self.starter, self.heard_at = 0, time.monotonic()
                if status == 0:
                    self.control.send("began", self.generation, time.monotonic() - self.begun_at)
                else:
                    self._hear()  # it said why
                    self._fail(f"what starts Thespian's system ended with {os.waitstatus_to_exitcode(status)}")
            elif pid == self.admin:
                self._fail("the admin died")

    def _fail(self, why: str) -> None:
        """End what is left of this generation, and plan the next."""
        if self.heard is None:
            return  # it was known
        if time.monotonic() - self.begun_at > HEALTHY_AFTER + (START_TIME if self.starter else 0.0):
            self.failures = 0
        self._end_generation()
        self.control.send("ended", why)
        self.start_at = time.monotonic() + min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self.failures, 10))
        self.failures += 1

    def _end_generation(self) -> None:
        if self.heard is not None:
            self.selector.unregister(self.heard)
            self.heard.close()
            self.heard = None
        if self.watcher is not None:
            self.selector.unregister(self.watcher)
            os.close(self.watcher)
            self.watcher = None
        self.starter = self.admin = 0
        until = time.monotonic() + END_TIME
        while (rest := linux.children()) and time.monotonic() < until:
            for pid in rest:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._reap()
            time.sleep(0.001)

    def let_go(self) -> None:
        """In a child: close what is this process's own."""
        self.selector.close()
        for each in (self.control, self.heard, self.wakeup, self.waker):
            if each is not None:
                each.close()

    def close(self) -> None:
        """Kill everything, and wait for it."""
        self._end_generation()
        self.control.flush_now(0.1)


def _start(convener: Convener) -> NoReturn:
    """In a child: start Thespian's system and on a leader the watcher, and end."""
    linux.default_signals()
    linux.die_with(os.getppid())
    config = convener.config
    convener.let_go()
    code = 1
    try:
        from . import secure, watcher

        secure.Secrets.launcher = os.getppid()
        secure.Secrets.host = config["host"]
        secure.Secrets.far_key = config["key"]
        secure.Secrets.refused = Refusals().tell
        watcher.mend()
        known = {**config["capabilities"], "Convention Address.IPv4": config["leaders"]}
        system = secure.start(secrets.token_bytes(32), config["port"], capabilities=known)
        if config["is_leader"]:
            system.tell(system.createActor(watcher.Watcher), "begin")
        code = 0
    except OSError as error:
        tell("failed", f"its admin cannot listen on {config['host']}:{config['port']}: {error.strerror or error}")
    except BaseException as error:
        tell("failed", f"Thespian's system did not start: {type(error).__name__}: {error}")
    finally:
        os._exit(code)


def main(arguments: list[str]) -> int:
    """Convene on the descriptor and for the parent that are named."""
    descriptor, node = map(int, arguments)
    linux.adopt_orphans()
    linux.name_process("planaria-conven")
    linux.die_with(node)
    control = Packets(socket.socket(fileno=descriptor))
    said = control.receive_one(CONFIG_TIME)
    if said is None:
        return 1
    config: dict[str, Any] = said[1]
    sys.path[:] = config["path"]
    host = config["host"]
    os.environ.update(engine_environment(Path(config["folder"]), host if host.startswith("127.") else "127.0.0.1"))
    from . import secure, watcher  # noqa: F401 - each generation has it then, once for all of its processes

    gc.collect()
    gc.freeze()
    convener = Convener(control, config)
    try:
        convener.run()
    finally:
        convener.close()
    return 0


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))
