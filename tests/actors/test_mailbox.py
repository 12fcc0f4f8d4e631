"""The mailbox: its bound and four policies, the urgent lane, and the stash."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import (
    NORMAL,
    SHUTDOWN,
    Actor,
    ActorDied,
    ActorSystem,
    AskTimeout,
    Mailbox,
    MailboxFull,
    NotRunning,
    Ref,
    StashFull,
    handle,
)
from actors.testing import World, world
from tests.actors.kit import Boom, Do, Log, Note, Puppet, Sleep, fails, letters

TWO = 2


async def busy(w: World, overflow: Any, log: Log | None = None, limit: int | None = TWO) -> Ref[Any]:
    """A puppet named ``box`` that is asleep for 10 s, with an empty mailbox of two."""
    ref = await w.spawn(Puppet, log, name="box", mailbox=Mailbox(limit, overflow))
    ref.tell(Sleep(10.0))
    await w.idle()
    return ref


async def full(w: World, overflow: Any, log: Log | None = None) -> Ref[Any]:
    """The same, with ``a`` and ``b`` in its mailbox."""
    ref = await busy(w, overflow, log)
    ref.tell(Note("a"))
    ref.tell(Note("b"))
    return ref


def asking(ref: Ref[Any], message: object, timeout: float | None = 60.0) -> asyncio.Task[Any]:
    return asyncio.create_task(ref.ask(message, timeout=timeout))


# -- the specification -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 0}, "Mailbox.limit must be at least 1, or None for no bound; got 0"),
        ({"limit": -1}, "Mailbox.limit must be at least 1, or None for no bound; got -1"),
        ({"limit": True}, "Mailbox.limit must be at least 1, or None for no bound; got True"),
        ({"overflow": "drop"}, "Mailbox.overflow must be one of reject, drop_oldest, drop_newest, wait; got 'drop'"),
        ({"redeliver": -1}, "Mailbox.redeliver must be 0 or more; got -1"),
        ({"redeliver": True}, "Mailbox.redeliver must be 0 or more; got True"),
    ],
    ids=lambda value: "-".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_a_contradicting_mailbox_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="Mailbox") as caught:
        Mailbox(**options)

    assert str(caught.value) == message


def test_a_mailbox_holds_ten_thousand_and_rejects_more_unless_told_otherwise() -> None:
    assert Mailbox() == Mailbox(limit=10_000, overflow="reject", redeliver=0)


# -- order -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_messages_of_one_sender_are_handled_in_their_order(seed: int) -> None:
    async def scenario(w: World) -> None:
        log: Log = []
        ref = await w.spawn(Puppet, log)
        for n in range(50):
            ref.tell(Note(str(n)))
        await w.idle()

        assert log == ["started", *map(str, range(50))]

    world(seed).run(scenario)


@world()
async def test_tell_returns_something_that_may_be_awaited(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    await ref.tell(Note("a"))
    await w.idle()

    assert log == ["started", "a"]


# -- reject ------------------------------------------------------------------------------------------------------------


@world()
async def test_reject_raises_for_a_tell_at_the_limit(w: World) -> None:
    log: Log = []
    ref = await full(w, "reject", log)

    with pytest.raises(MailboxFull) as caught:
        ref.tell(Note("c"))
    await w.advance(20.0)

    assert str(caught.value) == "the mailbox of box#1 is full (2 messages, policy 'reject')"
    assert (caught.value.ref, caught.value.limit, caught.value.policy) == (ref, 2, "reject")
    assert log == ["started", "asleep", "awake", "a", "b"]
    assert letters(await w.system()) == []


@world()
async def test_reject_raises_for_an_ask_at_the_limit(w: World) -> None:
    ref = await full(w, "reject")

    await fails(ref.ask(Note("c")), MailboxFull)

    assert (await w.system()).statistics().asking == 0


@world()
async def test_reject_takes_a_message_again_when_there_is_room(w: World) -> None:
    ref = await full(w, "reject")
    await w.advance(20.0)

    assert await ref.ask(Note("c")) == "c"


@world()
async def test_an_idle_actor_takes_as_many_messages_as_its_limit(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log, mailbox=Mailbox(2))
    ref.tell(Note("a"))
    ref.tell(Note("b"))
    with pytest.raises(MailboxFull):
        ref.tell(Note("c"))
    await w.idle()

    assert log == ["started", "a", "b"]


@world()
async def test_a_mailbox_without_limit_takes_any_number(w: World) -> None:
    log: Log = []
    ref = await busy(w, "reject", log, limit=None)
    for _ in range(20_000):
        ref.tell(Note("x"))
    await w.advance(20.0)

    assert len(log) == 3 + 20_000


# -- drop_oldest -------------------------------------------------------------------------------------------------------


@world()
async def test_drop_oldest_makes_room_by_the_longest_waiting_tell(w: World) -> None:
    log: Log = []
    ref = await full(w, "drop_oldest", log)
    ref.tell(Note("c"))
    await w.advance(20.0)

    assert log == ["started", "asleep", "awake", "b", "c"]
    assert letters(await w.system()) == ["box: a, dropped for a newer one"]


@world()
async def test_drop_oldest_tells_the_asker_whose_question_left(w: World) -> None:
    ref = await busy(w, "drop_oldest")
    first = asking(ref, Note("a"))
    await w.idle()
    ref.tell(Note("b"))
    ref.tell(Note("c"))

    error = await fails(first, MailboxFull)

    assert error.policy == "drop_oldest"
    assert letters(await w.system()) == []


@world()
async def test_drop_oldest_lets_an_ask_in(w: World) -> None:
    ref = await full(w, "drop_oldest")

    assert await ref.ask(Note("c"), timeout=60.0) == "c"
    assert letters(await w.system()) == ["box: a, dropped for a newer one"]


@world()
async def test_drop_oldest_drops_in_the_order_of_arrival(w: World) -> None:
    log: Log = []
    ref = await full(w, "drop_oldest", log)
    for text in "cdef":
        ref.tell(Note(text))
    await w.advance(20.0)

    assert log == ["started", "asleep", "awake", "e", "f"]
    assert [letter.message.text for letter in (await w.system()).dead_letters] == ["a", "b", "c", "d"]  # type: ignore[attr-defined]


# -- drop_newest -------------------------------------------------------------------------------------------------------


@world()
async def test_drop_newest_keeps_what_waits_and_drops_the_tell(w: World) -> None:
    log: Log = []
    ref = await full(w, "drop_newest", log)
    ref.tell(Note("c"))
    await w.advance(20.0)

    assert log == ["started", "asleep", "awake", "a", "b"]
    assert letters(await w.system()) == ["box: c, mailbox full"]


@world()
async def test_drop_newest_tells_the_asker_at_once(w: World) -> None:
    ref = await full(w, "drop_newest")

    error = await fails(ref.ask(Note("c"), timeout=60.0), MailboxFull)

    assert (error.policy, w.now()) == ("drop_newest", 0.0)
    assert letters(await w.system()) == []


# -- wait --------------------------------------------------------------------------------------------------------------


async def send(ref: Ref[Any], text: str, log: Log) -> None:
    await ref.tell(Note(text))
    log.append(f"sent {text}")


@world()
async def test_wait_holds_the_sender_until_there_is_room(w: World) -> None:
    log: Log = []
    ref = await full(w, "wait", log)
    sender = asyncio.create_task(send(ref, "c", log))
    await w.advance(9.0)
    before = list(log)
    await w.advance(5.0)
    await sender

    assert before == ["started", "asleep"]
    assert [line for line in log if line in "abc"] == ["a", "b", "c"]
    assert "sent c" in log


@world()
async def test_wait_lets_senders_in_in_their_order(w: World) -> None:
    log: Log = []
    ref = await full(w, "wait", log)
    senders = []
    for text in "cdefgh":
        senders.append(asyncio.create_task(send(ref, text, log)))
        await w.idle()
    await w.advance(20.0)
    await asyncio.gather(*senders)

    assert [line for line in log if len(line) == 1] == list("abcdefgh")


@world()
async def test_wait_does_not_wait_while_there_is_room(w: World) -> None:
    log: Log = []
    ref = await busy(w, "wait", log)
    await send(ref, "a", log)

    assert log == ["started", "asleep", "sent a"]


@world()
async def test_wait_not_awaited_is_a_dead_letter(w: World) -> None:
    log: Log = []
    ref = await full(w, "wait", log)
    ref.tell(Note("c"))
    await w.advance(20.0)

    assert log == ["started", "asleep", "awake", "a", "b"]
    assert letters(await w.system()) == ["box: c, mailbox full and tell() not awaited"]


@world()
async def test_wait_awaited_twice_sends_once(w: World) -> None:
    log: Log = []
    ref = await full(w, "wait", log)
    waiting = ref.tell(Note("c"))

    async def twice() -> None:
        await waiting
        await waiting

    task = asyncio.create_task(twice())
    await w.advance(20.0)
    await task

    assert log == ["started", "asleep", "awake", "a", "b", "c"]


@world()
async def test_wait_ends_with_the_reason_when_the_actor_dies(w: World) -> None:
    ref = await full(w, "wait")
    sender = asyncio.create_task(send(ref, "c", []))
    await w.idle()
    ref.exit(SHUTDOWN)

    error = await fails(sender, ActorDied)

    assert (error.reason, w.now()) == (SHUTDOWN, 0.0)
    assert letters(await w.system()) == [
        "box: Sleep, in hand at the crash",
        "box: a, the actor is dead",
        "box: b, the actor is dead",
    ]


@world()
async def test_wait_cancelled_sends_nothing_and_leaves_nothing(w: World) -> None:
    log: Log = []
    ref = await full(w, "wait", log)
    sender = asyncio.create_task(send(ref, "c", log))
    await w.idle()
    sender.cancel()
    await w.advance(20.0)

    assert log == ["started", "asleep", "awake", "a", "b"]
    assert letters(await w.system()) == []


@world()
async def test_wait_cancelled_lets_the_next_sender_in(w: World) -> None:
    log: Log = []
    ref = await full(w, "wait", log)
    first = asyncio.create_task(send(ref, "c", log))
    await w.idle()
    second = asyncio.create_task(send(ref, "d", log))
    await w.idle()
    first.cancel()
    await w.advance(20.0)
    await second

    assert [line for line in log if len(line) == 1] == ["a", "b", "d"]


@world()
async def test_wait_to_a_dead_actor_does_not_wait(w: World) -> None:
    log: Log = []
    ref = await full(w, "wait", log)
    await ref.stop(timeout=60.0)
    await send(ref, "c", log)

    assert log[-1] == "sent c"
    assert letters(await w.system())[-1] == "box: c, the actor is dead"


@world()
async def test_wait_holds_an_asker_within_its_deadline(w: World) -> None:
    ref = await full(w, "wait")

    assert await ref.ask(Note("c"), timeout=60.0) == "c"


@world()
async def test_wait_fails_an_asker_at_its_deadline(w: World) -> None:
    log: Log = []
    ref = await full(w, "wait", log)

    error = await fails(ref.ask(Note("c"), timeout=3.0), AskTimeout)
    at = w.now()
    await w.advance(20.0)

    assert (at, str(error)) == (3.0, "box#1 did not answer Note within 3 s")
    assert log == ["started", "asleep", "awake", "a", "b"]


@world()
async def test_wait_spends_one_deadline_on_room_and_answer_together(w: World) -> None:
    ref = await full(w, "wait")
    question = asking(ref, Sleep(5.0), timeout=12.0)

    error = await fails(question, AskTimeout)

    assert (error.timeout, w.now()) == (12.0, 12.0)


@world()
async def test_wait_cancelled_asker_leaves_nothing(w: World) -> None:
    log: Log = []
    ref = await full(w, "wait", log)
    question = asking(ref, Note("c"))
    await w.idle()
    question.cancel()
    await w.advance(20.0)

    assert log == ["started", "asleep", "awake", "a", "b"]
    assert (await w.system()).statistics().asking == 0


@world()
async def test_wait_fails_an_asker_when_the_actor_dies(w: World) -> None:
    ref = await full(w, "wait")
    question = asking(ref, Note("c"))
    await w.idle()
    ref.kill()

    error = await fails(question, ActorDied)

    assert str(error) == "box#1 is dead: killed"


@world()
async def test_waiting_for_room_in_ones_own_mailbox_is_an_error(w: World) -> None:
    async def tell_myself(actor: Puppet) -> str:
        actor.ref.tell(Note("fits"))
        return type(await fails(actor.ref.tell(Note("does not")))).__name__

    ref = await w.spawn(Puppet, mailbox=Mailbox(1, "wait"))

    assert await ref.ask(Do(tell_myself)) == "MailboxFull"


@world()
async def test_signals_and_timers_come_in_though_the_mailbox_is_full(w: World) -> None:
    log: Log = []
    watched = await w.spawn(Puppet, name="watched")
    ref = await w.spawn(Puppet, log, name="box", mailbox=Mailbox(1))
    await ref.ask(Do(lambda actor: actor.monitor(watched)))
    await ref.ask(Do(lambda actor: actor.after(1.0, Note("tick"))))
    ref.tell(Sleep(10.0))
    await w.idle()
    ref.tell(Note("full"))
    watched.kill()
    await w.advance(20.0)

    assert log == ["started", "asleep", "awake", "full", "down watched#1 killed", "tick"]


# -- the urgent lane ---------------------------------------------------------------------------------------------------


class Ward(Actor):
    """Treats emergencies before all others."""

    def __init__(self, log: Log) -> None:
        self.log = log

    @handle
    async def sleep(self, message: Sleep) -> None:
        self.log.append("asleep")
        await asyncio.sleep(message.seconds)
        self.log.append("awake")

    @handle
    def note(self, message: Note) -> str:
        self.log.append(message.text)
        return message.text

    @handle(priority=True)
    async def urgent(self, message: str) -> str:
        self.log.append(message)
        return f"urgent {message}"

    @handle(priority=True)
    def boom(self, message: Boom) -> None:
        raise RuntimeError(message.text)


async def ward(w: World, log: Log, limit: int = 2) -> Ref[Any]:
    ref = await w.spawn(Ward, log, name="ward", mailbox=Mailbox(limit))
    ref.tell(Sleep(10.0))
    await w.idle()
    return ref


@world()
async def test_priority_messages_overtake_ordinary_ones_and_keep_their_order(w: World) -> None:
    log: Log = []
    ref = await ward(w, log)
    for message in (Note("a"), "first", Note("b"), "second"):
        ref.tell(message)
    await w.advance(20.0)

    assert log == ["asleep", "awake", "first", "second", "a", "b"]


@world()
async def test_priority_questions_overtake_ordinary_messages(w: World) -> None:
    log: Log = []
    ref = await ward(w, log)
    ref.tell(Note("a"))
    question = asking(ref, "urgent")
    await w.advance(20.0)

    assert await question == "urgent urgent"
    assert log == ["asleep", "awake", "urgent", "a"]


@world()
async def test_priority_messages_do_not_interrupt_the_handler_in_hand(w: World) -> None:
    log: Log = []
    ref = await ward(w, log)
    ref.tell("first")
    await w.advance(9.0)

    assert log == ["asleep"]


@world()
async def test_priority_messages_are_not_counted_against_the_limit(w: World) -> None:
    log: Log = []
    ref = await ward(w, log)
    ref.tell(Note("a"))
    ref.tell(Note("b"))
    for n in range(5):
        ref.tell(f"urgent {n}")
    with pytest.raises(MailboxFull):
        ref.tell(Note("c"))
    await w.advance(20.0)

    assert log == ["asleep", "awake", *(f"urgent {n}" for n in range(5)), "a", "b"]


@world()
async def test_an_idle_actor_handles_a_priority_message(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Ward, log)
    ref.tell("now")

    assert await ref.ask("then") == "urgent then"
    assert log == ["now", "then"]


@world()
async def test_a_crash_in_a_priority_handler_ends_the_life(w: World) -> None:
    ref = await w.spawn(Ward, [], name="ward")

    error = await fails(ref.ask(Boom("bad")), ActorDied)

    assert str(error) == "ward#1 is dead: crashed(RuntimeError: bad)"


@world()
async def test_a_priority_question_to_the_dead_fails_at_once(w: World) -> None:
    ref = await w.spawn(Ward, [], name="ward")
    await ref.stop()

    error = await fails(ref.ask("urgent"), ActorDied)

    assert str(error) == "ward#1 is dead: noproc"


@world()
async def test_a_priority_message_to_the_dead_is_a_dead_letter(w: World) -> None:
    ref = await w.spawn(Ward, [], name="ward")
    await ref.stop()
    ref.tell("urgent")

    assert letters(await w.system()) == ["ward: str, the actor is dead"]


@world()
async def test_a_priority_question_times_out(w: World) -> None:
    log: Log = []
    ref = await ward(w, log)

    error = await fails(ref.ask("urgent", timeout=2.0), AskTimeout)
    await w.advance(20.0)

    assert (error.timeout, log) == (2.0, ["asleep", "awake"])


@world()
async def test_a_cancelled_priority_question_is_taken_back(w: World) -> None:
    log: Log = []
    ref = await ward(w, log)
    question = asking(ref, "urgent")
    await w.idle()
    question.cancel()
    await w.idle()

    assert ref.statistics().urgent == 0
    assert (await w.system()).statistics().asking == 0


@world()
async def test_an_exit_overtakes_all_work(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log, name="box")
    for n in range(3):
        ref.tell(Note(str(n)))
    ref.exit(SHUTDOWN)
    await w.idle()

    assert log == ["started", "stopping shutdown"]
    assert letters(await w.system()) == [f"box: {n}, the actor is dead" for n in ("0", "1", "2")]


@world()
async def test_a_stop_overtakes_what_waits_but_not_what_is_in_hand(w: World) -> None:
    log: Log = []
    ref = await full(w, "reject", log)
    await ref.stop(timeout=60.0)

    assert log == ["started", "asleep", "awake", "stopping normal"]


# -- stash -------------------------------------------------------------------------------------------------------------


class Shop(Actor):
    """Stashes customers while it is closed."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.open = False

    @handle
    def note(self, message: Note) -> str | None:
        if not self.open:
            self.stash()
            self.log.append(f"stashed {message.text}")
            return None
        self.log.append(message.text)
        return f"served {message.text}"

    @handle
    def switch(self, message: bool) -> int:
        self.open = message
        return self.unstash() if message else 0

    @handle
    def run(self, message: Do) -> Any:
        return message.act(self)


