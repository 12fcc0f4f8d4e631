"""How a life begins and ends: the start handshake, the hooks, stop() and its results, the order of what is released."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from actors import (
    KILL,
    KILLED,
    NOPROC,
    NORMAL,
    SHUTDOWN,
    Actor,
    ActorDied,
    ActorSystem,
    AskSelf,
    Crashed,
    Ignore,
    NotRunning,
    Reason,
    Ref,
    Shutdown,
    StartFailed,
    StartTimeout,
    StopTimeout,
    handle,
)
from actors.scheduler import EXIT_GRACE, KILL_GRACE
from actors.testing import World, world
from tests.actors.kit import Boom, Do, Log, Note, Plain, Puppet, Sleep, Trapper, ended, fails, letters

BOOM = Crashed(RuntimeError("boom"))


async def swallow(actor: Any) -> None:
    """Swallows every cancellation for a thousand seconds, then tries to act in its actor's name."""
    loop = asyncio.get_running_loop()
    end = loop.time() + 1000.0
    while loop.time() < end:
        try:
            await asyncio.sleep(end - loop.time())
        except asyncio.CancelledError:
            continue


def swallowing(then: Callable[[Any], Any]) -> Do:
    """A message whose handler swallows its cancellation and later does ``then``."""

    async def act(actor: Any) -> Any:
        await swallow(actor)
        return then(actor)

    return Do(act)


# -- starting ----------------------------------------------------------------------------------------------------------


class Starts(Puppet):
    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self.write("constructed")


class StartsLate(Starts):
    async def started(self) -> None:
        self.write("starting")
        await asyncio.sleep(2.0)
        self.write("started")


@pytest.mark.parametrize(
    ("cls", "expected"),
    [(Starts, ["constructed", "started", "spawned"]), (StartsLate, ["constructed", "starting", "started", "spawned"])],
    ids=["def", "async def"],
)
@world()
async def test_spawn_returns_when_started_is_done(w: World, cls: Any, expected: Log) -> None:
    log: Log = []
    await w.spawn(cls, log)
    log.append("spawned")

    assert log == expected


@world()
async def test_messages_wait_until_started_is_done(w: World) -> None:
    log: Log = []
    spawning = asyncio.create_task(w.spawn(StartsLate, log, name="late"))
    await w.advance(1.0)
    ref = (await w.system()).whereis("late")
    assert ref is not None
    ref.tell(Note("early"))
    question = asyncio.create_task(ref.ask(Note("asked")))
    await w.idle()
    before = list(log)
    await spawning
    await question

    assert before == ["constructed", "starting"]
    assert log == ["constructed", "starting", "started", "early", "asked"]


@world()
async def test_an_actor_is_alive_only_when_it_has_started(w: World) -> None:
    spawning = asyncio.create_task(w.spawn(StartsLate, [], name="late"))
    await w.advance(1.0)
    ref = (await w.system()).whereis("late")
    assert ref is not None
    during = (ref.is_alive, ref.statistics().state)
    await spawning

    assert (during, (ref.is_alive, ref.statistics().state)) == ((False, "starting"), (True, "running"))


@world()
async def test_the_constructor_knows_who_and_where_it_is(w: World) -> None:
    seen: list[object] = []

    class Aware(Actor):
        def __init__(self) -> None:
            seen.extend([self.ref.name, str(self.pid), self.system, self.parent])

    await w.spawn(Aware, name="a")

    assert seen == ["a", "a#1", await w.system(), None]


@world()
async def test_started_may_tell_and_ask_others(w: World) -> None:
    log: Log = []
    other = await w.spawn(Puppet, log)

    class Asks(Puppet):
        async def started(self) -> None:
            self.answer = await other.ask(Note("asked at the start"))

    ref = await w.spawn(Asks)

    assert await ref.ask(Do(lambda actor: actor.answer)) == "asked at the start"


@world()
async def test_started_may_spawn_a_child(w: World) -> None:
    class Parent(Puppet):
        async def started(self) -> None:
            self.child = await self.spawn_link(Plain, name="child")

    ref = await w.spawn(Parent)

    assert (await ref.ask(Do(lambda actor: actor.child))).name == "child"


class InConstructor(Plain):
    def __init__(self, log: Log | None = None) -> None:
        raise RuntimeError("boom")


class InStarted(Plain):
    def started(self) -> None:
        raise RuntimeError("boom")


class InAsyncStarted(Plain):
    async def started(self) -> None:
        await asyncio.sleep(0)
        raise RuntimeError("boom")


