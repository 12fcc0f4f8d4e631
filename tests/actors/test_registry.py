"""Names and groups, and that both are free when a life is over."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import ActorDied, ActorSystem, Mailbox, NameTaken, Ref, StartFailed
from actors.testing import World, world
from tests.actors.kit import Boom, Do, Log, Note, Plain, Puppet, Sleep, fails, letters

ODD_NAMES = ["", " ", "a/b", "a#1", "ä ö", "名前", "😀", "new\nline", "\x00", "../..", "%s {x}", "x" * 10_000]
ODD_IDS = [
    "empty", "blank", "slash", "hash", "umlauts", "japanese", "emoji", "newline", "zero", "dots", "format", "long",
]  # fmt: skip


# -- names -------------------------------------------------------------------------------------------------------------


@world()
async def test_a_named_actor_is_found_by_its_name(w: World) -> None:
    ref = await w.spawn(Plain, name="a")

    assert (await w.system()).whereis("a") == ref


@world()
async def test_nobody_is_found_by_a_name_nobody_has(w: World) -> None:
    assert (await w.system()).whereis("a") is None


@world()
async def test_an_actor_without_a_name_is_called_after_its_class_and_number(w: World) -> None:
    refs = [await w.spawn(Plain), await w.spawn(Puppet)]

    assert [ref.name for ref in refs] == ["Plain-1", "Puppet-2"]
    assert (await w.system()).whereis("Plain-1") is None


@pytest.mark.parametrize("name", ODD_NAMES, ids=ODD_IDS)
@world()
async def test_a_name_may_hold_any_characters(w: World, name: str) -> None:
    ref = await w.spawn(Plain, name=name)

    assert (await w.system()).whereis(name) == ref
    assert (ref.name, ref.pid, str(ref)) == (name, (name, 1), f"{name}#1")
    assert await ref.ask(Note("alive")) == "alive"


@world()
async def test_a_second_actor_of_a_name_is_refused_and_the_first_stays(w: World) -> None:
    log: Log = []
    first = await w.spawn(Plain, name="a")
    error = await fails(w.spawn(Plain, log, name="a"), NameTaken)

    assert (str(error), error.name, error.ref) == ("the name 'a' is taken by a#1", "a", first)
    assert log == []
    assert (await w.system()).whereis("a") == first


@world()
async def test_a_name_is_taken_while_its_actor_is_still_starting(w: World) -> None:
    class Slow(Puppet):
        async def started(self) -> None:
            await asyncio.sleep(5.0)

    spawning = asyncio.create_task(w.spawn(Slow, name="a"))
    await w.advance(1.0)

    await fails(w.spawn(Plain, name="a"), NameTaken)
    await spawning


@pytest.mark.parametrize("end", ["stop", "kill", "crash"])
@world()
async def test_a_name_is_free_when_its_life_is_over(w: World, end: str) -> None:
    first = await w.spawn(Plain, name="a")
    if end == "stop":
        await first.stop()
    else:
        first.kill() if end == "kill" else first.tell(Boom())
        await first.wait_ended()
    second = await w.spawn(Plain, name="a")

    assert (await w.system()).whereis("a") == second
    assert first != second


@world()
async def test_a_name_is_taken_until_stopping_is_done(w: World) -> None:
    class Slow(Puppet):
        async def stopping(self, reason: object) -> None:
            await asyncio.sleep(3.0)

    ref = await w.spawn(Slow, name="a")
    stop = asyncio.create_task(ref.stop())
    await w.advance(2.0)
    during = (await w.system()).whereis("a")
    await stop

    assert (during, (await w.system()).whereis("a")) == (ref, None)


@world()
async def test_a_name_is_free_after_a_failed_start(w: World) -> None:
    class Fails(Plain):
        def started(self) -> None:
            raise RuntimeError

    await fails(w.spawn(Fails, name="a"), StartFailed)

    assert (await w.spawn(Plain, name="a")).is_alive


@world()
async def test_a_life_may_have_further_names(w: World) -> None:
    system, ref = await w.system(), await w.spawn(Plain, name="a")
    system.register("b", ref)
    system.register("c", ref)
    during = (system.whereis("b"), system.whereis("c"), ref.name)
    await ref.stop()

    assert during == (ref, ref, "a")
    assert [system.whereis(name) for name in "abc"] == [None, None, None]


@world()
async def test_registering_a_name_again_for_its_holder_is_nothing(w: World) -> None:
    system, ref = await w.system(), await w.spawn(Plain, name="a")
    system.register("a", ref)

    assert system.registry.names() == ("a",)


@world()
async def test_registering_somebody_elses_name_is_refused(w: World) -> None:
    system, ref, other = await w.system(), await w.spawn(Plain, name="a"), await w.spawn(Plain)

    with pytest.raises(NameTaken):
        system.register("a", other)
    assert system.whereis("a") == ref


@world()
async def test_registering_the_dead_is_refused(w: World) -> None:
    system, ref = await w.system(), await w.spawn(Plain, name="a")
    await ref.stop()

    with pytest.raises(ActorDied, match="a#1 is dead: normal"):
        system.register("b", ref)
    assert system.whereis("b") is None


@world()
async def test_unregister_frees_a_name_and_the_actor_lives_on(w: World) -> None:
    system, ref = await w.system(), await w.spawn(Plain, name="a")
    system.unregister("a")
    system.unregister("nobody's")

    assert (system.whereis("a"), ref.is_alive) == (None, True)
    assert (await w.spawn(Plain, name="a")).is_alive


@world()
async def test_the_end_of_a_life_does_not_free_a_name_that_it_gave_away(w: World) -> None:
    system, first = await w.system(), await w.spawn(Plain, name="a")
    system.unregister("a")
    second = await w.spawn(Plain, name="a")
    await first.stop()

    assert system.whereis("a") == second


@world()
async def test_names_are_listed_in_the_order_they_were_registered(w: World) -> None:
    for name in "cab":
        await w.spawn(Plain, name=name)

    assert (await w.system()).registry.names() == ("c", "a", "b")


# -- refs --------------------------------------------------------------------------------------------------------------


@world()
async def test_refs_of_one_place_are_equal_and_hash_alike(w: World) -> None:
    system, ref = await w.system(), await w.spawn(Plain, name="a")
    own: Ref[Any] = await ref.ask(Do(lambda actor: actor.ref))
    found = system.whereis("a")

    assert ref == own == found
    assert len({ref, own, found}) == 1


@world()
async def test_refs_of_two_places_differ(w: World) -> None:
    one, two = await w.spawn(Plain), await w.spawn(Plain)

    assert one != two


@world()
async def test_a_ref_reads_as_its_place_and_state(w: World) -> None:
    ref = await w.spawn(Plain, name="a")
    alive = repr(ref)
    await ref.stop()

    assert (alive, repr(ref)) == ("<Ref a#1 running>", "<Ref a#1 closed>")


# -- groups ------------------------------------------------------------------------------------------------------------


async def members(w: World, group: str, count: int, cls: Any = Plain, **options: Any) -> tuple[list[Ref[Any]], Log]:
    log: Log = []
    refs = [await w.spawn(cls, log, str(n), **options) for n in range(count)]
    for ref in refs:
        await ref.ask(Do(lambda actor: actor.join(group)))
    log.clear()
    return refs, log


@world()
async def test_the_members_of_a_group_are_listed_in_the_order_they_joined(w: World) -> None:
    refs, _ = await members(w, "g", 5)

    assert (await w.system()).members("g") == refs


@world()
async def test_an_unknown_group_is_empty(w: World) -> None:
    assert (await w.system()).members("g") == []


@world()
async def test_joining_twice_is_once(w: World) -> None:
    (ref,), _ = await members(w, "g", 1)
    await ref.ask(Do(lambda actor: actor.join("g")))

    assert (await w.system()).members("g") == [ref]


@world()
async def test_an_actor_may_be_in_several_groups(w: World) -> None:
    (ref,), _ = await members(w, "g", 1)
    await ref.ask(Do(lambda actor: actor.join("h")))

    assert ((await w.system()).members("g"), (await w.system()).members("h")) == ([ref], [ref])


@world()
async def test_after_leave_an_actor_is_no_member(w: World) -> None:
    (first, second), log = await members(w, "g", 2)
    await first.ask(Do(lambda actor: actor.leave("g")))
    (await w.system()).publish("g", Note("hello"))
    await w.idle()

    assert (await w.system()).members("g") == [second]
    assert log == ["1 hello"]


@world()
async def test_leaving_a_group_one_is_not_in_is_nothing(w: World) -> None:
    (ref,), _ = await members(w, "g", 1)
    await ref.ask(Do(lambda actor: actor.leave("h")))

    assert (await w.system()).members("g") == [ref]


@pytest.mark.parametrize("end", ["stop", "kill", "crash"])
@world()
async def test_a_membership_ends_with_the_life(w: World, end: str) -> None:
    (first, second), _ = await members(w, "g", 2)
    if end == "stop":
        await first.stop()
    else:
        first.kill() if end == "kill" else first.tell(Boom())
    await w.idle()

    assert (await w.system()).members("g") == [second]


@world()
async def test_publish_tells_every_member_and_says_how_many(w: World) -> None:
    _, log = await members(w, "g", 3)
    told = (await w.system()).publish("g", Note("hello"))
    await w.idle()

    assert told == 3
    assert sorted(log) == ["0 hello", "1 hello", "2 hello"]


@world()
async def test_publish_to_an_empty_group_tells_nobody(w: World) -> None:
    assert (await w.system()).publish("g", Note("hello")) == 0
    assert letters(await w.system()) == []


@pytest.mark.parametrize("overflow", ["reject", "drop_newest"])
@world()
async def test_a_full_member_does_not_keep_a_message_from_the_others(w: World, overflow: Any) -> None:
    (full, *_), log = await members(w, "g", 3, Puppet, mailbox=Mailbox(1, overflow))
    full.tell(Sleep(5.0))
    await w.idle()
    full.tell(Note("waiting"))
    (await w.system()).publish("g", Note("hello"))
    await w.advance(10.0)

    assert sorted(log) == ["0 asleep", "0 awake", "0 waiting", "1 hello", "2 hello"]
    assert letters(await w.system()) == [f"{full.name}: hello, mailbox full"]


@pytest.mark.parametrize(
    ("overflow", "took"), [("reject", 2), ("drop_newest", 2), ("drop_oldest", 3), ("wait", 2)], ids=str
)
@world()
async def test_publish_counts_the_members_that_took_the_message(w: World, overflow: Any, took: int) -> None:
    (full, *_), _ = await members(w, "g", 3, Puppet, mailbox=Mailbox(1, overflow))
    full.tell(Sleep(5.0))
    await w.idle()
    full.tell(Note("waiting"))

    assert (await w.system()).publish("g", Note("hello")) == took


@world()
async def test_groups_of_two_systems_are_two(w: World) -> None:
    refs, _ = await members(w, "g", 1)
    async with ActorSystem("other") as other:
        assert other.members("g") == []
    assert (await w.system()).members("g") == refs
