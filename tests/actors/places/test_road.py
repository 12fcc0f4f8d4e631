"""The road to a place elsewhere: what may go now, as what, and what is left of it when nothing is heard any more."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from actors.envelopes import Envelope
from actors.places.envoy import APART
from actors.places.frames import Kind
from actors.places.ledger import SLOTS, Fate, Ledger, SharedLedger
from actors.places.road import FIRST_SHARE, LAP, SMALL, TURN_BYTES, Road


def a_road(window: int = 1024, *, ledger: Ledger | None = None, share: int | None = None) -> Road:
    """One that knows its messages to be small, unless told otherwise."""
    road = Road(5, window, ledger)
    road._share = window if share is None else share
    return road


def taken(road: Road) -> list[tuple[int, list[Any]]]:
    """The frames that go now: number of the first, and the messages."""
    return [(first, messages) for _, _, first, messages, _ in road.take()]


def test_a_mailbox_goes_as_the_same_frame_that_its_messages_would_make_one_by_one() -> None:
    one_by_one, at_once = a_road(ledger=Ledger()), a_road(ledger=Ledger())
    for message in range(100):
        one_by_one.add(message, message, False, None)
    box = deque(range(100))

    assert at_once.add_all(box, APART) == 100
    assert not box
    assert at_once.take() == one_by_one.take() == [[Kind.MSG, 5, 1, list(range(100)), []]]
    assert at_once.flight == one_by_one.flight
    assert at_once.empty() == one_by_one.empty() == [(each, Fate.WAITING) for each in range(100)]


def test_no_more_goes_than_the_window_has_room_for() -> None:
    road, box = a_road(10, ledger=Ledger()), deque(range(25))

    assert road.add_all(box, APART) == 10
    assert not road.has_room
    assert road.add_all(box, APART) == 0
    road.take()
    road.done(1, 4)
    road.put_aside(6, 6)
    assert road.add_all(box, APART) == 5
    assert taken(road) == [(11, [10, 11, 12, 13, 14])]
    assert list(box) == list(range(15, 25))


def test_what_needs_company_is_left_at_the_head_of_the_mailbox() -> None:
    road, question = a_road(), Envelope("how?")
    box = deque(["one", "two", question, "three"])

    assert road.add_all(box, APART) == 2
    assert list(box) == [question, "three"]
    assert road.add_all(box, APART) == 0


def test_a_large_message_is_left_to_be_weighed_by_itself() -> None:
    road, large = a_road(), b"x" * (SMALL + 1)
    box: deque[Any] = deque([b"small", large, b"small"])

    assert road.add_all(box, APART) == 1
    assert box[0] is large


def test_a_turn_brings_no_more_than_its_share_of_bytes() -> None:
    road, box = Road(5), deque(range(5000))

    assert road.add_all(box, APART) == FIRST_SHARE
    assert not road.has_room
    road.take()
    assert road.has_room
    road.weigh(FIRST_SHARE * TURN_BYTES // 20)
    assert road.add_all(box, APART) == 20
    road.take()
    road.weigh(20 * 100)
    assert road.add_all(box, APART) == 1024 - FIRST_SHARE - 20


def test_bytes_of_a_megabyte_go_one_a_turn_even_after_small_ones() -> None:
    road, large = a_road(), b"x" * 1_000_000
    road.add(b"small", b"small", False, None)
    road.take()
    road.weigh(30)

    assert not road.add(large, large, False, None)
    assert not road.has_room
    road.take()
    assert road.has_room
    road.weigh(1_000_030)
    assert not road.add(large, large, False, None)


def test_what_cannot_go_together_is_tried_with_few() -> None:
    road, box = a_road(), deque(range(100))
    road.doubt()

    assert road.add_all(box, APART) == FIRST_SHARE


@pytest.mark.parametrize("kind", [Ledger, SharedLedger], ids=["process", "thread"])
def test_numbers_go_round_the_ledger_and_pass_over_what_is_stashed_there(kind: type[Ledger]) -> None:
    road, frames, sent = a_road(ledger=kind()), list[tuple[int, list[Any]]](), 0
    road.add("kept", "kept", False, None)
    taken(road)
    road.put_aside(1, 1)
    road.ledger.write(1, Fate.STASHED)  # type: ignore[union-attr]
    while sent < 3 * SLOTS:
        box = deque(range(sent, sent + 700))
        while box:
            if not road.add_all(box, APART):
                message = box.popleft()
                assert road.add(message, message, False, None)
        frames += taken(road)
        road.done(2, road._next - 1)
        sent += 700

    assert [message for _, messages in frames for message in messages] == list(range(sent))
    numbers = [first + place for first, messages in frames for place in range(len(messages))]
    assert len(set(numbers)) == len(numbers)
    assert not [number for number in numbers if number % SLOTS == 1]
    assert road.empty() == [("kept", Fate.STASHED)]


def test_a_lap_is_the_most_that_is_in_flight_whatever_was_put_aside() -> None:
    road, box = a_road(4 * LAP, ledger=Ledger()), deque(range(LAP + 10))

    assert road.add_all(box, APART) == LAP
    assert road.add_all(box, APART) == 0
    assert not road.add("late", "late", False, None)
    assert len(road.flight) == LAP
