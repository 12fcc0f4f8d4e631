"""Actors that do to their process what an actor should not."""

from __future__ import annotations

import asyncio
import ctypes
import mmap
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from actors import Actor, ActorSystem, Reason, Ref, handle


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
        if way == "raise":
            raise ValueError("in a copy")
        return "from a copy"

    async def do_fork_and_wait(self, way: str) -> int | str:
        made = self.do_fork("return")
        if way == "wait":
            await asyncio.sleep(0)
            await self.do_nothing()
        if made == "from a copy" and way == "exit":
            sys.exit(7)
        return made

    async def do_nothing(self) -> None:
        """Waits for nothing."""

    async def do_fork_in_a_task(self) -> int | str:
        return await asyncio.create_task(self.do_fork_and_wait("return"))

    def do_reap(self, pid: int) -> int | None:
        """What a child of this process has ended with; ``None``: it has not."""
        found, status = os.waitpid(pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if found else None

    def do_multiprocess(self) -> tuple[int | None, str]:
        context = multiprocessing.get_context("fork")
        answers = context.SimpleQueue()
        process = context.Process(target=be_a_node, args=(answers,))
        process.start()
        process.join(20)
        return process.exitcode, answers.get() if not answers.empty() else ""

    def do_run_prepared(self) -> str:
        echo = [sys.executable, "-c", "print('hi')"]
        return subprocess.run(echo, preexec_fn=os.getpid, capture_output=True, text=True, check=True).stdout

    def do_multiprocess_elsewhere(self) -> tuple[int | None, str]:
        told: list[tuple[int | None, str]] = []
        thread = threading.Thread(target=lambda: told.append(self.do_multiprocess()))
        thread.start()
        thread.join()
        return told[0]

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


def be_a_node(answers: Any) -> None:
    """What another process may be: one with a system of its own."""

    async def main() -> None:
        async with ActorSystem("another") as system:
            ref = await system.spawn(Culprit)
            answers.put(f"{await ref.ask(Fault('nothing'))}")

    asyncio.run(main())
    sys.exit(5)


class Forker(Culprit):
    """Makes copies in its hooks, and writes down that it did."""

    copies: ClassVar[list[int]] = []

    def __init__(self, log: str, hook: str = "") -> None:
        self.log = Path(log)
        self.hook = hook
        self.copy = 0

    def copy_in(self, hook: str) -> bool:
        """Whether this is the copy."""
        with self.log.open("a") as file:
            file.write(f"{hook} {self.ref.name}\n")
        if hook == self.hook:
            self.copy = os.fork()
            self.copies.append(self.copy)
        return hook == self.hook and not self.copy

    def started(self) -> None:
        self.copy_in("started")

    def stopping(self, reason: Reason) -> None:
        self.copy_in("stopping")

    def do_copy(self) -> int:
        return self.copy


class Donor(Forker):
    """Makes a copy of its process when it leaves something behind."""

    def bequeath(self) -> str:
        self.copy_in("bequeath")
        return "all"

    def inherit(self, estate: str) -> None:
        self.copy_in(f"inherit {estate}")


class AsyncForker(Forker):
    """The same in hooks that wait."""

    async def started(self) -> None:  # type: ignore[override]
        await self.do_nothing()
        if self.copy_in("started"):
            sys.exit(7)

    async def stopping(self, reason: Reason) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        if self.copy_in("stopping"):
            sys.exit(7)


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
