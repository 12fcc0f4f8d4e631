"""Groups that are linked by hand, and what is published in them."""

from __future__ import annotations

import pytest

from actors import ActorSystem, Crashed, Mailbox, handle
from actors.testing import World, world
from actors.tissue.overlay.events import Delivered
from tests.actors.contact.kit import GROUP, WAYS, at, each_at, hosts, names, shop
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
