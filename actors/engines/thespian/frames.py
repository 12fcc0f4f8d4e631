"""Sealed frames: what carries Thespian's messages between processes that share a key.

::

    length 4 | kind 1 | key id 8 | sender 16 | stamp 8 | target length 1, target | payload | MAC 32

The MAC is BLAKE2b, keyed, over all before it but the length; nothing is looked at before it holds.  ``sender`` is drawn
anew for every transport.  ``stamp`` counts a sender's frames: the time in ns, or one more than the last where the clock
stands or goes back.  So a receiver needs no memory of all times to know a replay: it refuses frames from before its own
start or from more than ``MAX_SKEW`` away, and remembers the others.  ``target`` is the address that the frame is for,
so that one recorded elsewhere is worth nothing here.  A receipt is a frame too: its payload is the MAC of what it
answers, so nobody without the key can say "delivered".

Not covered: secrecy, and a member that lies: who has the key may claim any address.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass

KEY_SIZE = 32
MAC_SIZE = 32

# Control messages are some 300 bytes; the longest hold a host's capabilities or an actor's status.
MAX_FRAME = 1024 * 1024

# Seconds that clocks of hosts may differ, and that a frame may be under way: a transmit gives up after 10.
MAX_SKEW = 60.0

# Frames remembered against replay.  Thespian carries some 900 a second, so `MAX_SKEW` of them fit.
MAX_REMEMBERED = 100_000

MESSAGE, RECEIPT, REFUSAL = 1, 2, 3

# What a receipt is for: the other end of its connection.  The MAC that it holds says the rest.
BACK = ""

_PERSON = b"planaria frame"
_LENGTH = struct.Struct(">I")
_HEAD = struct.Struct(">B8s16sQB")
_NS = 1_000_000_000
_SKEW_NS = int(MAX_SKEW * _NS)


class FrameRefused(ValueError):
    """A frame that is broken, forged, for somebody else, old, or too long; the text says which."""


class FrameFromBefore(FrameRefused):
    """A good one, made before this process started: as a rule meant for who was there before."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One that was checked.  ``is_again``: its payload was accepted before, and only the receipt got lost."""

    kind: int
    sender: bytes
    stamp: int
    payload: bytes
    mac: bytes
    is_again: bool = False

    def answers(self, data: bytes) -> bool:
        """Whether this is a receipt or a refusal of the frame ``data``."""
        return self.kind in (RECEIPT, REFUSAL) and hmac.compare_digest(self.payload, data[-MAC_SIZE:])


class Seal:
    """Makes and checks the frames of one transport.

    ``key``: 32 secret bytes; ``now``: nanoseconds since the epoch.
    """

    __slots__ = ("_born", "_forget_at", "_key", "_key_id", "_last", "_now", "_seen", "_sender")

    def __init__(self, key: bytes, now: Callable[[], int]) -> None:
        if len(key) != KEY_SIZE:
            raise ValueError(f"a key has {KEY_SIZE} bytes, not {len(key)}")
        self._key = key
        self._key_id = hashlib.blake2b(key, digest_size=8, person=b"planaria key id").digest()
        self._sender = os.urandom(16)
        self._now = now
        self._born = self._last = self._forget_at = now()
        self._seen: dict[tuple[bytes, int], bytes] = {}

    def seal(self, kind: int, target: str, payload: bytes) -> bytes:
        """A frame for ``target``, an address as "ip:port"."""
        self._last = max(self._last + 1, self._now())
        to = target.encode("ascii")
        body = _HEAD.pack(kind, self._key_id, self._sender, self._last, len(to)) + to + payload
        size = len(body) + MAC_SIZE
        if size > MAX_FRAME:
            raise FrameRefused(f"{size} bytes are too long for a frame, which may have {MAX_FRAME}")
        return _LENGTH.pack(size) + body + self._mac(body)

    def open(self, data: bytes, target: str) -> Frame:
        """Check a frame without its length that came to ``target``.

        Raises ``FrameRefused``.
        """
        if len(data) < _HEAD.size + MAC_SIZE:
            raise FrameRefused(f"{len(data)} bytes are too short for a frame")
        body, mac = data[:-MAC_SIZE], data[-MAC_SIZE:]
        kind, key_id, sender, stamp, length = _HEAD.unpack_from(body)
        if key_id != self._key_id:
            raise FrameRefused("made with another key")
        if not hmac.compare_digest(mac, self._mac(body)):
            raise FrameRefused("forged or damaged: its MAC is wrong")
        to = body[_HEAD.size : _HEAD.size + length].decode("ascii")
        if to != target:
            raise FrameRefused(f"meant for {to}, not for {target}")
        now = self._now()
        if abs(stamp - now) > _SKEW_NS:
            raise FrameRefused(f"made {(now - stamp) / _NS:.0f} s ago")
        if stamp < self._born:
            raise FrameFromBefore("made before this process started")
        payload = body[_HEAD.size + length :]
        return Frame(kind, sender, stamp, payload, mac, self._is_known(sender, stamp, mac, now))

    def is_own(self, data: bytes) -> bool:
        """Whether a frame names this seal's key; not checked yet."""
        return data[1:9] == self._key_id

    def is_crossing(self, data: bytes) -> bool:
        """Whether a frame says that it is a message, where a receipt was awaited; not checked yet."""
        return data[:1] == bytes((MESSAGE,))

    def _is_known(self, sender: bytes, stamp: int, mac: bytes, now: int) -> bool:
        if now >= self._forget_at:
            self._seen = {life: seen for life, seen in self._seen.items() if life[1] > now - _SKEW_NS}
            self._forget_at = now + _SKEW_NS // 4
        known = self._seen.get((sender, stamp))
        if known is not None:
            if known != mac:
                raise FrameRefused("two frames with one stamp")
            return True
        if len(self._seen) >= MAX_REMEMBERED:
            raise FrameRefused("too many frames at once")
        self._seen[sender, stamp] = mac
        return False

    def _mac(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, digest_size=MAC_SIZE, key=self._key, person=_PERSON).digest()


class FrameBuffer:
    """Collects the bytes of one frame; has the methods by which Thespian's transport knows its own buffer.

    A length that is out of bounds is refused as soon as it is read: nothing is reserved for what is only declared.
    """

    __slots__ = ("_data", "_size")

    def __init__(self, _loads: object = None) -> None:
        self._data = bytearray()
        self._size: int | None = None

    def addMore(self, data: bytes) -> None:  # noqa: N802 - Thespian's name, as all of these
        """Take what was read.  Raises ``FrameRefused``."""
        self._data += data
        if self._size is None and len(self._data) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._data)
            if not _HEAD.size + MAC_SIZE <= size <= MAX_FRAME:
                raise FrameRefused(f"declares {size} bytes")
            self._size = _LENGTH.size + size
        if self._size is not None and len(self._data) > self._size:
            raise FrameRefused("is followed by another one before its receipt")

    def remainingAmount(self) -> int:  # noqa: N802
        """How much to read next: exactly one frame, so nothing is ever left over."""
        return (_LENGTH.size if self._size is None else self._size) - len(self._data)

    def isDone(self) -> bool:  # noqa: N802
        """Whether the frame is whole."""
        return self._size is not None and len(self._data) == self._size

    def is_empty(self) -> bool:
        """Whether nothing was read yet."""
        return not self._data

    def frame(self) -> bytes:
        """The whole frame without its length."""
        return bytes(self._data[_LENGTH.size :])

    def __str__(self) -> str:
        return f"{len(self._data)} of {self._size or '?'} bytes"
