"""The receiving end: each message once, in the order of its origin, and nobody waits for anybody else."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.links.config import LinksConfig
from actors.tissue.links.inbox import Inbox
from actors.tissue.links.packets import Message, Receipt

CONFIG = LinksConfig()
A, B, ME = Pid("a", 1), Pid("b", 1), Pid("me", 2)


def inbox(config: LinksConfig = CONFIG) -> Inbox:
    return Inbox(ME, config)


def message(number: int, origin: Pid = A, *, low: int = 1, life: int = 0, body: bytes | None = b"?") -> Message:
    return Message(origin, "me", life, number, low, b"%d" % number if body == b"?" else body)


def test_what_comes_in_order_is_handled_at_once() -> None:
    box = inbox()

    assert [box.take(message(number), 0.0) for number in (1, 2, 3)] == [[b"1"], [b"2"], [b"3"]]


def test_what_comes_early_waits_for_what_is_before_it() -> None:
    box = inbox()

    assert [box.take(message(number), 0.0) for number in (3, 2, 1)] == [[], [], [b"1", b"2", b"3"]]


def test_a_double_is_handled_once() -> None:
    box = inbox()

    assert [box.take(message(number), 0.0) for number in (1, 1, 3, 3, 2, 1)] == [[b"1"], [], [], [], [b"2", b"3"], []]


def test_no_sender_waits_for_another() -> None:
    box = inbox()
    box.take(message(2, A), 0.0)

    assert box.take(message(1, B), 0.0) == [b"1"]


def test_what_the_origin_has_settled_is_not_waited_for() -> None:
    box = inbox()
    box.take(message(3), 0.0)

    assert box.take(message(5, low=3), 0.0) == [b"3"]
    assert box.take(message(4, low=3), 0.0) == [b"4", b"5"]


def test_a_blank_lets_those_after_it_pass_and_is_not_handled() -> None:
    box = inbox()
    box.take(message(2), 0.0)

    assert box.take(message(1, body=None), 0.0) == [b"2"]


def test_a_new_life_of_an_origin_begins_anew_and_the_old_one_is_over() -> None:
    box = inbox()
    box.take(message(1), 0.0)
    box.take(message(3), 0.0)

    assert box.take(message(1, Pid("a", 2)), 0.0) == [b"1"]
    assert box.take(message(2), 0.0) == []
    assert box.take(message(2, Pid("a", 2)), 0.0) == [b"2"]


def test_what_is_for_another_life_of_this_cell_is_passed_over() -> None:
    box = inbox()

    assert box.take(message(2, life=2), 0.0) == []
    assert box.take(message(1, life=1), 0.0) == [b"2"]


@given(st.integers(0, 1 << 30), st.integers(1, 60))
def test_in_any_order_with_doubles_every_message_of_every_origin_is_handled_once_in_order(seed: int, n: int) -> None:
    rng, box = random.Random(seed), inbox()
    copies = [message(number, origin) for origin in (A, B) for number in range(1, n + 1) for _ in range(2)]
    rng.shuffle(copies)
    handled: dict[Pid, list[bytes]] = {A: [], B: []}
    for copy in copies:
        handled[copy.origin] += box.take(copy, 0.0)

    assert handled == {origin: [b"%d" % number for number in range(1, n + 1)] for origin in (A, B)}
    assert repr(box) == "Inbox(origins=2, held_bytes=0)"


# -- bounds ------------------------------------------------------------------------------------------------------------


def test_a_number_beyond_the_window_is_not_taken() -> None:
    box = inbox(replace(CONFIG, stream_window=16))
    box.take(message(1), 0.0)

    assert [box.can_take(message(number), 0.0) for number in (17, 18)] == [True, False]
    assert box.can_take(message(30, low=20), 0.0)


def test_what_waits_is_bounded_in_bytes_but_the_next_in_order_always_gets_in() -> None:
    box = inbox(replace(CONFIG, held_bytes=100))
    box.take(message(1), 0.0)
    box.take(message(3, body=b"x" * 80), 0.0)

    assert not box.can_take(message(4, body=b"x" * 30), 0.0)
    assert box.can_take(message(2, body=b"x" * 30), 0.0)
    assert box.take(message(2, body=b""), 0.0) == [b"", b"x" * 80]
    assert box.can_take(message(5, body=b"x" * 30), 0.0)


def test_origins_are_bounded_and_one_is_forgotten_only_after_a_long_silence() -> None:
    box = inbox(replace(CONFIG, origins=2))
    box.take(message(1, A), 0.0)
    box.take(message(1, B), 100.0)
    stranger = message(1, Pid("c", 1))

    assert not box.can_take(stranger, 599.0)
    assert box.can_take(message(2, A), 599.0)
    assert box.can_take(stranger, 600.0)
    assert not box.can_take(message(2, A), 600.0) or box.take(stranger, 600.0) == [b"1"]


def test_a_new_life_gives_back_the_bytes_that_the_old_one_held() -> None:
    box = inbox()
    box.take(message(2, body=b"x" * 50), 0.0)

    box.take(message(1, Pid("a", 2)), 0.0)

    assert repr(box) == "Inbox(origins=1, held_bytes=0)"


# -- receipts ----------------------------------------------------------------------------------------------------------


def test_what_is_owed_is_receipted_after_a_moment_all_in_one() -> None:
    box = inbox()
    for number in (1, 2, 5):
        box.take(message(number), 0.0)
        box.owe(A, 0.0)

    assert box.receipts(0.0049) == []
    assert box.due == 0.005
    assert box.receipts(0.005) == [Receipt(ME, "a", 1, 3, ((5, 6),))]
    assert box.due == math.inf


def test_eight_that_are_owed_are_receipted_at_once() -> None:
    box = inbox()
    for number in range(1, 9):
        box.take(message(number), 0.0)
        box.owe(A, 0.001)

    assert box.due == 0.001


def test_nothing_is_owed_to_a_life_that_is_over() -> None:
    box = inbox()
    box.take(message(1, Pid("a", 2)), 0.0)

    box.owe(A, 0.0)
    box.owe(B, 0.0)

    assert box.due == math.inf
