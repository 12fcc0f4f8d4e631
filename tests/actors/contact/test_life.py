"""What the tissue costs: nothing where it is not used, little where it is quiet, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
import weakref
from typing import Any

import pytest

from actors import Actor, ActorSystem
from actors.contact.agenda import Agenda, Slot
from actors.contact.site import WILLS_LIMIT
from actors.testing import World, world
from actors.tissue.core import Effect
from actors.tissue.crdt.orset import ORMap
from actors.tissue.moments import SLACK
from actors.tissue.transport import Packet
from tests.actors.contact.kit import GROUP, WAYS, at, each_at, puppets, shop
from tests.actors.kit import Boom, Note, Puppet

both_ways = pytest.mark.parametrize("way", WAYS)

UNUSED = """
import asyncio, sys
from actors import Actor, ActorSystem, handle

def loaded(*names: str) -> list[str]:
    return sorted(name for name in sys.modules if name.startswith(names))

print(loaded("actors.contact", "actors.tissue"))
from supervisors import Supervisor, child

class Plain(Actor):
    @handle
    def text(self, message: str) -> str:
        return message

async def main() -> None:
    async with Supervisor("shop", [child(Plain, id="a"), child(Plain, id="b")]).running(log=False) as tree:
        assert await tree.ref("a").ask("x") == "x"
        assert tree.system._site is None

