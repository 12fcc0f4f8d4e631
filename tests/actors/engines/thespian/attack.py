"""Run as a program: starts a secured system of Thespian's, attacks it, and prints what came of it as JSON.

It is a process of its own, since the transport replaces names of Thespian's, which other tests use as it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import secrets
import signal
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

from actors.engines.thespian import linux
from actors.engines.thespian.frames import BACK, MESSAGE, RECEIPT, REFUSAL, Seal
from actors.engines.thespian.generation import engine_environment

WORDS = {RECEIPT: "receipt", REFUSAL: "refusal"}


class Evil:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


def main(folder: Path) -> dict[str, Any]:
    """Start, attack, ask, shut down."""
    linux.adopt_orphans()
    os.environ.update(engine_environment(folder))
    from thespian.actors import ActorAddress
    from thespian.system.messages.admin import QueryExists
    from thespian.system.transport.IPBase import TCPv4ActorAddress

    from actors.engines.thespian import secure
    from tests.actors.engines.thespian.echo import Echo, Parent

    key = secrets.token_bytes(32)
    secure.Secrets.launcher = os.getpid()
    system = secure.start(key, 0)
    admin = system._systemBase.adminAddr.addressDetails.sockname
    target = f"{admin[0]}:{admin[1]}"
    echo = system.createActor(Echo)
    ours = socket.create_server(("127.0.0.1", 0))
    me = ActorAddress(TCPv4ActorAddress("127.0.0.1", ours.getsockname()[1], external=True))
    seal, alien = Seal(key, time.time_ns), Seal(bytes(32), time.time_ns)
    evil = folder / "evil"
    question = pickle.dumps((me, QueryExists()))
    good = seal.seal(MESSAGE, target, question)

    here = f"127.0.0.1:{ours.getsockname()[1]}"
    answers = 0

    def attempt(data: bytes) -> str:
        """What the admin says to these bytes; its own messages, which come on the same connection, are counted."""
        nonlocal answers
        with socket.create_connection(admin, timeout=10) as link:
            link.sendall(data)
            said = "silence"
            while frame := read(link):
                if frame[0] == MESSAGE:
                    mac = seal.open(frame, here).mac
                    link.sendall(seal.seal(RECEIPT, BACK, mac))
                    answers += 1
                    break
                opened = seal.open(frame, BACK)
                said = WORDS[opened.kind] if opened.answers(data) else "nonsense"
                link.settimeout(0.5)  # whatever it has to say, it says at once
            return said

    def cut(data: bytes) -> str:
        with socket.create_connection(admin, timeout=10) as link:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
            return "silence" if link.recv(10) == b"" else "an answer"

    pickled = pickle.dumps((me, Evil(evil)))
    said: dict[str, Any] = {
        "noise": attempt(b"\x00\x00\x00\x80" + bytes(0x80)),
        "Thespian's own frame": attempt(b"%d>" % len(pickled) + pickled),
        "another key": attempt(alien.seal(MESSAGE, target, question)),
        "another target": attempt(seal.seal(MESSAGE, "127.0.0.1:1", question)),
        "oversized": attempt(b"\xff\xff\xff\xff" + bytes(100)),
        "truncated": [cut(good[:length]) for length in (2, 4, 30, len(good) - 1)],
        "good": attempt(good),
        "replayed": [attempt(good) for _ in range(5)],
        "code": attempt(seal.seal(MESSAGE, target, pickled)),
        "no sender": attempt(seal.seal(MESSAGE, target, pickle.dumps((None, QueryExists())))),
        "no pair": attempt(seal.seal(MESSAGE, target, pickle.dumps(7))),
        "a receipt for nothing": attempt(seal.seal(RECEIPT, target, bytes(32))),
    }
    said["code ran"] = evil.exists()
    said["answers"] = answers
    idle = [socket.create_connection(admin) for _ in range(300)]
    said["among idlers"] = system.ask(echo, "hello", 10)
    said["created among idlers"] = system.ask(system.createActor(Echo), "hello", 10)
    for each in idle:
        each.close()
    hung = system.createActor(Echo)
    pid = system.ask(hung, "pid", 10)
    os.kill(pid, signal.SIGSTOP)
    system.tell(echo, (hung,))
    said["beside a hung peer"] = system.ask(echo, "hello", 5)
    os.kill(pid, signal.SIGKILL)
    parent = system.createActor(Parent)
    said["two at once"] = [system.ask(parent, "two", 10) for _ in range(8)]
    said["listeners"] = sorted({address for address, _ in listeners()})
    said["log"] = sorted(each.name for each in folder.iterdir())
    system.shutdown()
    return said


def read(link: socket.socket) -> bytes:
    """The next frame, or nothing."""
    try:
        head = link.recv(4, socket.MSG_WAITALL)
        return link.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL) if head else b""
    except TimeoutError:
        return b""


def listeners() -> list[tuple[str, int]]:
    """The addresses that processes below this one listen on."""
    inodes = set()
    for pid in linux.children() | {grandchild for child in linux.children() for grandchild in _children(child)}:
        for each in Path(f"/proc/{pid}/fd").glob("*"):
            with contextlib.suppress(FileNotFoundError):  # it was closed since, or the process is gone
                inodes.add(str(each.readlink()))
    found = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
            address, port = fields[1].split(":")
            found.append((socket.inet_ntoa(bytes.fromhex(address)[::-1]), int(port, 16)))
    return found


def _children(pid: int) -> set[int]:
    try:
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except OSError:
        return set()  # it is gone


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        report = main(Path(place))
    print(json.dumps(report))
