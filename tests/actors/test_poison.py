"""A message that ends lives: reported and gone, or handed out again as often as the mailbox says, then quarantined."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import SHUTDOWN, ActorDied, Blueprint, Crashed, Mailbox, Quarantined, Ref, Shutdown, handle
from actors.blueprint import Overflow
from actors.testing import World, world
from tests.actors.kit import Boom, Do, Log, Note, Puppet, Restarts, Sleep, fails, letters

BOOM = Crashed(RuntimeError("boom"))


async def worker(
    w: World,
    log: Log,
    redeliver: int,
    cls: Any = Puppet,
    restarts: int = 20,
    limit: int | None = 100,
    overflow: Overflow = "reject",
) -> Ref[Any]:
    """A puppet that is restarted whenever it dies."""
    blueprint = Blueprint(cls, (log,), {}, Mailbox(limit, overflow, redeliver))
    keeper = await w.spawn(Restarts, blueprint, restarts)
    ref: Ref[Any] = await keeper.ask("place")
    log.clear()
    return ref


def lives(log: Log) -> Log:
    """The log without the hooks."""
    return [line for line in log if not line.startswith(("started", "stopping"))]


# -- without redelivery ------------------------------------------------------------------------------------------------


@world()
async def test_the_message_in_hand_at_a_crash_is_not_handed_out_again(w: World) -> None:
    log: Log = []
    ref = await worker(w, log, 0)
    ref.tell(Boom())
    ref.tell(Note("next"))
    await w.idle()

    assert log == ["boom boom", f"stopping {BOOM}", "started", "next"]
    assert letters(await w.system()) == ["worker: boom, in hand at the crash"]


@world()
async def test_the_asker_in_hand_at_a_crash_is_told_and_there_is_no_dead_letter(w: World) -> None:
    ref = await worker(w, [], 0)
    error = await fails(ref.ask(Boom()), ActorDied)

    assert error.reason == BOOM
    assert letters(await w.system()) == []


@world()
async def test_what_waited_is_handled_by_the_next_life_in_its_order(w: World) -> None:
    log: Log = []
    ref = await worker(w, log, 0)
    ref.tell(Boom("1"))
    for text in "abc":
        ref.tell(Note(text))
    ref.tell(Boom("2"))
    ref.tell(Note("d"))
    await w.idle()

    assert lives(log) == ["boom 1", "a", "b", "c", "boom 2", "d"]
    assert ref.pid.incarnation == 3


@world()
async def test_a_question_that_waited_is_answered_by_the_next_life(w: World) -> None:
    ref = await worker(w, [], 0)
    ref.tell(Boom())

    assert await ref.ask(Note("asked")) == "asked"


@world()
async def test_the_stash_survives_a_crash_before_what_waited(w: World) -> None:
    log: Log = []

    class Stashes(Puppet):
        @handle
        def stash_it(self, message: str) -> None:
            if self.pid.incarnation == 1:
                self.stash()
            else:
                self.write(message)

    ref = await worker(w, log, 0, Stashes)
    for message in ("a", "b", Boom(), Note("c"), "d"):
        ref.tell(message)
    await w.idle()

    assert lives(log) == ["boom boom", "a", "b", "c", "d"]


@world()
async def test_the_asker_of_a_stashed_question_is_answered_by_the_next_life(w: World) -> None:
    class Stashes(Puppet):
        @handle
        def stash_it(self, message: str) -> str | None:
            if self.pid.incarnation == 1:
                self.stash()
                return None
            return f"answered by life {self.pid.incarnation}"

    ref = await worker(w, [], 0, Stashes)
    question = asyncio.create_task(ref.ask("question"))
    await w.idle()
    ref.tell(Boom())

    assert await question == "answered by life 2"


@world()
async def test_a_deferred_question_is_not_handed_out_again(w: World) -> None:
    ref = await worker(w, [], 3)
    question = asyncio.create_task(ref.ask(Do(lambda actor: actor.defer() and None)))
    await w.idle()
    ref.tell(Boom())

    assert (await fails(question, ActorDied)).reason == BOOM


@world()
async def test_a_timer_and_a_monitor_do_not_reach_the_successor(w: World) -> None:
    log: Log = []
    ref, other = await worker(w, log, 0), await w.spawn(Puppet)
    await ref.ask(Do(lambda actor: (actor.after(1.0, Note("tick")), actor.every(1.0, Note("tick")), None)[2]))
    await ref.ask(Do(lambda actor: actor.monitor(other) and None))
    ref.tell(Boom())
    await w.idle()
    other.kill()
    await w.advance(5.0)

    assert log == ["boom boom", f"stopping {BOOM}", "started"]


@world()
async def test_a_tick_that_waits_at_a_crash_does_not_reach_the_successor(w: World) -> None:
    log: Log = []
    ref = await worker(w, log, 0)

    async def doze_and_crash(actor: Puppet) -> None:
        actor.after(1.0, Note("tick"))
        await asyncio.sleep(2.0)
        raise RuntimeError("boom")

    ref.tell(Do(doze_and_crash))
    await w.advance(5.0)

    assert log == [f"stopping {BOOM}", "started"]


@world()
async def test_the_context_of_a_life_does_not_reach_the_successor(w: World) -> None:
    ref = await worker(w, [], 0)
    await ref.ask(Do(lambda actor: setattr(actor, "kept", True)))
    ref.tell(Boom())

    assert await ref.ask(Do(lambda actor: hasattr(actor, "kept"))) is False


@world()
async def test_an_abandoned_life_may_not_act_in_the_name_of_its_successor(w: World) -> None:
    log: Log = []
    loop = asyncio.get_running_loop()

    async def deaf(actor: Puppet) -> str:
        end = loop.time() + 100.0
        while loop.time() < end:
            try:
                await asyncio.sleep(end - loop.time())
            except asyncio.CancelledError:
                continue
        actor.continue_with(Note("never"))
        return "never"

    ref = await worker(w, log, 0)
    question = asyncio.create_task(ref.ask(Do(deaf), timeout=None))
    await w.idle()
    ref.kill()
    await fails(question, ActorDied)
    await w.idle()
    answer = await ref.ask(Note("second life"))
    await w.advance(200.0)

    assert (answer, ref.pid.incarnation, lives(log)) == ("second life", 2, ["second life"])


# -- with redelivery ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("redeliver", [1, 2, 3, 5])
@world()
async def test_a_message_is_handed_out_until_it_has_ended_n_lives(w: World, redeliver: int) -> None:
    log: Log = []
    ref = await worker(w, log, redeliver)
    ref.tell(Boom())
    await w.idle()

    assert lives(log) == ["boom boom"] * redeliver
    assert letters(await w.system()) == ["worker: boom, quarantined"]
    assert ref.pid.incarnation == 1 + redeliver


@world()
async def test_a_message_that_is_handed_out_again_comes_before_what_waits(w: World) -> None:
    log: Log = []
    ref = await worker(w, log, 2)
    ref.tell(Boom())
    ref.tell(Note("next"))
    await w.idle()

    assert lives(log) == ["boom boom", "boom boom", "next"]


class SecondTry(Puppet):
    """Fails in its first life only."""

    @handle
    def attempt(self, message: str) -> str:
        if self.pid.incarnation == 1:
            raise RuntimeError("boom")
        return f"life {self.pid.incarnation}"


@world()
async def test_the_asker_of_a_message_that_is_handed_out_again_goes_on_waiting(w: World) -> None:
    ref = await worker(w, [], 3, SecondTry)

    assert await ref.ask("try") == "life 2"
    assert letters(await w.system()) == []


@world()
async def test_the_asker_of_a_quarantined_message_is_told_the_last_reason(w: World) -> None:
    ref = await worker(w, [], 3)
    error = await fails(ref.ask(Boom()), ActorDied)

    assert error.reason == BOOM


@world()
async def test_a_question_whose_asker_gave_up_is_not_handed_out_again(w: World) -> None:
    log: Log = []

    async def doze_and_crash(actor: Puppet) -> None:
        actor.write("handled")
        await asyncio.sleep(2.0)
        raise RuntimeError("boom")

    ref = await worker(w, log, 3)
    await fails(ref.ask(Do(doze_and_crash), timeout=1.0), TimeoutError)
    await w.advance(10.0)

    assert lives(log) == ["handled"]


@world()
async def test_two_poisonous_messages_are_counted_apart(w: World) -> None:
    log: Log = []
    ref = await worker(w, log, 2)
    ref.tell(Boom("a"))
    ref.tell(Boom("b"))
    await w.idle()

    assert lives(log) == ["boom a", "boom a", "boom b", "boom b"]


@world()
async def test_a_quarantine_is_published_with_message_and_deaths(w: World) -> None:
    events: list[object] = []
    ref = await worker(w, [], 2)
    (await w.system()).events.subscribe(events.append)
    ref.tell(Boom("bad"))
    await w.idle()

    (event,) = [event for event in events if isinstance(event, Quarantined)]
    assert (event.pid.name, event.message, event.deaths) == ("worker", Boom("bad"), 2)
    assert event.describe() == "Boom ended 2 lives of worker and was quarantined"


@world()
async def test_the_dead_letter_of_a_quarantined_message_holds_message_and_reason(w: World) -> None:
    ref = await worker(w, [], 2)
    ref.tell(Boom("bad"))
    await w.idle()

    (letter,) = (await w.system()).dead_letters
    assert (letter.message, letter.ref, letter.reason) == (Boom("bad"), ref, Crashed(RuntimeError("bad")))


@pytest.mark.parametrize("how", ["kill", "exit shutdown"])
@world()
async def test_a_message_in_hand_at_a_death_it_did_not_cause_is_not_handed_out_again(w: World, how: str) -> None:
    log: Log = []
    ref = await worker(w, log, 3)
    ref.tell(Sleep(10.0))
    await w.idle()
    ref.kill() if how == "kill" else ref.exit(SHUTDOWN)
    await w.advance(20.0)

    assert lives(log) == ["asleep"]
    assert letters(await w.system()) == ["worker: Sleep, in hand at the crash"]


@world()
async def test_a_message_that_is_handed_out_again_does_not_push_another_out_of_a_full_mailbox(w: World) -> None:
    log: Log = []
    ref = await worker(w, log, 2, limit=2)
    for message in (Boom("a"), Note("b")):
        ref.tell(message)
    await w.idle()
    ref.tell(Note("c"))
    await w.idle()

    assert lives(log) == ["boom a", "boom a", "b", "c"]


@world()
async def test_without_a_supervisor_nothing_is_handed_out_again(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log, name="alone", mailbox=Mailbox(redeliver=3))
    ref.tell(Boom())
    await w.idle()

    assert log == ["started", "boom boom", f"stopping {BOOM}"]
    assert letters(await w.system()) == ["alone: boom, in hand at the crash"]


# -- between lives -----------------------------------------------------------------------------------------------------


@world()
async def test_a_place_that_rests_refuses_messages(w: World) -> None:
    ref = await worker(w, [], 0, restarts=0)
    ref.tell(Boom())
    await w.idle()
    ref.tell(Note("told"))
    error = await fails(ref.ask(Note("asked")), ActorDied)

    assert str(error) == "worker#1 is dead: noproc"
    assert letters(await w.system()) == ["worker: boom, in hand at the crash", "worker: told, the actor is dead"]


@world()
async def test_what_waits_when_a_place_comes_to_rest_is_a_dead_letter(w: World) -> None:
    ref = await worker(w, [], 0, restarts=0)
    ref.tell(Boom())
    ref.tell(Note("waiting"))
    question = asyncio.create_task(ref.ask(Note("asked")))
    await w.idle()

    assert (await fails(question, ActorDied)).reason == BOOM
    assert letters(await w.system()) == ["worker: boom, in hand at the crash", "worker: waiting, the actor is dead"]


@world()
async def test_a_sender_that_waits_for_room_is_let_in_by_the_next_life(w: World) -> None:
    log: Log = []
    ref = await worker(w, log, 0, limit=1, overflow="wait")

    async def doze_and_crash(_: object) -> None:
        await asyncio.sleep(1.0)
        raise RuntimeError("boom")

    async def send() -> None:
        for text in "abc":
            await ref.tell(Note(text))

    ref.tell(Do(doze_and_crash))
    await w.idle()
    sending = asyncio.create_task(send())
    await w.advance(5.0)
    await sending

    assert log == [f"stopping {BOOM}", "started", "a", "b", "c"]


@world()
async def test_a_priority_message_that_waits_at_a_crash_is_handled_first_by_the_next_life(w: World) -> None:
    log: Log = []

    class Urgent(Puppet):
        @handle(priority=True)
        def urgent(self, message: str) -> str:
            self.write(message)
            return message

    async def doze_and_crash(_: object) -> None:
        await asyncio.sleep(1.0)
        raise RuntimeError("boom")

    ref = await worker(w, log, 0, Urgent)
    for message in (Do(doze_and_crash), Note("ordinary")):
        ref.tell(message)
    await w.idle()
    question = asyncio.create_task(ref.ask("urgent"))
    await w.advance(2.0)

    assert await question == "urgent"
    assert log == [f"stopping {BOOM}", "started", "urgent", "ordinary"]


@world()
async def test_a_ref_survives_a_restart_and_its_pid_names_the_life(w: World) -> None:
    ref = await worker(w, [], 0)
    before = (ref, hash(ref), str(ref.pid))
    ref.tell(Boom())
    await w.idle()

    assert before == (ref, hash(ref), "worker#1")
    assert (str(ref.pid), ref.is_alive) == ("worker#2", True)


@world()
async def test_a_monitor_ends_with_the_life_that_it_watched(w: World) -> None:
    probe = await w.probe()
    ref = await worker(w, [], 0)
    probe.monitor(ref)
    ref.tell(Boom())
    await w.idle()
    ref.tell(Boom())
    await w.idle()

    assert [(str(down.pid), down.reason) for down in probe.received] == [("worker#1", BOOM)]


@world()
async def test_stop_of_a_kept_life_is_answered_by_its_end_not_by_its_successors(w: World) -> None:
    ref = await worker(w, [], 0)
    await ref.stop(Shutdown("once"))

    assert ref.pid.incarnation in (1, 2)
    await w.idle()
    assert (str(ref.pid), ref.is_alive) == ("worker#2", True)
