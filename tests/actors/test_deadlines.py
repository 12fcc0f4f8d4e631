"""Deadlines of asks: one timer for each distinct timeout, and nothing left once a question is answered."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from actors import AskTimeout
from actors.deadlines import Deadlines
from actors.envelopes import Envelope
from actors.testing import World, world
from tests.actors.kit import Do, Note, Puppet, Sleep, fails

NOBODY = SimpleNamespace(hand=None, extras=None, more=lambda: SimpleNamespace(expired=0))
REF: Any = SimpleNamespace(_cell=NOBODY)


def question(deadlines: Deadlines, timeout: float) -> tuple[Envelope, dict[Envelope, Any]]:
    envelope = Envelope("question", asyncio.get_running_loop().create_future())
    return envelope, deadlines.add(envelope, REF, timeout)


async def failed_at(w: World, envelope: Envelope) -> float:
    assert envelope.future is not None
    await fails(envelope.future, AskTimeout)
    return w.now()


@world()
async def test_a_question_fails_at_its_deadline(w: World) -> None:
    envelope, _ = question(Deadlines(asyncio.get_running_loop()), 2.0)

    assert await failed_at(w, envelope) == 2.0


@world()
async def test_questions_of_one_timeout_fail_each_at_its_own_deadline(w: World) -> None:
    deadlines = Deadlines(asyncio.get_running_loop())
    first, _ = question(deadlines, 2.0)
    await w.advance(0.5)
    second, _ = question(deadlines, 2.0)

    assert [await failed_at(w, first), await failed_at(w, second)] == [2.0, 2.5]


@world()
async def test_a_shorter_timeout_is_due_before_a_longer_one_that_was_asked_first(w: World) -> None:
    deadlines = Deadlines(asyncio.get_running_loop())
    long, _ = question(deadlines, 3.0)
    short, _ = question(deadlines, 1.0)

    assert [await failed_at(w, short), await failed_at(w, long)] == [1.0, 3.0]


@world()
async def test_questions_of_one_timeout_share_a_timer(w: World) -> None:
    deadlines = Deadlines(asyncio.get_running_loop())
    for _ in range(100):
        question(deadlines, 2.0)
    question(deadlines, 3.0)

    assert (len(deadlines), len(deadlines.buckets)) == (101, 2)


@world()
async def test_an_answered_question_leaves_its_bucket(w: World) -> None:
    deadlines = Deadlines(asyncio.get_running_loop())
    envelope, entries = question(deadlines, 2.0)
    del entries[envelope]

    assert len(deadlines) == 0


@world()
async def test_a_bucket_that_was_emptied_goes_when_its_timer_fires(w: World) -> None:
    deadlines = Deadlines(asyncio.get_running_loop())
    envelope, entries = question(deadlines, 2.0)
    del entries[envelope]
    await w.advance(2.0)

    assert deadlines.buckets == {}


@world()
async def test_an_answer_before_the_timer_leaves_the_deadline_of_a_later_question_alone(w: World) -> None:
    deadlines = Deadlines(asyncio.get_running_loop())
    first, entries = question(deadlines, 2.0)
    await w.advance(1.5)
    second, _ = question(deadlines, 2.0)
    del entries[first]

    assert await failed_at(w, second) == 3.5


@world()
async def test_close_fires_nothing_any_more(w: World) -> None:
    deadlines = Deadlines(asyncio.get_running_loop())
    envelope, _ = question(deadlines, 2.0)
    deadlines.close()
    await w.advance(5.0)

    assert envelope.future is not None
    assert not envelope.future.done()
    assert len(deadlines) == 0


@world()
async def test_every_answered_ask_leaves_its_deadline_at_once(w: World) -> None:
    ref = await w.spawn(Puppet)
    await asyncio.gather(*(ref.ask(Note(str(n)), timeout=float(n % 5 + 1)) for n in range(50)))

    assert (await w.system()).statistics().asking == 0


@world()
async def test_open_questions_are_counted(w: World) -> None:
    ref = await w.spawn(Puppet)
    questions = [asyncio.create_task(ref.ask(Sleep(1.0), timeout=60.0)) for _ in range(3)]
    await w.idle()
    before = (await w.system()).statistics().asking
    await asyncio.gather(*questions)

    assert (before, (await w.system()).statistics().asking) == (3, 0)


@world()
async def test_an_ask_without_deadline_is_not_counted(w: World) -> None:
    ref = await w.spawn(Puppet)
    question = asyncio.create_task(ref.ask(Sleep(1.0), timeout=None))
    await w.idle()

    assert (await w.system()).statistics().asking == 0
    await question


@pytest.mark.parametrize("timeout", [1.0, 1], ids=["float", "int"])
@world()
async def test_a_whole_number_of_seconds_is_a_timeout_too(w: World, timeout: float) -> None:
    ref = await w.spawn(Puppet)

    assert await ref.ask(Do(lambda _: "answer"), timeout=timeout) == "answer"
