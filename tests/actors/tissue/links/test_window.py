"""The window: one more a round trip, half of it for a loss, and shares that become equal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.tissue.links.window import Window


def test_at_first_it_doubles_each_round_trip() -> None:
    window = Window(10, 4, 256)

    for _ in range(10):
        window.acknowledged(is_full=True)

    assert window.size == 20


def test_after_the_first_loss_it_grows_by_one_a_round_trip() -> None:
    window = Window(20, 4, 256)
    window.lost(0.0, 0.0)

    for _ in range(10 + 11 + 12):
        window.acknowledged(is_full=True)

    assert 12 <= window.size <= 13


def test_one_that_is_not_used_up_does_not_grow() -> None:
    window = Window(10, 4, 256)

    for _ in range(1000):
        window.acknowledged(is_full=False)

    assert window.size == 10


def test_a_loss_halves_it_once_a_round_trip() -> None:
    window = Window(64, 4, 256)

    window.lost(sent_at=1.0, now=2.0)
    window.lost(sent_at=1.5, now=2.0)
    once = window.size
    window.lost(sent_at=2.0, now=3.0)

    assert (once, window.size) == (32, 16)


@given(st.lists(st.booleans(), max_size=300))
def test_it_stays_between_its_bounds(history: list[bool]) -> None:
    window = Window(8, 4, 16)

    for now, arrived in enumerate(history):
        if arrived:
            window.acknowledged(is_full=True)
        else:
            window.lost(float(now), float(now))

        assert 4 <= window.size <= 16


def test_two_that_share_a_way_end_up_with_equal_shares() -> None:
    """Both lose when together they are above what it carries (Chiu and Jain 1989)."""
    one, other = Window(90, 1, 256), Window(2, 1, 256)
    for now in range(400):
        is_over = one.size + other.size > 100
        for window in (one, other):
            if is_over:
                window.lost(float(now), float(now))
            else:
                for _ in range(window.size):
                    window.acknowledged(is_full=True)

    assert abs(one.size - other.size) <= 2
    assert repr(one) == f"Window({one.size})"
