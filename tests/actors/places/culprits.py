"""Actors that do to their process what an actor should not."""

from __future__ import annotations

import asyncio
import ctypes
import mmap
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any, ClassVar

from actors import Actor, Reason, Ref, handle


@dataclass(frozen=True, slots=True)
class Write:
    """Has a number written down, with the life that handled it."""

    number: int
    to: Ref[Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """Do it: the method ``do_<verb>``."""

    verb: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Poison:
    """Ends the process that it is read in, unless it is at home: before anybody has it in hand."""

    home: int

    def __post_init__(self) -> None:
        if os.getpid() != self.home:
            os._exit(3)


@dataclass(frozen=True, slots=True)
class Leaving:
    """The same, in order."""

    home: int

    def __post_init__(self) -> None:
        if os.getpid() != self.home:
            sys.exit(3)


class Scribe(Actor):
    """Writes down what it is told, at home."""

    def __init__(self, log: list[tuple[int, int]]) -> None:
        self.log = log

    @handle
    def write(self, message: tuple) -> None:  # type: ignore[type-arg]
        self.log.append(message)


GATES: dict[str, threading.Event] = {}
"""What handlers in threads wait for, by name: a gate does not travel."""


class Culprit(Actor):
    """Works well until it is told to do harm."""

    waiting: ClassVar[list[threading.Event]] = []
    stopped: ClassVar[list[str]] = []

    @handle
    def swallow(self, message: Poison) -> None:
        """It never comes to that."""

    @handle
    def write(self, message: Write) -> int:
        message.to.tell((message.number, self.pid.incarnation))
        return message.number

    @handle
    def fault(self, message: Fault) -> Any:
        return getattr(self, f"do_{message.verb}")(*message.args)

    def do_pid(self) -> int:
        return os.getpid()

    def do_segfault(self) -> None:
        ctypes.string_at(0)

    def do_abort(self) -> None:
        os.abort()

    def do_leave(self, code: int) -> None:
        os._exit(code)

    def do_exit(self, code: int) -> None:
        sys.exit(code)

    def do_signal(self, number: int) -> None:
        os.kill(os.getpid(), number)

    def do_spin(self) -> None:
        while True:
            pass

    def do_fork(self, way: str) -> int | str:
        if pid := os.fork():
            return pid
        for number in range(100):
            self.ref.tell(Fault("leave", (number,)))
        if way == "exit":
            sys.exit(7)
        return "from a copy"

    def do_deadlock(self) -> None:
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()

    def do_close_all(self) -> None:
        os.closerange(3, 256)
        self.do_deadlock()

    def do_stop_loop(self) -> str:
        asyncio.get_running_loop().stop()
        return "done"

    async def do_stop_loop_and_wait(self) -> None:
        self.do_stop_loop()
        await asyncio.get_running_loop().create_future()

    def do_cancel_all(self) -> str:
        for task in asyncio.all_tasks():
            task.cancel()
        return "done"

    async def do_cancel_all_and_wait(self) -> None:
        self.do_cancel_all()
        await asyncio.get_running_loop().create_future()

    def do_cancel_all_and_stay(self, name: str) -> None:
        self.do_cancel_all()
        asyncio.get_running_loop().run_in_executor(None, self.do_wait, name)

    def do_leave_slowly(self, code: int) -> None:
        os.closerange(3, 256)
        time.sleep(0.03)  # pytest.mark.real: as what is left of a process that closes all, and frees its memory
        os._exit(code)

    def do_hoard(self) -> None:
        self.hoard: list[Any] = []
        while True:
            self.hoard.append(bytearray(1 << 20))

    def do_crumble(self) -> None:
        self.crumbs: Any = None
        while True:
            self.crumbs = (self.crumbs,)

    def do_answer(self, size: int) -> bytes:
        return b"x" * size

    def do_starve(self) -> None:
        asyncio.get_running_loop().call_soon(self.do_crumble)

    def do_grow(self, size: int) -> None:
        self.hoard = [bytearray(size)]

    def do_reserve(self, size: int) -> None:
        self.hoard = [mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)]

    def do_grow_by(self, size: int) -> None:
        self.hoard = [bytearray(b"x") * size]

    def do_run_out(self) -> None:
        raise MemoryError

    def do_block(self, seconds: float) -> str:
        time.sleep(seconds)  # pytest.mark.real: what this place is for
        return "done"

    def do_burn(self, seconds: float) -> None:
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass

    def do_wait(self, name: str) -> None:
        gate = GATES[name]
        self.waiting.append(gate)
        gate.wait()

    def stopping(self, reason: Reason) -> None:
        self.stopped.append(str(reason))


class Stillborn(Culprit):
    """Stops its loop before it has begun."""

    async def started(self) -> None:
        await self.do_stop_loop_and_wait()


class Deaf(Culprit):
    """Ignores what others end by, and never stops by itself."""

    def started(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def stopping(self, reason: Reason) -> None:
        self.do_deadlock()
