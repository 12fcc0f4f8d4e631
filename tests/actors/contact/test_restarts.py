"""An actor that is restarted again and again costs its system and its siblings no more than one that is not."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from actors.contact.agenda import Slot
from actors.contact.body import Body
from actors.testing import World, world
from actors.tissue.crdt.counters import PNCounter
from actors.tissue.crdt.orset import ORMap
from actors.tissue.plain import pack
from actors.tissue.state.contact_state import ContactState
from actors.tissue.state.streams import Stream
from supervisors import Supervisor, child
from tests.actors.contact.kit import WAYS, at, each_at, shop
from tests.actors.kit import Boom, Note, Puppet

both_ways = pytest.mark.parametrize("way", WAYS)


def alive(*kinds: type) -> dict[str, int]:
    """How many objects of these types there are."""
    gc.collect()
    found = [type(each) for each in gc.get_objects()]
    return {kind.__name__: found.count(kind) for kind in kinds}


class Busy(Puppet):
    """Has to do with its siblings in every life, and begins before it has heard of them."""

    async def started(self) -> None:
        self.table = self.contact.share("table", ORMap)
        self.count = self.contact.share("count", PNCounter)
        self.table.put("last", self.pid.incarnation)
        self.contact.secrete("stress", 0.1)
        self.contact.emit("f")
        self.contact.offer("t")

    def work(self) -> None:
        self.count.add(1)
        self.table.put("guest", self.pid.incarnation)
        self.table.remove("guest")
        self.contact.tell(Note("x"))
        self.contact.trail("t").tell(Note("y"))


def _held(me: Any) -> tuple[int, int, int]:
    state = me.contact._presence().state
    digest = [[pid.name, pid.incarnation, version] for pid, version in state.digest.items()]
    return len(state._store.archive), len(pack(digest)), state._store.archive.bytes


@both_ways
@pytest.mark.parametrize("end", ["crash", "kill"])
def test_after_a_hundred_restarts_as_much_is_left_as_after_twenty(way: str, end: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        tree = Supervisor("shop", [child(Busy, id=f"w{n}") for n in range(3)], max_restarts=1000)
        async with tree.running(log=False) as running:
            refs = [running.ref(f"w{n}") for n in range(3)]
            site = running.system.site
            left = {}
            for life in range(1, 101):
                await at(refs[0], Busy.work)
                await asyncio.sleep(0.6)
                if end == "crash":
                    refs[0].tell(Boom())
                else:
                    refs[0].kill()
                await asyncio.sleep(0.1)
                if life in (20, 100):
                    await w.advance(12.0)
                    left[life] = (
                        alive(ContactState, Stream, Slot),
                        await at(refs[1], _held),
                        len(site.agenda._moments._heap),
                    )

            few, many = left[20], left[100]
            assert many[0]["ContactState"] == 3 + (len(w.wires.hosts()) > 1)
            assert many[0]["Stream"] <= 12 or end == "crash"  # an exception holds what its life could read
            assert many[0]["Slot"] <= few[0]["Slot"] + 8
            assert many[1][0] <= 4
            assert many[1][1] <= few[1][1] + 32
            assert many[2] <= 2 * few[2] + 64
            assert alive(Body)["Body"] <= 6
            assert await each_at(refs, lambda me: me.count.value) == [100] * 3
            assert await each_at(refs, lambda me: dict(me.table.value)) == [{"last": 101}] * 3

    scenario()


@world(seed=1)
async def test_the_values_of_the_last_life_can_be_read_and_those_of_lives_before_are_empty(w: World) -> None:
    kept: list[Any] = []
    async with shop(2).running(log=False) as tree:
        ref = tree.ref("w0")
        await at(tree.ref("w1"), lambda me: me.contact.share("table", ORMap))
        for n in range(3):
            kept.append(await at(ref, lambda me: me.contact.share("table", ORMap)))
            kept[-1].put(n, n)
            await w.advance(1.0)
            ref.kill()
            await w.advance(1.0)

    assert [dict(each.value) for each in kept] == [{}, {}, {0: 0, 1: 1, 2: 2}]
