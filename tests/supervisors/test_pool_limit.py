"""Pools under load: a limit on what is under way, controlled workers, and what of both can be seen."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from actors import (
    AIMD,
    Actor,
    ActorDied,
    AskTimeout,
    Brownout,
    CoDel,
    Gradient2,
    Limit,
    Mailbox,
    Overloaded,
    Vegas,
    handle,
)
from actors.testing import World, world
from supervisors import Pool, SpecError, Supervisor, child
from tests.supervisors.fixtures import AsyncWorker, Crash, Do, Note, Recorder, Sleep, fails, letters

FOUR = AIMD(initial=4, least=1, most=4)


def pool_of(r: Recorder, size: int = 2, limit: Limit | None = FOUR, **options: Any) -> Supervisor:
    """A tree with one pool of asynchronous workers."""
    return Supervisor("top", [Pool("pool", r.child("w", AsyncWorker, **options), size=size, limit=limit)])


def asked(pool: Any, message: Any, times: int, **options: Any) -> list[asyncio.Task[Any]]:
    """So many questions at once."""
    return [asyncio.create_task(pool.ask(message, **options)) for _ in range(times)]


@pytest.mark.parametrize("limit", [4, "Gradient2", Gradient2], ids=str)
def test_a_limit_is_one_of_three(limit: Any) -> None:
    with pytest.raises(SpecError, match=r"limit=.*must be Gradient2\(\), AIMD\(\) or Vegas\(\), or None"):
        Pool("pool", Recorder().child("w"), limit=limit)


def test_a_limit_is_shown_in_the_spec() -> None:
    pool = Pool("pool", child(Actor, id="w"), limit=Vegas())

    assert repr(pool).endswith("limit=Vegas(initial=20, least=1, most=1000, probe=30))")


@world()
async def test_one_more_than_the_limit_is_refused_at_once(w: World) -> None:
    r = Recorder()
    async with r.run(pool_of(r)) as tree:
        pool = tree.ref("pool")
        under_way = asked(pool, Sleep(1.0), 4)
        await w.idle()
        error = await fails(pool.ask(Sleep(1.0)), Overloaded)

        assert str(error) == f"{pool} is overloaded: 4 asks are under way, and the limit is 4"
        assert w.now() == 0.0
        await asyncio.gather(*under_way)


@world()
async def test_what_is_answered_makes_room(w: World) -> None:
    r = Recorder()
    async with r.run(pool_of(r)) as tree:
        pool = tree.ref("pool")
        await asyncio.gather(*asked(pool, Sleep(1.0), 4))

        assert await asyncio.gather(*asked(pool, Note("n"), 4)) == ["n by life 1"] * 4
        assert pool.statistics().inflight == 0


@pytest.mark.parametrize("ending", ["timeout", "crash", "cancel"])
def test_so_does_what_ends_otherwise(ending: str) -> None:
    async def scenario(w: World) -> None:
        r = Recorder()
        async with r.run(pool_of(r, limit=AIMD(initial=4, least=4))) as tree:
            pool = tree.ref("pool")
            message = Crash() if ending == "crash" else Sleep(9.0)
            tasks = asked(pool, message, 2, timeout=1.0)
            await w.idle()
            if ending == "cancel":
                for task in tasks:
                    task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)

            kind = {"timeout": AskTimeout, "crash": ActorDied, "cancel": asyncio.CancelledError}[ending]
            assert [type(outcome) for outcome in outcomes] == [kind] * 2
            assert pool.statistics().inflight == 0

    world().run(scenario)


@world()
async def test_what_is_told_and_management_are_not_limited(w: World) -> None:
    r = Recorder()
    async with r.run(pool_of(r)) as tree:
        pool = tree.ref("pool")
        under_way = asked(pool, Sleep(1.0), 4)
        await w.idle()
        pool.tell(Note("told"))

        assert await tree.at("pool").resize(3) == 2
        await asyncio.gather(*under_way)
        await w.idle()
        assert "w told" in r.take()


@world()
async def test_the_limit_and_what_is_under_way_can_be_seen(w: World) -> None:
    r = Recorder()
    async with r.run(pool_of(r)) as tree:
        under_way = asked(tree.ref("pool"), Sleep(1.0), 6)
        await w.idle()
        statistics = tree.ref("pool").statistics()
        node = tree.snapshot().find("top/pool")

        assert (statistics.limit, statistics.inflight, statistics.shed) == (4, 4, 2)
        assert node is not None
        assert (node.limit, node.inflight, node.shed) == (4, 4, 2)
        await asyncio.wait(under_way)
        for task in under_way:
            task.exception()


@world()
async def test_a_pool_without_one_shows_none(w: World) -> None:
    r = Recorder()
    async with r.run(pool_of(r, limit=None)) as tree:
        statistics = tree.ref("pool").statistics()

        assert (statistics.limit, statistics.inflight) == (None, None)


@world()
async def test_what_was_found_outlives_a_restart_of_the_pool(w: World) -> None:
    r = Recorder()
    async with r.run(pool_of(r, limit=AIMD(initial=4, least=1, most=40))) as tree:
        pool = tree.ref("pool")
        await asyncio.gather(*asked(pool, Sleep(0.1), 4))
        before = pool.statistics().limit
        pool.kill()
        await w.idle()

        assert before is not None
        assert before > 4
        assert pool.statistics().limit == before
        assert pool.pid.incarnation == 2


@world()
async def test_a_limit_keeps_answers_fast_under_five_times_the_load(w: World) -> None:
    r = Recorder()
    async with r.run(pool_of(r, size=4, limit=Gradient2(initial=4, least=4, most=12))) as tree:
        pool = tree.ref("pool")
        taken: list[float] = []
        outcomes: Counter[str] = Counter()

        async def client(number: int) -> None:
            await asyncio.sleep(number * 0.0005)  # 2,000 a second; four workers can do 400
            begun = w.now()
            try:
                await pool.ask(Sleep(0.010))
                outcomes["answered"] += 1
                taken.append(w.now() - begun)
            except Overloaded:
                outcomes["refused"] += 1

        await asyncio.gather(*(client(number) for number in range(8000)))

        assert outcomes["answered"] >= 0.95 * 4 * 400
        assert max(taken) <= 0.035
        assert outcomes.total() == 8000


@world()
async def test_workers_may_have_controlled_mailboxes(w: World) -> None:
    r = Recorder()
    mailbox = Mailbox(control=CoDel(target=0.05, interval=0.5))
    async with r.run(pool_of(r, limit=None, mailbox=mailbox)) as tree:
        pool = tree.ref("pool")
        for _ in range(4):
            pool.tell(Sleep(2.0))
        await w.advance(1.9)
        late = asked(pool, Note("late"), 2)
        await w.advance(3.0)
        shed = [tree.ref(f"pool/w-{n}").statistics().shed for n in (1, 2)]

        assert [await task for task in late] == ["late by life 1"] * 2
        assert shed == [1, 1]
        assert letters(tree) == [f"{Sleep(2.0)}: shed"] * 2


@world()
async def test_messages_of_a_worker_that_leaves_keep_the_time_they_waited(w: World) -> None:
    r = Recorder()
    mailbox = Mailbox(control=CoDel(target=0.05, interval=0.5))
    async with r.run(pool_of(r, limit=None, mailbox=mailbox)) as tree:
        pool = tree.ref("pool")
        for _ in range(2):
            pool.tell(Sleep(2.0))
        await w.advance(1.0)
        waiting = asked(pool, Note("n"), 2)
        await w.advance(0.5)
        await tree.at("pool").resize(1)
        await w.advance(2.0)
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)

        assert [type(outcome) for outcome in outcomes] == [Overloaded, Overloaded]


@world()
async def test_a_question_asked_through_a_pool_is_capped_by_the_message_in_hand(w: World) -> None:
    r = Recorder()
    seen: list[str] = []

    async def through(pool: Any) -> None:
        try:
            await pool.ask(Sleep(9.0))
        except AskTimeout as error:
            seen.append(f"{type(error).__name__} at {w.now():g}")

    class Front(Actor):
        @handle
        async def do(self, message: Do) -> Any:
            return await message.act(self)

    async with r.run(Supervisor("top", [Pool("pool", r.child("w", AsyncWorker)), child(Front, id="front")])) as tree:
        pool = tree.ref("pool")
        await fails(tree.ref("front").ask(Do(lambda actor: through(pool)), timeout=1.0), AskTimeout)
        await w.advance(1.0)

    assert seen == ["DeadlineExceeded at 1"]


@world()
async def test_what_is_told_through_a_pool_keeps_its_deadline(w: World) -> None:
    r = Recorder()
    async with r.run(pool_of(r, size=1, limit=None)) as tree:
        tree.ref("pool").tell(Sleep(1.0))
        tree.ref("pool").tell_within(0.5, Note("late"))
        await w.advance(2.0)

        assert letters(tree) == ["late: expired"]


def test_a_brownout_of_a_worker_without_levels_is_refused_in_the_spec() -> None:
    mailbox = Mailbox(control=CoDel(), brownout=Brownout())
    with pytest.raises(SpecError, match=r"a brownout needs cheaper handlers, and Worker has no @handle\(level=1\)"):
        Recorder().child("w", mailbox=mailbox)
