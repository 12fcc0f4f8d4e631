"""How much faster is work for the processor in two isolates than on one loop?

A pool of two workers, asked for jobs of some milliseconds each in pure Python, all at once: the same tree with and
without ``place="process"``.  Beside it, in the same repeat, what the machine has to give: the same jobs in two bare
processes, sent half to each.
"""

from __future__ import annotations

import asyncio

from supervisors import Pool, Supervisor, child

from ..farend import Floor, far_end
from ..harness import Context
from ..isolates import Worker, job
from ..parts import PATIENCE, ns

GROUP = "places"


async def run(ctx: Context) -> None:
    """One repeat."""
    jobs = ctx.size(400, 8)
    wanted = [job(number) for number in range(jobs)]
    tree = Supervisor(
        "scale",
        [
            Pool("isolates", child(Worker, id="worker", place="process"), size=2),
            Pool("loop", child(Worker, id="worker"), size=2),
        ],
    )
    ends = Floor(), Floor()
    async with tree.running() as running, far_end("work", ends[0]), far_end("work", ends[1]):

        async def pool(name: str) -> float:
            ref = running.ref(name)
            began = ns()
            results = await asyncio.gather(*(ref.ask(number, PATIENCE) for number in range(jobs)))
            took = float(ns() - began)
            ctx.expect(f"what the {name} made", results, wanted)
            return took

        async def bare() -> float:
            began = ns()
            await asyncio.gather(*(_half(end, range(place, jobs, 2)) for place, end in enumerate(ends)))
            return float(ns() - began)

        async def _half(end: Floor, numbers: range) -> None:
            for number in numbers:
                await end.ask(number)

        for end in ends:
            await end.ask(1)
        took = await ctx.race(
            {"2 isolates": lambda: pool("isolates"), "1 loop": lambda: pool("loop"), "2 bare processes": bare}
        )
        ctx.report("speed-up of 2 isolates", took["1 loop"] / took["2 isolates"], "x", "higher")
        ctx.report("speed-up of 2 bare processes", took["1 loop"] / took["2 bare processes"], "x", "higher")
        ctx.target("speed-up of 2 isolates", at_least=1.8)
