"""The run queue: no task for an idle actor, fairness between actors, latency of the loop, reports of what holds it."""

from __future__ import annotations

import asyncio
import functools
import statistics
import subprocess
import sys
import time
from typing import Any

import pytest

from actors import SHUTDOWN, Abandoned, Actor, ActorSystem, Blocked, NotRunning, Reason, Ref, handle
from actors.engine import BATCH
from actors.engines import loop as real
from actors.fiber import POOLED_FIBERS
from actors.scheduler import BLOCKED_AFTER, KILL_GRACE, SLICE
from actors.testing import World, world
from tests.actors.kit import Do, Log, Note, Plain, Puppet, Sleep, letters
from tests.project import ROOT

# -- constants ---------------------------------------------------------------------------------------------------------


def test_the_bounds_are_what_the_documents_promise() -> None:
    assert (BATCH, SLICE, BLOCKED_AFTER, KILL_GRACE, POOLED_FIBERS) == (16, 0.002, 0.1, 0.5, 256)


class Worker(Actor):
    """Answers what it is asked."""

    @handle
    async def answer(self, message: str) -> str:
        return message


# -- no task for an idle actor -----------------------------------------------------------------------------------------


@world()
async def test_a_thousand_idle_actors_have_no_task(w: World) -> None:
    before = len(asyncio.all_tasks())
    for _ in range(1000):
        await w.spawn(Plain)
    await w.idle()

    assert len(asyncio.all_tasks()) == before


@world()
async def test_async_handlers_that_do_not_suspend_share_one_fiber(w: World) -> None:
    refs = [await w.spawn(Puppet) for _ in range(100)]
    for ref in refs:
        ref.tell(Note("a"))
    await w.idle()

    assert (await w.system()).statistics().fibers == 1


@world()
async def test_def_handlers_need_no_fiber(w: World) -> None:
    refs = [await w.spawn(Plain) for _ in range(100)]
    for ref in refs:
        ref.tell(Note("a"))
    await w.idle()

    assert (await w.system()).statistics().fibers == 0


@world()
async def test_each_suspended_handler_holds_one_fiber_and_gives_it_back(w: World) -> None:
    refs = [await w.spawn(Puppet) for _ in range(20)]
    for ref in refs:
        ref.tell(Sleep(1.0))
    await w.idle()
    during = (await w.system()).statistics().fibers
    await w.advance(2.0)
    for ref in refs:
        ref.tell(Sleep(1.0))
    await w.advance(2.0)

    assert during in (20, 21)
    assert (await w.system()).statistics().fibers <= 21


@world()
async def test_fibers_beyond_the_pool_end_after_a_burst(w: World) -> None:
    refs = [await w.spawn(Puppet) for _ in range(POOLED_FIBERS + 100)]
    for ref in refs:
        ref.tell(Sleep(1.0))
    await w.advance(2.0)

    assert (await w.system()).statistics().fibers <= POOLED_FIBERS


@world()
async def test_leaving_a_system_leaves_no_task(w: World) -> None:
    before = len(asyncio.all_tasks())
    async with ActorSystem("s") as system:
        for _ in range(10):
            (await system.spawn(Puppet)).tell(Sleep(100.0))
        await w.idle()
    await w.idle()

    assert len(asyncio.all_tasks()) == before


@world()
async def test_ten_thousand_actors_live_side_by_side(w: World) -> None:
    refs = [await w.spawn(Plain) for _ in range(10_000)]
    answers = [await refs[n].ask(Note(str(n))) for n in range(0, 10_000, 1000)]

    assert answers == [str(n) for n in range(0, 10_000, 1000)]
    assert (await w.system()).statistics().actors == 10_000


def cancel_all_others() -> None:
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


@pytest.mark.real
def test_a_fiber_that_is_cancelled_before_its_first_step_does_not_stop_the_run_queue() -> None:
    async def main() -> str:
        async with ActorSystem("s") as system:
            ref = await system.spawn(Worker)
            ref.tell("one")
            await asyncio.sleep(0)  # a fiber is made for it, and begins in the next turn of the loop
            (fiber,) = system.scheduler.fibers
            cancel_all_others()
            answer: str = await ref.ask("two", timeout=5.0)
            assert fiber.cancelled()
            return answer

    assert asyncio.run(main()) == "two"


class Hooked(Plain):
    """No method of it is ``async``, and one waits all the same."""

    def stopping(self, reason: Reason) -> Any:
        return self.wait()

    wait = staticmethod(functools.partial(asyncio.sleep, 100))


