"""What a stranger's program did to the engine: each of these lost a message, hung or leaked once."""

from __future__ import annotations

import asyncio
import copy
from typing import Any
from unittest.mock import ANY

import pytest

from actors import Actor, ActorDied, ActorSystem, AskSelf, AskTimeout, Crashed, Mailbox, Reply, handle
from actors.testing import World, world


class Odd(BaseException):
    """Not an Exception, as pytest's own outcomes are not."""


class Worker(Actor):
    """Does what the message says and notes what it got."""

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.replies: list[Reply | None] = []

    def receive(self, message: Any) -> Any:
        return self.take(message)

    async def take(self, message: Any) -> Any:
        if callable(message) and message is not ANY:
            return await message(self)
        self.log.append(message)
        return message


async def nap(actor: Worker) -> None:
    await asyncio.sleep(1.0)


def log_of(ref: Any) -> list[Any]:
    return list(ref._cell.actor.log)


@world()
async def test_a_cancelled_ask_takes_back_nobody_elses_message(w: World) -> None:
    ref = await w.spawn(Worker)
    ref.tell(nap)
    ref.tell(ANY)
    asking = asyncio.ensure_future(ref.ask("question"))
    await w.idle()
    asking.cancel()
    await w.advance(2.0)

    assert log_of(ref) == [ANY]
    assert len(log_of(ref)) == 1


@world()
async def test_none_in_hand_at_a_crash_is_a_dead_letter(w: World) -> None:
    class Picky(Actor):
        def receive(self, message: Any) -> None:
            raise ValueError(message)

    ref = await w.spawn(Picky)
    ref.tell(None)
    await w.idle()

    assert [(letter.message, letter.why.name) for letter in (await w.system()).dead_letters] == [(None, "IN_HAND")]


@world()
async def test_a_stashed_tick_comes_back(w: World) -> None:
    class Later(Actor):
        def __init__(self) -> None:
            self.log: list[str] = []

        def started(self) -> None:
            self.after(1.0, "tick")

        @handle
        def take(self, message: str) -> None:
            if message == "tick" and not self.log:
                self.log.append("stashed")
                self.stash()
            elif message == "now":
                self.unstash()
            else:
                self.log.append(message)

    ref = await w.spawn(Later)
    await w.advance(1.0)
    ref.tell("now")
    await w.idle()

    assert log_of(ref) == ["stashed", "tick"]


@world()
async def test_a_forwarded_tick_arrives(w: World) -> None:
    other = await w.spawn(Worker)

    class Passes(Actor):
        def started(self) -> None:
            self.after(1.0, "tick")

        @handle
        def take(self, message: str) -> None:
            self.forward(other)

    await w.spawn(Passes)
    await w.advance(2.0)

    assert log_of(other) == ["tick"]


@world()
async def test_waiting_for_room_where_nobody_lives_any_more_is_an_error(w: World) -> None:
    ref = await w.spawn(Worker, mailbox=Mailbox(1, "wait"))
    ref.tell(nap)
    await w.idle()
    ref.tell("fits")
    waiting = ref.tell("does not")
    ref.kill()
    await w.idle()

    with pytest.raises(ActorDied):
        await waiting


@world()
async def test_a_sender_is_let_in_as_soon_as_there_is_room(w: World) -> None:
    ref = await w.spawn(Worker, mailbox=Mailbox(1, "wait"))
    ref.tell(nap)
    await w.idle()
    ref.tell(nap)
    await ref.tell("third")

    assert w.now() == 1.0


@world()
async def test_an_ask_that_timed_out_waiting_for_room_waits_no_longer(w: World) -> None:
    ref = await w.spawn(Worker, mailbox=Mailbox(1, "wait"))
    ref.tell(nap)
    await w.idle()
    ref.tell("fits")
    with pytest.raises(AskTimeout):
        await ref.ask("does not", timeout=0.5)

    assert not ref._cell.senders


