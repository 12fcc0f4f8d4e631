"""What became of each message that is on its way to a life in another process, exact even if that is killed.

One byte a message in flight, in memory that both share: the life's process writes, the place's reads it when that one
is gone.  So a message that nobody had begun goes to the successor, and the one in hand does not.
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
    """What has become of a message: nobody has begun with it; it is in hand; it is done; it was stashed; it was
    deferred or forwarded, and its answer is owed.
    """

    WAITING = 0
    IN_HAND = 1
    DONE = 2
    STASHED = 3
    OWED = 4


class Ledger:
    """``bytes_``: anything that holds :data:`SLOTS` bytes, shared or not."""

    __slots__ = ("_bytes",)

    SIZE: ClassVar[int] = SLOTS
    """Bytes of the file."""

    def __init__(self, bytes_: Any = None) -> None:
        self._bytes = bytearray(SLOTS) if bytes_ is None else bytes_

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
        return Fate(byte) if byte <= Fate.OWED else Fate.IN_HAND

    def arrived(self, first: int, count: int) -> None:
        """Messages have come where the life is.  Who shares the memory has noted them already."""

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
    """Of a life on another host: its place cannot write it, so what has come is noted here, before it is begun.

    After the fates there are 8 bytes: the number of the last message that has come.
    """

    __slots__ = ()

    SIZE = SLOTS + 8

    def arrived(self, first: int, count: int) -> None:
        """See :class:`Ledger`."""
        for number in range(first, first + count):
            self._bytes[number & MASK] = 0  # Fate.WAITING
        self._bytes[SLOTS:] = (first + count - 1).to_bytes(8, "little")
