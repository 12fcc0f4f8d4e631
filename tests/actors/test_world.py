"""The world: virtual time, idleness, a seeded interleaving, and a trace that repeats to the byte."""

from __future__ import annotations

import asyncio
import inspect
import random
import time
from itertools import pairwise

import pytest

from actors import ActorSystem
from actors.testing import Deadlock, World, world
from tests.actors.kit import Boom, Do, Log, Note, Plain, Puppet, Sleep

# -- ways in -----------------------------------------------------------------------------------------------------------


def test_run_returns_what_the_scenario_returns() -> None:
    async def scenario(w: World) -> int:
        return 42

    assert world().run(scenario) == 42


def test_run_raises_what_the_scenario_raises() -> None:
    async def scenario(w: World) -> None:
        raise ValueError("in the scenario")

    with pytest.raises(ValueError, match="in the scenario"):
        world().run(scenario)


def test_a_world_that_runs_again_starts_anew_from_its_seed() -> None:
    async def scenario(w: World) -> tuple[float, float, str]:
        await w.spawn(Plain)
        await w.advance(5.0)
        return w.now(), w.rng.random(), w.trace

    one = world(3)

    assert one.run(scenario) == one.run(scenario)


def test_the_decorator_makes_a_plain_function_of_a_test() -> None:
    @world(seed=7)
    async def test(w: World, first: int, second: int = 2) -> tuple[int, int, int]:
        return w.seed, first, second

    assert test(1) == (7, 1, 2)
    assert test(1, second=3) == (7, 1, 3)


def test_the_decorated_test_has_all_parameters_but_the_world() -> None:
    @world()
    async def test(w: World, first: int, second: int = 2) -> None: ...

    assert list(inspect.signature(test).parameters) == ["first", "second"]


def test_the_decorated_test_keeps_its_name_and_its_text() -> None:
    @world()
    async def test_something(w: World) -> None:
        """What it is about."""

    assert (test_something.__name__, test_something.__doc__) == ("test_something", "What it is about.")


def test_a_world_may_be_entered_inside_a_running_loop() -> None:
    async def main() -> tuple[float, str]:
        async with world(seed=7) as w:
            ref = await w.spawn(Puppet)
            answer: str = await ref.ask(Sleep(100.0), timeout=None)
            return w.now(), answer

    then = time.perf_counter()

    assert asyncio.run(main()) == (100.0, "awake")
    assert time.perf_counter() - then < 5.0


def test_a_loop_has_its_own_time_back_when_a_world_in_it_is_left() -> None:
    async def main() -> float:
        async with world() as w:
            await w.advance(1000.0)
        return abs(asyncio.get_running_loop().time() - time.monotonic())

    assert asyncio.run(main()) < 0.5


def test_leaving_a_world_leaves_its_system() -> None:
    log: Log = []

    async def scenario(w: World) -> None:
        await w.spawn(Plain, log)

    world().run(scenario)

    assert log == ["started", "stopping shutdown"]


def test_a_world_leaves_its_system_when_the_scenario_fails() -> None:
    log: Log = []

    async def scenario(w: World) -> None:
        await w.spawn(Plain, log)
        raise ValueError("in the scenario")

    with pytest.raises(ValueError, match="in the scenario"):
        world().run(scenario)

    assert log == ["started", "stopping shutdown"]


@world()
async def test_the_system_of_a_world_is_made_once(w: World) -> None:
    assert await w.system() is await w.system()


# -- time --------------------------------------------------------------------------------------------------------------


@world()
async def test_time_begins_at_zero(w: World) -> None:
    assert w.now() == 0.0


@world()
async def test_a_long_sleep_takes_no_real_time(w: World) -> None:
    then = time.perf_counter()
    await asyncio.sleep(1e6)

    assert (w.now(), time.perf_counter() - then < 1.0) == (1e6, True)


@world()
async def test_time_stands_still_while_anything_can_run(w: World) -> None:
    for _ in range(1000):
        await asyncio.sleep(0)

    assert w.now() == 0.0


@pytest.mark.parametrize("seconds", [0.0, 0.001, 5.0, 1e5])
@world()
async def test_advance_lets_exactly_so_much_time_pass(w: World, seconds: float) -> None:
    await w.advance(seconds)

    assert w.now() == seconds


@world()
async def test_advance_lets_everything_happen_that_falls_due_within(w: World) -> None:
    log: list[float] = []
    for seconds in (1.0, 5.0, 5.1):
        asyncio.get_running_loop().call_later(seconds, log.append, seconds)
    await w.advance(5.0)

    assert log == [1.0, 5.0]


