"""The clerk: settles what the coroner heard when there is time, in pieces."""

from __future__ import annotations

import asyncio

from actors.testing import World, world
from supervisors.autopsy.clerk import PATIENCE, Clerk
from supervisors.autopsy.coroner import PIECE, Coroner
from tests.supervisors.autopsy.stage import died


@world()
async def test_what_was_heard_lies_until_the_storm_is_over(w: World) -> None:
    coroner = Coroner()
    Clerk(coroner, asyncio.get_running_loop())
    coroner.note(died("t/a"))
    await w.advance(PATIENCE / 2)
    coroner.note(died("t/b"))
    before = coroner.backlog
    await w.advance(PATIENCE / 2)

    assert (before, coroner.backlog) == (2, 0)


@world()
async def test_a_large_heap_is_worked_off_in_pieces_between_others_turns(w: World) -> None:
    coroner = Coroner()
    Clerk(coroner, asyncio.get_running_loop(), patience=0.0)
    for number in range(3 * PIECE):
        coroner.note(died("t/a", number))
    left = []
    for _ in range(6):
        await asyncio.sleep(0)
        left.append(coroner.backlog)

    assert sorted(set(left), reverse=True) == [3 * PIECE, 2 * PIECE, PIECE, 0]


@world()
async def test_a_new_death_after_the_work_is_done_is_new_work(w: World) -> None:
    coroner = Coroner()
    Clerk(coroner, asyncio.get_running_loop())
    for _ in range(2):
        coroner.note(died("t/a"))
        await w.advance(PATIENCE)

        assert coroner.backlog == 0


@world()
async def test_a_clerk_that_is_closed_leaves_no_timer_and_the_rest_to_whoever_asks(w: World) -> None:
    coroner, loop = Coroner(), asyncio.get_running_loop()
    clerk = Clerk(coroner, loop)
    coroner.note(died("t/a"))
    clerk.close()
    coroner.note(died("t/b"))

    assert (coroner.backlog, coroner.total) == (2, 2)
    assert [timer for timer in loop._scheduled if not timer.cancelled()] == []  # type: ignore[attr-defined]