class InAsyncConstructor(InConstructor):
    async def started(self) -> None: ...


FAILURES = [InConstructor, InStarted, InAsyncStarted, InAsyncConstructor]


def name_of(cls: type) -> str:
    return cls.__name__


@pytest.mark.parametrize("cls", FAILURES, ids=name_of)
@world()
async def test_an_exception_fails_the_start_with_its_cause(w: World, cls: Any) -> None:
    error = await fails(w.spawn(cls, name="a"), StartFailed)

    assert (error.reason, str(error)) == (BOOM, "a#1 did not start: crashed(RuntimeError: boom)")
    assert repr(error.__cause__) == "RuntimeError('boom')"


@pytest.mark.parametrize("cls", FAILURES, ids=name_of)
@world()
async def test_a_failed_start_leaves_nothing(w: World, cls: Any) -> None:
    system = await w.system()
    await fails(w.spawn(cls, name="a"), StartFailed)

    assert (system.whereis("a"), system.statistics().actors, len(system._roots)) == (None, 0, 0)
    assert (await w.spawn(Plain, name="a")).is_alive


@world()
async def test_a_failed_start_runs_no_stopping(w: World) -> None:
    log: Log = []

    class Fails(Plain):
        def started(self) -> None:
            raise RuntimeError

    await fails(w.spawn(Fails, log), StartFailed)

    assert log == []


@world()
async def test_a_wrong_argument_fails_the_start(w: World) -> None:
    error = await fails(w.spawn(Plain, 1, 2, 3, 4), StartFailed)

    assert isinstance(error.__cause__, TypeError)


@world()
async def test_messages_for_a_start_that_failed_go_to_the_dead_letters_and_their_askers(w: World) -> None:
    class Fails(Puppet):
        async def started(self) -> None:
            await asyncio.sleep(1.0)
            raise RuntimeError("boom")

    spawning = asyncio.create_task(w.spawn(Fails, name="a"))
    await w.idle()
    ref = (await w.system()).whereis("a")
    assert ref is not None
    ref.tell(Note("told"))
    question = asyncio.create_task(ref.ask(Note("asked"), timeout=60.0))
    await fails(spawning)

    assert (await fails(question, ActorDied)).reason == BOOM
    assert letters(await w.system()) == ["a: told, the actor is dead"]


class Ignores(Plain):
    def started(self) -> None:
        raise Ignore


class AsyncIgnores(Plain):
    async def started(self) -> None:
        await asyncio.sleep(1.0)
        raise Ignore("not needed")


class ConstructorIgnores(Plain):
    def __init__(self) -> None:
        raise Ignore


@pytest.mark.parametrize("cls", [Ignores, AsyncIgnores, ConstructorIgnores], ids=name_of)
@world()
async def test_ignore_is_a_failed_start_with_the_reason_normal(w: World, cls: Any) -> None:
    system = await w.system()
    error = await fails(w.spawn(cls, name="a"), StartFailed)

    assert (error.reason, str(error)) == (NORMAL, "a#1 did not start: normal")
    assert (system.whereis("a"), system.statistics().actors) == (None, 0)


@world()
async def test_a_def_started_that_returns_a_coroutine_fails_the_start(w: World) -> None:
    class Odd(Plain):
        def started(self) -> Any:
            return self.really()

        async def really(self) -> None: ...

    error = await fails(w.spawn(Odd), StartFailed)

    assert str(error.__cause__) == "Odd.started returned a coroutine; declare it with 'async def'"


# -- the start's time --------------------------------------------------------------------------------------------------


class NeverStarts(Puppet):
    async def started(self) -> None:
        self.write("starting")
        try:
            await asyncio.sleep(1000.0)
        finally:
            self.write("cut")


class NeverStartsDeaf(Puppet):
    async def started(self) -> None:
        await swallow(self)


@world()
async def test_a_start_that_takes_too_long_is_killed(w: World) -> None:
    log: Log = []
    error = await fails(w.spawn(NeverStarts, log, name="a", timeout=3.0), StartTimeout)

    assert (error.timeout, error.reason, str(error)) == (3.0, KILLED, "a#1 did not start within 3 s")
    assert (log, w.now()) == (["starting", "cut"], 3.0)


@world()
async def test_a_start_that_takes_too_long_frees_its_name(w: World) -> None:
    await fails(w.spawn(NeverStarts, name="a", timeout=3.0), StartTimeout)

    assert (await w.spawn(Plain, name="a")).is_alive


