"""How long is waited: as long as whoever asks says, wherever the asked one lives; and not beyond one's own life."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest

from actors.contact.letters import Unanswered
from actors.errors import NotRunning
from actors.testing import World, world
from tests.actors.contact.kit import GROUP, at, hosts, puppets, values
from tests.actors.kit import Note, Puppet, Sleep

VERBS: dict[str, Callable[[Any, Any], Any]] = {
    "Ref.ask": lambda me, timeout: me.ref.ask(Note("x"), timeout=timeout),
    "ask": lambda me, timeout: me.contact.of(GROUP).ask(Note("x"), timeout=timeout),
    "Neighbour.ask": lambda me, timeout: me.contact.of(GROUP).neighbours()[0].ask(Note("x"), timeout=timeout),
    "Toward.ask": lambda me, timeout: me.contact.toward("gpu").ask(Note("x"), timeout=timeout),
    "Toward.tell": lambda me, timeout: me.contact.toward("gpu").tell(Note("x"), timeout=timeout),
    "Trail.ask": lambda me, timeout: me.contact.trail("llm").ask(Note("x"), timeout=timeout),
    "warm": lambda me, timeout: me.contact.of(GROUP).warm(timeout),
    "Cache.get": lambda me, timeout: me.contact.of(GROUP).cache("c", str).get("k", timeout=timeout),
    "Cache.warmed": lambda me, timeout: me.contact.of(GROUP).cache("c", str).warmed(timeout),
    "borrow": lambda me, timeout: me.contact.of(GROUP).lend("db", 2).borrow(1, timeout=timeout).__aenter__(),
}


@pytest.mark.parametrize("timeout", [math.nan, True, False, "5"], ids=repr)
@pytest.mark.parametrize("verb", VERBS)
def test_what_is_no_timeout_is_refused_by_all_alike(verb: str, timeout: Any) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        async with hosts("east", "west") as systems:
            refs = await puppets(systems)
            await w.advance(5.0)
            other = await systems[0].spawn(Puppet, name="other")

            async def attempt(me: Any) -> str:
                me = other._cell.actor if verb == "Ref.ask" else me
                try:
                    return f"no error, but {await VERBS[verb](me, timeout)!r}"
                except ValueError as error:
                    return str(error)

            found = await _aside(refs[0], attempt)
            assert found == f"a timeout is seconds, or None for no limit; got {timeout!r}"
            assert w.now() == 5.0

    scenario()


@pytest.mark.parametrize("timeout", [None, math.inf], ids=repr)
@pytest.mark.parametrize("verb", sorted(VERBS.keys() - {"Ref.ask"}))
def test_none_and_infinity_are_no_limit_for_all(verb: str, timeout: float | None) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        async with hosts("east", "west") as systems:
            east, west = await puppets(systems)
            await at(west, lambda me: (me.contact.emit("gpu"), me.contact.offer("llm")))
            await w.advance(8.0)

            async def attempt(me: Any) -> str:
                await VERBS[verb](me, timeout)
                return "done"

            assert await _aside(east, attempt) == "done"

    scenario()


async def _aside(ref: Any, call: Callable[[Any], Any]) -> Any:
    """What a coroutine of an actor comes to, in a task of its own."""
    tasks: list[asyncio.Task[Any]] = []
    await at(ref, lambda me: tasks.append(asyncio.ensure_future(call(me))))
    return await tasks[0]


# -- as long as the asker says -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("timeout", [60.0, None], ids=repr)
def test_a_question_to_another_host_is_kept_as_long_as_its_asker_waits(timeout: float | None) -> None:
    @world(seed=1)
    async def scenario(w: World) -> None:
        async with hosts("east", "west") as systems:
            east, _ = await puppets(systems)
            await w.advance(5.0)

            async def ask(me: Any) -> Any:
                return await me.contact.of(GROUP).ask(Sleep(40.0), timeout=timeout)

            (answer,) = await _aside(east, ask)
            assert answer.error is None
            assert 45.0 <= w.now() < 46.0
            assert systems[1].site.asking == {}

    scenario()


@world(seed=1)
async def test_a_question_without_limit_is_let_go_when_its_asker_dies(w: World) -> None:
    async with hosts("east", "west") as systems:
        east, west = await puppets(systems)
        await w.advance(5.0)
        west.tell(Sleep(1000.0))

        async def ask(me: Any) -> Any:
            return await me.contact.of(GROUP).ask(Note("never begun"), timeout=None)

        asked = asyncio.ensure_future(_aside(east, ask))
        await w.advance(1.0)
        assert len(systems[1].site.asking) == 1
        east.kill()
        await w.advance(5.0)

        assert values(await asked) == ["Unanswered"]
        assert systems[1].site.asking == {}
        assert not west._cell.box


# -- not beyond one's own life -----------------------------------------------------------------------------------------

WAITS: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "Toward.ask": (lambda c: c.toward("gpu").ask("x", 60), Unanswered, "no answer from gpu: the asker's life is over"),
    "Toward.tell": (
        lambda c: c.toward("gpu").tell("x", 60),
        Unanswered,
        "no answer from gpu: the asker's life is over",
    ),
    "warm": (lambda c: c.of(GROUP).warm(60.0), NotRunning, "this life of late is not running"),
    "Cache.warmed": (lambda c: c.of(GROUP).cache("c", str).warmed(60), NotRunning, "this life of late is not running"),
}


@pytest.mark.parametrize("verb", WAITS)
def test_a_task_that_waits_when_its_life_ends_has_an_error_and_no_cancellation(verb: str) -> None:
    wait, kind, text = WAITS[verb]

    @world(seed=1)
    async def scenario(w: World) -> None:
        async with hosts("east", "west") as systems:
            refs = await puppets(systems)
            for each in refs:
                await at(each, lambda me: me.contact.of(GROUP).cache("c", str))
            await w.advance(8.0)
            w.network.loss = 1.0
            ref = await systems[0].spawn(Puppet, name="late")
            tasks: list[asyncio.Task[Any]] = []
            await at(ref, lambda me: tasks.append(asyncio.ensure_future(wait(me.contact))))
            await w.advance(0.05)
            assert not tasks[0].done()
            ref.kill()
            await w.advance(0.5)
            with pytest.raises(kind) as caught:
                await tasks[0]

            assert str(caught.value) == text

    scenario()


@world()
async def test_who_speaks_toward_a_source_after_its_life_has_an_error(w: World) -> None:
    ref = await w.spawn(Puppet)
    found: list[Any] = []
    await at(ref, lambda me: found.append(me.contact.toward("gpu")))
    ref.kill()
    await w.idle()

    with pytest.raises(Unanswered, match="the asker's life is over"):
        await found[0].ask("x")
