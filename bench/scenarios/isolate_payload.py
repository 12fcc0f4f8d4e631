"""How many bytes a second go to an actor in a process of its own, in messages of 1 MB?

Told through both mailboxes; what is on the way is bounded by the link, in bytes.  Beside it, in the same repeat, the
least code that sends frames of msgpack.
"""

from __future__ import annotations

import msgpack

from supervisors import Supervisor, child

from ..farend import Floor, far_end
from ..harness import Context
from ..isolates import LETTERS, Sink, pour
from ..parts import PATIENCE, ns

GROUP = "places"
PAYLOAD = b"x" * 1_000_000


async def run(ctx: Context) -> None:
    """One repeat."""
    count = ctx.size(300, 5)
    tree = Supervisor("payload", [child(Sink, id="sink", place="process", mailbox=LETTERS)])
    floor = Floor()
    async with tree.running() as running, far_end("floor", floor):
        ref = running.ref("sink")

        async def ours() -> float:
            began = ns()
            came = await pour(ref, PAYLOAD, count, PATIENCE)
            took = (ns() - began) / count
            ctx.expect("messages and bytes that came", came, (count, count * len(PAYLOAD)))
            return took

        async def bare() -> float:
            packed = msgpack.packb(PAYLOAD)
            began = ns()
            for _ in range(count):
                floor.send(packed)
                if floor.paused is not None:
                    await floor.paused
            await floor.ask("sync")
            return (ns() - began) / count

        await floor.ask(1)
        await pour(ref, PAYLOAD, 5, PATIENCE)
        took = await ctx.race({"isolate": ours, "bare link": bare})
        for name, each in took.items():
            ctx.report(f"{name}: MB a second", len(PAYLOAD) * 1e3 / each, "MB", "higher")
        ctx.report("bytes a second, isolate / bare link", took["bare link"] / took["isolate"], "x", "higher")
        ctx.target("bytes a second, isolate / bare link", at_least=0.6)
