"""A service that keeps its word: what it has said yes to outlives `kill -9` of any of its processes.

A notary seals documents.  Sealing is work, so it is done by a pool of processes; the seals are kept by a process of
their own, which answers when a seal is on disk; the desk on the loop talks to the clients.  Serve it with

    planaria run examples.cluster:tree --workers 2

at 127.0.0.1:8765 (or `NOTARY=address:port`), with the book in `notary.book` (or `NOTARY_BOOK=file`), look at its
processes with `planaria top`, and kill what you like.  A client asks again until it is told yes; to seal the same
document twice is to seal it once, so asking again does no harm.  Run as a script, this file does both at a small scale.

Prints:

    letter-0 is sealed … and 9 more
    kill -9 of the ledger's process: yes; of the sealers': yes
    letter-10 is sealed … and 9 more
    20 of 20 seals that were acknowledged are in the book
"""

import asyncio
import fcntl
import hashlib
import os
import signal
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from actors import Actor, ActorError, Reason, Request, handle
from supervisors import Pool, Running, Supervisor, child

ROUNDS = 2_000  # of the seal's hash: about a millisecond of work
PATIENCE = 2.0  # seconds that a client waits for an answer before it asks again


@dataclass(frozen=True, slots=True)
class Seal(Request[str]):
    """Asks for the seal of a document."""

    text: str


@dataclass(frozen=True, slots=True)
class Enter(Request[None]):
    """Asks for a seal to be kept; answered when it is on disk."""

    name: str
    seal: str


@dataclass(frozen=True, slots=True)
class Find(Request[str | None]):
    """Asks for a seal that is kept."""

    name: str


class Sealer(Actor):
    """Does the work."""

    @handle
    def seal(self, message: Seal) -> str:
        """Takes the processor for a while."""
        return hashlib.pbkdf2_hmac("sha256", message.text.encode(), b"notary", ROUNDS).hex()[:16]


class Ledger(Actor):
    """Keeps the book: one line a seal, the last one of a name holds.  It is the only one that writes there."""

    def __init__(self, path: str) -> None:
        self.path = path

    def started(self) -> None:
        """Read what earlier lives have written.  The lock is free when their process is gone; it may block: nobody else
        lives here.
        """
        self.book = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(self.book, fcntl.LOCK_EX)
        data = Path(self.path).read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        os.truncate(self.path, len(whole))  # a line that was cut off was never acknowledged
        self.seals = dict(line.split(" ", 1) for line in whole.decode().splitlines())

    @handle
    def enter(self, message: Enter) -> None:
        """Keep a seal: on disk first, then known, then answered."""
        os.write(self.book, f"{message.name} {message.seal}\n".encode())
        os.fsync(self.book)
        self.seals[message.name] = message.seal

    @handle
    def find(self, message: Find) -> str | None:
        """Find a seal."""
        return self.seals.get(message.name)

    def stopping(self, reason: Reason) -> None:
        """Let the next one have the book."""
        os.close(self.book)


class Desk(Actor):
    """Serves clients: `seal NAME TEXT` and `find NAME`, a line each; answered `yes SEAL`, `no`, or `again WHY`."""

    def __init__(self, address: str) -> None:
        self.host, _, self.port = address.rpartition(":")

    async def started(self) -> None:
        """Open; a successor may do so before the port of one that was killed is free."""
        root = self.ref.name.partition("/")[0]
        self.sealers = self.system.whereis(f"{root}/sealers")
        self.ledger = self.system.whereis(f"{root}/ledger")
        self.server = await asyncio.start_server(self.visit, self.host, int(self.port), reuse_port=True)

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until it hangs up."""
        try:
            while line := await reader.readline():
                writer.write(f"{await self.answer(line.decode().split())}\n".encode())
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError):  # it has gone, or said too much; or all ends
            return
        finally:
            writer.close()

    async def answer(self, words: list[str]) -> str:
        """Say yes to what is done, and `again` to what may have been left undone."""
        assert self.sealers is not None
        assert self.ledger is not None
        try:
            match words:
                case ["seal", name, text]:
                    seal = await self.sealers.ask(Seal(text), timeout=PATIENCE)
                    await self.ledger.ask(Enter(name, seal), timeout=PATIENCE)
                    return f"yes {seal}"
                case ["find", name]:
                    found = await self.ledger.ask(Find(name), timeout=PATIENCE)
                    return f"yes {found}" if found is not None else "no"
        except ActorError as error:
            return f"again {type(error).__name__}"
        return "no: seal NAME TEXT, or find NAME"

    def stopping(self, reason: Reason) -> None:
        """Close."""
        self.server.close()


def notary(address: str, book: str) -> Supervisor:
    """The tree.  One blow may take every process at once and each of them counts: hence the budget."""
    sealers = Pool("sealers", child(Sealer, id="sealer", place="process"), size=1, max_restarts=40, within=10.0)
    ledger = child(Ledger, book, id="ledger", place="process")
    return Supervisor("notary", [ledger, sealers, child(Desk, address, id="desk")], max_restarts=20, within=10.0)


tree = notary(os.environ.get("NOTARY", "127.0.0.1:8765"), os.environ.get("NOTARY_BOOK", "notary.book"))


class Client:
    """Asks again, on a new connection, until there is an answer."""

    def __init__(self, address: str) -> None:
        self.host, _, self.port = address.rpartition(":")
        self.line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.tries = 0

    async def ask(self, request: str) -> str:
        """The answer to a request."""
        while True:
            self.tries += 1
            try:
                async with asyncio.timeout(2 * PATIENCE):
                    if self.line is None:
                        self.line = await asyncio.open_connection(self.host, int(self.port))
                    reader, writer = self.line
                    writer.write(f"{request}\n".encode())
                    answer = (await reader.readline()).decode().strip()
                if answer and not answer.startswith("again"):
                    return answer
            except (OSError, TimeoutError):
                answer = ""
            if not answer:
                self.close()
            await asyncio.sleep(0.02)

    def close(self) -> None:
        """Hang up."""
        if self.line is not None:
            self.line[1].close()
            self.line = None


async def main() -> None:
    """Seal, kill, seal, and look everything up."""
    with tempfile.TemporaryDirectory() as folder:
        address = f"127.0.0.1:{free_port()}"
        async with notary(address, f"{folder}/book").running(log=False) as running:
            client, told = Client(address), {}
            for begin in (0, 10):
                for number in range(begin, begin + 10):
                    name = f"letter-{number}"
                    told[name] = await client.ask(f"seal {name} text-{number}")
                print(f"letter-{begin} is sealed {told[f'letter-{begin}'].split()[1]} and 9 more")
                if begin == 0:
                    killed = [shoot(running, path) for path in ("notary/ledger", "notary/sealers/sealer-1")]
                    print(f"kill -9 of the ledger's process: {killed[0]}; of the sealers': {killed[1]}")
            kept = [name for name, seal in told.items() if await client.ask(f"find {name}") == seal]
            print(f"{len(kept)} of {len(told)} seals that were acknowledged are in the book")
            client.close()


def shoot(running: Running, path: str) -> str:
    """Kill the process of a life, without asking."""
    place = running.snapshot().find(path)
    if place is None or place.process is None:
        return "no"
    os.kill(place.process, signal.SIGKILL)
    return "yes"


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as end:
        end.bind(("127.0.0.1", 0))
        port: int = end.getsockname()[1]
        return port


if __name__ == "__main__":
    asyncio.run(main())
