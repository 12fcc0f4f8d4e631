"""What the isolates of these tests run."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgpack


async def serve(sock: socket.socket, assignment: Callable[[], Awaitable[Any]]) -> None:
    """Answer each line: with what it says, or with what is asked of this process."""
    settings = await assignment()
    reader, writer = await asyncio.open_unix_connection(sock=sock)
    while line := await reader.readline():
        word, *rest = line.decode().split()
        answer = await _do(word, rest, settings)
        writer.write(msgpack.packb(answer) + b"\n.\n")
        await writer.drain()


async def _do(word: str, rest: list[str], settings: Any) -> Any:
    match word:
        case "settings":
            return settings
        case "about":
            return about()
        case "standard":
            return standard()
        case "rehearsals":
            return REHEARSALS
        case "loaded":
            return rest[0] in sys.modules
        case "exit":
            sys.exit(int(rest[0]))
        case "raise":
            raise RuntimeError(" ".join(rest))
        case "segfault":
            ctypes.string_at(0)
        case "signal":
            os.kill(os.getpid(), int(rest[0]))
            await asyncio.sleep(60)
        case "take":
            return len(bytearray(int(rest[0])))
        case "burn":
            while True:
                pass
        case "child":
            return _start_sleeper()
        case "detach":
            return int(_run("sleep 600 >/dev/null 2>&1 & echo $!"))
    return [word, *rest]


def about() -> dict[str, Any]:
    """What this process is like."""
    return {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "session": os.getsid(0),
        "loop": type(asyncio.get_running_loop()).__module__,
        "descriptors": {name: _target(name) for name in _names("/proc/self/fd")},
        "threads": len(_names("/proc/self/task")),
        "handlers": [
            int(each)
            for each in signal.valid_signals()
            if callable(signal.getsignal(each)) and each not in (signal.SIGPIPE, signal.SIGXFSZ)
        ],
        "environment": dict(os.environ),
        "thespian": sorted(name for name in os.environ if name.startswith(("THESP", "CONVENTION"))),
        "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "path": sys.path,
        "root": [logging.root.level, len(logging.root.handlers), type(logging.lastResort).__name__],
    }


def standard() -> dict[str, Any]:
    """What stdin, stdout and stderr are, here as descriptors and in ``sys``; and what is read from it."""
    names = [f"{mark}{name}{mark}" for mark in ("", "__") for name in ("stdin", "stdout", "stderr")]
    streams = {name: getattr(sys, name) for name in names}
    return {
        "descriptors": [_target(str(number)) for number in range(3)],
        "streams": {name: stream.fileno() for name, stream in streams.items() if stream is not None},
        "read": [sys.stdin.read(), sys.__stdin__.read() if sys.__stdin__ is not None else None],
    }


def _start_sleeper() -> int:
    return subprocess.Popen(["sleep", "600"], start_new_session=True).pid


def _run(line: str) -> str:
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout


def _names(folder: str) -> list[str]:
    return [each.name for each in Path(folder).iterdir()]


def _target(name: str) -> str:
    try:
        return str(Path("/proc/self/fd", name).readlink())
    except OSError:
        return "gone"


REHEARSALS: list[str] = []


async def rehearse() -> None:
    """Say who has rehearsed, in which loop."""
    REHEARSALS.append(type(asyncio.get_running_loop()).__module__)


NOT_A_FUNCTION = 1
