"""The packets of contact state: what is in each, and how one that a stranger sent is read.

===============  ===================================================================================================
kind             when
===============  ===================================================================================================
contact.syn      a round, or a check: what of mine you have not confirmed
contact.syn-ack  the answer: what I lack of that, what of mine you lack, what I confirm
contact.ack      the answer to that, and to such an answer; none if there is nothing left to say
===============  ===================================================================================================

All have the same body, a list whose empty end is left away:

====  =======  =======================================================================================================
0     life     which life of the receiver is spoken to; 0: none has been heard of, so all is told from the beginning
1     head     how many changes the sender has learnt of, its own and others'; one more if it is not warm yet
2     mark     up to which of them this life has been told all with this packet; 0: nothing is said of that
3     ack      up to which mark of the receiver the sender has been told all
4     group    whom the sender talks to (:mod:`~.peers`), a hash of 32 bits; 0: nothing is said of that
5     hash     of all that the sender knows, 8 bytes, or none
6     digest   [name, life, version]: up to there the sender knows that stream; in fourth place, if what is alive in it
               is in doubt, a hash of that
7     parts    pieces of streams (:meth:`~.streams.Stream.cut`)
8     lives    [name, life, since, upto, steps]: in this piece of a stream these are alive, and nothing else
9     over     [name, life, version] of streams that were dropped; this and ``lives`` count for who knows all of the
               digest and the parts, which then hold all that the sender knows, or as much of that as fits
====  =======  =======================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from actors.messages import Pid

from ..plain import read_bytes, read_list, read_name, read_number
from .notes import Part
from .streams import LIVES_LIMIT

T = TypeVar("T")

SYN = "contact.syn"
SYN_ACK = "contact.syn-ack"
ACK = "contact.ack"
KINDS = (SYN, SYN_ACK, ACK)

HASH_BYTES = 8

HEAD_BYTES = 64
"""What a packet takes besides its lists, and these besides what is in them, at most."""


class Entry(NamedTuple):
    """Of a digest: that life's stream is known up to ``version``; ``live``: see :class:`~.streams.Stream`."""

    pid: Pid
    version: int
    live: int | None = None

    def wire(self) -> list[Any]:
        """As it travels."""
        pid, version, live = self
        return [pid.name, pid.incarnation, version] if live is None else [pid.name, pid.incarnation, version, live]

    @property
    def size(self) -> int:
        """Bytes on the wire, at most."""
        return len(self.pid.name.encode()) + (21 if self.live is None else 26)


class Lives(NamedTuple):
    """Which entries of a piece of a stream are alive, by version."""

    pid: Pid
    since: int
    upto: int
    alive: set[int]


class Packet(NamedTuple):
    """A packet as it was read; ``versions``: up to where its sender knows which stream, as he has what he sends."""

    life: int
    head: int
    mark: int
    ack: int
    group: int
    hash: bytes
    versions: list[Entry]
    parts: list[Part]
    lives: list[Lives]
    over: list[Entry]


def body(*fields: Any) -> list[Any]:
    """The body of a packet from its fields, without the empty ones at its end."""
    last = len(fields)
    while last and not fields[last - 1]:
        last -= 1
    return list(fields[:last])


def read_packet(raw: Any, read_part: Callable[[Any], Part]) -> Packet:
    """What :func:`body` made.  Raises ``TypeError`` or ``ValueError``, or what ``read_part`` raises."""
    fields = list(read_list(raw, 0, 10))
    life, head, mark, ack, group, known, digest, parts, lives, over = fields + _EMPTY[len(fields) :]
    if known and len(read_bytes(known)) != HASH_BYTES:
        raise ValueError("a hash of another length")
    if read_number(mark) > read_number(head):
        raise ValueError("a mark ahead of its head")
    pieces = _read_all(parts, read_part)
    versions = _read_all(digest, _read_entry)
    versions += [Entry(part.pid, part.head) for part in pieces]
    return Packet(
        read_number(life),
        head,
        mark,
        read_number(ack),
        read_number(group),
        known,
        versions,
        pieces,
        _read_all(lives, _read_lives),
        _read_all(over, _read_entry),
    )


_EMPTY: list[Any] = [0, 0, 0, 0, 0, b"", [], [], [], []]


def _read_all(raw: Any, read: Callable[[Any], T]) -> list[T]:
    return [read(each) for each in read_list(raw)] if raw != [] else []


def _read_entry(raw: Any) -> Entry:
    name, life, version, *live = read_list(raw, 3, 4)
    pid = Pid(read_name(name), read_number(life, 1))
    return Entry(pid, read_number(version), read_number(live[0]) if live else None)


def _read_lives(raw: Any) -> Lives:
    name, life, since, upto, steps = read_list(raw, 5, 5)
    alive, version = set(), read_number(since)
    for step in read_list(steps, 0, LIVES_LIMIT):
        version += read_number(step, 1)
        alive.add(version)
    if version > read_number(upto):
        raise ValueError("alive beyond what is spoken of")
    return Lives(Pid(read_name(name), read_number(life, 1)), since, upto, alive)
