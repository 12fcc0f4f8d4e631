"""What holds on every engine: the simulated loop, asyncio's own, and uvloop."""

from __future__ import annotations

import asyncio
import contextvars
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from actors import (
    KILLED,
    NOPROC,
    NORMAL,
    SHUTDOWN,
    ActorDied,
    ActorSystem,
    AskSelf,
    AskTimeout,
    Blocked,
    Crashed,
    Down,
    Exit,
    Mailbox,
    MailboxFull,
    NameTaken,
    NotRunning,
    StartFailed,
    StartTimeout,
    StopTimeout,
)
from actors.testing import Probe, world
from tests.actors.kit import Boom, Do, Log, Note, Plain, Puppet, Sleep, Trapper, fails, letters

Scenario = Callable[[ActorSystem], Awaitable[None]]
Engine = Callable[[Scenario], None]
BOOM = Crashed(RuntimeError("boom"))
TRACE: contextvars.ContextVar[str] = contextvars.ContextVar("TRACE", default="unset")

TICK = 0.01
"""Seconds that a test on a real loop may wait at a time."""

each_class = pytest.mark.parametrize("cls", [Plain, Puppet], ids=["def", "async def"])


async def within_system(scenario: Scenario) -> None:
    async with ActorSystem("contract") as system:
        await scenario(system)


def on_simulation(scenario: Scenario) -> None:
    for seed in range(3):
        world(seed).run(lambda w: within_system(scenario))


def on_asyncio(scenario: Scenario) -> None:
    asyncio.run(within_system(scenario))


def on_uvloop(scenario: Scenario) -> None:
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(within_system(scenario))


@pytest.fixture(
    params=[
        pytest.param(on_simulation, id="simulated"),
        pytest.param(on_asyncio, id="asyncio", marks=pytest.mark.real),
        pytest.param(on_uvloop, id="uvloop", marks=pytest.mark.real),
    ]
)
def engine(request: pytest.FixtureRequest) -> Engine:
    chosen: Engine = request.param
    return chosen


# -- messages ----------------------------------------------------------------------------------------------------------


@each_class
def test_messages_of_one_sender_keep_their_order(engine: Engine, cls: Any) -> None:
    async def scenario(system: ActorSystem) -> None:
        log: Log = []
        ref = await system.spawn(cls, log)
        for n in range(200):
            ref.tell(Note(str(n)))
        await ref.ask(Note("last"))

        assert log == ["started", *map(str, range(200)), "last"]

    engine(scenario)


@each_class
def test_every_asker_gets_its_own_answer(engine: Engine, cls: Any) -> None:
    async def scenario(system: ActorSystem) -> None:
        refs = [await system.spawn(cls) for _ in range(5)]
        answers = await asyncio.gather(*(refs[n % 5].ask(Note(str(n))) for n in range(200)))

        assert answers == [str(n) for n in range(200)]
        assert system.statistics().asking == 0

    engine(scenario)


