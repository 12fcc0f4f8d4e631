"""Messages that nobody will handle: each is kept with its reason, counted, and published."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from actors import KILLED, NORMAL, Crashed, DeadLetter, Lost, Mailbox, Undelivered
from actors.deadletters import KEPT, DeadLetters
from actors.events import Events
from actors.testing import World, world
from tests.actors.kit import Boom, Note, Plain, Puppet, Sleep, letters

REF: Any = None


# -- the reasons -------------------------------------------------------------------------------------------------------


@world()
async def test_a_message_to_the_dead_is_kept_with_the_reason_of_the_death(w: World) -> None:
    ref = await w.spawn(Plain, name="a")
    await ref.stop()
    await w.advance(3.0)
    ref.tell(Note("x"))

    assert list((await w.system()).dead_letters) == [DeadLetter(Note("x"), ref, Undelivered.DEAD, 3.0, NORMAL)]


@world()
async def test_messages_that_wait_at_a_death_are_kept_in_their_order(w: World) -> None:
    ref = await w.spawn(Puppet, name="a")
    for message in (Boom(), Note("x"), Note("y")):
        ref.tell(message)
    await w.idle()

    assert [(letter.message, letter.why, str(letter.reason)) for letter in (await w.system()).dead_letters] == [
        (Boom(), Undelivered.IN_HAND, "crashed(RuntimeError: boom)"),
        (Note("x"), Undelivered.DEAD, "crashed(RuntimeError: boom)"),
        (Note("y"), Undelivered.DEAD, "crashed(RuntimeError: boom)"),
    ]


@pytest.mark.parametrize("cls", [Plain, Puppet], ids=["def", "async def"])
@world()
async def test_the_message_in_hand_at_a_crash_is_kept(w: World, cls: Any) -> None:
    ref = await w.spawn(cls, name="a")
    ref.tell(Boom("x"))
    await w.idle()

    (letter,) = (await w.system()).dead_letters
    assert (letter.message, letter.why, letter.reason) == (Boom("x"), Undelivered.IN_HAND, Crashed(RuntimeError("x")))


@world()
async def test_the_message_in_hand_at_a_kill_is_kept(w: World) -> None:
    ref = await w.spawn(Puppet, name="a")
    ref.tell(Sleep(10.0))
    await w.idle()
    ref.kill()
    await w.idle()

    (letter,) = (await w.system()).dead_letters
    assert (letter.message, letter.why, letter.reason) == (Sleep(10.0), Undelivered.IN_HAND, KILLED)


@world()
async def test_a_message_without_handler_is_kept(w: World) -> None:
    ref = await w.spawn(Plain, name="a")
    ref.tell("strange")
    await w.idle()

    assert letters(await w.system()) == ["a: str, unhandled"]


@pytest.mark.parametrize(
    ("overflow", "why", "text"),
    [
        ("drop_oldest", Undelivered.DROPPED, "old"),
        ("drop_newest", Undelivered.FULL, "new"),
        ("wait", Undelivered.NOT_AWAITED, "new"),
    ],
    ids=["drop_oldest", "drop_newest", "wait not awaited"],
)
@world()
async def test_what_a_full_mailbox_drops_is_kept(w: World, overflow: Any, why: Undelivered, text: str) -> None:
    ref = await w.spawn(Puppet, mailbox=Mailbox(1, overflow))
    ref.tell(Sleep(10.0))
    await w.idle()
    ref.tell(Note("old"))
    ref.tell(Note("new"))

    (letter,) = (await w.system()).dead_letters
    assert (letter.message, letter.why) == (Note(text), why)


@world()
async def test_a_question_is_never_a_dead_letter_but_an_error_to_its_asker(w: World) -> None:
    ref = await w.spawn(Puppet)
    questions = [asyncio.create_task(ref.ask(message)) for message in (Boom(), Note("x"), Sleep(1.0))]
    outcomes = await asyncio.gather(*questions, return_exceptions=True)

    assert [type(outcome).__name__ for outcome in outcomes] == ["ActorDied"] * 3
    assert letters(await w.system()) == []


@world()
async def test_a_handled_message_is_no_dead_letter(w: World) -> None:
    ref = await w.spawn(Plain)
    ref.tell(Note("x"))
    await w.idle()

    assert letters(await w.system()) == []


# -- what is kept ------------------------------------------------------------------------------------------------------


def box(count: int = 0, why: Undelivered = Undelivered.DEAD) -> DeadLetters:
    kept = DeadLetters(Events(), lambda: 1.5)
    for n in range(count):
        kept.add(n, REF, why)
    return kept


def test_the_last_thousand_are_kept_oldest_first_and_all_are_counted() -> None:
    kept = box(KEPT + 10)

    assert (len(kept), kept.total) == (1000, 1010)
    assert [letter.message for letter in kept] == list(range(10, 1010))


def test_dead_letters_are_counted_by_reason() -> None:
    kept = box(2)
    kept.add("x", REF, Undelivered.FULL)

    assert kept.counts == Counter({Undelivered.DEAD: 2, Undelivered.FULL: 1})


def test_a_dead_letter_says_when() -> None:
    (letter,) = box(1)

    assert letter.at == 1.5


def test_dead_letters_may_be_added_while_one_looks_at_them() -> None:
    kept = box(3)
    for _ in kept:
        kept.add("more", REF, Undelivered.DEAD)

    assert len(kept) == 6


def test_dead_letters_read_as_their_counts() -> None:
    assert repr(box(2)) == "<DeadLetters total=2 {<Undelivered.DEAD: 'the actor is dead'>: 2}>"


# -- events ------------------------------------------------------------------------------------------------------------


@world()
async def test_each_dead_letter_is_published(w: World) -> None:
    system = await w.system()
    events: list[Any] = []
    system.events.subscribe(events.append)
    ref = await w.spawn(Plain, name="a")
    await ref.stop()
    ref.tell(Note("x"))

    (letter,) = system.dead_letters
    assert events == [Lost(0.0, letter)]
    assert events[0].describe() == "Note for a is a dead letter: the actor is dead"


@world()
async def test_after_unsubscribe_nothing_is_published(w: World) -> None:
    system = await w.system()
    events: list[object] = []
    unsubscribe = system.events.subscribe(events.append)
    unsubscribe()
    unsubscribe()
    system.events.publish("event")

    assert events == []


def test_subscribers_are_called_in_the_order_they_subscribed() -> None:
    events, log = Events(), list[str]()

    def writes(name: str) -> Callable[[object], None]:
        return lambda event: log.append(f"{name} {event}")

    for name in "abc":
        events.subscribe(writes(name))
    events.publish("x")

    assert log == ["a x", "b x", "c x"]


def test_unsubscribing_one_leaves_the_others() -> None:
    events, log = Events(), list[str]()
    first = events.subscribe(lambda event: log.append("first"))
    events.subscribe(lambda event: log.append("second"))
    first()
    events.subscribe(lambda event: log.append("third"))
    events.publish("x")

    assert log == ["second", "third"]


def test_a_subscriber_that_raises_is_logged_and_keeps_nobody_from_the_event(caplog: pytest.LogCaptureFixture) -> None:
    events, log = Events(), list[object]()

    def bad(event: object) -> None:
        raise ValueError("bad subscriber")

    events.subscribe(bad)
    events.subscribe(log.append)
    events.publish("x")

    assert log == ["x"]
    assert [(record.name, record.getMessage()) for record in caplog.records] == [
        ("planaria", "an event subscriber failed on str")
    ]


def test_a_subscriber_may_unsubscribe_while_it_is_called() -> None:
    events, log = Events(), list[object]()

    def once(event: object) -> None:
        log.append(event)
        unsubscribe()

    unsubscribe = events.subscribe(once)
    events.publish(1)
    events.publish(2)

    assert log == [1]
