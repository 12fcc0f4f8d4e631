"""The port through which the tissue talks: what a packet is, as a value and as bytes, and what carries it.

A transport takes packets to hosts and promises nothing: they may be lost, doubled, late, out of order or cut.  Whoever
needs more builds it on top (:mod:`~actors.tissue.links`).  There are one for a loop
(:class:`~actors.contact.loopback.Loopback`) and one for tests, which loses and delays
(:class:`~actors.testing.wires.Wires`).  One between processes needs these few methods and :func:`pack`, :func:`unpack`.

An address is ``name@host``: the actor's name or path, and its system's name.  ``@host`` is the host itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import msgpack

from actors.messages import Pid

from .plain import read_list, read_name, read_number, read_text

VERSION = 1
"""The first value of every frame; a frame of another version is refused."""

FRAME_BYTES = 1 << 17
"""The longest frame: every core's packets, of at most 64 KB, fit with their addresses."""


class FrameError(ValueError):
    """Bytes that are no packet: cut, too long, of an unknown version, or no packet at all."""


class Packet(NamedTuple):
    """What one cell says to another.

    ``to``: an address.  ``group``: the group in which it is said; a cell may be in several.  ``sender``: address and
    incarnation.  ``kind``: the core's name and its word.  ``body``: plain values.
    """

    to: str
    group: str
    sender: Pid
    kind: str
    body: Any


Deliver = Callable[[Packet], None]


class Transport(Protocol):
    """See the module's text.  All methods are called in the loop's thread, and none of them raises for a loss."""

    def join(self, host: str, deliver: Deliver, refuse: Callable[[str], None]) -> None:
        """Have the packets for ``host`` delivered from now on; ``refuse`` is told in words of bytes that are none.

        Raises ``ValueError`` if there is a host of that name already.
        """

    def leave(self, host: str) -> None:
        """Deliver nothing to that host any more."""

    def hosts(self) -> list[str]:
        """Hosts that may be there, by which a newcomer can join the others: the seeds."""

    def send(self, packet: Packet) -> None:
        """Take a packet on its way; one to what is no address, as strangers may name some, is lost."""

    def keep(self, message: object) -> bytes:
        """A message of an actor to another one, as bytes.  Raises ``CodecError`` for what cannot travel."""

    def fetch(self, kept: bytes) -> object:
        """The message that :meth:`keep` was given.  Raises ``FrameError``."""

    def drop(self, kept: bytes) -> None:
        """Nobody will fetch that message any more."""


def host_of(address: str) -> str:
    """The host in an address.  Raises ``ValueError`` if there is none."""
    _, at, host = address.rpartition("@")
    if not at or not host:
        raise ValueError(f"an address is 'name@host'; got {address!r}")
    return host


def pack(packet: Packet) -> bytes:
    """A packet as a frame.  Raises ``FrameError`` if it is too long, ``TypeError`` if its body is not plain."""
    pid = packet.sender
    frame: bytes = msgpack.packb(
        [VERSION, packet.to, packet.group, pid.name, pid.incarnation, packet.kind, packet.body]
    )
    if len(frame) > FRAME_BYTES:
        raise FrameError(f"a frame of {len(frame)} bytes; at most {FRAME_BYTES} travel")
    return frame


def unpack(frame: bytes) -> Packet:
    """The packet in a frame that a stranger sent.  Raises ``FrameError``, in words that name what is wrong."""
    if len(frame) > FRAME_BYTES:
        raise FrameError(f"a frame of {len(frame)} bytes; at most {FRAME_BYTES} are read")
    try:
        raw = msgpack.unpackb(frame, strict_map_key=False)
    except Exception as error:  # msgpack raises half a dozen kinds
        raise FrameError(f"no frame, or a part of one: {type(error).__name__}") from error
    version = raw[0] if isinstance(raw, list) and raw else None
    if version != VERSION:
        raise FrameError(f"a frame of version {version!r:.20}; this end speaks version {VERSION}")
    try:
        _, to, group, name, incarnation, kind, body = read_list(raw, 7, 7)
        sender = Pid(read_name(name), read_number(incarnation, 1))
        host_of(read_name(to)), host_of(sender.name)
        return Packet(to, read_text(group), sender, read_name(kind), body)
    except (TypeError, ValueError) as error:
        raise FrameError(f"a frame that is no packet: {error}") from error
