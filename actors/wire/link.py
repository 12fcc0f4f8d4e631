"""A link: frames between two processes over a stream of bytes, in batches of a loop turn."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Hashable
from typing import Any

from ..errors import CodecError
from .codec import Wire
from .frames import (
    FIRST_FREE,
    GREETING_LIMIT,
    PACKET_LIMIT,
    VERSIONS,
    Greeting,
    Kind,
    Refused,
    goodbye,
    greet,
    mismatch,
    read_greeting,
)  # fmt: skip
from .inbox import Inbox
from .outbox import Entry, Frame, Outbox, Refusal, packet
from .reading import Unreadable
from .silence import Silence, Verdict
from .streams import Joiner

WRITE_HIGH, WRITE_LOW = 1 << 20, 1 << 19
"""Bytes that the transport holds before it says stop, and before it says go on."""

TURN_BYTES = 1 << 20
"""Bytes of large frames that are written in one turn of the loop."""

ASK_AFTER = 1.0
"""Seconds after which the other side is asked how it is although it was heard, if somebody wants to know."""


class Link(asyncio.BufferedProtocol):
    """One end of a link, as the protocol of any stream transport.

    ``on_frame`` is called with each frame, in order; what it raises goes to the loop's exception handler.  ``on_lost``
    is called once, with a sentence, however the link ends.  ``on_unreadable`` is called in its place for a frame that
    holds what this side cannot make, with the plain values it begins with; without it such a frame ends the link, as
    one that is malformed does.  The caller speaks first; the other side says nothing to
    whoever does not greet.  ``greeting`` is a plain value for the other side, which hands it to its ``greet``; a
    sentence returned there refuses the link.  ``on_ready``: frames flow; those sent before have waited.

    :meth:`tick` is to be called each ``interval`` seconds: if nothing was heard it asks, and gives up after
    ``patience`` seconds, or, where that is endless, does neither before :meth:`expect`; the greeting has
    ``greeting_time``.  ``vitals`` is carried by each answer, and given to
    ``on_pong`` with the seconds of the round trip, at least once a second.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        on_frame: Callable[[Frame], object],
        on_lost: Callable[[str], object],
        is_caller: bool,
        greeting: Any = None,
        greet: Callable[[Any], str | None] | None = None,
        on_ready: Callable[[Any], object] | None = None,
        vitals: Callable[[], Any] | None = None,
        on_pong: Callable[[Any, float], object] | None = None,
        on_unreadable: Callable[[Frame, CodecError], object] | None = None,
        interval: float = 0.25,
        patience: float = 2.0,
        greeting_time: float = 5.0,
    ) -> None:
        self.wire = wire
        self.is_ready = self.is_over = False
        self._on_frame, self._on_lost, self._on_ready, self._on_pong = on_frame, on_lost, on_ready, on_pong
        self._on_unreadable = on_unreadable
        self._is_caller, self._greeting, self._judge, self._vitals = is_caller, greeting, greet, vitals
        self._loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self._transport: Any = None
        self._silence = Silence(interval, patience)
        self._greeting_time = Silence(interval, max(greeting_time, interval * 1.001))
        self._greeting_time.is_heard = False
        self._inbox = Inbox(GREETING_LIMIT)
        self._joiner = Joiner(wire.max_bytes)
        self._outbox = Outbox(wire, self._refuse)
        self._is_due = self._is_paused = self._is_closing = False
        self._reason = ""
        self._writable: list[Callable[[], object]] = []
        self._ping, self._ping_at, self._asked = 0, 0.0, -ASK_AFTER

    @property
    def is_full(self) -> bool:
        """Whether a sender should wait, with :meth:`on_writable`; frames that are sent nonetheless are kept."""
        return self._is_paused or not self.is_ready or self._outbox.is_full

    @property
    def silence(self) -> float:
        """Seconds since anything was heard, as far as ticks tell: half a second of it says nothing."""
        return self._silence.silent

    @property
    def waiting(self) -> tuple[int, int]:
        """Frames that are not packed, and bytes of large ones that are not cut."""
        return self._outbox.waiting

    def send(self, frame: Frame, refused: Refusal | None = None, *, lane: Hashable = 0) -> bool:
        """Queue a frame; this turn's are packed and written together when it ends.  False: the link is over.

        Until then its lists may be appended to.  ``refused`` is told if it cannot be packed, instead of the loop's
        exception handler.  Frames of one ``lane`` keep their order; one of more than 256 KiB lets other lanes pass.
        """
        if self.is_over or self._is_closing:
            return False
        self._outbox.add(frame, refused, lane)
        if not self._is_due and self.is_ready and not self._is_paused:
            self._is_due = True
            self._loop.call_soon(self._flush)
        return True

    def cork(self) -> None:
        """Leave what is sent from now on to :meth:`flush`, which must follow: no turn of the loop is spent on it."""
        self._is_due = True

    def flush(self) -> int:
        """Write what is queued now rather than at the end of this turn; the bytes that it came to, 0 if it waits."""
        self._is_due = False
        if not self._outbox.queue:
            return 0
        before = self._outbox.packed
        self._write_queue()
        return self._outbox.packed - before

    def send_now(self, frame: Frame) -> bool:
        """Write a small frame before all that wait.  False: the link is not ready, or over.  Raises ``CodecError``."""
        if self.is_over or not self.is_ready:
            return False
        body = self.wire.pack([frame])
        if len(body) > PACKET_LIMIT:
            raise CodecError("the frame", f"takes {len(body)} bytes, too many to go before all others; use send")
        self._transport.writelines([*self._outbox.news(), *packet(body)])
        return True

    def on_writable(self, callback: Callable[[], object]) -> None:
        """Have ``callback`` called once when the link is not full (any more)."""
        if self.is_full:
            self._writable.append(callback)
        else:
            callback()

    def close(self, reason: str = "closed") -> None:
        """Send what is queued, say goodbye, and end; ``on_lost`` hears ``reason`` then.  Again is fine."""
        if self.is_over or self._is_closing:
            return
        if not self.is_ready:
            self.abort(reason)
            return
        self._is_closing, self._reason = True, reason
        self._pump()

    def abort(self, reason: str) -> None:
        """End at once; what is queued is lost."""
        if self.is_over:
            return
        self.is_over, self.is_ready = True, False
        self._outbox.clear()
        self._writable.clear()
        self._joiner = Joiner(1)
        if self._transport is not None:
            self._transport.abort()
        self._guarded(self._on_lost, reason)

    def expect(self, patience: float) -> None:
        """Give the other side up after so many seconds of silence, at least one interval, from now on."""
        interval = self._silence.interval
        self._silence = Silence(interval, max(patience, interval * 1.001))

    def tick(self, now: float) -> None:
        """Look after the other side; ``now`` in seconds of the loop's clock."""
        if self.is_over or self._transport is None:
            return
        if not self.is_ready and not self._is_closing:
            if self._greeting_time.tick(now) is Verdict.LOST:
                self.abort(f"no greeting within {self._greeting_time.patience:g} s")
            return
        if self._silence.patience == math.inf:
            return
        verdict = self._silence.tick(now)
        if verdict is Verdict.LOST:
            self.abort(f"silent for {self._silence.patience:.1f} s")
        elif verdict is Verdict.ASK or (self._on_pong is not None and now - self._asked >= ASK_AFTER):
            self._ping += 1
            self._asked = now
            self._ping_at = self._loop.time()
            self.send_now([int(Kind.PING), self._ping])

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.set_write_buffer_limits(WRITE_HIGH, WRITE_LOW)
        if self._is_caller:
            self._write_greeting(Kind.HELLO)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._inbox.room()

    def buffer_updated(self, nbytes: int) -> None:
        self._silence.is_heard = True
        try:
            for is_chunk, body in self._inbox.take(nbytes):
                self._received(is_chunk, body)
                if self.is_over:
                    return
        except CodecError as error:
            self.abort(f"the other side sent what is no frame: {error}")

    def eof_received(self) -> None:
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        torn = ", in the middle of a frame" if self._inbox.is_torn else ""
        self.abort(self._reason or f"the connection was closed{torn}" + (f": {exc}" if exc else ""))

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        self._pump()

    # Sending.

    def _flush(self) -> None:
        self._is_due = False
        self._write_queue()

    def _write_queue(self) -> None:
        if self.is_ready and not self._is_paused and self._outbox.queue:
            body = self._outbox.only()
            if body is not None:
                self._transport.writelines(packet(body))
                if not (self._is_closing or self._writable or self._outbox.queue):
                    return
        self._pump()

    def _pump(self) -> None:
        """Write what may be written in this turn, and see to what follows from that."""
        if self.is_ready and self._transport is not None and not self._is_paused:
            self._write_all()
        if not self.is_ready or self._transport is None or self._is_paused:
            return
        outbox = self._outbox
        if self._is_closing and outbox.is_empty:
            self._transport.writelines(packet(goodbye(self._reason)))
            self._transport.close()
            self.is_ready = False
            return
        if not outbox.is_empty and not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._flush)
        if self._writable and not self.is_full:
            waiting, self._writable = self._writable, []
            for callback in waiting:
                self._guarded(callback)

    def _write_all(self) -> None:
        writelines, outbox = self._transport.writelines, self._outbox
        if outbox.has_batches:
            for buffers in outbox.batches():
                writelines(buffers)
                if self._is_paused or self.is_over:
                    return
        if outbox.is_streaming:
            written = 0
            for head, piece in outbox.chunks():
                writelines([head, piece])
                written += len(piece)
                if self._is_paused or written >= TURN_BYTES:
                    return

    def _refuse(self, entry: Entry, error: CodecError) -> None:
        if entry[1] is not None:
            self._guarded(entry[1], error)
        else:
            self._report("a frame cannot be sent", error)

    # Receiving.

    def _received(self, is_chunk: bool, body: bytes | bytearray | memoryview) -> None:
        if not self.is_ready and not self._is_closing:
            self._greeted(is_chunk, body)
            return
        if is_chunk:
            whole = self._joiner.add(body)
            if whole is None:
                return
            body = whole
        try:
            frames = self.wire.unpack(body)
        except Unreadable:
            if self._on_unreadable is None:
                raise
            for head, error in self.wire.unpack_each(body):
                if error is None:
                    self._deliver([head])
                else:
                    self._guarded(self._on_unreadable, head, error)
                if self.is_over:
                    return
        else:
            self._deliver(frames)

    def _deliver(self, frames: Any) -> None:
        if type(frames) is not list:
            raise CodecError("a packet", "is no list of frames")
        for frame in frames:
            if type(frame) is not list or not frame or type(frame[0]) is not int:
                raise CodecError("a frame", "is no list that begins with its kind")
            if frame[0] < FIRST_FREE:
                self._own(frame)
            else:
                try:
                    self._on_frame(frame)
                except Exception as error:
                    self._report("a frame's handler failed", error)
            if self.is_over:
                return

    def _own(self, frame: Frame) -> None:
        """A frame of the link itself."""
        try:
            kind, first, *rest = frame
            if kind == Kind.TYPES:
                self.wire.learn(first)
            elif kind == Kind.PING:
                self._answer(first)
            elif kind == Kind.PONG:
                if first == self._ping and self._on_pong is not None:
                    self._guarded(self._on_pong, rest[0], self._loop.time() - self._ping_at)
            elif kind == Kind.BYE:
                self.abort(f"the other side closed the link: {first!s:.1000}")
            else:
                raise CodecError("a frame", f"is of kind {kind!r}, which has no place here")
        except CodecError:
            raise
        except Exception as error:
            raise CodecError("a frame", f"of kind {frame[0]!r} is not made as it should be: {error}") from error

    def _answer(self, number: Any) -> None:
        """A pong, with vitals if there are any that can be told."""
        try:
            self.send_now([int(Kind.PONG), number, self._vitals() if self._vitals is not None else None])
        except Exception as error:
            self._report("vitals cannot be sent", error)
            self.send_now([int(Kind.PONG), number, None])

    def _write_greeting(self, kind: Kind) -> None:
        self._transport.writelines(packet(greet(kind, Greeting(VERSIONS, self.wire.max_bytes, self._greeting))))

    def _greeted(self, is_chunk: bool, body: bytes | bytearray | memoryview) -> None:
        if is_chunk:
            raise CodecError("the greeting", "is a chunk")
        try:
            theirs = read_greeting(body, Kind.WELCOME if self._is_caller else Kind.HELLO)
        except Refused as refused:
            self.abort(f"the other side refused: {refused}")
            return
        why = mismatch(theirs.versions)
        if why is None and self._judge is not None:
            try:
                why = self._judge(theirs.value)
            except Exception as error:
                self._report("a greeting cannot be judged", error)
                why = "the greeting cannot be judged"
        if why is not None:
            self._transport.writelines(packet(goodbye(why)))
            self._transport.close()
            self._transport = None
            self.abort(why)
            return
        self._outbox.limit(theirs.max_bytes)
        self._inbox.limit = PACKET_LIMIT
        if not self._is_caller:
            self._write_greeting(Kind.WELCOME)
        self.is_ready = True
        if self._on_ready is not None:
            self._guarded(self._on_ready, theirs.value)
        self._pump()

    def _guarded(self, callback: Callable[..., object], *args: object) -> None:
        try:
            callback(*args)
        except Exception as error:
            self._report("a callback of the link failed", error)

    def _report(self, what: str, error: Exception) -> None:
        self._loop.call_exception_handler({"message": f"{what}: {error}", "exception": error, "protocol": self})
