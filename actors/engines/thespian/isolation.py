"""What becomes of a forked child: an isolate, which owns nothing but its stdio and one socket to the nursery.

In this order: no inherited descriptor; a session of its own; a fresh loop; then, once the process in between is gone,
the launcher is the parent, and its death this one's.  Only now the token is shown that says whose it is, and the entry
called: ``async def main(sock, assignment)``.  It gets ready, and has its settings from ``await assignment()``, within
the limits that come with them.  Names of modules may come before, which a spare loads while nobody waits for it.  It
never returns to the frames below, and `os._exit` ends it: finalizers of what it left behind do not run.

What could be done before the fork, the zygote has done: every page that a child touches costs it some microseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import math
import os
import resource
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import msgpack

from actors.engines.loop import loop_factory

from . import linux
from .status import OUT_OF_MEMORY

LENGTH = struct.Struct(">I")

# Bytes beyond the bound of memory, up to which who has run into it may raise it, to say so.
RESERVE = 8 << 20
TOKEN_SIZE = 32

# The exit code of a process that a KeyboardInterrupt ended, as shells have it.
INTERRUPTED = 130

# How often the zygote rehearses: CPython 3.11 specialises what has been called eight times.
REHEARSALS = 10

Assignment = Callable[[], Awaitable[Any]]
Entry = Callable[[socket.socket, Assignment], Coroutine[Any, Any, None]]


def find(entry: str) -> Callable[..., Any]:
    """The function that "pkg.mod:function" names.  Raises ``ImportError``, ``AttributeError`` or ``TypeError``."""
    module, _, name = entry.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"{entry} is not a function")
    function: Callable[..., Any] = found
    return function


def prepare(rehearsal: str | None) -> None:
    """In the zygote, once all is imported: what its children need, and no collector on the pages that they share.

    ``rehearsal``: a coroutine function, which is run some times: so the interpreter has specialised, in pages that
    all have in common, what each of them is going to run.  Not in uvloop: its library would leave a descriptor behind
    that it relies on in the children, which close it.
    """
    if rehearsal is not None:
        function = find(rehearsal)
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            for _ in range(REHEARSALS):
                runner.run(function())
    linux.default_signals(keep={signal.SIGCHLD})
    gc.collect()
    gc.freeze()
    gc.disable()


def become_isolate(nursery: Path, function: Entry, token: bytes, launcher: int, between: int) -> NoReturn:
    """Turn this process into an isolate, run it, and end it."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        linux.close_descriptors()
        os.setsid()
        linux.name_process("planaria-isolate")
        linux.adopt_orphans()  # so what it starts stays below it, and is known to be its own when it dies
        gc.freeze()  # sockets of the zygote's live on as numbers that are somebody else's now: never finalize them
        gc.enable()
        _serve(nursery, function, token, launcher, between)
    except BaseException as error:
        leave(error)  # here, where it still has its frames: to free what they hold may take seconds
    leave(None)


def leave(error: BaseException | None) -> NoReturn:
    """End this process at once, with the exit code that tells of ``error``; ``None``: all is well."""
    code = 1
    try:
        match error:
            case None:
                code = 0
            case MemoryError():
                code = OUT_OF_MEMORY
            case SystemExit():
                code = _code(error.code)
            case KeyboardInterrupt():
                code = INTERRUPTED  # no terminal is there to have sent it: it was raised, and is told as what it ended
            case _:
                traceback.print_exception(error)
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code)


def _serve(nursery: Path, function: Entry, token: bytes, launcher: int, between: int) -> None:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        linux.wait_for_adoption(launcher, between)
        linux.die_with(launcher)
        try:
            link.connect(str(nursery))
            link.sendall(token)
        except OSError:
            return  # the nursery is closed
        link.setblocking(False)
        runner.run(function(link, partial(_assignment, link)))


async def _assignment(link: socket.socket) -> Any:
    """The settings of who is to live here; the process ends if the nursery closes instead."""
    while True:
        (size,) = LENGTH.unpack(await _read(link, LENGTH.size))
        limits, settings = msgpack.unpackb(await _read(link, size), strict_map_key=False)
        if limits is not None:
            _apply(*limits)
            return settings
        await _load(settings)


async def _read(link: socket.socket, size: int) -> bytes:
    loop, data = asyncio.get_running_loop(), b""
    while len(data) < size:
        try:
            piece = await loop.sock_recv(link, size - len(data))
        except OSError:
            piece = b""
        if not piece:
            os._exit(0)
        data += piece
    return data


async def _load(modules: dict[str, Any]) -> None:
    """Load what lives before this one needed; what cannot be loaded is told when it is asked for."""
    for name, arguments in modules.items():
        try:
            if ":" in name:
                done = find(name)(*arguments)
                if isinstance(done, Awaitable):
                    await done
            else:
                importlib.import_module(name)
        except Exception:
            break


def _apply(memory: int | None, cpu: float | None, files: int | None) -> None:
    if memory is not None:
        size = linux.data_size() + memory
        _limit(resource.RLIMIT_DATA, size, size + RESERVE)
    if cpu is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = math.ceil(used.ru_utime + used.ru_stime + cpu)
        _limit(resource.RLIMIT_CPU, soft, soft + 2)
    if files is not None:
        _limit(resource.RLIMIT_NOFILE, files)


def _limit(which: int, soft: int, hard: int | None = None) -> None:
    """Lower a limit; one that is lower already stays."""
    top = resource.getrlimit(which)[1]
    bounds = [value if top == resource.RLIM_INFINITY else min(value, top) for value in (soft, hard or soft)]
    resource.setrlimit(which, (bounds[0], bounds[1]))


def _code(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)  # noqa: T201 - as the interpreter does
    return 1
