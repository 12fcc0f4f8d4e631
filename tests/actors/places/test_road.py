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


def a_death_while_reading(road: Road, arrived: int) -> list[tuple[Any, Fate | None]]:
    """What was in flight when a process died that had read ``arrived`` messages, and was reading on."""
    assert road.ledger is not None
    if arrived:
        road.ledger.arrived(1, arrived)
    road.ledger.note_reading(True)
    return road.empty()


def test_a_death_while_messages_are_read_accuses_none_of_them() -> None:
    road = a_road(ledger=Ledger())
    road.add_all(deque("abcd"), APART)

    assert a_death_while_reading(road, 2) == [
        ("a", Fate.ARRIVED), ("b", Fate.ARRIVED), ("c", Fate.WAITING), ("d", Fate.WAITING),
    ]  # fmt: skip


def test_after_it_each_goes_in_a_frame_of_its_own_until_the_suspects_are_through() -> None:
    road, box = a_road(ledger=Ledger()), deque("cde")
    road.careful = 2

    assert road.add_all(box, APART) == 0
    road.add("a", "a", False, None)
    road.add("b", "b", False, None)
    assert taken(road) == [(1, ["a"]), (2, ["b"])]
    assert road.is_careful

    assert road.add_all(box, APART) == 3
    assert taken(road) == [(3, ["c", "d", "e"])]
    assert not road.is_careful


def test_the_suspect_that_is_being_read_at_a_second_death_was_in_hand() -> None:
    road = a_road(ledger=Ledger())
    road.careful = 3
    for each in "abc":
        road.add(each, each, False, None)

    assert a_death_while_reading(road, 1) == [("a", Fate.ARRIVED), ("b", Fate.IN_HAND), ("c", Fate.WAITING)]


def test_who_is_no_suspect_is_not_accused_by_a_second_death() -> None:
    road = a_road(ledger=Ledger())
    road.careful = 1
    for each in "ab":
        road.add(each, each, False, None)

    assert a_death_while_reading(road, 1) == [("a", Fate.ARRIVED), ("b", Fate.WAITING)]


@pytest.mark.parametrize("kind", [Ledger, SharedLedger])
def test_what_has_come_is_noted_around_the_end_of_the_ledger(kind: type[Ledger]) -> None:
    ledger = kind()
    ledger.arrived(SLOTS - 2, 4)

    assert [ledger.read(number) for number in range(SLOTS - 3, SLOTS + 3)] == [
        Fate.WAITING, *[Fate.ARRIVED] * 4, Fate.WAITING,
    ]  # fmt: skip
    assert not ledger.is_reading
