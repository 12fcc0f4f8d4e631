"""The launcher: ``python -m actors.engines.thespian.launcher FD PID``, run by a node as a process of its own.

It is a fresh interpreter, so nothing below it inherits the node's sockets, threads or loop.  It has one thread, and
holds no actor: it is the subreaper of all that is started here, starts Thespian's system and the zygote by a
short-lived child, passes orders on to the zygote, and tells the node who was born and who ended, and how.

Who dies with whom: the launcher with the node (end of file, and a parent-death signal; a SIGTERM from anybody else ends
it a second later, unless the node has it close before), and tidies up before; the admin
with the launcher, logger and zygote with the admin, each by the kernel's signal; isolates with the launcher, whose
children they are.  What an isolate had started, detached or not, is the launcher's child when it ends, and is killed.
When zygote or admin die, what is left of that generation is ended, and the next one started; isolates live on.

Between node and launcher::

    node      config {...} | fork number token | close
    launcher  ready generation seconds zygote admin threads | born number pid | unborn number why | exit pid status
              | lost why | down why
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib
import os
import secrets
import selectors
import shutil
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any

from . import linux
from .generation import engine_environment, start_generation
from .packets import Packets

# Seconds to start Thespian's system and the zygote: 0.1 without the imports of the user's modules.
START_TIME = 30.0

# Seconds until the zygote connects, which it does before it imports anything: 0.05 as a rule.  A start that is slower
# is given up and tried once more, before anybody hears of it.
CONNECT_TIME = 5.0

# Seconds between an order and the birth, 0.005 as a rule; then the zygote hangs and is replaced.
FORK_TIME = 5.0

# Seconds to get rid of the rest of a generation: a SIGKILL takes milliseconds.
END_TIME = 3.0

# Seconds after a SIGTERM until the launcher of a node that lives ends: the node may have been told to end in the same
# moment, as all of a service's processes are by systemd, and then says so first.
TERMINATION_TIME = 1.0

# A generation that lived this long was well; one that fails sooner makes the next start wait, twice as long each time.
HEALTHY_AFTER = 5.0
FIRST_WAIT = 0.05
LONGEST_WAIT = 5.0

_CREDENTIALS = struct.Struct("3i")


class Launcher:
    """One node's machinery, whatever its generation."""

    def __init__(self, control: Packets, node: int, config: dict[str, Any]) -> None:
        self.control = control
        self.node = node
        self.config = config
        self.folder = Path(config["folder"])
        self.environment: dict[str, str] = {}
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        (self.folder / "zygote").unlink(missing_ok=True)  # that of a launcher that was killed
        self.listener.bind(str(self.folder / "zygote"))
        self.listener.listen(8)
        self.listener.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.wakeup, self.waker = socket.socketpair()
        self.wanted: dict[int, tuple[bytes, float]] = {}
        self.isolates: set[int] = set()
        self.zygote: Packets | None = None
        self.starter = 0
        self.admin = 0
        self.secret = b""
        self.generation = 0
        self.failures = 0
        self.retry_at = 0.0
        self.backlog: list[list[Any]] = []
        self.begun_at = 0.0
        self.born_at = 0.0
        self.ready_at: float | None = None
        self.start_at: float | None = 0.0
        self.close_at: float | None = None
        self.is_closing = False

    def run(self) -> None:
        """Serve until the node closes or dies."""
        self._catch_signals()
        for each in (self.control, self.listener, self.wakeup):
            self.selector.register(each, selectors.EVENT_READ)
        while not self.is_closing:
            self._start_if_due()
            self._watch_for_writing()
            for _ in self.selector.select(self._time_left()):
                pass  # which of them is ready does not matter: all are asked, and none blocks
            self._hear_node()
            self._accept()
            self._hear_zygote()
            self._reap()
            self._check_times()

    def _catch_signals(self) -> None:
        self.wakeup.setblocking(False)
        self.waker.setblocking(False)
        signal.set_wakeup_fd(self.waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._terminate)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _terminate(self, *_: object) -> None:
        """SIGTERM: by the kernel since the node has died, or by somebody."""
        if os.getppid() != self.node:
            self.is_closing = True
        elif self.close_at is None:
            self.close_at = time.monotonic() + TERMINATION_TIME

    def _watch_for_writing(self) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.control.has_waiting else 0)
        self.selector.modify(self.control, events)
        if self.zygote is not None:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.zygote.has_waiting else 0)
            self.selector.modify(self.zygote, events)

    def _time_left(self) -> float | None:
        moments = [each for each in (self.close_at or self.start_at,) if each is not None]
        if self._is_starting:
            moments.append(self.begun_at + (CONNECT_TIME if self.zygote is None else START_TIME))
        elif self.wanted:
            moments.append(self._oldest_order() + FORK_TIME)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    @property
    def _is_starting(self) -> bool:
        return self.secret != b"" and self.ready_at is None

    def _oldest_order(self) -> float:
        """Since when the zygote owes a birth: orders are carried out one after another."""
        return max(next(iter(self.wanted.values()))[1], self.ready_at or 0.0, self.born_at)

    # The node

    def _hear_node(self) -> None:
        self.control.flush()
        for message in self.control.receive():
            if message[0] == "fork":
                _, number, token = message
                self.wanted[number] = token, time.monotonic()
                if self.zygote is not None and self.ready_at is not None:
                    self.zygote.send("fork", number, token)
                elif self.secret == b"" and self.start_at is None:
                    self.start_at = self.retry_at
            elif message[0] == "ping":
                self.control.send("pong")
            else:
                self.is_closing = True
        if self.control.is_over or os.getppid() != self.node:
            self.is_closing = True

    # The zygote

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            _, uid, _ = _CREDENTIALS.unpack(link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            if uid != os.geteuid() or self.zygote is not None or not self._is_starting:
                link.close()
                continue
            self.zygote = Packets(link)
            self.selector.register(self.zygote, selectors.EVENT_READ)

    def _hear_zygote(self) -> None:
        if self.zygote is None:
            return
        self.zygote.flush()
        messages = self.backlog + self.zygote.receive()
        self.backlog = []
        for message in messages:
            self._handle(*message)
            if self.zygote is None:
                return
        if self.zygote.is_over:
            self._fail("the zygote died")

    def _handle(self, word: str, *rest: Any) -> None:
        match word, rest:
            case "born", (number, pid):
                self.born_at = time.monotonic()
                self.wanted.pop(number, None)
                self.isolates.add(pid)
                self.control.send("born", number, pid)
            case "unborn", (number, why):
                self.wanted.pop(number, None)
                self.control.send("unborn", number, why)
            case ("hello", (secret, *_)) | ("failed", (secret, *_)) if secret != self.secret:
                self._fail("somebody else said that it was the zygote")
            case "hello", (_, pid, admin, threads):
                self._begin(pid, admin, threads)
            case "failed", (_, why):
                self._fail(why)

    def _begin(self, pid: int, admin: int, threads: int) -> None:
        assert self.zygote is not None
        self.admin = admin
        self.ready_at = time.monotonic()
        self.control.send("ready", self.generation, self.ready_at - self.begun_at, pid, admin, threads)
        for number, (token, _) in self.wanted.items():
            self.zygote.send("fork", number, token)

    # Generations

    def _start_if_due(self) -> None:
        if self.start_at is None or self.close_at is not None or time.monotonic() < self.start_at:
            return
        self.start_at, self.ready_at = None, None
        self.begun_at = time.monotonic()
        self.generation += 1
        self.secret = secrets.token_bytes(16)
        self.starter = os.fork()
        if self.starter == 0:
            start_generation(self, self.secret)

    def _fail(self, why: str, *, is_stall: bool = False) -> None:
        """End what is left of this generation, and plan the next; the orders stay if that may be better."""
        was_ready = self.ready_at is not None
        if was_ready and time.monotonic() - (self.ready_at or 0.0) > HEALTHY_AFTER:
            self.failures = 0
        self._end_generation()
        self.failures += 1
        wait = 0.0 if self.failures == 1 else min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self.failures - 2, 10))
        self.retry_at = time.monotonic() + wait
        if was_ready or (is_stall and self.failures == 1):
            self.start_at = self.retry_at
            self.control.send("lost", why)
        else:
            self.wanted.clear()  # whoever orders again has it tried again
            self.control.send("down", why)

    def _end_generation(self) -> None:
        self.secret, self.ready_at, self.admin = b"", None, 0
        until = time.monotonic() + END_TIME
        while (rest := linux.children() - self._hear_last_births()) and time.monotonic() < until:
            _kill(rest)
            self._reap()
            time.sleep(0.001)
        if self.zygote is not None:
            self.selector.unregister(self.zygote)
            self.zygote.close()
            self.zygote = None
        self.starter = 0
        self.backlog.clear()

    def _hear_last_births(self) -> set[int]:
        """The isolates, those included whose birth was reported and not read yet."""
        if self.zygote is not None:
            for message in self.zygote.receive():
                if message[0] in ("born", "unborn"):
                    self._handle(*message)
                else:
                    self.backlog.append(message)
        return self.isolates

    def _check_times(self) -> None:
        now = time.monotonic()
        if self.close_at is not None and now >= self.close_at:
            self.is_closing = True
        elif self._is_starting and self.zygote is None and now > self.begun_at + CONNECT_TIME:
            self._fail(f"Thespian's system was not there after {CONNECT_TIME:g} s", is_stall=True)
        elif self._is_starting and now > self.begun_at + START_TIME:
            self._fail(f"the zygote was not ready after {START_TIME:g} s")
        elif self.ready_at is not None and self.wanted and now > self._oldest_order() + FORK_TIME:
            for number, (token, _) in self.wanted.items():
                self.wanted[number] = token, now
            self._fail(f"the zygote did not fork within {FORK_TIME:g} s")

    # The dead

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self.wakeup.recv(4096):
                pass
        has_ended = False
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            if pid in self._hear_last_births():
                self.isolates.discard(pid)
                self.control.send("exit", pid, status)
                has_ended = True
            elif pid == self.admin:
                self._fail("the admin died")
            elif pid == self.starter:
                if status != 0 and self._is_starting:
                    self._fail(f"what starts Thespian's system ended with {os.waitstatus_to_exitcode(status)}")
            else:
                self.control.send("exit", pid, status)  # an isolate whose birth was not told, perhaps
        if has_ended and self.ready_at is not None:
            # What an isolate had started is ours now.  Children first: a birth is told before it is adopted.
            adopted = linux.children()
            _kill(adopted - self._hear_last_births() - {self.admin, self.starter})

    def let_go(self) -> None:
        """In a child: close what is the launcher's own."""
        self.selector.close()
        for each in (self.control, self.listener, self.wakeup, self.waker):
            each.close()

    def close(self) -> None:
        """Kill everything, and wait for it; remove the folder if the node can no longer do it."""
        self.secret, self.ready_at, self.admin, self.starter = b"", None, 0, 0
        until = time.monotonic() + END_TIME
        while (rest := linux.children()) and time.monotonic() < until:
            _kill(rest)
            self._reap()
            time.sleep(0.0005)
        self.control.flush_now(0.1)
        if self.control.is_over or os.getppid() != self.node:
            shutil.rmtree(self.folder, ignore_errors=True)


