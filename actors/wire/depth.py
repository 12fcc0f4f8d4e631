"""Whether bytes are one msgpack object of bounded depth, before anything is made of them.

msgpack's reader allocates as much as a list declares to hold, at every depth.  Here nothing is built: the reader skips
over the object in C.  It knows one limit of depth, a thousand and some; so the object is put that much deeper.
"""

from __future__ import annotations

import msgpack

from ..errors import CodecError

_OPENING = bytes((*range(0x80, 0xA0), *range(0xDC, 0xE0)))  # the first byte of every list and map
_OTHERS = bytes(byte for byte in range(256) if byte not in _OPENING)

SMALL = 512
"""Of so many bytes a frame may declare what it likes: lengths beyond the frame's own are refused by the reader."""


def _find_limit() -> int | None:
    """The depth that the reader written in C bears; ``None`` for the one written in Python, which has no exact one."""
    return next((depth for depth in (1024, 512) if _bears(depth) and not _bears(depth + 1)), None)


def _bears(depth: int) -> bool:
    try:
        return _skip(b"\x91" * depth + b"\xc0", depth + 1)
    except (msgpack.StackError, RecursionError):
        return False


def _skip(data: bytes | bytearray | memoryview, size: int, prefix: bytes = b"") -> bool:
    reader = msgpack.Unpacker(max_buffer_size=size + len(prefix))
    reader.feed(prefix)
    reader.feed(data)
    reader.skip()
    return bool(reader.tell() == size + len(prefix))


LIMIT = _find_limit()

LARGE, FEW = 1 << 16, 48
"""Bytes of a frame that may be one large value: up to so many objects are looked at without copying it."""


def check(data: bytes | bytearray | memoryview, most: int) -> None:
    """Raise ``CodecError`` unless ``data`` is one whole msgpack object, not deeper than ``most``, and nothing else.

    What is small is only looked at for its depth: msgpack itself sees to the rest.
    """
    size = len(data)
    if size <= most:
        return
    if size <= SMALL and len(bytes(data).translate(None, _OTHERS)) <= most:
        return
    if (LIMIT is None or size > LARGE) and walk(data, most, None if LIMIT is None else FEW):
        return
    try:
        is_whole = _skip(data, size, b"\x91" * ((LIMIT or most) - most))
    except msgpack.OutOfData:
        raise CodecError("the frame", "ends too early") from None
    except msgpack.StackError:
        raise CodecError("the value", f"nests deeper than {most}, the wire's max_depth, or holds itself") from None
    except Exception as error:
        raise CodecError("the frame", f"is not msgpack as it should be: {error}") from error
    if not is_whole:
        raise CodecError("the frame", "goes on after its value")


# Bytes after the first one: how many say the length, and of how many bytes one unit of it is.
_SIZED = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_FIXED = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4,
    0xD3: 8, 0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,
}  # fmt: skip


def walk(data: bytes | bytearray | memoryview, most: int, budget: int | None = None) -> bool:
    """The same, in Python; false if there are more objects than ``budget``, and nothing is known then."""
    open_lists = [1]  # how many objects are still to come, at each depth
    at = 0
    while open_lists:
        if not open_lists[-1]:
            open_lists.pop()
            continue
        open_lists[-1] -= 1
        if budget is not None:
            if not budget:
                return False
            budget -= 1
        if at >= len(data):
            raise CodecError("the frame", "ends too early")
        first, at = data[at], at + 1
        parts = _parts(first, data, at)
        if parts is not None:
            if len(open_lists) > most:
                raise CodecError("the value", f"nests deeper than {most}, the wire's max_depth, or holds itself")
            at += _header(first)
            open_lists.append(parts)
        elif first < 0x80 or first >= 0xE0:
            continue
        elif first < 0xC0:
            at += first & 0x1F
        elif first in _SIZED:
            width = _SIZED[first]
            at += width + int.from_bytes(data[at : at + width]) + (0xC7 <= first <= 0xC9)
        elif first in _FIXED:
            at += _FIXED[first]
        else:
            raise CodecError("the frame", f"is not msgpack as it should be: {first:#x}")
        if at > len(data):
            raise CodecError("the frame", "ends too early")
    if at < len(data):
        raise CodecError("the frame", "goes on after its value")
    return True


def _parts(first: int, data: bytes | bytearray | memoryview, at: int) -> int | None:
    """How many objects a list or map holds; ``None`` for what is neither."""
    if 0x80 <= first < 0xA0:
        return (first & 0x0F) * (2 if first < 0x90 else 1)
    if 0xDC <= first <= 0xDF:
        return int.from_bytes(data[at : at + _header(first)]) * (2 if first >= 0xDE else 1)
    return None


def _header(first: int) -> int:
    return {0xDC: 2, 0xDE: 2, 0xDD: 4, 0xDF: 4}.get(first, 0)
