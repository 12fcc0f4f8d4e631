"""What became of each message that is on its way to a life in another process, exact even if that is killed.

One byte a message in flight, in memory that both share: the life's process writes, the place's reads it when that one
is gone.  So a message that nobody had begun goes to the successor, and the one in hand does not.  One more byte says
whether that process was reading what had come: a message may kill before anybody has it in hand.
"""

from __future__ import annotations

import mmap
import os
import threading
from enum import IntEnum
from pathlib import Path
from typing import Any, ClassVar

from actors.errors import NotRunning

WINDOW = 1024
"""Messages that wait or are in hand at one life elsewhere; those it has put aside are not counted."""

SLOTS = 32_768
"""The ledger's bytes, of which message ``number`` has the one at ``number % SLOTS`` until it is done."""

MASK = SLOTS - 1


class Fate(IntEnum):
    """What has become of a message: it is on its way; it is in hand; it is done; it was stashed; it was deferred or
    forwarded, and its answer is owed; it has come, and nobody has begun with it.
    """

    WAITING = 0
    IN_HAND = 1
    DONE = 2
    STASHED = 3
    OWED = 4
    ARRIVED = 5


class Ledger:
    """``bytes_``: anything that holds :attr:`SIZE` bytes, shared or not."""

    __slots__ = ("_bytes",)

    SIZE: ClassVar[int] = SLOTS + 1
    """Bytes of the file."""

    def __init__(self, bytes_: Any = None) -> None:
        self._bytes = bytearray(self.SIZE) if bytes_ is None else bytes_

    @classmethod
    def create(cls, path: Path) -> Ledger:
        """A new one, shared with whoever opens ``path``, which must not exist."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.ftruncate(descriptor, cls.SIZE)
            return cls(mmap.mmap(descriptor, cls.SIZE))
        finally:
            os.close(descriptor)

    @classmethod
    def open(cls, path: Path) -> Ledger:
        """The one that another process has created."""
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            return cls(mmap.mmap(descriptor, cls.SIZE))
        finally:
            os.close(descriptor)

    def write(self, number: int, fate: int) -> None:
        """Note what has become of message ``number``."""
        self._bytes[number & MASK] = fate

    def write_all(self, first: int, count: int, fate: int) -> None:
        """The same of ``count`` messages, which the ledger holds side by side."""
        at = first & MASK
        self._bytes[at : at + count] = bytes((fate,)) * count

    def begin(self, number: int) -> None:
        """Message ``number`` is in hand from here on.  Raises ``NotRunning`` once the ledger was revoked."""
        self._bytes[number & MASK] = 1

    def read(self, number: int) -> Fate:
        """What has become of message ``number``; a byte that is none means in hand."""
        byte = self._bytes[number & MASK]
        return Fate(byte) if byte <= Fate.ARRIVED else Fate.IN_HAND

    def arrived(self, first: int, count: int) -> None:
        """Messages have come where the life is, and were read."""
        if (first & MASK) + count <= SLOTS:
            self.write_all(first, count, 5)  # Fate.ARRIVED
        else:
            for number in range(first, first + count):
                self.write(number, 5)

    def note_reading(self, is_on: bool) -> None:
        """Whether something that has come is being read, the messages in it included."""
        self._bytes[SLOTS] = is_on

    @property
    def is_reading(self) -> bool:
        """Whether that is so, or was when the process died."""
        return len(self._bytes) > SLOTS and self._bytes[SLOTS] != 0

    def copy(self) -> bytes:
        """All of it, for somebody who does not share the memory."""
        return bytes(self._bytes)

    def revoke(self) -> None:
        """Nobody may begin with a message any more: somebody else has what was waiting."""

    def close(self) -> None:
        """Let the memory go."""
        if isinstance(self._bytes, mmap.mmap):
            self._bytes.close()


class SharedLedger(Ledger):
    """Of a life in another thread, which cannot be killed and so has to be kept from beginning."""

    __slots__ = ("_is_revoked", "_lock")

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._is_revoked = False

    def write(self, number: int, fate: int) -> None:
        """See :class:`Ledger`; nothing happens once it was revoked."""
        with self._lock:
            if not self._is_revoked:
                super().write(number, fate)

    def write_all(self, first: int, count: int, fate: int) -> None:
        """See :class:`Ledger`; nothing happens once it was revoked."""
        with self._lock:
            if not self._is_revoked:
                super().write_all(first, count, fate)

    def begin(self, number: int) -> None:
        """See :class:`Ledger`."""
        with self._lock:
            if self._is_revoked:
                raise NotRunning("this life, which was left to itself,")
            super().begin(number)

    def revoke(self) -> None:
        """See :class:`Ledger`."""
        with self._lock:
            self._is_revoked = True


class DistantLedger(Ledger):
    """Of a life on another host, whose place cannot write it.

    In the end there are 8 bytes: the number of the last message that has come.
    """

    __slots__ = ()

    SIZE = Ledger.SIZE + 8

    def arrived(self, first: int, count: int) -> None:
        """See :class:`Ledger`."""
        super().arrived(first, count)
        self._bytes[Ledger.SIZE :] = (first + count - 1).to_bytes(8, "little")
