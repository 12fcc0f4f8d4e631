"""What travels on links, and how a stranger's is read without believing anything.

==========  ==========================  ============================================================================
kind        body                        meaning
==========  ==========================  ============================================================================
links.data  [low, number, letter]       A letter for the neighbour, or for it to pass on; below ``low`` all is settled
links.ack   [life, next, ranges, echo]  What of the data of that life of the receiver was had
links.no    [life, number]              That letter was not taken: there is no way from here, or no room
links.late  [life, number, later]       Nor was that: whoever wrote or brought it is known with a later life here
links.ping  [number]                    Does this way work?
links.pong  [number]                    It does, in both directions
==========  ==========================  ============================================================================

A letter is a message or a receipt (:class:`Message`, :class:`Receipt`), with whose names it has passed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from actors.messages import Pid

from ..plain import NUMBER_LIMIT, read_list, read_name, read_number
from .arq import RANGES, Acknowledgement, Range

DATA = "links.data"
ACK = "links.ack"
NO = "links.no"
LATE = "links.late"
PING = "links.ping"
PONG = "links.pong"

RECEIPT_RANGES = 32
"""Pairs in a receipt."""

_MESSAGE = 0
_RECEIPT = 1


class Message(NamedTuple):
    """One message on its way from ``origin`` to the cell ``to``, whose ``number``-th it is from there.

    ``life``: the only incarnation of ``to`` that may have it; 0: any.  ``low``: of all messages from there to here
    those below are settled.  ``body``: ``None`` in place of a message that was given up, so that none waits for it.
    """

    origin: Pid
    to: str
    life: int
    number: int
    low: int
    body: bytes | None
    visited: tuple[str, ...] = ()

    def wire(self, here: str) -> list[Any]:
        """As it travels on from ``here``."""
        name, life = self.origin
        visited = [*self.visited, here]
        return [_MESSAGE, name, life, self.to, self.life, self.number, self.low, self.body, visited]


class Receipt(NamedTuple):
    """What ``origin`` has had of the messages of one ``life`` of ``to``: all below ``next``, and the ``ranges``."""

    origin: Pid
    to: str
    life: int
    next: int
    ranges: tuple[Range, ...]
    visited: tuple[str, ...] = ()

    def wire(self, here: str) -> list[Any]:
        """As it travels on from ``here``."""
        name, life = self.origin
        visited = [*self.visited, here]
        return [_RECEIPT, name, life, self.to, self.life, self.next, [list(pair) for pair in self.ranges], visited]

    def has(self, number: int) -> bool:
        """Whether a message was had."""
        return number < self.next or any(first <= number < end for first, end in self.ranges)


Letter = Message | Receipt


def read_data(body: Any, most_bytes: int, most_hops: int) -> tuple[int, int, Letter]:
    """``low``, the number and the letter of a data packet.  Raises ``TypeError`` or ``ValueError``."""
    low, seq, letter = body
    low, seq = read_number(low, 1), read_number(seq, 1)
    if low > seq:
        raise ValueError("a packet whose own number is settled")
    return low, seq, _read_letter(letter, most_bytes, most_hops)


def read_ack(body: Any) -> tuple[int, Acknowledgement]:
    """Of which life, and what it says.  Raises ``TypeError`` or ``ValueError``."""
    life, following, ranges, echo = body
    return read_number(life, 1), Acknowledgement(
        read_number(following, 1), _read_ranges(ranges, RANGES), read_number(echo, 1)
    )


def read_numbers(body: Any, count: int) -> list[int]:
    """A list of so many whole numbers, each at least 1.  Raises ``TypeError`` or ``ValueError``."""
    return [read_number(each, 1) for each in read_list(body, count, count)]


def _read_letter(raw: Any, most_bytes: int, most_hops: int) -> Letter:
    form, *rest = read_list(raw, most=16)
    if type(form) is not int:
        raise TypeError("a letter of no form")
    if form == _MESSAGE:
        name, life, to, to_life, number, low, body, visited = rest
        if body is not None and type(body) is not bytes:
            raise TypeError("the body of a message is bytes, or nothing")
        if body is not None and len(body) > most_bytes:
            raise ValueError(f"a message of {len(body)} bytes")
        message = Message(
            Pid(read_name(name), read_number(life, 1)),
            read_name(to),
            read_number(to_life),
            read_number(number, 1),
            read_number(low, 1),
            body,
            _read_visited(visited, most_hops),
        )
        if message.low > message.number:
            raise ValueError("a message that is settled")
        return message
    if form == _RECEIPT:
        name, life, to, to_life, following, ranges, visited = rest
        return Receipt(
            Pid(read_name(name), read_number(life, 1)),
            read_name(to),
            read_number(to_life, 1),
            read_number(following, 1),
            _read_ranges(ranges, RECEIPT_RANGES),
            _read_visited(visited, most_hops),
        )
    raise ValueError("a letter of unknown form")


def _read_visited(raw: Any, most: int) -> tuple[str, ...]:
    return tuple(read_name(each) for each in read_list(raw, most=most))


def _read_ranges(raw: Any, most: int) -> tuple[Range, ...]:
    ranges = []
    for pair in read_list(raw, most=most):
        first, end = pair
        if not read_number(first, 1) < read_number(end, 1) < NUMBER_LIMIT:
            raise ValueError("a range without numbers")
        ranges.append((first, end))
    return tuple(ranges)
