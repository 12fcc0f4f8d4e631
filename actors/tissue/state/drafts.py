"""A packet that is being written: what there is to say to a peer, and how much of it goes into one packet.

What does not fit is left for the next one.  Of streams that the peer lacks those go first of which it lacks most
(Scuttlebutt's "scuttle-depth"); of news half of the room is for the oldest, which then can be confirmed, and half for
any, lest the news of busy streams, which is always young, be told by nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from .archive import Archive
from .packets import HEAD_BYTES, Entry, body

if TYPE_CHECKING:
    import random

LIST_BYTES = 33
"""What a piece of a stream's list of living entries takes besides its name and the list."""


class Draft:
    """What is to be said to one peer.

    ``ack``, ``group`` and ``hash``: see :mod:`~.packets`; ``said``: versions to state; ``lacks``: from which version on
    to send which stream; ``lives``, ``over``: streams whose living entries or whose end to tell, and :meth:`name_all`.
    """

    __slots__ = ("_left", "ack", "group", "hash", "lacks", "lives", "over", "said")

    def __init__(self) -> None:
        self.ack = 0
        self.group = 0
        self.hash = b""
        self.said: dict[Pid, Entry] = {}
        self.lacks: dict[Pid, int] = {}
        self.lives: dict[Pid, int] = {}
        self.over: dict[Pid, int] = {}
        self._left = 0

    def __bool__(self) -> bool:
        return bool(self.ack or self.said or self.lacks or self.lives or self.over)

    def name_all(self, archive: Archive, rng: random.Random) -> None:
        """State the versions of all streams; in any order, so that if not all fit a random choice of them does."""
        streams = [stream for stream in archive if not stream.is_empty]
        rng.shuffle(streams)
        for stream in streams:
            self.said.setdefault(stream.pid, Entry(stream.pid, stream.version))

    def write(
        self,
        archive: Archive,
        life: int,
        head: int,
        news: list[tuple[int, Pid]],
        mark: int,
        rng: random.Random,
        room: int,
    ) -> tuple[list[Any], int]:
        """The body, and the mark up to which it tells all; for ``life`` and ``head`` see :mod:`~.packets`.

        ``news``: (mark, stream), the newest first, of all up to ``mark``.
        """
        if not (news or self.said or self.lacks or self.lives or self.over):
            return body(life, head, mark, self.ack, self.group, self.hash), mark
        self._left = room - HEAD_BYTES
        over = self._taken([Entry(pid, version) for pid, version in self.over.items()], self._left // 4)
        deep = sorted(self.lacks, key=lambda pid: self.lacks[pid] - archive.version(pid))
        parts = self._parts(archive, deep[:1], self._left * 3 // 4)
        said = self._taken(list(self.said.values()), self._left // 2)
        others = [Entry(pid, archive.version(pid)) for _, pid in reversed(news) if pid not in self.lacks]
        told = self._news(others, rng)
        parts += self._parts(archive, deep[1:], self._left)
        lives = self._lives(archive)
        whole = {(name, number) for name, number, _, _, _, *head in parts if not head}
        if len(whole) + len(told) < len(self.lacks) + len(others):  # it does not all fit
            whole |= {(name, number) for name, number, *_ in told}
            mark = next((at - 1 for at, pid in reversed(news) if tuple(pid) not in whole), mark)
        return body(life, head, mark, self.ack, self.group, self.hash, said + told, parts, lives, over), mark

    def _taken(self, entries: list[Entry], room: int) -> list[list[Any]]:
        taken = []
        for entry in entries:
            if entry.size > room:
                break
            room -= entry.size
            self._left -= entry.size
            taken.append(entry.wire())
        return taken

    def _news(self, entries: list[Entry], rng: random.Random) -> list[list[Any]]:
        if sum(entry.size for entry in entries) <= self._left:
            return self._taken(entries, self._left)
        oldest = self._taken(entries, self._left // 2)
        others = entries[len(oldest) :]
        rng.shuffle(others)
        return oldest + self._taken(others, self._left)

    def _parts(self, archive: Archive, pids: list[Pid], wanted: int) -> list[list[Any]]:
        parts = []
        for pid in pids:
            stream = archive.get(pid)
            cut = stream.cut(self.lacks[pid], self._left, wanted) if stream is not None else None
            if cut is not None:
                parts.append(cut[0])
                self._left -= cut[1]
        return parts

    def _lives(self, archive: Archive) -> list[list[Any]]:
        lives = []
        for pid, since in self.lives.items():
            stream, size = archive.get(pid), len(pid.name.encode()) + LIST_BYTES
            if stream is not None and size < self._left:
                upto, steps = stream.lives(since, self._left - size)
                if upto > since:
                    lives.append([pid.name, pid.incarnation, since, upto, steps])
                    self._left -= size + 5 * len(steps)
        return lives
