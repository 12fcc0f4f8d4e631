"""The packets of SWIM: what is in each, and how much fits.

=============  ======================  =====================================================================
kind           body                    meaning
=============  ======================  =====================================================================
swim.ping      [number, updates]       Do you live?
swim.ack       [number, who, updates]  ``who``, an update about whoever answers, does; perhaps passed on
swim.ping-req  [number, name, updates]  Ping ``name`` for me
swim.nack      [number, updates]       I live, but had no answer from whom you asked me to ping
swim.gossip    [updates]               News only
swim.sync      [asks, updates]         A part of my table; if it ``asks``, answer with yours
=============  ======================  =====================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ..plain import read_name, read_number
from .updates import Update, packed_size, read_update, read_updates

PING = "swim.ping"
ACK = "swim.ack"
PING_REQ = "swim.ping-req"
NACK = "swim.nack"
GOSSIP = "swim.gossip"
SYNC = "swim.sync"

_LIST_HEADER = 3
"""Bytes that a list takes besides what is in it, at most: it is shorter than 65,536."""


class Packet(NamedTuple):
    """A packet as it was read; what its kind does not have is left at its default."""

    updates: list[Update]
    number: int = 0
    who: Update | None = None
    name: str = ""
    asks: bool = False


def read_packet(kind: str, body: Any) -> Packet:
    """Raises ``TypeError`` or ``ValueError`` for a body that is not one of its kind, and for a kind that is none."""
    if not isinstance(body, (list, tuple)):
        raise TypeError("a body is a list")
    match kind:
        case "swim.ping" | "swim.nack":
            number, updates = body
            return Packet(read_updates(updates), read_number(number))
        case "swim.ack":
            number, who, updates = body
            return Packet(read_updates(updates), read_number(number), read_update(who))
        case "swim.ping-req":
            number, name, updates = body
            return Packet(read_updates(updates), read_number(number), name=read_name(name))
        case "swim.gossip":
            (updates,) = body
            return Packet(read_updates(updates))
        case "swim.sync":
            asks, updates = body
            if type(asks) is not bool:
                raise TypeError("`asks` is true or false")
            return Packet(read_updates(updates), asks=asks)
    raise ValueError("no packet of SWIM")


def space_beside(head: list[Any], limit: int) -> int:
    """How many bytes of updates a body with this head may hold, of ``limit`` in all."""
    return limit - packed_size(head) - _LIST_HEADER


def divided(updates: Iterable[Update], space: int) -> Iterator[list[list[Any]]]:
    """The updates as they travel, in parts of at most ``space`` bytes; at least one part."""
    part: list[list[Any]] = []
    left = space
    for update in updates:
        wire = update.wire()
        size = packed_size(wire)
        if size > left:
            yield part
            part, left = [], space
        part.append(wire)
        left -= size
    yield part
