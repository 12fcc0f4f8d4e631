"""Actors that misuse the hooks of planned death: wrong shapes, nonsense, recursion, asking themselves."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from actors import Actor, handle
from actors.testing import World, world
from supervisors import Apoptosis, Backoff, Lifetime, ReplacementFailed, Supervisor, child
from supervisors.apoptosis.events import Damaged, Kept, Postponed, Repairing, Replaced, Replacing
from tests.supervisors.apoptosis.fixtures import (
    JUDGED,
    Add,
    AsyncPatient,
    AsyncProbed,
    Chart,
    Childless,
    Do,
    Fail,
    Probed,
    answering,
    damaging,
    items,
    raising,
    sleeping,
)
from tests.supervisors.fixtures import fails

RETIRE = Do(lambda actor: actor.retire("rust"))


async def replaced_by(w: World, cls: Any, policy: Apoptosis | None = None) -> tuple[str, int]:
    """Why a worker of ``cls`` was not replaced, and which life serves afterwards; the tree must be as it was."""
    tree_ = Supervisor("top", [child(cls, Chart(), "w", id="w", apoptosis=policy)])
    async with tree_.running(log=False) as tree:
        why = ""
        try:
            await tree.replace("w")
        except ReplacementFailed as error:
            why = error.why
        await w.advance(10.0)
        life = await tree.ref("w").ask(Add("x"))
        assert tree.system.alive == 2
        return why, life


# -- hooks of the wrong shape ------------------------------------------------------------------------------------------


class InheritsNothing(Childless):
    def bequeath(self) -> object:
        return 1

    def inherit(self) -> None:  # type: ignore[override]
        """Takes no estate."""


class LeavesWithArguments(Childless):
    def bequeath(self, heir: object) -> object:  # type: ignore[override]
        return heir

    def inherit(self, estate: object) -> None:
        """Takes what comes."""


class IsReady(Childless):
    ready = True  # type: ignore[assignment]


class NeverReady(Childless):
    ready = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("cls", "why"),
    [
        (InheritsNothing, "inherit: inherit() raised TypeError: "),
        (LeavesWithArguments, "bequeath: bequeath() raised TypeError: "),
        (IsReady, "ready: ready() raised TypeError: 'bool' object is not callable"),
        (NeverReady, "ready: ready() raised TypeError: 'NoneType' object is not callable"),
    ],
)
@world()
async def test_a_hook_of_the_wrong_shape_keeps_the_old_life(w: World, cls: Any, why: str) -> None:
    said, life = await replaced_by(w, cls)

    assert (said.startswith(why), life) == (True, 1)


class ReturnsCoroutines(Childless):
    """Its hooks are plain functions that return what has to be awaited."""

    def ready(self) -> Any:
        return asyncio.sleep(0.5, True)

    def bequeath(self) -> Any:
        return asyncio.sleep(0.5, [1])

    def inherit(self, estate: Any) -> Any:
        self.items = estate
        return asyncio.sleep(0.5)

    def vitals(self) -> Any:
        return asyncio.sleep(0.5, True)

    def repair(self, level: int) -> Any:
        return asyncio.sleep(0.5)


@world()
async def test_a_plain_hook_that_returns_a_coroutine_is_awaited(w: World) -> None:
    assert await replaced_by(w, ReturnsCoroutines, JUDGED) == ("", 2)


class Silent(Actor):
    """Handles nothing at all."""

    def __init__(self, chart: Chart, id: str) -> None: ...

    @handle
    def add(self, message: Add) -> int:
        return self.pid.incarnation


@world()
async def test_a_class_that_knows_nothing_of_it_is_replaced_all_the_same(w: World) -> None:
    assert await replaced_by(w, Silent, JUDGED) == ("", 2)


# -- nonsense ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ready", [None, 0, "", (), False])
@world()
async def test_a_successor_that_says_nothing_is_not_ready(w: World, ready: Any) -> None:
    c = Chart("ready")
    c.plan("ready", answering(ready))
    async with c.top(apoptosis=Apoptosis(ready_within=3.0)) as tree:
        error = await fails(tree.replace("w"), ReplacementFailed)

        assert error.why == "ready: not ready within 3 s"


@pytest.mark.parametrize("estate", [None, 0, False, "", object(), Exception("an estate")])
@world()
async def test_an_estate_may_be_anything(w: World, estate: Any) -> None:
    c, inherited = Chart(), list[Any]()
    c.plan("bequeath", answering(estate))
    c.plan("inherit", lambda actor, left: inherited.append(left))
    async with c.top() as tree:
        await tree.replace("w")

        assert (len(inherited), inherited[0] is estate) == (1, True)


class Unprintable(Exception):
    """Cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("hook", ["ready", "bequeath", "inherit"])
@world()
async def test_an_error_that_cannot_be_printed_keeps_the_old_life(w: World, hook: str) -> None:
    c = Chart()
    c.plan(hook, raising(Unprintable()))
    async with c.top(apoptosis=JUDGED) as tree:
        await fails(tree.replace("w"), ReplacementFailed)
        await w.advance(1.0)

        assert await tree.ref("w").ask(Add("x")) == 1


