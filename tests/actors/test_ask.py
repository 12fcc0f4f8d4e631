"""Questions: the answer, the deadline, a death with the question in hand, what a cancelled asker leaves behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from actors import (
    KILLED,
    NOPROC,
    NORMAL,
    SHUTDOWN,
    Actor,
    ActorDied,
    AskSelf,
    AskTimeout,
    Crashed,
    Reply,
    Request,
    Shutdown,
    Unhandled,
    handle,
)
from actors.testing import World, world
from tests.actors.kit import Boom, Do, Log, Note, Plain, Puppet, Sleep, fails, letters


async def left_behind(w: World, ref: Any) -> tuple[int, int]:
    """Messages in the mailbox and questions with a deadline."""
    return ref.statistics().mailbox, (await w.system()).statistics().asking


# -- answers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Add(Request[int]):
    left: int
    right: int


class Adder(Actor):
    @handle
    def add(self, message: Add) -> int:
        return message.left + message.right


@world()
async def test_an_ask_returns_what_the_handler_returns(w: World) -> None:
    total: int = await (await w.spawn(Adder)).ask(Add(2, 3))

    assert total == 5


@pytest.mark.parametrize("cls", [Plain, Puppet], ids=["def", "async def"])
@pytest.mark.parametrize("value", [None, False, 0, ActorDied, RuntimeError("a value")], ids=repr)
@world()
async def test_any_value_is_an_answer(w: World, cls: Any, value: object) -> None:
    ref = await w.spawn(cls)

    assert await ref.ask(Do(lambda actor: value)) is value


@world()
async def test_an_ask_without_deadline_waits_as_long_as_it_takes(w: World) -> None:
    ref = await w.spawn(Puppet)

    assert await ref.ask(Sleep(1e6), timeout=None) == "awake"


@world()
async def test_a_hundred_askers_each_get_their_own_answer(w: World) -> None:
    ref = await w.spawn(Puppet)

    answers = await asyncio.gather(*(ref.ask(Note(str(n))) for n in range(100)))

    assert answers == [str(n) for n in range(100)]


@world()
async def test_an_actor_may_ask_another_within_its_handler(w: World) -> None:
    adder, puppet = await w.spawn(Adder), await w.spawn(Puppet)

    assert await puppet.ask(Do(lambda actor: adder.ask(Add(1, 2)))) == 3


@world()
async def test_a_question_nobody_handles_is_an_error_to_its_asker(w: World) -> None:
    ref = await w.spawn(Adder, name="adder")

    error = await fails(ref.ask(Note("a")), Unhandled)

    assert str(error) == "adder#1 has no handler for Note"
    assert (error.ref, error.message) == (ref, Note("a"))


@world()
async def test_the_asker_is_not_told_the_exception_but_the_death(w: World) -> None:
    ref = await w.spawn(Puppet, name="p")

    error = await fails(ref.ask(Boom("bad")))

    assert isinstance(error, ActorDied)
    assert str(error) == "p#1 is dead: crashed(RuntimeError: bad)"


# -- deadlines ---------------------------------------------------------------------------------------------------------


@world()
async def test_an_ask_ends_at_its_deadline(w: World) -> None:
    ref = await w.spawn(Puppet, name="p")

    error = await fails(ref.ask(Sleep(10.0), timeout=3.0), AskTimeout)

    assert (str(error), w.now()) == ("p#1 did not answer Sleep within 3 s", 3.0)
    assert (error.ref, error.message, error.timeout) == (ref, Sleep(10.0), 3.0)


@world()
async def test_an_ask_waits_five_seconds_unless_told_otherwise(w: World) -> None:
    ref = await w.spawn(Puppet)

    await fails(ref.ask(Sleep(10.0)), AskTimeout)

    assert w.now() == 5.0


@world()
async def test_the_error_at_the_deadline_is_a_timeout_error(w: World) -> None:
    ref = await w.spawn(Puppet)

    await fails(ref.ask(Sleep(10.0)), TimeoutError)


@world()
async def test_a_late_reply_goes_nowhere_and_the_actor_goes_on(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    await fails(ref.ask(Sleep(10.0), timeout=3.0), AskTimeout)
    await w.advance(10.0)

    assert await ref.ask(Note("alive")) == "alive"
    assert log == ["started", "asleep", "awake", "alive"]
    assert letters(await w.system()) == []


@world()
async def test_a_question_whose_asker_gave_up_is_not_handled(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    ref.tell(Sleep(10.0))
    await fails(ref.ask(Note("too late"), timeout=3.0), AskTimeout)
    await w.advance(10.0)

    assert log == ["started", "asleep", "awake"]


@world()
async def test_a_timed_out_ask_leaves_no_deadline(w: World) -> None:
    ref = await w.spawn(Puppet)
    await fails(ref.ask(Sleep(10.0), timeout=3.0), AskTimeout)
    await w.advance(10.0)

    assert await left_behind(w, ref) == (0, 0)


@pytest.mark.parametrize("timeout", [0.0, -1.0], ids=["zero", "negative"])
@world()
async def test_an_ask_without_time_times_out(w: World, timeout: float) -> None:
    ref = await w.spawn(Puppet)

    await fails(ref.ask(Sleep(1.0), timeout=timeout), AskTimeout)

    assert w.now() == 0.0


# -- death -------------------------------------------------------------------------------------------------------------

DEATHS = [
    (lambda ref: ref.kill(), KILLED),
    (lambda ref: ref.exit(SHUTDOWN), SHUTDOWN),
    (lambda ref: ref.exit(Shutdown("upgrade")), Shutdown("upgrade")),
    (lambda ref: ref.exit(Crashed(RuntimeError("x"))), Crashed(RuntimeError("x"))),
]
DEATH_IDS = ["kill", "exit shutdown", "exit shutdown with detail", "exit crashed"]


@pytest.mark.parametrize(("end", "reason"), DEATHS, ids=DEATH_IDS)
@world()
async def test_an_asker_wakes_at_once_when_the_actor_dies_with_the_question_in_hand(
    w: World, end: Any, reason: object
) -> None:
    ref = await w.spawn(Puppet)
    question = asyncio.create_task(ref.ask(Sleep(10.0), timeout=None))
    await w.advance(1.0)
    end(ref)

    error = await fails(question, ActorDied)

    assert (error.reason, error.ref, w.now()) == (reason, ref, 1.0)


@pytest.mark.parametrize(("end", "reason"), DEATHS, ids=DEATH_IDS)
@world()
async def test_an_asker_wakes_at_once_when_the_actor_dies_with_the_question_waiting(
    w: World, end: Any, reason: object
) -> None:
    ref = await w.spawn(Puppet)
    ref.tell(Sleep(10.0))
    question = asyncio.create_task(ref.ask(Note("a"), timeout=None))
    await w.advance(1.0)
    end(ref)

    error = await fails(question, ActorDied)

    assert (error.reason, w.now()) == (reason, 1.0)


@pytest.mark.parametrize("cls", [Plain, Puppet], ids=["def", "async def"])
@world()
async def test_an_asker_gets_the_crash_of_its_own_question(w: World, cls: Any) -> None:
    ref = await w.spawn(cls)

    error = await fails(ref.ask(Boom("mine")), ActorDied)

    assert error.reason == Crashed(RuntimeError("mine"))


@world()
async def test_an_asker_gets_the_crash_of_somebody_elses_message(w: World) -> None:
    ref = await w.spawn(Puppet)
    ref.tell(Boom("theirs"))

    error = await fails(ref.ask(Note("a")), ActorDied)

    assert error.reason == Crashed(RuntimeError("theirs"))


@pytest.mark.parametrize("message", [Note("a"), Boom()], ids=["handled", "crashing"])
@world()
async def test_an_ask_to_the_dead_fails_at_once_with_noproc(w: World, message: object) -> None:
    ref = await w.spawn(Puppet)
    await ref.stop()

    error = await fails(ref.ask(message, timeout=None), ActorDied)

    assert (error.reason, w.now()) == (NOPROC, 0.0)
    assert letters(await w.system()) == []


@world()
async def test_the_answer_is_given_before_an_actor_that_stops_itself_ends(w: World) -> None:
    def stop_and_answer(puppet: Puppet) -> str:
        puppet.stop()
        return "last word"

    ref = await w.spawn(Puppet)

    assert await ref.ask(Do(stop_and_answer)) == "last word"
    assert await ref.wait_ended() == NORMAL


@world()
async def test_the_asker_wakes_before_the_hook_stopping_is_done(w: World) -> None:
    class Slow(Puppet):
        async def stopping(self, reason: object) -> None:
            await asyncio.sleep(3.0)

    ref = await w.spawn(Slow)
    await fails(ref.ask(Boom()), ActorDied)

    assert (w.now(), ref.is_alive) == (0.0, True)


# -- asking oneself ----------------------------------------------------------------------------------------------------


@world()
async def test_asking_oneself_in_a_handler_is_an_error(w: World) -> None:
    ref = await w.spawn(Puppet, name="p")

    async def ask_myself(puppet: Puppet) -> str:
        error = await fails(puppet.ref.ask(Note("a")), AskSelf)
        return str(error)

    text = await ref.ask(Do(ask_myself))

    assert text == "p#1 asked itself Note inside its own handler; call the method instead"


@world()
async def test_asking_oneself_after_the_handler_suspended_is_an_error(w: World) -> None:
    ref = await w.spawn(Puppet)

    async def ask_myself(puppet: Puppet) -> str:
        await asyncio.sleep(1.0)
        return type(await fails(puppet.ref.ask(Note("a")))).__name__

    assert await ref.ask(Do(ask_myself)) == "AskSelf"


@pytest.mark.parametrize("hook", ["started", "stopping"])
@world()
async def test_asking_oneself_in_a_hook_is_an_error(w: World, hook: str) -> None:
    log: Log = []

    class Selfish(Actor):
        async def ask_myself(self) -> None:
            log.append(type(await fails(self.ref.ask(Note("a")))).__name__)

        async def started(self) -> None:
            if hook == "started":
                await self.ask_myself()

        async def stopping(self, reason: object) -> None:
            if hook == "stopping":
                await self.ask_myself()

    await (await w.spawn(Selfish)).stop()

    assert log == ["AskSelf"]


@world()
async def test_asking_oneself_leaves_nothing(w: World) -> None:
    ref = await w.spawn(Puppet)
    await ref.ask(Do(lambda puppet: fails(puppet.ref.ask(Note("a")))))

    assert await left_behind(w, ref) == (0, 0)


@world()
async def test_another_actor_of_the_same_class_may_be_asked_in_a_handler(w: World) -> None:
    one, two = await w.spawn(Puppet), await w.spawn(Puppet)

    assert await one.ask(Do(lambda puppet: two.ask(Note("a")))) == "a"


@world()
async def test_a_task_that_outlives_the_handler_may_ask_the_actor_that_made_it(w: World) -> None:
    tasks: list[asyncio.Task[Any]] = []
    ref = await w.spawn(Puppet)
    await ref.ask(Do(lambda puppet: tasks.append(asyncio.create_task(puppet.ref.ask(Note("from a task"))))))

    assert await tasks[0] == "from a task"


@world()
async def test_an_actor_may_tell_itself(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    ref.tell(Do(lambda puppet: puppet.ref.tell(Note("to myself"))))
    await w.idle()

    assert log == ["started", "to myself"]


@world()
async def test_two_actors_that_ask_each_other_both_time_out_and_go_on(w: World) -> None:
    one, two = await w.spawn(Puppet), await w.spawn(Puppet)

    async def ask_back(puppet: Puppet) -> str:
        error = await fails(one.ask(Note("a"), timeout=1.0))
        return type(error).__name__

    answer = await one.ask(Do(lambda puppet: two.ask(Do(ask_back))))

    assert (answer, w.now()) == ("AskTimeout", 1.0)
    assert await one.ask(Note("alive")) == "alive"


# -- cancelled askers --------------------------------------------------------------------------------------------------


@world()
async def test_a_cancelled_asker_takes_its_waiting_question_back(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    ref.tell(Sleep(10.0))
    question = asyncio.create_task(ref.ask(Note("never")))
    await w.advance(1.0)
    question.cancel()
    await w.idle()
    left = await left_behind(w, ref)
    await w.advance(20.0)

    assert left == (0, 0)
    assert log == ["started", "asleep", "awake"]


@world()
async def test_a_cancelled_asker_does_not_disturb_the_handler_that_has_its_question(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    question = asyncio.create_task(ref.ask(Sleep(3.0)))
    await w.advance(1.0)
    question.cancel()
    await w.advance(3.0)

    assert log == ["started", "asleep", "awake"]
    assert await left_behind(w, ref) == (0, 0)


@world()
async def test_a_cancelled_asker_takes_back_only_its_own_question(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    ref.tell(Sleep(10.0))
    questions = [asyncio.create_task(ref.ask(Note("same"), timeout=60.0)) for _ in range(3)]
    await w.advance(1.0)
    questions[1].cancel()
    await w.advance(20.0)

    assert [question.cancelled() for question in questions] == [False, True, False]
    assert log == ["started", "asleep", "awake", "same", "same"]


@world()
async def test_an_asker_within_asyncio_timeout_leaves_nothing(w: World) -> None:
    ref = await w.spawn(Puppet)
    ref.tell(Sleep(10.0))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await ref.ask(Note("never"))

    assert await left_behind(w, ref) == (0, 0)


@world()
async def test_an_asking_actor_that_is_killed_takes_its_question_back(w: World) -> None:
    asked, asker = await w.spawn(Puppet), await w.spawn(Puppet)
    asked.tell(Sleep(10.0))
    asker.tell(Do(lambda puppet: asked.ask(Note("never"))))
    await w.advance(1.0)
    asker.kill()
    await w.idle()

    assert await left_behind(w, asked) == (0, 0)


# -- answers that are given later --------------------------------------------------------------------------------------


@world()
async def test_a_deferred_question_is_answered_later_by_another_message(w: World) -> None:
    kept: list[Reply] = []

    def keep(puppet: Puppet) -> str:
        reply = puppet.defer()
        assert reply is not None
        kept.append(reply)
        return "ignored"

    ref = await w.spawn(Puppet)
    question = asyncio.create_task(ref.ask(Do(keep)))
    await w.advance(1.0)
    ref.tell(Do(lambda puppet: kept[0].send("later")))

    assert (await question, w.now()) == ("later", 1.0)


@world()
async def test_a_deferred_question_may_fail_without_harm_to_the_actor(w: World) -> None:
    kept: list[Reply] = []
    ref = await w.spawn(Puppet)
    question = asyncio.create_task(ref.ask(Do(lambda puppet: kept.append(puppet.defer()))))
    await w.idle()
    kept[0].fail(ValueError("no"))

    assert str(await fails(question, ValueError)) == "no"
    assert await ref.ask(Note("alive")) == "alive"


@world()
async def test_a_deferred_question_is_answered_once(w: World) -> None:
    kept: list[Reply] = []
    ref = await w.spawn(Puppet)
    question = asyncio.create_task(ref.ask(Do(lambda puppet: kept.append(puppet.defer()))))
    await w.idle()
    kept[0].send("first")
    kept[0].send("second")
    kept[0].fail(ValueError("third"))

    assert await question == "first"


@pytest.mark.parametrize("ready", [False, True], ids=["tell", "ask"])
@world()
async def test_defer_returns_a_reply_only_if_somebody_asked(w: World, ready: bool) -> None:
    kept: list[Reply | None] = []

    def defer(puppet: Puppet) -> None:
        reply = puppet.defer()
        kept.append(reply)
        if reply is not None:
            reply.send(None)

    ref = await w.spawn(Puppet)
    if ready:
        await ref.ask(Do(defer))
    else:
        ref.tell(Do(defer))
    await w.idle()

    assert [reply is not None for reply in kept] == [ready]


@world()
async def test_the_asker_of_a_deferred_question_wakes_when_the_actor_dies(w: World) -> None:
    kept: list[Reply] = []
    ref = await w.spawn(Puppet)
    question = asyncio.create_task(ref.ask(Do(lambda puppet: kept.append(puppet.defer()))))
    await w.advance(1.0)
    ref.kill()
    error = await fails(question, ActorDied)
    kept[0].send("too late")

    assert (error.reason, w.now()) == (KILLED, 1.0)


@world()
async def test_a_deferred_question_keeps_its_deadline(w: World) -> None:
    kept: list[Reply] = []
    ref = await w.spawn(Puppet)

    await fails(ref.ask(Do(lambda puppet: kept.append(puppet.defer())), timeout=2.0), AskTimeout)
    kept[0].send("too late")

    assert w.now() == 2.0


@world()
async def test_a_deferred_question_may_be_answered_by_another_actor(w: World) -> None:
    one, two = await w.spawn(Puppet), await w.spawn(Puppet)

    def pass_on(puppet: Puppet) -> None:
        reply = puppet.defer()
        two.tell(Do(lambda other: reply.send(f"by {other.ref.name}") if reply else None))

    assert await one.ask(Do(pass_on)) == f"by {two.name}"


@world()
async def test_a_crash_after_defer_wakes_the_asker_with_it(w: World) -> None:
    def defer_and_crash(puppet: Puppet) -> None:
        puppet.defer()
        raise RuntimeError("after defer")

    error = await fails((await w.spawn(Puppet)).ask(Do(defer_and_crash)), ActorDied)

    assert error.reason == Crashed(RuntimeError("after defer"))
