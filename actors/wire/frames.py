"""How packets stand in a stream of bytes, and how two links greet each other.  Pure.

A packet is four bytes of length and its body: a list of frames as msgpack.  With the highest bit of the length set it
is a chunk of a body that is too large for one packet: the number of its stream, whether it is the last, and bytes.  A
frame is a list; it begins with its kind.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import msgpack

from ..errors import CodecError
from . import depth

VERSIONS = (1, 1)
"""The oldest and the newest version that this side speaks."""

PACKET_LIMIT = 1 << 18
"""Bytes of a packet's body, at most; what is longer goes in chunks."""

GREETING_LIMIT = 1 << 14
"""Bytes of a greeting: of somebody who has not been recognised yet."""

CHUNK_BIT = 1 << 31
CHUNK_HEAD = 5
PROTOCOL = "planaria"


class Kind(IntEnum):
    """Frames of the link itself; those of its users begin with 16 or more."""

    HELLO = 0
    WELCOME = 1
    BYE = 2
    TYPES = 3
    PING = 4
    PONG = 5


FIRST_FREE = 16
"""The first kind that is not the link's own."""


class Greeting(NamedTuple):
    """What one side says first: the versions it speaks, how many bytes it takes, and a value of its user's."""

    versions: tuple[int, int]
    max_bytes: int
    value: Any = None


def greet(kind: Kind, greeting: Greeting) -> bytes:
    """The body of a greeting.  Raises ``CodecError`` if its value is not plain or too large."""
    try:
        frame = [int(kind), PROTOCOL, list(greeting.versions), greeting.max_bytes, greeting.value]
        body: bytes = msgpack.packb([frame], strict_types=True)
    except Exception as error:
        raise CodecError("the greeting", f"is not plain: {error}") from error
    if len(body) > GREETING_LIMIT:
        raise CodecError("the greeting", f"takes {len(body)} bytes; {GREETING_LIMIT} is the most")
    return body


def goodbye(reason: str) -> bytes:
    """The body of the last packet: why."""
    body: bytes = msgpack.packb([[int(Kind.BYE), reason[:1000].encode(errors="replace").decode()]])
    return body


def read_greeting(body: bytes | bytearray | memoryview, expected: Kind) -> Greeting:
    """The greeting in a body.  Raises ``CodecError``, and ``Refused`` if it is a goodbye."""
    depth.check(body, 16)
    try:
        ((kind, *rest),) = msgpack.unpackb(body, ext_hook=_no_ext, timestamp=3)
        if kind == Kind.BYE:
            raise Refused(str(rest[0])[:1000])
        protocol, (low, high), max_bytes, value = rest
        if kind != expected or protocol != PROTOCOL:
            raise CodecError("the greeting", "is of another protocol")
        if not all(type(number) is int and 0 < number < 2**31 for number in (low, high, max_bytes)):
            raise CodecError("the greeting", "has versions or sizes out of range")
        return Greeting((low, high), max_bytes, value)
    except (CodecError, Refused):
        raise
    except Exception as error:
        raise CodecError("the greeting", "is not made as it should be") from error


class Refused(Exception):
    """The other side said goodbye instead of welcome; its words are the text."""


def _no_ext(code: int, data: bytes) -> Any:
    raise CodecError("the greeting", f"holds an ext {code}")


def mismatch(theirs: tuple[int, int], ours: tuple[int, int] = VERSIONS) -> str | None:
    """Why the two sides cannot talk, as a sentence; ``None`` if a version is known to both."""
    if max(theirs[0], ours[0]) <= min(theirs[1], ours[1]):
        return None
    return (
        f"one side speaks versions {theirs[0]} to {theirs[1]} of planaria's links, the other {ours[0]} to {ours[1]}: "
        "update the older one"
    )