@pytest.mark.parametrize("hook", ["vitals", "repair"])
@world()
async def test_an_error_that_cannot_be_printed_is_evidence_like_any_other(w: World, hook: str) -> None:
    c = Chart()
    c.plan(hook, raising(Unprintable()), life=1)
    async with c.top(cls=Probed, apoptosis=JUDGED) as tree:
        tree.ref("w").tell(damaging(1.0))
        await w.advance(6.0)

        assert (len(c.of(Damaged)) >= 2, tree.is_alive, tree.ref("w").pid.incarnation) == (True, True, 2)


@world()
async def test_a_tolerated_error_that_cannot_be_printed_is_evidence_like_any_other(w: World) -> None:
    c = Chart()

    def act(actor: Any) -> None:
        raise Unprintable

    async with c.top(apoptosis=Apoptosis(tolerate=(Unprintable,))) as tree:
        tree.ref("w").tell(Do(act))
        await w.idle()
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.errors, tree.ref("w").pid.incarnation) == (1, 1)


@pytest.mark.parametrize("cause", ["", "  ", "two\nlines", "ü" * 10_000, 7, None])
@world()
async def test_a_cause_may_be_any_text(w: World, cause: Any) -> None:
    c = Chart()
    async with c.top() as tree:
        await tree.replace("w", cause)
        tree.ref("w").tell(Do(lambda actor: actor.retire(cause)))
        await w.idle()

        told = " ".join(str(cause).split())
        assert ([event.cause for event in c.of(Replaced)], tree.ref("w").pid.incarnation) == ([told, told], 3)


# -- recursion ---------------------------------------------------------------------------------------------------------


@world()
async def test_asking_a_thousand_times_is_asking_once(w: World) -> None:
    c = Chart()
    async with c.top() as tree:
        await tree.ref("w").ask(Do(lambda actor: [actor.retire(f"rust {n}") for n in range(1000)] and None))
        await w.advance(1.0)

        assert [(event.cause, event.life) for event in c.of(Replaced)] == [("rust 0", 2)]


@world()
async def test_each_life_that_asks_at_once_for_its_end_is_granted_it(w: World) -> None:
    c = Chart()
    c.plan("started", lambda actor: actor.pid.incarnation < 6 and actor.after(0.5, RETIRE) and None)
    async with c.top() as tree:
        await w.advance(10.0)

        assert [event.at for event in c.of(Replaced)] == [0.5, 1.0, 1.5, 2.0, 2.5]
        assert (tree.ref("w").pid.incarnation, tree.snapshot().restarts) == (6, 0)


@pytest.mark.parametrize("hook", ["started", "ready", "bequeath", "inherit"])
@world()
async def test_a_life_that_asks_for_its_end_in_a_hook_is_replaced_once_more(w: World, hook: str) -> None:
    c = Chart()

    def act(actor: Any, *args: Any) -> Any:
        actor.retire("rust")
        return actor.items if hook == "bequeath" else True

    c.plan(hook, act, life=1 if hook == "bequeath" else 2)
    async with c.top() as tree:
        await tree.replace("w")
        await w.advance(5.0)

        assert (tree.ref("w").pid.incarnation in (2, 3), tree.system.alive, c.of(Kept)) == (True, 2, [])


@pytest.mark.parametrize("hook", ["vitals", "repair"])
@world()
async def test_a_hook_that_finds_damage_each_time_it_looks_leads_to_an_end(w: World, hook: str) -> None:
    c = Chart()

    def act(actor: Any, *args: Any) -> None:
        actor.damage(1.0, f"found by {hook}")

    c.plan(hook, act, life=1)
    async with c.top(cls=Probed, apoptosis=Apoptosis(snapshot=0.5)) as tree:
        tree.ref("w").tell(damaging(1.0))
        await w.advance(30.0)

        assert (tree.ref("w").pid.incarnation, len(c.of(Replaced))) == (2, 1)
        assert len(c.of(Repairing)) <= 2


@world()
async def test_heavy_damage_in_each_new_life_is_a_replacement_each_at_a_slower_and_slower_pace(w: World) -> None:
    c = Chart()
    c.plan("started", lambda actor: actor.after(0.25, damaging(9.0)) and None)
    async with c.top(apoptosis=JUDGED) as tree:
        await w.advance(10.1)

        gaps = [later.at - earlier.at for earlier, later in pairwise(c.of(Replaced))]
        assert gaps[:3] == pytest.approx([0.25] * 3)
        assert 5 <= len(gaps) < 15
        assert len(c.of(Postponed)) >= 3
        assert (tree.snapshot().restarts, tree.system.alive) == (0, 2)


# -- asking oneself ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", ["started", "ready"])
@world()
async def test_a_successor_that_asks_its_own_ref_asks_the_life_that_serves(w: World, hook: str) -> None:
    c, answers = Chart(), list[Any]()

    async def act(actor: AsyncPatient) -> bool:
        answers.append(await actor.ref.ask(Add(hook), timeout=None))
        return True

    c.plan(hook, act, life=2)
    async with c.top(cls=AsyncPatient) as tree:
        await tree.replace("w")

        assert (answers, await items(tree.ref("w"))) == ([1], [hook])