def _kill(pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _import_what_isolates_need(modules: list[str]) -> None:
    """Imported here, it is in memory once for all that is forked below, as long as no collector writes to it.

    Of the node's ``modules`` only our own, which start no threads and do not fail; the zygote imports the others.
    """
    from actors.engines.loop import loop_factory

    from . import secure, zygote  # noqa: F401

    loop_factory()
    for module in modules:
        if module.startswith("actors."):
            importlib.import_module(module)
    gc.collect()
    gc.freeze()


def main(arguments: list[str]) -> int:
    """Run a launcher on the descriptor and for the parent that are named."""
    descriptor, node = map(int, arguments)
    linux.adopt_orphans()
    linux.name_process("planaria-launch")
    linux.die_with(node, signal.SIGTERM)
    control = Packets(socket.socket(fileno=fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)))
    os.close(descriptor)
    linux.open_standard()
    config = control.receive_one(START_TIME)
    if config is None:
        return 1
    settings: dict[str, Any] = config[1]
    sys.path[:] = settings["path"]
    os.environ.pop("PYTHONPATH", None)  # that was for this interpreter to find this module
    if settings["pythonpath"] is not None:
        os.environ["PYTHONPATH"] = settings["pythonpath"]
    launcher = Launcher(control, node, settings)
    launcher.environment = dict(os.environ)
    os.environ.update(engine_environment(launcher.folder))
    _import_what_isolates_need(settings["modules"])

    try:
        launcher.run()
    finally:
        launcher.close()
    return 0


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))
