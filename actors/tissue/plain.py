"""Plain values, as they travel: how they are packed, and how a stranger's are read without believing anything.

Readers raise ``TypeError`` or ``ValueError`` for what is not as it must be.
"""

from __future__ import annotations

import sys
from typing import Any, TypeAlias, TypeGuard

import msgpack

NAME_BYTES = 255
"""The longest name, in UTF-8: with it, an update about the longest name still fits any packet."""

NUMBER_LIMIT = 1 << 62
"""Lives and epochs are below this, so that they and their successors are 64-bit integers anywhere."""

Key: TypeAlias = "str | int | bytes | tuple[Key, ...]"
"""What an entry may be called, and what may be in a set: text, a whole number, bytes, or a tuple of these."""

ATOMS = frozenset({str, int, float, bool, bytes, type(None)})
"""The types of plain values that nobody can change."""

KEY_DEPTH = 4
"""Tuples within tuples, at most."""


def pack(value: Any) -> bytes:
    """A plain value as bytes.  Raises ``TypeError`` or ``ValueError`` for what is not plain."""
    try:
        packed: bytes = msgpack.packb(value)
    except OverflowError as error:
        raise ValueError("a whole number of more than 64 bits") from error
    return packed


def unpack(packed: bytes) -> Any:
    """The value that :func:`pack` was given, tuples as lists; a new one each time.  Raises ``ValueError``."""
    return msgpack.unpackb(packed, strict_map_key=False)


def pack_readable(value: Any) -> bytes:
    """As :func:`pack`, of what others are to read: msgpack writes more than it reads again.

    Whatever travels in one packet with such a value would be lost with it.
    """
    packed = pack(value)
    if type(value) not in ATOMS:
        try:
            unpack(packed)
        except (TypeError, ValueError) as error:
            why = "nobody could read it again: keys of maps are text, numbers or bytes, and nothing is nested 500 deep"
            raise TypeError(f"not plain: {value!r:.60}; {why}") from error
    return packed


def is_name(value: object) -> TypeGuard[str]:
    """Whether it is a text that may name something: not empty, of at most 255 bytes, and nothing UTF-8 has none for."""
    try:
        return read_name(value) == value and bool(str(value).encode())
    except (TypeError, ValueError):
        return False


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a finite number, as one's own user may give it; a boolean is none."""
    most = sys.float_info.max
    return isinstance(value, int | float) and not isinstance(value, bool) and -most <= value <= most


def read_list(raw: Any, least: int = 0, most: int = 65_536) -> list[Any] | tuple[Any, ...]:
    """A list of ``least`` to ``most`` things."""
    if not isinstance(raw, (list, tuple)):
        raise TypeError("not a list")
    if not least <= len(raw) <= most:
        raise ValueError(f"a list of {len(raw)}, not of {least} to {most}")
    return raw


def read_bytes(raw: Any) -> bytes:
    """Bytes."""
    if type(raw) is not bytes:
        raise TypeError("not bytes")
    return raw


def read_key(raw: Any, depth: int = KEY_DEPTH) -> Key:
    """A key; lists, which tuples became on their way, are tuples again."""
    if type(raw) in (str, int, bytes):
        return raw  # type: ignore[no-any-return]
    if isinstance(raw, (list, tuple)) and depth > 0:
        return tuple(read_key(each, depth - 1) for each in raw)
    raise TypeError(f"not a key: {type(raw).__name__}; text, whole numbers, bytes and tuples of these are")


def own_key(raw: Any) -> Key:
    """A key that is used here: no list is one, though it would become a tuple on its way.

    Raises ``TypeError`` for what is none.
    """
    try:
        hash(raw)
        return read_key(raw)
    except TypeError:
        what = f"text, whole numbers, bytes and tuples of these, at most {KEY_DEPTH} deep, are"
        raise TypeError(f"not a key: {raw!r:.60}; {what}") from None


def read_number(raw: Any, least: int = 0) -> int:
    """A whole number from ``least`` to the limit.  Raises ``TypeError`` or ``ValueError``."""
    if type(raw) is not int:
        raise TypeError("not a whole number")
    if not least <= raw < NUMBER_LIMIT:
        raise ValueError(f"a number outside of {least} to {NUMBER_LIMIT}")
    return raw


def read_name(raw: Any) -> str:
    """The name of a cell: text, not empty, of at most 255 bytes.  Raises ``TypeError`` or ``ValueError``."""
    if not raw:
        raise ValueError("an empty name")
    return read_text(raw)


def read_text(raw: Any) -> str:
    """Text of at most 255 bytes that can be encoded.  Raises ``TypeError`` or ``ValueError``."""
    if type(raw) is not str:
        raise TypeError("not text")
    if len(raw) > NAME_BYTES or (not raw.isascii() and len(raw.encode()) > NAME_BYTES):
        raise ValueError(f"a name of more than {NAME_BYTES} bytes")
    return raw
