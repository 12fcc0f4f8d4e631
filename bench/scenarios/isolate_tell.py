"""How many messages of 100 bytes a second go one way to an actor in a process of its own, through both mailboxes?

The sender waits whenever the mailbox is full, so what is on the way is bounded; the clock stops when the last message
is handled there.  Beside it, in the same repeat: the least code that sends frames of msgpack, a hundred messages to a
frame and handled by nobody; and Thespian's tell.
"""

from __future__ import annotations

import msgpack

from supervisors import Supervisor, child

from ..farend import Floor, far_end
from ..harness import Contender, Context
from ..isolates import LETTERS, Sink, pour
from ..parts import PATIENCE, ns
from ..strangers import THESPIAN, stranger

GROUP = "places"
MESSAGE = b"x" * 100
BATCH = 100


async def run(ctx: Context) -> None:
    """One repeat."""
    count = ctx.size(200_000, BATCH)
    tree = Supervisor("tell", [child(Sink, id="sink", place="process", mailbox=LETTERS)])
    floor = Floor()
    async with tree.running() as running, far_end("floor", floor), stranger(THESPIAN["tell"]) as thespian:
        ref = running.ref("sink")

        async def ours() -> float:
            began = ns()
            came = await pour(ref, MESSAGE, count, PATIENCE)
            took = (ns() - began) / count
            ctx.expect("messages and bytes that came", came, (count, count * len(MESSAGE)))
            return took

        async def bare() -> float:
            items = [(number, MESSAGE) for number in range(BATCH)]
            began = ns()
            for _ in range(count // BATCH):
                floor.send(msgpack.packb(items))
                if floor.paused is not None:
                    await floor.paused
            await floor.ask("sync")
            return (ns() - began) / (count // BATCH * BATCH)

        contenders: dict[str, Contender] = {"isolate": ours, "bare link": bare}
        if thespian.is_there:
            contenders["Thespian"] = lambda: thespian.figure("tell", ctx.scale)
        await floor.ask(1)
        await pour(ref, MESSAGE, ctx.size(20_000, BATCH), PATIENCE)
        took = await ctx.race(contenders)
        for name in contenders:
            ctx.report(f"{name}: messages a second", 1e6 / took[name], "k", "higher")
        ctx.target("isolate: messages a second", at_least=400)
