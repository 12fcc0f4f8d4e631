"""A tree that one of several hosts runs: adopted when that one dies, and never run by two."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from actors import Actor, ActorSystem, handle
from actors.testing import World, world
from actors.tissue.crdt.orset import ORMap
from supervisors import Fence, SpecError, Standby, Supervisor, child
from supervisors.repair.events import Dropped, Taken

EAST, WEST, NORTH = NAMES = ("east", "west", "north")
LEASE = 5.0
DETECT = 9.0
"""Seconds in which hosts of one machine know that one of them is dead."""


class Crash:
    """Crashes its handler."""


@dataclass(frozen=True, slots=True)
class Put:
    """To be shared."""

    key: str
    value: int


@dataclass(frozen=True, slots=True)
class Get:
    """Asks for all that is shared."""


class Scheduler(Actor):
    """What must not run twice."""

    def __init__(self, lives: list[Scheduler], token: int) -> None:
        self.token = token
        self.home = self.system.name
        self.rivals = [life.home for life in lives if life.is_alive]
        lives.append(self)

    @handle
    def crash(self, message: Crash) -> None:
        raise RuntimeError("boom")

    @handle
    def put(self, message: Put) -> None:
        self.contact.share("plans", ORMap).put(message.key, message.value)

    @handle
    def get(self, message: Get) -> dict[Any, Any]:
        return dict(self.contact.share("plans", ORMap).value)

    @property
    def is_alive(self) -> bool:
        return self._cell.actor is self


class Warm(Scheduler):
    """Begins with what was shared."""

    async def started(self) -> None:
        await self.contact.warm()


class Crew:
    """Standbys of one tree on several hosts."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.lives: list[Scheduler] = []
        self.standbys: dict[str, Standby] = {}
        self.systems: dict[str, ActorSystem] = {}
        self.events: list[str] = []
        self._stacks: dict[str, AsyncExitStack] = {}

    async def start(
        self, name: str, hosts: tuple[str, ...] = NAMES, worker: type[Scheduler] = Scheduler, **options: Any
    ) -> None:
        """Start a host."""
        stack = self._stacks[name] = AsyncExitStack()
        self.systems[name] = system = await stack.enter_async_context(ActorSystem(name))
        system.events.subscribe(self._note)

        def tree(token: int) -> Supervisor:
            return Supervisor("shop", [child(worker, self.lives, token, id="scheduler")])

        standby = Standby(tree, hosts=hosts, system=system, group="shop", lease=LEASE, log=False, **options)
        self.standbys[name] = await stack.enter_async_context(standby)

    def _note(self, event: object) -> None:
        if isinstance(event, Taken | Dropped):
            self.events.append(event.describe())

    @property
    def alive(self) -> list[str]:
        """The hosts on which the scheduler lives."""
        return [life.home for life in self.lives if life.is_alive]

    async def running(self, within: float) -> str:
        """Who runs it, as soon as somebody does."""
        until = self.w.now() + within
        while not self.alive:
            assert self.w.now() < until, f"nobody runs it after {within} s: {self.events}"
            await asyncio.sleep(0.05)
        return self.alive[0]

    async def crash(self, name: str) -> None:
        """The host is gone at once."""
        self.w.network.partition([f"@{name}"])
        running = self.standbys[name].running
        self.standbys[name]._task.cancel()  # type: ignore[union-attr]
        if running is not None:
            running.kill()
        while name in self.alive:
            await asyncio.sleep(0.001)

    async def close(self) -> None:
        """Leave all hosts."""
        for stack in self._stacks.values():
            await stack.aclose()


@asynccontextmanager
async def crew(w: World, *names: str, **options: Any) -> AsyncIterator[Crew]:
    """Standbys on these hosts."""
    found = Crew(w)
    try:
        for name in names:
            await found.start(name, **options)
        yield found
    finally:
        await found.close()


# -- alone -------------------------------------------------------------------------------------------------------------


@world()
async def test_a_system_alone_just_runs_the_tree(w: World) -> None:
    async with Standby(Supervisor("shop", []), log=False) as standby:
        running = await standby.wait_running()

        assert (running.name, standby.token, standby.holder, w.now() < 1.5) == ("shop", 1, "shop", True)


