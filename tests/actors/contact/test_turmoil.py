"""Lives here and elsewhere are killed, crash, are replaced and moved at random while they write: all agree after it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from actors import ActorError
from actors.testing import World, world
from supervisors import Apoptosis, Promote
from tests.actors.cluster.wires import Backbone, hosts
from tests.actors.contact.cellmates import Please, all_do, do, house, running

POLICY = Apoptosis(ready_within=10.0, handover=3.0)
HOUSES = {
    "apart": lambda: house(None, "process", "process", "thread", apoptosis=POLICY),
    "moving": lambda: house(None, None, None, apoptosis=POLICY, promote=Promote(after=1, calm=1.0)),
}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("names", [("a",), ("a", "b")], ids=["one host", "two hosts"])
@pytest.mark.parametrize("which", HOUSES)
def test_whoever_ends_and_wherever_the_next_life_is_all_come_to_know_the_same(
    which: str, names: tuple[str, ...], seed: int
) -> None:
    @world(seed)
    async def scenario(w: World) -> None:
        async with hosts(Backbone(), *names) as systems, AsyncExitStack() as stack:
            trees = [await stack.enter_async_context(running(HOUSES[which](), system=system)) for system in systems]
            refs = [ref for _, found in trees for ref in found]
            await w.advance(3.0)
            moves = [asyncio.ensure_future(_stir(w, trees)) for _ in range(2)]
            for number in range(40):
                try:
                    await do(w.rng.choice(refs), "put", f"key{number}", number)
                    await do(w.rng.choice(refs), "add", 1)
                except ActorError:
                    pass  # its writer's life was over: it is not acknowledged
                await w.advance(w.rng.choice([0.0, 0.001, 0.01, 0.1, 0.5]))
            await asyncio.gather(*moves)
            await w.advance(20.0)

            tables, totals = await all_do(refs, "read"), await all_do(refs, "total")
            assert all(table == tables[0] for table in tables)
            assert len(set(totals)) == 1
            assert [len(mates) for mates in await all_do(refs, "mates")] == [len(refs) - 1] * len(refs)

    scenario()


async def _stir(w: World, trees: list[Any]) -> None:
    """End lives in all ways, at random moments."""
    for _ in range(10):
        await asyncio.sleep(w.rng.uniform(0.0, 0.8))
        top, refs = w.rng.choice(trees)
        number = w.rng.randrange(len(refs))
        match w.rng.choice(["kill", "crash", "replace", "replace", "block"]):
            case "kill":
                refs[number].kill()
            case "crash":
                refs[number].tell(Please("boom"))
            case "replace":
                await asyncio.gather(top.replace(f"w{number}"), return_exceptions=True)
            case _:
                top.system.blocked(refs[number]._cell, "Cellmate.please", "Please", 0.5)
