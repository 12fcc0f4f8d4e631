from __future__ import annotations

import asyncio

import pytest

from actors.engines import loop
from bench import floor


@pytest.mark.parametrize("kind", [floor.FiberFloor, floor.QueueFloor], ids=lambda kind: kind.__name__)
def test_floor_does_the_work_it_is_timed_for(kind: type[floor.AsyncFloor]) -> None:
    async def main() -> list[float]:
        return [
            await floor.hop(kind, 100),
            await floor.tell(kind, 100),
            await floor.ask(kind, 50),
            await floor.spawn(kind, 50),
        ]

    assert min(loop.run(main())) > 0


def test_a_handler_that_waits_does_not_hold_up_the_other_actors() -> None:
    async def main() -> list[str]:
        fibers, log, gate = floor.FiberFloor(), [], asyncio.Event()

        async def slow(_: object) -> None:
            await gate.wait()
            log.append("slow")

        async def quick(_: object) -> None:
            log.append("quick")
            gate.set()

        one, other = fibers.actor(slow), fibers.actor(quick)
        one.tell(None)
        other.tell(None)
        for _ in range(5):
            await asyncio.sleep(0)
        await fibers.close()
        return log

    assert loop.run(main()) == ["quick", "slow"]


def test_a_flood_is_handled_in_order_over_several_turns_of_the_loop() -> None:
    async def main() -> list[int]:
        fibers, seen = floor.FiberFloor(), []

        async def note(number: int) -> None:
            seen.append(number)

        actor = fibers.actor(note)
        for number in range(3 * floor.BUDGET):
            actor.tell(number)
        for _ in range(10):
            await asyncio.sleep(0)
        await fibers.close()
        return seen

    assert loop.run(main()) == list(range(3 * floor.BUDGET))
