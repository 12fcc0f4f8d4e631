"""NumPy's arrays and scalars, where NumPy is loaded."""

from __future__ import annotations

import sys
from typing import Any

import msgpack
import pytest

from actors import CodecError
from tests.actors.wire.kinds import crossing, ends

numpy: Any = pytest.importorskip("numpy")

ARRAYS = {
    "floats": lambda: numpy.arange(6.0),
    "a matrix": lambda: numpy.arange(6, dtype="int16").reshape(2, 3),
    "of the other order": lambda: numpy.asfortranarray(numpy.arange(6).reshape(2, 3)),
    "with gaps": lambda: numpy.arange(10)[::3],
    "backwards": lambda: numpy.arange(10)[::-1],
    "big-endian": lambda: numpy.arange(3, dtype=">u4"),
    "bools": lambda: numpy.array([True, False]),
    "complex": lambda: numpy.array([1j]),
    "text": lambda: numpy.array(["abc", "d"]),
    "bytes": lambda: numpy.array([b"abc", b"d"]),
    "moments": lambda: numpy.array(["2020-01-01", "NaT"], "datetime64[ns]"),
    "times": lambda: numpy.array([1, 2], "timedelta64[25s]"),
    "empty": lambda: numpy.zeros((0, 3)),
    "of no dimensions": lambda: numpy.array(5),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_comes_back(name: str) -> None:
    array = ARRAYS[name]()
    back = crossing()([array])[0]

    assert (type(back), back.dtype, back.shape) == (numpy.ndarray, array.dtype, array.shape)
    assert back.tobytes() == array.tobytes()


@pytest.mark.parametrize("kind", ["float64", "int8", "bool", "complex64", "datetime64[D]", "U3"])
def test_a_scalar_comes_back(kind: str) -> None:
    scalar = numpy.zeros(1, kind)[0]
    back = crossing()(scalar)

    assert (type(back), back.dtype, back.tobytes()) == (type(scalar), scalar.dtype, scalar.tobytes())


@pytest.mark.parametrize("kind", ["O", "i4,f8", "V8"])
def test_objects_and_records_are_refused(kind: str) -> None:
    with pytest.raises(CodecError, match="neither of numbers, moments nor of text"):
        ends()[0].pack(numpy.zeros(2, kind))


BROKEN: list[list[Any]] = [
    ["|O", [1], b"12345678"], ["<f8", [2], b"12345678"], ["<f8", [-1], b""], ["<f8", [2**62, 2**62, 0], b""],
    ["<f8", "ab", b""], ["i4,f8", [1], b"x" * 12], ["<f8", [1] * 40, b"12345678"], ["<f8", None, b"1234"],
    ["<f8", [1], "12345678"], ["<f99", [1], b"x" * 99], ["<U999999999", [0], b""], ["<S0", [5], b""], [1, [1], b""],
    ["<f8", [True], b"12345678"],
]  # fmt: skip


@pytest.mark.parametrize("parts", BROKEN, ids=repr)
def test_what_is_no_array_is_refused(parts: list[Any]) -> None:
    data = msgpack.packb([msgpack.ExtType(1, b"\x05"), *parts])

    with pytest.raises(CodecError):
        ends()[0].unpack(data)


def test_an_array_that_comes_where_numpy_is_not_loaded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = ends()[0].pack(numpy.arange(3))
    monkeypatch.delitem(sys.modules, "numpy")

    with pytest.raises(CodecError, match="import numpy on this side too"):
        ends()[1].unpack(data)