@world()
async def test_an_heir_that_asks_its_own_ref_while_it_inherits_is_given_up_when_the_handover_is_late(w: World) -> None:
    c = Chart()

    async def act(actor: AsyncPatient, estate: Any) -> None:
        await actor.ref.ask(Add("inherit"), timeout=None)

    c.plan("inherit", act, life=2)
    async with c.top(cls=AsyncPatient) as tree:
        error = await fails(tree.replace("w"), ReplacementFailed)
        await w.advance(2.0)

        assert (error.why, tree.system.alive) == ("inherit: no handover within 5 s", 2)
        assert await tree.ref("w").ask(Add("x")) == 1


@pytest.mark.parametrize("hook", ["bequeath", "vitals", "repair"])
@world()
async def test_a_hook_that_asks_its_own_actor_is_refused_and_holds_up_nobody(w: World, hook: str) -> None:
    c = Chart()

    async def act(actor: AsyncPatient, *args: Any) -> Any:
        return await actor.ref.ask(Add(hook), timeout=None)

    c.plan(hook, act, life=1)
    async with c.top(cls=AsyncProbed, apoptosis=JUDGED) as tree:
        tree.ref("w").tell(damaging(1.0))
        await w.advance(20.0)

        assert any("AskSelf" in event.what for event in c.of(Damaged))
        assert await tree.ref("w").ask(Add("x")) == tree.ref("w").pid.incarnation


@world()
async def test_an_old_life_that_asks_its_own_ref_at_its_end_asks_its_successor(w: World) -> None:
    c, answers = Chart(), list[Any]()

    async def act(actor: AsyncPatient, reason: Any) -> None:
        answers.append(await actor.ref.ask(Add("last words")))

    c.plan("stopping", act, life=1)
    async with c.top(cls=AsyncPatient) as tree:
        await tree.replace("w")
        await w.advance(5.0)

        assert (answers, await items(tree.ref("w"))) == ([2], ["last words"])


@world()
async def test_a_handler_that_waits_for_its_own_replacement_is_taken_over_from(w: World) -> None:
    c = Chart()

    async def act(actor: AsyncPatient) -> str:
        ref = await tree.replace("w", estate="nothing")
        return f"replaced by {ref.pid.incarnation}, said by {actor.pid.incarnation}"

    async with c.top(cls=AsyncPatient, apoptosis=Apoptosis(handover=2.0)) as tree:
        said = await tree.ref("w").ask(Do(act), timeout=None)

        assert (said, w.now()) == ("replaced by 2, said by 1", 2.0)


# -- numbers at their ends ---------------------------------------------------------------------------------------------


@world()
async def test_a_life_of_one_message_is_replaced_at_every_check_up(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=Apoptosis(lifetime=Lifetime(messages=1, jitter=0.0))) as tree:
        for n in range(5):
            await tree.ref("w").ask(Add(n))
            await w.advance(1.0)

        assert (tree.ref("w").pid.incarnation, await items(tree.ref("w"))) == (6, list(range(5)))


@world()
async def test_a_life_shorter_than_its_check_ups_is_replaced_at_each(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=Apoptosis(lifetime=Lifetime(seconds=0.001))) as tree:
        await w.advance(5.5)

        assert (tree.ref("w").pid.incarnation, tree.snapshot().restarts) == (6, 0)


@world()
async def test_a_successor_that_takes_longer_than_its_lifetime_does_not_begin_old(w: World) -> None:
    c = Chart()
    c.plan("ready", sleeping(20.0, True))
    policy = Apoptosis(lifetime=Lifetime(seconds=5.0, jitter=0.0))
    async with c.top(cls=AsyncPatient, apoptosis=policy):
        await w.advance(60.0)

        assert [event.at for event in c.of(Replacing)] == [5.0, 30.0, 55.0]


@world()
async def test_a_threshold_above_all_evidence_is_never_reached(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=Apoptosis(threshold=1e300, tolerate=(ValueError,))) as tree:
        for _ in range(1000):
            tree.ref("w").tell(Fail())
        tree.ref("w").tell(damaging(1e299))
        await w.advance(5.0)

        assert (c.of(Replacing), len(c.of(Repairing))) == ([], 0)


@world()
async def test_evidence_beyond_all_numbers_is_too_much(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED) as tree:
        await tree.ref("w").ask(Do(lambda actor: [actor.damage(1.7e308) for _ in range(3)] and None))
        await w.advance(5.0)

        assert (tree.ref("w").pid.incarnation, tree.is_alive, tree.snapshot().restarts) == (2, True, 0)


@world()
async def test_a_pause_that_never_ends_leaves_the_old_life_in_peace(w: World) -> None:
    c = Chart()
    c.plan("ready", raising(RuntimeError("no")))
    async with c.top(apoptosis=Apoptosis(backoff=Backoff(1e300, 1e300))) as tree:
        tree.ref("w").tell(damaging(5.0))
        await w.advance(1000.0)

        assert (len(c.of(Replacing)), tree.ref("w").pid.incarnation) == (1, 1)
