"""Run as a program: starts a leader of a convention, has hosts and attackers talk to it, and prints what came of it."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack

from actors.engines.thespian import linux
from actors.engines.thespian.frames import BACK, MESSAGE, RECEIPT, Seal
from actors.engines.thespian.generation import engine_environment
from actors.engines.thespian.tidings import ADDRESS, BOOT, NAME, Channel, Refusals
from tests.actors.engines.thespian.attack import WORDS, Evil, read

HUNG = 25
PATIENCE = 20.0


def main(folder: Path, place: str) -> dict[str, Any]:
    """``place``: the first three numbers of addresses that nobody else uses."""
    linux.adopt_orphans()
    own = f"{place}.1"
    os.environ.update(engine_environment(folder, own))
    from thespian.actors import ActorAddress, ActorExitRequest
    from thespian.system.messages.admin import PendingActor, SystemShutdown
    from thespian.system.messages.convention import ConventionDeRegister, ConventionInvite, ConventionRegister
    from thespian.system.transport.IPBase import TCPv4ActorAddress

    from actors.engines.thespian import secure, watcher

    heard, Channel.socket = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    heard.settimeout(0.2)
    key, port = secrets.token_bytes(32), 7390
    secure.Secrets.launcher, secure.Secrets.host, secure.Secrets.far_key = os.getpid(), own, key
    secure.Secrets.refused = Refusals().tell
    watcher.mend()
    system = secure.start(secrets.token_bytes(32), port, capabilities={"Convention Address.IPv4": [f"{own}:{port}"]})
    system.tell(system.createActor(watcher.Watcher), "begin")
    target = f"{own}:{port}"
    seal, alien = Seal(key, time.time_ns), Seal(bytes(32), time.time_ns)
    told: list[list[Any]] = []

    def hear(fact: Callable[[], object]) -> bool:
        """Hear what is told until something is so; whether it is."""
        until = time.monotonic() + PATIENCE
        while not fact() and time.monotonic() < until:
            with contextlib.suppress(TimeoutError):
                told.append(msgpack.unpackb(heard.recv(65536)))
        return bool(fact())

    def at(number: int) -> Any:
        return ActorAddress(TCPv4ActorAddress(f"{place}.{number}", port, external=True))

    def frame(number: int, message: Any, made: Seal = seal) -> bytes:
        return made.seal(MESSAGE, target, pickle.dumps((at(number), message), protocol=4))

    def register(number: int) -> ConventionRegister:
        said = {NAME: f"h{number}", BOOT: 1, ADDRESS: f"{place}.{number}:7400"}
        return ConventionRegister(at(number), said, True)

    def attempt(data: bytes) -> str:
        with socket.create_connection((own, port), timeout=10) as link:
            link.sendall(data)
            while found := read(link):
                if found[0] == MESSAGE:  # it answers on the same connection: a host would take it
                    link.sendall(seal.seal(RECEIPT, BACK, found[-32:]))
                    continue
                opened = seal.open(found, BACK)
                return WORDS[opened.kind] if opened.answers(data) else "nonsense"
            return "silence"

    def cut(data: bytes) -> str:
        with socket.create_connection((own, port), timeout=10) as link:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
            return "silence" if link.recv(10) == b"" else "an answer"

    def again(number: int) -> list[str]:
        """The stamps of what it is told, and told again since it takes nothing."""
        with socket.create_server((f"{place}.{number}", port)) as server:
            server.settimeout(PATIENCE)
            link, stamps = socket.create_connection((own, port), timeout=1), list[str]()
            link.sendall(frame(number, register(number)))
            while len(stamps) < 2:
                with link:
                    while (found := read(link)) and found[0] != MESSAGE:
                        pass
                stamps += [found[25:33].hex()] if found else []
                if len(stamps) < 2:
                    link, _ = server.accept()
        return stamps

    def count(word: str, name: str) -> int:
        return sum(each[:2] == [word, name] for each in told)

    hear(lambda: any(each[0] == "watches" for each in told))
    good, evil = frame(2, register(2)), folder / "evil"
    said: dict[str, Any] = {
        "another key": [attempt(frame(2, register(2), alien)) for _ in range(3)],
        "truncated": [cut(good[:length]) for length in (2, 4, 30, len(good) - 1)],
        "for another host": attempt(seal.seal(MESSAGE, f"{place}.9:{port}", good)),
        "good": attempt(good),
        "joined": hear(lambda: count("joined", "h2")),
        "left": [attempt(frame(2, ConventionDeRegister(at(2)))), hear(lambda: count("left", "h2"))],
        "replayed": [attempt(good) for _ in range(5)],
        "code": [attempt(seal.seal(MESSAGE, target, pickle.dumps((at(2), Evil(evil))))), evil.exists()],
        "an end": attempt(frame(2, SystemShutdown())),
        "an exit": attempt(frame(2, ActorExitRequest())),
        "an actor": attempt(frame(2, PendingActor("os.system", at(2), 1, None, None))),
        "an invitation": attempt(frame(2, ConventionInvite())),
        "for another": attempt(frame(2, ConventionDeRegister(at(3)))),
        "no address": attempt(seal.seal(MESSAGE, target, pickle.dumps((None, register(2))))),
        "no capabilities": attempt(frame(2, ConventionRegister(at(2), None))),
    }
    said["stamps"] = again(4)
    hung = [socket.create_server((f"{place}.{number}", port)) for number in range(100, 100 + HUNG)]
    said["beside the hung"] = [attempt(frame(number, register(number))) for number in range(100, 100 + HUNG)]
    answered = socket.create_server((f"{place}.3", port))
    answered.settimeout(PATIENCE)
    began = time.monotonic()
    said["beside them"] = attempt(frame(3, register(3)))
    said["joined beside them"] = hear(lambda: count("joined", "h3"))
    said["seconds"] = time.monotonic() - began
    said["twice"] = count("joined", "h2")
    said["refused"] = sorted(each[2] for each in told if each[0] == "refused")
    for each in (*hung, answered):
        each.close()
    system.shutdown()
    return said


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as there:
        report = main(Path(there), sys.argv[1])
    print(json.dumps(report))
