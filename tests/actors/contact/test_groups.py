"""Groups that are linked by hand, and what is published in them."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from actors import ActorSystem, Crashed, Mailbox, handle
from actors.messages import Pid
from actors.testing import World, world
from actors.tissue.core import PartFailed
from actors.tissue.fields.block import Around, Block
from actors.tissue.fields.config import FieldConfig
from actors.tissue.overlay.events import Delivered
from tests.actors.contact.kit import GROUP, WAYS, at, each_at, error_of, heard, hosts, names, shop
from tests.actors.kit import Log, Note, Puppet, Sleep

both_ways = pytest.mark.parametrize("way", WAYS)


class Subscriber(Puppet):
    """Writes down what is published in its group."""

    def started(self) -> None:
        self.contact.of(GROUP)

    @handle
    def delivered(self, event: Delivered) -> None:
        self.write(f"{self.contact.pid.name} heard {event.body}")


@both_ways
def test_what_is_published_reaches_all_members_on_all_hosts_once(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        log: Log = []
        async with hosts("east", "west", "north") as systems:
            refs = [await system.spawn(Subscriber, log, name=f"s{n}") for system in systems for n in range(2)]
            other = await systems[0].spawn(Puppet, log, name="other")
            await at(other, lambda me: me.contact.of("other"))
            await w.advance(10.0)
            log.clear()
            await at(refs[0], lambda me: me.contact.of(GROUP).publish("news"))
            await w.advance(5.0)

            heard = sorted(line for line in log if line.startswith("s"))
            assert heard == sorted(f"s{n}@{host} heard news" for host in ("east", "west", "north") for n in range(2))

    scenario()


class Scribbler(Puppet):
    """Changes what is published in its group."""

    def started(self) -> None:
        self.contact.of(GROUP)

    @handle
    def delivered(self, event: Delivered) -> None:
        event.body["read"] += 1
        self.write(f"{self.contact.pid.name}: {event.body}")


@both_ways
def test_each_member_has_a_copy_of_what_is_published(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        log: Log = []
        async with hosts("east", "west") as systems:
            refs = [await system.spawn(Scribbler, log, name=f"s{n}") for system in systems for n in range(2)]
            await w.advance(10.0)
            log.clear()
            value = {"read": 0, "at": (1, 2)}
            await at(refs[0], lambda me: me.contact.of(GROUP).publish(value))
            await w.advance(5.0)

            heard = [line.partition(": ")[2] for line in log if ": {" in line]
            assert heard == ["{'read': 1, 'at': [1, 2]}"] * 4
            assert value == {"read": 0, "at": (1, 2)}

    scenario()


@pytest.mark.parametrize("names", [("east",), ("east", "west")])
def test_what_cannot_be_published_reaches_nobody_however_many_hosts_there_are(names: tuple[str, ...]) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        log: Log = []
        async with hosts(*names) as systems:
            refs = [await system.spawn(Subscriber, log, name="s") for system in systems]
            await w.advance(10.0)
            log.clear()
            for value in (object(), "x" * 65_536, 1 << 70, {(1, 2): 3}):
                text = await at(refs[0], lambda me, value=value: error_of(lambda: me.contact.of(GROUP).publish(value)))
                assert "publish(value)" in text
            await w.advance(5.0)

            assert not [line for line in log if "heard" in line]

    scenario()


@both_ways
def test_members_of_a_group_that_is_linked_by_hand_are_linked_to_whom_they_say(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with ActorSystem("ring") as system:
            refs = [await system.spawn(Puppet, name=f"w{n}") for n in range(6)]
            await each_at(refs, lambda me: me.contact.join("ring", close=0, random=0))
            for n, ref in enumerate(refs):
                await at(ref, lambda me, n=n: me.contact.of("ring").link(refs[(n + 1) % 6]))

            links = {entry.pid.name: sorted(entry.links) for entry in system.site.rosters()["ring"]}
            assert links == {f"w{n}@ring": sorted([f"w{(n - 1) % 6}@ring", f"w{(n + 1) % 6}@ring"]) for n in range(6)}

    scenario()


@world(seed=1)
async def test_a_link_to_who_is_not_there_yet_is_made_when_it_comes(w: World) -> None:
    async with ActorSystem("pair") as system:
        one = await system.spawn(Puppet, name="one")
        await at(one, lambda me: me.contact.join("g", close=0, random=0))
        await at(one, lambda me: me.contact.of("g").link("two"))
        two = await system.spawn(Puppet, name="two")
        await at(two, lambda me: me.contact.join("g", close=0, random=0))

        assert system.site.rosters()["g"].links_of("one@pair") == {"two@pair": 1.0}


@both_ways
def test_a_full_mailbox_that_lets_senders_wait_has_all_in_the_end(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        log: Log = []
        async with ActorSystem("one") as system:
            teller = await system.spawn(Puppet, name="teller")
            busy = await system.spawn(Puppet, log, name="busy", mailbox=Mailbox(1, "wait"))
            for ref in (teller, busy):
                await at(ref, lambda me: me.contact.of(GROUP))
            log.clear()
            busy.tell(Sleep(1.0))
            await w.advance(0.1)
            for n in range(3):
                await at(teller, lambda me, n=n: me.contact.of(GROUP).tell(Note(str(n))))
            await w.advance(5.0)

            assert log == ["asleep", "awake", "0", "1", "2"]

    scenario()


@world(seed=3)
async def test_a_life_that_is_restarted_is_in_the_groups_of_the_last_one(w: World) -> None:
    async with shop(2).running() as running:
        here, there = running.ref("w0"), running.ref("w1")
        await each_at([here, there], lambda me: me.contact.of("chat"))
        there.exit(Crashed(RuntimeError("gone")))
        await w.advance(1.0)

        assert await at(here, lambda me: names(me.contact.of("chat").neighbours())) == ["shop/w1"]
        assert there.pid.incarnation == 2


class Failing(Block[Any]):
    """Raises in its turn."""

    def read(self, sender: Pid, body: Any) -> Any:
        return body

    def hear(self, sender: str, told: Any, now: float) -> None: ...

    def lose(self, sender: str) -> None: ...

    def turn(self, around: Around, now: float) -> Any:
        raise RuntimeError("no turn of mine")


@world(seed=1)
async def test_a_block_that_fails_is_reported_with_its_actor_and_harms_nobody(
    w: World, caplog: pytest.LogCaptureFixture
) -> None:
    errors: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: errors.append(context))
    async with ActorSystem("lab") as system:
        sick, good = [await system.spawn(Puppet, name=name) for name in ("sick", "good")]
        felt = heard(system, PartFailed)
        await at(sick, lambda me: me.contact.install("mine", Failing()))
        await at(sick, lambda me: me.contact.emit("gpu"))
        await at(good, lambda me: me.contact.emit("disk"))
        await w.advance(5.0)

        text = "the block 'mine' (Failing) in turn() failed: RuntimeError: no turn of mine"
        assert [each.describe() for each in felt] == [f"sick@lab: {text}"]
        assert [record.getMessage() for record in caplog.records] == [f"sick: {text}"]
        assert errors == []
        assert (await at(good, lambda me: me.contact.field("gpu"))).is_reached
        assert (await at(sick, lambda me: me.contact.field("disk"))).is_reached


@world(seed=1)
async def test_a_core_that_fails_over_its_neighbours_keeps_nobody_else_from_hearing_of_his(w: World) -> None:
    async with ActorSystem("lab") as system:
        refs = [await system.spawn(Puppet, name=f"w{n}") for n in range(3)]
        for ref in refs:
            await at(ref, lambda me: me.contact.of("g").emit(me.pid.name))
        felt = heard(system, PartFailed)
        body: Any = system.site.body_at("w0@lab")
        body.presences["g"].slots["field"].core = Stubborn()
        late = await system.spawn(Puppet, name="late")
        await at(late, lambda me: me.contact.of("g").emit("late"))
        await w.advance(2.0)

        assert {each.describe() for each in felt} == {"w0@lab in g: the core 'field' failed: RuntimeError: no"}
        assert (await at(refs[2], lambda me: me.contact.of("g").field("late"))).is_reached


class Stubborn:
    """A core that wants no neighbours."""

    due = math.inf
    config = FieldConfig()

    def neighbours(self, links: Any, now: float) -> list[Any]:
        raise RuntimeError("no")

    def receive(self, *packet: Any) -> list[Any]:
        return []

    died = receive
