"""Timers of one life: once or again and again, without drift, and never after their end."""

from __future__ import annotations

import math
from typing import Any

import pytest

from actors import NotRunning, Ref, Timer
from actors.testing import World, world
from tests.actors.kit import Boom, Do, Note, Puppet, Sleep, fails, letters


class Clock(Puppet):
    """Writes down when a note came."""

    def write(self, text: str) -> None:
        super().write(text if text == "started" else f"{self.system.now():g} {text}")


async def clock(w: World, log: list[str]) -> Ref[Any]:
    ref = await w.spawn(Clock, log, name="clock")
    log.clear()
    return ref


async def after(ref: Ref[Any], seconds: float, text: str = "tick") -> Timer:
    timer: Timer = await ref.ask(Do(lambda actor: actor.after(seconds, Note(text))))
    return timer


async def every(ref: Ref[Any], seconds: float, text: str = "tick") -> Timer:
    timer: Timer = await ref.ask(Do(lambda actor: actor.every(seconds, Note(text))))
    return timer


# -- once --------------------------------------------------------------------------------------------------------------


@world()
async def test_after_sends_once_when_its_time_has_come(w: World) -> None:
    log: list[str] = []
    await after(await clock(w, log), 2.0)
    await w.advance(10.0)

    assert log == ["2 tick"]


@world()
async def test_after_zero_seconds_sends_at_once(w: World) -> None:
    log: list[str] = []
    await after(await clock(w, log), 0.0)
    await w.idle()

    assert log == ["0 tick"]


@world()
async def test_timers_fire_in_the_order_of_their_times(w: World) -> None:
    log: list[str] = []
    ref = await clock(w, log)
    for seconds in (3.0, 1.0, 2.0):
        await after(ref, seconds, f"of {seconds:g}")
    await w.advance(5.0)

    assert log == ["1 of 1", "2 of 2", "3 of 3"]


@world()
async def test_a_tick_waits_its_turn_behind_what_was_sent_before(w: World) -> None:
    log: list[str] = []
    ref = await clock(w, log)
    await after(ref, 1.0)
    ref.tell(Sleep(2.0))
    ref.tell(Note("before"))
    await w.advance(5.0)

    assert log == ["0 asleep", "2 awake", "2 before", "2 tick"]


@world()
async def test_cancel_returns_the_seconds_that_were_left(w: World) -> None:
    ref = await clock(w, [])
    timer = await after(ref, 10.0)
    await w.advance(3.0)

    assert await ref.ask(Do(lambda actor: actor.cancel(timer))) == 7.0


@world()
async def test_a_cancelled_timer_does_not_fire(w: World) -> None:
    log: list[str] = []
    timer = await after(await clock(w, log), 2.0)
    timer.cancel()
    await w.advance(10.0)

    assert log == []


@world()
async def test_cancel_of_a_timer_that_fired_returns_nothing(w: World) -> None:
    timer = await after(await clock(w, []), 2.0)
    await w.advance(5.0)

    assert timer.cancel() is None


@world()
async def test_cancel_twice_returns_nothing_the_second_time(w: World) -> None:
    timer = await after(await clock(w, []), 2.0)

    assert [timer.cancel(), timer.cancel()] == [2.0, None]


@pytest.mark.parametrize("kind", ["after", "every"])
@world()
async def test_a_tick_that_waits_already_is_not_delivered_after_cancel(w: World, kind: str) -> None:
    log: list[str] = []
    ref = await clock(w, log)
    timer = await (after if kind == "after" else every)(ref, 1.0)
    ref.tell(Sleep(1.5))
    await w.advance(1.2)
    timer.cancel()
    await w.advance(10.0)

    assert log == ["0 asleep", "1.5 awake"]


@world()
async def test_a_timer_knows_whether_it_will_fire(w: World) -> None:
    timer = await after(await clock(w, []), 2.0)
    before = timer.is_active
    await w.advance(5.0)

    assert (before, timer.is_active) == (True, False)


# -- again and again ---------------------------------------------------------------------------------------------------


@world()
async def test_every_sends_again_and_again(w: World) -> None:
    log: list[str] = []
    await every(await clock(w, log), 2.0)
    await w.advance(7.0)

    assert log == ["2 tick", "4 tick", "6 tick"]


@world()
async def test_every_does_not_drift(w: World) -> None:
    log: list[str] = []
    await every(await clock(w, log), 0.1)
    await w.advance(1000.0)
    last = float(log[-1].split()[0])

    assert (len(log), math.isclose(last, 1000.0, abs_tol=1e-6)) == (10_000, True)