def test_actors_hop_between_each_other(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        one, two = await system.spawn(Plain), await system.spawn(Puppet)

        def hop(count: int) -> Callable[[Any], None]:
            def act(_: object) -> None:
                if count == 1000:
                    done.set_result(count)
                else:
                    (two if count % 2 else one).tell(Do(hop(count + 1)))

            return act

        one.tell(Do(hop(1)))

        assert await done == 1000

    engine(scenario)


def test_handlers_that_suspend_do_not_hold_up_others(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        log: Log = []
        slow, quick = await system.spawn(Puppet, log), await system.spawn(Puppet, log)
        question = asyncio.create_task(slow.ask(Sleep(20 * TICK)))
        await asyncio.sleep(TICK)
        await quick.ask(Note("meanwhile"))
        await question

        assert log == ["started", "started", "asleep", "meanwhile", "awake"]

    engine(scenario)


def test_many_handlers_suspend_at_once(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        refs = [await system.spawn(Puppet) for _ in range(400)]

        assert await asyncio.gather(*(ref.ask(Sleep(TICK)) for ref in refs)) == ["awake"] * 400

    engine(scenario)


def test_a_chain_of_asks_comes_back(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        refs = [await system.spawn(Puppet) for _ in range(20)]

        async def down_from(at: int) -> int:
            return 0 if at == len(refs) else 1 + await refs[at].ask(Do(lambda _: down_from(at + 1)))

        assert await down_from(0) == 20

    engine(scenario)


def test_a_full_mailbox_refuses(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        ref = await system.spawn(Puppet, mailbox=Mailbox(2))
        ref.tell(Note("a"))
        ref.tell(Note("b"))
        with pytest.raises(MailboxFull):
            ref.tell(Note("c"))

        assert await fails(ref.ask(Note("d")), MailboxFull)

    engine(scenario)


def test_a_sender_waits_for_room(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        log: Log = []
        ref = await system.spawn(Puppet, log, mailbox=Mailbox(1, "wait"))
        for n in range(50):
            await ref.tell(Note(str(n)))
        await ref.ask(Note("last"))

        assert log == ["started", *map(str, range(50)), "last"]
        assert letters(system) == []

    engine(scenario)


def test_another_thread_may_tell_by_way_of_the_loop(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        log: Log = []
        ref = await system.spawn(Puppet, log)
        await asyncio.to_thread(asyncio.get_running_loop().call_soon_threadsafe, ref.tell, Note("from a thread"))
        await ref.ask(Note("last"))

        assert log == ["started", "from a thread", "last"]

    engine(scenario)


# -- questions ---------------------------------------------------------------------------------------------------------


def test_a_question_times_out(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        ref = await system.spawn(Puppet)
        then = asyncio.get_running_loop().time()
        await fails(ref.ask(Sleep(10 * TICK), timeout=2 * TICK), AskTimeout)
        took = asyncio.get_running_loop().time() - then

        assert took >= 1.5 * TICK
        assert await ref.ask(Note("alive")) == "alive"

    engine(scenario)


@pytest.mark.parametrize("timeout", [None, math.inf, 1e9], ids=["none", "infinite", "thirty years"])
def test_a_question_may_have_as_much_time_as_it_likes(engine: Engine, timeout: float | None) -> None:
    async def scenario(system: ActorSystem) -> None:
        assert await (await system.spawn(Puppet)).ask(Sleep(TICK), timeout) == "awake"
        assert system.statistics().asking == 0

    engine(scenario)


@each_class
def test_an_asker_is_told_of_a_crash_at_once(engine: Engine, cls: Any) -> None:
    async def scenario(system: ActorSystem) -> None:
        ref = await system.spawn(cls)

        assert (await fails(ref.ask(Boom(), timeout=None), ActorDied)).reason == BOOM
        assert (await fails(ref.ask(Note("a"), timeout=None), ActorDied)).reason == NOPROC

    engine(scenario)


def test_an_asker_is_told_of_a_kill_at_once(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        ref = await system.spawn(Puppet)
        question = asyncio.create_task(ref.ask(Sleep(1000.0), timeout=None))
        await asyncio.sleep(TICK)
        ref.kill()

        assert (await fails(question, ActorDied)).reason == KILLED

    engine(scenario)


def test_asking_oneself_is_an_error(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        ref = await system.spawn(Puppet)

        assert isinstance(await ref.ask(Do(lambda actor: fails(actor.ref.ask(Note("a"))))), AskSelf)

    engine(scenario)


def test_a_cancelled_asker_leaves_nothing(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        ref = await system.spawn(Puppet)
        sleeping = asyncio.create_task(ref.ask(Sleep(20 * TICK)))
        await asyncio.sleep(0)
        question = asyncio.create_task(ref.ask(Note("never")))
        await asyncio.sleep(TICK)
        question.cancel()
        await asyncio.gather(question, return_exceptions=True)

        assert (ref.statistics().mailbox, system.statistics().asking) == (0, 1)
        await sleeping

    engine(scenario)


# -- contexts and cancellation -----------------------------------------------------------------------------------------


def test_variables_do_not_mix_when_handlers_suspend(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        async def keep(name: str) -> bool:
            TRACE.set(name)
            for _ in range(3):
                await asyncio.sleep(0)
                if TRACE.get() != name:
                    return False
            return True

        def keeping(name: str) -> Do:
            return Do(lambda _: keep(name))

        refs = [await system.spawn(Puppet) for _ in range(20)]
        kept = await asyncio.gather(*(ref.ask(keeping(str(n))) for n, ref in enumerate(refs)))

        assert (kept, TRACE.get()) == ([True] * 20, "unset")

    engine(scenario)


def test_a_cancellation_left_behind_hits_nobody_else(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        def leave_behind(_: object) -> None:
            task = asyncio.current_task()
            if task is not None:
                task.cancel()

        culprit = await system.spawn(Puppet)
        others = [await system.spawn(Puppet) for _ in range(5)]
        questions = [asyncio.create_task(other.ask(Sleep(TICK))) for other in others[:2]]
        culprit.tell(Do(leave_behind))
        questions += [asyncio.create_task(other.ask(Sleep(TICK))) for other in others[2:]]

        assert await asyncio.gather(*questions) == ["awake"] * 5

    engine(scenario)


def test_timeouts_and_task_groups_work_in_handlers(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        async def use(_: object) -> str:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(asyncio.sleep(0, "from a task"))
            try:
                async with asyncio.timeout(TICK):
                    await asyncio.sleep(1000.0)
            except TimeoutError:
                return task.result()
            return "never"

        assert await (await system.spawn(Puppet)).ask(Do(use)) == "from a task"

    engine(scenario)


# -- lives -------------------------------------------------------------------------------------------------------------


@each_class
def test_a_life_runs_its_hooks_in_order(engine: Engine, cls: Any) -> None:
    async def scenario(system: ActorSystem) -> None:
        log: Log = []
        ref = await system.spawn(cls, log)
        await ref.ask(Note("work"))
        await ref.stop(SHUTDOWN)

        assert log == ["started", "work", "stopping shutdown"]

    engine(scenario)


def test_a_start_fails_with_its_cause(engine: Engine) -> None:
    class Fails(Puppet):
        async def started(self) -> None:
            await asyncio.sleep(0)
            raise RuntimeError("boom")

    async def scenario(system: ActorSystem) -> None:
        assert (await fails(system.spawn(Fails, name="a"), StartFailed)).reason == BOOM
        assert (await system.spawn(Plain, name="a")).is_alive

    engine(scenario)


def test_a_start_is_limited_in_time(engine: Engine) -> None:
    class Never(Puppet):
        async def started(self) -> None:
            await asyncio.sleep(1000.0)

    async def scenario(system: ActorSystem) -> None:
        assert (await fails(system.spawn(Never, name="a", timeout=TICK), StartTimeout)).reason == KILLED
        assert system.whereis("a") is None

    engine(scenario)


def test_stop_gives_up_after_its_timeout(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        ref = await system.spawn(Puppet)
        ref.tell(Sleep(20 * TICK))
        await asyncio.sleep(TICK)
        await fails(ref.stop(timeout=TICK), StopTimeout)

        assert await ref.wait_ended() == NORMAL

    engine(scenario)


def test_a_killed_handler_that_swallows_its_cancellation_is_abandoned(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def swallow(actor: Puppet) -> None:
            while not outcome.done():
                try:
                    await asyncio.sleep(0.7)
                    actor.stop()
                except asyncio.CancelledError:
                    continue
                except NotRunning as error:
                    outcome.set_result(str(error))

        ref, other = await system.spawn(Puppet, name="deaf"), await system.spawn(Puppet)
        ref.tell(Do(swallow))
        await asyncio.sleep(TICK)
        ref.kill()

        assert await ref.wait_ended() == KILLED
        assert await outcome == "this life of deaf is not running"
        assert await other.ask(Sleep(TICK)) == "awake"

    engine(scenario)


def test_leaving_a_system_stops_the_newest_first(engine: Engine) -> None:
    log: Log = []

    async def scenario(system: ActorSystem) -> None:
        log.clear()
        for name in "abc":
            await system.spawn(Puppet, log, name)

    engine(scenario)

    assert log == [f"{n} started" for n in "abc"] + [f"{n} stopping shutdown" for n in "cba"]


# -- links, monitors, names, timers ------------------------------------------------------------------------------------


def test_a_death_is_told_over_links_and_monitors_after_all_messages(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        probe, ref = await Probe.spawn(system), await system.spawn(Puppet, name="a")
        probe.monitor(ref)
        probe.link(ref)

        def last_words(_: object) -> None:
            for n in range(10):
                probe.ref.tell(Note(str(n)))
            raise RuntimeError("boom")

        ref.tell(Do(last_words))
        got = [await probe.expect() for _ in range(12)]

        assert got[:10] == [Note(str(n)) for n in range(10)]
        assert {type(signal): signal.reason for signal in got[10:]} == {Down: BOOM, Exit: BOOM}

    engine(scenario)


def test_a_linked_actor_dies_too(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        one, two, trapping = [await system.spawn(cls) for cls in (Puppet, Puppet, Trapper)]
        await one.ask(Do(lambda actor: actor.link(two)))
        await one.ask(Do(lambda actor: actor.link(trapping)))
        two.tell(Boom())

        assert (await one.wait_ended(), await trapping.ask(Note("alive"))) == (BOOM, "alive")

    engine(scenario)


def test_a_name_belongs_to_one_life(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        ref = await system.spawn(Plain, name="a")
        await fails(system.spawn(Plain, name="a"), NameTaken)
        await ref.stop()

        assert (await system.spawn(Plain, name="a")).is_alive

    engine(scenario)


def test_a_timer_ticks_until_it_is_cancelled(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        probe, ref = await Probe.spawn(system), await system.spawn(Puppet)
        timer = await ref.ask(Do(lambda actor: actor.every(TICK, Do(lambda _: probe.ref.tell("tick")))))
        for _ in range(3):
            await probe.expect("tick")
        left = timer.cancel()
        await probe.expect_nothing(within=3 * TICK)

        assert 0.0 <= left < TICK + 1e-6

    engine(scenario)


def test_an_actor_is_suspended_and_resumed(engine: Engine) -> None:
    async def scenario(system: ActorSystem) -> None:
        log: Log = []
        ref = await system.spawn(Puppet, log)
        await ref.suspend()
        ref.tell(Note("waiting"))
        await asyncio.sleep(TICK)
        before = list(log)
        await ref.resume()
        await ref.ask(Note("last"))

        assert (before, log) == (["started"], ["started", "waiting", "last"])

    engine(scenario)


@pytest.mark.real
@pytest.mark.parametrize("run", [on_asyncio, on_uvloop], ids=["asyncio", "uvloop"])
def test_a_handler_that_holds_the_loop_is_reported(run: Engine) -> None:
    events: list[object] = []

    async def scenario(system: ActorSystem) -> None:
        system.events.subscribe(events.append)
        ref = await system.spawn(Plain, name="slow")
        await ref.ask(Do(lambda _: time.sleep(0.25)))

    run(scenario)

    assert [(e.pid.name, e.handler) for e in events if isinstance(e, Blocked)] == [("slow", "Plain.do")]
