from __future__ import annotations

import asyncio

from actors.testing import World, world
from bench.flow import ASKED, Books, Flow, Worker
from bench.parts import Total
from supervisors import Supervisor, child


def books_of(sent: int, *handled: int) -> Books:
    books = Books(1, 1)
    books.sent[0][0] = sent
    books.handled[0][0] = list(handled)
    return books


def test_what_is_not_in_the_books_is_lost() -> None:
    assert books_of(4, 0, 3).count() == (2, 0, 0)


def test_what_is_there_twice_is_a_duplicate() -> None:
    assert books_of(3, 0, 1, 1, 1, 2).count() == (0, 2, 0)


def test_what_comes_after_a_higher_number_is_out_of_order() -> None:
    assert books_of(4, 0, 2, 1, 3).count() == (0, 0, 1)


def test_a_sender_is_judged_by_its_own_numbers() -> None:
    books = Books(1, 2)
    books.sent[0] = [2, 2]
    books.handled[0] = [[0, 1], [0, 1]]

    assert (books.count(), books.total) == ((0, 0, 0), 4)


@world(seed=3)
async def test_a_flow_sends_at_its_rate_evenly_and_asks_a_tenth(w: World) -> None:
    books = Books(5, 2)
    first, later = books.latencies, list[float]()
    children = [child(Worker, books, place, 0.0, 0.0, id=f"w{place}") for place in range(5)]
    async with Supervisor("line", children).running(log=False) as running:
        refs = [running.ref(f"w{place}") for place in range(5)]
        flow = Flow(books, refs, 1000.0, 0.001)
        sending = asyncio.create_task(flow.run())
        await w.advance(0.5)
        books.turn_page(later)
        await w.advance(0.5)
        flow.stop()
        await sending
        handled = [await ref.ask(Total()) for ref in refs]

    assert books.count() == (0, 0, 0)
    assert sum(handled) == books.total
    assert abs(books.total - 1000) <= 2
    assert max(map(sum, books.sent)) - min(map(sum, books.sent)) <= 1
    assert abs(len(first) - books.total / ASKED / 2) <= 2
    assert abs(len(later) - books.total / ASKED / 2) <= 2
    assert books.refused == 0


@world(seed=3)
async def test_a_flow_counts_what_is_refused(w: World) -> None:
    books = Books(1, 1)
    async with Supervisor("line", [child(Worker, books, 0, 0.0, 0.0, id="w")]).running(log=False) as running:
        ref = running.ref("w")
        await running.terminate_child("w")
        flow = Flow(books, [ref], 1000.0, 0.001)
        sending = asyncio.create_task(flow.run())
        await w.advance(0.1)
        flow.stop()
        await sending

    lost, _, _ = books.count()
    assert lost == books.total
    assert abs(books.refused - books.total / ASKED) <= 1
