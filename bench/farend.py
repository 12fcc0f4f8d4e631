"""The other end of a link: a process that reads all it is sent, and answers what asks for it.

``python -m bench.farend KIND FD``; the kinds are ``floor``, the least code that sends frames of msgpack, ``work``, the
same that does a job before it answers, and ``wire``, planaria's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgpack

from actors.engines import loop
from actors.wire.codec import Wire
from actors.wire.link import Link

from .isolates import job
from .processes import environment

TELL, ASK = 16, 17


class Floor(asyncio.Protocol):
    """Length, then msgpack; an int or ``"sync"`` is sent back, as the reference's own floor does.

    ``work``: what is done with an int before.
    """

    def __init__(self, *, is_far: bool = False, work: Callable[[int], object] | None = None) -> None:
        self.is_far = is_far
        self.work = work
        self.buffer = bytearray()
        self.transport: Any = None
        self.paused: asyncio.Future[None] | None = None
        self.reply: asyncio.Future[bytes] | None = None
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.set_write_buffer_limits(1 << 20)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set_result(None)

    def pause_writing(self) -> None:
        self.paused = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        paused, self.paused = self.paused, None
        if paused is not None:
            paused.set_result(None)

    def data_received(self, data: bytes) -> None:
        buffer, at = self.buffer, 0
        buffer += data
        while len(buffer) - at >= 4:
            size = int.from_bytes(buffer[at : at + 4])
            if len(buffer) - at - 4 < size:
                break
            frame = bytes(memoryview(buffer)[at + 4 : at + 4 + size])
            at += 4 + size
            self.frame(frame)
        if at:
            del buffer[:at]

    def frame(self, frame: bytes) -> None:
        """What has come."""
        if self.reply is not None:
            self.reply.set_result(frame)
        elif self.is_far:
            value = msgpack.unpackb(frame)
            if isinstance(value, int):
                if self.work is not None:
                    self.work(value)
                self.send(frame)
            elif value == "sync":
                self.send(frame)

    def send(self, frame: bytes) -> None:
        """Write a frame at once."""
        self.transport.write(len(frame).to_bytes(4) + frame)

    async def ask(self, value: object) -> None:
        """Send, and wait until it is sent back."""
        self.reply = asyncio.get_running_loop().create_future()
        self.send(msgpack.packb(value))
        await self.reply
        self.reply = None


class Planaria:
    """A link of ours, with the same few methods."""

    def __init__(self, *, is_far: bool = False) -> None:
        self.reply: asyncio.Future[None] | None = None
        self.count = 0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        wire = Wire(lambda ref: ref, lambda handle: handle, is_trusting=True)
        self.link = Link(
            wire,
            on_frame=self._answer if is_far else self._hear,
            on_lost=lambda reason: self.ended.set_result(None),
            on_ready=lambda greeting: self.ready.set_result(None),
            is_caller=not is_far,
        )

    def _answer(self, frame: list[Any]) -> None:
        if frame[0] == ASK:
            self.link.send([ASK, self.count])
            self.count = 0
        else:
            self.count += len(frame[3])

    def _hear(self, frame: list[Any]) -> None:
        self.count = frame[1]
        if self.reply is not None:
            self.reply.set_result(None)

    async def has_room(self) -> None:
        """Wait while the link is full."""
        room: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.link.on_writable(lambda: room.set_result(None))
        await room

    async def ask(self) -> int:
        """Ask how many messages have come since the last question."""
        self.reply = asyncio.get_running_loop().create_future()
        self.link.send([ASK, 0])
        await self.reply
        return self.count


@contextlib.asynccontextmanager
async def far_end(kind: str, protocol: Any) -> AsyncIterator[subprocess.Popen[bytes]]:
    """Connect ``protocol`` with a process of this kind, which ends with the block."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-m", __name__, kind, str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment())  # noqa: ASYNC220
    try:
        transport, _ = await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, ours)
        yield process
        transport.close()
    finally:
        ours.close()
        await asyncio.get_running_loop().run_in_executor(None, process.wait)


async def _serve(kind: str, fd: int) -> None:
    end: Any = Planaria(is_far=True) if kind == "wire" else Floor(is_far=True, work=job if kind == "work" else None)
    protocol = end.link if kind == "wire" else end
    await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, socket.socket(fileno=fd))
    await end.ended


if __name__ == "__main__":
    loop.run(_serve(sys.argv[1], int(sys.argv[2])))
