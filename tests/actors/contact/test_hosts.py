"""Several systems: who of them lives, what they share, and what loss, partitions, pauses and crashes do to that."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from actors import ActorSystem
from actors.contact.loopback import Loopback
from actors.testing import World, world
from actors.tissue.crdt.counters import PNCounter
from actors.tissue.crdt.orset import ORMap
from actors.tissue.swim.updates import Dead, Joined, Left, Revived
from tests.actors.contact.kit import GROUP, WAYS, at, each_at, error_of, heard, hosts, names, puppets, subjects, values
from tests.actors.kit import Note, Puppet

both_ways = pytest.mark.parametrize("way", WAYS)


def _members(me: Any) -> list[str]:
    return sorted(each.pid.name for each in me.contact.of(GROUP).neighbours(100))


def _table(me: Any) -> Any:
    return me.contact.of(GROUP).share("table", ORMap)


def _read(me: Any) -> dict[Any, Any]:
    return dict(_table(me).value)


# -- membership --------------------------------------------------------------------------------------------------------


@both_ways
def test_hosts_find_each_other_and_each_others_cells(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with hosts("east", "west", "north") as systems:
            refs = await puppets(systems, 2)
            await w.advance(3.0)
            found = await each_at(refs, lambda me: [me.contact.pid.name, *_members(me)])

            everybody = sorted(f"w{n}@{host}" for host in ("east", "west", "north") for n in range(2))
            assert [sorted(each) for each in found] == [everybody] * 6
            assert [system.site.hosts.alive for system in systems] == [
                ["@north", "@west"],
                ["@east", "@north"],
                ["@east", "@west"],
            ]

    scenario()


@both_ways
def test_a_host_that_leaves_is_forgotten_at_once_with_its_cells(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with hosts("east", "west", "north") as systems:
            refs = await puppets(systems)
            await w.advance(5.0)
            left = heard(systems[0], Left)
            await systems[2].close()
            await w.advance(1.0)

            assert await each_at(refs[:2], _members) == [["w0@west"], ["w0@east"]]
            assert len(left) == 1

    scenario()


@both_ways
def test_a_cell_that_ends_is_forgotten_by_all_hosts(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with hosts("east", "west") as systems:
            refs = await puppets(systems, 2)
            await w.advance(5.0)
            await refs[3].stop()
            await w.advance(1.0)

            assert await at(refs[0], _members) == ["w0@west", "w1@east"]

    scenario()


@both_ways
def test_a_host_of_the_same_name_is_refused_while_the_first_lives_and_is_a_new_life_after(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with hosts("east", "west") as systems:
            refs = await puppets(systems)
            await at(refs[0], lambda me: _table(me).put("a", 1))
            await w.advance(5.0)
            double = ActorSystem("west")
            async with double:
                ref = await double.spawn(Puppet)
                for _ in range(3):
                    assert "'west'" in await at(ref, lambda me: error_of(lambda: me.contact))
                assert not double.events
            before = (await at(refs[0], lambda me: me.contact.of(GROUP).neighbours()))[0].pid
            await systems[1].close()
            async with ActorSystem("west") as again:
                (young,) = await puppets([again])
                await w.advance(8.0)
                (after,) = await at(refs[0], lambda me: me.contact.of(GROUP).neighbours())

                assert after.pid.name == before.name == "w0@west"
                assert after.pid.incarnation > before.incarnation
                assert await at(young, _read) == {"a": 1}
                assert values(await at(refs[0], lambda me: me.contact.of(GROUP).ask(Note("x")))) == ["x"]

    scenario()


async def _crash(w: World, system: ActorSystem) -> None:
    """What a crash of its process does to a host: nobody hears another word of it."""
    w.network.partition([f"@{system.name}"])
    w.wires.leave(system.name)
    await system.close()
    w.network.heal()


@world(seed=2)
async def test_a_host_that_crashes_is_given_up_within_a_dozen_seconds(w: World) -> None:
    async with hosts("east", "west", "north") as systems:
        refs = await puppets(systems)
        await w.advance(8.0)
        dead = heard(systems[0], Dead)
        await _crash(w, systems[2])
        await w.advance(12.0)

        assert await each_at(refs[:2], _members) == [["w0@west"], ["w0@east"]]
        assert subjects(dead) == ["@north"]


@world(seed=2)
async def test_a_host_that_crashed_and_begins_again_at_once_is_its_next_life_for_all(w: World) -> None:
    async with hosts("east", "west", "north") as systems:
        refs = await puppets(systems)
        await each_at(refs, lambda me: _table(me).put(me.contact.pid.name, 1))
        await w.advance(8.0)
        before = {each.pid for each in await at(refs[0], lambda me: me.contact.of(GROUP).neighbours())}
        await _crash(w, systems[2])
        async with ActorSystem("north") as again:
            (young,) = await puppets([again])
            await w.advance(20.0)
            after = {each.pid for each in await at(refs[0], lambda me: me.contact.of(GROUP).neighbours())}

            assert {pid.name for pid in after} == {"w0@west", "w0@north"}
            (old,) = before - after
            (new,) = after - before
            assert new.name == old.name
            assert new.incarnation > old.incarnation
            assert await at(young, _read) == {"w0@east": 1, "w0@west": 1, "w0@north": 1}
            answers = await at(refs[0], lambda me: me.contact.of(GROUP).ask(Note("x"), timeout=10.0))
            assert values(answers) == ["x", "x"]


# -- weather -----------------------------------------------------------------------------------------------------------


@world(seed=3)
async def test_a_partition_parts_the_groups_and_healing_brings_them_together(w: World) -> None:
    async with hosts("east", "west", "north") as systems:
        refs = await puppets(systems)
        await each_at(refs, _table)
        await w.advance(8.0)
        w.network.partition(["@east"], ["@west", "@north"])
        await at(refs[0], lambda me: _table(me).put("east", 1))
        await at(refs[1], lambda me: _table(me).put("west", 2))
        await w.advance(40.0)

        assert await each_at(refs[1:], _members) == [["w0@north"], ["w0@west"]]  # east doubts itself, being alone
        assert await each_at(refs, _read) == [{"east": 1}, {"west": 2}, {"west": 2}]

        revived = heard(systems[0], Revived)
        w.network.heal()
        await w.advance(60.0)

        assert await each_at(refs, _read) == [{"east": 1, "west": 2}] * 3
        assert await each_at(refs, _members) == [
            ["w0@north", "w0@west"],
            ["w0@east", "w0@north"],
            ["w0@east", "w0@west"],
        ]
        assert set(subjects(revived)) <= {"@north", "@west"}


@pytest.mark.parametrize("seed", range(6))
def test_at_a_loss_of_thirty_percent_nobody_is_given_up_and_all_is_shared(seed: int) -> None:
    @world(seed=seed)
    async def scenario(w: World) -> None:
        w.network.loss = 0.3
        w.network.duplication = 0.2
        async with hosts("east", "west", "north", "south") as systems:
            dead = [heard(system, Dead) for system in systems]
            refs = await puppets(systems)
            for n, ref in enumerate(refs):
                await at(ref, lambda me, n=n: _table(me).put(n, n))
            await w.advance(60.0)

            assert await each_at(refs, _read) == [{n: n for n in range(4)}] * 4
            assert [len(each) for each in await each_at(refs, _members)] == [3] * 4
            assert [len(each) for each in dead] == [0] * 4

    scenario()


@world(seed=4)
async def test_a_host_that_is_paused_for_a_moment_is_not_given_up(w: World) -> None:
    async with hosts("east", "west", "north") as systems:
        refs = await puppets(systems)
        await w.advance(8.0)
        dead = heard(systems[1], Dead)
        w.network.pause("@east", w.now() + 2.0)
        await w.advance(10.0)

        assert dead == []
        assert await at(refs[1], _members) == ["w0@east", "w0@north"]


@world(seed=4)
async def test_a_host_that_was_paused_for_long_is_back_when_it_wakes(w: World) -> None:
    async with hosts("east", "west", "north") as systems:
        refs = await puppets(systems)
        await each_at(refs, _table)
        await w.advance(8.0)
        w.network.pause("@east", w.now() + 60.0)
        await w.advance(1.0)
        await at(refs[1], lambda me: _table(me).put("meanwhile", 1))
        await w.advance(29.0)
        assert await at(refs[1], _members) == ["w0@north"]
        await w.advance(90.0)

        assert await each_at(refs, _members) == [
            ["w0@north", "w0@west"],
            ["w0@east", "w0@north"],
            ["w0@east", "w0@west"],
        ]
        assert await each_at(refs, _read) == [{"meanwhile": 1}] * 3


@pytest.mark.parametrize("seed", range(20))
def test_hosts_that_come_and_go_at_random_agree_in_the_end(seed: int) -> None:
    @world(seed=seed)
    async def scenario(w: World) -> None:
        w.network.loss = w.rng.choice([0.0, 0.1])
        async with AsyncExitStack() as stack:
            alive: dict[str, tuple[ActorSystem, Any]] = {}
            names_of = ["a", "b", "c", "d"]
            for _ in range(10):
                name = w.rng.choice(names_of)
                if name in alive:
                    if len(alive) == 1:
                        continue
                    system, _ = alive.pop(name)
                    await (_crash(w, system) if w.rng.random() < 0.5 else system.close())
                else:
                    system = await stack.enter_async_context(ActorSystem(name, seed=seed))
                    (ref,) = await puppets([system])
                    await at(ref, lambda me: me.contact.of(GROUP).share("count", PNCounter))
                    alive[name] = system, ref
                await w.advance(w.rng.choice([0.1, 3.0, 15.0]))
            await w.advance(90.0)

            for name, (_, ref) in alive.items():
                assert await at(ref, _members) == sorted(f"w0@{other}" for other in alive if other != name)

    scenario()


@both_ways
def test_hosts_with_names_of_their_own_that_come_and_go_leave_nothing_behind(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with hosts("east", "west") as systems:
            await puppets(systems)
            for n in range(8):
                async with ActorSystem(f"guest{n}") as guest:
                    await puppets([guest], 2)
                    await w.advance(5.0)
                await w.advance(5.0)

            for system in systems:
                cells = system.site.hosts._cells
                assert cells is not None
                assert sorted(cells.value) == [(GROUP, "w0@east"), (GROUP, "w0@west")]

    scenario()


# -- one real loop -----------------------------------------------------------------------------------------------------


def test_systems_on_one_loop_that_share_a_loopback_are_each_others_hosts() -> None:
    async def scenario() -> None:
        async with hosts("east", "west", transport=Loopback()) as systems:
            joined = heard(systems[0], Joined)
            refs = await puppets(systems)
            await at(refs[0], lambda me: me.contact.of(GROUP))
            assert subjects(joined) == ["@west"]
            for _ in range(200):
                if await at(refs[0], _members) and await at(refs[1], _members):
                    break
                await asyncio.sleep(0.01)

            assert await each_at(refs, _members) == [["w0@west"], ["w0@east"]]
            assert values(await at(refs[0], lambda me: me.contact.of(GROUP).ask(Note("x")))) == ["x"]

    asyncio.run(scenario())


def test_systems_with_transports_of_their_own_know_nothing_of_each_other() -> None:
    async def scenario() -> None:
        async with hosts("east", "west") as systems:
            refs = await puppets(systems)

            assert await each_at(refs, _members) == [[], []]

    asyncio.run(scenario())


def test_two_systems_of_one_name_cannot_share_a_loopback() -> None:
    async def scenario() -> None:
        wires = Loopback()
        async with ActorSystem("east", transport=wires) as one, ActorSystem("east", transport=wires) as two:
            await puppets([one])
            ref = await two.spawn(Puppet)

            assert "two systems are called 'east'" in await at(ref, lambda me: error_of(lambda: me.contact))

    asyncio.run(scenario())


@both_ways
def test_those_of_this_host_and_of_another_are_told_alike(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with hosts("east", "west") as systems:
            refs = await puppets(systems, 2)
            await w.advance(5.0)
            answers = await at(refs[0], lambda me: me.contact.of(GROUP).ask(Note("x")))

            assert values(answers) == ["x"] * 3
            assert sorted(names(each.neighbour for each in answers)) == ["w0", "w1", "w1"]

    scenario()