@world()
async def test_a_system_alone_adopts_its_tree_again_when_the_root_is_killed(w: World) -> None:
    async with Standby(Supervisor("shop", []), log=False) as standby:
        for _ in range(5):
            running = await standby.wait_running()
            running.kill()
            await asyncio.sleep(0.01)
            assert standby.running is not running
        await standby.wait_running()

        assert (standby.token, w.now() < 15.0) == (6, True)


@world()
async def test_a_tree_that_gives_up_is_adopted_again(w: World) -> None:
    async with crew(w, EAST, hosts=()) as found:
        await found.running(3.0)
        for _ in range(4):
            found.systems[EAST].whereis("shop/scheduler").tell(Crash())  # type: ignore[union-attr]
            await asyncio.sleep(0.01)
        assert found.alive == []
        await found.running(3.0)

        assert found.events[1] == "shop is no longer run by east (token 1): it has ended: shutdown"


@world()
async def test_leaving_it_stops_the_tree(w: World) -> None:
    async with crew(w, EAST, hosts=()) as found:
        await found.running(3.0)
    assert (found.alive, found.events[-1]) == ([], "shop is no longer run by east (token 1): its standby is left")


# -- several -----------------------------------------------------------------------------------------------------------


@world()
async def test_one_of_several_runs_it(w: World) -> None:
    async with crew(w, *NAMES) as found:
        name = await found.running(3 * LEASE)
        await asyncio.sleep(60.0)

        assert found.alive == [name]
        assert [standby.holder for standby in found.standbys.values()] == [name] * 3
        assert len(found.events) == 1


@pytest.mark.parametrize("seed", range(10))
def test_when_its_host_crashes_the_next_adopts_it_within_lease_and_detection(seed: int) -> None:
    @world(seed)
    async def scenario(w: World) -> None:
        async with crew(w, *NAMES) as found:
            first = await found.running(3 * LEASE)
            await asyncio.sleep(10.0)
            await found.crash(first)
            second = await found.running(LEASE + DETECT)

            assert second != first
            assert found.lives[-1].token > found.lives[0].token

    scenario()


@world()
async def test_a_root_that_is_killed_is_adopted_by_another_host_at_once(w: World) -> None:
    async with crew(w, *NAMES) as found:
        first = await found.running(3 * LEASE)
        await asyncio.sleep(10.0)
        found.standbys[first].running.kill()  # type: ignore[union-attr]
        await asyncio.sleep(0.01)
        second = await found.running(LEASE)

        assert second != first


@world()
async def test_a_host_that_leaves_hands_it_over_at_once(w: World) -> None:
    async with crew(w, *NAMES) as found:
        first = await found.running(3 * LEASE)
        await asyncio.sleep(10.0)
        await found.standbys[first].__aexit__()
        assert found.alive == []
        await found.running(LEASE)


@world()
async def test_the_smaller_side_of_a_partition_stops_it_before_the_other_takes_it(w: World) -> None:
    async with crew(w, *NAMES) as found:
        first = await found.running(3 * LEASE)
        await asyncio.sleep(10.0)
        w.network.partition([f"@{first}"])
        await asyncio.sleep(LEASE)
        assert found.alive == []
        second = await found.running(DETECT)
        w.network.heal()
        await asyncio.sleep(30.0)

        assert found.alive == [second] != [first]


@world()
async def test_two_of_three_lost_at_one_time_leave_nobody_who_may(w: World) -> None:
    async with crew(w, *NAMES) as found:
        await found.running(3 * LEASE)
        w.network.partition(["@east"], ["@west"], ["@north"])
        await asyncio.sleep(LEASE)
        for _ in range(100):
            await asyncio.sleep(0.5)
            assert found.alive == []
        w.network.heal()
        await found.running(60.0)


@world()
async def test_without_voters_whoever_is_left_runs_it(w: World) -> None:
    async with crew(w, EAST, WEST, hosts=()) as found:
        first = await found.running(3 * LEASE)
        await asyncio.sleep(10.0)
        await found.crash(first)

        assert await found.running(LEASE + DETECT) != first


