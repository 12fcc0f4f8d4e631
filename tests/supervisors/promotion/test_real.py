"""Promotion, and the vitals of lives elsewhere, on real loops, threads and processes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from actors import Blocked
from actors.places.place import Process, Thread
from supervisors import Apoptosis, Promote
from supervisors.apoptosis.events import Damaged, Replaced, Retired
from tests.actors.places.culprits import Fault
from tests.actors.places.test_faults import Ward, is_alive, ward
from tests.reality import real, until

pytestmark = pytest.mark.real

MB = 1 << 20


def place(w: Ward) -> Any:
    life = w.tree.ref("a")._cell.actor
    return getattr(life, "place", None)


def memory(w: Ward) -> int | None:
    vitals = w.tree.vitals("a")
    return vitals.memory if vitals is not None else None


def load(w: Ward) -> float | None:
    vitals = w.tree.vitals("a")
    return vitals.load if vitals is not None else None


def events(w: Ward) -> list[Any]:
    told: list[Any] = []
    w.tree.system.events.subscribe(told.append)
    return told


def test_who_holds_the_loop_again_and_again_gets_a_thread_and_holds_it_no_more() -> None:
    async def main() -> None:
        async with ward(place=None, promote=Promote(after=2)) as w:
            told = events(w)
            for _ in range(2):
                await w.tree.ref("a").ask(Fault("block", (0.25,)))
            w.write(*range(100))
            await until(lambda: place(w) == Thread())
            await until(lambda: len(w.log) == 100)
            before = sum(isinstance(event, Blocked) for event in told)
            await w.tree.ref("a").ask(Fault("block", (0.25,)))

            assert sorted(number for number, _ in w.log) == list(range(100))
            assert [number for number, _ in w.log] == list(range(100))
            assert before == sum(isinstance(event, Blocked) for event in told) == 2
            assert w.deaths() == {}, "planned deaths are counted by nobody"

    real(main())


@pytest.mark.process
def test_who_dies_of_memory_on_the_loop_gets_a_process_with_a_bound() -> None:
    async def main() -> None:
        async with ward(place=None, promote=Promote(after=2, process=Process(memory=64 * MB))) as w:
            here = await w.pid()
            for _ in range(2):
                w.tree.ref("a").tell(Fault("run_out"))
            there = await w.pid()
            w.tree.ref("a").tell(Fault("hoard"))
            w.write(*range(20))
            await until(lambda: len(w.log) == 20)

            assert there != here
            assert await w.pid() not in (here, there)
            assert w.deaths() == {"a": ["crashed(MemoryError)"] * 3}
            assert "in a process of its own" in w.tree.why("a")[1].rule

    real(main())


@pytest.mark.process
def test_a_process_that_holds_too_much_is_replaced_before_it_breaks() -> None:
    async def main() -> None:
        async with ward(apoptosis=Apoptosis(memory=150 * MB, every=0.1)) as w:
            told = events(w)
            first = await w.pid()
            await until(lambda: memory(w))
            assert 5 * MB < (memory(w) or 0) < 100 * MB
            await w.tree.ref("a").ask(Fault("grow_by", (200 * MB,)))
            w.write(*range(50))
            await until(lambda: any(isinstance(event, Retired) for event in told))

            assert await w.pid() != first
            assert "memory" in {event.harm for event in told if isinstance(event, Damaged)}
            await until(lambda: len(w.log) == 50)
            assert [number for number, _ in w.log] == list(range(50))
            assert not is_alive(first)
            assert w.deaths() == {}

    real(main())


@pytest.mark.process
@pytest.mark.parametrize("fault", [Fault("signal", (19,)), Fault("spin")], ids=["stopped", "busy"])
def test_a_process_that_hangs_is_replaced_before_its_patience_is_over(fault: Fault) -> None:
    policy = Apoptosis(every=0.2, handover=0.3)

    async def main() -> None:
        async with ward(place=Process(patience=30), apoptosis=policy, shutdown=0.2) as w:
            told = events(w)
            first = await w.pid()
            began = time.monotonic()
            w.tree.ref("a").tell(fault)
            await until(lambda: any(isinstance(event, Replaced) for event in told))
            w.write(*range(10))
            await until(lambda: len(w.log) == 10)
            took = time.monotonic() - began
            await until(lambda: not is_alive(first))

            assert took < 15
            assert {event.harm for event in told if isinstance(event, Damaged)} == {"blocked"}
            assert [life for _, life in w.log] == [2] * 10
            assert await w.pid() != first

    real(main())


@pytest.mark.process
def test_the_load_of_a_process_is_its_share_of_a_core() -> None:
    async def main() -> None:
        async with ward(apoptosis=Apoptosis(load=1.0, every=0.2)) as w:
            await w.pid()
            loads = [0.0]
            for _ in range(4):
                await w.tree.ref("a").ask(Fault("burn", (0.25,)), timeout=20)
                loads.append(load(w) or 0.0)

            assert max(loads) > 0.1
            await until(lambda: load(w) == 0)

    real(main())
