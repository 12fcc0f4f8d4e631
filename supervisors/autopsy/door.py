"""The door of a running tree: a local socket at which its own user may ask what goes on inside.

One exchange a connection: a request of one line of JSON, ``{"verb": "why", "path": "orders"}``, and an answer of one
line, ``{"ok": true, "answer": ...}`` or ``{"ok": false, "kind": "no_such_path", "error": "..."}``.  What may be asked
is a table (:mod:`supervisors.autopsy.verbs`).  Nothing that comes in is ever run or unpickled.

Three locks: the folder is its user's alone; the socket too; and where the system says who is at the other end
(``SO_PEERCRED``), it must be that user or root.  Sizes, times and the number of visitors are bounded, and whatever a
visitor does ends with his connection, never with the tree.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import logging
import os
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import folder
from .verbs import VERBS, Refused

if TYPE_CHECKING:
    from supervisors.running import Running

    from .verbs import Verb

logger = logging.getLogger("planaria")

REQUEST = 64 * 1024
"""Bytes of a request."""

ANSWER = 16 * 1024 * 1024
"""Bytes of an answer."""

TIMEOUT = 5.0
"""Seconds a visitor has to say what he wants, and again to take the answer."""

VISITORS = 16
"""Visitors at a time; further ones are told so, and of four times as many nobody takes notice."""

ENTERING = 5
"""Turns of the loop until somebody whose connection was just accepted is a visitor, and can be sent away."""

REST = 1024 * 1024
"""Bytes of what a visitor goes on saying that are read, for an answer to reach him; then the connection is cut."""


class NoDoor(Exception):
    """No door can be opened here; the text says why."""


class Door:
    """Open from :meth:`open` to :meth:`close`; ``path`` is its socket."""

    def __init__(self, running: Running, verbs: Mapping[str, Verb] = VERBS) -> None:
        self.path: Path | None = None
        self._running = running
        self._verbs = verbs
        self._server: asyncio.Server | None = None
        self._visits: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def open(self) -> None:
        """Listen.  Raises ``NoDoor`` where that is impossible or would not be safe."""
        if not folder.HAS_DOORS:
            raise NoDoor("this system has no local sockets")
        reasons = []
        for place in folder.folders(os.environ):
            try:
                listener, path = _listen(place, self._running.name)
            except (folder.Unsafe, OSError) as error:
                reasons.append(str(error))
                continue
            self._server = await asyncio.start_unix_server(self._visited, sock=listener, limit=REQUEST)
            self.path = path
            return
        raise NoDoor("; ".join(reasons))

    async def close(self) -> None:
        """Let nobody in any more, and take the socket away."""
        path, self.path = self.path, None
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink()
        for _ in range(ENTERING):  # a server that is closed before leaves them half let in
            await asyncio.sleep(0)
        if self._server is not None:
            self._server.close()
        visits = dict(self._visits)
        for visit in visits:
            visit.cancel()
        await asyncio.gather(*visits, return_exceptions=True)
        await asyncio.gather(*(writer.wait_closed() for writer in visits.values()), return_exceptions=True)

    def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody has come; called by the server, which does not wait."""
        if self.path is None or len(self._visits) >= 4 * VISITORS:
            writer.transport.abort()
            return
        visit = asyncio.ensure_future(self._attend(reader, writer))
        self._visits[visit] = writer

        def over(_: asyncio.Task[None]) -> None:
            self._visits.pop(visit, None)
            writer.close()

        visit.add_done_callback(over)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                answer = await self._serve(reader, writer)
            if answer:
                async with asyncio.timeout(TIMEOUT):
                    await _say(answer, reader, writer)
        except (OSError, TimeoutError) as error:
            logger.debug("a visitor at the door of %s was lost: %r", self._running.name, error)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        if not _may_enter(writer):
            logger.warning("somebody else than its user was sent away from the door of %s", self._running.name)
            return b""
        if len(self._visits) > VISITORS:
            return _line({"ok": False, "kind": "busy", "error": f"{VISITORS} others are being answered"})
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            if not error.partial:
                return b""
            return _line({"ok": False, "kind": "bad_request", "error": "the request has no end of line"})
        except asyncio.LimitOverrunError:
            return _line({"ok": False, "kind": "bad_request", "error": f"the request has more than {REQUEST:,} bytes"})
        return await self._answer(line)

    async def _answer(self, line: bytes) -> bytes:
        try:
            request = _request(line)
            verb = self._verbs.get(request["verb"])
            if verb is None:
                known = ", ".join(sorted(self._verbs))
                raise Refused("unknown_verb", f"there is no verb {request['verb']!r:.100}; there are {known}")
            answer = verb(self._running, request)
            if inspect.isawaitable(answer):
                answer = await answer
            said = _line({"ok": True, "answer": answer})
        except Refused as error:
            return _line({"ok": False, "kind": error.kind, "error": str(error)})
        except Exception as error:
            logger.exception("a question at the door of %s could not be answered", self._running.name)
            return _line({"ok": False, "kind": "failed", "error": f"{type(error).__name__}: {error}"})
        if len(said) > ANSWER:
            return _line({"ok": False, "kind": "too_large", "error": f"the answer has more than {ANSWER:,} bytes"})
        return said


async def _say(answer: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send the answer, and hear the visitor out: a socket closed before all is read takes the answer with it."""
    writer.write(answer)
    await writer.drain()
    writer.write_eof()
    rest = REST
    while rest > 0 and (part := await reader.read(REQUEST)):
        rest -= len(part)


def _request(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Refused("bad_request", f"the request is not JSON: {error}") from None
    if not isinstance(request, dict) or not isinstance(request.get("verb"), str):
        raise Refused("bad_request", 'the request must be an object with a "verb"')
    return request


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _listen(place: Path, tree: str) -> tuple[socket.socket, Path]:
    """A listening socket in a safe folder; it has its name only when it listens, so that nobody takes it for stale."""
    folder.prepare(place)
    folder.sweep(place)
    hidden = place / f".{os.getpid()}-{os.urandom(4).hex()}"
    path = _free_name(place, tree)
    if not folder.fits(path) or not folder.fits(hidden):
        raise folder.Unsafe(path, "is too long a name for a socket")
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(os.fspath(hidden))
        hidden.chmod(0o600)
        listener.listen(VISITORS)
        hidden.rename(path)
    except BaseException:
        listener.close()
        with contextlib.suppress(OSError):
            hidden.unlink()
        raise
    return listener, path


def _free_name(place: Path, tree: str) -> Path:
    for number in range(1, folder.NAMESAKES + 1):
        path = place / folder.name_for(tree, os.getpid(), number)
        if not path.exists():
            return path
    raise folder.Unsafe(path, "and its namesakes are all taken")


def _may_enter(writer: asyncio.StreamWriter) -> bool:
    """Whether the visitor is this process's user, or root; true where the system does not tell."""
    end = writer.get_extra_info("socket")
    user = peer_of(end.fileno()) if end is not None else None
    return user is None or user in (os.geteuid(), 0)


def peer_of(descriptor: int) -> int | None:
    """The user at the other end of a connected local socket; ``None`` where the system does not tell."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    size = struct.calcsize("3i")
    with socket.socket(fileno=os.dup(descriptor)) as end:
        _, user, _ = struct.unpack("3i", end.getsockopt(socket.SOL_SOCKET, option, size))
    return int(user)