asyncio.run(main())
print(loaded("actors.contact"))
"""


def test_a_system_without_contact_does_not_even_load_it() -> None:
    done = subprocess.run([sys.executable, "-c", UNUSED], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "[]\n[]\n"


@world(seed=1)
async def test_a_system_without_contact_is_no_host(w: World) -> None:
    async with ActorSystem("quiet") as system:
        ref = await system.spawn(Puppet)
        ref.tell(Note("x"))
        await w.advance(10.0)

        assert system._site is None
        assert w.wires.hosts() == []


# -- what is left ------------------------------------------------------------------------------------------------------


async def _use_all(me: Any) -> None:
    """Everything that contact has."""
    contact = me.contact
    contact.share("table", ORMap).put("a", 1)
    contact.secrete("stress")
    contact.field("f")
    contact.trail("c")
    contact.put_load(3)
    contact.tell(Note("x"))
    await contact.ask(Note("y"))
    if "w3" in me.pid.name:
        contact.emit("f")
        contact.offer("c")
    elif "w0" not in me.pid.name:
        await me.toward("f").ask(Note("z"))
        await contact.trail("c").ask(Note("z"))


@both_ways
def test_nothing_is_left_of_a_system_that_was_left(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        tasks = asyncio.all_tasks()
        async with shop(4).running(log=False) as tree:
            refs = [tree.ref(f"w{n}") for n in range(4)]
            await each_at(reversed(refs), _use_all)
            refs[0].tell(Boom())
            await tree.replace("w1")
            await w.advance(5.0)
            site = tree.system.site
            assert len(site._bodies) == len(site._by_address) == 4
        await w.advance(60.0)

        assert site._bodies == {}
        assert site._by_address == {}
        assert site.asking == {}
        assert site.poisoned == {}
        assert [list(roster) for roster in site.rosters().values() if len(roster)] == []
        assert len(site.wills) <= 4
        assert asyncio.all_tasks() == tasks
        assert site.transport.hosts() == []
        assert site.agenda._timer is None or site.agenda._timer.cancelled()

    scenario()


def test_a_system_that_was_left_is_collected() -> None:
    async def scenario() -> weakref.ref[Any]:
        async with shop(4).running(log=False, watchdog=None) as tree:
            await each_at([tree.ref(f"w{n}") for n in (3, 2, 1, 0)], _use_all)
            return weakref.ref(tree.system.site)

    found = asyncio.run(scenario())
    gc.collect()

    assert found() is None


@both_ways
def test_lives_that_come_and_go_leave_nothing_in_those_that_stay(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with ActorSystem("one") as system:
            (ref,) = await puppets([system])
            await at(ref, lambda me: me.contact.of(GROUP).share("table", ORMap).put("a", 1))
            for n in range(300):
                young = await system.spawn(Puppet, name=f"young{n}")
                await at(
                    young, lambda me: (me.contact.of(GROUP).share("table", ORMap), me.contact.of(GROUP).sense("stress"))
                )
                await young.stop()
            await w.advance(30.0)
            site = system.site

            assert len(site._bodies) == 1
            assert [len(roster) for roster in site.rosters().values() if len(roster)] == [1]
            assert site.rosters()[GROUP].links_of("w0@one") == {}
            assert len(site.agenda._moments._heap) < 20

    scenario()


@world(seed=1)
async def test_what_lives_left_is_remembered_of_so_many_only(w: World) -> None:
    async with ActorSystem("one") as system:
        await puppets([system])
        site = system.site
        body = next(iter(site._bodies.values()))
        for n in range(WILLS_LIMIT):
            site.wills[f"old{n}@one"] = body.will()
        for n in range(10):
            ref = await system.spawn(Puppet, name=f"new{n}")
            await at(ref, lambda me: me.contact)
            await ref.stop()

        assert len(site.wills) == WILLS_LIMIT
        assert "old9@one" not in site.wills
        assert "new9@one" in site.wills


@world(seed=1)
async def test_groups_without_members_are_forgotten(w: World) -> None:
    async with ActorSystem("one") as system:
        for n in range(50):
            ref = await system.spawn(Puppet)
            await at(ref, lambda me, n=n: me.contact.of(f"g{n}").share("table", ORMap).put("a", 1))
            await ref.stop()

        assert len(system.site.rosters()) <= 1


# -- what it costs -----------------------------------------------------------------------------------------------------


class Bare(Actor):
    """Joins a group when it starts."""

    def started(self) -> None:
        self.contact.of(GROUP)


@both_ways
def test_a_thousand_actors_join_one_group_in_two_seconds(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        began = time.process_time()
        async with ActorSystem("one") as system:
            for _ in range(1000):
                await system.spawn(Bare)
            await asyncio.sleep(0)
            assert len(system.site.rosters()[GROUP]) == 1000
            assert time.process_time() - began < 2.0
            degrees = [len(entry.links) for entry in system.site.rosters()[GROUP]]
            assert min(degrees) >= 11
            assert max(degrees) < 100

    scenario()


@both_ways
def test_a_quiet_group_sends_a_packet_a_member_each_five_seconds_and_no_more(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with ActorSystem("one") as system:
            refs = await puppets([system], 20)
            await at(refs[0], lambda me: me.contact.of(GROUP).share("table", ORMap).put("a", 1))
            await each_at(refs, lambda me: me.contact.of(GROUP).share("table", ORMap))
            await w.advance(30.0)
            sent = _count_packets(system)
            await w.advance(100.0)

            assert len(sent) <= 20 * 100 / 5 * 1.3

    scenario()


@both_ways
def test_a_group_that_only_knows_of_each_other_sends_nothing(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with ActorSystem("one") as system:
            await puppets([system], 20)
            sent = _count_packets(system)
            await w.advance(100.0)

            assert sent == []

    scenario()


def _count_packets(system: ActorSystem) -> list[Packet]:
    sent: list[Packet] = []
    site = system.site
    deliver = site.deliver

    def count(packet: Packet) -> None:
        sent.append(packet)
        deliver(packet)

    site.transport.leave(site.name)
    site.transport.join(site.name, count, site.refuse)
    return sent


# -- the agenda --------------------------------------------------------------------------------------------------------


class Alarm:
    """A core that is due at moments the test sets."""

    def __init__(self, *moments: float) -> None:
        self.moments = list(moments)
        self.ticked: list[float] = []

    @property
    def due(self) -> float:
        return self.moments[0] if self.moments else float("inf")

    def tick(self, now: float) -> list[Effect]:
        self.ticked.append(round(now, 3))
        self.moments = [each for each in self.moments if each > now]
        return []

    def receive(self, sender: Any, kind: str, body: Any, now: float) -> list[Effect]:
        return []


def _agenda(w: World, late: list[float]) -> Agenda:
    return Agenda(asyncio.get_running_loop(), w.now, w.now, late.append)


@world(seed=1)
async def test_the_agenda_ticks_each_core_when_it_is_due_and_never_before(w: World) -> None:
    late: list[float] = []
    agenda = _agenda(w, late)
    cores = [Alarm(1.0, 2.0), Alarm(0.5, 2.0), Alarm()]
    for core in cores:
        agenda.arm(Slot(core, lambda effects: None))
    await w.advance(10.0)

    assert [core.ticked for core in cores] == [[1.0, 2.0], [0.5, 2.0], []]
    assert max(late) == pytest.approx(0.0, abs=0.01)


@world(seed=1)
async def test_a_core_that_becomes_due_earlier_is_ticked_earlier(w: World) -> None:
    agenda = _agenda(w, [])
    core = Alarm(5.0)
    slot = Slot(core, lambda effects: None)
    agenda.arm(slot)
    core.moments = [1.0, 5.0]
    agenda.arm(slot)
    await w.advance(10.0)

    assert core.ticked == [1.0, 5.0]


@world(seed=1)
async def test_a_core_that_is_dropped_is_ticked_no_more_and_a_closed_agenda_ticks_nobody(w: World) -> None:
    agenda = _agenda(w, [])
    first, second = Alarm(1.0), Alarm(2.0)
    slot = Slot(first, lambda effects: None)
    agenda.arm(slot)
    agenda.arm(Slot(second, lambda effects: None))
    agenda.drop(slot)
    await w.advance(1.5)
    agenda.close()
    agenda.arm(Slot(Alarm(1.6), lambda effects: None))
    await w.advance(5.0)

    assert first.ticked == second.ticked == []


@world(seed=1)
async def test_the_agenda_holds_as_much_however_often_what_is_far_off_is_put_off_for_what_is_near(w: World) -> None:
    agenda = _agenda(w, [])
    core = Alarm(1000.0)
    slot = Slot(core, lambda effects: None)
    agenda.arm(slot)
    for _ in range(1000):
        core.moments.insert(0, round(w.now() + 0.1, 3))
        agenda.arm(slot)
        await w.advance(0.2)

    assert len(core.ticked) == 1000
    assert len(agenda._moments._heap) <= 2 + SLACK
    await w.advance(1000.0)
    assert len(core.ticked) == 1001


@world(seed=1)
async def test_what_one_core_raises_does_not_keep_the_others_from_their_ticks(w: World) -> None:
    agenda = _agenda(w, [])

    def fail(effects: list[Effect]) -> None:
        raise ZeroDivisionError

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    good = Alarm(1.0, 2.0)
    agenda.arm(Slot(Alarm(1.0, 2.0), fail))
    agenda.arm(Slot(good, lambda effects: None))
    await w.advance(5.0)
    asyncio.get_running_loop().set_exception_handler(None)

    assert good.ticked == [1.0, 2.0]