@world()
async def test_stashed_messages_come_back_in_their_order_before_what_waits(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Shop, log)
    for message in (Note("a"), Note("b"), True, Note("c")):
        ref.tell(message)
    await w.idle()

    assert log == ["stashed a", "stashed b", "a", "b", "c"]


@world()
async def test_unstash_returns_how_many(w: World) -> None:
    ref = await w.spawn(Shop, [])
    ref.tell(Note("a"))
    ref.tell(Note("b"))

    assert [await ref.ask(True), await ref.ask(True)] == [2, 0]


@world()
async def test_the_asker_of_a_stashed_question_waits_for_its_answer(w: World) -> None:
    ref = await w.spawn(Shop, [])
    question = asking(ref, Note("a"))
    await w.advance(3.0)
    ref.tell(True)

    assert await question == "served a"


@world()
async def test_the_deadline_of_a_stashed_question_goes_on(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Shop, log)

    await fails(ref.ask(Note("a"), timeout=2.0), AskTimeout)
    ref.tell(True)
    await w.idle()

    assert log == ["stashed a"]


@world()
async def test_a_message_may_be_stashed_again(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Shop, log)
    ref.tell(Note("a"))
    ref.tell(Do(lambda shop: shop.unstash()))
    ref.tell(True)
    await w.idle()

    assert log == ["stashed a", "stashed a", "a"]


