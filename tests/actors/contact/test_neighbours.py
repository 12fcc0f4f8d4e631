"""Who is close: siblings by themselves, groups by name, metrics that may be hostile; and speaking to them."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest

from actors import Actor, ActorSystem, Mailbox, Ref, handle
from actors.contact.letters import Unanswered
from actors.errors import NotRunning
from actors.testing import World, world
from actors.tissue.crdt.orset import ORMap
from actors.tissue.overlay.closeness import KEY_SPACE, Profile, key_of
from supervisors import Supervisor, child
from tests.actors.contact.kit import GROUP, WAYS, at, each_at, error_of, names, puppets, shop, values
from tests.actors.kit import Boom, Log, Note, Puppet, Sleep, letters

# -- siblings ----------------------------------------------------------------------------------------------------------


@world(seed=1)
async def test_siblings_are_the_children_of_one_supervisor_though_they_never_touched_contact(w: World) -> None:
    async with shop(4).running(log=False) as tree:
        assert sorted(await at(tree.ref("w1"), found)) == ["shop/w0", "shop/w2", "shop/w3"]


@world(seed=1)
async def test_children_of_another_supervisor_are_no_siblings(w: World) -> None:
    inner = Supervisor("inner", [child(Puppet, id="a"), child(Puppet, id="b")])
    async with Supervisor("top", [inner, child(Puppet, id="c")]).running(log=False) as tree:
        assert await at(tree.ref("inner/a"), found) == ["top/inner/b"]
        assert await at(tree.ref("c"), found) == []  # nor is a supervisor one, which has no use for messages


@world(seed=1)
async def test_what_an_actor_spawned_itself_are_siblings_once_they_touch_contact(w: World) -> None:
    parent = await w.spawn(Puppet, name="parent")
    young = [await at(parent, lambda me: me.spawn(Puppet)) for _ in range(3)]

    for ref in young[1:]:
        await at(ref, found)

    assert sorted(await at(young[0], found)) == sorted(ref.name for ref in young[1:])


@world(seed=1)
async def test_actors_that_a_system_has_started_itself_are_siblings(w: World) -> None:
    one = await w.spawn(Puppet, name="one")
    await w.spawn(Puppet, name="two")

    assert await at(one, found) == ["two"]


@world(seed=1)
async def test_k_is_how_many_there_are_at_most(w: World) -> None:
    async with shop(6).running(log=False) as tree:
        for k in (1, 3, 5):
            assert len(await at(tree.ref("w0"), lambda me, k=k: me.contact.neighbours(k))) == k
        assert len(await at(tree.ref("w0"), lambda me: me.contact.neighbours(100))) == 5


@pytest.mark.parametrize("k", [0, -1, True, 1.5, math.nan, "3", None])
def test_a_k_that_is_no_whole_number_from_one_is_refused(k: Any) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        ref = await w.spawn(Puppet)
        text = await at(ref, lambda me: error_of(lambda: me.contact.neighbours(k)))

        assert text == f"neighbours(k) must be a whole number from 1; got {k!r}"

    scenario()


@world(seed=1)
async def test_who_is_dead_is_not_found(w: World) -> None:
    async with shop(3).running(log=False) as tree:
        assert len(await at(tree.ref("w0"), found)) == 2
        await tree.terminate_child("w2")
        assert await at(tree.ref("w0"), found) == ["shop/w1"]
        await tree.restart_child("w2")
        assert sorted(await at(tree.ref("w0"), found)) == ["shop/w1", "shop/w2"]


@world(seed=1)
async def test_a_crashed_sibling_is_found_as_its_next_life(w: World) -> None:
    async with shop(2).running(log=False) as tree:
        (before,) = await at(tree.ref("w0"), lambda me: me.contact.neighbours())
        tree.ref("w1").tell(Boom())
        await w.advance(0.1)
        (after,) = await at(tree.ref("w0"), lambda me: me.contact.neighbours())

        assert (before.name, before.host, before.ref) == (after.name, after.host, after.ref) == (
            "shop/w1",
            "shop",
            tree.ref("w1"),
        )  # fmt: skip
        assert after.pid.incarnation > before.pid.incarnation


@world(seed=1)
async def test_a_neighbour_that_died_has_no_ref_and_cannot_be_asked(w: World) -> None:
    async with shop(2).running(log=False) as tree:
        (close,) = await at(tree.ref("w0"), lambda me: me.contact.neighbours())
        await tree.terminate_child("w1")

        assert close.ref is None


async def found(me: Any) -> list[str]:
    """Whom an actor finds."""
    return names(me.contact.neighbours(100))


# -- groups ------------------------------------------------------------------------------------------------------------


@world(seed=1)
async def test_a_group_has_the_members_that_said_so_and_no_others(w: World) -> None:
    async with shop(4).running(log=False) as tree:
        for name in ("w0", "w2"):
            await at(tree.ref(name), lambda me: me.contact.of("even"))

        assert await at(tree.ref("w0"), lambda me: names(me.contact.of("even").neighbours())) == ["shop/w2"]
        assert len(await at(tree.ref("w0"), found)) == 3


@world(seed=1)
async def test_a_contact_knows_its_group_and_its_life(w: World) -> None:
    async with shop(1).running(log=False) as tree:
        ref = tree.ref("w0")

        assert await at(ref, lambda me: (me.contact.group, me.contact.of("x").group)) == ("shop", "x")
        assert await at(ref, lambda me: me.contact.pid.name) == "shop/w0@shop"
        assert await at(ref, lambda me: me.contact.pid == me.contact.of("x").pid)


@world(seed=1)
async def test_who_joins_by_a_metric_is_linked_to_the_closest(w: World) -> None:
    async with ActorSystem("line") as system:
        refs = [await system.spawn(Puppet, name=f"w{n:02}") for n in range(20)]
        for n, ref in enumerate(refs):
            await at(ref, lambda me, n=n: me.contact.describe(key=n))
            await at(ref, lambda me: me.contact.join("line", "key", close=2, random=1))

        close = await at(refs[-1], lambda me: me.contact.of("line").neighbours(2))

        assert names(close) == ["w18", "w17"]
        assert [each.distance * KEY_SPACE for each in close] == [1.0, 2.0]


@world(seed=1)
async def test_a_group_is_linked_one_way_only(w: World) -> None:
    one, two = [await w.spawn(Puppet, name=name) for name in ("one", "two")]
    await at(one, lambda me: me.contact.join("g", "key"))
    text = await at(two, lambda me: error_of(lambda: me.contact.join("g", "zone")))

    linked = "to 8 of the closest by {} and 3 others (close=8, random=3)"
    assert text == f"group 'g' is linked {linked.format(repr('key'))} already, not {linked.format(repr('zone'))}"
    assert await at(two, lambda me: repr(me.contact.join("g", "key")))


@world(seed=1)
async def test_a_group_that_has_the_name_of_a_supervisor_is_that_of_its_children_and_the_error_says_so(
    w: World,
) -> None:
    async with shop(2).running(log=False) as tree:
        await at(tree.ref("w0"), lambda me: me.contact.neighbours())
        text = await at(tree.ref("w0"), lambda me: error_of(lambda: me.contact.join("shop", close=0, random=0)))

        assert "that of the children of 'shop', who joined it as siblings: take another name" in text


@world(seed=1)
async def test_who_wants_only_those_it_is_linked_to_says_so(w: World) -> None:
    async with ActorSystem("ring") as system:
        refs = [await system.spawn(Puppet, name=f"w{n}") for n in range(6)]
        await each_at(refs, lambda me: me.contact.join("ring", close=0, random=0))
        await each_at(refs, lambda me: me.contact.describe(zone=f"z/{me.pid.name}"))
        for n, ref in enumerate(refs):
            await at(ref, lambda me, n=n: me.contact.of("ring").link(refs[(n + 1) % 6]))
        zero = refs[0]

        assert sorted(await at(zero, lambda me: names(me.contact.of("ring").neighbours(linked=True)))) == ["w1", "w5"]
        assert len(await at(zero, lambda me: me.contact.of("ring").neighbours(5))) == 5
        assert sorted(await at(zero, lambda me: names(me.contact.of("ring").neighbours(5, "zone", linked=True)))) == [
            "w1",
            "w5",
        ]
        assert await at(zero, lambda me: me.contact.of("ring").tell(Note("x"), linked=True)) == 2
        assert len(await at(zero, lambda me: me.contact.of("ring").ask(Note("x"), linked=True))) == 2


@pytest.mark.parametrize(
    ("close", "random", "text"),
    [
        (-1, 3, "Closeness.close must be a whole number from 0 to 64; got -1"),
        (8, 65, "Closeness.random must be a whole number from 0 to 64; got 65"),
        (True, 3, "Closeness.close must be a whole number from 0 to 64; got True"),
    ],
)
def test_numbers_of_links_that_cannot_be_are_refused_and_named(close: int, random: int, text: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        ref = await w.spawn(Puppet)

        assert await at(ref, lambda me: error_of(lambda: me.contact.join("g", close=close, random=random))) == text

    scenario()


@pytest.mark.parametrize("group", ["~", "", "x" * 256, "é" * 128, "\udc00", 7, None])
def test_a_name_that_no_group_can_have_is_refused_and_joins_nobody(group: Any) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        async with shop(1).running(log=False) as tree:
            await refuse(tree.ref("w0"))

    async def refuse(ref: Ref[Any]) -> None:
        assert "a group's name" in await at(ref, lambda me: error_of(lambda: me.contact.of(group)))
        assert "a group's name" in await at(ref, lambda me: error_of(lambda: me.contact.join(group)))

    scenario()


# -- places and metrics ------------------------------------------------------------------------------------------------


@world(seed=1)
async def test_neighbours_are_sorted_by_zone_tags_or_key(w: World) -> None:
    async with shop(4).running(log=False) as tree:
        where = [
            ("eu/1/a", {"x", "y"}, 0),
            ("us/1/a", {"x"}, KEY_SPACE // 8),
            ("eu/2/a", {"z"}, KEY_SPACE // 2),
            ("eu/1/b", {"x", "y"}, KEY_SPACE // 4 * 3),
        ]
        for n, (zone, tags, key) in enumerate(where):
            await at(tree.ref(f"w{n}"), lambda me, zone=zone, tags=tags, key=key: me.contact.describe(zone, tags, key))

        def ranked(near: str) -> Callable[[Any], list[tuple[str, float]]]:
            return lambda me: [(each.name[-2:], each.distance) for each in me.contact.neighbours(near=near)]

        assert await at(tree.ref("w0"), ranked("zone")) == [("w3", 2.0), ("w2", 4.0), ("w1", 6.0)]
        assert await at(tree.ref("w0"), ranked("tags")) == [("w3", 0.0), ("w1", 0.5), ("w2", 1.0)]
        assert await at(tree.ref("w0"), ranked("key")) == [("w1", 0.125), ("w3", 0.25), ("w2", 0.5)]


@world(seed=1)
async def test_who_has_no_key_is_not_found_by_key(w: World) -> None:
    async with shop(3).running(log=False) as tree:
        await at(tree.ref("w0"), lambda me: me.contact.describe(key="apple"))
        await at(tree.ref("w1"), lambda me: me.contact.describe(key=key_of("apple")))
        close = await at(tree.ref("w0"), lambda me: me.contact.neighbours(near="key"))

        assert [(each.name, each.distance) for each in close] == [("shop/w1", 0.0)]


@world(seed=1)
async def test_a_function_of_two_profiles_is_a_metric(w: World) -> None:
    async with shop(3).running(log=False) as tree:
        for n in range(3):
            await at(tree.ref(f"w{n}"), lambda me, n=n: me.contact.describe(key=n))

        def furthest(here: Profile, there: Profile) -> float:
            return 100 - abs((here.key or 0) - (there.key or 0))

        assert await at(tree.ref("w0"), lambda me: names(me.contact.neighbours(near=furthest))) == [
            "shop/w2",
            "shop/w1",
        ]


@world(seed=1)
async def test_an_unknown_metric_is_named(w: World) -> None:
    ref = await w.spawn(Puppet)
    text = await at(ref, lambda me: error_of(lambda: me.contact.neighbours(near="colour")))

    assert (
        text == "near must be one of zone, tags, key, supervisor, latency, or a function of two profiles; got 'colour'"
    )


def _raises(here: Profile, there: Profile) -> float:
    raise RuntimeError("hostile")


DRAWN = itertools.count()

HOSTILE: dict[str, Callable[[Profile, Profile], Any]] = {
    "all are equal": lambda here, there: 0.0,
    "nobody can be measured": lambda here, there: math.nan,
    "it raises": _raises,
    "it is negative": lambda here, there: -1.0,
    "it is infinite": lambda here, there: math.inf,
    "it is no number": lambda here, there: "far",
    "it is nothing": lambda here, there: None,
    "it is too long a number": lambda here, there: 10**400,
    "it is not symmetric": lambda here, there: there.key,
    "it is different each time": lambda here, there: next(DRAWN) * 7919 % 101,
}


@pytest.mark.parametrize("why", HOSTILE)
def test_a_group_linked_by_a_hostile_metric_is_still_in_one_piece(why: str) -> None:
    metric = HOSTILE[why]

    @world(seed=5)
    async def scenario(w: World) -> None:
        async with ActorSystem("one", seed=5) as system:
            refs = [await system.spawn(Puppet, name=f"w{n:02}") for n in range(40)]
            for n, ref in enumerate(refs):
                await at(ref, lambda me, n=n: me.contact.describe(key=n + 1))
                await at(ref, lambda me: me.contact.join("g", metric, close=4, random=3))
            roster = system.site.rosters()["g"]
            links = {entry.pid.name: dict(entry.links) for entry in roster}
            reached, edge = {"w00@one"}, ["w00@one"]
            while edge:
                fresh = set(links[edge.pop()]) - reached
                reached |= fresh
                edge += fresh

            assert len(reached) == 40
            assert all(name in links[other] for name in links for other in links[name])
            assert all(0 < length < math.inf for there in links.values() for length in there.values())

    scenario()


@pytest.mark.parametrize("why", HOSTILE)
def test_neighbours_by_a_hostile_metric_are_those_it_has_an_answer_for(why: str) -> None:
    metric = HOSTILE[why]
    has_answer = why in ("all are equal", "it is not symmetric", "it is different each time")

    @world(seed=1)
    async def scenario(w: World) -> None:
        async with shop(4).running(log=False) as tree:
            for n in range(4):
                await at(tree.ref(f"w{n}"), lambda me, n=n: me.contact.describe(key=n + 1))
            close = await at(tree.ref("w0"), lambda me: names(me.contact.neighbours(near=metric)))

            assert sorted(close) == (["shop/w1", "shop/w2", "shop/w3"] if has_answer else [])

    scenario()


@pytest.mark.parametrize(
    "given",
    [
        {"zone": "z" * 256},
        {"zone": "/".join("abcdefghi")},
        {"zone": 7},
        {"zone": "\udc00"},
        {"tags": [b"x"]},
        {"tags": "red"},
        {"tags": ["x" * 256]},
        {"tags": range(3)},
        {"tags": [str(n) for n in range(33)]},
        {"tags": 7},
        {"key": -1},
        {"key": KEY_SPACE},
        {"key": 0.5},
        {"key": math.nan},
        {"key": True},
        {"key": b"x"},
    ],
)
def test_what_cannot_be_said_of_a_cell_is_refused_and_named(given: dict[str, Any]) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        ref = await w.spawn(Puppet)
        text = await at(ref, lambda me: error_of(lambda: me.contact.describe(**given)))

        assert next(iter(given)) in text
        assert "no error" not in text

    scenario()


@world(seed=1)
async def test_who_moves_is_linked_anew(w: World) -> None:
    async with ActorSystem("line") as system:
        refs = [await system.spawn(Puppet, name=f"w{n}") for n in range(12)]
        for n, ref in enumerate(refs):
            await at(ref, lambda me, n=n: me.contact.describe(key=n))
            await at(ref, lambda me: me.contact.join("line", "key", close=2, random=1))
        await at(refs[0], lambda me: me.contact.describe(key=1000))

        assert await at(refs[0], lambda me: names(me.contact.of("line").neighbours(2))) == ["w11", "w10"]


# -- tell and ask ------------------------------------------------------------------------------------------------------


@world(seed=1)
async def test_tell_reaches_all_that_are_close_and_says_how_many(w: World) -> None:
    log: Log = []
    async with shop(5, log).running(log=False) as tree:
        log.clear()

        assert await at(tree.ref("w0"), lambda me: me.contact.tell(Note("hello"))) == 4
        assert await at(tree.ref("w0"), lambda me: me.contact.tell(Note("one"), k=1)) == 1
        await w.advance(1.0)
        assert sorted(log) == ["hello"] * 4 + ["one"]


@world(seed=1)
async def test_tell_to_nobody_is_no_error(w: World) -> None:
    ref = await w.spawn(Puppet)

    assert await at(ref, lambda me: me.contact.tell(Note("hello"))) == 0
    assert await at(ref, lambda me: me.contact.ask(Note("hello"))) == []


class Grumpy(Actor):
    """Answers notes with an error, and does not die of it."""

    @handle
    async def note(self, message: Note) -> str:
        if message.text == "join":
            self.contact.of(GROUP)
        return f"heard {message.text}"

    @handle
    async def sleep(self, message: Sleep) -> None:
        await asyncio.sleep(message.seconds)


@world(seed=1)
async def test_ask_has_the_answers_of_all_that_are_close(w: World) -> None:
    tree = Supervisor("shop", [child(Puppet, id="asker"), *(child(Grumpy, id=f"g{n}") for n in range(3))])
    async with tree.running(log=False) as shop:
        answers = await at(shop.ref("asker"), lambda me: me.contact.ask(Note("you")))

        assert values(answers) == ["heard you"] * 3
        assert sorted(each.neighbour.name for each in answers) == ["shop/g0", "shop/g1", "shop/g2"]


@world(seed=1)
async def test_who_does_not_answer_in_time_has_a_timeout_in_its_place(w: World) -> None:
    tree = Supervisor("shop", [child(Puppet, id="asker"), child(Grumpy, id="g0"), child(Grumpy, id="g1")])
    async with tree.running(log=False) as shop:
        shop.ref("g1").tell(Sleep(10))
        before = w.now()
        answers = await at(shop.ref("asker"), lambda me: me.contact.ask(Note("you"), timeout=1.0))

        assert values(answers) == ["AskTimeout", "heard you"]
        assert w.now() - before == pytest.approx(1.0)


@world(seed=1)
async def test_who_crashes_at_a_question_has_an_error_in_its_place_at_once(w: World) -> None:
    tree = Supervisor("shop", [child(Puppet, id="asker"), child(Grumpy, id="g0"), child(Puppet, id="g1")])
    async with tree.running(log=False) as shop:
        before = w.now()
        answers = await at(shop.ref("asker"), lambda me: me.contact.ask(Boom(), timeout=5.0))

        assert values(answers) == ["Unanswered", "Unanswered"]
        assert w.now() - before < 0.1
        assert sorted(str(each.error) for each in answers) == [
            "no answer from shop/g0@shop: Unhandled: shop/g0#1 has no handler for Boom",
            "no answer from shop/g1@shop: its life is over",
        ]


@world(seed=1)
async def test_who_ends_before_its_turn_at_a_question_has_an_error_in_its_place_at_once(w: World) -> None:
    async with shop(2).running(log=False) as tree:
        tree.ref("w1").tell(Sleep(1.0))
        tree.ref("w1").tell(Boom())
        before = w.now()
        answers = await at(tree.ref("w0"), lambda me: me.contact.ask(Sleep(0), timeout=9.0))

        assert values(answers) in (["Unanswered"], ["awake"])  # it waits in the mailbox, which outlives the life
        assert w.now() - before < 2.0


class Loud:
    """A message that nobody has a handler for."""


@world(seed=1)
async def test_an_error_that_cannot_be_told_in_few_bytes_is_told_in_part(w: World) -> None:
    async with ActorSystem("one") as system:
        asker, loud = await system.spawn(Puppet, name="asker"), await system.spawn(Grumpy, name="loud" + "é" * 100)
        await at(asker, lambda me: me.contact.of(GROUP))
        await loud.ask(Note("join"))
        (answer,) = await at(asker, lambda me: me.contact.of(GROUP).ask(Loud()))

        assert "Unhandled: loudéé" in str(answer.error)


@world(seed=1)
async def test_an_answer_to_an_earlier_life_is_not_taken_for_one_to_this_life(w: World) -> None:
    tree = Supervisor("shop", [child(Puppet, id="asker"), *(child(Sleeper, id=f"s{n}") for n in range(2))])
    async with tree.running(log=False) as shop:
        asker = shop.ref("asker")
        lost = asyncio.ensure_future(at(asker, lambda me: _ask(me, "shop/s0", Sleep(2.0))))
        await w.advance(0.5)
        asker.kill()
        await w.advance(0.1)
        answer = await at(asker, lambda me: _ask(me, "shop/s1", Sleep(3.0)))

        assert answer == "shop/s1 slept 3.0 s"
        assert lost.exception() is not None


class Sleeper(Actor):
    """Says for how long it slept."""

    @handle
    async def sleep(self, message: Sleep) -> str:
        await asyncio.sleep(message.seconds)
        return f"{self.pid.name} slept {message.seconds} s"


async def _ask(me: Any, name: str, message: object) -> Any:
    return await next(each for each in me.contact.neighbours() if each.name == name).ask(message, timeout=10.0)


@world(seed=1)
async def test_a_contact_that_was_kept_beyond_its_life_says_that_this_is_over(w: World) -> None:
    kept: list[Any] = []
    async with shop(2).running(log=False) as tree:
        ref = tree.ref("w0")
        await at(ref, lambda me: kept.extend([me.contact, me.contact.of("g"), *me.contact.neighbours()]))
        ref.kill()
        await w.advance(0.1)
        contact, group, neighbour = kept

        for call in (
            contact.neighbours,
            lambda: contact.of("another"),
            lambda: group.secrete("stress"),
            lambda: group.share("x", ORMap),
            lambda: group.emit("f"),
        ):
            assert error_of(call, NotRunning) == "this life of shop/w0 is not running"
        with pytest.raises(Unanswered, match="the asker's life is over"):
            await neighbour.ask(Note("x"))
        assert error_of(lambda: neighbour.tell(Note("nobody tells this")), NotRunning) == (
            "this life of shop/w0 is not running"
        )
        await w.advance(60.0)

        assert "another" not in tree.system.site.rosters()
        assert len(tree.system.site.rosters()["shop"]) == 2  # the next life, that is


@world(seed=1)
async def test_an_asker_that_dies_leaves_nobody_waiting(w: World) -> None:
    async with shop(2).running(log=False) as tree:
        tree.ref("w1").tell(Sleep(5.0))
        asked = asyncio.ensure_future(at(tree.ref("w0"), lambda me: me.contact.ask(Note("x"), timeout=30.0)))
        await w.advance(1.0)
        tree.ref("w0").kill()
        await w.advance(60.0)

        assert "shop/w0" in str(asked.exception())


@pytest.mark.parametrize("way", WAYS)
def test_a_full_mailbox_at_the_far_end_is_a_dead_letter_and_no_error_of_the_teller(way: str) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        WAYS[way](w)
        async with ActorSystem("one") as system:
            asker = await system.spawn(Puppet, name="asker")
            busy = await system.spawn(Puppet, name="busy", mailbox=Mailbox(2))
            for ref in (asker, busy):
                await at(ref, lambda me: me.contact.of(GROUP))
            busy.tell(Sleep(10.0))
            await w.advance(0.1)
            for n in range(4):
                await at(asker, lambda me, n=n: me.contact.of(GROUP).tell(Note(str(n))))
            await w.advance(1.0)

            assert letters(system) == ["busy: 2, mailbox full", "busy: 3, mailbox full"]

    scenario()


def test_on_a_plain_loop_neighbours_speak_by_their_refs() -> None:
    async def scenario() -> None:
        async with ActorSystem("one") as system:
            refs = await puppets([system], 3)
            answers = await at(refs[0], lambda me: me.contact.of(GROUP).ask(Note("x")))

            assert values(answers) == ["x", "x"]
            assert values(await at(refs[0], lambda me: me.contact.of(GROUP).ask(Boom()))) == ["ActorDied"] * 2

    asyncio.run(scenario())


@world(seed=1)
async def test_all_members_are_found_by_each_other_in_a_group_of_some_dozen(w: World) -> None:
    async with ActorSystem("one") as system:
        refs = await puppets([system], 40)
        found = await each_at(refs, lambda me: names(me.contact.of(GROUP).neighbours(100)))

        assert all(len(set(each)) == 39 for each in found)
