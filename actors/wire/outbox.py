"""Frames on their way out: in batches, in lanes that keep their order, the large ones in chunks.  Knows no loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from itertools import islice
from typing import Any, TypeAlias

from ..errors import CodecError
from .codec import Wire
from .frames import PACKET_LIMIT, Kind
from .streams import Cutter

Frame: TypeAlias = list[Any]
Refusal: TypeAlias = Callable[[CodecError], object]
Entry: TypeAlias = tuple[Frame, Refusal | None, Hashable]
Buffers: TypeAlias = "list[bytes | memoryview]"

QUEUE_LIMIT = 1024
"""Frames that wait to be packed; with more the link is full."""

STREAM_LIMIT = 1 << 20
"""Bytes of large frames that wait to be cut; with more the link is full."""

HELD_LIMIT = 64
"""Frames that wait for a large one of their lane; with more the link is full."""

GROUP, GROUP_BYTES = 15, PACKET_LIMIT // 4
"""Frames that are packed in one call, at most (the head of such a list is one byte), and bytes they should come to."""

SMALL = 4096
"""Bytes that are joined to their length, rather than written beside it; and of which nothing is learnt."""

PACKET_FRAMES = 60_000
"""Frames in one packet."""


def packet(body: bytes) -> Buffers:
    """A body with its length before it."""
    if len(body) < SMALL:
        return [len(body).to_bytes(4) + body]
    return [len(body).to_bytes(4), body]


def _packet_of(pieces: Buffers, count: int, size: int) -> Buffers:
    """A packet of frames that were packed in pieces."""
    head = bytes((0x90 | count,)) if count <= GROUP else b"\xdc" + count.to_bytes(2)
    return [(size + len(head)).to_bytes(4) + head, *pieces]


class Outbox:
    """Queues frames and makes packets of them for somebody who says when he takes no more.

    ``refuse`` is called with an entry that cannot be packed, and why.  ``their_limit``: bytes of a frame that the other
    side takes.
    """

    def __init__(self, wire: Wire, refuse: Callable[[Entry, CodecError], None]) -> None:
        self.wire = wire
        self.queue: deque[Entry] = deque()
        self.their_limit = wire.max_bytes
        self._refuse = refuse
        self._cutter = Cutter(wire.max_bytes)
        self._held: dict[Hashable, deque[Entry]] = {}  # by lane, behind the large frame of it that is under way
        self._freed: dict[Hashable, None] = {}  # lanes whose large frame is through, and behind which frames wait
        self._held_count = 0
        self._mean = 64.0  # bytes of a frame, lately
        self._group = GROUP
        self.packed = 0  # bytes of all frames that were packed and may go
        self._packed: bytes | None = None  # the body of the one frame that waits, if only() has packed it

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not (self.queue or self._held)

    @property
    def has_batches(self) -> bool:
        """Whether there is anything for :meth:`batches`."""
        return bool(self.queue or self._freed)

    @property
    def is_streaming(self) -> bool:
        """Whether there are large frames to cut."""
        return self._cutter.left > 0

    @property
    def is_full(self) -> bool:
        """Whether more waits than a sender should add to."""
        return len(self.queue) >= QUEUE_LIMIT or self._held_count >= HELD_LIMIT or self._cutter.left > STREAM_LIMIT

    @property
    def waiting(self) -> tuple[int, int]:
        """Frames that are not packed, and bytes of large ones that are not cut."""
        return len(self.queue) + self._held_count, self._cutter.left

    def limit(self, their_limit: int) -> None:
        """Learn how many bytes of a frame the other side takes."""
        self.their_limit = their_limit
        self._cutter = Cutter(min(their_limit, self.wire.max_bytes))

    def add(self, frame: Frame, refused: Refusal | None, lane: Hashable) -> None:
        """Queue a frame."""
        entry = (frame, refused, lane)
        if self._held and lane in self._held:
            self._hold(entry)
        else:
            self.queue.append(entry)

    def clear(self) -> None:
        """Forget everything."""
        self.queue.clear()
        for held in self._held.values():
            held.clear()
        self._held.clear()
        self._freed.clear()
        self._held_count = 0
        self._cutter = Cutter(1)

    def news(self) -> Buffers:
        """Packets about the types that were packed for the first time; to be written before what was packed."""
        found: Buffers = []
        for each in self.wire.announcements():
            found += packet(self.wire.pack([[int(Kind.TYPES), [each]]]))
        return found

    def only(self) -> bytes | None:
        """All that waits as the body of one packet, where that is enough; ``None``: use :meth:`batches`."""
        queue = self.queue
        if self._held or len(queue) > self._group:
            return None
        try:
            body = self.wire.pack([entry[0] for entry in queue])
        except CodecError:
            return None
        if len(body) > PACKET_LIMIT or self.wire.has_news:
            self._packed = body if len(queue) == 1 else None
            return None
        if len(body) > SMALL or self._group < GROUP:
            self._learn(len(body), len(queue))
        self.packed += len(body)
        queue.clear()
        return body

    def batches(self) -> Iterator[Buffers]:
        """Packets of all that may go, but for large frames (:meth:`chunks`); one may stop early and come back."""
        for lane in tuple(self._freed):
            yield from self._drain(self._held[lane], is_lane=True)
            if lane in self._freed:  # no other large one has begun
                del self._freed[lane], self._held[lane]
        yield from self._drain(self.queue, is_lane=False)

    def _drain(self, source: deque[Entry], *, is_lane: bool) -> Iterator[Buffers]:
        """Packets of the queue, or of what waits in a lane, up to its next large frame."""
        known, self._packed = self._packed, None
        alone = count = size = 0
        pieces: Buffers = []
        while source:
            group = self._group_of(source, 1 if alone else self._group, is_lane=is_lane)
            if not group:
                self._hold(source.popleft())
                continue
            try:
                packed = known or self.wire.pack([entry[0] for entry in group])
            except CodecError as error:
                alone = len(group)
                if alone == 1:
                    self._take(source, 1, is_lane=is_lane)
                    self._refuse(group[0], error)
                continue
            self._learn(len(packed), len(group))
            known, is_large = None, len(packed) > PACKET_LIMIT
            if is_large and len(group) > 1:
                alone = len(group)
                continue
            if count and (size + len(packed) > PACKET_LIMIT or count > PACKET_FRAMES or self.wire.has_news):
                full, count, size, pieces = _packet_of(pieces, count, size), 0, 0, []
                yield full
            if self.wire.has_news:
                yield self.news()
            self._take(source, len(group), is_lane=is_lane)
            self.packed += len(packed)
            alone = max(0, alone - len(group))
            if is_large:
                if self._stream(group[0], packed) and is_lane:
                    break
            else:
                pieces.append(memoryview(packed)[1:])
                count += len(group)
                size += len(packed) - 1
        if count:
            yield _packet_of(pieces, count, size)

    def _group_of(self, source: deque[Entry], most: int, *, is_lane: bool) -> list[Entry]:
        """What is packed next; nothing if the first frame of the queue has to wait for its lane."""
        group = list(islice(source, most))
        if self._held and not is_lane:
            for place, entry in enumerate(group):
                if entry[2] in self._held:
                    return group[:place]
        return group

    def _take(self, source: deque[Entry], count: int, *, is_lane: bool) -> None:
        """Forget what has been packed."""
        for _ in range(count):
            source.popleft()
        if is_lane:
            self._held_count -= count

    def _learn(self, size: int, count: int) -> None:
        """Guess from what was packed how many frames can be packed together without regret."""
        self._mean += (size / count - self._mean) * 0.25
        self._group = max(1, min(GROUP, int(GROUP_BYTES / self._mean)))

    def _stream(self, entry: Entry, body: bytes) -> bool:
        """Begin to send a large frame; false if the other side does not take it."""
        if len(body) > self.their_limit:
            why = f"takes {len(body)} bytes; the other side takes {self.their_limit}: send it in parts"
            self._refuse(entry, CodecError("the frame", why))
            return False
        self._held.setdefault(entry[2], deque())
        self._freed.pop(entry[2], None)
        self._cutter.add(body, entry[2])
        return True

    def _hold(self, entry: Entry) -> None:
        self._held[entry[2]].append(entry)
        self._held_count += 1

    def chunks(self) -> Iterator[Buffers]:
        """Chunks of the large frames, each of them in turn."""
        while (cut := self._cutter.cut()) is not None:
            head, piece, ended = cut
            for lane in ended:
                if self._held[lane]:
                    self._freed[lane] = None
                else:
                    del self._held[lane]
            yield [head, piece]
