"""The packets: letters are what they were after a trip, and what is none is not read."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.links.arq import Acknowledgement
from actors.tissue.links.packets import Letter, Message, Receipt, read_ack, read_data, read_numbers

NAMES = st.text("abcé", min_size=1, max_size=8)
NUMBERS = st.integers(1, (1 << 62) - 2)
MESSAGES = st.builds(
    lambda origin, to, life, low, beyond, body, visited: Message(
        origin, to, life, min(low + beyond, (1 << 62) - 1), low, body, tuple(visited)
    ),
    st.builds(Pid, NAMES, NUMBERS),
    NAMES,
    st.integers(0, 99),
    NUMBERS,
    st.integers(0, 99),
    st.one_of(st.none(), st.binary(max_size=20)),
    st.lists(NAMES, max_size=4),
)
RECEIPTS = st.builds(
    lambda origin, to, life, following, ranges, visited: Receipt(
        origin, to, life, following, tuple((first, first + 3) for first in ranges), tuple(visited)
    ),
    st.builds(Pid, NAMES, NUMBERS),
    NAMES,
    NUMBERS,
    NUMBERS,
    st.lists(st.integers(1, 1 << 60), max_size=32),
    st.lists(NAMES, max_size=4),
)

MESSAGE: list[Any] = [0, "a", 1, "b", 0, 5, 3, b"x", ["a"]]
RECEIPT: list[Any] = [1, "b", 1, "a", 1, 4, [[6, 8]], ["b"]]


@given(st.one_of(MESSAGES, RECEIPTS), NAMES)
def test_a_letter_is_what_it_was_and_knows_one_place_more(letter: Letter, here: str) -> None:
    body = msgpack.unpackb(msgpack.packb([3, 7, letter.wire(here)]))

    assert read_data(body, 60_000, 32) == (3, 7, letter._replace(visited=(*letter.visited, here)))


def test_the_letters_as_they_travel() -> None:
    message = Message(Pid("a", 1), "b", 0, 5, 3, b"x")
    receipt = Receipt(Pid("b", 1), "a", 1, 4, ((6, 8),))

    assert message.wire("a") == MESSAGE
    assert receipt.wire("b") == RECEIPT


def test_a_receipt_knows_what_was_had() -> None:
    receipt = Receipt(Pid("b", 1), "a", 1, 4, ((6, 8), (9, 10)))

    assert [number for number in range(1, 12) if receipt.has(number)] == [1, 2, 3, 6, 7, 9]


def test_an_acknowledgement_is_read() -> None:
    assert read_ack([2, 5, [[7, 9]], 7]) == (2, Acknowledgement(5, ((7, 9),), 7))


def changed(letter: list[Any], place: int, value: Any) -> list[Any]:
    return [*letter[:place], value, *letter[place + 1 :]]


@pytest.mark.parametrize(
    "body",
    [
        None,
        7,
        [],
        [1, 2],
        [3, 2, MESSAGE],
        [0, 1, MESSAGE],
        [1, True, MESSAGE],
        [1, 1 << 62, MESSAGE],
        [1, 1, None],
        [1, 1, []],
        [1, 1, [2, *MESSAGE[1:]]],
        [1, 1, ["0", *MESSAGE[1:]]],
        [1, 1, MESSAGE[:-1]],
        [1, 1, [*MESSAGE, 0]],
        [1, 1, changed(MESSAGE, 1, "")],
        [1, 1, changed(MESSAGE, 1, "x" * 256)],
        [1, 1, changed(MESSAGE, 2, 0)],
        [1, 1, changed(MESSAGE, 3, 9)],
        [1, 1, changed(MESSAGE, 4, -1)],
        [1, 1, changed(MESSAGE, 5, 2)],
        [1, 1, changed(MESSAGE, 6, 0)],
        [1, 1, changed(MESSAGE, 7, "text")],
        [1, 1, changed(MESSAGE, 7, b"x" * 101)],
        [1, 1, changed(MESSAGE, 8, ["a"] * 33)],
        [1, 1, changed(MESSAGE, 8, "a")],
        [1, 1, changed(RECEIPT, 4, 0)],
        [1, 1, changed(RECEIPT, 6, [[8, 6]])],
        [1, 1, changed(RECEIPT, 6, [[8]])],
        [1, 1, changed(RECEIPT, 6, [[1, 2]] * 33)],
    ],
)
def test_what_is_no_letter_is_not_read(body: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_data(body, 100, 32)


@pytest.mark.parametrize(
    "body", [None, [], [1, 2, [], 0], [0, 2, [], 1], [1, 2, [[3, 4]] * 9, 1], [1, 2, [[4, 4]], 1], [1, 2, [3], 1]]
)
def test_what_is_no_acknowledgement_is_not_read(body: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_ack(body)


@pytest.mark.parametrize("body", [None, [], [1], [1, 2, 3], [1, "2"], [1, 0], {0: 1, 1: 2}])
def test_what_are_no_two_numbers_are_not_read(body: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_numbers(body, 2)
