"""The probe: an actor that a test holds in its hand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import KILLED, NORMAL, SHUTDOWN, Down, Exit
from actors.testing import Probe, World, world
from tests.actors.kit import Note, Plain, Puppet, fails


@world()
async def test_expect_returns_the_next_message(w: World) -> None:
    probe = await w.probe()
    probe.ref.tell(Note("a"))
    probe.ref.tell(Note("b"))

    assert [await probe.expect(), await probe.expect()] == [Note("a"), Note("b")]


@pytest.mark.parametrize(
    "wanted",
    [Note, object, Note("a"), lambda message: message.text == "a"],
    ids=["a type", "anything", "an equal value", "a predicate"],
)
@world()
async def test_expect_takes(w: World, wanted: Any) -> None:
    probe = await w.probe()
    probe.ref.tell(Note("a"))

    assert await probe.expect(wanted) == Note("a")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (str, "expected str, got Note(text='a')"),
        (Note("b"), "expected Note(text='b'), got Note(text='a')"),
        (None, "expected None, got Note(text='a')"),
    ],
    ids=["another type", "another value", "none"],
)
@world()
async def test_expect_says_what_came_instead(w: World, wanted: Any, message: str) -> None:
    probe = await w.probe()
    probe.ref.tell(Note("a"))

    assert str(await fails(probe.expect(wanted), AssertionError)) == message


@world()
async def test_expect_refuses_what_its_predicate_does_not_take(w: World) -> None:
    probe = await w.probe()
    probe.ref.tell(Note("a"))

    await fails(probe.expect(lambda message: False), AssertionError)


@world()
async def test_expect_waits_for_a_message_within_its_time(w: World) -> None:
    probe = await w.probe()
    asyncio.get_running_loop().call_later(3.0, probe.ref.tell, Note("a"))

    assert (await probe.expect(Note, within=5.0), w.now()) == (Note("a"), 3.0)


@world()
async def test_expect_says_that_nothing_came(w: World) -> None:
    probe = await w.probe()

    error = await fails(probe.expect(Note, within=2.0), AssertionError)

    assert (str(error), w.now()) == ("expected Note within 2 s, nothing came", 2.0)


@world()
async def test_expect_nothing_waits_for_nothing(w: World) -> None:
    probe = await w.probe()
    await probe.expect_nothing(within=2.0)

    assert w.now() == 2.0


@world()
async def test_expect_nothing_shows_what_came(w: World) -> None:
    probe = await w.probe()
    asyncio.get_running_loop().call_later(1.0, probe.ref.tell, Note("a"))

    error = await fails(probe.expect_nothing(within=2.0), AssertionError)

    assert str(error) == "expected nothing for 2 s, got Note(text='a')"


@world()
async def test_received_keeps_what_expect_consumed(w: World) -> None:
    probe = await w.probe()
    for text in "abc":
        probe.ref.tell(Note(text))
    await probe.expect(Note("a"))
    await w.idle()

    assert probe.received == [Note("a"), Note("b"), Note("c")]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(None, None), (42, 42), (lambda message: message.text * 2, "aa")],
    ids=["nothing", "a value", "a function"],
)
@world()
async def test_a_probe_answers_with(w: World, answer: Any, expected: object) -> None:
    probe = await w.probe()
    probe.answer = answer

    assert await probe.ref.ask(Note("a")) == expected


@world()
async def test_a_probe_watches_an_actor_die(w: World) -> None:
    probe, ref = await w.probe(), await w.spawn(Plain)
    probe.monitor(ref)
    ref.kill()

    assert await probe.expect_down(ref) == KILLED


@world()
async def test_expect_down_refuses_the_death_of_another(w: World) -> None:
    probe, ref, other = await w.probe(), await w.spawn(Plain), await w.spawn(Plain)
    probe.monitor(other)
    other.kill()

    await fails(probe.expect_down(ref), AssertionError)


@world()
async def test_a_probe_survives_those_it_is_linked_to(w: World) -> None:
    probe, ref = await w.probe(), await w.spawn(Plain, name="a")
    probe.link(ref)
    await ref.stop(SHUTDOWN)
    signal = await probe.expect(Exit)

    assert (signal.ref, signal.reason, probe.ref.is_alive) == (ref, SHUTDOWN, True)


@world()
async def test_a_probe_may_have_a_name(w: World) -> None:
    probe = await w.probe("eye")

    assert (await w.system()).whereis("eye") == probe.ref


@world()
async def test_two_probes_keep_apart_what_they_got(w: World) -> None:
    one, two = await w.probe(), await w.probe()
    one.ref.tell(Note("one"))
    two.ref.tell(Note("two"))

    assert (await one.expect(), await two.expect()) == (Note("one"), Note("two"))


@pytest.mark.real
def test_a_probe_works_in_real_time() -> None:
    async def main() -> tuple[Any, Any]:
        from actors import ActorSystem

        async with ActorSystem("s") as system:
            probe = await Probe.spawn(system)
            ref = await system.spawn(Puppet)
            probe.monitor(ref)
            asyncio.get_running_loop().call_later(0.01, probe.ref.tell, Note("a"))
            message = await probe.expect(Note)
            await probe.expect_nothing(within=0.01)
            await ref.stop()
            return message, await probe.expect(Down)

    message, down = asyncio.run(main())

    assert (message, down.reason) == (Note("a"), NORMAL)