@world()
async def test_the_stash_is_bounded_by_the_limit_of_the_mailbox(w: World) -> None:
    ref = await w.spawn(Shop, [], name="shop", mailbox=Mailbox(2))
    for text in "abc":
        ref.tell(Note(text))
        await w.idle()

    assert str(await ref.wait_ended()) == "crashed(StashFull: the stash of shop#1 is full (2 messages))"
    assert issubclass(StashFull, Exception)


@world()
async def test_the_statistics_count_the_stash(w: World) -> None:
    ref = await w.spawn(Shop, [])
    for text in "ab":
        ref.tell(Note(text))
    await w.idle()

    assert (ref.statistics().stashed, ref.statistics().mailbox) == (2, 0)


@world()
async def test_the_stash_of_a_dead_actor_goes_to_the_dead_letters_before_what_waited(w: World) -> None:
    ref = await w.spawn(Shop, [], name="shop")
    for message in (Note("a"), Note("b"), Do(lambda shop: shop.stop(NORMAL)), Note("c")):
        ref.tell(message)
    await w.idle()

    assert letters(await w.system()) == [f"shop: {text}, the actor is dead" for text in "abc"]


@world()
async def test_the_asker_of_a_stashed_question_wakes_when_the_actor_dies(w: World) -> None:
    ref = await w.spawn(Shop, [], name="shop")
    question = asking(ref, Note("a"))
    await w.idle()
    ref.kill()

    error = await fails(question, ActorDied)

    assert (str(error), w.now()) == ("shop#1 is dead: killed", 0.0)