@world()
async def test_advance_finishes_what_falls_due_at_its_very_end(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    ref.tell(Sleep(5.0))
    ref.tell(Note("after"))
    await w.advance(5.0)

    assert log == ["started", "asleep", "awake", "after"]


@world()
async def test_idle_waits_for_all_that_can_run_now(w: World) -> None:
    log: Log = []
    refs = [await w.spawn(Puppet, log, str(n)) for n in range(3)]
    log.clear()
    refs[0].tell(Do(lambda _: refs[1].tell(Do(lambda _: refs[2].tell(Note("reached"))))))
    await w.idle()

    assert log == ["2 reached"]


@world()
async def test_idle_does_not_wait_for_time_to_pass(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)
    ref.tell(Sleep(1.0))
    await w.idle()

    assert (w.now(), log) == (0.0, ["started", "asleep"])


@world()
async def test_several_may_wait_for_idleness(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Puppet, log)

    async def wait(name: str) -> None:
        await w.idle()
        log.append(name)

    waiting = [asyncio.create_task(wait(name)) for name in "ab"]
    ref.tell(Note("work"))
    await asyncio.gather(*waiting)

    assert log == ["started", "work", "a", "b"]


@world()
async def test_the_clock_of_a_system_is_the_worlds(w: World) -> None:
    async with ActorSystem("another") as system:
        await w.advance(7.0)

        assert system.now() == 7.0


@world()
async def test_timeouts_go_by_virtual_time(w: World) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(100.0):
            await asyncio.sleep(1000.0)

    assert w.now() == 100.0


# -- deadlock ----------------------------------------------------------------------------------------------------------


def test_a_scenario_in_which_nothing_can_happen_any_more_is_a_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.engines.simulated.REAL_PATIENCE", 0.01)

    async def scenario(w: World) -> None:
        await w.advance(3.0)
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock, match=r"everybody waits and no timer is set \(virtual time 3 s\)"):
        world().run(scenario)


def test_a_deadlock_says_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.engines.simulated.REAL_PATIENCE", 0.01)

    async def scenario(w: World) -> None:
        one, two = await w.spawn(Puppet), await w.spawn(Puppet)
        await w.advance(1.5)
        await one.ask(Do(lambda _: two.ask(Do(lambda _: one.ask(Note("a"), timeout=None)), timeout=None)), timeout=None)

    with pytest.raises(Deadlock) as caught:
        world().run(scenario)

    assert caught.value.now == 1.5


def test_a_world_that_is_stuck_while_it_is_left_is_a_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.engines.simulated.REAL_PATIENCE", 0.01)

    async def scenario(w: World) -> None:
        try:
            await asyncio.sleep(1.0)
        finally:
            await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock):
        world().run(scenario)


# -- interleaving and trace --------------------------------------------------------------------------------------------


async def orders(w: World) -> str:
    """The order in which six ready actors have their turns."""
    log: Log = []
    refs = [await w.spawn(Plain, log, name) for name in "abcdef"]
    log.clear()
    for ref in refs:
        ref.tell(Note("x"))
    await w.idle()
    return "".join(line[0] for line in log)


def test_the_seed_decides_who_has_the_next_turn() -> None:
    seen = {world(seed).run(orders) for seed in range(30)}

    assert len(seen) > 20
    assert {"".join(sorted(order)) for order in seen} == {"abcdef"}


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**64])
def test_the_same_seed_gives_the_same_order(seed: int) -> None:
    assert world(seed).run(orders) == world(seed).run(orders)


async def busy(w: World) -> str:
    """A scenario with a bit of everything; returns its trace."""
    refs = [await w.spawn(Puppet, name=f"p{n}") for n in range(5)]
    for ref in refs:
        ref.tell(Sleep(w.rng.random()))
        ref.tell(Do(lambda actor: actor.every(w.rng.random() + 0.1, Note("tick"))))
        ref.tell(Do(lambda actor: refs[actor.system.rng.randrange(5)].tell(Note("hop"))))
    await w.advance(2.0)
    refs[0].tell(Boom())
    refs[1].kill()
    await w.advance(2.0)
    return w.trace


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_same_seed_gives_the_same_trace_byte_for_byte(seed: int) -> None:
    assert world(seed).run(busy) == world(seed).run(busy)


def test_another_seed_gives_another_trace() -> None:
    assert world(0).run(busy) != world(1).run(busy)


@world()
async def test_the_trace_says_who_had_a_turn_when_with_what(w: World) -> None:
    ref = await w.spawn(Puppet, name="a")
    ref.tell(Note("x"))
    await w.advance(1.5)
    ref.tell(Boom())
    await w.idle()

    lines = [line for line in w.trace.splitlines() if "nothing" not in line]
    assert lines == ["0.000000 a#1 Note", "1.500000 a#1 Boom", "1.500000 a#1 Ending"]


@world()
async def test_a_test_may_add_lines_of_its_own_to_the_trace(w: World) -> None:
    await w.advance(2.0)
    w.note("half time")

    assert w.trace == "2.000000 half time\n"


@world()
async def test_only_one_message_is_handled_a_turn(w: World) -> None:
    log: Log = []
    one, two = await w.spawn(Plain, log, "1"), await w.spawn(Plain, log, "2")
    log.clear()
    for _ in range(50):
        one.tell(Note("x"))
        two.tell(Note("x"))
    await w.idle()

    switches = sum(a != b for a, b in pairwise(log))
    assert switches > 20


def test_the_chance_of_a_world_and_of_its_systems_repeats() -> None:
    async def scenario(w: World) -> list[float]:
        async with ActorSystem("s") as system:
            return [w.rng.random(), system.rng.random(), (await w.system()).rng.random()]

    drawn = world(5).run(scenario)

    assert world(5).run(scenario) == drawn
    assert len(set(drawn)) == 3


def test_a_system_with_a_seed_of_its_own_draws_from_that_in_any_world() -> None:
    async def scenario(w: World) -> float:
        async with ActorSystem("s", seed=9) as system:
            return system.rng.random()

    assert [world(1).run(scenario), world(2).run(scenario)] == [random.Random(9).random()] * 2
