"""Gradients and trails: whoever emits or offers is found from everywhere, and when it dies the next one is."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import networkx as nx
import pytest

from actors import ActorSystem, Ref, handle
from actors.contact.letters import Unanswered
from actors.contact.toward import NoSource
from actors.testing import World, world
from actors.tissue.fields.gradients import Found
from tests.actors.contact.kit import WAYS, at, each_at, hosts, shop
from tests.actors.kit import Boom, Do, Log, Note, Puppet, Sleep, fails

both_ways = pytest.mark.parametrize("way", WAYS)


def _who(me: Any) -> Any:
    """Asks the nearest source who it is."""
    return me.toward("gpu").ask(Do(lambda other: other.pid.name), timeout=10.0)


def _emit(me: Any) -> None:
    me.contact.emit("gpu")


def _read(me: Any) -> Any:
    return me.contact.field("gpu")


# -- toward ------------------------------------------------------------------------------------------------------------


@both_ways
def test_ask_has_the_answer_of_the_source(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(4).running(log=False) as tree:
            await at(tree.ref("w3"), _emit)

            assert await at(tree.ref("w0"), _who) == "shop/w3"
            assert await at(tree.ref("w3"), _read) == _at_source(await at(tree.ref("w3"), _read))

    scenario()


def _at_source(reading: Any) -> Any:
    assert (reading.distance, reading.next_hop) == (0.0, None)
    return reading


@both_ways
def test_tell_reaches_the_source(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        log: Log = []
        async with shop(3, log).running(log=False) as tree:
            log.clear()
            told = asyncio.ensure_future(at(tree.ref("w0"), lambda me: me.toward("gpu").tell(Note("hello"))))
            await w.advance(1.0)
            assert not told.done()
            await at(tree.ref("w1"), _emit)
            await w.advance(1.0)
            await told

            assert log == ["hello"]

    scenario()


@both_ways
def test_a_source_is_its_own_nearest(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(3).running(log=False) as tree:
            await at(tree.ref("w0"), _emit)
            await at(tree.ref("w1"), _emit)
            source = await at(tree.ref("w0"), lambda me: me.toward("gpu").source)

            assert source.name == "shop/w0"
            assert source.distance == 0.0

    scenario()


@both_ways
def test_when_the_source_dies_the_next_one_is_found_within_a_second(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(5).running(log=False) as tree:
            await each_at([tree.ref("w1"), tree.ref("w2")], _emit)
            first = await at(tree.ref("w0"), _who)
            await tree.terminate_child(first.removeprefix("shop/"))
            before = w.now()
            second = await at(tree.ref("w0"), _who)

            assert {first, second} == {"shop/w1", "shop/w2"}
            assert w.now() - before < 1.0

    scenario()


@both_ways
def test_a_question_goes_to_the_next_source_when_the_one_that_has_it_dies(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(5).running(log=False) as tree:
            await each_at([tree.ref("w1"), tree.ref("w2")], _emit)
            first = await at(tree.ref("w0"), _who)

            async def slowly(other: Any) -> str:
                await asyncio.sleep(2.0)
                return str(other.pid.name)

            asked = asyncio.ensure_future(at(tree.ref("w0"), lambda me: me.toward("gpu").ask(Do(slowly), timeout=10.0)))
            await w.advance(0.5)
            await tree.terminate_child(first.removeprefix("shop/"))
            before = w.now()

            assert await asked in {"shop/w1", "shop/w2"} - {first}
            assert w.now() - before < 3.0

    scenario()


@both_ways
def test_a_source_that_retracts_is_no_source(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(3).running(log=False) as tree:
            await at(tree.ref("w1"), _emit)
            await at(tree.ref("w0"), _who)
            await at(tree.ref("w1"), lambda me: me.contact.retract("gpu"))
            await w.advance(2.0)

            assert not (await at(tree.ref("w0"), _read)).is_reached
            assert await at(tree.ref("w0"), lambda me: me.toward("gpu").source) is None

    scenario()


@both_ways
@pytest.mark.parametrize("verb", ["ask", "tell"])
def test_without_a_source_there_is_an_error_that_says_what_to_do(way: str, verb: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(3).running(log=False) as tree:
            before = w.now()
            error = await at(
                tree.ref("w0"), lambda me: fails(getattr(me.toward("gpu"), verb)(Note("x"), timeout=2.5), NoSource)
            )

            assert str(error) == "no source of the field 'gpu' within 2.5 s; some actor must emit('gpu')"
            assert w.now() - before == pytest.approx(2.5, abs=0.3)

    scenario()


@both_ways
def test_when_the_last_source_dies_before_it_answers_the_error_names_the_whole_timeout(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(3).running(log=False) as tree:
            await at(tree.ref("w1"), _emit)
            await at(tree.ref("w0"), _who)
            asked = asyncio.ensure_future(
                at(tree.ref("w0"), lambda me: fails(me.toward("gpu").ask(Sleep(9.0), timeout=4.0), NoSource))
            )
            await w.advance(1.0)
            await tree.terminate_child("w1")
            before = w.now()

            assert "within 4 s" in str(await asked)
            assert w.now() - before == pytest.approx(3.0, abs=0.3)

    scenario()


@both_ways
def test_a_handler_that_fails_is_not_tried_elsewhere_for_ever(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(4).running(log=False) as tree:
            await each_at([tree.ref("w1"), tree.ref("w2")], _emit)
            await at(tree.ref("w0"), _who)
            before = w.now()
            error = await at(tree.ref("w0"), lambda me: fails(me.toward("gpu").ask(Boom(), timeout=5.0)))

            assert isinstance(error, NoSource)
            assert w.now() - before == pytest.approx(5.0, abs=0.3)

    scenario()


@world(seed=1)
async def test_a_handler_that_has_no_answer_for_a_question_says_so(w: World) -> None:
    async with shop(2).running(log=False) as tree:
        await at(tree.ref("w1"), _emit)
        error = await at(tree.ref("w0"), lambda me: fails(me.toward("gpu").ask("what?", timeout=5.0), Unanswered))

        assert "Unhandled: shop/w1#1 has no handler for str" in str(error)


@pytest.mark.parametrize("seed", range(4))
def test_distances_equal_those_of_dijkstra_over_the_links(seed: int) -> None:
    @world(seed=seed)
    async def scenario(w: World) -> None:
        async with ActorSystem("one", seed=seed) as system:
            refs: list[Ref[Any]] = [await system.spawn(Puppet, name=f"w{n:02}") for n in range(40)]
            for n, ref in enumerate(refs):
                await at(ref, lambda me, n=n: me.contact.describe(key=n + 1))
                await at(ref, lambda me: me.contact.join("line", _apart, close=4, random=0))
            sources = w.rng.sample(range(40), 3)
            for ref in refs:
                await at(ref, lambda me: me.contact.of("line").field("gpu"))
            for n in sources:
                await at(refs[n], lambda me: me.contact.of("line").emit("gpu"))
            await w.advance(10.0)

            graph = nx.DiGraph()
            for entry in system.site.rosters()["line"]:
                graph.add_node(entry.pid.name)
                for other, length in entry.links.items():
                    graph.add_edge(other, entry.pid.name, weight=length)
            expected = nx.multi_source_dijkstra_path_length(graph, {f"w{n:02}@one" for n in sources})
            for ref in refs:
                reading = await at(ref, lambda me: me.contact.of("line").field("gpu"))
                assert reading.distance == pytest.approx(expected.get(f"{ref.name}@one", math.inf))

    scenario()


def _apart(here: Any, there: Any) -> float:
    return float(abs(here.key - there.key))


@world(seed=1)
async def test_an_actor_that_handles_what_a_core_reports_is_told(w: World) -> None:
    class Seeker(Puppet):
        @handle
        def found(self, event: Found) -> None:
            self.write(f"found {event.field}")

    log: Log = []
    seeker, source = await w.spawn(Seeker, log), await w.spawn(Puppet)
    await at(seeker, _read)
    log.clear()
    await at(source, _emit)
    await w.advance(1.0)

    assert log == ["found gpu"]


# -- trails ------------------------------------------------------------------------------------------------------------


def _over_trail(me: Any) -> Any:
    return me.contact.trail("llm").ask(Do(lambda other: other.pid.name), timeout=10.0)


@both_ways
def test_whoever_offers_answers(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(5).running(log=False) as tree:
            await at(tree.ref("w4"), lambda me: me.contact.offer("llm"))

            assert await at(tree.ref("w0"), _over_trail) == "shop/w4"

    scenario()


@both_ways
def test_who_is_told_by_a_trail_hears_of_it(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        log: Log = []
        async with shop(5, log).running(log=False) as tree:
            await at(tree.ref("w4"), lambda me: me.contact.offer("llm"))
            await at(tree.ref("w0"), _over_trail)
            log.clear()
            await at(tree.ref("w0"), lambda me: me.contact.trail("llm").tell(Note("hello")))
            await w.advance(5.0)

            assert log == ["hello"]

    scenario()


@both_ways
def test_when_a_provider_dies_another_one_answers(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(5).running(log=False) as tree:
            await each_at([tree.ref("w3"), tree.ref("w4")], lambda me: me.contact.offer("llm"))
            first = await at(tree.ref("w0"), _over_trail)
            await tree.terminate_child(first.removeprefix("shop/"))
            second = await at(tree.ref("w0"), _over_trail)

            assert {first, second} == {"shop/w3", "shop/w4"}

    scenario()


@both_ways
def test_who_withdraws_is_asked_no_more(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(5).running(log=False) as tree:
            await each_at([tree.ref("w3"), tree.ref("w4")], lambda me: me.contact.offer("llm"))
            first = await at(tree.ref("w0"), _over_trail)
            await at(tree.ref(first.removeprefix("shop/")), lambda me: me.contact.withdraw("llm"))
            await w.advance(1.0)
            answers = [await at(tree.ref("w0"), _over_trail) for _ in range(5)]

            assert set(answers) == {"shop/w3", "shop/w4"} - {first}

    scenario()


@both_ways
def test_nobody_offers_and_the_question_ends_with_an_error(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(3).running(log=False) as tree:
            error = await at(tree.ref("w0"), lambda me: fails(me.contact.trail("llm").ask(Note("x"), timeout=3.0)))

            assert "llm" in str(error)

    scenario()


@world(seed=2)
async def test_fields_and_trails_lead_to_other_hosts(w: World) -> None:
    async with hosts("east", "west", "north") as systems:
        refs = [await system.spawn(Puppet, name="w") for system in systems]
        await each_at(refs, _read)
        await w.advance(8.0)
        await at(refs[2], _emit)
        await at(refs[1], lambda me: me.contact.offer("llm"))

        assert await at(refs[0], lambda me: me.toward("gpu").ask(Do(lambda me: me.contact.pid.name))) == "w@north"
        assert await at(refs[0], lambda me: me.contact.trail("llm").ask(Do(lambda me: me.contact.pid.name))) == "w@west"


@world(seed=2)
async def test_a_source_whose_host_leaves_is_replaced_by_the_next(w: World) -> None:
    async with hosts("east", "west", "north") as systems:
        refs = [await system.spawn(Puppet, name="w") for system in systems]
        await each_at(refs, _read)
        await w.advance(8.0)
        await each_at(refs[1:], _emit)
        ask = lambda me: me.toward("gpu").ask(Do(lambda me: me.contact.pid.name), timeout=10.0)  # noqa: E731
        first = await at(refs[0], ask)
        await systems[["east", "west", "north"].index(first[2:])].close()
        before = w.now()
        second = await at(refs[0], ask)

        assert {first, second} == {"w@west", "w@north"}
        assert w.now() - before < 1.0


@both_ways
def test_who_is_the_nearest_source_itself_cannot_ask_itself(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(2).running(log=False) as tree:
            await at(tree.ref("w0"), _emit)
            before = w.now()
            error = await at(tree.ref("w0"), lambda me: fails(me.toward("gpu").ask(Note("x"))))

            assert type(error).__name__ == "AskSelf"
            assert w.now() == before

    scenario()


@both_ways
def test_who_offers_it_itself_cannot_ask_itself_along_the_trail(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(2).running(log=False) as tree:
            await at(tree.ref("w0"), lambda me: me.contact.offer("llm"))
            before = w.now()
            error = await at(tree.ref("w0"), lambda me: fails(me.contact.trail("llm").ask(Note("x"))))

            assert type(error).__name__ == "AskSelf"
            assert w.now() == before

    scenario()


@both_ways
def test_a_task_of_an_actor_may_ask_it_along_the_trail(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with shop(2).running(log=False) as tree:
            asked: list[asyncio.Task[Any]] = []
            await at(tree.ref("w0"), lambda me: me.contact.offer("llm"))
            await at(
                tree.ref("w0"),
                lambda me: asked.append(
                    asyncio.get_running_loop().create_task(me.contact.trail("llm").ask(Do(lambda me: me.pid.name)))
                ),
            )
            await w.advance(1.0)

            assert asked[0].result() == "shop/w0"

    scenario()
