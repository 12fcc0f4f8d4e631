"""Objects of checked msgpack: what each list and ext of a frame becomes.

A list that begins with a type's number becomes an object of that type; the number may stand nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgpack

from ..errors import CodecError
from .leaves import READERS

TYPE, MEMBER = 1, 2
"""Exts: the number of a type, a member of an enumeration."""


class Unreadable(CodecError):
    """A sound frame holds what this side cannot make: of a class it does not know, of another version, of nobody.

    ``parts``: the frame, with such errors in the place of what they are about, if it was one of several that came.
    """

    parts: list[Any]


class Tag:
    """The number of a type, as it is read: what makes an object of a list that begins with it."""

    __slots__ = ("make", "members")

    def __init__(self, make: Callable[[list[Any]], Any]) -> None:
        self.make = make
        self.members: Callable[[], tuple[Any, ...]] | None = None


def without_doubles(whole: Any, items: list[Any]) -> Any:
    """A set that was made of a list's parts.  Raises ``CodecError`` if one of them came twice."""
    if len(whole) + 1 != len(items):
        raise CodecError(f"a {type(whole).__name__}", "holds the same element twice")
    return whole


def _dict_of(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    whole = dict(pairs)
    if len(whole) != len(pairs):
        raise CodecError("a dict", "holds the same key twice")
    return whole


def head_of(part: bytes | bytearray | memoryview) -> list[Any]:
    """The plain values that a list begins with."""
    reader = msgpack.Unpacker(max_buffer_size=max(len(part), 1), max_array_len=0, max_map_len=0, ext_hook=lambda *e: e)
    reader.feed(part)
    head: list[Any] = []
    try:
        for _ in range(reader.read_array_header()):
            value = reader.unpack()
            if type(value) not in (int, str, bool, float, bytes, type(None)):
                break
            head.append(value)
    except (ValueError, msgpack.UnpackException):
        pass
    return head


def short(error: object) -> str:
    """What an exception says, so that it can be printed anywhere."""
    return ascii(str(error)[:100])


def make_reader(tags: dict[bytes, Tag], *, is_trusting: bool) -> Callable[[Any], Any]:
    """What reads checked bytes.  Closures: this is run for every list and ext there is."""
    unpackb = msgpack.unpackb
    pending = 0  # numbers of types that were read, and do not head a list yet

    def ext(code: int, data: bytes) -> Any:
        nonlocal pending
        if code == TYPE:
            tag = tags.get(data)
            if tag is None:
                raise CodecError("the frame", f"holds a type's number that was not announced: {data[:8].hex()}")
            pending += 1
            return tag
        if code == MEMBER:
            tag = tags.get(data[2:])
            if tag is None or tag.members is None:
                raise CodecError("the frame", "holds a member of an enumeration that was not announced")
            members, at = tag.members(), int.from_bytes(data[:2])
            if at >= len(members):
                raise CodecError("the frame", "holds a member that its enumeration does not have")
            return members[at]
        read = READERS.get(code)
        if read is None:
            raise CodecError("the frame", f"holds an ext {code} of {len(data)} bytes, which is not known")
        return read(data)

    def build(items: list[Any]) -> Any:
        nonlocal pending
        if items and items[0].__class__ is Tag:
            pending -= 1
            try:
                return items[0].make(items)
            except (CodecError, MemoryError):
                raise
            except Exception as error:
                raise Unreadable("an object", f"cannot be made: {type(error).__name__} {short(error)}") from error
        return items

    pairs = None if is_trusting else _dict_of

    def read(data: Any) -> Any:
        nonlocal pending
        before = pending
        try:
            value = unpackb(data, ext_hook=ext, list_hook=build, object_pairs_hook=pairs, strict_map_key=False)
            if pending != before:
                raise CodecError("the frame", "holds a type's number where no object of it begins")
            return value
        finally:
            pending = before

    return read
