"""All streams that one cell holds, and of those that it has dropped up to where they went.

The digest is read off here: each life, and up to where its stream is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from actors.messages import Pid

from ..crdt.context import Context
from ..plain import pack
from .ended import Ended
from .notes import Held
from .streams import Stream


class Archive:
    """Streams by life, at most ``max_streams`` of them, and their bytes.

    ``context``: all changes that are known, of any stream.  ``over``: streams that were dropped.  ``idle``: streams of
    earlier lives in which nothing was alive when last looked at.
    """

    __slots__ = ("_hash", "_lives", "_newest", "_streams", "bytes", "context", "idle", "over")

    def __init__(self, max_streams: int) -> None:
        self.context = Context()
        self.bytes = 0
        self.over = Ended(max_streams)
        self.idle: dict[Pid, Stream] = {}
        self._streams: dict[Pid, Stream] = {}
        # Of each place the lives whose streams are held, and the last of them.
        self._lives: dict[str, set[int]] = {}
        self._newest: dict[str, int] = {}
        self._hash: bytes | None = None

    def __len__(self) -> int:
        return len(self._streams)

    def __iter__(self) -> Iterator[Stream]:
        return iter(self._streams.values())

    def __contains__(self, pid: Pid) -> bool:
        return pid in self._streams

    def get(self, pid: Pid) -> Stream | None:
        """The stream of that life, if any of it is held."""
        return self._streams.get(pid)

    def version(self, pid: Pid) -> int:
        """Up to where that life's stream is known, or was when it was dropped; 0: not at all."""
        stream = self._streams.get(pid)
        return self.over.get(pid) if stream is None else stream.version

    def begun(self, pid: Pid, source: str) -> int:
        """Up to where that stream has come from that peer, which may be further than it is known."""
        stream = self._streams.get(pid)
        if stream is not None and stream.ahead is not None and stream.ahead.source == source:
            return stream.ahead.upto
        return self.version(pid)

    def is_coming(self, pid: Pid, source: str, now: float) -> bool:
        """Whether that stream is just being told by another peer than ``source``."""
        stream = self._streams.get(pid)
        ahead = None if stream is None else stream.ahead
        return ahead is not None and ahead.source != source and now < ahead.until

    def open(self, pid: Pid) -> Stream:
        """The stream of that life, a new one if there is none."""
        stream = self._streams.get(pid)
        if stream is None:
            stream = self._streams[pid] = Stream(pid)
            stream.version = self.over.pop(pid)
            self.context.add(pid, 0, stream.version)
            self._lives.setdefault(pid.name, set()).add(pid.incarnation)
            newest = self._newest.setdefault(pid.name, pid.incarnation)
            self._newest[pid.name] = max(newest, pid.incarnation)
            self._look(stream)
            self._look(self._streams[Pid(pid.name, newest)])
        return stream

    def close(self, stream: Stream) -> None:
        """Drop a stream from which everything has been dropped, and remember that it is over."""
        pid = stream.pid
        del self._streams[pid]
        self.context.drop(pid, 0, stream.version)
        self.idle.pop(pid, None)
        self.over.add(pid, stream.version)
        lives = self._lives[pid.name]
        lives.discard(pid.incarnation)
        if not lives:
            del self._lives[pid.name], self._newest[pid.name]
        elif self._newest[pid.name] == pid.incarnation:
            self._newest[pid.name] = max(lives)
        self._hash = None

    def reach(self, stream: Stream, version: int) -> None:
        """All changes of a stream up to that one are known."""
        self.context.add(stream.pid, stream.version, version)
        stream.version = version
        self._hash = None

    def hold(self, stream: Stream, version: int, held: Held) -> None:
        """Hold something under a version above all before, up to which the stream is known then."""
        self.context.add(stream.pid, stream.version, version)
        stream.hold(version, held)
        self.bytes += len(held.packed)
        self._hash = None

    def fade(self, stream: Stream, version: int) -> None:
        """The entry that is held there is dead, but not to be forgotten yet."""
        stream.fade(version)
        self._look(stream)
        self._hash = None

    def drop(self, stream: Stream, version: int) -> None:
        """Forget what is held there, if anything."""
        held = stream.drop(version)
        if held is not None:
            self.bytes -= len(held.packed)
            self._look(stream)
            self._hash = None

    def _look(self, stream: Stream) -> None:
        if not stream.alive and self.is_earlier(stream.pid):
            self.idle[stream.pid] = stream

    def is_earlier(self, pid: Pid) -> bool:
        """Whether a later life of the same place has told something."""
        return pid.incarnation < self._newest.get(pid.name, 0)

    @property
    def hash(self) -> bytes:
        """Eight bytes that are the same in two cells that know the same; computed only when something has changed."""
        if self._hash is None:
            told = [
                (stream.pid.name, stream.pid.incarnation, stream.version, stream.live)
                for stream in self._streams.values()
                if not stream.is_empty
            ]
            self._hash = blake2b(pack(sorted(told)), digest_size=8).digest()
        return self._hash


EMPTY = Archive(1).hash
"""The hash of who knows nothing."""
