"""A controlled mailbox in a running system: what is begun, what is shed, in which order, and who hears of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import (
    Actor,
    ActorDied,
    AskSelf,
    AskTimeout,
    Blueprint,
    CoDel,
    Mailbox,
    MailboxFull,
    Overloaded,
    Ref,
    Undelivered,
    Unhandled,
    handle,
)
from actors.overload.controlled import ControlledRef
from actors.testing import World, world
from actors.turn import describe
from tests.actors.kit import Boom, Do, Note, Plain, Puppet, Restarts, Sleep, fails, letters

CONTROLLED = Mailbox(control=CoDel(target=0.05, interval=1.0))


async def overload(w: World, ref: Ref[Any], seconds: float = 2.0) -> None:
    """Keep ``ref`` busy for so long, with one message that waits, so that its queue stands."""
    ref.tell(Sleep(seconds))
    await w.idle()
    ref.tell(Note("backlog"))
    await w.advance(1.5)


@world()
async def test_only_a_controlled_place_has_a_controlled_ref(w: World) -> None:
    assert type(await w.spawn(Plain)) is Ref
    assert type(await w.spawn(Plain, mailbox=CONTROLLED)) is ControlledRef


@pytest.mark.parametrize("cls", [Plain, Puppet])
def test_a_message_that_does_not_wait_is_handled_and_answered_as_ever(cls: type[Actor]) -> None:
    async def scenario(w: World) -> None:
        log: list[str] = []
        ref = await w.spawn(cls, log, mailbox=CONTROLLED)
        ref.tell(Note("told"))

        assert await ref.ask(Note("asked")) == "asked"
        assert log == ["started", "told", "asked"]
        assert ref.statistics().handled == 2

    world().run(scenario)


@pytest.mark.parametrize("cls", [Plain, Puppet])
def test_a_crash_in_its_handler_reaches_the_asker(cls: type[Actor]) -> None:
    async def scenario(w: World) -> None:
        ref = await w.spawn(cls, mailbox=CONTROLLED)
        error = await fails(ref.ask(Boom()), ActorDied)

        assert str(error.reason) == "crashed(RuntimeError: boom)"

    world().run(scenario)


@world()
async def test_a_message_nobody_handles_is_reported_without_its_ticket(w: World) -> None:
    ref = await w.spawn(Puppet, name="p", mailbox=CONTROLLED)
    await fails(ref.ask(3.5), Unhandled)
    ref.tell(4.5)
    await w.idle()

    assert letters(await w.system()) == ["p: float, unhandled", "p: float, unhandled"]


@world()
async def test_asking_itself_is_refused(w: World) -> None:
    ref = await w.spawn(Puppet, mailbox=CONTROLLED)

    assert isinstance(await ref.ask(Do(lambda actor: fails(actor.ref.ask(Note("me")), AskSelf))), AskSelf)


@world()
async def test_a_question_that_waited_too_long_fails_and_the_handler_never_sees_it(w: World) -> None:
    log: list[str] = []
    ref = await w.spawn(Puppet, log, mailbox=CONTROLLED)
    await overload(w, ref)
    question = asyncio.create_task(ref.ask(Note("question")))
    await w.advance(0.1)
    fresh = asyncio.create_task(ref.ask(Note("fresh")))
    error = await fails(question, Overloaded)

    assert str(error) == f"{ref} is overloaded: the message waited 0.500 s"
    assert (error.ref, error.why) == (ref, "the message waited 0.500 s")
    assert await fresh == "fresh"
    assert log == ["started", "asleep", "awake", "fresh"]


@world()
async def test_a_message_told_that_waited_too_long_is_a_dead_letter(w: World) -> None:
    ref = await w.spawn(Puppet, name="p", mailbox=CONTROLLED)
    await overload(w, ref)
    ref.tell(Note("fresh"))
    await w.advance(1.0)

    assert letters(await w.system()) == ["p: backlog, shed"]
    assert (await w.system()).dead_letters.counts == {Undelivered.SHED: 1}


@world()
async def test_what_is_shed_is_counted_and_not_as_handled(w: World) -> None:
    ref = await w.spawn(Puppet, mailbox=CONTROLLED)
    await overload(w, ref)
    questions = [asyncio.create_task(ref.ask(Note(text))) for text in "abc"]
    await w.advance(0.1)
    for question in questions[:2]:
        question.add_done_callback(lambda task: task.exception())
    await asyncio.wait(questions)

    statistics = ref.statistics()
    assert (statistics.handled, statistics.shed) == (2, 3)


@world()
async def test_while_a_queue_stands_the_newest_is_served_first(w: World) -> None:
    log: list[str] = []
    ref = await w.spawn(Puppet, log, mailbox=Mailbox(control=CoDel(target=0.9, interval=1.0)))
    await overload(w, ref)
    for text in "abc":
        ref.tell(Note(text))
    await w.advance(1.0)

    assert log[3:] == ["c", "b", "a"]


@world()
async def test_before_that_they_are_served_in_order(w: World) -> None:
    log: list[str] = []
    ref = await w.spawn(Puppet, log, mailbox=CONTROLLED)
    ref.tell(Sleep(0.9))
    for text in "abc":
        ref.tell(Note(text))
    await w.advance(1.0)

    assert log[3:] == ["a", "b", "c"]


@world()
async def test_without_lifo_they_are_served_in_order_and_the_oldest_are_shed(w: World) -> None:
    log: list[str] = []
    ref = await w.spawn(Puppet, log, name="p", mailbox=Mailbox(control=CoDel(0.05, 1.0, lifo=False)))
    await overload(w, ref)
    ref.tell(Note("old"))
    await w.advance(0.48)
    for text in "abc":
        ref.tell(Note(text))
    await w.advance(1.0)

    assert log[3:] == ["a", "b", "c"]
    assert letters(await w.system()) == ["p: backlog, shed", "p: old, shed"]


@world()
async def test_timers_and_news_of_deaths_are_not_shed_nor_overtaken_for_ever(w: World) -> None:
    log: list[str] = []
    other = await w.spawn(Puppet)
    ref = await w.spawn(Puppet, log, mailbox=Mailbox(control=CoDel(target=0.1, interval=0.2)))
    await ref.ask(Do(lambda actor: (actor.monitor(other), actor.after(1.0, Note("tick")))[0] and None))
    ref.tell(Sleep(0.5))
    for _ in range(40):
        await w.advance(0.05)
        ref.tell(Sleep(0.1))
        if w.now() > 0.7:
            other.kill()
    await w.advance(0.1)

    assert "tick" in log
    assert "down Puppet-1#1 killed" in log


@world()
async def test_an_asker_that_has_gone_is_skipped(w: World) -> None:
    log: list[str] = []
    ref = await w.spawn(Puppet, log, mailbox=CONTROLLED)
    ref.tell(Sleep(0.5))
    await fails(ref.ask(Note("late"), timeout=0.2), AskTimeout)
    await w.advance(1.0)

    statistics = ref.statistics()
    assert log == ["started", "asleep", "awake"]
    assert (statistics.expired, statistics.shed, statistics.handled) == (1, 0, 1)


@world()
async def test_a_question_that_is_taken_back_leaves_the_queue(w: World) -> None:
    ref = await w.spawn(Puppet, mailbox=CONTROLLED)
    ref.tell(Sleep(0.5))
    question = asyncio.create_task(ref.ask(Note("never mind")))
    await w.idle()
    before = ref.statistics().mailbox
    question.cancel()
    await w.idle()

    assert (before, ref.statistics().mailbox) == (1, 0)


@world()
async def test_what_is_forwarded_to_it_keeps_its_asker_and_waits_from_then_on(w: World) -> None:
    ref = await w.spawn(Puppet, name="p", mailbox=CONTROLLED)
    front = await w.spawn(Puppet)
    await overload(w, ref)
    forwarded = asyncio.create_task(front.ask(Do(lambda actor: actor.forward(ref))))
    await w.advance(0.2)
    ref.tell(Note("fresh"))

    assert isinstance(await fails(forwarded), Overloaded)


@world()
async def test_what_is_forwarded_is_taken_whatever_the_limit_and_answered_by_it(w: World) -> None:
    ref = await w.spawn(Puppet, mailbox=Mailbox(limit=1, control=CoDel(1.0, 1.0)))
    front = await w.spawn(Puppet)
    ref.tell(Sleep(0.1))
    await w.idle()
    ref.tell(Note("fills it"))

    assert await front.ask(Do(lambda actor: actor.forward(ref) if actor.ref is not ref else "answered")) == "answered"


@world()
async def test_stashed_messages_are_not_shed_since_it_was_the_actor_who_let_them_wait(w: World) -> None:
    class Stashes(Actor):
        is_open = False

        @handle
        async def note(self, message: Note) -> str | None:
            if not self.is_open:
                self.stash()
                return None
            return message.text

        @handle
        async def open(self, message: Do) -> None:
            self.is_open = True
            self.unstash()

    ref = await w.spawn(Stashes, mailbox=CONTROLLED)
    question = asyncio.create_task(ref.ask(Note("patient"), timeout=None))
    await w.advance(10.0)
    ref.tell(Do(lambda actor: None))

    assert await question == "patient"


@pytest.mark.parametrize("cls", [Plain, Puppet])
def test_a_deferred_answer_is_given_later(cls: type[Actor]) -> None:
    async def scenario(w: World) -> None:
        ref = await w.spawn(cls, mailbox=CONTROLLED)
        replies: list[Any] = []
        question = asyncio.create_task(ref.ask(Do(lambda actor: replies.append(actor.defer()))))
        await w.idle()

        assert not question.done()
        replies[0].send("later")
        assert await question == "later"

    world().run(scenario)


@world()
async def test_a_full_one_drops_the_longest_waiting_although_the_newest_is_first(w: World) -> None:
    log: list[str] = []
    control = CoDel(target=0.9, interval=1.0)
    ref = await w.spawn(Puppet, log, name="p", mailbox=Mailbox(3, "drop_oldest", control=control))
    await overload(w, ref)
    for text in "abc":
        ref.tell(Note(text))
    await w.advance(1.0)

    assert letters(await w.system()) == ["p: backlog, dropped for a newer one"]
    assert log[3:] == ["c", "b", "a"]


@world()
async def test_a_full_one_that_rejects_says_so(w: World) -> None:
    ref = await w.spawn(Puppet, mailbox=Mailbox(1, control=CoDel()))
    ref.tell(Sleep(1.0))
    await w.idle()
    ref.tell(Note("a"))

    with pytest.raises(MailboxFull):
        ref.tell(Note("b"))
    await fails(ref.ask(Note("c")), MailboxFull)


@world()
async def test_the_time_of_a_sender_that_waits_for_room_counts(w: World) -> None:
    ref = await w.spawn(Puppet, name="p", mailbox=Mailbox(1, "wait", control=CoDel(0.05, 1.0)))
    ref.tell(Sleep(2.0))
    await w.idle()
    ref.tell(Note("a"))
    waiting = ref.tell(Note("b"))
    await w.advance(1.0)
    await waiting
    await w.advance(1.0)

    assert sorted(letters(await w.system())) == ["p: a, shed", "p: b, shed"]


@world()
async def test_what_waits_when_it_ends_is_reported_without_its_ticket(w: World) -> None:
    ref = await w.spawn(Puppet, name="p", mailbox=CONTROLLED)
    ref.tell(Sleep(9.0))
    await w.idle()
    ref.tell(Note("told"))
    question = asyncio.create_task(ref.ask(Note("asked")))
    await w.idle()
    ref.kill()

    assert str(await fails(question, ActorDied)) == "p#1 is dead: killed"
    assert letters(await w.system()) == ["p: Sleep, in hand at the crash", "p: told, the actor is dead"]


@world()
async def test_the_dead_refuse(w: World) -> None:
    ref = await w.spawn(Puppet, name="p", mailbox=CONTROLLED)
    await ref.stop()
    ref.tell(Note("told"))

    await fails(ref.ask(Note("asked")), ActorDied)
    assert letters(await w.system()) == ["p: told, the actor is dead"]


async def keep(w: World, log: list[str], mailbox: Mailbox) -> Ref[Any]:
    """A controlled place with a keeper that restarts it."""
    keeper = await w.spawn(Restarts, Blueprint(Puppet, (log,), {}, mailbox), 9, "p")
    ref: Ref[Any] = await keeper.ask("place")
    return ref


@world()
async def test_what_waited_at_a_crash_goes_to_the_successor(w: World) -> None:
    log: list[str] = []
    ref = await keep(w, log, CONTROLLED)
    ref.tell(Boom())
    question = asyncio.create_task(ref.ask(Note("question")))

    assert await question == "question"
    assert ref.pid.incarnation == 2


@world()
async def test_what_is_handed_out_again_is_not_shed(w: World) -> None:
    log: list[str] = []
    ref = await keep(w, log, Mailbox(redeliver=2, control=CoDel(0.05, 0.1)))
    attempts: list[float] = []

    async def once(actor: Any) -> str:
        attempts.append(w.now())
        await asyncio.sleep(5.0)
        if len(attempts) == 1:
            raise RuntimeError("once")
        return "done"

    assert await ref.ask(Do(once), timeout=None) == "done"
    assert attempts == [0.0, 5.0]


@world()
async def test_the_control_is_the_places_and_outlives_a_crash(w: World) -> None:
    ref = await keep(w, [], CONTROLLED)
    await overload(w, ref)
    ref.tell(Note("fresh"))
    await w.advance(1.0)
    ref.tell(Boom())
    await w.advance(1.0)

    assert ref.statistics().shed == 1


@world()
async def test_the_trace_and_reports_name_the_message_and_not_its_ticket(w: World) -> None:
    ref = await w.spawn(Puppet, name="p", mailbox=CONTROLLED)
    ref.tell(Note("a"))
    item = ref._cell.box[0]

    assert describe(ref._cell, item) == ("Note", "Puppet.note")
    await w.idle()
    assert "p#1 Note" in w.trace


@world()
async def test_urgent_messages_neither_wait_nor_are_shed(w: World) -> None:
    class Urgent(Puppet):
        @handle(priority=True)
        async def number(self, message: int) -> int:
            self.write(str(message))
            return message

    log: list[str] = []
    ref = await w.spawn(Urgent, log, mailbox=CONTROLLED)
    await overload(w, ref)
    question = asyncio.create_task(ref.ask(2))
    ref.tell(1)
    ref.tell_within(9.0, 3)
    await w.advance(1.0)

    assert await question == 2
    assert log[3:6] == ["1", "3", "2"]


@world()
async def test_after_an_outage_it_serves_what_is_fresh_at_once_and_sheds_the_rest(w: World) -> None:
    ref = await w.spawn(Puppet, mailbox=Mailbox(limit=None, control=CoDel()))
    ref.tell(Sleep(10.0))
    outcomes: dict[str, int] = {}

    async def client(at: float) -> None:
        await asyncio.sleep(at)
        try:
            await ref.ask(Sleep(0.01), timeout=1.0)
            outcome = "served"
        except (AskTimeout, Overloaded) as error:
            outcome = type(error).__name__
        key = f"{outcome} {'during' if at < 10 else 'after'}"
        outcomes[key] = outcomes.get(key, 0) + 1

    await asyncio.gather(*(client(number / 70) for number in range(70 * 20)))

    assert outcomes["served after"] >= 690
    assert outcomes.get("AskTimeout after", 0) == 0