@pytest.mark.parametrize("engine", ["def", "async"])
@world()
async def test_any_exception_is_a_crash_and_the_others_go_on(w: World, engine: str) -> None:
    class Bursts(Actor):
        def receive(self, message: Any) -> Any:
            if engine == "def":
                raise Odd("bang")
            return self.later()

        async def later(self) -> None:
            await asyncio.sleep(0)
            raise Odd("bang")

    ref, other = await w.spawn(Bursts), await w.spawn(Worker)
    with pytest.raises(ActorDied) as caught:
        await ref.ask("x")

    assert caught.value.reason == Crashed(Odd("bang"))
    assert await other.ask("still here") == "still here"


@pytest.mark.parametrize("wait", ["stop", "wait_ended", "get_state", "suspend"])
@world()
async def test_waiting_for_oneself_is_an_error(w: World, wait: str) -> None:
    async def wait_for_myself(actor: Worker) -> str:
        with pytest.raises(AskSelf):
            await getattr(actor.ref, wait)()
        return "told"

    assert await (await w.spawn(Worker)).ask(wait_for_myself) == "told"


@world()
async def test_a_reply_that_is_no_exception_reaches_the_asker_as_a_crash(w: World) -> None:
    async def wrong(actor: Worker) -> None:
        reply = actor.defer()
        assert reply is not None
        reply.fail("no soup")  # type: ignore[arg-type]

    with pytest.raises(ActorDied, match="an exception is needed"):
        await (await w.spawn(Worker)).ask(wrong)


@world()
async def test_a_deferred_question_is_forgotten_with_its_asker(w: World) -> None:
    async def never(actor: Worker) -> None:
        actor.replies.append(actor.defer())

    ref = await w.spawn(Worker)
    with pytest.raises(AskTimeout):
        await ref.ask(never, timeout=1.0)
    await w.idle()

    assert ref._cell.more().deferred == {}


@world()
async def test_timeouts_that_do_not_come_again_leave_nothing(w: World) -> None:
    ref = await w.spawn(Worker)
    for number in range(1000):
        await ref.ask("x", timeout=3600.0 + number)

    assert len((await w.system()).scheduler.deadlines.buckets) < 200


@world()
async def test_a_timeout_that_is_no_number_is_refused(w: World) -> None:
    with pytest.raises(ValueError, match="nan"):
        await (await w.spawn(Worker)).ask("x", timeout=float("nan"))


@world()
async def test_a_copy_of_a_ref_is_the_ref(w: World) -> None:
    ref = await w.spawn(Worker)

    assert copy.copy(ref) is copy.deepcopy(ref) is ref


@world()
async def test_handled_counts_every_message_and_nothing_else(w: World) -> None:
    async def crash(actor: Worker) -> None:
        raise ValueError

    ref = await w.spawn(Worker)
    for number in range(3):
        ref.tell(number)
    await w.idle()
    await ref.get_state()
    ref.tell(crash)
    await w.idle()

    assert ref.statistics().handled == 4


@world()
async def test_ending_a_subscription_twice_ends_nobody_elses(w: World) -> None:
    events = (await w.system()).events
    log: list[object] = []
    end = events.subscribe(lambda _: None)
    end()
    events.subscribe(log.append)
    end()
    events.publish("event")

    assert log == ["event"]


@pytest.mark.real
def test_cancelling_all_tasks_does_not_stop_a_system() -> None:
    async def main() -> str:
        async with ActorSystem("s") as system:
            ref = await system.spawn(Worker)
            await ref.ask("first")
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():
                    task.cancel()
            await asyncio.sleep(0)
            answer: str = await ref.ask("second", timeout=5.0)
            return answer

    assert asyncio.run(main()) == "second"


class TestAMethod:
    """A test of a class of tests."""

    @world(3)
    async def test_gets_the_world_after_itself(self, w: World) -> None:
        assert isinstance(self, TestAMethod)
        assert isinstance(w, World)
