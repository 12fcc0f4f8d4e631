"""What is dead and not forgotten yet: entries and notes that are told on for a while, and streams of earlier lives.

A place that is started again and again leaves a stream each time.  What its lives have told lives on in the values; as
soon as nothing of a stream does, because it was overwritten, removed or folded, the stream goes at once: of an empty
stream nobody is told anyhow, and whoever still holds something of it hears that it is over.  Only while there are notes
in it, on what was taken away, is it kept until all peers have confirmed them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from actors.messages import Pid

from .archive import Archive
from .notes import NOTE, Renounced
from .streams import Stream

SLACK = 64
"""Places in the queue, besides as many as are of use, before it is swept."""


class Fading:
    """Of what ``archive`` holds; ``memory``: seconds for which the dead are told on, at most ``most`` of them."""

    __slots__ = ("_archive", "_memory", "_most", "_queue", "_renouncing", "_useless")

    def __init__(self, archive: Archive, memory: float, most: int) -> None:
        self._archive = archive
        self._memory = memory
        self._most = most
        # The oldest first: since when, whose, where; and how many of these are of streams that have gone.
        self._queue: deque[tuple[float, Pid, int]] = deque()
        self._useless = 0
        self._renouncing: list[tuple[float, Pid, int, Pid]] = []

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, now: float, stream: Stream, version: int) -> None:
        """That entry has faded, or that note of a removal was heard."""
        self._queue.append((now, stream.pid, version))

    def renounce(self, now: float, stream: Stream, version: int, life: int) -> None:
        """There is a note that a life of the same place is renounced."""
        self._renouncing.append((now, stream.pid, version, Pid(stream.pid.name, life)))

    def sweep(self, now: float) -> None:
        """Forget what died or was taken away long enough ago."""
        queue, until = self._queue, now - self._memory
        while queue and (len(queue) > self._most or queue[0][0] <= until):
            _, pid, version = queue.popleft()
            stream = self._archive.get(pid)
            if stream is not None:
                self._archive.drop(stream, version)
            elif self._useless:
                self._useless -= 1

    def gone(self, now: float, is_known: Callable[[Pid], bool]) -> Iterator[Stream]:
        """Streams of earlier lives that can be let go; ``is_known``: whether all peers know all of a stream.

        When they have gone there may be more: those that only had said so of them.
        """
        self._admit(now)
        for stream in list(self._archive.idle.values()):
            if stream.alive:
                del self._archive.idle[stream.pid]
            elif stream.ahead is None and (not stream.notes or (is_known(stream.pid) and not _renounces(stream))):
                yield stream

    def close(self, count: int) -> None:
        """A stream with so much in it that is dead has gone."""
        self._useless += count
        if self._useless > SLACK + len(self._queue) // 2:
            self._queue = deque(each for each in self._queue if each[1] in self._archive)
            self._useless = 0

    def _admit(self, now: float) -> None:
        """Forget who is renounced of whom there is nothing any more, or was not in all that time."""
        for each in list(self._renouncing):
            since, pid, version, life = each
            stream = self._archive.get(pid)
            if stream is None:
                self._renouncing.remove(each)
            elif life in self._archive.over or (since <= now - self._memory and life not in self._archive):
                self._renouncing.remove(each)
                self._archive.drop(stream, version)


def _renounces(stream: Stream) -> bool:
    return any(held.value == NOTE and isinstance(held.entry, Renounced) for held in stream.held.values())
