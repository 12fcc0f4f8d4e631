"""The zygote: a Thespian actor of one thread, with everything imported, that forks isolates.

It sits in Thespian's loop and watches a socket of the launcher's.  For each order there is a ``createActor``: Thespian
forks, by a process class of ours, and the new process, before it has an address, forks once more and exits.  What is
left is a process that owns nothing of Thespian's and whose parent is the launcher: so an isolate outlives zygote, admin
and logger, and its exit status is known for sure.  See ``isolation.py`` for what becomes of it.

One process in between is kept ahead of the next order, which so costs one fork and not two.
"""

from __future__ import annotations

import gc
import importlib
import logging
import multiprocessing.process
import os
import socket
import struct
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from thespian.actors import Actor, ThespianWatch
from thespian.system import utilis

from . import isolation, linux
from .isolation import TOKEN_SIZE
from .packets import Packets

# What the process that forks an isolate waits for the launcher to read, in seconds.
PATIENCE = 5.0

# How long after an order the next process in between is made: its fork would take the processor that a life needs now.
REST = timedelta(seconds=0.05)

# The same for one that died before it had an order.
WAIT = timedelta(seconds=0.5)

# Of an isolate: its number and its token.
ORDER = struct.Struct(f">Q{TOKEN_SIZE}s")

# Forks between collections of the zygote's own garbage: it is little, and each collection writes to shared pages.
GARBAGE_EVERY = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """What a zygote is to be: inherited through the forks that lead to it, never sent."""

    folder: Path
    modules: tuple[str, ...]
    entry: str
    rehearsal: str | None
    secret: bytes
    launcher: int
    environment: dict[str, str]
    log: Path
    loggers: tuple[Any, Any]


class Inherited:
    """What a forked child finds here: the plan, in the zygote; what it runs and the way back, in its children."""

    plan: Plan
    function: isolation.Entry
    launcher: Packets


def connect(plan: Plan) -> Packets:
    """A connection to the launcher."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link.connect(str(plan.folder / "zygote"))
    return Packets(link)


class Zygote(Actor):
    """Imports what isolates will need, says hello to the launcher, and forks as it is told."""

    def __init__(self) -> None:
        plan = Inherited.plan
        linux.name_process("planaria-zygote")
        _restore(plan)
        link = Inherited.launcher = connect(plan)
        try:
            for module in (*plan.modules, plan.entry.partition(":")[0]):
                importlib.import_module(module)
            Inherited.function = isolation.find(plan.entry)
            isolation.prepare(plan.rehearsal)
        except BaseException as error:
            link.send("failed", plan.secret, f"{type(error).__name__}: {error}")
            link.flush_now(PATIENCE)
            os._exit(1)
        link.send("hello", plan.secret, os.getpid(), os.getppid(), threading.active_count())
        super().__init__()

    def receiveMessage(self, message: Any, sender: Any) -> ThespianWatch:  # noqa: N802 - Thespian's name
        """Whatever came, see to the launcher: Thespian calls this when its socket is readable."""
        manager = self._myRef
        manager.childDied = self._reap
        manager.mpcontext = Forks
        orders = Inherited.launcher.receive()
        for _, number, token in orders:
            self._carry_out(number, token)
        if orders:
            self.wakeupAfter(REST)
        elif self._idle() is None:
            self._fork()
        if Inherited.launcher.is_over:
            os._exit(0)
        return ThespianWatch([Inherited.launcher.fileno()])

    def _carry_out(self, number: int, token: bytes) -> None:
        while (between := self._idle() or self._fork()) is not None:
            if between.order(number, token):
                break
        else:
            Inherited.launcher.send("unborn", number, "Thespian could not fork")
        if number % GARBAGE_EVERY == 0:
            gc.collect()

    def _fork(self) -> Fork | None:
        """One more process in between; ``None`` where there may be no more."""
        known = len(self._children)
        self.createActor(Nursling)
        return self._children[-1].childProc if len(self._children) > known else None

    def _idle(self) -> Fork | None:
        """The one that waits for an order."""
        return next((each.childProc for each in self._children if each.childProc.is_idle), None)

    @property
    def _children(self) -> list[Any]:
        found: list[Any] = self._myRef.__dict__.setdefault("_child_procs", [])
        return found

    def _reap(self) -> bool:
        """The processes that forked isolates are gone as soon as that is done; one that failed has to be told of."""
        for child in self._children[:]:
            fork: Fork = child.childProc
            if fork.exitcode is not None:
                self._children.remove(child)
                fork.close()
                if not fork.number:
                    self.wakeupAfter(WAIT)
                elif fork.exitcode != 0:
                    why = f"the process that forks it ended with {fork.exitcode}"
                    Inherited.launcher.send("unborn", fork.number, why)
        return True


class Nursling(Actor):
    """What Thespian is asked to create; its process becomes an isolate's parent and is gone before it would serve."""


class Fork:
    """A process as Thespian knows it from multiprocessing, which does much in a child that an isolate has to undo.

    What Thespian would run in it is not run.
    """

    def __init__(self, **_task: Any) -> None:
        self.number = 0
        self._pid = 0
        self._code: int | None = None
        self._orders = -1

    def start(self) -> None:
        """Fork, and in the child wait for an order.  Raises ``OSError`` where there may be no more processes."""
        zygote = os.getpid()
        theirs, self._orders = os.pipe()
        try:
            self._pid = linux.bare_fork()
            if self._pid == 0:
                try:
                    linux.die_with(zygote)
                    linux.name_process("planaria-next")
                    os.close(self._orders)
                    _fork_isolate(theirs)
                finally:
                    os._exit(1)
        except OSError:
            self.close()
            raise
        finally:
            os.close(theirs)
        multiprocessing.process._children.add(self)  # type: ignore[attr-defined] # Thespian takes it out again

    @property
    def is_idle(self) -> bool:
        """Whether it waits for an order."""
        return self._orders >= 0 and self.exitcode is None

    def order(self, number: int, token: bytes) -> bool:
        """Have it fork an isolate, and end; False if it is dead."""
        try:
            os.write(self._orders, ORDER.pack(number, token))
        except BrokenPipeError:
            return False
        finally:
            self.close()
        self.number = number
        return True

    def close(self) -> None:
        """It gets no order any more."""
        if self._orders >= 0:
            os.close(self._orders)
            self._orders = -1

    @property
    def exitcode(self) -> int | None:
        """What it exited with; None while it lives."""
        if self._code is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code


class Forks:
    """A context of multiprocessing, as far as Thespian uses it."""

    Process = Fork


def _fork_isolate(orders: int) -> None:
    order = os.read(orders, ORDER.size)
    if len(order) < ORDER.size:
        os._exit(0)
    number, token = ORDER.unpack(order)
    between = os.getpid()
    pid = os.fork()
    if pid == 0:
        plan = Inherited.plan
        isolation.become_isolate(plan.folder / "nursery", Inherited.function, token, plan.launcher, between)
    Inherited.launcher.send("born", number, pid)
    Inherited.launcher.flush_now(PATIENCE)
    os._exit(0)


def _restore(plan: Plan) -> None:
    """Undo what Thespian needs, or does, so that modules find environment and loggers as they are in the node."""
    utilis._thesplog_file = str(plan.log)
    utilis._thesplog_old_file = f"{plan.log}.old"
    for name in os.environ.keys() - plan.environment.keys():
        del os.environ[name]
    os.environ.update(plan.environment)
    logging.root, logging.Logger.manager = plan.loggers
    logging.Logger.root = logging.root
    linux.read_nothing()