@world()
async def test_a_start_that_swallows_its_cancellation_is_abandoned(w: World) -> None:
    error = await fails(w.spawn(NeverStartsDeaf, name="a", timeout=3.0), StartTimeout)

    assert (error.reason, w.now()) == (KILLED, 3.0 + KILL_GRACE)
    assert (await w.system()).whereis("a") is None


@world()
async def test_a_start_in_time_is_not_disturbed(w: World) -> None:
    ref = await w.spawn(StartsLate, [], timeout=3.0)
    await w.advance(10.0)

    assert ref.is_alive


@world()
async def test_a_start_without_a_limit_takes_as_long_as_it_takes(w: World) -> None:
    class Slow(Puppet):
        async def started(self) -> None:
            await asyncio.sleep(1e6)

    assert (await w.spawn(Slow)).is_alive


@world()
async def test_cancelling_spawn_kills_what_was_starting(w: World) -> None:
    log: Log = []
    spawning = asyncio.create_task(w.spawn(NeverStarts, log, name="a"))
    await w.advance(1.0)
    spawning.cancel()
    await w.idle()

    assert (log, (await w.system()).whereis("a")) == (["starting", "cut"], None)
    assert spawning.cancelled()


@pytest.mark.parametrize("reason", [KILL, SHUTDOWN, BOOM], ids=str)
@world()
async def test_an_exit_while_it_starts_fails_the_start(w: World, reason: Reason) -> None:
    log: Log = []
    spawning = asyncio.create_task(w.spawn(NeverStarts, log, name="a"))
    await w.advance(1.0)
    ref = (await w.system()).whereis("a")
    assert ref is not None
    ref.exit(reason)
    error = await fails(spawning, StartFailed)

    assert (error.reason, w.now()) == (KILLED if reason == KILL else reason, 1.0)
    assert log == ["starting", "cut"]


@world()
async def test_stop_while_it_starts_waits_for_the_start(w: World) -> None:
    log: Log = []
    spawning = asyncio.create_task(w.spawn(StartsLate, log, name="a"))
    await w.advance(1.0)
    ref = (await w.system()).whereis("a")
    assert ref is not None
    await ref.stop()
    await spawning

    assert log == ["constructed", "starting", "started", "stopping normal"]


# -- stop --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Plain, Puppet, Trapper], ids=["def", "async def", "trapping"])
@pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, Shutdown("upgrade"), BOOM, KILL], ids=str)
@world()
async def test_stop_ends_an_idle_actor_for_the_reason_given(w: World, reason: Reason, cls: Any) -> None:
    log: Log = []
    ref = await w.spawn(cls, log)
    await ref.stop(reason)

    assert log == ["started", f"stopping {reason}"]
    assert (await ref.wait_ended(), ref.is_alive) == (reason, False)


