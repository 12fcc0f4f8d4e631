"""NumPy's arrays and scalars as kind, shape and bytes; only where NumPy is loaded already."""

from __future__ import annotations

import math
import re
import sys
from typing import Any

from ..errors import CodecError

_KIND = re.compile(r"[<>|=]?[biufcSUmM]\d{1,9}(\[\d{0,9}[A-Za-z]{1,2}\])?", re.ASCII)


def take_apart(value: Any) -> list[Any] | None:
    """Kind, shape (``None``: a scalar) and bytes; ``None`` for what is not NumPy's.

    The bytes of an array that lies in one piece are not copied.  Raises ``CodecError`` for Python objects and records.
    """
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or not (type(value) is numpy.ndarray or isinstance(value, numpy.generic)):
        return None
    kind = value.dtype.str
    if not _KIND.fullmatch(kind) or (type(value) is numpy.ndarray and not value.dtype.itemsize):
        raise CodecError(f"an array of {value.dtype}", "is neither of numbers, moments nor of text")
    if type(value) is not numpy.ndarray:
        return [kind, None, value.tobytes() if value.dtype.itemsize else b""]
    flat = numpy.ascontiguousarray(value).reshape(-1)
    return [kind, list(value.shape), memoryview(flat.view("u1")) if flat.size else b""]


def put_together(kind: Any, shape: Any, data: Any) -> Any:
    """The array, which cannot be written to (copy it to do so), or the scalar.  May raise anything."""
    numpy: Any = sys.modules.get("numpy")
    if numpy is None:
        raise CodecError("an array", "has arrived where NumPy is not loaded; import numpy on this side too")
    if type(kind) is not str or not _KIND.fullmatch(kind) or type(data) is not bytes:
        raise CodecError("an array", "is not of a kind that may travel")
    of = numpy.dtype(kind)
    if shape is None:
        if len(data) != of.itemsize:
            raise CodecError("an array", "has more bytes than its shape, or fewer")
        return numpy.frombuffer(data, of)[0] if data else numpy.zeros(1, of)[0]
    if type(shape) is not list or not all(type(length) is int and length >= 0 for length in shape):
        raise CodecError("an array", "has a shape that is none")
    if len(shape) > 32 or max(shape, default=0) >= 2**62 or math.prod(shape) * of.itemsize != len(data):
        raise CodecError("an array", "has more bytes than its shape, or fewer")
    return (numpy.frombuffer(data, of) if data else numpy.empty(0, of)).reshape(shape)
