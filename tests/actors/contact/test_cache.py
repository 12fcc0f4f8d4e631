"""A cache that siblings keep together: computed once in the fleet, whoever dies, hangs or fails in the midst of it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from actors import ActorDied, Ref
from actors.contact.cache import Cache, NotComputed
from actors.testing import World, world
from actors.tissue.mycorrhiza.flights import Failed
from supervisors import Apoptosis, Supervisor, child
from tests.actors.contact.kit import GROUP, WAYS, at, each_at, error_of, heard, hosts, shop
from tests.actors.kit import Boom, Puppet, fails

both_ways = pytest.mark.parametrize("way", WAYS)


class Backend:
    """Takes ``cost`` seconds for a value; ``calls``: (who, key) of each."""

    def __init__(self, cost: float = 0.1) -> None:
        self.cost = cost
        self.error: Exception | None = None
        self.calls: list[tuple[str, str]] = []

    def for_one(self, me: Any) -> Callable[[str], Any]:
        async def compute(key: str) -> Any:
            self.calls.append((me.pid.name, key))
            await asyncio.sleep(self.cost)
            if self.error is not None:
                raise self.error
            return {"key": key, "call": len(self.calls)}

        return compute

    @property
    def counts(self) -> Counter[str]:
        return Counter(key for _, key in self.calls)


class Shop(Puppet):
    """Keeps prices together with its siblings."""

    def __init__(self, backend: Backend, options: dict[str, Any] | None = None, group: str = "") -> None:
        super().__init__()
        self.backend, self.options, self.group = backend, options or {}, group

    def started(self) -> None:
        contact = self.contact.of(self.group) if self.group else self.contact
        self.prices: Cache = contact.cache("prices", self.backend.for_one(self), **self.options)


class Careful(Shop):
    """Serves when it is warm."""

    async def ready(self) -> bool:
        return await self.prices.warmed()


def shops(count: int, backend: Backend, cls: type[Shop] = Shop, **options: Any) -> Supervisor:
    """A tree of so many."""
    nodes = [child(cls, backend, options, id=f"w{n}") for n in range(count)]
    return Supervisor("shop", nodes, max_restarts=1000, apoptosis=Apoptosis())


async def get(ref: Ref[Any], key: str, timeout: float = 30.0) -> Any:
    return await at(ref, lambda me: me.prices.get(key, timeout), 120.0)


async def everywhere(refs: list[Ref[Any]], key: str) -> list[Any]:
    return await asyncio.gather(*(get(ref, key) for ref in refs), return_exceptions=True)


async def why(ref: Ref[Any], key: str) -> str:
    """The text of the error that it gets."""

    async def ask(me: Any) -> str:
        return str(await fails(me.prices.get(key), NotComputed))

    return str(await at(ref, ask, 120.0))


# -- once ------------------------------------------------------------------------------------------------------------


@both_ways
def test_of_all_who_ask_at_one_time_one_computes(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        backend = Backend()
        async with shops(12, backend).running(log=False) as tree:
            refs = [tree.ref(f"w{n}") for n in range(12)]
            found = await everywhere(refs, "tea")
            await everywhere(refs, "tea")

            assert found == [{"key": "tea", "call": 1}] * 12
            assert backend.counts == {"tea": 1}

    scenario()


@world(seed=2)
async def test_many_who_ask_in_one_actor_get_values_of_their_own(w: World) -> None:
    backend = Backend()

    async def change(me: Any) -> list[Any]:
        found = await asyncio.gather(*(me.prices.get("tea") for _ in range(5)))
        found[0]["call"] = 99
        return [each["call"] for each in [*found, await me.prices.get("tea")]]

    async with shops(1, backend).running(log=False) as tree:
        assert await at(tree.ref("w0"), change) == [99, 1, 1, 1, 1, 1]


@world(seed=3)
async def test_a_plain_method_computes_too_and_none_is_a_value(w: World) -> None:
    calls: list[str] = []

    async def twice(me: Any) -> list[Any]:
        cache = me.contact.cache("plain", calls.append)
        return [await cache.get("k"), await cache.get("k")]

    async with shop(1).running(log=False) as tree:
        assert await at(tree.ref("w0"), twice) == [None, None]
    assert calls == ["k"]


@world(seed=4)
async def test_a_value_lives_for_its_time_and_is_computed_early_while_it_is_wanted(w: World) -> None:
    backend = Backend(cost=0.5)
    ages: list[float] = []
    waits: list[float] = []
    born: dict[int, float] = {}

    async def look(me: Any) -> None:
        for _ in range(600):
            began = w.now()
            call = (await me.prices.get("tea"))["call"]
            waits.append(w.now() - began)
            born.setdefault(call, w.now())
            ages.append(w.now() - born[call])
            await asyncio.sleep(0.1)

    async with shops(3, backend, ttl=10.0, near_ttl=0.5).running(log=False) as tree:
        await at(tree.ref("w0"), look, 100.0)

    assert max(ages) <= 10.1
    assert sum(wait > 0.01 for wait in waits) <= 6
    assert 6 <= backend.counts["tea"] <= 8


@world(seed=5)
async def test_what_is_dropped_is_computed_anew_when_the_copies_have_run_out(w: World) -> None:
    backend = Backend()
    async with shops(4, backend, near_ttl=1.0).running(log=False) as tree:
        refs = [tree.ref(f"w{n}") for n in range(4)]
        await everywhere(refs, "tea")
        await at(refs[2], lambda me: me.prices.drop("tea"))
        await w.advance(1.2)

        assert await everywhere(refs, "tea") == [{"key": "tea", "call": 2}] * 4


# -- what goes wrong -------------------------------------------------------------------------------------------------


@world(seed=6)
async def test_what_a_computation_raises_reaches_all_who_ask_and_the_backend_is_asked_once(w: World) -> None:
    backend = Backend()
    backend.error = LookupError("no such tea")
    async with shops(5, backend).running(log=False) as tree:
        refs = [tree.ref(f"w{n}") for n in range(5)]
        felt = heard(tree.system, Failed)
        found = await asyncio.gather(*(why(ref, "tea") for ref in refs))
        backend.error = None

        assert found == ["no value for 'tea': LookupError: no such tea"] * 5
        assert backend.counts == {"tea": 1}
        assert len(felt) == 5
        assert await get(refs[3], "tea") == {"key": "tea", "call": 2}


@world(seed=7)
async def test_where_it_was_raised_the_cause_is_kept(w: World) -> None:
    backend = Backend()
    backend.error = LookupError("no such tea")

    async def ask(me: Any) -> BaseException | None:
        error = await fails(me.prices.get("tea"), NotComputed)
        cause: BaseException | None = error.__cause__
        return cause

    async with shops(1, backend).running(log=False) as tree:
        assert await at(tree.ref("w0"), ask) is backend.error


@world(seed=8)
async def test_a_computation_that_hangs_is_stopped_and_nobody_waits_for_ever(w: World) -> None:
    backend = Backend(cost=1e6)
    async with shops(4, backend, limit=3.0).running(log=False) as tree:
        refs = [tree.ref(f"w{n}") for n in range(4)]
        began = w.now()
        found = await asyncio.gather(*(why(ref, "tea") for ref in refs))

        assert set(found) == {"no value for 'tea': TimeoutError: it took longer than 3 s"}
        assert w.now() - began < 4.5
        assert backend.counts == {"tea": 1}


@world(seed=9)
async def test_who_asks_with_less_patience_hears_so_and_the_value_comes_all_the_same(w: World) -> None:
    backend = Backend(cost=2.0)

    async def hurry(me: Any) -> str:
        return str(await fails(me.prices.get("tea", timeout=0.5), NotComputed))

    async with shops(1, backend).running(log=False) as tree:
        assert await at(tree.ref("w0"), hurry) == "no value for 'tea': not within 0.5 s"
        await w.advance(2.0)
        assert await get(tree.ref("w0"), "tea") == {"key": "tea", "call": 1}


@world(seed=10)
async def test_a_value_that_cannot_travel_is_an_error_that_says_so(w: World) -> None:
    async def ask(me: Any) -> str:
        return str(await fails(me.contact.cache("odd", lambda key: object()).get("k"), NotComputed))

    async with shop(1).running(log=False) as tree:
        text = await at(tree.ref("w0"), ask)
        assert text.startswith("no value for 'k': TypeError: ")


@pytest.mark.parametrize("seed", range(10))
def test_when_who_computes_or_who_owns_the_key_dies_the_others_get_their_value(seed: int) -> None:
    @world(seed=seed)
    async def scenario(w: World) -> None:
        backend = Backend(cost=1.0)
        async with shops(5, backend).running(log=False) as tree:
            refs = [tree.ref(f"w{n}") for n in range(5)]
            asked = [asyncio.create_task(get(ref, "tea")) for ref in refs]
            await w.advance(0.5)
            first = backend.calls[0][0]
            victim = refs[seed % 5] if seed < 5 else next(ref for ref in refs if ref.name == first)
            victim.tell(Boom())
            began = w.now()
            found = await asyncio.gather(*asked, return_exceptions=True)

            lived = [each for each, ref in zip(found, refs, strict=True) if ref is not victim]
            assert [type(each) for each in lived] == [dict] * 4
            assert w.now() - began < 3.5
            assert backend.counts["tea"] <= 3
            assert (await get(victim, "tea"))["key"] == "tea"

    scenario()


# -- birth -----------------------------------------------------------------------------------------------------------


@world(seed=11)
async def test_a_newborn_has_the_hottest_of_its_siblings_when_it_is_warm(w: World) -> None:
    backend = Backend()
    async with shops(3, backend, near_ttl=50.0).running(log=False) as tree:
        refs = [tree.ref(f"w{n}") for n in range(3)]
        for _ in range(5):
            await everywhere(refs, "tea")
        await tree.start_child(child(Shop, backend, id="late"))
        late = tree.ref("late")
        assert await at(late, lambda me: me.prices.warmed()) is True
        began = w.now()
        await get(late, "tea")

        assert w.now() == began
        assert backend.counts == {"tea": 1}


@world(seed=12)
async def test_a_successor_on_trial_has_the_hottest_of_its_predecessor_before_it_serves(w: World) -> None:
    backend = Backend()
    async with shops(2, backend, Careful).running(log=False) as tree:
        refs = [tree.ref("w0"), tree.ref("w1")]
        keys = [f"k{n}" for n in range(20)]
        for key in keys:
            await everywhere(refs, key)
        for _ in range(3):
            await get(refs[0], "k7")
        await w.advance(6.0)
        await get(refs[0], "k7")
        await tree.replace("w0")
        calls = len(backend.calls)
        began = w.now()
        await get(tree.ref("w0"), "k7")

        assert w.now() == began
        assert len(backend.calls) == calls


@world(seed=13)
async def test_alone_it_is_warm_at_once_and_a_cache_like_any(w: World) -> None:
    backend = Backend()
    async with shops(1, backend).running(log=False) as tree:
        assert await at(tree.ref("w0"), lambda me: me.prices.warmed()) is True
        assert w.now() == 0.0
        await get(tree.ref("w0"), "tea")
        assert await at(tree.ref("w0"), lambda me: me.prices.owned) == 1


@world(seed=14)
async def test_all_members_own_keys_also_in_a_group_that_is_larger_than_ones_neighbourhood(w: World) -> None:
    backend = Backend(cost=0.0)
    async with shops(30, backend).running(log=False) as tree:
        refs = [tree.ref(f"w{n}") for n in range(30)]
        await w.advance(0.1)
        for number in range(300):
            await get(refs[number % 30], f"k{number}")
        await w.advance(0.1)
        owned = await each_at(refs, lambda me: me.prices.owned)

        assert sum(owned) == 300
        assert backend.counts.total() == 300
        assert min(owned) > 0
        assert max(owned) <= 16


# -- several hosts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_hosts_compute_once_between_them_and_find_everything_although_packets_are_lost(loss: float) -> None:
    @world(seed=15)
    async def scenario(w: World) -> None:
        backend = Backend(cost=0.5)
        async with hosts("east", "west", "north") as systems:
            refs = [
                await system.spawn(Shop, backend, None, GROUP, name=f"p{n}") for system in systems for n in range(2)
            ]
            await w.advance(5.0)
            w.network.loss = loss
            found = [await everywhere(refs, f"k{n}") for n in range(10)]

            assert all(type(value) is dict for values in found for value in values)
            assert sum(backend.counts.values()) <= (10 if not loss else 14)

    scenario()


@world(seed=16)
async def test_cut_off_from_all_others_a_host_computes_for_itself(w: World) -> None:
    backend = Backend()
    async with hosts("east", "west") as systems:
        refs = [await system.spawn(Shop, backend, None, GROUP, name="p") for system in systems]
        await w.advance(5.0)
        w.network.partition(["@east"], ["@west"], ["p@east"], ["p@west"])
        began = w.now()
        for number in range(6):
            await get(refs[0], f"k{number}")

        assert w.now() - began < 6 * 2.2


@world(seed=17)
async def test_when_the_last_life_ends_no_task_is_left(w: World) -> None:
    backend = Backend(cost=1e5)
    before = len(asyncio.all_tasks())
    async with shops(3, backend, limit=1e6).running(log=False) as tree:
        for n in range(3):
            asking = asyncio.create_task(get(tree.ref(f"w{n}"), "tea", 5.0))
            await w.advance(0.1)
            tree.ref(f"w{n}").tell(Boom())
            await asyncio.gather(asking, return_exceptions=True)
    await w.advance(0.1)

    assert len(asyncio.all_tasks()) == before


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda me: me.contact.cache("x", str, ttl=0.0), "cache(ttl) must be a finite number from 0.001"),
        (lambda me: me.contact.cache("x", str, limit=0.0), "cache(limit) must be a finite number from 0.001"),
        (lambda me: (me.contact.cache("x", str), me.contact.cache("x", repr)), "has a cache 'x' already"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(call: Any, text: str) -> None:
    @world()
    async def scenario(w: World) -> None:
        async with shop(1).running(log=False) as tree:
            assert text in await at(tree.ref("w0"), lambda me: error_of(lambda: call(me)))

    scenario()


@world(seed=18)
async def test_a_key_that_is_no_text_is_refused(w: World) -> None:
    async def ask(me: Any) -> list[str]:
        cache = me.contact.cache("x", str)
        errors = [await fails(cache.get(key), Exception) for key in ("", "k" * 256, 7)]
        return [type(error).__name__ for error in errors]

    async with shop(1).running(log=False) as tree:
        assert await at(tree.ref("w0"), ask) == ["ValueError"] * 3


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_lost_cut_off_or_killed_who_asks_and_lives_gets_the_value_in_time(seed: int) -> None:
    @world(seed=seed)
    async def scenario(w: World) -> None:
        rng, backend = random.Random(seed), Backend(cost=0.3)
        w.network.loss = rng.choice([0.0, 0.3])
        nodes = [child(Shop, backend, {"limit": 2.0, "ttl": 5.0, "near_ttl": 1.0}, GROUP, id=f"w{n}") for n in range(3)]
        tree = Supervisor("shop", nodes, max_restarts=1000)
        async with (
            hosts("east", "west") as (east, west),
            tree.running(system=east, log=False) as one,
            tree.running(system=west, log=False) as two,
        ):
            refs = [running.ref(f"w{n}") for running in (one, two) for n in range(3)]
            asked = []
            for _ in range(150):
                key = f"k{rng.randrange(5)}"
                asked.append((key, asyncio.create_task(get(rng.choice(refs), key, 20.0))))
                await asyncio.sleep(rng.random() * 0.5)
                match rng.randrange(24):
                    case 0:
                        rng.choice(refs).kill()
                    case 1:
                        w.network.partition(["@east"], ["@west"])
                    case 2 | 3:
                        w.network.heal()
            found: list[tuple[str, Any]] = [
                (key, await asyncio.gather(task, return_exceptions=True)) for key, task in asked
            ]

        for key, (value,) in found:
            assert isinstance(value, ActorDied) or value["key"] == key
        assert sum(isinstance(value, dict) for _, (value,) in found) >= 120
        assert backend.counts.total() <= 0.7 * len(found)

    scenario()