@world()
async def test_stop_waits_for_the_message_in_hand(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    question = asyncio.create_task(ref.ask(Sleep(3.0)))
    await w.idle()
    await ref.stop()

    assert log == ["started", "asleep", "awake", "stopping normal"]
    assert await question == "awake"


@world()
async def test_stop_of_the_dead_is_an_error(w: World) -> None:
    ref = await w.spawn(Puppet, name="a")
    await ref.stop()

    error = await fails(ref.stop(), ActorDied)

    assert (error.reason, str(error)) == (NOPROC, "a#1 is dead: noproc")


@world()
async def test_stop_of_an_actor_that_ends_for_another_reason_is_an_error(w: World) -> None:
    ref = await w.spawn(Puppet)
    ref.tell(Sleep(10.0))
    await w.idle()
    stop = asyncio.create_task(ref.stop())
    await w.idle()
    ref.exit(SHUTDOWN)

    assert (await fails(stop, ActorDied)).reason == SHUTDOWN


@world()
async def test_stop_gives_up_after_its_timeout_and_the_actor_goes_on_stopping(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log, name="a")
    ref.tell(Sleep(10.0))
    await w.idle()

    error = await fails(ref.stop(timeout=2.0), StopTimeout)
    at = w.now()
    await w.advance(10.0)

    assert (error.timeout, at, str(error)) == (2.0, 2.0, "a#1 did not stop within 2 s; kill() ends it")
    assert log == ["started", "asleep", "awake", "stopping normal"]


@world()
async def test_several_may_stop_an_actor_at_once(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    await asyncio.gather(ref.stop(), ref.stop(), ref.stop())

    assert log == ["started", "stopping normal"]


@world()
async def test_the_first_stop_gives_the_reason_and_the_second_hears_of_it(w: World) -> None:
    ref = await w.spawn(Puppet)
    first = asyncio.create_task(ref.stop(Shutdown("first")))
    await asyncio.sleep(0)
    error = await fails(ref.stop(Shutdown("second")), ActorDied)
    await first

    assert error.reason == Shutdown("first")


@world()
async def test_cancelling_stop_leaves_no_waiter(w: World) -> None:
    ref = await w.spawn(Puppet)
    ref.tell(Sleep(10.0))
    await w.idle()
    stop = asyncio.create_task(ref.stop())
    await w.idle()
    stop.cancel()
    await w.idle()

    assert ref._cell.more().enders == []


@world()
async def test_an_actor_stops_itself_when_its_handler_is_done(w: World) -> None:
    log: Log = []

    def stop_and_go_on(actor: Puppet) -> None:
        actor.stop(Shutdown("done"))
        actor.write("still here")

    ref = await w.spawn(Puppet, log)
    ref.tell(Do(stop_and_go_on))
    ref.tell(Note("never"))
    await w.idle()

    assert log == ["started", "still here", "stopping shutdown(done)"]


@world()
async def test_an_actor_may_stop_itself_while_it_is_being_stopped(w: World) -> None:
    log: Log = []

    class Twice(Puppet):
        def stopping(self, reason: Reason) -> None:
            super().stopping(reason)
            self.stop(Shutdown("again"))

    ref = await w.spawn(Twice, log)
    await ref.stop()
    await w.idle()

    assert log == ["started", "stopping normal"]
    assert await ref.wait_ended() == NORMAL


@world()
async def test_an_actor_that_is_being_stopped_may_stop_itself_in_its_last_handler(w: World) -> None:
    log: Log = []

    async def nap_and_stop(actor: Puppet) -> None:
        await asyncio.sleep(2.0)
        actor.stop(SHUTDOWN)

    ref = await w.spawn(Puppet, log)
    ref.tell(Do(nap_and_stop))
    await w.idle()
    await ref.stop()
    await w.idle()

    assert log == ["started", "stopping normal"]


@world()
async def test_an_actor_may_stop_itself_in_started(w: World) -> None:
    log: Log = []

    class Brief(Puppet):
        def started(self) -> None:
            self.write("started")
            self.stop()

    ref = await w.spawn(Brief, log)
    await w.idle()

    assert log == ["started", "stopping normal"]
    assert not ref.is_alive


@world()
async def test_an_actor_may_stop_itself_in_its_constructor(w: World) -> None:
    log: Log = []

    class Stillborn(Puppet):
        def __init__(self, log: Log) -> None:
            super().__init__(log)
            self.stop()

    ref = await w.spawn(Stillborn, log)

    assert await ref.wait_ended() == NORMAL
    assert log == ["started", "stopping normal"]


@world()
async def test_an_actor_that_links_to_the_dead_while_it_starts_does_not_start(w: World) -> None:
    dead = await w.spawn(Plain)
    await dead.stop()

    class Late(Puppet):
        async def started(self) -> None:
            self.link(dead)
            await asyncio.sleep(1.0)

    assert (await fails(w.spawn(Late), StartFailed)).reason == NOPROC


@world()
async def test_an_actor_may_close_its_system(w: World) -> None:
    log: Log = []
    async with ActorSystem("s") as system:
        first = await system.spawn(Puppet, log, "first")
        await system.spawn(Puppet, log, "second")
        log.clear()
        first.tell(Do(lambda actor: actor.system.close()))
        await w.idle()

    assert log == ["second stopping shutdown", "first stopping shutdown"]


@world()
async def test_an_actor_may_not_wait_for_its_own_stop_for_ever(w: World) -> None:
    ref = await w.spawn(Puppet)

    error = await ref.ask(Do(lambda actor: fails(actor.ref.stop(timeout=1.0))), timeout=60.0)

    assert isinstance(error, AskSelf)


@world()
async def test_actors_may_stop_each_other(w: World) -> None:
    one, two = await w.spawn(Puppet), await w.spawn(Puppet)
    one.tell(Do(lambda _: two.stop()))
    await w.idle()

    assert (one.is_alive, two.is_alive) == (True, False)


@world()
async def test_wait_ended_returns_why_the_life_is_over(w: World) -> None:
    ref = await w.spawn(Puppet)
    waiting = [asyncio.create_task(ref.wait_ended()) for _ in range(3)]
    await w.idle()
    ref.exit(SHUTDOWN)

    assert await asyncio.gather(*waiting) == [SHUTDOWN] * 3


# -- the hook stopping -------------------------------------------------------------------------------------------------


class StopsLate(Puppet):
    def __init__(self, log: Log, seconds: float = 2.0) -> None:
        super().__init__(log)
        self.seconds = seconds

    async def stopping(self, reason: Reason) -> None:
        self.write(f"stopping {reason}")
        await asyncio.sleep(self.seconds)
        self.write("stopped")


@world()
async def test_stop_returns_when_an_async_stopping_is_done(w: World) -> None:
    log: Log = []
    ref = await w.spawn(StopsLate, log)
    await ref.stop()

    assert (log, w.now()) == (["started", "stopping normal", "stopped"], 2.0)


@world()
async def test_a_stopping_that_nobody_limits_is_killed_after_its_grace(w: World) -> None:
    log: Log = []
    ref = await w.spawn(StopsLate, log, 1000.0)
    error = await fails(ref.stop(), ActorDied)

    assert (error.reason, w.now(), log) == (KILLED, EXIT_GRACE, ["started", "stopping normal"])


class StopsDeaf(Puppet):
    async def stopping(self, reason: Reason) -> None:
        await swallow(self)


@world()
async def test_a_stopping_that_swallows_its_cancellation_is_abandoned(w: World) -> None:
    ref = await w.spawn(StopsDeaf, name="a")
    error = await fails(ref.stop(), ActorDied)

    assert (error.reason, w.now()) == (KILLED, EXIT_GRACE + KILL_GRACE)
    assert (await w.system()).whereis("a") is None


@world()
async def test_a_kill_cuts_a_stopping_that_is_under_way(w: World) -> None:
    log: Log = []
    ref = await w.spawn(StopsLate, log, 3.0)
    stop = asyncio.create_task(ref.stop())
    await w.advance(1.0)
    ref.kill()
    error = await fails(stop, ActorDied)

    assert (error.reason, w.now(), log) == (KILLED, 1.0, ["started", "stopping normal"])


class StopsLateTrapping(StopsLate):
    trap_exits = True


@pytest.mark.parametrize("cls", [StopsLate, StopsLateTrapping], ids=["not trapping", "trapping"])
@world()
async def test_an_exit_does_not_cut_a_stopping_that_is_under_way(w: World, cls: Any) -> None:
    log: Log = []
    ref = await w.spawn(cls, log, 3.0)
    stop = asyncio.create_task(ref.stop())
    await w.advance(1.0)
    ref.exit(SHUTDOWN)
    await stop

    assert log == ["started", "stopping normal", "stopped"]


@pytest.mark.parametrize("cls", [StopsLate, StopsLateTrapping], ids=["not trapping", "trapping"])
@world()
async def test_the_parents_exit_does_not_cut_a_stopping_that_is_under_way(w: World, cls: Any) -> None:
    log: Log = []
    async with ActorSystem("s") as system:
        ref = await system.spawn(cls, log, 3.0)
        stop = asyncio.create_task(ref.stop())
        await w.advance(1.0)
    await stop

    assert log == ["started", "stopping normal", "stopped"]


class InStopping(Plain):
    def stopping(self, reason: Reason) -> None:
        raise RuntimeError("boom")


class InAsyncStopping(Plain):
    async def stopping(self, reason: Reason) -> None:
        await asyncio.sleep(1.0)
        raise RuntimeError("boom")


@pytest.mark.parametrize("cls", [InStopping, InAsyncStopping], ids=["def", "async def"])
@pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, Crashed(ValueError("first"))], ids=str)
@world()
async def test_an_exception_in_stopping_becomes_the_reason(w: World, reason: Reason, cls: Any) -> None:
    ref = await w.spawn(cls)
    error = await fails(ref.stop(reason), ActorDied)

    assert error.reason == BOOM


