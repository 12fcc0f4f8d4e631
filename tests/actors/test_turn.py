"""One actor's turn: its own context, cancellations that stay where they belong, and asyncio inside handlers."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from actors import (
    KILLED,
    SHUTDOWN,
    Actor,
    ActorDied,
    ActorSystem,
    Crashed,
    Ref,
    Unhandled,
    handle,
)
from actors.testing import World, world
from tests.actors.kit import Boom, Do, Log, Note, Plain, Puppet, Sleep, fails

TRACE: contextvars.ContextVar[str] = contextvars.ContextVar("TRACE", default="unset")


def mark(name: str) -> None:
    TRACE.set(name)


async def set_and_sleep(name: str, log: Log, naps: int = 3) -> None:
    """Set the variable, then read it again after each nap."""
    TRACE.set(name)
    for _ in range(naps):
        await asyncio.sleep(0.5)
        log.append(f"{name} sees {TRACE.get()}")


def naps(name: str, log: Log) -> Callable[[object], Awaitable[None]]:
    return lambda _: set_and_sleep(name, log)


# -- context -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Plain, Puppet], ids=["def", "async def"])
@world()
async def test_a_variable_that_a_handler_sets_is_not_seen_by_another_actor(w: World, cls: Any) -> None:
    one, two = await w.spawn(cls), await w.spawn(cls)
    await one.ask(Do(lambda _: mark("one")))

    assert await two.ask(Do(lambda _: TRACE.get())) == "unset"


@pytest.mark.parametrize("cls", [Plain, Puppet], ids=["def", "async def"])
@world()
async def test_a_variable_that_a_handler_sets_is_seen_by_the_next_handler_of_its_actor(w: World, cls: Any) -> None:
    ref = await w.spawn(cls)
    await ref.ask(Do(lambda _: mark("mine")))

    assert await ref.ask(Do(lambda _: TRACE.get())) == "mine"


@world()
async def test_a_variable_that_a_handler_sets_is_not_seen_by_its_sender(w: World) -> None:
    ref = await w.spawn(Plain)
    await ref.ask(Do(lambda _: mark("mine")))

    assert TRACE.get() == "unset"


@pytest.mark.parametrize("seed", range(5))
def test_variables_do_not_mix_when_handlers_suspend_and_interleave(seed: int) -> None:
    async def scenario(w: World) -> None:
        log: Log = []
        for name in "abcdef":
            ref = await w.spawn(Puppet)
            ref.tell(Do(naps(name, log)))
        await w.advance(5.0)

        assert sorted(log) == sorted(f"{name} sees {name}" for name in "abcdef" for _ in range(3))

    world(seed).run(scenario)


@world()
async def test_an_actor_that_runs_while_another_is_suspended_does_not_see_its_variables(w: World) -> None:
    log: Log = []
    one, two = await w.spawn(Puppet), await w.spawn(Puppet)
    one.tell(Do(lambda _: set_and_sleep("one", log)))
    await w.advance(0.7)

    assert await two.ask(Do(lambda _: TRACE.get())) == "unset"


@world()
async def test_a_variable_set_before_a_crash_is_not_seen_by_the_next_actor_of_the_fiber(w: World) -> None:
    def set_and_crash(_: object) -> None:
        TRACE.set("crashed")
        raise RuntimeError

    one, two = await w.spawn(Puppet), await w.spawn(Puppet)
    await fails(one.ask(Do(set_and_crash)))

    assert await two.ask(Do(lambda _: TRACE.get())) == "unset"


@world()
async def test_an_actor_sees_the_variables_of_the_moment_its_system_was_entered(w: World) -> None:
    token = TRACE.set("before the system")
    async with ActorSystem("s") as system:
        TRACE.set("after")
        ref = await system.spawn(Plain)

        assert await ref.ask(Do(lambda _: TRACE.get())) == "before the system"
    TRACE.reset(token)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["def", "async def"])
@world()
async def test_started_and_stopping_share_the_context_of_the_handlers(w: World, asynchronous: bool) -> None:
    log: Log = []

    class Hooks(Plain):
        def started(self) -> None:
            TRACE.set("set in started")

        def stopping(self, reason: object) -> None:
            log.append(TRACE.get())

    class AsyncHooks(Puppet):
        async def started(self) -> None:
            TRACE.set("set in started")

        async def stopping(self, reason: object) -> None:
            log.append(TRACE.get())

    ref = await w.spawn(AsyncHooks if asynchronous else Hooks)
    log.append(await ref.ask(Do(lambda _: TRACE.get())))
    await ref.stop()

    assert log == ["set in started", "set in started"]


@world()
async def test_a_token_can_be_reset_after_the_handler_suspended(w: World) -> None:
    async def set_and_reset(_: object) -> str:
        token = TRACE.set("for a while")
        await asyncio.sleep(1.0)
        TRACE.reset(token)
        return TRACE.get()

    assert await (await w.spawn(Puppet)).ask(Do(set_and_reset)) == "unset"


@world()
async def test_a_task_made_in_a_handler_starts_with_the_variables_of_its_actor(w: World) -> None:
    async def read() -> str:
        return TRACE.get()

    async def in_task(_: object) -> str:
        TRACE.set("the actor's")
        return await asyncio.create_task(read())

    assert await (await w.spawn(Puppet)).ask(Do(in_task)) == "the actor's"


# -- cancellation ------------------------------------------------------------------------------------------------------


def cancel_current(_: object) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


def cancel_current_if_any(_: object) -> None:
    task = asyncio.current_task()
    if task is not None:
        task.cancel()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("cls", [Plain, Puppet], ids=["def", "async def"])
def test_a_cancellation_left_behind_in_a_handler_never_hits_another_actor(seed: int, cls: Any) -> None:
    async def scenario(w: World) -> None:
        log: Log = []
        culprit = await w.spawn(cls)
        others = [await w.spawn(Puppet, log, f"other{n}") for n in range(4)]
        for other in others:
            other.tell(Sleep(1.0))
        culprit.tell(Do(cancel_current_if_any))
        for other in others:
            other.tell(Note("alive"))
        await w.advance(5.0)

        assert sorted(line for line in log if "alive" in line) == [f"other{n} alive" for n in range(4)]
        assert [line for line in log if "stopping" in line] == []

    world(seed).run(scenario)


@world()
async def test_an_actor_that_cancels_its_task_and_goes_on_without_waiting_is_not_harmed(w: World) -> None:
    ref = await w.spawn(Puppet)
    await ref.ask(Do(cancel_current))

    assert await ref.ask(Sleep(1.0)) == "awake"


@world()
async def test_an_actor_that_cancels_its_task_and_then_waits_crashes_with_the_cancellation(w: World) -> None:
    async def cancel_and_wait(actor: object) -> None:
        cancel_current(actor)
        await asyncio.sleep(1.0)

    error = await fails((await w.spawn(Puppet)).ask(Do(cancel_and_wait)), ActorDied)

    assert error.reason == Crashed(asyncio.CancelledError())


@world()
async def test_a_handler_may_catch_its_own_cancellation_and_go_on(w: World) -> None:
    async def catch(actor: object) -> str:
        cancel_current(actor)
        try:
            await asyncio.sleep(10.0)
        except asyncio.CancelledError:
            await asyncio.sleep(1.0)
        return f"at {w.now():g}"

    assert await (await w.spawn(Puppet)).ask(Do(catch)) == "at 1"


@world()
async def test_a_cancellation_caught_but_not_undone_does_not_hit_the_next_actor(w: World) -> None:
    async def catch(actor: object) -> None:
        cancel_current(actor)
        try:
            await asyncio.sleep(10.0)
        except asyncio.CancelledError:
            return

    log: Log = []
    culprit, other = await w.spawn(Puppet), await w.spawn(Puppet, log)
    culprit.tell(Do(catch))
    other.tell(Sleep(1.0))
    await w.idle()
    other.tell(Sleep(1.0))
    await w.advance(5.0)

    assert log == ["started", "asleep", "awake", "asleep", "awake"]


@world()
async def test_killing_a_suspended_actor_does_not_disturb_others(w: World) -> None:
    log: Log = []
    victim = await w.spawn(Puppet, [], "victim")
    others = [await w.spawn(Puppet, log) for _ in range(3)]
    for ref in (*others, victim):
        ref.tell(Sleep(5.0))
    await w.advance(1.0)
    victim.kill()
    for ref in others:
        ref.tell(Note("after"))
    await w.advance(10.0)

    assert sorted(log) == sorted(["started", "asleep", "awake", "after"] * 3)


@world()
async def test_the_fiber_of_a_killed_handler_serves_the_next_actor(w: World) -> None:
    system = await w.system()
    for _ in range(20):
        ref = await w.spawn(Puppet)
        ref.tell(Sleep(5.0))
        await w.idle()
        ref.kill()
        await w.idle()

    assert system.statistics().fibers <= 3


# -- asyncio inside handlers -------------------------------------------------------------------------------------------


async def use_timeout() -> str:
    try:
        async with asyncio.timeout(1.0):
            await asyncio.sleep(10.0)
    except TimeoutError:
        return "timed out"
    return "never"


async def use_timeout_that_holds() -> str:
    async with asyncio.timeout(10.0):
        await asyncio.sleep(1.0)
    return "in time"


async def use_wait_for() -> str:
    try:
        await asyncio.wait_for(asyncio.sleep(10.0), 1.0)
    except TimeoutError:
        return "timed out"
    return "never"


async def value_after(seconds: float, value: str) -> str:
    await asyncio.sleep(seconds)
    return value


async def use_task_group() -> str:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(value_after(0.5, text)) for text in "ab"]
    return "".join(task.result() for task in tasks)


async def failing() -> None:
    await asyncio.sleep(0.1)
    raise ValueError("in a task")


async def use_failing_task_group() -> str:
    found = "never"
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(failing())
            group.create_task(asyncio.sleep(10.0))
    except* ValueError as errors:
        found = str(errors.exceptions[0])
    return found


async def use_gather() -> str:
    return "".join(await asyncio.gather(value_after(0.2, "a"), value_after(0.1, "b")))


async def use_current_task() -> str:
    before = asyncio.current_task()
    await asyncio.sleep(1.0)
    return "the same" if before is asyncio.current_task() and before is not None else "another"


async def use_lock() -> str:
    lock = asyncio.Lock()
    async with lock:
        return "locked" if lock.locked() else "open"


async def use_bare_yield() -> str:
    for _ in range(3):
        await asyncio.sleep(0)
    return "yielded"


async def use_future() -> str:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str] = loop.create_future()
    loop.call_later(1.0, future.set_result, "from a callback")
    return await future


async def use_shield() -> str:
    task = asyncio.create_task(value_after(2.0, "shielded"))
    try:
        async with asyncio.timeout(1.0):
            await asyncio.shield(task)
    except TimeoutError:
        return await task
    return "never"


WORKS = [
    (use_timeout, "timed out"),
    (use_timeout_that_holds, "in time"),
    (use_wait_for, "timed out"),
    (use_task_group, "ab"),
    (use_failing_task_group, "in a task"),
    (use_gather, "ab"),
    (use_current_task, "the same"),
    (use_lock, "locked"),
    (use_bare_yield, "yielded"),
    (use_future, "from a callback"),
    (use_shield, "shielded"),
]


@pytest.mark.parametrize(("use", "result"), WORKS, ids=lambda v: v.__name__.removeprefix("use_") if callable(v) else "")
@world()
async def test_inside_a_handler_works(w: World, use: Callable[[], Any], result: str) -> None:
    ref = await w.spawn(Puppet)

    assert await ref.ask(Do(lambda _: use()), timeout=60.0) == result
    assert await ref.ask(Note("alive")) == "alive"


@world()
async def test_a_timeout_of_the_handler_inside_a_task_group_of_the_asker_hits_only_the_handler(w: World) -> None:
    ref = await w.spawn(Puppet)
    async with asyncio.TaskGroup() as group:
        one = group.create_task(ref.ask(Do(lambda _: use_timeout()), timeout=60.0))
        two = group.create_task(ref.ask(Note("b"), timeout=60.0))

    assert (one.result(), two.result()) == ("timed out", "b")


@pytest.mark.parametrize(
    "use", [use_timeout, use_task_group, use_wait_for, use_gather], ids=lambda f: f.__name__.removeprefix("use_")
)
@world()
async def test_a_kill_goes_through(w: World, use: Callable[[], Any]) -> None:
    ref = await w.spawn(Puppet)
    ref.tell(Do(lambda _: use()))
    await w.idle()
    ref.kill()
    await w.idle()

    assert (str(await ref.wait_ended()), w.now()) == ("killed", 0.0)


@world()
async def test_a_handlers_finally_runs_when_it_is_killed(w: World) -> None:
    log: Log = []

    async def guarded(_: object) -> None:
        try:
            await asyncio.sleep(10.0)
        finally:
            log.append("cleaned up")

    ref = await w.spawn(Puppet)
    ref.tell(Do(guarded))
    await w.idle()
    ref.kill()
    await w.idle()

    assert log == ["cleaned up"]


@world()
async def test_an_exit_at_the_very_moment_of_the_handlers_own_timeout_ends_the_life(w: World) -> None:
    ref = await w.spawn(Puppet)
    question = asyncio.create_task(ref.ask(Do(lambda _: use_timeout())))
    await w.idle()
    asyncio.get_running_loop().call_later(1.0, ref.exit, SHUTDOWN)

    assert (await fails(question, ActorDied)).reason == SHUTDOWN
    assert w.now() == 1.0


class Passes(Actor):
    """A ``def`` handler that returns a coroutine, in a class where nothing else is ``async``."""

    async def later(self, message: str) -> str:
        await asyncio.sleep(1.0)
        if message == "crash":
            raise RuntimeError("later")
        return message

    @handle
    def any(self, message: str) -> Any:
        return self.later(message)


@world()
async def test_a_crash_in_a_coroutine_that_a_def_handler_returned_wakes_its_asker(w: World) -> None:
    ref = await w.spawn(Passes)

    assert (await fails(ref.ask("crash"), ActorDied)).reason == Crashed(RuntimeError("later"))


@world()
async def test_a_kill_cuts_a_coroutine_that_a_def_handler_returned(w: World) -> None:
    ref = await w.spawn(Passes)
    question = asyncio.create_task(ref.ask("fine"))
    await w.idle()
    ref.kill()

    assert ((await fails(question, ActorDied)).reason, w.now()) == (KILLED, 0.0)


# -- one at a time -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_an_actor_handles_one_message_at_a_time_though_its_handlers_suspend(seed: int) -> None:
    async def scenario(w: World) -> None:
        log: Log = []
        ref = await w.spawn(Puppet, log)
        for _ in range(3):
            ref.tell(Sleep(1.0))
        await w.advance(5.0)

        assert log == ["started", *["asleep", "awake"] * 3]

    world(seed).run(scenario)


@world()
async def test_actors_that_suspend_do_not_hold_up_each_other(w: World) -> None:
    refs = [await w.spawn(Puppet) for _ in range(100)]

    await asyncio.gather(*(ref.ask(Sleep(1.0)) for ref in refs))

    assert w.now() == 1.0


@pytest.mark.parametrize("error", [RuntimeError, asyncio.CancelledError, TimeoutError, StopAsyncIteration, Unhandled])
@world()
async def test_any_exception_of_a_handler_is_a_crash(w: World, error: type[BaseException]) -> None:
    def crash(_: object) -> None:
        raise Unhandled("x", "y") if error is Unhandled else error()

    ended = await fails((await w.spawn(Plain)).ask(Do(crash)), ActorDied)

    assert type(ended.reason.exception) is error


@pytest.mark.parametrize("cls", [Plain, Puppet], ids=["def", "async def"])
@world()
async def test_stop_iteration_in_a_handler_is_a_crash_and_harms_nobody_else(w: World, cls: Any) -> None:
    def crash(_: object) -> None:
        raise StopIteration("stray")

    one, two = await w.spawn(cls), await w.spawn(cls)
    error = await fails(one.ask(Do(crash)), ActorDied)

    assert str(error.reason).startswith(("crashed(StopIteration", "crashed(RuntimeError: coroutine raised StopIter"))
    assert await two.ask(Note("alive")) == "alive"


@world()
async def test_a_crash_of_one_actor_does_not_touch_its_neighbours_on_the_queue(w: World) -> None:
    log: Log = []
    refs = [await w.spawn(Plain, log, str(n)) for n in range(6)]
    log.clear()
    for n, ref in enumerate(refs):
        ref.tell(Boom() if n % 2 else Note("fine"))
    await w.idle()

    assert sorted(log) == sorted(
        ["0 fine", "2 fine", "4 fine"]
        + [line for n in (1, 3, 5) for line in (f"{n} boom boom", f"{n} stopping crashed(RuntimeError: boom)")]
    )


@world()
async def test_a_message_that_an_actor_sends_itself_waits_its_turn(w: World) -> None:
    class Counter(Actor):
        def __init__(self) -> None:
            self.seen: list[int] = []

        @handle
        def count(self, message: int) -> None:
            self.seen.append(message)
            if message < 3:
                self.ref.tell(message + 1)
                self.ref.tell(message + 1)

        @handle
        def get(self, message: str) -> list[int]:
            return self.seen

    ref: Ref[Any] = await w.spawn(Counter)
    ref.tell(1)
    await w.idle()

    assert await ref.ask("seen") == [1, 2, 2, 3, 3, 3, 3]
