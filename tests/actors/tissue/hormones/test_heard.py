"""The last word of each, and whose it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Pid
from actors.tissue.hormones.heard import Heard


def said(heard: Heard, now: float = 0.0) -> list[float]:
    return [level for level, _ in heard.newest("h", now)]


def take(heard: Heard, name: str, number: int, level: float, now: float = 0.0, life: int = 1) -> None:
    heard.take(Pid(name, life), number, {"h": level}, now)


def test_who_speaks_often_counts_no_more_than_once() -> None:
    heard = Heard(9, 10.0)
    for number in range(100):
        take(heard, "loud", number, 3.0)
    take(heard, "quiet", 0, 0.5)

    assert said(heard) == [0.5, 3.0]


def test_what_is_late_or_doubled_changes_nothing() -> None:
    heard = Heard(9, 10.0)
    for number in (5, 5, 4):
        take(heard, "x", number, float(number))

    assert said(heard) == [5.0]


def test_a_later_life_speaks_for_its_place_and_an_earlier_one_no_more() -> None:
    heard = Heard(9, 10.0)
    take(heard, "x", 100, 1.0, life=1)
    take(heard, "x", 0, 2.0, life=2)

    with pytest.raises(ValueError, match="stale incarnation"):
        take(heard, "x", 101, 3.0, life=1)
    assert (said(heard), heard.life("x")) == ([2.0], 2)


def test_a_life_that_was_wrong_does_not_silence_a_place_for_ever() -> None:
    heard = Heard(9, 10.0)
    take(heard, "x", 0, 3.0, life=1 << 40)
    take(heard, "x", 0, 1.0, now=10.1, life=1)

    assert said(heard, 10.1) == [1.0]


def test_what_is_stale_is_as_good_as_not_heard() -> None:
    heard = Heard(9, 10.0)
    take(heard, "x", 0, 1.0)

    assert (said(heard, 10.0), said(heard, 10.1)) == ([1.0], [])


def test_of_too_many_the_oldest_are_forgotten() -> None:
    heard = Heard(3, 10.0)
    for number in range(5):
        take(heard, f"x{number}", 0, float(number))

    assert (len(heard), said(heard)) == (3, [4.0, 3.0, 2.0])


def test_who_is_forgotten_has_not_spoken() -> None:
    heard = Heard(9, 10.0)
    for name in ("x", "y", "z"):
        take(heard, name, 0, 1.0)
    heard.keep({"x", "y"})
    heard.forget("y")
    heard.forget("nobody")

    assert (len(heard), heard.life("y")) == (1, -1)


def test_who_did_not_speak_of_a_hormone_is_passed_over() -> None:
    heard = Heard(9, 10.0)
    heard.take(Pid("x", 1), 0, {"other": 1.0}, 0.0)

    assert said(heard) == []


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3), st.integers(0, 9), st.floats(0, 3)), max_size=60))
def test_its_memory_is_bounded_whatever_it_hears(words: list[tuple[int, int, int, float]]) -> None:
    heard = Heard(3, 10.0)
    for now, (name, life, number, level) in enumerate(words):
        try:
            take(heard, f"x{name}", number, level, float(now), life)
        except ValueError:
            pass

        assert len(heard) <= 3
        assert len(said(heard, now)) <= 3