@world()
async def test_children_are_warm_where_they_are_adopted(w: World) -> None:
    async with crew(w, *NAMES, keep=["shop"], worker=Warm) as found:
        first = await found.running(3 * LEASE)
        await asyncio.sleep(2.0)
        await found.systems[first].whereis("shop/scheduler").ask(Put("monday", 1))  # type: ignore[union-attr]
        await asyncio.sleep(2.0)
        await found.crash(first)
        second = await found.running(LEASE + DETECT)
        await asyncio.sleep(3.0)

        assert await found.systems[second].whereis("shop/scheduler").ask(Get()) == {"monday": 1}  # type: ignore[union-attr]


@world()
async def test_a_fence_keeps_those_out_who_were_replaced(w: World) -> None:
    fence = Fence()
    async with crew(w, *NAMES) as found:
        first = await found.running(3 * LEASE)
        await asyncio.sleep(10.0)
        assert fence.admit(found.lives[-1].token)
        await found.crash(first)
        await found.running(LEASE + DETECT)

        assert fence.admit(found.lives[-1].token)
        assert not fence.admit(found.lives[0].token)


class Stubborn(Scheduler):
    """Does not stop when it is asked to."""

    async def stopping(self, reason: Any) -> None:
        await asyncio.Event().wait()


@world()
async def test_a_tree_that_does_not_stop_in_time_is_killed(w: World) -> None:
    async with AsyncExitStack() as stack:
        lives: list[Scheduler] = []
        for name in NAMES:
            system = await stack.enter_async_context(ActorSystem(name))

            def tree(token: int) -> Supervisor:
                return Supervisor("shop", [child(Stubborn, lives, token, id="s", shutdown=3600.0)])

            await stack.enter_async_context(Standby(tree, hosts=NAMES, system=system, group="shop", log=False))
        await asyncio.sleep(3 * LEASE)
        (first,) = [life.home for life in lives if life.is_alive]
        w.network.partition([f"@{first}"])
        for _ in range(400):
            await asyncio.sleep(0.05)
            assert sum(life.is_alive for life in lives) <= 1
        assert [life.home for life in lives if life.is_alive] not in ([], [first])
        w.network.heal()
        lives[-1]._cell.parent.ref.kill()  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", range(100))
def test_it_never_runs_twice_and_always_again(seed: int) -> None:
    """Under loss, duplication, partitions, pauses, crashes of hosts and of the root."""

    @world(seed)
    async def scenario(w: World) -> None:
        rng = w.rng
        w.network.loss, w.network.duplication = rng.choice((0.0, 0.1, 0.3)), 0.1
        async with crew(w, *NAMES) as found:
            for _ in range(4):
                await asyncio.sleep(rng.uniform(1.0, 9.0))
                name = rng.choice(NAMES)
                running = found.standbys[name].running
                match rng.randrange(5):
                    case 0 if running is not None:
                        running.kill()
                    case 1:
                        w.network.partition([f"@{name}"])
                    case 2:
                        w.network.partition(["@east"], ["@west"], ["@north"])
                    case 3:
                        w.network.pause(f"@{name}", w.now() + rng.uniform(1.0, 15.0))
                    case _:
                        w.network.heal()
            w.network.heal()
            await found.running(60.0)

            tokens = [life.token for life in found.lives]
            assert tokens == sorted(set(tokens))
            assert [life.rivals for life in found.lives] == [[]] * len(tokens)

    scenario()


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("tree", {"tree": 3}),
        ("group", {"tree": lambda token: Supervisor("shop", [])}),
        ("lease", {"lease": 0}),
        ("lease", {"lease": float("inf")}),
        ("system", {"hosts": ["east", "west"]}),
        ("hosts", {"hosts": ["east", "west"], "system": ActorSystem("south")}),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(field: str, options: dict[str, Any]) -> None:
    options = {"tree": Supervisor("shop", []), **options}
    with pytest.raises(SpecError) as caught:
        Standby(options.pop("tree"), **options)

    assert caught.value.field == field