@world()
async def test_a_crash_after_stash_wakes_the_asker_of_what_was_stashed(w: World) -> None:
    def stash_and_crash(puppet: Puppet) -> None:
        puppet.stash()
        raise RuntimeError("after stash")

    ref = await w.spawn(Puppet)

    assert str((await fails(ref.ask(Do(stash_and_crash)), ActorDied)).reason) == "crashed(RuntimeError: after stash)"


@world()
async def test_stash_without_a_message_in_hand_is_refused(w: World) -> None:
    class Hasty(Actor):
        def started(self) -> None:
            self.stash()

    error = await fails(w.spawn(Hasty))

    assert isinstance(error.__cause__, NotRunning)
    assert str(error.__cause__) == "a message in hand is not running"


@world()
async def test_stash_twice_of_one_message_is_refused(w: World) -> None:
    errors: list[Exception] = []

    def twice(shop: Shop) -> None:
        shop.stash()
        try:
            shop.stash()
        except NotRunning as error:
            errors.append(error)

    ref = await w.spawn(Shop, [])
    ref.tell(Do(twice))
    await w.idle()

    assert [str(error) for error in errors] == ["a message in hand is not running"]


@world()
async def test_continue_with_is_handled_before_all_that_wait(w: World) -> None:
    log: Log = []

    def both(puppet: Puppet) -> None:
        puppet.continue_with(Note("next"))
        puppet.continue_with(Note("after next"))

    ref = await w.spawn(Puppet, log)
    ref.tell(Do(both))
    ref.tell(Note("waiting"))
    await w.idle()

    assert log == ["started", "next", "after next", "waiting"]