@pytest.mark.real
def test_a_hook_whose_fiber_is_cancelled_before_its_first_step_feels_it() -> None:
    async def main() -> Reason:
        async with ActorSystem("s") as system:
            ref = await system.spawn(Hooked)
            ended = asyncio.ensure_future(ref.wait_ended())
            await asyncio.sleep(0)
            ref.exit(SHUTDOWN)
            await asyncio.sleep(0)
            (fiber,) = system.scheduler.fibers
            fiber.cancel()
            return await asyncio.wait_for(ended, 5.0)

    assert str(asyncio.run(main())) == "crashed(CancelledError)"


# -- fairness ----------------------------------------------------------------------------------------------------------


async def alternation(cls: type[Plain | Puppet]) -> Log:
    log: Log = []
    async with ActorSystem("s") as system:
        flooded = await system.spawn(cls, log, "flooded")
        other = await system.spawn(cls, log, "other")
        log.clear()
        for _ in range(100):
            flooded.tell(Note("x"))
        other.tell(Note("x"))
        await flooded.ask(Note("last"))
    return log


@pytest.mark.real
@pytest.mark.parametrize("cls", [Plain, Puppet], ids=["def", "async def"])
def test_an_actor_waits_at_most_one_batch_of_a_flooded_one(cls: Any) -> None:
    log = asyncio.run(alternation(cls))

    assert log.index("other x") <= BATCH


class Hungry(Actor):
    """Sends itself a message for each one it handles: never idle."""

    turns = 0

    @handle
    def again(self, message: int) -> None:
        self.turns += 1
        self.ref.tell(message)


class AsyncHungry(Actor):
    turns = 0

    @handle
    async def again(self, message: int) -> None:
        self.turns += 1
        self.ref.tell(message)


@pytest.mark.real
@pytest.mark.parametrize("cls", [Hungry, AsyncHungry], ids=["def", "async def"])
def test_an_actor_that_is_never_idle_lets_others_and_the_loop_have_their_turn(cls: Any) -> None:
    async def main() -> tuple[list[str], float]:
        async with ActorSystem("s") as system:
            hungry: Ref[Any] = await system.spawn(cls)
            other = await system.spawn(Plain)
            hungry.tell(1)
            answers = [await other.ask(Note(str(n))) for n in range(50)]
            waits: list[float] = []
            for _ in range(20):
                then = time.process_time()  # what others on this machine take is not the queue's doing
                await asyncio.sleep(0)
                waits.append(time.process_time() - then)
            hungry.kill()
            return answers, statistics.median(waits)

    answers, typical = real.run(main())

    assert answers == [str(n) for n in range(50)]
    assert typical < 5 * SLICE


@pytest.mark.parametrize("cls", [Hungry, AsyncHungry], ids=["def", "async def"])
@world()
async def test_a_busy_actor_can_be_stopped(w: World, cls: Any) -> None:
    ref: Ref[Any] = await w.spawn(cls)
    ref.tell(1)
    await asyncio.sleep(0)
    await ref.stop()

    assert not ref.is_alive


@pytest.mark.parametrize("seed", range(3))
def test_every_ready_actor_has_its_turn_whatever_the_seed(seed: int) -> None:
    async def scenario(w: World) -> None:
        log: Log = []
        hungry = await w.spawn(Hungry)
        hungry.tell(1)
        others = [await w.spawn(Plain, log, str(n)) for n in range(5)]
        log.clear()
        for other in others:
            await other.ask(Note("served"))
        hungry.kill()

        assert log == [f"{n} served" for n in range(5)]

    world(seed).run(scenario)


# -- what holds the loop -----------------------------------------------------------------------------------------------


