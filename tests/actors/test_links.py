"""Links, monitors and exit signals in a running system (otp.md 1L, rows L1 and L3 to L8)."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from actors import (
    KILL,
    KILLED,
    NOPROC,
    NORMAL,
    SHUTDOWN,
    Actor,
    Apoptosis,
    Crashed,
    Down,
    Monitor,
    Reason,
    Ref,
    Shutdown,
    StartFailed,
    handle,
)
from actors.testing import World, world
from tests.actors.kit import Boom, Do, Log, Note, Plain, Puppet, Sleep, Trapper, fails, letters

BOOM = Crashed(RuntimeError("boom"))
DEADLY = [SHUTDOWN, Shutdown("upgrade"), BOOM, KILLED, NOPROC, Apoptosis("age")]


async def pair(w: World, log: Log, cls: Any = Puppet, other: Any = Puppet) -> tuple[Ref[Any], Ref[Any]]:
    """``a`` and ``b``, linked."""
    a, b = await w.spawn(cls, log, "a", name="a"), await w.spawn(other, log, "b", name="b")
    await a.ask(Do(lambda actor: actor.link(b)))
    log.clear()
    return a, b


async def act(ref: Ref[Any], function: Any) -> Any:
    return await ref.ask(Do(function), timeout=60.0)


# -- links -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", DEADLY, ids=str)
@pytest.mark.parametrize("first", ["a", "b"])
@world()
async def test_a_linked_actor_dies_with_the_same_reason_whoever_made_the_link(
    w: World, reason: Reason, first: str
) -> None:
    log: Log = []
    refs = dict(zip("ab", await pair(w, log), strict=True))
    second = "b" if first == "a" else "a"
    await refs[first].stop(reason)
    await w.idle()

    assert log == [f"{first} stopping {reason}", f"{second} stopping {reason}"]


@world()
async def test_a_normal_end_does_not_touch_a_linked_actor(w: World) -> None:
    log: Log = []
    a, b = await pair(w, log)
    await a.stop()
    await w.idle()

    assert log == ["a stopping normal"]
    assert b.is_alive


@world()
async def test_a_crash_travels_along_a_chain_of_links(w: World) -> None:
    log: Log = []
    refs = [await w.spawn(Puppet, log, str(n)) for n in range(5)]
    for one, two in pairwise(refs):
        await act(one, lambda actor, two=two: actor.link(two))
    log.clear()
    refs[2].tell(Boom())
    await w.idle()

    assert log[0] == "2 boom boom"
    assert sorted(log[1:]) == [f"{n} stopping {BOOM}" for n in range(5)]


@pytest.mark.parametrize("reason", [NORMAL, *DEADLY], ids=str)
@world()
async def test_a_linked_actor_that_traps_exits_is_told(w: World, reason: Reason) -> None:
    log: Log = []
    a, b = await pair(w, log, other=Trapper)
    await a.stop(reason)
    await w.idle()

    assert log == [f"a stopping {reason}", f"b exited a#1 {reason}"]
    assert b.is_alive


@world()
async def test_the_signal_of_a_link_carries_the_ref_of_the_dead(w: World) -> None:
    signals: list[Any] = []

    class Watcher(Trapper):
        def exited(self, signal: object) -> None:
            signals.append(signal)

    a, _ = await pair(w, [], other=Watcher)
    await a.stop(SHUTDOWN)
    await w.idle()

    assert [(signal.ref, str(signal.pid), signal.reason) for signal in signals] == [(a, "a#1", SHUTDOWN)]


@world()
async def test_linking_twice_is_one_link(w: World) -> None:
    log: Log = []
    a, b = await pair(w, log, other=Trapper)
    await act(a, lambda actor: actor.link(b))
    await act(b, lambda actor: actor.link(a))
    await a.stop(SHUTDOWN)
    await w.idle()

    assert log == ["a stopping shutdown", "b exited a#1 shutdown"]


@world()
async def test_a_link_with_oneself_is_nothing(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Trapper, log)
    await act(ref, lambda actor: actor.link(actor.ref))
    await ref.stop()

    assert log == ["started", "stopping normal"]


@world()
async def test_a_link_to_the_dead_kills_who_does_not_trap_with_noproc(w: World) -> None:
    a, b = await w.spawn(Puppet), await w.spawn(Puppet)
    await b.stop()
    a.tell(Do(lambda actor: actor.link(b)))
    await w.idle()

    assert await a.wait_ended() == NOPROC


@world()
async def test_a_link_to_the_dead_tells_who_traps(w: World) -> None:
    log: Log = []
    a, b = await w.spawn(Trapper, log), await w.spawn(Puppet, name="b")
    await b.stop()
    await act(a, lambda actor: actor.link(b))
    await w.idle()

    assert log == ["started", "exited b#1 noproc"]


@pytest.mark.parametrize("who", ["a", "b"])
@world()
async def test_after_unlink_no_signal_comes(w: World, who: str) -> None:
    log: Log = []
    a, b = await pair(w, log)
    if who == "a":
        await act(a, lambda actor: actor.unlink(b))
    else:
        await act(b, lambda actor: actor.unlink(a))
    await a.stop(SHUTDOWN)
    await w.idle()

    assert log == ["a stopping shutdown"]
    assert b.is_alive


@world()
async def test_a_signal_that_was_received_before_unlink_is_still_delivered(w: World) -> None:
    log: Log = []
    a, b = await pair(w, log, other=Trapper)
    b.tell(Sleep(1.0))
    b.tell(Do(lambda actor: actor.unlink(a)))
    await w.idle()
    await a.stop(SHUTDOWN)
    await w.advance(5.0)

    assert log == ["b asleep", "a stopping shutdown", "b awake", "b exited a#1 shutdown"]


@world()
async def test_unlinking_a_stranger_is_nothing(w: World) -> None:
    a, b = await w.spawn(Puppet), await w.spawn(Puppet)

    assert await act(a, lambda actor: actor.unlink(b)) is None


@world()
async def test_a_link_may_be_made_again(w: World) -> None:
    log: Log = []
    a, b = await pair(w, log)
    await act(a, lambda actor: actor.unlink(b))
    await act(a, lambda actor: actor.link(b))
    await a.stop(SHUTDOWN)
    await w.idle()

    assert log == ["a stopping shutdown", "b stopping shutdown"]


@world()
async def test_a_killed_actor_ends_those_it_is_linked_to_with_killed(w: World) -> None:
    log: Log = []
    a, b = await pair(w, log)
    a.kill()
    await w.idle()

    assert log == ["b stopping killed"]
    assert (await a.wait_ended(), await b.wait_ended()) == (KILLED, KILLED)


@world()
async def test_an_actor_that_ends_itself_with_kill_is_seen_to_die_of_kill(w: World) -> None:
    log: Log = []
    a, _b = await pair(w, log)
    await act(a, lambda actor: actor.stop(KILL))
    await w.idle()

    assert log == ["a stopping kill", "b stopping kill"]


@world()
async def test_the_kill_that_an_actor_ended_itself_with_is_trapped_over_a_link(w: World) -> None:
    log: Log = []
    a, b = await pair(w, log, other=Trapper)
    await act(a, lambda actor: actor.stop(KILL))
    await w.idle()

    assert log == ["a stopping kill", "b exited a#1 kill"]
    assert b.is_alive


# -- spawn_link --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dies", ["child", "parent"])
@world()
async def test_spawn_link_links_from_the_first_moment(w: World, dies: str) -> None:
    log: Log = []
    parent = await w.spawn(Puppet, log, "parent")
    child = await act(parent, lambda actor: actor.spawn_link(Puppet, log, "child"))
    log.clear()
    (child if dies == "child" else parent).tell(Boom())
    await w.idle()

    other = "parent" if dies == "child" else "child"
    assert log == [f"{dies} boom boom", f"{dies} stopping {BOOM}", f"{other} stopping {BOOM}"]


@world()
async def test_spawn_does_not_link(w: World) -> None:
    log: Log = []
    parent = await w.spawn(Puppet, log, "parent")
    child = await act(parent, lambda actor: actor.spawn(Puppet, log, "child"))
    parent.tell(Boom())
    await w.idle()

    assert child.is_alive


class Refuses(Puppet):
    def started(self) -> None:
        raise RuntimeError("not today")


class RefusesLate(Puppet):
    async def started(self) -> None:
        await asyncio.sleep(1.0)
        raise RuntimeError("not today")


@pytest.mark.parametrize("caller", [Puppet, Trapper], ids=["not trapping", "trapping"])
@pytest.mark.parametrize("cls", [Refuses, RefusesLate], ids=["def", "async def"])
@world()
async def test_a_failed_start_sends_no_signal_to_who_called_spawn_link(w: World, caller: Any, cls: Any) -> None:
    log: Log = []
    parent = await w.spawn(caller, log)
    error = await act(parent, lambda actor: fails(actor.spawn_link(cls)))
    await w.advance(5.0)

    assert isinstance(error, StartFailed)
    assert log == ["started"]
    assert parent.is_alive


@world()
async def test_a_start_that_took_too_long_sends_no_signal_to_who_called_spawn_link(w: World) -> None:
    class Slow(Puppet):
        async def started(self) -> None:
            await asyncio.sleep(10.0)

    log: Log = []
    parent = await w.spawn(Trapper, log)
    await act(parent, lambda actor: fails(actor.spawn_link(Slow, timeout=1.0)))
    await w.advance(20.0)

    assert log == ["started"]


@world()
async def test_the_death_of_the_parent_ends_a_child_that_is_still_starting(w: World) -> None:
    log: Log = []

    class Slow(Puppet):
        async def started(self) -> None:
            self.write("starting")
            await asyncio.sleep(10.0)
            self.write("started")

    parent = await w.spawn(Puppet, log, "parent")
    parent.tell(Do(lambda actor: actor.spawn_link(Slow, log, "child")))
    await w.advance(1.0)
    parent.exit(SHUTDOWN)
    await w.advance(20.0)

    assert log == ["parent started", "child starting", "parent stopping shutdown"]


@world()
async def test_the_parent_of_an_actor_is_who_spawned_it(w: World) -> None:
    parent = await w.spawn(Puppet)
    child = await act(parent, lambda actor: actor.spawn(Puppet))

    assert await act(child, lambda actor: actor.parent) == parent
    assert await act(parent, lambda actor: actor.parent) is None


# -- monitors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [NORMAL, *DEADLY], ids=str)
@world()
async def test_a_monitor_tells_of_the_end_and_harms_nobody(w: World, reason: Reason) -> None:
    log: Log = []
    watcher, watched = await w.spawn(Puppet, log), await w.spawn(Plain, name="b")
    await act(watcher, lambda actor: actor.monitor(watched))
    await watched.stop(reason)
    await w.idle()

    assert log == ["started", f"down b#1 {reason}"]
    assert watcher.is_alive


@world()
async def test_the_death_of_the_watcher_does_not_touch_the_watched(w: World) -> None:
    log: Log = []
    watcher, watched = await w.spawn(Puppet), await w.spawn(Plain, log)
    await act(watcher, lambda actor: actor.monitor(watched))
    watcher.kill()
    await w.idle()

    assert log == ["started"]


@pytest.mark.parametrize("times", [1, 2, 5])
@world()
async def test_each_monitor_tells_once(w: World, times: int) -> None:
    probe, watched = await w.probe(), await w.spawn(Plain)
    monitors = [probe.monitor(watched) for _ in range(times)]
    await watched.stop()
    await w.advance(5.0)

    assert [down.monitor for down in probe.received] == monitors


@world()
async def test_a_down_carries_ref_pid_reason_and_monitor(w: World) -> None:
    probe, watched = await w.probe(), await w.spawn(Plain, name="b")
    monitor = probe.monitor(watched)
    pid = watched.pid
    watched.kill()

    assert await probe.expect(Down) == Down(watched, pid, KILLED, monitor)


@world()
async def test_a_monitor_of_the_dead_tells_at_once_with_noproc(w: World) -> None:
    probe, watched = await w.probe(), await w.spawn(Plain)
    await watched.stop()
    probe.monitor(watched)

    assert (await probe.expect_down(watched), w.now()) == (NOPROC, 0.0)


@world()
async def test_a_monitor_of_the_dead_may_be_ended_before_it_tells(w: World) -> None:
    log: Log = []
    watcher, watched = await w.spawn(Puppet, log), await w.spawn(Plain)
    await watched.stop()
    ended = await act(watcher, lambda actor: actor.demonitor(actor.monitor(watched)))
    await w.idle()

    assert (ended, log) == (True, ["started"])


@world()
async def test_after_demonitor_no_down_comes(w: World) -> None:
    log: Log = []
    watcher, watched = await w.spawn(Puppet, log), await w.spawn(Plain)
    monitor = await act(watcher, lambda actor: actor.monitor(watched))
    ended = await act(watcher, lambda actor: actor.demonitor(monitor))
    await watched.stop()
    await w.idle()

    assert (ended, log) == (True, ["started"])


@world()
async def test_demonitor_drops_a_down_that_waits_already(w: World) -> None:
    log: Log = []
    watcher, watched = await w.spawn(Puppet, log), await w.spawn(Plain)
    monitor = await act(watcher, lambda actor: actor.monitor(watched))
    watcher.tell(Sleep(5.0))
    watcher.tell(Do(lambda actor: actor.write(f"demonitor {actor.demonitor(monitor)}")))
    await w.idle()
    await watched.stop()
    await w.advance(10.0)

    assert "demonitor True" in log
    assert [line for line in log if "down" in line] == []


@world()
async def test_demonitor_of_one_leaves_the_other_monitors(w: World) -> None:
    probe, watched = await w.probe(), await w.spawn(Plain)
    first, second = probe.monitor(watched), probe.monitor(watched)
    probe._actor.demonitor(first)
    await watched.stop()
    await w.idle()

    assert [down.monitor for down in probe.received] == [second]


@pytest.mark.parametrize("why", ["told already", "ended already", "never made"])
@world()
async def test_demonitor_says_no_if_the_monitor_was(w: World, why: str) -> None:
    watcher, watched = await w.spawn(Puppet), await w.spawn(Plain)
    monitor: Monitor = await act(watcher, lambda actor: actor.monitor(watched))
    if why == "told already":
        await watched.stop()
        await w.idle()
    elif why == "ended already":
        await act(watcher, lambda actor: actor.demonitor(monitor))
    else:
        monitor = Monitor(watched._cell)

    assert await act(watcher, lambda actor: actor.demonitor(monitor)) is False


@world()
async def test_a_down_waits_its_turn_behind_what_was_sent_before(w: World) -> None:
    log: Log = []
    watcher, watched = await w.spawn(Puppet, log), await w.spawn(Plain, name="b")
    await act(watcher, lambda actor: actor.monitor(watched))
    watcher.tell(Sleep(1.0))
    watcher.tell(Note("before"))
    await w.idle()
    await watched.stop()
    watcher.tell(Note("after"))
    await w.advance(5.0)

    assert log == ["started", "asleep", "awake", "before", "down b#1 normal", "after"]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("how", ["monitor", "link"])
def test_all_messages_of_an_actor_arrive_before_the_news_of_its_death(seed: int, how: str) -> None:
    async def scenario(w: World) -> None:
        log: Log = []
        watcher, watched = await w.spawn(Trapper, log), await w.spawn(Plain, name="b")
        await act(watcher, lambda actor: getattr(actor, how)(watched))

        def last_words(_: object) -> None:
            for n in range(20):
                watcher.tell(Note(str(n)))
            raise RuntimeError("boom")

        watched.tell(Do(last_words))
        await w.idle()

        assert log == ["started", *map(str, range(20)), f"{'down' if how == 'monitor' else 'exited'} b#1 {BOOM}"]

    world(seed).run(scenario)


@world()
async def test_two_actors_that_watch_each_other_are_told_once(w: World) -> None:
    log: Log = []
    a, b = await w.spawn(Puppet, log, "a", name="a"), await w.spawn(Puppet, log, "b", name="b")
    await act(a, lambda actor: actor.monitor(b))
    await act(b, lambda actor: actor.monitor(a))
    log.clear()
    a.kill()
    await w.idle()
    b.kill()
    await w.idle()

    assert log == ["b down a#1 killed"]


@world()
async def test_an_actor_may_monitor_itself_and_never_hears_of_it(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    await act(ref, lambda actor: actor.monitor(actor.ref))
    await ref.stop()
    await w.idle()

    assert log == ["started", "stopping normal"]
    assert letters(await w.system()) == []


# -- names are free ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["monitor", "link"])
@world()
async def test_a_name_is_free_when_the_death_is_told_a_thousand_of_a_thousand_times(w: World, how: str) -> None:
    system = await w.system()
    seen: list[object] = []

    class Watcher(Trapper):
        def down(self, signal: object) -> None:
            seen.append((system.whereis("worker"), system.members("workers")))

        def exited(self, signal: object) -> None:
            seen.append((system.whereis("worker"), system.members("workers")))

    watcher = await w.spawn(Watcher)
    for n in range(1000):
        worker = await w.spawn(Plain, name="worker")
        await act(worker, lambda actor: actor.join("workers"))
        await act(watcher, lambda actor, worker=worker: getattr(actor, how)(worker))
        worker.kill() if n % 2 else worker.tell(Boom())
        await w.idle()

    assert seen == [(None, [])] * 1000


# -- exit signals that are sent ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Plain, Puppet], ids=["def", "async def"])
@pytest.mark.parametrize("reason", DEADLY, ids=str)
@world()
async def test_an_exit_ends_who_does_not_trap(w: World, reason: Reason, cls: Any) -> None:
    log: Log = []
    ref = await w.spawn(cls, log)
    ref.exit(reason)
    await w.idle()

    assert log == ["started", f"stopping {reason}"]
    assert await ref.wait_ended() == reason


@world()
async def test_an_exit_with_normal_harms_nobody(w: World) -> None:
    ref = await w.spawn(Puppet)
    ref.exit(NORMAL)
    await w.idle()

    assert ref.is_alive


@world()
async def test_an_exit_with_normal_to_oneself_ends_who_does_not_trap(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    ref.tell(Do(lambda actor: actor.ref.exit(NORMAL)))
    await w.idle()

    assert log == ["started", "stopping normal"]


@world()
async def test_an_exit_with_normal_to_oneself_is_delivered_to_who_traps(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Trapper, log, name="t")
    ref.tell(Do(lambda actor: actor.ref.exit(NORMAL)))
    await w.idle()

    assert log == ["started", "exited t#1 normal"]


@world()
async def test_an_exit_with_normal_to_oneself_in_a_def_handler_ends_it(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Plain, log)
    ref.tell(Do(lambda actor: actor.ref.exit(NORMAL)))
    await w.idle()

    assert log == ["started", "stopping normal"]


@pytest.mark.parametrize("reason", [NORMAL, *DEADLY], ids=str)
@world()
async def test_an_exit_is_delivered_to_who_traps(w: World, reason: Reason) -> None:
    log: Log = []
    ref = await w.spawn(Trapper, log)
    ref.exit(reason)
    await w.idle()

    assert log == ["started", f"exited None {reason}"]


@world()
async def test_an_exit_says_which_actor_sent_it(w: World) -> None:
    log: Log = []
    ref, sender = await w.spawn(Trapper, log), await w.spawn(Puppet, name="sender")
    await act(sender, lambda _: ref.exit(SHUTDOWN))
    await w.idle()

    assert log == ["started", "exited sender#1 shutdown"]


@world()
async def test_an_exit_from_a_def_handler_says_which_actor_sent_it(w: World) -> None:
    log: Log = []
    ref, sender = await w.spawn(Trapper, log), await w.spawn(Plain, name="sender")
    sender.tell(Do(lambda _: ref.exit(SHUTDOWN)))
    await w.idle()

    assert log == ["started", "exited sender#1 shutdown"]


@world()
async def test_an_exit_to_the_dead_is_nothing(w: World) -> None:
    ref = await w.spawn(Puppet)
    await ref.stop()
    ref.exit(SHUTDOWN)
    ref.kill()
    await w.idle()

    assert letters(await w.system()) == []


@pytest.mark.parametrize(
    ("when_sent", "when_received", "outcome"),
    [(False, True, "exited p#1 shutdown"), (True, False, "stopping shutdown")],
    ids=["sent before it traps", "sent while it still traps"],
)
@world()
async def test_whether_an_exit_is_trapped_is_judged_at_reception(
    w: World, when_sent: bool, when_received: bool, outcome: str
) -> None:
    log: Log = []

    def send_then_change(actor: Plain) -> None:
        actor.trap_exits = when_sent
        actor.ref.exit(SHUTDOWN)
        actor.trap_exits = when_received

    ref = await w.spawn(Plain, log, name="p")
    ref.tell(Do(send_then_change))
    await w.idle()

    assert log == ["started", outcome]


@world()
async def test_an_actor_may_begin_to_trap_in_its_life(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    await act(ref, lambda actor: setattr(actor, "trap_exits", True))
    ref.exit(SHUTDOWN)
    await w.idle()

    assert log == ["started", "exited None shutdown"]


@pytest.mark.parametrize("reason", [SHUTDOWN, BOOM, KILLED], ids=str)
@world()
async def test_an_exit_cuts_a_suspended_handler(w: World, reason: Reason) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    ref.tell(Sleep(100.0))
    await w.advance(1.0)
    ref.exit(reason)
    await w.idle()

    assert log == ["started", "asleep", f"stopping {reason}"]
    assert w.now() == 1.0


@world()
async def test_an_exit_does_not_cut_the_handler_of_who_traps(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Trapper, log)
    ref.tell(Sleep(10.0))
    await w.advance(1.0)
    ref.exit(SHUTDOWN)
    await w.advance(20.0)

    assert log == ["started", "asleep", "awake", "exited None shutdown"]


@world()
async def test_an_exit_that_is_swallowed_by_a_handler_still_ends_the_life_when_it_is_done(w: World) -> None:
    log: Log = []

    async def swallow(actor: Puppet) -> None:
        try:
            await asyncio.sleep(10.0)
        except asyncio.CancelledError:
            actor.write("swallowed")
        await asyncio.sleep(1.0)
        actor.write("done")

    ref = await w.spawn(Puppet, log)
    ref.tell(Do(swallow))
    await w.idle()
    ref.exit(SHUTDOWN)
    await w.advance(20.0)

    assert log == ["started", "swallowed", "done", "stopping shutdown"]


@world()
async def test_an_exit_of_the_system_cannot_be_trapped(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Trapper, log)
    await (await w.system()).close()

    assert log == ["started", "stopping shutdown"]
    assert not ref.is_alive


@world()
async def test_the_first_of_two_deadly_exits_gives_the_reason(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    ref.tell(Sleep(10.0))
    await w.idle()
    ref.exit(Shutdown("first"))
    ref.exit(Shutdown("second"))
    await w.idle()

    assert log == ["started", "asleep", "stopping shutdown(first)"]


@world()
async def test_exited_that_raises_is_a_crash(w: World) -> None:
    class Clumsy(Trapper):
        def exited(self, signal: object) -> None:
            raise RuntimeError("clumsy")

    ref = await w.spawn(Clumsy)
    ref.exit(SHUTDOWN)

    assert str(await ref.wait_ended()) == "crashed(RuntimeError: clumsy)"


@world()
async def test_down_that_raises_is_a_crash(w: World) -> None:
    class Clumsy(Puppet):
        async def down(self, signal: object) -> None:
            raise RuntimeError("clumsy")

    watcher, watched = await w.spawn(Clumsy), await w.spawn(Plain)
    await act(watcher, lambda actor: actor.monitor(watched))
    watched.kill()

    assert str(await watcher.wait_ended()) == "crashed(RuntimeError: clumsy)"


class Deaf(Actor):
    @handle
    def do(self, message: Do) -> Any:
        return message.act(self)


@world()
async def test_a_down_to_an_actor_without_that_hook_is_no_dead_letter(w: World) -> None:
    watcher, watched = await w.spawn(Deaf), await w.spawn(Plain)
    await act(watcher, lambda actor: actor.monitor(watched))
    await watched.stop()
    await w.idle()

    assert letters(await w.system()) == []
