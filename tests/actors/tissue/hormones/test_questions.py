"""Who is asked next, and who again."""

from __future__ import annotations

import random
from collections import Counter

from actors.tissue.hormones.questions import AGAIN_LIMIT, OPEN_LIMIT, Questions


def questions(n: int = 5, repeats: int = 2) -> Questions:
    made = Questions(random.Random(0), repeats)
    made.meet(tuple(f"c{number}" for number in range(n)))
    return made


def test_all_are_asked_equally_often() -> None:
    one = questions(7)

    asked = Counter(one.next() for _ in range(70))

    assert set(asked.values()) == {10}
    assert len(asked) == 7


def test_no_two_passes_are_alike() -> None:
    one = questions(20)
    passes = [[one.next() for _ in range(20)] for _ in range(3)]

    assert passes[0] != passes[1] != passes[2]


def test_with_nobody_there_is_nobody_to_ask() -> None:
    assert questions(0).next() is None


def test_who_does_not_answer_is_asked_again_a_few_times() -> None:
    one = questions(repeats=2)
    one.ask("c0", 7)

    assert [one.again() for _ in range(3)] == [[("c0", 7)], [("c0", 7)], []]


def test_who_has_answered_is_not_asked_again() -> None:
    one = questions()
    one.ask("c0", 7)

    assert (one.answered("c0", 7), one.answered("c0", 7), one.again()) == (True, False, [])


def test_the_answer_to_another_question_is_none() -> None:
    one = questions()
    one.ask("c0", 7)

    assert not one.answered("c0", 6)
    assert not one.answered("c1", 7)


def test_only_a_few_are_asked_again_at_once() -> None:
    one = questions(20)
    for number in range(20):
        one.ask(f"c{number}", number)

    assert len(one.again()) == AGAIN_LIMIT


def test_of_too_many_open_questions_the_oldest_are_given_up() -> None:
    one = questions(OPEN_LIMIT + 1)
    for number in range(OPEN_LIMIT + 1):
        one.ask(f"c{number}", number)

    assert not one.answered("c0", 0)
    assert one.answered("c1", 1)


def test_who_is_gone_is_not_asked() -> None:
    one = questions(2)
    one.ask("c0", 0)
    one.forget("c0")

    assert (one.siblings, one.again(), {one.next() for _ in range(5)}) == (("c1",), [], {"c1"})


def test_who_comes_is_asked_in_the_pass_that_has_begun() -> None:
    one = questions(20)
    one.next()
    one.meet((*one.siblings, "new"))

    assert [one.next() for _ in range(20)].count("new") == 1
