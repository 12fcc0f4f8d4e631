"""Two lives at one place: how a successor grows beside a life, takes the place over in one step, or goes unseen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import KILLED, Actor, ActorDied, Crashed, Ignore, Mailbox, Reason, Ref, handle
from actors.blueprint import Blueprint
from actors.keeper import life_at
from actors.lifecycle import State
from actors.succession import Succession
from actors.testing import World, world
from tests.actors.kit import Boom, Do, Log, Note, Puppet, Restarts, Sleep, Trapper, fails, letters


class Life(Puppet):
    """Answers with its number; starts as the log says."""

    async def started(self) -> None:
        self.write(f"started {self.pid.incarnation}")

    async def stopping(self, reason: Reason) -> None:
        self.write(f"stopping {self.pid.incarnation} {reason}")

    async def bequeath(self) -> str:
        return f"estate of {self.pid.incarnation}"

    async def inherit(self, estate: Any) -> None:
        self.write(f"inherit {estate}")

    @handle
    async def note(self, message: Note) -> str:
        self.write(f"{self.pid.incarnation}: {message.text}")
        return str(self.pid.incarnation)


class Urgent(Life):
    """Takes numbers at once, by the urgent lane."""

    @handle(priority=True)
    async def number(self, message: int) -> int:
        self.write(f"{self.pid.incarnation}: {message}")
        return self.pid.incarnation


class Failing(Life):
    """Fails all starts but the first."""

    error: Exception = OSError("no")

    async def started(self) -> None:
        if self.pid.incarnation > 1:
            raise self.error


class Unwanted(Failing):
    error = Ignore()


class Stage:
    """A keeper with one place, and a succession there; ``told`` is what it said."""

    def __init__(self, keeper: Ref[Any], ref: Ref[Any], log: Log) -> None:
        self.keeper = keeper
        self.ref = ref
        self.log = log
        self.told: list[str] = []
        self.succession = Succession(life_at(keeper), ref, ref.pid.incarnation + 1)

    @classmethod
    async def set(cls, w: World, of: type[Actor] = Life, mailbox: Mailbox | None = None) -> Stage:
        log: Log = []
        keeper = await w.spawn(Restarts, Blueprint(of, (log,), {}, mailbox or Mailbox()), 3)
        return cls(keeper, await keeper.ask("place"), log)

    async def start(self, w: World) -> Stage:
        self.succession.start(
            None,
            lambda reason, ignored: self.told.append("ignored" if ignored else f"started {reason}"),
            lambda reason: self.told.append(f"ended {reason}"),
        )
        await w.idle()
        return self

    def retire(self, grace: float = 5.0) -> None:
        self.succession.retire("age", grace, lambda life, reason: self.told.append(f"life {life} has ended: {reason}"))

    @property
    def lives(self) -> int:
        """Lives at the place, besides its keeper."""
        return self.ref.system.alive - 1


# -- growing -----------------------------------------------------------------------------------------------------------


@world()
async def test_a_successor_grows_unseen(w: World) -> None:
    stage = await (await Stage.set(w)).start(w)

    assert (stage.told, stage.lives, str(stage.ref.pid)) == (["started None"], 2, "worker#1")
    assert await stage.ref.ask(Note("x")) == "1"


@pytest.mark.parametrize(("cls", "told"), [(Failing, "started crashed(OSError: no)"), (Unwanted, "ignored")])
@world()
async def test_a_start_that_fails_is_told(w: World, cls: Any, told: str) -> None:
    stage = await (await Stage.set(w, cls)).start(w)
    stage.succession.discard(1.0)
    await w.idle()

    assert (told in stage.told, stage.lives, await stage.ref.ask(Note("x"))) == (True, 1, "1")


@world()
async def test_its_hooks_are_called_in_its_turn(w: World) -> None:
    stage = await (await Stage.set(w)).start(w)
    succession = stage.succession
    succession.ask_successor("ready", (), lambda result, error: stage.told.append(f"ready {result}"))
    await w.idle()
    succession.await_predecessor(
        lambda: succession.ask_predecessor("bequeath", lambda result, error: stage.told.append(f"left {result}"))
    )
    await w.idle()

    assert stage.told[1:] == ["ready True", "left estate of 1"]


@world()
async def test_the_old_life_is_reached_between_two_messages(w: World) -> None:
    stage = await (await Stage.set(w)).start(w)
    stage.ref.tell(Sleep(2.0))
    await w.idle()
    stage.succession.await_predecessor(lambda: stage.told.append(f"between at {w.now():g}"))
    await w.advance(3.0)

    assert stage.told[1:] == ["between at 2"]


@world()
async def test_messages_come_to_the_successor_only_with_the_switch(w: World) -> None:
    stage = await (await Stage.set(w)).start(w)
    stage.ref.tell(Sleep(1.0))
    for n in range(3):
        stage.ref.tell(Note(str(n)))
    await w.idle()
    stage.succession.pause()
    await w.advance(2.0)
    before = stage.log[-1]
    moved = stage.succession.switch()
    await w.idle()

    assert (before, moved, stage.log[-3:]) == ("awake", 3, ["2: 0", "2: 1", "2: 2"])


# -- the switch --------------------------------------------------------------------------------------------------------


@world()
async def test_the_place_is_somebodys_before_and_after(w: World) -> None:
    stage = await (await Stage.set(w)).start(w)
    ref = stage.ref
    before = (ref.is_alive, str(ref.pid), await ref.ask(Note("x")))
    stage.succession.switch()
    after = (ref.is_alive, str(ref.pid), await ref.ask(Note("y")))

    assert (before, after) == ((True, "worker#1", "1"), (True, "worker#2", "2"))
    assert ref.system.whereis(stage.keeper.name) in (None, stage.keeper)


@world()
async def test_the_old_life_has_nothing_more_to_do(w: World) -> None:
    stage = await (await Stage.set(w)).start(w)
    old = stage.ref._cell
    stage.succession.switch()
    stage.retire()
    await w.idle()

    assert (old.state, stage.lives, stage.told[1:]) == (State.CLOSED, 1, ["life 1 has ended: apoptosis(age)"])
    assert stage.log == ["started 1", "started 2", "stopping 1 apoptosis(age)"]


@world()
async def test_whoever_dies_in_the_very_moment_of_the_switch_is_not_forgotten(w: World) -> None:
    stage = await (await Stage.set(w)).start(w)
    peer = await w.spawn(Puppet)
    await stage.ref.ask(Do(lambda actor: actor.link(peer)))
    switched = []
    peer._cell.more().enders.append(lambda reason: switched.append(stage.succession.switch()))
    peer.tell(Boom())
    await w.advance(1.0)

    # the signal was on its way to life 1 when life 2 took over; the link, and so the signal, was the place's
    assert (switched, stage.ref.pid.incarnation) == ([0], 3)


@world()
async def test_a_trapped_exit_goes_along(w: World) -> None:
    class Trapping(Life):
        trap_exits = True

        def exited(self, signal: Any) -> None:
            self.write(f"{self.pid.incarnation} exited")

    stage = await (await Stage.set(w, Trapping)).start(w)
    peer = await w.spawn(Puppet)
    await stage.ref.ask(Do(lambda actor: actor.link(peer)))
    stage.succession.pause()
    peer.kill()
    await w.idle()
    stage.succession.switch()
    await w.idle()

    assert stage.log[-1] == "2 exited"


@world()
async def test_links_of_others_point_to_the_successor(w: World) -> None:
    stage = await (await Stage.set(w)).start(w)
    log: Log = []
    peer = await w.spawn(Trapper, log)
    await peer.ask(Do(lambda actor: actor.link(stage.ref)))
    stage.succession.switch()
    stage.retire()
    await w.idle()
    quiet = list(log)
    stage.ref.kill()
    await w.idle()

    assert (quiet, log[1:]) == (["started"], ["exited worker#2 killed"])


@world()
async def test_urgent_messages_keep_their_order_over_pause_and_switch(w: World) -> None:
    stage = await (await Stage.set(w, Urgent)).start(w)
    stage.succession.pause()
    for n in range(3):
        stage.ref.tell(n)
    await w.idle()
    stage.ref.tell(3)
    stage.succession.switch()
    stage.ref.tell(4)
    await w.idle()

    assert stage.log[-5:] == [f"2: {n}" for n in range(5)]


@world()
async def test_urgent_messages_keep_their_order_over_pause_and_resume(w: World) -> None:
    stage = await (await Stage.set(w, Urgent)).start(w)
    stage.succession.pause()
    for n in range(3):
        stage.ref.tell(n)
    await w.idle()
    stage.ref.tell(3)
    stage.succession.discard(1.0)
    stage.ref.tell(4)
    await w.idle()

    assert [line for line in stage.log if ":" in line] == [f"1: {n}" for n in range(5)]


@pytest.mark.parametrize("then", ["switch", "discard", "kill"])
@world()
async def test_the_second_half_of_a_message_is_not_lost_in_a_pause(w: World, then: str) -> None:
    stage = await (await Stage.set(w)).start(w)

    def halfway(actor: Life) -> None:
        actor.continue_with(Note("second half"))
        stage.succession.pause()

    stage.ref.tell(Do(halfway))
    await w.idle()
    if then == "kill":
        stage.ref.kill()
    elif then == "switch":
        stage.succession.switch()
    else:
        stage.succession.discard(1.0)
    await w.idle()
    handled = [line for line in stage.log if "second half" in line]

    assert (handled, letters(stage.ref.system)) == {
        "switch": (["2: second half"], []),
        "discard": (["1: second half"], []),
        "kill": ([], ["worker: second half, the actor is dead"]),
    }[then]


@world()
async def test_what_was_handled_is_counted_on(w: World) -> None:
    stage = await (await Stage.set(w)).start(w)
    for n in range(4):
        await stage.ref.ask(Note(str(n)))
    stage.succession.switch()
    await stage.ref.ask(Note("x"))

    assert stage.ref.statistics().handled == 5


# -- going back --------------------------------------------------------------------------------------------------------


@world()
async def test_a_successor_that_is_not_wanted_goes_and_nobody_notices(w: World) -> None:
    stage = await (await Stage.set(w)).start(w)
    stage.succession.pause()
    asked = asyncio.ensure_future(stage.ref.ask(Note("x")))
    await w.idle()
    stage.succession.discard(1.0)

    assert (await asked, stage.lives, stage.told) == ("1", 1, ["started None"])
    await w.idle()
    assert sorted(stage.log[2:]) == ["1: x", "stopping 2 shutdown"]


@pytest.mark.parametrize("grace", [0.0, 0.5, 100.0])
@world()
async def test_a_successor_that_is_not_wanted_has_little_time_to_go(w: World, grace: float) -> None:
    class Clinging(Life):
        async def stopping(self, reason: Reason) -> None:
            await asyncio.sleep(1e6)

    stage = await (await Stage.set(w, Clinging)).start(w)
    stage.succession.discard(grace)
    await w.advance(min(grace, 1.0) + 0.6)

    assert (stage.lives, stage.ref.is_alive) == (1, True)


@world()
async def test_the_end_of_a_successor_is_told(w: World) -> None:
    stage = await (await Stage.set(w)).start(w)
    for cell in tuple(stage.keeper._cell.more().wards):
        cell.actor.stop()
    await w.idle()

    assert stage.told == ["started None", "ended normal"]


@pytest.mark.parametrize("how", ["crash", "kill", "keeper"])
@world()
async def test_nothing_can_be_taken_over_from_a_life_that_has_ended(w: World, how: str) -> None:
    stage = await (await Stage.set(w)).start(w)
    before = stage.succession.is_possible
    if how == "crash":
        stage.ref.tell(Boom())
    else:
        (stage.ref if how == "kill" else stage.keeper).kill()
    await w.idle()

    assert (before, stage.succession.is_possible) == (True, False)


@world()
async def test_a_keeper_takes_both_lives_along(w: World) -> None:
    stage = await (await Stage.set(w)).start(w)
    system = stage.ref.system
    stage.keeper.kill()
    await w.advance(1.0)

    assert (system.alive, stage.told[1:]) == (0, ["ended killed"])


# -- the end of the old life -------------------------------------------------------------------------------------------


@world()
async def test_the_old_life_gives_the_answers_it_owes_first(w: World) -> None:
    stage = await Stage.set(w)
    put_off: list[Any] = []
    asked = [asyncio.ensure_future(stage.ref.ask(Do(lambda actor: put_off.append(actor.defer())))) for _ in range(2)]
    await stage.start(w)
    stage.succession.switch()
    stage.retire()
    said = []
    for reply in put_off:
        await w.advance(1.0)
        said.append(len(stage.told))
        reply.send(w.now())

    assert ([await one for one in asked], said) == ([1.0, 2.0], [1, 1])
    await w.idle()
    assert stage.told[1:] == ["life 1 has ended: apoptosis(age)"]


@world()
async def test_the_old_life_is_killed_when_its_time_is_up(w: World) -> None:
    stage = await Stage.set(w)
    asked = asyncio.ensure_future(stage.ref.ask(Do(lambda actor: actor.defer() and None), timeout=None))
    await stage.start(w)
    stage.succession.switch()
    stage.retire(3.0)
    error = await fails(asked, ActorDied)
    await w.idle()

    assert (w.now(), error.reason, stage.told[1:]) == (3.0, KILLED, ["life 1 has ended: killed"])


@world()
async def test_what_the_old_life_has_in_hand_is_its_own(w: World) -> None:
    stage = await Stage.set(w)
    stage.ref.tell(Sleep(2.0))
    await w.idle()
    await stage.start(w)
    stage.ref.tell(Note("next"))
    stage.succession.switch()
    stage.retire()
    await w.advance(3.0)

    assert (stage.log[2:], letters(stage.ref.system)) == (
        ["started 2", "2: next", "awake", "stopping 1 apoptosis(age)"],
        [],
    )


@world()
async def test_a_crash_of_the_old_life_after_the_switch_is_told_as_it_was(w: World) -> None:
    stage = await Stage.set(w)

    async def crash(actor: Any) -> None:
        await asyncio.sleep(1.0)
        raise OSError("late")

    stage.ref.tell(Do(crash))
    await w.idle()
    await stage.start(w)
    stage.succession.switch()
    stage.retire()
    await w.advance(2.0)

    assert stage.told[1:] == ["life 1 has ended: crashed(OSError: late)"]
    assert (stage.ref.pid.incarnation, isinstance(stage.ref._cell.reason, Crashed)) == (2, False)
