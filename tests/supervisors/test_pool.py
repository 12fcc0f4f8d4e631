"""Pools: routing, resizing under load, and what a crash of a worker or of the pool costs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from actors import ActorDied, Mailbox
from actors.testing import World, world
from supervisors import Backoff, Pool, SpecError, Supervisor, by_key
from supervisors.errors import SupervisionError
from supervisors.events import Unexpected
from tests.supervisors.fixtures import AsyncWorker, Crash, Do, Note, Recorder, Sleep, Trapper, counts, fails, letters

ME: Callable[[Any], str] = lambda actor: str(actor.ref.name.rpartition("/")[2])  # noqa: E731
"""Asked of a worker, its id."""


async def who(pool: Any, number: int) -> list[str]:
    """Who answers so many questions in a row."""
    return [await pool.ask(Do(ME)) for _ in range(number)]


def text_of(message: Any) -> str:
    return str(getattr(message, "text", ""))


# -- routing -----------------------------------------------------------------------------------------------------------


@world()
async def test_workers_take_turns(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w"), size=3)])) as tree:
        assert await who(tree.ref("pool"), 7) == ["w-1", "w-2", "w-3", "w-1", "w-2", "w-3", "w-1"]


@world()
async def test_what_is_told_is_spread_too(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w"), size=4)])) as tree:
        seen: Counter[str] = Counter()
        for _ in range(400):
            tree.ref("pool").tell(Do(lambda actor: seen.update([ME(actor)])))
        await w.idle()

        assert seen == {f"w-{n}": 100 for n in (1, 2, 3, 4)}


@world()
async def test_the_least_loaded_worker_is_taken(w: World) -> None:
    r = Recorder()
    pool_ = Pool("pool", r.child("w", AsyncWorker), size=3, route="least_loaded")
    async with r.run(Supervisor("top", [pool_])) as tree:
        pool = tree.ref("pool")
        for worker in ("w-1", "w-2"):
            for _ in range(3):
                tree.ref(f"pool/{worker}").tell(Sleep(5.0))
        await w.idle()

        assert (await who(pool, 5), w.now()) == (["w-3"] * 5, 0.0)


@world()
async def test_equal_keys_meet_the_same_worker(w: World) -> None:
    r = Recorder()
    pool_ = Pool("pool", r.child("w"), size=5, route=by_key(text_of))
    async with r.run(Supervisor("top", [pool_])) as tree:
        for n in range(300):
            tree.ref("pool").tell(Note(f"k{n % 30}"))
        await w.idle()

        handled = [tree.snapshot().find(f"top/pool/w-{n}") for n in range(1, 6)]
        assert sum(node.handled for node in handled if node) == 300
        assert all(node is not None and node.handled % 10 == 0 for node in handled)


@world()
async def test_a_key_is_served_by_the_same_worker_after_it_was_restarted(w: World) -> None:
    r = Recorder()
    pool_ = Pool("pool", r.child("w"), size=5, route=by_key(lambda message: "always"))
    async with r.run(Supervisor("top", [pool_])) as tree:
        (before,) = await who(tree.ref("pool"), 1)
        tree.ref("pool").tell(Crash())
        (after,) = await who(tree.ref("pool"), 1)

        assert (after, tree.ref(f"pool/{before}").pid.incarnation) == (before, 2)


@world()
async def test_a_key_is_served_by_the_same_worker_after_the_pool_was_restarted(w: World) -> None:
    r = Recorder()
    pool_ = Pool("pool", r.child("w"), size=5, route=by_key(text_of))
    async with r.run(Supervisor("top", [pool_])) as tree:
        pool = tree.ref("pool")

        async def owners() -> list[str]:
            r.take()
            for n in range(20):
                await pool.ask(Note(f"k{n}"))
            return [f"{node.path}: {node.mailbox}" for node in tree.snapshot().walk()]

        before = await owners()
        pool.kill()
        await w.idle()

        assert await owners() == before


@world()
async def test_the_messages_of_one_key_keep_their_order_over_a_crash(w: World) -> None:
    r = Recorder()
    seen: list[int] = []
    pool_ = Pool("pool", r.child("w"), size=3, route=by_key(lambda message: "one"), max_restarts=99)
    async with r.run(Supervisor("top", [pool_])) as tree:
        for n in range(50):
            tree.ref("pool").tell(Crash() if n % 10 == 5 else Do(lambda actor, n=n: seen.append(n)))  # type: ignore[misc]
        await w.idle()

        assert seen == [n for n in range(50) if n % 10 != 5]


@world()
async def test_a_key_that_cannot_be_computed_fails_the_sender_and_not_the_pool(w: World) -> None:
    r = Recorder()
    pool_ = Pool("pool", r.child("w"), size=2, route=by_key(lambda message: message.missing))
    async with r.run(Supervisor("top", [pool_])) as tree:
        with pytest.raises(AttributeError):
            tree.ref("pool").tell(Note("m"))

        assert tree.ref("pool").is_alive


# -- questions ---------------------------------------------------------------------------------------------------------


@world()
async def test_questions_are_answered_side_by_side(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w", AsyncWorker), size=4)])) as tree:
        await asyncio.gather(*(tree.ref("pool").ask(Sleep(2.0)) for _ in range(8)))

        assert w.now() == 4.0


@world()
async def test_the_asker_of_a_worker_that_crashes_is_told(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w"), size=2)])) as tree:
        error = await fails(tree.ref("pool").ask(Crash("poison")), ActorDied)

        assert (str(error.reason), error.ref.name) == ("crashed(Boom: poison)", "top/pool/w-1")


@world()
async def test_a_full_worker_rejects_for_the_pool(w: World) -> None:
    r = Recorder()
    worker = r.child("w", AsyncWorker, mailbox=Mailbox(limit=2))
    async with r.run(Supervisor("top", [Pool("pool", worker, size=1)])) as tree:
        tree.ref("pool").tell(Sleep(9.0))
        await w.idle()
        for _ in range(2):
            tree.ref("pool").tell(Note("m"))

        error = await fails(tree.ref("pool").ask(Note("n")))
        assert type(error).__name__ == "MailboxFull"


# -- crashes -----------------------------------------------------------------------------------------------------------


@world()
async def test_the_crash_of_one_worker_leaves_the_others_alone(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w"), size=3)])) as tree:
        tree.ref("pool/w-2").tell(Crash())
        await w.idle()

        assert [tree.ref(f"pool/w-{n}").pid.incarnation for n in (1, 2, 3)] == [1, 2, 1]


@world()
async def test_a_worker_that_is_away_is_passed_over_in_turns(w: World) -> None:
    r = Recorder()
    worker = r.child("w", backoff=Backoff(10.0, 10.0))
    async with r.run(Supervisor("top", [Pool("pool", worker, size=3)])) as tree:
        tree.ref("pool/w-2").tell(Crash())
        await w.idle()

        assert (await who(tree.ref("pool"), 4), w.now()) == (["w-1", "w-3", "w-1", "w-3"], 0.0)


@world()
async def test_a_pool_gives_up_by_its_budget(w: World) -> None:
    r = Recorder()
    async with r.run(Pool("pool", r.child("w"), size=3, max_restarts=2)) as tree:
        for n in (1, 2, 3):
            tree.ref(f"w-{n}").tell(Crash())
            await w.idle()

        assert str(await tree.wait_ended()) == "shutdown"


@world()
async def test_questions_asked_while_the_pool_itself_is_away_are_answered_afterwards(w: World) -> None:
    r = Recorder()
    pool_ = Pool("pool", r.child("w"), size=2, backoff=Backoff(4.0, 4.0))
    async with r.run(Supervisor("top", [pool_])) as tree:
        pool = tree.ref("pool")
        pool.kill()
        await w.idle()
        asked = [asyncio.ensure_future(pool.ask(Note(f"m{n}"), timeout=60.0)) for n in range(4)]
        await w.advance(5.0)

        assert [await question for question in asked] == [f"m{n} by life 2" for n in range(4)]


@world()
async def test_messages_told_while_the_pool_itself_is_away_are_handled_afterwards(w: World) -> None:
    r = Recorder()
    pool_ = Pool("pool", r.child("w"), size=2, backoff=Backoff(4.0, 4.0))
    async with r.run(Supervisor("top", [pool_])) as tree:
        pool = tree.ref("pool")
        pool.kill()
        await w.idle()
        r.take()
        for n in range(10):
            pool.tell(Note(f"m{n}"))
        await w.advance(5.0)

        assert sorted(line for line in r.take() if line.startswith("w m")) == [f"w m{n}" for n in range(10)]
        assert (letters(tree), r.of(Unexpected)) == ([], [])


# -- resizing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), [(1, 5), (5, 1), (3, 3), (2, 100)])
@world()
async def test_a_pool_has_as_many_workers_as_it_was_told(w: World, before: int, after: int) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w"), size=before)])) as tree:
        previous = await tree.at("pool").resize(after)
        await w.idle()

        assert (previous, await counts(tree.at("pool"))) == (before, [after, after, 0, after])
        assert len(set(await who(tree.ref("pool"), 2 * after))) == after


@world()
async def test_the_newest_workers_leave(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w"), size=4)])) as tree:
        await tree.at("pool").resize(2)
        await w.idle()

        assert await who(tree.ref("pool"), 4) in (["w-1", "w-2"] * 2, ["w-2", "w-1"] * 2)


@world()
async def test_what_waits_at_a_worker_that_leaves_goes_to_the_others(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w", AsyncWorker), size=4)])) as tree:
        pool = tree.ref("pool")
        for n in range(1, 5):
            tree.ref(f"pool/w-{n}").tell(Sleep(1.0))
        await w.idle()
        r.take()
        for n in range(100):
            pool.tell(Note(f"m{n}"))
        await tree.at("pool").resize(1)
        await w.advance(5.0)

        assert sorted(line for line in r.take() if line.startswith("w m")) == sorted(f"w m{n}" for n in range(100))


@world()
async def test_questions_that_wait_at_a_worker_that_leaves_are_answered_by_the_others(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w", AsyncWorker), size=3)])) as tree:
        pool = tree.ref("pool")
        for n in range(1, 4):
            tree.ref(f"pool/w-{n}").tell(Sleep(1.0))
        await w.idle()
        asked = [asyncio.ensure_future(pool.ask(Note(f"m{n}"))) for n in range(30)]
        await w.idle()
        await tree.at("pool").resize(1)

        assert [await question for question in asked] == [f"m{n} by life 1" for n in range(30)]


@world()
async def test_a_worker_that_traps_finishes_what_it_has_in_hand_before_it_leaves(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w", Trapper), size=2)])) as tree:
        asked = asyncio.ensure_future(tree.ref("pool/w-2").ask(Sleep(2.0)))
        await w.idle()
        await tree.at("pool").resize(1)
        await asked

        assert w.now() == 2.0


@world()
async def test_resizing_up_and_down_under_load_loses_nothing(w: World) -> None:
    r = Recorder()
    handled: list[int] = []
    async with r.run(Supervisor("top", [Pool("pool", r.child("w"), size=4)])) as tree:
        pool = tree.ref("pool")
        for n in range(1000):
            pool.tell(Do(lambda actor, n=n: handled.append(n)))  # type: ignore[misc]
            if n % 50 == 0:
                await tree.at("pool").resize(1 + (n // 50) % 7)
        await w.idle()

        assert (sorted(handled), letters(tree)) == (list(range(1000)), [])


@world()
async def test_a_pool_that_was_resized_and_restarted_has_the_size_of_its_spec(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w"), size=2)])) as tree:
        await tree.at("pool").resize(5)
        tree.ref("pool").kill()
        await w.idle()

        assert await counts(tree.at("pool")) == [2, 2, 0, 2]


@world()
async def test_a_pool_grows_again_after_it_has_shrunk(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w"), size=3)])) as tree:
        for size in (1, 3, 2, 4):
            await tree.at("pool").resize(size)
            await w.idle()

        assert await counts(tree.at("pool")) == [4, 4, 0, 4]


@pytest.mark.parametrize("size", [0, -1, 1.5, "3", None, True])
@world()
async def test_a_pool_needs_a_whole_number_of_workers(w: World, size: Any) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w"), size=2)])) as tree:
        error = await fails(tree.at("pool").resize(size), SpecError)

        assert (error.field, error.value) == ("size", size)


@world()
async def test_start_child_is_refused_by_a_pool(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w"), size=2)])) as tree:
        error = await fails(tree.at("pool").start_child(r.child("x")), SupervisionError)

        assert "resize" in str(error)


@world()
async def test_resize_is_refused_by_other_supervisors(w: World) -> None:
    r = Recorder()
    async with r.top("a") as tree:
        await fails(tree.resize(3), TypeError)

        assert tree.is_alive


@world()
async def test_a_terminated_worker_is_not_used_any_more(w: World) -> None:
    r = Recorder()
    async with r.run(Supervisor("top", [Pool("pool", r.child("w"), size=3)])) as tree:
        await tree.at("pool").terminate_child("w-2")

        assert set(await who(tree.ref("pool"), 6)) == {"w-1", "w-3"}
