"""Plain values: what may travel, and what is read of what came."""

from __future__ import annotations

from typing import Any

import pytest

from actors.tissue.plain import pack, read_bytes, read_key, read_list, unpack


def test_what_was_packed_is_unpacked_as_a_new_value() -> None:
    value = {"a": [1, 2.5, None, b"x"], 7: "y"}
    packed = pack(value)

    assert unpack(packed) == value
    assert unpack(packed) is not unpack(packed)


@pytest.mark.parametrize("value", [object, 1 << 64, -(1 << 63) - 1, {"a": {1, 2}}, "\ud800"], ids=repr)
def test_what_is_not_plain_is_not_packed(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        pack(value)


@pytest.mark.parametrize("packed", [b"", b"\xc1", b"\x92\x01", b"\x01\x01", b"\xa2\xff\xff", b"\x91" * 5000], ids=len)
def test_what_was_cut_or_is_no_message_is_not_unpacked(packed: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        unpack(packed)


@pytest.mark.parametrize("key", ["", "a", 0, -5, b"", (), ("a", 1, (b"x",))], ids=repr)
def test_a_key_is_text_a_number_bytes_or_a_tuple_of_these(key: Any) -> None:
    assert read_key(key) == key
    assert read_key(unpack(pack(key))) == key


@pytest.mark.parametrize("key", [None, True, 1.0, {}, {"a": 1}, [[[[[1]]]]], (None,), object], ids=repr)
def test_nothing_else_is_a_key(key: Any) -> None:
    with pytest.raises(TypeError):
        read_key(key)


def test_a_list_has_a_length() -> None:
    assert read_list([1, 2], 2, 2) == [1, 2]
    with pytest.raises(ValueError, match="a list of 1, not of 2 to 3"):
        read_list([1], 2, 3)
    with pytest.raises(TypeError):
        read_list("ab", 2, 3)


def test_bytes_are_bytes() -> None:
    assert read_bytes(b"x") == b"x"
    with pytest.raises(TypeError):
        read_bytes("x")
