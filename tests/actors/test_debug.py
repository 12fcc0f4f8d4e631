"""For debugging a live actor: suspend and resume, read and replace its state."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import KILLED, NOPROC, SHUTDOWN, ActorDied, Mailbox, MailboxFull, handle
from actors.testing import World, world
from tests.actors.kit import Boom, Do, Log, Note, Plain, Puppet, Sleep, Trapper, fails, letters

each_class = pytest.mark.parametrize("cls", [Plain, Puppet], ids=["def", "async def"])


# -- suspend and resume ------------------------------------------------------------------------------------------------


@each_class
@world()
async def test_a_suspended_actor_lets_messages_wait_until_it_is_resumed(w: World, cls: Any) -> None:
    log: Log = []
    ref = await w.spawn(cls, log)
    await ref.suspend()
    for text in "abc":
        ref.tell(Note(text))
    await w.advance(10.0)
    before = list(log)
    await ref.resume()
    await w.idle()

    assert (before, log) == (["started"], ["started", "a", "b", "c"])


@each_class
@world()
async def test_questions_to_a_suspended_actor_time_out(w: World, cls: Any) -> None:
    ref = await w.spawn(cls)
    await ref.suspend()

    await fails(ref.ask(Note("a"), timeout=2.0), TimeoutError)

    assert w.now() == 2.0


@world()
async def test_a_question_that_waited_is_answered_after_resume(w: World) -> None:
    ref = await w.spawn(Puppet)
    await ref.suspend()
    question = asyncio.create_task(ref.ask(Note("a"), timeout=60.0))
    await w.advance(5.0)
    await ref.resume()

    assert await question == "a"


@world()
async def test_suspend_takes_hold_after_the_message_in_hand_and_before_all_that_wait(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    ref.tell(Sleep(2.0))
    ref.tell(Note("waiting"))
    await w.idle()
    await ref.suspend()
    await w.advance(10.0)

    assert log == ["started", "asleep", "awake"]


@world()
async def test_suspending_twice_is_once(w: World) -> None:
    ref = await w.spawn(Puppet)
    await ref.suspend()
    await ref.suspend()
    await ref.resume()

    assert await ref.ask(Note("a")) == "a"


@world()
async def test_resuming_an_actor_that_is_not_suspended_is_nothing(w: World) -> None:
    ref = await w.spawn(Puppet)
    await ref.resume()

    assert await ref.ask(Note("a")) == "a"


@world()
async def test_the_mailbox_of_a_suspended_actor_keeps_its_limit(w: World) -> None:
    ref = await w.spawn(Puppet, mailbox=Mailbox(2))
    await ref.suspend()
    ref.tell(Note("a"))
    ref.tell(Note("b"))

    with pytest.raises(MailboxFull):
        ref.tell(Note("c"))


@world()
async def test_a_timer_that_fires_while_suspended_ticks_after_resume(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    await ref.ask(Do(lambda actor: actor.after(1.0, Note("tick"))))
    await ref.suspend()
    await w.advance(5.0)
    before = list(log)
    await ref.resume()
    await w.idle()

    assert (before, log) == (["started"], ["started", "tick"])


@pytest.mark.parametrize(
    ("how", "hooks"),
    [("exit", ["stopping shutdown"]), ("kill", []), ("stop", ["stopping normal"])],
    ids=["exit", "kill", "stop"],
)
@each_class
@world()
async def test_a_suspended_actor_obeys(w: World, cls: Any, how: str, hooks: Log) -> None:
    log: Log = []
    ref = await w.spawn(cls, log, name="a")
    await ref.suspend()
    ref.tell(Note("never"))
    if how == "stop":
        await ref.stop()
    else:
        ref.kill() if how == "kill" else ref.exit(SHUTDOWN)
    await w.idle()

    assert log == ["started", *hooks]
    assert letters(await w.system()) == ["a: never, the actor is dead"]


@world()
async def test_a_suspended_actor_that_traps_is_told_of_an_exit_after_resume(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Trapper, log)
    await ref.suspend()
    ref.exit(SHUTDOWN)
    await w.idle()
    before = list(log)
    await ref.resume()
    await w.idle()

    assert (before, log) == (["started"], ["started", "exited None shutdown"])


@world()
async def test_a_suspended_actor_dies_with_one_it_is_linked_to(w: World) -> None:
    one, two = await w.spawn(Puppet), await w.spawn(Puppet)
    await one.ask(Do(lambda actor: actor.link(two)))
    await one.suspend()
    two.tell(Boom())

    assert str(await one.wait_ended()) == "crashed(RuntimeError: boom)"


@world()
async def test_a_suspended_actor_serves_priority_messages(w: World) -> None:
    class Urgent(Puppet):
        @handle(priority=True)
        def urgent(self, message: str) -> str:
            return f"urgent {message}"

    ref = await w.spawn(Urgent)
    await ref.suspend()

    assert await ref.ask("question") == "urgent question"


@world()
async def test_leaving_the_system_ends_a_suspended_actor(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    await ref.suspend()
    await (await w.system()).close()

    assert log == ["started", "stopping shutdown"]


# -- state -------------------------------------------------------------------------------------------------------------


class Account(Plain):
    def __init__(self, balance: int) -> None:
        super().__init__()
        self.balance = balance

    @handle
    def deposit(self, message: int) -> int:
        self.balance += message
        return self.balance


@world()
async def test_get_state_returns_the_attributes(w: World) -> None:
    state = await (await w.spawn(Account, 5)).get_state()

    assert (state["balance"], sorted(state)) == (5, ["balance", "log", "mark"])


@world()
async def test_get_state_is_taken_before_what_waits(w: World) -> None:
    ref = await w.spawn(Account, 5)
    ref.tell(10)

    assert (await ref.get_state())["balance"] == 5


@world()
async def test_get_state_waits_for_the_message_in_hand(w: World) -> None:
    ref = await w.spawn(Puppet)
    ref.tell(Sleep(3.0))
    await w.idle()
    await ref.get_state()

    assert w.now() == 3.0


@world()
async def test_changing_what_get_state_returned_changes_nothing(w: World) -> None:
    ref = await w.spawn(Account, 5)
    (await ref.get_state())["balance"] = 1000

    assert await ref.ask(1) == 6


@pytest.mark.parametrize("suspended", [False, True], ids=["running", "suspended"])
@world()
async def test_replace_state_replaces_the_attributes_and_returns_them(w: World, suspended: bool) -> None:
    ref = await w.spawn(Account, 5)
    if suspended:
        await ref.suspend()
    new = await ref.replace_state(lambda state: {**state, "balance": 100})
    await ref.resume()

    assert (new["balance"], await ref.ask(1)) == (100, 101)


@pytest.mark.parametrize("suspended", [False, True], ids=["running", "suspended"])
@world()
async def test_replace_state_with_a_function_that_raises_changes_nothing(w: World, suspended: bool) -> None:
    def bad(state: dict[str, Any]) -> dict[str, Any]:
        state["balance"] = 1000
        raise ValueError("bad")

    ref = await w.spawn(Account, 5)
    if suspended:
        await ref.suspend()

    assert str(await fails(ref.replace_state(bad), ValueError)) == "bad"
    await ref.resume()
    assert await ref.ask(1) == 6


@world()
async def test_replace_state_with_what_is_no_state_changes_nothing(w: World) -> None:
    ref = await w.spawn(Account, 5)
    await fails(ref.replace_state(lambda _: 3), TypeError)  # type: ignore[arg-type,return-value]

    assert await ref.ask(1) == 6


@pytest.mark.parametrize("call", ["suspend", "resume", "get_state"])
@world()
async def test_a_dead_actor_cannot_be_asked_to(w: World, call: str) -> None:
    ref = await w.spawn(Puppet)
    await ref.stop()

    assert (await fails(getattr(ref, call)(), ActorDied)).reason == NOPROC


@pytest.mark.parametrize("call", ["suspend", "get_state"])
@world()
async def test_management_ends_with_the_reason_when_the_actor_dies_first(w: World, call: str) -> None:
    ref = await w.spawn(Puppet)
    ref.tell(Sleep(10.0))
    await w.idle()
    managing = asyncio.create_task(getattr(ref, call)())
    await w.advance(1.0)
    ref.kill()

    assert ((await fails(managing, ActorDied)).reason, w.now()) == (KILLED, 1.0)


@world()
async def test_cancelled_management_does_nothing(w: World) -> None:
    ref = await w.spawn(Puppet)
    ref.tell(Sleep(10.0))
    await w.idle()
    managing = asyncio.create_task(ref.suspend())
    await w.advance(1.0)
    managing.cancel()
    await w.advance(20.0)

    assert await ref.ask(Note("not suspended")) == "not suspended"


@world()
async def test_an_actor_can_be_debugged_while_it_starts(w: World) -> None:
    class Slow(Puppet):
        async def started(self) -> None:
            await asyncio.sleep(2.0)
            self.is_up = True

    spawning = asyncio.create_task(w.spawn(Slow, name="a"))
    await w.advance(1.0)
    ref = (await w.system()).whereis("a")
    assert ref is not None
    state = await ref.get_state()
    await spawning

    assert (state["is_up"], w.now()) == (True, 2.0)