def hold_the_loop(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


class Blocker(Actor):
    @handle
    def block(self, message: float) -> None:
        hold_the_loop(message)


class AsyncBlocker(Actor):
    @handle
    async def block(self, message: float) -> None:
        await asyncio.sleep(0)
        hold_the_loop(message)


async def blocked_reports(cls: type[Actor], seconds: float) -> list[Blocked]:
    reports: list[Blocked] = []
    async with ActorSystem("s") as system:
        system.events.subscribe(reports.append)
        ref = await system.spawn(cls, name="slow")
        await ref.ask(seconds)
        await asyncio.sleep(0)
    return reports


@pytest.mark.real
@pytest.mark.parametrize("cls", [Blocker, AsyncBlocker], ids=["def", "async def after it suspended"])
def test_a_handler_that_holds_the_loop_is_reported_with_actor_and_handler(cls: type[Actor]) -> None:
    reports = asyncio.run(blocked_reports(cls, 0.15))

    assert [(str(r.pid), r.handler, r.message) for r in reports] == [("slow#1", f"{cls.__name__}.block", "float")]
    assert 0.14 < reports[0].seconds < 2.0


@pytest.mark.real
def test_the_report_of_a_blocked_loop_reads_as_a_sentence() -> None:
    (report,) = asyncio.run(blocked_reports(Blocker, 0.15))

    assert report.describe() == f"slow#1 blocked the loop for {report.seconds:.3f} s in Blocker.block handling float"


@pytest.mark.real
@pytest.mark.parametrize("cls", [Blocker, AsyncBlocker], ids=["def", "async def"])
def test_a_handler_that_is_quick_is_not_reported(cls: type[Actor]) -> None:
    assert asyncio.run(blocked_reports(cls, 0.001)) == []


class LongSleeper(Actor):
    @handle
    async def wait(self, message: float) -> None:
        await asyncio.sleep(message)


@pytest.mark.real
def test_a_handler_that_suspends_for_long_is_not_reported() -> None:
    assert asyncio.run(blocked_reports(LongSleeper, 0.15)) == []


@pytest.mark.real
def test_an_actor_after_a_blocking_one_is_not_blamed() -> None:
    async def main() -> list[str]:
        reports: list[Blocked] = []
        async with ActorSystem("s") as system:
            system.events.subscribe(reports.append)
            slow, quick = await system.spawn(Blocker, name="slow"), await system.spawn(Plain, name="quick")
            slow.tell(0.15)
            await quick.ask(Note("a"))
        return [report.pid.name for report in reports]

    assert asyncio.run(main()) == ["slow"]


# -- handlers that do not end ------------------------------------------------------------------------------------------


async def stubborn(_: object) -> None:
    """Swallows every cancellation for ten seconds."""
    end = asyncio.get_running_loop().time() + 10.0
    while asyncio.get_running_loop().time() < end:
        try:
            await asyncio.sleep(1.0)
        except asyncio.CancelledError:
            continue


@world()
async def test_a_killed_handler_that_swallows_its_cancellation_is_abandoned_after_half_a_second(w: World) -> None:
    ref = await w.spawn(Puppet, name="deaf")
    ref.tell(Do(stubborn))
    await w.idle()
    ref.kill()

    assert (str(await ref.wait_ended()), w.now()) == ("killed", KILL_GRACE)


@world()
async def test_an_abandoned_handler_is_reported_with_actor_and_handler(w: World) -> None:
    events: list[object] = []
    (await w.system()).events.subscribe(events.append)
    ref = await w.spawn(Puppet, name="deaf")
    ref.tell(Do(stubborn))
    await w.idle()
    ref.kill()
    await w.advance(1.0)

    (report,) = [event for event in events if isinstance(event, Abandoned)]
    assert (str(report.pid), report.handler, report.message, report.at) == ("deaf#1", "Puppet.do", "Do", 0.5)


@world()
async def test_an_abandoned_handler_is_no_fiber_of_its_system_any_more(w: World) -> None:
    ref = await w.spawn(Puppet, name="deaf")
    ref.tell(Do(stubborn))
    await w.idle()
    before = (await w.system()).statistics().fibers
    ref.kill()
    await w.advance(1.0)

    assert (before, (await w.system()).statistics().fibers) == (1, 0)


async def deaf_for_ever(_: object) -> None:
    while True:
        try:
            await asyncio.sleep(1.0)
        except asyncio.CancelledError:
            continue


@pytest.mark.real
@pytest.mark.parametrize("run", [asyncio.run, real.run], ids=["asyncio", "uvloop"])
def test_an_abandoned_handler_that_never_ends_does_not_keep_the_loop_from_ending(run: Any) -> None:
    async def main() -> str:
        async with ActorSystem("s") as system:
            ref = await system.spawn(Puppet)
            ref.tell(Do(deaf_for_ever))
            await asyncio.sleep(0.01)
            ref.kill()
            return str(await ref.wait_ended())

    assert run(main()) == "killed"


@world()
async def test_other_actors_are_served_while_an_abandoned_handler_goes_on(w: World) -> None:
    deaf, other = await w.spawn(Puppet), await w.spawn(Puppet)
    deaf.tell(Do(stubborn))
    await w.idle()
    deaf.kill()
    await w.advance(1.0)

    assert await other.ask(Sleep(2.0)) == "awake"


@world()
async def test_what_waited_behind_an_abandoned_handler_is_a_dead_letter(w: World) -> None:
    ref = await w.spawn(Puppet, name="deaf")
    ref.tell(Do(stubborn))
    ref.tell(Note("a"))
    await w.idle()
    ref.kill()
    await w.advance(1.0)

    assert letters(await w.system()) == ["deaf: Do, in hand at the crash", "deaf: a, the actor is dead"]


EXITS = """
import asyncio
from actors import ActorSystem
from tests.actors.kit import Do, Plain, Puppet

def leave(_):
    raise SystemExit(3)

async def main():
    async with ActorSystem("s") as system:
        ref = await system.spawn({cls})
        await ref.ask(Do(leave), timeout=None)

asyncio.run(main())
"""


@pytest.mark.real
@pytest.mark.parametrize("cls", ["Plain", "Puppet"], ids=["def", "async def"])
def test_a_handler_that_exits_the_process_does_so(cls: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", EXITS.format(cls=cls)], cwd=ROOT, capture_output=True, text=True, timeout=5, check=False
    )

    assert done.returncode == 3


# -- the system --------------------------------------------------------------------------------------------------------


def test_a_system_that_was_not_entered_is_not_running() -> None:
    with pytest.raises(NotRunning, match="system 'shop' is not running"):
        ActorSystem("shop").statistics()


@world()
async def test_a_system_is_entered_once(w: World) -> None:
    system = ActorSystem("shop")
    async with system:
        pass
    with pytest.raises(NotRunning, match="a second life of system 'shop' is not running"):
        await system.__aenter__()


@world()
async def test_two_systems_on_one_loop_do_not_know_each_other(w: World) -> None:
    async with ActorSystem("one") as one, ActorSystem("two") as two:
        ref = await one.spawn(Plain, name="a")
        other = await two.spawn(Plain, name="a")

        assert (one.whereis("a"), two.whereis("a")) == (ref, other)
        assert ref != other


@world()
async def test_an_actor_may_ask_one_of_another_system_on_its_loop(w: World) -> None:
    async with ActorSystem("one") as one, ActorSystem("two") as two:
        asker, asked = await one.spawn(Puppet), await two.spawn(Plain)

        assert await asker.ask(Do(lambda _: asked.ask(Note("across")))) == "across"


@pytest.mark.parametrize("seed", [1, 2])
def test_the_chance_of_a_system_repeats_from_its_seed(seed: int) -> None:
    async def draw() -> list[float]:
        async with ActorSystem("s", seed=seed) as system:
            return [system.rng.random() for _ in range(3)]

    assert asyncio.run(draw()) == asyncio.run(draw())


def test_the_chance_of_a_system_without_seed_differs() -> None:
    async def draw() -> float:
        async with ActorSystem("s") as system:
            return system.rng.random()

    assert asyncio.run(draw()) != asyncio.run(draw())


@world()
async def test_the_statistics_of_a_system_count(w: World) -> None:
    system = await w.system()
    ref = await w.spawn(Puppet, name="a")
    await w.spawn(Plain)
    question = asyncio.create_task(ref.ask(Sleep(1.0)))
    await w.idle()
    now = system.statistics()
    await question

    assert (now.name, now.actors, now.ready, now.fibers, now.asking, now.names, now.dead_letters) == (
        "world", 2, 0, 1, 1, 1, 0,
    )  # fmt: skip


@pytest.mark.parametrize("handled", [0, 1, 40])
@pytest.mark.parametrize("cls", [Plain, Puppet], ids=["def", "async def"])
@world()
async def test_the_statistics_of_an_actor_count(w: World, cls: Any, handled: int) -> None:
    ref = await w.spawn(cls, name="a")
    for _ in range(handled):
        ref.tell(Note("x"))
    await w.idle()
    now = ref.statistics()

    assert (str(now.pid), now.state, now.mailbox, now.urgent, now.stashed, now.handled, now.busy) == (
        "a#1", "running", 0, 0, 0, handled, False,
    )  # fmt: skip


@world()
async def test_the_statistics_of_a_busy_actor_say_so(w: World) -> None:
    ref = await w.spawn(Puppet, name="a")
    ref.tell(Sleep(1.0))
    ref.tell(Note("a"))
    ref.tell(Note("b"))
    await w.idle()

    assert (ref.statistics().busy, ref.statistics().mailbox) == (True, 2)


def test_nothing_is_left_on_the_recursion_limit_after_a_long_chain_of_asks() -> None:
    async def scenario(w: World) -> None:
        refs = [await w.spawn(Puppet) for _ in range(200)]

        async def ask_next(at: int) -> int:
            if at == len(refs):
                return 0
            answer: int = await refs[at].ask(Do(lambda _: ask_next(at + 1)), timeout=60.0)
            return answer + 1

        assert await ask_next(0) == 200 < sys.getrecursionlimit()

    world().run(scenario)
