"""Numbers of lives: they rise over restarts of a host, whatever its clock and its earlier process did."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from actors import ActorSystem
from actors.contact.events import Felt, said
from actors.contact.site import Site
from actors.messages import Pid
from actors.testing import World, world
from actors.tissue.crdt.counters import PNCounter
from actors.tissue.crdt.orset import ORMap
from actors.tissue.links.events import Undeliverable, Why
from actors.tissue.swim.updates import Outlived, Risen
from tests.actors.contact.kit import GROUP, WAYS, at, each_at, heard, hosts, names, puppets
from tests.actors.kit import Note, Puppet, letters

AHEAD = 20_000
both_ways = pytest.mark.parametrize("way", WAYS)


def _run_ahead(system: ActorSystem) -> None:
    """What that many short lives within no time do."""
    for _ in range(AHEAD):
        system.site.new_life()


def _set_back(patch: pytest.MonkeyPatch, seconds: float) -> None:
    """Have the wall clocks of hosts that begin from here on say less."""

    def put(site: Any, offset: float) -> None:
        site.__dict__["offset"] = offset - seconds

    patch.setattr(Site, "offset", property(lambda site: site.__dict__["offset"], put), raising=False)


def _others(me: Any) -> list[str]:
    return names(me.contact.of(GROUP).neighbours())


@both_ways
def test_a_host_whose_last_process_ran_its_numbers_ahead_goes_on_above_them(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with ActorSystem("east") as east:
            log: list[str] = []
            one = await east.spawn(Puppet, log, name="w0")
            await at(one, lambda me: me.contact.of(GROUP))
            async with ActorSystem("west") as west:
                await puppets([west])
                _run_ahead(west)
                ref = await west.spawn(Puppet, name="late")
                await at(ref, lambda me: me.contact.of(GROUP))
                await w.advance(5.0)
                old = {each.pid for each in await at(one, lambda me: me.contact.of(GROUP).neighbours())}
            await w.advance(2.0)
            async with ActorSystem("west") as west:
                refs = await puppets([west])
                risen = heard(west, Risen)
                late = await west.spawn(Puppet, name="late")
                await at(late, lambda me: me.contact.of(GROUP))
                await w.advance(5.0)
                log.clear()
                new = {each.pid for each in await at(one, lambda me: me.contact.of(GROUP).neighbours())}

                assert len(risen) <= 1
                assert min(pid.incarnation for pid in new) > max(pid.incarnation for pid in old)
                assert await at(late, lambda me: me.contact.of(GROUP).tell(Note("x"), k=2)) == 2
                await at(refs[0], lambda me: me.contact.of(GROUP).tell(Note("y"), k=2))
                await w.advance(2.0)
                assert log == ["x", "y"]
                assert letters(west) == []

    scenario()


@pytest.mark.parametrize("seconds", [1.0, 60.0, 86_400.0])
@both_ways
def test_a_host_whose_clock_was_set_back_is_seen_and_says_why_it_has_another_number(
    way: str, seconds: float, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with ActorSystem("east") as east:
            (one,) = await puppets([east])
            async with ActorSystem("west") as west:
                await puppets([west])
                await w.advance(5.0)
            with monkeypatch.context() as patch:
                _set_back(patch, seconds)
                async with ActorSystem("west") as west:
                    refs = await puppets([west])
                    await at(refs[0], lambda me: me.contact.of(GROUP).share("m", ORMap).put("k", 1))
                    await at(refs[0], lambda me: me.contact.of(GROUP).share("c", PNCounter).add(3))
                    felt = heard(west, Risen)
                    await w.advance(10.0)

                    assert east.site.hosts.alive == ["@west"]
                    assert await each_at([one, *refs], _others) == [["w0"], ["w0"]]
                    assert await at(one, lambda me: me.contact.of(GROUP).share("m", ORMap).value) == {"k": 1}
                    assert await at(one, lambda me: me.contact.of(GROUP).share("c", PNCounter).value) == 3
                    assert all("goes on as @west#" in said(each.event) for each in felt)
                    assert (await at(one, lambda me: me.contact.of(GROUP).ask(Note("x"))))[0].value == "x"

    with caplog.at_level(logging.WARNING, "planaria"):
        scenario()
    assert ("the clock was set back" in caplog.text) == (seconds > 5.0)  # as long as the first one lived


@world(seed=1)
async def test_what_a_life_had_begun_under_the_lower_number_goes_on_under_the_higher(w: World) -> None:
    async with hosts("east", "west") as systems:
        east, west = await puppets(systems)

        def begin(me: Any) -> None:
            group = me.contact.of(GROUP)
            group.emit("gpu")
            group.offer("llm")
            group.put_load(40)
            me.table = group.share("m", ORMap)
            me.count = group.share("c", PNCounter)
            me.table.put("k", 1)
            me.count.add(2)
            me.budget = group.lend("db", 2)

        await at(west, begin)
        await at(east, lambda me: me.contact.of(GROUP).put_load(0))
        await w.advance(8.0)
        before = await at(west, lambda me: me.contact.pid)
        systems[1].site.hosts.rise(systems[1].site.last_life + 5)
        await w.advance(8.0)
        await at(west, lambda me: (me.table.put("j", 2), me.count.add(1)))
        await w.advance(8.0)
        (seen,) = await at(east, lambda me: me.contact.of(GROUP).neighbours())

        assert seen.pid.incarnation > before.incarnation
        assert seen.pid == await at(west, lambda me: me.contact.pid)
        assert await at(east, lambda me: me.contact.of(GROUP).share("m", ORMap).value) == {"k": 1, "j": 2}
        assert await at(east, lambda me: me.contact.of(GROUP).share("c", PNCounter).value) == 3
        source = await at(east, lambda me: me.contact.of(GROUP).toward("gpu").source)
        assert source is not None
        assert source.pid == seen.pid
        assert await at(east, lambda me: me.contact.of(GROUP).trail("llm").ask(Note("x"))) == "x"
        assert await at(west, lambda me: me.budget.held) in (0, 2)
        loads = await each_at([east, west], lambda me: me.contact.of(GROUP).load)
        assert sum(loads) >= 40 - 1
        assert await at(east, lambda me: me.contact.of(GROUP).tell(Note("y"))) == 1


@world(seed=1)
async def test_a_letter_of_a_life_that_is_over_for_its_receiver_is_a_dead_letter_at_once(w: World) -> None:
    async with hosts("east", "west") as systems:
        _, west = await puppets(systems)
        await w.advance(8.0)
        body = systems[0].site.body_at("w0@east")
        assert body is not None
        inbox: Any = body.presences[GROUP].outbox._inbox
        outbox = body.presences[GROUP].outbox
        await at(west, lambda me: me.contact.of(GROUP).tell(Note("first")))
        await w.advance(1.0)
        outbox.unlink("w0@west", w.now())  # forgets the contact, but not what its inbox has had
        outbox.neighbours(["w0@west"], w.now())
        inbox._origins["w0@west"].life += 1000
        risen, lost = heard(systems[1], Risen), heard(systems[1], Undeliverable)
        before = await at(west, lambda me: me.contact.pid)
        await at(west, lambda me: me.contact.of(GROUP).tell(Note("second")))
        await w.advance(2.0)

        assert [each.event.why for each in lost if isinstance(each.event, Undeliverable)] == [Why.OUTDATED]
        assert letters(systems[1]) == ["w0: second, expired"]
        assert len(risen) == 1
        after = await at(west, lambda me: me.contact.pid)
        assert after.incarnation >= before.incarnation + 1000
        await w.advance(2.0)
        log = await at(west, lambda me: me.contact.of(GROUP).ask(Note("third")))
        assert [each.value for each in log] == ["third"]


@world(seed=1)
async def test_of_two_processes_of_one_name_the_later_stays_and_the_other_complains(w: World) -> None:
    async with hosts("east", "west") as systems:
        await puppets(systems)
        await w.advance(90.0)
        felt = heard(systems[1], Outlived, Risen)
        west = systems[1].site
        west.hosts._act(
            west.hosts._swim,
            lambda swim, now: swim.receive(
                Pid("@east", systems[0].site.hosts.pid.incarnation),
                "swim.gossip",
                [[[0, "@west", west.last_life + 10**6, 0, ""]]],
                now,
            ),
        )

        assert [type(each.event) for each in felt] == [Outlived]
        assert "give each system a name of its own" in said(felt[0].event)


def test_a_number_that_leaves_no_room_above_it_is_a_complaint() -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        async with hosts("east", "west") as systems:
            await puppets(systems)
            await w.advance(5.0)
            felt: list[Felt] = heard(systems[1], Outlived, Risen)
            systems[1].site.hosts.rise(1 << 41)

            assert [type(each.event) for each in felt] == [Outlived]

    scenario()