@world()
async def test_a_handler_slower_than_the_period_does_not_shift_the_ticks(w: World) -> None:
    log: list[str] = []

    class Slow(Clock):
        async def note(self, message: Note) -> str:
            await super().note(message)
            if len(log) == 1:
                await self.sleep(Sleep(2.5))
            return ""

    ref = await w.spawn(Slow, log)
    log.clear()
    await every(ref, 1.0)
    await w.advance(6.2)

    assert log == ["1 tick", "1 asleep", "3.5 awake", "3.5 tick", "4 tick", "5 tick", "6 tick"]


@world()
async def test_of_ticks_that_were_missed_one_is_delivered(w: World) -> None:
    log: list[str] = []
    ref = await clock(w, log)
    await every(ref, 1.0)
    ref.tell(Sleep(100.5))
    await w.advance(101.7)

    assert log == ["0 asleep", "100.5 awake", "100.5 tick", "101 tick"]
    assert ref.statistics().mailbox == 0


@world()
async def test_cancel_of_a_repeated_timer_returns_the_seconds_to_its_next_tick(w: World) -> None:
    timer = await every(await clock(w, []), 10.0)
    await w.advance(33.0)

    assert timer.cancel() == pytest.approx(7.0)


@world()
async def test_a_repeated_timer_may_be_cancelled_in_the_handler_of_its_tick(w: World) -> None:
    log: list[str] = []

    class Thrice(Clock):
        timer: Timer

        async def note(self, message: Note) -> str:
            self.write(message.text)
            if len(self.log) == 3:
                self.cancel(self.timer)
            return ""

    ref = await w.spawn(Thrice, log)
    log.clear()
    await ref.ask(Do(lambda actor: setattr(actor, "timer", actor.every(1.0, Note("tick")))))
    await w.advance(10.0)

    assert log == ["1 tick", "2 tick", "3 tick"]


# -- the life ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["stop", "kill", "crash"])
@pytest.mark.parametrize("kind", ["after", "every"])
@world()
async def test_a_timer_ends_with_its_life(w: World, kind: str, end: str) -> None:
    log: list[str] = []
    ref = await clock(w, log)
    timer = await (after if kind == "after" else every)(ref, 1.0)
    if end == "stop":
        await ref.stop()
    elif end == "kill":
        ref.kill()
    else:
        ref.tell(Boom())
    await w.advance(5.0)

    assert [line for line in log if "tick" in line] == []
    assert [line for line in letters(await w.system()) if "tick" in line] == []
    assert not timer.is_active


@world()
async def test_a_tick_that_waits_at_a_death_is_no_dead_letter(w: World) -> None:
    ref = await clock(w, [])
    await after(ref, 1.0)
    ref.tell(Sleep(5.0))
    await w.advance(2.0)
    ref.kill()
    await w.idle()

    assert letters(await w.system()) == ["clock: Sleep, in hand at the crash"]


@world()
async def test_a_timer_may_be_set_in_the_constructor_and_in_started(w: World) -> None:
    class Eager(Clock):
        def __init__(self, log: list[str]) -> None:
            super().__init__(log)
            self.after(1.0, Note("from the constructor"))

        def started(self) -> None:
            self.after(2.0, Note("from started"))

    log: list[str] = []
    await w.spawn(Eager, log)
    await w.advance(5.0)

    assert log == ["1 from the constructor", "2 from started"]


@world()
async def test_a_timer_of_a_start_that_failed_does_not_fire(w: World) -> None:
    class Fails(Clock):
        def started(self) -> None:
            self.after(1.0, Note("never"))
            raise RuntimeError

    log: list[str] = []
    await fails(w.spawn(Fails, log))
    await w.advance(5.0)

    assert log == []


@world()
async def test_a_dead_actor_may_not_set_a_timer(w: World) -> None:
    kept: list[Puppet] = []
    ref = await clock(w, [])
    await ref.ask(Do(kept.append))
    await ref.stop()

    with pytest.raises(NotRunning, match="this life of clock is not running"):
        kept[0].after(1.0, Note("never"))


# -- bad times ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [("after", -1.0), ("after", math.nan), ("every", 0.0), ("every", -1.0), ("every", math.nan)],
    ids=str,
)
@world()
async def test_a_timer_without_a_time_is_refused(w: World, kind: str, seconds: float) -> None:
    ref = await clock(w, [])
    error = await ref.ask(Do(lambda actor: fails_now(lambda: getattr(actor, kind)(seconds, Note("never")))))

    assert error == (f"a timer needs a time of 0 or more seconds, a period of more than 0; got {seconds!r}")


def fails_now(function: Any) -> str:
    with pytest.raises(ValueError, match="a timer needs") as caught:
        function()
    return str(caught.value)
