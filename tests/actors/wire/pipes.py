"""Two links that face each other over a pipe that the test moves bytes through, in one loop and without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from actors.wire.link import Link
from tests.actors.wire.kinds import ends


class Pipe(asyncio.Transport):
    """What one link writes to; bytes go to the other when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol: Any = None
        self.other: Pipe
        self.held = bytearray()
        self.writes: list[int] = []
        self.high, self.low = 1 << 16, 1 << 14
        self.is_paused = self.is_closed = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high, self.low = high or self.high, low or self.low

    def get_write_buffer_size(self) -> int:
        return len(self.held)

    def write(self, data: Any) -> None:
        if self.is_closed:
            return
        self.held += data
        self.writes.append(len(data))
        if len(self.held) > self.high and not self.is_paused:
            self.is_paused = True
            self.protocol.pause_writing()

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            asyncio.get_running_loop().call_soon(self._closed)

    def _closed(self) -> None:
        self.move()
        self.lose(None)

    def abort(self) -> None:
        self.held.clear()
        if not self.is_closed:
            self.is_closed = True
            asyncio.get_running_loop().call_soon(self.lose, None)

    def lose(self, error: Exception | None) -> None:
        """The connection is gone, for both."""
        self.is_closed = True
        for end in self, self.other:
            protocol, end.protocol = end.protocol, None
            if protocol is not None:
                protocol.connection_lost(error)

    def move(self, most: int = 1 << 30) -> int:
        """Give up to so many bytes to the other side; returns how many went."""
        went = 0
        while self.held and went < most and self.other.protocol is not None:
            room = self.other.protocol.get_buffer(-1)
            assert len(room) > 0
            size = min(len(room), len(self.held), most - went)
            room[:size] = self.held[:size]
            del self.held[:size]
            went += size
            self.other.protocol.buffer_updated(size)
        if self.is_paused and len(self.held) <= self.low and self.protocol is not None:
            self.is_paused = False
            self.protocol.resume_writing()
        return went


class End:
    """A link, and all that it told its user."""

    def __init__(self, wire: Any, *, is_caller: bool, **options: Any) -> None:
        self.frames: list[Any] = []
        self.lost: list[str] = []
        self.ready: list[Any] = []
        self.pipe = Pipe()
        options.setdefault("on_frame", self.frames.append)
        self.link = Link(wire, on_lost=self.lost.append, on_ready=self.ready.append, is_caller=is_caller, **options)

    def connect(self) -> None:
        self.pipe.protocol = self.link
        self.link.connection_made(self.pipe)


class Pair:
    """Both ends."""

    def __init__(self, caller: dict[str, Any] | None = None, other: dict[str, Any] | None = None, **wires: Any) -> None:
        one, two = ends(is_trusting=True, **wires)
        self.a = End(one, is_caller=True, **caller or {})
        self.b = End(two, is_caller=False, **other or {})
        self.a.pipe.other, self.b.pipe.other = self.b.pipe, self.a.pipe
        self.b.connect()
        self.a.connect()

    async def settle(self, turns: int = 20) -> None:
        """Move everything there is, to and fro, until nothing comes any more."""
        quiet = 0
        while quiet < 3 and turns:
            went = self.a.pipe.move() + self.b.pipe.move()
            await asyncio.sleep(0)
            quiet = 0 if went else quiet + 1
            turns -= went == 0

    async def greeted(self) -> Pair:
        await self.settle()
        assert self.a.link.is_ready
        assert self.b.link.is_ready
        return self


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that is a coroutine."""

    def run(*args: Any, **options: Any) -> None:
        asyncio.run(test(*args, **options))

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    run.__signature__ = __import__("inspect").signature(test)  # type: ignore[attr-defined]
    return run