@world()
async def test_an_exception_in_stopping_still_frees_the_name_and_tells_the_watchers(w: World) -> None:
    probe = await w.probe()
    ref = await w.spawn(InStopping, name="a")
    probe.monitor(ref)
    await fails(ref.stop())

    assert await probe.expect_down(ref) == BOOM
    assert (await w.system()).whereis("a") is None


@world()
async def test_stopping_runs_after_a_crash_with_its_reason(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    ref.tell(Boom())

    assert await ended(ref) == "crashed(RuntimeError: boom)"
    assert log == ["started", "boom boom", "stopping crashed(RuntimeError: boom)"]


@world()
async def test_messages_told_while_it_is_stopping_are_dead_letters(w: World) -> None:
    ref = await w.spawn(StopsLate, [], name="a")
    stop = asyncio.create_task(ref.stop())
    await w.advance(1.0)
    ref.tell(Note("late"))
    question = asyncio.create_task(ref.ask(Note("asked late")))
    await stop

    assert (await fails(question, ActorDied)).reason == NORMAL
    assert letters(await w.system()) == ["a: late, the actor is dead"]


@world()
async def test_stopping_may_still_tell_ask_and_read_the_registry(w: World) -> None:
    log: Log = []
    other = await w.spawn(Puppet, log, "other")

    class Leaves(Puppet):
        async def stopping(self, reason: Reason) -> None:
            other.tell(Note("told"))
            self.write(await other.ask(Note("asked")))
            self.write(str(self.system.whereis("leaves") == self.ref))

    ref = await w.spawn(Leaves, log, name="leaves")
    log.clear()
    await ref.stop()

    assert log == ["other told", "other asked", "asked", "True"]


# -- kill --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Plain, Puppet, Trapper], ids=["def", "async def", "trapping"])
@world()
async def test_a_kill_ends_an_idle_actor_without_any_hook(w: World, cls: Any) -> None:
    log: Log = []
    ref = await w.spawn(cls, log)
    ref.kill()
    await w.idle()

    assert (log, await ref.wait_ended()) == (["started"], KILLED)


@pytest.mark.parametrize("cls", [Puppet, Trapper], ids=["not trapping", "trapping"])
@world()
async def test_a_kill_cuts_a_suspended_handler(w: World, cls: Any) -> None:
    log: Log = []
    ref = await w.spawn(cls, log)
    ref.tell(Sleep(100.0))
    await w.advance(1.0)
    ref.kill()
    await w.idle()

    assert (log, await ref.wait_ended(), w.now()) == (["started", "asleep"], KILLED, 1.0)


@pytest.mark.parametrize("cls", [Plain, Puppet], ids=["def", "async def"])
@world()
async def test_an_actor_may_kill_itself(w: World, cls: Any) -> None:
    log: Log = []
    ref = await w.spawn(cls, log)
    ref.tell(Do(lambda actor: actor.ref.kill()))
    ref.tell(Note("never"))
    await w.idle()

    assert (log, await ref.wait_ended()) == (["started"], KILLED)


@world()
async def test_an_actor_that_killed_itself_is_cut_at_its_next_suspension(w: World) -> None:
    log: Log = []

    async def kill_and_wait(actor: Puppet) -> None:
        actor.ref.kill()
        actor.write("not yet")
        await asyncio.sleep(1.0)
        actor.write("never")

    ref = await w.spawn(Puppet, log)
    ref.tell(Do(kill_and_wait))
    await w.idle()

    assert (log, w.now()) == (["started", "not yet"], 0.0)


@world()
async def test_a_kill_is_received_once(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    for _ in range(3):
        ref.kill()
    await w.idle()
    ref.kill()
    await w.idle()

    assert log == ["started"]


@world()
async def test_a_kill_overtakes_an_exit_that_is_still_being_obeyed(w: World) -> None:
    log: Log = []

    async def slow_to_leave(actor: Puppet) -> None:
        try:
            await asyncio.sleep(100.0)
        except asyncio.CancelledError:
            await asyncio.sleep(3.0)
            raise

    ref = await w.spawn(Puppet, log)
    ref.tell(Do(slow_to_leave))
    await w.idle()
    ref.exit(SHUTDOWN)
    await w.advance(1.0)
    ref.kill()
    await w.idle()

    assert (log, await ref.wait_ended(), w.now()) == (["started"], KILLED, 1.0)


@world()
async def test_a_handler_that_swallows_an_exit_for_too_long_is_killed_then_abandoned(w: World) -> None:
    ref = await w.spawn(Puppet)
    ref.tell(Do(swallow))
    await w.idle()
    ref.exit(SHUTDOWN)

    assert (await ref.wait_ended(), w.now()) == (KILLED, EXIT_GRACE + KILL_GRACE)


@world()
async def test_the_death_of_an_abandoned_actor_is_told(w: World) -> None:
    probe, ref = await w.probe(), await w.spawn(Puppet, name="a")
    probe.monitor(ref)
    ref.tell(Do(swallow))
    await w.idle()
    ref.kill()

    assert (await probe.expect_down(ref), w.now()) == (KILLED, KILL_GRACE)
    assert (await w.system()).whereis("a") is None


@world()
async def test_the_reply_of_an_abandoned_handler_goes_nowhere(w: World) -> None:
    ref = await w.spawn(Puppet)
    question = asyncio.create_task(ref.ask(swallowing(lambda _: "too late"), timeout=None))
    await w.idle()
    ref.kill()
    error = await fails(question, ActorDied)
    await w.advance(2000.0)

    assert error.reason == KILLED


FENCED: dict[str, Callable[[Any], Any]] = {
    "after": lambda actor: actor.after(1.0, Note("x")),
    "every": lambda actor: actor.every(1.0, Note("x")),
    "stop": lambda actor: actor.stop(),
    "stash": lambda actor: actor.stash(),
    "unstash": lambda actor: actor.unstash(),
    "defer": lambda actor: actor.defer(),
    "continue_with": lambda actor: actor.continue_with(Note("x")),
    "join": lambda actor: actor.join("g"),
    "leave": lambda actor: actor.leave("g"),
    "link": lambda actor: actor.link(actor.ref),
    "unlink": lambda actor: actor.unlink(actor.ref),
    "monitor": lambda actor: actor.monitor(actor.ref),
    "demonitor": lambda actor: actor.demonitor(None),
    "spawn": lambda actor: actor.spawn(Plain).send(None),
    "spawn_link": lambda actor: actor.spawn_link(Plain).send(None),
}


@pytest.mark.parametrize("method", FENCED)
@world()
async def test_an_abandoned_life_may_no_longer(w: World, method: str) -> None:
    outcome: list[str] = []

    def act(actor: Any) -> None:
        try:
            FENCED[method](actor)
        except NotRunning as error:
            outcome.append(str(error))

    ref = await w.spawn(Puppet, name="a")
    ref.tell(swallowing(act))
    await w.idle()
    ref.kill()
    await w.advance(2000.0)

    assert outcome == ["this life of a is not running"]


@world()
async def test_an_abandoned_life_may_still_tell_others(w: World) -> None:
    log: Log = []
    ref, other = await w.spawn(Puppet), await w.spawn(Plain, log)
    ref.tell(swallowing(lambda _: other.tell(Note("still here"))))
    await w.idle()
    ref.kill()
    await w.advance(2000.0)

    assert log == ["started", "still here"]


@world()
async def test_a_crash_of_an_abandoned_handler_harms_nobody(w: World) -> None:
    def crash(_: object) -> None:
        raise RuntimeError("too late")

    ref, other = await w.spawn(Puppet), await w.spawn(Puppet)
    ref.tell(swallowing(crash))
    await w.idle()
    ref.kill()
    await w.advance(2000.0)

    assert (await ref.wait_ended(), await other.ask(Note("alive"))) == (KILLED, "alive")


# -- the order of an end -----------------------------------------------------------------------------------------------


@world()
async def test_an_end_wakes_the_asker_runs_stopping_frees_names_and_then_tells(w: World) -> None:
    log: Log = []
    system = await w.system()

    class Ends(Puppet):
        async def stopping(self, reason: Reason) -> None:
            await asyncio.sleep(1.0)
            log.append(f"stopping, name {'taken' if system.whereis('a') else 'free'}")

    class Watches(Trapper):
        def down(self, signal: object) -> None:
            log.append(f"down, name {'taken' if system.whereis('a') else 'free'}, members {len(system.members('g'))}")

    async def ask(ref: Ref[Any]) -> None:
        await fails(ref.ask(Boom(), timeout=60.0))
        log.append("asker")

    ref, watcher = await w.spawn(Ends, name="a"), await w.spawn(Watches)
    await ref.ask(Do(lambda actor: actor.join("g")))
    await watcher.ask(Do(lambda actor: actor.monitor(ref)))
    question = asyncio.create_task(ask(ref))
    await w.advance(5.0)
    await question

    assert log == ["asker", "stopping, name taken", "down, name free, members 0"]


@world()
async def test_timers_are_released_before_the_death_is_told(w: World) -> None:
    ticks: list[bool] = []
    ref = await w.spawn(Puppet)
    timer = await ref.ask(Do(lambda actor: actor.after(5.0, Note("x"))))

    class Watches(Puppet):
        def down(self, signal: object) -> None:
            ticks.append(timer.is_active)

    watcher = await w.spawn(Watches)
    await watcher.ask(Do(lambda actor: actor.monitor(ref)))
    ref.kill()
    await w.idle()

    assert ticks == [False]


# -- leaving a system --------------------------------------------------------------------------------------------------


@world()
async def test_leaving_a_system_stops_the_newest_first(w: World) -> None:
    log: Log = []
    async with ActorSystem("s") as system:
        for name in "abc":
            await system.spawn(Puppet, log, name)
        log.clear()

    assert log == ["c stopping shutdown", "b stopping shutdown", "a stopping shutdown"]


@world()
async def test_leaving_a_system_waits_for_each_before_it_stops_the_next(w: World) -> None:
    log: Log = []
    async with ActorSystem("s") as system:
        await system.spawn(Puppet, log, "a")
        await system.spawn(StopsLate, log)
        log.clear()

    assert log == ["stopping shutdown", "stopped", "a stopping shutdown"]


@pytest.mark.parametrize("cls", [StopsLate, StopsDeaf], ids=["slow", "swallowing"])
@world()
async def test_leaving_a_system_kills_what_does_not_stop(w: World, cls: Any) -> None:
    log: Log = []
    async with ActorSystem("s") as system:
        ref = await system.spawn(cls, log, *([1000.0] if cls is StopsLate else []))

    assert await ref.wait_ended() == KILLED
    assert w.now() <= EXIT_GRACE + KILL_GRACE


@world()
async def test_leaving_a_system_cuts_a_suspended_handler(w: World) -> None:
    log: Log = []
    async with ActorSystem("s") as system:
        ref = await system.spawn(Puppet, log)
        ref.tell(Sleep(1000.0))
        await w.idle()

    assert (log, w.now()) == (["started", "asleep", "stopping shutdown"], 0.0)


@world()
async def test_leaving_a_system_lets_who_traps_finish_the_message_in_hand(w: World) -> None:
    log: Log = []
    async with ActorSystem("s") as system:
        ref = await system.spawn(Trapper, log)
        ref.tell(Sleep(3.0))
        await w.idle()

    assert log == ["started", "asleep", "awake", "stopping shutdown"]


@world()
async def test_nothing_can_be_spawned_while_a_system_is_being_left(w: World) -> None:
    log: Log = []

    class Spawns(Puppet):
        async def stopping(self, reason: Reason) -> None:
            self.write(str(await fails(self.spawn(Puppet, log, "late"), NotRunning)))

    async with ActorSystem("s") as system:
        await system.spawn(Spawns, log)
        log.clear()

    assert log == ["system 's', which is being left, is not running"]


@world()
async def test_a_tell_to_an_actor_of_a_system_that_was_left_is_a_dead_letter(w: World) -> None:
    async with ActorSystem("s") as system:
        ref = await system.spawn(Plain, name="a")
    ref.tell(Note("late"))

    assert letters(system) == ["a: late, the actor is dead"]


@world()
async def test_an_ask_to_an_actor_of_a_system_that_was_left_fails(w: World) -> None:
    async with ActorSystem("s") as system:
        ref = await system.spawn(Plain)

    assert (await fails(ref.ask(Note("late")), ActorDied)).reason == NOPROC


@world()
async def test_nothing_can_be_spawned_in_a_system_that_was_left(w: World) -> None:
    log: Log = []
    async with ActorSystem("s") as system:
        pass

    await fails(system.spawn(Plain, log), NotRunning)

    assert log == []


@world()
async def test_an_exception_in_the_body_leaves_the_system_and_goes_on(w: World) -> None:
    log: Log = []

    async def body() -> None:
        async with ActorSystem("s") as system:
            await system.spawn(Puppet, log)
            raise ValueError("in the body")

    error = await fails(body(), ValueError)

    assert str(error) == "in the body"
    assert log == ["started", "stopping shutdown"]


# -- exceptions in every hook ------------------------------------------------------------------------------------------


class InUnhandled(Plain):
    def unhandled(self, message: object) -> None:
        raise RuntimeError("boom")


class InReceive(Actor):
    def receive(self, message: object) -> None:
        raise RuntimeError("boom")


class InHandler(Actor):
    @handle
    def any(self, message: object) -> None:
        raise RuntimeError("boom")


class InAsyncHandler(Actor):
    @handle
    async def any(self, message: object) -> None:
        await asyncio.sleep(1.0)
        raise RuntimeError("boom")


@pytest.mark.parametrize("cls", [InUnhandled, InReceive, InHandler, InAsyncHandler], ids=name_of)
@world()
async def test_an_exception_is_a_crash(w: World, cls: Any) -> None:
    ref = await w.spawn(cls, name="a")
    error = await fails(ref.ask(3), ActorDied)

    assert error.reason == BOOM
    assert (await w.system()).whereis("a") is None