@world()
async def test_continue_with_in_started_is_handled_first_of_all(w: World) -> None:
    log: Log = []

    class Early(Puppet):
        def started(self) -> None:
            self.continue_with(Note("continued"))

    async with ActorSystem("s") as system:
        ref = await system.spawn(Early, log)
        ref.tell(Note("waiting"))
        await w.idle()

    assert log == ["continued", "waiting", "stopping shutdown"]


@world()
async def test_what_was_continued_with_is_a_dead_letter_when_the_life_ends_first(w: World) -> None:
    log: Log = []

    def then_die(puppet: Puppet) -> None:
        puppet.continue_with(Note("never"))
        raise RuntimeError("boom")

    ref = await w.spawn(Puppet, log)
    ref.tell(Do(then_die))
    await w.idle()

    assert log == ["started", "stopping crashed(RuntimeError: boom)"]
    assert [line for line in letters(await w.system()) if "never" in line] == [f"{ref.name}: never, the actor is dead"]


@world()
async def test_a_question_that_is_taken_back_makes_room_for_who_waits(w: World) -> None:
    ref = await w.spawn(Puppet, mailbox=Mailbox(1, "wait"))
    ref.tell(Sleep(1.0))
    await w.idle()
    question = asyncio.create_task(ref.ask(Note("never mind")))
    await w.idle()
    sender = asyncio.ensure_future(_patiently(ref, Note("at last")))
    await w.idle()
    question.cancel()
    await w.advance(2.0)

    assert sender.done()
    assert ref.statistics().handled == 2


async def _patiently(ref: Ref[Any], message: Note) -> None:
    await ref.tell(message)
