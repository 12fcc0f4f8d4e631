"""Values without parts that msgpack has no word for: moments, numbers, identities; each is an ext of its own."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from msgpack import ExtType

from ..errors import CodecError

INT, DATETIME, DATE, TIME, TIMEDELTA, IDENTITY, DECIMAL, COMPLEX = range(16, 24)
_SPAN, _PAIR = struct.Struct(">iii"), struct.Struct(">dd")


def _write_int(value: int) -> ExtType:
    return ExtType(INT, value.to_bytes(value.bit_length() // 8 + 1, signed=True))


def _write_moment(value: datetime | time) -> ExtType:
    offset = value.utcoffset()
    if value.tzinfo is not None and offset is None:
        raise CodecError(f"a {type(value).__name__}", "has a time zone that does not say how far it is from UTC")
    code = DATETIME if type(value) is datetime else TIME
    text = value.isoformat()
    if offset is not None and offset.microseconds:  # Python writes these, and reads some of them wrongly
        text = f"{value.replace(tzinfo=None).isoformat()}~{offset // timedelta(microseconds=1)}"
    return ExtType(code, (b"1" if value.fold else b"0") + text.encode())


def _read_moment(kind: Any, data: bytes) -> Any:
    text, _, offset = data[1:].decode("ascii").partition("~")
    found = kind.fromisoformat(text).replace(fold=int(data[:1]))
    return found.replace(tzinfo=timezone(timedelta(microseconds=int(offset)))) if offset else found


WRITERS: dict[type, Callable[[Any], Any]] = {
    int: _write_int,  # of more than 64 bits: msgpack packs the others
    datetime: _write_moment,
    date: lambda value: ExtType(DATE, value.isoformat().encode()),
    time: _write_moment,
    timedelta: lambda value: ExtType(TIMEDELTA, _SPAN.pack(value.days, value.seconds, value.microseconds)),
    UUID: lambda value: ExtType(IDENTITY, value.bytes),
    Decimal: lambda value: ExtType(DECIMAL, str(value).encode()),
    complex: lambda value: ExtType(COMPLEX, _PAIR.pack(value.real, value.imag)),
}

READERS: dict[int, Callable[[bytes], Any]] = {
    INT: lambda data: int.from_bytes(data, signed=True),
    DATETIME: partial(_read_moment, datetime),
    DATE: lambda data: date.fromisoformat(data.decode("ascii")),
    TIME: partial(_read_moment, time),
    TIMEDELTA: lambda data: timedelta(*_SPAN.unpack(data)),
    IDENTITY: lambda data: UUID(bytes=data),
    DECIMAL: lambda data: Decimal(data.decode("ascii")),
    COMPLEX: lambda data: complex(*_PAIR.unpack(data)),
}
"""May raise anything for bytes that none of the writers wrote."""
